package typeset

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/vector"
)

// paint draws a block at 2 pixels to the point.
func paint(dst *image.RGBA, b *Block, x0, y0 float64) {
	const scale = 2
	for _, l := range b.Lines {
		for _, run := range l.Runs {
			s := run.Size / float64(run.Face.UnitsPerEm())
			r := vector.NewRasterizer(dst.Rect.Dx(), dst.Rect.Dy())
			for _, g := range run.Glyphs {
				at := func(p Point) (float32, float32) {
					return float32(scale * (x0 + g.X + float64(p.X)*s)), float32(scale * (y0 + g.Y - float64(p.Y)*s))
				}
				for _, seg := range run.Face.Outline(g.ID) {
					ax, ay := at(seg.P[0])
					bx, by := at(seg.P[1])
					cx, cy := at(seg.P[2])
					switch seg.Op {
					case MoveTo:
						r.MoveTo(ax, ay)
					case LineTo:
						r.LineTo(ax, ay)
					case CurveTo:
						r.CubeTo(ax, ay, bx, by, cx, cy)
					case Close:
						r.ClosePath()
					}
				}
			}
			r.Draw(dst, dst.Rect, image.NewUniform(color.Black), image.Point{})
		}
	}
}

// TestPaint writes pictures of the samples into the folder that TYPESET_PICTURES names, for people to look at.
func TestPaint(t *testing.T) {
	dir := os.Getenv("TYPESET_PICTURES")
	if dir == "" {
		t.Skip("TYPESET_PICTURES names no folder")
	}
	e := engine(t)
	const per = 8
	for page := 0; page*per < len(samples); page++ {
		img := image.NewRGBA(image.Rect(0, 0, 1200, per*180))
		draw.Draw(img, img.Rect, image.White, image.Point{}, draw.Src)
		for i, s := range samples[page*per : min(len(samples), page*per+per)] {
			st := Style{Size: 17, Lang: s.lang, RTL: s.rtl}
			paint(img, e.Layout(s.text, st, 350, 0), 12, float64(i*90)+4)
			st.Bold = true
			paint(img, e.Fit(s.text, st, 6, 200, 80, 4), 380, float64(i*90)+4)
		}
		f, err := os.Create(filepath.Join(dir, "samples-"+string(rune('a'+page))+".png"))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}
