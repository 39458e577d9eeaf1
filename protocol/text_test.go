package protocol

import (
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// The forms as expressions, which are easier to believe and slower.
var (
	languageExpression = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	phoneExpression    = regexp.MustCompile(`^\+?\(?[0-9](?:[ ()./-]{0,2}[0-9])*$`)
	numberExpression   = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N} ./_-]*$`)
	digit              = regexp.MustCompile(`[0-9]`)
)

func checkForms(t testing.TB, s string) {
	t.Helper()
	if got, want := ValidLanguage(s), languageExpression.MatchString(s); got != want {
		t.Errorf("%q is a language: %v, want %v", s, got, want)
	}
	digits := len(digit.FindAllString(s, -1))
	if got, want := ValidPhone(s), phoneExpression.MatchString(s) && digits >= 2 && digits <= 15; got != want {
		t.Errorf("%q is a telephone number: %v, want %v", s, got, want)
	}
	if got, want := ValidNumber(s), numberExpression.MatchString(s) && utf8.RuneCountInString(s) <= maxNumber; got != want {
		t.Errorf("%q is a case number: %v, want %v", s, got, want)
	}
}

var formSeeds = []string{"", "e", "en", "eng", "engl", "En", "en-", "en-US", "en-us", "en-419", "en-41", "en-Latn", "en-latn", "en-LATN", "en-Latn-", "en-Latn-US", "en-Latn-419-",
	"en-USA", "en-US-Latn", "zh-Hant-TW", "en--US", "116 000", "+999 (20) 55-01", "(0)1", "+(0)1", "(+0)1", "((0)1", "++01", "0", "1 ", "1  2", "1   2", "1)(2", "1)-(2", "12-", "+ 12",
	"123456789012345", "1234567890123456", "１２", "XA-2026-014", "-XA", "ΑΒ/7", "٣/7", "a\nb", "a\n", "\xff", "a\xff", strings.Repeat("é", maxNumber), strings.Repeat("é", maxNumber+1)}

// TestForms also tries each seed with every change of one letter.
func TestForms(t *testing.T) {
	for _, s := range formSeeds {
		checkForms(t, s)
		for i := range len(s) + 1 {
			for _, with := range []string{"", "a", "A", "0", "-", " ", "+", "(", "é", "\n", "\xff"} {
				checkForms(t, s[:i]+with+s[min(i+1, len(s)):])
				checkForms(t, s[:i]+with+s[i:])
			}
		}
	}
}

func FuzzForms(f *testing.F) {
	for _, s := range formSeeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkForms(t, s) })
}

// TestWhichCharactersHide tries them all.
func TestWhichCharactersHide(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		want := unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' ||
			r >= '\u206a' && r <= '\u206f' || r == '\ufeff' || r >= '\ufff9' && r <= '\uffff' || r >= 0xe0000 && r <= 0xe007f
		if got := hides(r); got != want {
			t.Errorf("%U hides something: %v, want %v", r, got, want)
		}
	}
}
