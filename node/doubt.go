package node

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// doubtPeers is how many members are asked, one after another, for a log that is not what its owner signed, and
	// doubtWait how long after one the next.
	doubtPeers = 3
	doubtWait  = 2 * time.Second
	// suspectAfter is how long a doubt must last before the operator hears of it: records may still be on their way.
	suspectAfter = 2 * time.Minute
)

// doubt is a log that is not what its owner's newest head vouches for, though somebody has been asked for it.
type doubt struct {
	since time.Time
	tried map[peer.ID]bool
}

// compared ends what one peer could do for a log. While it is not what its owner signed, another peer is asked: the
// owner first, whose word on its own log is the last.
func (n *Node) compared(m *mesh, o protocol.Origin, id peer.ID) {
	head, err := n.store.Head(o)
	if err != nil || o == n.Origin() && !n.gate.recovers() || n.frozen(o) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.verified(o, head) {
		delete(n.doubts, o)
		return
	}
	d := n.doubts[o]
	if d == nil {
		d = &doubt{since: time.Now(), tried: map[peer.ID]bool{}}
		n.doubts[o] = d
	}
	if d.tried[id] = true; len(d.tried) >= doubtPeers {
		return // now and then a random member is greeted, which asks on
	}
	var next peer.ID
	others := m.host.Network().Peers()
	rand.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for _, other := range others {
		if owner, member := n.peers[other]; member && !d.tried[other] && (next == "" || owner == o) {
			next = other
		}
	}
	if next != "" {
		n.pullSoon(next, doubtWait)
	}
}

// unhelped notes that a peer could not be asked, so that another is.
func (n *Node) unhelped(m *mesh, id peer.ID) {
	n.mu.RLock()
	doubts := slices.Collect(maps.Keys(n.doubts))
	n.mu.RUnlock()
	for _, o := range doubts {
		n.compared(m, o, id)
	}
}

// suspect says whether a log has for some time not been what its owner signed, and several members could not help: a
// peer leaves records out, or the owner signed two logs. What was verified before is shown until its lease ends.
func (n *Node) suspect(o protocol.Origin) bool {
	m := n.mesh.Load()
	head, err := n.store.Head(o)
	if m == nil || err != nil || n.frozen(o) || n.verified(o, head) {
		return false
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	d := n.doubts[o]
	if d == nil || time.Since(d.since) < suspectAfter {
		return false
	}
	for _, id := range m.host.Network().Peers() {
		if _, member := n.peers[id]; member && !d.tried[id] && len(d.tried) < doubtPeers {
			return false
		}
	}
	return true
}

// Blame lowers a member's score; it halves every hour.
const (
	// blameWaste is for records that are not those of their block: an honest log may have changed meanwhile.
	blameWaste = 2
	// blameLie is for what no honest member sends.
	blameLie = 20
)

// fault is what a member is blamed for.
type fault struct {
	points float64
	at     time.Time
}

func (f fault) now() float64 {
	for t := f.at; f.points > 0.1 && time.Since(t) >= time.Hour; t = t.Add(time.Hour) {
		f.points /= 2
	}
	return f.points
}

// blame notes that a member misbehaved, for its score in gossip.
func (m *mesh) blame(id peer.ID, points float64) {
	m.n.log.Warn("a member sent what its owner did not sign so", "peer", id.String())
	m.mu.Lock()
	defer m.mu.Unlock()
	m.faults[id] = fault{m.faults[id].now() + points, time.Now()}
}

// blamed returns what a member is blamed for now.
func (m *mesh) blamed(id peer.ID) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.faults[id].now()
}

// Clock returns the time as leases are told by, and how far our own clock is off: by the heads of other members, and by
// what the members that we are connected to said when they greeted us.
func (n *Node) Clock() protocol.Clock {
	var peers []time.Duration
	if m := n.mesh.Load(); m != nil {
		n.mu.RLock()
		for id, off := range n.offsets {
			if m.host.Network().Connectedness(id) == network.Connected {
				peers = append(peers, off)
			}
		}
		n.mu.RUnlock()
	}
	return n.store.Clock(peers)
}

// effectiveNow is Clock().Now, which what members said in greetings does not change: for each record and each head it costs
// nothing to speak of.
func (n *Node) effectiveNow() time.Time { return n.store.Clock(nil).Now }
