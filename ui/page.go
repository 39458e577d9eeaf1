package ui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// Page is what the frame of every page needs. Each page has a struct that embeds it.
type Page struct {
	Locale *i18n.Locale
	Look   *Look
	// Title stands in the window's title, before Organisation; empty on the home page.
	Title        string
	Description  string // for search engines; may be empty
	Organisation string // the owner of the site, in the page's language
	Home         string // where the name in the header leads
	Nav          []Link
	Languages    []Language
	Hotlines     []Hotline
	// Base is the address of the site without a slash at the end, for links that must be whole; "" on the console.
	Base string
	// Share is what a messenger shows of the page; nil for nothing.
	Share *Share
	// Scripts are static files loaded as modules; pages must work without them.
	Scripts []string
	// Class is set on body: "site" or "console".
	Class   string
	NoIndex bool
	Demo    bool
}

// Link is an entry of the navigation.
type Link struct {
	Href, Text string
	Current    bool
}

// Language is an entry of the language menu: this page in another language.
type Language struct {
	Tag, Dir, Name string // Name is the endonym
	Href           string
	Current        bool
}

// Hotline is a number that the public may call. Label may be in another language than the page; then Lang is its tag.
type Hotline struct {
	Number, Label, Lang string
}

// Share is what a messenger shows of a page.
type Share struct {
	Title, Description, URL string
	// Image is the address of a picture of 1200 by 630 pixels; "" for none. Alt says what is on it.
	Image, Alt string
}

// HotlinesOf returns a member's hotlines for a page in the language.
func HotlinesOf(l *i18n.Locale, hotlines []protocol.Hotline) []Hotline {
	out := make([]Hotline, len(hotlines))
	for i, h := range hotlines {
		lang, label := h.Label.Pick(l.Tag)
		out[i] = Hotline{Number: h.Number, Label: label, Lang: foreign(l, lang)}
	}
	return out
}

// foreign returns the tag if it is not the page's language, for a lang attribute.
func foreign(l *i18n.Locale, tag string) string {
	if tag == l.Tag {
		return ""
	}
	return tag
}

// T returns a message as plain text: names and values in turn, as i18n.Locale.T takes them. Use it where no element can
// stand: in attributes and titles, and for messages without placeholders.
func (p *Page) T(key string, args ...any) string { return p.Locale.T(key, args...) }

// N returns a message that counts.
func (p *Page) N(key string, count int, args ...any) string { return p.Locale.N(key, count, args...) }

// H returns a message as HTML in which each string is isolated, so that it reads right in either direction; a value that
// is HTML, such as Tel's, is inserted as it is.
func (p *Page) H(key string, args ...any) template.HTML {
	held := make([]any, len(args))
	var swap []string
	for i, arg := range args {
		if held[i] = arg; i%2 == 0 {
			continue
		}
		// Characters for private use stand for the value while the sentence is escaped.
		mark := "\ue000" + strconv.Itoa(i) + "\ue001"
		switch v := arg.(type) {
		case template.HTML:
			held[i] = mark
			swap = append(swap, mark, string(v))
		case string:
			held[i] = mark
			swap = append(swap, mark, string(Bdi(v)))
		}
	}
	return template.HTML(strings.NewReplacer(swap...).Replace(template.HTMLEscapeString(p.Locale.T(key, held...))))
}

// Date writes a date that may be known in part.
func (p *Page) Date(d protocol.Date) string { return DateText(p.Locale, d) }

// Country returns the name of a country in the page's language, or its code if no list has a name.
func (p *Page) Country(code string) string { return CountryName(p.Locale, nil, code) }

// Bdi isolates text whose direction may differ from the sentence's. A list that isolates its parts itself, such as PlaceText's,
// stays in the sentence's direction: the first part must not turn the rest around.
func Bdi(s string) template.HTML {
	if strings.ContainsRune(s, '\u2068') {
		return Prose(s)
	}
	return "<bdi>" + Prose(s) + "</bdi>"
}

// Prose is free text. The marks of word ends that some scripts need become places to break a line, which nobody copies.
func Prose(s string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(s), "\u200b", "<wbr>"))
}

// Code isolates what is always read from left to right: numbers of cases, keys, addresses.
func Code(s string) template.HTML {
	return template.HTML(`<bdi dir="ltr">` + template.HTMLEscapeString(s) + "</bdi>")
}

// Tel makes a telephone number a link that dials it.
func Tel(number string) template.HTML {
	return template.HTML(`<a class="tel" href="tel:` + template.HTMLEscapeString(dialled(number)) + `">` + string(Code(number)) + "</a>")
}

// dialled drops everything that only helps the eye.
func dialled(number string) string {
	return strings.Map(func(r rune) rune {
		if r == '+' || '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, number)
}

//go:embed template/*.html
var embeddedTemplates embed.FS

// Templates are the pages of a site or of the console, parsed once and safe for concurrent use.
type Templates struct {
	pages map[string]*template.Template
}

// NewTemplates parses the folder template of from. Every page may use, and redefine, the blocks of this package's frame and
// of the folder's files whose names begin with "_"; a page defines "main". A page's name is its file's without ".html". Embed the folder as template/*.html: a bare template
// would leave out the files with "_".
func NewTemplates(static *Static, from fs.FS) (*Templates, error) {
	base := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"static": static.URL, "bdi": Bdi, "prose": Prose, "code": Code, "tel": Tel, "dial": dialled,
		"add": func(a, b int) int { return a + b },
	})
	base, err := base.ParseFS(embeddedTemplates, "template/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse the frame: %w", err)
	}
	names, err := fs.Glob(from, "template/*.html")
	if err != nil {
		return nil, err
	}
	pages := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		if !strings.HasPrefix(path.Base(name), "_") || err != nil {
			return false
		}
		_, err = base.ParseFS(from, name)
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	t := &Templates{pages: map[string]*template.Template{}}
	for _, name := range pages {
		page, err := base.Clone()
		if err == nil {
			page, err = page.ParseFS(from, name)
		}
		if err != nil {
			return nil, fmt.Errorf("parse templates: %w", err)
		}
		t.pages[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return t, nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Render renders a page whole and then sends it; page is a pointer to a struct that embeds Page.
func (t *Templates) Render(c *gin.Context, status int, name string, page any) error {
	return t.Part(c, status, name, "frame", page)
}

// Part renders one block of a page, for an answer that replaces a part of a page already there.
func (t *Templates) Part(c *gin.Context, status int, name, block string, data any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	page, ok := t.pages[name]
	if !ok {
		return fmt.Errorf("render %s: there is no such template", name)
	}
	if err := page.ExecuteTemplate(b, block, data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	Send(c, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}
