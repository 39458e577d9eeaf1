package store

import (
	"errors"
	"fmt"

	"github.com/gmcn/gmcn/protocol"
)

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
	if live, ok := c.live(ref); ok {
		h.Rev, h.Prev = live.rev+1, recordCID(digest(c.digests.Get(live.key())[1:]))
	}
	return h, nil
}
