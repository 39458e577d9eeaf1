package protocoltest

import "math"

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
