package typeset

import (
	"math"
	"slices"

	"github.com/go-text/typesetting/harfbuzz"
)

// emboldening is the width of the line round a glyph whose font has no bold, in ems. More closes the small spaces in 日.
const emboldening = 0.024

// place makes a Block of the lines.
func (p *paragraph) place(s Style, width float64, w wrapped) *Block {
	b := &Block{Size: s.Size, Cut: w.cut, Torn: w.torn == tornWord, Missing: p.missing}
	rows := make([][]*cluster, len(w.spans)) // in logical order
	for i, span := range w.spans {
		total := 0.0
		for j := span.from; j < span.to; j++ {
			rows[i] = append(rows[i], &p.clusters[j])
			total += p.clusters[j].width
		}
		if w.cut && i == len(w.spans)-1 {
			rows[i] = append(rows[i], &p.ellipsis)
			total += p.ellipsis.width
		}
		b.Lines = append(b.Lines, Line{Width: milli(total * s.Size)})
		b.Width = max(b.Width, b.Lines[i].Width)
	}
	if !(width > 0) || math.IsInf(width, 1) {
		width = b.Width
	}
	below := 0.0
	for i, row := range rows {
		l := &b.Lines[i]
		l.X = milli(p.indent(s.Align, width-l.Width))
		above, depth := extent(row, s.Bold)
		if i == 0 {
			l.Baseline = milli(max(p.ascent(), above) * s.Size)
		} else {
			l.Baseline = milli(b.Lines[i-1].Baseline + max(p.leading, below+above+inkGap)*s.Size)
		}
		below = depth
		seen := visual(row)
		l.fill(seen, s)
		l.Words = words(row, seen, l.X, s.Size)
		b.Height = l.Baseline + milli(max(p.descent(), below)*s.Size)
	}
	return b
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

// visual returns the clusters of a line from left to right: rule L2 of the bidirectional algorithm.
func visual(row []*cluster) []*cluster {
	row = slices.Clone(row)
	most := 0
	for _, c := range row {
		most = max(most, c.level)
	}
	for level := most; level > 0; level-- {
		for i := 0; i < len(row); i++ {
			j := i
			for j < len(row) && row[j].level >= level {
				j++
			}
			slices.Reverse(row[i:j])
			i = max(i, j)
		}
	}
	return row
}

// extent is how far the ink of a line reaches above and below the baseline, in ems.
func extent(row []*cluster, bold bool) (above, below float64) {
	for _, c := range row {
		for _, g := range c.glyphs {
			if len(g.ink.segments) > 0 {
				above = max(above, g.y+g.ink.top+c.stroke(bold)/2)
				below = max(below, -g.y-g.ink.bottom+c.stroke(bold)/2)
			}
		}
	}
	return above, below
}

// stroke is the width of the line that makes the cluster bold, in ems; 0 where its face is bold, or need not be.
func (c *cluster) stroke(bold bool) float64 {
	if bold && !c.face.bold {
		return emboldening
	}
	return 0
}

// fill gives the line its glyphs and its ink.
func (l *Line) fill(row []*cluster, s Style) {
	x := l.X
	ink := false
	for _, c := range row {
		stroke := c.stroke(s.Bold)
		if n := len(l.Runs); len(c.glyphs) > 0 && (n == 0 || l.Runs[n-1].Face != c.face) {
			l.Runs = append(l.Runs, Run{Face: c.face, Size: s.Size, Embolden: milli(stroke * s.Size)})
		}
		for i, g := range c.glyphs {
			run := &l.Runs[len(l.Runs)-1]
			glyph := Glyph{ID: g.id, X: milli(x + g.x*s.Size), Y: milli(l.Baseline - g.y*s.Size)}
			if i == 0 {
				glyph.Text = string(c.runes)
			}
			run.Glyphs = append(run.Glyphs, glyph)
			if len(g.ink.segments) == 0 {
				continue
			}
			around := stroke / 2
			left, right := glyph.X+(g.ink.left-around)*s.Size, glyph.X+(g.ink.right+around)*s.Size
			top, bottom := glyph.Y-(g.ink.top+around)*s.Size, glyph.Y-(g.ink.bottom-around)*s.Size
			if !ink {
				l.InkLeft, l.InkRight, l.InkTop, l.InkBottom = left, right, top, bottom
				ink = true
			}
			l.InkLeft, l.InkRight = min(l.InkLeft, left), max(l.InkRight, right)
			l.InkTop, l.InkBottom = min(l.InkTop, top), max(l.InkBottom, bottom)
		}
		x += c.width * s.Size
	}
	l.InkLeft, l.InkRight = milli(l.InkLeft), milli(l.InkRight)
	l.InkTop, l.InkBottom = milli(l.InkTop), milli(l.InkBottom)
}

// words are the words of a line, given in logical order and as seen. The clusters of a word stand together in both.
func words(row, seen []*cluster, x, size float64) []Word {
	at := make(map[*cluster]float64, len(row))
	for _, c := range seen {
		at[c] = x
		x += c.width * size
	}
	var words []Word
	var before *cluster
	for _, c := range row {
		text := layer(c.runes)
		if text == "" && c.width == 0 {
			continue
		}
		n := len(words)
		if n == 0 || c.level != before.level || c.blank != before.blank {
			words = append(words, Word{X: at[c], RTL: c.level%2 == 1})
			n++
		}
		w := &words[n-1]
		w.Text += text
		w.X = min(w.X, at[c])
		w.Width += c.width * size
		before = c
	}
	words = slices.DeleteFunc(words, func(w Word) bool { return w.Text == "" })
	for i := range words {
		words[i].X, words[i].Width = milli(words[i].X), milli(words[i].Width)
	}
	return words
}

// layer is what the invisible text of a PDF can have of a text.
func layer(runes []rune) string {
	return string(slices.DeleteFunc(slices.Clone(runes), func(r rune) bool {
		return r > 0xffff || harfbuzz.IsDefaultIgnorable(r)
	}))
}
