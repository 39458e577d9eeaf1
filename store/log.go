package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/gmcn/gmcn/protocol"
)

// waiting is a record whose Put waits for a transaction.
type waiting struct {
	record *protocol.Record
	done   bool // guarded by Store.write, as is err
	err    error
}

// Put stores a peer's record, or one of our own that a peer gave back. Callers that come at once share a transaction.
//
// Errors: protocol.ErrOrigin, ErrStored, ErrStale, ErrClosed, ErrVoid; ErrFork when the origin signed another record for the
// same place, which is a *Conflict, or revision; ErrFrozen; ErrPast. A takedown whose place another record has taken is a
// *Conflict too, but closes its case all the same: it hides from any branch. So does one of an origin that is frozen, and a
// void one, unless there are so many that the guard would hold it.
func (s *Store) Put(r *protocol.Record) error {
	w := &waiting{record: r}
	s.queueMu.Lock()
	s.queue = append(s.queue, w)
	s.queueMu.Unlock()

	s.write.Lock()
	defer s.write.Unlock()
	if w.done { // whoever held write before us took our record along
		return w.err
	}
	s.queueMu.Lock()
	batch := s.queue
	s.queue = nil
	s.queueMu.Unlock()
	records := make([]*protocol.Record, len(batch))
	for i, w := range batch {
		records[i] = w.record
	}
	outcomes, err := s.putLocked(records)
	for i, w := range batch {
		w.done, w.err = true, err
		if err == nil {
			w.err = outcomes[i]
		}
	}
	return w.err
}

// PutAll stores records in one transaction and returns one outcome a record: nil or an error of Put. err says that
// nothing was stored.
func (s *Store) PutAll(records []*protocol.Record) (outcomes []error, err error) {
	s.write.Lock()
	defer s.write.Unlock()
	return s.putLocked(records)
}

func (s *Store) putLocked(records []*protocol.Record) ([]error, error) {
	outcomes := make([]error, len(records))
	err := s.keepReserve()
	if err == nil {
		err = s.changeLocked(func(c *change) error {
			c.expect(len(records))
			for i, r := range records {
				refused, err := c.put(r)
				if err != nil {
					return err
				}
				outcomes[i] = refused
			}
			return nil
		})
	}
	if isFull(err) && slices.ContainsFunc(records, closes) {
		return s.putTakedowns(records, err), nil
	}
	if err != nil {
		return nil, fmt.Errorf("put records: %w", err)
	}
	return outcomes, nil
}

func closes(r *protocol.Record) bool { return r.Type() == protocol.TypeTakedown }

// putTakedowns stores the takedowns among records one by one, on a disk that is too full for all of them at once. full is
// the outcome of what is not stored.
func (s *Store) putTakedowns(records []*protocol.Record, full error) []error {
	outcomes := make([]error, len(records))
	for i, r := range records {
		if outcomes[i] = full; !closes(r) {
			continue
		}
		put := func(c *change) (err error) {
			outcomes[i], err = c.put(r)
			return err
		}
		err := s.changeLocked(put)
		if isFull(err) && s.giveReserve() {
			err = s.changeLocked(put)
		}
		if err != nil {
			outcomes[i] = fmt.Errorf("put takedown: %w", err)
		}
	}
	return outcomes
}

// put stores one record. refused is an outcome of Put; err ends the transaction.
func (c *change) put(r *protocol.Record) (refused, err error) {
	h := r.Header()
	m := c.s.members[h.Origin]
	d, closing := protocol.Digest(r.ID()), r.Type() == protocol.TypeTakedown
	if !m.taken() && !(closing && m.kept()) {
		return protocol.ErrOrigin, nil
	}
	at, ref := place{m.short, h.Epoch, h.Seq}, h.Ref()
	key := at.key()
	past := m.past(at) && !c.repairs
	live, closed, refused := c.judge(m, h, ref, r.Type(), d, past)
	void := m.Cards.Void(h.Epoch, h.Seq) // and a takedown, or judge would have refused it
	stray := closing && (errors.Is(refused, protocol.ErrFork) || refused == nil && (void || !c.ours && (m.forked(h.Epoch) || past)))
	if !c.ours {
		refused = m.gate(refused, at, r.Type(), closed, past)
	}
	if conflict, ok := refused.(*Conflict); ok {
		held, err := c.read(at)
		if err != nil {
			return nil, err
		}
		conflict.Held = held.Bytes()
	}
	if refused != nil && !stray {
		return refused, nil
	}
	if closed && !closing { // by a stray
		return protocol.ErrClosed, c.ghost(m, r, at)
	}
	var old *protocol.Record
	if live != nil && !closed {
		if old, err = c.read(live.place); err != nil {
			return nil, err
		}
		hold := false
		if closing && old.Type() == protocol.TypeCase {
			if hold, err = c.guarded(m, ref); err != nil {
				return nil, err
			}
		}
		if hold && void { // a void burst, of which we hear late
			return protocol.ErrStale, c.voided.Put(d[:], nil)
		}
		row := bytes.Clone(c.log.Get(live.key()))
		if err := c.drop(m, old); err != nil {
			return nil, err
		}
		if !hold {
			c.shredRow(row)
		} else if err := c.hold(m, r, old, row); err != nil {
			return nil, err
		}
	}
	var flag byte
	var value []byte
	switch r.Type() {
	case protocol.TypeTakedown:
		flag, value = rowTakedown, plainRow(r.Bytes())
		if stray {
			at.seq = 0
		}
		if err := c.close(m, r, old, at); err != nil || stray {
			return refused, err
		}
	case protocol.TypeStance:
		flag, value = rowStance, plainRow(r.Bytes())
		c.stances[ref] = &stanceRow{m, liveCase{at, h.Rev}, *r.Stance()}
	default:
		row := newRow(m, ref, r)
		if err := c.show(m, r, row); err != nil {
			return nil, err
		}
		flag, value = rowCase, c.sealLog(key, row, r.Bytes())
	}
	c.touched[blockAt(at)] = struct{}{}
	err = errors.Join(c.log.Put(key, value), c.digests.Put(key, digestValue(flag, d)))
	if err != nil {
		return nil, fmt.Errorf("write log: %w", err)
	}
	c.advance(m, at)
	return nil, nil
}

// show writes what leads to a live case, save its row in the log. row is the case's in the index.
func (c *change) show(m *member, r *protocol.Record, row *row) error {
	ref := row.ref
	for d, info := range filesOf(m.short, r.Photos()) {
		if err := c.refer(d, byRecord, ref, info); err != nil {
			return err
		}
		c.added[d] = info
	}
	if m.origin == c.s.own {
		for _, mark := range marksOf(r) {
			if err := c.marks.Put(markKey(ref, mark), nil); err != nil {
				return fmt.Errorf("write mark: %w", err)
			}
		}
	}
	c.count(m, 1, 0)
	c.rows[ref] = row
	if m.origin == c.s.own {
		var err error
		c.rows[ref], err = c.wishedRow(m, ref, row)
		return err
	}
	return nil
}

// drop removes the live record of a case, or a stance, and all that leads to it. The key of a case's row is the caller's
// to shred or keep.
func (c *change) drop(m *member, r *protocol.Record) error {
	h := r.Header()
	ref, at := h.Ref(), place{m.short, h.Epoch, h.Seq}
	for d := range filesOf(m.short, r.Photos()) {
		if err := c.unrefer(d, byRecord, ref); err != nil {
			return err
		}
	}
	if r.Type() == protocol.TypeCase {
		c.count(m, -1, 0)
		c.rows[ref] = nil
	} else {
		c.stances[ref] = nil
	}
	c.touched[blockAt(at)] = struct{}{}
	err := errors.Join(c.log.Delete(at.key()), c.digests.Delete(at.key()))
	if err != nil {
		return fmt.Errorf("drop case: %w", err)
	}
	return nil
}

// close writes what stays of a case that is taken down, and removes its draft unless the case is held. old is the record
// that was live, dropped by now, or nil. With seq 0 in at the takedown is in no log, but a stray.
func (c *change) close(m *member, r, old *protocol.Record, at place) error {
	ref, d := r.Header().Ref(), protocol.Digest(r.ID())
	gone := r.Takedown().Gone
	held := c.held.Get(ref[:]) != nil
	purge := false
	if old != nil {
		gone = append(marksOf(old), gone...)
		purge = !held
	}
	if m.origin == c.s.own {
		gone = append(c.marksOfCase(ref), gone...)
		id := r.Header().Case
		purge = purge || !held && (c.drafts.Get(id[:]) != nil || c.wishes.Get(ref[:]) != nil)
		if !held {
			if err := c.leaveDesk(ref, id); err != nil {
				return err
			}
		}
	}
	for _, mark := range gone {
		if c.gone.Get(mark[:]) != nil {
			continue
		}
		if err := c.gone.Put(mark[:], d[:]); err != nil {
			return fmt.Errorf("write gone mark: %w", err)
		}
	}
	if v := c.dead.Get(ref[:]); v == nil {
		c.count(m, 0, 1)
		c.then = append(c.then, func() {
			m.closings++
			m.log.Dead++ // settle sees only logs that changed
		})
	} else if err := errors.Join(c.dropStray(m, deadCaseOf(v).takedown), c.dropGhost(ref)); err != nil {
		return fmt.Errorf("close case: %w", err)
	}
	if err := c.dead.Put(ref[:], deadCase{d, at}.value()); err != nil {
		return fmt.Errorf("close case: %w", err)
	}
	if at.seq == 0 {
		if err := c.keepStray(m, r); err != nil {
			return err
		}
	}
	buried, err := c.buryFork(m, func(of protocol.Ref) bool { return of == ref })
	if err != nil {
		return err
	}
	if purge || buried {
		return c.mark(ref)
	}
	return nil
}

// leaveDesk removes the draft, the wish and the marks of a case of our own.
func (c *change) leaveDesk(ref protocol.Ref, id protocol.CaseID) error {
	for _, mark := range c.marksOfCase(ref) {
		if err := c.marks.Delete(markKey(ref, mark)); err != nil {
			return fmt.Errorf("delete mark: %w", err)
		}
	}
	return errors.Join(c.deleteDraft(id), c.endWish(ref))
}

// counted returns the counts of an origin as this change has them so far.
func (c *change) counted(m *member) numbered {
	if n, ok := c.tally[m.origin]; ok {
		return n
	}
	return numberedOf(c.origins.Get(m.origin[:]))
}

func (c *change) count(m *member, live, dead int) {
	n := c.counted(m)
	n.live += uint64(live)
	n.dead += uint64(dead)
	c.tally[m.origin] = n
}

// readLive returns the newest record of a live case, or a stance; nil when there is none.
func (b *buckets) readLive(ref protocol.Ref) (*protocol.Record, error) {
	live, ok := b.live(ref)
	if !ok {
		return nil, nil
	}
	r, err := b.read(live.place)
	if err == nil && r.Header().Ref() != ref {
		err = fmt.Errorf("log at epoch %d, seq %d of origin %d has a record of another case: %w", live.epoch, live.seq, live.short, ErrDamaged)
	}
	return r, err
}

// read returns the record at a place.
func (b *buckets) read(at place) (*protocol.Record, error) {
	key := at.key()
	value := b.log.Get(key)
	if value == nil {
		return nil, fmt.Errorf("log has no record at epoch %d, seq %d of origin %d: run gmcn check: %w", at.epoch, at.seq, at.short, ErrDamaged)
	}
	raw, err := b.openLog(key, value)
	var r *protocol.Record
	if err == nil {
		r, err = protocol.Reopen(raw)
	}
	if err != nil {
		return nil, fmt.Errorf("log at epoch %d, seq %d of origin %d: %w: %w", at.epoch, at.seq, at.short, ErrDamaged, err)
	}
	return r, nil
}
