package poster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// words has the words of a poster, each drawable; "" is left out. A slice has one text, or one in each of two languages.
type words struct {
	lang  string
	rtl   bool
	found bool // a child found, whom nobody knows

	draft    string
	heading  []string
	name     string // of all children as one phrase
	alias    string // the name in other scripts
	since    []string
	place    []string
	children []person
	with     []person // who may be with them
	withSay  string
	kind     string
	story    []prose

	call, hotline string
	donot         []string
	others        []string // further numbers, and the authority's
	scan          string
	code, url     string
	check         string // the address to type
	issued        string
	number, valid string
	verify        []string
	fingerprint   string
	seen          string // the question of a picture to share
}

// prose is a longer text with its own language: where the poster's has none, another may stand in.
type prose struct {
	text, lang string
	rtl        bool
}

// person is a child or a companion.
type person struct {
	name   string
	detail string // in one line
	// relation of a companion to the child
	relation string
	facts    []fact // the most useful first
	photos   []shot
}

// writer puts a case into the words of one language.
type writer struct {
	in      *Input
	l       *i18n.Locale
	set     *setter
	missing map[rune]string // what has no glyph, and the pack that has one
	found   bool
}

// write returns the words in one language. It asks for a glyph of all that it could print, also of facts that stand behind
// the six: whether there is a poster must not hang on what else is known.
func write(in *Input, l *i18n.Locale, set *setter, photos *chosen) (*words, error) {
	c := in.Case
	w := &writer{in: in, l: l, set: set, missing: map[rune]string{}, found: c.Kind == protocol.UnidentifiedFound}
	s := &words{lang: l.Tag, rtl: l.Dir == "rtl", found: w.found}
	s.heading = []string{w.fixed(w.heading())}
	if in.State == Draft {
		s.draft = w.fixed(l.T("poster.draft"))
	}
	s.name, s.alias = w.name(), w.aliases()
	s.since, s.place = some(w.since()), some(w.place())
	for i := range c.Children {
		p := person{name: w.say(typeset.IsolateText(c.Children[i].Name)), facts: w.facts(&c.Children[i]), detail: w.inShort(&c.Children[i])}
		p.photos = w.captions(photos.children[i])
		s.children = append(s.children, p)
	}
	for i := range c.Companions {
		p := w.companion(&c.Companions[i])
		p.photos = w.captions(photos.companions[i])
		s.with = append(s.with, p)
	}
	if len(s.with) > 0 {
		s.withSay = w.fixed(l.T("case.companions"))
	}
	if !w.found && c.Kind != "" {
		s.kind = w.fixed(l.T("kind." + string(c.Kind)))
	}
	if text := w.pick(c.What); text.text != "" {
		s.story = []prose{text}
	}
	s.seen = w.question()
	w.contact(s)
	w.origin(s)
	return s, w.err()
}

// contact has whom to call.
func (w *writer) contact(s *words) {
	in, l := w.in, w.l
	if s.hotline = w.say(cmp.Or(in.Case.Hotline, in.Hotline)); s.hotline != "" {
		s.call = w.fixed(l.T("poster.call"))
		if !w.found {
			s.donot = []string{w.fixed(w.agree("case.donot", "number", number(s.hotline)))}
		}
	}
	if in.Emergency != "" {
		s.others = append(s.others, w.fixed(l.T("poster.emergency", "number", number(in.Emergency))))
	}
	for _, h := range in.Others {
		if h.Number != s.hotline {
			s.others = append(s.others, w.say(labelled(w.short(h.Label), h.Number)))
		}
	}
	if a := in.Case.Agency; a.Name != "" {
		s.others = append(s.others, w.say(labelled(typeset.IsolateText(a.Name), a.Phone)))
	}
	if s.code = cmp.Or(in.Code, in.CaseURL); s.code != "" {
		s.url = cmp.Or(in.CaseURL, in.Code)
		s.scan = w.fixed(l.T("poster.scan"))
	}
	if in.CheckURL != "" {
		s.check = w.fixed(typeset.Isolate(in.CheckURL))
		s.verify = []string{w.fixed(l.T("poster.verify", "address", typeset.Isolate(in.CheckURL)))}
	}
}

// origin has which case it is, whose, and until when.
func (w *writer) origin(s *words) {
	in, l := w.in, w.l
	if in.Case.Number != "" {
		s.number = w.say(l.T("case.number") + "\u00a0" + number(in.Case.Number))
	}
	if _, name := in.Organisation.Pick(l.Tag); name != "" {
		s.issued = w.fixed(l.T("poster.issued", "name", typeset.IsolateText(name)))
	}
	if !in.ValidUntil.IsZero() {
		s.valid = w.say(l.T("poster.validuntil", "date", w.date(protocol.DateOf(in.ValidUntil))))
	}
	if in.Fingerprint != "" {
		s.fingerprint = w.fixed(l.T("poster.key", "fingerprint", number(in.Fingerprint)))
	}
}

// number holds a number together, in one line and from left to right.
func number(s string) string { return typeset.Isolate(whole(s)) }

// whole holds words and ranges together over line ends, and Han characters, which else break anywhere.
func whole(s string) string {
	var out strings.Builder
	var last rune
	for _, r := range wholes.Replace(s) {
		if last != 0 && (unicode.Is(unicode.Han, last) || unicode.Is(unicode.Han, r)) {
			out.WriteRune('\u2060')
		}
		out.WriteRune(r)
		last = r
	}
	return out.String()
}

var wholes = strings.NewReplacer(" ", "\u00a0", "–", "\u2060–\u2060", "-", "\u2060-\u2060")

// labelled is a number with whose it is. What is cut at the end of a line must not be the number.
func labelled(label, phone string) string {
	switch {
	case label == "" || phone == "":
		return label + number(phone)
	case len([]rune(label)) > 60:
		return number(phone) + " · " + label
	}
	return label + ": " + number(phone)
}

// some is a list of one text, or of none if it is empty.
func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// dot parts short texts. It stays at the end of a line, where one ends there.
const dot = "\u00a0· "

// join puts short texts in one line; empty ones are left out, and those that are there already.
func join(between string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return strings.Join(out, between)
}

// say returns s in one paragraph, having asked for its glyphs.
func (w *writer) say(s string) string {
	s = oneLine(s)
	for _, m := range w.lacks(s) {
		w.missing[m.Rune] = m.Pack
	}
	return s
}

// fixed is say for a text that tells nothing of the case: it comes on other posters too.
func (w *writer) fixed(s string) string {
	s = w.say(s)
	w.set.fixed[s] = true
	return s
}

func (w *writer) lacks(s string) []typeset.Missing {
	if s == "" {
		return nil
	}
	return w.set.fonts.Missing(s, typeset.Style{Lang: w.l.Tag, RTL: w.l.Dir == "rtl"})
}

// oneLine makes line ends and white space single spaces; no-break spaces stay.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return r == ' ' || r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
	}), " ")
}

// err returns a *GlyphError if anything was missing.
func (w *writer) err() error {
	if len(w.missing) == 0 {
		return nil
	}
	e := &GlyphError{Language: w.l.Tag}
	for r, pack := range w.missing {
		e.Missing = append(e.Missing, typeset.Missing{Rune: r, Pack: pack})
	}
	slices.SortFunc(e.Missing, func(a, b typeset.Missing) int { return cmp.Compare(a.Rune, b.Rune) })
	return e
}

// agree returns the message of key in the form that agrees with the children: KEY.many for several, KEY.female or KEY.male
// for one, and KEY itself where the language needs no other or the sex is not known.
func (w *writer) agree(key string, args ...any) string {
	children := w.in.Case.Children
	form := key + "." + string(children[0].Sex)
	if len(children) > 1 {
		form = key + ".many"
	}
	if s := w.l.T(form, args...); s != "⟦"+form+"⟧" {
		return s
	}
	return w.l.T(key, args...)
}

func (w *writer) heading() string {
	switch {
	case w.found:
		return w.agree("poster.who")
	case w.in.Heading == HelpFind:
		return w.agree("poster.helpfind")
	}
	return w.agree("poster.missing")
}

// question is that of a picture to share.
func (w *writer) question() string {
	switch {
	case w.found:
		return w.say(w.agree("case.helpid"))
	case len(w.in.Case.Children) > 1:
		return w.say(w.l.T("case.seenmany"))
	}
	return w.say(w.agree("case.seen"))
}

func (w *writer) name() string {
	names := w.in.Case.Title()
	for i, n := range names {
		names[i] = typeset.IsolateText(n)
	}
	return w.say(w.l.List(names))
}

// aliases are those other names that can be drawn; the name itself is always there.
func (w *writer) aliases() string {
	var names []string
	for _, c := range w.in.Case.Children {
		for _, n := range c.OtherNames {
			if n = oneLine(n); n != "" && len(w.lacks(n)) == 0 {
				names = append(names, typeset.IsolateText(n))
			}
		}
	}
	return join(" · ", names...)
}

func (w *writer) since() string {
	key, since := "case.since", w.in.Case.Since
	if w.found {
		key = "case.found_on"
	}
	if since.IsZero() {
		return ""
	}
	return w.say(w.agree(key, "date", w.date(since)))
}

func (w *writer) place() string {
	from := w.in.Case.From
	_, country := w.in.CountryNames.Pick(w.l.Tag)
	country = cmp.Or(country, w.l.Country(from.Country), from.Country)
	parts := []string{from.Locality, from.Area, country}
	for i, p := range parts {
		parts[i] = typeset.IsolateText(p)
	}
	return w.say(join(comma(w.l), parts...))
}

// comma separates the words of a list without an end.
func comma(l *i18n.Locale) string {
	switch base, _, _ := strings.Cut(l.Tag, "-"); base {
	case "ar", "fa", "ur", "ps", "ckb", "ug":
		return "، "
	case "zh", "ja":
		return "、"
	}
	return ", "
}

// date holds a date together, and the Gregorian one behind that of another calendar.
func (w *writer) date(d protocol.Date) string {
	return strings.Replace(whole(w.l.Date(int(d.Year), int(d.Month), int(d.Day))), "\u00a0(", " (", 1)
}

// captions puts under a photo what it is, and when it was taken.
func (w *writer) captions(shots []shot) []shot {
	out := slices.Clone(shots)
	for i := range out {
		info := &out[i].info
		var drawn, taken string
		if info.Kind == protocol.AgeProgressed {
			drawn = w.say(w.l.T("case.ageprogressed"))
		}
		if !info.Taken.IsZero() && drawn == "" {
			taken = w.say(w.l.T("case.photodate", "date", w.date(info.Taken)))
		}
		out[i].caption = join(dot, drawn, taken)
	}
	return out
}

// pick returns the text in the poster's language. Text in another language is taken in its place if it can be drawn.
func (w *writer) pick(t protocol.Text) prose {
	lang, text := t.Pick(w.l.Tag)
	text = oneLine(text)
	if lang != w.l.Tag && len(w.lacks(text)) > 0 {
		return prose{}
	}
	return prose{text: w.say(text), lang: lang, rtl: rightToLeft(lang, w.l)}
}

// short is pick for a text that stands among others.
func (w *writer) short(t protocol.Text) string { return typeset.IsolateText(w.pick(t).text) }

// rightToLeft says how a language reads, that of the poster as its catalogue says.
func rightToLeft(lang string, l *i18n.Locale) bool {
	if lang == l.Tag {
		return l.Dir == "rtl"
	}
	switch base, _, _ := strings.Cut(lang, "-"); base {
	case "ar", "he", "fa", "ur", "ps", "ckb", "ug", "sd", "yi", "dv", "syr":
		return true
	}
	return false
}

// together puts the words of two languages, which read the same way, on one page.
func together(a, b *words) *words {
	s := *a
	s.heading = append(s.heading, b.heading...)
	s.since, s.place = both(a.since, b.since), both(a.place, b.place)
	s.story = append(slices.Clone(s.story), b.story...)
	if len(s.story) == 2 && s.story[0] == s.story[1] {
		s.story = s.story[:1]
	}
	s.donot, s.verify = both(a.donot, b.donot), both(a.verify, b.verify)
	s.kind, s.withSay = join(" · ", a.kind, b.kind), join(" · ", a.withSay, b.withSay)
	s.call, s.scan = join(" · ", a.call, b.call), join(" · ", a.scan, b.scan)
	s.number, s.valid = a.number, join(" · ", a.valid, b.valid)
	s.issued = join(" · ", a.issued, b.issued)
	s.others = both(a.others, b.others)
	s.children, s.with = bothPersons(a.children, b.children), bothPersons(a.with, b.with)
	return &s
}

func both(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func bothPersons(a, b []person) []person {
	out := slices.Clone(a)
	for i := range out {
		p, q := &out[i], b[i]
		p.detail = join(" / ", p.detail, q.detail)
		p.photos = slices.Clone(p.photos)
		for j := range p.photos {
			p.photos[j].caption = join(" / ", p.photos[j].caption, q.photos[j].caption)
		}
		p.facts = slices.Clone(p.facts)
		for j := range p.facts {
			f := &p.facts[j]
			for _, g := range q.facts {
				if g.key == f.key {
					f.label, f.value = join(" / ", f.label, g.label), join(" / ", f.value, g.value)
				}
			}
		}
	}
	return out
}

// GlyphError says that a poster is not made since some of its characters cannot be drawn.
type GlyphError struct {
	// Language of the poster, a BCP 47 tag.
	Language string
	// Missing are the characters in question, each once, sorted, with the font pack that has it if one does.
	Missing []typeset.Missing
}

// maxNamed is how many characters an error names.
const maxNamed = 8

// Error names the first few of the missing characters, and the packs that have them.
func (e *GlyphError) Error() string {
	named := make([]string, 0, maxNamed)
	for _, m := range e.Missing[:min(len(e.Missing), maxNamed)] {
		s := fmt.Sprintf("%#U", m.Rune)
		if m.Pack != "" {
			s += " (in the font pack " + m.Pack + ")"
		}
		named = append(named, s)
	}
	more := ""
	if n := len(e.Missing) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("this poster, in language %s, needs characters that no font here has: %s%s", e.Language, strings.Join(named, ", "), more)
}
