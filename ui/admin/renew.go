package admin

import (
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
)

// dueRow is a public case that somebody must confirm or close.
type dueRow struct {
	Href, Renew, Number, Name, Date string
	// Over: the public does not see it any more.
	Over bool
}

// due lists the cases that must be confirmed soon, the most urgent first.
func (s *console) due(c *gin.Context) ([]dueRow, error) {
	all, err := s.Node.Due()
	if err != nil {
		return nil, err
	}
	l, now := s.locale(c), time.Now()
	rows := make([]dueRow, len(all))
	for i, d := range all {
		href := "/" + l.Tag + "/cases/" + d.Draft.ID.String()
		rows[i] = dueRow{Href: href, Renew: href + "/renew", Number: d.Draft.Case.Number, Name: ui.Name(l, &d.Draft.Case),
			Date: ui.DateText(l, protocol.DateOf(d.ReviewBy.Local())), Over: d.Over(now)}
	}
	return rows, nil
}

// renewCase confirms a public case as the public knows it.
func (s *console) renewCase(c *gin.Context) error {
	if _, err := s.form(c); err != nil {
		return err
	}
	s.desk.Lock()
	defer s.desk.Unlock()
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	if !d.Public() || d.Waiting == store.WishClose {
		return s.seeOther(c, "/cases/"+d.ID.String())
	}
	var problems protocol.Problems
	switch _, err := s.Node.Renew(d.ID); {
	case errors.As(err, &problems): // such as a child that is too old for what the case says
		s.sessions.tell(sessionOf(c), "admin.notrenewed")
		return s.seeOther(c, "/cases/"+d.ID.String())
	case errors.Is(err, node.ErrWaiting):
		s.sessions.tell(sessionOf(c), "admin.saidlater")
		return s.seeOther(c, "/")
	case err != nil:
		return err
	}
	s.sessions.tell(sessionOf(c), "admin.renewed")
	return s.seeOther(c, "/")
}
