package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// SetExtension keeps the word of an active member's delegate that its cases may be shown for longer: of the newest head, which
// must be verified here, the latest. It goes with that head, and when either standing, the member's or the delegate's, or
// either node key changes, or the member names another delegate. The signature has been verified.
//
// Errors: protocol.ErrOrigin when either is not accepted, ErrFrozen, ErrUnverified, ErrStored when one as late is held, and
// those of Extends.
func (s *Store) SetExtension(x *protocol.Extension) error {
	s.mu.RLock()
	err := s.extends(x)
	s.mu.RUnlock()
	if err != nil {
		return err
	}
	return s.change(func(c *change) error {
		if err := s.extends(x); err != nil {
			return err
		}
		m := s.members[x.Origin]
		c.then = append(c.then, func() { m.extension = x })
		if err := c.extensions.Put(x.Origin[:], x.Bytes()); err != nil {
			return fmt.Errorf("write extension: %w", err)
		}
		return nil
	})
}

// extends says why an extension is not taken. The caller holds mu or write.
func (s *Store) extends(x *protocol.Extension) error {
	m, by := s.members[x.Origin], s.members[x.By]
	switch {
	case m == nil || m.Standing != protocol.Active || !by.taken() || by.Card == nil:
		return protocol.ErrOrigin
	case m.head != nil && m.frozenBy(m.head):
		return protocol.ErrFrozen
	}
	if err := x.Extends(m.head, m.Card); err != nil {
		return err
	}
	switch {
	case m.verified == nil || m.verified.ID() != m.head.ID():
		return protocol.ErrUnverified
	case m.extension != nil && !x.At.After(m.extension.At):
		return protocol.ErrStored
	}
	return nil
}

// Extension returns the extension that is held of an origin's newest head; fs.ErrNotExist when there is none. It may be over.
func (s *Store) Extension(o protocol.Origin) (*protocol.Extension, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && m.extension != nil {
		return m.extension, nil
	}
	return nil, absent{"extension", o}
}

// Lease returns until when an origin's cases may be shown here: to the end of the newest verified head, or of its extension.
// It is zero without either, and for our own.
func (s *Store) Lease(o protocol.Origin) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && o != s.own {
		return m.lease()
	}
	return time.Time{}
}

// unextend drops the extension of a member's head, if there is one.
func (c *change) unextend(m *member) error {
	if c.extensions.Get(m.origin[:]) == nil {
		return nil
	}
	c.then = append(c.then, func() { m.extension = nil })
	if err := c.extensions.Delete(m.origin[:]); err != nil {
		return fmt.Errorf("drop extension: %w", err)
	}
	return nil
}

// unextendBy drops every extension that a member has signed as the delegate of others.
func (c *change) unextendBy(by *member) error {
	for _, m := range c.s.members {
		if m.extension != nil && m.extension.By == by.origin {
			if err := c.unextend(m); err != nil {
				return err
			}
		}
	}
	return nil
}

// lent is what is known of extensions of our own heads: until when members that hear nothing of us may show, on the word of
// our delegate, what we closed since.
type lent struct {
	until time.Time
	since time.Time // when the earliest of those heads was signed; zero if a head is not known here
}

func (b *buckets) lent() (l lent) {
	if v := b.meta.Get([]byte("lent")); v != nil {
		l.until = time.UnixMilli(int64(binary.BigEndian.Uint64(v))).UTC()
		if since := int64(binary.BigEndian.Uint64(v[8:])); since != 0 {
			l.since = time.UnixMilli(since).UTC()
		}
	}
	return l
}

// later returns when the right to show a case ends that was closed at a time, and that heads alone let others show until.
func (l lent) later(closed, until time.Time) time.Time {
	if l.until.After(until) && !closed.Before(l.since) {
		return l.until
	}
	return until
}

// Lend notes an extension of a head of our own, which our delegate has signed: it lengthens what Closed says of cases that
// we have closed since that head. What no member would have taken of it is cut off.
func (s *Store) Lend(x *protocol.Extension) error {
	if x.Origin != s.own {
		return protocol.ErrOrigin
	}
	next := lent{until: x.Until}
	return s.change(func(c *change) error {
		m, old := s.members[s.own], c.lent()
		most := c.shownUntil()
		if week := s.now().Add(protocol.MaxLease); week.After(most) { // a new folder knows nothing of the heads before it
			most = week
		}
		if most = most.Add(protocol.MaxExtension); next.until.After(most) {
			next.until = most
		}
		for _, h := range append([]*protocol.Head{m.head, m.verified}, m.heads...) {
			if h != nil && h.ID() == x.Head {
				next.since = h.At
			}
		}
		if old.until.After(s.now()) { // both run: until the later end, of what was closed since the earlier head
			if old.since.Before(next.since) {
				next.since = old.since
			}
			if old.until.After(next.until) {
				next.until = old.until
			}
		}
		if next == old || !next.until.After(s.now()) {
			return protocol.ErrStored
		}
		v := binary.BigEndian.AppendUint64(nil, uint64(next.until.UnixMilli()))
		since := int64(0)
		if !next.since.IsZero() {
			since = next.since.UnixMilli()
		}
		return c.meta.Put([]byte("lent"), binary.BigEndian.AppendUint64(v, uint64(since)))
	})
}

// extensions checks that each is what is in memory and counts.
func (k *checking) extensions() {
	k.each("extends", k.buckets.extensions, 32, 0, func(key, v []byte) {
		x, err := protocol.ReopenExtension(v)
		m := k.s.members[protocol.Origin(key)]
		if err != nil || m == nil || x.Origin != m.origin || m.extension == nil || !bytes.Equal(m.extension.Bytes(), v) {
			k.wrong("extends", key, "is not what is in memory: %v", err)
			return
		}
		by := k.s.members[x.By]
		if err := errors.Join(x.Extends(m.head, m.Card), x.Extends(m.verified, m.Card)); err != nil || m.Standing != protocol.Active || !by.taken() || m.forked(m.head.Epoch) {
			k.wrong("extends", key, "counts for nothing: %v", err)
		}
	})
	for _, m := range k.s.members {
		if m.extension != nil && k.buckets.extensions.Get(m.origin[:]) == nil {
			k.wrong("extends", m.origin[:], "missing")
		}
	}
}
