package admin

import (
	"errors"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
)

// rowsPerPage is how many cases one page of the list shows.
const rowsPerPage = 50

// standing is how a case stands with the public.
type standing struct {
	Status string // the last part of the message key: draft, published, changed
	// Lapsed: the case was published and is not shown any more, since nobody has confirmed it in time.
	Lapsed bool
	// Renew is where to confirm a case that must be; "" for one that need not yet.
	Renew    string
	ReviewBy string
	// PageURL is the public page in a language that suits the reader; "" if the public cannot see the case.
	PageURL string
	// PosterURL is where the case's poster is made.
	PosterURL string
}

// Badge is the class of the status.
func (st standing) Badge() string {
	if st.Status == "published" && !st.Lapsed {
		return "ok"
	}
	return "wait"
}

func (s *console) standing(c *gin.Context, d *store.Draft) (standing, error) {
	l := s.locale(c)
	st := standing{Status: "published", PosterURL: "/" + l.Tag + "/cases/" + d.ID.String() + "/poster"}
	switch {
	case d.Waiting == store.WishClose:
		return standing{Status: "closing"}, nil
	case !d.Public():
		st.Status = "draft"
		return st, nil
	case d.Dirty:
		st.Status = "changed"
	case d.Waiting != "":
		st.Status = "waiting"
	}
	if by := s.Node.ReviewBy(d.ID); !by.IsZero() && time.Until(by) < node.ReviewSoon {
		st.Renew = "/" + l.Tag + "/cases/" + d.ID.String() + "/renew"
	}
	ref := protocol.RefOf(s.Node.Origin(), d.ID)
	shown, err := s.Node.Public().Case(ref)
	if errors.Is(err, fs.ErrNotExist) {
		st.Lapsed = true
		return st, nil
	}
	if err != nil {
		return st, err
	}
	st.ReviewBy = ui.DateText(l, protocol.DateOf(shown.ReviewBy.Local()))
	st.PageURL = s.publicURL(s.textLanguage(l.Tag), ref)
	return st, nil
}

func (s *console) publicURL(tag string, ref protocol.Ref) string {
	return s.SiteURL + "/" + tag + "/cases/" + ref.String()
}

// textLanguage returns the reader's own language if the site has it, the site's main one otherwise.
func (s *console) textLanguage(tag string) string {
	for _, lang := range s.site {
		if lang.Tag == tag {
			return tag
		}
	}
	return s.site[0].Tag
}

// casesPage lists the cases of the desk.
type casesPage struct {
	page
	Due          []dueRow // on the first page
	Rows         []caseRow
	Closed       []closedRow
	Number, Last int // of the page, from 1
	Newer, Older string
}

type caseRow struct {
	standing
	Href, Number, Name, Since, Changed string
	Urgent                             bool
}

type closedRow struct {
	Href, Number, Date string
	Confirmed, All     int
}

func (s *console) showCases(c *gin.Context) error {
	p := casesPage{page: s.page(c, s.locale(c).T("admin.cases"))}
	drafts, err := s.Node.Drafts()
	if err != nil {
		return err
	}
	p.Last = max(1, (len(drafts)+rowsPerPage-1)/rowsPerPage)
	p.Number, err = strconv.Atoi(c.DefaultQuery("page", "1"))
	if err != nil || p.Number < 1 || p.Number > p.Last {
		return &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	if p.Number == 1 {
		if p.Due, err = s.due(c); err != nil {
			return err
		}
	}
	if p.Number > 1 {
		p.Newer = "?page=" + strconv.Itoa(p.Number-1)
	}
	if p.Number < p.Last {
		p.Older = "?page=" + strconv.Itoa(p.Number+1)
	}
	for _, d := range drafts[(p.Number-1)*rowsPerPage : min(p.Number*rowsPerPage, len(drafts))] {
		st, err := s.standing(c, d)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, caseRow{standing: st, Href: "/" + p.Locale.Tag + "/cases/" + d.ID.String(),
			Number: d.Case.Number, Name: ui.Name(p.Locale, &d.Case), Since: p.Date(d.Case.Since), Urgent: d.Case.Urgent,
			Changed: p.Date(protocol.DateOf(d.Changed.Local()))})
	}
	closed, err := s.Node.Board()
	if err != nil {
		return err
	}
	for _, t := range closed {
		p.Closed = append(p.Closed, closedRow{Href: "/" + p.Locale.Tag + "/closed/" + t.ID.String(), Number: t.Number,
			Date: p.Date(protocol.DateOf(t.At.Local())), Confirmed: t.Confirmed(), All: len(t.Members)})
	}
	return s.pages.Render(c, http.StatusOK, "cases", &p)
}

// showPhoto answers with a photo file of the desk.
func (s *console) showPhoto(c *gin.Context) error {
	file, err := cid.Decode(c.Param("cid"))
	if err != nil {
		return &ui.Fault{Status: http.StatusNotFound, Key: "notfound", Err: err}
	}
	b, err := s.Node.Photo(file)
	if errors.Is(err, store.ErrGone) {
		return &ui.Fault{Status: http.StatusGone, Key: "deskclosed", Err: err}
	}
	if err != nil {
		return err
	}
	ui.Send(c, http.StatusOK, "image/jpeg", b)
	return nil
}

// draft returns the case that the address names. One that was closed is a page of its own.
func (s *console) draft(c *gin.Context) (*store.Draft, error) {
	id, err := protocol.ParseCaseID(c.Param("id"))
	if err != nil {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound", Err: err}
	}
	d, err := s.Node.Draft(id)
	if !errors.Is(err, fs.ErrNotExist) {
		return d, err
	}
	closed, err := s.closed(id)
	if err != nil {
		return nil, err
	}
	if closed {
		return nil, &ui.Fault{Status: http.StatusGone, Key: "deskclosed"}
	}
	return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
}

func (s *console) closed(id protocol.CaseID) (bool, error) {
	all, err := s.Node.Closed()
	for _, c := range all {
		if c.ID == id {
			return true, err
		}
	}
	return false, err
}
