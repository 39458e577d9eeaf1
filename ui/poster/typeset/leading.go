package typeset

import "github.com/go-text/typesetting/language"

// leadings is the distance of baselines in ems by script. What the fonts say themselves is of no use: Arabic asks for
// nearly two ems.
var leadings = map[language.Script]float64{
	language.Hebrew: 1.3, language.Ethiopic: 1.35,
	language.Han: 1.4, language.Hiragana: 1.4, language.Katakana: 1.4, language.Hangul: 1.4, language.Bopomofo: 1.4,
	language.Devanagari: 1.42, language.Bengali: 1.42, language.Tamil: 1.42, language.Gurmukhi: 1.42, language.Gujarati: 1.42,
	language.Telugu: 1.42, language.Kannada: 1.42, language.Malayalam: 1.42, language.Sinhala: 1.42,
	language.Arabic: 1.5, language.Thai: 1.5, language.Lao: 1.5, language.Thaana: 1.5,
	language.Khmer: 1.65, language.Myanmar: 1.75,
}

const (
	latinLeading    = 1.28
	nastaliqLeading = 2.1
	inkGap          = 0.06 // ems between the ink of two lines, at least
)

// setLeading takes the leading of the script that has the most of the text.
func (p *paragraph) setLeading(s Style) {
	if p.leading = s.Leading; p.leading > 0 {
		return
	}
	widths := map[float64]float64{}
	p.leading = latinLeading
	for i := 0; i < len(p.clusters); {
		c, width := &p.clusters[i], 0.0
		for ; i < len(p.clusters) && p.clusters[i].script == c.script && p.clusters[i].face == c.face; i++ {
			width += p.clusters[i].width
		}
		l, ok := leadings[c.script]
		if !ok {
			l = latinLeading
		}
		if c.script == language.Arabic && c.face.nastaliq {
			l = nastaliqLeading
		}
		widths[l] += width
		if widths[l] > widths[p.leading] || widths[l] == widths[p.leading] && l > p.leading {
			p.leading = l
		}
	}
}

// ascent and descent are how far the first line reaches above its baseline and the last below, in ems, ink apart.
func (p *paragraph) ascent() float64  { return 0.95 + 0.4*(p.leading-latinLeading) }
func (p *paragraph) descent() float64 { return 0.25 + 0.5*(p.leading-latinLeading) }

// least is a height in points that so many lines have at least.
func (p *paragraph) least(s Style, lines int) float64 {
	if lines == 0 {
		return 0
	}
	return (p.ascent() + p.descent() + float64(lines-1)*p.leading) * s.Size
}
