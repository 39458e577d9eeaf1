package site

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// casePage is the page of one case.
type casePage struct {
	ui.Page
	Case          *protocol.Case
	Own           bool
	Heading       template.HTML
	Since, Place  string
	FromLabel     string
	Pictures      []picture
	Children      []child
	Companions    []companion
	Seen          string // the question above the call button
	Hotline       string
	What          string
	WhatLang      string
	Kind          string
	Source        member
	Updated       string
	Confirmed     string // when its own country last confirmed it; "" for ours, and while that is no news
	Back          string
	Poster        string // where the poster is
	Posters       string // where another is chosen
	Address       string
	OtherLanguage []ui.Language
}

// picture is a photo on the page.
type picture struct {
	URL, Set      string // the address of the usual size; srcset
	Width, Height uint16
	Alt, Caption  string
	CaptionLang   string
	Notes         []string
	First         bool
	Whole         bool // not cropped: an object, a whole figure
}

type child struct {
	Name   string // "" when the page has only one child
	Others []string
	Facts  []ui.Fact
}

type companion struct {
	Name, Relation string
	Facts          []ui.Fact
	Pictures       []picture
}

func (s *site) showCase(c *gin.Context, l *i18n.Locale) error {
	ref, err := refOf(c)
	if err != nil {
		return err
	}
	shown, err := s.Public.Case(ref)
	if err != nil {
		return err
	}
	owner, err := s.Public.Card(shown.Origin)
	if err != nil {
		return err
	}
	path := "/cases/" + ref.String()
	page, err := s.page(l, path)
	if err != nil {
		return err
	}
	k := shown.Case
	p := &casePage{
		Page: page, Case: k, Own: shown.Own, Since: ui.Since(l, k), Kind: l.T("kind." + string(k.Kind)), Hotline: hotline(k, owner),
		Source: s.member(l, owner), Updated: ui.DateText(l, protocol.DateOf(shown.At.UTC())), Address: s.BaseURL + "/c/" + ref.String(),
		Back: "/" + l.Tag + "/cases", Poster: "/" + l.Tag + path + "/poster.pdf", Posters: "/" + l.Tag + path + "/poster",
	}
	if !shown.Own && time.Since(shown.Confirmed) > protocol.AgeingAfter {
		p.Confirmed = ui.DateText(l, protocol.DateOf(shown.Confirmed.UTC()))
	}
	if !shown.Own {
		p.Back = query(p.Back, "tab", "network")
	}
	p.Place = ui.PlaceText(l, k.From, countryOf(l, k, owner))

	name := ui.Name(l, k)
	title := l.T("case.helpfind", "name", name)
	p.Heading, p.Seen, p.FromLabel = p.H("case.helpfind", "name", name), ui.Agree(l, "case.seen", k), l.T("case.from")
	if len(k.Children) > 1 {
		p.Seen = l.T("case.seenmany")
	}
	if k.Kind == protocol.UnidentifiedFound {
		title = ui.Agree(l, "case.helpid", k)
		p.Heading, p.Seen, p.FromLabel = template.HTML(template.HTMLEscapeString(title)), "", l.T("case.foundin")
	}
	p.Title, p.Description = title, p.Since+" · "+p.Place
	p.Share = &ui.Share{Title: title, Description: p.Description, URL: s.BaseURL + "/" + l.Tag + path,
		Image: s.BaseURL + "/" + l.Tag + path + "/poster.jpg?size=wide", Alt: title}
	if lang, text := k.What.Pick(l.Tag); text != "" {
		p.What = text
		if lang != l.Tag {
			p.WhatLang = lang
		}
	}
	for _, other := range page.Languages {
		if !other.Current {
			p.OtherLanguage = append(p.OtherLanguage, other)
		}
	}
	now := time.Now()
	for i := range k.Children {
		ch := child{Others: k.Children[i].OtherNames, Facts: ui.Facts(l, k, i, now)}
		if len(k.Children) > 1 {
			if ch.Name = k.Children[i].Name; ch.Name == "" {
				ch.Name = l.T("case.child", "number", i+1)
			}
		}
		p.Children = append(p.Children, ch)
	}
	for _, photo := range pictures(shown) {
		p.Pictures = append(p.Pictures, pictureOf(l, k, &photo))
	}
	for i := range p.Pictures {
		p.Pictures[i].First = i == 0
		if len(p.Pictures) > 1 {
			p.Pictures[i].Notes = append([]string{l.T("case.photo", "number", i+1, "total", len(p.Pictures))}, p.Pictures[i].Notes...)
		}
	}
	for i := range k.Companions {
		co := companion{Name: k.Companions[i].Name, Relation: l.T("relation." + string(k.Companions[i].Relation)),
			Facts: ui.CompanionFacts(l, &k.Companions[i])}
		for _, photo := range shown.Photos {
			if photo.Kind == protocol.CompanionShot && int(photo.Who) == i {
				co.Pictures = append(co.Pictures, pictureOf(l, k, &photo))
			}
		}
		p.Companions = append(p.Companions, co)
	}
	return s.templates.Render(c, http.StatusOK, "case", p)
}

// countryOf returns how the country that the child is missing from is called.
func countryOf(l *i18n.Locale, c *protocol.Case, owner *protocol.Card) string {
	if c.From.Country == owner.Country {
		return ui.CountryName(l, owner.CountryNames, c.From.Country)
	}
	return ui.CountryName(l, nil, c.From.Country)
}

// hotline returns the number to call about a case: the case's own, or the first of its member.
func hotline(c *protocol.Case, owner *protocol.Card) string {
	if c.Hotline != "" {
		return c.Hotline
	}
	return owner.Hotlines[0].Number
}

// maxPictures is how many photos a page shows, unless there are more children.
const maxPictures = 4

// pictures returns the photos of the children to show, the most telling first: one of each child, then the rest, an
// age-progressed picture after the photos and things last. An age-progressed picture never stands alone.
func pictures(c *store.Shown) []protocol.Photo {
	rank := func(p protocol.Photo, again bool) int {
		n := map[protocol.PhotoKind]int{protocol.Portrait: 0, protocol.FullFigure: 1, protocol.AgeProgressed: 2, protocol.Object: 3}[p.Kind]
		if again {
			n += 4
		}
		return n
	}
	type ranked struct {
		protocol.Photo
		rank int
	}
	var all []ranked
	seen := map[uint8]bool{}
	photos := false
	for _, p := range c.Photos {
		if p.Kind == protocol.CompanionShot {
			continue
		}
		first := p.Kind == protocol.Portrait || p.Kind == protocol.FullFigure
		all = append(all, ranked{p, rank(p, first && seen[p.Who])})
		seen[p.Who] = seen[p.Who] || first
		photos = photos || first
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return a.rank - b.rank })
	var out []protocol.Photo
	for _, p := range all {
		if len(out) < max(maxPictures, len(c.Case.Children)) && (photos || p.Kind != protocol.AgeProgressed) {
			out = append(out, p.Photo)
		}
	}
	return out
}

func pictureOf(l *i18n.Locale, c *protocol.Case, p *protocol.Photo) picture {
	file := "/photos/" + p.File.String()
	out := picture{URL: file + "/640.jpg", Width: p.Width, Height: p.Height, Whole: p.Kind == protocol.Object || p.Kind == protocol.FullFigure}
	if p.Width > 640 {
		out.Set = file + "/320.jpg 320w, " + file + "/640.jpg 640w, " + file + "/1200.jpg " + strconv.Itoa(min(1200, int(p.Width))) + "w"
	}
	name := l.T("site.unknownname")
	switch {
	case p.Kind == protocol.CompanionShot && c.Companions[p.Who].Name != "":
		name = c.Companions[p.Who].Name
	case p.Kind != protocol.CompanionShot && c.Children[p.Who].Name != "":
		name = c.Children[p.Who].Name
	}
	out.Alt = l.T("site.photoof", "name", name)
	switch p.Kind {
	case protocol.AgeProgressed:
		out.Notes = append(out.Notes, l.T("case.ageprogressed"))
	case protocol.Object:
		out.Alt = l.T("photokind.object")
	case protocol.CompanionShot:
		out.Notes = append(out.Notes, l.T("photokind.companion"))
	default:
		if len(c.Children) > 1 {
			out.Notes = append(out.Notes, name)
		}
	}
	if !p.Taken.IsZero() {
		out.Notes = append(out.Notes, l.T("case.photodate", "date", ui.DateText(l, p.Taken)))
	}
	if lang, text := p.Caption.Pick(l.Tag); text != "" {
		out.Caption = text
		if lang != l.Tag {
			out.CaptionLang = lang
		}
	}
	return out
}
