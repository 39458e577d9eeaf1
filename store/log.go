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

// Append adds a record of our own. Within one transaction it fills a header with the next place in our log and the next
// revision of the case, has sign make the record, and stores it; what was wished of the case is granted by it. sign must
// not call the store.
//
// Errors: protocol.ErrClosed if the case was taken down, and whatever sign returns. A case that a stray has closed can be
// taken down once more, so that the takedown is in the log.
func (s *Store) Append(id protocol.CaseID, epoch uint64, sign func(protocol.Header) (*protocol.Record, error)) (*protocol.Record, error) {
	var r *protocol.Record
	closing := false
	add := func(c *change) error {
		c.ours = true
		h, err := c.next(id, epoch)
		if err != nil {
			return err
		}
		if r, err = sign(h); err != nil {
			return err
		}
		if closing = r.Type() == protocol.TypeTakedown; !closing && s.full {
			return errFull
		}
		g := r.Header()
		if g.Origin != h.Origin || g.Epoch != h.Epoch || g.Seq != h.Seq || g.Case != h.Case || g.Rev != h.Rev || g.Prev != h.Prev {
			return errors.New("the record was signed for another place than it was given")
		}
		refused, err := c.put(r)
		if err := errors.Join(refused, err); err != nil {
			return err
		}
		c.setPlace(protocol.LogPlace{Origin: s.own, Epoch: epoch, Seq: h.Seq})
		return errors.Join(c.assigned(epoch, h.Seq), c.endWish(h.Ref()))
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.keepReserve() // if it cannot, add stores a takedown only
	err := s.changeLocked(add)
	if closing && isFull(err) && s.giveReserve() {
		err = s.changeLocked(add)
	}
	if err != nil {
		return nil, fmt.Errorf("append record: %w", err)
	}
	return r, nil
}

// next returns the header of the next record of our own. Sequence numbers go on through epochs, from where our card says: a
// number that our newest head names is taken even if its record is not here, so that a store restored from a backup
// reissues none, and so is one whose record a stray has taken out of the log again.
func (c *change) next(id protocol.CaseID, epoch uint64) (protocol.Header, error) {
	own := c.s.members[c.s.own]
	h := protocol.Header{Origin: c.s.own, Epoch: epoch, Case: id, Rev: 1}
	ref := h.Ref()
	if v := c.dead.Get(ref[:]); v != nil {
		stray, err := protocol.Reopen(c.strays.Get(strayKey(own.short, deadCaseOf(v).takedown)))
		if err != nil {
			return h, protocol.ErrClosed
		}
		h.Rev, h.Prev = stray.Header().Rev+1, stray.ID()
	}
	last := c.last(own.short)
	if own.head != nil {
		if head := (place{own.short, own.head.Epoch, own.head.Seq}); head.after(last) {
			last = head
		}
	}
	if held := placeIn(own.short, c.heldAt(own.origin)); held.after(last) {
		last = held
	}
	if own.Card != nil && own.Card.Continues != nil {
		if from := (place{own.short, own.Card.Epoch, own.Card.Continues.Seq}); from.after(last) {
			last = from
		}
	}
	if epoch < last.epoch {
		return h, fmt.Errorf("epoch %d has passed: our log is in epoch %d", epoch, last.epoch)
	}
	h.Seq = last.seq + 1
	if v := c.cases.Get(ref[:]); v != nil {
		live := liveCaseOf(v)
		h.Rev, h.Prev = live.rev+1, recordCID(live.digest)
	}
	return h, nil
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

// Seen says whether a claim is worth checking its signature: nil, or the error that Put would answer. One that is a *Conflict,
// without what is held, is worth it too: the signature makes it evidence.
func (s *Store) Seen(claim *protocol.Claim) error {
	h := claim.Header()
	var m member
	s.mu.RLock()
	known := s.members[h.Origin]
	if known != nil {
		m = *known
	}
	s.mu.RUnlock()
	if known == nil {
		return nil
	}
	var judged error
	err := s.view(func(b *buckets) error {
		at := place{m.short, h.Epoch, h.Seq}
		_, judged = b.judge(&m, h, claim.Type(), protocol.Digest(claim.ID()), m.past(at))
		judged = m.gate(judged, at, claim.Type(), b.isClosed(h.Ref()), m.past(at))
		return nil
	})
	if err != nil {
		return err
	}
	return judged
}

// judge holds a record against what is stored of its case and at its place. live is the case's live record, or the ghost of
// one that a stray has closed, nil if there is none. past is member.past, where it counts.
func (b *buckets) judge(m *member, h protocol.Header, t protocol.Type, d digest, past bool) (live *liveCase, err error) {
	ref, at := h.Ref(), place{m.short, h.Epoch, h.Seq}
	void, strayed := m.Cards.Void(h.Epoch, h.Seq), false
	if v := b.dead.Get(ref[:]); v != nil {
		dead := deadCaseOf(v)
		known := protocol.ErrClosed
		if dead.takedown == d {
			known = protocol.ErrStored
		}
		row := b.digests.Get(at.key())
		strayed = b.strayed(dead) && !void && !m.forked(h.Epoch) && !(t == protocol.TypeTakedown && past) &&
			(row == nil || digest(row[1:]) == d)
		if !strayed {
			return nil, known
		}
	}
	if t == protocol.TypeTakedown && b.voided.Get(d[:]) != nil {
		return nil, protocol.ErrStale
	}
	if void && t != protocol.TypeTakedown {
		return nil, protocol.ErrVoid
	}
	from := b.cases
	if strayed {
		from = b.ghosts
	}
	if v := from.Get(ref[:]); v != nil {
		l := liveCaseOf(v)
		live = &l
	}
	if v := b.digests.Get(at.key()); v != nil {
		if digest(v[1:]) == d {
			return live, protocol.ErrStored
		}
		if v[0] == rowGhost { // nothing is kept of it to show
			return live, protocol.ErrFork
		}
		return live, &Conflict{}
	}
	switch {
	case live == nil, t == protocol.TypeTakedown:
	case h.Epoch < live.epoch, h.Epoch == live.epoch && h.Rev < live.rev:
		return live, protocol.ErrStale
	case h.Epoch == live.epoch && h.Rev == live.rev:
		return live, protocol.ErrFork
	case !at.after(live.place): // a later revision at an earlier place: the counter was set back
		return live, protocol.ErrFork
	}
	return live, nil
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
	past := m.past(at) && !c.repairs
	live, refused := c.judge(m, h, r.Type(), d, past)
	void := m.Cards.Void(h.Epoch, h.Seq) // and a takedown, or judge would have refused it
	stray := closing && (errors.Is(refused, protocol.ErrFork) || refused == nil && (void || !c.ours && (m.forked(h.Epoch) || past)))
	if !c.ours {
		refused = m.gate(refused, at, r.Type(), c.isClosed(ref), past)
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
	if c.isClosed(ref) && !closing { // by a stray
		return protocol.ErrClosed, c.ghost(m, r, at)
	}
	var old *protocol.Record
	if live != nil && !c.isClosed(ref) {
		if old, err = c.read(live.place); err != nil {
			return nil, err
		}
		hold := false
		if closing && old.Type() == protocol.TypeCase {
			if hold, err = c.guarded(m, h.Ref()); err != nil {
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
	flag, value := byte(rowCase), plainRow(r.Bytes())
	switch r.Type() {
	case protocol.TypeTakedown:
		flag = rowTakedown
		if stray {
			at.seq = 0
		}
		if err := c.close(m, r, old, at); err != nil || stray {
			return refused, err
		}
	case protocol.TypeStance:
		flag = rowStance
		if err := c.take(m, r, at); err != nil {
			return nil, err
		}
	default:
		if err := c.show(m, r, at); err != nil {
			return nil, err
		}
		value = c.sealLog(at.key(), newRow(m, r), r.Bytes())
	}
	c.touched[blockAt(at)] = struct{}{}
	err = errors.Join(c.log.Put(at.key(), value), c.digests.Put(at.key(), digestValue(flag, d)))
	if err != nil {
		return nil, fmt.Errorf("write log: %w", err)
	}
	c.advance(m, at)
	return nil, nil
}

// show writes what leads to a live case, save its place in the log.
func (c *change) show(m *member, r *protocol.Record, at place) error {
	h := r.Header()
	ref := h.Ref()
	if err := c.cases.Put(ref[:], liveCase{at, h.Rev, protocol.Digest(r.ID())}.value()); err != nil {
		return fmt.Errorf("write case: %w", err)
	}
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
	c.rows[ref] = newRow(m, r)
	if m.origin == c.s.own {
		var err error
		c.rows[ref], err = c.wishedRow(m, ref, c.rows[ref])
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
		c.then = append(c.then, func() { delete(c.s.index.stances, ref) })
	}
	c.touched[blockAt(at)] = struct{}{}
	err := errors.Join(c.log.Delete(at.key()), c.digests.Delete(at.key()), c.cases.Delete(ref[:]))
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
