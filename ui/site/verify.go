package site

import (
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// finding is what checking a poster comes to; it is the middle of the keys of its words.
type finding string

const (
	open       finding = "open"       // genuine, and the appeal is open
	newer      finding = "newer"      // genuine and open, but the owner has published a later revision
	closed     finding = "closed"     // genuine, and the appeal is closed
	notCurrent finding = "notcurrent" // genuine, but this site may not show the appeal now, or its day is over
	forged     finding = "forged"     // not signed by the member that it names
	unknown    finding = "unknown"    // signed by nobody that this network knows
	unread     finding = "unread"     // no whole code
	number     finding = "number"     // no code, but the number of an open appeal of ours
	noNumber   finding = "nonumber"   // no code, and not the number of an open appeal of ours
)

// answers are the status of the page for each finding and its kind of notice, which has a colour and a sign.
var answers = map[finding]struct {
	status int
	notice string
}{
	open: {http.StatusOK, "ok"}, newer: {http.StatusOK, "warn"}, closed: {http.StatusGone, "over"}, notCurrent: {http.StatusOK, "ask"},
	forged: {http.StatusOK, "stop"}, unknown: {http.StatusNotFound, "ask"}, unread: {http.StatusBadRequest, "ask"},
	number: {http.StatusOK, "warn"}, noNumber: {http.StatusNotFound, "ask"},
}

// verifyPage says whether a poster is genuine, or asks which poster.
type verifyPage struct {
	ui.Page
	// Code is what was asked for.
	Code          string
	Finding       finding // "" when nothing was asked
	Notice        string
	Heading, Text string
	// Signer is who signed; nil where that is not known, or tells more than it should.
	Signer *signer
	// Cards are appeals to compare the poster with.
	Cards   []card
	Hotline string // to call about the appeal; "" for none
	Poster  string // where the newer poster is; "" for none
}

// signer is the member that signed a poster.
type signer struct {
	member
	Lines []template.HTML
}

// followStamp leads from the QR code of a poster to what there is to say about it.
func (s *site) followStamp(c *gin.Context) error {
	return s.toVerify(c, strings.ToUpper(c.Param("code")))
}

// followVerify leads from the address that posters print.
func (s *site) followVerify(c *gin.Context) error { return s.toVerify(c, "") }

func (s *site) toVerify(c *gin.Context, code string) error {
	c.Header("Cache-Control", "no-store")
	c.Redirect(http.StatusFound, "/"+s.preferred(c)+query("/verify", "code", code))
	return nil
}

func (s *site) showVerify(c *gin.Context, l *i18n.Locale) error {
	code := strings.TrimSpace(c.Query("code"))
	page, err := s.page(l, query("/verify", "code", code))
	if err != nil {
		return err
	}
	p := &verifyPage{Page: page, Code: code}
	if p.Heading = l.T("site.verify"); code != "" {
		if err := s.check(p, l); err != nil {
			return err
		}
		c.Header("Cache-Control", "no-store")
		p.NoIndex = true
		p.say(l)
	}
	p.Title = p.Heading
	return s.templates.Render(c, max(answers[p.Finding].status, http.StatusOK), "verify", p)
}

// say puts the finding into words.
func (p *verifyPage) say(l *i18n.Locale) {
	p.Notice = answers[p.Finding].notice
	if p.Finding == closed { // the words of every page of a closed appeal
		p.Heading, p.Text = l.T("error.gone.title"), l.T("error.gone.text")
		return
	}
	p.Heading, p.Text = l.T("verify."+string(p.Finding)+".title"), l.T("verify."+string(p.Finding)+".text")
}

// check finds out about the code of the page, from what is held here alone.
func (s *site) check(p *verifyPage, l *i18n.Locale) error {
	if protocol.ValidNumber(p.Code) { // far shorter than a code
		return s.findNumber(p, l)
	}
	stamp, err := protocol.ParseStamp(p.Code)
	if err != nil {
		if p.Finding = unread; errors.Is(err, protocol.ErrUnknown) {
			p.Finding = unknown
		}
		return nil
	}
	cards, member, err := s.Public.Signers(stamp)
	if err != nil {
		return err
	}
	for _, card := range cards {
		if stamp.Check(card) == nil {
			return s.judge(p, l, stamp, card.Origin())
		}
	}
	// A member whose card of that epoch is not here may have signed it.
	if p.Finding = forged; !member || len(cards) == 0 {
		p.Finding = unknown
	}
	return nil
}

// judge says how a genuine stamp of a member stands.
func (s *site) judge(p *verifyPage, l *i18n.Locale, stamp protocol.Stamp, origin protocol.Origin) error {
	owner, err := s.Public.Card(origin)
	if err != nil {
		return err
	}
	p.Signer = &signer{member: s.member(l, owner)}
	p.Hotline = owner.Hotlines[0].Number
	ref := protocol.RefOf(origin, stamp.Case)
	shown, err := s.Public.Case(ref)
	switch {
	case errors.Is(err, store.ErrGone):
		*p = verifyPage{Page: p.Page, Code: p.Code, Finding: closed}
		return nil
	case errors.Is(err, fs.ErrNotExist):
		p.Finding = notCurrent
		return nil
	case err != nil:
		return err
	}
	now := time.Now()
	switch {
	case shown.Stamp.After(stamp):
		p.Finding, p.Poster = newer, "/"+l.Tag+"/cases/"+ref.String()+"/poster.pdf"
	case stamp.Past(now):
		p.Finding = notCurrent
		return nil
	default:
		p.Finding = open
	}
	p.Signer.Lines = []template.HTML{
		p.H("site.updated", "date", ui.DateText(l, protocol.DateOf(shown.At.UTC()))),
		p.H("poster.validuntil", "date", ui.DateText(l, stamp.Until)),
		p.H("poster.key", "fingerprint", ui.Code(origin.Fingerprint())),
	}
	p.Hotline = hotline(shown.Case, owner)
	p.Cards = []card{cardOf(l, shown, owner, now)}
	p.Cards[0].Eager = true
	return nil
}

// findNumber looks for a case number among our own open appeals. Of a closed one, or another country's, it says as much as
// of one that never was.
func (s *site) findNumber(p *verifyPage, l *i18n.Locale) error {
	p.Finding = noNumber
	shown, _, err := s.Public.List(store.Query{Text: p.Code, Limit: perPage})
	if err != nil {
		return err
	}
	for _, c := range shown {
		if strings.EqualFold(c.Case.Number, p.Code) {
			p.Finding = number
			p.Cards = append(p.Cards, cardOf(l, c, nil, time.Now()))
		}
	}
	return nil
}
