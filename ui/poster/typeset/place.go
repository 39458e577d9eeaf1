package typeset

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/go-text/typesetting/harfbuzz"
)

// emboldening is the width of the line round a glyph whose font has no bold, in ems. More closes the small spaces in 日.
const emboldening = 0.024

// place makes a Block of the lines, with their measures alone.
func (p *paragraph) place(s Style, width float64, w wrapped) *Block {
	b := &Block{Size: s.Size, Cut: w.cut, Torn: w.torn == tornWord, Missing: p.missing, of: p, bold: s.Bold, Lines: make([]Line, len(w.spans))}
	for i, part := range w.spans {
		l := &b.Lines[i]
		l.part, l.dots = part, w.cut && i == len(w.spans)-1
		total := 0.0
		for j := part.from; j < part.to; j++ {
			total += p.clusters[j].width
		}
		if l.dots {
			total += p.ellipsis.width
		}
		l.Width = milli(total * s.Size)
		b.Width = max(b.Width, l.Width)
	}
	if !(width > 0) || math.IsInf(width, 1) {
		width = b.Width
	}
	below := 0.0
	for i := range b.Lines {
		l := &b.Lines[i]
		l.X = milli(p.indent(s.Align, width-l.Width))
		above, depth := p.measure(l, s)
		if i == 0 {
			l.Baseline = milli(max(p.ascent(), above) * s.Size)
		} else {
			l.Baseline = milli(b.Lines[i-1].Baseline + max(p.leading, below+above+inkGap)*s.Size)
		}
		below = depth
		if above != 0 || depth != 0 {
			l.InkTop, l.InkBottom = milli(l.Baseline-above*s.Size), milli(l.Baseline+depth*s.Size)
		}
		b.Height = l.Baseline + milli(max(p.descent(), below)*s.Size)
	}
	return b
}

// Fill gives the lines their Runs and Words. Once is enough, and more does no harm. Only one goroutine may be at it.
func (b *Block) Fill() {
	for i := range b.Lines {
		l := &b.Lines[i]
		if l.filled {
			continue
		}
		l.filled = true
		row := b.of.row(l)
		seen := visual(row)
		l.fill(row, seen, b.Size, b.bold)
		l.Words = words(row, seen, l.X, b.Size)
	}
}

// row has the clusters of a line in logical order.
func (p *paragraph) row(l *Line) []*cluster {
	row := make([]*cluster, 0, l.part.to-l.part.from+1)
	for i := l.part.from; i < l.part.to; i++ {
		row = append(row, &p.clusters[i])
	}
	if l.dots {
		row = append(row, &p.ellipsis)
	}
	return row
}

// milli rounds to a thousandth of a point, as fine as a page needs, so that sums are the same on every machine.
func milli(x float64) float64 { return math.Round(x*1000) / 1000 }

// indent is the part of the free width that goes on the left.
func (p *paragraph) indent(a Align, free float64) float64 {
	switch {
	case a == Centre:
		return free / 2
	case (a == End) != (p.level == 1):
		return free
	}
	return 0
}

// visual returns the numbers of the clusters of a line from left to right: rule L2 of the bidirectional algorithm.
func visual(row []*cluster) []int {
	seen, most := make([]int, len(row)), 0
	for i, c := range row {
		seen[i], most = i, max(most, c.level)
	}
	for level := most; level > 0; level-- {
		for i := 0; i < len(seen); i++ {
			j := i
			for j < len(seen) && row[seen[j]].level >= level {
				j++
			}
			slices.Reverse(seen[i:j])
			i = max(i, j)
		}
	}
	return seen
}

// measure gives the line the left and the right end of its ink, and returns how far that reaches above and below the
// baseline, in ems.
func (p *paragraph) measure(l *Line, s Style) (above, below float64) {
	x, inked := l.X, false
	one := func(c *cluster) {
		if c.inked {
			around := c.stroke(s.Bold) / 2
			left, right := x+(c.left-around)*s.Size, x+(c.right+around)*s.Size
			top, bottom := c.top+around, c.bottom-around
			if !inked {
				l.InkLeft, l.InkRight, above, below = left, right, top, -bottom
				inked = true
			}
			l.InkLeft, l.InkRight = min(l.InkLeft, left), max(l.InkRight, right)
			above, below = max(above, top), max(below, -bottom)
		}
		x += c.width * s.Size
	}
	row := p.clusters[l.part.from:l.part.to]
	switch p.direction(l) {
	case leftToRight:
		for i := range row {
			one(&row[i])
		}
		if l.dots {
			one(&p.ellipsis)
		}
	case rightToLeft:
		if l.dots {
			one(&p.ellipsis)
		}
		for i := range row {
			one(&row[len(row)-1-i])
		}
	default:
		all := p.row(l)
		for _, i := range visual(all) {
			one(all[i])
		}
	}
	l.InkLeft, l.InkRight = milli(l.InkLeft), milli(l.InkRight)
	return above, below
}

const (
	leftToRight = iota
	rightToLeft
	bothWays
)

// direction says whether all of a line runs one way.
func (p *paragraph) direction(l *Line) int {
	row := p.clusters[l.part.from:l.part.to]
	way := p.level % 2
	if len(row) > 0 {
		way = row[0].level % 2
		if l.dots && way != p.ellipsis.level%2 {
			return bothWays
		}
	}
	for i := range row {
		if row[i].level%2 != way {
			return bothWays
		}
	}
	return way
}

// stroke is the width of the line that makes the cluster bold, in ems; 0 where its face is bold, or need not be.
func (c *cluster) stroke(bold bool) float64 {
	if bold && !c.face.bold {
		return emboldening
	}
	return 0
}

// fill gives the line its glyphs.
func (l *Line) fill(row []*cluster, seen []int, size float64, bold bool) {
	x := l.X
	for _, i := range seen {
		c := row[i]
		if n := len(l.Runs); len(c.glyphs) > 0 && (n == 0 || l.Runs[n-1].Face != c.face) {
			l.Runs = append(l.Runs, Run{Face: c.face, Size: size, Embolden: milli(c.stroke(bold) * size), Glyphs: make([]Glyph, 0, len(row))})
		}
		for i, g := range c.glyphs {
			run := &l.Runs[len(l.Runs)-1]
			glyph := Glyph{ID: g.id, X: milli(x + g.x*size), Y: milli(l.Baseline - g.y*size)}
			if i == 0 {
				glyph.Text = string(c.runes)
			}
			run.Glyphs = append(run.Glyphs, glyph)
		}
		x += c.width * size
	}
}

// words are the words of a line, given in logical order and as seen. The clusters of a word stand together in both.
func words(row []*cluster, seen []int, x, size float64) []Word {
	at := make([]float64, len(row))
	for _, i := range seen {
		at[i] = x
		x += row[i].width * size
	}
	words := make([]Word, 0, 16)
	var text []byte // of the last word
	end := func() {
		if n := len(words); n > 0 {
			w := &words[n-1]
			if w.Text = string(text); w.Text == "" {
				words = words[:n-1]
			} else {
				w.X, w.Width = milli(w.X), milli(w.Width)
			}
		}
		text = text[:0]
	}
	var before *cluster
	for i, c := range row {
		had := len(text)
		mark := text
		if before == nil || c.level != before.level || c.blank != before.blank {
			had, mark = 0, nil
		}
		mark = layer(mark, c.runes)
		if len(mark) == had && c.width == 0 {
			continue
		}
		if before == nil || c.level != before.level || c.blank != before.blank {
			end()
			words = append(words, Word{X: at[i], RTL: c.level%2 == 1})
		}
		text = mark
		w := &words[len(words)-1]
		w.X = min(w.X, at[i])
		w.Width += c.width * size
		before = c
	}
	end()
	return words
}

// layer appends what the invisible text of a PDF can have of a text.
func layer(text []byte, runes []rune) []byte {
	for _, r := range runes {
		if !harfbuzz.IsDefaultIgnorable(r) {
			text = utf8.AppendRune(text, r)
		}
	}
	return text
}
