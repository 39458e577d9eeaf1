package i18n

import "strings"

// Isolate marks s, a telephone number or a code, as a left-to-right whole that
// text of either direction around it cannot reorder: U+2066 s U+2069. It is for
// plain text; a page uses <bdi dir="ltr">.
func Isolate(s string) string { return "\u2066" + withoutBidi(s) + "\u2069" }

// IsolateAuto is Isolate for a name or other text whose own first letter gives
// its direction: U+2068 s U+2069.
func IsolateAuto(s string) string { return "\u2068" + withoutBidi(s) + "\u2069" }

// withoutBidi drops the marks that open or close embeddings, overrides and
// isolates: one of them alone within s could end our own.
func withoutBidi(s string) string {
	return strings.Map(func(r rune) rune {
		if '\u202A' <= r && r <= '\u202E' || '\u2066' <= r && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}
