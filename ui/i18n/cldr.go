package i18n

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// A cldr is one language's data as gen.go wrote it, with its patterns parsed.
type cldr struct {
	Dir         string            `json:"dir"`
	Symbols     map[string]symbol `json:"symbols"`  // by numbering system; latn is always there
	Grouping    [3]int            `json:"grouping"` // last group, groups before it, least digits before a separator
	Months      []string          `json:"months"`   // as in a full date
	MonthsAlone []string          `json:"monthsAlone"`
	Era         string            `json:"era"` // of years now, such as AD
	Patterns    struct {
		Day   string `json:"day"`
		Month string `json:"month"`
		Year  string `json:"year"`
		Clock string `json:"clock"`
		At    string `json:"at"`
	} `json:"patterns"`
	Calendars map[string]*year `json:"calendars"` // other than the Gregorian; those that are not there cannot be chosen
	List      struct {
		Two    string `json:"two"`
		Start  string `json:"start"`
		Middle string `json:"middle"`
		End    string `json:"end"`
	} `json:"list"`
	WithPlace string            `json:"withPlace"` // {0} is a language and {1} a place
	Countries map[string]string `json:"countries"`
	Languages map[string]string `json:"languages"`

	gregorian year
	clock     datePattern
}

// A year has the words and patterns of a calendar.
type year struct {
	Era         string   `json:"era"`
	Months      []string `json:"months"`
	MonthsAlone []string `json:"monthsAlone"`
	Day         string   `json:"day"`
	Month       string   `json:"month"`
	Year        string   `json:"year"`
	Span        string   `json:"span"` // from {0} to {1}

	day, month, year datePattern
}

type symbol struct {
	Decimal string `json:"decimal"`
	Group   string `json:"group"`
	Minus   string `json:"minus"`
}

func parseCLDR(raw []byte) (*cldr, error) {
	c := new(cldr)
	if err := json.Unmarshal(raw, c); err != nil {
		return nil, err
	}
	_, latn := c.Symbols["latn"]
	if c.Dir != "ltr" && c.Dir != "rtl" || !latn || c.Grouping[0] < 1 || c.Grouping[1] < 1 ||
		len(c.Months) != 12 || len(c.MonthsAlone) != 12 {
		return nil, fmt.Errorf("direction, digits or months are missing; write the file with gen.go")
	}
	c.gregorian = year{Era: c.Era, Months: c.Months, MonthsAlone: c.MonthsAlone, Day: c.Patterns.Day, Month: c.Patterns.Month, Year: c.Patterns.Year}
	if err := c.gregorian.parse(); err != nil {
		return nil, err
	}
	for name, y := range c.Calendars {
		if len(y.Months) < 12 || len(y.MonthsAlone) != len(y.Months) || name == "ethiopic" && len(y.Months) != 13 {
			return nil, fmt.Errorf("months of the calendar %s are missing; write the file with gen.go", name)
		}
		if err := y.parse(); err != nil {
			return nil, err
		}
	}
	var err error
	if c.clock, err = parseDatePattern(c.Patterns.Clock, "Hmv"); err != nil {
		return nil, err
	}
	c.Patterns.At = strings.ReplaceAll(c.Patterns.At, "'", "")
	return c, nil
}

func (y *year) parse() (err error) {
	if y.day, err = parseDatePattern(y.Day, "dMLyG"); err != nil {
		return err
	}
	if y.month, err = parseDatePattern(y.Month, "MLyG"); err != nil {
		return err
	}
	y.year, err = parseDatePattern(y.Year, "yG")
	return err
}

// A datePattern is a CLDR date pattern in parts: text as it is, or a field
// letter written width times.
type datePattern []dateField

type dateField struct {
	text   string
	letter byte // 0: text
	width  int
}

func parseDatePattern(pattern, letters string) (datePattern, error) {
	var p datePattern
	quoted := false
	for i := 0; i < len(pattern); {
		ch := pattern[i]
		n := 1
		switch {
		case ch == '\'' && i+1 < len(pattern) && pattern[i+1] == '\'':
			p = append(p, dateField{text: "'"})
			n = 2
		case ch == '\'':
			quoted = !quoted
		case !quoted && isLetter(ch):
			for i+n < len(pattern) && pattern[i+n] == ch {
				n++
			}
			if strings.IndexByte(letters, ch) < 0 {
				return nil, fmt.Errorf("date pattern %q: %q is not one of the fields %q", pattern, ch, letters)
			}
			p = append(p, dateField{letter: ch, width: n})
		default:
			for i+n < len(pattern) && pattern[i+n] != '\'' && (quoted || !isLetter(pattern[i+n])) {
				n++
			}
			p = append(p, dateField{text: pattern[i : i+n]})
		}
		i += n
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("a date pattern is missing; write the file with gen.go")
	}
	return p, nil
}

func isLetter(ch byte) bool { return 'a' <= ch|0x20 && ch|0x20 <= 'z' }

// sortCountries orders names as a dictionary of the language does.
func sortCountries(tag language.Tag, names map[string]string) []NameCode {
	list := make([]NameCode, 0, len(names))
	for _, code := range slices.Sorted(maps.Keys(names)) {
		list = append(list, NameCode{Name: names[code], Code: code})
	}
	c := collate.New(tag, collate.IgnoreCase)
	slices.SortStableFunc(list, func(a, b NameCode) int { return c.CompareString(a.Name, b.Name) })
	return list
}
