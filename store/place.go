package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// LogState is what is stored of an origin's log.
type LogState struct {
	// Epoch and Seq are the place of the last record; zero when there is none.
	Epoch, Seq uint64
	// Root is protocol.RootOf the blocks: equal to a head's when the very same records are stored.
	Root [32]byte
	// Live and Dead count the cases that are live and those taken down.
	Live, Dead uint64
}

// LogState returns what is stored of an origin's log. Of an origin that nothing is stored of, it is the empty log.
func (s *Store) LogState(o protocol.Origin) (LogState, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil {
		return m.log, nil
	}
	return LogState{Root: protocol.RootOf(nil)}, nil
}

// last returns the last place of an origin's log; epoch and seq are zero when it is empty.
func (b *buckets) last(short uint32) place {
	c := b.digests.Cursor()
	k, _ := c.Seek(place{short: short + 1}.key())
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	if k == nil || placeOf(k).short != short {
		return place{short: short}
	}
	return placeOf(k)
}

func (b *buckets) blocksOf(short uint32) []protocol.Block {
	var blocks []protocol.Block
	first := place{short: short}.key()
	c := b.blocks.Cursor()
	for k, v := c.Seek(first); k != nil && bytes.Equal(k[:4], first[:4]); k, v = c.Next() {
		blocks = append(blocks, blockOf(k, v))
	}
	return blocks
}

// block digests the rows of the block at a key of the bucket blocks.
func (b *buckets) block(at place) protocol.Block {
	entries := make([]protocol.LogEntry, 0, protocol.BlockSize)
	b.digests.eachIn(at, func(key, v []byte) {
		entries = append(entries, protocol.LogEntry{Seq: placeOf(key).seq, Digest: digest(v[1:])})
	})
	return protocol.BlockOf(at.epoch, at.seq, entries)
}

func (c *change) digestBlock(at place) error {
	block := c.block(at)
	if block.Count == 0 {
		return c.blocks.Delete(at.key())
	}
	if err := c.blocks.Put(at.key(), blockValue(block)); err != nil {
		return fmt.Errorf("write block digest: %w", err)
	}
	return nil
}

// Place returns how far an origin's log is held without a hole; Epoch and Seq are zero when not even its first record is.
func (s *Store) Place(o protocol.Origin) (p protocol.LogPlace, err error) {
	err = s.db.View(func(tx *bbolt.Tx) error {
		p = (&buckets{places: bucketOf(tx, "places")}).place(o) // a pull asks for every origin's
		return nil
	})
	return p, err
}

func (b *buckets) place(o protocol.Origin) protocol.LogPlace {
	p := protocol.LogPlace{Origin: o}
	if v := b.places.Get(o[:]); v != nil {
		p.Epoch, p.Seq = binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])
	}
	return p
}

// SetPlace says that a log is held without a hole up to p: a pull has been answered to its end. It never moves back, and
// moves on by itself over records that are stored above p.
func (s *Store) SetPlace(p protocol.LogPlace) error {
	return s.change(func(c *change) error {
		if !c.s.members[p.Origin].taken() {
			return protocol.ErrOrigin
		}
		c.setPlace(p)
		return nil
	})
}

// heldAt returns the place of an origin's log as this change has it so far.
func (c *change) heldAt(o protocol.Origin) protocol.LogPlace {
	if p, ok := c.moved[o]; ok {
		return p
	}
	return c.place(o)
}

// setPlace moves a place on. finish writes it, moved on over what is stored above it by then.
func (c *change) setPlace(p protocol.LogPlace) {
	if held := c.heldAt(p.Origin); p.Epoch > held.Epoch || p.Epoch == held.Epoch && p.Seq > held.Seq {
		c.moved[p.Origin] = p
	}
}

// advance moves the place of an origin's log when the record just stored is the next one.
func (c *change) advance(m *member, at place) {
	held := c.heldAt(m.origin)
	if held.Epoch == at.epoch && held.Seq+1 == at.seq || held.Epoch == 0 && held.Seq == 0 && at.seq == 1 {
		c.moved[m.origin] = protocol.LogPlace{Origin: m.origin, Epoch: at.epoch, Seq: at.seq}
	}
}

func (c *change) writePlace(p protocol.LogPlace) error {
	at := place{c.s.members[p.Origin].short, p.Epoch, p.Seq}
	next := at
	cur := c.digests.Cursor()
	for k, _ := cur.Seek(place{at.short, at.epoch, at.seq + 1}.key()); k != nil; k, _ = cur.Next() {
		next.seq++
		if placeOf(k) != next {
			break
		}
		at = next
	}
	if err := c.places.Put(p.Origin[:], at.key()[4:]); err != nil {
		return fmt.Errorf("write place: %w", err)
	}
	return nil
}

// walkStep bounds what Walk reads in one transaction, in records and in bytes.
const (
	walkStep  = 512
	walkBytes = 1 << 20
)

// Walk calls fn with the signed bytes of the records of a log that stand after a place, newest first: only the takedowns,
// or only the others. It reads in short transactions, so that fn may take its time; what changes meanwhile is met in its
// new state or, above the point reached, not at all. fn owns the bytes. Walk ends at the first error of fn and returns it.
func (s *Store) Walk(after protocol.LogPlace, takedowns bool, fn func(seq uint64, raw []byte) error) error {
	s.mu.RLock()
	m := s.members[after.Origin]
	s.mu.RUnlock()
	if m == nil {
		return nil
	}
	floor := place{m.short, after.Epoch, after.Seq}
	type row struct {
		at  place
		raw []byte
	}
	rows := make([]row, 0, walkStep)
	below := place{short: m.short + 1} // the step begins under this key
	for {
		var next place
		var ended bool
		err := s.view(func(b *buckets) error {
			rows, next, ended = rows[:0], below, true
			size := 0
			c := b.digests.Cursor()
			var k, v []byte
			if after, _ := c.Seek(below.key()); after == nil {
				k, v = c.Last()
			} else {
				k, v = c.Prev()
			}
			for ; k != nil; k, v = c.Prev() {
				at := placeOf(k)
				if at.short != m.short || !at.after(floor) {
					break
				}
				if len(rows) == walkStep || size >= walkBytes {
					ended = false
					break
				}
				next = at
				if (v[0] == rowTakedown) != takedowns || v[0] == rowGhost {
					continue
				}
				raw, err := b.openLog(k, b.log.Get(k))
				if err != nil {
					return fmt.Errorf("log at epoch %d, seq %d of %s: %w", at.epoch, at.seq, after.Origin, err)
				}
				size += len(raw)
				rows = append(rows, row{at, raw})
			}
			return nil
		})
		if err != nil {
			return err
		}
		below = next
		for _, r := range rows {
			if err := fn(r.at.seq, r.raw); err != nil {
				return err
			}
		}
		if ended {
			return nil
		}
	}
}
