package i18n

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/text/unicode/norm"
)

// embeddedCatalogues parses the messages files as they are, before English
// fills any gap.
func embeddedCatalogues(t *testing.T) map[string]catalogue {
	t.Helper()
	all, err := readAll(embedded, "messages", ".toml", parseCatalogue)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCataloguesAreComplete(t *testing.T) {
	all := embeddedCatalogues(t)
	b := load(t)
	for _, tag := range []string{"ar", "el", "en", "fr"} {
		if all[tag] == nil {
			t.Errorf("messages/%s.toml is not embedded", tag)
		}
	}
	english := all[reference]
	for tag, c := range all {
		for key := range c {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %q is not in the English catalogue", tag, key)
			}
		}
		needed := neededForms(b.locales[tag])
		for key, ours := range english {
			m, ok := c[key]
			if !ok {
				t.Errorf("%s: %q is missing", tag, key)
				continue
			}
			checkMessage(t, tag+": "+key, m, ours, needed)
		}
	}
}

// neededForms finds the plural categories a language uses for whole numbers.
func neededForms(l *Locale) []int {
	var forms []int
	for _, n := range append(slices.Collect(upTo(200)), 1000, 1000000, 2000000) {
		if f := l.plurals.category(n); !slices.Contains(forms, f) {
			forms = append(forms, f)
		}
	}
	slices.Sort(forms)
	return forms
}

func upTo(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func checkMessage(t *testing.T, where string, m, english message, needed []int) {
	t.Helper()
	want := english.placeholders()
	if got := m.placeholders(); !slices.Equal(got, want) {
		t.Errorf("%s: placeholders %q, want %q", where, got, want)
	}
	if len(m[other]) == 0 {
		t.Errorf("%s: the text is empty", where)
	}
	if !english.counts() {
		if m.counts() {
			t.Errorf("%s: has plural forms and English has none", where)
		}
		return
	}
	for form, text := range m {
		isNeeded := form == other || slices.Contains(needed, form)
		if isNeeded != (len(text) > 0) {
			t.Errorf("%s: plural form %s: needed %v, there %v", where, categoryNames[form], isNeeded, len(text) > 0)
		}
	}
	if got := (message{other: m[other]}).placeholders(); !slices.Equal(got, want) {
		t.Errorf("%s: the form other has placeholders %q, want %q", where, got, want)
	}
}

// TestCodesHaveWords lists the codes that records carry (field.md 1.5 to 1.7).
func TestCodesHaveWords(t *testing.T) {
	english := embeddedCatalogues(t)[reference]
	for prefix, codes := range map[string]string{
		"sex":       "female male other unknown",
		"eyes":      "brown blue green hazel grey black amber different unknown",
		"hair":      "black brown blond red grey white sandy bald other unknown",
		"kind":      "runaway family_abduction nonfamily_abduction lost_injured unaccompanied_migrant endangered_missing separated_disaster unidentified_found",
		"relation":  "mother father relative stranger other unknown",
		"photokind": "portrait full companion age_progressed object",
		"reason":    "located_safe located_deceased returned court_order consent_withdrawn error duplicate age_rule expired other",
		"status":    "draft published changed closed",
		"invalid": "required toolong choice date datefuture range language country phone personalphone toomany text " +
			"photo photosmall photoformat adultbasis nochild age",
	} {
		for _, code := range strings.Fields(codes) {
			if _, ok := english[prefix+"."+code]; !ok {
				t.Errorf("%s.%s has no words", prefix, code)
			}
		}
	}
}

// Typography that a reader of each language would stumble over.
var lints = map[string][]struct {
	bad *regexp.Regexp
	why string
}{
	"": {
		{regexp.MustCompile(`^\s|\s$|  `), "spaces at an end, or two together"},
		{regexp.MustCompile("['\"]"), "a straight quote or apostrophe"},
		{regexp.MustCompile(`\.\.\.`), "three full stops"},
		{regexp.MustCompile("[\u200B-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]"), "an invisible mark of direction or width"},
	},
	"fr": {
		{regexp.MustCompile("(^|[^\u00A0]):"), "no U+00A0 before a colon"},
		{regexp.MustCompile("(^|[^\u202F])[?!;]"), "no U+202F before ? ! or ;"},
		{regexp.MustCompile("«[^\u00A0]|[^\u00A0]»"), "no U+00A0 within « »"},
	},
	"el": {{regexp.MustCompile(`\?`), "the Greek question mark is ;"}},
	"ar": {{regexp.MustCompile(`[?,;]|[٠-٩]`), "a Latin ? , or ; or a fixed Arabic digit"}},
}

// A Latin letter within a Greek word looks right and cannot be searched for.
var mixedGreek = regexp.MustCompile(`\p{Greek}\p{Latin}|\p{Latin}\p{Greek}`)

func TestTypography(t *testing.T) {
	for tag, c := range embeddedCatalogues(t) {
		for key, m := range c {
			for _, form := range m {
				for _, p := range form {
					if mixedGreek.MatchString(p.text) {
						t.Errorf("%s: %q: Greek and Latin letters in one word: %q", tag, key, p.text)
					}
				}
				text := joined(form)
				if !norm.NFC.IsNormalString(text) {
					t.Errorf("%s: %q: letters and accents are apart (not NFC): %q", tag, key, text)
				}
				for _, lint := range append(slices.Clone(lints[""]), lints[tag]...) {
					if lint.bad.MatchString(text) {
						t.Errorf("%s: %q: %s: %q", tag, key, lint.why, text)
					}
				}
			}
		}
	}
}

// joined writes a form with its placeholders as x.
func joined(form []part) string {
	var b strings.Builder
	for _, p := range form {
		if p.name != "" {
			b.WriteByte('x')
		}
		b.WriteString(p.text)
	}
	return b.String()
}

func TestOverrides(t *testing.T) {
	b, err := Load(fstest.MapFS{"messages/fr.toml": {Data: []byte(`
"site.hotline" = "Le 116000"
"browse.count" = { one = "un appel", other = "{{.count}} appels" }
"country.XA" = "Exemplie"
"country.MM" = "Birmanie"
"country.AQ" = ""
`)}})
	if err != nil {
		t.Fatal(err)
	}
	fr, _ := b.Locale("fr")
	for _, c := range []struct{ got, want string }{
		{fr.T("site.hotline"), "Le 116000"},
		{fr.T("site.home"), "Accueil"},
		{fr.N("browse.count", 1), "un appel"},
		{fr.N("browse.count", 7), "7 appels"},
		{fr.Country("XA"), "Exemplie"},
		{fr.Country("MM"), "Birmanie"},
		{fr.Country("AQ"), ""},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if !slices.Contains(fr.Countries(), NameCode{"Exemplie", "XA"}) || len(fr.Countries()) != 249 {
		t.Errorf("%d countries, or Exemplie is not among them", len(fr.Countries()))
	}
	en, _ := b.Locale("en")
	if en.T("site.hotline") != "Hotline" || en.Country("XA") != "" {
		t.Error("an override of French changed English")
	}
	again := load(t)
	if l, _ := again.Locale("fr"); l.T("site.hotline") == "Le 116000" {
		t.Error("an override outlived its bundle")
	}
}

func TestOverridesThatAreWrong(t *testing.T) {
	for _, c := range []struct{ file, text, says string }{
		{"messages/fr.toml", "\"site.title\" = \"a\"\n\"site.titel\" = \"b\"", `messages/fr.toml: message "site.titel": there is no`},
		{"messages/fr.toml", "# one\n\"site.title\" = oops", "messages/fr.toml: line 2, column"},
		{"messages/fr.toml", `"site.title" = 7`, `message "site.title": the value is not a text`},
		{"messages/fr.toml", `site.title = "a"`, "write whole keys in quotes"},
		{"messages/fr.toml", `"site.call" = "Appelez {{.phone}}"`, `{{.phone}} has no value here; use only ["number"]`},
		{"messages/fr.toml", `"site.call" = "Appelez {{ .number | printf }}"`, "is not like {{.name}}"},
		{"messages/fr.toml", `"site.home" = { one = "a", other = "b" }`, "it has no plural forms"},
		{"messages/fr.toml", `"browse.count" = { one = "a" }`, "the form other is missing"},
		{"messages/it.toml", `"site.home" = "Pagina iniziale"`, "cldr/it.json is missing; write it with gen.go"},
		{"cldr/fr.json", `{}`, "cldr/fr.json: direction, digits or months are missing"},
	} {
		_, err := Load(fstest.MapFS{c.file: {Data: []byte(c.text)}})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s with %s: error %v, want one with %q", c.file, c.text, err, c.says)
		}
	}
}

// TestNewLanguage adds a language by files alone, and leaves its catalogue
// incomplete: English fills the gaps.
func TestNewLanguage(t *testing.T) {
	data, err := os.ReadFile("cldr/fr.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(fstest.MapFS{
		"cldr/pl.json":     {Data: data},
		"messages/pl.toml": {Data: []byte(`"locale.endonym" = "Polski"` + "\n" + `"case.children" = { one = "{{.count}} dziecko", few = "{{.count}} dzieci (2–4)", many = "{{.count}} dzieci", other = "{{.count}} dziecka" }`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	pl, ok := b.Locale("pl")
	if !ok || pl.Endonym != "Polski" || len(b.Locales()) != 5 {
		t.Fatalf("pl: %v, %+v", ok, b.Locales())
	}
	if got := pl.N("case.children", 22); got != "22 dzieci (2–4)" {
		t.Errorf("22 children: %q", got)
	}
	if got := pl.T("site.home"); got != "Home" {
		t.Errorf("missing message: %q, want the English one", got)
	}
}

func FuzzParseCatalogue(f *testing.F) {
	f.Add([]byte(`"a" = "x {{.name}} y"`))
	f.Add([]byte(`"a" = { one = "{{.count", other = "}}" }`))
	f.Add([]byte("\"a\" = \"{{}}\"\na.b.c = 1"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := parseCatalogue(raw)
		if err != nil {
			return
		}
		l := load(t).locales["ar"]
		own := *l
		own.messages = c
		for _, key := range slices.Sorted(maps.Keys(c)) {
			own.T(key, "name", 1)
			own.N(key, 3)
		}
	})
}
