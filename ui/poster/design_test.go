package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// extremes are posters with as much, as little and as awkward as can be.
func extremes(t testing.TB, tag string, format Format) map[string]Input {
	all := map[string]Input{"sample": sample(t, tag, format)}
	vary := func(name string, change func(in *Input)) {
		in := sample(t, tag, format)
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
		in.Case.From.Area, in.Case.From.Locality, in.Case.Number = long(120, word), long(120, word), long(40, "X7-")
		in.Case.Hotline, in.Organisation, in.Fingerprint = "+999 999 999 999 999 999", text(long(120, word)), long(90, word)
		in.CaseURL, in.Code = "https://"+long(190, "m"), "HTTPS://"+long(190, "M")
	}
	companions := func(in *Input, n int) {
		for i := range n {
			in.Case.Companions = append(in.Case.Companions, protocol.Companion{Name: "Ottokar Aldenhoven", Relation: "father", Sex: "male", BirthYear: 1980,
				Eyes: "green", Hair: []protocol.HairColour{"brown"}, Height: protocol.Height{Min: 180, Max: 184}, Appearance: text("Short beard, walks with a stick.")})
			in.Photos = append(in.Photos, Picture{JPEG: portrait(t, 400, 500), Info: protocol.Photo{Kind: protocol.CompanionShot, Who: uint8(i)}})
		}
	}
	vary("nothing", func(in *Input) {
		*in = Input{Case: &protocol.Case{Children: make([]protocol.Child, 1)}, Locales: in.Locales, Format: format}
	})
	vary("no facts", func(in *Input) { in.Facts = []string{} })
	vary("two photos", func(in *Input) { in.Photos = append(in.Photos, in.Photos[0]) })
	vary("all long", func(in *Input) { fill(in, "Aldenhoven Theodora ") })
	vary("one long word", func(in *Input) { fill(in, "W") })
	vary("narrow words", func(in *Input) { fill(in, "i ") })
	vary("no photo", func(in *Input) { in.Photos = nil })
	vary("no photo, long", func(in *Input) { fill(in, "Aldenhoven "); in.Photos = nil })
	vary("companion", func(in *Input) { companions(in, 1) })
	vary("companions, long", func(in *Input) { companions(in, 4); fill(in, "Aldenhoven ") })
	vary("two photos and companions", func(in *Input) { in.Photos = append(in.Photos, in.Photos[0]); companions(in, 2) })
	vary("tear off", func(in *Input) { in.TearOff = true })
	vary("tear off, long", func(in *Input) { in.TearOff = true; fill(in, "Aldenhoven "); companions(in, 2) })
	vary("black and white", func(in *Input) { in.BlackWhite = true; companions(in, 1) })
	vary("draft", func(in *Input) { in.State = Draft })
	if tag != "ar" {
		vary("two languages", func(in *Input) { in.Locales, in.Together = append(in.Locales, locale(t, "de")), true })
		vary("two languages, long", func(in *Input) {
			fill(in, "Aldenhoven ")
			companions(in, 2)
			in.Case.What["de"] = in.Case.What[tag]
			in.Locales, in.Together = append(in.Locales, locale(t, "de")), true
		})
	}
	for _, n := range []int{2, 3, 4, 8} {
		several := func(in *Input) {
			for i := range n - 1 {
				in.Case.Children = append(in.Case.Children, in.Case.Children[0])
				if i%3 < 2 {
					in.Photos = append(in.Photos, Picture{JPEG: portrait(t, 400, 500), Info: protocol.Photo{Kind: protocol.Portrait, Who: uint8(i + 1)}})
				}
			}
		}
		vary(fmt.Sprintf("%d children", n), several)
		vary(fmt.Sprintf("%d children, long", n), func(in *Input) { several(in); fill(in, "Aldenhoven ") })
		vary(fmt.Sprintf("%d children, companions", n), func(in *Input) { several(in); companions(in, 2) })
	}
	for _, wh := range [][2]int{{300, 200}, {200, 200}, {200, 300}, {1000, 40}, {40, 1000}} {
		vary(fmt.Sprintf("photo %d×%d", wh[0], wh[1]), func(in *Input) { in.Photos[0].JPEG = portrait(t, wh[0], wh[1]) })
		vary(fmt.Sprintf("photo %d×%d, long", wh[0], wh[1]), func(in *Input) { fill(in, "Aldenhoven "); in.Photos[0].JPEG = portrait(t, wh[0], wh[1]) })
	}
	return all
}

func TestNothingOutsideOrTinyOrOverlapping(t *testing.T) {
	for _, tag := range []string{"en", "ar"} {
		for _, format := range Formats() {
			for name, in := range extremes(t, tag, format) {
				t.Run(fmt.Sprint(tag, " ", format, " ", name), func(t *testing.T) {
					t.Parallel()
					pages, err := Compose(in)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range pages {
						check(t, p)
					}
					if designs[format].screen {
						for _, m := range pages[0].Marks {
							if m.Text != nil && m.Text.Block.Size < screenSize {
								t.Errorf("%.1f points on a screen: %q", m.Text.Block.Size, said(&m))
							}
						}
					}
				})
			}
		}
	}
}

// edge is what every printer leaves white; only the bands of colour go further.
const edge = unprinted

// said is the text of a mark, for messages.
func said(m *Mark) string {
	var all []string
	for _, l := range m.Text.Block.Lines {
		for _, w := range l.Words {
			all = append(all, w.Text)
		}
	}
	return strings.Join(all, "")
}

func check(t *testing.T, page *Page) {
	t.Helper()
	var texts []*Mark
	whole := Rect{0, 0, page.W, page.H}
	for i := range page.Marks {
		m := &page.Marks[i]
		if !inside(m.Box, whole, 0) {
			t.Errorf("outside of the page: %.1f", m.Box)
		}
		if m.Picture != nil && page.H > 700 && page.H < 900 && !inside(m.Box, whole, edge) {
			t.Errorf("a picture in the part that printers leave white: %.1f", m.Box)
		}
		for _, a := range m.Areas {
			if !inside(a, m.Box, -0.01) {
				t.Errorf("area %.1f outside of its box %.1f", a, m.Box)
			}
		}
		for _, over := range page.Marks[i:] {
			if (m.Picture != nil || m.Text != nil && !m.Text.Faint) && slices.ContainsFunc(over.Areas, func(a Rect) bool { return overlap(a, m.Box) }) {
				t.Errorf("areas at %.1f hide what is at %.1f", over.Box, m.Box)
			}
		}
		if m.Text == nil || m.Text.Faint {
			continue
		}
		if !inside(m.Box, whole, edge) {
			t.Errorf("in the part that printers leave white: %.1f %q", m.Box, said(m))
		}
		ground := paper
		for _, under := range page.Marks[:i] {
			for _, a := range under.Areas {
				if overlap(m.Box, a) {
					ground = under.Colour
				}
			}
		}
		if ground != m.Text.Ground {
			t.Errorf("%q stands on %v, not on %v", said(m), ground, m.Text.Ground)
		}
		need := readable
		if m.Text.Block.Size >= 18 {
			need = 3 // WCAG's large text
		}
		if got := contrast(m.Text.Colour, ground); got < need {
			t.Errorf("contrast %.1f of %q", got, said(m))
		}
		if m.Text.Block.Size < minSize {
			t.Errorf("%.1f points: %q", m.Text.Block.Size, said(m))
		}
		if len(m.Text.Block.Missing) > 0 {
			t.Errorf("no glyphs of %v", m.Text.Block.Missing)
		}
		texts = append(texts, m)
	}
	for i, a := range texts {
		for j := range page.Marks {
			if m := &page.Marks[j]; m.Picture != nil && overlap(a.Box, m.Box) {
				t.Errorf("%q over a photo", said(a))
			}
		}
		for _, b := range texts[i+1:] {
			if overlap(a.Box, b.Box) {
				t.Errorf("%q at %.1f overlaps %q at %.1f", said(a), a.Box, said(b), b.Box)
			}
		}
	}
}

func inside(b, box Rect, least float64) bool {
	return b.X >= box.X+least && b.Y >= box.Y+least && b.W >= 0 && b.H >= 0 && b.right() <= box.right()-least && b.low() <= box.low()-least
}

func overlap(a, b Rect) bool {
	const touch = 0.01
	return a.X+touch < b.right() && b.X+touch < a.right() && a.Y+touch < b.low() && b.Y+touch < a.low()
}

// drawnAs returns the characters of a text from left to right, as its glyphs stand.
func drawnAs(m *Mark) string {
	type glyph struct {
		x float64
		s string
	}
	var all []glyph
	for _, l := range m.Text.Block.Lines {
		for _, r := range l.Runs {
			for _, g := range r.Glyphs {
				all = append(all, glyph{l.Baseline*1e6 + g.X, g.Text})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b glyph) int { return int(math.Copysign(1, a.x-b.x)) })
	var s strings.Builder
	for _, g := range all {
		s.WriteString(g.s)
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0':
			return ' '
		case !inLayer(r):
			return -1
		}
		return r
	}, s.String())
}

// The glyphs of the hotline, not the text that went in: a number that is turned round calls somebody else.
func TestHotlineIsInOnePieceAsGiven(t *testing.T) {
	for _, number := range []string{"116000", "116 000", "+999 20-555/0100", "+999 (20) 555 01 00 99 88", "*123#"[:4]} {
		for _, tag := range []string{"en", "el", "ar", "fa", "th"} {
			for _, format := range Formats() {
				in := sample(t, tag, format)
				in.Hotline = number
				in.TearOff = true
				pages, err := Compose(in)
				if err != nil {
					t.Fatal(err)
				}
				alone, within := 0, 0
				for i := range pages[0].Marks {
					m := &pages[0].Marks[i]
					if m.Text == nil {
						continue
					}
					if s := drawnAs(m); s == number {
						alone++
					} else if strings.Contains(s, number) {
						within++
					}
				}
				least, sentences := 5, 1 // one large and those to tear off, one in what not to do
				if designs[format].screen {
					least, sentences = 1, 0
				}
				if alone < least || within != sentences {
					t.Errorf("%s in %s on %s: %d times alone, %d times in a sentence", number, tag, format, alone, within)
				}
			}
		}
	}
}

func TestHotlineThatCannotBeDrawnIsRefused(t *testing.T) {
	in := sample(t, "en", A4)
	in.Hotline = "116 אב"
	if _, err := Render(in); err == nil {
		t.Error("no error")
	}
}

func TestNumbersAreNeverCut(t *testing.T) {
	for _, format := range []Format{A4, A5} {
		for name, in := range extremes(t, "en", format) {
			if in.Case.Agency.Phone == "" {
				continue
			}
			pages, err := Compose(in)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{in.Case.Agency.Phone, in.Emergency, in.Case.Number, "31 July 2026"} {
				if !slices.ContainsFunc(pages[0].Marks, func(m Mark) bool { return m.Text != nil && strings.Contains(drawnAs(&m), want) }) {
					t.Errorf("%s, %s: %s is not there whole", format, name, want)
				}
			}
		}
	}
}

func TestPhotoIsWholeAndNotStretched(t *testing.T) {
	for _, wh := range [][2]int{{400, 500}, {300, 400}, {300, 200}, {200, 200}, {100, 300}, {300, 100}} {
		for _, format := range Formats() {
			in := sample(t, "en", format)
			in.Photos[0].JPEG = portrait(t, wh[0], wh[1])
			for _, m := range photosOn(t, in) {
				own := float64(wh[0]) / float64(wh[1])
				if got := m.Box.W / m.Box.H; math.Abs(got-own) > 0.001 {
					t.Errorf("%d×%d drawn as %.1f×%.1f", wh[0], wh[1], m.Box.W, m.Box.H)
				}
				if m.Box.W < 45 || m.Box.H < 45 {
					t.Errorf("%d×%d drawn as small as %.1f×%.1f", wh[0], wh[1], m.Box.W, m.Box.H)
				}
				if m.Picture.Crop != (Rect{0, 0, float64(wh[0]), float64(wh[1])}) {
					t.Errorf("%d×%d cropped to %v", wh[0], wh[1], m.Picture.Crop)
				}
			}
		}
	}
}

// photosOn returns the photos on the first page.
func photosOn(t *testing.T, in Input) (all []Mark) {
	t.Helper()
	pages, err := Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range pages[0].Marks {
		if m.Picture != nil {
			all = append(all, m)
		}
	}
	if len(all) == 0 {
		t.Error("no photo")
	}
	return all
}

// Two photos of a child are worth the same: an observer must not take the larger for the truer.
func TestTwoPhotosOfTheSameSize(t *testing.T) {
	in := sample(t, "en", A4)
	in.Photos = append(in.Photos, Picture{JPEG: portrait(t, 600, 750), Info: protocol.Photo{Kind: protocol.Portrait}}, in.Photos[0])
	all := photosOn(t, in)
	if len(all) != 2 || all[0].Box.H != all[1].Box.H || all[0].Box.Y != all[1].Box.Y {
		t.Errorf("%d photos: %v", len(all), all)
	}
	if all[0].Box.H < 190 { // a face must be seen from three metres
		t.Errorf("two photos are only %.0f points high", all[0].Box.H)
	}
}

func TestRightToLeftMirrorsThePageAndNotThePhoto(t *testing.T) {
	one := func(tag string) (*Page, Mark) {
		in := sample(t, tag, A4)
		in.Case.Children[0].Marks, in.Case.Children[0].Clothing, in.Case.What = nil, nil, nil
		pages, err := Compose(in)
		if err != nil {
			t.Fatal(err)
		}
		return pages[0], photosOn(t, in)[0]
	}
	_, en := one("en")
	page, ar := one("ar")
	if en.Box.X > 60 || ar.Box.right() < page.W-60 {
		t.Errorf("photo at %v in English, at %v in Arabic", en.Box, ar.Box)
	}
	if ar.Picture.Crop.W <= 0 {
		t.Error("the photo is mirrored")
	}
}

func TestTextCanBeReadOnAnyBrand(t *testing.T) {
	for _, brand := range []string{"", "#003B71", "#F5D547", "#FFFFFF", "#000000", "#777777", "#7FB2E5"} {
		for _, format := range Formats() {
			in := sample(t, "en", format)
			in.Brand, in.Accent = brand, brand
			pages, err := Compose(in)
			if err != nil {
				t.Fatal(err)
			}
			check(t, pages[0])
		}
	}
}

func TestTwoLanguages(t *testing.T) {
	in := sample(t, "en", A4)
	in.Locales = []*i18n.Locale{locale(t, "en"), locale(t, "ar")}
	pages, err := Compose(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != 2 || pages[0].Lang != "en" || pages[1].Lang != "ar" {
		t.Fatalf("%d pages", len(pages))
	}
	in.Together = true
	if _, err := Compose(in); err == nil {
		t.Error("two languages that read in different ways are on one page")
	}
	in.Locales[1] = locale(t, "el")
	if pages, err = Compose(in); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for i := range pages[0].Marks {
		if m := &pages[0].Marks[i]; m.Text != nil {
			all.WriteString(drawnAs(m) + "\n")
		}
	}
	for _, l := range in.Locales {
		for _, want := range []string{l.T("poster.missing.female"), l.T("case.eyes"), l.T("eyes.hazel"), l.T("poster.call"), strings.Fields(in.Case.What[l.Tag])[1]} {
			if len(pages) != 1 || !strings.Contains(all.String(), want) {
				t.Errorf("%q is not on the one page of %d", want, len(pages))
			}
		}
	}
}

func TestStrip(t *testing.T) {
	for _, tag := range []string{"en", "ar"} {
		cases := demo(t, tag, "")
		for i, in := range []string{"all long", "3 children, long", "nothing", "draft", "black and white"} {
			x := extremes(t, tag, "")[in]
			x.Code = code
			cases = slices.Insert(cases, 2*i, x)
		}
		pages, err := strips(cases)
		if err != nil {
			t.Fatal(err)
		}
		if len(pages) != (len(cases)+2)/3 {
			t.Errorf("%d pages of %d cases", len(pages), len(cases))
		}
		for _, p := range pages {
			check(t, p)
		}
	}
	if _, err := Strip(nil); err == nil {
		t.Error("a strip of nothing")
	}
	pdf, err := Strip(demo(t, "el", "")[:3])
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "strip.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "pdftoppm", "-r", "150", "-png", "-singlefile", file, file)
	if got := strings.Fields(tool(t, "zbarimg", "-q", "--raw", file+".png")); !slices.Equal(got, []string{code, code, code}) {
		t.Errorf("the QR codes say %q", got)
	}
}

func TestShare(t *testing.T) {
	for format, size := range map[Format]image.Point{Wide: {1200, 630}, Square: {1080, 1080}, Story: {1080, 1920}} {
		for i, in := range demo(t, "ar", format)[:3] {
			b, err := Share(in)
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if most := map[bool]int{true: maxWideBytes, false: maxShareBytes}[format == Wide]; img.Bounds().Size() != size || len(b) > most {
				t.Errorf("%s %d: %v, %d bytes", format, i, img.Bounds(), len(b))
			}
		}
	}
	if _, err := Share(sample(t, "en", A4)); err == nil {
		t.Error("a poster for paper is shared")
	}
}
