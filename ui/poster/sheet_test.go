package poster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func values(facts []fact) string {
	var all []string
	for _, f := range facts {
		all = append(all, strings.ReplaceAll(f.label+": "+f.value, "\u00a0", " "))
	}
	return strings.Join(all, "; ")
}

func TestFactsTheMostUsefulFirst(t *testing.T) {
	in := sample(t, "en", A4)
	want := "Age now: 12–13 years; Sex: Female; Height: 147–152 cm; Hair: Brown, dyed; Eyes: Hazel; Distinguishing marks: Small scar above the left eyebrow"
	if got := values(written(t, in).facts); got != want {
		t.Errorf("facts are\n%s, want\n%s", got, want)
	}
	in.Updated = time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	if got := values(written(t, in).facts); !strings.Contains(got, "Yellow raincoat") || strings.Contains(got, "Eyes") {
		t.Errorf("three days after, clothing must go before eyes: %s", got)
	}
	in = sample(t, "en", A4)
	ch := &in.Case.Children[0]
	ch.Sex, ch.Eyes, ch.Hair, ch.Marks, ch.Height, ch.Clothing = "unknown", "unknown", []protocol.HairColour{"unknown"}, nil, protocol.Height{}, nil
	want = "Age now: 12–13 years; Age when missing: 12 years; Weight: 38.5–42 kg; Languages spoken: English, Greek"
	if got := values(written(t, in).facts); got != want {
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
		if got := values(written(t, in).facts); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFactsAreOfTheChildInThePhoto(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Children = append(in.Case.Children, protocol.Child{Name: "Toma Aldenhoven", Sex: "male", BirthYear: 2017})
	in.PhotoInfo.Who = 1
	s := written(t, in)
	if s.subject != "Toma Aldenhoven" || !strings.Contains(values(s.facts), "Male") || !strings.HasPrefix(s.caption, "Toma Aldenhoven · ") {
		t.Errorf("subject %q, facts %q, caption %q", s.subject, values(s.facts), s.caption)
	}
	want := []sibling{{"Mira Aldenhoven", "12–13\u00a0years · Female"}}
	if !slices.Equal(s.siblings, want) {
		t.Errorf("siblings are %q, want %q", s.siblings, want)
	}
	if s.name != "Mira Aldenhoven and Toma Aldenhoven" {
		t.Errorf("name is %q", s.name)
	}
	in.PhotoInfo.Who = 9
	if s := written(t, in); s.subject != "Mira Aldenhoven" {
		t.Errorf("a photo of nobody: subject is %q", s.subject)
	}
}

func TestPhotoOfAnotherNeverStandsForTheChild(t *testing.T) {
	for kind, want := range map[protocol.PhotoKind]bool{protocol.Portrait: true, protocol.FullFigure: true, protocol.AgeProgressed: true,
		protocol.CompanionShot: false, protocol.Object: false} {
		in := sample(t, "en", A4)
		in.PhotoInfo.Kind = kind
		if got := written(t, in).photo != nil; got != want {
			t.Errorf("%s: shown %v", kind, got)
		}
	}
	in := sample(t, "en", A4)
	in.PhotoInfo.Kind = protocol.AgeProgressed
	if got := written(t, in).caption; !strings.HasPrefix(got, in.Locale.T("case.ageprogressed")) {
		t.Errorf("caption is %q", got)
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
		if got, want := written(t, in).heading, clean(in.Locale.T(c.want)); got != want {
			t.Errorf("%v: %q, want %q", c, got, want)
		}
	}
}

func TestHotlineOfTheCaseGoesFirst(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Hotline = "116 111"
	if s := written(t, in); s.hotline != "116 111" || !strings.Contains(s.donot, "116\u00a0111") {
		t.Errorf("hotline %q, do not %q", s.hotline, s.donot)
	}
}

func TestUnknownDayIsNotInvented(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Since = protocol.Date{Year: 2026, Month: 3}
	if got := written(t, in).since; got != "Missing since March\u00a02026" {
		t.Errorf("since is %q", got)
	}
	in.Case.From.Country = "XA" // not assigned by ISO: the code itself
	if got := written(t, in).place; got != "Port Avel, Lower Lakes, XA" {
		t.Errorf("place is %q", got)
	}
}

func TestWordsOfTheOfficerAndTheCountry(t *testing.T) {
	in := sample(t, "en", A4)
	in.Heading, in.State, in.Emergency, in.CheckURL = HelpFind, Draft, "112", "missing.example/verify"
	in.Code = "HTTPS://MISSING.EXAMPLE/V/0123456789"
	s := written(t, in)
	if s.heading != "HELP FIND" || s.draft != "DRAFT" || s.emergency != "In an emergency: 112" || s.code != in.Code || !strings.Contains(s.verify, in.CheckURL) {
		t.Errorf("heading %q, draft %q, emergency %q, code %q, verify %q", s.heading, s.draft, s.emergency, s.code, s.verify)
	}
}
