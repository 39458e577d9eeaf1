package poster

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

func TestScriptsThatCannotBeDrawnAreRefused(t *testing.T) {
	for name, missing := range map[string]string{
		"سارة":            "ارسة",
		"שרה":             "השר",
		"Mira 😀":          "😀",
		"𠮷野":              "野𠮷",
		"श्रुति":          "तरशिु्",
		"Ọ\u0301la":       "\u0301", // no precomposed letter
		"Mira\u20e0":      "\u20e0",
		"Նարե":            "արեՆ",
		"Mira \u0640":     "\u0640", // an Arabic letter that Unicode calls common to all scripts
		"Mira \xf6":       "\ufffd",
		"Mira \uf8ff":     "\uf8ff",
		"Mira \U0010fffd": "\U0010fffd",
	} {
		in := sample(t, "en", A4)
		in.Case.Children[0].Name = name
		pdf, err := Render(in)
		var se *ScriptError
		if !errors.As(err, &se) || pdf != nil {
			t.Errorf("%q: error is %v", name, err)
			continue
		}
		want := []rune(missing)
		slices.Sort(want)
		if !slices.Equal(se.Missing, want) || se.Language != "en" {
			t.Errorf("%q: missing %U in %s, want %U in en", name, se.Missing, se.Language, want)
		}
		if strings.Contains(err.Error(), "Mira") {
			t.Errorf("the name is in the error: %v", err)
		}
	}
}

func TestLanguageThatCannotBeDrawnIsRefused(t *testing.T) {
	in := sample(t, "ar", A4)
	var se *ScriptError
	if _, err := Render(in); !errors.As(err, &se) || se.Language != "ar" || len(se.Missing) == 0 {
		t.Fatalf("error is %v", err)
	}
	if msg := se.Error(); len(msg) > 400 || !strings.Contains(msg, "U+06") || !strings.Contains(msg, "more") {
		t.Errorf("message is %q", msg)
	}
}

// Each place where a text of the case or of the member is printed.
func TestEveryPrintedTextIsChecked(t *testing.T) {
	const bad = "Ж" + "ש"
	for name, spoil := range map[string]func(*Input){
		"name":         func(in *Input) { in.Case.Children[0].Name = bad },
		"sibling":      func(in *Input) { in.Case.Children = append(in.Case.Children, protocol.Child{Name: bad}) },
		"number":       func(in *Input) { in.Case.Number = bad },
		"locality":     func(in *Input) { in.Case.From.Locality = bad },
		"area":         func(in *Input) { in.Case.From.Area = bad },
		"story":        func(in *Input) { in.Case.What["en"] = bad },
		"marks":        func(in *Input) { in.Case.Children[0].Marks["en"] = bad },
		"clothing":     func(in *Input) { in.Case.Children[0].Clothing["en"] = bad },
		"agency":       func(in *Input) { in.Case.Agency.Name = bad },
		"phone":        func(in *Input) { in.Case.Agency.Phone = bad },
		"hotline":      func(in *Input) { in.Hotline = bad },
		"own hotline":  func(in *Input) { in.Case.Hotline = bad },
		"organisation": func(in *Input) { in.Organisation = bad },
		"address":      func(in *Input) { in.CaseURL = bad },
		"fingerprint":  func(in *Input) { in.Fingerprint = bad },
		"language":     func(in *Input) { in.Case.Children[0].Languages = []string{bad} },
	} {
		in := sample(t, "en", A4)
		spoil(&in)
		_, err := Render(in)
		var se *ScriptError
		// Clothing and languages stand behind six better facts here, and are not printed; they are checked all the same.
		if !errors.As(err, &se) || !slices.Equal(se.Missing, []rune{'ש'}) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestWhatHasAStandInIsLeftOut(t *testing.T) {
	in := sample(t, "fr", A4)
	in.Case.Children[0].OtherNames = []string{"ميرا", "Μίρα"}
	in.Case.What = protocol.Text{"ar": "خرجت من المدرسة", "he": "יצאה"}
	in.Case.Children[0].Marks = protocol.Text{"el": "Μικρή ουλή"}
	s := written(t, in)
	if s.alias != "Μίρα" {
		t.Errorf("other names are %q", s.alias)
	}
	if s.story != "" {
		t.Errorf("story is %q", s.story)
	}
	if !slices.ContainsFunc(s.facts, func(f fact) bool { return f.value == "Μικρή ουλή" }) {
		t.Error("marks in a language that can be drawn are left out")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "",
		" a \n\n b\tc ":                "a b c",
		"e\u0301\u200d\u200f":          "é",
		"\u2066+999 116\u2069":         "+999 116",
		"au\u00adto\u00a0bus":          "auto\u00a0bus",
		"Date\u202f: 3":                "Date\u202f: 3",
		"\u202ereversed\u202c \u2060x": "reversed x",
	} {
		if got := clean(in); got != want {
			t.Errorf("clean(%q) is %q, want %q", in, got, want)
		}
	}
}

func written(t testing.TB, in Input) *sheet {
	t.Helper()
	f, err := newFaces()
	if err != nil {
		t.Fatal(err)
	}
	s, err := write(&in, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
