package poster

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"sync"
)

// The invisible layer of a PDF has the words as text, to search and to copy, over their outlines. Its font has no ink:
// every character is the same empty glyph, half an em wide.

// inLayer says whether a character can stand in the layer, which has two bytes for each; marks of direction and joiners
// only disturb who copies.
func inLayer(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, r >= 0xd800 && r < 0xe000, r >= 0xfff0, r == '\u00ad',
		r >= '\u200b' && r <= '\u200f', r >= '\u2028' && r <= '\u202e', r >= '\u2060' && r <= '\u206f', r == '\ufeff':
		return false
	}
	return true
}

// layerWord returns a word as the layer has it, from left to right, and "" if nothing is left.
func layerWord(word string, rtl bool) string {
	rs := slices.DeleteFunc([]rune(word), func(r rune) bool { return !inLayer(r) })
	if rtl {
		slices.Reverse(rs)
	}
	return string(rs)
}

// layer writes the words where their outlines are, invisible, each stretched to its width.
func (p *pdfPainter) layer(t *Text) {
	const hex = "0123456789abcdef"
	p.op("q BT 3 Tr")
	for _, line := range t.Block.Lines {
		for i, w := range line.Words {
			word := layerWord(w.Text, w.RTL)
			if word == "" || w.Width <= 0 {
				continue
			}
			size := line.Runs[0].Size
			if i == 0 {
				p.out = append(p.out, "/T0 "...)
				p.num(size)
				p.op("Tf")
			}
			characters := 0
			for range word {
				characters++
			}
			p.num(math.Round(10000*w.Width/(0.5*size*float64(characters))) / 100)
			p.out = append(p.out, "Tz 1 0 0 1 "...)
			p.num(math.Round(100*(t.X+w.X))/100, math.Round(100*(p.page.H-t.Y-line.Baseline))/100)
			p.out = append(p.out, "Tm <"...)
			for _, r := range word {
				p.out = append(p.out, hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
			}
			p.op("> Tj")
		}
	}
	p.op("ET Q")
}

// writeLayerFont writes the font of the layer, and returns its number. A code is a character of Unicode, in two bytes.
func writeLayerFont(f *pdfFile) int {
	n := f.numbers(6)
	f.objectf(n, "<</Type /Font /Subtype /Type0 /BaseFont /Layer /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R>>", n+1, n+2)
	f.objectf(n+1, "<</Type /Font /Subtype /CIDFontType2 /BaseFont /Layer /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> "+
		"/FontDescriptor %d 0 R /DW 500 /CIDToGIDMap %d 0 R>>", n+3, n+4)
	parts := layerParts()
	f.object(n+2, parts[0])
	f.objectf(n+3, "<</Type /FontDescriptor /FontName /Layer /Flags 4 /FontBBox [0 -200 500 800] /ItalicAngle 0 /Ascent 800 /Descent -200 "+
		"/CapHeight 800 /StemV 80 /MissingWidth 500 /FontFile2 %d 0 R>>", n+5)
	f.object(n+4, parts[1])
	f.object(n+5, parts[2])
	return n
}

// layerParts are the streams of the layer's font: what each code means, which glyph it is, the glyphs.
var layerParts = sync.OnceValue(func() [3][]byte {
	const codes = 1 << 16
	packed := func(dict string, data []byte) []byte {
		return stream(dict+"/Filter /FlateDecode", pack(&goodPackers, data))
	}
	font := emptyFont()
	return [3][]byte{
		packed("", []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"+
			"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n1 beginbfrange\n<0000> <FFFF> <0000>\n"+
			"endbfrange\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")),
		packed("", bytes.Repeat([]byte{0, 1}, codes)),
		packed("/Length1 "+strconv.Itoa(len(font))+" ", font),
	}
})

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
