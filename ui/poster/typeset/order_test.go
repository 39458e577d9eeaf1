package typeset

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

// seen is the text of a line as it is seen from left to right.
func seen(l Line) string {
	var s strings.Builder
	for _, run := range l.Runs {
		for _, g := range run.Glyphs {
			s.WriteString(g.Text)
		}
	}
	return s.String()
}

// oneLine lays out and returns what is seen.
func oneLine(t *testing.T, e *Engine, text, lang string, rtl bool) string {
	t.Helper()
	b := e.Layout(text, Style{Size: 12, Lang: lang, RTL: rtl}, 0, 0)
	if len(b.Lines) != 1 {
		t.Fatalf("%q has %d lines", text, len(b.Lines))
	}
	return seen(b.Lines[0])
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// Text without a character that turns round is not looked at further, so none may be forgotten.
func TestWhatTurnsRound(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL, bidi.AN, bidi.Control:
			if r >= ' ' && !turnsRound(r) {
				t.Errorf("%U has the class %d", r, p.Class())
			}
		}
	}
}

// A wrong number on a poster is the worst that this package can do.
func TestNumbersKeepTheirOrder(t *testing.T) {
	e := engine(t)
	for _, number := range []string{
		"+216 71 123 456", "+216-71-123-456", "+216.71.123.456", "+216 (71) 123-456", "(071) 123 456", "00216 71 123 456",
		"71 123 456", "071/123 456", "116 000", "10 000", "+30\u00a021\u00a01234\u00a05678", "12-34-56", "+21671123456", "*116#", "*116*2#", "#31#",
		"٠١٠ ١٢٣٤ ٥٦٧٨", "+٢١٦ ٧١ ١٢٣ ٤٥٦", "۰۲۱ ۱۲۳۴ ۵۶۷۸", "+1 (212) 555-0100", "23/11/2026", "2026-11-23",
	} {
		for _, text := range []string{
			"اتصل " + Isolate(number) + " الآن", "اتصل " + number + " الآن", "اتصل " + number, number + " الآن", number, Isolate(number),
			"اتصل (" + number + ").", "اتصل:\n" + number, "call " + number + " الآن", "اتصل abc " + number + " الآن",
			"اتصل " + IsolateText("رقم "+number) + " الآن", "התקשרו " + number + " עכשיו", "\u202bاتصل " + number, "\u202e" + number,
			"اتصل \u202e" + number + "\u202c الآن", "اتصل " + strings.ReplaceAll(number, " ", "\u200f ") + " الآن",
			"اتصل " + strings.ReplaceAll(number, " ", " \u061c") + " الآن",
		} {
			for _, rtl := range []bool{true, false} {
				b := e.Layout(text, Style{Size: 12, Lang: "ar", RTL: rtl}, 0, 0)
				last := b.Lines[len(b.Lines)-1]
				if got := seen(last); !strings.Contains(got, number) {
					t.Errorf("%+q, right to left %v: seen as %q", text, rtl, got)
				}
				x := -1.0
				for _, run := range last.Runs {
					for _, g := range run.Glyphs {
						if g.Text != "" && strings.Contains(number, g.Text) && g.X < x {
							t.Errorf("%+q: %q stands left of what comes before it", text, g.Text)
						}
						x = g.X
					}
				}
			}
		}
	}
}

// What is no number of several groups is left to the algorithm of Unicode.
func TestOtherDigitsAreLeftAlone(t *testing.T) {
	for text, want := range map[string]int{
		"عمر 10-12 سنة": 0, "منذ 2026 في": 0, "3.5 كم": 0, "+1": 1, "12 345": 1, "call 71 123 456": 1, "AB12 34 56": 1,
	} {
		if src := clean(text, true); len(src.numbers) != want {
			t.Errorf("%q has %d numbers, want %d", text, len(src.numbers), want)
		}
	}
	// After Latin letters a number stands as it does in English, and letters and digits of one sign stay together.
	e := engine(t)
	for _, text := range []string{"call 71 123 456 now", "AB12 34 56", "XA-2026-0001"} {
		if got := oneLine(t, e, "الرقم "+text+" هنا", "ar", true); !strings.Contains(got, text) {
			t.Errorf("%q is seen as %q", text, got)
		}
	}
}

func TestAnEllipsisNeverCutsANumber(t *testing.T) {
	e := engine(t)
	for _, number := range []string{"+216 71 123 456", "71123456", "116 000"} {
		for _, text := range []string{"Call " + number, number, "اتصل " + number, strings.Repeat("a ", 20) + number} {
			for width := 10.0; width < 260; width += 3 {
				for lines := 1; lines < 3; lines++ {
					b := e.Layout(text, Style{Size: 12, RTL: strings.HasPrefix(text, "ا")}, width, lines)
					var all string
					for _, l := range b.Lines {
						all += seen(l) + "\n"
					}
					digits := strings.ContainsAny(all, "123456789")
					if b.Cut && digits && !strings.Contains(strings.ReplaceAll(all, "\n", ""), strings.ReplaceAll(number, " ", "")) &&
						!strings.Contains(all, number) {
						t.Errorf("%q in %d lines of %.0f: %q", text, lines, width, all)
					}
				}
			}
		}
	}
}

func TestDirectionsMix(t *testing.T) {
	e := engine(t)
	const arabic, hebrew = "كلمة", "מילה"
	for _, c := range []struct {
		text string
		rtl  bool
		want string
	}{
		{"abc " + hebrew + " 123 " + arabic + " def", false, "abc " + reversed(arabic) + " 123 " + reversed(hebrew) + " def"},
		{hebrew + " 123 abc " + hebrew, false, "123 " + reversed(hebrew) + " abc " + reversed(hebrew)},
		{hebrew + " abc def " + arabic, true, reversed(arabic) + " abc def " + reversed(hebrew)},
		{hebrew + " (abc) " + arabic, true, reversed(arabic) + " )abc( " + reversed(hebrew)},
		{"abc (" + hebrew + ") def", false, "abc (" + reversed(hebrew) + ") def"},
		{hebrew + " 3.5% 7", true, "7 3.5% " + reversed(hebrew)},
		{hebrew + ".", true, "." + reversed(hebrew)},
		{"abc.", true, ".abc"},
		{IsolateText(hebrew+"!") + " abc", false, "!" + reversed(hebrew) + " abc"},
	} {
		if got := oneLine(t, e, c.text, "", c.rtl); got != c.want {
			t.Errorf("%q, right to left %v: seen as %q, want %q", c.text, c.rtl, got, c.want)
		}
	}
}

// Controls in a name, closed or not, do not change the order of what stands around it.
func TestControlsInANameStayThere(t *testing.T) {
	e := engine(t)
	for _, rtl := range []bool{true, false} {
		for _, around := range [][2]string{{"قبل ", " بعد 12"}, {"before ", " after 12"}} {
			for _, name := range []string{"\u202eabc", "\u2067abc", "abc\u2069\u2069", "\u202a\u202b\u202dabc\u202c", "\u202c\u2069abc\u2068",
				strings.Repeat("\u2067", 300) + "abc", strings.Repeat("\u202b", 300) + "abc" + strings.Repeat("\u202c", 299)} {
				plain := oneLine(t, e, around[0]+IsolateText("abc")+around[1], "", rtl)
				if got := oneLine(t, e, around[0]+IsolateText(name)+around[1], "", rtl); got != plain {
					t.Errorf("%q turns %q into %q", name, plain, got)
				}
			}
		}
	}
	// Where nobody isolated the name, the lines after it are safe all the same.
	b := e.Layout("\u2067\u202eabc\ndef 12 ghi", Style{Size: 12}, 0, 0)
	if got := seen(b.Lines[1]); got != "def 12 ghi" {
		t.Errorf("the line after is seen as %q", got)
	}
	if got := Isolate("\u202e12\u2069 34\u200f"); got != "\u206612 34\u2069" {
		t.Errorf("Isolate leaves %+q", got)
	}
	if got := Isolate("\u200f"); got != "" {
		t.Errorf("Isolate of nothing is %+q", got)
	}
}

// glyphs are the glyph numbers of the only line, left to right.
func glyphs(b *Block) (ids []uint32) {
	for _, run := range b.Lines[0].Runs {
		for _, g := range run.Glyphs {
			ids = append(ids, g.ID)
		}
	}
	return ids
}

func TestLettersJoinAndBracketsMirror(t *testing.T) {
	e := engine(t)
	set := func(text string, rtl bool) []uint32 { return glyphs(e.Layout(text, Style{Size: 12, RTL: rtl}, 0, 0)) }
	alone := set("ب", true)
	joined := set("ببب", true)
	if all := append(alone, joined...); len(all) != 4 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 4 {
		t.Errorf("alone, final, medial and initial beh are glyphs %v", all)
	}
	if got := set("لا", true); len(got) != 1 {
		t.Errorf("lam-alef is glyphs %v", got)
	}
	if got := set("ب\u200cب", true); !slices.Equal(got, append(alone, alone...)) {
		t.Errorf("letters with a non-joiner between them are glyphs %v, want twice %v", got, alone)
	}
	ltr, rtl := set("(א)", false), set("(א)", true)
	if !slices.Equal(ltr, rtl) {
		t.Errorf("brackets round a letter are glyphs %v from left to right and %v from right to left", ltr, rtl)
	}
	// क्ष is one conjunct, कि has its vowel in front, र्क its reph behind.
	if got := set("क्ष", false); len(got) != 1 {
		t.Errorf("ksha is glyphs %v", got)
	}
	if ka, ki := set("क", false), set("कि", false); len(ki) != 2 || ki[1] != ka[0] {
		t.Errorf("ki is glyphs %v where ka is %v", ki, ka)
	}
	if ka, rka := set("क", false), set("र्क", false); len(rka) != 2 || rka[0] != ka[0] {
		t.Errorf("rka is glyphs %v where ka is %v", rka, ka)
	}
}
