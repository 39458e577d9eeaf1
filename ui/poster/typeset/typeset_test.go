package typeset

import (
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"testing"
)

// engine has the packs that releases carry.
func engine(t testing.TB) *Engine {
	t.Helper()
	var packs []Pack
	for _, name := range []string{"NotoSansJP-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansTC-Regular.otf"} {
		data, err := os.ReadFile(filepath.Join("..", "fonts", "packs", name))
		if err != nil {
			t.Fatal(err)
		}
		packs = append(packs, Pack{name, data})
	}
	e, err := New(packs...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEverySampleHasItsGlyphs(t *testing.T) {
	e := engine(t)
	for _, s := range samples {
		for _, bold := range []bool{false, true} {
			b := e.Layout(s.text, Style{Size: 20, Bold: bold, Lang: s.lang, RTL: s.rtl}, 300, 0)
			if len(b.Missing) > 0 {
				t.Errorf("%s, bold %v: missing %q", s.lang, bold, b.Missing)
			}
			for i, l := range b.Lines {
				if len(l.Runs) == 0 || l.Width > 300.001 || l.X < 0 {
					t.Errorf("%s, bold %v: line %d has %d runs and is %.1f wide at %.1f", s.lang, bold, i, len(l.Runs), l.Width, l.X)
				}
				for _, run := range l.Runs {
					for _, g := range run.Glyphs {
						if g.ID == 0 {
							t.Errorf("%s, bold %v: no glyph for %q", s.lang, bold, g.Text)
						}
					}
				}
			}
		}
	}
}

func TestShapeKept(t *testing.T) {
	e := engine(t)
	for _, s := range samples {
		for _, bold := range []bool{false, true, false} {
			style := Style{Size: 20, Bold: bold, Lang: s.lang, RTL: s.rtl}
			want, got := e.Layout(s.text, style, 300, 0), e.ShapeKept(s.text, style).Layout(style, 300, 0)
			if got.Fill(); !reflect.DeepEqual(got.Lines, want.Lines) {
				t.Errorf("%s, bold %v: other lines", s.lang, bold)
			}
		}
	}
	if e.ShapeKept("a", Style{}).paragraph != e.ShapeKept("a", Style{Size: 30}).paragraph {
		t.Error("shaped again")
	}
	for i := range maxKept + 10 {
		e.ShapeKept(strconv.Itoa(i), Style{})
	}
	if n := len(e.kept); n > maxKept {
		t.Errorf("%d texts are kept", n)
	}
}
