package node

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// Takedown is one closed case of ours on the takedown board: who has confirmed that it is gone.
type Takedown struct {
	store.Closed
	Record cid.Cid
	// Members are those that could have had the case, in the order of Peers, and what each has signed.
	Members []Confirmation
}

// Confirmation is what one member has signed about a takedown of ours.
type Confirmation struct {
	Card *protocol.Card
	// Removed says that it is no member any more; nothing is asked of it.
	Removed bool
	// Marked and Swept are when it had hidden and erased the case, by its own clock; zero while it has not confirmed it.
	Marked, Swept time.Time
	// Equal says that it then held exactly what we had published.
	Equal bool
	// ShownUntil is until when it may still be showing the case; zero when it has hidden it.
	ShownUntil time.Time
}

// Outstanding says whether the member has yet to confirm that it erased the case.
func (c *Confirmation) Outstanding() bool { return c.Swept.IsZero() }

// Confirmed counts the members that have erased the case.
func (t *Takedown) Confirmed() (n int) {
	for i := range t.Members {
		if !t.Members[i].Outstanding() {
			n++
		}
	}
	return n
}

// Board returns our closed cases, the newest first, with what members have signed about each.
func (n *Node) Board() ([]Takedown, error) {
	closed, err := n.store.Closed()
	if err != nil {
		return nil, err
	}
	members, err := n.store.Members()
	if err != nil {
		return nil, err
	}
	var board []Takedown
	for _, c := range closed {
		t, err := n.takedown(c, members)
		if errors.Is(err, fs.ErrNotExist) {
			continue // a crash cut the closing short: the case is still open
		}
		if err != nil {
			return nil, err
		}
		board = append(board, *t)
	}
	return board, nil
}

// Takedown returns one closed case of ours with what members have signed about it; fs.ErrNotExist when there is none.
func (n *Node) Takedown(id protocol.CaseID) (*Takedown, error) {
	closed, err := n.store.Closed()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(closed, func(c store.Closed) bool { return c.ID == id })
	if at < 0 {
		return nil, fmt.Errorf("closed case %s: %w", id, fs.ErrNotExist)
	}
	members, err := n.store.Members()
	if err != nil {
		return nil, err
	}
	return n.takedown(closed[at], members)
}

func (n *Node) takedown(c store.Closed, members []store.Member) (*Takedown, error) {
	r, err := n.store.Takedown(c.Ref)
	if err != nil {
		return nil, err
	}
	said, err := n.store.Confirmations(r.ID())
	if err != nil {
		return nil, err
	}
	t := &Takedown{Closed: c, Record: r.ID()}
	for _, m := range members {
		o := m.Card.Origin()
		got := Confirmation{Card: m.Card, Removed: m.Standing == protocol.Removed}
		at := slices.IndexFunc(said, func(s store.Confirmation) bool { return s.Member == o })
		switch {
		case m.Standing == protocol.Own:
			continue
		case at >= 0:
			got.Marked, got.Swept, got.Equal = said[at].Marked, said[at].Swept, said[at].Equal
		case m.First.IsZero(), !m.First.Before(c.MayShow()), got.Removed && !m.Since.Add(protocol.MaxLease).After(c.At):
			continue // came too late to have had it, or had left for longer than a lease lasts
		}
		if got.Marked.IsZero() && got.Swept.IsZero() {
			got.ShownUntil = c.MayShow()
		}
		t.Members = append(t.Members, got)
	}
	return t, nil
}

// Report returns a signed report on a closed case of ours, for a court or a family: ParseReport verifies its Text without a
// node. The error is fs.ErrNotExist when there is no such case.
func (n *Node) Report(id protocol.CaseID) (*protocol.Report, error) {
	t, err := n.Takedown(id)
	if err != nil {
		return nil, err
	}
	down, err := n.store.Takedown(t.Ref)
	if err != nil {
		return nil, err
	}
	own, key, err := n.signing()
	if err != nil {
		return nil, fmt.Errorf("report on case %s: %w", id, err)
	}
	r := protocol.Report{Origin: own.Origin(), Epoch: own.Epoch, Number: t.Number, ShownUntil: t.ShownUntil, At: n.now(),
		Takedown: down.Bytes()}
	cards := [][]byte{own.Bytes()}
	for _, m := range t.Members {
		r.Members = append(r.Members, m.Card.Origin())
		cards = append(cards, m.Card.Bytes())
	}
	e, err := n.store.Evidence(down.ID(), r.Members)
	if err != nil {
		return nil, err
	}
	for _, card := range append(cards, e.Cards...) {
		if !slices.ContainsFunc(r.Cards, func(c []byte) bool { return bytes.Equal(c, card) }) {
			r.Cards = append(r.Cards, card)
		}
	}
	r.Heads, r.Receipts = e.Heads, e.Receipts
	signed, err := protocol.SignReport(key, r)
	if err != nil {
		return nil, fmt.Errorf("report on case %s: %w", id, err)
	}
	return signed, nil
}
