package protocol

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Case is what the public may see of a case: the first of three tiers. Members and Local are the others.
type Case struct {
	// Number is the member's own case number, printed on posters: "XA-2026-014".
	Number string `cbor:"nr" json:"number"`
	Kind   Kind   `cbor:"k" json:"kind"`
	// Urgent cases stand first on every home page.
	Urgent bool `cbor:"u,omitempty" json:"urgent,omitempty"`
	// Children are the missing children (or, of kind unidentified_found, the child found); at least one.
	Children   []Child     `cbor:"ch" json:"children"`
	Companions []Companion `cbor:"co,omitempty" json:"companions,omitempty"`
	// Since is the date when the child was last seen, or found, as far as it is known.
	Since Date `cbor:"sd" json:"since"`
	// From is where the child was last seen, or found.
	From Place `cbor:"pl" json:"from"`
	// What happened, in few words: at most about 40 are remembered.
	What Text `cbor:"w,omitempty" json:"what,omitempty"`
	// Agency is the police office or other authority in charge, if it may be named.
	Agency Agency `cbor:"ag,omitzero" json:"agency,omitzero"`
	// Hotline overrides the member's own hotline for this case; "" keeps it.
	Hotline string `cbor:"hl,omitempty" json:"hotline,omitempty"`
}

// Child is one child of a case, as the public may know the child.
type Child struct {
	// Name is the display name by the member's policy: "Ana M." is allowed; "" only for an unidentified child.
	Name string `cbor:"n,omitempty" json:"name,omitempty"`
	// OtherNames are the same name in other scripts, as the member wants it published.
	OtherNames []string `cbor:"on,omitempty" json:"other_names,omitempty"`
	// BirthYear is 0 when it is unknown or withheld; the full date is in Members.
	BirthYear uint16 `cbor:"by,omitempty" json:"birth_year,omitempty"`
	// Age when missing, or the estimated age of a child found.
	Age        Age          `cbor:"a,omitzero" json:"age,omitzero"`
	Sex        Sex          `cbor:"s" json:"sex"`
	Eyes       EyeColour    `cbor:"e,omitempty" json:"eyes,omitempty"`
	Hair       []HairColour `cbor:"h,omitempty" json:"hair,omitempty"`
	HairDyed   bool         `cbor:"hd,omitempty" json:"hair_dyed,omitempty"`
	Height     Height       `cbor:"ht,omitzero" json:"height,omitzero"`
	Weight     Weight       `cbor:"wt,omitzero" json:"weight,omitzero"`
	Languages  []string     `cbor:"ln,omitempty" json:"languages,omitempty"`
	Marks      Text         `cbor:"m,omitempty" json:"marks,omitempty"`
	Clothing   Text         `cbor:"cl,omitempty" json:"clothing,omitempty"`
	Appearance Text         `cbor:"ap,omitempty" json:"appearance,omitempty"`
}

// Companion is an adult who may be with the child. Publishing one needs a legal basis, kept in Local.
type Companion struct {
	Name       string       `cbor:"n,omitempty" json:"name,omitempty"`
	Relation   Relation     `cbor:"r" json:"relation"`
	Sex        Sex          `cbor:"s" json:"sex"`
	BirthYear  uint16       `cbor:"by,omitempty" json:"birth_year,omitempty"`
	Eyes       EyeColour    `cbor:"e,omitempty" json:"eyes,omitempty"`
	Hair       []HairColour `cbor:"h,omitempty" json:"hair,omitempty"`
	Height     Height       `cbor:"ht,omitzero" json:"height,omitzero"`
	Appearance Text         `cbor:"ap,omitempty" json:"appearance,omitempty"`
}

// Age is an age or a range of ages in one unit; the zero Age means unknown. Infants are counted in months or days.
type Age struct {
	Min  uint16  `cbor:"l" json:"min"`
	Max  uint16  `cbor:"m" json:"max"`
	Unit AgeUnit `cbor:"u" json:"unit"`
}

// Height is a range in whole centimetres with the date when it was true; the zero Height means unknown.
type Height struct {
	Min  uint16 `cbor:"l" json:"min_cm"`
	Max  uint16 `cbor:"m" json:"max_cm"`
	AsOf Date   `cbor:"d,omitzero" json:"as_of,omitzero"`
}

// Weight is a range in units of 100 grams with the date when it was true; the zero Weight means unknown.
type Weight struct {
	Min  uint16 `cbor:"l" json:"min_hg"`
	Max  uint16 `cbor:"m" json:"max_hg"`
	AsOf Date   `cbor:"d,omitzero" json:"as_of,omitzero"`
}

// Place is coarse on purpose: no street and no point is ever published.
type Place struct {
	// Country is an ISO 3166-1 alpha-2 code.
	Country string `cbor:"c" json:"country"`
	// Area is a region, county or state.
	Area string `cbor:"a,omitempty" json:"area,omitempty"`
	// Locality is a town, village or district.
	Locality string `cbor:"l,omitempty" json:"locality,omitempty"`
}

// Agency is an authority that the public may call.
type Agency struct {
	Name  string `cbor:"n" json:"name"`
	Phone string `cbor:"p,omitempty" json:"phone,omitempty"`
}

// Title returns the children's display names, the first first; it is empty when no name is known.
func (c *Case) Title() []string {
	var names []string
	for _, child := range c.Children {
		if child.Name != "" {
			names = append(names, child.Name)
		}
	}
	return names
}

// LogValue keeps the case out of logs.
func (c *Case) LogValue() slog.Value { return slog.StringValue("case") }

// AgeNow returns the child's age in whole years on the day of now, as the range that all that is known allows; ok is
// false when nothing tells it. since is the case's Since, from which an age when missing is counted on.
func (c *Child) AgeNow(since Date, now time.Time) (min, max int, ok bool) {
	first, last, ok := c.born(since, now)
	if !ok {
		return 0, 0, false
	}
	return wholeYears(last, now), wholeYears(first, now), true
}

// born returns the first and the last day on which the child may have been born. A birth year and an age when missing
// narrow each other; where they contradict each other the birth year stands.
func (c *Child) born(since Date, now time.Time) (first, last time.Time, ok bool) {
	now = DateOf(now.UTC()).First()
	if c.Age.Unit != "" && !since.IsZero() {
		lastSeen := since.Last()
		if lastSeen.After(now) {
			lastSeen = now
		}
		// Not yet one unit older than Max on the first day, at least Min on the last.
		first = c.Age.Unit.before(since.First(), int(c.Age.Max)+1).AddDate(0, 0, 1)
		last = c.Age.Unit.before(lastSeen, int(c.Age.Min))
		ok = true
	}
	if c.BirthYear != 0 {
		year := Date{Year: c.BirthYear}
		if !ok || first.After(year.Last()) || last.Before(year.First()) {
			return year.First(), year.Last(), true
		}
		if first.Before(year.First()) {
			first = year.First()
		}
		if last.After(year.Last()) {
			last = year.Last()
		}
	}
	return first, last, ok
}

// before returns the day n units before t; where that month has no such day, its last.
func (u AgeUnit) before(t time.Time, n int) time.Time {
	switch u {
	case Days:
		return t.AddDate(0, 0, -n)
	case Years:
		n *= 12
	}
	d := t.AddDate(0, -n, 0)
	if d.Day() != t.Day() { // it ran over into the next month
		d = d.AddDate(0, 0, -d.Day())
	}
	return d
}

// wholeYears returns the age in years on the day of to of somebody born on the day from, never less than zero.
func wholeYears(from, to time.Time) int {
	to = to.UTC()
	n := to.Year() - from.Year()
	if to.Month() < from.Month() || to.Month() == from.Month() && to.Day() < from.Day() {
		n--
	}
	return max(n, 0)
}

// Validate returns everything that is wrong with the case as Problems, nil when there is nothing. now is the time of
// writing; a record from a peer is validated at the time that it bears.
func (c *Case) Validate(now time.Time) error {
	v := &checker{last: lastDay(now)}
	v.text("number", c.Number, maxNumber, true)
	if c.Number != "" && !numberForm(c.Number) {
		v.add("number", "text")
	}
	v.choice("kind", string(c.Kind), kinds, true)
	v.count("children", len(c.Children), 1, maxChildren)
	for i := range c.Children {
		v.in("children", i).child(&c.Children[i], c.Kind)
	}
	v.out().count("companions", len(c.Companions), 0, maxCompanions)
	for i := range c.Companions {
		v.in("companions", i).companion(&c.Companions[i])
	}
	v.out().date("since", c.Since, true)
	if !validCountry(c.From.Country) {
		v.add("from.country", "country")
	}
	v.text("from.area", c.From.Area, maxPlace, false)
	v.text("from.locality", c.From.Locality, maxPlace, false)
	v.words("what", c.What, maxStory, true)
	if c.Agency != (Agency{}) {
		v.text("agency.name", c.Agency.Name, maxName, true)
		v.phone("agency.phone", c.Agency.Phone)
	}
	v.phone("hotline", c.Hotline)
	return v.found.err()
}

// checker gathers Problems. Fields are named from where it stands: nearly every case has none, so a path is put together only
// when there is something to say.
type checker struct {
	last  Date   // the last day that is not in the future
	list  string // where it stands: at the item of a list, "" at the top
	item  int
	found Problems
}

// lastDay returns the last day that is not in the future of now anywhere: beyond the date line it is tomorrow.
func lastDay(now time.Time) Date { return DateOf(now.UTC().Add(14 * time.Hour)) }

// in goes to an item of a list at the top, and out back there.
func (v *checker) in(list string, item int) *checker {
	v.list, v.item = list, item
	return v
}

func (v *checker) out() *checker { return v.in("", 0) }

func (v *checker) add(field, code string) { v.note(field, Problem{Code: code}) }

func (v *checker) note(field string, p Problem) {
	if p.Field = field; v.list != "" {
		p.Field = strings.TrimSuffix(fmt.Sprintf("%s.%d.%s", v.list, v.item, field), ".")
	}
	v.found = append(v.found, p)
}

func (v *checker) count(field string, n, min, max int) {
	if n < min {
		v.add(field, "required")
	}
	if n > max {
		v.note(field, Problem{Code: "toomany", Max: max})
	}
}

func (v *checker) text(field, s string, max int, required bool) {
	v.anyText(field, s, max, required, false)
}

func (v *checker) anyText(field, s string, max int, required, lines bool) {
	if code := faultIn(s, max, required, lines); code != "" {
		v.bad(field, code, max)
	}
}

// faultIn returns the code of what is wrong with a text, "" if nothing is.
func faultIn(s string, max int, required, lines bool) (code string) {
	if strings.TrimSpace(s) == "" && (required || s == "") {
		if required {
			return "required"
		}
		return ""
	}
	code, _ = checkText(s, max, lines)
	return code
}

// bad notes what is wrong with a text; max counts if it is too long.
func (v *checker) bad(field, code string, max int) {
	if code != "toolong" {
		max = 0
	}
	v.note(field, Problem{Code: code, Max: max})
}

// texts checks a list of at most most texts of at most max letters.
func (v *checker) texts(field string, list []string, most, max int) {
	v.count(field, len(list), 0, most)
	for i, s := range list {
		if code := faultIn(s, max, true, false); code != "" {
			v.bad(fmt.Sprintf("%s.%d", field, i), code, max)
		}
	}
}

func (v *checker) words(field string, t Text, max int, lines bool) {
	v.count(field, len(t), 0, maxTextLangs)
	sound := true
	for tag, s := range t {
		sound = sound && ValidLanguage(tag) && faultIn(s, max, true, lines) == ""
	}
	if sound {
		return
	}
	for _, tag := range t.Languages() {
		if !ValidLanguage(tag) {
			v.add(field, "language") // a tag that is none may be anything, and the problem goes to a log
		} else if code := faultIn(t[tag], max, true, lines); code != "" {
			v.bad(field+"."+tag, code, max)
		}
	}
}

func (v *checker) choice(field, code string, among []string, required bool) {
	if code == "" && !required {
		return
	}
	if code == "" {
		v.add(field, "required")
	} else if !slices.Contains(among, code) {
		v.add(field, "choice")
	}
}

func (v *checker) date(field string, d Date, required bool) {
	switch {
	case d.IsZero():
		if required {
			v.add(field, "required")
		}
	case !d.valid():
		v.add(field, "date")
	case d.after(v.last):
		v.add(field, "datefuture")
	}
}

func (v *checker) year(field string, y uint16) {
	if y != 0 && (y < 1900 || y > v.last.Year) {
		v.add(field, "range")
	}
}

func (v *checker) span(field string, lo, hi, least, most uint16) {
	if lo < least || hi > most || lo > hi {
		v.add(field, "range")
	}
}

func (v *checker) phone(field, s string) {
	if s != "" && (len(s) > maxPhone || !ValidPhone(s)) {
		v.add(field, "phone")
	}
}

func (v *checker) height(field string, h Height) {
	if h != (Height{}) {
		v.span(field, h.Min, h.Max, 20, 250)
		if !h.AsOf.IsZero() {
			v.date(field+".as_of", h.AsOf, false)
		}
	}
}

func (v *checker) hair(field string, hair []HairColour) {
	v.count(field, len(hair), 0, maxHair)
	for i, h := range hair {
		v.choice(field, string(h), hairColours, true)
		if slices.Contains(hair[:i], h) {
			v.add(field, "choice")
		}
	}
}

func (v *checker) child(c *Child, kind Kind) {
	v.text("name", c.Name, maxName, kind != UnidentifiedFound)
	v.texts("other_names", c.OtherNames, maxNames, maxName)
	v.year("birth_year", c.BirthYear)
	if c.Age != (Age{}) {
		v.choice("age", string(c.Age.Unit), ageUnits, true)
		if c.Age.Min > c.Age.Max || c.Age.Max > maxAge[c.Age.Unit] {
			v.add("age", "age")
		}
	}
	v.choice("sex", string(c.Sex), sexes, true)
	v.choice("eyes", string(c.Eyes), eyeColours, false)
	v.hair("hair", c.Hair)
	v.height("height", c.Height)
	if c.Weight != (Weight{}) {
		v.span("weight", c.Weight.Min, c.Weight.Max, 5, 3000)
		v.date("weight.as_of", c.Weight.AsOf, false)
	}
	v.count("languages", len(c.Languages), 0, maxLanguages)
	for _, l := range c.Languages {
		if !ValidLanguage(l) {
			v.add("languages", "language")
		}
	}
	v.words("marks", c.Marks, maxShort, true)
	v.words("clothing", c.Clothing, maxShort, true)
	v.words("appearance", c.Appearance, maxShort, true)
}

func (v *checker) companion(c *Companion) {
	v.text("name", c.Name, maxName, false)
	v.choice("relation", string(c.Relation), relations, true)
	v.choice("sex", string(c.Sex), sexes, true)
	v.year("birth_year", c.BirthYear)
	v.choice("eyes", string(c.Eyes), eyeColours, false)
	v.hair("hair", c.Hair)
	v.height("height", c.Height)
	v.words("appearance", c.Appearance, maxShort, true)
}
