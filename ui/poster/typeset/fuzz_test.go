package typeset

import (
	"testing"
	"unicode/utf8"
)

// FuzzLayout sets any string in any style. Whatever comes, it does not panic, is bounded, the same twice, and holds
// together.
func FuzzLayout(f *testing.F) {
	for i, s := range samples {
		f.Add(s.text, s.lang, s.rtl, i%2 == 0, uint16(20+i*7), uint8(i%5))
	}
	for _, s := range []string{
		"\U0001f600\U00020bb7葛\U000e0100", "\u202e+216 71\u2066 123\u2069 456", "\u2067\u2067\u2068a\u2069", "\u0e40\u0e40\u200b\u0e02", "\u1039\u1039\u103a",
		"\u0600123", "\u17d2\u17d2", "\u094d\u200d\u0930\u094d", "a\u0300\u0300\u0300", "\u1100\u1161\u11a8\u2060", "\U000e0001\ufeff\ufffe", "\xff\xfe",
		"\u0661 \u0662 +\u0663", "\u180e\u034f\u115f", "\ufdfa\ufdfd", "\u2028\u2029\x85", "(((\u05d0]]\u0661", "+()-./ 12 34",
	} {
		f.Add(s, "ar", true, true, uint16(60), uint8(2))
	}
	e := engine(f)
	f.Fuzz(func(t *testing.T, text, lang string, rtl, bold bool, width uint16, maxLines uint8) {
		if len(text) > 4000 || len(lang) > 40 {
			return
		}
		s := Style{Size: 24, Bold: bold, Lang: lang, RTL: rtl, Align: Align(width % 3)}
		a, b := e.Layout(text, s, float64(width), int(maxLines)), e.Layout(text, s, float64(width), int(maxLines))
		if written(a) != written(b) {
			t.Fatal("two layouts of one text differ")
		}
		for _, block := range []*Block{a, e.Fit(text, s, 8, float64(width), 60, int(maxLines))} {
			if err := checkBlock(block, float64(width)); err != nil {
				t.Fatal(err)
			}
			if maxLines > 0 && len(block.Lines) > int(maxLines) {
				t.Fatalf("%d lines of %d", len(block.Lines), maxLines)
			}
			for _, l := range block.Lines {
				for _, w := range l.Words {
					for _, r := range w.Text {
						if r > 0xffff || r == utf8.RuneError && !utf8.ValidString(w.Text) || isDirection(r) {
							t.Fatalf("the layer of a PDF gets %+q", w.Text)
						}
					}
				}
			}
		}
	})
}
