package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/vector"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// paintImage paints the page as a picture that is width pixels wide.
func paintImage(page *Page, width int) (*image.RGBA, error) {
	p := &imagePainter{scale: float64(width) / page.W}
	p.dst = image.NewRGBA(image.Rect(0, 0, width, int(math.Round(page.H*p.scale))))
	draw.Draw(p.dst, p.dst.Bounds(), image.White, image.Point{}, draw.Src)
	for i := range page.Marks {
		m := &page.Marks[i]
		switch {
		case m.Text != nil:
			p.text(m.Text)
		case m.Picture != nil:
			if err := p.picture(m); err != nil {
				return nil, err
			}
		case m.Dashed:
			p.dashes(m)
		default:
			for _, a := range m.Areas {
				draw.Draw(p.dst, p.pixels(a), image.NewUniform(m.Colour.opaque()), image.Point{}, draw.Src)
			}
		}
	}
	return p.dst, nil
}

type imagePainter struct {
	dst   *image.RGBA
	scale float64 // pixels a point
	vec   vector.Rasterizer
}

func (c RGB) opaque() color.RGBA { return color.RGBA{c.R, c.G, c.B, 255} }

// pixels returns the pixels of a box, at least one each way.
func (p *imagePainter) pixels(r Rect) image.Rectangle {
	at := func(v float64) int { return int(math.Round(v * p.scale)) }
	x, y := at(r.X), at(r.Y)
	return image.Rect(x, y, max(at(r.right()), x+1), max(at(r.low()), y+1))
}

func (p *imagePainter) picture(m *Mark) error {
	photo, err := jpeg.Decode(bytes.NewReader(m.Picture.JPEG))
	if err != nil {
		return fmt.Errorf("photo: %w", err)
	}
	c := m.Picture.Crop
	part := image.Rect(int(c.X), int(c.Y), int(c.right()), int(c.low())).Add(photo.Bounds().Min)
	draw.CatmullRom.Scale(p.dst, p.pixels(m.Box), photo, part, draw.Src, nil)
	return nil
}

func (p *imagePainter) dashes(m *Mark) {
	const dash = 3
	x1, y1, x2, y2 := m.ends()
	for at := 0.0; at < x2-x1+y2-y1; at += 2 * dash {
		piece := Rect{x1 + at, y1 - 0.375, dash, 0.75}
		if x1 == x2 {
			piece = Rect{x1 - 0.375, y1 + at, 0.75, dash}
		}
		draw.Draw(p.dst, p.pixels(piece), image.NewUniform(m.Colour.opaque()), image.Point{}, draw.Src)
	}
}

// text fills the outlines of a line together.
func (p *imagePainter) text(t *Text) {
	ink := t.Colour.opaque()
	if t.Faint {
		part := func(v uint8) uint8 { return uint8(math.Round(float64(v) * faint)) }
		ink = color.RGBA{part(ink.R), part(ink.G), part(ink.B), part(255)}
	}
	for i := range t.Block.Lines {
		line := &t.Block.Lines[i]
		one := Text{Block: &typeset.Block{Lines: t.Block.Lines[i : i+1]}, X: t.X, Y: t.Y, Turn: t.Turn}
		box := one.ink()
		bounds := p.pixels(box.inset(-0.1 * line.Runs[0].Size)).Intersect(p.dst.Bounds())
		if bounds.Empty() {
			continue
		}
		p.vec.Reset(bounds.Dx(), bounds.Dy())
		for _, run := range line.Runs {
			p.run(t, run, bounds.Min)
		}
		p.vec.Draw(p.dst, bounds, image.NewUniform(ink), image.Point{})
	}
}

// run adds the outlines of a run. Bold that is made, not drawn by a designer, is the outline drawn again around itself.
func (p *imagePainter) run(t *Text, run typeset.Run, corner image.Point) {
	unit := run.Size / float64(run.Face.UnitsPerEm())
	around := [][2]float64{{0, 0}}
	if d := run.Embolden / 2; d > 0 {
		around = append(around, [2]float64{d, 0}, [2]float64{-d, 0}, [2]float64{0, d}, [2]float64{0, -d})
	}
	for _, g := range run.Glyphs {
		outline := run.Face.Outline(g.ID)
		for _, d := range around {
			at := func(pt typeset.Point) (x, y float32) {
				px, py := t.turned(g.X+float64(pt.X)*unit+d[0], g.Y-float64(pt.Y)*unit+d[1])
				return float32(px*p.scale) - float32(corner.X), float32(py*p.scale) - float32(corner.Y)
			}
			for _, s := range outline {
				x1, y1 := at(s.P[0])
				switch s.Op {
				case typeset.MoveTo:
					p.vec.MoveTo(x1, y1)
				case typeset.LineTo:
					p.vec.LineTo(x1, y1)
				case typeset.CurveTo:
					x2, y2 := at(s.P[1])
					x3, y3 := at(s.P[2])
					p.vec.CubeTo(x1, y1, x2, y2, x3, y3)
				case typeset.Close:
					p.vec.ClosePath()
				}
			}
		}
	}
}
