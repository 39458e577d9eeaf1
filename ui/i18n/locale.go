package i18n

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// A Locale is one language ready to speak. It is read-only and may be used by
// many goroutines at once.
type Locale struct {
	Tag      string // BCP 47, such as "en"
	Dir      string // "ltr" or "rtl"
	Endonym  string // the language's name in itself, such as "Français"
	tag      language.Tag
	messages catalogue
	plurals  *plurals
	cldr     *cldr
	symbols  symbol
	zero     rune              // the digit nought
	dayOne   string            // how the first of a month is written
	calendar calendar          // nil: the Gregorian
	year     *year             // the words of calendar
	names    map[string]string // of countries
	sorted   func() []NameCode
}

// A NameCode is a choice in a list: what people read, and what a record keeps.
type NameCode struct{ Name, Code string }

func newLocale(tag string, messages catalogue, data *cldr) (*Locale, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, fmt.Errorf("the name of the file is not a BCP 47 language tag: %w", err)
	}
	l := &Locale{Tag: tag, Dir: data.Dir, tag: parsed, messages: messages, cldr: data,
		symbols: data.Symbols["latn"], zero: '0', names: maps.Clone(data.Countries)}
	if l.plurals, err = newPlurals(parsed); err != nil {
		return nil, err
	}
	l.Endonym = l.T("locale.endonym")
	l.dayOne = l.T("locale.dayone")
	for key := range messages {
		if !isPlaceKey(key) {
			continue
		}
		code := strings.TrimPrefix(key, "country.")
		if name := l.T(key); name != "" {
			l.names[code] = name
		} else {
			delete(l.names, code)
		}
	}
	names := l.names
	l.sorted = sync.OnceValue(func() []NameCode { return sortCountries(parsed, names) })
	return l, nil
}

// T returns the message of a key. The args are names and values in turn, for
// the placeholders of the message: T("site.call", "number", "116000"). A string
// is inserted as it is, an int in the language's digits without grouping, so
// that it may be a year. What is missing shows as ⟦key⟧ or ⟦name⟧.
func (l *Locale) T(key string, args ...any) string {
	return l.say(key, other, "", args)
}

// N is T for a message that counts: it takes the plural form that the language
// uses for count, and gives {{.count}} as Number writes it.
func (l *Locale) N(key string, count int, args ...any) string {
	return l.say(key, l.plurals.category(count), l.Number(count), args)
}

func (l *Locale) say(key string, form int, count string, args []any) string {
	m, ok := l.messages[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	parts := m[form]
	if parts == nil {
		parts = m[other]
	}
	if len(parts) == 1 && parts[0].name == "" {
		return parts[0].text
	}
	var b strings.Builder
	for _, p := range parts {
		switch {
		case p.name == "":
			b.WriteString(p.text)
		case p.name == "count" && count != "":
			b.WriteString(count)
		default:
			b.WriteString(l.value(p.name, args))
		}
	}
	return b.String()
}

func (l *Locale) value(name string, args []any) string {
	for i := 0; i+1 < len(args); i += 2 {
		if args[i] != name {
			continue
		}
		switch v := args[i+1].(type) {
		case string:
			return v
		case int:
			return l.plainInt(v)
		default:
			return fmt.Sprint(v)
		}
	}
	return "⟦" + name + "⟧"
}

// Country returns the name of a country by its ISO 3166-1 alpha-2 code, and ""
// for a code that ISO has not assigned, such as XA, unless the node names it.
func (l *Locale) Country(code string) string { return l.names[code] }

// Countries returns all countries in the order of the language's dictionaries.
// The slice belongs to the caller.
func (l *Locale) Countries() []NameCode { return slices.Clone(l.sorted()) }

// Language returns the name of a language by its BCP 47 tag, such as "Arabic",
// with the country if the tag has one, and the tag itself if it is not known.
func (l *Locale) Language(tag string) string {
	if name, ok := l.cldr.Languages[tag]; ok {
		return name
	}
	parsed, err := language.Parse(tag)
	if err != nil {
		return tag
	}
	base, script, region := parsed.Raw()
	name, ok := l.cldr.Languages[base.String()+"-"+script.String()]
	if !ok {
		name, ok = l.cldr.Languages[base.String()]
	}
	if !ok {
		return tag
	}
	if place := l.names[region.String()]; place != "" {
		return fill(l.cldr.WithPlace, name, place)
	}
	return name
}

// List joins items as the language does: "a, b and c".
func (l *Locale) List(items []string) string {
	last := len(items) - 1
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	case 2:
		return fill(l.cldr.List.Two, items[0], items[1])
	}
	s := fill(l.cldr.List.End, items[last-1], items[last])
	for i := last - 2; i > 0; i-- {
		s = fill(l.cldr.List.Middle, items[i], s)
	}
	return fill(l.cldr.List.Start, items[0], s)
}

// fill puts a and b in the places {0} and {1} of a CLDR pattern, in one pass, so
// that braces within a value stay as they are.
func fill(pattern, a, b string) string {
	return strings.NewReplacer("{0}", a, "{1}", b).Replace(pattern)
}
