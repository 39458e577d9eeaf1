package protocoltest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"

	"golang.org/x/image/vector"
)

// Look describes an invented face. The zero Look can be drawn, but is black
// all over; Invent gives one in which the parts go together.
type Look struct {
	// Seed settles what the other fields leave open: the small differences
	// between two faces, the garment, the pattern of the background.
	Seed       int64
	Age        int // in years; moves the proportions from infant to adult
	Skin       Tint
	Hair       Tint
	Eyes       Tint
	Style      Style
	Top        Tint // the garment
	Cloth      Tint // headscarf, scarf, hair ties and the frame of the glasses
	Background Tint
	Smile      bool // a smile; otherwise a calm, closed mouth
	Glasses    bool
	Freckles   bool
	Scarf      bool // around the neck
	Beard      bool
}

// Style is how the hair is worn.
type Style uint8

const (
	Short Style = iota
	Cropped
	Fringe
	Curls
	Bob
	Long
	Ponytail
	Plaits
	Bun
	Afro
	Headscarf
)

// Tint is an opaque colour, 0xRRGGBB.
type Tint uint32

const (
	SkinPorcelain Tint = 0xfbe0d0
	SkinFair      Tint = 0xf6cfb4
	SkinSand      Tint = 0xeebf98
	SkinHoney     Tint = 0xe0a878
	SkinOlive     Tint = 0xcf9a6b
	SkinBronze    Tint = 0xb87c50
	SkinUmber     Tint = 0x97613e
	SkinCocoa     Tint = 0x7f5036
	SkinEbony     Tint = 0x633f2c

	HairBlack    Tint = 0x26212a
	HairDark     Tint = 0x3d2b26
	HairBrown    Tint = 0x60412f
	HairChestnut Tint = 0x84502f
	HairAuburn   Tint = 0x9c4527
	HairGinger   Tint = 0xd0742f
	HairBlond    Tint = 0xdcb063
	HairFair     Tint = 0xf0d598
	HairGrey     Tint = 0xa3a2a6

	EyesDark  Tint = 0x2f1d16
	EyesBrown Tint = 0x6a4226
	EyesHazel Tint = 0x8f6d33
	EyesGreen Tint = 0x5d8f62
	EyesBlue  Tint = 0x4a8ac2
	EyesGrey  Tint = 0x7a8c99
)

// RGBA makes a Tint a color.Color.
func (t Tint) RGBA() (r, g, b, a uint32) {
	return color.RGBA{uint8(t >> 16), uint8(t >> 8), uint8(t), 255}.RGBA()
}

// mix goes from t (at 0) to u (at 1).
func (t Tint) mix(u Tint, at float64) Tint {
	var out Tint
	for shift := 0; shift < 24; shift += 8 {
		a, b := float64(t>>shift&255), float64(u>>shift&255)
		out |= Tint(math.Round(a+(b-a)*at)) << shift
	}
	return out
}

// shade is t in a warm shadow.
func (t Tint) shade() Tint {
	r, g, b := float64(t>>16&255)*.88, float64(t>>8&255)*.80, float64(t&255)*.80
	return Tint(r)<<16 | Tint(g)<<8 | Tint(b)
}

// deep is t in a cool shadow, for cloth and hair.
func (t Tint) deep() Tint { return t.mix(0x14122a, .24) }

// light is how bright t looks, from 0 to 1.
func (t Tint) light() float64 {
	return (.3*float64(t>>16&255) + .59*float64(t>>8&255) + .11*float64(t&255)) / 255
}

// Invent gives a Look of somebody of that age. Any int64 is a good seed;
// neighbouring seeds give people who look nothing alike.
func Invent(seed int64, age int) Look {
	r := rand.New(rand.NewPCG(uint64(seed), 0x1007))
	people := []struct {
		skin, hair, eyes []Tint
		styles           []Style
	}{
		{[]Tint{SkinPorcelain, SkinFair}, []Tint{HairGinger, HairBlond, HairFair, HairChestnut, HairBrown},
			[]Tint{EyesBlue, EyesGreen, EyesGrey, EyesHazel}, []Style{Short, Short, Fringe, Curls, Bob, Long, Ponytail, Plaits, Bun}},
		{[]Tint{SkinFair, SkinSand, SkinHoney}, []Tint{HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Short, Short, Fringe, Bob, Long, Ponytail, Plaits, Bun}},
		{[]Tint{SkinSand, SkinHoney, SkinOlive}, []Tint{HairBlack, HairDark, HairBrown, HairAuburn},
			[]Tint{EyesBrown, EyesDark, EyesHazel, EyesGreen}, []Style{Short, Short, Cropped, Curls, Bob, Long, Ponytail, Plaits, Headscarf}},
		{[]Tint{SkinOlive, SkinBronze, SkinUmber}, []Tint{HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Short, Short, Fringe, Curls, Long, Plaits, Bun, Headscarf}},
		{[]Tint{SkinUmber, SkinCocoa, SkinEbony}, []Tint{HairBlack, HairBlack, HairDark},
			[]Tint{EyesDark, EyesBrown}, []Style{Cropped, Cropped, Short, Curls, Afro, Afro, Plaits, Bun, Headscarf}},
	}
	tops := []Tint{0xe4572e, 0xf2a541, 0x2a9d8f, 0x3d6fb6, 0x7b5ea7, 0xd1495b, 0x4f772d, 0xf4e9d8, 0x264653, 0xe78fb3}
	cloths := []Tint{0x2b4c7e, 0xc8553d, 0x5b8e7d, 0x8e5572, 0xe0a526, 0x3a7ca5, 0xa23b72}
	grounds := []Tint{0xbfe0e2, 0xf7dcb4, 0xd6dcf5, 0xf6cfc4, 0xcfe6c8, 0xe6d3ee, 0xf3e3a9, 0xc9dbe8}
	p := people[r.IntN(len(people))]
	l := Look{
		Seed: seed, Age: age,
		Skin: p.skin[r.IntN(len(p.skin))], Hair: p.hair[r.IntN(len(p.hair))], Eyes: p.eyes[r.IntN(len(p.eyes))],
		Style: p.styles[r.IntN(len(p.styles))], Top: tops[r.IntN(len(tops))], Cloth: cloths[r.IntN(len(cloths))],
		Background: grounds[r.IntN(len(grounds))],
		Smile:      r.IntN(3) > 0, Glasses: r.IntN(5) == 0, Scarf: r.IntN(9) == 0,
	}
	l.Freckles = l.Skin.light() > .75 && r.IntN(3) == 0
	manly := l.Style == Short || l.Style == Cropped
	l.Beard = age >= 25 && manly && r.IntN(2) == 0
	if age >= 55 {
		l.Hair = HairGrey
	}
	return l
}

// Portrait draws the head and shoulders of l. The picture is width by height
// pixels, at least 1 by 1; the face is composed for 4:5 and other shapes get
// more background. The same arguments give the same pixels.
func Portrait(l Look, width, height int) image.Image {
	c := newCanvas(width, height, 720, 900)
	r := rand.New(rand.NewPCG(uint64(l.Seed), 0xface))
	vary := func(by float64) float64 { return (r.Float64()*2 - 1) * by }
	grown := min(max(float64(l.Age)-2, 0)/19, 1)
	between := func(child, adult float64) float64 { return child + (adult-child)*grown }
	f := &face{
		canvas: c, Look: l, grown: grown,
		x: 360, w: between(192, 153) + vary(7), top: between(178, 150),
		eye: between(424, 366) + vary(4), chin: between(584, 584) + vary(6),
		eyeGap: between(89, 66) + vary(4), eyeW: between(35, 27), eyeH: between(34, 18) + vary(1.5),
		neck: between(58, 84), shoulder: between(222, 318), browTilt: vary(3), noseW: between(16, 25) + vary(3),
		kind: r.IntN(12), tilt: vary(.04), side: 1,
	}
	if r.IntN(2) == 0 {
		f.side = -1
	}
	if l.Beard {
		f.w += 6
	}
	f.background(r)
	f.leaning(f.backHair)
	f.body()
	f.leaning(func() {
		f.skin(r)
		f.eyes()
		f.nose()
		f.mouth()
		f.glasses()
		f.frontHair()
	})
	return c.dst
}

// PortraitPNG is Portrait as the bytes of a PNG file.
func PortraitPNG(l Look, width, height int) []byte {
	return encodePNG(Portrait(l, width, height))
}

// face is a portrait in the making. Its measures are in units of a drawing
// 720 wide and 900 high.
type face struct {
	*canvas
	Look
	grown                               float64 // 0 infant, 1 adult
	x, w, top, eye, chin                float64 // axis, half the width, and heights down the face
	eyeGap, eyeW, eyeH, browTilt, noseW float64
	neck, shoulder, tilt                float64
	side                                float64 // 1 or -1: where the parting and the tail go
	kind                                int     // 0 to 11, chooses garment, mouth and background
}

// leaning paints with the head at its tilt.
func (f *face) leaning(paint func()) {
	f.turn(f.tilt, f.x, f.chin)
	paint()
	f.turn(0, 0, 0)
}

// on places an outline that is given relative to the face: x is 1 at the ears,
// y is -1 at the top of the skull, 0 at the eyes and 1 at the chin. On the
// other side of the face with a side of -1.
func (f *face) on(side float64, s shape) shape {
	return s.each(func(p point) point {
		y := f.eye + p.y*(f.eye-f.top)
		if p.y > 0 {
			y = f.eye + p.y*(f.chin-f.eye)
		}
		return point{f.x + side*p.x*f.w, y}
	})
}

func (f *face) background(r *rand.Rand) {
	draw.Draw(f.dst, f.dst.Rect, image.NewUniform(f.Background), image.Point{}, draw.Src)
	pale := f.Background.mix(0xffffff, .42)
	switch f.kind % 4 {
	case 0:
		f.fill(oval(360, 430, 335, 335), pale, 1)
	case 1:
		f.fill(shape{from(-4000, 680).line(0, 680).smooth(180, 560, 380, 480, 580, 310, 720, 200).line(4000, 200, 4000, 2000, -4000, 2000)}, pale, 1)
	case 2:
		f.fill(oval(360+f.side*140, 260, 240, 240), pale, 1)
		f.fill(oval(360-f.side*210, 820, 330, 330), pale, .7)
	case 3:
		f.fill(shape{from(-4000, 560).line(0, 560).smooth(190, 480, 380, 540, 560, 480, 720, 520).line(4000, 520, 4000, 2000, -4000, 2000)}, pale, 1)
		f.fill(oval(360+f.side*230, 150, 84, 84), pale, .8)
	}
	for range 14 {
		size := 5 + r.Float64()*8
		f.fill(oval(30+r.Float64()*660, 30+r.Float64()*500, size, size), 0xffffff, .28)
	}
}

// body paints neck, shoulders and garment.
func (f *face) body() {
	x, n, s := f.x, f.neck, f.shoulder
	base := f.chin + 40 + 18*f.grown
	trunk := shape{from(x-n-22, base-6).smooth(x-s*.62, base+34, x-s*.9, base+74, x-s, base+150, x-s-34, 940).
		line(x+s+34, 940).smooth(x+s, base+150, x+s*.9, base+74, x+s*.62, base+34, x+n+22, base-6).
		smooth(x+n*.6, base+44, x, base+62, x-n*.6, base+44, x-n-22, base-6)}
	hoodie := f.kind%3 == 0
	if hoodie {
		f.fill(shape{from(x-n-105, base+60).smooth(x-n-112, base-20, x-n-50, base-62, x, base-70, x+n+50, base-62, x+n+112, base-20, x+n+105, base+60)}, f.Top.deep(), 1)
	}
	neck := shape{from(x-n, f.chin-80).line(x+n, f.chin-80).smooth(x+n, base-30, x+n+34, base+4).
		smooth(x+n*.7, base+76, x, base+90, x-n*.7, base+76, x-n-34, base+4).smooth(x-n, base-30, x-n, f.chin-80)}
	f.fill(neck, f.Skin.mix(f.Skin.shade(), .35), 1)
	f.within(neck, func() {
		f.fill(oval(x+6, f.chin-38, n+34, 76), f.Skin.shade(), 1)
	})
	f.fill(trunk, f.Top, 1)
	f.within(trunk, func() {
		if f.kind%3 == 1 {
			stripe := f.Top.mix(0xffffff, .55)
			if f.Top.light() > .7 {
				stripe = f.Cloth
			}
			for y := base + 100; y < 940; y += 66 {
				f.fill(brush(24, 24, 24, x-s-60, y+16, x, y+34, x+s+60, y+16), stripe, 1)
			}
		}
		f.fill(shape{from(x+s*.50, base).smooth(x+s*.62, base+150, x+s*.52, 960).line(x+s+90, 960, x+s+90, base)}, f.Top.deep(), .45)
		for _, d := range []float64{-1, 1} {
			f.fill(brush(3, 7, 5, x+d*s*.70, base+165, x+d*s*.74, base+230, x+d*s*.72, 950), f.Top.deep(), .8)
		}
	})
	rib := f.Top.deep()
	if f.kind%3 == 2 {
		rib = f.Top.mix(0xffffff, .35)
	}
	f.fill(brush(20, 22, 20, x-n-24, base-2, x-n*.62, base+48, x, base+68, x+n*.62, base+48, x+n+24, base-2), rib, 1)
	if hoodie {
		for _, d := range []float64{-1, 1} {
			f.fill(brush(8, 8, 8, x+d*38, base+66, x+d*46, base+120, x+d*42, base+172), f.Top.mix(0xffffff, .75), 1)
			f.fill(oval(x+d*38, base+66, 8, 8), f.Top.deep().deep(), 1)
		}
	}
	if f.Scarf && f.Style != Headscarf {
		y := f.chin + 40
		wrap := shape{loop(x-n-62, y+26, x-n-30, y-24, x, y-2, x+n+30, y-24, x+n+62, y+26, x+n+24, y+76, x, y+90, x-n-24, y+76)}
		tail := shape{from(x+f.side*(n-6), y+46).smooth(x+f.side*(n+34), y+150, x+f.side*(n+22), y+262).line(x+f.side*(n-66), y+262).smooth(x+f.side*(n-62), y+150, x+f.side*(n-60), y+50)}
		f.fill(tail, f.Cloth.deep(), 1)
		f.fill(wrap, f.Cloth, 1)
		f.within(wrap, func() {
			f.fill(brush(4, 9, 4, x-n-40, y+8, x-10, y+44, x+n+44, y+14), f.Cloth.deep(), .7)
			f.fill(brush(4, 8, 4, x-n-30, y+50, x+10, y+70, x+n+50, y+36), f.Cloth.deep(), .7)
		})
	}
}

// skin paints ears, the face and what lies on it.
func (f *face) skin(r *rand.Rand) {
	dim := f.Skin.shade()
	for _, d := range []float64{-1, 1} {
		if f.Style == Headscarf {
			break
		}
		x, y := f.x+d*(f.w+3), f.eye+24
		f.fill(oval(x, y, 29, 41), f.Skin, 1)
		f.fill(oval(x+d*3, y+2, 16, 26), dim, .75)
	}
	jaw, cheek := .66-.16*f.grown, .62-.04*f.grown
	if f.Beard {
		jaw += .1
	}
	head := f.on(1, shape{{{0, -1}, {.62, -1}, {1, -.55}, {1, 0}, {1, cheek}, {jaw, 1}, {0, 1},
		{-jaw, 1}, {-1, cheek}, {-1, 0}, {-1, -.55}, {-.62, -1}, {0, -1}}})
	f.fill(head, f.Skin, 1)
	f.within(head, func() {
		f.fill(f.on(1, shape{from(.62, -1.1).smooth(.84, -.3, .84, .25, .60, .72, .2, 1.1).line(1.3, 1.1, 1.3, -1.1)}), dim, .42)
		if f.Style != Headscarf {
			f.fill(f.on(1, shape{from(-1.1, -1.1).line(-1.1, -.2).smooth(-.8, -.42, -.3, -.40, .3, -.40, .8, -.42, 1.1, -.2).line(1.1, -1.1)}), dim, .28)
		}
		if f.Beard {
			f.fill(f.on(1, shape{from(-1.1, -.1).smooth(-.93, .1, -.86, .32, -.55, .44, 0, .43, .55, .44, .86, .32, .93, .1, 1.1, -.1).line(1.1, 1.2, -1.1, 1.2)}), f.Hair.mix(f.Skin, .12), 1)
		}
		blush := f.Skin.mix(0xe2504a, .14+.3*f.Skin.light())
		for _, d := range []float64{-1, 1} {
			for i := range 9 {
				k := 1.1 - float64(i)*.1
				f.fill(oval(f.x+d*(f.eyeGap+30), f.eye+f.eyeH+40, 46*k, 32*k), blush, .08)
			}
		}
	})
	if !f.Freckles {
		return
	}
	for _, d := range []float64{-1, 1} {
		for i := range 8 {
			x := f.x + d*(26+float64(i%4)*24+r.Float64()*12)
			y := f.eye + f.eyeH + 22 + float64(i/4)*22 + r.Float64()*12
			f.fill(oval(x, y, 4, 3.6), f.Skin.mix(0xa0522d, .55), .75)
		}
	}
}

func (f *face) eyes() {
	lash := f.Hair.mix(0x1c1418, .75)
	brow := f.Hair.mix(0x6b3a1e, .5)
	if f.Hair.light() < .3 {
		brow = f.Hair
	} else if f.Hair == HairGrey {
		brow = f.Hair.deep()
	}
	for _, d := range []float64{-1, 1} {
		x, y, w, h := f.x+d*f.eyeGap, f.eye, f.eyeW, f.eyeH
		if f.Smile {
			h *= .93
		}
		white := shape{loop(x-d*w, y+h*.22, x-d*w*.55, y-h*.72, x+d*w*.1, y-h, x+d*w*.72, y-h*.62, x+d*w, y-h*.02, x+d*w*.6, y+h*.8, x, y+h, x-d*w*.6, y+h*.82)}
		f.fill(white, 0xfffdf8, 1)
		f.within(white, func() {
			iris := max(h*.86, w*.70)
			f.fill(oval(x, y-1, iris, iris), f.Eyes, 1)
			f.fill(oval(x, y+iris*.35, iris*.74, iris*.55), f.Eyes.mix(0xffffff, .28), .8)
			f.fill(oval(x, y-1, iris*.52, iris*.52), 0x17110f, 1)
			f.fill(brush(6, 12, 6, x-w-4, y-h*.5, x, y-h+1, x+w+4, y-h*.5), 0x2a1a1a, .22)
			f.fill(oval(x+iris*.34, y-iris*.40, iris*.25, iris*.25), 0xffffff, 1)
			f.fill(oval(x-iris*.32, y+iris*.36, iris*.12, iris*.12), 0xffffff, .7)
		})
		f.fill(brush(2, 7, 6, x-d*w, y+h*.16, x-d*w*.55, y-h*.74, x+d*w*.1, y-h*1.02, x+d*w*.72, y-h*.66, x+d*(w+5), y-h*.12), lash, 1)
		by := y - h - 30 + 4*f.grown
		f.fill(brush(9+3*f.grown, 13+3*f.grown, 4, x-d*w*.95, by+f.browTilt, x+d*2, by-12, x+d*(w+13), by+6), brow, 1)
	}
}

func (f *face) nose() {
	y := f.eye + (f.chin-f.eye)*.40
	dim := f.Skin.shade().shade()
	f.fill(brush(3, 7, 3, f.x-f.noseW, y-5, f.x-f.noseW*.5, y+5, f.x, y+8, f.x+f.noseW*.5, y+5, f.x+f.noseW, y-5), dim, .8)
	f.fill(oval(f.x-3, y-12, f.noseW*.42, f.noseW*.36), f.Skin.mix(0xffffff, .4), .35)
	if f.Age >= 35 {
		for _, d := range []float64{-1, 1} {
			if !f.Beard {
				f.fill(brush(2, 6, 2, f.x+d*(f.noseW+20), y+10, f.x+d*(f.noseW+34), y+26, f.x+d*(f.noseW+38), y+44), dim, .5)
			}
			f.fill(brush(2, 5, 2, f.x+d*(f.eyeGap-20), f.eye+f.eyeH+12, f.x+d*f.eyeGap, f.eye+f.eyeH+18, f.x+d*(f.eyeGap+20), f.eye+f.eyeH+13), dim, .45)
		}
	}
	if f.grown > .6 {
		f.fill(brush(2, 6, 3, f.x+f.noseW*.5, y-52, f.x+f.noseW*.62, y-34, f.x+f.noseW*.72, y-16), dim, .45)
	}
}

func (f *face) mouth() {
	x, y := f.x, f.eye+(f.chin-f.eye)*.68
	lip := f.Skin.mix(0x8c2f33, .62)
	if f.Skin.light() < .4 {
		lip = f.Skin.mix(0x5a1a20, .62)
	}
	w := 46 + 6*f.grown
	under := f.Skin.shade()
	if f.Beard {
		lip, under = f.Skin.mix(0xb8484a, .6), f.Hair.deep()
	}
	switch {
	case f.Smile && f.kind%3 != 1:
		open := shape{from(x-w, y-12).smooth(x-w*.5, y-4, x, y-1, x+w*.5, y-4, x+w, y-12).
			smooth(x+w*.72, y+22, x, y+38, x-w*.72, y+22, x-w, y-12)}
		f.fill(open, 0x6e2229, 1)
		f.within(open, func() {
			f.fill(oval(x, y+36, 28, 18), 0xe27d7d, 1)
			f.fill(shape{from(x-w, y-20).line(x-w*.86, y).smooth(x-w*.4, y+12, x, y+14, x+w*.4, y+12, x+w*.86, y).line(x+w, y-20)}, 0xfffdf6, 1)
			if f.Age >= 6 && f.Age <= 8 {
				f.fill(shape{from(x+4, y-8).line(x+18, y-8, x+17, y+18, x+5, y+18)}, 0x6e2229, 1)
			}
		})
		f.fill(brush(4, 5, 4, x-w-3, y-13, x-w*.5, y-4, x, y-1, x+w*.5, y-4, x+w+3, y-13), lip, 1)
	case f.Smile:
		f.fill(brush(4, 9, 4, x-w, y-8, x-w*.55, y+10, x, y+17, x+w*.55, y+10, x+w, y-8), lip, 1)
		f.fill(brush(2, 7, 2, x-16, y+33, x, y+36, x+16, y+33), under, .7)
		for _, d := range []float64{-1, 1} {
			if f.Beard {
				break
			}
			f.fill(brush(2, 6, 2, x+d*(w+5), y-16, x+d*(w+5), y-8, x+d*(w-2), y-1), lip, .7)
		}
	default:
		f.fill(brush(3, 8, 3, x-w*.66, y-2, x-w*.3, y+6, x, y+9, x+w*.3, y+6, x+w*.66, y-2), lip, 1)
		f.fill(brush(2, 7, 2, x-15, y+25, x, y+28, x+15, y+25), under, .75)
	}
}

func (f *face) glasses() {
	if !f.Glasses {
		return
	}
	rim := f.Cloth.deep()
	if f.Skin.light() < .5 {
		rim = f.Cloth.mix(0xfff0d8, .5)
	}
	rx, ry := f.eyeW+26, f.eyeH+20+8*f.grown
	y := f.eye + 3
	for _, d := range []float64{-1, 1} {
		x := f.x + d*(f.eyeGap+2)
		lens := func(k float64) contour {
			return loop(x-rx-k, y-2, x-rx*.74-k*.7, y-ry*.82-k*.7, x, y-ry-k, x+rx*.74+k*.7, y-ry*.82-k*.7,
				x+rx+k, y-2, x+rx*.7+k*.7, y+ry*.78+k*.7, x, y+ry+k, x-rx*.7-k*.7, y+ry*.78+k*.7)
		}
		glass := shape{lens(0)}
		f.fill(glass, 0xffffff, .13)
		f.within(glass, func() {
			f.fill(brush(10, 10, 10, x-rx*.9, y-ry*.1, x-rx*.2, y-ry*1.1), 0xffffff, .3)
		})
		f.fill(shape{lens(5), lens(-5).reverse()}, rim, 1)
		f.fill(brush(9, 8, 7, x+d*(rx+2), y-8, f.x+d*(f.w+4), y-14), rim, 1)
	}
	inner := f.eyeGap + 2 - rx
	f.fill(brush(8, 8, 8, f.x-inner, y-4, f.x, y-12, f.x+inner, y-4), rim, 1)
}

// crown is the outline of the hair over the skull, from one ear to the other.
func crown(out, low float64) contour {
	return from(-1.02*out, low).smooth(-1.07*out, -.30, -.98*out, -.72, -.62*out, -1.07, 0, -1.19,
		.62*out, -1.07, .98*out, -.72, 1.07*out, -.30, 1.02*out, low)
}

// lock fills hair, then what shade and shine add within its outline.
func (f *face) lock(s shape) {
	f.fill(s, f.Hair, 1)
	f.within(s, func() {
		f.fill(f.on(1, shape{from(.62, -1.5).smooth(.86, -.7, .92, 0, .86, .8, .9, 3).line(3, 3, 3, -1.5)}), f.Hair.deep(), .5)
		shine := f.Hair.mix(0xffffff, .20)
		f.fill(f.on(f.side, brush(.02, .085, .02, -.70, -.72, -.40, -.93, 0, -1.0, .26, -.97)), shine, .55)
	})
}

// puffs paints n round curls on an arc around the head, between two angles;
// reach counts in half widths of the face.
func (f *face) puffs(n int, first, last, reach, size float64, tint Tint) {
	var s shape
	for i := range n {
		a := first + (last-first)*float64(i)/float64(n-1)
		k := 1 + .1*math.Sin(float64(i)*2.4)
		s = append(s, oval(f.x+math.Cos(a)*f.w*reach, f.eye-.38*(f.eye-f.top)-math.Sin(a)*f.w*reach*1.04, size*k, size*k)...)
	}
	f.fill(s, tint, 1)
}

// backHair paints what hangs behind the neck.
func (f *face) backHair() {
	dark := f.Hair.deep()
	switch f.Style {
	case Bob:
		f.fill(f.on(1, shape{crown(1.12, -.1).smooth(1.26, .45, 1.22, .95, .92, 1.12).line(-.92, 1.12).smooth(-1.22, .95, -1.26, .45, -1.14, -.1)}), dark, 1)
	case Long:
		f.fill(f.on(1, shape{crown(1.12, -.1).smooth(1.22, .6, 1.30, 1.4, 1.12, 2.3, .6, 2.5).line(-.6, 2.5).smooth(-1.12, 2.3, -1.30, 1.4, -1.22, .6, -1.14, -.1)}), dark, 1)
	case Ponytail:
		tail := f.on(f.side, shape{from(.40, -1.08).smooth(.85, -1.34, 1.36, -1.14, 1.68, -.5, 1.66, .3, 1.50, .85, 1.66, 1.22).
			smooth(1.30, 1.24, 1.08, .9, 1.10, .3, 1.08, -.25, .8, -.7)})
		f.fill(tail, f.Hair, 1)
		f.within(tail, func() {
			f.fill(f.on(f.side, brush(.02, .10, .02, .86, -1.0, 1.22, -.7, 1.32, 0, 1.26, .7, 1.44, 1.2)), dark, .7)
			f.fill(f.on(f.side, brush(.02, .07, .02, 1.1, -1.1, 1.46, -.7, 1.52, -.1, 1.46, .5)), f.Hair.mix(0xffffff, .2), .5)
		})
	case Bun:
		bun := oval(f.x+f.side*f.w*.12, f.top-70, f.w*.46, f.w*.42)
		f.fill(bun, f.Hair, 1)
		f.within(bun, func() {
			f.fill(brush(6, 14, 4, f.x-f.w*.3, f.top-60, f.x, f.top-110, f.x+f.w*.4, f.top-80), f.Hair.mix(0xffffff, .2), .5)
			f.fill(brush(4, 10, 4, f.x-f.w*.2, f.top-34, f.x+f.w*.2, f.top-66, f.x+f.w*.5, f.top-50), dark, .8)
		})
		f.fill(brush(18, 20, 18, f.x+f.side*f.w*.12-48, f.top-28, f.x+f.side*f.w*.12, f.top-20, f.x+f.side*f.w*.12+48, f.top-28), f.Cloth, 1)
	case Afro:
		f.puffs(19, -.62, math.Pi+.62, 1.16, 54, dark)
		f.puffs(17, -.45, math.Pi+.45, 1.10, 52, f.Hair)
		f.fill(oval(f.x, f.eye-.38*(f.eye-f.top), f.w*1.2, f.w*1.2), f.Hair, 1)
	case Curls:
		f.puffs(17, -.72, math.Pi+.72, 1.1, 44, dark)
		f.puffs(17, -.5, math.Pi+.5, 1.06, 42, f.Hair)
	case Headscarf:
		f.fill(f.on(1, shape{crown(1.16, 0).smooth(1.18, .8, 1.3, 1.6).line(-1.3, 1.6).smooth(-1.18, .8, -1.18, 0)}), f.Cloth.deep(), 1)
	}
}

// frontHair paints what frames the face.
func (f *face) frontHair() {
	switch f.Style {
	case Short:
		f.lock(f.on(f.side, shape{crown(1, .12).line(.93, .06).smooth(.92, -.22, .80, -.46).
			smooth(.50, -.48, .10, -.58, -.30, -.80).smooth(-.52, -.62, -.80, -.50).smooth(-.92, -.22, -.93, .06)}))
		f.fill(f.on(f.side, brush(.01, .035, .01, -.30, -.80, -.16, -.98, .10, -1.10)), f.Hair.deep(), .8)
	case Cropped:
		f.lock(f.on(1, shape{from(-1.01, .08).smooth(-1.03, -.35, -.9, -.72, -.56, -1.0, 0, -1.09, .56, -1.0, .9, -.72, 1.03, -.35, 1.01, .08).
			line(.95, .04).smooth(.92, -.2, .86, -.42).line(.70, -.60).smooth(.35, -.66, 0, -.67, -.35, -.66, -.70, -.60).line(-.86, -.42).smooth(-.92, -.2, -.95, .04)}))
	case Fringe:
		f.lock(f.on(f.side, shape{crown(1.04, .30).smooth(.95, .26, .90, -.10, .85, -.36).
			smooth(.68, -.34, .52, -.39).smooth(.34, -.35, .16, -.40).smooth(-.02, -.35, -.24, -.40).smooth(-.44, -.34, -.60, -.38).smooth(-.74, -.34, -.85, -.36).
			smooth(-.90, -.10, -.95, .26).smooth(-1.0, .32, -1.06, .30)}))
		for _, u := range []float64{.52, .16, -.24, -.60} {
			f.fill(f.on(f.side, brush(.008, .02, .008, u, -.40, u*.86, -.58, u*.7, -.74)), f.Hair.deep(), .7)
		}
	case Curls:
		f.fill(f.on(1, shape{crown(1.02, -.2).smooth(.85, -.45, .5, -.62, 0, -.66, -.5, -.62, -.85, -.45)}), f.Hair, 1)
		f.puffs(13, -.10, math.Pi+.10, 1.02, 40, f.Hair)
		f.puffs(8, .55, math.Pi-.55, .62, 33, f.Hair)
		for i := range 11 {
			a := .1 + (math.Pi-.2)*float64(i)/10
			reach := f.w * (.96 - .26*float64(i%2))
			x, y := f.x+math.Cos(a)*reach, f.eye-.38*(f.eye-f.top)-math.Sin(a)*reach
			f.fill(brush(2, 6, 2, x-16, y+6, x-8, y-12, x+10, y-12, x+14, y+4), f.Hair.mix(0xffffff, .26), .5)
		}
	case Bob:
		f.lock(f.on(f.side, shape{crown(1.13, -.1).smooth(1.24, .4, 1.16, .9, .90, 1.10).smooth(.99, .6, .95, .1, .86, -.3).
			smooth(.55, -.42, .10, -.60, -.28, -.84).smooth(-.60, -.56, -.86, -.26).smooth(-.95, .1, -.99, .6, -.90, 1.10).smooth(-1.16, .9, -1.24, .4, -1.15, -.1)}))
	case Long:
		f.lock(f.on(f.side, shape{crown(1.12, -.1).smooth(1.20, .5, 1.28, 1.2, 1.22, 2.1).smooth(1.0, 2.0, .84, 1.86).smooth(1.02, 1.2, 1.0, .5, .88, -.2).
			smooth(.62, -.36, .25, -.60, .02, -.86).smooth(-.3, -.60, -.62, -.36, -.88, -.2).smooth(-1.0, .5, -1.02, 1.2, -.84, 1.86).smooth(-1.0, 2.0, -1.22, 2.1).smooth(-1.28, 1.2, -1.20, .5, -1.14, -.1)}))
		for _, d := range []float64{-1, 1} {
			f.fill(f.on(d, brush(.008, .03, .008, 1.06, .1, 1.13, .9, 1.08, 1.8)), f.Hair.deep(), .8)
		}
	case Ponytail, Bun:
		f.lock(f.on(f.side, shape{crown(1.01, -.02).line(.96, -.04).smooth(.92, -.34, .70, -.58, .2, -.70, -.2, -.70, -.70, -.58, -.92, -.34, -.96, -.04)}))
		for _, u := range []float64{-.62, -.2, .28, .66} {
			f.fill(f.on(f.side, brush(.006, .02, .006, u, -.70, u*.86+.06, -.88, u*.5+.16, -1.06)), f.Hair.deep(), .6)
		}
		if f.Style == Ponytail {
			f.fill(f.on(f.side, shape{loop(.58, -1.16, .74, -1.16, .90, -.92, .82, -.82, .66, -.92)}), f.Cloth, 1)
		}
	case Plaits:
		f.lock(f.on(f.side, shape{crown(1.03, .36).smooth(.93, .1, .86, -.24).smooth(.60, -.38, .22, -.62, 0, -.88).smooth(-.22, -.62, -.60, -.38, -.86, -.24).smooth(-.93, .1, -1.03, .36)}))
		f.fill(f.on(1, brush(.012, .02, .012, 0, -.88, .01, -1.0, 0, -1.16)), f.Hair.deep(), .9)
		for _, d := range []float64{-1, 1} {
			f.plait(d)
		}
	case Afro:
		f.puffs(11, .12, math.Pi-.12, .88, 40, f.Hair)
		for i := range 15 {
			a := .05 + (math.Pi-.1)*float64(i)/14
			reach := f.w * (1.36 - .30*float64(i%2))
			x, y := f.x+math.Cos(a)*reach, f.eye-.38*(f.eye-f.top)-math.Sin(a)*reach
			f.fill(brush(2, 6, 2, x-15, y+5, x-6, y-9, x+9, y-9, x+13, y+4), f.Hair.mix(0xffffff, .22), .5)
		}
	case Headscarf:
		f.headscarf()
	}
}

// plait hangs over the shoulder on side d.
func (f *face) plait(d float64) {
	x, y := f.x+d*f.w*1.04, f.eye+(f.chin-f.eye)*.46
	const links = 7
	for i := range links {
		k := 1 - .035*float64(i)
		px := x + d*float64(i)*3.2
		f.fill(leaf(px-14*k, y, 22*k, 37*k, .6), f.Hair.mix(0xffffff, .10), 1)
		f.fill(leaf(px+14*k, y, 22*k, 37*k, -.6), f.Hair.deep(), 1)
		y += 38 * k
	}
	px := x + d*links*3.2
	f.fill(shape{loop(px-9, y-16, px+9, y-16, px+24, y+40, px+4, y+66, px-20, y+44)}, f.Hair, 1)
	f.fill(brush(18, 18, 18, px-14, y-12, px, y-8, px+14, y-12), f.Cloth, 1)
}

// headscarf covers hair, ears and neck.
func (f *face) headscarf() {
	cloth, dark := f.Cloth, f.Cloth.deep()
	opening := loop(0, -.76, .52, -.66, .84, -.25, .90, .22, .72, .70, .34, .96, 0, 1.01, -.34, .96, -.72, .70, -.90, .22, -.84, -.25, -.52, -.66)
	scarf := f.on(f.side, shape{crown(1.13, .05).smooth(1.17, .6, 1.13, 1.0, 1.42, 1.42, 1.56, 1.85).smooth(.8, 2.32, 0, 2.46, -.8, 2.28, -1.56, 1.85).
		smooth(-1.42, 1.42, -1.13, 1.0, -1.17, .6, -1.15, .05), opening.reverse()})
	f.fill(scarf, cloth, 1)
	f.within(scarf, func() {
		f.fill(f.on(1, shape{from(.80, -1.5).smooth(1.0, -.5, 1.0, .4, .84, 1.0, 1.0, 3).line(3, 3, 3, -1.5)}), dark, .5)
		f.fill(f.on(f.side, shape{from(-1.2, .7).smooth(-.8, 1.02, -.2, 1.22, .5, 1.16, 1.2, .7).smooth(1.1, 1.3, .6, 1.66, 0, 1.70, -.7, 1.5, -1.2, 1.0)}), dark, .35)
		for _, fold := range [][]float64{
			{-1.0, .75, -.5, 1.12, .2, 1.28, 1.0, 1.05}, {-1.15, 1.2, -.5, 1.5, .2, 1.62, 1.0, 1.4},
			{-.2, 1.75, .4, 1.85, 1.1, 1.7}, {.2, -1.16, .7, -.8, .98, -.3, 1.0, .3},
		} {
			f.fill(f.on(f.side, brush(.01, .045, .01, fold...)), dark, .75)
		}
		f.fill(f.on(f.side, brush(.02, .08, .02, -.78, -.72, -.46, -.95, -.05, -1.03)), cloth.mix(0xffffff, .3), .5)
	})
	f.fill(f.on(f.side, shape{opening, loop(0, -.71, .49, -.61, .79, -.23, .86, .22, .69, .68, .33, .93, 0, .98, -.33, .93, -.69, .68, -.86, .22, -.79, -.23, -.49, -.61).reverse()}), dark, 1)
}

// Logo draws an abstract mark for an invented organisation, size by size
// pixels on a transparent ground. The seed chooses the mark.
func Logo(seed int64, tint color.Color, size int) image.Image {
	c := newCanvas(size, size, 100, 100)
	r, g, b, _ := tint.RGBA()
	t := Tint(r>>8)<<16 | Tint(g>>8)<<8 | Tint(b>>8)
	pale := t.mix(0xffffff, .55)
	switch uint64(seed) % 5 {
	case 0: // a light over the water
		disc := oval(50, 50, 46, 46)
		c.fill(disc, t, 1)
		c.within(disc, func() {
			c.fill(oval(50, 46, 17, 17), 0xffffff, 1)
			for i := range 3 {
				y := 62 + float64(i)*12
				c.fill(brush(6, 6, 6, -5, y, 15, y-5, 35, y, 50, y+3, 65, y, 85, y-5, 105, y), []Tint{pale, 0xffffff, pale}[i], 1)
			}
		})
	case 1: // petals that meet
		for i := range 6 {
			a := float64(i) * math.Pi / 3
			c.fill(leaf(50+24*math.Sin(a), 50-24*math.Cos(a), 13, 23, a), []Tint{t, pale}[i%2], .88)
		}
		c.fill(oval(50, 50, 9, 9), 0xffffff, 1)
	case 2: // an adult's arc around a small one
		c.fill(brush(5, 15, 5, 74, 18, 38, 14, 14, 46, 34, 80, 74, 84), t, 1)
		c.fill(brush(4, 11, 4, 74, 38, 48, 38, 38, 52, 48, 66, 74, 64), pale, 1)
		c.fill(oval(84, 50, 9, 9), t, 1)
	case 3: // a path to a house
		c.fill(shape{from(50, 6).line(94, 42, 94, 94, 6, 94, 6, 42)}, t, 1)
		c.fill(shape{from(38, 94).smooth(58, 80, 46, 68, 50, 54).line(56, 54).smooth(58, 70, 76, 78, 66, 94)}, 0xffffff, 1)
		c.fill(oval(53, 44, 8, 8), pale, 1)
	case 4: // circles of neighbours
		for i, p := range []point{{50, 32}, {33, 61}, {67, 61}} {
			c.fill(oval(p.x, p.y, 29, 29), []Tint{t, pale, t.mix(pale, .5)}[i], .8)
		}
		c.fill(oval(50, 51, 9, 9), 0xffffff, 1)
	}
	return c.dst
}

// LogoPNG is Logo as the bytes of a PNG file.
func LogoPNG(seed int64, tint color.Color, size int) []byte {
	return encodePNG(Logo(seed, tint, size))
}

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // a picture of no pixels
	}
	return b.Bytes()
}

// PhonePhoto returns a portrait as a telephone held upright would store it: a
// JPEG of width by height pixels that lies on its side (orientation 6, so the
// picture to show is height wide and width high), with sensor noise, with EXIF
// that tells the place, the time, the owner and the camera and holds a
// thumbnail, with XMP, a comment, and bytes after the end of the picture.
// None of the secrets may be found in anything made from it for publication.
func PhonePhoto(l Look, width, height int) (photo []byte, secrets [][]byte) {
	upright := Portrait(l, height, width).(*image.RGBA)
	lying := image.NewRGBA(image.Rect(0, 0, width, height))
	noise := uint32(l.Seed)*2654435761 | 1
	for y := range height {
		for x := range width {
			noise ^= noise << 13
			noise ^= noise >> 17
			noise ^= noise << 5
			src := upright.Pix[upright.PixOffset(height-1-y, x):]
			dst := lying.Pix[lying.PixOffset(x, y):]
			for i := range 3 {
				dst[i] = uint8(min(max(int(src[i])+int(noise>>(8*i)&15)-7, 0), 255))
			}
			dst[3] = 255
		}
	}
	plain := encodeJPEG(lying)
	thumb := encodeJPEG(Portrait(l, 120, 160))

	comment := []byte("taken in the garden behind the blue gate")
	xmp := []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF/><creator>Invented Owner</creator></x:xmpmeta>")
	trailer := []byte("MotionPhoto_Data: three seconds before the picture")
	exif, secrets := exifOf(thumb)

	photo = append(photo, plain[:2]...)
	photo = appendSegment(photo, 0xe1, exif)
	photo = appendSegment(photo, 0xe1, xmp)
	photo = appendSegment(photo, 0xfe, comment)
	photo = append(photo, plain[2:]...)
	photo = append(photo, trailer...)
	return photo, append(secrets, comment, xmp[:28], trailer)
}

func encodeJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		panic(err) // a side over 65535 pixels
	}
	return b.Bytes()
}

func appendSegment(b []byte, marker byte, body []byte) []byte {
	b = append(b, 0xff, marker)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)+2))
	return append(b, body...)
}

// exifOf returns the body of an EXIF segment around a thumbnail, and what in
// it gives somebody away.
func exifOf(thumb []byte) (exif []byte, secrets [][]byte) {
	const ascii, short, long, rational, undefined = 2, 3, 4, 5, 7
	be := binary.BigEndian
	number := func(n ...uint32) (b []byte) {
		for _, v := range n {
			b = be.AppendUint32(b, v)
		}
		return b
	}
	latitude := number(31, 1, 41, 1, 123457, 10000) // the open Atlantic
	longitude := number(41, 1, 7, 1, 543211, 10000)
	serial, owner, taken := []byte("SN-0042-INVENTED\x00"), []byte("Invented Owner\x00"), []byte("2031:05:06 07:08:09\x00")
	maker := []byte("Nobody's Phone Works\x00")

	gps := []tag{{0x0001, ascii, []byte("N\x00")}, {0x0002, rational, latitude}, {0x0003, ascii, []byte("W\x00")}, {0x0004, rational, longitude}}
	camera := []tag{{0x9003, ascii, taken}, {0x927c, undefined, []byte("maker's own note, unreadable")}, {0xa430, ascii, owner}, {0xa431, ascii, serial}}
	// The tables follow each other; the first holds the places of two others.
	main := func(cameraAt, gpsAt uint32) []tag {
		return []tag{{0x010f, ascii, maker}, {0x0110, ascii, []byte("Imaginary 7\x00")}, {0x0112, short, []byte{0, 6, 0, 0}},
			{0x8769, long, number(cameraAt)}, {0x8825, long, number(gpsAt)}}
	}
	preview := func(at uint32) []tag {
		return []tag{{0x0103, short, []byte{0, 6, 0, 0}}, {0x0201, long, number(at)}, {0x0202, long, number(uint32(len(thumb)))}}
	}
	const header = 8
	cameraAt := header + uint32(len(table(main(0, 0), 0, 0)))
	gpsAt := cameraAt + uint32(len(table(camera, 0, 0)))
	previewAt := gpsAt + uint32(len(table(gps, 0, 0)))
	thumbAt := previewAt + uint32(len(table(preview(0), 0, 0)))

	exif = append([]byte("Exif\x00\x00MM\x00*"), number(header)...)
	exif = append(exif, table(main(cameraAt, gpsAt), header, previewAt)...)
	exif = append(exif, table(camera, cameraAt, 0)...)
	exif = append(exif, table(gps, gpsAt, 0)...)
	exif = append(exif, table(preview(thumbAt), previewAt, 0)...)
	exif = append(exif, thumb...)
	return exif, [][]byte{[]byte("Exif\x00\x00"), latitude, longitude, serial, owner, taken, maker, thumb[len(thumb)-64:]}
}

// tag is one entry of a TIFF directory; its value is encoded already.
type tag struct {
	id, kind uint16
	value    []byte
}

// table encodes a directory that stands at the given offset, its long values
// behind it.
func table(tags []tag, at, next uint32) []byte {
	be := binary.BigEndian
	size := map[uint16]uint32{2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
	b := be.AppendUint16(nil, uint16(len(tags)))
	behind := at + 2 + 12*uint32(len(tags)) + 4
	var values []byte
	for _, t := range tags {
		b = be.AppendUint16(b, t.id)
		b = be.AppendUint16(b, t.kind)
		n := uint32(len(t.value)) / size[t.kind]
		if t.kind == 3 {
			n = 1 // padded to the width of the field
		}
		b = be.AppendUint32(b, n)
		if len(t.value) <= 4 {
			b = append(b, append(t.value[:len(t.value):len(t.value)], 0, 0, 0, 0)[:4]...)
			continue
		}
		b = be.AppendUint32(b, behind+uint32(len(values)))
		values = append(values, t.value...)
		if len(values)%2 == 1 {
			values = append(values, 0)
		}
	}
	return append(be.AppendUint32(b, next), values...)
}

type point struct{ x, y float64 }

// contour is a closed outline of cubic Bézier curves: a start, then three
// points a curve. A shape is what several contours enclose; one that runs the
// other way round cuts a hole.
type (
	contour []point
	shape   []contour
)

func from(x, y float64) contour { return contour{{x, y}} }

// line goes on in straight lines through the points.
func (c contour) line(xy ...float64) contour {
	for i := 0; i < len(xy); i += 2 {
		a, b := c[len(c)-1], point{xy[i], xy[i+1]}
		c = append(c, a, b, b)
	}
	return c
}

// smooth goes on in one curve through all the points, with a corner at its
// start and at its end.
func (c contour) smooth(xy ...float64) contour {
	knots := []point{c[len(c)-1]}
	for i := 0; i < len(xy); i += 2 {
		knots = append(knots, point{xy[i], xy[i+1]})
	}
	last := len(knots) - 1
	for i := range last {
		a, b := knots[i], knots[i+1]
		first, second := a, b
		if i > 0 {
			first = toward(a, knots[i-1], b, b)
		}
		if i+1 < last {
			second = toward(b, knots[i+2], a, a)
		}
		if i == 0 {
			first = point{(a.x + second.x) / 2, (a.y + second.y) / 2}
		}
		if i+1 == last {
			second = point{(b.x + first.x) / 2, (b.y + first.y) / 2}
		}
		c = append(c, first, second, b)
	}
	return c
}

// toward is the control point beside p on the curve that comes from back and
// goes to next, a third of the way to end.
func toward(p, back, next, end point) point {
	dx, dy := next.x-back.x, next.y-back.y
	k := math.Hypot(end.x-p.x, end.y-p.y) / (3 * math.Hypot(dx, dy))
	return point{p.x + dx*k, p.y + dy*k}
}

// loop is a closed curve without corners.
func loop(xy ...float64) contour {
	n := len(xy) / 2
	at := func(i int) point { i = (i + n) % n; return point{xy[2*i], xy[2*i+1]} }
	c := contour{at(0)}
	for i := range n {
		a, b := at(i), at(i+1)
		c = append(c, toward(a, at(i-1), b, b), toward(b, at(i+2), a, a), b)
	}
	return c
}

func (c contour) reverse() contour {
	out := make(contour, len(c))
	for i, p := range c {
		out[len(c)-1-i] = p
	}
	return out
}

func (s shape) each(move func(point) point) shape {
	out := make(shape, len(s))
	for i, c := range s {
		out[i] = make(contour, len(c))
		for j, p := range c {
			out[i][j] = move(p)
		}
	}
	return out
}

func oval(x, y, rx, ry float64) shape { return leaf(x, y, rx, ry, 0) }

// leaf is an oval turned by an angle.
func leaf(x, y, rx, ry, angle float64) shape {
	const k = .5523
	unit := shape{{{0, -1}, {k, -1}, {1, -k}, {1, 0}, {1, k}, {k, 1}, {0, 1}, {-k, 1}, {-1, k}, {-1, 0}, {-1, -k}, {-k, -1}, {0, -1}}}
	sin, cos := math.Sincos(angle)
	return unit.each(func(p point) point {
		return point{x + p.x*rx*cos - p.y*ry*sin, y + p.x*rx*sin + p.y*ry*cos}
	})
}

// brush is a stroke through the points with round ends, as wide as told at its
// start, its middle and its end.
func brush(start, middle, end float64, xy ...float64) shape {
	c := from(xy[0], xy[1]).smooth(xy[2:]...)
	const steps = 6
	var there, back []float64
	total := float64(len(c) / 3 * steps)
	var dx, dy, half float64
	for i := 0; i+3 < len(c); i += 3 {
		for j := range steps + 1 {
			if j == 0 && i > 0 {
				continue
			}
			t := float64(j) / steps
			u := 1 - t
			x := u*u*u*c[i].x + 3*u*u*t*c[i+1].x + 3*u*t*t*c[i+2].x + t*t*t*c[i+3].x
			y := u*u*u*c[i].y + 3*u*u*t*c[i+1].y + 3*u*t*t*c[i+2].y + t*t*t*c[i+3].y
			// A curve may start in its own control point, so look along it.
			tx := u*u*(c[i+1].x-c[i].x) + 2*u*t*(c[i+2].x-c[i+1].x) + t*t*(c[i+3].x-c[i+2].x)
			ty := u*u*(c[i+1].y-c[i].y) + 2*u*t*(c[i+2].y-c[i+1].y) + t*t*(c[i+3].y-c[i+2].y)
			if n := math.Hypot(tx, ty); n > 0 {
				dx, dy = tx/n, ty/n
			}
			s := (float64(i/3*steps) + float64(j)) / total
			half = (start*(1-s)*(1-2*s) + 4*middle*s*(1-s) + end*s*(2*s-1)) / 2
			if len(there) == 0 {
				there = append(there, x-dx*half, y-dy*half)
			}
			there = append(there, x-dy*half, y+dx*half)
			back = append(back, y-dx*half, x+dy*half)
		}
	}
	tip := c[len(c)-1]
	there = append(there, tip.x+dx*half, tip.y+dy*half)
	for i := len(back) - 1; i > 0; i -= 2 {
		there = append(there, back[i], back[i-1])
	}
	return shape{loop(there...)}
}

// canvas paints shapes on a picture.
type canvas struct {
	dst              *image.RGBA
	scale, left, top float64
	sin, cos         float64
	pivot            point
	clip             *image.Alpha
	raster           vector.Rasterizer
}

// newCanvas fits a drawing of w by h units into a picture, centred and
// standing on its lower edge.
func newCanvas(width, height int, w, h float64) *canvas {
	scale := min(float64(width)/w, float64(height)/h)
	return &canvas{dst: image.NewRGBA(image.Rect(0, 0, width, height)), scale: scale, cos: 1,
		left: (float64(width) - w*scale) / 2, top: float64(height) - h*scale}
}

// turn sets the angle at which all that follows is painted.
func (c *canvas) turn(angle, x, y float64) {
	c.sin, c.cos = math.Sincos(angle)
	c.pivot = point{x, y}
}

// within paints, and keeps only what falls inside s.
func (c *canvas) within(s shape, paint func()) {
	outer := c.clip
	c.clip = c.mask(s)
	paint()
	c.clip = outer
}

func (c *canvas) fill(s shape, tint Tint, opacity float64) {
	m := c.mask(s)
	paint := color.NRGBA{uint8(tint >> 16), uint8(tint >> 8), uint8(tint), uint8(opacity*255 + .5)}
	draw.DrawMask(c.dst, m.Rect, image.NewUniform(paint), image.Point{}, m, m.Rect.Min, draw.Over)
}

// mask is how much of each pixel s covers.
func (c *canvas) mask(s shape) *image.Alpha {
	low, high := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	s = s.each(func(p point) point {
		x, y := p.x-c.pivot.x, p.y-c.pivot.y
		p = point{c.left + c.scale*(c.pivot.x+x*c.cos-y*c.sin), c.top + c.scale*(c.pivot.y+x*c.sin+y*c.cos)}
		low, high = point{min(low.x, p.x), min(low.y, p.y)}, point{max(high.x, p.x), max(high.y, p.y)}
		return p
	})
	box := image.Rect(int(math.Floor(low.x)), int(math.Floor(low.y)), int(math.Ceil(high.x)), int(math.Ceil(high.y)))
	box = box.Intersect(c.dst.Rect)
	if c.clip != nil {
		box = box.Intersect(c.clip.Rect)
	}
	m := image.NewAlpha(box)
	if box.Empty() {
		return m
	}
	c.raster.Reset(box.Dx(), box.Dy())
	c.raster.DrawOp = draw.Src
	at := func(p point) (float32, float32) {
		return float32(p.x - float64(box.Min.X)), float32(p.y - float64(box.Min.Y))
	}
	for _, o := range s {
		c.raster.MoveTo(at(o[0]))
		for i := 1; i+2 < len(o); i += 3 {
			bx, by := at(o[i])
			cx, cy := at(o[i+1])
			dx, dy := at(o[i+2])
			c.raster.CubeTo(bx, by, cx, cy, dx, dy)
		}
		c.raster.ClosePath()
	}
	c.raster.Draw(m, box, image.Opaque, image.Point{})
	if c.clip != nil {
		for y := box.Min.Y; y < box.Max.Y; y++ {
			row, over := m.Pix[m.PixOffset(box.Min.X, y):][:box.Dx()], c.clip.Pix[c.clip.PixOffset(box.Min.X, y):]
			for i := range row {
				row[i] = uint8(uint32(row[i]) * uint32(over[i]) / 255)
			}
		}
	}
	return m
}
