package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
)

// peerRow is a member as the operator's commands show it.
type peerRow struct {
	Origin      protocol.Origin   `json:"member"`
	Country     string            `json:"country"`
	Name        string            `json:"name"`
	Fingerprint string            `json:"fingerprint"`
	Standing    protocol.Standing `json:"standing"`
	// Frozen says that it signed two logs, so that nothing but takedowns is taken of it.
	Frozen    bool `json:"frozen"`
	Connected bool `json:"connected"`
	// Reach is how it is reached, Through the countries that relay if there is no direct connection.
	Reach   node.Reach `json:"reach"`
	Through []string   `json:"through,omitempty"`
	Relays  bool       `json:"relays"`
	// Seen are, of our own, the addresses at which others may reach us.
	Seen []string `json:"seen,omitempty"`
	// Held is how far we hold its log without a hole, Head how far it says that it goes.
	Held uint64 `json:"held"`
	Head uint64 `json:"head"`
	// Heard is when its node last said something since ours started; zero if it has not.
	Heard time.Time `json:"heard"`
	// Delegate is the member that it has named; zeros for none. Extended is until when its cases are shown on that one's word;
	// zero if they are not.
	Delegate protocol.Origin `json:"delegate,omitzero"`
	Extended time.Time       `json:"extended,omitzero"`
}

func rowOf(p node.Peer) peerRow {
	card := p.Member.Card
	row := peerRow{Origin: card.Origin(), Country: card.Country, Name: nameOf(card), Fingerprint: card.Origin().Fingerprint(),
		Standing: p.Member.Standing, Connected: p.Connected, Held: p.Held, Heard: p.LastSeen,
		Frozen: p.Frozen, Delegate: card.Delegate, Reach: p.Reach, Relays: p.Relays, Seen: p.Seen}
	if p.State == protocol.Extended {
		row.Extended = p.Lease
	}
	for _, relay := range p.Through {
		row.Through = append(row.Through, relay.Country)
	}
	if p.Head != nil {
		row.Head = p.Head.Seq
	}
	return row
}

func (r peerRow) String() string {
	return fmt.Sprintf("%s, %s, fingerprint %s, member %s", r.Country, r.Name, r.Fingerprint, r.Origin)
}

var peerAddCommand = command{
	name:  "peer add",
	args:  "CARD-FILE",
	brief: "accept another country by its card",
	help: `Shows whose card it is and asks you to confirm that you have compared the fingerprint with its owner by voice: by
telephone, to a number that you knew before. From then on its cases are on this country's site. It must accept this
country's card too. CARD-FILE is a file, or - for the input.

Example:
  gmcn peer add -dir xa xb-card.txt`,
	run: func(c *call) error {
		dir := c.dir()
		yes := c.flags.Bool("yes", false, "do not ask: the fingerprint has been compared")
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		card, err := c.readCard(args[0])
		if err != nil {
			return err
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		fmt.Fprint(c.out, explain(card))
		err = c.confirm(*yes, "Have you compared the fingerprint with them by voice?", "compare the fingerprint with them by voice")
		if err != nil {
			return err
		}
		var done struct{}
		if err := cl.post("/peers", cardText{card.Text()}, &done); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Accepted %s, %s.\n", card.Country, nameOf(card))
		if cl.offline {
			fmt.Fprintf(c.out, "Its cases come when gmcn run -dir %s runs.\n", *dir)
		}
		return nil
	},
}

var peerListCommand = command{
	name:  "peer list",
	brief: "list the countries of the network as this one sees them",
	help: `REACHED says how the other node is connected: it called us, we called it, direct after having met at another
member, or through which countries. HELD is how many changes of a country's log are here, of how many it says that there
are. HEARD is when its node last said something since this one started. A country that is frozen has signed two logs; of
one that is extended the cases are shown on the word of its delegate. What needs looking after stands below, with what to do.

Example:
  gmcn peer list -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		cl, rows, err := ask[[]peerRow](*dir, "/peers")
		if err != nil {
			return err
		}
		defer cl.close()
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "COUNTRY\tSTANDING\tREACHED\tHELD\tHEARD\tFINGERPRINT\tNAME")
		for _, r := range rows {
			standing := string(r.Standing)
			if r.Frozen {
				standing += ", frozen"
			}
			if !r.Extended.IsZero() {
				standing += ", extended"
			}
			reached, held, heard := reachText(r), fmt.Sprintf("%d of %d", r.Held, r.Head), "-"
			if r.Standing == protocol.Own {
				reached, held = "-", fmt.Sprint(r.Held)
			}
			if !r.Heard.IsZero() {
				heard = ago(time.Since(r.Heard))
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Country, standing, reached, held, heard, r.Fingerprint, r.Name)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, text := range delegateTexts(rows) {
			fmt.Fprintf(c.out, "\n%s\n", text)
		}
		for _, r := range rows {
			if len(r.Seen) > 0 {
				fmt.Fprintf(c.out, "\nOthers may reach this node at %s\n", strings.Join(r.Seen, " "))
			}
		}
		var gate node.Gate
		if err := cl.fetch("/gate", &gate); err != nil {
			return err
		}
		if text := gateText(gate); text != "" {
			fmt.Fprintf(c.out, "\n%s\n", text)
		}
		var alarms []node.Alarm
		if err := cl.fetch("/alarms", &alarms); err != nil {
			return err
		}
		for _, a := range alarms {
			fmt.Fprintf(c.out, "\n%s\n", alarmText(a, rows))
		}
		if cl.offline {
			fmt.Fprintln(c.err, "This node does not run, so nobody is connected.")
		}
		return nil
	},
}

// reachText says how a member is reached, and whether others meet through it.
func reachText(r peerRow) string {
	text := map[node.Reach]string{node.NotReached: "no", node.Calls: "it called us", node.Called: "we called it",
		node.Punched: "direct, met at a relay", node.Relayed: "through " + strings.Join(r.Through, ", ")}[r.Reach]
	if r.Relays {
		text += ", relays"
	}
	return text
}

// minute is a moment by the clock of this computer.
func minute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }

// ago says how long ago in the largest unit that fits.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h ago", int(d.Hours()))
}

var peerRemoveCommand = command{
	name:  "peer remove",
	args:  "COUNTRY",
	brief: "remove another country: its cases leave this site at once",
	help: `COUNTRY is a country's code, its name, its fingerprint or its member number, as gmcn peer list and gmcn card -show
have them. Its cases and photos are deleted here and its node is cut off, until you accept it again.

Example:
  gmcn peer remove -dir xa XB`,
	run: func(c *call) error {
		yes := c.flags.Bool("yes", false, "do not ask")
		cl, row, err := c.onePeer(protocol.Active, protocol.Suspended)
		if err != nil {
			return err
		}
		defer cl.close()
		if err := c.confirm(*yes, fmt.Sprintf("Remove %s, with all its cases here?", row), ""); err != nil {
			return err
		}
		var done struct{}
		if err := cl.send("DELETE", "/peers/"+row.Origin.String(), nil, &done); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Removed %s, %s.\n", row.Country, row.Name)
		return nil
	},
}

// onePeer reads the command line of a command about one member of these standings, and finds it. The caller closes the client.
func (c *call) onePeer(of ...protocol.Standing) (*client, *peerRow, error) {
	dir := c.dir()
	args, err := c.parse(1, 1)
	if err != nil {
		return nil, nil, err
	}
	cl, rows, err := ask[[]peerRow](*dir, "/peers")
	if err != nil {
		return nil, nil, err
	}
	row, err := pickPeer(rows, args[0], of...)
	if err != nil {
		return nil, nil, errors.Join(err, cl.close())
	}
	return cl, row, nil
}

// pickPeer finds the one other member of these standings that name means.
func pickPeer(rows []peerRow, name string, of ...protocol.Standing) (*peerRow, error) {
	var found []*peerRow
	for i := range rows {
		r := &rows[i]
		if !slices.Contains(of, r.Standing) {
			continue
		}
		for _, s := range []string{r.Country, r.Name, r.Fingerprint, r.Origin.String()} {
			if strings.EqualFold(s, name) {
				found = append(found, r)
				break
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("there is no other member %q; gmcn peer list has them", name)
	case 1:
		return found[0], nil
	}
	lines := make([]string, len(found))
	for i, r := range found {
		lines[i] = "  " + r.String()
	}
	return nil, fmt.Errorf("%q may mean several members; name one by its fingerprint:\n%s", name, strings.Join(lines, "\n"))
}

// readSome reads a file of a size that a person would send.
func readSome(r io.Reader) ([]byte, error) {
	const most = 1 << 20
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && len(b) > most {
		err = fmt.Errorf("it is larger than %d KB, so it is something else", most>>10)
	}
	return b, err
}
