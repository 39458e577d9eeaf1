package typeset

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
)

// The fonts are Noto, under the SIL Open Font License 1.1: fonts/OFL.txt. ../fonts/build.sh makes them, and the packs in
// ../fonts/packs that releases carry.
//
//go:embed fonts/*.gz
var packed embed.FS

// family is one of the families in the binary.
type family struct {
	name    string
	bold    bool // it has a bold weight
	scripts []language.Script
	ranges  []rune // pairs of first and last: blocks whose characters it has, those of no script too
}

// families in the order of docs; the first is for all that has no other.
var families = []family{
	{"NotoSans", true, []language.Script{language.Latin, language.Greek, language.Cyrillic}, nil},
	{"NotoSansArabic", true, []language.Script{language.Arabic}, []rune{0x600, 0x6ff, 0x750, 0x77f, 0x8a0, 0x8ff, 0xfb50, 0xfdff, 0xfe70, 0xfefc}},
	{"NotoSansHebrew", true, []language.Script{language.Hebrew}, []rune{0x590, 0x5ff, 0xfb1d, 0xfb4f}},
	{"NotoSansDevanagari", true, []language.Script{language.Devanagari}, []rune{0x900, 0x97f, 0x1cd0, 0x1cff, 0xa8e0, 0xa8ff}},
	{"NotoSansThai", true, []language.Script{language.Thai}, []rune{0xe00, 0xe7f}},
	{"NotoSansEthiopic", true, []language.Script{language.Ethiopic}, []rune{0x1200, 0x139f, 0x2d80, 0x2ddf, 0xab00, 0xab2f}},
	{"NotoSansGeorgian", true, []language.Script{language.Georgian}, []rune{0x10a0, 0x10ff, 0x1c90, 0x1cbf, 0x2d00, 0x2d2f}},
	{"NotoSansArmenian", true, []language.Script{language.Armenian}, []rune{0x530, 0x58f, 0xfb13, 0xfb17}},
	{"NotoNastaliqUrdu", true, nil, nil},
	{"NotoSansBengali", true, []language.Script{language.Bengali}, []rune{0x980, 0x9ff}},
	{"NotoSansTamil", true, []language.Script{language.Tamil}, []rune{0xb80, 0xbff}},
	{"NotoSansKhmer", true, []language.Script{language.Khmer}, []rune{0x1780, 0x17ff, 0x19e0, 0x19ff}},
	{"NotoSansMyanmar", true, []language.Script{language.Myanmar}, []rune{0x1000, 0x109f, 0xa9e0, 0xa9ff, 0xaa60, 0xaa7f}},
	{"NotoSansSinhala", true, []language.Script{language.Sinhala}, []rune{0xd80, 0xdff}},
	{"NotoSansGurmukhi", true, []language.Script{language.Gurmukhi}, []rune{0xa00, 0xa7f}},
	{"NotoSansGujarati", true, []language.Script{language.Gujarati}, []rune{0xa80, 0xaff}},
	{"NotoSansTelugu", true, []language.Script{language.Telugu}, []rune{0xc00, 0xc7f}},
	{"NotoSansKannada", true, []language.Script{language.Kannada}, []rune{0xc80, 0xcff}},
	{"NotoSansMalayalam", true, []language.Script{language.Malayalam}, []rune{0xd00, 0xd7f}},
	{"NotoSansLao", true, []language.Script{language.Lao}, []rune{0xe80, 0xeff}},
	{"NotoSansThaana", true, []language.Script{language.Thaana}, []rune{0x780, 0x7bf}},
}

// nastaliq is the family of these languages for Arabic letters.
const nastaliq = "NotoNastaliqUrdu"

var nastaliqLanguages = []string{"ur", "ks", "pnb"}

// Pack is one font file of the node's fonts folder: .ttf, .otf or .ttc. Its name says what it is for. A file whose name has
// JP, KR, SC, TC or HK at the end of its first part ("NotoSansJP-Regular.otf") is for that region's forms of Han; a
// collection of such fonts ("NotoSansCJK-Regular.ttc") is for all the regions that its fonts' own names have; any other
// ("NotoSansTibetan-Regular.ttf") is for characters that nothing else has. With "Bold" in the name it is a bold.
type Pack struct {
	Name string
	Data []byte
}

// region is a set of forms of Han characters.
type region string

// The regions in the order in which they stand in for one another.
var regions = []region{"JP", "SC", "TC", "HK", "KR"}

// fonts are the faces that an engine may use. It does not change once it is loaded.
type fonts struct {
	latin    [2]*Face // regular and bold, like all pairs here
	script   map[language.Script][2]*Face
	nastaliq [2]*Face
	blocks   []block
	han      map[region][2]*Face
	others   []other
}

// other is a font pack of no region.
type other struct {
	family string
	faces  [2]*Face
}

type block struct {
	first, last rune
	faces       [2]*Face
}

func loadFonts(packs []Pack) (*fonts, error) {
	f := &fonts{script: map[language.Script][2]*Face{}, han: map[region][2]*Face{}}
	for _, fam := range families {
		pair := [2]*Face{embedded(fam.name+"-Regular", false)}
		pair[1] = pair[0]
		if fam.bold {
			pair[1] = embedded(fam.name+"-Bold", true)
		}
		for _, s := range fam.scripts {
			f.script[s] = pair
		}
		for i := 0; i < len(fam.ranges); i += 2 {
			f.blocks = append(f.blocks, block{fam.ranges[i], fam.ranges[i+1], pair})
		}
		switch fam.name {
		case "NotoSans":
			f.latin = pair
		case nastaliq:
			f.nastaliq = pair
		}
	}
	for _, face := range f.latin {
		if _, err := face.load(); err != nil {
			return nil, err
		}
	}
	f.han["KR"] = [2]*Face{embedded("NotoSansKR-Regular", false), embedded("NotoSansKR-Bold", true)}
	packs = slices.Clone(packs)
	slices.SortFunc(packs, func(a, b Pack) int { return strings.Compare(a.Name, b.Name) })
	for _, p := range packs {
		if err := f.add(p); err != nil {
			return nil, fmt.Errorf("font pack %s: %w", p.Name, err)
		}
	}
	return f, nil
}

// embedded is a face of the binary.
func embedded(name string, bold bool) *Face {
	return &Face{name: name, bold: bold, nastaliq: strings.HasPrefix(name, nastaliq), open: func() (*opentype.Loader, error) {
		data, err := unpack(name)
		if err != nil {
			return nil, err
		}
		return opentype.NewLoader(bytes.NewReader(data))
	}}
}

// unpack returns a file of the binary.
func unpack(name string) ([]byte, error) {
	file, err := packed.Open("fonts/" + name + ".gz")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// add takes a pack in. A collection counts as one face for each region in it; the first is checked, for they share their
// outlines, and the others are parsed when a text first needs them, for each takes 20 MB.
func (f *fonts) add(p Pack) error {
	loaders, err := opentype.NewLoaders(bytes.NewReader(p.Data))
	if err != nil {
		return err
	}
	name := strings.TrimSuffix(p.Name, path.Ext(p.Name))
	bold := strings.Contains(name, "Bold")
	set := func(pair [2]*Face, face *Face) [2]*Face {
		if bold {
			pair[1] = face
		} else {
			pair[0] = face
		}
		return pair
	}
	checked := false
	for _, l := range loaders {
		own, _ := font.Describe(l, nil)
		if len(loaders) == 1 {
			own.Family, _, _ = strings.Cut(name, "-")
		} else if strings.Contains(own.Family, "Mono") {
			continue
		}
		face := &Face{name: name, bold: bold, open: func() (*opentype.Loader, error) { return l, nil }}
		if !checked {
			if err := face.check(); err != nil {
				return err
			}
			checked = true
		}
		if r := regionOf(own.Family); r != "" {
			f.han[r] = set(f.han[r], face)
			continue
		}
		i := slices.IndexFunc(f.others, func(o other) bool { return o.family == own.Family })
		if i < 0 {
			i = len(f.others)
			f.others = append(f.others, other{family: own.Family})
		}
		f.others[i].faces = set(f.others[i].faces, face)
	}
	return nil
}

func regionOf(family string) region {
	for _, r := range regions {
		if strings.HasSuffix(family, string(r)) {
			return r
		}
	}
	return ""
}
