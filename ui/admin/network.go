package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// networkPage shows the members, the pairings that are under way, and our own card.
type networkPage struct {
	page
	Members                   []memberRow
	Pairings                  []pairingRow
	Pasted, Wrong             string   // an invitation that could not be taken, and why
	Picture                   *picture // nil without other members
	Card, Fingerprint, Origin string
	Until, Key                string
	Delegate                  *nameLine  // whom our card names; nil for nobody
	DelegateOf                []nameLine // who has named us
	// Own is whether others can call this server, Seen where.
	Own  string
	Seen []string
}

// nameLine is a member by its country.
type nameLine struct {
	Href, Country string // Href is "" for one that has no page
}

// memberRow is a member in the list, and the head of its page.
type memberRow struct {
	Href                             string // of its page, "" for our own
	Name, Lang, Country, Fingerprint string
	Own, Suspended, Removed          bool
	State                            string // of the link to it
	WordOf                           string // on whose word its cases are shown, "" for its own
	Reach                            string // how it is reached; "" for our own
	Relays                           bool
	LastSeen, Confirmed, Lease       string // "" for what is not known
	Held, Behind, PhotosMissing      int
	Received, Sent, Photos           string
}

func (s *console) showNetwork(c *gin.Context) error {
	p, err := s.networkPage(c)
	if err != nil {
		return err
	}
	return s.pages.Render(c, http.StatusOK, "network", p)
}

func (s *console) networkPage(c *gin.Context) (*networkPage, error) {
	p := &networkPage{page: s.page(c, s.locale(c).T("admin.network"))}
	card := s.Node.Card()
	p.Card, p.Fingerprint, p.Origin = card.Text(), card.Origin().Fingerprint(), card.Origin().String()
	p.Until = p.Date(protocol.DateOf(card.NotAfter.Local()))
	p.Key = keyOf(p.Locale, card)
	peers, err := s.Node.Peers()
	if err != nil {
		return nil, err
	}
	p.Own, p.Seen = ownReach(p.Locale, peers)
	for i := range peers {
		p.Members = append(p.Members, s.memberRow(p.Locale, peers, &peers[i]))
		if m := peers[i].Member; m.Card.Delegate == card.Origin() && m.Standing == protocol.Active {
			p.DelegateOf = append(p.DelegateOf, nameOf(p.Locale, peers, m.Card.Origin()))
		}
	}
	if card.Delegate != (protocol.Origin{}) {
		line := nameOf(p.Locale, peers, card.Delegate)
		p.Delegate = &line
	}
	if p.Picture = newPicture(p.Locale, peers); len(p.Picture.Spots) == 0 {
		p.Picture = nil
	}
	pairings, err := s.Node.Pairings()
	if err != nil {
		return nil, err
	}
	for _, pairing := range pairings {
		p.Pairings = append(p.Pairings, s.pairingRow(p.Locale, pairing))
	}
	return p, nil
}

// keyOf says which of its keys a member's node has, by the card.
func keyOf(l *i18n.Locale, card *protocol.Card) string {
	return l.T("admin.keysince", "number", l.Number(int(card.Epoch)), "date", ui.DateText(l, protocol.DateOf(card.At.Local())))
}

// nameOf returns a member by its country; by its fingerprint if it is not known here.
func nameOf(l *i18n.Locale, peers []node.Peer, o protocol.Origin) nameLine {
	for _, peer := range peers {
		if card := peer.Member.Card; card.Origin() == o {
			line := nameLine{Country: ui.CountryName(l, card.CountryNames, card.Country)}
			if peer.Member.Standing != protocol.Own {
				line.Href = "/" + l.Tag + "/network/members/" + o.String()
			}
			return line
		}
	}
	return nameLine{Country: o.Fingerprint()}
}

// reachOf says how a member is reached, and through whom.
func reachOf(l *i18n.Locale, peer *node.Peer) string {
	var names []string
	for _, card := range peer.Through {
		names = append(names, ui.CountryName(l, card.CountryNames, card.Country))
	}
	return l.T("reach."+string(peer.Reach), "names", l.List(names))
}

// ownReach says what is known of whether others can call this server, and at which addresses.
func ownReach(l *i18n.Locale, peers []node.Peer) (text string, seen []string) {
	key := "reach.unknown"
	for i := range peers {
		switch {
		case peers[i].Reach == node.Calls:
			key = "reach.open"
		case peers[i].Member.Standing == protocol.Own:
			seen = peers[i].Seen
			if len(peers[i].Member.Card.Addrs) == 0 && key != "reach.open" {
				key = "reach.unnamed"
			}
		}
	}
	return l.T(key), seen
}

func (s *console) memberRow(l *i18n.Locale, peers []node.Peer, peer *node.Peer) memberRow {
	when := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return l.DateTime(t.Local())
	}
	m := peer.Member
	row := memberRow{
		Country: ui.CountryName(l, m.Card.CountryNames, m.Card.Country), Fingerprint: m.Card.Origin().Fingerprint(),
		Own: m.Standing == protocol.Own, Suspended: m.Standing == protocol.Suspended, Removed: m.Standing == protocol.Removed,
		State: linkOf(*peer), Relays: peer.Relays, LastSeen: when(peer.LastSeen), Held: int(peer.Live), Behind: int(peer.Lag()),
		PhotosMissing: peer.PhotosMissing, Received: size(l, peer.In), Sent: size(l, peer.Out), Photos: size(l, peer.PhotoBytes),
	}
	row.Lang, row.Name = m.Card.Names.Pick(l.Tag)
	if !row.Own {
		row.Reach = reachOf(l, peer)
		row.Href = "/" + l.Tag + "/network/members/" + m.Card.Origin().String()
	}
	if peer.Verified != nil {
		row.Confirmed, row.Lease = when(peer.Verified.At), when(peer.Lease)
	}
	if peer.State == protocol.Extended {
		row.WordOf = nameOf(l, peers, peer.Extension.By).Country
	}
	return row
}
