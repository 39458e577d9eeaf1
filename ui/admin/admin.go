package admin

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
	"github.com/gmcn/gmcn/ui/site"
)

//go:embed template/*.html
var templates embed.FS

// Config is what the console needs.
type Config struct {
	Node   *node.Node
	Bundle *i18n.Bundle
	// Languages are those of the public site, the main one first: the texts of a case are entered in these. The console
	// itself speaks every language of the bundle.
	Languages []string
	Look      *ui.Look
	// SiteURL is the address of the public site, without a slash at the end, for links to a case's page and poster.
	SiteURL string
	// PasswordHash is the staff's password as HashPassword returned it.
	PasswordHash string
	// Proxies are addresses or networks of web servers with TLS in front of the console: what they say in X-Forwarded-For and
	// X-Forwarded-Proto is believed, and nobody else. None is believed by default.
	Proxies []string
	// Fonts draw posters; nil is those that are built in.
	Fonts *typeset.Engine
	// Background runs do until it returns; the context ends when the console's owner stops, who waits for it.
	Background func(do func(context.Context))
	// Demo marks every page as a demonstration.
	Demo bool
	Log  *slog.Logger
}

// console is the running console.
type console struct {
	Config
	site     []siteLanguage
	posters  *site.Posters
	pages    *ui.Templates
	proxies  []netip.Prefix
	static   *ui.Static
	password *phc
	attempts *attempts
	sessions *sessions
	origin   http.CrossOriginProtection
	// desk is held while a draft is read, changed and saved; photo while a photo is made ready, which takes memory.
	desk, photo sync.Mutex
	press       press
}

// siteLanguage is one of the site's, in which the texts of a case are entered.
type siteLanguage struct{ Tag, Dir string }

// New returns the console. The error says what is wrong with the configuration.
func New(cfg Config) (http.Handler, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &console{Config: cfg, attempts: newAttempts(), sessions: &sessions{
		// Consoles of several countries may run on one host for a demonstration, and cookies know no ports.
		cookie: "gmcn-" + cfg.Node.Origin().String()[:12], all: map[[32]byte]*session{},
	}}
	var err error
	if s.password, err = parsePHC(cfg.PasswordHash); err != nil {
		return nil, err
	}
	if len(cfg.Languages) == 0 {
		return nil, errors.New("the console needs the languages of the site")
	}
	for _, tag := range cfg.Languages {
		l, ok := cfg.Bundle.Locale(tag)
		if !ok {
			return nil, fmt.Errorf("language %q of the site: there are no messages for it", tag)
		}
		s.site = append(s.site, siteLanguage{l.Tag, l.Dir})
	}
	s.posters = &site.Posters{Public: cfg.Node.Public(), Bundle: cfg.Bundle, Look: cfg.Look, BaseURL: cfg.SiteURL, Fonts: cfg.Fonts}
	if s.static, err = ui.NewStatic(); err != nil {
		return nil, err
	}
	if s.pages, err = ui.NewTemplates(s.static, templates); err != nil {
		return nil, err
	}
	e := ui.NewEngine(s.Log, ui.Policy, s.showFault)
	if s.proxies, err = ParseProxies(cfg.Proxies); err != nil {
		return nil, err
	}
	if err := e.SetTrustedProxies(cfg.Proxies); err != nil {
		return nil, fmt.Errorf("proxies of the console: %w", err)
	}
	e.RemoteIPHeaders = []string{"X-Forwarded-For"} // any other may come from the browser
	for _, r := range s.routes() {
		chain := []gin.HandlerFunc{s.guard(r)}
		e.Handle(r.method, r.path, append(chain, ui.Handle(r.handle))...)
	}
	return e, nil
}

// route is one line of the table of all addresses.
type route struct {
	method, path string
	// access says who is let in.
	access access
	handle func(*gin.Context) error
}

type access int

const (
	signedIn access = iota // a session
	anybody                // nothing
	frame                  // nothing, and a browser may keep the answer: styles and pictures of the frame
)

func (s *console) routes() []route {
	return []route{
		{"GET", "/static/*name", frame, s.static.Serve},
		{"GET", "/theme.css", frame, s.Look.ServeTheme},
		{"GET", "/logo", frame, s.Look.ServeLogo},
		{"GET", "/", anybody, s.chooseLanguage},
		{"GET", "/:lang", anybody, s.addSlash},
		{"GET", "/:lang/signin", anybody, s.showSignIn},
		{"POST", "/:lang/signin", anybody, s.signIn},
		{"POST", "/:lang/signout", signedIn, s.signOut},
		{"GET", "/:lang/", signedIn, s.showCases},
		{"GET", "/:lang/network", signedIn, s.showNetwork},
		{"POST", "/:lang/network/invite", signedIn, s.invite},
		{"POST", "/:lang/network/accept", signedIn, s.acceptInvite},
		{"GET", "/:lang/network/pairings/:pairing", signedIn, s.showPairing},
		{"POST", "/:lang/network/pairings/:pairing", signedIn, s.settlePairing},
		{"GET", "/:lang/network/members/:member", signedIn, s.showMember},
		{"POST", "/:lang/network/members/:member", signedIn, s.changeMember},
		{"GET", "/:lang/cases/new", signedIn, s.showNewCase},
		{"GET", "/:lang/cases/:id", signedIn, s.showCase},
		{"POST", "/:lang/cases/:id", signedIn, s.saveCase},
		{"GET", "/:lang/cases/:id/publish", signedIn, s.showPublish},
		{"POST", "/:lang/cases/:id/publish", signedIn, s.publishCase},
		{"POST", "/:lang/cases/:id/renew", signedIn, s.renewCase},
		{"GET", "/:lang/cases/:id/close", signedIn, s.showClose},
		{"POST", "/:lang/cases/:id/close", signedIn, s.closeCase},
		{"GET", "/:lang/cases/:id/poster", signedIn, s.showPoster},
		{"GET", "/:lang/cases/:id/discard", signedIn, s.showDiscard},
		{"POST", "/:lang/cases/:id/discard", signedIn, s.discardCase},
		{"GET", "/:lang/cases/:id/remove/:part/:index", signedIn, s.showRemove},
		{"POST", "/:lang/cases/:id/remove/:part/:index", signedIn, s.removePart},
		{"GET", "/:lang/posters", signedIn, s.showPosters},
		{"POST", "/:lang/posters", signedIn, s.changePosters},
		{"GET", "/:lang/closed/:closed", signedIn, s.showClosed},
		{"GET", "/photos/:cid", signedIn, s.showPhoto},
		{"GET", "/reports/:closed", signedIn, s.sendReport},
		{"GET", "/posters/:id/preview.jpg", signedIn, s.sendPosterPreview},
		{"GET", "/posters/:id/poster.jpg", signedIn, s.sendPoster},
		{"GET", "/posters/:id/poster.pdf", signedIn, s.sendPoster},
	}
}

// Keys of what guard leaves in a request's context.
const (
	localeKey  = "locale"
	sessionKey = "session"
)

// guard lets a request in: from a page of ours, in a language that we speak, with a session where one is needed.
func (s *console) guard(r route) gin.HandlerFunc {
	return ui.Handle(func(c *gin.Context) error {
		if r.access == frame {
			return nil
		}
		c.Header("Cache-Control", "no-store")
		if err := s.origin.Check(c.Request); err != nil {
			return &ui.Fault{Status: http.StatusForbidden, Key: "expired", Err: err}
		}
		if tag := c.Param("lang"); tag != "" {
			if _, ok := s.Bundle.Locale(tag); !ok {
				return &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
			}
		}
		if se := s.sessions.find(c.Request); se != nil {
			c.Set(sessionKey, se)
		} else if r.access == signedIn {
			c.Redirect(http.StatusSeeOther, "/"+s.locale(c).Tag+"/signin?next="+url.QueryEscape(c.Request.URL.RequestURI()))
			c.Abort()
		}
		return nil
	})
}

// locale returns the language of the address, or else the one that suits the browser.
func (s *console) locale(c *gin.Context) *i18n.Locale {
	tag, _, _ := strings.Cut(strings.TrimPrefix(c.Request.URL.Path, "/"), "/")
	if l, ok := s.Bundle.Locale(tag); ok {
		return l
	}
	tags := s.Languages
	for _, l := range s.Bundle.Locales() {
		tags = append(tags[:len(tags):len(tags)], l.Tag)
	}
	l, _ := s.Bundle.Locale(s.Bundle.Match(c.GetHeader("Accept-Language"), tags))
	return l
}

// sessionOf returns who is signed in, nil on pages for anybody.
func sessionOf(c *gin.Context) *session {
	se, _ := c.Value(sessionKey).(*session)
	return se
}

// page is what every page of the console has.
type page struct {
	ui.Page
	// CSRF is the token for forms, "" when nobody is signed in.
	CSRF string
	// Notice is a message key to show on top, "" for none.
	Notice string
	// Alarms are what the operator must look after; none when nobody is signed in.
	Alarms []alarmLine
	// Gate says why what is decided is not sent yet; nil when it is.
	Gate *gateLine
}

// NoticeClass says whether the notice is good news.
func (p *page) NoticeClass() string {
	switch p.Notice {
	case "admin.saved", "admin.renewed", "admin.published", "admin.closed", "admin.discarded", "admin.signedout",
		"pair.confirmed", "pair.refused", "member.done", "member.card.done", "extend.done", "allposters.dropped":
		return "ok"
	}
	return "warn"
}

func (s *console) page(c *gin.Context, title string) page {
	l := s.locale(c)
	_, organisation := s.Node.Card().Names.Pick(l.Tag)
	p := page{Page: ui.Page{
		Locale: l, Look: s.Look, Title: title, Organisation: organisation, Home: "/" + l.Tag + "/", Class: "console",
		NoIndex: true, Demo: s.Demo,
	}}
	if p.Title == "" {
		p.Title = l.T("admin.title")
	}
	rest := strings.TrimPrefix(c.Request.URL.RequestURI(), "/"+l.Tag)
	if rest == c.Request.URL.RequestURI() { // an address without a language, such as an unknown one
		rest = "/"
	}
	for _, other := range s.Bundle.Locales() {
		p.Languages = append(p.Languages, ui.Language{Tag: other.Tag, Dir: other.Dir, Name: other.Endonym,
			Href: "/" + other.Tag + rest, Current: other.Tag == l.Tag})
	}
	if se := sessionOf(c); se != nil {
		p.CSRF = se.csrf
		p.Alarms, p.Gate = s.alarms(l), s.gate()
		p.Notice = s.sessions.told(se)
		for _, n := range []struct{ path, key string }{{"/", "admin.cases"}, {"/cases/new", "admin.newcase"}, {"/network", "admin.network"}} {
			href := "/" + l.Tag + n.path
			p.Nav = append(p.Nav, ui.Link{Href: href, Text: l.T(n.key), Current: c.Request.URL.Path == href})
		}
	}
	return p
}

// faultPage says what went wrong.
type faultPage struct {
	page
	Text string
}

func (s *console) showFault(c *gin.Context, f *ui.Fault) {
	p := faultPage{page: s.page(c, s.locale(c).T("error."+f.Key+".title"))}
	p.Text = p.T("error." + f.Key + ".text")
	if err := s.pages.Render(c, f.Status, "fault", &p); err != nil {
		s.Log.Error("error page not rendered", "err", err)
	}
}

// form checks the token of a small form and returns its values. It reads at most 64 KiB.
func (s *console) form(c *gin.Context) (url.Values, error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, 64<<10)
	if err := c.Request.ParseForm(); err != nil {
		return nil, &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest", Err: err}
	}
	if se := sessionOf(c); se != nil && !se.knows(c.Request.PostForm.Get("csrf")) {
		return nil, &ui.Fault{Status: http.StatusForbidden, Key: "expired"}
	}
	return c.Request.PostForm, nil
}

// seeOther sends the browser to a page of ours, in the language of this one.
func (s *console) seeOther(c *gin.Context, path string) error {
	c.Redirect(http.StatusSeeOther, "/"+s.locale(c).Tag+path)
	return nil
}

func (s *console) chooseLanguage(c *gin.Context) error { return s.seeOther(c, "/") }
func (s *console) addSlash(c *gin.Context) error       { return s.seeOther(c, "/") }
