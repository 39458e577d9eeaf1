package poster

import (
	"encoding/binary"
	"slices"
)

// The invisible layer of a PDF has the words as text, to search and to copy, over their outlines. Its font has no ink:
// every character that it knows is the same empty glyph, half an em wide.

// inLayer says whether a character can stand in the layer. fpdf panics above U+FFFF; marks of direction and joiners only
// disturb who copies.
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

// emptyFont makes a TrueType font in which each of the characters, all below U+FFFF and sorted, is the empty glyph 1.
func emptyFont(characters []rune) []byte {
	be := binary.BigEndian
	words := func(values ...int) (b []byte) {
		for _, v := range values {
			b = be.AppendUint16(b, uint16(v))
		}
		return b
	}
	segments := len(characters) + 1
	var ends, starts, deltas, ranges []byte
	for _, r := range characters {
		ends = append(ends, words(int(r))...)
		starts = append(starts, words(int(r))...)
		deltas = append(deltas, words(1-int(r))...)
		ranges = append(ranges, 0, 0)
	}
	format4 := slices.Concat(words(4, 16+8*segments, 0, 2*segments, 0, 0, 0), ends, words(0xffff, 0), starts, words(0xffff),
		deltas, words(1), ranges, words(0))
	tables := []struct {
		name string
		data []byte
	}{
		{"cmap", slices.Concat(words(0, 1, 3, 1, 0, 12), format4)},
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
