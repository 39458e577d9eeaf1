package protocoltest

import (
	"image"
	"image/color"
	"math"
)

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
