package i18n

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

//go:embed messages/*.toml cldr/*.json cldr/LICENSE
var embedded embed.FS

// reference is the language that fills the gaps of an incomplete catalogue.
const reference = "en"

// A Bundle is a set of languages, unchanged after Load. Some have all messages
// and may be a site's; the others have those of a poster.
type Bundle struct {
	locales map[string]*Locale // of sites
	posters map[string]*Locale // of posters: all
}

// Load makes a Bundle of the embedded languages and of the files of the same
// names in overrides, which may be nil: see the package comment. An error names
// the file, the line or key, and what to do.
func Load(overrides fs.FS) (*Bundle, error) {
	messages, err := readAll(embedded, "messages", ".toml", parseCatalogue)
	if err != nil {
		return nil, err
	}
	data, err := readAll(embedded, "cldr", ".json", parseCLDR)
	if err != nil {
		return nil, err
	}
	own := map[string]catalogue{}
	if overrides != nil {
		if own, err = readAll(overrides, "messages", ".toml", parseCatalogue); err != nil {
			return nil, err
		}
		ownData, err := readAll(overrides, "cldr", ".json", parseCLDR)
		if err != nil {
			return nil, err
		}
		maps.Copy(data, ownData)
	}
	tags := slices.Collect(maps.Keys(messages))
	for tag := range own {
		if messages[tag] == nil {
			tags = append(tags, tag)
		}
	}
	english := messages[reference]
	b := &Bundle{locales: map[string]*Locale{}, posters: make(map[string]*Locale, len(tags))}
	for _, tag := range tags {
		c := maps.Clone(english)
		maps.Copy(c, messages[tag])
		if err := c.override(own[tag]); err != nil {
			return nil, fmt.Errorf("messages/%s.toml: %w", tag, err)
		}
		if data[tag] == nil {
			return nil, fmt.Errorf("messages/%s.toml: cldr/%s.json is missing; write it with gen.go", tag, tag)
		}
		l, err := newLocale(tag, c, data[tag])
		if err != nil {
			return nil, fmt.Errorf("messages/%s.toml: %w", tag, err)
		}
		b.posters[tag] = l
		// A language that only the node has is a site's with gaps too.
		if messages[tag] == nil || english.within(messages[tag], own[tag]) {
			b.locales[tag] = l
		}
	}
	return b, nil
}

// readAll parses the files of a folder, by name without the ending. A folder
// that is not there is an empty one.
func readAll[T any](files fs.FS, folder, ending string, parse func([]byte) (T, error)) (map[string]T, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read folder %s: %w", folder, err)
	}
	parsed := make(map[string]T, len(entries))
	for _, e := range entries {
		tag, ok := strings.CutSuffix(e.Name(), ending)
		if !ok {
			continue
		}
		name := path.Join(folder, e.Name())
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if parsed[tag], err = parse(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return parsed, nil
}

// Locale returns the site's language with exactly this tag.
func (b *Bundle) Locale(tag string) (*Locale, bool) {
	l, ok := b.locales[tag]
	return l, ok
}

// Locales returns all languages that a site may have, sorted by tag.
func (b *Bundle) Locales() []*Locale { return sorted(b.locales) }

// PosterLocale returns the language with exactly this tag, which may be one for
// posters alone: what it has no words for, it says in English.
func (b *Bundle) PosterLocale(tag string) (*Locale, bool) {
	l, ok := b.posters[tag]
	return l, ok
}

// PosterLocales returns all languages that a poster may have, those of sites
// included, sorted by tag.
func (b *Bundle) PosterLocales() []*Locale { return sorted(b.posters) }

func sorted(locales map[string]*Locale) []*Locale {
	all := make([]*Locale, 0, len(locales))
	for _, tag := range slices.Sorted(maps.Keys(locales)) {
		all = append(all, locales[tag])
	}
	return all
}

// Match returns the tag of supported that suits an Accept-Language header best,
// and the first of supported where none does or the header makes no sense. Tags
// that b does not have are passed over; "" means that none was left.
func (b *Bundle) Match(acceptLanguage string, supported []string) string {
	var tags []string
	var offered []language.Tag
	for _, tag := range supported {
		if l := b.locales[tag]; l != nil {
			tags, offered = append(tags, tag), append(offered, l.tag)
		}
	}
	if len(tags) == 0 {
		return ""
	}
	wanted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(wanted) == 0 {
		return tags[0]
	}
	_, i, confidence := language.NewMatcher(offered).Match(wanted...)
	if confidence == language.No {
		return tags[0]
	}
	return tags[i]
}

// WithDigits returns a copy of b in which one language writes its numbers with
// the digits of a CLDR numbering system, such as arab, arabext or deva. Without
// it every language writes latn, which is 0 to 9.
func (b *Bundle) WithDigits(tag, numberingSystem string) (*Bundle, error) {
	zero, ok := zeros[numberingSystem]
	if !ok {
		return nil, fmt.Errorf("digits %q of language %q: there is no such numbering system; choose from %q",
			numberingSystem, tag, slices.Sorted(maps.Keys(zeros)))
	}
	return b.with(tag, func(l *Locale) error {
		l.zero = zero
		l.symbols = l.cldr.Symbols["latn"]
		if s, ok := l.cldr.Symbols[numberingSystem]; ok {
			l.symbols = s
		}
		return nil
	})
}

// WithCalendar returns a copy of b in which one language writes its dates by a
// calendar, buddhist, ethiopic or persian, with the Gregorian date in brackets.
// Without it, or with gregorian, every language writes the Gregorian alone.
func (b *Bundle) WithCalendar(tag, name string) (*Bundle, error) {
	return b.with(tag, func(l *Locale) error {
		l.calendar, l.year = calendars[name], l.cldr.Calendars[name]
		if name != "gregorian" && (l.calendar == nil || l.year == nil) {
			return fmt.Errorf("calendar %q of language %q: there is no such calendar; choose from gregorian, %s",
				name, tag, strings.Join(slices.Sorted(maps.Keys(l.cldr.Calendars)), ", "))
		}
		return nil
	})
}

// with returns a copy of b in which one language is changed.
func (b *Bundle) with(tag string, change func(*Locale) error) (*Bundle, error) {
	l, ok := b.posters[tag]
	if !ok {
		return nil, fmt.Errorf("language %q: there is no such language; choose from %q", tag, slices.Sorted(maps.Keys(b.posters)))
	}
	changed := *l
	if err := change(&changed); err != nil {
		return nil, err
	}
	c := &Bundle{locales: maps.Clone(b.locales), posters: maps.Clone(b.posters)}
	c.posters[tag] = &changed
	if c.locales[tag] != nil {
		c.locales[tag] = &changed
	}
	return c, nil
}
