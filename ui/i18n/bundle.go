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

// A Bundle is a set of languages, unchanged after Load.
type Bundle struct {
	locales map[string]*Locale
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
	if overrides != nil {
		own, err := readAll(overrides, "messages", ".toml", parseCatalogue)
		if err != nil {
			return nil, err
		}
		ownData, err := readAll(overrides, "cldr", ".json", parseCLDR)
		if err != nil {
			return nil, err
		}
		maps.Copy(data, ownData)
		for tag, with := range own {
			if messages[tag] == nil {
				messages[tag] = maps.Clone(messages[reference])
			}
			if err := messages[tag].override(with); err != nil {
				return nil, fmt.Errorf("messages/%s.toml: %w", tag, err)
			}
		}
	}
	b := &Bundle{locales: make(map[string]*Locale, len(messages))}
	for tag, c := range messages {
		if data[tag] == nil {
			return nil, fmt.Errorf("messages/%s.toml: cldr/%s.json is missing; write it with gen.go", tag, tag)
		}
		if b.locales[tag], err = newLocale(tag, c, data[tag]); err != nil {
			return nil, fmt.Errorf("messages/%s.toml: %w", tag, err)
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

// Locale returns the language with exactly this tag.
func (b *Bundle) Locale(tag string) (*Locale, bool) {
	l, ok := b.locales[tag]
	return l, ok
}

// Locales returns all languages, sorted by tag.
func (b *Bundle) Locales() []*Locale {
	all := make([]*Locale, 0, len(b.locales))
	for _, tag := range slices.Sorted(maps.Keys(b.locales)) {
		all = append(all, b.locales[tag])
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
	l, ok := b.locales[tag]
	if !ok {
		return nil, fmt.Errorf("digits of language %q: there is no such language; choose from %q", tag, slices.Sorted(maps.Keys(b.locales)))
	}
	zero, ok := zeros[numberingSystem]
	if !ok {
		return nil, fmt.Errorf("digits %q of language %q: there is no such numbering system; choose from %q",
			numberingSystem, tag, slices.Sorted(maps.Keys(zeros)))
	}
	changed := *l
	changed.zero = zero
	changed.symbols = l.cldr.Symbols["latn"]
	if s, ok := l.cldr.Symbols[numberingSystem]; ok {
		changed.symbols = s
	}
	locales := maps.Clone(b.locales)
	locales[tag] = &changed
	return &Bundle{locales: locales}, nil
}
