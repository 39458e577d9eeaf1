//go:build ignore

// This program writes cldr/TAG.json from the Unicode CLDR. To run it again, or
// to add a language, fetch the packages of the CLDR's JSON form into a folder
// and name the languages:
//
//	mkdir /tmp/cldr && cd /tmp/cldr && npm init -y
//	npm install --legacy-peer-deps cldr-localenames-full@48.2.0 \
//		cldr-dates-full@48.2.0 cldr-misc-full@48.2.0 cldr-numbers-full@48.2.0 \
//		cldr-cal-buddhist-full@39.0.0 cldr-cal-persian-full@46.1.0 \
//		cldr-cal-ethiopic-full@46.1.0
//	cd -                                # back in ui/i18n
//	go run gen.go /tmp/cldr/node_modules en=en-GB pt-BR=pt fr el ar ...
//
// en=en-GB writes en.json from the data of en-GB, for dates like 3 March 2026.
// The three calendars are the newest that the registry had: names of months
// hardly change.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// data must have the fields that type cldr in cldr.go reads.
type data struct {
	Source      string            `json:"source"`
	Dir         string            `json:"dir"`
	Symbols     map[string]symbol `json:"symbols"`
	Grouping    [3]int            `json:"grouping"`
	Months      []string          `json:"months"`
	MonthsAlone []string          `json:"monthsAlone"`
	Era         string            `json:"era"`
	Patterns    patterns          `json:"patterns"`
	Calendars   map[string]year   `json:"calendars"`
	List        list              `json:"list"`
	WithPlace   string            `json:"withPlace"`
	Countries   map[string]string `json:"countries"`
	Languages   map[string]string `json:"languages"`
}

type symbol struct {
	Decimal string `json:"decimal"`
	Group   string `json:"group"`
	Minus   string `json:"minus"`
}

type patterns struct {
	Day   string `json:"day"`
	Month string `json:"month"`
	Year  string `json:"year"`
	Clock string `json:"clock"`
	At    string `json:"at"`
}

// year has the words and patterns of a calendar that is not the Gregorian.
type year struct {
	Era         string   `json:"era"`
	Months      []string `json:"months"`
	MonthsAlone []string `json:"monthsAlone"`
	Day         string   `json:"day"`
	Month       string   `json:"month"`
	Year        string   `json:"year"`
	Span        string   `json:"span"`
}

type list struct {
	Two    string `json:"two"`
	Start  string `json:"start"`
	Middle string `json:"middle"`
	End    string `json:"end"`
}

// notCountries have names in the CLDR and are not assigned by ISO 3166-1:
// reserved codes, groups of countries, and codes for users and for tests.
var notCountries = strings.Fields("AC CP CQ DG EA EU EZ IC QO TA UN XA XB XK ZZ")

var (
	alpha2   = regexp.MustCompile(`^[A-Z]{2}$`)
	language = regexp.MustCompile(`^[a-z]{2,3}(-([A-Z][a-z]{3}|[A-Z]{2}|[0-9]{3}))*$`)
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 3 {
		log.Fatal("usage: go run gen.go DIR TAG[=CLDRTAG] ...\nDIR holds the packages named at the head of gen.go")
	}
	dir := os.Args[1]
	for _, arg := range os.Args[2:] {
		tag, source, renamed := strings.Cut(arg, "=")
		if !renamed {
			source = tag
		}
		d, err := extract(dir, source)
		if err != nil {
			log.Fatalf("%s: %v", source, err)
		}
		out, err := json.MarshalIndent(d, "", " ")
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join("cldr", tag+".json"), append(out, '\n'), 0o644); err != nil {
			log.Fatal(err)
		}
	}
	licence, err := os.ReadFile(filepath.Join(dir, "cldr-dates-full", "LICENSE"))
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("cldr", "LICENSE"), licence, 0o644); err != nil {
		log.Fatal(err)
	}
}

// extract reads what we need of one language and refuses data that lacks any.
func extract(dir, tag string) (*data, error) {
	s := source{dir: dir, tag: tag}
	d := &data{Source: "CLDR " + s.version() + ", " + tag, Symbols: map[string]symbol{}}

	d.Dir = map[string]string{"left-to-right": "ltr", "right-to-left": "rtl"}[s.text("misc", "layout", "layout orientation characterOrder")]

	for key, v := range s.object("numbers", "numbers", "numbers") {
		if system, ok := strings.CutPrefix(key, "symbols-numberSystem-"); ok {
			m := v.(map[string]any)
			d.Symbols[system] = symbol{m["decimal"].(string), m["group"].(string), m["minusSign"].(string)}
		}
	}
	var err error
	if d.Grouping, err = grouping(s.text("numbers", "numbers", "numbers decimalFormats-numberSystem-latn standard"),
		s.text("numbers", "numbers", "numbers minimumGroupingDigits")); err != nil {
		return nil, err
	}

	const gregorian = "dates calendars gregorian "
	d.Months, d.MonthsAlone = s.months("dates", "ca-gregorian", gregorian, 12)
	d.Era = s.text("dates", "ca-gregorian", gregorian+"eras eraAbbr 1")
	d.Patterns = patterns{
		Day:   s.text("dates", "ca-gregorian", gregorian+"dateFormats long"),
		Month: s.text("dates", "ca-gregorian", gregorian+"dateTimeFormats availableFormats yMMMM"),
		Year:  s.text("dates", "ca-gregorian", gregorian+"dateTimeFormats availableFormats y"),
		Clock: s.text("dates", "ca-gregorian", gregorian+"dateTimeFormats availableFormats Hmv"),
		At:    s.text("dates", "ca-gregorian", gregorian+"dateTimeFormats-atTime standard long"),
	}

	d.Calendars = map[string]year{
		"buddhist": s.year("buddhist", "0", 12),
		"persian":  s.year("persian", "0", 12),
		"ethiopic": s.year("ethiopic", "1", 13),
	}

	const standard = "listPatterns listPattern-type-standard "
	d.List = list{
		Two:    s.text("misc", "listPatterns", standard+"2"),
		Start:  s.text("misc", "listPatterns", standard+"start"),
		Middle: s.text("misc", "listPatterns", standard+"middle"),
		End:    s.text("misc", "listPatterns", standard+"end"),
	}

	d.WithPlace = s.text("localenames", "localeDisplayNames", "localeDisplayNames localeDisplayPattern localePattern")
	d.Countries = s.names("territories", func(code string) bool {
		return alpha2.MatchString(code) && !slices.Contains(notCountries, code)
	})
	d.Languages = s.names("languages", func(code string) bool {
		return language.MatchString(code) && code != "und" && code != "mul" && code != "zxx"
	})
	if s.err == nil && len(d.Countries) != 249 {
		return nil, fmt.Errorf("%d countries where ISO 3166-1 has 249: look at notCountries", len(d.Countries))
	}
	return d, s.err
}

// year reads a calendar. Where the CLDR has not named its era yet, the patterns
// go without.
func (s *source) year(name, era string, months int) year {
	pkg, file, path := "cal-"+name, "ca-"+name, "dates calendars "+name+" "
	y := year{
		Era:   s.text(pkg, file, path+"eras eraAbbr "+era),
		Day:   s.text(pkg, file, path+"dateFormats long"),
		Month: s.text(pkg, file, path+"dateTimeFormats availableFormats yyyyMMMM"),
		Year:  s.text(pkg, file, path+"dateTimeFormats availableFormats yyyy"),
		Span:  s.text(pkg, file, path+"dateTimeFormats intervalFormats intervalFormatFallback"),
	}
	y.Months, y.MonthsAlone = s.months(pkg, file, path, months)
	if name == "persian" && y.Month == "y MMMM" {
		y.Month = "MMMM y" // as a full date has it; Persian does not write 1404 Esfand
	}
	if strings.HasPrefix(strings.ToUpper(y.Era), "ERA") {
		without := strings.NewReplacer(" G", "", "G ", "", "G", "")
		y.Era, y.Day, y.Month, y.Year = "", without.Replace(y.Day), without.Replace(y.Month), without.Replace(y.Year)
	}
	return y
}

func (s *source) months(pkg, file, path string, n int) (within, alone []string) {
	for m := 1; m <= n; m++ {
		within = append(within, s.text(pkg, file, path+"months format wide "+strconv.Itoa(m)))
		alone = append(alone, s.text(pkg, file, path+"months stand-alone wide "+strconv.Itoa(m)))
	}
	return within, alone
}

// grouping reads the sizes of digit groups from a pattern like #,##,##0.###:
// the last group, the groups before it, and the fewest digits that must stand
// before the first separator.
func grouping(pattern, minimum string) ([3]int, error) {
	whole, _, _ := strings.Cut(pattern, ".")
	parts := strings.Split(whole, ",")
	least, err := strconv.Atoi(minimum)
	if err != nil || len(parts) < 2 {
		return [3]int{}, fmt.Errorf("number pattern %q, minimum %q: not understood", pattern, minimum)
	}
	last := len(parts[len(parts)-1])
	before := last
	if len(parts) > 2 {
		before = len(parts[len(parts)-2])
	}
	return [3]int{last, before, least}, nil
}

// A source reads values by path, and remembers the first thing it missed.
type source struct {
	dir, tag string
	err      error
}

func (s *source) object(pkg, file, path string) map[string]any {
	name := filepath.Join(s.dir, "cldr-"+pkg+"-full", "main", s.tag, file+".json")
	raw, err := os.ReadFile(name)
	var v any
	if err == nil {
		err = json.Unmarshal(raw, &v)
	}
	for _, step := range append([]string{"main", s.tag}, strings.Fields(path)...) {
		m, _ := v.(map[string]any)
		if v = m[step]; v == nil && err == nil {
			err = fmt.Errorf("%s has no %s", name, path)
		}
	}
	if err != nil && s.err == nil {
		s.err = err
	}
	m, _ := v.(map[string]any)
	return m
}

func (s *source) text(pkg, file, path string) string {
	cut := strings.LastIndexByte(path, ' ')
	v, ok := s.object(pkg, file, path[:cut])[path[cut+1:]].(string)
	if !ok && s.err == nil {
		s.err = fmt.Errorf("cldr-%s-full: %s.json has no %s", pkg, file, path)
	}
	return v
}

func (s *source) names(file string, keep func(code string) bool) map[string]string {
	names := map[string]string{}
	for code, v := range s.object("localenames", file, "localeDisplayNames "+file) {
		if name, ok := v.(string); ok && keep(code) {
			names[code] = name
		}
	}
	return names
}

func (s *source) version() string {
	raw, err := os.ReadFile(filepath.Join(s.dir, "cldr-dates-full", "package.json"))
	var p struct {
		Version string `json:"version"`
	}
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil && s.err == nil {
		s.err = err
	}
	return p.Version
}
