package protocoltest

import (
	"bytes"
	"crypto/ed25519"
	"image/png"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

var today = time.Date(2026, 3, 9, 15, 4, 5, 0, time.UTC)

func TestNothingIsTwice(t *testing.T) {
	seen := map[any]string{}
	once := func(what any, where string) {
		if other, ok := seen[what]; ok {
			t.Errorf("%v is in %s and in %s", what, other, where)
		}
		seen[what] = where
	}
	type person struct {
		number string
		adult  bool
		who    uint8
	}
	faces := map[int64]person{}
	for _, c := range Countries(today) {
		once(c.Brand, c.Code)
		once(c.Accent, c.Code)
		once(string(c.Logo), c.Code)
		for _, h := range c.Hotlines {
			once(h.Number, c.Code)
		}
	}
	seeds(today, func(c *Country, s *Seed) {
		n := s.Case.Number
		if !strings.HasPrefix(n, c.Code+"-2026-") {
			t.Errorf("%s: a number of another country or year", n)
		}
		once(n, n)
		for _, child := range s.Case.Children {
			for _, name := range append([]string{child.Name}, child.OtherNames...) {
				if name != "" {
					once(name, n)
				}
			}
		}
		for _, p := range s.Photos {
			once(p.Look, n)
			who := person{n, p.Kind == protocol.CompanionShot, p.Who}
			if other, ok := faces[p.Look.Seed]; ok && other != who {
				t.Errorf("%v and %v have the same face", who, other)
			}
			faces[p.Look.Seed] = who
		}
	})
	if !reflect.DeepEqual(Countries(today), Countries(today)) {
		t.Error("the same day gave other countries")
	}
}

func TestTextsAreInEachLanguage(t *testing.T) {
	for _, c := range Countries(today) {
		for _, lang := range c.Languages {
			for page, text := range map[string]string{"home": c.Home[lang], "about": c.About[lang]} {
				invented := map[string]string{"en": "invented", "fr": "inventées", "el": "επινοημένα", "ar": "خيالية"}[lang]
				if !strings.Contains(text, invented) {
					t.Errorf("%s: %s in %s does not say that all is invented", c.Code, page, lang)
				}
			}
		}
		for _, lang := range []string{"en", "fr", "el", "ar"} {
			if c.Names[lang] == "" || c.CountryNames[lang] == "" {
				t.Errorf("%s has no name in %s", c.Code, lang)
			}
		}
	}
	seeds(today, func(c *Country, s *Seed) {
		want := slices.Compact(slices.Sorted(slices.Values(append([]string{"en"}, c.Languages...))))
		for _, text := range s.texts() {
			if got := text.Languages(); !slices.Equal(got, want) {
				t.Errorf("%s: a text is in %v", s.Case.Number, got)
			}
			for lang, words := range text {
				if n := len(strings.Fields(words)); n > 40 {
					t.Errorf("%s: %d words in %s", s.Case.Number, n, lang)
				}
			}
		}
	})
}

func TestNumbersReachNobody(t *testing.T) {
	check := func(where, number string) {
		if !protocol.ValidPhone(number) || !strings.HasPrefix(number, "+0 99 ") {
			t.Errorf("%s: %s may be somebody's number", where, number)
		}
	}
	for _, c := range Countries(today) {
		for _, h := range c.Hotlines {
			check(c.Code, h.Number)
		}
	}
	seeds(today, func(_ *Country, s *Seed) {
		for _, number := range []string{s.Case.Hotline, s.Case.Agency.Phone} {
			if number != "" {
				check(s.Case.Number, number)
			}
		}
		if contact := s.Local.Contact; !strings.HasSuffix(contact, ".example") {
			check(s.Case.Number, contact)
		}
	})
}

func TestCountryFitsACard(t *testing.T) {
	for _, c := range Countries(today) {
		key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte(c.Code), 16))
		_, err := protocol.SignCard(key, protocol.Card{Epoch: 1, Issue: 1, Country: c.Code, CountryNames: c.CountryNames, Names: c.Names,
			Hotlines: c.Hotlines, Site: "https://site.example", Languages: c.Languages, At: today, NotAfter: today.AddDate(1, 0, 0)})
		if err != nil {
			t.Errorf("%s: %v", c.Code, err)
		}
		if m, err := png.Decode(bytes.NewReader(c.Logo)); err != nil || m.Bounds().Dx() != 512 || m.Bounds().Dy() != 512 {
			t.Errorf("%s: logo %v, %v", c.Code, m.Bounds(), err)
		}
	}
}

// contrast is the ratio of WCAG 2, from 1 to 21.
func contrast(a, b Tint) float64 {
	luminance := func(t Tint) float64 {
		var sum float64
		for i, weight := range []float64{.2126, .7152, .0722} {
			v := float64(t>>(16-8*i)&255) / 255
			if v <= .04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

func TestColoursCanBeRead(t *testing.T) {
	for _, c := range Countries(today) {
		if k := contrast(tintOf(c.Brand), 0xffffff); k < 4.5 {
			t.Errorf("%s: white on %s is %.1f", c.Code, c.Brand, k)
		}
		if k := contrast(tintOf(c.Accent), 0x101820); k < 4.5 {
			t.Errorf("%s: %s on dark is %.1f", c.Code, c.Accent, k)
		}
	}
}
