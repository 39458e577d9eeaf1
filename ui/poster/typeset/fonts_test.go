package typeset

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// faces are the faces of a text's runs, each named once.
func faces(b *Block) (names []string) {
	for _, l := range b.Lines {
		for _, run := range l.Runs {
			if !slices.Contains(names, run.Face.name) {
				names = append(names, run.Face.name)
			}
		}
	}
	slices.Sort(names)
	return names
}

func TestFaces(t *testing.T) {
	e := engine(t)
	for _, c := range []struct {
		lang, text string
		bold       bool
		want       []string
	}{
		{"ur", "نستعلیق", false, []string{"NotoNastaliqUrdu-Regular"}},
		{"ks-Arab", "نستعلیق", false, []string{"NotoNastaliqUrdu-Regular"}},
		{"pnb", "نستعلیق", true, []string{"NotoNastaliqUrdu-Bold"}},
		{"ur-PK", "ع 11 abc", false, []string{"NotoNastaliqUrdu-Regular", "NotoSans-Regular"}},
		{"ar", "ع 11 abc", false, []string{"NotoSans-Regular", "NotoSansArabic-Regular"}},
		{"fa", "نستعلیق", false, []string{"NotoSansArabic-Regular"}},
		{"hi", "123", false, []string{"NotoSans-Regular"}},
		{"ja", "123 abc", true, []string{"NotoSans-Bold"}},
		{"ja", "骨", false, []string{"NotoSansJP-Regular"}},
		{"zh-Hans", "骨", false, []string{"NotoSansSC-Regular"}},
		{"zh", "骨", false, []string{"NotoSansSC-Regular"}},
		{"zh-Hant", "骨", false, []string{"NotoSansTC-Regular"}},
		{"zh-TW", "骨", false, []string{"NotoSansTC-Regular"}},
		{"zh-HK", "骨", false, []string{"NotoSansTC-Regular"}},
		{"en", "骨", false, []string{"NotoSansSC-Regular"}},
		{"en", "骨の", false, []string{"NotoSansJP-Regular"}},
		{"ja", "们", false, []string{"NotoSansSC-Regular"}}, // not a Japanese character: better a foreign form than none
		{"ko", "한글", true, []string{"NotoSansKR-Bold"}},
		{"ko", "(한글)", false, []string{"NotoSans-Regular", "NotoSansKR-Regular"}},
		{"en", "।", false, []string{"NotoSansDevanagari-Regular"}},
		{"en", "،", true, []string{"NotoSansArabic-Bold"}},
	} {
		if got := faces(e.Layout(c.text, Style{Size: 12, Lang: c.lang, Bold: c.bold}, 0, 0)); !slices.Equal(got, c.want) {
			t.Errorf("%s %q is set in %v, want %v", c.lang, c.text, got, c.want)
		}
	}
}

func TestBoldIsMadeWhereThereIsNone(t *testing.T) {
	e := engine(t)
	for _, c := range []struct {
		text string
		bold bool
		want float64
	}{{"日", true, 0.48}, {"눈", true, 0}, {"日", false, 0}, {"A", true, 0}, {"ع", true, 0}} {
		l := e.Layout(c.text, Style{Size: 20, Lang: "ja", Bold: c.bold}, 0, 0).Lines[0]
		if got := l.Runs[0].Embolden; got != c.want {
			t.Errorf("%q, bold %v: a line of %v, want %v", c.text, c.bold, got, c.want)
		}
	}
	thin := e.Layout("日", Style{Size: 20, Lang: "ja"}, 0, 0).Lines[0]
	fat := e.Layout("日", Style{Size: 20, Lang: "ja", Bold: true}, 0, 0).Lines[0]
	if d := thin.InkLeft - fat.InkLeft; d < 0.239 || d > 0.241 {
		t.Errorf("the ink of the bold begins %v further left, want 0.24", d)
	}
}

func TestVariationSelectors(t *testing.T) {
	e := engine(t)
	set := func(s string) *Block { return e.Layout(s, Style{Size: 12, Lang: "ja"}, 0, 0) }
	plain, first, second := set("葛"), set("葛\U000e0100"), set("葛\U000e0101")
	if a, b := glyphs(first), glyphs(second); len(a) != 1 || len(b) != 1 || slices.Equal(a, b) {
		t.Errorf("two forms of a character are glyphs %v and %v", a, b)
	}
	// An unknown one shows the character as it is, and none is ever seen itself.
	if got := set("葛\U000e01ef字\ufe0f"); !slices.Equal(glyphs(got)[:1], glyphs(plain)) || len(glyphs(got)) != 2 || len(got.Missing) > 0 {
		t.Errorf("unknown selectors: glyphs %v, missing %v", glyphs(got), got.Missing)
	}
	if got := lines(first); got[0] != "葛" {
		t.Errorf("the words have %+q", got)
	}
}

func TestMissingNamesThePack(t *testing.T) {
	bare, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const jp, sc, tc, all = "NotoSansJP-Regular.otf", "NotoSansSC-Regular.otf", "NotoSansTC-Regular.otf", "NotoSansCJK-Regular.ttc"
	for _, c := range []struct {
		e          *Engine
		lang, text string
		want       []Missing
	}{
		{bare, "ja", "骨の", []Missing{{'骨', jp}, {'の', jp}}},
		{bare, "zh-Hans", "陈陈", []Missing{{'陈', sc}}},
		{bare, "zh-Hant-TW", "陳", []Missing{{'陳', tc}}},
		{bare, "zh-HK", "陳", []Missing{{'陳', tc}}},
		{bare, "ko", "洪", []Missing{{'洪', all}}},
		{bare, "ja", "们", []Missing{{'们', all}}},
		{engine(t), "ja", "𠮷野", []Missing{{'𠮷', all}}},
		{engine(t), "en", "Mia \U0001f600\ufe0f!", []Missing{{'\U0001f600', ""}}},
		{engine(t), "en", "\u0f40", []Missing{{'\u0f40', ""}}},
		{bare, "ko", "홍가람, 열한 살", nil},
	} {
		b := c.e.Layout(c.text, Style{Size: 12, Lang: c.lang}, 0, 0)
		if !slices.Equal(b.Missing, c.want) {
			t.Errorf("%s %q: missing %q, want %q", c.lang, c.text, b.Missing, c.want)
		}
	}
	var many strings.Builder
	for r := rune(0x13000); r < 0x13400; r++ {
		many.WriteRune(r)
	}
	if got := len(bare.Layout(many.String(), Style{Size: 12}, 0, 0).Missing); got != maxMissing {
		t.Errorf("%d hieroglyphs are told of, want %d", got, maxMissing)
	}
}

// The list of what packs have is that of the packs.
func TestCoverageIsThatOfThePacks(t *testing.T) {
	if len(coverage()) != 4 {
		t.Fatalf("coverage of %d packs", len(coverage()))
	}
	f := engine(t).fonts
	for _, p := range coverage()[:3] {
		face := f.han[regionOf(strings.TrimSuffix(p.name, "-Regular.otf"))][0]
		for r := rune(0x20); r < 0x30000; r++ {
			if r&0xffff == 0xffff {
				continue // ends a table
			}
			if _, ok := face.font.NominalGlyph(r); ok != p.has(r) {
				t.Fatalf("%s has %U: %v, coverage says %v", p.name, r, ok, p.has(r))
			}
		}
	}
}

func readPack(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "fonts", "packs", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestBadPacksAreRefused(t *testing.T) {
	good := readPack(t, "NotoSansJP-Regular.otf")
	for name, data := range map[string][]byte{
		"empty.ttf": nil, "text.ttf": []byte(strings.Repeat("no font ", 100)), "NotoSansJP-half.otf": good[:len(good)/2],
		"NotoSansJP-short.otf": good[:len(good)-200_000], "head.otf": good[:200], "zeros.otf": make([]byte, 4096),
	} {
		if _, err := New(Pack{name, data}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// collection puts fonts into one .ttc file.
func collection(fonts ...[]byte) []byte {
	out := binary.BigEndian.AppendUint32([]byte("ttcf\x00\x01\x00\x00"), uint32(len(fonts)))
	at := uint32(len(out) + 4*len(fonts))
	var body bytes.Buffer
	for _, f := range fonts {
		f = slices.Clone(f)
		for i := range int(binary.BigEndian.Uint16(f[4:])) {
			offset := f[12+16*i+8:]
			binary.BigEndian.PutUint32(offset, binary.BigEndian.Uint32(offset)+at)
		}
		out = binary.BigEndian.AppendUint32(out, at)
		for len(f)%4 != 0 {
			f = append(f, 0)
		}
		at += uint32(len(f))
		body.Write(f)
	}
	return append(out, body.Bytes()...)
}

// In a collection the names of the fonts within say which is for whom.
func TestACollectionServesItsRegions(t *testing.T) {
	all := collection(readPack(t, "NotoSansTC-Regular.otf"), readPack(t, "NotoSansJP-Regular.otf"))
	e, err := New(Pack{"NotoSansCJK-Regular.ttc", all})
	if err != nil {
		t.Fatal(err)
	}
	shape := func(e *Engine, lang string) *Block { return e.Layout("骨", Style{Size: 100, Lang: lang}, 0, 0) }
	single := engine(t)
	outline := func(b *Block) []Segment {
		run := b.Lines[0].Runs[0]
		return run.Face.Outline(run.Glyphs[0].ID)
	}
	for _, lang := range []string{"ja", "zh-Hant"} {
		if !slices.Equal(outline(shape(e, lang)), outline(shape(single, lang))) {
			t.Errorf("%s has not the form of its region", lang)
		}
	}
	if slices.Equal(outline(shape(single, "zh-Hant")), outline(shape(single, "zh-Hans"))) {
		t.Error("two regions have the same form")
	}
}

// A pack of no region is for what nothing else has, in both weights.
func TestOtherPacks(t *testing.T) {
	data, err := unpack("NotoSansGeorgian-Regular")
	if err != nil {
		t.Fatal(err)
	}
	bold, err := unpack("NotoSansGeorgian-Bold")
	if err != nil {
		t.Fatal(err)
	}
	f, err := loadFonts([]Pack{{"Extra-Regular.ttf", data}, {"Extra-Bold.ttf", bold}})
	if err != nil {
		t.Fatal(err)
	}
	f.blocks = nil // as if Georgian were not in the binary
	clear(f.script)
	e := &Engine{fonts: f}
	e.shapers.New = func() any { return newShaper(f) }
	for _, c := range []struct {
		bold bool
		want string
	}{{false, "Extra-Regular"}, {true, "Extra-Bold"}} {
		if got := faces(e.Layout("ნინო", Style{Size: 12, Bold: c.bold}, 0, 0)); !slices.Equal(got, []string{c.want}) {
			t.Errorf("bold %v is set in %v", c.bold, got)
		}
	}
}

func TestOutlinesAreWholeAndClosed(t *testing.T) {
	e := engine(t)
	for _, text := range []string{"aßÖ8&@", "ع", "日"} { // quadratic curves, quadratic, cubic
		for _, run := range e.Layout(text, Style{Size: 12, Lang: "ja"}, 0, 0).Lines[0].Runs {
			for _, g := range run.Glyphs {
				open := false
				segments := run.Face.Outline(g.ID)
				for _, s := range segments {
					if (s.Op == MoveTo) == open {
						t.Errorf("%q: %v where a contour is open: %v", g.Text, s, open)
					}
					open = s.Op != Close
				}
				if open || len(segments) < 4 {
					t.Errorf("%q ends open, or is nothing: %v", g.Text, segments)
				}
			}
		}
	}
	face := e.fonts.latin[0]
	for _, id := range []uint32{1 << 16, 1<<16 + 36, 1<<32 - 1, 60000} {
		if got := face.Outline(id); len(got) != 0 {
			t.Errorf("glyph %d, which there is not, has an outline", id)
		}
	}
	if got := face.UnitsPerEm(); got != 1000 {
		t.Errorf("Noto Sans has %d units to the em", got)
	}
}
