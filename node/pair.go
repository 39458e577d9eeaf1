package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// pairProtocol is the one protocol that strangers may speak, and only while an invitation of ours is open.
const pairProtocol = "/gmcn/pair/1"

const (
	// maxPairings is how many pairings may be under way at once.
	maxPairings = 32
	// knockEvery is how often one invitation may be tried at its maker, knockAgain how often the invited node tries.
	knockEvery = time.Minute
	knockAgain = knockEvery + 5*time.Second
	// knockRate and knockBurst bound all attempts at a node together.
	knockRate  = rate.Limit(1) / 6 // a second
	knockBurst = 10
	// maxStrangers is how many strangers may be connected at once, and strangerTime how long one may stay.
	maxStrangers = 8
	strangerTime = 30 * time.Second
	pairTick     = 5 * time.Second
)

// Why a pairing cannot go on. Pages have words for each.
var (
	// ErrOurs: the invitation is our own.
	ErrOurs = errors.New("this is our own; it is for the other country to accept")
	// ErrEnded: the invitation or the card in it has expired.
	ErrEnded = errors.New("this invitation has ended; ask for a new one")
	// ErrUsed: another country has already come on the invitation.
	ErrUsed = errors.New("another country has come on this invitation: refuse it, make a new invitation and send it by a safer way")
	// ErrNoAnswer: it answers an invitation that is not open here.
	ErrNoAnswer = errors.New("this answers an invitation that is not open here; make a new invitation and begin again")
	// ErrNoCard: the other's card has not come yet.
	ErrNoCard = errors.New("the other country's card has not come yet")
	// ErrMany: too many pairings are under way.
	ErrMany = errors.New("too many pairings are under way; refuse those that nobody waits for")
)

// Pairing is one that is under way, as people see it.
type Pairing struct {
	*store.Pairing
	// Words are the six that both countries must read alike; nil until the other's card is here.
	Words []string
	// Standing is what the other country is here already; "" for a new one.
	Standing protocol.Standing
	// Stances are what our members say of the other. They are advice.
	Stances []store.Stance
}

// Text returns what to send to the other country: our invitation or answer with our card.
func (p *Pairing) Text(own *protocol.Card) string { return p.Ours.Text(own) }

// pairs is the node's part in pairings.
type pairs struct {
	mu sync.Mutex // guards what follows, and serialises changes of the store's pairings
	// until is when the last invitation of ours that waits for somebody ends; hosts are the nodes whose invitations we
	// answer and that have not heard of it.
	until time.Time
	hosts map[peer.ID]*store.Pairing
	tried map[protocol.PairNonce]time.Time // when an invitation of ours was last tried
	words map[[2]protocol.PairSide][]string

	knocks *rate.Limiter
	wake   chan struct{}
}

func newPairs() *pairs {
	return &pairs{tried: map[protocol.PairNonce]time.Time{}, words: map[[2]protocol.PairSide][]string{},
		knocks: rate.NewLimiter(knockRate, knockBurst), wake: make(chan struct{}, 1)}
}

// open says whether a stranger may come in to knock.
func (p *pairs) open(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Before(p.until)
}

// calls says whether we may dial a node to knock there.
func (p *pairs) calls(id peer.ID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.hosts[id]
	return ok
}

// loadPairings forgets what is over and reads what waits. The caller holds pairs.mu, or is alone.
func (n *Node) loadPairings() error {
	all, err := n.store.Pairings()
	if err != nil {
		return err
	}
	now := n.now()
	n.pairs.until, n.pairs.hosts = now, map[peer.ID]*store.Pairing{}
	for _, p := range all {
		switch {
		case p.Over(now):
			if err := n.store.DeletePairing(p.ID()); err != nil {
				return err
			}
			delete(n.pairs.tried, p.ID())
		case p.Invited():
			// Also one that somebody came on: who lost our answer on the way comes again.
			if p.Ours.Expires.After(n.pairs.until) {
				n.pairs.until = p.Ours.Expires
			}
		case !p.Knocked && p.Theirs.Expires.After(now):
			id, err := peerOfKey(p.Theirs.NodeKey)
			if err != nil {
				return err
			}
			n.pairs.hosts[id] = p
		}
	}
	return nil
}

// changePairings runs one change by a person or a knock.
func (n *Node) changePairings(change func() error) error {
	n.pairs.mu.Lock()
	defer n.pairs.mu.Unlock()
	if err := change(); err != nil {
		return err
	}
	if err := n.loadPairings(); err != nil {
		return err
	}
	wake(n.pairs.wake)
	return nil
}

// Invite makes an invitation for one other country, open for protocol.InviteLife. It gives nobody any right but to show
// its card.
func (n *Node) Invite() (*Pairing, error) { return n.begin(nil, nil) }

// begin makes our half of a pairing: an invitation, or the answer to theirs.
func (n *Node) begin(theirs *protocol.Invite, card *protocol.Card) (*Pairing, error) {
	own, key, err := n.signing()
	if err != nil {
		return nil, err
	}
	now := n.now()
	i := protocol.Invite{Root: own.Root, Addrs: own.Addrs, Nonce: protocol.NewPairNonce(), Expires: now.Add(protocol.InviteLife)}
	p := &store.Pairing{Made: now, Theirs: theirs, Card: card}
	if theirs != nil {
		i.Answers, p.Nonce = theirs.Nonce, theirs.Nonce
	}
	if p.Ours, err = protocol.SignInvite(key, i); err != nil {
		return nil, err
	}
	err = n.changePairings(func() error {
		all, err := n.store.Pairings()
		if err != nil {
			return err
		}
		for _, old := range all {
			if theirs != nil && old.Theirs != nil && old.Theirs.Nonce == theirs.Nonce {
				if card != nil && old.Card == nil {
					old.Card = card
				}
				p = old // the same invitation, accepted again
				return n.store.SavePairing(p)
			}
		}
		if len(all) >= maxPairings {
			return ErrMany
		}
		return n.store.SavePairing(p)
	})
	if err != nil {
		return nil, err
	}
	return n.shown(p)
}

// AcceptInvite takes what another country sent by hand: its invitation, which our node then goes to answer by itself, or
// its answer to ours. Nobody is a member by it.
func (n *Node) AcceptInvite(text []byte) (*Pairing, error) {
	theirs, card, err := protocol.ParseInvite(text)
	if err != nil {
		return nil, err
	}
	now := n.now()
	switch {
	case theirs.Root == n.Card().Root:
		return nil, ErrOurs
	case !theirs.Expires.After(now), card != nil && !card.NotAfter.After(now):
		return nil, ErrEnded
	case theirs.Answers.IsZero():
		return n.begin(theirs, card)
	case card == nil:
		return nil, fmt.Errorf("%w: ask for the whole answer, with the card below it", ErrNoCard)
	}
	var p *store.Pairing
	err = n.changePairings(func() error {
		p, err = n.answered(theirs.Answers, card, theirs.Nonce)
		if err != nil {
			return err
		}
		p.Theirs = theirs
		return n.store.SavePairing(p)
	})
	if err != nil {
		return nil, err
	}
	return n.shown(p)
}

// answered fills one of our invitations with the country that came on it. Whoever comes first has it.
func (n *Node) answered(id protocol.PairNonce, card *protocol.Card, nonce protocol.PairNonce) (*store.Pairing, error) {
	p, err := n.store.Pairing(id)
	now := n.now()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNoAnswer
	case err != nil:
		return nil, err
	case !p.Invited() || nonce == id:
		return nil, ErrNoAnswer
	case card.Root == n.Card().Root:
		return nil, ErrOurs
	case p.Card != nil && (p.Card.Root != card.Root || p.Nonce != nonce):
		return nil, ErrUsed
	case !card.NotAfter.After(now), !p.Ours.Expires.After(now):
		return nil, ErrEnded
	}
	p.Card, p.Nonce = card, nonce
	return p, nil
}

// Pairings returns all that are under way, the newest first.
func (n *Node) Pairings() ([]*Pairing, error) {
	all, err := n.store.Pairings()
	if err != nil {
		return nil, err
	}
	var out []*Pairing
	for _, p := range all {
		if p.Over(n.now()) {
			continue
		}
		shown, err := n.shown(p)
		if err != nil {
			return nil, err
		}
		out = append(out, shown)
	}
	return out, nil
}

// Pairing returns one that is under way, or fs.ErrNotExist.
func (n *Node) Pairing(id protocol.PairNonce) (*Pairing, error) {
	p, err := n.store.Pairing(id)
	if err != nil {
		return nil, err
	}
	return n.shown(p)
}

func (n *Node) shown(p *store.Pairing) (*Pairing, error) {
	out := &Pairing{Pairing: p}
	if p.Card == nil {
		return out, nil
	}
	sides := [2]protocol.PairSide{p.Ours.Side(), {Root: p.Card.Root, Nonce: p.Nonce}}
	n.pairs.mu.Lock()
	out.Words = n.pairs.words[sides]
	n.pairs.mu.Unlock()
	if out.Words == nil {
		out.Words = protocol.SpokenWords(sides[0], sides[1])
		n.pairs.mu.Lock()
		n.pairs.words[sides] = out.Words
		n.pairs.mu.Unlock()
	}
	m, err := n.store.Member(p.Card.Origin())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	out.Standing, out.Stances = m.Standing, n.store.Stances(p.Card.Origin())
	return out, nil
}

// ConfirmPairing makes the other country of a pairing a member: a person says that both read the same six words. Its cases
// are taken from then on; it takes ours when it has confirmed too.
func (n *Node) ConfirmPairing(id protocol.PairNonce) error {
	p, err := n.store.Pairing(id)
	if err != nil {
		return fmt.Errorf("confirm pairing: %w", err)
	}
	if p.Card == nil {
		return ErrNoCard
	}
	// A connection of the time when it was a stranger knows nothing of gossip.
	if m := n.mesh.Load(); m != nil {
		if peer, err := peerOf(p.Card); err == nil && !n.admits(peer) {
			m.host.Network().ClosePeer(peer)
		}
	}
	if err := n.AddMember(p.Card); err != nil {
		return err
	}
	return n.RefusePairing(id)
}

// RefusePairing forgets a pairing: its invitation is worth nothing any more. It says nothing about a country that is a
// member already.
func (n *Node) RefusePairing(id protocol.PairNonce) error {
	return n.changePairings(func() error { return n.store.DeletePairing(id) })
}

// pairLoop knocks at the nodes whose invitations we answer, and sends strangers away.
func (n *Node) pairLoop(ctx context.Context, m *mesh) error {
	next := map[protocol.PairNonce]time.Time{}
	for {
		now := time.Now()
		n.pairs.mu.Lock()
		err := n.loadPairings()
		due := make([]*store.Pairing, 0, len(n.pairs.hosts))
		for _, p := range n.pairs.hosts {
			if !next[p.ID()].After(now) {
				next[p.ID()] = now.Add(knockAgain)
				due = append(due, p)
			}
		}
		n.pairs.mu.Unlock()
		if err != nil {
			n.log.Error("reading pairings", "error", err)
		}
		for _, p := range due {
			m.background(func() {
				if err := m.knock(ctx, p); err != nil {
					n.log.Info("the node that invited us was not reached; trying again in a minute", "pairing", p.ID().String(), "error", err)
				}
			})
		}
		for _, c := range m.host.Network().Conns() {
			if !n.admits(c.RemotePeer()) && now.Sub(c.Stat().Opened) > strangerTime {
				c.Close()
			}
		}
		t := time.NewTimer(pairTick)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-n.pairs.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// knock shows our card at the node that invited us and takes its own.
func (m *mesh) knock(ctx context.Context, p *store.Pairing) error {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	id, err := peerOfKey(p.Theirs.NodeKey)
	if err != nil {
		return err
	}
	if err := m.host.Connect(ctx, peer.AddrInfo{ID: id, Addrs: m.addrs(p.Theirs.Addrs)}); err != nil {
		return err
	}
	defer func() {
		if !m.n.admits(id) {
			m.host.Network().ClosePeer(id)
		}
	}()
	s, err := m.open(ctx, id, pairProtocol)
	if err != nil {
		return err
	}
	defer s.Reset()
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	f := frames(s)
	if err := f.send(protocol.Frame{Knock: &protocol.Knock{Invite: p.Theirs.Nonce, Nonce: p.ID(), Card: m.n.Card().Bytes()}}); err != nil {
		return err
	}
	answer, err := f.read()
	if err != nil {
		return err
	}
	if answer.Welcome == nil {
		return errAnswer
	}
	return m.n.welcomed(p.ID(), answer.Welcome)
}

// welcomed takes the card of the node at which we knocked.
func (n *Node) welcomed(id protocol.PairNonce, w *protocol.Welcome) error {
	card, err := protocol.OpenCard(w.Card)
	if err != nil {
		return err
	}
	return n.changePairings(func() error {
		p, err := n.store.Pairing(id)
		if err != nil {
			return err
		}
		switch {
		case p.Invited() || !p.Theirs.Issued(card):
			return errors.New("the node that invited us showed the card of another")
		case !card.NotAfter.After(n.now()):
			return ErrEnded
		}
		p.Card, p.Knocked = card, true
		return n.store.SavePairing(p)
	})
}

// servePair answers whoever knocks: members and, while an invitation is open, strangers.
func (m *mesh) servePair(s network.Stream) {
	id := s.Conn().RemotePeer()
	if !m.n.pairs.open(m.n.now()) || !m.enter(id) {
		s.Reset()
		return
	}
	defer m.leave(id)
	if err := m.pairOn(s, id); err != nil {
		s.Reset()
		m.n.log.Info("somebody knocked and was sent away", "peer", id.String(), "error", err)
		return
	}
	s.Close()
}

func (m *mesh) pairOn(s network.Stream, id peer.ID) error {
	if !m.n.pairs.knocks.Allow() {
		return errors.New("too many knock")
	}
	f := frames(s)
	ask, err := f.read()
	if err != nil {
		return err
	}
	if ask.Knock == nil {
		return errAnswer
	}
	w, err := m.n.knocked(ask.Knock, id)
	if err != nil {
		return err
	}
	return f.send(protocol.Frame{Welcome: w})
}

// knocked judges a knock by the node id. The other's card waits for a person from then on; its standing is as before.
func (n *Node) knocked(k *protocol.Knock, id peer.ID) (*protocol.Welcome, error) {
	card, err := protocol.OpenCard(k.Card)
	if err != nil {
		return nil, err
	}
	if of, err := peerOf(card); err != nil || of != id {
		return nil, errors.New("a node knocked with the card of another")
	}
	err = n.changePairings(func() error {
		if _, err := n.store.Pairing(k.Invite); err != nil {
			return err
		}
		now := time.Now()
		if last, ok := n.pairs.tried[k.Invite]; ok && now.Sub(last) < knockEvery {
			return errors.New("this invitation was tried within the minute")
		}
		n.pairs.tried[k.Invite] = now
		p, err := n.answered(k.Invite, card, k.Nonce)
		if err != nil {
			return err
		}
		p.Knocked = true
		return n.store.SavePairing(p)
	})
	if err != nil {
		return nil, err
	}
	n.log.Info("a country came on our invitation; a person must compare the words", "member", card.Origin().String())
	return &protocol.Welcome{Card: n.Card().Bytes()}, nil
}

// strangers returns how many that are no members are connected.
func (m *mesh) strangers() int {
	return len(m.host.Network().Peers()) - len(m.members())
}
