package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// Phase is how far the purge of a case that was taken down has come.
type Phase uint8

const (
	// Marked: hidden from everybody, in the transaction that stored the takedown.
	Marked Phase = 1 + iota
	// Shredded: the keys of the case are overwritten on the disk; nobody can read any longer what they sealed.
	Shredded
	// Swept: its rows and photo files are gone.
	Swept
)

func (p Phase) String() string {
	switch p {
	case Marked:
		return "marked"
	case Shredded:
		return "shredded"
	case Swept:
		return "swept"
	}
	return fmt.Sprintf("phase %d", uint8(p))
}

// Phase returns how far the purge of a case has come, or fs.ErrNotExist when it was not taken down.
func (s *Store) Phase(ref protocol.Ref) (p Phase, err error) {
	err = s.view(func(b *buckets) error {
		if b.dead.Get(ref[:]) == nil {
			return fmt.Errorf("case %s: not taken down: %w", ref, fs.ErrNotExist)
		}
		if p = Swept; b.held.Get(ref[:]) != nil {
			p = Marked
		} else if v := b.purging.Get(ref[:]); v != nil {
			p = Phase(v[0])
		}
		return nil
	})
	return p, err
}

// The guard against a stolen key that takes a country's cases down: of what an origin takes down within guardWindow, more
// than guardFloor cases and than one in guardShare of those it had, the rest is hidden at once and shredded after
// guardDelay.
const (
	guardWindow = time.Hour
	guardDelay  = 24 * time.Hour
	guardFloor  = 50
	guardShare  = 20
)

// guarded says whether the shredding of a live case that its origin is taking down must wait. If not, the case counts. What
// our own staff close is never held; what comes from peers in our own name may be a thief's.
func (c *change) guarded(m *member, ref protocol.Ref) (bool, error) {
	if c.ours {
		return false, nil
	}
	now := c.s.now()
	n, ok := c.bursts[m.short]
	if !ok {
		first, old := recentKey(m.short, 0, protocol.Ref{}), recentKey(m.short, now.Add(-guardWindow).UnixMilli(), protocol.Ref{})
		cur := c.recent.Cursor()
		for k, _ := cur.Seek(first); k != nil && bytes.Compare(k, old) < 0; k, _ = cur.Seek(first) {
			if err := cur.Delete(); err != nil {
				return false, fmt.Errorf("forget takedowns: %w", err)
			}
		}
		for k, _ := cur.Seek(first); k != nil && bytes.Equal(k[:4], first[:4]); k, _ = cur.Next() {
			n++
		}
	}
	had := c.counted(m).live + uint64(n)
	if uint64(n) >= max(guardFloor, had/guardShare) {
		c.bursts[m.short] = n
		return true, nil
	}
	c.bursts[m.short] = n + 1
	if err := c.recent.Put(recentKey(m.short, now.UnixMilli(), ref), nil); err != nil {
		return false, fmt.Errorf("count takedown: %w", err)
	}
	return false, nil
}

// hold keeps the row and the photo files of a case that r takes down, out of everybody's reach.
func (c *change) hold(m *member, r, old *protocol.Record, row []byte) error {
	h, was := r.Header(), old.Header()
	ref := h.Ref()
	held := heldCase{
		until: c.s.now().Add(guardDelay).UnixMilli(), row: row,
		takedown: place{m.short, h.Epoch, h.Seq}, at: place{m.short, was.Epoch, was.Seq},
	}
	if err := c.held.Put(ref[:], held.value()); err != nil {
		return fmt.Errorf("hold case: %w", err)
	}
	for d, info := range filesOf(m.short, old.Photos()) {
		if err := c.refer(d, byHeld, ref, info); err != nil {
			return err
		}
	}
	return nil
}

// mark writes down that a case is being purged.
func (c *change) mark(ref protocol.Ref) error {
	c.purges = true
	if err := c.purging.Put(ref[:], []byte{byte(Marked)}); err != nil {
		return fmt.Errorf("mark case: %w", err)
	}
	return nil
}

// heldBy returns at most max cases that are held and that which picks; max 0 is all.
func (b *buckets) heldBy(which func(heldCase) bool, max int) map[protocol.Ref]heldCase {
	found := map[protocol.Ref]heldCase{}
	cur := b.held.Cursor()
	for k, v := cur.First(); k != nil && (max == 0 || len(found) < max); k, v = cur.Next() {
		if h := heldCaseOf(v); which(h) {
			h.row = bytes.Clone(h.row)
			found[protocol.Ref(k)] = h
		}
	}
	return found
}

// unhold removes a case from those that are held and returns its record. The key of its row is the caller's.
func (c *change) unhold(ref protocol.Ref, h heldCase) (*protocol.Record, error) {
	raw, err := c.openLog(h.at.key(), h.row)
	var r *protocol.Record
	if err == nil {
		r, err = protocol.Reopen(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("held case %s: %w", ref, err)
	}
	for d := range filesOf(0, r.Photos()) {
		if err := c.unrefer(d, byHeld, ref); err != nil {
			return nil, err
		}
	}
	if err := c.held.Delete(ref[:]); err != nil {
		return nil, fmt.Errorf("held case %s: %w", ref, err)
	}
	return r, nil
}

// releaseAll lets at most max cases that are held, and that which picks, be shredded.
func (c *change) releaseAll(which func(heldCase) bool, max int) error {
	for ref, h := range c.heldBy(which, max) {
		r, err := c.unhold(ref, h)
		if err != nil {
			return err
		}
		if head := r.Header(); head.Origin == c.s.own {
			if err := c.leaveDesk(ref, head.Case); err != nil {
				return err
			}
		}
		c.shred = append(c.shred, slotOf(h.row))
		if err := c.mark(ref); err != nil {
			return err
		}
	}
	return nil
}

// unmark undoes takedowns of a member whose places are void, as far as their cases are Marked still: those are live again,
// and the takedowns are answered with protocol.ErrStale from now on. What has been shredded stays taken down. It returns how
// many cases came back.
func (c *change) unmark(m *member, void func(place) bool) (n int, err error) {
	held := c.heldBy(func(h heldCase) bool { return h.takedown.short == m.short && void(h.takedown) }, 0)
	for ref, h := range held {
		if void(h.at) || c.digests.Get(h.at.key()) != nil {
			continue // the record is void as well, or a fork has taken its place meanwhile
		}
		if by, err := c.closedAt(ref); err != nil || by != h.takedown {
			if err != nil {
				return n, err
			}
			continue // the owner has closed it anew
		}
		r, err := c.unhold(ref, h)
		if err != nil {
			return n, err
		}
		if err := c.revive(m, r, h); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// closedAt returns the place that the takedown of a closed case claims, in the log or not.
func (b *buckets) closedAt(ref protocol.Ref) (place, error) {
	dead := deadCaseOf(b.dead.Get(ref[:]))
	if dead.seq != 0 {
		return dead.place, nil
	}
	r, err := protocol.Reopen(b.strays.Get(strayKey(dead.short, dead.takedown)))
	if err != nil {
		return place{}, fmt.Errorf("takedown of case %s: %w: %w", ref, ErrDamaged, err)
	}
	return place{dead.short, r.Header().Epoch, r.Header().Seq}, nil
}

// revive undoes what close wrote of a case, and makes r its live record again.
func (c *change) revive(m *member, r *protocol.Record, h heldCase) error {
	ref := r.Header().Ref()
	dead := deadCaseOf(c.dead.Get(ref[:]))
	gone := marksOf(r)
	if dead.seq == 0 {
		if err := c.dropStray(m, dead.takedown); err != nil {
			return fmt.Errorf("void takedown: %w", err)
		}
	} else {
		down, err := c.read(dead.place)
		if err != nil {
			return err
		}
		gone = append(gone, down.Takedown().Gone...)
		c.touched[blockAt(dead.place)] = struct{}{}
		if err := errors.Join(c.log.Delete(dead.key()), c.digests.Delete(dead.key())); err != nil {
			return fmt.Errorf("void takedown: %w", err)
		}
	}
	if m.origin == c.s.own {
		gone = append(gone, c.marksOfCase(ref)...)
	}
	for _, mark := range gone {
		if bytes.Equal(c.gone.Get(mark[:]), dead.takedown[:]) {
			if err := c.gone.Delete(mark[:]); err != nil {
				return fmt.Errorf("void gone mark: %w", err)
			}
		}
	}
	if err := errors.Join(c.dead.Delete(ref[:]), c.voided.Put(dead.takedown[:], nil)); err != nil {
		return fmt.Errorf("void takedown: %w", err)
	}
	c.count(m, 0, -1)
	c.then = append(c.then, func() { m.closings++ })
	if err := c.show(m, r, newRow(m, ref, r)); err != nil {
		return err
	}
	c.touched[blockAt(h.at)] = struct{}{}
	err := errors.Join(c.log.Put(h.at.key(), h.row), c.digests.Put(h.at.key(), digestValue(rowCase, protocol.Digest(r.ID()))))
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return nil
}

// purge shreds and sweeps what the changes so far have left to it: it overwrites the slots that nothing names any more,
// removes the files in the bucket doomed, and then forgets what is in doomed and purging. What it cannot finish stays
// written down. The caller holds write.
func (s *Store) purge() error {
	if err := s.keys.shred(s.unshredded); err != nil {
		return fmt.Errorf("shred: %w", err)
	}
	s.keys.give(s.unshredded)
	s.unshredded = nil
	var refs, files [][]byte
	err := s.view(func(b *buckets) error {
		refs, files = keysIn(b.purging), keysIn(b.doomed)
		return nil
	})
	if err != nil || len(refs)+len(files) == 0 {
		return err
	}
	var left error
	removed := files[:0]
	for _, d := range files {
		if err := s.remove(digest(d)); err != nil {
			left = errors.Join(left, err)
		} else {
			removed = append(removed, d)
		}
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b := open(tx)
		for _, d := range removed {
			if err := b.doomed.Delete(d); err != nil {
				return err
			}
		}
		for _, ref := range refs {
			var err error
			if left == nil {
				err = b.purging.Delete(ref)
			} else {
				err = b.purging.Put(ref, []byte{byte(Shredded)})
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(left, err); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

func keysIn(b bucket) (keys [][]byte) {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	return keys
}

const (
	// releaseStep is how many held cases are shredded in one transaction.
	releaseStep = 500
	// compactFrom is how many bytes must be empty for Tend to compact.
	compactFrom = 16 << 20
)

// Tend does what time brings: it shreds held cases whose day has come, finishes purges that failed, throws away uploads
// that came to nothing, replaces the key-encryption key once a day, and compacts the database when half of it is empty.
// It is to be called every few minutes.
func (s *Store) Tend(ctx context.Context) error {
	s.write.Lock()
	err := s.tend(ctx)
	if err == nil && (time.Since(s.keys.since) >= kekLife || time.Until(s.keys.since) > kekLife) {
		err = s.keys.replace()
	}
	empty := int64(s.db.Load().Stats().FreeAlloc)
	s.write.Unlock()
	if err != nil {
		return fmt.Errorf("tend store: %w", err)
	}
	if empty > compactFrom && empty > s.size()/2 {
		return s.Compact(ctx)
	}
	return nil
}

// tend is what Tend does at Open too. The caller holds write.
func (s *Store) tend(ctx context.Context) error {
	if err := errors.Join(s.keepReserve(), s.purge()); err != nil {
		return err
	}
	for ctx.Err() == nil {
		now := s.now()
		due := func(h heldCase) bool { return h.until <= now.UnixMilli() }
		more := false
		err := s.view(func(b *buckets) error {
			more = len(b.heldBy(due, 1)) > 0
			return nil
		})
		for _, since := range s.loose {
			more = more || now.Sub(since) > looseTime
		}
		if err != nil || !more {
			return err
		}
		if err := s.changeLocked(func(c *change) error { return c.releaseAll(due, releaseStep) }); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// size returns how large the database file is, in bytes.
func (s *Store) size() (n int64) {
	s.db.View(func(tx *bbolt.Tx) error {
		n = tx.Size()
		return nil
	})
	return n
}
