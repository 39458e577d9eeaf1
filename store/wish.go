package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// WishKind says what is to be signed.
type WishKind string

const (
	// WishPublish: a case, or a new revision of it.
	WishPublish WishKind = "publish"
	// WishRenew: what is public, for another review period.
	WishRenew WishKind = "renew"
	// WishClose: a takedown.
	WishClose WishKind = "close"
	// WishStance: what we say of another member.
	WishStance WishKind = "stance"
)

// Wish is what our own staff has decided at a time when no sequence number could be assigned. It stays, sealed, until the
// record is signed or another closes the case. On our own pages it holds at once: a case of WishPublish is shown, one of
// WishClose is not.
type Wish struct {
	Kind WishKind `json:"kind"`
	// ID is of the case; of a stance it is protocol.StanceID.
	ID protocol.CaseID `json:"id"`
	At time.Time       `json:"at"`
	// ReviewBy is when the case hides itself; of WishPublish and WishRenew.
	ReviewBy time.Time `json:"review_by,omitzero"`
	// Case, Members and Photos are what is to be published, whatever becomes of the draft; of WishPublish.
	Case    *protocol.Case    `json:"case,omitempty"`
	Members *protocol.Members `json:"members,omitempty"`
	Photos  []protocol.Photo  `json:"photos,omitempty"`
	// Number and Reason are those of the closed case; of WishClose.
	Number string          `json:"number,omitempty"`
	Reason protocol.Reason `json:"reason,omitempty"`
	// Stance is of WishStance.
	Stance *protocol.Stance `json:"stance,omitempty"`
}

// SaveWish stores a wish in the place of an earlier one for the same case or member. For a case that was taken down, or is
// wished to be, the error is protocol.ErrClosed.
func (s *Store) SaveWish(w Wish) error {
	value, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("save wish: %w", err)
	}
	ref := protocol.RefOf(s.own, w.ID)
	save := func(c *change) error {
		old, err := c.wish(ref)
		if err != nil {
			return err
		}
		if c.dead.Get(ref[:]) != nil || old != nil && old.Kind == WishClose {
			return protocol.ErrClosed
		}
		// The new references come first, so that a photo in both loses none.
		key := c.sealRow(sealedWish, ref[:], value)
		for file, info := range filesOf(s.members[s.own].short, w.Photos) {
			if err := c.refer(file, byWish, ref, info); err != nil {
				return err
			}
		}
		if old != nil {
			if err := c.forgetWish(ref, old, w.Photos); err != nil {
				return err
			}
		}
		if err := c.wishes.Put(ref[:], key); err != nil {
			return err
		}
		if w.Kind == WishStance {
			return nil
		}
		c.rows[ref], err = c.shownRow(ref)
		return err
	}
	if w.Kind == WishClose {
		err = s.urgent(save)
	} else {
		err = s.change(save)
	}
	if err != nil {
		return fmt.Errorf("save wish: %w", err)
	}
	return nil
}

// Wish returns what is wished of a case of our own, or of a member by protocol.StanceID; fs.ErrNotExist when nothing is.
func (s *Store) Wish(id protocol.CaseID) (w *Wish, err error) {
	err = s.view(func(b *buckets) error {
		w, err = b.wish(protocol.RefOf(s.own, id))
		return err
	})
	if err == nil && w == nil {
		err = fmt.Errorf("wish of %s: %w", id, fs.ErrNotExist)
	}
	return w, err
}

// Wishes returns all wishes, those that close cases first, then the oldest.
func (s *Store) Wishes() (all []*Wish, err error) {
	err = s.view(func(b *buckets) error {
		all = nil
		return b.wishes.ForEach(func(k, v []byte) error {
			w, err := b.wishOf(k, v)
			all = append(all, w)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b *Wish) int {
		if closes := a.Kind == WishClose; closes != (b.Kind == WishClose) {
			return map[bool]int{true: -1, false: 1}[closes]
		}
		return cmp.Or(a.At.Compare(b.At), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return all, nil
}

// DropWish removes a wish that cannot be granted; one that is not there changes nothing.
func (s *Store) DropWish(id protocol.CaseID) error {
	err := s.change(func(c *change) error { return c.endWish(protocol.RefOf(s.own, id)) })
	if err != nil {
		return fmt.Errorf("drop wish: %w", err)
	}
	return nil
}

// wish returns the wish under a ref, nil when there is none.
func (b *buckets) wish(ref protocol.Ref) (*Wish, error) {
	v := b.wishes.Get(ref[:])
	if v == nil {
		return nil, nil
	}
	return b.wishOf(ref[:], v)
}

// wishOf reads a row of the bucket wishes.
func (b *buckets) wishOf(key, v []byte) (*Wish, error) {
	w := new(Wish)
	plain, err := b.openRow(sealedWish, key, v)
	if err == nil {
		err = json.Unmarshal(plain, w)
	}
	if err != nil {
		return nil, fmt.Errorf("read wish: %w", err)
	}
	return w, nil
}

// endWish removes a wish, if there is one, and lets pages show what is signed.
func (c *change) endWish(ref protocol.Ref) error {
	old, err := c.wish(ref)
	if err != nil || old == nil {
		return err
	}
	if err := c.forgetWish(ref, old, nil); err != nil {
		return err
	}
	if err := c.wishes.Delete(ref[:]); err != nil {
		return err
	}
	if old.Kind == WishStance {
		return nil
	}
	c.rows[ref], err = c.shownRow(ref)
	return err
}

// forgetWish shreds a wish and drops its references to photos, those of keep left out.
func (c *change) forgetWish(ref protocol.Ref, w *Wish, keep []protocol.Photo) error {
	c.shred = append(c.shred, slotOf(c.wishes.Get(ref[:])))
	kept := filesOf(0, keep)
	for file := range filesOf(0, w.Photos) {
		if _, ok := kept[file]; ok {
			continue
		}
		if err := c.unrefer(file, byWish, ref); err != nil {
			return err
		}
	}
	return nil
}

// shownRow returns the index's row of a case of our own: of its live record, or of what is wished in its place; nil when
// there is neither.
func (c *change) shownRow(ref protocol.Ref) (*row, error) {
	r, err := c.readLive(ref)
	if err != nil {
		return nil, err
	}
	own := c.s.members[c.s.own]
	var live *row
	if r != nil {
		live = newRow(own, ref, r)
	}
	return c.wishedRow(own, ref, live)
}

// wishedRow returns what a wish makes of the row of a live record, nil if there is none.
func (b *buckets) wishedRow(own *member, ref protocol.Ref, live *row) (*row, error) {
	w, err := b.wish(ref)
	if err != nil || w == nil || live == nil && w.Kind != WishPublish {
		return live, err
	}
	var wished row
	switch w.Kind {
	case WishClose:
		wished = *live
		wished.hidden = true
	case WishPublish:
		wished = *rowOfCase(own, ref, w.At, w.ReviewBy, w.Case)
		if live != nil {
			wished.epoch, wished.seq, wished.rev = live.epoch, live.seq, live.rev
		}
	case WishRenew:
		wished = *live
		wished.review = w.ReviewBy.UnixMilli()
	default:
		return live, nil
	}
	return &wished, nil
}

// wished returns what all wishes make of the rows of live records, which live returns; nil where there is none.
func (b *buckets) wished(own *member, live func(protocol.Ref) (*row, error)) (map[protocol.Ref]*row, error) {
	rows := map[protocol.Ref]*row{}
	err := b.wishes.ForEach(func(k, _ []byte) error {
		ref := protocol.Ref(k)
		w, err := live(ref)
		if err == nil {
			rows[ref], err = b.wishedRow(own, ref, w)
		}
		return err
	})
	return rows, err
}

// show puts a wish in the place of c, what is live of the case, nil if nothing is. Errors: as Public.Case.
func (w *Wish) show(ref protocol.Ref, own protocol.Origin, c *Shown, sealed []byte) (*Shown, error) {
	switch w.Kind {
	case WishClose:
		return nil, fmt.Errorf("case %s: %w", ref, ErrGone)
	case WishPublish:
		shown := &Shown{Ref: ref, Origin: own, Own: true, Record: recordCID(sha256.Sum256(sealed)), Rev: 1, Case: w.Case,
			Photos: w.Photos, At: w.At, ReviewBy: w.ReviewBy}
		if c != nil {
			shown.Rev = c.Rev + 1
		}
		return shown, nil
	case WishRenew:
		if c != nil {
			c.ReviewBy = w.ReviewBy
		}
	}
	return c, nil
}
