package poster

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// spellings are ways in which members write numbers.
var spellings = []string{"116000", "116 000", "+999 20-555/0100", "(0)20 555 01 02", "1-800-843-5679", "0800.555.111", "*116#", "+216 71 123 456",
	"١١٦ ٠٠٠", "۱۱۶۰۰۰"}

type glyphKey struct {
	face *typeset.Face
	id   uint32
}

// alphabet returns which character each glyph draws, having shaped the characters one by one.
func alphabet(fonts *typeset.Engine, tag string) map[glyphKey]rune {
	read := map[glyphKey]rune{}
	for _, r := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-–()/.*#:·٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹" {
		for _, bold := range []bool{false, true} {
			for _, rtl := range []bool{false, true} {
				b := fonts.Layout(typeset.Isolate(string(r)), typeset.Style{Size: 10, Lang: tag, Bold: bold, RTL: rtl}, 0, 0)
				for _, l := range b.Lines {
					for _, run := range l.Runs {
						key := glyphKey{run.Face, run.Glyphs[0].ID}
						if _, ok := read[key]; !ok {
							read[key] = r
						}
					}
				}
			}
		}
	}
	return read
}

// printed is a line of a page: the characters of its glyphs as they stand along the line, and the words that it says. Both
// are without spaces.
type printed struct{ glyphs, words string }

// lines reads a page by its glyphs. One that is not in the alphabet is a replacement character.
func lines(page *Page, read map[glyphKey]rune) (all []printed) {
	type placed struct {
		along float64
		r     rune
	}
	for i := range page.Marks {
		t := page.Marks[i].Text
		if t == nil {
			continue
		}
		for _, l := range t.Block.Lines {
			var glyphs []placed
			for _, run := range l.Runs {
				for _, g := range run.Glyphs {
					x, y := t.turned(g.X, g.Y)
					if t.Turn == 90 {
						x = -y
					}
					r, ok := read[glyphKey{run.Face, g.ID}]
					if !ok {
						r = '\ufffd'
					}
					if len(run.Face.Outline(g.ID)) > 0 { // not a space
						glyphs = append(glyphs, placed{x, r})
					}
				}
			}
			slices.SortStableFunc(glyphs, func(a, b placed) int { return cmp.Compare(a.along, b.along) })
			var p printed
			for _, g := range glyphs {
				p.glyphs += string(g.r)
			}
			for _, w := range l.Words {
				p.words += w.Text
			}
			p.words = spaceless(p.words)
			all = append(all, p)
		}
	}
	return all
}

func spaceless(s string) string { return strings.NewReplacer(" ", "", "\u00a0", "").Replace(s) }

// TestNumbersByTheirGlyphs reads the numbers of posters in every language off their glyphs, by where these stand on the page.
// A number that is turned round calls somebody else.
func TestNumbersByTheirGlyphs(t *testing.T) {
	for _, tag := range languages(t) {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			read := alphabet(fontsOf(t, tag), tag)
			for i, number := range spellings {
				other := spellings[(i+1)%len(spellings)]
				for _, format := range []Format{Formats()[0], Formats()[1+i%(len(Formats())-1)]} {
					in := inTongue(t, tag, format)
					in.Hotline, in.TearOff = number, true
					in.Case.Agency.Phone, in.Emergency = other, other
					in.Others = []protocol.Hotline{{Number: other, Label: protocol.Text{tag: tongues[tag].place}}}
					in.Case.What[tag] += " " + number + "."
					pages, err := Compose(in)
					if err != nil {
						t.Fatal(err)
					}
					large := false
					for _, l := range lines(pages[0], read) {
						large = large || l.glyphs == spaceless(number)
						for _, n := range []string{number, other, in.Case.Number} {
							if n = spaceless(n); strings.Contains(l.words, n) && !strings.Contains(l.glyphs, n) {
								t.Errorf("%s: %q is drawn as %q", format, n, l.glyphs)
							}
						}
					}
					if !large {
						t.Errorf("%s: no line has %q alone", format, number)
					}
				}
			}
		})
	}
}

// TestDatesAreInOneLine looks for the day since when the child is missing, whole, in one line of every poster.
func TestDatesAreInOneLine(t *testing.T) {
	for _, tag := range languages(t) {
		for _, format := range Formats() {
			in := inTongue(t, tag, format)
			pages, err := Compose(in)
			if err != nil {
				t.Fatal(err)
			}
			want := spaceless(in.Locales[0].Date(2026, 3, 9))
			if !slices.ContainsFunc(lines(pages[0], nil), func(l printed) bool { return strings.Contains(l.words, want) }) {
				t.Errorf("%s, %s: no line has %q", tag, format, want)
			}
		}
	}
}
