package poster

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// TestLanguagesHaveGlyphs draws all that the catalogues, the calendars and the
// lists of countries and languages can put on a poster. Only the characters of
// Chinese may lack, which come in a font pack.
func TestLanguagesHaveGlyphs(t *testing.T) {
	fonts, err := typeset.New()
	if err != nil {
		t.Fatal(err)
	}
	b, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	quoted := regexp.MustCompile(`(?m)= (?:\{.*\}|".*")$`)
	for _, l := range b.PosterLocales() {
		raw, err := os.ReadFile(filepath.Join("..", "i18n", "messages", l.Tag+".toml"))
		if err != nil {
			t.Fatal(err)
		}
		texts := quoted.FindAllString(string(raw), -1)
		if len(texts) < 100 {
			t.Errorf("%s: %d messages", l.Tag, len(texts))
		}
		for _, c := range l.Countries() {
			texts = append(texts, c.Name)
		}
		for _, other := range b.PosterLocales() {
			texts = append(texts, l.Language(other.Tag))
		}
		for _, calendar := range []string{"gregorian", "buddhist", "persian", "ethiopic"} {
			in, err := b.WithCalendar(l.Tag, calendar)
			if err != nil {
				t.Fatal(err)
			}
			l, _ := in.PosterLocale(l.Tag)
			for month := 0; month <= 12; month++ {
				texts = append(texts, l.Date(2026, month, 0), l.Date(2026, month, 9))
			}
		}
		block := fonts.Layout(strings.Join(texts, "\n"), typeset.Style{Size: 10, Lang: l.Tag, RTL: l.Dir == "rtl"}, 0, 0)
		for _, m := range block.Missing {
			if l.Tag != "zh-Hant" || !unicode.Is(unicode.Han, m.Rune) {
				t.Errorf("%s: no glyph of %#U", l.Tag, m.Rune)
			}
		}
	}
}

// TestDatesReadInOrder sets dates by two calendars from right to left, in both
// kinds of digits: each word must stand before the next, and each number be
// whole.
func TestDatesReadInOrder(t *testing.T) {
	fonts, err := typeset.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"fa", "ar"} {
		for _, digits := range []string{"latn", "arab", "arabext"} {
			b, err := i18n.Load(nil)
			if err != nil {
				t.Fatal(err)
			}
			if b, err = b.WithDigits(tag, digits); err != nil {
				t.Fatal(err)
			}
			if b, err = b.WithCalendar(tag, "persian"); err != nil {
				t.Fatal(err)
			}
			l, _ := b.PosterLocale(tag)
			text := l.T("case.since", "date", l.Date(2026, 3, 9))
			block := fonts.Layout(text, typeset.Style{Size: 10, Lang: tag, RTL: true}, 0, 0)
			var read []string
			at := block.Width + 1
			for _, w := range block.Lines[0].Words {
				if w.Text == " " {
					continue
				}
				if w.X >= at {
					t.Errorf("%s %s: %q stands before what is read before it, in %q", tag, digits, w.Text, text)
				}
				at = w.X
				read = append(read, w.Text)
			}
			for _, number := range []string{l.Digits("1404"), l.Digits("18"), l.Digits("2026")} {
				if !strings.Contains(strings.Join(read, " "), number) {
					t.Errorf("%s %s: no %s in %q", tag, digits, number, read)
				}
			}
		}
	}
}
