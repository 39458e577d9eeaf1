package poster

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// sheet has the words of a poster, each cleaned and drawable; "" is left out.
type sheet struct {
	heading  string
	name     string
	alias    string // the name in other scripts
	since    string
	place    string
	caption  string // of the photo
	photo    []byte
	subject  string // whose facts these are, if there are several children
	facts    []fact // the most useful first
	siblings []sibling
	kind     string
	story    string

	call, hotline, donot string
	agency, phone        string
	emergency            string
	draft                string
	scan, code, url      string

	number, valid, issued, check, verify, fingerprint string
}

// fact is one thing to know the child by.
type fact struct {
	label, value string
	wide         bool // free text, across both columns
	place        int  // in the order in which facts are read
}

// sibling is another child of the same case.
type sibling struct{ name, detail string }

// maxFacts is how many facts a poster shows: more are not remembered.
const maxFacts = 6

// recent is how long clothing tells more than the colour of the eyes, and the age has not changed.
const recent = 30 * 24 * time.Hour

// write puts the case into the words of the poster's language. It checks the facts that stand behind the six as well:
// whether there is a poster must not hang on what else is known.
func write(in *Input, f *faces) (*sheet, error) {
	c, l := in.Case, in.Locale
	w := writer{checker: checker{faces: f, missing: map[rune]bool{}}, in: in, l: l, found: c.Kind == protocol.UnidentifiedFound}
	s := &sheet{heading: w.say(l.T(w.headingKey()))}

	main := 0
	if shows(in) {
		s.photo = in.Photo
		if who := int(in.PhotoInfo.Who); who < len(c.Children) {
			main = who
		}
	}
	s.name = w.say(l.List(c.Title()))
	s.alias = w.aliases()
	s.since = w.since()
	s.place = w.place()
	s.facts = w.facts(&c.Children[main])
	if len(c.Children) > 1 {
		s.subject = w.say(c.Children[main].Name)
		for i := range c.Children {
			if i != main {
				s.siblings = append(s.siblings, w.sibling(&c.Children[i]))
			}
		}
	}
	if s.photo != nil {
		s.caption = w.caption(s.subject)
	}
	if !w.found && c.Kind != "" {
		s.kind = w.say(l.T("kind." + string(c.Kind)))
	}
	s.story = w.pick(c.What)

	s.hotline = in.Hotline
	if c.Hotline != "" {
		s.hotline = c.Hotline
	}
	if s.hotline = w.exact(s.hotline); s.hotline != "" {
		s.call = w.say(l.T("poster.call"))
		s.donot = w.say(l.T("case.donot", "number", whole(s.hotline)))
	}
	if c.Agency.Name != "" {
		s.agency, s.phone = w.say(c.Agency.Name), w.exact(c.Agency.Phone)
	}
	if in.Emergency != "" {
		s.emergency = w.say(l.T("poster.emergency", "number", whole(in.Emergency)))
	}
	if in.State == Draft {
		s.draft = w.say(l.T("poster.draft"))
	}
	if in.CaseURL != "" || in.Code != "" {
		s.code = w.exact(cmp.Or(in.Code, in.CaseURL))
		s.url = w.exact(cmp.Or(in.CaseURL, in.Code))
		s.scan = w.say(l.T("poster.scan"))
	}
	if c.Number != "" {
		s.number = w.say(l.T("case.number") + "\u00a0" + whole(c.Number))
	}
	if in.Organisation != "" {
		s.issued = w.say(l.T("poster.issued", "name", in.Organisation))
	}
	if !in.ValidUntil.IsZero() {
		s.valid = w.say(l.T("poster.validuntil", "date", w.date(protocol.DateOf(in.ValidUntil))))
	}
	s.check = w.say(l.T("poster.check"))
	if in.CheckURL != "" {
		s.verify = w.say(l.T("poster.verify", "address", in.CheckURL))
	}
	if in.Fingerprint != "" {
		s.fingerprint = w.say(l.T("poster.key", "fingerprint", whole(in.Fingerprint)))
	}
	return s, w.err(l.Tag)
}

// shows says whether there is a photo that may stand for the child: one of a companion or an object may not.
func shows(in *Input) bool {
	k := in.PhotoInfo.Kind
	return len(in.Photo) > 0 && k != protocol.CompanionShot && k != protocol.Object
}

// join puts short texts in one line; empty ones are left out.
func join(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
}

// whole holds a number together over line ends.
func whole(s string) string { return strings.ReplaceAll(s, " ", "\u00a0") }

// writer writes a sheet.
type writer struct {
	checker
	in    *Input
	l     *i18n.Locale
	found bool // a child found, whom nobody knows
}

func (w *writer) headingKey() string {
	children := w.in.Case.Children
	sex := children[0].Sex
	for _, c := range children {
		if c.Sex != sex {
			sex = ""
		}
	}
	switch {
	case w.found && len(children) == 1 && sex == "female":
		return "poster.who.female"
	case w.found:
		return "poster.who"
	case w.in.Heading == HelpFind && len(children) > 1:
		return "poster.helpfind.many"
	case w.in.Heading == HelpFind:
		return "poster.helpfind"
	case len(children) > 1:
		return "poster.missing.many"
	case sex == "female" || sex == "male":
		return "poster.missing." + string(sex)
	}
	return "poster.missing"
}

// aliases are those other names that can be drawn; the name itself is always there.
func (w *writer) aliases() string {
	var names []string
	for _, c := range w.in.Case.Children {
		for _, n := range c.OtherNames {
			if n = clean(n); n != "" && len(w.faces.undrawable(n)) == 0 {
				names = append(names, n)
			}
		}
	}
	return join(names...)
}

func (w *writer) since() string {
	key, since := "case.since", w.in.Case.Since
	if w.found {
		key = "case.found_on"
	}
	if since.IsZero() {
		return ""
	}
	return w.say(w.l.T(key, "date", w.date(since)))
}

func (w *writer) place() string {
	from := w.in.Case.From
	parts := []string{w.say(from.Locality), w.say(from.Area), w.say(w.country())}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

func (w *writer) country() string {
	code := w.in.Case.From.Country
	return cmp.Or(w.in.Country, w.l.Country(code), code)
}

// date holds a date together, and the Gregorian one behind that of another calendar.
func (w *writer) date(d protocol.Date) string {
	return strings.Replace(whole(w.l.Date(int(d.Year), int(d.Month), int(d.Day))), "\u00a0(", " (", 1)
}

func (w *writer) caption(subject string) string {
	var drawn, taken string
	if w.in.PhotoInfo.Kind == protocol.AgeProgressed {
		drawn = w.say(w.l.T("case.ageprogressed"))
	}
	if !w.in.PhotoInfo.Taken.IsZero() {
		taken = w.say(w.l.T("case.photodate", "date", w.date(w.in.PhotoInfo.Taken)))
	}
	return join(subject, drawn, taken)
}

// facts returns what is known of the child, the most useful first.
func (w *writer) facts(c *protocol.Child) []fact {
	now, then := w.ages(c)
	nowKey, thenKey := "case.agenow", "case.agethen"
	if w.found {
		thenKey = "case.agefound"
	}
	if now == "" {
		now, then, nowKey = then, "", thenKey
	}
	all := []fact{
		{label: nowKey, value: now, place: 0},
		{label: "case.sex", value: w.code("sex", string(c.Sex)), place: 2},
		{label: "case.height", value: w.size("case.cm", int(c.Height.Min)*10, int(c.Height.Max)*10), place: 3},
		{label: "case.hair", value: w.hair(c), place: 4},
		{label: "case.eyes", value: w.code("eyes", string(c.Eyes)), place: 5},
		{label: "case.marks", value: w.pick(c.Marks), wide: true, place: 8},
		{label: "case.clothing", value: w.pick(c.Clothing), wide: true, place: 9},
		{label: thenKey, value: then, place: 1},
		{label: "case.appearance", value: w.pick(c.Appearance), wide: true, place: 10},
		{label: "case.weight", value: w.size("case.kg", int(c.Weight.Min), int(c.Weight.Max)), place: 6},
		{label: "case.languages", value: w.languages(c.Languages), place: 7},
	}
	if w.recent() {
		all[4], all[6] = all[6], all[4]
	}
	var facts []fact
	for _, f := range all {
		if f.value != "" && len(facts) < maxFacts {
			f.label = w.say(w.l.T(f.label))
			facts = append(facts, f)
		}
	}
	return facts
}

func (w *writer) sibling(c *protocol.Child) sibling {
	age, then := w.ages(c)
	if age == "" {
		age = then
	}
	return sibling{name: w.say(c.Name), detail: join(age, w.code("sex", string(c.Sex)))}
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

// count is a number or a range of numbers with its unit; a range takes the plural form of its end.
func (w *writer) count(key string, lo, hi int) string {
	s := w.l.N(key, hi)
	if lo != hi {
		span := w.l.T("case.range", "min", w.l.Number(lo), "max", w.l.Number(hi))
		s = strings.Replace(s, w.l.Number(hi), span, 1)
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

func (w *writer) hair(c *protocol.Child) string {
	var words []string
	for _, h := range c.Hair {
		if word := w.code("hair", string(h)); word != "" {
			words = append(words, word)
		}
	}
	if len(words) > 0 && c.HairDyed {
		words = append(words, w.say(w.l.T("case.hair.dyed")))
	}
	return strings.Join(words, ", ")
}

func (w *writer) languages(tags []string) string {
	names := make([]string, len(tags))
	for i, tag := range tags {
		names[i] = w.l.Language(tag)
	}
	return w.say(strings.Join(names, ", "))
}

// pick returns the text in the poster's language. Text in another language is taken in its place if it can be drawn.
func (w *writer) pick(t protocol.Text) string {
	lang, text := t.Pick(w.l.Tag)
	if text = clean(text); lang != w.l.Tag && len(w.faces.undrawable(text)) > 0 {
		return ""
	}
	return w.exact(text)
}
