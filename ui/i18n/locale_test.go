package i18n

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
)

var loadOnce = sync.OnceValues(func() (*Bundle, error) { return Load(nil) })

func load(t testing.TB) *Bundle {
	t.Helper()
	b, err := loadOnce()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func locale(t testing.TB, tag string) *Locale {
	t.Helper()
	l, ok := load(t).Locale(tag)
	if !ok {
		t.Fatalf("no language %s", tag)
	}
	return l
}

func TestLocales(t *testing.T) {
	var got []string
	for _, l := range load(t).Locales() {
		got = append(got, l.Tag+" "+l.Dir+" "+l.Endonym)
	}
	want := []string{"ar rtl العربية", "el ltr Ελληνικά", "en ltr English", "fr ltr Français"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, tag := range []string{"", "EN", "en-GB", "xx"} {
		if _, ok := load(t).Locale(tag); ok {
			t.Errorf("there is a language %q", tag)
		}
	}
}

func TestMatch(t *testing.T) {
	all := []string{"el", "en", "fr", "ar"}
	for _, c := range []struct {
		header    string
		supported []string
		want      string
	}{
		{"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", all, "fr"},
		{"ar-EG", all, "ar"},
		{"en;q=0.5, ar;q=0.9", all, "ar"},
		{"en-US,en;q=0.9", all, "en"},
		{"ja, ko;q=0.9", all, "el"},
		{"ja, ko;q=0.9, en;q=0.1", all, "en"},
		{"", all, "el"},
		{"*", all, "el"},
		{"fr;q=0", all, "el"},
		{";;;=q,-", all, "el"},
		{strings.Repeat("a-", 5000), all, "el"},
		{"fr", []string{"en", "ar"}, "en"},
		{"fr", []string{"xx", "ar"}, "ar"},
		{"fr", []string{"xx"}, ""},
		{"fr", nil, ""},
	} {
		if got := load(t).Match(c.header, c.supported); got != c.want {
			t.Errorf("Match(%.60q, %q) = %q, want %q", c.header, c.supported, got, c.want)
		}
	}
}

func TestPlurals(t *testing.T) {
	for _, c := range []struct {
		tag   string
		count int
		want  string
	}{
		{"en", 0, "0 children"}, {"en", 1, "1 child"}, {"en", 2, "2 children"},
		{"fr", 0, "0 enfant"}, {"fr", 1, "1 enfant"}, {"fr", 2, "2 enfants"}, {"fr", 1000000, "1\u202f000\u202f000 d’enfants"},
		{"el", 0, "0 παιδιά"}, {"el", 1, "1 παιδί"}, {"el", 12, "12 παιδιά"},
		{"ar", 0, "لا أطفال"}, {"ar", 1, "طفل واحد"}, {"ar", 2, "طفلان"}, {"ar", 3, "3 أطفال"}, {"ar", 10, "10 أطفال"},
		{"ar", 11, "11 طفلًا"}, {"ar", 99, "99 طفلًا"}, {"ar", 100, "100 طفل"}, {"ar", 103, "103 أطفال"}, {"ar", 1011, "1,011 طفلًا"},
	} {
		if got := locale(t, c.tag).N("case.children", c.count); got != c.want {
			t.Errorf("%s %d: %q, want %q", c.tag, c.count, got, c.want)
		}
	}
}

func TestT(t *testing.T) {
	l := locale(t, "en")
	for _, c := range []struct{ got, want string }{
		{l.T("site.call", "number", "116000"), "Call 116000"},
		{l.T("browse.page", "pages", 12, "page", 2), "Page 2 of 12"},
		{l.T("case.since", "date", 2026), "Missing since 2026"},
		{l.T("poster.issued", "name", "{{.name}} {0}"), "Issued by {{.name}} {0}"},
		{l.T("no.such"), "⟦no.such⟧"},
		{l.T("site.call"), "Call ⟦number⟧"},
		{l.T("site.call", "number"), "Call ⟦number⟧"},
		{l.T("site.call", "nummer", "1", "number", "2"), "Call 2"},
		{l.T("site.call", 5, "1"), "Call ⟦number⟧"},
		{l.T("browse.count"), "⟦count⟧ appeals"},
		{l.N("browse.count", 1234), "1,234 appeals"},
		{l.N("site.home", 3), "Home"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// FuzzT hands every method odd values. It fails on a panic, and when a value
// that was given as text comes out changed.
func FuzzT(f *testing.F) {
	f.Add("site.call", "number", "116000", 7)
	f.Add("browse.count", "count", "⟦\xff", math.MinInt)
	f.Add("case.range", "", "\u202e{{.max}}", math.MaxInt)
	arab, err := load(f).WithDigits("ar", "arab")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key, name, value string, n int) {
		for _, l := range append(load(t).Locales(), arab.locales["ar"]) {
			l.T(key, name)
			l.T(key, n, value, nil, name)
			l.T(key, name, nil, name, (*Locale)(nil), value)
			l.N(key, n, name, value, name, n)
			if got := l.T("site.call", "number", value); !strings.Contains(got, value) {
				t.Errorf("%s: %q lost %q", l.Tag, got, value)
			}
			l.Number(n)
			l.Decimal(n)
			l.Date(n, n%14, n%33)
			l.Month(n)
			l.Language(value)
			l.Country(value)
			l.List([]string{key, name, value}[:uint(n)%4])
			l.Digits(value)
			load(t).Match(value, []string{key, "ar", "en"})
		}
	})
}

func TestCountries(t *testing.T) {
	for _, c := range []struct{ tag, code, want string }{
		{"en", "TR", "Türkiye"}, {"en", "MK", "North Macedonia"}, {"en", "SZ", "Eswatini"},
		{"fr", "GR", "Grèce"}, {"el", "CY", "Κύπρος"}, {"ar", "EG", "مصر"},
		{"en", "XA", ""}, {"fr", "XB", ""}, {"ar", "XC", ""}, {"el", "ZZ", ""}, {"en", "EU", ""}, {"en", "UN", ""},
		{"en", "", ""}, {"en", "gr", ""}, {"en", "GRC", ""},
	} {
		if got := locale(t, c.tag).Country(c.code); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.tag, c.code, got, c.want)
		}
	}
	for _, l := range load(t).Locales() {
		if n := len(l.Countries()); n != 249 {
			t.Errorf("%s: %d countries, ISO 3166-1 has 249", l.Tag, n)
		}
	}
	// A comparison of bytes would put É and Å after all other letters.
	fr := locale(t, "fr").Countries()
	at := func(list []NameCode, code string) int {
		return slices.IndexFunc(list, func(c NameCode) bool { return c.Code == code })
	}
	if !(at(fr, "DM") < at(fr, "EG") && at(fr, "EG") < at(fr, "ES") && at(fr, "ES") < at(fr, "FI")) {
		t.Error("fr: Dominique, Égypte, Espagne, Finlande are not in this order")
	}
	if en := locale(t, "en").Countries(); at(en, "AX") > at(en, "AL") {
		t.Error("en: Åland Islands is not before Albania")
	}
	fr[0] = NameCode{}
	if locale(t, "fr").Countries()[0] == fr[0] {
		t.Error("a caller changed the list of all")
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ tag, of, want string }{
		{"en", "ar", "Arabic"}, {"fr", "el", "grec"}, {"el", "fr", "Γαλλικά"}, {"ar", "en", "الإنجليزية"},
		{"en", "zh-Hant", "Traditional Chinese"}, {"en", "zh-Hant-TW", "Traditional Chinese (Taiwan)"},
		{"en", "ar-TN", "Arabic (Tunisia)"}, {"en", "ar-XA", "Arabic"}, {"en", "sr-Latn", "Serbian"},
		{"en", "qaa", "qaa"}, {"en", "not a tag", "not a tag"}, {"en", "und", "und"}, {"en", "", ""},
	} {
		if got := locale(t, c.tag).Language(c.of); got != c.want {
			t.Errorf("%s %s: %q, want %q", c.tag, c.of, got, c.want)
		}
	}
}

func TestList(t *testing.T) {
	for _, c := range []struct {
		tag   string
		items []string
		want  string
	}{
		{"en", nil, ""}, {"en", []string{"a"}, "a"}, {"en", []string{"a", "b"}, "a and b"},
		{"en", []string{"a", "b", "c"}, "a, b and c"}, {"en", []string{"a", "b", "c", "d"}, "a, b, c and d"},
		{"en", []string{"{1}", "{0}", "x"}, "{1}, {0} and x"},
		{"fr", []string{"a", "b", "c"}, "a, b et c"}, {"el", []string{"α", "β", "γ"}, "α, β και γ"},
		{"ar", []string{"أ", "ب", "ج"}, "أ وب وج"},
	} {
		if got := locale(t, c.tag).List(c.items); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.tag, c.items, got, c.want)
		}
	}
}

func TestIsolate(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Isolate("+30 116000"), "\u2066+30 116000\u2069"},
		{IsolateAuto("ليلى"), "\u2068ليلى\u2069"},
		{IsolateAuto("a\u2069\u202Eb\u200Fc"), "\u2068ab\u200Fc\u2069"},
	} {
		if c.got != c.want {
			t.Errorf("got %+q, want %+q", c.got, c.want)
		}
	}
}

func BenchmarkT(b *testing.B) {
	l := locale(b, "en")
	for b.Loop() {
		l.T("case.since", "date", "3 March 2026")
	}
}

func BenchmarkTPlain(b *testing.B) {
	l := locale(b, "en")
	for b.Loop() {
		l.T("site.title")
	}
}

func BenchmarkN(b *testing.B) {
	l := locale(b, "ar")
	for b.Loop() {
		l.N("browse.count", 11)
	}
}

func BenchmarkNLarge(b *testing.B) {
	l := locale(b, "ar")
	for b.Loop() {
		l.N("browse.count", 123456)
	}
}

func BenchmarkMatch(b *testing.B) {
	bundle := load(b)
	for b.Loop() {
		bundle.Match("fr-CH, fr;q=0.9, en;q=0.8", []string{"el", "en", "fr", "ar"})
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(nil); err != nil {
			b.Fatal(err)
		}
	}
}
