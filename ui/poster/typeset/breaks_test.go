package typeset

import (
	"slices"
	"strings"
	"testing"
)

// lines are the texts of the lines, in logical order.
func lines(b *Block) (all []string) {
	for _, l := range b.Lines {
		var s strings.Builder
		for _, w := range l.Words {
			s.WriteString(w.Text)
		}
		all = append(all, s.String())
	}
	return all
}

// narrow sets a text in lines that get narrower from a width that holds all of it down to next to nothing.
func narrow(t *testing.T, e *Engine, text string, s Style, check func(width float64, lines []string)) {
	t.Helper()
	s.Size = 12
	for width := e.Layout(text, s, 0, 0).Width + 1; width > 8; width *= 0.93 {
		check(width, lines(e.Layout(text, s, width, 0)))
	}
}

func TestThaiBreaksBetweenWordsAndNeverInAVowel(t *testing.T) {
	e := engine(t)
	words := []string{"เด็ก", "หาย", "ไป", "แล้ว", "เข้าใกล้", "น้ำ"}
	text := strings.Join(words, "\u200b")
	narrow(t, e, text, Style{Lang: "th"}, func(width float64, got []string) {
		if strings.Join(got, "") != strings.Join(words, "") {
			t.Fatalf("at %.0f: %q", width, got)
		}
		at := 0 // each line begins at a word, as long as the widest word goes into a line
		starts := map[int]bool{0: true}
		for _, w := range words {
			at += len(w)
			starts[at] = true
		}
		at = 0
		for i, line := range got {
			if width > 45 && !starts[at] {
				t.Errorf("at %.0f line %d of %q begins within a word", width, i, got)
			}
			at += len(line)
			if width < 25 {
				continue // not even a syllable goes in
			}
			last := []rune(line)[len([]rune(line))-1]
			first := []rune(line)[0]
			if strings.ContainsRune("เแโใไ", last) && i < len(got)-1 || strings.ContainsRune("ะาำๆฯ่้๊๋์ัิีึืฺุู็ํ", first) {
				t.Errorf("at %.0f: %q", width, got)
			}
		}
	})
	// Without marks the text begins on the line that has room, and breaks between clusters.
	for _, c := range []struct{ lang, text string }{
		{"th", "ชื่อ " + strings.Repeat("เข้าใกล้ที่สถานี", 6)}, {"lo", "ຊື່ " + strings.Repeat("ເຂົ້າໃກ້ສະຖານີ", 6)},
		{"km", "ឈ្មោះ " + strings.Repeat("ស្ថានីយ៍រថភ្លើង", 6)}, {"my", "အမည် " + strings.Repeat("ရန်ကုန်မြို့ဘူတာ", 6)},
	} {
		b := e.Layout(c.text, Style{Size: 12, Lang: c.lang}, 120, 0)
		if len(b.Lines) < 3 || b.Lines[0].Width < 90 {
			t.Errorf("%s: %d lines, the first %.0f wide of 120", c.lang, len(b.Lines), b.Lines[0].Width)
		}
		for _, line := range lines(b)[1:] {
			if first := []rune(line); len(first) > 1 && (first[1] == 0x103a || first[0] == 0x17d2 || 0xec4 < first[0] && first[0] < 0xece) {
				t.Errorf("%s: a line begins with %q", c.lang, line)
			}
		}
	}
}

func TestKoreanKeepsWordsWhole(t *testing.T) {
	e := engine(t)
	const text = "마지막으로 목격되었습니다 부산역"
	words := strings.Fields(text)
	narrow(t, e, text, Style{Lang: "ko"}, func(width float64, got []string) {
		if width < 90 {
			return // the widest word does not go in
		}
		for _, line := range got {
			for _, w := range strings.Fields(line) {
				if !slices.Contains(words, w) {
					t.Errorf("at %.0f: %q", width, got)
				}
			}
		}
	})
}

func TestJapaneseLinesDoNotBeginWithAFullStop(t *testing.T) {
	e := engine(t)
	narrow(t, e, "「東京駅」で最後に、目撃されました。きゃっと", Style{Lang: "ja"}, func(width float64, got []string) {
		if width < 40 {
			return
		}
		for _, line := range got {
			if strings.ContainsAny(line[:3], "。、」ゃっ") || strings.HasSuffix(line, "「") {
				t.Errorf("at %.0f: %q", width, got)
			}
		}
	})
}

func TestNumbersAreNotBrokenWhereALineHoldsThem(t *testing.T) {
	e := engine(t)
	const number = "+216 71 123 456"
	for _, rtl := range []bool{false, true} {
		room := e.Layout(number, Style{Size: 12}, 0, 0).Width
		narrow(t, e, "اتصل "+number+" الآن", Style{RTL: rtl}, func(width float64, got []string) {
			if width > room+0.01 && !slices.ContainsFunc(got, func(l string) bool { return strings.Contains(l, number) }) {
				t.Errorf("at %.1f of %.1f: %q", width, room, got)
			}
		})
	}
	// Where none does, it breaks between its groups.
	if got := lines(e.Layout(number, Style{Size: 12}, 60, 0)); !slices.Equal(got, []string{"+216 71", "123 456"}) {
		t.Errorf("a number in a narrow column is %q", got)
	}
}

func TestLineEndsTabsAndEmptyLines(t *testing.T) {
	e := engine(t)
	for text, want := range map[string][]string{
		"a\nb":                      {"a", "b"},
		"a\r\nb\rc\u2028d\u2029e":   {"a", "b", "c", "d", "e"},
		"a\tb":                      {"a b"},
		" a \n\n\n\n b ":            {"a", "", "b"},
		"\n\n":                      nil,
		"":                          nil,
		"a\u0085b\vc\fd":            {"a", "b", "c", "d"},
		"a\x00\x1b[1mb\u200b\ufeff": {"a[1mb"},
		"a\xff\xfeb":                {"a\ufffd\ufffdb"},
	} {
		b := e.Layout(text, Style{Size: 12}, 0, 0)
		if got := lines(b); !slices.Equal(got, want) {
			t.Errorf("%q has lines %q, want %q", text, got, want)
		}
		if len(want) == 0 && (b.Height != 0 || b.Width != 0 || b.Cut) {
			t.Errorf("%q is %v high", text, b.Height)
		}
	}
}

func TestCutAfterAWord(t *testing.T) {
	e := engine(t)
	const text = "The child was last seen at the harbour, near the old bridge"
	whole := e.Layout(text, Style{Size: 12}, 0, 0).Width
	for width := whole - 0.5; width > 20; width-- {
		b := e.Layout(text, Style{Size: 12}, width, 1)
		line := lines(b)[0]
		kept := strings.TrimSuffix(line, "…")
		if !b.Cut || len(b.Lines) != 1 || kept == line || b.Lines[0].Width > width+0.001 || !strings.HasPrefix(text, kept) {
			t.Fatalf("at %.0f: %q, cut %v, width %.1f", width, line, b.Cut, b.Lines[0].Width)
		}
		if next := text[len(kept)]; width > 70 && next != ' ' && next != ',' {
			t.Errorf("at %.0f a word is cut: %q", width, line)
		}
	}
	if b := e.Layout("هذا نص طويل جدا لا يدخل في السطر", Style{Size: 12, RTL: true}, 80, 1); !strings.HasPrefix(seen(b.Lines[0]), "…") {
		t.Errorf("the ellipsis of Arabic is not on the left: %q", seen(b.Lines[0]))
	}
	if got := lines(e.Layout("Rindfleischetikettierungsüberwachung", Style{Size: 12}, 100, 1)); len(got[0]) < 10 {
		t.Errorf("a long word is cut to %q", got)
	}
}
