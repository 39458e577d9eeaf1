package admin

import (
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
)

// memberPage is another member: what is said of it, and what a person here may do about it.
type memberPage struct {
	page
	memberRow
	Since, Key                   string
	Renewed                      bool // its node has another key than the first
	Active                       bool
	Vouching                     bool // we vouch for it
	Said                         []template.HTML
	VouchReasons, SuspendReasons []option
	Back                         string
	Delegate                     *nameLine // whom its card names; nil for nobody
	Ours                         *extending
}

// extending is what we may do as the delegate of the member.
type extending struct {
	// No is the message that says why nothing; "" if something.
	No string
	// Until is the end that we have named, "" for none; Most the latest that we may.
	Until, Most string
	Days        []option
}

// extendDays are the lengths, in days from now, that the page offers; beside them, to the last.
var extendDays = []int{1, 3, 7, 14, 21}

// toTheLast is the option of keeping a member's cases visible for as long as may be.
const toTheLast = "all"

// extending returns nil for a member that has not named us.
func (s *console) extending(p *page, peer *node.Peer) (*extending, error) {
	may, err := s.Node.Extending(peer.Member.Card.Origin())
	switch {
	case errors.Is(err, node.ErrNotDelegate), errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, node.ErrHeard):
		return &extending{No: "extend.heard"}, nil
	case errors.Is(err, node.ErrTooLate):
		return &extending{No: "extend.toolate"}, nil
	case err != nil:
		return nil, err
	}
	e := &extending{Most: p.Locale.DateTime(may.Most.Local())}
	if !may.Until.IsZero() {
		e.Until = p.Locale.DateTime(may.Until.Local())
	}
	for _, n := range extendDays {
		if until := time.Now().AddDate(0, 0, n); until.After(may.Lease) && until.Before(may.Most) {
			e.Days = append(e.Days, option{strconv.Itoa(n), p.N("extend.days", n), n == 3})
		}
	}
	e.Days = append(e.Days, option{toTheLast, p.T("extend.all", "date", e.Most), len(e.Days) == 0})
	return e, nil
}

// extend keeps a member's cases visible for as long as the form says, and returns what to tell.
func (s *console) extend(o protocol.Origin, days string, sure bool) (notice string, err error) {
	may, err := s.Node.Extending(o)
	if !sure {
		return "extend.notsure", nil
	}
	if err == nil {
		until := may.Most
		if n, bad := strconv.Atoi(days); bad == nil {
			until = time.Now().AddDate(0, 0, n)
		} else if days != toTheLast {
			return "", &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
		}
		err = s.Node.Extend(o, until)
	}
	return extended(err)
}

// extended says how it ended.
func extended(err error) (notice string, _ error) {
	switch {
	case errors.Is(err, node.ErrHeard):
		return "extend.heard", nil
	case errors.Is(err, node.ErrTooLate), errors.Is(err, node.ErrTooLong), errors.Is(err, node.ErrNotDelegate):
		return "extend.toolate", nil
	}
	return "extend.done", err
}

// member returns the other member that the address names.
func (s *console) member(c *gin.Context) (*node.Peer, error) {
	o, err := protocol.ParseOrigin(c.Param("member"))
	if err != nil || o == s.Node.Origin() {
		return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	peers, err := s.Node.Peers()
	if err != nil {
		return nil, err
	}
	for i := range peers {
		if peers[i].Member.Card.Origin() == o {
			return &peers[i], nil
		}
	}
	return nil, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
}

func (s *console) showMember(c *gin.Context) error {
	peer, err := s.member(c)
	if err != nil {
		return err
	}
	m := peer.Member
	_, name := m.Card.Names.Pick(s.locale(c).Tag)
	p := memberPage{page: s.page(c, name), Active: m.Standing == protocol.Active}
	l := p.Locale
	peers, err := s.Node.Peers()
	if err != nil {
		return err
	}
	if m.Card.Delegate != (protocol.Origin{}) {
		line := nameOf(l, peers, m.Card.Delegate)
		p.Delegate = &line
	}
	if p.Ours, err = s.extending(&p.page, peer); err != nil {
		return err
	}
	p.memberRow, p.Since = s.memberRow(l, peers, peer), l.DateTime(m.Since.Local())
	p.Key, p.Renewed = keyOf(l, m.Card), m.Card.Epoch > 1
	p.Back = "/" + l.Tag + "/network"
	stances := s.Node.Stances(m.Card.Origin())
	if p.Said, err = s.said(&p.Page, stances); err != nil {
		return err
	}
	p.Vouching = len(stances) > 0 && stances[0].By == s.Node.Origin() && stances[0].View == protocol.Vouches
	reasons := func(v protocol.View) []option {
		out := []option{{"", p.T("member.nowhy"), true}}
		for _, n := range protocol.Notes(v) {
			if n != "removed" {
				out = append(out, option{string(n), p.T("note." + string(n)), false})
			}
		}
		return out
	}
	p.VouchReasons, p.SuspendReasons = reasons(protocol.Vouches), reasons(protocol.Suspends)
	return s.pages.Render(c, http.StatusOK, "member", &p)
}

// takeCard takes in a newer card of a member and returns what to tell.
func (s *console) takeCard(o protocol.Origin, text string) (notice string, err error) {
	card, err := protocol.ParseCard([]byte(text))
	if err != nil || card.Origin() != o {
		return "member.card.wrong", nil
	}
	switch err = s.Node.TakeCard(card); {
	case errors.Is(err, protocol.ErrStored):
		return "member.card.known", nil
	case errors.Is(err, protocol.ErrRival):
		return "member.card.rival", nil
	}
	return "member.card.done", err
}

// changeMember does what a button of the member's page says.
func (s *console) changeMember(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	peer, err := s.member(c)
	if err != nil {
		return err
	}
	o, note := peer.Member.Card.Origin(), protocol.Note(values.Get("why"))
	notice := "member.done"
	switch values.Get("do") {
	case "vouch":
		err = s.Node.Vouch(o, note)
	case "unvouch":
		err = s.Node.WithdrawVouch(o)
	case "suspend":
		err = s.Node.SuspendMember(o, values.Get("hide") != "", note)
	case "resume":
		err = s.Node.ResumeMember(o)
	case "remove":
		if values.Get("sure") == "" {
			notice = "member.notsure"
			break
		}
		err = s.Node.RemoveMember(o)
	case "extend":
		notice, err = s.extend(o, values.Get("days"), values.Get("sure") != "")
	case "retract":
		notice, err = extended(s.Node.Extend(o, time.Time{}))
	case "card":
		notice, err = s.takeCard(o, values.Get("card"))
	default:
		return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
	}
	if errors.Is(err, fs.ErrNotExist) { // somebody else was faster
		notice, err = "member.changedsince", nil
	}
	if err != nil {
		return err
	}
	s.sessions.tell(sessionOf(c), notice)
	return s.seeOther(c, "/network/members/"+o.String())
}
