package typeset

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-text/typesetting/language"
)

func (s sample) style(size float64) Style { return Style{Size: size, Lang: s.lang, RTL: s.rtl} }

// near says whether two lengths differ by rounding only.
func near(a, b float64) bool { return math.Abs(a-b) < 0.01 }

// checkBlock holds what is true of every block of one style and width.
func checkBlock(b *Block, width float64) error {
	for i, l := range b.Lines {
		var words float64
		for _, w := range l.Words {
			words += w.Width
			if w.Text == "" || w.X < l.X-0.01 || w.X+w.Width > l.X+l.Width+0.01*float64(len(l.Words)) {
				return fmt.Errorf("line %d: word %q stands at %.2f, %.2f wide, in a line at %.2f, %.2f wide", i, w.Text, w.X, w.Width, l.X, l.Width)
			}
		}
		if words > l.Width+0.001*float64(len(l.Words)+1) {
			return fmt.Errorf("line %d is %.3f wide, its words together %.3f", i, l.Width, words)
		}
		if l.InkTop < -0.01 || l.InkBottom > b.Height+0.01 {
			return fmt.Errorf("line %d: ink from %.2f to %.2f in a block %.2f high", i, l.InkTop, l.InkBottom, b.Height)
		}
		if l.Width > b.Width+0.001 {
			return fmt.Errorf("line %d is wider than the block", i)
		}
		if i > 0 && l.InkTop < b.Lines[i-1].InkBottom && l.InkTop != 0 && b.Lines[i-1].InkBottom != 0 {
			return fmt.Errorf("the ink of line %d begins at %.2f, that of the line above ends at %.2f", i, l.InkTop, b.Lines[i-1].InkBottom)
		}
		for _, run := range l.Runs {
			for _, g := range run.Glyphs {
				for _, x := range []float64{g.X, g.Y} {
					if math.IsNaN(x) || math.IsInf(x, 0) {
						return fmt.Errorf("line %d: a glyph at %v, %v", i, g.X, g.Y)
					}
				}
			}
		}
	}
	return nil
}

func TestBlocksHoldTogether(t *testing.T) {
	e := engine(t)
	for _, s := range samples {
		for _, align := range []Align{Start, Centre, End} {
			st := s.style(20)
			st.Align = align
			st.Bold = align == Centre
			b := e.Layout(s.text, st, 250, 0)
			if err := checkBlock(b, 250); err != nil {
				t.Errorf("%s: %v", s.lang, err)
			}
			for i, l := range b.Lines {
				want := map[Align]float64{Start: 0, Centre: (250 - l.Width) / 2, End: 250 - l.Width}
				if s.rtl {
					want[Start], want[End] = want[End], want[Start]
				}
				if !near(l.X, want[align]) || l.Width > 250.001 {
					t.Errorf("%s, align %d: line %d at %.2f, %.2f wide", s.lang, align, i, l.X, l.Width)
				}
			}
		}
	}
}

// The ink is that of the outlines, walked along here in small steps.
func TestInkIsThatOfTheOutlines(t *testing.T) {
	e := engine(t)
	for _, s := range samples {
		b := e.Layout(s.text, s.style(40), 0, 0)
		l := b.Lines[0]
		left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, run := range l.Runs {
			scale := run.Size / float64(run.Face.UnitsPerEm())
			for _, g := range run.Glyphs {
				var at Point
				for _, seg := range run.Face.Outline(g.ID) {
					p := [4]Point{at, seg.P[0], seg.P[1], seg.P[2]}
					if seg.Op == MoveTo || seg.Op == LineTo {
						p = [4]Point{seg.P[0], seg.P[0], seg.P[0], seg.P[0]}
					}
					if seg.Op == Close {
						continue
					}
					at = p[3]
					for i := 0; i <= 50; i++ {
						u, v := float64(i)/50, 1-float64(i)/50
						x := v*v*v*float64(p[0].X) + 3*v*v*u*float64(p[1].X) + 3*v*u*u*float64(p[2].X) + u*u*u*float64(p[3].X)
						y := v*v*v*float64(p[0].Y) + 3*v*v*u*float64(p[1].Y) + 3*v*u*u*float64(p[2].Y) + u*u*u*float64(p[3].Y)
						left, right = min(left, g.X+x*scale), max(right, g.X+x*scale)
						top, bottom = min(top, g.Y-y*scale), max(bottom, g.Y-y*scale)
					}
				}
			}
		}
		for _, c := range [][2]float64{{l.InkLeft, left}, {l.InkRight, right}, {l.InkTop, top}, {l.InkBottom, bottom}} {
			if math.Abs(c[0]-c[1]) > 0.05 {
				t.Errorf("%s: ink %v, walked %v", s.lang, []float64{l.InkLeft, l.InkRight, l.InkTop, l.InkBottom}, []float64{left, right, top, bottom})
				break
			}
		}
	}
}

func TestLeadings(t *testing.T) {
	e := engine(t)
	for lang, want := range map[string]float64{"en": 1.28, "el": 1.28, "he": 1.3, "am": 1.35, "ja": 1.4, "ko": 1.4, "hi": 1.42,
		"ar": 1.5, "th": 1.5, "km": 1.65, "my": 1.75, "ur": 2.1} {
		i := slices.IndexFunc(samples, func(s sample) bool { return s.lang == lang })
		b := e.Layout(samples[i].text, samples[i].style(10), 120, 0)
		least := math.Inf(1)
		for i := 1; i < len(b.Lines); i++ {
			least = min(least, b.Lines[i].Baseline-b.Lines[i-1].Baseline)
		}
		if len(b.Lines) < 2 || least < want*10-0.01 || least > want*10+0.6 {
			t.Errorf("%s: lines are %.2f apart at 10 points, want %.2f", lang, least, want*10)
		}
	}
	if b := e.Layout("a\nb", Style{Size: 10, Leading: 2}, 0, 0); !near(b.Lines[1].Baseline-b.Lines[0].Baseline, 20) {
		t.Errorf("a leading of 2 is not kept: %v", b.Lines)
	}
	// Accents upon accents push the lines apart, and there is an end to them.
	b := e.Layout("a\nx"+strings.Repeat("\u0302", 500)+"\nq"+strings.Repeat("\u0323", 500)+"\nb", Style{Size: 10, Leading: 1}, 0, 0)
	if err := checkBlock(b, 0); err != nil {
		t.Error(err)
	}
	if b.Height > 150 {
		t.Errorf("accents make four lines %.0f high", b.Height)
	}
}

func TestFit(t *testing.T) {
	e := engine(t)
	const height, least, most = 90, 8, 60
	for _, s := range samples {
		before := 0.0
		for width := 60.0; width < 700; width += 40 {
			b := e.Fit(s.text, s.style(most), least, width, height, 5)
			if err := checkBlock(b, width); err != nil {
				t.Errorf("%s, %.0f wide: %v", s.lang, width, err)
			}
			if b.Size < before && !unspaced(language.LookupScript([]rune(s.text)[0])) { // these fit whole first, then broken
				t.Errorf("%s: %.1f points at a width of %.0f, more in less", s.lang, b.Size, width)
			}
			before = b.Size
			if b.Height > height+0.01 || b.Width > width+0.01 || len(b.Lines) > 5 {
				t.Errorf("%s: %.0f × %.0f of %.0f × %d in %d lines", s.lang, b.Width, b.Height, width, height, len(b.Lines))
			}
			if b.Cut && b.Size > least {
				t.Errorf("%s: cut at %.1f points", s.lang, b.Size)
			}
			if b.Cut || b.Size == most {
				continue
			}
			larger := e.Layout(s.text, s.style(b.Size+step), width, 5)
			p := e.shape(s.text, s.style(1))
			worse := p.wrap(b.Size+step, width, 5).torn > p.wrap(b.Size, width, 5).torn
			if !larger.Cut && larger.Height <= height && !worse {
				t.Errorf("%s: %.1f points at a width of %.0f, and half a point more goes in too", s.lang, b.Size, width)
			}
		}
	}
	// A word is not broken to be larger.
	for _, text := range []string{"Kindesentführung", "เข้าใกล้ สถานีรถไฟ", "+216 71 123 456"} {
		b := e.Fit(text, Style{Size: 60}, 8, 110, 0, 3)
		for _, l := range lines(b) {
			if !strings.Contains(" "+text+" ", " "+strings.TrimSpace(l)+" ") {
				t.Errorf("%q is broken: %q", text, lines(b))
			}
		}
	}
	// A sentence without spaces is.
	if b := e.Fit(strings.Repeat("สถานี", 20), Style{Size: 30, Lang: "th"}, 8, 200, 140, 4); b.Size < 15 || len(b.Lines) != 4 {
		t.Errorf("a Thai sentence has %v points in %d lines", b.Size, len(b.Lines))
	}
	// Not even the least size holds it: it is cut, to fewer lines where the height wants it.
	long := strings.Repeat("word ", 400)
	if b := e.Fit(long, Style{Size: 20}, 10, 100, 40, 9); !b.Cut || b.Size != 10 || b.Height > 40 || len(b.Lines) != 3 {
		t.Errorf("%v points, %d lines, %.1f high, cut %v", b.Size, len(b.Lines), b.Height, b.Cut)
	}
}

func TestWordsAreTheText(t *testing.T) {
	e := engine(t)
	for _, s := range samples {
		l := e.Layout(s.text, s.style(12), 0, 0).Lines[0]
		var all string
		var wide float64
		for _, w := range l.Words {
			all += w.Text
			wide += w.Width
			if strings.Contains(w.Text, " ") && w.Text != " " {
				t.Errorf("%s: a space within %q", s.lang, w.Text)
			}
			if first := []rune(w.Text)[0]; 0x590 <= first && first < 0x660 && !w.RTL || 'a' <= first && first <= 'z' && w.RTL {
				t.Errorf("%s: %q runs from right to left: %v", s.lang, w.Text, w.RTL)
			}
		}
		if want := strings.NewReplacer("\u200c", "", "\u200d", "").Replace(s.text); all != want || math.Abs(wide-l.Width) > 0.001*float64(len(l.Words)+1) {
			t.Errorf("%s: the words are %q, the text %q", s.lang, all, want)
		}
	}
	if got := lines(e.Layout("a\u2066b\u2069\u200b\ufe0fc\U0001f600\U000e0100d", Style{Size: 12}, 0, 0)); got[0] != "abc\U0001f600d" {
		t.Errorf("the layer has %+q", got)
	}
}

// written is a block without what differs between two engines.
func written(b *Block) string {
	var s strings.Builder
	fmt.Fprintln(&s, b.Size, b.Width, b.Height, b.Cut, b.Missing)
	for _, l := range b.Lines {
		fmt.Fprintln(&s, l.X, l.Baseline, l.Width, l.InkTop, l.InkBottom, l.InkLeft, l.InkRight, l.Words)
		for _, run := range l.Runs {
			fmt.Fprintln(&s, run.Face.name, run.Size, run.Embolden, run.Glyphs)
		}
	}
	return s.String()
}

// Two engines, whatever they set before, and many goroutines get the same.
func TestTheSameEachTime(t *testing.T) {
	one, other := engine(t), engine(t)
	for i := range samples {
		s := samples[len(samples)-1-i]
		other.Layout(s.text, s.style(9), 50, 0)
	}
	blocks := make([]*Block, len(samples))
	for i, s := range samples {
		blocks[i] = one.Fit(s.text, s.style(30), 8, 200, 100, 4)
		if a, b := written(blocks[i]), written(other.Fit(s.text, s.style(30), 8, 200, 100, 4)); a != b {
			t.Errorf("%s: two engines set\n%s\n%s", s.lang, a, b)
		}
	}
	var wg sync.WaitGroup
	fresh := engine(t)
	for range 4 {
		wg.Go(func() {
			for i, s := range samples {
				if b := one.Fit(s.text, s.style(30), 8, 200, 100, 4); !reflect.DeepEqual(b, blocks[i]) {
					t.Errorf("%s differs in another goroutine", s.lang)
				}
				fresh.Layout(s.text, s.style(12), 100, 2)
			}
		})
	}
	wg.Wait()
}

// The work is bounded by the limit, not by the text.
func TestLongTextsAreCut(t *testing.T) {
	e := engine(t)
	for _, letter := range []string{"a", "ع", "क्ष", "ក្", "한", "日", "\u202e", "\u2066a", "e\u0301", "\U0001f600", "1 ", "\n", "เ", "﷽"} {
		long := strings.Repeat(letter, 10_000)
		for _, rtl := range []bool{false, true} {
			src := clean(long, rtl)
			if len(src.runes) > 2*maxRunes {
				t.Errorf("%q: %d characters are shaped", letter, len(src.runes))
			}
			b := e.Fit(long, Style{Size: 40, RTL: rtl}, 8, 300, 100, 2)
			if err := checkBlock(b, 300); err != nil {
				t.Errorf("%q: %v", letter, err)
			}
			if b.Cut != (letter != "\n") || len(b.Lines) > 2 {
				t.Errorf("%q: cut %v, %d lines", letter, b.Cut, len(b.Lines))
			}
		}
	}
	if src := clean(strings.Repeat("a", maxRunes-4)+" 116 000", false); !src.cut || strings.ContainsAny(string(src.runes), "16") {
		t.Error("the limit leaves half a number")
	}
}

// Sizes and widths that make no sense harm nobody.
func TestOddMeasures(t *testing.T) {
	e := engine(t)
	odd := []float64{0, -1, math.NaN(), math.Inf(1), math.Inf(-1), 1e300, 1e-300}
	for _, a := range odd {
		for _, b := range odd {
			for _, bl := range []*Block{
				e.Layout("abc عربي", Style{Size: a, Leading: b}, 100, 0), e.Layout("abc عربي", Style{Size: 12}, a, -1),
				e.Fit("abc عربي", Style{Size: a}, b, 100, 20, 2), e.Fit("abc عربي", Style{Size: 20}, 8, a, b, 2),
			} {
				if err := checkBlock(bl, 0); err != nil {
					t.Errorf("%v, %v: %v", a, b, err)
				}
			}
		}
	}
}
