package typeset

import (
	"reflect"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/bidi"
	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// shaper has what shaping needs that is for one goroutine.
type shaper struct {
	choose   chooser
	bidi     bidi.Paragraph
	split    shaping.Segmenter
	breaks   segmenter.Segmenter
	harfbuzz shaping.HarfbuzzShaper
	dots     map[dotsKey]cluster
}

// dotsKey is what the form of an ellipsis hangs on.
type dotsKey struct {
	lang      string
	bold, rtl bool
}

func newShaper(f *fonts) *shaper {
	return &shaper{choose: chooser{fonts: f, readers: map[*Face]*font.Face{}, faces: map[*font.Font]*Face{}}, dots: map[dotsKey]cluster{}}
}

// inEm is how many units of a shaped length make an em: text is shaped at 1000 to the em, in 64ths.
const inEm = 1000 * 64

// The ways in which a line may end after a cluster, the better the higher.
const (
	noBreak     = iota
	tearBreak   // within a word
	numberBreak // within a number, between groups
	wordBreak
	lineBreak // it must
)

// cluster is the smallest part of a text that stands on its own: a letter with its accents, a syllable, a ligature.
type cluster struct {
	runes    []rune
	width    float64 // ems
	glyphs   []shaped
	face     *Face
	level    int  // of embedding; odd runs from right to left
	after    int  // how a line may end after it
	blank    bool // a space, or nothing to see: dropped at the end of a line
	tearable bool // of a script that has no spaces between words
	number   bool // a line that is cut must not end after it
	script   language.Script

	inked                    bool    // it has ink, and how far that reaches from its left end on the baseline, in ems
	left, right, top, bottom float64 // y up
}

// shaped is a glyph in ems from the left end of its cluster.
type shaped struct {
	id   uint32
	x, y float64 // y up
}

// paragraph is a shaped text, in logical order, of no size yet.
type paragraph struct {
	clusters []cluster
	ellipsis cluster
	level    int     // of the whole
	leading  float64 // ems
	tooLong  bool
	missing  []Missing
}

// shape makes a text a paragraph. It takes time and memory in proportion to the length of the text, which is limited.
func (e *Engine) shape(text string, s Style) *paragraph {
	sh := e.shapers.Get().(*shaper)
	defer e.shapers.Put(sh)
	src := clean(text, s.RTL)
	p := &paragraph{tooLong: src.cut, clusters: make([]cluster, 0, len(src.runes))}
	if s.RTL {
		p.level = 1
	}
	sh.choose.begin(s, src.runes)
	for from := 0; from < len(src.runes); {
		to := from
		for to < len(src.runes) && src.runes[to] != '\n' {
			to++
		}
		sh.line(p, s, src, span{from, to})
		if to < len(src.runes) {
			p.clusters = append(p.clusters, cluster{runes: src.runes[to : to+1], level: p.level, blank: true, after: lineBreak,
				face: e.fonts.latin[0], script: language.Common})
		}
		from = to + 1
	}
	p.setLeading(s)
	p.ellipsis = sh.ellipsis(s, p.level)
	return p
}

// maxDots is how many ellipses a shaper keeps: who asks for posters may ask for any language.
const maxDots = 200

// ellipsis is what stands for the rest of a text that is cut. Each is shaped once.
func (sh *shaper) ellipsis(s Style, level int) cluster {
	key := dotsKey{s.Lang, s.Bold, s.RTL}
	c, ok := sh.dots[key]
	if !ok {
		dots := &paragraph{level: level}
		sh.line(dots, s, source{runes: []rune{'…'}}, span{0, 1})
		c = dots.clusters[0]
		c.level = level
		if len(sh.dots) == maxDots {
			clear(sh.dots)
		}
		sh.dots[key] = c
	}
	return c
}

// line shapes what stands between two line ends.
func (sh *shaper) line(p *paragraph, s Style, src source, part span) {
	runes := src.runes[part.from:part.to]
	if len(runes) == 0 {
		return
	}
	direction, base := di.DirectionLTR, bidi.LeftToRight
	if p.level == 1 {
		direction, base = di.DirectionRTL, bidi.RightToLeft
	}
	var level []int
	if p.level == 0 && !slices.ContainsFunc(runes, turnsRound) {
		level = make([]int, len(runes))
	} else {
		level = levels(sh.bidi.Segment(runes, base))
	}
	after := sh.breaksAfter(runes)
	numbers := make([]bool, len(runes))
	for _, n := range src.numbers {
		for i := max(n.from, part.from); i < min(n.to-1, part.to); i++ {
			numbers[i-part.from] = true
		}
	}
	for i := range len(runes) - 1 {
		numbers[i] = numbers[i] || isDigit(runes[i]) && isDigit(runes[i+1])
	}
	first := len(p.clusters)
	for _, in := range sh.split.Split(shaping.Input{Text: runes, RunEnd: len(runes), Direction: direction,
		Size: fixed.I(1000), Language: language.NewLanguage(s.Lang)}, &sh.choose) {
		out := sh.harfbuzz.ShapeNoExtents(in)
		face := sh.choose.faces[in.Face.Font]
		p.add(sh, out, in, face)
	}
	at := 0
	for i := first; i < len(p.clusters); i++ {
		c := &p.clusters[i]
		c.level = level[at]
		at += len(c.runes)
		c.after = after[at-1]
		if c.number = numbers[at-1]; c.number {
			c.after = min(c.after, numberBreak)
		}
		c.blank = c.blank || len(c.glyphs) == 0
	}
}

// add appends the clusters of one run.
func (p *paragraph) add(sh *shaper, out shaping.Output, in shaping.Input, face *Face) {
	rtl := in.Direction.Progression() == di.TowardTopLeft
	glyphs := out.Glyphs
	// Each group is the glyphs of one cluster, from left to right.
	groups := make([]span, 0, len(glyphs))
	for i := 0; i < len(glyphs); {
		j := i + 1
		for j < len(glyphs) && glyphs[j].TextIndex() == glyphs[i].TextIndex() {
			j++
		}
		groups = append(groups, span{i, j})
		i = j
	}
	if rtl {
		slices.Reverse(groups)
	}
	drawn := make([]shaped, 0, len(glyphs))
	from := in.RunStart
	for n, group := range groups {
		to := in.RunEnd
		if n+1 < len(groups) {
			to = glyphs[groups[n+1].from].TextIndex()
		}
		c := cluster{runes: in.Text[from:to], face: face, script: in.Script}
		from = to
		hidden, space := true, true
		for _, r := range c.runes {
			hidden = hidden && harfbuzz.IsDefaultIgnorable(r)
			space = space && (unicode.Is(unicode.Zs, r) || harfbuzz.IsDefaultIgnorable(r))
		}
		c.blank = space
		c.tearable = unspaced(in.Script)
		lost, first := false, len(drawn)
		for _, g := range glyphs[group.from:group.to] {
			id := uint32(g.GlyphID)
			if !hidden {
				s := shaped{id: id, x: c.width + float64(g.XOffset)/inEm, y: float64(g.YOffset) / inEm}
				inked := !space && c.ink(s, face.outline(id))
				if space || g.Advance != 0 || inked {
					drawn = append(drawn, s)
				}
			}
			c.width += float64(g.Advance) / inEm
			lost = lost || id == 0 && !space
		}
		c.glyphs = drawn[first:len(drawn):len(drawn)]
		if hidden {
			c.width = 0
		}
		if lost {
			p.miss(sh, c, face)
		}
		p.clusters = append(p.clusters, c)
	}
}

// ink adds the ink of a glyph, and says whether it has any.
func (c *cluster) ink(g shaped, o *outline) bool {
	if len(o.segments) == 0 {
		return false
	}
	left, right, top, bottom := g.x+o.left, g.x+o.right, g.y+o.top, g.y+o.bottom
	if !c.inked {
		c.inked, c.left, c.right, c.top, c.bottom = true, left, right, top, bottom
	}
	c.left, c.right, c.top, c.bottom = min(c.left, left), max(c.right, right), max(c.top, top), min(c.bottom, bottom)
	return true
}

// turnsRound says whether a character may turn what stands in a line from left to right. Before Hebrew, from Devanagari to
// polytonic Greek and from the radicals to Hangul none does.
func turnsRound(r rune) bool {
	return r >= 0x590 && (r < 0x900 || r > 0x1fff) && (r < 0x2e80 || r > 0xd7ff)
}

// levels returns the level of each character. The library hands out runs by direction, and of their levels the first
// only, which does not tell a number from the Latin word after it.
func levels(runs bidi.Runs) []int {
	all := reflect.ValueOf(runs).FieldByName("levels")
	levels := make([]int, all.Len())
	for i := range levels {
		levels[i] = int(all.Index(i).Int())
	}
	return levels
}

// maxMissing is how many missing characters are told apart.
const maxMissing = 100

// miss notes the characters of a cluster that its face lacks.
func (p *paragraph) miss(sh *shaper, c cluster, face *Face) {
	var lost []rune
	for _, r := range c.runes {
		if _, ok := face.font.NominalGlyph(r); ok || harfbuzz.IsDefaultIgnorable(r) {
			continue
		}
		lost = append(lost, r)
	}
	if len(lost) == 0 {
		lost = c.runes[:1]
	}
	for _, r := range lost {
		if !slices.ContainsFunc(p.missing, func(m Missing) bool { return m.Rune == r }) && len(p.missing) < maxMissing {
			p.missing = append(p.missing, Missing{r, sh.choose.pack(r)})
		}
	}
}
