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

// extendAsk wants a member's cases shown until a moment, on our word; zero takes that back.
type extendAsk struct {
	Until time.Time `json:"until,omitzero"`
}

func (c *control) routeExtensions(mux *http.ServeMux) {
	mux.HandleFunc("GET /peers/{origin}/extend", answer(func(r *http.Request) (*node.Extending, error) {
		o, err := protocol.ParseOrigin(r.PathValue("origin"))
		if err != nil {
			return nil, err
		}
		return c.node.Extending(o)
	}))
	mux.HandleFunc("POST /peers/{origin}/extend", onPeer(func(o protocol.Origin, a extendAsk) error { return c.node.Extend(o, a.Until) }))
	mux.HandleFunc("POST /card/next", answer(func(r *http.Request) (struct{}, error) {
		card, err := readSentCard(r)
		if err == nil {
			err = c.node.Reissue(card)
		}
		return struct{}{}, err
	}))
}

var peerExtendCommand = command{
	name:  "peer extend",
	args:  "COUNTRY",
	brief: "keep the cases of a country visible whose node is down, as its delegate",
	help: `For a country whose card names this one its delegate. When its node is not heard, its cases hide abroad when its lease ends.
On our word they stay visible in every country as they were last signed, at most 30 days beyond that lease. Telephone its staff
first: they may know of children that were found. Our word ends by itself as soon as their node is back.

Without -days it says what may be done. -days counts from now. -back takes our word back; a country that is cut off then may
show the cases until the end that we had named. COUNTRY is as for gmcn peer remove.

Example:
  gmcn peer extend -dir xb -days 7 XA`,
	run: func(c *call) error {
		dir := c.dir()
		days := c.flags.Int("days", 0, "keep them visible for so many `DAYS`, from now")
		back := c.flags.Bool("back", false, "take it back")
		yes := c.flags.Bool("yes", false, "do not ask")
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		given := c.givenFlags()
		if given["days"] && (*back || *days < 1) {
			return c.misuse("say -days with a number from 1, or -back")
		}
		cl, rows, err := ask[[]peerRow](*dir, "/peers")
		if err != nil {
			return err
		}
		defer cl.close()
		row, err := pickPeer(rows, args[0], protocol.Active)
		if err != nil {
			return err
		}
		path := "/peers/" + row.Origin.String() + "/extend"
		var may node.Extending
		if err := cl.fetch(path, &may); err != nil {
			return fmt.Errorf("%s, %s: %w", row.Country, row.Name, err)
		}
		if !*back && !given["days"] {
			fmt.Fprintf(c.out, "%s, %s: its own lease ends or ended %s.\n", row.Country, row.Name, minute(may.Lease))
			if !may.Until.IsZero() {
				fmt.Fprintf(c.out, "Its cases are shown on our word until %s.\n", minute(may.Until))
			}
			fmt.Fprintf(c.out, "They may be shown until %s: say for how long with -days.\n", minute(may.Most))
			return nil
		}
		until := time.Time{}
		question := "Are the cases of " + row.Country + " to be hidden when its own lease ends?"
		if !*back {
			if until = time.Now().AddDate(0, 0, *days); until.After(may.Most) {
				return fmt.Errorf("that is beyond %s, 30 days after the end of its lease", minute(may.Most))
			}
			question = "Have you asked its staff by telephone whether a child was found?"
		}
		if err := c.confirm(*yes, question, ""); err != nil {
			return err
		}
		var done struct{}
		if err := cl.post(path, extendAsk{until}, &done); err != nil {
			return err
		}
		if *back {
			fmt.Fprintf(c.out, "Took our word for %s, %s back.\n", row.Country, row.Name)
		} else {
			fmt.Fprintf(c.out, "The cases of %s, %s are shown on our word until %s.\n", row.Country, row.Name, minute(until))
		}
		if cl.offline {
			fmt.Fprintf(c.out, "The other countries hear of it when gmcn run -dir %s runs.\n", *dir)
		}
		return nil
	},
}

var keyDelegateCommand = command{
	name:  "key delegate",
	args:  "COUNTRY",
	brief: "name the country that may keep our cases visible while our node is down",
	help: `A country whose node is down for longer than its lease disappears abroad, perhaps in the very disaster in which children go
missing. This signs a card with the root key that names another member our delegate: its staff may then decide, by hand, that
our cases stay visible in every country, as we last signed them, for at most 30 days beyond our lease. It can add and change
nothing. -none names nobody any more.

-root names the root key file, best on a stick that you take away afterwards; without it, root.key.age in the data folder.

If our node is down already, do it from any computer: -card is our card as any country writes it with gmcn peer export, COUNTRY
the file of the delegate's card, -o the card to mail to any one country, which takes it in with gmcn peer card.

Example:
  gmcn key delegate -dir xa -root /media/stick/root.key.age XB
  gmcn key delegate -root /media/stick/root.key.age -card xa.txt -o xa-next.txt xb-card.txt`,
	run: runDelegate,
}

func runDelegate(c *call) error {
	dir := c.dir()
	key := c.rootFlags()
	none := c.flags.Bool("none", false, "name nobody")
	cardFile := c.flags.String("card", "", "without our node: our card, in a `FILE` of gmcn peer export")
	out := c.flags.String("o", "", "with -card: write the card to `FILE`")
	args, err := c.parse(0, 1)
	if err != nil {
		return err
	}
	if *none == (len(args) == 1) {
		return c.misuse("name one country, or say -none")
	}
	if (*cardFile == "") != (*out == "") || *cardFile != "" && key.file == "" {
		return c.misuse("-card goes with -o and -root")
	}
	if *cardFile == "" {
		return c.delegateByNode(*dir, key, args)
	}
	old, _, err := c.readHeld(*cardFile)
	if err != nil {
		return err
	}
	var to *protocol.Card
	if !*none {
		if to, err = c.readCard(args[0]); err != nil {
			return err
		}
	}
	card, err := c.signDelegate(key, old, to)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*out, []byte(card.Text()), 0o644); err != nil {
		return err
	}
	c.tellDelegate(card, to)
	fmt.Fprintf(c.out, "Mail %[1]s to any one country, which takes it in: gmcn peer card %[1]s\n", *out)
	return nil
}

// delegateByNode names the member that args says, or nobody, on a new card that the node puts in force.
func (c *call) delegateByNode(dir string, key *rootKey, args []string) error {
	cl, rows, err := ask[[]peerRow](dir, "/peers")
	if err != nil {
		return err
	}
	defer cl.close()
	old, err := cl.card("/card")
	if err != nil {
		return err
	}
	var to *protocol.Card
	if len(args) == 1 {
		row, err := pickPeer(rows, args[0], protocol.Active)
		if err != nil {
			return err
		}
		if to, err = cl.card("/peers/" + row.Origin.String() + "/card"); err != nil {
			return err
		}
	}
	key.in(dir)
	card, err := c.signDelegate(key, old, to)
	if err != nil {
		return err
	}
	var done struct{}
	if err := cl.post("/card/next", cardText{card.Text()}, &done); err != nil {
		return err
	}
	c.tellDelegate(card, to)
	c.warnOfRoot(key, dir)
	return nil
}

// signDelegate signs a card after old that names to our delegate; nil names nobody.
func (c *call) signDelegate(key *rootKey, old, to *protocol.Card) (*protocol.Card, error) {
	root, err := c.openRoot(key)
	if err != nil {
		return nil, err
	}
	var delegate protocol.Origin
	if to != nil {
		delegate = to.Origin()
	}
	card, err := root.NameDelegate(old, delegate)
	var problems protocol.Problems
	if errors.As(err, &problems) {
		return nil, errors.New("a country cannot be its own delegate")
	}
	return card, err
}

func (c *call) tellDelegate(card, to *protocol.Card) {
	fmt.Fprintf(c.out, "Card %d.%d of %s names ", card.Epoch, card.Issue, card.Country)
	if to == nil {
		fmt.Fprintln(c.out, "no delegate.")
		return
	}
	fmt.Fprintf(c.out, "%s, %s, fingerprint %s, its delegate. Tell its staff, and give them a telephone number of yours.\n", to.Country,
		nameOf(to), to.Origin().Fingerprint())
}

// delegateTexts says who our delegate is, and whose we are.
func delegateTexts(rows []peerRow) (lines []string) {
	var own peerRow
	for _, r := range rows {
		if r.Standing == protocol.Own {
			own = r
		}
	}
	for _, r := range rows {
		if r.Origin == own.Delegate {
			lines = append(lines, fmt.Sprintf("Our delegate is %s, %s.", r.Country, r.Name))
		}
		if r.Standing == protocol.Active && r.Delegate == own.Origin {
			lines = append(lines, fmt.Sprintf("%s, %s has named us its delegate.", r.Country, r.Name))
		}
	}
	return lines
}
