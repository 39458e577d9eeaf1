package node

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// ErrNeedsRoot: our card in force names another key than this node has. Nothing can be signed until the root key has signed
// a card of a later epoch for it.
var ErrNeedsRoot = errors.New("a newer card of ours names another node key than this node has: give it a new one with gmcn key rotate")

// signing returns our card and the node key that it certifies, or ErrNeedsRoot.
func (n *Node) signing() (*protocol.Card, ed25519.PrivateKey, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if !n.card.Key().Equal(n.key.Public()) {
		return nil, nil, ErrNeedsRoot
	}
	return n.card, n.key, nil
}

// holdsKey says whether our card names the node key that we have.
func (n *Node) holdsKey() bool {
	_, _, err := n.signing()
	return err == nil
}

// cutOffAfter is how long a node whose key is out stays connected, so that its own staff hears of the new card.
const cutOffAfter = 2 * time.Second

var errManyCards = errors.New("too many cards of one member")

// TakeCard takes a card of a member that we have, or of ourselves, whoever brings it: the root key of the member vouches for
// it, and it raises nobody's standing. A newer one is passed on to all. Errors: protocol.ErrOrigin for a member that we do
// not have, ErrStored for one that we have or that is older, ErrRival.
func (n *Node) TakeCard(card *protocol.Card) error {
	o := card.Origin()
	member, ok := n.active(o)
	if !ok {
		return protocol.ErrOrigin
	}
	if _, changed, err := member.Cards.With(card); err != nil || !changed {
		if err != nil {
			n.log.Error("a member signed two cards for one epoch; the first stays until a later epoch", "member", o.String(), "epoch", card.Epoch)
			return err
		}
		return protocol.ErrStored
	}
	if !n.budget(o).cards.Allow() {
		return errManyCards
	}
	if o == n.Origin() { // nothing may be signed under the card before meanwhile
		n.desk.Lock()
		defer n.desk.Unlock()
		n.heads.Lock()
		defer n.heads.Unlock()
	}
	changed, err := n.store.RenewCard(card)
	if errors.Is(err, fs.ErrNotExist) {
		return protocol.ErrOrigin
	}
	if err != nil {
		return err
	}
	if !changed {
		return protocol.ErrStored
	}
	if err := n.cutOff(member.Card); err != nil {
		return err
	}
	if o == n.Origin() {
		if err := n.recall(); err != nil {
			return err
		}
	}
	if now, ok := n.active(o); ok && now.Card.ID() == card.ID() {
		n.log.Info("a member has a new card", "member", o.String(), "epoch", card.Epoch, "issue", card.Issue)
		n.spread(card)
	}
	raws, _, err := n.store.Strays(o)
	if err != nil {
		return err
	}
	for _, raw := range raws[:min(len(raws), protocol.MaxDowns)] { // the rest is for pulls
		r, err := protocol.Reopen(raw)
		if err != nil {
			return err
		}
		n.tellStray(r)
	}
	return nil
}

// tellStray gossips a takedown that is void: no root shows that somebody lacks it.
func (n *Node) tellStray(r *protocol.Record) {
	h := r.Header()
	m := n.mesh.Load()
	if member, ok := n.active(h.Origin); ok && m != nil && r.Type() == protocol.TypeTakedown && member.Cards.Void(h.Epoch, h.Seq) {
		m.background(func() { m.announce(r) })
	}
}

// cutOff reads anew who is a member, after the card of one has been replaced, and lets go of its old key a moment later. Of
// no more than another issue its owner alone tells all by greetings: if every member did, they would be as many as all pairs.
func (n *Node) cutOff(old *protocol.Card) error {
	o := old.Origin()
	if now, err := n.store.Member(o); err == nil && o != n.Origin() && now.Card.Epoch == old.Epoch && now.Card.Issue > old.Issue && now.Card.NodeKey == old.NodeKey {
		return n.loadMembers()
	}
	id, err := peerOf(old)
	if err != nil {
		return err
	}
	m := n.mesh.Load()
	if now, err := n.store.Member(o); m == nil || !n.admits(id) || err != nil || now.Card.NodeKey == old.NodeKey {
		return errors.Join(err, n.membersChanged())
	}
	if err := n.loadMembers(); err != nil {
		return err
	}
	n.mu.Lock()
	n.peers[id] = o
	n.mu.Unlock()
	m.background(func() {
		sleep(m.ctx, cutOffAfter)
		if err := n.membersChanged(); err != nil {
			n.log.Error("reading the members", "error", err)
		}
	})
	return nil
}

// takeCard is TakeCard of a signed card that came by network.
func (n *Node) takeCard(raw []byte) (*protocol.Card, error) {
	card, err := protocol.OpenCard(raw)
	if err != nil {
		return nil, err
	}
	return card, n.TakeCard(card)
}

// spread gossips a card. It goes with the takedowns, which no burst of cases holds up.
func (n *Node) spread(card *protocol.Card) {
	n.tell(takedownTopic, card.Bytes(), "card of", card.Origin().String())
}

// recall puts cases of ours whose records are void back on the desk, as never published. The caller holds desk.
func (n *Node) recall() error {
	drafts, err := n.store.Drafts()
	if err != nil {
		return err
	}
	for _, d := range drafts {
		if d.PublishedRev == 0 {
			continue
		}
		_, err := n.store.Live(d.ID)
		if !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		d.PublishedRev, d.Dirty, d.Changed = 0, true, n.now()
		if err := n.store.SaveDraft(d); err != nil {
			return fmt.Errorf("put case %s back on the desk: %w", d.ID, err)
		}
	}
	return nil
}

// cardsFor returns the cards that an asker lacks, oldest first: those newer than its own, and, if the logs differ, those of
// the epochs in which it has yet to verify records.
func (n *Node) cardsFor(h *protocol.Holding, same bool) (cards protocol.Chain) {
	member, ok := n.active(h.Origin)
	if !ok {
		return nil
	}
	for _, c := range member.Cards {
		newer := c.Epoch > h.CardEpoch || c.Epoch == h.CardEpoch && c.Issue > h.CardIssue
		if newer || !same && c.Epoch >= h.Epoch && c.Epoch < h.CardEpoch {
			cards = append(cards, c)
		}
	}
	return cards
}

// sendStrays sends the void takedowns of an origin, unless the asker has the same.
func (n *Node) sendStrays(f *framed, o protocol.Origin, theirs uint64) error {
	raws, sum, err := n.store.Strays(o)
	if err != nil || sum == theirs {
		return err
	}
	out := recsOut{f: f}
	for _, raw := range raws {
		if err := out.add(raw); err != nil {
			return err
		}
	}
	return out.send(false)
}

// resign signs anew the takedowns of ours that are void and hide all the same, so that every member has them in our log.
func (n *Node) resign() error {
	raws, _, err := n.store.Strays(n.Origin())
	if err != nil || len(raws) == 0 {
		return err
	}
	signed, err := n.resignHere(raws)
	for _, r := range signed {
		n.log.Warn("closed a case of ours anew, for its takedown was signed after the last good place", "case", r.Header().Case.String())
		n.changed(r)
	}
	return err
}

func (n *Node) resignHere(raws [][]byte) (signed []*protocol.Record, err error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	for _, raw := range raws {
		stray, err := protocol.Reopen(raw)
		if err != nil {
			return signed, err
		}
		r, err := n.append(stray.Header().Case, n.gate.open, func(h protocol.Header, key ed25519.PrivateKey) (*protocol.Record, error) {
			h.At = n.now()
			return protocol.Sign(key, protocol.Entry{Header: h, Takedown: stray.Takedown()})
		})
		if err != nil {
			return signed, err
		}
		signed = append(signed, r)
	}
	return signed, nil
}

// Held returns what its staff needs of a member that has lost its node, as text: its card, and the newest head that our copy
// of its log has been exactly what it vouches for, if that is of the card's epoch.
func (n *Node) Held(o protocol.Origin) (string, error) {
	member, err := n.store.Member(o)
	if err != nil {
		return "", err
	}
	text := member.Card.Text()
	head, err := n.store.Verified(o)
	if errors.Is(err, fs.ErrNotExist) {
		return text, nil
	}
	if err == nil && head.Epoch == member.Card.Epoch {
		text += head.Text()
	}
	return text, err
}
