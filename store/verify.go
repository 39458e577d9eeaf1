package store

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// keptStates is how many states of a log are remembered for a head that is overtaken by later records.
const keptStates = 64

// logAt is what a head vouches for. The root covers the epochs of all records; a head may be of an epoch that has none.
type logAt struct {
	seq  uint64
	root digest
}

func vouchedBy(h *protocol.Head) logAt { return logAt{h.Seq, h.Root} }

func (st LogState) at() logAt { return logAt{st.Seq, st.Root} }

// state reads what is stored of a member's log. It looks for the last record forwards: bbolt's cursor does not come back
// from a page that the same transaction has emptied.
func (b *buckets) state(m *member) LogState {
	n := numberedOf(b.origins.Get(m.origin[:]))
	blocks := b.blocksOf(m.short)
	st := LogState{Root: protocol.RootOf(blocks), Live: n.live, Dead: n.dead}
	if len(blocks) > 0 {
		end := blocks[len(blocks)-1]
		b.digests.eachIn(place{m.short, end.Epoch, end.Index}, func(key, _ []byte) {
			at := placeOf(key)
			st.Epoch, st.Seq = at.epoch, at.seq
		})
	}
	return st
}

// settle notes what the logs that changed have become, and whether that is what their newest heads vouch for.
func (c *change) settle() error {
	seen := map[uint32]bool{}
	for at := range c.touched {
		m := c.s.numbers[at.short]
		if seen[at.short] {
			continue
		}
		seen[at.short] = true
		state := c.state(m)
		if m != c.forgets && m.head != nil && vouchedBy(m.head) == state.at() {
			if err := c.verified(m, m.head); err != nil {
				return err
			}
		}
		c.then = append(c.then, func() {
			m.log = state
			if m == c.forgets { // what the log was is no longer what we hold of it
				m.passed = nil
			}
			if len(m.passed) == keptStates {
				m.passed = slices.Delete(m.passed, 0, 1)
			}
			m.passed = append(m.passed, state.at())
		})
	}
	return nil
}

// verified notes that a member's log has been what a head of it vouches for. Then no record up to the head is missing. A
// head of a frozen member vouches for nothing any more.
func (c *change) verified(m *member, h *protocol.Head) error {
	if !h.Newer(m.verified) || m.frozenBy(h) {
		return nil
	}
	if err := c.buckets.verified.Put(m.origin[:], h.Bytes()); err != nil {
		return fmt.Errorf("write verified head: %w", err)
	}
	c.then = append(c.then, func() { m.verified = h })
	if h.Seq == 0 {
		return nil
	}
	c.setPlace(protocol.LogPlace{Origin: m.origin, Epoch: h.Epoch, Seq: h.Seq})
	return nil
}

// Verified returns the newest head of an origin that we have verified: our own log was, at some moment since it came,
// exactly what it vouches for. It is fs.ErrNotExist before the first.
func (s *Store) Verified(o protocol.Origin) (*protocol.Head, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && m.verified != nil {
		return m.verified, nil
	}
	return nil, absent{"verified head", o}
}

// Heard notes the time of a genuine head of an active member, whether or not the head is kept: Clock needs it even of
// heads that seem to come from the future.
func (s *Store) Heard(o protocol.Origin, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.members[o]; m != nil && m.Standing == protocol.Active {
		m.heard = at
		s.tellTime()
	}
}

// tellTime gathers the heads that Clock reads. The caller holds mu.
func (s *Store) tellTime() {
	s.times = s.times[:0:0]
	for _, m := range s.members {
		if m.Standing == protocol.Active && !m.heard.IsZero() {
			s.times = append(s.times, m.heard)
		}
	}
	slices.SortFunc(s.times, func(a, b time.Time) int { return b.Compare(a) })
	s.times = s.times[:min(5, len(s.times))]
}

// Clock returns the time as leases are told by. peers are as in protocol.ReadClock, nil if they do not matter.
func (s *Store) Clock(peers []time.Duration) protocol.Clock {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clock(peers)
}

// clock is Clock for who holds mu.
func (s *Store) clock(peers []time.Duration) protocol.Clock {
	return protocol.ReadClock(s.now(), s.times, peers)
}

// shredStep is how many cases one transaction of Shred deletes.
const shredStep = 4096

// Shred deletes the cases and photos of an active or suspended member that has fallen silent, and says how many cases
// there were. Its takedowns and stances stay, and no new takedowns are made: when it speaks again its log is asked for
// from the beginning.
func (s *Store) Shred(o protocol.Origin) (cases int, err error) {
	for {
		n := 0
		err := s.change(func(c *change) error {
			m := c.s.members[o]
			if !m.kept() || m.Standing == protocol.Own {
				return protocol.ErrOrigin
			}
			live := c.liveOf(m, shredStep, rowCase)
			if err := c.forget(m, live); err != nil {
				return err
			}
			if n = len(live); n == 0 {
				return nil
			}
			if err := errors.Join(c.places.Delete(m.origin[:]), c.buckets.verified.Delete(m.origin[:]), c.unextend(m)); err != nil {
				return fmt.Errorf("forget place: %w", err)
			}
			c.then = append(c.then, func() { m.verified = nil })
			c.restart(m)
			return nil
		})
		if cases += n; err != nil || n < shredStep {
			if err != nil {
				err = fmt.Errorf("shred %s: %w", o, err)
			}
			return cases, err
		}
	}
}
