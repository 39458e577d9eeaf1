package typeset

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// Face is one weight of a font. It is safe for any number of goroutines.
type Face struct {
	name     string
	bold     bool
	nastaliq bool
	open     func() (*opentype.Loader, error)

	once sync.Once
	font *font.Font
	err  error

	mu       sync.Mutex
	reader   *font.Face
	outlines map[uint32]*outline
	kept     sync.Map // what Keep keeps
}

// Op is a step of an outline.
type Op uint8

const (
	MoveTo  Op = iota // to P[0]
	LineTo            // to P[0]
	CurveTo           // to P[2], P[0] and P[1] being the control points of a cubic
	Close             // back to where the last MoveTo went
)

// Point is a place in font units, y up, from the glyph's own origin.
type Point struct{ X, Y int }

// Segment is a step of an outline.
type Segment struct {
	Op Op
	P  [3]Point
}

// outline is the shape of a glyph and its extent.
type outline struct {
	segments                 []Segment
	left, bottom, right, top float64 // in ems; all 0 without segments
}

// load unpacks and parses the font the first time.
func (f *Face) load() (*font.Font, error) {
	f.once.Do(func() {
		loader, err := f.open()
		if err == nil {
			f.font, err = font.NewFont(loader)
		}
		if err != nil {
			f.err = fmt.Errorf("font %s: %w", f.name, err)
			return
		}
		f.reader = font.NewFace(f.font)
		f.outlines = map[uint32]*outline{}
	})
	return f.font, f.err
}

// check loads a face from outside and looks whether it can be drawn: a file that is cut off, or has pictures instead of
// outlines, has characters all the same.
func (f *Face) check() error {
	loaded, err := f.load()
	if err != nil {
		return err
	}
	const some = 300 // beginning with spaces and the like
	seen := 0
	for it := loaded.Cmap.Iter(); it.Next() && seen < some; seen++ {
		if _, id := it.Char(); len(f.outline(uint32(id)).segments) > 0 {
			return nil
		}
	}
	return errors.New("it has no outlines")
}

// UnitsPerEm is the number of font units in an em.
func (f *Face) UnitsPerEm() int { return int(f.font.Upem()) }

// Outline returns the shape of a glyph in font units: cubic, in whole units, each contour closed; empty for a space or a
// glyph that the face does not have. It is the caller's to read only.
func (f *Face) Outline(id uint32) []Segment { return f.outline(id).segments }

// Keep returns what make makes the first time that something is asked for under the key, and keeps it with the face: a glyph in
// the words of a painter, say, who meets the same few glyphs on every page. The key says which glyph, and what of it; the bytes
// are to be read only.
func (f *Face) Keep(key any, make func() []byte) []byte {
	if b, ok := f.kept.Load(key); ok {
		return b.([]byte)
	}
	b, _ := f.kept.LoadOrStore(key, make())
	return b.([]byte)
}

func (f *Face) outline(id uint32) *outline {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, ok := f.outlines[id]
	if !ok {
		var raw font.GlyphOutline
		if id <= math.MaxUint16 {
			raw, _ = f.reader.GlyphDataOutline(font.GID(id))
		}
		o = newOutline(raw.Segments, float64(f.font.Upem()))
		f.outlines[id] = o
	}
	return o
}

func newOutline(raw []font.Segment, upem float64) *outline {
	o := &outline{left: math.Inf(1), bottom: math.Inf(1), right: math.Inf(-1), top: math.Inf(-1)}
	var start, at Point
	round := func(p opentype.SegmentPoint) Point {
		return Point{int(math.Round(float64(p.X))), int(math.Round(float64(p.Y)))}
	}
	// toward is two thirds of the way from p to q, where the control point of a cubic lies that is a quadratic curve.
	toward := func(p Point, q opentype.SegmentPoint) Point {
		return Point{int(math.Round(float64(p.X) + 2*(float64(q.X)-float64(p.X))/3)),
			int(math.Round(float64(p.Y) + 2*(float64(q.Y)-float64(p.Y))/3))}
	}
	end := func() {
		if n := len(o.segments); n > 0 && o.segments[n-1].Op != Close {
			if o.segments[n-1].Op == LineTo && at == start {
				o.segments = o.segments[:n-1] // Close draws it
			}
			o.segments = append(o.segments, Segment{Op: Close})
		}
	}
	for _, s := range raw {
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			end()
			at = round(s.Args[0])
			start = at
			o.segments = append(o.segments, Segment{MoveTo, [3]Point{at}})
		case opentype.SegmentOpLineTo:
			at = round(s.Args[0])
			o.segments = append(o.segments, Segment{LineTo, [3]Point{at}})
		case opentype.SegmentOpQuadTo:
			to := round(s.Args[1])
			o.segments = append(o.segments, Segment{CurveTo, [3]Point{toward(at, s.Args[0]), toward(to, s.Args[0]), to}})
			at = to
		case opentype.SegmentOpCubeTo:
			at = round(s.Args[2])
			o.segments = append(o.segments, Segment{CurveTo, [3]Point{round(s.Args[0]), round(s.Args[1]), at}})
		}
	}
	end()
	if len(o.segments) == 0 {
		return &outline{}
	}
	o.measure(upem)
	return o
}

// measure finds the extent of the outline.
func (o *outline) measure(upem float64) {
	reach := func(x, y float64) {
		o.left, o.right = min(o.left, x/upem), max(o.right, x/upem)
		o.bottom, o.top = min(o.bottom, y/upem), max(o.top, y/upem)
	}
	var x, y float64
	for _, s := range o.segments {
		switch s.Op {
		case MoveTo, LineTo:
			x, y = float64(s.P[0].X), float64(s.P[0].Y)
			reach(x, y)
		case CurveTo:
			xs := [4]float64{x, float64(s.P[0].X), float64(s.P[1].X), float64(s.P[2].X)}
			ys := [4]float64{y, float64(s.P[0].Y), float64(s.P[1].Y), float64(s.P[2].Y)}
			for _, t := range append(turns(xs), turns(ys)...) {
				reach(cubic(xs, t), cubic(ys, t))
			}
			x, y = xs[3], ys[3]
			reach(x, y)
		}
	}
}

func cubic(p [4]float64, t float64) float64 {
	u := 1 - t
	return u*u*u*p[0] + 3*u*u*t*p[1] + 3*u*t*t*p[2] + t*t*t*p[3]
}

// turns returns where between 0 and 1 the cubic has its least and its greatest value, if not at its ends.
func turns(p [4]float64) (at []float64) {
	a := p[3] - 3*p[2] + 3*p[1] - p[0]
	b := 2 * (p[2] - 2*p[1] + p[0])
	c := p[1] - p[0]
	add := func(t float64) {
		if t > 0 && t < 1 {
			at = append(at, t)
		}
	}
	if a == 0 {
		if b != 0 {
			add(-c / b)
		}
		return at
	}
	if d := b*b - 4*a*c; d >= 0 {
		add((-b + math.Sqrt(d)) / (2 * a))
		add((-b - math.Sqrt(d)) / (2 * a))
	}
	return at
}
