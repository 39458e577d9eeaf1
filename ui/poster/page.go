package poster

import (
	"math"
	"slices"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// Rect is a box on a page, in points from the page's upper left corner.
type Rect struct{ X, Y, W, H float64 }

// inset returns the box without a border of d on all sides.
func (r Rect) inset(d float64) Rect { return Rect{r.X + d, r.Y + d, r.W - 2*d, r.H - 2*d} }

func (r Rect) right() float64 { return r.X + r.W }
func (r Rect) low() float64   { return r.Y + r.H }

// union is the smallest box around both.
func (r Rect) union(s Rect) Rect {
	x, y := min(r.X, s.X), min(r.Y, s.Y)
	return Rect{x, y, max(r.right(), s.right()) - x, max(r.low(), s.low()) - y}
}

// Page is a page of a poster as a list of marks, drawn in order: what both painters paint and what tests ask. Texts and pictures
// lie on areas and not on each other, but for a faint text, which may be drawn over all; so a painter may take them by kind.
type Page struct {
	W, H  float64 // in points
	Lang  string  // a BCP 47 tag
	Marks []Mark

	left left
}

// left is what a page had no room for.
type left struct {
	facts             []string // their labels
	story, companions bool
}

// fill gives the texts the glyphs that they have been measured by, and returns what has none.
func (p *Page) fill() (missing []typeset.Missing) {
	for i := range p.Marks {
		if t := p.Marks[i].Text; t != nil {
			t.Block.Fill()
			missing = append(missing, t.Block.Missing...)
		}
	}
	slices.SortFunc(missing, func(a, b typeset.Missing) int { return int(a.Rune) - int(b.Rune) })
	return slices.CompactFunc(missing, func(a, b typeset.Missing) bool { return a.Rune == b.Rune })
}

// Mark is one thing to draw: areas of one colour, a text or a picture.
type Mark struct {
	// Box has all of it: of a text, its ink.
	Box Rect
	// Areas are filled together with Colour, so that no hairlines show between those that touch.
	Areas  []Rect
	Colour RGB
	// Dashed is a line to cut along, through the middle of Box the long way.
	Dashed  bool
	Text    *Text
	Picture *Sight
	// Link is the address that the box leads to on a screen.
	Link string
}

// Text is a block of text in one colour.
type Text struct {
	Block *typeset.Block
	// X, Y is the upper left corner of the block before it is turned.
	X, Y float64
	// Turn is by how many degrees the block is turned about that corner, anticlockwise.
	Turn float64
	// Ground is the colour on which it stands.
	Colour, Ground RGB
	// Faint is the mark of a draft, which lies thinly over all else.
	Faint bool
}

// Sight is a JPEG, or the part of it that is wanted, that fills the box of its mark.
type Sight struct {
	JPEG          []byte
	Width, Height int // in pixels
	// Crop is the part that is shown, in pixels.
	Crop Rect
}

// turned returns where a point of the block lies on the page.
func (t *Text) turned(x, y float64) (px, py float64) {
	if t.Turn == 0 {
		return t.X + x, t.Y + y
	}
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	return t.X + x*cos + y*sin, t.Y - x*sin + y*cos
}

// ink returns the box of the block's ink on the page.
func (t *Text) ink() (box Rect) {
	for i, l := range t.Block.Lines {
		for j, p := range [][2]float64{{l.InkLeft, l.InkTop}, {l.InkRight, l.InkTop}, {l.InkLeft, l.InkBottom}, {l.InkRight, l.InkBottom}} {
			x, y := t.turned(p[0], p[1])
			if i == 0 && j == 0 {
				box = Rect{x, y, 0, 0}
			}
			box = box.union(Rect{x, y, 0, 0})
		}
	}
	return box
}

// faint is how opaque the mark of a draft is.
const faint = 0.09

// ends returns the ends of a line to cut along.
func (m *Mark) ends() (x1, y1, x2, y2 float64) {
	b := m.Box
	if b.W > b.H {
		return b.X, b.Y + b.H/2, b.right(), b.Y + b.H/2
	}
	return b.X + b.W/2, b.Y, b.X + b.W/2, b.low()
}
