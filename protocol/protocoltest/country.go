package protocoltest

import (
	"embed"
	"fmt"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Country is an invented member with everything that its node needs to start: what goes into the configuration, the site
// folder and the first cases.
type Country struct {
	// Code is XA, XB or XC: codes that ISO 3166 leaves to users.
	Code                string
	CountryNames, Names protocol.Text
	Hotlines            []protocol.Hotline
	// Languages are those of the site, the main one first. Every text of a case is in these and in English.
	Languages []string
	// Brand is a #RRGGBB dark enough for white text on it, Accent one light enough to be read on #101820.
	Brand, Accent string
	// Logo is a PNG, 512 by 512 pixels on a transparent ground.
	Logo []byte
	// Home and About are Markdown by language, in each of Languages.
	Home, About map[string]string
	Cases       []Seed
}

// Seed is a case as an officer would have entered it; Case.Number is set.
type Seed struct {
	Case    protocol.Case
	Members protocol.Members
	Local   protocol.Local
	Photos  []SeedPhoto
}

// SeedPhoto is a photo to be drawn, and what the officer notes beside it.
type SeedPhoto struct {
	Look    Look
	Kind    protocol.PhotoKind
	Who     uint8
	Taken   protocol.Date
	Caption protocol.Text
}

// JPEG draws the photo, 1200 by 1500 pixels.
func (p SeedPhoto) JPEG() []byte { return encodeJPEG(Portrait(p.Look, 1200, 1500)) }

// Secrets returns the free text of the case that the public must never meet: local must be found nowhere but at the desk,
// members nowhere but there and in the records that members hold. No string needs escaping in HTML, JSON or CBOR, so that
// a test can look for it in the bytes of a page, a record or a file.
func (s *Seed) Secrets() (local, members []string) {
	l, m := &s.Local, &s.Members
	for _, t := range []string{l.Guardian, l.Contact, l.Address, l.School, l.Medical, l.Notes} {
		if t != "" {
			local = append(local, t)
		}
	}
	for _, child := range m.Children {
		members = append(members, child.OtherNames...)
	}
	members = append(members, m.Destinations...)
	for _, lang := range m.Companions.Languages() {
		members = append(members, m.Companions[lang])
	}
	if m.Vehicle != "" {
		members = append(members, m.Vehicle)
	}
	return local, members
}

//go:embed site
var siteTexts embed.FS

// Countries returns the three members of the demonstration, whose children went missing between a day and years before
// now. The same day gives the same countries; the caller owns them.
//
// Every telephone number begins with +0, as no country code does, and is too short or too long for a national plan should
// somebody leave out the plus. Nothing begins with 000, which is an emergency number.
func Countries(now time.Time) []Country {
	all := countries(now.UTC())
	for i, mark := range []int64{3, 0, 1} { // a house, a light over the water, petals
		all[i].Logo = LogoPNG(mark, tintOf(all[i].Brand), 512)
	}
	return all
}

// countries is Countries without the drawing, which takes nearly all of the time.
func countries(now time.Time) []Country {
	all := []Country{arvenia(now), thalassia(now), zahira(now)}
	for i := range all {
		c := &all[i]
		c.Home, c.About = map[string]string{}, map[string]string{}
		for _, lang := range c.Languages {
			c.Home[lang] = siteText(c.Code, "home", lang)
			c.About[lang] = siteText(c.Code, "about", lang)
		}
		for j := range c.Cases {
			c.Cases[j].Case.Number = fmt.Sprintf("%s-%04d-%03d", c.Code, now.Year(), j+1)
		}
	}
	return all
}

func siteText(country, page, lang string) string {
	b, err := siteTexts.ReadFile("site/" + country + "/" + page + "." + lang + ".md")
	if err != nil {
		panic(err) // the file is embedded, or the package is incomplete
	}
	return string(b)
}

// tintOf reads #RRGGBB.
func tintOf(hex string) Tint {
	var t Tint
	if _, err := fmt.Sscanf(hex, "#%06x", &t); err != nil {
		panic(err)
	}
	return t
}

// before counts back from t. A day that a month lacks runs over into the next month, so leave a few days of room where an
// age hangs on it.
func before(t time.Time, years, months, days int) time.Time { return t.AddDate(-years, -months, -days) }

func day(t time.Time) protocol.Date { return protocol.DateOf(t) }

func month(t time.Time) protocol.Date {
	d := day(t)
	d.Day = 0
	return d
}

func year(t time.Time) protocol.Date { return protocol.Date{Year: uint16(t.Year())} }

func aged(years uint16) protocol.Age {
	return protocol.Age{Min: years, Max: years, Unit: protocol.Years}
}

// later is the same face at another age, in another garment.
func (l Look) later(age int, top Tint) Look {
	l.Age, l.Top = age, top
	return l
}

// calm is the same face without the smile: the second photo by which a child is better known again.
func (l Look) calm(top Tint) Look {
	l.Smile, l.Top = false, top
	return l
}
