package i18n

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write testdata/languages.txt anew; then read it")

// TestLanguagesLookRight compares dates, numbers, lists and ages in all
// languages, and with other digits and calendars, with what a person has read.
func TestLanguagesLookRight(t *testing.T) {
	var b strings.Builder
	for _, l := range load(t).PosterLocales() {
		fmt.Fprintf(&b, "%s %s %s\n", l.Tag, l.Dir, l.Endonym)
		look(&b, l)
		for _, n := range []int{0, 1, 2, 3, 5, 11, 21, 100} {
			fmt.Fprintf(&b, "  %s · %s · %s · %s\n", l.N("age.years", n), l.N("age.months", n), l.N("age.days", n), l.N("case.children", n))
		}
		fmt.Fprintf(&b, "  %s · %s\n", l.Decimal(12345), l.Number(1234567))
		fmt.Fprintf(&b, "  %s · %s\n", l.List([]string{"A", "B"}), l.List([]string{"A", "B", "C"}))
		var names []string
		for _, tag := range []string{"en", "ar", "fa-AF", "pt-BR", "sr-Latn", "uk", "zh-Hant"} {
			names = append(names, l.Language(tag))
		}
		for _, code := range []string{"GR", "RS", "BY", "TW", "TR"} {
			names = append(names, l.Country(code))
		}
		fmt.Fprintf(&b, "  %s\n", strings.Join(names, " · "))
	}
	for _, c := range []struct{ tag, digits, calendar string }{
		{"th", "latn", "buddhist"}, {"th", "thai", "buddhist"}, {"fa", "arabext", "persian"}, {"en", "latn", "persian"},
		{"ar", "arab", "gregorian"}, {"hi", "deva", "gregorian"}, {"en", "latn", "ethiopic"}, {"fr", "latn", "ethiopic"},
	} {
		bundle, err := load(t).WithDigits(c.tag, c.digits)
		if err != nil {
			t.Fatal(err)
		}
		if bundle, err = bundle.WithCalendar(c.tag, c.calendar); err != nil {
			t.Fatal(err)
		}
		l, _ := bundle.PosterLocale(c.tag)
		fmt.Fprintf(&b, "%s %s %s\n", c.tag, c.digits, c.calendar)
		look(&b, l)
		fmt.Fprintf(&b, "  %s · %s · %s\n", l.N("age.years", 12), l.Decimal(12345), l.T("case.donot", "number", "+66 2 123 4567"))
	}
	const file = "testdata/languages.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != line {
			t.Fatalf("line %d of %s is %q, want %q; if it is better, run go test -run %s -update and read the file",
				i+1, file, got[min(i, len(got)-1)], line, t.Name())
		}
	}
}

// look writes the dates of a language.
func look(b *strings.Builder, l *Locale) {
	fmt.Fprintf(b, "  %s · %s · %s · %s\n", l.Date(2026, 3, 9), l.Date(2026, 8, 1), l.Date(2026, 5, 0), l.Date(2026, 0, 0))
	fmt.Fprintf(b, "  %s\n", l.DateTime(time.Date(2025, 12, 31, 8, 5, 0, 0, time.UTC)))
}

// samples has, by plural category, counts that the CLDR gives as samples of it.
var samples = map[string]map[string][]int{
	"be":      {"one": {1, 21, 101}, "few": {2, 4, 22, 102}, "many": {0, 5, 11, 12, 14, 19, 100}},
	"de":      {"one": {1}, "other": {0, 2, 16, 100, 1000000}},
	"es":      {"one": {1}, "many": {1000000}, "other": {0, 2, 16, 100}},
	"fa":      {"one": {0, 1}, "other": {2, 17, 100}},
	"hi":      {"one": {0, 1}, "other": {2, 17, 100}},
	"it":      {"one": {1}, "many": {1000000}, "other": {0, 2, 16, 100}},
	"ko":      {"other": {0, 1, 15, 100}},
	"nl":      {"one": {1}, "other": {0, 2, 16, 100}},
	"pl":      {"one": {1}, "few": {2, 4, 22, 102}, "many": {0, 5, 12, 19, 21, 100}},
	"pt-BR":   {"one": {0, 1}, "many": {1000000}, "other": {2, 17, 100}},
	"pt-PT":   {"one": {1}, "many": {1000000}, "other": {0, 2, 16, 100}},
	"ro":      {"one": {1}, "few": {0, 2, 16, 101, 119}, "other": {20, 35, 100, 120}},
	"ru":      {"one": {1, 21, 101}, "few": {2, 4, 22, 102}, "many": {0, 5, 11, 12, 14, 19, 100}},
	"sq":      {"one": {1}, "other": {0, 2, 16, 100}},
	"sr-Cyrl": {"one": {1, 21, 101}, "few": {2, 4, 22, 102}, "other": {0, 5, 11, 12, 19, 100}},
	"sr-Latn": {"one": {1, 21, 101}, "few": {2, 4, 22, 102}, "other": {0, 5, 11, 12, 19, 100}},
	"th":      {"other": {0, 1, 15, 100}},
	"tr":      {"one": {1}, "other": {0, 2, 16, 100}},
	"uk":      {"one": {1, 21, 101}, "few": {2, 4, 22, 102}, "many": {0, 5, 11, 12, 14, 19, 100}},
	"zh-Hant": {"other": {0, 1, 15, 100}},
}

func TestPluralCategories(t *testing.T) {
	for _, tag := range postersOnly {
		l, ok := load(t).PosterLocale(tag)
		if !ok || samples[tag] == nil {
			t.Errorf("%s: no language or no samples", tag)
			continue
		}
		for name, counts := range samples[tag] {
			for _, n := range counts {
				if got := categoryNames[l.plurals.category(n)]; got != name {
					t.Errorf("%s: %d is %s, want %s", tag, n, got, name)
				}
			}
		}
	}
}

// TestMessagesRender says every message of every language with all its values.
func TestMessagesRender(t *testing.T) {
	for tag, c := range embeddedCatalogues(t) {
		l, _ := load(t).PosterLocale(tag)
		for key, m := range c {
			var args []any
			for i, name := range m.placeholders() {
				args = append(args, name, fmt.Sprintf("⟨%d⟩", i))
			}
			texts := []string{l.T(key, args...)}
			if m.counts() {
				texts = nil
				for _, n := range []int{0, 1, 2, 3, 11, 20, 21, 100, 1000000} {
					texts = append(texts, l.N(key, n, args...))
				}
			}
			for _, text := range texts {
				if text == "" || strings.ContainsAny(text, "⟦⟧{}") {
					t.Errorf("%s: %q is %q", tag, key, text)
				}
				for i, name := range m.placeholders() {
					if name != "count" && strings.Count(text, args[2*i+1].(string)) != 1 {
						t.Errorf("%s: %q has {{.%s}} not once: %q", tag, key, name, text)
					}
				}
			}
		}
	}
}

// sameAsEnglish are messages that some language says as English does: symbols,
// and words that the language shares.
var sameAsEnglish = strings.Fields("case.range case.cm case.kg locale.dayone case.title " +
	"de:case.name de:hair.blond nl:hair.blond pl:hair.blond ro:hair.blond ro:case.sex fr:case.photos nl:case.photo sq:poster.draft")

func TestNoEnglishIsLeft(t *testing.T) {
	all := embeddedCatalogues(t)
	for _, tag := range postersOnly {
		for key, m := range all[tag] {
			same := joined(m[other]) == joined(all[reference][key][other])
			if same && !slices.Contains(sameAsEnglish, key) && !slices.Contains(sameAsEnglish, tag+":"+key) {
				t.Errorf("%s: %q is the English text: %q", tag, key, joined(m[other]))
			}
		}
	}
}

// TestSerbianIsOneLanguage spells the Latin catalogue in Cyrillic letters and
// compares: a change of one must come to the other.
func TestSerbianIsOneLanguage(t *testing.T) {
	all := embeddedCatalogues(t)
	for key, m := range all["sr-Latn"] {
		if key == "locale.endonym" {
			continue
		}
		for form := range m {
			var spelt []part
			for _, p := range m[form] {
				if p.text != " cm" && p.text != " kg" {
					p.text = cyrillic.Replace(p.text)
				}
				spelt = append(spelt, p)
			}
			if got, want := joined(all["sr-Cyrl"][key][form]), joined(spelt); got != want {
				t.Errorf("sr-Cyrl: %q is %q, and sr-Latn has %q", key, got, want)
			}
		}
	}
}

var cyrillic = strings.NewReplacer(strings.Fields(`lj љ nj њ dž џ Lj Љ Nj Њ Dž Џ LJ Љ NJ Њ DŽ Џ
	a а b б v в g г d д đ ђ e е ž ж z з i и j ј k к l л m м n н o о p п r р s с t т ć ћ u у f ф h х c ц č ч š ш
	A А B Б V В G Г D Д Đ Ђ E Е Ž Ж Z З I И J Ј K К L Л M М N Н O О P П R Р S С T Т Ć Ћ U У F Ф H Х C Ц Č Ч Š Ш`)...)

// TestShortOnPosters holds what stands in narrow places to a length at which it
// can still be read from afar: headings in one line, labels in half a column.
func TestShortOnPosters(t *testing.T) {
	most := map[string]int{"call": 20, "draft": 16, "missing": 22, "helpfind": 26, "who": 28, "scan": 48}
	for tag, c := range embeddedCatalogues(t) {
		for key, m := range c {
			group, rest, _ := strings.Cut(key, ".")
			base, _, _ := strings.Cut(rest, ".")
			limit := 0
			switch {
			case group == "poster":
				limit = most[base]
			case group == "eyes" || group == "hair" || group == "sex":
				limit = 28
			case group == "case" && slices.Contains(strings.Fields("agethen agefound agenow born sex eyes hair height weight languages marks clothing appearance number"), rest):
				limit = 36
			}
			if n := utf8.RuneCountInString(joined(m[other])); limit > 0 && n > limit {
				t.Errorf("%s: %q has %d characters, at most %d can be read: %q", tag, key, n, limit, joined(m[other]))
			}
		}
	}
}
