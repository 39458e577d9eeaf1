package node

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// AddMember accepts another member, whose card a person has compared with its owner. From then on its cases are taken
// and shown, and its node may connect.
func (n *Node) AddMember(card *protocol.Card) error {
	if card.Origin() == n.Origin() {
		return errors.New("this is our own card; ask the other country for theirs")
	}
	if !card.NotAfter.After(n.now()) {
		return fmt.Errorf("this card ended on %s; ask for a new one", card.NotAfter.Format(time.DateOnly))
	}
	if err := n.store.SetMember(card, protocol.Active, n.now()); err != nil {
		return err
	}
	if err := n.membersChanged(); err != nil {
		return err
	}
	return n.unsay(card.Origin(), protocol.Suspends)
}

// RemoveMember removes a member: its cases vanish from our site at once, its node is cut off, and it stays removed
// until a person adds it again. The other members are told that we suspend it. The error is fs.ErrNotExist for one that we do not have.
func (n *Node) RemoveMember(o protocol.Origin) error {
	m, err := n.store.Member(o)
	if err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	if m.Standing == protocol.Own {
		return errors.New("this is our own member; it cannot be removed")
	}
	if err := n.store.SetMember(m.Card, protocol.Removed, n.now()); err != nil {
		return err
	}
	if err := n.membersChanged(); err != nil {
		return err
	}
	return n.say(o, protocol.Suspends, "removed")
}

func (n *Node) membersChanged() error {
	if err := n.loadMembers(); err != nil {
		return err
	}
	n.recount.Store(true)
	wake(n.down)
	wake(n.gate.turn)
	if m := n.mesh.Load(); m != nil {
		m.membersChanged()
	}
	return nil
}

// loadMembers reads who is accepted from the store.
func (n *Node) loadMembers() error {
	all, err := n.store.Members()
	if err != nil {
		return err
	}
	members := make(map[protocol.Origin]store.Member, len(all))
	peers := make(map[peer.ID]protocol.Origin, len(all))
	var own *protocol.Card
	for _, m := range all {
		members[m.Card.Origin()] = m
		switch m.Standing {
		case protocol.Own:
			own = m.Card
		case protocol.Active:
			id, err := peerOf(m.Card)
			if err != nil {
				return err
			}
			peers[id] = m.Card.Origin()
		}
	}
	if own == nil {
		return errors.New("load members: our own card is missing from the store")
	}
	n.mu.Lock()
	later := n.card != nil && own.Epoch > n.card.Epoch
	n.card, n.members, n.peers = own, members, peers
	n.mu.Unlock()
	switch holds := n.holdsKey(); {
	case !holds && later:
		n.keyOut()
	case later:
		n.newEpoch()
	}
	return nil
}

// active returns an accepted member, ourselves and suspended ones included.
func (n *Node) active(o protocol.Origin) (store.Member, bool) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	m, ok := n.members[o]
	return m, ok && m.Standing != protocol.Removed
}

// origins returns every origin whose log we take, ourselves included.
func (n *Node) origins() []protocol.Origin { return n.standing(protocol.Own, protocol.Active) }

// standing returns every origin of these standings.
func (n *Node) standing(of ...protocol.Standing) []protocol.Origin {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make([]protocol.Origin, 0, len(n.members))
	for o, m := range n.members {
		if slices.Contains(of, m.Standing) {
			out = append(out, o)
		}
	}
	return out
}

// admits says whether a peer is the node of an Active member.
func (n *Node) admits(id peer.ID) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	_, ok := n.peers[id]
	return ok
}

// memberOf returns the Active member whose node a peer is; zero when there is none.
func (n *Node) memberOf(id peer.ID) protocol.Origin {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.peers[id]
}

// heard notes that a member's node said something.
func (n *Node) heard(id peer.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if o, ok := n.peers[id]; ok {
		n.seen[o] = n.now()
	}
}

// dials returns the node of every Active member.
func (n *Node) dials() map[peer.ID]*protocol.Card {
	n.mu.RLock()
	defer n.mu.RUnlock()
	out := make(map[peer.ID]*protocol.Card, len(n.peers))
	for id, o := range n.peers {
		out[id] = n.members[o].Card
	}
	return out
}

// peerOf returns the libp2p identity of a member's node.
func peerOf(c *protocol.Card) (peer.ID, error) {
	id, err := peerOfKey(c.NodeKey)
	if err != nil {
		return "", fmt.Errorf("node key of %s: %w", c.Origin(), err)
	}
	return id, nil
}

func peerOfKey(key [32]byte) (peer.ID, error) {
	pub, err := crypto.UnmarshalEd25519PublicKey(key[:])
	if err != nil {
		return "", err
	}
	return peer.IDFromPublicKey(pub)
}

// Peer is a member as the Network page shows it.
type Peer struct {
	Member    store.Member
	Connected bool
	// LastSeen is when its node last said something since we started; zero if it has not.
	LastSeen time.Time
	// Held is how far we hold its log without a hole.
	Held uint64
	// Live is how many of its records we hold, takedowns left out; Dead how many takedowns.
	Live, Dead uint64
	// Head is the newest signed head that we hold of it; nil before the first.
	Head *protocol.Head
	// Verified is the newest head that our copy of its log has been exactly what it vouches for; nil before the first.
	Verified *protocol.Head
	// Extension is what its delegate says of that head; nil for nothing. It may be over.
	Extension *protocol.Extension
	// Lease is until when its cases may be shown here: the Until of Verified or of Extension; zero without either, and for
	// our own.
	Lease time.Time
	// State is how sure we are of its log; "" for our own.
	State protocol.State
	// Frozen says that it signed two logs: nothing but takedowns is taken of it, and its lease runs down.
	Frozen bool
	// Suspect says that its log is not what it signed, and that several members could not help.
	Suspect bool
	// Reach is how it is connected; Through are the cards of the members that relay, if there is no direct connection.
	Reach   Reach
	Through []*protocol.Card
	// Relays says that it relays for others.
	Relays bool
	// In and Out are bytes that came from it and went to it since we started, over the streams of our protocols.
	In, Out int64
	// Seen are, of our own, the public addresses at which others may reach us: multiaddresses that this machine has, that
	// a router gave us, or at which members see us.
	Seen []string
	// PhotosMissing counts photo files of its cases that are not here; PhotoBytes is what is kept of them.
	PhotosMissing int
	PhotoBytes    int64
}

// Lag is how many places the member's newest head is ahead of what we hold without a hole.
func (p *Peer) Lag() uint64 {
	if p.Head == nil || p.Head.Seq <= p.Held {
		return 0
	}
	return p.Head.Seq - p.Held
}

// Peers returns every member, ourselves first.
func (n *Node) Peers() ([]Peer, error) {
	all, err := n.store.Members()
	if err != nil {
		return nil, err
	}
	m, now := n.mesh.Load(), n.effectiveNow()
	missing := n.store.MissingPhotos()
	out := make([]Peer, 0, len(all))
	for _, member := range all {
		o := member.Card.Origin()
		p := Peer{Member: member, Reach: NotReached}
		state, err := n.store.LogState(o)
		if err != nil {
			return nil, err
		}
		place, err := n.store.Place(o)
		if err != nil {
			return nil, err
		}
		p.Held, p.Live, p.Dead = place.Seq, state.Live, state.Dead
		if p.Head, err = n.store.Head(o); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if p.Verified, err = n.store.Verified(o); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		p.Lease = n.store.Lease(o)
		if p.Extension, err = n.store.Extension(o); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		p.Frozen = n.frozen(o)
		if o != n.Origin() {
			if p.State, err = n.state(o, now); err != nil {
				return nil, err
			}
			p.Suspect = member.Standing == protocol.Active && n.suspect(o)
		}
		n.mu.RLock()
		p.LastSeen = n.seen[o]
		n.mu.RUnlock()
		p.PhotosMissing, p.PhotoBytes = missing[o], n.quota.bytes(o)
		if o == n.Origin() && m != nil {
			for _, a := range m.publicAddrs() {
				p.Seen = append(p.Seen, a.String())
			}
		}
		if id, err := peerOf(member.Card); err == nil {
			bytes := n.metrics.traffic.of(id)
			p.In, p.Out = bytes.in.Load(), bytes.out.Load()
			if m != nil && m.host.Network().Connectedness(id) == network.Connected {
				p.Connected, p.Relays = true, m.isRelay(id)
				p.Reach, p.Through = m.reach(id)
			}
		}
		out = append(out, p)
	}
	return out, nil
}
