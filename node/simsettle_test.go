package node

import (
	"math/bits"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
)

// What is to come about after the faults, and in what time.
const (
	// connectTime is within the longest wait of the supervisor between two tries.
	connectTime = 8 * time.Minute
	equalTime   = 5 * time.Minute
	markerTime  = 30 * time.Second
	gateTime    = 11 * time.Minute
	receiptTime = 12 * time.Minute
	photosTime  = 15 * time.Minute
	// idleBytes is what a node may send and receive in a minute, for each other, when nothing happens.
	idleBytes = 12 << 10
)

// rounds is in what time something comes everywhere without gossip: in a minute every node meets another, so that it doubles
// who has it at least; and a few minutes are for chance.
func (s *sim) rounds() time.Duration {
	return time.Duration(2+bits.Len(uint(len(s.nodes)))) * time.Minute
}

// heal ends every fault.
func (s *sim) heal() {
	s.mu.Lock()
	s.storms = nil
	s.mu.Unlock()
	clear(s.drift)
	s.healed = true
	for i := range s.nodes {
		s.setClock(i, 0)
		s.endTwin(i)
		s.roomy(i)
		if g, err := s.nodes[i].Gate(); s.up(i) && err == nil && g.State == GateTwin {
			s.halt(i) // as the alarm asks of its operator
		}
		s.boot(i)
	}
	for _, i := range sortedKeys(s.lies) {
		s.lie(i, lieEnd)
	}
}

// settle waits for what is to come about by itself, and tells the history what does not.
func (s *sim) settle() {
	s.figures.connected = s.await(13, connectTime, "to be connected", func(a, b int) bool {
		m := s.nodes[a].mesh.Load()
		return m.host.Network().Connectedness(s.peerID(b)) == network.Connected
	})
	s.await(16, gateTime, "to write, though the other is heard", func(a, _ int) bool {
		return s.h.accused[a] || s.nodes[a].gate.open()
	})
	s.learnStandings()
	s.awaitFrozen()
	// What a fast clock has dated ahead is held back until its time has come.
	ripe := time.Now()
	for _, c := range s.cases {
		for _, r := range c.records {
			if at := r.Header().At.Add(-protocol.MaxAhead); at.After(ripe) {
				ripe = at
			}
		}
	}
	s.advance(time.Until(ripe))
	s.figures.equal = s.await(13, equalTime, "to hold the other's log", s.equal)

	clear(s.older)
	marks := map[int]*simCase{}
	for i := range s.nodes {
		if !s.h.accused[i] {
			marks[i] = s.publishCase(i, false)
		}
	}
	s.await(16, gateTime, "to find signed what the other publishes", func(_, b int) bool { return len(marks[b].records) > 0 })
	s.figures.marker = s.await(13, markerTime, "to show the other's new case", func(a, b int) bool {
		return s.silent(a) || s.silent(b) || s.shows(a, marks[b].records[0])
	})
	s.await(13, s.rounds(), "to show the other's new case", func(a, b int) bool { return s.shows(a, marks[b].records[0]) })
	for _, i := range sortedKeys(marks) {
		s.closeIt(marks[i])
	}
	s.await(16, gateTime, "to find signed what the other closes", func(_, b int) bool { return marks[b].closed != nil })
	s.await(13, markerTime, "to have taken the other's case down", func(a, b int) bool { return s.gone(a, marks[b].closed) })
	s.await(17, s.rounds(), "to let go of what a delegate has said of the other, which has spoken since", func(a, b int) bool {
		_, err := s.nodes[a].store.Extension(s.nodes[b].Origin())
		return err != nil
	})
	// A takedown that went with its owner's disk before anybody had it was never given.
	s.cases = slices.DeleteFunc(s.cases, func(c *simCase) bool {
		return c.closed != nil && s.h.older[c.owner] && !slices.ContainsFunc(s.nodes, func(n *Node) bool {
			_, err := n.store.Phase(c.ref)
			return err == nil
		})
	})
	s.figures.receipted = s.await(13, receiptTime, "to have receipted the other's takedowns", func(a, b int) bool {
		return !slices.ContainsFunc(s.cases, func(c *simCase) bool { return c.owner == b && c.closed != nil && !c.sweptBy[a] })
	})
	s.await(14, photosTime, "to hold the other's photos", func(a, b int) bool {
		return s.nodes[a].store.MissingPhotos()[s.nodes[b].Origin()] == 0
	})

	// One head of each, and nothing else. A large world has no time for that.
	s.advance(time.Minute) // gossip still tells what it has
	before := s.traffic()
	quiet, wait := time.Now(), headEvery
	if len(s.nodes) > simLarge {
		wait = time.Minute
	}
	s.advance(wait)
	s.figures.idle = (s.traffic() - before) / int64(len(s.nodes)) / int64(time.Since(quiet)/time.Minute)
	if most := int64(idleBytes * (len(s.nodes) - 1)); s.figures.idle > most {
		s.late(18, 0, "an idle node moves %d bytes a minute, want %d at most", s.figures.idle, most)
	}
	if wait == headEvery {
		s.await(17, time.Minute, "to hold a new lease of the other", func(a, b int) bool {
			head, err := s.nodes[a].store.Verified(s.nodes[b].Origin())
			// Without gossip a head that tells nothing new is fetched when it is a quarter of a lease newer.
			return s.silent(a) || s.silent(b) || err == nil && head.At.After(quiet.Add(-time.Minute))
		})
	}
	for i := range s.nodes {
		s.search(i)
	}
}

// learnStandings looks up what older folders have made of decisions to deny members: none that stands in the node's own log
// is forgotten.
func (s *sim) learnStandings() {
	if len(s.unsure) == 0 {
		return
	}
	s.advance(equalTime)
	for i, n := range s.nodes {
		members, err := n.store.Members()
		must(s.t, err)
		for _, m := range members {
			o := s.index[m.Card.Origin()]
			if !s.unsure[pairKey{i, o}] {
				continue
			}
			said := n.stance(m.Card.Origin())
			if said.View == protocol.Suspends && m.Standing == protocol.Active && said.Since.After(m.Since) {
				s.late(10, i, "its own log says since %s that member %d is denied, and it is active", said.Since.Sub(epoch0), o)
			}
			to := m.Standing
			if to == protocol.Active {
				to = ""
			}
			s.setApart(i, o, to)
		}
	}
}

// awaitFrozen waits until all have frozen a member of which one of their friends holds a proof. A proof that tells of a case
// that was closed is destroyed, and who has not had it by then is told no more; it gets nothing of that member either.
func (s *sim) awaitFrozen() {
	proof := func(a, b int) bool {
		_, err := s.nodes[a].store.Fork(s.nodes[b].Origin())
		return err == nil
	}
	begun := time.Now()
	for {
		left := [2]int{-1, -1}
		for b := range s.nodes {
			var holders []int
			for c := range s.nodes {
				if proof(c, b) {
					holders = append(holders, c)
				}
			}
			for a := range s.nodes {
				if _, is := s.nodes[a].store.Frozen(s.nodes[b].Origin()); is || !s.friends(a, b) {
					continue
				}
				if slices.ContainsFunc(holders, func(c int) bool { return s.friends(a, c) }) {
					left = [2]int{a, b}
				}
			}
		}
		if left[0] < 0 {
			return
		}
		if time.Since(begun) > equalTime {
			s.late(7, left[0], "%s after the faults it has yet to freeze member %d, of which others hold a proof", equalTime, left[1])
			return
		}
		s.advance(time.Second)
	}
}

// equal says whether node a holds the whole log of b, and has verified it.
func (s *sim) equal(a, b int) bool {
	o := s.nodes[b].Origin()
	own, err := s.nodes[b].store.LogState(o)
	if err != nil {
		return false
	}
	has, err := s.nodes[a].store.LogState(o)
	if err != nil || has.Root != own.Root {
		return false
	}
	head, err := s.nodes[a].store.Verified(o)
	return err == nil && head.Root == own.Root
}

// traffic is what all nodes together have read and written on our streams since they started.
func (s *sim) traffic() (bytes int64) {
	for _, n := range s.nodes {
		for _, o := range s.nodes {
			if id, err := peerOf(o.Card()); err == nil {
				b := n.metrics.traffic.of(id)
				bytes += b.in.Load() + b.out.Load()
			}
		}
	}
	return bytes
}

// await lets time pass until something is so between every two friends of which the second has signed one log, and says how
// long it took. Who lacks it when the time is over has violated an invariant.
func (s *sim) await(invariant int, limit time.Duration, what string, is func(a, b int) bool) time.Duration {
	begun := time.Now()
	for {
		s.lookBoards()
		left := [2]int{-1, -1}
		for a := range s.nodes {
			for b := range s.nodes {
				if s.friends(a, b) && !s.h.accused[b] && !is(a, b) {
					left = [2]int{a, b}
				}
			}
		}
		if left[0] < 0 {
			return time.Since(begun)
		}
		if time.Since(begun) > limit {
			s.late(invariant, left[0], "%s after the faults it has yet %s (node %d)", limit, what, left[1])
			return time.Since(begun)
		}
		s.advance(min(time.Second, limit/20))
	}
}
