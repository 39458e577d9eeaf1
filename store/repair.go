package store

import (
	"errors"
	"fmt"

	"github.com/gmcn/gmcn/protocol"
)

// ErrRepair says that a log was left as it is, for what a peer gave would not make it what its owner signed.
var ErrRepair = errors.New("it would not be what the owner's head vouches for")

// Repair makes the log of another member exactly what its newest head vouches for, in one transaction that is undone
// unless the root is the head's. It is the only way in for a record that an earlier verified head did not count, and the
// only way out for one that is held and that the owner's log does not have: both are of a fork. blocks are those of the
// owner's log, as the head vouches for them; records are all of those blocks in which we hold something else. No takedown is
// undone: one that the owner's log does not have is a stray from then on.
//
// Errors: ErrRepair; protocol.ErrFork when another record is held at the place of one of these in the epoch that the member
// is in, which is for a proof to settle; ErrOrigin, ErrFrozen.
func (s *Store) Repair(h *protocol.Head, blocks []protocol.Block, records []*protocol.Record) error {
	err := s.change(func(c *change) error {
		m := s.members[h.Origin]
		switch {
		case !m.taken() || m.Standing == protocol.Own:
			return protocol.ErrOrigin
		case m.frozenBy(h):
			return protocol.ErrFrozen
		case m.head == nil || vouchedBy(m.head) != vouchedBy(h) || m.head.Epoch != h.Epoch:
			return fmt.Errorf("there is a newer head: %w", ErrRepair)
		case c.last(m.short).seq > h.Seq:
			return fmt.Errorf("we hold more than the head counts: %w", ErrRepair)
		}
		c.repairs = true
		c.then = append(c.then, func() { m.passed = nil }) // what the log was before, its owner never signed
		if err := c.clear(m, blocks, records); err != nil {
			return err
		}
		for _, r := range records {
			if _, err := c.put(r); err != nil { // what it refuses is missing in the root
				return err
			}
		}
		for at := range c.touched {
			if err := c.digestBlock(at); err != nil {
				return err
			}
		}
		if protocol.RootOf(c.blocksOf(m.short)) != h.Root {
			return ErrRepair
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("repair log of %s: %w", h.Origin, err)
	}
	return nil
}

// clear takes out of a log what stands in blocks that differ from those of its owner and is none of records.
func (c *change) clear(m *member, blocks []protocol.Block, records []*protocol.Record) error {
	theirs := make(map[place]protocol.Block, len(blocks))
	for _, b := range blocks {
		theirs[place{m.short, b.Epoch, b.Index}] = b
	}
	want := make(map[place]digest, len(records))
	for _, r := range records {
		h := r.Header()
		want[place{m.short, h.Epoch, h.Seq}] = protocol.Digest(r.ID())
	}
	var out []place
	for _, b := range c.blocksOf(m.short) {
		at := place{m.short, b.Epoch, b.Index}
		if theirs[at] == b {
			continue
		}
		var forked error
		c.digests.eachIn(at, func(key, row []byte) {
			p := placeOf(key)
			switch d, ok := want[p]; {
			case ok && d == digest(row[1:]):
				return
			case ok && p.epoch >= m.Card.Epoch:
				forked = protocol.ErrFork
			}
			out = append(out, p)
		})
		if forked != nil {
			return forked
		}
	}
	for _, p := range out {
		if err := c.takeOut(m, p); err != nil {
			return err
		}
	}
	return nil
}

// takeOut removes what stands at a place of a log. A takedown becomes a stray.
func (c *change) takeOut(m *member, p place) error {
	if c.digests.Get(p.key())[0] == rowGhost {
		return c.dropGhostAt(p)
	}
	r, err := c.read(p)
	if err != nil {
		return err
	}
	if r.Type() == protocol.TypeTakedown {
		return c.stray(m, r, p)
	}
	c.shredRow(c.log.Get(p.key()))
	return c.drop(m, r)
}
