package poster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"github.com/go-pdf/fpdf"
)

// The invisible layer of a PDF has the words as text, to search and to copy, over their outlines. Its fonts have no ink: they
// share one file, made once, in which every character is the same empty glyph, half an em wide. A character is one byte, so
// a poster has as many fonts as its characters need, and what a byte means is said by the name of its glyph, "uni03B1".
// fpdf's fonts of two bytes a character would be one alone, but cost each poster a table of 128 KB, and panic above U+FFFF.

// inLayer says whether a character can stand in the layer. Marks of direction, joiners and selectors only disturb who copies.
func inLayer(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0xd800 && r < 0xe000, r >= 0xfff0 && r < 0x10000, r >= 0xe0000 && r < 0xe1000, r&0xfffe == 0xfffe,
		r == '\u00ad', r >= '\u200b' && r <= '\u200f', r >= '\u2028' && r <= '\u202e', r >= '\u2060' && r <= '\u206f', r == '\ufeff':
		return false
	}
	return true
}

// layerWord returns the characters of a word as the layer has them, from left to right.
func layerWord(word string, rtl bool) []rune {
	rs := slices.DeleteFunc([]rune(word), func(r rune) bool { return !inLayer(r) })
	if rtl {
		slices.Reverse(rs)
	}
	return rs
}

// The bytes of a font of the layer: fpdf gives a meaning to those from 32 on, which some readers take for a space in any font.
const (
	firstCode = ' ' + 1
	perFont   = 256 - firstCode
)

// layerFont is a font of the layer: its characters, from firstCode on, and the byte of each.
type layerFont struct {
	characters []rune
	codes      map[rune]byte
}

// layerFonts are the fonts of a file. Each word, up to perFont characters of it, is of one font, or readers would cut it.
type layerFonts []*layerFont

// layerFontsOf makes the fonts that the words of the pages need.
func layerFontsOf(pages []*Page) (fonts layerFonts) {
	for _, p := range pages {
		for i := range p.Marks {
			t := p.Marks[i].Text
			if t == nil || !t.layered() {
				continue
			}
			for _, l := range t.Block.Lines {
				for _, w := range l.Words {
					for part := range slices.Chunk(layerWord(w.Text, w.RTL), perFont) {
						fonts.add(part)
					}
				}
			}
		}
	}
	return fonts
}

// layered says whether the layer has the text.
func (t *Text) layered() bool { return t.Turn == 0 && !t.Faint }

// add makes sure that a font has all of the characters.
func (fs *layerFonts) add(part []rune) {
	if n, _ := fs.encode(part); n >= 0 {
		return
	}
	n := slices.IndexFunc(*fs, func(f *layerFont) bool { return len(f.characters)+len(part) <= perFont })
	if n < 0 {
		n = len(*fs)
		*fs = append(*fs, &layerFont{codes: map[rune]byte{}})
	}
	f := (*fs)[n]
	for _, r := range part {
		if _, ok := f.codes[r]; !ok {
			f.codes[r] = byte(firstCode + len(f.characters))
			f.characters = append(f.characters, r)
		}
	}
}

// encode returns the first font that has all of the characters, and their bytes; or -1.
func (fs layerFonts) encode(part []rune) (font int, codes []byte) {
	codes = make([]byte, len(part))
next:
	for n, f := range fs {
		for i, r := range part {
			c, ok := f.codes[r]
			if !ok {
				continue next
			}
			codes[i] = c
		}
		return n, codes
	}
	return -1, nil
}

// layerFamily is what fpdf calls a font of the layer.
func layerFamily(n int) string { return "layer" + strconv.Itoa(n) }

// register gives fpdf the fonts.
func (fs layerFonts) register(pdf *fpdf.Fpdf) error {
	file := layerFile()
	for n, f := range fs {
		meaning := []byte(strconv.Itoa(firstCode))
		for _, r := range f.characters {
			if r < 0x10000 {
				meaning = fmt.Appendf(meaning, "/uni%04X", r)
			} else {
				meaning = fmt.Appendf(meaning, "/u%X", r)
			}
		}
		def, err := json.Marshal(layerDefinition{Tp: "TrueType", Name: "Layer", Desc: file.desc, Cw: file.widths, Diff: string(meaning), File: "layer.z",
			OriginalSize: file.size})
		if err != nil {
			return fmt.Errorf("define a font: %w", err)
		}
		pdf.AddFontFromBytes(layerFamily(n), "", def, file.packed)
	}
	return pdf.Error()
}

// layerDefinition is a font as fpdf reads it.
type layerDefinition struct {
	Tp, Name, Diff, File string
	Desc                 fpdf.FontDescType
	Cw                   json.RawMessage
	OriginalSize         int
}

// inkless is what the fonts of the layer share.
type inkless struct {
	packed []byte
	size   int // of the file before it was packed
	desc   fpdf.FontDescType
	widths []byte // by bytes, as JSON
}

var layerFile = sync.OnceValue(func() inkless {
	font := emptyFont()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed) // nothing fails on the way to memory
	w.Write(font)
	w.Close()
	widths, _ := json.Marshal(slices.Repeat([]int{1000 * emptyWidth}, 256)) // of numbers, always
	const nonSymbolic = 32
	f := inkless{packed: packed.Bytes(), size: len(font), widths: widths,
		desc: fpdf.FontDescType{Ascent: 800, Descent: -200, CapHeight: 800, Flags: nonSymbolic, StemV: 80, MissingWidth: 500}}
	f.desc.FontBBox.Ymin, f.desc.FontBBox.Xmax, f.desc.FontBBox.Ymax = -200, 500, 800
	return f
})

// layer writes the words where their outlines are, invisible, each stretched to its width.
func (p *pdfPainter) layer(t *Text) {
	const hex = "0123456789abcdef"
	for _, line := range t.Block.Lines {
		for _, w := range line.Words {
			word := layerWord(w.Text, w.RTL)
			if len(word) == 0 || w.Width <= 0 {
				continue
			}
			size, each, x := line.Runs[0].Size, w.Width/float64(len(word)), t.X+w.X
			for part := range slices.Chunk(word, perFont) {
				n, codes := p.words.encode(part)
				if n != p.font || size != p.size {
					p.flush()
					p.pdf.SetFont(layerFamily(n), "", size)
					p.font, p.size = n, size
				}
				p.out = append(p.out, "BT "...)
				p.num(ofPlaces, 100*each/(emptyWidth*size))
				p.out = append(p.out, "Tz "...)
				p.num(ofPlaces, x, p.page.H-t.Y-line.Baseline)
				p.out = append(p.out, "Td <"...)
				for _, c := range codes {
					p.out = append(p.out, hex[c>>4], hex[c&15])
				}
				p.op("> Tj ET")
				x += each * float64(len(part))
			}
		}
	}
}

// emptyWidth of the empty glyph, in ems.
const emptyWidth = 0.5

// emptyFont makes a TrueType font of two glyphs without ink.
func emptyFont() []byte {
	be := binary.BigEndian
	words := func(values ...int) (b []byte) {
		for _, v := range values {
			b = be.AppendUint16(b, uint16(v))
		}
		return b
	}
	tables := []struct {
		name string
		data []byte
	}{
		{"cmap", words(0, 1, 3, 1, 0, 12, 4, 24, 0, 2, 0, 0, 0, 0xffff, 0, 0xffff, 1, 0)},
		{"glyf", nil},
		{"head", slices.Concat(words(1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0, 1000), make([]byte, 16), words(0, -200, 500, 800, 0, 8, 2, 0, 0))},
		{"hhea", slices.Concat(words(1, 0, 800, -200, 0, 500), make([]byte, 22), words(2))},
		{"hmtx", words(500, 0, 500, 0)},
		{"loca", words(0, 0, 0)},
		{"maxp", slices.Concat(words(1, 0, 2), make([]byte, 26))},
		{"name", words(0, 0, 6)},
		{"post", slices.Concat(words(3, 0), make([]byte, 28))},
	}
	font := words(1, 0, len(tables), 128, 3, 16*len(tables)-128)
	var body []byte
	for _, t := range tables {
		font = append(font, t.name...)
		font = be.AppendUint32(font, checksum(t.data))
		font = be.AppendUint32(font, uint32(12+16*len(tables)+len(body)))
		font = be.AppendUint32(font, uint32(len(t.data)))
		body = append(body, t.data...)
		body = append(body, make([]byte, -len(t.data)&3)...)
	}
	return append(font, body...)
}

func checksum(b []byte) (sum uint32) {
	for i, v := range b {
		sum += uint32(v) << (24 - 8*(i%4))
	}
	return sum
}
