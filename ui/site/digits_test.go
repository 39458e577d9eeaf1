package site

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestDigitsAndCalendar sees that a node's choice of digits and calendar changes
// dates and ages, and that telephone and case numbers stay as they are.
func TestDigitsAndCalendar(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	cfg := w.cfg
	var err error
	cfg.Bundle, err = cfg.Bundle.WithDigits("ar", "arab")
	w.check(err)
	cfg.Bundle, err = cfg.Bundle.WithCalendar("ar", "persian")
	w.check(err)
	w.site, err = New(cfg)
	w.check(err)

	written := regexp.MustCompile(`[٠-٩]+ \S+ [٠-٩]{4} \S+ \(\x{2068}[٠-٩]+ \S+ [٠-٩]{4}\x{2069}\)`)
	dated := 0
	for number, ref := range w.refs {
		a := w.get("/ar/cases/" + ref.String())
		if a.Code != http.StatusOK {
			t.Fatalf("%s: status %d", number, a.Code)
		}
		if written.MatchString(a.body) {
			dated++
		}
		shown := regexp.MustCompile(`<[^>]*>|[\x{2066}-\x{2069}]`).ReplaceAllString(a.body, "")
		for _, kept := range []string{number, "+0 99 00"} {
			if strings.HasPrefix(number, "XA") && !strings.Contains(shown, kept) {
				t.Errorf("%s: %q is not there as it was written", number, kept)
			}
		}
		if b := w.get("/en/cases/" + ref.String()); regexp.MustCompile(`[٠-٩۰-۹]`).MatchString(b.body) {
			t.Errorf("%s: Arabic digits in English", number)
		}
	}
	if dated < len(w.refs)/2 {
		t.Errorf("%d of %d cases have a date by the Persian calendar", dated, len(w.refs))
	}
}
