package poster

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// minSize is the smallest text on a poster, in points.
const minSize = 8

// unprinted is how much of each edge printers leave white, in points.
const unprinted = 12

// builtIn are the fonts of an Input without its own.
var builtIn = sync.OnceValues(func() (*typeset.Engine, error) { return typeset.New() })

// palette has the colours of a page: the bands, and what stands on them.
type palette struct {
	band, onBand RGB // the heading
	rule         RGB
	say          RGB // what is said in colour on paper
	call, onCall RGB // whom to call
	number       RGB
}

func (in *Input) palette() (p palette, err error) {
	brand, err := parseColour(in.Brand, red)
	if err != nil {
		return p, fmt.Errorf("brand: %w", err)
	}
	accent, err := parseColour(in.Accent, amber)
	if err != nil {
		return p, fmt.Errorf("accent: %w", err)
	}
	if in.BlackWhite {
		return palette{band: paper, onBand: ink, rule: ink, say: ink, call: paper, onCall: ink, number: ink}, nil
	}
	return palette{band: brand, onBand: on(brand, paper), rule: accent, say: on(paper, brand, ink), call: ink, onCall: paper,
		number: on(ink, accent, paper)}, nil
}

// compose returns the pages of the poster.
func compose(in *Input) ([]*Page, error) {
	design, ok := designs[in.Format]
	if !ok {
		return nil, fmt.Errorf("%q is no format: choose one of %q", in.Format, Formats())
	}
	return composeAs(in, design)
}

// composeAs returns the pages in a design.
func composeAs(in *Input, design design) (pages []*Page, err error) {
	if in.Case == nil || len(in.Case.Children) == 0 || len(in.Locales) == 0 || len(in.Locales) > 2 {
		return nil, errors.New("a case with a child and one or two languages are needed")
	}
	if len(in.Facts) > MaxFacts {
		return nil, fmt.Errorf("more than %d facts are not remembered", MaxFacts)
	}
	set := newSetter(in.Fonts)
	if set.fonts == nil {
		if set.fonts, err = builtIn(); err != nil {
			return nil, err
		}
	}
	colours, err := in.palette()
	if err != nil {
		return nil, err
	}
	photos, err := choose(in)
	if err != nil {
		return nil, err
	}
	var said []*words
	locales := in.Locales
	if design.screen {
		locales = locales[:1]
	}
	for _, l := range locales {
		s, err := write(in, l, set, photos)
		if err != nil {
			return nil, err
		}
		said = append(said, s)
	}
	if design.screen {
		said = said[:1]
	}
	if len(said) == 2 && in.Together {
		if said[0].rtl != said[1].rtl {
			return nil, errors.New("only two languages that read the same way go on one page")
		}
		said = []*words{together(said[0], said[1])}
	}
	for _, s := range said {
		c := newComposer(in, s, set, colours, design)
		if err := design.draw(c); err != nil {
			return nil, err
		}
		c.draft()
		if missing := c.page.fill(); len(missing) > 0 { // write asks beforehand, text by text
			return nil, &GlyphError{Language: s.lang, Missing: missing}
		}
		pages = append(pages, c.page)
	}
	return pages, nil
}

// design is how a format looks.
type design struct {
	w, h   float64 // in points
	unit   float64 // what a point of the measures on A4 is on this page
	screen bool
	draw   func(*composer) error
}

// designs of all formats. Screens have two pixels a point.
var designs = map[Format]design{
	A4:     {595.28, 841.89, 1, false, (*composer).sheet},
	Letter: {612, 792, 1, false, (*composer).sheet},
	A5:     {419.53, 595.28, 0.72, false, (*composer).sheet},
	Square: {540, 540, 1, true, (*composer).square},
	Story:  {540, 960, 1, true, (*composer).upright},
	Wide:   {600, 315, 1, true, (*composer).wide},
}

// setter shapes the texts of a poster, each once, however many sizes and widths it is tried at.
type setter struct {
	fonts  *typeset.Engine
	shaped map[shapeKey]typeset.Paragraph
	fixed  map[string]bool // the texts that tell nothing of the case: the fonts may keep them
}

func newSetter(fonts *typeset.Engine) *setter {
	return &setter{fonts, map[shapeKey]typeset.Paragraph{}, map[string]bool{}}
}

type shapeKey struct {
	text, lang string
	bold, rtl  bool
	leading    float64
}

func (s *setter) shape(text string, style typeset.Style) typeset.Paragraph {
	key := shapeKey{text, style.Lang, style.Bold, style.RTL, style.Leading}
	p, ok := s.shaped[key]
	switch {
	case ok:
		return p
	case s.fixed[text]:
		p = s.fonts.ShapeKept(text, style)
	default:
		p = s.fonts.Shape(text, style)
	}
	s.shaped[key] = p
	return p
}

// composer lays out one page. Its places are counted from the side where reading starts; put and fill mirror them where
// that is the right one.
type composer struct {
	in    *Input
	words *words
	*setter
	page   *Page
	unit   float64
	margin float64
	width  float64 // between the margins
	thrift thrift  // what the body does without; body.go
	palette
}

func newComposer(in *Input, w *words, set *setter, colours palette, d design) *composer {
	c := &composer{in: in, words: w, setter: set, unit: d.unit, palette: colours, page: &Page{W: d.w, H: d.h, Lang: w.lang}}
	c.margin = 40 * c.unit
	c.width = c.page.W - 2*c.margin
	return c
}

// u is a measure of the A4 page on this one.
func (c *composer) u(points float64) float64 { return points * c.unit }

// place mirrors a box where reading starts on the right.
func (c *composer) place(r Rect) Rect {
	if c.words.rtl {
		r.X = c.page.W - r.X - r.W
	}
	return r
}

func (c *composer) fill(colour RGB, areas ...Rect) {
	m := Mark{Colour: colour}
	for i, a := range areas {
		a = c.place(a)
		m.Areas = append(m.Areas, a)
		if i == 0 {
			m.Box = a
		}
		m.Box = m.Box.union(a)
	}
	c.page.Marks = append(c.page.Marks, m)
}

// frame draws the four sides of a box, within it.
func (c *composer) frame(colour RGB, r Rect, thick float64) {
	c.fill(colour, Rect{r.X, r.Y, r.W, thick}, Rect{r.X, r.low() - thick, r.W, thick},
		Rect{r.X, r.Y, thick, r.H}, Rect{r.right() - thick, r.Y, thick, r.H})
}

// show draws a photo in the box.
func (c *composer) show(s *shot, r Rect) {
	sight := s.sight
	c.page.Marks = append(c.page.Marks, Mark{Box: c.place(r), Picture: &sight})
}

// font is how a text is to be set: at the largest size from most down to least at which it fits.
type font struct {
	most, least float64
	bold        bool
	lines       int
	align       typeset.Align
	leading     float64
}

// set fits the text into a box. The sizes are in points of this page; none comes out smaller than minSize.
func (c *composer) set(s string, f font, width, height float64) *typeset.Block {
	return c.prose(prose{s, c.words.lang, c.words.rtl}, f, width, height)
}

// even is set for a text whose lines are about as long as each other: no word stands alone in the last.
func (c *composer) even(s string, f font, width float64) *typeset.Block {
	b := c.set(s, f, width, 0)
	if len(b.Lines) < 2 || b.Cut || f.align != typeset.Start {
		return b
	}
	for lo, hi := width/2, width; hi-lo > width/50; {
		middle := (lo + hi) / 2
		if t := c.set(s, f, middle, 0); len(t.Lines) == len(b.Lines) && t.Size == b.Size && !t.Cut && !t.Torn {
			b, hi = t, middle
		} else {
			lo = middle
		}
	}
	style := typeset.Style{Size: b.Size, Bold: f.bold, Lang: c.words.lang, RTL: c.words.rtl, Leading: f.leading}
	return c.shape(s, style).Layout(style, b.Width+0.01, f.lines)
}

// prose is set for a text with a language of its own.
func (c *composer) prose(p prose, f font, width, height float64) *typeset.Block {
	if p.text == "" || width <= 0 {
		return &typeset.Block{}
	}
	least := max(f.least, minSize)
	style := typeset.Style{Size: max(f.most, least), Bold: f.bold, Lang: p.lang, RTL: p.rtl, Align: f.align, Leading: f.leading}
	return c.shape(p.text, style).Fit(style, least, width, max(height, 0), f.lines)
}

// spread sets the text in one line whose ink fills the box as far as most allows.
func (c *composer) spread(s string, most, width, height float64) *typeset.Block {
	const trial = 100
	style := typeset.Style{Size: trial, Bold: true, Lang: c.words.lang, RTL: c.words.rtl}
	b := c.shape(s, style).Layout(style, 0, 1)
	if len(b.Lines) == 0 {
		return b
	}
	l := &b.Lines[0]
	style.Size = max(minSize, min(most, trial*width/max(l.InkRight-l.InkLeft, l.Width), trial*height/(l.InkBottom-l.InkTop)))
	return c.shape(s, style).Layout(style, width, 1)
}

// top and low are where a block begins and ends to the eye: at the height of capitals and a little below the baseline, or
// where its ink goes beyond.
func top(b *typeset.Block) float64 {
	if len(b.Lines) == 0 {
		return 0
	}
	return min(b.Lines[0].Baseline-0.72*b.Size, b.Lines[0].InkTop)
}

func low(b *typeset.Block) float64 {
	if len(b.Lines) == 0 {
		return 0
	}
	l := b.Lines[len(b.Lines)-1]
	return max(l.Baseline+0.22*b.Size, l.InkBottom)
}

// rise is from top to the first baseline.
func rise(b *typeset.Block) float64 {
	if len(b.Lines) == 0 {
		return 0
	}
	return b.Lines[0].Baseline - top(b)
}

// high is the height from top to low.
func high(b *typeset.Block) float64 { return low(b) - top(b) }

// put draws a block that was set for width with its top at y, and returns where its low is.
func (c *composer) put(b *typeset.Block, x, y, width float64, colour, ground RGB) float64 {
	if len(b.Lines) == 0 {
		return y
	}
	t := &Text{Block: b, X: c.place(Rect{X: x, W: width}).X, Y: y - top(b), Colour: colour, Ground: ground}
	if box := t.ink(); box.X < unprinted || box.right() > c.page.W-unprinted { // accents without a letter hang in the margin
		t.X += max(0, unprinted-box.X) - max(0, box.right()-c.page.W+unprinted)
	}
	c.page.Marks = append(c.page.Marks, Mark{Box: t.ink(), Text: t})
	return y + high(b)
}

// digits checks that the glyphs of a number are its characters in their order, from left to right.
func digits(b *typeset.Block, want string) error {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r == ' ' || r == '\u00a0' || !inLayer(r) {
				return -1
			}
			return r
		}, s)
	}
	b.Fill()
	var got strings.Builder
	at := 0.0
	for _, l := range b.Lines {
		for _, r := range l.Runs {
			for _, g := range r.Glyphs {
				if g.X < at-1e-6 {
					return errors.New("the digits of the hotline are not in their order")
				}
				at = g.X
				got.WriteString(g.Text)
			}
		}
	}
	if len(b.Lines) != 1 || bare(got.String()) != bare(want) {
		return errors.New("the hotline cannot be drawn as it is written")
	}
	return nil
}

// draft marks the page as one that must not be hung up.
func (c *composer) draft() {
	if c.words.draft == "" {
		return
	}
	const turn = 35
	t := &Text{Turn: turn, Colour: ink, Ground: paper, Faint: true}
	t.Block = c.spread(c.words.draft, 240, c.page.W*0.86, c.page.H*0.3)
	if part := 0.94 * min(c.page.W/t.ink().W, c.page.H/t.ink().H); part < 1 { // turned, a long word is high
		t.Block = c.spread(c.words.draft, part*t.Block.Size, c.page.W*0.86, c.page.H*0.3)
	}
	l := t.Block.Lines[0]
	x, y := t.turned((l.InkLeft+l.InkRight)/2, (l.InkTop+l.InkBottom)/2)
	t.X, t.Y = c.page.W/2-x, c.page.H/2-y
	c.page.Marks = append(c.page.Marks, Mark{Box: t.ink(), Text: t})
}
