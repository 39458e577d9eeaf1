package poster

import (
	_ "embed"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Noto Sans, under the SIL Open Font License 1.1: fonts/OFL.txt.
var (
	//go:embed fonts/NotoSans-Regular.ttf
	regularTTF []byte
	//go:embed fonts/NotoSans-Bold.ttf
	boldTTF []byte
)

// weight is one of the two fonts.
type weight int

const (
	regular weight = iota
	bold
)

// Parts of the em in Noto Sans.
const (
	capHeight = 0.714
	ascent    = 1.069
	descent   = 0.293
)

// minSize is the smallest text on a poster, in points.
const minSize = 8

var parsedFonts = sync.OnceValues(func() (fonts [2]*sfnt.Font, err error) {
	for w, ttf := range [][]byte{regular: regularTTF, bold: boldTTF} {
		if fonts[w], err = sfnt.Parse(ttf); err != nil {
			return fonts, err
		}
	}
	return fonts, nil
})

// faces measures text in both weights. It is for one goroutine.
type faces struct {
	fonts    [2]*sfnt.Font
	buf      sfnt.Buffer
	advances [2]map[rune]float64 // in ems
	known    map[rune]bool       // drawable or not
}

func newFaces() (*faces, error) {
	fonts, err := parsedFonts()
	if err != nil {
		return nil, err
	}
	return &faces{fonts: fonts, advances: [2]map[rune]float64{{}, {}}, known: map[rune]bool{}}, nil
}

// have says whether both weights have a glyph for r.
func (f *faces) have(r rune) bool {
	for _, font := range f.fonts {
		if g, err := font.GlyphIndex(&f.buf, r); err != nil || g == 0 {
			return false
		}
	}
	return true
}

func (f *faces) advance(w weight, r rune) float64 {
	a, ok := f.advances[w][r]
	if !ok {
		face := f.fonts[w]
		upem := fixed.I(int(face.UnitsPerEm()))
		if g, err := face.GlyphIndex(&f.buf, r); err == nil {
			if units, err := face.GlyphAdvance(&f.buf, g, upem, font.HintingNone); err == nil {
				a = float64(units) / float64(upem)
			}
		}
		f.advances[w][r] = a
	}
	return a
}

// width of s in points.
func (f *faces) width(w weight, size float64, s string) float64 {
	var ems float64
	for _, r := range s {
		ems += f.advance(w, r)
	}
	return ems * size
}

// block is text in lines, of one size.
type block struct {
	lines   []string
	weight  weight
	size    float64
	leading float64 // from baseline to baseline, in points
	cut     bool    // an ellipsis stands for the rest
	torn    bool    // a word is broken
}

// height from the top of the capitals to the last baseline; what hangs below it is the caller's gap.
func (b block) height() float64 {
	if len(b.lines) == 0 {
		return 0
	}
	return capHeight*b.size + float64(len(b.lines)-1)*b.leading
}

// wrap breaks s at spaces into at most n lines of the given width; a word that is wider breaks anywhere. No-break spaces
// hold words together and come out as spaces.
func (f *faces) wrap(s string, w weight, size, leading, width float64, n int) block {
	b := block{weight: w, size: size, leading: leading * size}
	left := width / size // in ems
	space := f.advance(w, ' ')
	var current strings.Builder
	used := 0.0
	end := func() {
		b.lines = append(b.lines, strings.ReplaceAll(current.String(), "\u00a0", " "))
		current.Reset()
		used = 0
	}
	for word := range strings.SplitSeq(s, " ") {
		if word == "" {
			continue
		}
		if len(b.lines) > n {
			break
		}
		wide := f.width(w, 1, word)
		switch {
		case used > 0 && used+space+wide <= left:
			current.WriteByte(' ')
			used += space
		case used > 0:
			end()
		}
		if used == 0 && wide > left {
			for _, r := range word {
				a := f.advance(w, r)
				if used > 0 && used+a > left {
					b.torn = true
					if end(); len(b.lines) > n {
						break
					}
				}
				current.WriteRune(r)
				used += a
			}
			continue
		}
		current.WriteString(word)
		used += wide
	}
	if current.Len() > 0 {
		end()
	}
	if len(b.lines) > n {
		b.cut = true
		b.lines = b.lines[:n]
		if n > 0 {
			b.lines[n-1] = f.shorten(b.lines[n-1], w, size, width)
		}
	}
	return b
}

// shorten ends s with an ellipsis within width: after a word if it can, else within the first.
func (f *faces) shorten(s string, w weight, size, width float64) string {
	for s != "" && f.width(w, size, s+"…") > width {
		if i := strings.LastIndexByte(s, ' '); i >= 0 {
			s = s[:i]
		} else {
			r := []rune(s)
			s = string(r[:len(r)-1])
		}
	}
	return strings.TrimRight(s, " ,;:·–-") + "…"
}

// fit wraps s at the largest size from most down to least, in half points, at which it fits into width, height and n
// lines whole; at least it is cut to what goes in.
func (f *faces) fit(s string, w weight, most, least, leading, width, height float64, n int) block {
	for size := most; ; size -= 0.5 {
		size = max(size, least)
		b := f.wrap(s, w, size, leading, width, n)
		if !b.cut && !b.torn && b.height() <= height {
			return b
		}
		if size == least {
			fits := 0
			for fits < n && capHeight*size+float64(fits)*leading*size <= height {
				fits++
			}
			return f.wrap(s, w, size, leading, width, fits)
		}
	}
}
