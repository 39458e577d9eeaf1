package poster

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/gmcn/gmcn/protocol"
)

// Advice is one thing that a person should look at before a poster is hung up.
type Advice struct {
	// Key is the last part of the key of its message, which stands among those of the console's checks.
	Key string
	// Args are the message's names and values in turn.
	Args []any
	// Stop says that the poster would do harm and is not to be given out so.
	Stop bool
}

// Desk is what only the owner of a case knows of it. Nothing of it gets onto a poster.
type Desk struct {
	// LegalBasis says that there is one for showing an adult.
	LegalBasis bool
	// Family is text in which the family's telephone numbers may stand.
	Family []string
	// Offices are the numbers that the public may call.
	Offices []string
	// Today is the day of the check.
	Today time.Time
}

// What the advice is drawn from.
const (
	goodPrint = 200                 // pixels an inch; below it a face is blurred on paper
	poorPrint = 100                 // below it nobody would know the face
	manyWords = 40                  // more are not remembered
	shortLife = 14 * 24 * time.Hour // of a poster that is only just being hung up
	youngAge  = 6                   // up to here a face changes within half a year
)

// Proof is a poster as it would be printed, with what stands against it.
type Proof struct {
	// Advice has first what stops the poster, then what could be better.
	Advice []Advice
	// Pages are as they would be drawn; none if a glyph is missing.
	Pages []*Page

	in Input
}

// Stops returns the advice that stops the poster.
func (p *Proof) Stops() []Advice {
	n := slices.IndexFunc(p.Advice, func(a Advice) bool { return !a.Stop })
	if n < 0 {
		n = len(p.Advice)
	}
	return p.Advice[:n]
}

// Print makes the file of what was looked at: the PDF of Render, or the JPEG of Share for a format for screens. A poster that
// is stopped is an error.
func (p *Proof) Print() (file []byte, err error) {
	defer rescue(&err)
	if stops := p.Stops(); len(stops) > 0 {
		return nil, fmt.Errorf("print poster: it is stopped: %s", stops[0].Key)
	}
	if p.in.Format.Screen() {
		return picture(p.Pages[0], p.in.Format)
	}
	if file, err = writePDF(p.Pages, p.in.Case.Number, p.in.Updated); err != nil {
		return nil, fmt.Errorf("print poster: %w", err)
	}
	return file, nil
}

// Preflight lays a poster out and holds it against what research and safety ask of it. A poster that cannot be made at all is
// an error, except for want of a glyph, which is advice.
func Preflight(in Input, desk Desk) (*Proof, error) {
	var advice []Advice
	stop := func(key string, args ...any) { advice = append(advice, Advice{key, args, true}) }
	warn := func(key string, args ...any) { advice = append(advice, Advice{key, args, false}) }

	pages, err := Compose(in)
	var glyphs *GlyphError
	if errors.As(err, &glyphs) {
		for _, m := range glyphs.Missing {
			if m.Pack != "" {
				stop("glyphpack", "character", string(m.Rune), "code", fmt.Sprintf("%U", m.Rune), "pack", m.Pack)
			} else {
				stop("glyph", "character", string(m.Rune), "code", fmt.Sprintf("%U", m.Rune))
			}
		}
	} else if err != nil {
		return nil, err
	}
	c := in.Case
	for _, n := range numbersIn(freeText(c)) {
		if !slices.ContainsFunc(desk.Offices, func(office string) bool { return sameNumber(office, n) }) {
			stop("personal", "number", n)
		}
	}
	printed := []string{cmp.Or(c.Hotline, in.Hotline), c.Agency.Phone, in.Emergency}
	for _, h := range in.Others {
		printed = append(printed, h.Number)
	}
	for _, n := range numbersIn(desk.Family) {
		if slices.ContainsFunc(printed, func(p string) bool { return sameNumber(p, n) }) {
			stop("family", "number", n)
		}
	}
	if len(c.Companions) > 0 && !desk.LegalBasis {
		stop("adult")
	}
	if cmp.Or(c.Hotline, in.Hotline) == "" {
		stop("nohotline")
	}
	advice = append(advice, inspect(pages)...)

	infos := make([]protocol.Photo, len(in.Photos))
	for i := range in.Photos {
		infos[i] = in.Photos[i].Info
	}
	looks, progressed := 0, false
	for _, i := range Choose(c, infos) {
		p := &infos[i]
		switch {
		case p.Kind == protocol.CompanionShot:
			continue
		case p.Kind == protocol.AgeProgressed:
			progressed = true
			continue
		case p.Taken.IsZero():
			warn("photodate", "number", i+1)
		case tooOld(p.Taken, c, int(p.Who)):
			warn("photoold", "number", i+1)
		}
		looks++
	}
	switch {
	case looks == 0:
		warn("nophoto")
	case looks == 1 && len(c.Children) == 1 && !progressed:
		warn("onelook")
	}
	if len(c.Children) > 1 {
		warn("many", "count", len(c.Children))
	}
	for _, l := range in.Locales {
		if _, text := c.What.Pick(l.Tag); wordsIn(text) > manyWords {
			warn("words", "count", wordsIn(text), "most", manyWords)
			break
		}
	}
	if c.From.Locality == "" {
		warn("place")
	}
	if in.Code == "" {
		warn("nocode")
	}
	if !in.ValidUntil.IsZero() && in.ValidUntil.Sub(desk.Today) < shortLife {
		warn("ending")
	}
	slices.SortStableFunc(advice, func(a, b Advice) int {
		switch {
		case a.Stop == b.Stop:
			return 0
		case a.Stop:
			return -1
		}
		return 1
	})
	return &Proof{advice, pages, in}, nil
}

// inspect looks at what is drawn.
func inspect(pages []*Page) (advice []Advice) {
	said := map[string]bool{}
	say := func(stop bool, key string, args ...any) {
		if !said[key] {
			said[key] = true
			advice = append(advice, Advice{key, args, stop})
		}
	}
	least := 0.0
	for _, page := range pages {
		if len(page.left.facts) > 0 {
			say(false, "leftfacts", "facts", strings.Join(page.left.facts, " · "))
		}
		if page.left.story {
			say(false, "leftstory")
		}
		if page.left.companions {
			say(false, "leftadult")
		}
		for i := range page.Marks {
			m := &page.Marks[i]
			if t := m.Text; t != nil && !t.Faint {
				if t.Block.Size < minSize-1e-6 {
					say(true, "small", "points", minSize)
				}
				if contrast(t.Colour, t.Ground) < readable {
					say(true, "contrast")
				}
				if t.Block.Cut {
					say(false, "cut")
				}
			}
			if p := m.Picture; p != nil {
				dpi := min(p.Crop.W/(m.Box.W/72), p.Crop.H/(m.Box.H/72))
				if least == 0 || dpi < least {
					least = dpi
				}
			}
		}
	}
	switch {
	case least == 0 || least >= goodPrint:
	case least < poorPrint:
		say(true, "blurred", "dpi", int(least), "good", goodPrint)
	default:
		say(false, "resolution", "dpi", int(least), "good", goodPrint)
	}
	return advice
}

// tooOld says whether a child may have changed since a photo was taken: more than half a year before the child was last
// seen up to the age of six, more than a year later on.
func tooOld(taken protocol.Date, c *protocol.Case, who int) bool {
	if c.Since.IsZero() || who >= len(c.Children) {
		return false
	}
	last := c.Since.First()
	months := 12
	if lo, _, ok := c.Children[who].AgeNow(c.Since, last); ok && lo < youngAge {
		months = 6
	}
	return taken.Last().Before(last.AddDate(0, -months, 0))
}

// freeText are the texts of a case that an officer has written freely and a poster may show.
func freeText(c *protocol.Case) (all []string) {
	add := func(t protocol.Text) {
		for _, tag := range t.Languages() {
			all = append(all, t[tag])
		}
	}
	add(c.What)
	for i := range c.Children {
		add(c.Children[i].Marks)
		add(c.Children[i].Clothing)
		add(c.Children[i].Appearance)
	}
	for i := range c.Companions {
		add(c.Companions[i].Appearance)
	}
	return all
}

// groups are digits with what people write between them in a telephone number; dates are not one.
var (
	groups = regexp.MustCompile(`\+?[\p{Nd}(][\p{Nd} ().\x{a0}\x{2009}\x{202f}/‐‑–-]{5,}\p{Nd}`)
	dates  = regexp.MustCompile(`^(\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}|\d{4} ?[–‐‑/-] ?\d{4})$`)
)

// numbersIn returns what looks like a telephone number in some texts, each once: seven digits or more, and no date.
func numbersIn(texts []string) (found []string) {
	for _, text := range texts {
		for _, n := range groups.FindAllString(text, -1) {
			if digits := digitsOf(n); len(digits) >= 7 && !dates.MatchString(latinDigits(n)) && !slices.Contains(found, n) {
				found = append(found, n)
			}
		}
	}
	return found
}

// sameNumber says whether two numbers are the same but for how they are written, and for what stands before the last eight
// digits: a country's code or a zero.
func sameNumber(a, b string) bool {
	x, y := digitsOf(a), digitsOf(b)
	if n := min(len(x), len(y)); n >= 8 {
		return x[len(x)-8:] == y[len(y)-8:]
	}
	return x == y && x != ""
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, latinDigits(s))
}

// latinDigits writes the decimal digits of every script as 0 to 9. Unicode has the ten of each side by side.
func latinDigits(s string) string {
	return strings.Map(func(r rune) rune {
		for _, span := range unicode.Nd.R16 {
			if rune(span.Lo) <= r && r <= rune(span.Hi) {
				return '0' + (r-rune(span.Lo))%10
			}
		}
		for _, span := range unicode.Nd.R32 {
			if rune(span.Lo) <= r && r <= rune(span.Hi) {
				return '0' + (r-rune(span.Lo))%10
			}
		}
		return r
	}, s)
}

// wordsIn counts words; where a script has no spaces, two Chinese or Japanese characters are one, five of the others.
func wordsIn(text string) (n int) {
	han, other := 0, 0
	for _, word := range strings.FieldsFunc(text, unicode.IsSpace) {
		spaced := false
		for _, r := range word {
			switch {
			case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
				han++
			case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
				other++
			default:
				spaced = spaced || unicode.IsLetter(r) || unicode.IsDigit(r)
			}
		}
		if spaced {
			n++
		}
	}
	return n + (han+1)/2 + (other+4)/5
}
