package protocoltest

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

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
