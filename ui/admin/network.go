package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
)

// networkPage shows the members and our own card.
type networkPage struct {
	page
	Members                   []memberRow
	Picture                   *picture // nil without other members
	Card, Fingerprint, Origin string
	Until                     string
}

type memberRow struct {
	Name, Lang, Country, Fingerprint string
	Own, Removed                     bool
	State                            string // of the link to it
	LastSeen, Confirmed, Lease       string // "" for what is not known
	Held, Behind, PhotosMissing      int
	Received, Sent, Photos           string
}

func (s *console) showNetwork(c *gin.Context) error {
	p := networkPage{page: s.page(c, s.locale(c).T("admin.network"))}
	l := p.Locale
	card := s.Node.Card()
	p.Card, p.Fingerprint, p.Origin = card.Text(), card.Origin().Fingerprint(), card.Origin().String()
	p.Until = p.Date(protocol.DateOf(card.NotAfter.Local()))
	peers, err := s.Node.Peers()
	if err != nil {
		return err
	}
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return l.DateTime(t.Local())
	}
	for _, peer := range peers {
		m := peer.Member
		row := memberRow{
			Country: ui.CountryName(l, m.Card.CountryNames, m.Card.Country), Fingerprint: m.Card.Origin().Fingerprint(),
			Own: m.Standing == protocol.Own, Removed: m.Standing == protocol.Removed, State: linkOf(peer),
			LastSeen: when(peer.LastSeen), Held: int(peer.Live), Behind: int(peer.Lag()), PhotosMissing: peer.PhotosMissing,
			Received: size(l, peer.In), Sent: size(l, peer.Out), Photos: size(l, peer.PhotoBytes),
		}
		row.Lang, row.Name = m.Card.Names.Pick(l.Tag)
		if peer.Head != nil {
			row.Confirmed, row.Lease = when(peer.Head.At), when(peer.Head.Until)
		}
		p.Members = append(p.Members, row)
	}
	if p.Picture = newPicture(l, peers); len(p.Picture.Spots) == 0 {
		p.Picture = nil
	}
	return s.pages.Render(c, http.StatusOK, "network", &p)
}
