package admin

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
	"rsc.io/qr"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// pairingRow is a pairing in the list of the Network page.
type pairingRow struct {
	Href, Until, Country string
	Lang, Name           string // "" until the other's card is here
}

// pairingPage is one pairing: what to send while nobody has come, and then the words to compare.
type pairingPage struct {
	page
	ID            string
	Invited       bool
	Text, Until   string
	Code          template.HTML // QR code, "" for an answer
	Known         bool          // the other's card is here
	Country       string
	Lang, Name    string
	Fingerprint   string
	Words         []string
	WasRemoved    bool // a person here removed it before
	IsMember      bool
	Said          []template.HTML
	Back, Forward string
}

// row returns a pairing for the list.
func (s *console) pairingRow(l *i18n.Locale, p *node.Pairing) pairingRow {
	row := pairingRow{Href: "/" + l.Tag + "/network/pairings/" + p.ID().String(), Until: l.DateTime(p.Ours.Expires.Local())}
	if p.Card != nil {
		row.Country = ui.CountryName(l, p.Card.CountryNames, p.Card.Country)
		row.Lang, row.Name = p.Card.Names.Pick(l.Tag)
	}
	return row
}

// invite makes an invitation and shows it.
func (s *console) invite(c *gin.Context) error {
	if _, err := s.form(c); err != nil {
		return err
	}
	p, err := s.Node.Invite()
	if err != nil {
		return s.pairingFault(c, err, "")
	}
	return s.seeOther(c, "/network/pairings/"+p.ID().String())
}

// acceptInvite reads what another organisation sent: its invitation, or its answer to ours.
func (s *console) acceptInvite(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	text := values.Get("text")
	p, err := s.Node.AcceptInvite([]byte(text))
	if err != nil {
		return s.pairingFault(c, err, text)
	}
	return s.seeOther(c, "/network/pairings/"+p.ID().String())
}

// pairingFault shows the Network page again, with what is wrong beside what was pasted.
func (s *console) pairingFault(c *gin.Context, err error, text string) error {
	key := "pair.unreadable"
	for known, k := range map[error]string{node.ErrOurs: "pair.ours", node.ErrEnded: "pair.ended", node.ErrUsed: "pair.used",
		node.ErrNoAnswer: "pair.noanswer", node.ErrNoCard: "pair.nocard", node.ErrMany: "pair.many"} {
		if errors.Is(err, known) {
			key = k
		}
	}
	p, err := s.networkPage(c)
	if err != nil {
		return err
	}
	p.Pasted, p.Wrong = text, p.T(key)
	return s.pages.Render(c, http.StatusUnprocessableEntity, "network", p)
}

// pairing returns the pairing that the address names.
func (s *console) pairing(c *gin.Context) (*node.Pairing, error) {
	id, err := protocol.ParsePairNonce(c.Param("pairing"))
	if err != nil {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	p, err := s.Node.Pairing(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	return p, err
}

func (s *console) showPairing(c *gin.Context) error {
	pairing, err := s.pairing(c)
	if err != nil {
		return err
	}
	p := pairingPage{page: s.page(c, s.locale(c).T("pair.title")), ID: pairing.ID().String(), Invited: pairing.Invited(),
		Text: pairing.Text(s.Node.Card()), Words: pairing.Words, WasRemoved: pairing.Standing == protocol.Removed,
		IsMember: pairing.Standing == protocol.Active || pairing.Standing == protocol.Suspended}
	l := p.Locale
	p.Until = l.DateTime(pairing.Ours.Expires.Local())
	p.Back, p.Forward = "/"+l.Tag+"/network", c.Request.URL.Path
	if p.Invited {
		if p.Code, err = codeOf(pairing.Ours.QRText(), p.T("pair.code")); err != nil {
			return err
		}
	}
	if card := pairing.Card; card != nil {
		p.Known, p.Fingerprint = true, card.Origin().Fingerprint()
		p.Country = ui.CountryName(l, card.CountryNames, card.Country)
		p.Lang, p.Name = card.Names.Pick(l.Tag)
		if p.Said, err = s.said(&p.Page, pairing.Stances); err != nil {
			return err
		}
	}
	return s.pages.Render(c, http.StatusOK, "pairing", &p)
}

// said says what members say of another, a line each; our own word is left out.
func (s *console) said(p *ui.Page, all []store.Stance) (lines []template.HTML, err error) {
	peers, err := s.Node.Peers()
	if err != nil {
		return nil, err
	}
	for _, peer := range peers {
		card := peer.Member.Card
		for _, st := range all {
			if st.By != card.Origin() || st.By == s.Node.Origin() {
				continue
			}
			line := p.H("say."+string(st.View), "member", ui.CountryName(p.Locale, card.CountryNames, card.Country))
			if st.Note != "" {
				line += template.HTML(" " + template.HTMLEscapeString(p.T("note."+string(st.Note))))
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// settlePairing confirms a pairing or ends it.
func (s *console) settlePairing(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	p, err := s.pairing(c)
	if err != nil {
		return err
	}
	notice := "pair.refused"
	switch values.Get("do") {
	case "confirm":
		notice = "pair.confirmed"
		err = s.Node.ConfirmPairing(p.ID())
	case "refuse":
		err = s.Node.RefusePairing(p.ID())
	default:
		return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
	}
	if err != nil {
		return s.pairingFault(c, err, "")
	}
	s.sessions.tell(sessionOf(c), notice)
	return s.seeOther(c, "/network")
}

// codeOf draws text as a QR code, black on white whatever the page's colours are.
func codeOf(text, label string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("draw QR code: %w", err)
	}
	const quiet = 4
	size := code.Size + 2*quiet
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" role="img" aria-label="%s" viewBox="0 0 %d %d" shape-rendering="crispEdges"><rect width="%d" height="%d" fill="#fff"/><path fill="#000" d="%s"/></svg>`,
		template.HTMLEscapeString(label), size, size, size, size, path.String())), nil
}
