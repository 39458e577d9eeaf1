package protocoltest

import "math/rand/v2"

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
