package typeset

import (
	"unicode"

	"github.com/go-text/typesetting/language"
)

// breaksAfter says how a line may end after each character.
func (sh *shaper) breaksAfter(runes []rune) []int {
	after := make([]int, len(runes))
	sh.breaks.Init(runes)
	for it := sh.breaks.GraphemeIterator(); it.Next(); {
		g := it.Grapheme()
		if end := g.Offset + len(g.Text); mayTear(runes, end) {
			after[end-1] = tearBreak
		}
	}
	for it := sh.breaks.LineIterator(); it.Next(); {
		l := it.Line()
		end := l.Offset + len(l.Text)
		if end < len(runes) && isHangul(runes[end-1]) && isHangul(runes[end]) {
			continue // Korean words stay whole
		}
		after[end-1] = wordBreak
	}
	return after
}

func isHangul(r rune) bool { return r >= 0x1100 && unicode.Is(unicode.Hangul, r) }

// mayTear says whether a word may be broken before runes[i] if it must.
func mayTear(runes []rune, i int) bool {
	if i >= len(runes) {
		return true
	}
	switch before := runes[i-1]; {
	case 0xe40 <= before && before <= 0xe44, 0xec0 <= before && before <= 0xec4:
		return false // a Thai or Lao vowel that is written before its consonant
	}
	switch r := runes[i]; r {
	case 0xe2f, 0xe30, 0xe32, 0xe33, 0xe45, 0xe46, 0xeaf, 0xeb0, 0xeb2, 0xeb3, 0xec6: // signs that follow their consonant
		return false
	default:
		// A Burmese consonant that is killed or stacked ends the syllable before it.
		if 0x1000 <= r && r <= 0x109f && i+1 < len(runes) && (runes[i+1] == 0x103a || runes[i+1] == 0x1039) {
			return false
		}
	}
	return true
}

// unspaced scripts have no spaces between words.
func unspaced(s language.Script) bool {
	return s == language.Thai || s == language.Lao || s == language.Khmer || s == language.Myanmar
}
