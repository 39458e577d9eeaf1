package poster

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// ScriptError says that a poster cannot be made since some of its text cannot be drawn rightly. The site answers it with
// the message poster.notscript.
type ScriptError struct {
	// Language of the poster that was asked for, a BCP 47 tag.
	Language string
	// Missing are the characters in question, each once, sorted.
	Missing []rune
}

// maxNamed is how many characters an error names.
const maxNamed = 8

// Error names the first few of the missing characters.
func (e *ScriptError) Error() string {
	named := make([]string, 0, maxNamed)
	for _, r := range e.Missing[:min(len(e.Missing), maxNamed)] {
		named = append(named, fmt.Sprintf("%#U", r))
	}
	more := ""
	if n := len(e.Missing) - len(named); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf("posters are made in Latin, Greek and Cyrillic letters only; this one, in language %s, would need %s%s",
		e.Language, strings.Join(named, ", "), more)
}

// clean readies text for drawing: composed (NFC), white space and line ends as single spaces, and without what has no
// ink: marks of direction, joiners, soft hyphens. No-break spaces stay.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\u00ad', r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r == '\u2060',
			r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return -1
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, norm.NFC.String(s))
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// undrawable returns the characters of s that one glyph a character, from left to right, cannot show rightly.
func (f *faces) undrawable(s string) []rune {
	var missing []rune
	for _, r := range s {
		if !f.drawable(r) {
			missing = append(missing, r)
		}
	}
	return missing
}

func (f *faces) drawable(r rune) bool {
	ok, known := f.known[r]
	if !known {
		// A combining mark that NFC leaves would need to be placed on its letter. Above U+FFFF, and on bytes that are no
		// UTF-8, which range gives as U+FFFD, fpdf panics.
		ok = r <= 0xffff && r != utf8.RuneError && unicode.IsGraphic(r) && !unicode.Is(unicode.M, r) &&
			unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Common) && !rightToLeft(r) && f.have(r)
		f.known[r] = ok
	}
	return ok
}

func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	switch p.Class() {
	case bidi.R, bidi.AL, bidi.AN:
		return true
	}
	return false
}

// checker gathers what cannot be drawn while the words of a poster are put together.
type checker struct {
	faces   *faces
	missing map[rune]bool
}

// exact returns s unchanged, having checked it.
func (c *checker) exact(s string) string {
	for _, r := range c.faces.undrawable(s) {
		c.missing[r] = true
	}
	return s
}

// say returns s cleaned, having checked it.
func (c *checker) say(s string) string { return c.exact(clean(s)) }

// err returns a *ScriptError if anything was missing.
func (c *checker) err(language string) error {
	if len(c.missing) == 0 {
		return nil
	}
	e := &ScriptError{Language: language}
	for r := range c.missing {
		e.Missing = append(e.Missing, r)
	}
	slices.Sort(e.Missing)
	return e
}
