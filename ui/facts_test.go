package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func plainText(s string) string {
	return strings.NewReplacer("\u2068", "", "\u2069", "").Replace(s)
}

func TestFactsAreInTheWordsOfTheLanguage(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := &protocol.Case{
		Kind: protocol.Runaway, Since: protocol.Date{Year: 2024, Month: 3},
		Children: []protocol.Child{{
			Name: "Ana M.", BirthYear: 2014, Age: protocol.Age{Min: 9, Max: 10, Unit: protocol.Years}, Sex: "female", Eyes: "green",
			Hair: []protocol.HairColour{"brown", "red"}, HairDyed: true,
			Height: protocol.Height{Min: 142, Max: 148, AsOf: protocol.Date{Year: 2024, Month: 2}}, Weight: protocol.Weight{Min: 315, Max: 360},
			Languages: []string{"el", "en"}, Marks: protocol.Text{"fr": "Une cicatrice"}, Clothing: protocol.Text{"en": "A coat", "el": "Παλτό"},
		}},
	}
	facts := func(tag string) map[string]Fact {
		m := map[string]Fact{}
		for _, f := range Facts(locale(t, tag), c, 0, now) {
			if strings.Contains(f.Label+f.Value, "⟦") || f.Label == "" || f.Value == "" {
				t.Errorf("%s: %+v", tag, f)
			}
			m[f.Key] = f
		}
		return m
	}
	for tag, want := range map[string]map[string]string{
		"en": {
			"agenow": "11–12 years", "agethen": "9–10 years", "born": "2014", "sex": "Female", "eyes": "Green", "hair": "Brown, Red, dyed",
			"height": "142–148 cm (4 ft 8 in – 4 ft 10 in), as of February 2024", "weight": "31.5–36 kg (69–79 lb)", "languages": "Greek, English",
			"marks": "Une cicatrice", "clothing": "A coat",
		},
		"el": {"clothing": "Παλτό", "weight": "31,5–36 κιλά"},
		"fr": {"agenow": "11 à 12 ans", "clothing": "A coat"},
		"ar": {"languages": "اليونانية، الإنجليزية", "born": "2014"},
	} {
		got := facts(tag)
		for key, value := range want {
			if got[key].Value != value {
				t.Errorf("%s: %s is %q, want %q", tag, key, got[key].Value, value)
			}
		}
	}
	if got := facts("en")["marks"]; got.Lang != "fr" || !got.Prose {
		t.Errorf("text in another language: %+v", got)
	}
	if got := facts("fr")["marks"]; got.Lang != "" {
		t.Errorf("text in the page's language: %+v", got)
	}
}

func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	infant := &protocol.Case{Kind: protocol.UnidentifiedFound, Since: protocol.Date{Year: 2026, Month: 11, Day: 20},
		Children: []protocol.Child{{Sex: "unknown", Age: protocol.Age{Min: 3, Max: 3, Unit: protocol.Months}}}}
	got := Facts(locale(t, "en"), infant, 0, now)
	if len(got) != 2 || got[0].Label != "Age when found" || got[0].Value != "3 months" || got[1].Key != "sex" {
		t.Errorf("got %+v", got)
	}
	if name := Name(locale(t, "en"), infant); name != "Name not known" {
		t.Errorf("name %q", name)
	}
	if since := Since(locale(t, "en"), infant); since != "Found on 20 November 2026" {
		t.Errorf("since %q", since)
	}
}

func TestNamesPlacesAndAgreement(t *testing.T) {
	en, ar, fr := locale(t, "en"), locale(t, "ar"), locale(t, "fr")
	two := &protocol.Case{Children: []protocol.Child{{Name: "Ana", Sex: "female"}, {Name: "Bo", Sex: "male"}}}
	if got := plainText(Name(en, two)); got != "Ana and Bo" {
		t.Errorf("got %q", got)
	}
	place := protocol.Place{Country: "XA", Area: "Northmark", Locality: "Fennbrook"}
	if got := plainText(PlaceText(ar, place, "أرفينيا")); got != "Fennbrook، Northmark، أرفينيا" {
		t.Errorf("got %q", got)
	}
	for own, want := range map[string]string{"": "XA", "en": "Arvenia"} {
		names := protocol.Text{}
		if own != "" {
			names[own] = "Arvenia"
		}
		if got := CountryName(fr, names, "XA"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := CountryName(fr, nil, "GR"); got != "Grèce" {
		t.Errorf("got %q", got)
	}
	girl := &protocol.Case{Children: two.Children[:1]}
	if got := Agree(fr, "case.seen", girl); got != fr.T("case.seen.female") || got == fr.T("case.seen") {
		t.Errorf("got %q", got)
	}
	if got := Agree(fr, "case.seen", &protocol.Case{Children: two.Children[1:]}); got != fr.T("case.seen") {
		t.Errorf("got %q", got)
	}
}
