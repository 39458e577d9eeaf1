package admin

import (
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
)

// closedPage is the takedown board of one case: who has confirmed that it is gone.
type closedPage struct {
	page
	Number, Reason, Date, Report string
	Confirmed, All               int
	// Last is when the last right of those outstanding to show the case ends; "" when nobody may show it.
	Last    string
	Members []confirmationRow
}

type confirmationRow struct {
	Name, Lang, Country, Fingerprint string
	Removed, Equal                   bool
	Hidden, Erased                   string // when; "" for what is not confirmed
	Until                            string // until when it may show the case; "" when it may not
}

func (s *console) takedown(c *gin.Context) (*node.Takedown, error) {
	id, err := protocol.ParseCaseID(c.Param("closed"))
	if err != nil {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound", Err: err}
	}
	t, err := s.Node.Takedown(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound", Err: err}
	}
	return t, err
}

func (s *console) showClosed(c *gin.Context) error {
	t, err := s.takedown(c)
	if err != nil {
		return err
	}
	l := s.locale(c)
	p := closedPage{page: s.page(c, l.T("board.title", "number", t.Number)), Number: t.Number, Reason: l.T("reason." + string(t.Reason)),
		Report: "/reports/" + t.ID.String(), Confirmed: t.Confirmed(), All: len(t.Members)}
	when := func(at time.Time) string {
		if at.IsZero() {
			return ""
		}
		return l.DateTime(at.Local())
	}
	p.Date = when(t.At)
	var last time.Time
	for _, m := range t.Members {
		row := confirmationRow{Country: ui.CountryName(l, m.Card.CountryNames, m.Card.Country), Fingerprint: m.Card.Origin().Fingerprint(),
			Removed: m.Removed, Equal: m.Equal, Hidden: when(m.Marked), Erased: when(m.Swept)}
		row.Lang, row.Name = m.Card.Names.Pick(l.Tag)
		if m.ShownUntil.After(time.Now()) {
			row.Until = when(m.ShownUntil)
			if m.ShownUntil.After(last) {
				last = m.ShownUntil
			}
		}
		p.Members = append(p.Members, row)
	}
	p.Last = when(last)
	return s.pages.Render(c, http.StatusOK, "closed", &p)
}

// sendReport gives out the signed report on a closed case.
func (s *console) sendReport(c *gin.Context) error {
	t, err := s.takedown(c)
	if err != nil {
		return err
	}
	r, err := s.Node.Report(t.ID)
	if err != nil {
		return err
	}
	c.Header("Content-Disposition", `attachment; filename="takedown-`+t.Ref.String()+`.txt"`)
	c.Data(http.StatusOK, "text/plain; charset=utf-8", []byte(r.Text()))
	return nil
}
