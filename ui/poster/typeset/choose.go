package typeset

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/harfbuzz"
	"github.com/go-text/typesetting/language"
)

// chooser chooses a face for each character. It is the font map that the segmenter asks.
type chooser struct {
	fonts   *fonts
	readers map[*Face]*font.Face
	faces   map[*font.Font]*Face

	lang   string
	weight int // 1 for bold
	han    []region
	script language.Script
}

// begin sets the style and looks at the text for a hint to its region.
func (c *chooser) begin(s Style, text []rune) {
	c.lang, c.weight = strings.ToLower(s.Lang), 0
	if s.Bold {
		c.weight = 1
	}
	first := regionFor(c.lang)
	if first == "" {
		first = "SC"
		for _, r := range text {
			if r >= 0x3040 {
				if unicode.In(r, unicode.Hiragana, unicode.Katakana) {
					first = "JP"
				} else if unicode.Is(unicode.Bopomofo, r) {
					first = "TC"
				} else if unicode.Is(unicode.Hangul, r) {
					first = "KR"
				} else {
					continue
				}
				break
			}
		}
	}
	c.han = append(c.han[:0], first)
	switch first {
	case "TC":
		c.han = append(c.han, "HK")
	case "HK":
		c.han = append(c.han, "TC")
	}
	for _, r := range regions {
		if !slices.Contains(c.han, r) {
			c.han = append(c.han, r)
		}
	}
}

// regionFor is the region whose forms a language uses, "" if it says nothing about them.
func regionFor(lang string) region {
	parts := strings.Split(lang, "-")
	has := func(all ...string) bool {
		return slices.ContainsFunc(all, func(one string) bool { return slices.Contains(parts[1:], one) })
	}
	switch parts[0] {
	case "ja":
		return "JP"
	case "ko":
		return "KR"
	case "yue", "nan", "hak":
		if has("hk", "mo") || parts[0] == "yue" && !has("hans", "cn", "tw") {
			return "HK"
		}
		return "TC"
	case "zh", "cmn", "wuu":
		switch {
		case has("hk", "mo") && !has("hans"):
			return "HK"
		case has("hant", "tw"):
			return "TC"
		}
		return "SC"
	}
	return ""
}

func isHan(s language.Script) bool {
	return s == language.Han || s == language.Hiragana || s == language.Katakana || s == language.Bopomofo || s == language.Hangul
}

// SetScript is called before ResolveFace.
func (c *chooser) SetScript(s language.Script) { c.script = s }

// ResolveFace returns the face for a character, Noto Sans if none has it.
func (c *chooser) ResolveFace(r rune) *font.Face { return c.reader(c.choose(r)) }

func (c *chooser) choose(r rune) *Face {
	if r < 0x80 {
		return c.fonts.latin[c.weight]
	}
	if f := c.forScript(c.script, r); f != nil {
		return f
	}
	if f := c.forScript(language.LookupScript(r), r); f != nil {
		return f
	}
	if f := c.have(c.fonts.latin, r); f != nil {
		return f
	}
	for _, b := range c.fonts.blocks {
		if b.first <= r && r <= b.last {
			if f := c.have(b.faces, r); f != nil {
				return f
			}
		}
	}
	if r >= 0x2000 {
		if f := c.forScript(language.Han, r); f != nil {
			return f
		}
	}
	for _, o := range c.fonts.others {
		if f := c.have(o.faces, r); f != nil {
			return f
		}
	}
	return c.fonts.latin[c.weight]
}

// forScript returns the face of a script for r, nil if it has none.
func (c *chooser) forScript(s language.Script, r rune) *Face {
	if isHan(s) {
		for _, region := range c.han {
			if f := c.have(c.fonts.han[region], r); f != nil {
				return f
			}
		}
		return nil
	}
	if s == language.Arabic {
		lang, _, _ := strings.Cut(c.lang, "-")
		if slices.Contains(nastaliqLanguages, lang) {
			if f := c.have(c.fonts.nastaliq, r); f != nil {
				return f
			}
		}
	}
	return c.have(c.fonts.script[s], r)
}

// have returns the face of the pair in the weight, or else in the other, if it has r.
func (c *chooser) have(pair [2]*Face, r rune) *Face {
	for _, f := range []*Face{pair[c.weight], pair[1-c.weight]} {
		if f == nil {
			continue
		}
		if font, err := f.load(); err == nil {
			if _, ok := font.NominalGlyph(r); ok {
				return f
			}
		}
	}
	return nil
}

// lacks says whether no face has r, of those characters that have one.
func (c *chooser) lacks(r rune) bool {
	if ' ' <= r && r < 0x7f || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Cc, r) || harfbuzz.IsDefaultIgnorable(r) {
		return false
	}
	c.script = language.LookupScript(r)
	_, ok := c.choose(r).font.NominalGlyph(r)
	return !ok
}

// reader returns the face as the shaper wants it, which is for one goroutine.
func (c *chooser) reader(f *Face) *font.Face {
	r, ok := c.readers[f]
	if !ok {
		r = font.NewFace(f.font)
		c.readers[f] = r
		c.faces[f.font] = f
	}
	return r
}

// coverage is which characters each pack has, from fonts/coverage.gz, the whole CJK font last.
var coverage = sync.OnceValue(func() (packs []coveredPack) {
	data, err := unpack("coverage")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		p := coveredPack{name: fields[0]}
		for _, f := range fields[1:] {
			first, last, _ := strings.Cut(f, "-")
			from, _ := strconv.ParseUint(first, 16, 32)
			to, _ := strconv.ParseUint(last, 16, 32)
			p.ranges = append(p.ranges, [2]rune{rune(from), rune(to)})
		}
		packs = append(packs, p)
	}
	return packs
})

type coveredPack struct {
	name   string
	ranges [][2]rune
}

func (p coveredPack) has(r rune) bool {
	_, ok := slices.BinarySearchFunc(p.ranges, r, func(one [2]rune, r rune) int {
		switch {
		case one[1] < r:
			return -1
		case one[0] > r:
			return 1
		}
		return 0
	})
	return ok
}

// pack returns the file name of a font pack that has r: that of the text's region, or else the whole font, "" if neither.
func (c *chooser) pack(r rune) string {
	for _, p := range coverage() {
		family, _, _ := strings.Cut(p.name, "-")
		if region := regionOf(family); (region == "" || region == c.han[0] || region == "TC" && c.han[0] == "HK") && p.has(r) {
			return p.name
		}
	}
	return ""
}
