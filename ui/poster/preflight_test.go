package poster

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

func keysOf(advice []Advice) (stops, others []string) {
	for _, a := range advice {
		if a.Stop {
			stops = append(stops, a.Key)
		} else {
			others = append(others, a.Key)
		}
	}
	return stops, others
}

// TestPreflight takes a poster that is as it should be and spoils one thing at a time.
func TestPreflight(t *testing.T) {
	good := func() (Input, Desk) {
		in := sample(t, "en", A4)
		info := in.Photos[0].Info
		in.Photos = append(in.Photos, Picture{JPEG: portrait(t, 800, 1000), Info: info})
		in.Hotline = "+999 20 555 0111"
		return in, Desk{LegalBasis: true, Offices: []string{"+999 20 555 0111", "+999 20 555 0100"}, Today: in.Updated}
	}
	in, desk := good()
	proof, err := Preflight(in, desk)
	if err != nil || len(proof.Advice) != 0 {
		t.Fatalf("a poster as it should be gets %v, %v", proof, err)
	}
	if file, err := proof.Print(); err != nil || !bytes.Equal(file, render(t, in)) {
		t.Errorf("what is printed is not the poster: %v", err)
	}
	screen := in
	screen.Format = Wide
	if proof, err = Preflight(screen, desk); err != nil {
		t.Fatal(err)
	}
	if file, err := proof.Print(); err != nil || !bytes.HasPrefix(file, []byte("\xff\xd8")) {
		t.Errorf("a picture to share: %v", err)
	}
	for _, c := range []struct {
		name  string
		spoil func(*Input, *Desk)
		key   string
		stop  bool
	}{
		{"a number in the story", func(in *Input, _ *Desk) { in.Case.What = protocol.Text{"en": "Call her mother on 0171 555-0123."} }, "personal", true},
		{"Arabic digits", func(in *Input, _ *Desk) { in.Case.Children[0].Marks = protocol.Text{"en": "٠١٧١٥٥٥٠١٢٣"} }, "personal", true},
		{"the family's number as the hotline", func(in *Input, d *Desk) {
			in.Case.Hotline = "+999 171 555 0123"
			d.Family = []string{"Mother, at work: (0171) 555-0123"}
		}, "family", true},
		{"an adult without a legal basis", func(in *Input, d *Desk) {
			in.Case.Companions = []protocol.Companion{{Name: "Jo", Relation: "mother", Sex: "female"}}
			d.LegalBasis = false
		}, "adult", true},
		{"no number to call", func(in *Input, _ *Desk) { in.Hotline = "" }, "nohotline", true},
		{"a character without a glyph", func(in *Input, _ *Desk) { in.Case.Children[0].Name = "Mira \U00012000" }, "glyph", true},
		{"a character of a font pack", func(in *Input, _ *Desk) { in.Case.Children[0].Name = "龘" }, "glyphpack", true},
		{"a photo of a hundred pixels", func(in *Input, _ *Desk) { in.Photos[0].JPEG = portrait(t, 80, 100) }, "blurred", true},
		{"a photo of three hundred pixels", func(in *Input, _ *Desk) { in.Photos[0].JPEG = portrait(t, 320, 400) }, "resolution", false},
		{"no photo", func(in *Input, _ *Desk) { in.Photos = nil }, "nophoto", false},
		{"one photo", func(in *Input, _ *Desk) { in.Photos = in.Photos[:1] }, "onelook", false},
		{"a photo without a date", func(in *Input, _ *Desk) { in.Photos[0].Info.Taken = protocol.Date{} }, "photodate", false},
		{"a photo of two years before", func(in *Input, _ *Desk) { in.Photos[0].Info.Taken = protocol.Date{Year: 2024, Month: 2} }, "photoold", false},
		{"a small child's photo of eight months before", func(in *Input, _ *Desk) {
			child := &in.Case.Children[0]
			child.BirthYear, child.Age = 0, protocol.Age{Min: 3, Max: 3, Unit: protocol.Years}
			in.Photos[0].Info.Taken = protocol.Date{Year: 2025, Month: 7}
			in.Photos[1].Info.Taken = protocol.Date{Year: 2026, Month: 2}
		}, "photoold", false},
		{"two children", func(in *Input, _ *Desk) { in.Case.Children = append(in.Case.Children, in.Case.Children[0]) }, "many", false},
		{"a long story", func(in *Input, _ *Desk) { in.Case.What = protocol.Text{"en": strings.Repeat("word ", 41)} }, "words", false},
		{"only a country", func(in *Input, _ *Desk) { in.Case.From.Locality = "" }, "place", false},
		{"no code", func(in *Input, _ *Desk) { in.Code = "" }, "nocode", false},
		{"valid for a week", func(in *Input, d *Desk) { d.Today = in.ValidUntil.Add(-7 * 24 * time.Hour) }, "ending", false},
		{"a handbill with numbers to tear off, without room for what happened", func(in *Input, _ *Desk) { in.Format, in.TearOff = A5, true }, "leftstory", false},
		{"one without room for all facts", func(in *Input, _ *Desk) {
			in.Format, in.TearOff = A5, true
			in.Case.Companions = []protocol.Companion{{Name: "Jo", Relation: "mother", Sex: "female"}}
		}, "leftfacts", false},
		{"one without room for an adult", func(in *Input, _ *Desk) {
			in.Format, in.TearOff, in.Case.Companions = A5, true, make([]protocol.Companion, 2)
			for i := range in.Case.Companions {
				in.Case.Companions[i] = protocol.Companion{Name: strings.TrimSpace(strings.Repeat("Johanna ", 15)), Relation: "mother", Sex: "female"}
			}
		}, "leftadult", false},
		{"a text that has no room", func(in *Input, _ *Desk) {
			in.Case.Children[0].Name = strings.TrimSpace(strings.Repeat("Maximiliana ", 30))
		}, "cut", false},
	} {
		in, desk := good()
		c.spoil(&in, &desk)
		proof, err := Preflight(in, desk)
		if err != nil {
			t.Fatal(err)
		}
		stops, others := keysOf(proof.Advice)
		if file, err := proof.Print(); c.stop != (err != nil) || c.stop != (file == nil) || c.stop != (len(proof.Stops()) > 0) {
			t.Errorf("%s: printed %v, %v", c.name, file != nil, err)
		}
		if where := map[bool][]string{true: stops, false: others}[c.stop]; !slices.Contains(where, c.key) {
			t.Errorf("%s: stops %v, advice %v; want %s", c.name, stops, others, c.key)
		}
		if !c.stop && len(stops) > 0 {
			t.Errorf("%s: stopped by %v", c.name, stops)
		}
	}
}

// TestInspect: what no design draws is stopped all the same.
func TestInspect(t *testing.T) {
	set, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	text := func(size float64, colour RGB) *Page {
		b := set.Layout("word", typeset.Style{Size: size, Lang: "en"}, 100, 1)
		return &Page{W: 100, H: 100, Marks: []Mark{{Text: &Text{Block: b, Colour: colour, Ground: paper}}}}
	}
	for key, page := range map[string]*Page{"small": text(7, ink), "contrast": text(12, line), "": text(8, ink)} {
		stops, _ := keysOf(inspect([]*Page{page}))
		if got := strings.Join(stops, " "); got != key {
			t.Errorf("got %q, want %q", got, key)
		}
	}
}

func TestNumbersIn(t *testing.T) {
	for text, want := range map[string]string{
		"Call 0171 555-0123 today.":                 "0171 555-0123",
		"+44 (0)20 7946 0018":                       "+44 (0)20 7946 0018",
		"Born 12.03.2013, seen 2026-03-09":          "",
		"In the years 2019–2024":                    "",
		"126–130 cm, 38 kg, bus 147, house 12":      "",
		"०९८७६५४३२१":                                "०९८७६५४३२१",
		"Number plate AB 12 CD 345":                 "",
		"Seen at 16:30 on 9 March 2026 by 3 people": "",
	} {
		if got := strings.Join(numbersIn([]string{text}), "|"); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWordsIn(t *testing.T) {
	for text, want := range map[string]int{"": 0, "Two words": 2, "– one –": 1, "她喜歡畫畫": 3, "เธอชอบวาดรูป": 3} {
		if got := wordsIn(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}
