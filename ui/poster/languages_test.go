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
