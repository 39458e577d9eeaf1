package ui

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// Look is how a country's pages look: its theme, logo and own texts. It is read-only once loaded.
type Look struct {
	Theme Theme
	// Logo is nil if there is none.
	Logo *Logo
	// Home and About are the country's own texts by language tag.
	Home, About map[string]Article

	theme, logo *file
}

// Article is a text of the country's own.
type Article struct {
	// Title is the text's first heading if that is of the first level, else ""; it is not repeated in Body.
	Title string
	// Body has its headings from h2 down and no HTML but what Markdown makes.
	Body template.HTML
}

const maxTextBytes = 64 << 10

var textName = regexp.MustCompile(`^(home|about)\.([A-Za-z0-9-]+)\.md$`)

// LoadLook checks the theme and reads logo.svg or logo.png, and home.LANG.md and about.LANG.md, from a folder. What is
// missing keeps its default; folder may be nil or not exist. An error names the file and says what to change.
func LoadLook(folder fs.FS, theme Theme) (*Look, error) {
	l := &Look{Theme: theme.Full(), Home: map[string]Article{}, About: map[string]Article{}}
	if err := theme.Check(); err != nil {
		return nil, err
	}
	l.theme = newFile("theme.css", "text/css; charset=utf-8", []byte(l.Theme.CSS()))
	if folder == nil {
		return l, nil
	}
	for _, kind := range []struct {
		name string
		read func([]byte) (*Logo, error)
	}{{"logo.svg", svgLogo}, {"logo.png", pngLogo}} {
		raw, err := fs.ReadFile(folder, kind.name)
		if errors.Is(err, fs.ErrNotExist) || l.Logo != nil {
			continue
		}
		if err == nil {
			l.Logo, err = kind.read(raw)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", kind.name, err)
		}
		l.logo = newFile("logo", l.Logo.Type, l.Logo.Data)
	}
	names, err := fs.ReadDir(folder, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the folder of the site: %w", err)
	}
	for _, entry := range names {
		m := textName.FindStringSubmatch(entry.Name())
		if m == nil {
			continue
		}
		raw, err := fs.ReadFile(folder, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", entry.Name(), err)
		}
		t, err := markdown(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		if m[1] == "home" {
			l.Home[m[2]] = t
		} else {
			l.About[m[2]] = t
		}
	}
	return l, nil
}

var (
	// goldmark leaves raw HTML out unless it is told otherwise.
	markdownReader = goldmark.New(goldmark.WithExtensions(extension.Table))
	markdownPolicy = newMarkdownPolicy()
)

func newMarkdownPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "blockquote", "code", "pre", "hr", "br",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("https", "http", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	return p
}

// markdown renders a text of the country's own.
func markdown(raw []byte) (Article, error) {
	if len(raw) > maxTextBytes {
		return Article{}, fmt.Errorf("%d KB, and a page may have at most %d", len(raw)>>10, maxTextBytes>>10)
	}
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	doc := markdownReader.Parser().Parse(text.NewReader(raw))
	var t Article
	var headings []*ast.Heading
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if h, ok := n.(*ast.Heading); ok && entering {
			headings = append(headings, h)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return t, err
	}
	if len(headings) > 0 && headings[0].Level == 1 {
		first := headings[0]
		t.Title = plain(first, raw)
		first.Parent().RemoveChild(first.Parent(), first)
		headings = headings[1:]
	}
	// The title is the page's h1; the highest of the rest becomes h2.
	top := 6
	for _, h := range headings {
		top = min(top, h.Level)
	}
	for _, h := range headings {
		h.Level = min(h.Level-top+2, 6)
	}
	var out bytes.Buffer
	if err := markdownReader.Renderer().Render(&out, raw, doc); err != nil {
		return t, fmt.Errorf("render Markdown: %w", err)
	}
	t.Body = template.HTML(markdownPolicy.SanitizeBytes(out.Bytes()))
	return t, nil
}

// plain returns a node's words without their markup.
func plain(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Segment.Value(source))
			if c.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(c.Value)
		default:
			b.WriteString(plain(c, source))
		}
	}
	return b.String()
}
