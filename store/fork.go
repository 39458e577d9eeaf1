package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Conflict says that the origin signed another record than the one that is held at its place: the two together are the
// proof of a fork, once the signatures of both have been verified. It is a protocol.ErrFork.
type Conflict struct {
	// Held is the signed envelope of the record at the place.
	Held []byte
}

func (e *Conflict) Error() string { return protocol.ErrFork.Error() }

// Is makes it a protocol.ErrFork.
func (e *Conflict) Is(target error) bool { return target == protocol.ErrFork }

// keptHeads is how many heads of an origin are remembered to hold later ones against.
const keptHeads = 64

// forkHeld is a value of the bucket forks: what proves that an origin is frozen.
type forkHeld struct {
	kind  byte
	since int64 // ms
	epoch uint64
	// proof is the signed bytes of forkHeads, the sealed row of forkRecords, and nothing of forkGone.
	proof []byte
}

// What is left of a proof.
const (
	forkHeads   = 'h'
	forkRecords = 'r'
	forkGone    = 'g' // it told of a case that was taken down: all that is remembered is that there was one
)

const forkHeader = 1 + 8 + 8

func (f forkHeld) value() []byte {
	b := binary.BigEndian.AppendUint64([]byte{f.kind}, uint64(f.since))
	return append(binary.BigEndian.AppendUint64(b, f.epoch), f.proof...)
}

func forkOf(v []byte) *forkHeld {
	return &forkHeld{v[0], int64(binary.BigEndian.Uint64(v[1:])), binary.BigEndian.Uint64(v[9:]), bytes.Clone(v[forkHeader:])}
}

// forked says whether the member is frozen in an epoch: of its records there nothing but takedowns is taken.
func (m *member) forked(epoch uint64) bool { return m.fork != nil && epoch <= m.fork.epoch }

// frozenBy says whether a head is worth nothing, for the member is frozen. Of our own there may be heads all the same.
func (m *member) frozenBy(h *protocol.Head) bool {
	return m.Standing != protocol.Own && m.forked(h.Epoch)
}

// past says whether the newest verified head of the member should have counted a record at a place, if it counts at all. What
// comes back of our own is not held against it, unless a head of a later epoch has not counted it: then it is by a key that
// may be stolen.
func (m *member) past(at place) bool {
	v := m.verified
	if v == nil || m.Standing == protocol.Own && (at.epoch >= v.Epoch || m.Card == nil || v.Epoch < m.Card.Epoch) {
		return false
	}
	return !at.after(place{m.short, v.Epoch, v.Seq})
}

// gate makes of what judge says what a fork makes of it: of a frozen origin nothing but takedowns is taken, from any
// branch, and nothing that a verified head of the origin should have counted and did not. Of a case that is closed nothing
// is shown, and judge has let a record pass that is to be counted only.
func (m *member) gate(judged error, at place, t protocol.Type, closed, past bool) error {
	switch {
	case judged != nil && !errors.Is(judged, protocol.ErrFork):
		return judged
	case m.forked(at.epoch) && t == protocol.TypeTakedown:
		return nil
	case m.forked(at.epoch):
		return protocol.ErrFrozen
	case judged == nil && t != protocol.TypeTakedown && !closed && past:
		return protocol.ErrPast
	}
	return judged
}

// HeadAt returns a signed head of an origin that is held or remembered and of the same length, but says something else;
// fs.ErrNotExist when there is none.
func (s *Store) HeadAt(h *protocol.Head) (*protocol.Head, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[h.Origin]; m != nil {
		for _, old := range append([]*protocol.Head{m.head, m.verified}, m.heads...) {
			if old != nil && old.Epoch == h.Epoch && old.Seq == h.Seq && old.Root != h.Root {
				return old, nil
			}
		}
	}
	return nil, absent{"another head", h.Origin}
}

// remember keeps a head to hold later ones against. The caller holds mu.
func (m *member) remember(h *protocol.Head) {
	same := func(old *protocol.Head) bool { return old.Epoch == h.Epoch && old.Seq == h.Seq }
	if slices.ContainsFunc(m.heads, same) {
		return
	}
	if len(m.heads) == keptHeads {
		m.heads = slices.Delete(m.heads, 0, 1)
	}
	m.heads = append(m.heads, h)
}

// AddFork stores the proof that an origin signed two logs, and freezes it: of that epoch nothing but takedowns is taken any
// longer, and no head, until the origin has a card of a later epoch. One proof an origin is kept, the newest epoch's, and
// one of two heads rather than one of two records. news says that it told us something. pass says that the proof may be
// given to others: it tells of no case that was taken down.
//
// The error is protocol.ErrOrigin for an origin that is no member.
func (s *Store) AddFork(f *protocol.Fork) (news, pass bool, err error) {
	err = s.change(func(c *change) error {
		news, pass = false, false
		m := s.members[f.Origin]
		if !m.kept() {
			return protocol.ErrOrigin
		}
		if !m.learns(f.Epoch, f.Heads) {
			return nil
		}
		news, pass = true, true
		next := forkHeld{kind: forkHeads, since: s.now().UnixMilli(), epoch: f.Epoch, proof: f.Bytes()}
		if m.fork != nil && m.fork.epoch == f.Epoch {
			next.since = m.fork.since
		}
		if !f.Heads {
			if pass = !slices.ContainsFunc(f.Cases(), c.isClosed); pass {
				next.kind, next.proof = forkRecords, c.sealRow(sealedFork, f.Origin[:], f.Bytes())
			} else {
				next.kind, next.proof = forkGone, nil
			}
		}
		return errors.Join(c.setFork(m, next), c.unextend(m))
	})
	if err != nil {
		return false, false, fmt.Errorf("store fork: %w", err)
	}
	return news, pass, nil
}

// isClosed says whether a case was taken down.
func (b *buckets) isClosed(ref protocol.Ref) bool { return b.dead.Get(ref[:]) != nil }

// learns says whether a proof would tell anything about the member that is not known.
func (m *member) learns(epoch uint64, heads bool) bool {
	return protocol.Frozen(epoch, m.Card) && (m.fork == nil || epoch > m.fork.epoch || epoch == m.fork.epoch && heads && m.fork.kind != forkHeads)
}

// LearnsFork says whether AddFork would store a proof of this kind.
func (s *Store) LearnsFork(o protocol.Origin, epoch uint64, heads bool) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	m := s.members[o]
	return m != nil && m.learns(epoch, heads)
}

// setFork writes what proves that a member is frozen, and has the key of what proved it before overwritten.
func (c *change) setFork(m *member, next forkHeld) error {
	if v := c.forks.Get(m.origin[:]); v != nil && v[0] == forkRecords {
		c.shredRow(v[forkHeader:])
	}
	if err := c.forks.Put(m.origin[:], next.value()); err != nil {
		return fmt.Errorf("write fork: %w", err)
	}
	c.then = append(c.then, func() { m.fork = &next })
	return nil
}

// buryFork destroys the proof that a member is frozen if it tells of a case that which picks, and says whether it did. The
// member stays frozen.
func (c *change) buryFork(m *member, which func(protocol.Ref) bool) (bool, error) {
	v := c.forks.Get(m.origin[:])
	if v == nil || v[0] != forkRecords {
		return false, nil
	}
	held := forkOf(v)
	f, err := c.openFork(m.origin, held)
	if err != nil || !slices.ContainsFunc(f.Cases(), which) {
		return false, err
	}
	held.kind, held.proof = forkGone, nil
	return true, c.setFork(m, *held)
}

func (b *buckets) openFork(o protocol.Origin, held *forkHeld) (f *protocol.Fork, err error) {
	raw := held.proof
	if held.kind == forkRecords {
		if raw, err = b.openRow(sealedFork, o[:], raw); err != nil {
			return nil, fmt.Errorf("fork of %s: %w", o, err)
		}
	}
	if f, err = protocol.ReopenFork(raw); err != nil {
		return nil, fmt.Errorf("fork of %s: %w: %w", o, ErrDamaged, err)
	}
	return f, nil
}

// Fork returns the proof that an origin signed two logs; fs.ErrNotExist when there is none, or no more than the memory of
// one.
func (s *Store) Fork(o protocol.Origin) (f *protocol.Fork, err error) {
	if _, frozen := s.Frozen(o); !frozen {
		return nil, absent{"fork", o}
	}
	err = s.view(func(b *buckets) error {
		v := b.forks.Get(o[:])
		if v == nil || v[0] == forkGone {
			return absent{"fork", o}
		}
		f, err = b.openFork(o, forkOf(v))
		return err
	})
	return f, err
}

// thaw forgets that a member is frozen if card is of a later epoch.
func (c *change) thaw(m *member, card *protocol.Card) error {
	v := c.forks.Get(m.origin[:])
	if v == nil || protocol.Frozen(forkOf(v).epoch, card) {
		return nil
	}
	if v[0] == forkRecords {
		c.shredRow(v[forkHeader:])
	}
	if err := c.forks.Delete(m.origin[:]); err != nil {
		return fmt.Errorf("forget fork: %w", err)
	}
	c.then = append(c.then, func() { m.fork = nil })
	return nil
}

// Frozen says whether an origin is frozen, and since when we know.
func (s *Store) Frozen(o protocol.Origin) (since time.Time, frozen bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && m.fork != nil {
		return time.UnixMilli(m.fork.since), true
	}
	return time.Time{}, false
}

// Freeze returns what other nodes compare with us of an origin that is frozen; ok is false for all others.
func (s *Store) Freeze(o protocol.Origin) (f protocol.Freeze, ok bool, err error) {
	s.mu.RLock()
	m := s.members[o]
	if m == nil || !m.kept() || m.fork == nil {
		s.mu.RUnlock()
		return f, false, nil
	}
	f = protocol.Freeze{Origin: o, Epoch: m.fork.epoch, Heads: m.fork.kind == forkHeads}
	closings, short := m.closings, m.short
	sum := m.closedSum
	s.mu.RUnlock()
	if sum.of != closings+1 {
		err = s.view(func(b *buckets) error {
			sum.digest = protocol.ClosedSum(func(yield func(protocol.Ref) bool) {
				c := b.dead.Cursor()
				for k, v := c.First(); k != nil; k, v = c.Next() {
					if deadCaseOf(v).short == short && !yield(protocol.Ref(k)) {
						return
					}
				}
			})
			return nil
		})
		if err != nil {
			return f, false, fmt.Errorf("closed cases of %s: %w", o, err)
		}
		sum.of = closings + 1
		s.mu.Lock()
		if m.closings == closings {
			m.closedSum = sum
		}
		s.mu.Unlock()
	}
	f.Closed = sum.digest
	return f, true, nil
}

// closedSum is protocol.ClosedSum as it was after so many closings, and one: zero is none.
type closedSum struct {
	of     uint64
	digest [16]byte
}
