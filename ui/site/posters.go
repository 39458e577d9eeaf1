package site

import (
	"cmp"
	"errors"
	"io/fs"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// letterCountries print on Letter, not on A4.
var letterCountries = []string{"US", "CA", "MX", "CL", "CO", "CR", "DO", "GT", "NI", "PA", "PH", "PR", "SV", "VE"}

// Posters says how posters are made on this node: for the public site, the console and the command line alike.
type Posters struct {
	Public *store.Public
	Bundle *i18n.Bundle
	Look   *ui.Look
	// BaseURL is the site's own address without a slash at the end, where a poster may be checked.
	BaseURL string
	// Fonts draw the text; nil is those that are built in.
	Fonts *typeset.Engine
}

// Of returns the poster of a case as everybody may see it, on the paper of our own country, without a language or photos.
func (p *Posters) Of(shown *store.Shown) (in poster.Input, err error) {
	owner, err := p.Public.Card(shown.Origin)
	if err != nil {
		return in, err
	}
	if in, err = p.plain(shown.Case, owner); err != nil {
		return in, err
	}
	in.CaseURL = p.BaseURL + "/c/" + shown.Ref.String()
	in.Updated, in.ValidUntil = shown.At, shown.ReviewBy
	if in.Code, err = p.code(shown); err != nil {
		return in, err
	}
	if in.Code != "" {
		in.CheckURL = strings.TrimPrefix(p.BaseURL, "https://") + "/verify"
	}
	return in, nil
}

// OfDraft returns the poster of a case of our own as it stands on the desk: marked as a draft, and without a code.
func (p *Posters) OfDraft(c *protocol.Case) (in poster.Input, err error) {
	own, err := p.Public.Own()
	if err != nil {
		return in, err
	}
	if in, err = p.plain(c, own); err != nil {
		return in, err
	}
	in.State = poster.Draft
	return in, nil
}

// plain has what does not hang on how the case stands.
func (p *Posters) plain(c *protocol.Case, owner *protocol.Card) (in poster.Input, err error) {
	own, err := p.Public.Own()
	if err != nil {
		return in, err
	}
	in = poster.Input{
		Case: c, Format: poster.A4, Fonts: p.Fonts, Organisation: owner.Names, Hotline: hotline(c, owner), Others: owner.Hotlines[1:],
		Brand: p.Look.Theme.Brand, Accent: p.Look.Theme.Accent, Fingerprint: owner.Origin().Fingerprint(),
	}
	if slices.Contains(letterCountries, own.Country) {
		in.Format = poster.Letter
	}
	if c.From.Country == owner.Country {
		in.CountryNames = owner.CountryNames
	}
	return in, nil
}

// Own returns the open cases of our own that the public may see, the newest first.
func (p *Posters) Own() ([]*store.Shown, error) {
	all, _, err := p.Public.List(store.Query{Limit: math.MaxInt})
	slices.SortFunc(all, func(x, y *store.Shown) int { return cmp.Or(y.At.Compare(x.At), slices.Compare(x.Ref[:], y.Ref[:])) })
	return all, err
}

// errAsked is the fault of an address that asks for a poster which there is not.
var errAsked = &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}

// Ask sets what the query of an address asks for; l is the language if it asks for none.
//
//	size      a format of poster.Formats
//	in        a language, or two of them; they need not be the site's
//	together  1: both languages on one page
//	heading   helpfind, or missing
//	fact      a key of poster.Facts; up to six of them count
//	bw        1: black and white
//	tear      1: numbers to tear off
func (p *Posters) Ask(in *poster.Input, q url.Values, l *i18n.Locale) error {
	in.Locales = nil
	for _, tag := range q["in"] {
		if tag == "" {
			continue // no second one
		}
		other, ok := p.Bundle.PosterLocale(tag)
		if !ok || len(in.Locales) == 2 {
			return errAsked
		}
		if !slices.Contains(in.Locales, other) {
			in.Locales = append(in.Locales, other)
		}
	}
	if len(in.Locales) == 0 {
		in.Locales = []*i18n.Locale{l}
	}
	if size := q.Get("size"); size != "" {
		in.Format = poster.Format(size)
		if !slices.Contains(poster.Formats(), in.Format) {
			return errAsked
		}
	}
	switch q.Get("heading") {
	case "", "missing":
	case "helpfind":
		in.Heading = poster.HelpFind
	default:
		return errAsked
	}
	known := poster.Facts()
	for _, key := range q["fact"] {
		if !slices.Contains(known, key) {
			return errAsked
		}
		if len(in.Facts) < poster.MaxFacts && !slices.Contains(in.Facts, key) {
			in.Facts = append(in.Facts, key)
		}
	}
	in.BlackWhite, in.TearOff = q.Get("bw") == "1", q.Get("tear") == "1"
	in.Together = q.Get("together") == "1" && len(in.Locales) == 2 && in.Locales[0].Dir == in.Locales[1].Dir
	return nil
}

// AddPhotos puts those of the photos that the poster shows on it. print returns what is printed of a photo file; the poster
// does without one that is not here, for which the error is fs.ErrNotExist.
func AddPhotos(in *poster.Input, photos []protocol.Photo, print func(cid.Cid) ([]byte, error)) error {
	known := slices.Clone(photos)
	for {
		in.Photos = nil
		gone := -1
		for _, i := range poster.Choose(in.Case, known) {
			p := &known[i]
			b, err := print(p.File.Cid)
			if errors.Is(err, fs.ErrNotExist) {
				gone = i
				break
			}
			if err != nil {
				return err
			}
			in.Photos = append(in.Photos, poster.Picture{JPEG: b, Info: *p})
		}
		if gone < 0 {
			return nil
		}
		known = slices.Delete(known, gone, gone+1) // another may be shown in its place
	}
}

// AddShown is AddPhotos with the photos of a case that the public may see. Prints are kept of our own; a peer's photo is
// encoded anew for every poster.
func (p *Posters) AddShown(in *poster.Input, shown *store.Shown) error {
	return AddPhotos(in, pictures(shown), func(file cid.Cid) ([]byte, error) {
		if shown.Own {
			return p.Public.Print(file, photo.PrintOwn)
		}
		full, err := p.Public.Photo(file)
		if err != nil {
			return nil, err
		}
		return photo.Print(full)
	})
}

// maxCode is the length of the longest address in a QR code that can be read off paper: version 8, level M.
const maxCode = 200

// code returns the address for the QR code of a case's poster, which says whether the poster is genuine; "" when the
// owner's stamp is missing or does not hold, for then it would speak against a child's poster, or when it is too long.
func (p *Posters) code(shown *store.Shown) (string, error) {
	cards, _, err := p.Public.Signers(shown.Stamp)
	if err != nil {
		return "", err
	}
	for _, card := range cards {
		if card.Origin() == shown.Origin && shown.Stamp.Check(card) == nil {
			if code := stampURL(p.BaseURL, shown.Stamp); len(code) <= maxCode {
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

// FileName makes a name for a file of a case number: letters, digits and dashes.
func FileName(number string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '-'
	}, number)
}
