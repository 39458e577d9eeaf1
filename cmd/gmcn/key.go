package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
)

// nextCard is what a card of the next epoch is to say of keys and log.
type nextCard struct {
	Card protocol.Card `json:"card"`
}

// succession puts a card of the next epoch in force.
type succession struct {
	Text string `json:"text"`
	// Last says that it goes on from an earlier place than the log is at.
	Last bool `json:"last,omitempty"`
}

func (c *control) routeKeys(mux *http.ServeMux) {
	mux.HandleFunc("POST /key", answer(func(*http.Request) (nextCard, error) {
		card, err := c.node.NextCard()
		return nextCard{card}, err
	}))
	mux.HandleFunc("POST /key/card", answer(func(r *http.Request) (struct{}, error) {
		var ask succession
		if err := read(r, &ask); err != nil {
			return struct{}{}, err
		}
		card, err := protocol.ParseCard([]byte(ask.Text))
		if err == nil {
			err = c.node.Rotate(card, ask.Last)
		}
		if errors.Is(err, node.ErrLogMoved) {
			err = &refusal{Code: "moved", Message: err.Error()}
		}
		return struct{}{}, err
	}))
	mux.HandleFunc("POST /cards", answer(func(r *http.Request) (cardText, error) {
		card, err := readSentCard(r)
		if err != nil {
			return cardText{}, err
		}
		switch err = c.node.TakeCard(card); {
		case errors.Is(err, protocol.ErrStored):
			return cardText{}, nil
		case errors.Is(err, protocol.ErrOrigin):
			err = fmt.Errorf("%s, %s, is no member here: gmcn peer add accepts a country", card.Country, nameOf(card))
		case errors.Is(err, protocol.ErrRival):
			err = fmt.Errorf("another card of epoch %d of %s is held, with another key; its staff must sign one of the next epoch", card.Epoch, card.Country)
		}
		return cardText{card.Text()}, err
	}))
	mux.HandleFunc("GET /peers/{origin}/card", answer(func(r *http.Request) (cardText, error) {
		o, err := protocol.ParseOrigin(r.PathValue("origin"))
		if err != nil {
			return cardText{}, err
		}
		text, err := c.node.Held(o)
		return cardText{text}, err
	}))
}

var keyRotateCommand = command{
	name:  "key rotate",
	brief: "give the node a new key under a card of the next epoch",
	help: `Makes a new node key and signs a card of the next epoch for it with the root key. The node may run: it tells the other
countries under its old key and comes back under the new one a few seconds later. If it does not run, it does so when it starts.
Nothing that is public changes. Every year is often enough; at once if somebody who could copy the key has left.

-root names the root key file, best on a stick that you take away afterwards; without it, root.key.age in the data folder.

If the key was stolen, name with -after the last number of our log that is ours: gmcn peer list has the numbers. What stands
after it is void everywhere; a takedown of it still hides its case, but of more than 50 in an hour the rest comes back.
Decide within a day.

Example:
  gmcn key rotate -dir xa -root /media/stick/root.key.age
  gmcn key rotate -dir xa -root /media/stick/root.key.age -after 1203`,
	run: func(c *call) error { return rotateKey(c, "") },
}

var keyOpenCommand = command{
	name:  "key open",
	brief: "let a node publish again that may not, on the word of the root key",
	help: `A node that has seen another server with its key, or may be a restored copy, does not publish. When you are sure that this
folder is the right one and the other server is stopped, the root key's word is a card of the next epoch: what this folder
holds is our log, and what another has published beyond it in our name is void. It does what gmcn key rotate does.

Example:
  gmcn key open -dir xa -root /media/stick/root.key.age`,
	run: func(c *call) error {
		return rotateKey(c, "Is this the right folder, and is every other server with our key stopped?")
	},
}

// rotateKey gives a node a new key; question is asked before.
func rotateKey(c *call, question string) error {
	dir := c.dir()
	key := c.rootFlags()
	yes := c.flags.Bool("yes", false, "do not ask")
	after := new(uint64)
	if question == "" {
		after = c.flags.Uint64("after", 0, "last good `NUMBER` of our log; what stands after it becomes void")
	}
	if _, err := c.parse(0, 0); err != nil {
		return err
	}
	last := c.givenFlags()["after"]
	home, err := openCountry(*dir)
	if err != nil {
		return err
	}
	cl, err := connect(*dir)
	if err != nil {
		return err
	}
	defer cl.close()
	if last {
		question = fmt.Sprintf("Everything of ours after number %d becomes void in every country. Is that right?", *after)
	}
	if err := c.confirm(*yes || question == "", question, ""); err != nil {
		return err
	}
	key.in(*dir)
	root, err := c.openRoot(key)
	if err != nil {
		return err
	}
	card, err := rotate(cl, root, home.details(), *after, last)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "Card %d.%d is in force, with a new node key, until %s.\n", card.Epoch, card.Issue, card.NotAfter.Format(time.DateOnly))
	if cl.offline {
		fmt.Fprintf(c.out, "The other countries hear of it when gmcn run -dir %s runs: for its first minutes it goes by its old key.\n", *dir)
	} else {
		fmt.Fprintln(c.out, "The countries that are connected have it, and the node comes back under the new key within seconds.")
	}
	if last {
		fmt.Fprintf(c.out, `What stood after number %d is void; those cases are on the desk again, to be published anew.
If the other countries do not connect, send one of them the file of gmcn card -o FILE: gmcn peer card FILE.
`, *after)
	}
	c.warnOfRoot(key, *dir)
	return nil
}

// rotate puts a card of the next epoch in force, which goes on from where the log is, or from number after if cut says so.
func rotate(cl *client, root *node.RootKey, d node.Details, after uint64, cut bool) (*protocol.Card, error) {
	for try := 0; ; try++ {
		var next nextCard
		if err := cl.post("/key", struct{}{}, &next); err != nil {
			return nil, err
		}
		if cut {
			if now := next.Card.Continues.Seq; after > now {
				return nil, fmt.Errorf("our log goes to number %d; there is no %d", now, after)
			}
			next.Card.Continues.Seq, next.Card.Continues.Root = after, [32]byte{}
		}
		card, err := root.SignCard(d, next.Card)
		if err != nil {
			return nil, err
		}
		var done struct{}
		err = cl.post("/key/card", succession{card.Text(), cut}, &done)
		var no *refusal
		if try < 4 && errors.As(err, &no) && no.Code == "moved" {
			continue // something was published meanwhile
		}
		if err != nil {
			return nil, err
		}
		return card, nil
	}
}

// readHeld reads a file of gmcn peer export, or a bare card; head is nil when it has none.
func (c *call) readHeld(file string) (card *protocol.Card, head *protocol.Head, err error) {
	raw, err := c.readArg(file)
	if err == nil {
		card, err = protocol.ParseCard(raw)
	}
	if err == nil {
		head, err = protocol.FindHead(raw, card)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	return card, head, nil
}

// lastGood returns the place from which an epoch after card's goes on: number after if it is given, else where head is.
func lastGood(card *protocol.Card, head *protocol.Head, after uint64, given bool) (protocol.Continues, error) {
	from := protocol.Continues{Epoch: card.Epoch}
	switch {
	case given:
		from.Seq = after
		if head != nil && head.Seq == after {
			from.Root = head.Root
		}
	case head != nil:
		from.Seq, from.Root = head.Seq, head.Root
	default:
		return from, errors.New("the file has the card alone, so it does not say how far the log goes: ask a country for the file of " +
			"gmcn peer export, or name the last good number with -after")
	}
	if card.Continues != nil {
		from.Seq = max(from.Seq, card.Continues.Seq)
	}
	return from, nil
}

var keyRevokeCommand = command{
	name:  "key revoke",
	brief: "put a stolen node key out of force, from any computer",
	help: `Signs a card of the next epoch that names no node key that anybody has. Mail it to any one country: it takes it in with
gmcn peer card FILE, and within seconds all have it. The stolen key is out, its connections are closed, and what it signed after
the last good number is void. Afterwards go on with gmcn init -recover or gmcn key rotate and this card.

-card is our card with the state of our log, as any country writes it with gmcn peer export. The last good number is the one
in that file, or the one that you name with -after.

Example:
  gmcn key revoke -root /media/stick/root.key.age -card xa.txt -after 1203 -o xa-revoked.txt`,
	run: func(c *call) error {
		key := c.rootFlags()
		cardFile := c.flags.String("card", "", "our card, in a `FILE` of gmcn peer export")
		after := c.flags.Uint64("after", 0, "last good `NUMBER` of our log")
		out := c.flags.String("o", "", "write the card to `FILE`")
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		if key.file == "" || *cardFile == "" || *out == "" {
			return c.misuse("-root, -card and -o must be given")
		}
		old, head, err := c.readHeld(*cardFile)
		if err != nil {
			return err
		}
		from, err := lastGood(old, head, *after, c.givenFlags()["after"])
		if err != nil {
			return err
		}
		root, err := c.openRoot(key)
		if err != nil {
			return err
		}
		if root.Origin() != old.Origin() {
			return errors.New("this root key is of another country than the card")
		}
		card, err := root.Revoke(old, from)
		if err != nil {
			return err
		}
		if err := os.WriteFile(*out, []byte(card.Text()), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(c.out, `Wrote %[1]s: card %[2]d.%[3]d of %[4]s. What its old key signed after number %[5]d is void.
What to do next:
  1. Mail it to any one country and telephone them: gmcn peer card %[1]s
  2. Go on under a new key: gmcn init -recover -root %[6]s -card %[1]s, in a new folder on a clean computer.
`, *out, card.Epoch, card.Issue, card.Country, from.Seq, key.file)
		return nil
	},
}

var peerCardCommand = command{
	name:  "peer card",
	args:  "CARD-FILE",
	brief: "take in a newer card of a country that is a member, and pass it on to all",
	help: `The root key of that country has signed it, so nothing has to be compared. It is for a country whose node cannot reach us,
for it has a new key. From here it goes to every other country by itself.

Example:
  gmcn peer card -dir xb xa-card.txt`,
	run: func(c *call) error {
		dir := c.dir()
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
		var done cardText
		if err := cl.post("/cards", cardText{card.Text()}, &done); err != nil {
			return err
		}
		if done.Text == "" {
			fmt.Fprintf(c.out, "Card %d.%d of %s, or a newer one, is here already.\n", card.Epoch, card.Issue, card.Country)
			return nil
		}
		fmt.Fprintf(c.out, "Took in card %d.%d of %s, %s.\n", card.Epoch, card.Issue, card.Country, nameOf(card))
		return nil
	},
}

var peerExportCommand = command{
	name:  "peer export",
	args:  "COUNTRY",
	brief: "write the card of a country and how far its log goes here, for its staff",
	help: `For a country that has lost its data folder or whose key was stolen: mail the file to its staff, who know the country by its
root key. It holds no secret.

Example:
  gmcn peer export -dir xb XA -o xa.txt`,
	run: func(c *call) error {
		out := c.flags.String("o", "", "write to `FILE`")
		cl, row, err := c.onePeer(protocol.Own, protocol.Active, protocol.Suspended)
		if err != nil {
			return err
		}
		defer cl.close()
		var text cardText
		if err := cl.fetch("/peers/"+row.Origin.String()+"/card", &text); err != nil {
			return err
		}
		if *out == "" {
			fmt.Fprint(c.out, text.Text)
			return nil
		}
		return os.WriteFile(*out, []byte(text.Text), 0o644)
	},
}
