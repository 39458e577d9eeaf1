package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
	"github.com/gmcn/gmcn/ui/site"
)

// posterPage is where an officer makes the poster of a case, sees it, and is told what stands against it.
type posterPage struct {
	page
	Name, Number, Back string
	Form               site.PosterForm
	// Draft: what is shown is not what the public may see.
	Draft bool
	// TooMany facts were chosen.
	TooMany bool
	// Preview and File are addresses; "" for a poster that cannot be made so. A poster that Stops may be looked at and not
	// be taken away.
	Preview, File string
	Screen        bool // File is a picture to share
	Width, Height int  // of the preview
	Stops, Advice []string
}

// posterOf returns the poster of a case as the query asks for it: what the public may see of it if that is what stands on
// the desk, and else a draft.
func (s *console) posterOf(c *gin.Context) (d *store.Draft, in poster.Input, err error) {
	if d, err = s.draft(c); err != nil {
		return nil, in, err
	}
	l := s.locale(c)
	shown, err := s.Node.Public().Case(protocol.RefOf(s.Node.Origin(), d.ID))
	switch {
	case err == nil && !d.Dirty && d.Waiting == "":
		if in, err = s.posters.Of(shown); err == nil {
			err = s.posters.Ask(&in, c.Request.URL.Query(), s.posterLanguage(l))
		}
		if err == nil {
			err = s.posters.AddShown(&in, shown)
		}
		return d, in, err
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, store.ErrGone):
		return nil, in, err
	}
	if len(d.Case.Children) == 0 {
		return nil, in, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	if in, err = s.posters.OfDraft(&d.Case); err == nil {
		err = s.posters.Ask(&in, c.Request.URL.Query(), s.posterLanguage(l))
	}
	in.Updated = d.Changed
	if err == nil {
		err = site.AddPhotos(&in, d.Photos, s.Node.Print)
	}
	return d, in, err
}

// posterLanguage is that of the page if the site has it, else the site's main one.
func (s *console) posterLanguage(l *i18n.Locale) *i18n.Locale {
	in, _ := s.Bundle.Locale(s.textLanguage(l.Tag))
	return in
}

// DeskOf returns what only we know of a case of our own.
func DeskOf(n *node.Node, d *store.Draft) poster.Desk {
	desk := poster.Desk{LegalBasis: d.Local.LegalBasis != "", Family: []string{d.Local.Contact, d.Local.Guardian, d.Local.Notes, d.Local.Address},
		Offices: []string{d.Case.Agency.Phone}, Today: time.Now()}
	for _, h := range n.Card().Hotlines {
		desk.Offices = append(desk.Offices, h.Number)
	}
	return desk
}

// Desks returns DeskOf for the cases that are on the desk now, by reference. Of another case it knows nothing.
func Desks(n *node.Node) (func(protocol.Ref) (poster.Desk, error), error) {
	drafts, err := n.Drafts()
	if err != nil {
		return nil, err
	}
	ids := map[protocol.Ref]protocol.CaseID{}
	for _, d := range drafts {
		ids[protocol.RefOf(n.Origin(), d.ID)] = d.ID
	}
	return func(ref protocol.Ref) (poster.Desk, error) {
		d, err := n.Draft(ids[ref])
		if errors.Is(err, fs.ErrNotExist) {
			d, err = &store.Draft{}, nil
		}
		if err != nil {
			return poster.Desk{}, err
		}
		return DeskOf(n, d), nil
	}, nil
}

func (s *console) showPoster(c *gin.Context) error {
	d, in, err := s.posterOf(c)
	if err != nil {
		return err
	}
	l, id := s.locale(c), d.ID.String()
	p := posterPage{page: s.page(c, l.T("admin.poster")), Name: ui.Name(l, &d.Case), Number: d.Case.Number, Back: "/" + l.Tag + "/cases/" + id,
		Form: s.posters.Form(&in), Draft: in.State == poster.Draft, TooMany: len(c.QueryArray("fact")) > poster.MaxFacts}
	p.Scripts = []string{"poster.js"}
	proof, err := poster.Preflight(in, DeskOf(s.Node, d))
	if err != nil {
		return err
	}
	for _, a := range proof.Advice {
		if a.Stop {
			p.Stops = append(p.Stops, l.T("preflight."+a.Key, a.Args...))
		} else if !(in.State == poster.Draft && a.Key == "nocode") { // the notice says so
			p.Advice = append(p.Advice, l.T("preflight."+a.Key, a.Args...))
		}
	}
	if len(proof.Pages) > 0 {
		query := site.AskFor(&in).Encode()
		p.Preview = "/posters/" + id + "/preview.jpg?" + query
		p.Width, p.Height = site.PreviewWidth, int(site.PreviewWidth*proof.Pages[0].H/proof.Pages[0].W)
		if len(p.Stops) == 0 {
			p.File = "/posters/" + id + "/poster.pdf?" + query
			if p.Screen = in.Format.Screen(); p.Screen {
				p.File = "/posters/" + id + "/poster.jpg?" + query
			}
		}
	}
	return s.pages.Render(c, http.StatusOK, "poster", &p)
}

func (s *console) sendPosterPreview(c *gin.Context) error {
	_, in, err := s.posterOf(c)
	if err != nil {
		return err
	}
	s.photo.Lock() // one at a time: it takes memory
	defer s.photo.Unlock()
	b, err := site.Preview(in)
	if err != nil {
		return err
	}
	ui.Send(c, http.StatusOK, "image/jpeg", b)
	return nil
}

// sendPoster gives the poster out, unless it would do harm.
func (s *console) sendPoster(c *gin.Context) error {
	d, in, err := s.posterOf(c)
	if err != nil {
		return err
	}
	s.photo.Lock()
	defer s.photo.Unlock()
	proof, err := poster.Preflight(in, DeskOf(s.Node, d))
	if err != nil {
		return err
	}
	if stops := proof.Stops(); len(stops) > 0 {
		return &ui.Fault{Status: http.StatusConflict, Key: "badrequest", Err: fmt.Errorf("the poster is stopped: %s", stops[0].Key)}
	}
	kind, suffix := "application/pdf", ".pdf"
	if in.Format.Screen() {
		kind, suffix = "image/jpeg", ".jpg"
	}
	b, err := proof.Print()
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `inline; filename="`+site.FileName(d.Case.Number)+suffix+`"`)
	ui.Send(c, http.StatusOK, kind, b)
	return nil
}
