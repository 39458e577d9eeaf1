package store

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// Takedown returns the takedown of a case, or fs.ErrNotExist.
func (s *Store) Takedown(ref protocol.Ref) (r *protocol.Record, err error) {
	err = s.view(func(b *buckets) error {
		v := b.dead.Get(ref[:])
		if v == nil {
			return fmt.Errorf("takedown of case %s: %w", ref, fs.ErrNotExist)
		}
		d := deadCaseOf(v)
		if d.seq != 0 {
			r, err = b.read(d.place)
			return err
		}
		raw := b.strays.Get(strayKey(d.short, d.takedown))
		if raw == nil {
			return fmt.Errorf("takedown of case %s: %w", ref, fs.ErrNotExist)
		}
		r, err = protocol.Reopen(raw)
		return err
	})
	return r, err
}

// ShownUntil returns until when members may show our cases as they are now: the latest Until of the heads that we have
// ever signed. Zero before the first.
func (s *Store) ShownUntil() (until time.Time, err error) {
	err = s.view(func(b *buckets) error {
		until = b.shownUntil()
		return nil
	})
	return until, err
}

func (b *buckets) shownUntil() time.Time {
	v := b.meta.Get([]byte("shown"))
	if v == nil {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(v))).UTC()
}

// signed notes that a head of our own lets members show our cases.
func (c *change) signed(h *protocol.Head) error {
	if h.Origin != c.s.own || !h.Until.After(c.shownUntil()) {
		return nil
	}
	return c.meta.Put([]byte("shown"), binary.BigEndian.AppendUint64(nil, uint64(h.Until.UnixMilli())))
}

// Codes of the phases in the bucket receipts.
var phaseCodes = map[protocol.Phase]byte{protocol.Marked: 'm', protocol.Swept: 's'}

func receiptKey(takedown digest, by protocol.Origin, phase protocol.Phase) []byte {
	return append(append(takedown[:], by[:]...), phaseCodes[phase])
}

// receiptRow is a value of the bucket receipts.
type receiptRow struct {
	equal  bool
	at     time.Time
	signed []byte
}

func (r receiptRow) value() []byte {
	b := make([]byte, 1, 9+len(r.signed))
	if r.equal {
		b[0] = 1
	}
	return append(binary.BigEndian.AppendUint64(b, uint64(r.at.UnixMilli())), r.signed...)
}

func receiptRowOf(v []byte) receiptRow {
	return receiptRow{v[0] == 1, time.UnixMilli(int64(binary.BigEndian.Uint64(v[1:]))).UTC(), bytes.Clone(v[9:])}
}

// SaveReceipt keeps a receipt for a takedown of our own, verified under card, and the card. equal is the head of our own
// that it confirms, nil when it does not. The first receipt of a member and phase stays, but gives way to the first that
// confirms a head.
func (s *Store) SaveReceipt(r *protocol.Receipt, card *protocol.Card, equal *protocol.Head) error {
	key := receiptKey(protocol.Digest(r.Takedown), r.By, r.Phase)
	row := receiptRow{equal != nil, r.At, r.Bytes()}
	return s.change(func(c *change) error {
		if old := c.receipts.Get(key); old != nil && (receiptRowOf(old).equal || !row.equal) {
			return nil
		}
		if err := errors.Join(c.receipts.Put(key, row.value()), c.keepCard(card)); err != nil {
			return fmt.Errorf("save receipt: %w", err)
		}
		if equal == nil {
			return nil
		}
		if own := c.s.members[c.s.own]; own.Card != nil {
			if err := c.keepCard(own.Card); err != nil {
				return fmt.Errorf("save receipt: %w", err)
			}
		}
		return c.equals.Put(equal.Root[:], equal.Bytes())
	})
}

// keepCard keeps a card under which something was signed that stays, unless a newer one of its key is kept.
func (c *change) keepCard(card *protocol.Card) error {
	o, kid := card.Origin(), protocol.KeyIDOf(card.Key())
	key := append(o[:], kid[:]...)
	if v := c.cards.Get(key); v != nil {
		if held, err := protocol.OpenCard(v); err == nil && !card.Newer(held) {
			return nil
		}
	}
	return c.cards.Put(key, card.Bytes())
}

// Confirmation is what one member has said of a takedown of ours.
type Confirmation struct {
	Member protocol.Origin
	// Marked and Swept are when it had hidden and erased the case, by its own clock; zero while it has not said so.
	Marked, Swept time.Time
	// Equal says that it then held exactly what we had published.
	Equal bool
}

// Confirmations returns what members have said of a takedown of ours, in the order of their origins.
func (s *Store) Confirmations(takedown cid.Cid) (all []Confirmation, err error) {
	err = s.view(func(b *buckets) error {
		all = b.confirmations(protocol.Digest(takedown))
		return nil
	})
	return all, err
}

func (b *buckets) confirmations(takedown digest) (all []Confirmation) {
	c := b.receipts.Cursor()
	for k, v := c.Seek(takedown[:]); bytes.HasPrefix(k, takedown[:]); k, v = c.Next() {
		by, row := protocol.Origin(k[32:64]), receiptRowOf(v)
		if len(all) == 0 || all[len(all)-1].Member != by {
			all = append(all, Confirmation{Member: by})
		}
		last := &all[len(all)-1]
		switch k[64] {
		case phaseCodes[protocol.Marked]:
			last.Marked = row.at
		case phaseCodes[protocol.Swept]:
			last.Swept, last.Equal = row.at, row.equal
		}
	}
	return all
}

// Evidence is what a report on a takedown rests on; every one is signed.
type Evidence struct{ Cards, Heads, Receipts [][]byte }

// Evidence returns what members have said of a takedown of ours, the heads that they confirm, and the cards under which
// we and they have signed.
func (s *Store) Evidence(takedown cid.Cid, members []protocol.Origin) (e Evidence, err error) {
	d := protocol.Digest(takedown)
	err = s.view(func(b *buckets) error {
		for _, o := range append([]protocol.Origin{s.own}, members...) {
			c := b.cards.Cursor()
			for k, v := c.Seek(o[:]); bytes.HasPrefix(k, o[:]); k, v = c.Next() {
				e.Cards = append(e.Cards, bytes.Clone(v))
			}
		}
		confirmed := map[[32]byte]bool{}
		c := b.receipts.Cursor()
		for k, v := c.Seek(d[:]); bytes.HasPrefix(k, d[:]); k, v = c.Next() {
			row := receiptRowOf(v)
			e.Receipts = append(e.Receipts, row.signed)
			r, err := protocol.ReopenReceipt(row.signed)
			if err != nil {
				return fmt.Errorf("receipts %x: %w", k, err)
			}
			if row.equal && !confirmed[r.Root] {
				confirmed[r.Root] = true
				e.Heads = append(e.Heads, bytes.Clone(b.equals.Get(r.Root[:])))
			}
		}
		return nil
	})
	return e, err
}

// Owed is a takedown of ours that members have not receipted as swept.
type Owed struct {
	Ref     protocol.Ref
	Record  cid.Cid
	Members []protocol.Origin
}

// Outstanding returns our takedowns after a place of our log that active members have yet to sweep, in the order of the
// log, and the place of the last one. A member counts if it was one before the last right to show the case had run out,
// however often it was suspended or removed since: who came later never had it.
func (s *Store) Outstanding(after protocol.LogPlace) (owed []Owed, last protocol.LogPlace, err error) {
	active := map[protocol.Origin]time.Time{}
	s.mu.RLock()
	own := s.members[s.own].short
	for o, m := range s.members {
		if m.Standing == protocol.Active {
			active[o] = m.First
		}
	}
	s.mu.RUnlock()
	last = after
	err = s.view(func(b *buckets) error {
		c := b.digests.Cursor()
		for k, v := c.Seek(place{own, after.Epoch, after.Seq + 1}.key()); k != nil && placeOf(k).short == own; k, v = c.Next() {
			if v[0] != rowTakedown {
				continue
			}
			at, d := placeOf(k), digest(v[1:])
			last.Epoch, last.Seq = at.epoch, at.seq
			missing := map[protocol.Origin]bool{}
			for o := range active {
				missing[o] = true
			}
			for _, said := range b.confirmations(d) {
				if !said.Swept.IsZero() {
					delete(missing, said.Member)
				}
			}
			if len(missing) == 0 {
				continue
			}
			r, err := b.read(at)
			if err != nil {
				return err
			}
			until, err := b.mayShow(r)
			if err != nil {
				return err
			}
			w := Owed{Ref: r.Header().Ref(), Record: r.ID()}
			for o := range missing {
				if active[o].Before(until) {
					w.Members = append(w.Members, o)
				}
			}
			if len(w.Members) > 0 {
				slices.SortFunc(w.Members, func(a, b protocol.Origin) int { return bytes.Compare(a[:], b[:]) })
				owed = append(owed, w)
			}
		}
		return nil
	})
	return owed, last, err
}

// mayShow returns the last moment at which a member could have come by a right to show a case of ours that is closed.
func (b *buckets) mayShow(takedown *protocol.Record) (time.Time, error) {
	h := takedown.Header()
	v := b.closed.Get(h.Case[:])
	if v == nil { // our log came back from peers after the data folder was lost
		return b.lent().later(h.At, h.At.Add(protocol.MaxLease)), nil
	}
	var c Closed
	if err := json.Unmarshal(v, &c); err != nil {
		return time.Time{}, fmt.Errorf("read closed case: %w", err)
	}
	return b.lent().later(h.At, c.MayShow()), nil
}

// MayShow returns the moment from which on nobody may show the case, whatever it has heard.
func (c *Closed) MayShow() time.Time {
	if c.ShownUntil.After(c.At) {
		return c.ShownUntil
	}
	return c.At
}

// receipts checks that each receipt stands where it says and verifies under a card that is kept, and that each confirmed
// head is there.
func (k *checking) receipts() {
	k.each("receipts", k.buckets.receipts, 65, 0, func(key, v []byte) {
		if len(v) < 9 {
			k.wrong("receipts", key, "out of shape")
			return
		}
		row := receiptRowOf(v)
		r, err := protocol.ReopenReceipt(row.signed)
		if err != nil {
			k.wrong("receipts", key, "%v", err)
			return
		}
		if !bytes.Equal(key, receiptKey(protocol.Digest(r.Takedown), r.By, r.Phase)) || !r.At.Equal(row.at) {
			k.wrong("receipts", key, "is another's")
		}
		certified := false
		c := k.buckets.cards.Cursor()
		for a, v := c.Seek(r.By[:]); bytes.HasPrefix(a, r.By[:]); a, v = c.Next() {
			card, err := protocol.OpenCard(v)
			if err == nil {
				_, err = protocol.OpenReceipt(row.signed, card)
			}
			certified = certified || err == nil
		}
		if !certified {
			k.wrong("receipts", key, "no card certifies it")
		}
		head, err := protocol.ReopenHead(k.buckets.equals.Get(r.Root[:]))
		if row.equal && (err != nil || !r.Confirms(head)) {
			k.wrong("receipts", key, "the head that it confirms is missing")
		}
	})
	k.each("equals", k.buckets.equals, 32, 0, func([]byte, []byte) {})
	k.each("cards", k.buckets.cards, 32+8, 0, func([]byte, []byte) {})
}
