// Package typeset sets text of any script for posters and images: it cleans the text, puts it in visual order, shapes it
// with the right font, breaks it into lines, fits it into a box, and hands out glyphs at places and their outlines. It
// draws nothing. The same text, style and fonts always give the same Block.
//
// One paragraph is one Layout. What a text may hold is not trusted: invisible controls that could turn round what stands
// beside them are closed at the end of the text or dropped, accents on one letter are limited, and so is the length, before
// anything costs time. No string makes it panic.
//
// Numbers come first. A telephone number keeps the order of its digits in every direction of writing, marked with Isolate
// or not; it is not broken over lines while a line can hold it, and never cut in two by an ellipsis.
//
// Line breaks are those of Unicode (UAX 14), and:
//   - Thai, Lao, Khmer and Burmese break at spaces and U+200B, and else between syllables' clusters where they must;
//   - Korean breaks at spaces only;
//   - anything breaks between clusters where a line could not hold it otherwise. Fit avoids that while it can.
//
// The distance of lines is a part of the size that depends on the script (leading.go), and more where ink would touch.
//
// Fonts are Noto: 21 families and the Korean syllables, in two weights, are in the binary, packed; each is unpacked when a
// text first needs it. Japanese and Chinese come as packs (see Pack). Latin letters and ASCII digits are always set in
// Noto Sans. Where a pack has one weight only, the bold is made with a line round the glyph: Run.Embolden.
//
// It never reads a clock, a disk or the network.
package typeset

import (
	"slices"
	"strings"
	"sync"
)

// Align says where lines stand in the width: Start is left, or right in a right-to-left paragraph.
type Align int

const (
	Start Align = iota
	Centre
	End
)

// Style is how a text is set.
type Style struct {
	Size    float64 // points to the em
	Bold    bool
	Lang    string // BCP 47; chooses Nastaliq for Urdu, the region's Han forms, local letter forms
	RTL     bool   // the paragraph's direction
	Align   Align
	Leading float64 // from baseline to baseline, in ems; 0: by script
}

// Block is text in lines, all of one size. Places are in points from its upper left corner, y down; it is as wide as the
// width it was set for. Height is from the top of the first line to the bottom of the last, without space around it.
type Block struct {
	Size          float64
	Width, Height float64 // Width is that of the longest line
	Lines         []Line
	Cut           bool // an ellipsis stands for the rest
	Torn          bool // a word or a number is broken that has spaces around it
	Missing       []Missing

	of   *paragraph // what Fill needs
	bold bool
}

// Missing is a character that no font at hand has; it is drawn as an empty box, and such a text must not be published.
type Missing struct {
	Rune rune
	Pack string // the file name of the font pack that has it, "" if none does
}

// Line is one line of a Block. The ink is the extent of what is drawn, by the outlines: all four are 0 if there is none.
type Line struct {
	X, Baseline, Width                   float64
	InkTop, InkBottom, InkLeft, InkRight float64
	Runs                                 []Run // left to right
	Words                                []Word

	part   span // of the paragraph's clusters
	dots   bool // and an ellipsis
	filled bool
}

// Run is glyphs of one face, left to right.
type Run struct {
	Face     *Face
	Size     float64
	Embolden float64 // points: the width of a line to draw round each glyph, besides filling it; 0 for none
	Glyphs   []Glyph
}

// Glyph is one outline at a place.
type Glyph struct {
	ID   uint32
	X, Y float64
	Text string // the characters of its cluster, on the first glyph of the cluster
}

// Word is a word, a space between two words, or the part of a word that runs in one direction; the words of a line are in
// logical order. They are what a PDF needs for its invisible text: Text has no invisible characters, and is in logical order
// in both directions.
type Word struct {
	Text     string
	X, Width float64
	RTL      bool
}

// Engine shapes, orders, breaks and fits text. It is safe for any number of goroutines.
type Engine struct {
	fonts   *fonts
	shapers sync.Pool // *shaper

	mu   sync.Mutex
	kept map[keptKey]*paragraph // what ShapeKept keeps
}

// New returns an engine with the families in the binary and the packs. It fails on a pack that is not a font.
func New(packs ...Pack) (*Engine, error) {
	f, err := loadFonts(packs)
	if err != nil {
		return nil, err
	}
	e := &Engine{fonts: f, kept: map[keptKey]*paragraph{}}
	e.shapers.New = func() any { return newShaper(f) }
	return e, nil
}

// Layout sets text in lines of at most width points, and at most maxLines of them; width or maxLines of 0 is no limit. What
// does not go in is cut after a word, or within a long one, and ends in an ellipsis.
func (e *Engine) Layout(text string, s Style, width float64, maxLines int) *Block {
	b := e.Shape(text, s).Layout(s, width, maxLines)
	b.Fill()
	return b
}

// Paragraph is a text with its glyphs, to be set in several sizes and widths, most of which are only measured: its Blocks have
// neither Runs nor Words until they are filled. It may be used by many goroutines at once.
type Paragraph struct{ *paragraph }

// Shape finds the glyphs of a text. Of the style only Bold, Lang, RTL and Leading matter; Layout and Fit must be given the
// same.
func (e *Engine) Shape(text string, s Style) Paragraph { return Paragraph{e.shape(text, s.sane())} }

// ShapeKept is Shape for a text that many pages have, such as a label: it is shaped once and kept as long as there is room. A text
// that tells of a person must not stay here when the page is done.
func (e *Engine) ShapeKept(text string, s Style) Paragraph {
	key := keptKey{text, s.Lang, s.Bold, s.RTL, s.sane().Leading}
	e.mu.Lock()
	p, ok := e.kept[key]
	e.mu.Unlock()
	if ok {
		return Paragraph{p}
	}
	p = e.shape(text, s.sane())
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.kept) >= maxKept {
		clear(e.kept)
	}
	e.kept[key] = p
	return Paragraph{p}
}

// maxKept is how many texts are kept, some kilobytes each: those of all languages that posters come in, several times.
const maxKept = 2000

// keptKey is what the glyphs of a text hang on.
type keptKey struct {
	text, lang string
	bold, rtl  bool
	leading    float64
}

// Missing returns what Shape would find to be missing. A text of which nothing is missing, which is nearly all, is only looked
// up and not shaped.
func (e *Engine) Missing(text string, s Style) []Missing {
	sh := e.shapers.Get().(*shaper)
	runes, _ := visible(text)
	sh.choose.begin(s, runes)
	lacking := slices.ContainsFunc(runes, sh.choose.lacks)
	e.shapers.Put(sh)
	if !lacking {
		return nil
	}
	return e.shape(text, s.sane()).missing
}

// Missing returns the characters that no font at hand has.
func (p Paragraph) Missing() []Missing { return p.missing }

// Layout is that of Engine, without Fill.
func (p Paragraph) Layout(s Style, width float64, maxLines int) *Block {
	s = s.sane()
	return p.place(s, width, p.wrap(s.Size, width, maxLines))
}

// step is how far apart the sizes are that Fit tries, in points.
const step = 0.5

// Fit sets text as large as it goes from s.Size down to min, in half points, whole, in the box; width, height or maxLines of
// 0 is no limit. Sizes at which a word has to be broken come after all those at which none is. At min it is cut to what
// goes in; one line stays, however high.
func (e *Engine) Fit(text string, s Style, min, width, height float64, maxLines int) *Block {
	b := e.Shape(text, s).Fit(s, min, width, height, maxLines)
	b.Fill()
	return b
}

// Fit is that of Engine, without Fill.
func (p Paragraph) Fit(s Style, min, width, height float64, maxLines int) *Block {
	s = s.sane()
	min = Style{Size: min}.sane().Size
	try := func(size float64, most torn) *Block {
		b := s
		b.Size = size
		lines := p.wrap(size, width, maxLines)
		if lines.cut || lines.torn > most || height > 0 && p.least(b, len(lines.spans)) > height+slack {
			return nil
		}
		if block := p.place(b, width, lines); height <= 0 || block.Height <= height+slack {
			return block
		}
		return nil
	}
	for most := tornNowhere; most <= tornWord; most++ {
		for size := s.Size; ; size -= step {
			size = max(size, min)
			if b := try(size, most); b != nil {
				return b
			}
			if size <= min {
				break
			}
		}
	}
	s.Size = min
	b := p.place(s, width, p.wrap(min, width, maxLines))
	for n := len(b.Lines); n > 1 && height > 0 && b.Height > height+slack; {
		n--
		b = p.place(s, width, p.wrap(min, width, n))
	}
	return b
}

// slack forgives rounding when lengths are compared, in points.
const slack = 1e-6

// Sizes of type that are set, in points.
const (
	leastSize = 0.5
	mostSize  = 1000
)

// sane brings what is out of range, or no number, into range.
func (s Style) sane() Style {
	if !(s.Size >= leastSize) {
		s.Size = leastSize
	}
	s.Size = min(s.Size, mostSize)
	if !(s.Leading > 0) {
		s.Leading = 0
	}
	s.Leading = min(s.Leading, 10)
	return s
}

// Isolate marks a telephone number, case number or address as one that runs from left to right whatever is around it. It
// drops direction controls from within.
func Isolate(number string) string {
	number = strings.Map(func(r rune) rune {
		if isDirection(r) {
			return -1
		}
		return r
	}, number)
	if number == "" {
		return ""
	}
	return string(lri) + number + string(pdi)
}

// IsolateText marks a name or another text of unknown direction that goes into a sentence, so that neither turns the other
// round. What it leaves open within is closed.
func IsolateText(s string) string {
	if s == "" {
		return ""
	}
	return string(fsi) + string(balance([]rune(s))) + string(pdi)
}
