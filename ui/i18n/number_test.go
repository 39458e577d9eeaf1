package i18n

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		tag    string
		n      int
		number string
		tenths string
	}{
		{"en", 0, "0", "0"}, {"en", 123, "123", "12.3"}, {"en", 120, "120", "12"}, {"en", -5, "-5", "-0.5"},
		{"en", 1234567, "1,234,567", "123,456.7"}, {"en", -1000, "-1,000", "-100"},
		{"fr", 12345, "12\u202f345", "1\u202f234,5"}, {"el", 12345, "12.345", "1.234,5"},
		{"ar", 12345, "12,345", "1,234.5"},
	} {
		l := locale(t, c.tag)
		if got := l.Number(c.n); got != c.number {
			t.Errorf("%s Number(%d) = %q, want %q", c.tag, c.n, got, c.number)
		}
		if got := l.Decimal(c.n); got != c.tenths {
			t.Errorf("%s Decimal(%d) = %q, want %q", c.tag, c.n, got, c.tenths)
		}
	}
}

// TestGrouping has the two ways of writing groups that our four languages lack.
func TestGrouping(t *testing.T) {
	l := *locale(t, "en")
	data := *l.cldr
	l.cldr = &data
	data.Grouping = [3]int{3, 2, 1} // Hindi
	if got := l.Number(12345678); got != "1,23,45,678" {
		t.Errorf("groups of two: %q", got)
	}
	data.Grouping = [3]int{3, 3, 2} // Spanish
	if a, b := l.Number(1234), l.Number(12345); a != "1234" || b != "12,345" {
		t.Errorf("four digits together: %q, %q", a, b)
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct {
		tag              string
		year, month, day int
		want             string
	}{
		{"en", 2026, 3, 3, "3 March 2026"}, {"en", 2026, 3, 0, "March 2026"}, {"en", 2026, 0, 0, "2026"},
		{"en", 2026, 3, 1, "1 March 2026"},
		{"fr", 2026, 8, 3, "3 août 2026"}, {"fr", 2026, 8, 1, "1er août 2026"}, {"fr", 2026, 8, 11, "11 août 2026"}, {"fr", 2026, 8, 0, "août 2026"},
		{"el", 2026, 3, 3, "3 Μαρτίου 2026"}, {"el", 2026, 3, 0, "Μάρτιος 2026"}, {"el", 2026, 5, 1, "1η Μαΐου 2026"},
		{"ar", 2026, 3, 3, "3 مارس 2026"}, {"ar", 2026, 3, 0, "مارس 2026"},
		// What cannot be is left out, never made up.
		{"en", 2026, 0, 12, "2026"}, {"en", 2026, 13, 12, "2026"}, {"en", 2026, 3, 40, "March 2026"}, {"en", 2026, -1, -1, "2026"},
	} {
		if got := locale(t, c.tag).Date(c.year, c.month, c.day); got != c.want {
			t.Errorf("%s Date(%d, %d, %d) = %q, want %q", c.tag, c.year, c.month, c.day, got, c.want)
		}
	}
}

// TestPartialDatesInventNothing looks for digits in the dates of every month.
func TestPartialDatesInventNothing(t *testing.T) {
	for _, l := range load(t).Locales() {
		for month := 1; month <= 12; month++ {
			rest := strings.Replace(l.Date(2031, month, 0), "2031", "", 1)
			if strings.ContainsAny(rest, "0123456789") || !strings.Contains(rest, l.Month(month)) {
				t.Errorf("%s: month %d of 2031 without a day: %q", l.Tag, month, rest)
			}
		}
		if got := l.Date(2031, 0, 0); got != "2031" {
			t.Errorf("%s: the year alone: %q", l.Tag, got)
		}
	}
}

func TestDateTime(t *testing.T) {
	at := time.Date(2026, 3, 3, 14, 5, 59, 0, time.UTC)
	for tag, want := range map[string]string{
		"en": "3 March 2026 at 14:05 UTC", "fr": "3 mars 2026 à 14:05 UTC",
		"el": "3 Μαρτίου 2026 στις 14:05 (UTC)", "ar": "3 مارس 2026 في 14:05 UTC",
	} {
		if got := locale(t, tag).DateTime(at); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	cet := at.In(time.FixedZone("CET", 3600))
	if got := locale(t, "en").DateTime(cet); got != "3 March 2026 at 15:05 CET" {
		t.Errorf("in its own zone: %q", got)
	}
}

func TestDatePattern(t *testing.T) {
	l := *locale(t, "en")
	for _, c := range []struct{ pattern, want string }{
		{"y年M月d日", "2026年3月1日"}, {"d 'de' MMMM 'de' y", "1 de March de 2026"}, {"dd. MM. y", "01. 03. 2026"},
		{"d 'o''clock' y", "1 o'clock 2026"},
	} {
		p, err := parseDatePattern(c.pattern, "dMLy")
		if err != nil {
			t.Fatal(err)
		}
		if got := l.date(&year{Months: l.cldr.Months, day: p}, 2026, 3, 1); got != c.want {
			t.Errorf("%q: %q, want %q", c.pattern, got, c.want)
		}
	}
	if _, err := parseDatePattern("G y", "dMLy"); err == nil {
		t.Error("a pattern with a field that we cannot write was taken")
	}
}

func TestDigits(t *testing.T) {
	latin := load(t)
	b, err := latin.WithDigits("ar", "arab")
	if err != nil {
		t.Fatal(err)
	}
	ar, _ := b.Locale("ar")
	at := time.Date(2026, 3, 1, 14, 5, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{ar.Date(2026, 3, 3), "٣ مارس ٢٠٢٦"},
		{ar.Date(2026, 3, 1), "١ مارس ٢٠٢٦"},
		{ar.Number(1234), "١٬٢٣٤"},
		{ar.Decimal(123), "١٢٫٣"},
		{ar.N("case.children", 11), "١١ طفلًا"},
		{ar.T("browse.page", "page", 2, "pages", 10), "الصفحة ٢ من ١٠"},
		{ar.T("site.call", "number", "116000"), "اتصلوا بالرقم 116000"},
		{ar.DateTime(at), "١ مارس ٢٠٢٦ في ١٤:٠٥ UTC"},
		{ar.Digits("ab12"), "ab١٢"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if l, _ := latin.Locale("ar"); l.Number(12) != "12" {
		t.Error("WithDigits changed the bundle it was called on")
	}
	if l, _ := b.Locale("el"); l.Number(12) != "12" {
		t.Error("WithDigits for Arabic changed Greek")
	}
	if _, err := latin.WithDigits("ar", "roman"); err == nil || !strings.Contains(err.Error(), "arabext") {
		t.Errorf("an unknown numbering system: %v", err)
	}
	if _, err := latin.WithDigits("xx", "arab"); err == nil {
		t.Error("digits for a language that is not there")
	}
	if back, err := b.WithDigits("ar", "latn"); err != nil || back.locales["ar"].Number(1234) != "1,234" {
		t.Errorf("back to latn: %v", err)
	}
}

// TestDigitsWithOwnWords loads overrides and digits together, as a node does.
func TestDigitsWithOwnWords(t *testing.T) {
	b, err := Load(fstest.MapFS{"messages/ar.toml": {Data: []byte(`"site.hotline" = "الخط الساخن"`)}})
	if err != nil {
		t.Fatal(err)
	}
	if b, err = b.WithDigits("ar", "arabext"); err != nil {
		t.Fatal(err)
	}
	if l := b.locales["ar"]; l.T("site.hotline") != "الخط الساخن" || l.Number(45) != "۴۵" {
		t.Errorf("%q %q", l.T("site.hotline"), l.Number(45))
	}
}
