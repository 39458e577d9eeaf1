package i18n

import (
	"maps"
	"os"
	"path/filepath"
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

// The languages that a site may have, and those of posters alone.
var (
	complete    = strings.Fields("ar el en fr")
	postersOnly = strings.Fields("be de es fa hi it ko nl pl pt-BR pt-PT ro ru sq sr-Cyrl sr-Latn th tr uk zh-Hant")
)

func TestCataloguesAreComplete(t *testing.T) {
	all := embeddedCatalogues(t)
	b := load(t)
	for _, tag := range append(slices.Clone(complete), postersOnly...) {
		if all[tag] == nil {
			t.Errorf("messages/%s.toml is not embedded", tag)
		}
	}
	english := all[reference]
	posters := posterKeys(t, english)
	for tag, c := range all {
		for key := range c {
			if _, ok := english[key]; !ok {
				t.Errorf("%s: %q is not in the English catalogue", tag, key)
			}
		}
		needed := neededForms(b.posters[tag])
		_, site := b.Locale(tag)
		if site != slices.Contains(complete, tag) {
			t.Errorf("%s: may be a site's language: %v", tag, site)
		}
		for key, ours := range english {
			m, ok := c[key]
			switch {
			case ok:
				checkMessage(t, tag+": "+key, m, ours, needed)
			case slices.Contains(complete, tag) || posters[key]:
				t.Errorf("%s: %q is missing", tag, key)
			}
		}
	}
}

// posterKeys finds the messages that posters speak: those whose key, or a
// beginning of it, stands in quotation marks in the sources of ui/poster, as an
// argument of code too, and those that this package needs itself.
func posterKeys(t *testing.T, english catalogue) map[string]bool {
	t.Helper()
	sources, err := filepath.Glob("../poster/*.go")
	if err != nil || len(sources) < 5 {
		t.Fatalf("sources of ui/poster: %q, %v", sources, err)
	}
	spoken := map[string]bool{"locale": true}
	quoted := regexp.MustCompile(`"([a-z]+\.[a-z_.]*)"|code\("([a-z]+)"`)
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllSubmatch(b, -1) {
			spoken[strings.TrimSuffix(string(m[1])+string(m[2]), ".")] = true
		}
	}
	keys := map[string]bool{}
	for key := range english {
		group, rest, _ := strings.Cut(key, ".")
		beginning, _, _ := strings.Cut(rest, ".")
		if spoken[key] || spoken[group] || spoken[group+"."+beginning] {
			keys[key] = true
		}
	}
	for _, key := range []string{"locale.dayone", "poster.missing.female", "case.hair.dyed", "kind.runaway", "sex.male", "age.days"} {
		if !keys[key] {
			t.Errorf("posters speak %q, and it was not found", key)
		}
	}
	return keys
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

// TestCodesHaveWords lists the codes that records carry.
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
		{regexp.MustCompile("[\u200D-\u200F\u202A-\u202E\u2066-\u2069\uFEFF]"), "an invisible mark of direction or width"},
		{regexp.MustCompile("\u200B[^\u0E00-\u0E7F]|[^\u0E00-\u0E7F]\u200B"), "U+200B, which is for the ends of Thai words"},
		{regexp.MustCompile("\u200C[^\\p{Arabic}]|[^\\p{Arabic}]\u200C"), "U+200C, which is for within Persian words"},
		{regexp.MustCompile(`\p{Greek}\p{Latin}|\p{Latin}\p{Greek}|\p{Cyrillic}\p{Latin}|\p{Latin}\p{Cyrillic}`), "letters of two scripts in one word"},
	},
	"fr": {
		{regexp.MustCompile("(^|[^\u00A0]):"), "no U+00A0 before a colon"},
		{regexp.MustCompile("(^|[^\u202F])[?!;]"), "no U+202F before ? ! or ;"},
		{regexp.MustCompile("«[^\u00A0]|[^\u00A0]»"), "no U+00A0 within « »"},
	},
	"el":      {{regexp.MustCompile(`\?`), "the Greek question mark is ;"}},
	"ar":      {{regexp.MustCompile(`[?,;]|[٠-٩]`), "a Latin ? , or ; or a fixed Arabic digit"}, {regexp.MustCompile("[\u200Bپچژگکی]"), "a Persian letter"}},
	"fa":      {{regexp.MustCompile(`[?,;]|[٠-٩۰-۹]`), "a Latin ? , or ; or a fixed digit"}, {regexp.MustCompile("[كيىة]"), "an Arabic kaf, yeh or teh"}},
	"be":      {{regexp.MustCompile("[ищъИЩЪ]|дь|ть"), "a letter that Belarusian does not have"}},
	"es":      {{regexp.MustCompile(`^[^¿]*\?|^[^?]*¿[^?]*$`), "a question without ¿ or ?"}},
	"hi":      {{regexp.MustCompile(`\.$|[०-९]|[a-z]{2}`), "a Latin full stop or letters, or a fixed digit"}},
	"ko":      {{regexp.MustCompile(`[a-wyz]{3}|[一-鿿]`), "Latin or Chinese letters"}},
	"ro":      {{regexp.MustCompile("[şţŞŢ]"), "a cedilla where Romanian has a comma below"}},
	"ru":      {{regexp.MustCompile("[іїєґўІЇЄҐЎ]"), "a letter that Russian does not have"}},
	"sr-Cyrl": {{regexp.MustCompile("[йщъыьэюяёЙЩЪЫЬЭЮЯЁ]"), "a letter that Serbian does not have"}},
	"sr-Latn": {{regexp.MustCompile(`\p{Cyrillic}|[qwxyáéíóú]`), "a letter that Serbian does not have"}},
	"th": {
		{regexp.MustCompile("[\u0E00-\u0E7F]{14}"), "a long run of letters in which no line can break: put U+200B at the ends of words"},
		{regexp.MustCompile(`[๐-๙]`), "a fixed digit"},
	},
	"uk":      {{regexp.MustCompile("[ыэёъЫЭЁЪ]"), "a letter that Ukrainian does not have"}},
	"zh-Hant": {{regexp.MustCompile(`[,;:?!()]`), "narrow punctuation"}, {regexp.MustCompile("[这们个发岁张请寻协护问题觅亲儿关点数码扫开启据紧报资讯时间]"), "a simplified character"}},
}

func TestTypography(t *testing.T) {
	for tag, c := range embeddedCatalogues(t) {
		for key, m := range c {
			for _, form := range m {
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

// joined writes a form with its placeholders as 1, which is of no script.
func joined(form []part) string {
	var b strings.Builder
	for _, p := range form {
		if p.name != "" {
			b.WriteByte('1')
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
		{"messages/cs.toml", `"site.home" = "Domů"`, "cldr/cs.json is missing; write it with gen.go"},
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
		"cldr/cs.json":     {Data: data},
		"messages/cs.toml": {Data: []byte(`"locale.endonym" = "Čeština"` + "\n" + `"case.children" = { one = "{{.count}} dítě", few = "{{.count}} děti", many = "{{.count}} dítěte", other = "{{.count}} dětí" }`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	cs, ok := b.Locale("cs")
	if !ok || cs.Endonym != "Čeština" || len(b.Locales()) != 5 {
		t.Fatalf("cs: %v, %+v", ok, b.Locales())
	}
	if got := cs.N("case.children", 3); got != "3 děti" {
		t.Errorf("3 children: %q", got)
	}
	if got := cs.T("site.home"); got != "Home" {
		t.Errorf("missing message: %q, want the English one", got)
	}
}

// TestPosterLanguages sees that a language for posters is kept from sites until
// it has every message, from us and from the node together.
func TestPosterLanguages(t *testing.T) {
	some := []byte(`"poster.call" = "Chiama il"` + "\n" + `"site.home" = "Pagina iniziale"`)
	b, err := Load(fstest.MapFS{"messages/it.toml": {Data: some}})
	if err != nil {
		t.Fatal(err)
	}
	it, ok := b.PosterLocale("it")
	if !ok || it.T("poster.call") != "Chiama il" || it.T("case.eyes") != "Occhi" || it.T("site.menu") != "Menu" {
		t.Errorf("it: %v, %q %q %q", ok, it.T("poster.call"), it.T("case.eyes"), it.T("site.menu"))
	}
	if _, ok := b.Locale("it"); ok || slices.ContainsFunc(b.Locales(), func(l *Locale) bool { return l.Tag == "it" }) {
		t.Error("it: two messages made it a site's language")
	}
	if b.Match("it", []string{"en", "it"}) != "en" {
		t.Error("it: a visitor was sent to a language that the site cannot have")
	}
	all, err := embedded.ReadFile("messages/en.toml")
	if err != nil {
		t.Fatal(err)
	}
	b, err = Load(fstest.MapFS{"messages/it.toml": {Data: all}})
	if err != nil {
		t.Fatal(err)
	}
	if l, ok := b.Locale("it"); !ok || l.T("site.home") != "Home" {
		t.Error("it: with every message it is no site's language")
	}
	if got := len(load(t).PosterLocales()); got != len(complete)+len(postersOnly) {
		t.Errorf("%d languages for posters", got)
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
