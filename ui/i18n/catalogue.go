package i18n

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/pelletier/go-toml/v2"
	"golang.org/x/text/language"
)

// The plural categories of the CLDR.
const (
	other = iota
	zero
	one
	two
	few
	many
	categories
)

var categoryNames = [categories]string{"other", "zero", "one", "two", "few", "many"}

// A catalogue holds a language's messages by key.
type catalogue map[string]message

// A message has its parts by plural category. The form other is always there;
// the rest are nil unless the message counts.
type message [categories][]part

// A part is text, or the name of a value to be inserted.
type part struct {
	text string
	name string // "": text
}

// parseCatalogue reads a messages file. Errors name the line or the key.
func parseCatalogue(raw []byte) (catalogue, error) {
	var file map[string]any
	if err := toml.Unmarshal(raw, &file); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, column := at.Position()
			return nil, fmt.Errorf("line %d, column %d: %w", line, column, err)
		}
		return nil, err
	}
	c := make(catalogue, len(file))
	for _, key := range slices.Sorted(maps.Keys(file)) {
		m, err := parseMessage(file[key])
		if err != nil {
			return nil, fmt.Errorf("message %q: %w", key, err)
		}
		c[key] = m
	}
	return c, nil
}

func parseMessage(v any) (m message, err error) {
	switch v := v.(type) {
	case string:
		m[other], err = parseText(v)
		return m, err
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			form := slices.Index(categoryNames[:], name)
			text, ok := v[name].(string)
			if form < 0 || !ok {
				return m, fmt.Errorf("%q is not a plural form with a text; write whole keys in quotes, like \"site.title\" = \"…\"", name)
			}
			if m[form], err = parseText(text); err != nil {
				return m, err
			}
		}
		if m[other] == nil {
			return m, errors.New("the form other is missing; add other = \"…\"")
		}
		return m, nil
	}
	return m, errors.New("the value is not a text; write it in quotes")
}

func parseText(s string) ([]part, error) {
	parts := []part{}
	for s != "" {
		text, rest, found := strings.Cut(s, "{{")
		if text != "" {
			parts = append(parts, part{text: text})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}}")
		name, dotted := strings.CutPrefix(name, ".")
		if !closed || !dotted || !isName(name) {
			return nil, fmt.Errorf("placeholder near %q is not like {{.name}}", "{{"+rest)
		}
		parts = append(parts, part{name: name})
		s = after
	}
	return parts, nil
}

func isName(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

// placeholders are the names in all forms of a message, sorted.
func (m message) placeholders() []string {
	var names []string
	for _, form := range m {
		for _, p := range form {
			if p.name != "" && !slices.Contains(names, p.name) {
				names = append(names, p.name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// counts reports whether the message has forms beside other.
func (m message) counts() bool {
	for _, form := range m[other+1:] {
		if form != nil {
			return true
		}
	}
	return false
}

// override puts a node's own messages over c. A key must be one of ours, with
// no placeholder that ours has not, and count only where ours counts: a slip of
// the pen is found at start and not by a visitor.
func (c catalogue) override(with catalogue) error {
	for _, key := range slices.Sorted(maps.Keys(with)) {
		m, place := with[key], isPlaceKey(key)
		ours, known := c[key]
		if !known && !place {
			return fmt.Errorf("message %q: there is no message of this name; compare it with messages/en.toml", key)
		}
		for _, name := range m.placeholders() {
			if !slices.Contains(ours.placeholders(), name) {
				return fmt.Errorf("message %q: {{.%s}} has no value here; use only %q", key, name, ours.placeholders())
			}
		}
		if m.counts() && !ours.counts() {
			return fmt.Errorf("message %q: it has no plural forms; write one text", key)
		}
		c[key] = m
	}
	return nil
}

// within reports whether the others together have every key of c.
func (c catalogue) within(others ...catalogue) bool {
	for key := range c {
		if !slices.ContainsFunc(others, func(o catalogue) bool { _, ok := o[key]; return ok }) {
			return false
		}
	}
	return true
}

// isPlaceKey reports whether key is country.XX, a node's own name for a place.
func isPlaceKey(key string) bool {
	code, ok := strings.CutPrefix(key, "country.")
	return ok && len(code) == 2 && 'A' <= code[0] && code[0] <= 'Z' && 'A' <= code[1] && code[1] <= 'Z'
}

// plurals chooses the plural category of a count by the CLDR's rules, which
// go-i18n carries for all languages. The answers for small counts are kept
// from the first question on.
type plurals struct {
	small func() *[1000]uint8
	rules *i18n.Localizer
}

// categoryKey names the one message of plurals.rules: each of its forms is the
// name of its category.
const categoryKey = "category"

func newPlurals(tag language.Tag) (*plurals, error) {
	b := i18n.NewBundle(tag)
	err := b.AddMessages(tag, &i18n.Message{ID: categoryKey,
		Other: categoryNames[other], Zero: categoryNames[zero], One: categoryNames[one],
		Two: categoryNames[two], Few: categoryNames[few], Many: categoryNames[many]})
	if err != nil {
		return nil, err
	}
	p := &plurals{rules: i18n.NewLocalizer(b, tag.String())}
	p.small = sync.OnceValue(func() *[1000]uint8 {
		var small [1000]uint8
		for n := range small {
			small[n] = uint8(p.ask(n))
		}
		return &small
	})
	return p, nil
}

func (p *plurals) category(n int) int {
	if n < 0 {
		n = -n
	}
	if small := p.small(); 0 <= n && n < len(small) {
		return int(small[n])
	}
	return p.ask(n)
}

func (p *plurals) ask(n int) int {
	name, err := p.rules.Localize(&i18n.LocalizeConfig{MessageID: categoryKey, PluralCount: n})
	if err != nil {
		return other
	}
	return max(other, slices.Index(categoryNames[:], name))
}
