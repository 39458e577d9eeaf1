package poster

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

func values(facts []fact) string {
	var all []string
	for _, f := range facts {
		all = append(all, f.label+": "+f.value)
	}
	return plain(strings.Join(all, "; "))
}

// plain is a text without what holds it together and keeps its direction.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\u00a0' {
			return ' '
		}
		if !inLayer(r) {
			return -1
		}
		return r
	}, s)
}

func written(t testing.TB, in Input) *words {
	t.Helper()
	photos, err := choose(&in)
	if err != nil {
		t.Fatal(err)
	}
	fonts, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	s, err := write(&in, in.Locales[0], newSetter(fonts), photos)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The fonts keep fixed texts when a poster is long done: nothing of a case may be among them.
func TestNothingOfACaseIsKept(t *testing.T) {
	for i, in := range append(demo(t, "en", A4), sample(t, "en", A4)) {
		photos, err := choose(&in)
		if err != nil {
			t.Fatal(err)
		}
		fonts, err := builtIn()
		if err != nil {
			t.Fatal(err)
		}
		set := newSetter(fonts)
		if _, err := write(&in, in.Locales[0], set, photos); err != nil {
			t.Fatal(err)
		}
		if len(set.fixed) < 10 {
			t.Errorf("case %d: only %d fixed texts", i, len(set.fixed))
		}
		c := in.Case
		told := append(freeText(c), c.Number, c.From.Locality, c.From.Area, c.Agency.Name, c.Agency.Phone, strconv.Itoa(int(c.Since.Year)))
		for _, child := range c.Children {
			told = append(append(told, child.Name, string(child.Eyes)), child.OtherNames...)
		}
		for _, companion := range c.Companions {
			told = append(told, companion.Name)
		}
		for text := range set.fixed {
			for _, s := range told {
				if s != "" && strings.Contains(text, s) {
					t.Errorf("case %d: %q has %q", i, text, s)
				}
			}
		}
	}
}

func TestFactsTheMostUsefulFirst(t *testing.T) {
	in := sample(t, "en", A4)
	want := "Age now: 12–13 years; Sex: Female; Height: 147–152 cm; Hair: Brown, dyed; Eyes: Hazel; Distinguishing marks: Small scar above the left eyebrow"
	if got := values(written(t, in).children[0].facts); got != want {
		t.Errorf("facts are\n%s, want\n%s", got, want)
	}
	in.Updated = time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	if got := values(written(t, in).children[0].facts); !strings.Contains(got, "Yellow raincoat") || strings.Contains(got, "Eyes") {
		t.Errorf("three days after, clothing must go before eyes: %s", got)
	}
	in = sample(t, "en", A4)
	ch := &in.Case.Children[0]
	ch.Sex, ch.Eyes, ch.Hair, ch.Marks, ch.Height, ch.Clothing = "unknown", "unknown", []protocol.HairColour{"unknown"}, nil, protocol.Height{}, nil
	want = "Age now: 12–13 years; Age when missing: 12 years; Weight: 38.5–42 kg; Languages spoken: English, Greek"
	if got := values(written(t, in).children[0].facts); got != want {
		t.Errorf("facts are\n%s, want\n%s", got, want)
	}
}

func TestAges(t *testing.T) {
	day := func(y uint16, m, d uint8) protocol.Date { return protocol.Date{Year: y, Month: m, Day: d} }
	for _, c := range []struct {
		name  string
		child protocol.Child
		since protocol.Date
		kind  protocol.Kind
		want  string
	}{
		{"a week after", protocol.Child{Age: protocol.Age{Min: 12, Max: 12, Unit: "years"}}, day(2026, 4, 25), "runaway", "Age when missing: 12 years"},
		{"years after", protocol.Child{Age: protocol.Age{Min: 12, Max: 12, Unit: "years"}}, day(2020, 4, 25), "runaway", "Age now: 18–19 years; Age when missing: 12 years"},
		{"infant", protocol.Child{Age: protocol.Age{Min: 7, Max: 8, Unit: "months"}}, day(2026, 4, 25), "runaway", "Age when missing: 7–8 months"},
		{"found", protocol.Child{Age: protocol.Age{Min: 5, Max: 7, Unit: "years"}}, day(2020, 4, 25), "unidentified_found", "Age when found: 5–7 years"},
		{"unknown", protocol.Child{}, day(2020, 4, 25), "runaway", ""},
	} {
		in := sample(t, "en", A4)
		in.Case.Children, in.Case.Since, in.Case.Kind = []protocol.Child{c.child}, c.since, c.kind
		if got := values(written(t, in).children[0].facts); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFactsOfTheOfficer(t *testing.T) {
	in := sample(t, "en", A4)
	in.Facts = []string{"clothing", "born", "height"}
	want := "Clothing when last seen: Yellow raincoat, blue jeans, white trainers with green laces; Year of birth: 2013; Height: 147–152 cm"
	if got := values(written(t, in).children[0].facts); got != want {
		t.Errorf("facts are\n%s, want\n%s", got, want)
	}
}

func TestWhichPhotosAreShown(t *testing.T) {
	one, two := make([]protocol.Child, 1), make([]protocol.Child, 2)
	photo := func(kind protocol.PhotoKind, who uint8) protocol.Photo { return protocol.Photo{Kind: kind, Who: who} }
	p, full, aged, object := photo(protocol.Portrait, 0), photo(protocol.FullFigure, 0), photo(protocol.AgeProgressed, 0), photo(protocol.Object, 0)
	adult := photo(protocol.CompanionShot, 0)
	for _, c := range []struct {
		children []protocol.Child
		adults   int
		photos   []protocol.Photo
		want     []int
	}{
		{one, 0, nil, nil},
		{one, 0, []protocol.Photo{p, full, p}, []int{0, 1}},
		{one, 0, []protocol.Photo{aged}, nil}, // never without its original
		{one, 0, []protocol.Photo{aged, p}, []int{1, 0}},
		{one, 1, []protocol.Photo{p, adult, full, aged}, []int{0, 1, 3}},
		{one, 0, []protocol.Photo{object, adult, photo(protocol.Portrait, 1)}, nil},
		{two, 1, []protocol.Photo{p, p, photo(protocol.Portrait, 1), aged, adult, adult}, []int{0, 2, 4}},
	} {
		got := Choose(&protocol.Case{Children: c.children, Companions: make([]protocol.Companion, c.adults)}, c.photos)
		if !slices.Equal(got, c.want) {
			t.Errorf("%d children, %v: shown %v, want %v", len(c.children), c.photos, got, c.want)
		}
	}
}

func TestPictureMadeOlderSaysSo(t *testing.T) {
	in := sample(t, "en", A4)
	in.Photos = append(in.Photos, Picture{JPEG: in.Photos[0].JPEG, Info: protocol.Photo{Kind: protocol.AgeProgressed}})
	photos := written(t, in).children[0].photos
	if len(photos) != 2 || photos[1].caption != in.Locales[0].T("case.ageprogressed") || photos[0].caption == photos[1].caption {
		t.Errorf("%d photos, with captions %v", len(photos), photos)
	}
}

func TestHeadings(t *testing.T) {
	girl, boy, child := protocol.Child{Name: "A", Sex: "female"}, protocol.Child{Name: "B", Sex: "male"}, protocol.Child{Name: "C", Sex: "unknown"}
	for _, c := range []struct {
		children []protocol.Child
		kind     protocol.Kind
		want     string
	}{
		{[]protocol.Child{girl}, "runaway", "poster.missing.female"},
		{[]protocol.Child{boy}, "runaway", "poster.missing.male"},
		{[]protocol.Child{child}, "runaway", "poster.missing"},
		{[]protocol.Child{girl, boy}, "runaway", "poster.missing.many"},
		{[]protocol.Child{girl}, "unidentified_found", "poster.who.female"},
		{[]protocol.Child{boy}, "unidentified_found", "poster.who"},
		{[]protocol.Child{girl, boy}, "unidentified_found", "poster.who"},
	} {
		in := sample(t, "fr", A4)
		in.Case.Children, in.Case.Kind = c.children, c.kind
		if got, want := written(t, in).heading[0], in.Locales[0].T(c.want); got != want {
			t.Errorf("%v: %q, want %q", c, got, want)
		}
	}
}

func TestHotlineOfTheCaseGoesFirst(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Hotline = "116 111"
	if s := written(t, in); s.hotline != "116 111" || !strings.Contains(s.donot[0], "116\u00a0111") {
		t.Errorf("hotline %q, do not %q", s.hotline, s.donot)
	}
}

func TestUnknownDayIsNotInvented(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Since = protocol.Date{Year: 2026, Month: 3}
	if got := written(t, in).since[0]; got != "Missing since March\u00a02026" {
		t.Errorf("since is %q", got)
	}
	in.Case.From.Country = "XA" // not assigned by ISO: the code itself
	if got := plain(written(t, in).place[0]); got != "Port Avel, Lower Lakes, XA" {
		t.Errorf("place is %q", got)
	}
}

func TestWordsOfTheOfficerAndTheCountry(t *testing.T) {
	in := sample(t, "en", A4)
	in.Heading, in.State, in.Emergency, in.CheckURL = HelpFind, Draft, "112", "missing.example/verify"
	in.Code = "HTTPS://MISSING.EXAMPLE/V/0123456789"
	s := written(t, in)
	if s.heading[0] != "HELP FIND" || s.draft != "DRAFT" || plain(s.others[0]) != "In an emergency: 112" || s.code != in.Code || !strings.Contains(s.verify[0], in.CheckURL) {
		t.Errorf("heading %q, draft %q, others %q, code %q, verify %q", s.heading, s.draft, s.others, s.code, s.verify)
	}
}

func TestWhatHasNoGlyphIsRefused(t *testing.T) {
	const bad = "\U0001F9A9" // a flamingo
	for name, spoil := range map[string]func(*Input){
		"name":         func(in *Input) { in.Case.Children[0].Name = bad },
		"sibling":      func(in *Input) { in.Case.Children = append(in.Case.Children, protocol.Child{Name: bad}) },
		"number":       func(in *Input) { in.Case.Number = bad },
		"locality":     func(in *Input) { in.Case.From.Locality = bad },
		"story":        func(in *Input) { in.Case.What["en"] = bad },
		"clothing":     func(in *Input) { in.Case.Children[0].Clothing["en"] = bad }, // behind the six that are shown
		"companion":    func(in *Input) { in.Case.Companions = []protocol.Companion{{Name: bad}} },
		"agency":       func(in *Input) { in.Case.Agency.Name = bad },
		"hotline":      func(in *Input) { in.Hotline = bad },
		"emergency":    func(in *Input) { in.Emergency = bad },
		"organisation": func(in *Input) { in.Organisation = protocol.Text{"en": bad} },
		"check":        func(in *Input) { in.CheckURL = bad },
	} {
		in := sample(t, "en", A4)
		spoil(&in)
		pdf, err := Render(in)
		var ge *GlyphError
		if !errors.As(err, &ge) || len(ge.Missing) != 1 || ge.Missing[0].Rune != '\U0001F9A9' || ge.Language != "en" || pdf != nil {
			t.Errorf("%s: error is %v", name, err)
		}
	}
	e := &GlyphError{Language: "en", Missing: []typeset.Missing{{Rune: '\u6c38', Pack: "NotoSansTC.ttf"}}}
	if s := e.Error(); !strings.Contains(s, "U+6C38") || !strings.Contains(s, "NotoSansTC.ttf") {
		t.Errorf("the error says %q", s)
	}
}

func TestWhatHasAStandInIsLeftOut(t *testing.T) {
	in := sample(t, "fr", A4)
	in.Case.Children[0].OtherNames = []string{"\u6c38", "Μίρα"}
	in.Case.What = protocol.Text{"zh-Hant": "\u6c38"}
	in.Case.Children[0].Marks = protocol.Text{"el": "Μικρή ουλή"}
	s := written(t, in)
	if plain(s.alias) != "Μίρα" || len(s.story) != 0 {
		t.Errorf("other names are %q, story is %v", s.alias, s.story)
	}
	if !strings.Contains(values(s.children[0].facts), "Μικρή ουλή") {
		t.Error("marks in a language that can be drawn are left out")
	}
}
