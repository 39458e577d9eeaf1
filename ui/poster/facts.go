package poster

import (
	"slices"
	"strings"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// fact is one thing to know the child by.
type fact struct {
	key          string
	label, value string
	wide         bool // free text, across the columns
	place        int  // in the order in which facts are read
}

// recent is how long clothing tells more than the colour of the eyes, and the age has not changed.
const recent = 30 * 24 * time.Hour

// facts returns what is shown of the child: what the officer chose, else the most useful first.
func (w *writer) facts(c *protocol.Child) (facts []fact) {
	all := w.known(c)
	for _, f := range all {
		if f.value != "" {
			f.label = w.fixed(w.l.T(f.label))
			facts = append(facts, f)
		}
	}
	if w.in.Facts != nil {
		var chosen []fact
		for _, key := range w.in.Facts {
			for _, f := range facts {
				if f.key == key {
					f.place = len(chosen)
					chosen = append(chosen, f)
				}
			}
		}
		facts = chosen
	} else {
		facts = slices.DeleteFunc(facts, func(f fact) bool { return f.key == "born" })
	}
	return facts[:min(len(facts), MaxFacts)]
}

// known has all facts, the most useful first.
func (w *writer) known(c *protocol.Child) []fact {
	now, then := w.ages(c)
	nowKey, thenKey := "case.agenow", "case.agethen"
	if w.found {
		thenKey = "case.agefound"
	}
	agenow, agethen := fact{"agenow", nowKey, now, false, 0}, fact{"agethen", thenKey, then, false, 1}
	if now == "" {
		agenow.label, agenow.value, agethen.value = thenKey, then, ""
	}
	born := ""
	if c.BirthYear != 0 {
		born = w.say(w.date(protocol.Date{Year: c.BirthYear}))
	}
	all := []fact{
		agenow,
		{"sex", "case.sex", w.code("sex", string(c.Sex)), false, 2},
		{"height", "case.height", w.size("case.cm", int(c.Height.Min)*10, int(c.Height.Max)*10), false, 3},
		{"hair", "case.hair", w.hair(c.Hair, c.HairDyed), false, 4},
		{"eyes", "case.eyes", w.code("eyes", string(c.Eyes)), false, 5},
		{"marks", "case.marks", w.short(c.Marks), true, 9},
		{"clothing", "case.clothing", w.short(c.Clothing), true, 10},
		agethen,
		{"appearance", "case.appearance", w.short(c.Appearance), true, 11},
		{"weight", "case.weight", w.size("case.kg", int(c.Weight.Min), int(c.Weight.Max)), false, 6},
		{"languages", "case.languages", w.languages(c.Languages), false, 7},
		{"born", "case.born", born, false, 8},
	}
	if w.recent() {
		all[4], all[6] = all[6], all[4]
	}
	return all
}

// inShort is a child in one line: age, sex, height.
func (w *writer) inShort(c *protocol.Child) string {
	now, then := w.ages(c)
	if now == "" {
		now = then
	}
	return join(dot, now, w.code("sex", string(c.Sex)), w.size("case.cm", int(c.Height.Min)*10, int(c.Height.Max)*10))
}

// companion is an adult who may be with the child.
func (w *writer) companion(c *protocol.Companion) person {
	born := ""
	if c.BirthYear != 0 {
		born = w.say(w.l.T("case.born") + " " + w.date(protocol.Date{Year: c.BirthYear}))
	}
	relation := ""
	if c.Relation != "unknown" && c.Relation != "" {
		relation = w.say(w.l.T("relation." + string(c.Relation)))
	}
	hair, eyes := w.hair(c.Hair, false), w.code("eyes", string(c.Eyes))
	if hair != "" {
		hair = w.say(w.l.T("case.hair")) + ": " + hair
	}
	if eyes != "" {
		eyes = w.say(w.l.T("case.eyes")) + ": " + eyes
	}
	return person{
		relation: relation,
		name:     w.say(typeset.IsolateText(c.Name)),
		detail:   join(dot, relation, born, w.size("case.cm", int(c.Height.Min)*10, int(c.Height.Max)*10), hair, eyes, w.short(c.Appearance)),
	}
}

// ages returns the age now, "" where it says no more than the age then: of a child found, of one missing for days, of an
// infant whose age is counted in months.
func (w *writer) ages(c *protocol.Child) (now, then string) {
	then = w.age(c.Age)
	lo, hi, ok := c.AgeNow(w.in.Case.Since, w.in.Updated)
	infant := c.Age.Unit != "" && c.Age.Unit != protocol.Years && hi < 2
	if !ok || w.found || w.in.Updated.IsZero() || then != "" && (w.recent() || infant) {
		return "", then
	}
	if now = w.count("age.years", lo, hi); now == then {
		return now, ""
	}
	return now, then
}

// recent says whether the child has been missing for days rather than months.
func (w *writer) recent() bool {
	since := w.in.Case.Since
	return !since.IsZero() && w.in.Updated.Sub(since.Last()) < recent
}

func (w *writer) age(a protocol.Age) string {
	if a.Unit == "" {
		return ""
	}
	return w.count("age."+string(a.Unit), int(a.Min), int(a.Max))
}

// count is a number or a range of numbers with its unit. A range takes the plural form of its end; where that form spells
// its number, both ends are written out.
func (w *writer) count(key string, lo, hi int) string {
	s, digits := w.l.N(key, hi), w.l.Number(hi)
	switch {
	case lo == hi:
	case strings.Count(s, digits) == 1:
		s = strings.Replace(s, digits, w.l.T("case.range", "min", w.l.Number(lo), "max", digits), 1)
	default:
		s = w.l.T("case.range", "min", w.l.N(key, lo), "max", s)
	}
	return w.say(whole(s))
}

// size is a measure or a range of measures, given in tenths.
func (w *writer) size(key string, lo, hi int) string {
	if hi == 0 {
		return ""
	}
	value := w.l.Decimal(hi)
	if lo != hi {
		value = w.l.T("case.range", "min", w.l.Decimal(lo), "max", value)
	}
	return w.say(whole(w.l.T(key, "value", value)))
}

// code is the word for a code of a record. "Not known" is no fact.
func (w *writer) code(kind, code string) string {
	if code == "" || code == "unknown" {
		return ""
	}
	return w.say(w.l.T(kind + "." + code))
}

func (w *writer) hair(colours []protocol.HairColour, dyed bool) string {
	var all []string
	for _, h := range colours {
		if colour := w.code("hair", string(h)); colour != "" {
			all = append(all, colour)
		}
	}
	if len(all) > 0 && dyed {
		all = append(all, w.say(w.l.T("case.hair.dyed")))
	}
	return join(comma(w.l), all...)
}

func (w *writer) languages(tags []string) string {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = w.l.Language(tag)
	}
	return w.say(join(comma(w.l), names...))
}

// Fact is one thing that is known of the first child, in the words of the poster's first language.
type Fact struct {
	Key, Label, Value string
	// Shown: a poster shows it unless others are chosen.
	Shown bool
}

// Known returns all facts that a poster may show, the most useful first.
func Known(in Input) []Fact {
	set := newSetter(in.Fonts)
	if set.fonts == nil {
		var err error
		if set.fonts, err = builtIn(); err != nil {
			return nil // Render says why
		}
	}
	w := &writer{in: &in, l: in.Locales[0], set: set, missing: map[rune]string{}, found: in.Case.Kind == protocol.UnidentifiedFound}
	var facts []Fact
	shown := 0
	for _, f := range w.known(&in.Case.Children[0]) {
		if f.value == "" {
			continue
		}
		one := Fact{Key: f.key, Label: w.l.T(f.label), Value: f.value, Shown: f.key != "born" && shown < MaxFacts}
		if one.Shown {
			shown++
		}
		facts = append(facts, one)
	}
	return facts
}
