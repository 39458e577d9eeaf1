package protocoltest

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
	"math/rand/v2"
)

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

func encodePNG(m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err) // a picture of no pixels
	}
	return b.Bytes()
}
