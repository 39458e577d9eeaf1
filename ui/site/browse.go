package site

import (
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

const (
	perPage    = 24
	perHome    = 12 // own cases on the home page
	perNetwork = 6  // other countries' cases on the home page
	maxQuery   = 100
)

// card is a case in a list.
type card struct {
	Href, Name, Age, Since, Place string
	Urgent                        string // the word, "" if it is not
	// Photo is the address of the thumbnail, "" if the case has no photo.
	Photo         string
	Width, Height uint16
	// Source is the country that the case is of; "" for our own.
	Source string
	// Eager photos are in the first view.
	Eager bool
}

// cardOf needs the owner's card, for the country's own name of itself.
func cardOf(l *i18n.Locale, c *store.Shown, owner *protocol.Card, now time.Time) card {
	k := card{
		Href: "/" + l.Tag + "/cases/" + c.Ref.String(), Name: ui.Name(l, c.Case), Since: ui.Since(l, c.Case),
		Place: ui.PlaceText(l, protocol.Place{Locality: c.Case.From.Locality, Area: areaIfNeeded(c.Case.From)}, ""),
	}
	if c.Case.Urgent {
		k.Urgent = l.T("site.urgent")
	}
	if len(c.Case.Children) == 1 {
		k.Age = ui.AgeNow(l, &c.Case.Children[0], c.Case.Since, now)
	} else {
		k.Age = l.N("case.children", len(c.Case.Children))
	}
	if p := pictures(c); len(p) > 0 {
		k.Photo, k.Width, k.Height = "/photos/"+p[0].Thumb.String(), p[0].ThumbWidth, p[0].ThumbHeight
	}
	if !c.Own && owner != nil {
		k.Source = ui.CountryName(l, owner.CountryNames, owner.Country)
	}
	return k
}

// areaIfNeeded keeps a card short: the region only where there is no town.
func areaIfNeeded(p protocol.Place) string {
	if p.Locality != "" {
		return ""
	}
	return p.Area
}

// list returns the cards of a query, and how many there are in all.
func (s *site) list(l *i18n.Locale, q store.Query) ([]card, int, error) {
	shown, total, err := s.Public.List(q)
	if err != nil {
		return nil, 0, err
	}
	now := time.Now()
	cards := make([]card, len(shown))
	owners := map[protocol.Origin]*protocol.Card{}
	for i, c := range shown {
		owner := owners[c.Origin]
		if owner == nil && !c.Own {
			if owner, err = s.Public.Card(c.Origin); err != nil {
				return nil, 0, err
			}
			owners[c.Origin] = owner
		}
		cards[i] = cardOf(l, c, owner, now)
		cards[i].Eager = i < 4
	}
	return cards, total, nil
}

// homePage is the first page of the site.
type homePage struct {
	ui.Page
	Article         ui.Article
	Cases, Network  []card // our own: urgent ones first, then the newest
	Total, Abroad   int
	Browse, Foreign string
}

func (s *site) showHome(c *gin.Context, l *i18n.Locale) error {
	page, err := s.page(l, "/")
	if err != nil {
		return err
	}
	p := &homePage{Page: page, Article: s.Look.Home[l.Tag], Browse: "/" + l.Tag + "/cases"}
	p.Foreign = query(p.Browse, "tab", "network")
	if p.Article.Title == "" {
		p.Article.Title = l.T("site.title")
	}
	p.Description = p.Article.Title + " – " + page.Organisation
	p.Share = &ui.Share{Title: p.Article.Title, URL: s.BaseURL + "/" + l.Tag + "/"}
	if p.Cases, p.Total, err = s.list(l, store.Query{Limit: perHome}); err != nil {
		return err
	}
	if p.Network, p.Abroad, err = s.list(l, store.Query{Network: true, Limit: perNetwork}); err != nil {
		return err
	}
	for i := range p.Network {
		p.Network[i].Eager = len(p.Cases) == 0 && p.Network[i].Eager
	}
	return s.templates.Render(c, http.StatusOK, "home", p)
}

// choice is an option of a list to choose from.
type choice struct {
	Value, Text string
	Chosen      bool
}

// browsePage is the list of all cases with filters.
type browsePage struct {
	ui.Page
	Tabs      []ui.Link
	Tab       string
	Filtered  bool
	Q         string
	AgeMin    string
	AgeMax    string
	Year      string
	Sexes     []choice
	Kinds     []choice
	Countries []choice
	Cards     []card
	Total     int
	At, Pages int
	Next      string
	Previous  string
	Clear     string
}

func (s *site) showCases(c *gin.Context, l *i18n.Locale) error {
	number := func(name string, max int) (int, string) {
		n, err := strconv.Atoi(c.Query(name))
		if err != nil || n < 0 || n > max {
			return 0, ""
		}
		return n, strconv.Itoa(n)
	}
	p := &browsePage{Tab: "own", Q: strings.TrimSpace(c.Query("q"))}
	q := store.Query{Limit: perPage}
	if c.Query("tab") == "network" {
		p.Tab, q.Network = "network", true
	}
	if utf8.ValidString(p.Q) && utf8.RuneCountInString(p.Q) <= maxQuery {
		q.Text = p.Q
	} else {
		p.Q = ""
	}
	q.AgeMin, p.AgeMin = number("age_min", 120)
	q.AgeMax, p.AgeMax = number("age_max", 120)
	q.Year, p.Year = number("year", 9999)
	var sex, kind, country string
	p.Sexes, sex = choices(protocol.Sexes(), c.Query("sex"), func(v protocol.Sex) string { return l.T("sex." + string(v)) })
	p.Kinds, kind = choices(protocol.Kinds(), c.Query("kind"), func(v protocol.Kind) string { return l.T("kind." + string(v)) })
	q.Sex, q.Kind = protocol.Sex(sex), protocol.Kind(kind)
	if q.Network {
		names, err := s.countryNames(l)
		if err != nil {
			return err
		}
		codes, err := s.Public.Countries()
		if err != nil {
			return err
		}
		p.Countries, country = choices(codes, c.Query("country"), func(code string) string { return names[code] })
		q.Country = country
	}
	at, _ := number("page", 1_000_000)
	at = max(at, 1)
	q.Offset = (at - 1) * perPage

	var err error
	if p.Cards, p.Total, err = s.list(l, q); err != nil {
		return err
	}
	p.Pages = max(1, (p.Total+perPage-1)/perPage)
	if at > p.Pages {
		// Cases went away since the link was made: show the last page that there is.
		at, q.Offset = p.Pages, (p.Pages-1)*perPage
		if p.Cards, p.Total, err = s.list(l, q); err != nil {
			return err
		}
	}
	p.At = at

	filters := []string{"q", p.Q, "sex", sex, "kind", kind, "age_min", p.AgeMin, "age_max", p.AgeMax, "year", p.Year, "country", country}
	for i := 1; i < len(filters); i += 2 {
		p.Filtered = p.Filtered || filters[i] != ""
	}
	tab := map[string]string{"network": "network"}[p.Tab] // the first tab needs no parameter
	address := func(page int) string {
		pairs := append([]string{"tab", tab}, filters...)
		if page > 1 {
			pairs = append(pairs, "page", strconv.Itoa(page))
		}
		return query("/cases", pairs...)
	}
	if p.Page, err = s.page(l, address(at)); err != nil {
		return err
	}
	p.Title = l.T("browse.title")
	p.NoIndex = p.NoIndex || p.Filtered || at > 1
	here := "/" + l.Tag
	p.Clear = here + query("/cases", "tab", tab)
	if at > 1 {
		p.Previous = here + address(at-1)
	}
	if at < p.Pages {
		p.Next = here + address(at+1)
	}
	p.Tabs = []ui.Link{
		{Href: here + "/cases", Text: l.T("site.own"), Current: !q.Network},
		{Href: here + "/cases?tab=network", Text: l.T("site.network"), Current: q.Network},
	}
	return s.templates.Render(c, http.StatusOK, "cases", p)
}

// choices lists codes with their words, and returns the chosen one if it is among them.
func choices[T ~string](codes []T, chosen string, word func(T) string) ([]choice, string) {
	list, found := make([]choice, len(codes)), ""
	for i, code := range codes {
		list[i] = choice{string(code), word(code), string(code) == chosen}
		if list[i].Chosen {
			found = chosen
		}
	}
	return list, found
}

// countryNames returns how the members call their countries, by code.
func (s *site) countryNames(l *i18n.Locale) (map[string]string, error) {
	cards, err := s.Public.Cards()
	names := map[string]string{}
	for _, card := range cards {
		names[card.Country] = ui.CountryName(l, card.CountryNames, card.Country)
	}
	return names, err
}
