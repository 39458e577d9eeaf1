package typeset

import (
	"math/rand/v2"
	"strings"
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
						if r == utf8.RuneError && !utf8.ValidString(w.Text) || isDirection(r) {
							t.Fatalf("the layer of a PDF gets %+q", w.Text)
						}
					}
				}
			}
		}
	})
}

// TestRandomTexts sets texts of random characters: a few blocks each, mixed with controls, marks and digits.
func TestRandomTexts(t *testing.T) {
	const texts = 400
	e := engine(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	blocks := []rune{0x20, 0x80, 0x300, 0x400, 0x590, 0x600, 0x700, 0x780, 0x8a0, 0x900, 0x980, 0xa00, 0xb80, 0xc80, 0xd00, 0xd80, 0xe00, 0xe80,
		0xf00, 0x1000, 0x1080, 0x10a0, 0x1100, 0x1200, 0x1780, 0x1800, 0x200b, 0x2066, 0x20d0, 0x3041, 0x4e00, 0xac00, 0xd7b0, 0xfb50, 0xfdf0, 0xfe00,
		0xfe70, 0xff00, 0xfff0, 0x1e900, 0x1f600, 0x20bb7, 0xe0001, 0xe0100, 0x10ff80}
	extra := []rune(" +0123456789-٣۴\u200b\u200c\u200d\u2060\u200f\u202e\u2067\u2069\u0301\u0651\u094d\u17d2\u1039\ufe0f()\n…")
	for n := range texts {
		var s strings.Builder
		pick := []rune{blocks[rnd.IntN(len(blocks))], blocks[rnd.IntN(len(blocks))]}
		for range rnd.IntN(60) {
			if rnd.IntN(3) == 0 {
				s.WriteRune(extra[rnd.IntN(len(extra))])
			} else {
				s.WriteRune(pick[rnd.IntN(2)] + rune(rnd.IntN(120)))
			}
		}
		st := Style{Size: 10 + float64(rnd.IntN(30)), Bold: n%2 == 0, RTL: n%3 == 0, Lang: []string{"", "ur", "ja", "th"}[n%4]}
		width, lines := float64(rnd.IntN(300)), rnd.IntN(4)
		for _, b := range []*Block{e.Layout(s.String(), st, width, lines), e.Fit(s.String(), st, 8, width, 50, lines)} {
			if err := checkBlock(b, width); err != nil {
				t.Errorf("%+q: %v", s.String(), err)
			}
		}
	}
}
