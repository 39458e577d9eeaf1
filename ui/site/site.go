package site

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

//go:embed template/*.html
var files embed.FS

// Config is what a site is made of.
type Config struct {
	Public *store.Public
	Bundle *i18n.Bundle
	// Languages of the site, the main one first; each must be in Bundle.
	Languages []string
	Look      *ui.Look
	// BaseURL is the site's own address without a slash at the end, for QR codes and for links between languages.
	BaseURL string
	// Fonts draw posters; nil is those that are built in.
	Fonts *typeset.Engine
	// Demo marks every page as a demonstration and keeps search engines away.
	Demo bool
	Log  *slog.Logger
}

type site struct {
	Config
	static    *ui.Static
	templates *ui.Templates
	sizes     *sizes
	posters   *Posters
	// work bounds how many posters and photos are made at once.
	work chan struct{}
}

// routes is every address of the site. Those in a language have it as their first element.
var routes = []struct {
	path string
	do   func(*site, *gin.Context) error
}{
	{"/", (*site).chooseLanguage},
	{"/:lang", (*site).addSlash},
	{"/:lang/", in((*site).showHome)},
	{"/:lang/cases", in((*site).showCases)},
	{"/:lang/cases/:ref", in((*site).showCase)},
	{"/:lang/cases/:ref/poster", in((*site).showPosterPage)},
	{"/:lang/cases/:ref/poster.jpg", in((*site).showShare)},
	{"/:lang/cases/:ref/preview.jpg", in((*site).showPreview)},
	{"/:lang/cases/:ref/poster.pdf", in((*site).showPoster)},
	{"/:lang/about", in((*site).showAbout)},
	{"/:lang/verify", in((*site).showVerify)},
	{"/verify", (*site).followVerify},
	{"/c/:ref", (*site).followCode},
	{"/v/:code", (*site).followStamp},
	{"/V/:code", (*site).followStamp},
	{"/photos/:file", (*site).showPhoto},
	{"/photos/:file/:size", (*site).showSize},
	{"/theme.css", func(s *site, c *gin.Context) error { return s.Look.ServeTheme(c) }},
	{"/logo", func(s *site, c *gin.Context) error { return s.Look.ServeLogo(c) }},
	{"/static/*name", func(s *site, c *gin.Context) error { return s.static.Serve(c) }},
	{"/robots.txt", (*site).showRobots},
	{"/healthz", (*site).showHealth},
}

// New returns the handler of the whole site.
func New(cfg Config) (http.Handler, error) {
	if len(cfg.Languages) == 0 {
		return nil, errors.New("public site: no language is configured")
	}
	for _, tag := range cfg.Languages {
		if _, ok := cfg.Bundle.Locale(tag); !ok {
			return nil, fmt.Errorf("public site: there are no messages for language %q; add messages/%s.toml to the site folder or leave the language out", tag, tag)
		}
	}
	s := &site{Config: cfg, sizes: newSizes(), work: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)))}
	s.BaseURL = strings.TrimSuffix(cfg.BaseURL, "/")
	s.posters = &Posters{Public: cfg.Public, Bundle: cfg.Bundle, Look: cfg.Look, BaseURL: s.BaseURL, Fonts: cfg.Fonts}
	var err error
	if s.static, err = ui.NewStatic(); err != nil {
		return nil, fmt.Errorf("public site: %w", err)
	}
	if s.templates, err = ui.NewTemplates(s.static, files); err != nil {
		return nil, fmt.Errorf("public site: %w", err)
	}
	e := ui.NewEngine(cfg.Log, ui.Policy, s.showFault)
	e.RedirectTrailingSlash = false
	for _, r := range routes {
		h := ui.Handle(func(c *gin.Context) error {
			err := r.do(s, c)
			if errors.Is(err, store.ErrGone) {
				err = &ui.Fault{Status: http.StatusGone, Key: "gone", Err: err}
			}
			return err
		})
		e.GET(r.path, h)
		e.HEAD(r.path, h)
	}
	return e, nil
}

// in is a handler of a page in the language of the path.
func in(do func(*site, *gin.Context, *i18n.Locale) error) func(*site, *gin.Context) error {
	return func(s *site, c *gin.Context) error {
		l, ok := s.locale(c)
		if !ok {
			return fmt.Errorf("language: %w", fs.ErrNotExist)
		}
		c.Header("Cache-Control", "public, max-age=60")
		return do(s, c, l)
	}
}

// locale returns the language of the path, and whether the site has it.
func (s *site) locale(c *gin.Context) (*i18n.Locale, bool) {
	tag := c.Param("lang")
	if !slices.Contains(s.Languages, tag) {
		return nil, false
	}
	return s.Bundle.Locale(tag)
}

// preferred returns the language of the site that suits the browser best.
func (s *site) preferred(c *gin.Context) string {
	c.Writer.Header().Add("Vary", "Accept-Language")
	return s.Bundle.Match(c.GetHeader("Accept-Language"), s.Languages)
}

func (s *site) chooseLanguage(c *gin.Context) error {
	c.Header("Cache-Control", "no-cache")
	c.Redirect(http.StatusFound, "/"+s.preferred(c)+"/")
	return nil
}

// followCode leads from the short address of a QR code to the page of the case.
func (s *site) followCode(c *gin.Context) error {
	ref, err := refOf(c)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-cache")
	c.Redirect(http.StatusFound, "/"+s.preferred(c)+"/cases/"+ref.String())
	return nil
}

func (s *site) addSlash(c *gin.Context) error {
	if _, ok := s.locale(c); !ok {
		return fmt.Errorf("language: %w", fs.ErrNotExist)
	}
	c.Redirect(http.StatusMovedPermanently, "/"+c.Param("lang")+"/")
	return nil
}

func (s *site) showRobots(c *gin.Context) error {
	rules := "User-agent: *\nDisallow: /photos/\n"
	if s.Demo {
		rules = "User-agent: *\nDisallow: /\n"
	}
	c.Header("Cache-Control", "public, max-age=3600")
	ui.Send(c, http.StatusOK, "text/plain; charset=utf-8", []byte(rules))
	return nil
}

// showHealth says that the site can read its store.
func (s *site) showHealth(c *gin.Context) error {
	if _, err := s.Public.Own(); err != nil {
		return err
	}
	ui.Send(c, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
	return nil
}

// page fills the frame of the page at path, which follows the language: "/cases".
func (s *site) page(l *i18n.Locale, path string) (ui.Page, error) {
	own, err := s.Public.Own()
	if err != nil {
		return ui.Page{}, err
	}
	_, organisation := own.Names.Pick(l.Tag)
	p := ui.Page{
		Locale: l, Look: s.Look, Organisation: organisation, Home: "/" + l.Tag + "/", Base: s.BaseURL, Class: "site",
		Hotlines: ui.HotlinesOf(l, own.Hotlines), NoIndex: s.Demo, Demo: s.Demo,
		Languages: s.alternates(l, path, s.Languages),
	}
	add := func(to, key string) {
		at, _, _ := strings.Cut(path, "?")
		p.Nav = append(p.Nav, ui.Link{Href: "/" + l.Tag + to, Text: l.T(key), Current: at == to})
	}
	add("/", "site.home")
	add("/cases", "site.browse")
	add("/verify", "site.verify")
	if _, ok := s.Look.About[l.Tag]; ok {
		add("/about", "site.about")
	}
	return p, nil
}

// alternates returns the addresses of the page at path in each of the languages.
func (s *site) alternates(l *i18n.Locale, path string, tags []string) []ui.Language {
	var out []ui.Language
	for _, tag := range tags {
		if other, ok := s.Bundle.Locale(tag); ok {
			out = append(out, ui.Language{Tag: tag, Dir: other.Dir, Name: other.Endonym, Href: "/" + tag + path, Current: tag == l.Tag})
		}
	}
	return out
}

// faultPage says that something is not there or went wrong.
type faultPage struct {
	ui.Page
	Heading, Text string
	Gone          bool
}

// showFault answers with a page that names nothing of what was asked for.
func (s *site) showFault(c *gin.Context, f *ui.Fault) {
	l, ok := s.locale(c)
	if !ok {
		l, _ = s.Bundle.Locale(s.preferred(c))
	}
	page, err := s.page(l, "/")
	if err != nil {
		c.String(f.Status, l.T("error."+f.Key+".title"))
		return
	}
	page.NoIndex = true
	for i := range page.Nav {
		page.Nav[i].Current = false
	}
	title, text := l.T("error."+f.Key+".title"), l.T("error."+f.Key+".text")
	page.Title = title
	if err := s.templates.Render(c, f.Status, "fault", &faultPage{page, title, text, f.Status == http.StatusGone}); err != nil {
		s.Log.Error("fault page not rendered", "err", err)
		c.String(f.Status, title)
	}
}

// aboutPage is the country's own page.
type aboutPage struct {
	ui.Page
	Article ui.Article
	Members []member
}

// member is an organisation of the network.
type member struct {
	Name, Lang, Country, Site string
}

func (s *site) showAbout(c *gin.Context, l *i18n.Locale) error {
	article, ok := s.Look.About[l.Tag]
	if !ok {
		return fmt.Errorf("about page: %w", fs.ErrNotExist)
	}
	page, err := s.page(l, "/about")
	if err != nil {
		return err
	}
	page.Languages = s.alternates(l, "/about", slices.DeleteFunc(slices.Clone(s.Languages), func(tag string) bool {
		_, ok := s.Look.About[tag]
		return !ok
	}))
	if article.Title == "" {
		article.Title = l.T("site.about")
	}
	page.Title = article.Title
	cards, err := s.Public.Cards()
	if err != nil {
		return err
	}
	p := &aboutPage{Page: page, Article: article}
	for _, card := range cards {
		p.Members = append(p.Members, s.member(l, card))
	}
	return s.templates.Render(c, http.StatusOK, "about", p)
}

func (s *site) member(l *i18n.Locale, card *protocol.Card) member {
	lang, name := card.Names.Pick(l.Tag)
	m := member{Name: name, Country: ui.CountryName(l, card.CountryNames, card.Country), Site: card.Site}
	if lang != l.Tag {
		m.Lang = lang
	}
	return m
}

// refOf reads the case of the address. What is no reference is an address without a page.
func refOf(c *gin.Context) (protocol.Ref, error) {
	ref, err := protocol.ParseRef(c.Param("ref"))
	if err != nil || ref.String() != c.Param("ref") {
		return ref, fmt.Errorf("case reference: %w", fs.ErrNotExist)
	}
	return ref, nil
}

// busy waits for a place to work in and returns what gives it back.
func (s *site) busy(c *gin.Context) (func(), error) {
	select {
	case s.work <- struct{}{}:
		return func() { <-s.work }, nil
	case <-c.Request.Context().Done():
		return nil, c.Request.Context().Err()
	case <-time.After(10 * time.Second):
		return nil, &ui.Fault{Status: http.StatusServiceUnavailable, Key: "server", Err: errors.New("too many posters and photos at once")}
	}
}

// query writes an address with the values that are not empty, in a fixed order.
func query(path string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(path)
	sep := byte('?')
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			b.WriteByte(sep)
			b.WriteString(pairs[i] + "=" + url.QueryEscape(pairs[i+1]))
			sep = '&'
		}
	}
	return b.String()
}
