package admin

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// form visits the fields of a draft in the order in which they are shown. With sent it reads into the draft what the
// browser sent; either way it lists the fields with the values that the draft has then.
type form struct {
	l    *i18n.Locale
	site []siteLanguage
	// sent are the values by field name, nil to show the draft as it is. A field that was not sent stays as it is.
	sent map[string][]string
	// kept has what was sent and cannot be read, by field name: it stays in its box. bad says what is wrong with it.
	kept map[string]string
	bad  protocol.Problems
	// others gathers the languages of texts that the site does not have.
	others map[string]bool

	open []*field // the groups that the walk is in, the outermost first
}

// field is a field of the form, or a group of them.
type field struct {
	// Path is the name in the form and in protocol.Problems; it is the id of the element too.
	Path string
	Kind string // group, line, area, choice, choices, check, checks, hidden, photo, file
	// Label is in the reader's language; Where names the child or companion that the field is about, "" for none.
	Label, Help, Where string
	Required           bool
	Need               string // the word for it, set with Required before the field is shown
	Value              string
	Options            []option
	Lang, Dir, Mode    string // of the text; Mode is the keyboard that a telephone shows
	Tier, Intro        string // of a section: public, members or local; Intro says at the first of each who sees it
	Legend             string // how a group looks: h2, h3, photo, row, small or story
	Wrong              []string
	Parts              []*field
	Photo              *shownPhoto
	Buttons            []button
	Add                []button
}

// option is a choice of a list.
type option struct {
	Value, Text string
	On          bool
}

// button sends the form with Do, and shows the part of the page named To afterwards.
type button struct{ Do, Text, To string }

// shownPhoto is a photo as the form shows it.
type shownPhoto struct {
	Thumb, Full   string
	Width, Height int
	Main          string // the words for the first photo, "" for the others
}

func (f *form) t(key string, args ...any) string { return f.l.T(key, args...) }

// add puts a field into the group that the walk is in.
func (f *form) add(x *field) *field {
	at := f.open[len(f.open)-1]
	if x.Where == "" {
		x.Where = at.Where
	}
	at.Parts = append(at.Parts, x)
	return x
}

// group visits a group of fields.
func (f *form) group(path, legend, size string, visit func(g *field)) *field {
	g := &field{Path: path, Kind: "group", Label: legend, Legend: size}
	f.add(g)
	f.open = append(f.open, g)
	visit(g)
	f.open = f.open[:len(f.open)-1]
	return g
}

// take returns what was sent for a field, without spaces around it, as composed letters and with plain line ends.
func (f *form) take(path string) (string, bool) {
	v, ok := f.sent[path]
	if !ok {
		return "", false
	}
	return clean(v[len(v)-1]), true
}

func clean(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	return norm.NFC.String(strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)))
}

// keep leaves in its box what cannot be read.
func (f *form) keep(path, raw, code string) {
	f.kept[path] = raw
	f.bad = append(f.bad, protocol.Problem{Field: path, Code: code})
}

func (f *form) value(path, value string) string {
	if raw, ok := f.kept[path]; ok {
		return raw
	}
	return value
}

// hidden sends a value along that the reader does not change.
func (f *form) hidden(path, value string) { f.add(&field{Path: path, Kind: "hidden", Value: value}) }

// line is a text of one line.
func (f *form) line(path, label string, p *string) *field {
	if v, ok := f.take(path); ok {
		*p = v
	}
	return f.add(&field{Path: path, Kind: "line", Label: f.t(label), Value: *p, Dir: "auto"})
}

// phone is a telephone number; digits of any script are taken.
func (f *form) phone(path, label string, p *string) *field {
	x := f.line(path, label, p)
	*p = latinDigits(*p)
	x.Value, x.Dir, x.Mode = *p, "ltr", "tel"
	return x
}

// area is a text of several lines.
func (f *form) area(path, label string, p *string) *field {
	if v, ok := f.take(path); ok {
		*p = v
	}
	return f.add(&field{Path: path, Kind: "area", Label: f.t(label), Value: *p, Dir: "auto"})
}

// list is a text for each line.
func (f *form) list(path, label string, p *[]string) *field {
	if v, ok := f.take(path); ok {
		*p = nil
		for line := range strings.Lines(v) {
			if line = strings.TrimSpace(line); line != "" {
				*p = append(*p, line)
			}
		}
	}
	return f.add(&field{Path: path, Kind: "area", Label: f.t(label), Value: strings.Join(*p, "\n"), Dir: "auto", Help: f.t("form.perline")})
}

// words is a text in each of the site's languages. Those in other languages stay as they are.
func (f *form) words(path, label string, p *protocol.Text) *field {
	visit := func(lang siteLanguage, label string) *field {
		at := path + "." + lang.Tag
		if v, ok := f.take(at); ok {
			t := maps.Clone(*p)
			if t == nil {
				t = protocol.Text{}
			}
			t[lang.Tag] = v
			if v == "" {
				delete(t, lang.Tag)
			}
			if *p = t; len(t) == 0 {
				*p = nil
			}
		}
		return f.add(&field{Path: at, Kind: "area", Label: label, Value: (*p)[lang.Tag], Lang: lang.Tag, Dir: lang.Dir})
	}
	for tag := range *p {
		if !slices.ContainsFunc(f.site, func(l siteLanguage) bool { return l.Tag == tag }) {
			f.others[tag] = true
		}
	}
	return f.group(path, f.t(label), "small", func(*field) {
		for _, lang := range f.site {
			visit(lang, f.l.Language(lang.Tag))
		}
	})
}

// date is a date that may be known in part.
func (f *form) date(path, label string, p *protocol.Date) *field {
	if raw, ok := f.take(path); ok {
		d, err := protocol.ParseDate(latinDigits(raw))
		if err != nil {
			f.keep(path, raw, "date")
		} else {
			*p = d
		}
	}
	return f.add(&field{Path: path, Kind: "line", Label: f.t(label), Value: f.value(path, p.String()), Dir: "ltr", Mode: "date"})
}

// dateHelp shows how a date is written.
func (f *form) dateHelp() string {
	return f.t("form.datehelp", "year", i18n.Isolate("2026"), "month", i18n.Isolate("2026-03"), "day", i18n.Isolate("2026-03-09"))
}

// year is a year, 0 for none.
func (f *form) year(path, label string, p *uint16) *field {
	if raw, ok := f.take(path); ok {
		n, ok := whole(raw)
		switch {
		case raw == "":
			*p = 0
		case ok && n > 0:
			*p = n
		default:
			f.keep(path, raw, "number")
		}
	}
	v := ""
	if *p != 0 {
		v = strconv.Itoa(int(*p))
	}
	return f.add(&field{Path: path, Kind: "line", Label: f.t(label), Value: f.value(path, v), Dir: "ltr", Mode: "numeric"})
}

// span is a smaller and a larger number; one alone counts for both. has says whether they are known; what it returns is
// whether they are now. least is the least that can be meant, and what reads and writes a number.
func (f *form) span(lowPath, lowLabel, highPath, highLabel string, lo, hi *uint16, has bool, least uint16, n notation) bool {
	rawLo, sentLo := f.take(lowPath)
	rawHi, sentHi := f.take(highPath)
	if sentLo && sentHi {
		switch newLo, newHi, ok := f.readSpan(lowPath, rawLo, highPath, rawHi, least, n); {
		case !ok:
		case rawLo == "" && rawHi == "":
			*lo, *hi, has = 0, 0, false
		default:
			*lo, *hi, has = newLo, newHi, true
		}
	}
	for _, x := range []struct {
		path, label string
		p           *uint16
	}{{lowPath, lowLabel, lo}, {highPath, highLabel, hi}} {
		v := ""
		if has {
			v = n.write(*x.p)
		}
		f.add(&field{Path: x.path, Kind: "line", Label: f.t(x.label), Value: f.value(x.path, v), Dir: "ltr", Mode: "decimal"})
	}
	return has
}

// readSpan reads both ends; when one cannot be read, both stay in their boxes.
func (f *form) readSpan(lowPath, rawLo, highPath, rawHi string, least uint16, n notation) (lo, hi uint16, ok bool) {
	read := func(path, raw, other string) (uint16, bool) {
		if raw == "" {
			raw = other
		}
		v, ok := n.read(raw)
		return v, raw == "" || ok && v >= least
	}
	lo, okLo := read(lowPath, rawLo, rawHi)
	hi, okHi := read(highPath, rawHi, rawLo)
	if okLo && okHi {
		return lo, hi, true
	}
	f.kept[lowPath], f.kept[highPath] = rawLo, rawHi
	if !okLo && rawLo != "" {
		f.keep(lowPath, rawLo, "number")
	}
	if !okHi && rawHi != "" {
		f.keep(highPath, rawHi, "number")
	}
	return 0, 0, false
}

// notation is how a number stands in its box.
type notation struct {
	read  func(string) (uint16, bool)
	write func(uint16) string
}

var (
	plainNumber = notation{whole, func(n uint16) string { return strconv.Itoa(int(n)) }}
	// kilograms are kept in units of 100 grams.
	kilograms = notation{tenths, func(n uint16) string {
		s := strconv.Itoa(int(n) / 10)
		if n%10 != 0 {
			s += "." + strconv.Itoa(int(n)%10)
		}
		return s
	}}
)

func whole(s string) (uint16, bool) {
	n, err := strconv.ParseUint(latinDigits(s), 10, 16)
	return uint16(n), err == nil
}

// tenths reads a number with at most one decimal, after a point or a comma.
func tenths(s string) (uint16, bool) {
	s = strings.NewReplacer(",", ".", "٫", ".").Replace(latinDigits(s))
	units, tenth, found := strings.Cut(s, ".")
	if !found {
		tenth = "0"
	}
	if units == "" || len(tenth) != 1 || strings.ContainsAny(s, "+-") {
		return 0, false
	}
	n, err := strconv.ParseUint(units+tenth, 10, 16)
	return uint16(n), err == nil
}

// latinDigits writes the digits of Arabic, Persian, Indian and wide keyboards as 0 to 9.
func latinDigits(s string) string {
	return strings.Map(func(r rune) rune {
		for _, zero := range [...]rune{'٠', '۰', '०', '０'} {
			if zero <= r && r <= zero+9 {
				return '0' + r - zero
			}
		}
		return r
	}, s)
}

// choice is one code of a list; words is what its messages begin with. A code that the list does not have stays, and is shown.
func choice[T ~string](f *form, path, label string, p *T, codes []T, words string) *field {
	if v, ok := f.take(path); ok {
		*p = T(v)
	}
	x := &field{Path: path, Kind: "choice", Label: f.t(label), Options: []option{{Text: f.t("form.notgiven")}}}
	for _, code := range codes {
		x.Options = append(x.Options, option{Value: string(code), Text: f.t(words + string(code))})
	}
	x.choose(f.value(path, string(*p)))
	return f.add(x)
}

// choose marks the chosen option, and adds it where the list does not have it.
func (x *field) choose(value string) {
	for i := range x.Options {
		if x.Options[i].Value == value {
			x.Options[i].On = true
			return
		}
	}
	x.Options = append(x.Options, option{value, value, true})
}

// checks are codes of a list, several of them.
func checks[T ~string](f *form, path, label string, p *[]T, codes []T, words string) *field {
	if v, ok := f.sent[path]; ok {
		*p = nil
		for _, s := range v {
			if s = clean(s); s != "" {
				*p = append(*p, T(s))
			}
		}
	}
	x := &field{Path: path, Kind: "checks", Label: f.t(label)}
	for _, code := range codes {
		x.Options = append(x.Options, option{Value: string(code), Text: f.t(words + string(code)), On: slices.Contains(*p, code)})
	}
	for _, code := range *p {
		if !slices.Contains(codes, code) {
			x.Options = append(x.Options, option{string(code), string(code), true})
		}
	}
	return f.add(x)
}

// choices are several entries of a long list, a box for each and two to spare.
func (f *form) choices(path, label string, p *[]string, list []option) *field {
	if v, ok := f.sent[path]; ok {
		*p = nil
		for _, s := range v {
			if s = clean(s); s != "" && !slices.Contains(*p, s) {
				*p = append(*p, s)
			}
		}
	}
	x := &field{Path: path, Kind: "choices", Label: f.t(label)}
	for i := range len(*p) + 2 {
		value := ""
		if i < len(*p) {
			value = (*p)[i]
		}
		box := &field{Path: path, Kind: "choice", Options: append([]option{{Text: f.t("form.notgiven")}}, list...)}
		box.choose(value)
		x.Parts = append(x.Parts, box)
	}
	return f.add(x)
}

// check is yes or no.
func (f *form) check(path, label string, p *bool) *field {
	if v, ok := f.take(path); ok {
		*p = v != ""
	}
	x := &field{Path: path, Kind: "check", Label: f.t(label)}
	if *p {
		x.Value = "1"
	}
	return f.add(x)
}

// count reads how many children or companions were shown when the form was sent.
func (f *form) count(path string, n, most int) int {
	if v, ok := f.take(path); ok {
		if sent, err := strconv.Atoi(v); err == nil && sent >= 0 && sent <= most {
			n = sent
		}
	}
	f.hidden(path, strconv.Itoa(n))
	return n
}

// need marks a field that must be filled in before the case can be published.
func (x *field) need() *field {
	x.Required = true
	return x
}

// DescribedBy returns the ids of what a reader must hear about the field.
func (x *field) DescribedBy() string {
	var ids []string
	if x.Help != "" {
		ids = append(ids, x.Path+"-help")
	}
	if len(x.Wrong) > 0 {
		ids = append(ids, x.Path+"-wrong")
	}
	return strings.Join(ids, " ")
}

// InputMode returns the keyboard that a telephone shows.
func (x *field) InputMode() string {
	if x.Mode == "date" { // digits and hyphens; the keyboard for numbers has no hyphen everywhere
		return ""
	}
	return x.Mode
}

func (x *field) help(text string) *field {
	x.Help = text
	return x
}
