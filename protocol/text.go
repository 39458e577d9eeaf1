package protocol

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is free text by language: BCP 47 tag to the text in that language.
type Text map[string]string

// Pick returns the text in the first of the wanted languages that it has, and the language found. With none of them, it
// prefers the same language of another region or script, then English, then the first by tag; an empty Text gives "".
func (t Text) Pick(want ...string) (lang, text string) {
	for _, w := range want {
		if s, ok := t[w]; ok {
			return w, s
		}
	}
	tags := t.Languages()
	for _, w := range append(slices.Clone(want), "en") {
		best, most := "", 0
		for _, tag := range tags {
			if n := alike(tag, w); n > most {
				best, most = tag, n
			}
		}
		if most > 0 {
			return best, t[best]
		}
	}
	if len(tags) == 0 {
		return "", ""
	}
	return tags[0], t[tags[0]]
}

// alike counts the subtags that two tags begin with in common: zh-Hant-TW and zh-Hant-HK have two.
func alike(a, b string) (n int) {
	as, bs := strings.Split(a, "-"), strings.Split(b, "-")
	for n < min(len(as), len(bs)) && as[n] == bs[n] {
		n++
	}
	return n
}

// Languages returns the languages that the text has, sorted.
func (t Text) Languages() []string {
	tags := make([]string, 0, len(t))
	for tag := range t {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

// ValidNumber says whether s may be a case number.
func ValidNumber(s string) bool { return utf8.RuneCountInString(s) <= maxNumber && numberForm(s) }

// numberForm says whether s has the form of a case number: letters, digits and, save in front, a few signs.
func numberForm(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsNumber(r) && (i == 0 || !strings.ContainsRune(" ./_-", r)) {
			return false
		}
	}
	return s != ""
}

// ValidLanguage says whether tag is a BCP 47 language in the one spelling that we take: en, pt-BR, sr-Latn, zh-Hant-TW.
func ValidLanguage(tag string) bool {
	language, rest, more := strings.Cut(tag, "-")
	if len(language) < 2 || len(language) > 3 || !within('a', 'z', language) {
		return false
	}
	if more && len(rest) >= 4 {
		script, region, also := strings.Cut(rest, "-")
		if len(script) != 4 || !within('A', 'Z', script[:1]) || !within('a', 'z', script[1:]) {
			return false
		}
		rest, more = region, also
	}
	return !more || validCountry(rest) || len(rest) == 3 && within('0', '9', rest)
}

// validCountry says whether s has the form of an ISO 3166 code.
func validCountry(s string) bool { return len(s) == 2 && within('A', 'Z', s) }

// within says whether all bytes of s lie between two.
func within(lo, hi byte, s string) bool {
	for i := range len(s) {
		if s[i] < lo || s[i] > hi {
			return false
		}
	}
	return true
}

// ValidPhone says whether s is a telephone number: digits in groups, with one or two signs between, perhaps a plus or a bracket in
// front. Short codes count.
func ValidPhone(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "+"), "(")
	digits, signs := 0, 2
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
			signs = 0
		case signs < 2 && strings.ContainsRune(" ()./-", r):
			signs++
		default:
			return false
		}
	}
	return signs == 0 && digits >= 2 && digits <= 15
}

// checkText reports why s may not stand in a record: too long, or with characters that could hide or reorder what a
// reader sees. Bidirectional controls are refused since pages and posters isolate each field themselves.
func checkText(s string, max int, lines bool) (code string, ok bool) {
	plain := 0
	for plain < len(s) && s[plain] >= ' ' && s[plain] <= '~' { // nearly all of a text in Latin letters
		plain++
	}
	if !utf8.ValidString(s[plain:]) {
		return "text", false
	}
	if len(s) > max && utf8.RuneCountInString(s) > max {
		return "toolong", false
	}
	for _, r := range s[plain:] {
		if hides(r) && !(r == '\n' && lines) {
			return "text", false
		}
	}
	return "", true
}

// hides says whether a character could hide or reorder what a reader sees.
func hides(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r >= '\u00a0' && r < '\u200b' && r != '\u061c', r > '\u206f' && r < '\ufeff':
		return false // nearly every script
	case r == '\u200b', r == '\u200c', r == '\u200d': // word ends and joiners that scripts need
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r >= '\u206a' && r <= '\u206f', r == '\ufeff',
		r == '\u2028', r == '\u2029':
		return true
	}
	return r >= '\ufff9' && r <= '\uffff' || r >= 0xe0000 && r <= 0xe007f
}

// Problem is one thing wrong with what a person entered.
type Problem struct {
	// Field is the path of the field in its JSON names: "children.0.height".
	Field string `json:"field"`
	// Code says what is wrong; every user interface has a sentence for each: required, toolong, toomany, choice, date,
	// datefuture, range, language, country, phone, text, photo, adultbasis, nochild, age, url.
	Code string `json:"code"`
	// Max is the limit that was passed, for toolong and toomany.
	Max int `json:"max,omitempty"`
}

// Problems is everything wrong with what a person entered; as an error it lists it all in plain English.
type Problems []Problem

// Error lists the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, q := range p {
		lines[i] = q.Field + ": " + problemWords[q.Code]
		if q.Max > 0 {
			lines[i] += fmt.Sprintf(" (at most %d)", q.Max)
		}
	}
	return strings.Join(lines, "\n")
}

// err returns p as an error, nil when there is nothing wrong.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

var problemWords = map[string]string{
	"required":   "must be given",
	"toolong":    "is too long",
	"toomany":    "has too many entries",
	"choice":     "is not one of the known codes",
	"date":       "is not a date: write 2026, 2026-03 or 2026-03-09",
	"datefuture": "lies in the future",
	"range":      "is out of range, or the smaller number is not first",
	"language":   "is not a language tag such as en, pt-BR or sr-Latn",
	"country":    "is not a two-letter ISO 3166 code such as GR",
	"phone":      "is not a telephone number",
	"text":       "has control characters, which could hide or reorder what is read",
	"photo":      "is not a photo that this case can carry",
	"adultbasis": "shows an adult, which needs a legal basis on file",
	"nochild":    "refers to a child or companion that the case does not have",
	"age":        "is not an age that a child can have",
	"url":        "is not a web address beginning with https:// or http://",
}
