package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
)

// posterOf returns the case that the address names and its poster as the query asks for it, without photos.
func (s *site) posterOf(c *gin.Context, l *i18n.Locale) (shown *store.Shown, in poster.Input, err error) {
	ref, err := refOf(c)
	if err != nil {
		return nil, in, err
	}
	if shown, err = s.Public.Case(ref); err != nil {
		return nil, in, err
	}
	if in, err = s.posters.Of(shown); err != nil {
		return nil, in, err
	}
	return shown, in, s.posters.Ask(&in, c.Request.URL.Query(), l)
}

func (s *site) showPoster(c *gin.Context, l *i18n.Locale) error {
	return s.paint(c, l, func(in poster.Input) ([]byte, error) { return poster.Render(in) }, "application/pdf", ".pdf")
}

// showShare answers with a poster for screens.
func (s *site) showShare(c *gin.Context, l *i18n.Locale) error {
	return s.paint(c, l, func(in poster.Input) ([]byte, error) {
		if !in.Format.Screen() {
			return nil, errAsked
		}
		return poster.Share(in)
	}, "image/jpeg", ".jpg")
}

// showPreview answers with the first page of a poster as a small picture.
func (s *site) showPreview(c *gin.Context, l *i18n.Locale) error {
	return s.paint(c, l, Preview, "image/jpeg", ".jpg")
}

// paint answers with what do makes of the poster that the address asks for.
func (s *site) paint(c *gin.Context, l *i18n.Locale, do func(poster.Input) ([]byte, error), kind, suffix string) error {
	shown, in, err := s.posterOf(c, l)
	if err != nil {
		return err
	}
	done, err := s.busy(c)
	if err != nil {
		return err
	}
	defer done()
	if err := s.posters.AddShown(&in, shown); err != nil {
		return err
	}
	b, err := do(in)
	var glyphs *poster.GlyphError
	if errors.As(err, &glyphs) {
		return s.showNoPoster(c, l, in, shown.Ref)
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.Header("ETag", etag)
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Content-Disposition", `inline; filename="`+FileName(shown.Case.Number)+suffix+`"`)
	if ui.NotModified(c, etag) {
		return nil
	}
	ui.Send(c, http.StatusOK, kind, b)
	return nil
}

// PreviewWidth is that of the picture of a poster beside its form, in pixels.
const PreviewWidth = 480

// Preview paints the first page of a poster as a small JPEG. Its errors are those of poster.Render.
func Preview(in poster.Input) ([]byte, error) {
	img, err := poster.Image(in, 0, PreviewWidth)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = jpeg.Encode(&b, img, &jpeg.Options{Quality: 85})
	return b.Bytes(), err
}

// posterPage lets a visitor choose what the poster is to be like, and shows it.
type posterPage struct {
	ui.Page
	Name, Back string
	Form       PosterForm
	// Preview and File are addresses; "" for a poster that cannot be drawn so.
	Preview, File string
	Screen        bool // File is a picture to share
	Width, Height int  // of the preview
}

func (s *site) showPosterPage(c *gin.Context, l *i18n.Locale) error {
	shown, in, err := s.posterOf(c, l)
	if err != nil {
		return err
	}
	path := "/cases/" + shown.Ref.String()
	page, err := s.page(l, path+"/poster")
	if err != nil {
		return err
	}
	p := &posterPage{Page: page, Name: ui.Name(l, shown.Case), Back: "/" + l.Tag + path, Form: s.posters.Form(&in)}
	p.Title, p.NoIndex, p.Scripts = l.T("site.posterchoose"), true, []string{"poster.js"}
	pages, err := poster.Compose(in)
	var glyphs *poster.GlyphError
	switch {
	case errors.As(err, &glyphs):
	case err != nil:
		return err
	default:
		query := AskFor(&in).Encode()
		p.Preview, p.File = "/"+l.Tag+path+"/preview.jpg?"+query, "/"+l.Tag+path+"/poster.pdf?"+query
		if p.Screen = in.Format.Screen(); p.Screen {
			p.File = "/" + l.Tag + path + "/poster.jpg?" + query
		}
		p.Width, p.Height = PreviewWidth, int(PreviewWidth*pages[0].H/pages[0].W)
	}
	return s.templates.Render(c, http.StatusOK, "poster", p)
}

// AskFor returns the query that asks for a poster: what Ask undoes.
func AskFor(in *poster.Input) url.Values {
	q := url.Values{"size": {string(in.Format)}}
	for _, l := range in.Locales {
		q.Add("in", l.Tag)
	}
	if in.Heading == poster.HelpFind {
		q.Set("heading", "helpfind")
	}
	for name, on := range map[string]bool{"bw": in.BlackWhite, "tear": in.TearOff, "together": in.Together} {
		if on {
			q.Set(name, "1")
		}
	}
	q["fact"] = in.Facts
	return q
}

// noPosterPage says that the poster cannot be made in this language.
type noPosterPage struct {
	ui.Page
	Message template.HTML
	Back    string
}

// showNoPoster answers 406 with links to the languages in which the poster can be made.
func (s *site) showNoPoster(c *gin.Context, l *i18n.Locale, in poster.Input, ref protocol.Ref) error {
	path := "/cases/" + ref.String()
	page, err := s.page(l, path)
	if err != nil {
		return err
	}
	p := &noPosterPage{Page: page, Back: "/" + l.Tag + path}
	p.Title, p.NoIndex = l.T("site.poster"), true
	var links []string
	in.Photos = nil
	for _, other := range s.alternates(l, path+"/poster.pdf", s.Languages) {
		language, _ := s.Bundle.Locale(other.Tag)
		in.Locales = []*i18n.Locale{language}
		if _, err := poster.Compose(in); err == nil {
			links = append(links, `<a href="`+template.HTMLEscapeString(other.Href)+`" lang="`+other.Tag+`"><bdi>`+template.HTMLEscapeString(other.Name)+`</bdi></a>`)
		}
	}
	p.Message = p.H("poster.notscript", "languages", template.HTML(strings.Join(links, " · ")))
	if len(links) == 0 {
		p.Message = p.H("poster.notyet")
	}
	c.Header("Cache-Control", "no-store")
	return s.templates.Render(c, http.StatusNotAcceptable, "noposter", p)
}

// PosterForm is what a form for a poster offers, and what is chosen.
type PosterForm struct {
	Formats   []Choice
	Languages []Choice // the first language
	Second    []Choice // the other one; the first of them is none
	Headings  []Choice // empty for a child found, whose poster asks who it is
	Facts     []Choice // those that are known of the first child, in the poster's language
	// Together: the two languages read the same way.
	MayTogether, Together, BlackWhite, TearOff bool
}

// Choice is one of several.
type Choice struct {
	Value, Text, Lang string
	Chosen            bool
}

// Form returns the form for a poster as it stands. The texts of formats and headings are message keys.
func (p *Posters) Form(in *poster.Input) PosterForm {
	f := PosterForm{BlackWhite: in.BlackWhite, TearOff: in.TearOff, Together: in.Together}
	for _, format := range poster.Formats() {
		f.Formats = append(f.Formats, Choice{Value: string(format), Text: "format." + strings.ToLower(string(format)), Chosen: format == in.Format})
	}
	second := ""
	if len(in.Locales) == 2 {
		second = in.Locales[1].Tag
		f.MayTogether = in.Locales[0].Dir == in.Locales[1].Dir
	}
	for _, l := range p.Bundle.PosterLocales() {
		f.Languages = append(f.Languages, Choice{Value: l.Tag, Text: l.Endonym, Lang: l.Tag, Chosen: l.Tag == in.Locales[0].Tag})
		f.Second = append(f.Second, Choice{Value: l.Tag, Text: l.Endonym, Lang: l.Tag, Chosen: l.Tag == second})
	}
	if in.Case.Kind != protocol.UnidentifiedFound {
		f.Headings = []Choice{{Value: "missing", Text: "heading.missing", Chosen: in.Heading == poster.Missing},
			{Value: "helpfind", Text: "heading.helpfind", Chosen: in.Heading == poster.HelpFind}}
	}
	known := poster.Known(*in)
	for _, fact := range known {
		f.Facts = append(f.Facts, Choice{Value: fact.Key, Text: fact.Label + ": " + fact.Value, Chosen: slices.Contains(in.Facts, fact.Key) || in.Facts == nil && fact.Shown})
	}
	return f
}
