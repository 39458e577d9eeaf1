package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
)

// problems returns err's Problems as "field code", sorted.
func problems(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var found Problems
	if !errors.As(err, &found) {
		t.Fatalf("%v is no Problems", err)
	}
	var out []string
	for _, p := range found {
		out = append(out, p.Field+" "+p.Code)
		if problemWords[p.Code] == "" {
			t.Errorf("%s has no words", p.Code)
		}
		if (p.Code == "toolong" || p.Code == "toomany") != (p.Max > 0) {
			t.Errorf("%s %s with limit %d", p.Field, p.Code, p.Max)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// TestEveryProblemIsFound changes one thing at a time in a case that has everything, and reaches every code there is.
func TestEveryProblemIsFound(t *testing.T) {
	reached := map[string]bool{}
	long := func(n int) string { return strings.Repeat("é", n) }
	many := func(n int) Text {
		out := Text{}
		for i := range n {
			out[string([]byte{byte('a' + i/26), byte('a' + i%26)})] = "x"
		}
		return out
	}
	for _, c := range []struct {
		change func(e *Entry, l *Local)
		want   []string
	}{
		{func(e *Entry, l *Local) {}, nil},
		{func(e *Entry, l *Local) { e.Case.Number = "" }, []string{"number required"}},
		{func(e *Entry, l *Local) { e.Case.Number = long(maxNumber) }, nil},
		{func(e *Entry, l *Local) { e.Case.Number = long(maxNumber + 1) }, []string{"number toolong"}},
		{func(e *Entry, l *Local) { e.Case.Number = "<b>" }, []string{"number text"}},
		{func(e *Entry, l *Local) { e.Case.Kind = "" }, []string{"kind required"}},
		{func(e *Entry, l *Local) { e.Case.Kind = "strayed" }, []string{"kind choice"}},
		{func(e *Entry, l *Local) { e.Case.Children, e.Members, e.Photos = nil, nil, nil }, []string{"children required"}},
		{func(e *Entry, l *Local) { e.Case.Children = slices.Repeat(e.Case.Children[:1], maxChildren+1) }, []string{"children toomany"}},
		{func(e *Entry, l *Local) { e.Case.Children[1].Name = "" }, []string{"children.1.name required"}},
		{func(e *Entry, l *Local) { e.Case.Children[1].Name = " \t" }, []string{"children.1.name required"}},
		{func(e *Entry, l *Local) { e.Case.Kind, e.Case.Children[1].Name = UnidentifiedFound, "" }, nil},
		{func(e *Entry, l *Local) { e.Case.Children[0].Name = "a\u202eb" }, []string{"children.0.name text"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].OtherNames = []string{"a", "b", "c", "d", ""} }, []string{"children.0.other_names toomany", "children.0.other_names.4 required"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].BirthYear = 1899 }, []string{"children.0.birth_year range"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].BirthYear = 2027 }, []string{"children.0.birth_year range"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].BirthYear = 2026 }, nil},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{8, 7, Years} }, []string{"children.0.age age"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{0, 26, Years} }, []string{"children.0.age age"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{0, 61, Months} }, []string{"children.0.age age"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{0, 367, Days} }, []string{"children.0.age age"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{0, 0, Days} }, nil},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{1, 2, "weeks"} }, []string{"children.0.age age", "children.0.age choice"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Age = Age{Min: 1, Max: 2} }, []string{"children.0.age age", "children.0.age required"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Sex = "" }, []string{"children.0.sex required"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Eyes = "red" }, []string{"children.0.eyes choice"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Hair = []HairColour{"red", "red"} }, []string{"children.0.hair choice"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Hair = []HairColour{"red", "grey", "brown", "black"} }, []string{"children.0.hair toomany"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Height = Height{Min: 19, Max: 40} }, []string{"children.0.height range"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Height = Height{Min: 150, Max: 140} }, []string{"children.0.height range"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Height.AsOf = Date{2027, 1, 0} }, []string{"children.0.height.as_of datefuture"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Weight.Max = 3001 }, []string{"children.0.weight range"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Weight.AsOf = Date{2026, 13, 1} }, []string{"children.0.weight.as_of date"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Languages = []string{"english"} }, []string{"children.0.languages language"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Languages = slices.Repeat([]string{"en"}, maxLanguages+1) }, []string{"children.0.languages toomany"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Marks = Text{"en": long(maxShort + 1)} }, []string{"children.0.marks.en toolong"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Clothing = Text{"en": ""} }, []string{"children.0.clothing.en required"}},
		{func(e *Entry, l *Local) { e.Case.Children[0].Appearance = Text{"a person's name": "x"} }, []string{"children.0.appearance language"}},
		{func(e *Entry, l *Local) {
			e.Case.Companions = slices.Repeat([]Companion{{Relation: "mother", Sex: "female"}}, maxCompanions+1)
		}, []string{"companions toomany"}},
		{func(e *Entry, l *Local) { e.Case.Companions[0].Relation = "" }, []string{"companions.0.relation required"}},
		{func(e *Entry, l *Local) { e.Case.Companions[0].Height = Height{Max: 180} }, []string{"companions.0.height range"}},
		{func(e *Entry, l *Local) { l.LegalBasis = "" }, []string{"local.legal_basis adultbasis"}},
		{func(e *Entry, l *Local) { l.LegalBasis, e.Case.Companions, e.Photos = "", nil, nil }, nil},
		{func(e *Entry, l *Local) { l.LegalBasis = "a hunch" }, []string{"local.legal_basis choice"}},
		{func(e *Entry, l *Local) { l.Notes = long(maxStory + 1) }, []string{"local.notes toolong"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{} }, []string{"since required"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{2026, 2, 30} }, []string{"since date"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{0, 2, 3} }, []string{"since date"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{2026, 0, 3} }, []string{"since date"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{1899, 1, 3} }, []string{"since date"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{2026, 11, 24} }, nil}, // tomorrow, beyond the date line
		{func(e *Entry, l *Local) { e.Case.Since = Date{2026, 11, 25} }, []string{"since datefuture"}},
		{func(e *Entry, l *Local) { e.Case.Since = Date{2026, 11, 0} }, nil},
		{func(e *Entry, l *Local) { e.Case.From.Country = "xa" }, []string{"from.country country"}},
		{func(e *Entry, l *Local) { e.Case.From.Locality = "a\nb" }, []string{"from.locality text"}},
		{func(e *Entry, l *Local) { e.Case.What = Text{"en": "a\n\nb"} }, nil},
		{func(e *Entry, l *Local) { e.Case.What = Text{"en": "a\r\nb"} }, []string{"what.en text"}},
		{func(e *Entry, l *Local) { e.Case.What = many(maxTextLangs) }, nil},
		{func(e *Entry, l *Local) { e.Case.What = many(maxTextLangs + 1) }, []string{"what toomany"}},
		{func(e *Entry, l *Local) { e.Case.Agency = Agency{Phone: "112"} }, []string{"agency.name required"}},
		{func(e *Entry, l *Local) { e.Case.Agency = Agency{Name: "Police", Phone: "call us"} }, []string{"agency.phone phone"}},
		{func(e *Entry, l *Local) { e.Case.Hotline = "1" }, []string{"hotline phone"}},
		{func(e *Entry, l *Local) { e.Case.Hotline = "+999 (20) 555-0100" }, nil},
		{func(e *Entry, l *Local) { e.Case.Hotline = "+999 20 5550100 5550100 555" }, []string{"hotline phone"}},
		{func(e *Entry, l *Local) { e.Members.Children = make([]MemberChild, 3) }, []string{"members.children toomany"}},
		{func(e *Entry, l *Local) { e.Members.Children[0].Birth = Date{2030, 0, 0} }, []string{"members.children.0.birth datefuture"}},
		{func(e *Entry, l *Local) { e.Members.Children[0].Nationalities = []string{"Arvenia"} }, []string{"members.children.0.nationalities country"}},
		{func(e *Entry, l *Local) { e.Members.Destinations = []string{""} }, []string{"members.destinations.0 required"}},
		{func(e *Entry, l *Local) { e.Members.LegalBasis = "a hunch" }, []string{"members.legal_basis choice"}},
		{func(e *Entry, l *Local) { e.Photos = slices.Repeat(e.Photos[:1], MaxPhotos+1) }, []string{"photos toomany"}},
		{func(e *Entry, l *Local) { e.Photos[0].File = Link{CIDOf(nil)} }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].Thumb = Link{} }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].Size = MaxPhotoBytes + 1 }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].ThumbSize = MaxThumbBytes + 1 }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].Width = MaxPhotoSide + 1 }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].ThumbHeight = e.Photos[0].Height + 1 }, []string{"photos.0 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].Kind = "drawing" }, []string{"photos.0.kind choice", "photos.1 photo"}},
		{func(e *Entry, l *Local) { e.Photos[1].Who = 1 }, []string{"photos.1 photo"}},
		{func(e *Entry, l *Local) { e.Photos[0].Who = 2 }, []string{"photos.0.who nochild", "photos.1 photo"}},
		{func(e *Entry, l *Local) { e.Photos[2].Who = 2 }, []string{"photos.2.who nochild"}},
		{func(e *Entry, l *Local) { e.Photos[0].Taken = Date{2027, 0, 0} }, []string{"photos.0.taken datefuture"}},
		{func(e *Entry, l *Local) { e.Photos[0].Caption = Text{"en": "\x00"} }, []string{"photos.0.caption.en text"}},
	} {
		e := entryVectors()["case: second revision, companions, partial dates, three kinds of picture"]
		l := Local{Guardian: "A. Sol", LegalBasis: "police_request"}
		c.change(&e, &l)
		var got []string
		for _, err := range []error{e.Case.Validate(testTime), e.Members.orNone().Validate(e.Case, testTime),
			ValidatePhotos(e.Photos, e.Case, testTime), l.Validate(e.Case)} {
			got = append(got, problems(t, err)...)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
		for _, g := range got {
			_, code, _ := strings.Cut(g, " ")
			reached[code] = true
		}
		if _, err := Sign(keyOf("node"), e); (err == nil) != (len(c.want) == 0 || strings.HasPrefix(c.want[0], "local.")) {
			t.Errorf("with %q, signing gives %v", c.want, err)
		}
	}
	for code := range problemWords {
		if !reached[code] && code != "url" { // a card's
			t.Errorf("nothing reaches %s", code)
		}
	}
}

// orNone returns an empty tier for none.
func (m *Members) orNone() *Members {
	if m == nil {
		return &Members{}
	}
	return m
}

func TestCheckText(t *testing.T) {
	for s, want := range map[string]string{
		"Ana":              "",
		"مِيرا عَلِيّ":     "",
		"می\u200cخواهم":    "", // Persian with a zero-width non-joiner
		"เด็กหญิงมีรา":     "",
		"ဗမာ\u200bစာ":      "", // a zero-width space ends a word
		"क्\u200dष":        "",
		"葛\U000e0100飾":     "", // an ideographic variation
		"辻\ufe00":          "",
		"👩\u200d👧 ❤\ufe0f": "",
		"a\u0301e\u0323":   "",
		"a\tb":             "text",
		"a\nb":             "text",
		"a\u0085b":         "text",
		"a\u2028b":         "text",
		"a\u2029b":         "text",
		"\u202atext":       "text",
		"\u202etext":       "text",
		"\u2066text":       "text",
		"\u2069text":       "text",
		"a\u200eb":         "text",
		"a\u200fb":         "text",
		"a\u061cb":         "text",
		"a\u206fb":         "text",
		"\ufeffa":          "text",
		"a\ufffdb":         "text",
		"a\U000e0041b":     "text",
		"a\x00b":           "text",
		"a\xffb":           "text",
		"aaaaaaaaaaaaaaaa": "",
		"ééééééééééééééé":  "",
		"ééééééééééééééééééééééééééééééééé": "toolong",
	} {
		if code, ok := checkText(s, 20, false); code != want || ok != (want == "") {
			t.Errorf("%+q: %q, %v, want %q", s, code, ok, want)
		}
	}
	if code, ok := checkText("two\nlines", 20, true); !ok {
		t.Errorf("two lines are refused where lines may be: %s", code)
	}
}

func TestPick(t *testing.T) {
	full := Text{"ar": "A", "en-GB": "E", "fr": "F", "pt-PT": "P", "zh-Hans": "S", "zh-Hant": "T"}
	for _, c := range []struct {
		text       Text
		want       []string
		lang, says string
	}{
		{full, []string{"fr"}, "fr", "F"},
		{full, []string{"de", "fr"}, "fr", "F"},
		{full, []string{"pt-BR"}, "pt-PT", "P"},
		{full, []string{"zh-Hant-TW"}, "zh-Hant", "T"},
		{full, []string{"zh-Hans-SG"}, "zh-Hans", "S"},
		{full, []string{"zh"}, "zh-Hans", "S"},
		{full, []string{"de"}, "en-GB", "E"},
		{full, nil, "en-GB", "E"},
		{Text{"el": "G", "ar": "A"}, []string{"fr"}, "ar", "A"},
		{Text{"ar": "A"}, []string{""}, "ar", "A"},
		{nil, []string{"en"}, "", ""},
	} {
		if lang, says := c.text.Pick(c.want...); lang != c.lang || says != c.says {
			t.Errorf("%v of %v: %s %s, want %s %s", c.want, c.text, lang, says, c.lang, c.says)
		}
	}
}

// TestDatesAreOfTheCalendar holds our arithmetic against the standard library's.
func TestDatesAreOfTheCalendar(t *testing.T) {
	noon := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	today := DateOf(noon)
	for _, year := range []uint16{0, 1899, 1900, 1903, 1904, 2000, 2023, 2024, 2025, 2100, 9999, 10000} {
		for month := range uint8(14) {
			for day := range uint8(33) {
				d := Date{year, month, day}
				want := year >= 1900 && year <= 9999 && month <= 12 && (day == 0 || month != 0 && DateOf(d.First()) == d)
				if got := d.valid(); got != (want || d.IsZero()) {
					t.Errorf("%+v is a date: %v", d, got)
				}
				if got := d.after(today); want && got != d.First().After(noon) {
					t.Errorf("%v is after %v: %v", d, today, got)
				}
			}
		}
	}
}

func TestDateNeverInventsADay(t *testing.T) {
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		text        string
		date        Date
		first, last time.Time
	}{
		{"2026", Date{2026, 0, 0}, day(2026, 1, 1), day(2026, 12, 31)},
		{"2024-02", Date{2024, 2, 0}, day(2024, 2, 1), day(2024, 2, 29)},
		{"2026-12", Date{2026, 12, 0}, day(2026, 12, 1), day(2026, 12, 31)},
		{"2026-11-23", Date{2026, 11, 23}, day(2026, 11, 23), day(2026, 11, 23)},
	} {
		d, err := ParseDate(c.text)
		if err != nil || d != c.date || d.String() != c.text || !d.First().Equal(c.first) || !d.Last().Equal(c.last) {
			t.Errorf("%s: %+v, %v, from %v to %v", c.text, d, err, d.First(), d.Last())
		}
		var back Date
		if raw, err := encode(d); err != nil || back.UnmarshalCBOR(raw) != nil || back != d {
			t.Errorf("%s came back from the wire as %+v (%v)", c.text, back, err)
		}
	}
	for _, bad := range []string{"0000", "1899", "26", "2026-1", "2026-00", "2026-13", "2026-02-29", "2026-11-00", "2026-11-31", " 2026", "2026-11-23 ", "2026/11/23", "-001"} {
		if d, err := ParseDate(bad); err == nil {
			t.Errorf("%q reads as %v", bad, d)
		}
	}
	if east := DateOf(time.Date(2026, 11, 23, 1, 0, 0, 0, time.FixedZone("east", 14*3600))); east != (Date{2026, 11, 23}) {
		t.Errorf("in its own zone it is %v, want 2026-11-23", east)
	}
}

// TestAgeNowSaysAllThatIsKnownAndNoMore holds AgeNow against a count of every birthday that the facts allow.
func TestAgeNowSaysAllThatIsKnownAndNoMore(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 2, 28, 9, 0, 0, 0, time.UTC)
	completed := func(b, on time.Time, unit AgeUnit) int {
		months := (on.Year()-b.Year())*12 + int(on.Month()) - int(b.Month())
		if on.Day() < b.Day() {
			months--
		}
		switch unit {
		case Days:
			return int(on.Sub(b) / (24 * time.Hour))
		case Months:
			return months
		}
		return months / 12
	}
	units := []AgeUnit{Years, Months, Days}
	for range 300 {
		seen := now.Truncate(24*time.Hour).AddDate(0, 0, -draw.IntN(2500))
		if draw.IntN(5) == 0 {
			seen = time.Date(2020+draw.IntN(6), time.Month(1+draw.IntN(12))+1, 0, 0, 0, 0, 0, time.UTC) // the end of a month
		}
		birth := seen.AddDate(0, 0, -draw.IntN(6000))
		since := DateOf(seen)
		if p := draw.IntN(4); p == 0 {
			since.Day = 0
		} else if p == 1 {
			since.Day, since.Month = 0, 0
		}
		c := Child{}
		if draw.IntN(4) > 0 {
			unit := units[draw.IntN(3)]
			n := completed(birth, seen, unit)
			c.Age = Age{uint16(max(0, n-draw.IntN(3))), uint16(n + draw.IntN(3)), unit}
		}
		if c.Age == (Age{}) || draw.IntN(2) == 0 {
			c.BirthYear = uint16(birth.Year())
		}
		least, most := 1000, -1
		for b := now.Truncate(24*time.Hour).AddDate(-28, 0, 0); !b.After(now); b = b.AddDate(0, 0, 1) {
			if c.BirthYear != 0 && b.Year() != int(c.BirthYear) {
				continue
			}
			possible := c.Age == (Age{})
			from, to := since.First(), since.Last()
			if b.After(from) {
				from = b
			}
			if to.After(now) {
				to = now
			}
			// The age grows by one at a time from the first day on which the child may have gone to the last.
			if !possible && !from.After(to) {
				possible = completed(b, from, c.Age.Unit) <= int(c.Age.Max) && completed(b, to, c.Age.Unit) >= int(c.Age.Min)
			}
			if possible {
				least, most = min(least, completed(b, now, Years)), max(most, completed(b, now, Years))
			}
		}
		if lo, hi, ok := c.AgeNow(since, now); !ok || lo != least || hi != most {
			t.Fatalf("born %d, aged %+v on %s: now %d to %d (%v), want %d to %d", c.BirthYear, c.Age, since, lo, hi, ok, least, most)
		}
	}
}

func TestAgeNow(t *testing.T) {
	on := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 12, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name   string
		child  Child
		since  Date
		now    time.Time
		lo, hi int
		ok     bool
	}{
		{"a birth year alone gives two years", Child{BirthYear: 2014}, Date{}, on(2026, 6, 1), 11, 12, true},
		{"born this year", Child{BirthYear: 2026}, Date{}, on(2026, 6, 1), 0, 0, true},
		{"on the day itself the age is the age", Child{Age: Age{12, 12, Years}}, Date{2026, 6, 1}, on(2026, 6, 1), 12, 12, true},
		{"a birthday may follow the next day", Child{Age: Age{12, 12, Years}}, Date{2026, 6, 1}, on(2026, 6, 2), 12, 13, true},
		{"after exactly a year it is one more", Child{Age: Age{12, 12, Years}}, Date{2026, 6, 1}, on(2027, 6, 1), 13, 13, true},
		{"of a year ago at most two more", Child{Age: Age{12, 12, Years}}, Date{2025, 0, 0}, on(2026, 6, 1), 12, 14, true},
		{"the birth year helps the age", Child{BirthYear: 2014, Age: Age{12, 12, Years}}, Date{2026, 11, 20}, on(2026, 11, 23), 12, 12, true},
		{"the birth year wins over a contradiction", Child{BirthYear: 2014, Age: Age{5, 5, Years}}, Date{2026, 11, 20}, on(2026, 11, 23), 11, 12, true},
		{"an infant in months", Child{Age: Age{7, 9, Months}}, Date{2026, 1, 31}, on(2026, 2, 28), 0, 0, true},
		{"an infant in months turns one", Child{Age: Age{7, 9, Months}}, Date{2026, 1, 31}, on(2026, 5, 1), 0, 1, true},
		{"an infant in days", Child{Age: Age{3, 3, Days}}, Date{2026, 2, 4}, on(2027, 2, 1), 1, 1, true},
		{"an infant in days, the day before", Child{Age: Age{3, 3, Days}}, Date{2026, 2, 4}, on(2027, 1, 31), 0, 0, true},
		{"an age at no known time", Child{Age: Age{12, 12, Years}}, Date{}, on(2026, 6, 1), 0, 0, false},
		{"nothing", Child{}, Date{2026, 6, 1}, on(2026, 6, 1), 0, 0, false},
	} {
		if lo, hi, ok := c.child.AgeNow(c.since, c.now); lo != c.lo || hi != c.hi || ok != c.ok {
			t.Errorf("%s: %d to %d (%v), want %d to %d (%v)", c.name, lo, hi, ok, c.lo, c.hi, c.ok)
		}
	}
}

func TestShows(t *testing.T) {
	now := testTime
	before, after := now.Add(-time.Millisecond), now.Add(time.Millisecond)
	for _, c := range []struct {
		standing        Standing
		lease, reviewBy time.Time
		want            bool
	}{
		{Own, time.Time{}, after, true},
		{Own, after, now, false},
		{Own, after, before, false},
		{Own, after, time.Time{}, false},
		{Active, after, after, true},
		{Active, now, after, false},
		{Active, before, after, false},
		{Active, time.Time{}, after, false},
		{Active, after, now, false},
		{Removed, after, after, false},
		{"", after, after, false},
		{"friend", after, after, false},
	} {
		if got := Shows(c.standing, c.lease, c.reviewBy, now); got != c.want {
			t.Errorf("%q, lease %v, review by %v: %v, want %v", c.standing, c.lease.Sub(now), c.reviewBy.Sub(now), got, c.want)
		}
	}
}

func TestVerdictOf(t *testing.T) {
	for err, want := range map[error]Verdict{
		nil: Accept, ErrForm: Reject, ErrSize: Reject, ErrSignature: Reject, ErrFuture: Hold, ErrUnknown: Ignore, ErrOrigin: Ignore,
		ErrKey: Ignore, ErrClosed: Ignore, ErrStored: Ignore, ErrStale: Ignore, ErrFork: Ignore, errors.New("disk full"): Ignore,
	} {
		if got := VerdictOf(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
		if err != nil {
			if got := VerdictOf(errors.Join(errors.New("judge record"), err)); got != want {
				t.Errorf("%v within another error: %v, want %v", err, got, want)
			}
		}
	}
}

func TestNothingOfACaseIsLogged(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	r := testRecord(t)
	log.Info("x", "record", r, "case", r.Case())
	if strings.Contains(out.String(), "Mira") || !strings.Contains(out.String(), r.ID().String()) {
		t.Errorf("logged %s", out.String())
	}
}

func TestTheRefusalOfALinkNamesIt(t *testing.T) {
	if err := checkCID(cid.Undef, cid.Raw); !errors.Is(err, ErrForm) {
		t.Errorf("no link: %v", err)
	}
}

func TestCaseSurvivesJSON(t *testing.T) {
	for name, e := range entryVectors() {
		js, err := json.Marshal(struct {
			Case    *Case
			Members *Members
			Photos  []Photo
		}{e.Case, e.Members, e.Photos})
		if err != nil {
			t.Fatal(err)
		}
		back := e
		back.Case, back.Members, back.Photos = nil, nil, nil
		if err := json.Unmarshal(js, &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, a, _ := e.encode([16]byte{}, nil)
		_, b, err := back.encode([16]byte{}, nil)
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: changed by JSON %s (%v)", name, js, err)
		}
	}
}
