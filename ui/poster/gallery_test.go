package poster

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

var all = flag.Bool("all", false, "render the whole gallery: every case in every language and format")

// withPack are the fonts of a node that has the pack for Traditional Chinese.
var withPack = sync.OnceValues(func() (*typeset.Engine, error) {
	const name = "NotoSansTC-Regular.otf"
	data, err := os.ReadFile(filepath.Join("fonts", "packs", name))
	if err != nil {
		return nil, err
	}
	return typeset.New(typeset.Pack{Name: name, Data: data})
})

// fontsOf are the fonts that posters in a language need.
func fontsOf(t testing.TB, tag string) *typeset.Engine {
	t.Helper()
	load := builtIn
	if tag == "zh-Hant" {
		load = withPack
	}
	fonts, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return fonts
}

// languages of posters, in the order of the catalogues.
func languages(t testing.TB) (tags []string) {
	t.Helper()
	b, err := bundle()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range b.PosterLocales() {
		tags = append(tags, l.Tag)
	}
	return tags
}

// awkward is a case that posters must bear. It is made of a full one by a change.
type awkward struct {
	name   string
	change func(t testing.TB, in *Input)
	// lacks are the characters that no font has: there is an error that names them, and no poster.
	lacks []rune
}

// tag of the poster's first language.
func (in *Input) tag() string { return in.Locales[0].Tag }

func child(in *Input) *protocol.Child { return &in.Case.Children[0] }

// longer repeats a text until it has n characters, with a separator.
func longer(s, between string, n int) string {
	return string([]rune(strings.Repeat(s+between, n))[:n])
}

func photoOf(t testing.TB, width, height int, kind protocol.PhotoKind, who uint8) Picture {
	return Picture{JPEG: portrait(t, width, height), Info: protocol.Photo{Kind: kind, Who: who, Taken: protocol.Date{Year: 2025, Month: 9}}}
}

func addCompanion(t testing.TB, in *Input) {
	in.Case.Companions = []protocol.Companion{{Name: child(in).Name, Relation: "mother", Sex: "female", BirthYear: 1984, Eyes: "brown",
		Hair: []protocol.HairColour{"black"}, Height: protocol.Height{Min: 164, Max: 168}, Appearance: child(in).Clothing}}
	in.Photos = append(in.Photos, photoOf(t, 400, 500, protocol.CompanionShot, 0))
}

func addChildren(t testing.TB, in *Input) {
	for i := range 2 {
		sibling := *child(in)
		sibling.Sex, sibling.Age = "male", protocol.Age{Min: uint16(8 - 7*i), Max: uint16(9 - 7*i), Unit: protocol.Years}
		in.Case.Children = append(in.Case.Children, sibling)
		in.Photos = append(in.Photos, photoOf(t, 400, 500, protocol.Portrait, uint8(i+1)))
	}
}

// addFacts makes all that a poster could show of a child known.
func addFacts(_ testing.TB, in *Input) {
	words := child(in).Clothing
	c := child(in)
	c.Marks, c.Appearance = words, words
	c.Eyes, c.Hair = "different", []protocol.HairColour{"brown", "grey", "other"}
	c.Languages = []string{"en", "el", "ar", "uk", "pt-BR"}
}

// second adds a language, on the same page if it reads the same way.
func second(t testing.TB, in *Input, together bool) {
	other := "de"
	switch tag := in.tag(); {
	case together && in.Locales[0].Dir == "rtl" && tag == "ar":
		other = "fa"
	case together && in.Locales[0].Dir == "rtl", !together && in.Locales[0].Dir != "rtl":
		other = "ar"
	case tag == "de":
		other = "en"
	}
	in.Locales, in.Together = append(in.Locales[:1:1], locale(t, other)), together
	in.Case.What[other] = tongues[other].what
}

var gallery = []awkward{
	{name: "full", change: func(testing.TB, *Input) {}},
	{name: "one word", change: func(_ testing.TB, in *Input) { child(in).Name, _, _ = strings.Cut(child(in).Name, " ") }},
	{name: "one letter", change: func(_ testing.TB, in *Input) { child(in).Name = "Ö" }},
	{name: "120 characters", change: func(_ testing.TB, in *Input) { child(in).Name = longer(child(in).Name, " ", 120) }},
	{name: "120 characters without a space", change: func(_ testing.TB, in *Input) {
		child(in).Name = longer(strings.ReplaceAll(child(in).Name, " ", ""), "", 120)
	}},
	{name: "no name", change: func(_ testing.TB, in *Input) { child(in).Name, child(in).OtherNames = "", nil }},
	{name: "no photo", change: func(_ testing.TB, in *Input) { in.Photos = nil }},
	{name: "two photos", change: func(t testing.TB, in *Input) {
		in.Photos = append(in.Photos, photoOf(t, 400, 500, protocol.Portrait, 0))
	}},
	{name: "landscape photo", change: func(t testing.TB, in *Input) { in.Photos = []Picture{photoOf(t, 750, 500, protocol.Portrait, 0)} }},
	{name: "emoji in the name", change: func(_ testing.TB, in *Input) { child(in).Name += " \U0001f600" }, lacks: []rune{0x1f600}},
	{name: "emoji in the story", change: func(_ testing.TB, in *Input) { in.Case.What[in.tag()] += " \U0001f468\u200d\U0001f469\u200d\U0001f467" },
		lacks: []rune{0x1f467, 0x1f468, 0x1f469}},
	{name: "rare characters in the name", change: func(_ testing.TB, in *Input) { child(in).Name = "\U00020bb7\U000e0100 " + child(in).Name },
		lacks: []rune{0x20bb7}},
	{name: "what cannot be drawn in names besides and in another language", change: func(_ testing.TB, in *Input) {
		child(in).OtherNames = append(child(in).OtherNames, "\U00020bb7\U0001f600")
		in.Case.What = protocol.Text{"mn-Mong": "\u182e\u1823\u1829\u182d\u1823\u182f \U0001f600"}
	}},
	{name: "selectors and joiners", change: func(_ testing.TB, in *Input) {
		child(in).Name = strings.Join(strings.Split(child(in).Name, ""), "\u2060") + "\ufe0f\U000e0100"
	}},
	{name: "bidi controls", change: func(_ testing.TB, in *Input) {
		child(in).Name = "\u202e" + child(in).Name + "\u2067"
		in.Case.From.Locality = "\u2066\u202d" + in.Case.From.Locality
		in.Case.What[in.tag()] = "\u2067\u202e" + in.Case.What[in.tag()] + " +999 116 000 \u2068"
		in.Case.Agency.Name = "\u202b" + in.Case.Agency.Name
	}},
	{name: "0 facts", change: func(_ testing.TB, in *Input) {
		in.Case.Children[0] = protocol.Child{Name: child(in).Name}
	}},
	{name: "12 facts", change: addFacts},
	{name: "three children", change: addChildren},
	{name: "companion", change: addCompanion},
	{name: "age-progressed", change: func(t testing.TB, in *Input) {
		in.Case.Since.Year -= 7
		in.Photos = append(in.Photos, photoOf(t, 400, 500, protocol.AgeProgressed, 0))
	}},
	{name: "unidentified child", change: func(_ testing.TB, in *Input) {
		in.Case.Kind = protocol.UnidentifiedFound
		child(in).Name, child(in).OtherNames = "", nil
	}},
	{name: "black and white", change: func(_ testing.TB, in *Input) { in.BlackWhite = true }},
	{name: "tear-off", change: func(_ testing.TB, in *Input) { in.TearOff = true }},
	{name: "two languages, two pages", change: func(t testing.TB, in *Input) { second(t, in, false) }},
	{name: "two languages, one page", change: func(t testing.TB, in *Input) { second(t, in, true) }},
	{name: "draft", change: func(_ testing.TB, in *Input) { in.State = Draft }},
	{name: "all at once", change: func(t testing.TB, in *Input) {
		addFacts(t, in)
		child(in).Name = longer(child(in).Name, " ", 120)
		in.Case.What[in.tag()] = longer(in.Case.What[in.tag()], " ", 3000)
		addCompanion(t, in)
		addChildren(t, in)
		second(t, in, true)
		in.TearOff, in.BlackWhite, in.State = true, true, Draft
	}},
}

// TestGallery renders posters of every language in every format, and the awkward cases in five scripts; with -all, all in
// all.
func TestGallery(t *testing.T) {
	scripts := []string{"en", "ar", "hi", "th", "zh-Hant"}
	for _, tag := range languages(t) {
		for _, format := range Formats() {
			t.Run(tag+" "+string(format), func(t *testing.T) {
				t.Parallel()
				for _, a := range gallery {
					if a.name != "full" && a.name != "draft" && !*all && !slices.Contains(scripts, tag) {
						continue
					}
					in := inTongue(t, tag, format)
					a.change(t, &in)
					t.Run(a.name, func(t *testing.T) { hang(t, in, a.lacks) })
				}
			})
		}
	}
}

// maxPoster is how large a poster with the photos of one child may be, in bytes. More photos may take what they are.
const maxPoster = 250 << 10

// hang holds a poster against what every poster must be.
func hang(t *testing.T, in Input, lacks []rune) {
	pdf, err := Render(in)
	if len(lacks) > 0 {
		var glyphs *GlyphError
		if !errors.As(err, &glyphs) || pdf != nil {
			t.Fatalf("no GlyphError, but %v", err)
		}
		var named []rune
		for _, m := range glyphs.Missing {
			named = append(named, m.Rune)
		}
		if !slices.Equal(named, lacks) {
			t.Errorf("%v names %U, not %U", err, named, lacks)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	pages, err := compose(&in)
	if err != nil {
		t.Fatal(err)
	}
	again, err := writePDF(pages, in.Case.Number, in.Updated)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pdf, again) {
		t.Error("other bytes the second time")
	}
	most := maxPoster
	for _, p := range in.Photos[min(len(in.Photos), 2):] {
		most += len(p.JPEG)
	}
	if len(pdf) > most {
		t.Errorf("%d bytes", len(pdf))
	}
	for _, p := range pages {
		check(t, p)
		if err := drawnInside(p); err != nil {
			t.Error(err)
		}
	}
}

// drawnInside looks at what is really drawn: every glyph is one that the font has, and lies on the page, within the ink
// that its text says it has.
func drawnInside(page *Page) error {
	whole := Rect{0, 0, page.W, page.H}
	for i := range page.Marks {
		m := &page.Marks[i]
		if m.Text == nil {
			continue
		}
		box := m.Box.inset(-0.01)
		for _, l := range m.Text.Block.Lines {
			for _, r := range l.Runs {
				unit := r.Size / float64(r.Face.UnitsPerEm())
				for _, g := range r.Glyphs {
					if g.ID == 0 {
						return fmt.Errorf("glyph 0 for %q in %q", g.Text, said(m))
					}
					for _, s := range r.Face.Outline(g.ID) {
						end := s.P[0]
						switch s.Op {
						case typeset.CurveTo:
							end = s.P[2]
						case typeset.Close:
							continue
						}
						x, y := m.Text.turned(g.X+float64(end.X)*unit, g.Y-float64(end.Y)*unit)
						if at := (Rect{x, y, 0, 0}); !inside(at, box, 0) || !inside(at, whole, 0) {
							return fmt.Errorf("%q is drawn at %.2f, %.2f, outside of %.2f", said(m), x, y, m.Box)
						}
					}
				}
			}
		}
	}
	return nil
}

// TestGalleryHasEveryLanguage fails when a language comes without words to try it with, or an i18n tag goes.
func TestGalleryHasEveryLanguage(t *testing.T) {
	tags := languages(t)
	if len(tags) < 24 {
		t.Errorf("%d languages", len(tags))
	}
	for tag := range tongues {
		if !slices.Contains(tags, tag) {
			t.Errorf("%s is no language of posters", tag)
		}
	}
}
