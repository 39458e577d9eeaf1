package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// RenewCard takes a card of a member that we have. A newer one of the same root is in force from then on, and with one of
// a later epoch all that stands after its Continues is void: cases and stances go, takedowns become strays, and what is
// held by the guard of void takedowns comes back. One of an earlier epoch is kept, for the records of that epoch. Any other
// changes nothing. It never changes a standing.
//
// Errors: fs.ErrNotExist for a root that we do not have, protocol.ErrRival.
func (s *Store) RenewCard(card *protocol.Card) (changed bool, err error) {
	o := card.Origin()
	s.mu.RLock()
	m := s.members[o]
	known := m != nil && m.Card != nil
	if known {
		_, changed, err = m.Cards.With(card)
	}
	s.mu.RUnlock()
	if !known {
		err = fs.ErrNotExist
	}
	if err != nil {
		return false, fmt.Errorf("renew card of %s: %w", o, err)
	}
	if !changed {
		return false, nil
	}
	err = s.change(func(c *change) error {
		next := m.Member
		if next.Cards, changed, err = m.Cards.With(card); err != nil || !changed {
			return err
		}
		return c.renew(m, next)
	})
	return changed && err == nil, err
}

// renew writes a member with the chain of cards in next, whose last one is in force, and gives up what they have made void.
func (c *change) renew(m *member, next Member) error {
	next.Card = next.Cards.Card()
	c.then = append(c.then, func() { m.Member = next })
	for _, card := range next.Cards {
		if err := c.keepCard(card); err != nil {
			return fmt.Errorf("keep card: %w", err)
		}
	}
	if err := c.members.Put(m.origin[:], memberValue(next)); err != nil {
		return fmt.Errorf("write member: %w", err)
	}
	if err := c.thaw(m, next.Card); err != nil {
		return err
	}
	if x := m.extension; x != nil && (next.Card.Delegate != x.By || next.Card.Epoch != m.head.Epoch) {
		if err := c.unextend(m); err != nil {
			return err
		}
	}
	if m.Card != nil && m.Card.NodeKey != next.Card.NodeKey { // what the key before has signed for others counts no more
		if err := c.unextendBy(m); err != nil {
			return err
		}
	}
	return c.void(m, next.Cards)
}

// cardsOf returns a member's card and those of earlier epochs that are kept.
func (b *buckets) cardsOf(card *protocol.Card) (protocol.Chain, error) {
	o, chain := card.Origin(), protocol.Chain{card}
	cur := b.cards.Cursor()
	for k, v := cur.Seek(o[:]); bytes.HasPrefix(k, o[:]); k, v = cur.Next() {
		old, err := protocol.OpenCard(v)
		if err != nil {
			return nil, fmt.Errorf("read card %x: %w", k, err)
		}
		if old.Epoch < card.Epoch {
			chain, _, _ = chain.With(old) // no rival of the one in force
		}
	}
	return chain, nil
}

// void gives up what a chain of cards has made void of a member's log. protocol.md 8.11
func (c *change) void(m *member, chain protocol.Chain) error {
	card := chain.Card()
	if len(chain) == 1 && card.Continues == nil {
		return nil
	}
	dead := func(p place) bool { return p.epoch < card.Epoch && chain.Void(p.epoch, p.seq) }
	if _, err := c.unmark(m, dead); err != nil {
		return err
	}
	for _, p := range c.voidOf(m, chain) {
		c.forgets = m
		if err := c.takeOut(m, p); err != nil {
			return err
		}
	}
	if from := (place{m.short, card.Continues.Epoch, card.Continues.Seq}); !from.after(placeIn(m.short, c.heldAt(m.origin))) {
		c.setPlace(protocol.LogPlace{Origin: m.origin, Epoch: card.Epoch, Seq: from.seq})
	}
	beyond := func(h *protocol.Head) bool { return h != nil && dead(place{m.short, h.Epoch, h.Seq}) }
	if beyond(m.head) {
		c.then = append(c.then, func() {
			m.head, m.heard = nil, time.Time{}
			c.s.tellTime()
		})
		if err := c.heads.Delete(m.origin[:]); err != nil {
			return fmt.Errorf("void head: %w", err)
		}
	}
	if beyond(m.verified) {
		c.then = append(c.then, func() { m.verified = nil })
		if err := errors.Join(c.buckets.verified.Delete(m.origin[:]), c.unextend(m)); err != nil {
			return fmt.Errorf("void head: %w", err)
		}
	}
	return nil
}

// voidOf returns the places of the records that a chain of cards has made void.
func (b *buckets) voidOf(m *member, chain protocol.Chain) (void []place) {
	cur := b.digests.Cursor()
	k, _ := cur.Seek(place{short: m.short}.key())
	for k != nil {
		p := placeOf(k)
		if p.short != m.short || p.epoch >= chain.Card().Epoch {
			break
		}
		if end := chain.End(p.epoch); p.seq <= end {
			k, _ = cur.Seek(place{m.short, p.epoch, end + 1}.key())
			continue
		}
		void = append(void, p)
		k, _ = cur.Next()
	}
	return void
}

// stray takes a takedown out of the log, for its place is void. Its case stays closed.
func (c *change) stray(m *member, r *protocol.Record, at place) error {
	ref := r.Header().Ref()
	c.touched[blockAt(at)] = struct{}{}
	err := errors.Join(c.log.Delete(at.key()), c.digests.Delete(at.key()),
		c.dead.Put(ref[:], deadCase{protocol.Digest(r.ID()), place{m.short, at.epoch, 0}}.value()))
	if err != nil {
		return fmt.Errorf("void takedown: %w", err)
	}
	return c.keepStray(m, r)
}

// strayKey is a key of the bucket strays.
func strayKey(short uint32, takedown digest) []byte {
	return append(place{short: short}.key()[:4:4], takedown[:]...)
}

// keepStray keeps a takedown that is in no log.
func (c *change) keepStray(m *member, r *protocol.Record) error {
	d := protocol.Digest(r.ID())
	c.then = append(c.then, func() { m.strays ^= protocol.StrayOf(d) })
	if err := c.strays.Put(strayKey(m.short, d), r.Bytes()); err != nil {
		return fmt.Errorf("keep stray: %w", err)
	}
	return nil
}

// dropStray forgets a takedown that is in no log, for its owner has signed another in its stead.
func (c *change) dropStray(m *member, d digest) error {
	c.then = append(c.then, func() { m.strays ^= protocol.StrayOf(d) })
	return c.strays.Delete(strayKey(m.short, d))
}

// ghost counts a record of a case that a stray has closed: it is in its owner's log, so that our root is the owner's, but
// nothing of it is kept. The one before it goes.
func (c *change) ghost(m *member, r *protocol.Record, at place) error {
	h, d := r.Header(), protocol.Digest(r.ID())
	ref := h.Ref()
	if err := c.dropGhost(ref); err != nil {
		return err
	}
	c.touched[blockAt(at)] = struct{}{}
	err := errors.Join(c.ghosts.Put(ref[:], ghostCase{liveCase{at, h.Rev}, d}.value()), c.digests.Put(at.key(), digestValue(rowGhost, d)))
	if err != nil {
		return fmt.Errorf("write ghost: %w", err)
	}
	c.advance(m, at)
	return nil
}

// dropGhost removes the ghost of a case, if it has one.
func (c *change) dropGhost(ref protocol.Ref) error {
	v := c.ghosts.Get(ref[:])
	if v == nil {
		return nil
	}
	at := ghostCaseOf(v).place
	c.touched[blockAt(at)] = struct{}{}
	return errors.Join(c.digests.Delete(at.key()), c.ghosts.Delete(ref[:]))
}

// dropGhostAt removes the ghost at a place.
func (c *change) dropGhostAt(at place) error {
	cur := c.ghosts.Cursor()
	for k, v := cur.First(); k != nil; k, v = cur.Next() {
		if ghostCaseOf(v).place == at {
			return c.dropGhost(protocol.Ref(k))
		}
	}
	return fmt.Errorf("ghost at epoch %d, seq %d: %w", at.epoch, at.seq, ErrDamaged)
}

// strayed says whether a case is closed by a stray alone.
func (b *buckets) strayed(d deadCase) bool {
	return d.seq == 0 && b.strays.Get(strayKey(d.short, d.takedown)) != nil
}

// Strays returns the signed takedowns of an origin that are void and hide all the same, and what protocol.StrayOf makes of
// them together.
func (s *Store) Strays(o protocol.Origin) (raws [][]byte, sum uint64, err error) {
	s.mu.RLock()
	m := s.members[o]
	if m != nil {
		sum = m.strays
	}
	s.mu.RUnlock()
	if sum == 0 {
		return nil, 0, nil
	}
	err = s.view(func(b *buckets) error {
		raws = nil
		cur, prefix := b.strays.Cursor(), strayKey(m.short, digest{})[:4]
		for k, v := cur.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = cur.Next() {
			raws = append(raws, bytes.Clone(v))
		}
		return nil
	})
	return raws, sum, err
}

// StraySum returns what protocol.StrayOf makes of all strays of an origin together; 0 without any.
func (s *Store) StraySum(o protocol.Origin) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil {
		return m.strays
	}
	return 0
}

// straySum reads what straySum has in memory.
func (b *buckets) straySum(short uint32) (sum uint64) {
	cur, prefix := b.strays.Cursor(), strayKey(short, digest{})[:4]
	for k, _ := cur.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = cur.Next() {
		sum ^= protocol.StrayOf(digest(k[4:]))
	}
	return sum
}

// placeIn is a place of a log as keys have it.
func placeIn(short uint32, p protocol.LogPlace) place { return place{short, p.Epoch, p.Seq} }

// strays checks that each stray closes its case, and that memory has their sum.
func (k *checking) strays() {
	sums := map[uint32]uint64{}
	k.each("strays", k.buckets.strays, 4+32, 0, func(key, v []byte) {
		r, err := protocol.Reopen(v)
		if err != nil || r.Type() != protocol.TypeTakedown || protocol.Digest(r.ID()) != digest(key[4:]) {
			k.wrong("strays", key, "not the takedown of that name: %v", err)
			return
		}
		ref := r.Header().Ref()
		v = k.buckets.dead.Get(ref[:])
		if v == nil || deadCaseOf(v).takedown != digest(key[4:]) || deadCaseOf(v).seq != 0 {
			k.wrong("strays", key, "closes no case, or is in the log too")
		}
		sums[placeOf(append(bytes.Clone(key[:4]), make([]byte, 16)...)).short] ^= protocol.StrayOf(digest(key[4:]))
	})
	k.each("ghosts", k.buckets.ghosts, 16, placeSize+8+32, func(key, v []byte) {
		g := ghostCaseOf(v)
		if !bytes.Equal(k.buckets.digests.Get(g.key()), digestValue(rowGhost, g.digest)) || k.buckets.dead.Get(key) == nil {
			k.wrong("ghosts", key, "of a case that is not closed, or not in digests")
		}
	})
	for _, m := range k.s.numbers {
		if m.strays != sums[m.short] {
			k.wrong("strays", nil, "the sum in memory is not theirs")
		}
	}
}
