package ui

import (
	"math"
	"strings"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// Fact is one line of a description. Value is plain text, ready to stand in an element that isolates it; Lang is set when it
// is in another language than the page's.
type Fact struct {
	Key   string // the last part of the label's message key: "eyes"
	Label string
	Value string
	Lang  string
	Prose bool // free text, not the words for a code
}

// facts gathers Facts in one language.
type facts struct {
	l    *i18n.Locale
	list []Fact
}

func (f *facts) add(key, value string) {
	if value != "" {
		f.list = append(f.list, Fact{Key: key, Label: f.l.T("case." + key), Value: value})
	}
}

func (f *facts) text(key string, t protocol.Text) {
	if lang, s := t.Pick(f.l.Tag); s != "" {
		f.list = append(f.list, Fact{key, f.l.T("case." + key), s, foreign(f.l, lang), true})
	}
}

// Facts returns what is known of child i of the case, each code in the words of the language. now gives the age now.
func Facts(l *i18n.Locale, c *protocol.Case, i int, now time.Time) []Fact {
	f := &facts{l: l}
	child := &c.Children[i]
	ageNow, then := AgeNow(l, child, c.Since, now), ageText(l, child.Age)
	f.add("agenow", ageNow)
	if then != ageNow {
		f.add(map[bool]string{false: "agethen", true: "agefound"}[c.Kind == protocol.UnidentifiedFound], then)
	}
	if child.BirthYear != 0 {
		f.add("born", l.Date(int(child.BirthYear), 0, 0))
	}
	f.add("sex", l.T("sex."+string(child.Sex)))
	f.looks(child.Eyes, child.Hair, child.HairDyed, child.Height)
	if w := child.Weight; w != (protocol.Weight{}) {
		s := l.T("case.kg", "value", span(l, l.Decimal(int(w.Min)), l.Decimal(int(w.Max))))
		if imperial(l) {
			pound := func(hg uint16) string { return l.Number(int(math.Round(float64(hg) / 10 / 0.45359237))) }
			s += " (" + l.T("case.pounds", "value", span(l, pound(w.Min), pound(w.Max))) + ")"
		}
		f.add("weight", asOf(l, s, w.AsOf))
	}
	names := make([]string, len(child.Languages))
	for i, tag := range child.Languages {
		names[i] = l.Language(tag)
	}
	f.add("languages", join(l, names))
	f.text("marks", child.Marks)
	f.text("clothing", child.Clothing)
	f.text("appearance", child.Appearance)
	return f.list
}

// CompanionFacts returns what is known of an adult who may be with the child, but for the name.
func CompanionFacts(l *i18n.Locale, c *protocol.Companion) []Fact {
	f := &facts{l: l}
	if c.Sex != "unknown" {
		f.add("sex", l.T("sex."+string(c.Sex)))
	}
	if c.BirthYear != 0 {
		f.add("born", l.Date(int(c.BirthYear), 0, 0))
	}
	f.looks(c.Eyes, c.Hair, false, c.Height)
	f.text("appearance", c.Appearance)
	return f.list
}

func (f *facts) looks(eyes protocol.EyeColour, hair []protocol.HairColour, dyed bool, h protocol.Height) {
	l := f.l
	if eyes != "" {
		f.add("eyes", l.T("eyes."+string(eyes)))
	}
	var colours []string
	for _, c := range hair {
		colours = append(colours, l.T("hair."+string(c)))
	}
	if dyed {
		colours = append(colours, l.T("case.hair.dyed"))
	}
	f.add("hair", join(l, colours))
	if h == (protocol.Height{}) {
		return
	}
	s := l.T("case.cm", "value", span(l, l.Number(int(h.Min)), l.Number(int(h.Max))))
	if imperial(l) {
		feet := func(cm uint16) string {
			inches := int(math.Round(float64(cm) / 2.54))
			return l.T("case.feet", "feet", inches/12, "inches", inches%12)
		}
		low, high := feet(h.Min), feet(h.Max)
		if low != high {
			low += " – " + high
		}
		s += " (" + low + ")"
	}
	f.add("height", asOf(l, s, h.AsOf))
}

// imperial says whether readers of the language may think in feet and pounds.
func imperial(l *i18n.Locale) bool { return l.Tag == "en" || strings.HasPrefix(l.Tag, "en-") }

func span(l *i18n.Locale, lo, hi string) string {
	if lo == hi {
		return lo
	}
	return l.T("case.range", "min", lo, "max", hi)
}

func asOf(l *i18n.Locale, s string, d protocol.Date) string {
	if d.IsZero() {
		return s
	}
	return join(l, []string{s, l.T("case.asof", "date", DateText(l, d))})
}

// join lists words with the language's comma.
func join(l *i18n.Locale, words []string) string {
	comma := ", "
	switch base, _, _ := strings.Cut(l.Tag, "-"); base {
	case "ar", "fa", "ur", "ps", "ckb", "ug":
		comma = "، "
	case "zh", "ja":
		comma = "、"
	}
	return strings.Join(words, comma)
}

// DateText writes a date that may be known in part, "" for the unknown one.
func DateText(l *i18n.Locale, d protocol.Date) string {
	if d.IsZero() {
		return ""
	}
	return l.Date(int(d.Year), int(d.Month), int(d.Day))
}

// AgeNow writes the age of a child on the day of now, "" when nothing tells it or it is under a year.
func AgeNow(l *i18n.Locale, c *protocol.Child, since protocol.Date, now time.Time) string {
	lo, hi, ok := c.AgeNow(since, now)
	if !ok || hi == 0 {
		return ""
	}
	return counted(l, "age.years", lo, hi)
}

func ageText(l *i18n.Locale, a protocol.Age) string {
	if a.Unit == "" {
		return ""
	}
	return counted(l, "age."+string(a.Unit), int(a.Min), int(a.Max))
}

// counted writes "9 years" or "9–10 years". The upper number gives the plural form, as the CLDR has it for most languages;
// where that form spells its number, both ends are written out.
func counted(l *i18n.Locale, key string, lo, hi int) string {
	if lo == hi {
		return l.N(key, lo)
	}
	s, digits := l.N(key, hi), l.Number(hi)
	if strings.Count(s, digits) == 1 {
		return strings.Replace(s, digits, span(l, l.Number(lo), digits), 1)
	}
	return span(l, l.N(key, lo), s)
}

// Name returns the children's names as one phrase, and "name not known" in the language if there is none.
func Name(l *i18n.Locale, c *protocol.Case) string {
	names := c.Title()
	if len(names) == 0 {
		return l.T("site.unknownname")
	}
	if len(names) == 1 {
		return names[0]
	}
	for i, n := range names {
		names[i] = i18n.IsolateAuto(n)
	}
	return l.List(names)
}

// Since returns "Missing since …" or "Found on …", in agreement with the children.
func Since(l *i18n.Locale, c *protocol.Case) string {
	key := "case.since"
	if c.Kind == protocol.UnidentifiedFound {
		key = "case.found_on"
	}
	return Agree(l, key, c, "date", DateText(l, c.Since))
}

// Agree returns the message of key in the form that agrees with the children: KEY.many for several, KEY.female or KEY.male for
// one, KEY itself where the language needs no other or the sex is not known.
func Agree(l *i18n.Locale, key string, c *protocol.Case, args ...any) string {
	form := key + "." + string(c.Children[0].Sex)
	if len(c.Children) > 1 {
		form = key + ".many"
	}
	if s := l.T(form, args...); s != "⟦"+form+"⟧" {
		return s
	}
	return l.T(key, args...)
}

// CountryName returns the name of a country: the member's own for itself first, then the list's, then the code.
func CountryName(l *i18n.Locale, own protocol.Text, code string) string {
	if _, name := own.Pick(l.Tag); name != "" {
		return name
	}
	if name := l.Country(code); name != "" {
		return name
	}
	return code
}

// PlaceText writes a place from the small to the large; country is the country's name, or "" to leave it out.
func PlaceText(l *i18n.Locale, p protocol.Place, country string) string {
	var parts []string
	for _, s := range []string{p.Locality, p.Area, country} {
		if s != "" {
			parts = append(parts, i18n.IsolateAuto(s))
		}
	}
	return join(l, parts)
}
