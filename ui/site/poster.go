package site

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
)

// letterCountries print on Letter, not on A4.
var letterCountries = []string{"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "PR", "SV", "VE"}

// noPosterPage says that the poster cannot be made in this language.
type noPosterPage struct {
	ui.Page
	Message template.HTML
	Back    string
}

func (s *site) showPoster(c *gin.Context, l *i18n.Locale) error {
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
	own, err := s.Public.Own()
	if err != nil {
		return err
	}
	languages, err := s.posterLocales(c, l)
	if err != nil {
		return err
	}
	in := poster.Input{
		Case: shown.Case, Locales: languages, Format: poster.A4, Organisation: owner.Names, Hotline: hotline(shown.Case, owner),
		CaseURL: s.BaseURL + "/c/" + ref.String(), Brand: s.Look.Theme.Brand, Accent: s.Look.Theme.Accent,
		Updated: shown.At, ValidUntil: shown.ReviewBy, Fingerprint: shown.Origin.Fingerprint(),
	}
	if in.Code, err = s.posterCode(shown); err != nil {
		return err
	}
	if in.Code != "" {
		in.CheckURL = strings.TrimPrefix(s.BaseURL, "https://") + "/verify"
	}
	if shown.Case.From.Country == owner.Country {
		in.CountryNames = owner.CountryNames
	}
	if slices.Contains(letterCountries, own.Country) {
		in.Format = poster.Letter
	}
	switch size := c.Query("size"); size {
	case "":
	case "A4", "A5", "letter":
		in.Format = poster.Format(size)
	default:
		return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
	}
	done, err := s.busy(c)
	if err != nil {
		return err
	}
	defer done()
	if err := s.addPhotos(&in, shown); err != nil {
		return err
	}
	pdf, err := poster.Render(in)
	var glyphs *poster.GlyphError
	if errors.As(err, &glyphs) {
		return s.showNoPoster(c, l, in, ref)
	}
	if err != nil {
		return err
	}
	sum := sha256.Sum256(pdf)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.Header("ETag", etag)
	c.Header("X-Robots-Tag", "noindex")
	c.Header("Content-Disposition", `inline; filename="`+fileName(shown.Case.Number)+`.pdf"`)
	if ui.NotModified(c, etag) {
		return nil
	}
	ui.Send(c, http.StatusOK, "application/pdf", pdf)
	return nil
}

// posterLocales returns the one or two languages of a poster: those that the request names with in, which need not be the
// site's, or else the page's.
func (s *site) posterLocales(c *gin.Context, l *i18n.Locale) ([]*i18n.Locale, error) {
	tags := c.QueryArray("in")
	if len(tags) == 0 {
		return []*i18n.Locale{l}, nil
	}
	var all []*i18n.Locale
	for _, tag := range tags {
		l, ok := s.Bundle.PosterLocale(tag)
		if !ok || len(all) == 2 || slices.Contains(all, l) {
			return nil, &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
		}
		all = append(all, l)
	}
	return all, nil
}

// maxCode is the length of the longest address in a QR code that can be read off paper: version 8, level M.
const maxCode = 200

// posterCode returns the address for the QR code of a case's poster, which says whether the poster is genuine; "" when the
// owner's stamp is missing or does not hold, for then it would speak against a child's poster, or when it is too long.
func (s *site) posterCode(shown *store.Shown) (string, error) {
	cards, _, err := s.Public.Signers(shown.Stamp)
	if err != nil {
		return "", err
	}
	for _, card := range cards {
		if card.Origin() == shown.Origin && shown.Stamp.Check(card) == nil {
			if code := stampURL(s.BaseURL, shown.Stamp); len(code) <= maxCode {
				return code, nil
			}
		}
	}
	return "", nil
}

// stampURL returns the address that answers for a stamp. Scheme and host are in capitals, which all browsers take, so that
// a QR code needs less room; a path in the base is not.
func stampURL(base string, stamp protocol.Stamp) string {
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, deep := strings.Cut(rest, "/")
	if deep {
		path = "/" + path
	}
	return strings.ToUpper(scheme+"://"+host) + path + "/V/" + stamp.Code()
}

// addPhotos puts those photos of the page that the poster shows on it, at a size for paper. It does without one whose file
// is not here.
func (s *site) addPhotos(in *poster.Input, shown *store.Shown) error {
	known := pictures(shown)
	for {
		in.Photos = nil
		gone := -1
		for _, i := range poster.Choose(shown.Case, known) {
			full, err := s.Public.Photo(known[i].File.Cid)
			if errors.Is(err, fs.ErrNotExist) {
				gone = i
				break
			}
			if err != nil {
				return err
			}
			b, err := photo.Resize(full, 800, 1000, 78)
			if err != nil {
				return err
			}
			in.Photos = append(in.Photos, poster.Picture{JPEG: b, Info: known[i]})
		}
		if gone < 0 {
			return nil
		}
		known = slices.Delete(known, gone, gone+1) // another may be shown in its place
	}
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

// fileName makes a name for a file of a case number: letters, digits and dashes.
func fileName(number string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, number)
}
