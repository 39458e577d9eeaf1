package main

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// pairingRow is a pairing as the operator's commands show it. What is of the other country is empty until its card is here.
type pairingRow struct {
	ID      protocol.PairNonce `json:"pairing"`
	Invited bool               `json:"invited"` // we made the invitation
	Expires time.Time          `json:"expires"`
	// Text is what to send to the other country, QR the same without our card.
	Text string `json:"text"`
	QR   string `json:"qr"`

	Country     string            `json:"country,omitempty"`
	Name        string            `json:"name,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	Standing    protocol.Standing `json:"standing,omitempty"` // that it has here already
	Words       []string          `json:"words,omitempty"`
	Said        []saidRow         `json:"said,omitempty"`
}

// saidRow is what a member says of the other country.
type saidRow struct {
	By   string        `json:"by"` // a country's code
	View protocol.View `json:"view"`
	Note protocol.Note `json:"note,omitempty"`
}

func (c *control) pairingRow(p *node.Pairing) (*pairingRow, error) {
	row := &pairingRow{ID: p.ID(), Invited: p.Invited(), Expires: p.Ours.Expires, Text: p.Text(c.node.Card()), QR: p.Ours.QRText(),
		Words: p.Words, Standing: p.Standing}
	if p.Card == nil {
		return row, nil
	}
	row.Country, row.Name, row.Fingerprint = p.Card.Country, nameOf(p.Card), p.Card.Origin().Fingerprint()
	var err error
	row.Said, err = c.said(p.Stances)
	return row, err
}

func (c *control) said(all []store.Stance) (rows []saidRow, err error) {
	peers, err := c.node.Peers()
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		at := slices.IndexFunc(peers, func(p node.Peer) bool { return p.Member.Card.Origin() == s.By })
		if at >= 0 {
			rows = append(rows, saidRow{peers[at].Member.Card.Country, s.View, s.Note})
		}
	}
	return rows, nil
}

func (c *control) invite(*http.Request) (*pairingRow, error) {
	p, err := c.node.Invite()
	if err != nil {
		return nil, err
	}
	return c.pairingRow(p)
}

func (c *control) acceptInvite(r *http.Request) (*pairingRow, error) {
	var ask cardText
	if err := read(r, &ask); err != nil {
		return nil, err
	}
	p, err := c.node.AcceptInvite([]byte(ask.Text))
	if err != nil {
		return nil, err
	}
	return c.pairingRow(p)
}

func (c *control) pairings(*http.Request) ([]*pairingRow, error) {
	all, err := c.node.Pairings()
	if err != nil {
		return nil, err
	}
	rows := make([]*pairingRow, len(all))
	for i, p := range all {
		if rows[i], err = c.pairingRow(p); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// onPairing answers what do does with the pairing that the address names.
func onPairing(do func(protocol.PairNonce) error) http.HandlerFunc {
	return answer(func(r *http.Request) (struct{}, error) {
		id, err := protocol.ParsePairNonce(r.PathValue("id"))
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, do(id)
	})
}

// onPeer answers what do does with the member that the address names and what the command asks of it.
func onPeer[T any](do func(protocol.Origin, T) error) http.HandlerFunc {
	return answer(func(r *http.Request) (struct{}, error) {
		o, err := protocol.ParseOrigin(r.PathValue("origin"))
		if err != nil {
			return struct{}{}, err
		}
		var ask T
		if err := read(r, &ask); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, do(o, ask)
	})
}

// peerAsk is what a command wants of a member.
type peerAsk struct {
	Hide     bool          `json:"hide,omitempty"`
	Withdraw bool          `json:"withdraw,omitempty"`
	Note     protocol.Note `json:"note,omitempty"`
}

// routePairing adds the routes of pairing and membership.
func (c *control) routePairing(mux *http.ServeMux) {
	mux.HandleFunc("POST /invitations", answer(c.invite))
	mux.HandleFunc("GET /pairings", answer(c.pairings))
	mux.HandleFunc("POST /pairings", answer(c.acceptInvite))
	mux.HandleFunc("POST /pairings/{id}/confirm", onPairing(c.node.ConfirmPairing))
	mux.HandleFunc("DELETE /pairings/{id}", onPairing(c.node.RefusePairing))
	mux.HandleFunc("POST /peers/{origin}/suspend", onPeer(func(o protocol.Origin, a peerAsk) error {
		return c.node.SuspendMember(o, a.Hide, a.Note)
	}))
	mux.HandleFunc("POST /peers/{origin}/resume", onPeer(func(o protocol.Origin, _ peerAsk) error { return c.node.ResumeMember(o) }))
	mux.HandleFunc("POST /peers/{origin}/vouch", onPeer(func(o protocol.Origin, a peerAsk) error {
		if a.Withdraw {
			return c.node.WithdrawVouch(o)
		}
		return c.node.Vouch(o, a.Note)
	}))
}

var peerInviteCommand = command{
	name:  "peer invite",
	brief: "invite another country: make the text or QR code that it needs",
	help: `Send the invitation to the other country by e-mail, on paper or on a screen. It is open for three days and for one country.
Whoever has it can show you a card and nothing more: a country becomes a member only when you have read each other six
words by telephone and both have confirmed them.

What happens next: the other country runs gmcn peer accept, its node comes to yours, and gmcn peer pending shows the words.
If its node cannot reach yours, it sends you its answer back: run gmcn peer accept with it.

Example:
  gmcn peer invite -dir xa -o invitation.txt -qr invitation.png`,
	run: func(c *call) error {
		dir := c.dir()
		file := c.flags.String("o", "", "write the text to `FILE`")
		code := c.flags.String("qr", "", "write a QR code to `FILE`, a PNG")
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		var row pairingRow
		if err := cl.post("/invitations", struct{}{}, &row); err != nil {
			return err
		}
		if *file != "" {
			if err := os.WriteFile(*file, []byte(row.Text), 0o600); err != nil {
				return err
			}
		}
		if *code != "" {
			q, err := qr.Encode(row.QR, qr.L)
			if err != nil {
				return fmt.Errorf("the invitation is too long for a QR code (%w); send it as text with -o", err)
			}
			if err := os.WriteFile(*code, q.PNG(), 0o600); err != nil {
				return err
			}
		}
		if *file == "" && *code == "" {
			fmt.Fprint(c.out, row.Text)
		}
		fmt.Fprintf(c.err, "Invitation %.6s is open until %s.\nSend it to the other country. Then gmcn peer pending shows the words to compare.\n",
			row.ID, minute(row.Expires))
		if cl.offline {
			fmt.Fprintf(c.err, "Nobody can come on it before gmcn run -dir %s runs.\n", *dir)
		}
		return nil
	},
}

var peerAcceptCommand = command{
	name:  "peer accept",
	args:  "FILE",
	brief: "accept another country's invitation, or its answer to ours",
	help: `FILE is what the other country sent, or - for the input. Nobody becomes a member by it: our node goes to theirs, both show
six words, and gmcn peer confirm comes after you have read them to each other by telephone.

-o writes our answer. Send it back if the two nodes cannot reach each other; it does no harm otherwise.

Example:
  gmcn peer accept -dir xb -o answer.txt invitation.txt`,
	run: func(c *call) error {
		dir := c.dir()
		file := c.flags.String("o", "", "write our answer to `FILE`, to be sent back")
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		raw, err := c.readArg(args[0])
		if err != nil {
			return fmt.Errorf("read invitation: %w", err)
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		var row pairingRow
		if err := cl.post("/pairings", cardText{string(raw)}, &row); err != nil {
			return err
		}
		if *file != "" {
			if row.Invited {
				return fmt.Errorf("this answers our own invitation: nothing has to be sent back; gmcn peer confirm %.6s is next", row.ID)
			}
			if err := os.WriteFile(*file, []byte(row.Text), 0o600); err != nil {
				return err
			}
		}
		fmt.Fprint(c.out, row.explain())
		if cl.offline && row.Country == "" {
			fmt.Fprintf(c.err, "Our node goes to theirs when gmcn run -dir %s runs.\n", *dir)
		}
		return nil
	},
}

// explain says how a pairing stands and what comes next.
func (r *pairingRow) explain() string {
	var b strings.Builder
	way := "their invitation"
	if r.Invited {
		way = "our invitation"
	}
	fmt.Fprintf(&b, "Pairing %.6s, by %s, open until %s\n", r.ID, way, minute(r.Expires))
	if r.Country == "" {
		if r.Invited {
			fmt.Fprintln(&b, "  Nobody has come on it yet.")
		} else {
			fmt.Fprintln(&b, "  Their node has not been reached yet. It is tried every minute; or send them our answer (gmcn peer accept -o).")
		}
		return b.String()
	}
	fmt.Fprintf(&b, "  %s, %s, fingerprint %s\n", r.Country, r.Name, r.Fingerprint)
	for _, s := range r.Said {
		fmt.Fprintf(&b, "  %s %s\n", s.By, map[protocol.View]string{protocol.Vouches: "vouches for it.", protocol.Suspends: "has suspended it!"}[s.View])
	}
	if r.Standing != "" {
		fmt.Fprintf(&b, "  It is known here already: %s.\n", r.Standing)
	}
	fmt.Fprintf(&b, "  Six words: %s\n", strings.Join(r.Words, " "))
	fmt.Fprintf(&b, "  Call them on a number that you knew before and read the words to each other.\n"+
		"  The same: gmcn peer confirm %.6s. Others: gmcn peer refuse %.6s, and begin again by a safer way.\n", r.ID, r.ID)
	return b.String()
}

var peerPendingCommand = command{
	name:  "peer pending",
	brief: "list the pairings that are under way, with the words to compare",
	help: `Example:
  gmcn peer pending -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		cl, rows, err := ask[[]pairingRow](*dir, "/pairings")
		if err != nil {
			return err
		}
		defer cl.close()
		if len(rows) == 0 {
			fmt.Fprintln(c.out, "No pairing is under way. gmcn peer invite begins one.")
		}
		for _, r := range rows {
			fmt.Fprint(c.out, r.explain())
		}
		return nil
	},
}

var peerConfirmCommand = command{
	name:  "peer confirm",
	args:  "PAIRING",
	brief: "confirm that both countries read the same six words: it becomes a member here",
	help: `PAIRING is its number or the beginning of it, or the country's code, name or fingerprint, as gmcn peer pending has them. From
then on its cases are on this country's site. The other country confirms for itself.

Example:
  gmcn peer confirm -dir xa XB`,
	run: func(c *call) error {
		return c.settlePairing("do not ask: the words have been compared", func(cl *client, row *pairingRow, yes bool) error {
			if row.Country == "" {
				return fmt.Errorf("pairing %.6s: the other country's card has not come yet, so there are no words to compare", row.ID)
			}
			fmt.Fprint(c.out, row.explain())
			err := c.confirm(yes, "Did they read you these six words, on a number that you knew before?",
				"read the six words to each other by telephone")
			if err != nil {
				return err
			}
			var done struct{}
			if err := cl.post("/pairings/"+row.ID.String()+"/confirm", struct{}{}, &done); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "Accepted %s, %s. Its cases come when it has confirmed too.\n", row.Country, row.Name)
			return nil
		})
	},
}

var peerRefuseCommand = command{
	name:  "peer refuse",
	args:  "PAIRING",
	brief: "end a pairing: its invitation is worth nothing any more",
	help: `Do this when the words differ: somebody may stand between the two countries. Tell them by telephone, and invite them again by
another way. PAIRING is as for gmcn peer confirm.

Example:
  gmcn peer refuse -dir xa XB`,
	run: func(c *call) error {
		return c.settlePairing("do not ask", func(cl *client, row *pairingRow, yes bool) error {
			if err := c.confirm(yes, fmt.Sprintf("End pairing %.6s?", row.ID), ""); err != nil {
				return err
			}
			var done struct{}
			if err := cl.send(http.MethodDelete, "/pairings/"+row.ID.String(), nil, &done); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "Ended pairing %.6s.\n", row.ID)
			return nil
		})
	},
}

// settlePairing runs do with the pairing that the command line names.
func (c *call) settlePairing(unasked string, do func(cl *client, row *pairingRow, yes bool) error) error {
	dir := c.dir()
	yes := c.flags.Bool("yes", false, unasked)
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	cl, rows, err := ask[[]pairingRow](*dir, "/pairings")
	if err != nil {
		return err
	}
	defer cl.close()
	row, err := pickPairing(rows, args[0])
	if err != nil {
		return err
	}
	return do(cl, row, *yes)
}

// pickPairing finds the one pairing that name means.
func pickPairing(rows []pairingRow, name string) (*pairingRow, error) {
	var found []*pairingRow
	for i := range rows {
		r := &rows[i]
		if len(name) >= 4 && strings.HasPrefix(r.ID.String(), strings.ToLower(name)) || r.Country != "" &&
			(strings.EqualFold(r.Country, name) || strings.EqualFold(r.Name, name) || strings.EqualFold(r.Fingerprint, name)) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no pairing %q; gmcn peer pending has them", name)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%q may mean %d pairings; name one by its number, which gmcn peer pending has", name, len(found))
}
