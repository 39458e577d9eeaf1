package poster

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// extremes are posters with as much, as little and as awkward as can be.
func extremes(t testing.TB, tag string, size Size) map[string]Input {
	all := map[string]Input{"sample": sample(t, tag, size)}
	vary := func(name string, change func(in *Input)) {
		in := sample(t, tag, size)
		change(&in)
		all[name] = in
	}
	long := func(n int, word string) string { return string([]rune(strings.Repeat(word, n/len(word)+1))[:n]) }
	text := func(s string) protocol.Text { return protocol.Text{tag: s} }
	fill := func(in *Input, word string) {
		for i := range in.Case.Children {
			ch := &in.Case.Children[i]
			ch.Name, ch.OtherNames = long(120, word), []string{long(120, word), long(120, word), long(120, word)}
			ch.Marks, ch.Clothing, ch.Appearance = text(long(300, word)), text(long(300, word)), text(long(300, word))
			ch.Eyes, ch.Hair = "different", []protocol.HairColour{"sandy", "other", "bald"}
			ch.Languages = []string{"en", "el", "fr", "ar", "de", "it", "es", "pt", "nl", "pl", "uk", "tr"}
		}
		in.Case.What, in.Case.Agency = text(long(3000, word)), protocol.Agency{Name: long(120, word), Phone: "+99999 99999 99999 99999"}
		in.Case.From.Area, in.Case.From.Locality, in.Case.Number = long(120, word), long(120, word), long(40, "W")
		in.Case.Hotline, in.Organisation, in.Fingerprint = "+999 999 999 999 999 999", long(120, word), long(90, word)
		in.CaseURL = "https://" + long(190, "m")
	}
	vary("nothing", func(in *Input) {
		*in = Input{Case: &protocol.Case{Children: make([]protocol.Child, 1)}, Locale: in.Locale, Size: size}
	})
	vary("all long", func(in *Input) { fill(in, "Aldenhoven Theodora ") })
	vary("one long word", func(in *Input) { fill(in, "W") })
	vary("narrow words", func(in *Input) { fill(in, "i ") })
	vary("no photo, long", func(in *Input) { fill(in, "Aldenhoven "); in.Photo = nil })
	for _, n := range []int{2, 3, 8} {
		vary(fmt.Sprintf("%d children", n), func(in *Input) {
			for range n - 1 {
				in.Case.Children = append(in.Case.Children, in.Case.Children[0])
			}
		})
		vary(fmt.Sprintf("%d children, long", n), func(in *Input) {
			for range n - 1 {
				in.Case.Children = append(in.Case.Children, in.Case.Children[0])
			}
			fill(in, "Aldenhoven ")
		})
	}
	for _, wh := range [][2]int{{300, 200}, {200, 200}, {200, 300}, {1000, 40}, {40, 1000}} {
		vary(fmt.Sprintf("photo %d×%d", wh[0], wh[1]), func(in *Input) { in.Photo = portrait(t, wh[0], wh[1]) })
		vary(fmt.Sprintf("photo %d×%d, long", wh[0], wh[1]), func(in *Input) { fill(in, "Aldenhoven "); in.Photo = portrait(t, wh[0], wh[1]) })
	}
	return all
}

func TestNothingOutsideOrTinyOrOverlapping(t *testing.T) {
	for _, tag := range []string{"en", "fr", "el"} {
		for _, size := range []Size{A4, Letter} {
			for name, in := range extremes(t, tag, size) {
				t.Run(fmt.Sprint(tag, " ", size, " ", name), func(t *testing.T) {
					marks, page, err := compose(&in)
					if err != nil {
						t.Fatal(err)
					}
					check(t, marks, page)
					render(t, in)
				})
			}
		}
	}
}

// edge is what every printer leaves white; only the bands of colour go further.
const edge = 12

func check(t *testing.T, marks []mark, page rect) {
	t.Helper()
	var texts []mark
	for i, m := range marks {
		b := m.box
		if !inside(b, page, 0) {
			t.Errorf("outside of the page: %.1f %q", b, m.text)
		}
		if m.text != "" && !inside(inked(m), page, edge) || m.photo && !inside(b, page, edge) {
			t.Errorf("in the part that printers leave white: %.1f %q", b, m.text)
		}
		for _, a := range m.areas {
			if a.x < b.x-0.01 || a.y < b.y-0.01 || a.x+a.w > b.x+b.w+0.01 || a.y+a.h > b.y+b.h+0.01 {
				t.Errorf("area %.1f outside of its box %.1f", a, b)
			}
		}
		for _, p := range m.outline {
			if p[0] < b.x || p[1] < b.y || p[0] > b.x+b.w || p[1] > b.y+b.h+0.01 {
				t.Errorf("outline %.1f outside of its box %.1f", p, b)
			}
		}
		if m.text == "" {
			continue
		}
		ground := paper
		for _, under := range marks[:i] {
			for _, a := range under.areas {
				if a.w == page.w && overlap(inked(m), a) {
					ground = under.colour
				}
			}
		}
		if got := contrast(m.colour, ground); got < 4.4 {
			t.Errorf("contrast %.1f of %q", got, m.text)
		}
		if m.size < minSize {
			t.Errorf("%.1f points: %q", m.size, m.text)
		}
		texts = append(texts, m)
	}
	for i, a := range texts {
		for _, m := range marks {
			if m.photo && overlap(inked(a), m.box) {
				t.Errorf("%q over the photo", a.text)
			}
		}
		for _, b := range texts[i+1:] {
			if overlap(inked(a), inked(b)) {
				t.Errorf("%q at %.1f overlaps %q at %.1f", a.text, inked(a), b.text, inked(b))
			}
		}
	}
}

// inked is the part of a text that has ink: from the capitals to a little below the baseline.
func inked(m mark) rect { return rect{m.box.x, m.y - 0.73*m.size, m.box.w, 0.9 * m.size} }

func inside(b, page rect, least float64) bool {
	return b.x >= least && b.y >= least && b.w >= 0 && b.h >= 0 && b.x+b.w <= page.w-least && b.y+b.h <= page.h-least
}

func overlap(a, b rect) bool {
	return a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h
}

func TestHotlineIsInOnePieceAsGiven(t *testing.T) {
	for _, number := range []string{"116000", "116 000", "+999 20-555/0100", "+999 (20) 555 01 00 99 88"} {
		for _, tag := range []string{"en", "el"} {
			in := sample(t, tag, A4)
			in.Hotline = number
			marks, _, err := compose(&in)
			if err != nil {
				t.Fatal(err)
			}
			alone, within := 0, 0
			for _, m := range marks {
				if m.text == number && m.size > 30 {
					alone++
				} else if strings.Contains(m.text, number) {
					within++
				}
			}
			if alone != 1 || within != 1 {
				t.Errorf("%s in %s: %d times alone, %d times in a sentence", number, tag, alone, within)
			}
		}
	}
}

func TestNumbersAreNeverCut(t *testing.T) {
	for name, in := range extremes(t, "en", A4) {
		if in.Case.Agency.Phone == "" {
			continue
		}
		marks, _, err := compose(&in)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{in.Case.Agency.Phone, in.Case.Number, "31 July 2026"} {
			if !slices.ContainsFunc(marks, func(m mark) bool { return strings.HasSuffix(m.text, want) }) {
				t.Errorf("%s: %s is not there whole", name, want)
			}
		}
	}
}

func TestPhotoIsWholeAndNotStretched(t *testing.T) {
	for _, wh := range [][2]int{{400, 500}, {300, 400}, {300, 200}, {200, 200}, {100, 300}, {300, 100}} {
		in := sample(t, "en", A4)
		in.Photo = portrait(t, wh[0], wh[1])
		marks, _, err := compose(&in)
		if err != nil {
			t.Fatal(err)
		}
		photos := 0
		for _, m := range marks {
			if !m.photo {
				continue
			}
			photos++
			if own, got := float64(wh[0])/float64(wh[1]), m.box.w/m.box.h; math.Abs(got-own) > 0.001 {
				t.Errorf("%d×%d drawn as %.1f×%.1f", wh[0], wh[1], m.box.w, m.box.h)
			}
			if m.box.w < 90 || m.box.h < 90 {
				t.Errorf("%d×%d drawn as small as %.1f×%.1f", wh[0], wh[1], m.box.w, m.box.h)
			}
		}
		if photos != 1 {
			t.Errorf("%d photos", photos)
		}
	}
}

func TestTextCanBeReadOnAnyBrand(t *testing.T) {
	for _, brand := range []string{"", "#003B71", "#F5D547", "#FFFFFF", "#000000", "#777777", "#7FB2E5"} {
		in := sample(t, "en", A4)
		in.Brand, in.Accent = brand, brand
		marks, page, err := compose(&in)
		if err != nil {
			t.Fatal(err)
		}
		check(t, marks, page)
	}
}

func TestWrap(t *testing.T) {
	f, err := newFaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text  string
		width float64
		n     int
		want  string
		cut   bool
	}{
		{"", 100, 3, "", false},
		{"one two three", 1000, 3, "one two three", false},
		{"one two three", 50, 3, "one two|three", false},
		{"one two three", 45, 1, "one…", true},
		{"call +1\u00a02\u00a03", 45, 3, "call|+1 2 3", false},
		{"wwwwwwwwww", 50, 9, "wwwwww|wwww", false},
		{"one two", 50, 0, "", true},
	} {
		b := f.wrap(c.text, regular, 10, 1.2, c.width, c.n)
		if got := strings.Join(b.lines, "|"); got != c.want || b.cut != c.cut {
			t.Errorf("%q in %v: %q cut %v, want %q cut %v", c.text, c.width, got, b.cut, c.want, c.cut)
		}
	}
}
