package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Draft is a case of our own country as officers work on it, all three tiers. It stays in the country, lives on beside
// the published case, and goes when the case is taken down.
type Draft struct {
	ID      protocol.CaseID  `json:"id"`
	Case    protocol.Case    `json:"case"`
	Members protocol.Members `json:"members"`
	Local   protocol.Local   `json:"local"`
	Photos  []protocol.Photo `json:"photos,omitempty"`
	Changed time.Time        `json:"changed"`
	// PublishedRev is the revision that was published last; 0 = never. It is at least that of the live record.
	PublishedRev uint64 `json:"published_rev,omitempty"`
	// Dirty says that it was changed since it was published.
	Dirty bool `json:"dirty,omitempty"`
	// Waiting is what is decided of the case and not signed yet; "" for nothing. It is read from the wishes, not stored.
	Waiting WishKind `json:"waiting,omitempty"`
}

// Public says whether the case is on our own site, as far as that is for officers to decide.
func (d *Draft) Public() bool { return d.PublishedRev > 0 || d.Waiting == WishPublish }

// SaveDraft stores a draft. Photo files that it stops referring to and nothing else refers to are removed. A draft of a
// case that was taken down is refused with protocol.ErrClosed.
func (s *Store) SaveDraft(d *Draft) error {
	return s.change(func(c *change) error { return c.saveDraft(d) })
}

// SaveDrafts stores drafts in one transaction; those of cases that were taken down are left out.
func (s *Store) SaveDrafts(all []*Draft) error {
	return s.change(func(c *change) error {
		for _, d := range all {
			if err := c.saveDraft(d); err != nil && !errors.Is(err, protocol.ErrClosed) {
				return err
			}
		}
		return nil
	})
}

func (c *change) saveDraft(d *Draft) error {
	if d.ID == (protocol.CaseID{}) {
		return errors.New("save draft: it has no identifier")
	}
	plain := *d
	plain.Waiting = ""
	value, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	ref := protocol.RefOf(c.s.own, d.ID)
	if c.dead.Get(ref[:]) != nil {
		return fmt.Errorf("save draft: %w", protocol.ErrClosed)
	}
	if err := c.deleteDraft(d.ID); err != nil {
		return err
	}
	if err := c.drafts.Put(d.ID[:], c.sealRow(sealedDraft, d.ID[:], value)); err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	for file, info := range filesOf(c.s.members[c.s.own].short, d.Photos) {
		if err := c.refer(file, byDraft, d.ID, info); err != nil {
			return fmt.Errorf("save draft: %w", err)
		}
		c.then = append(c.then, func() { delete(c.s.loose, file) })
	}
	return nil
}

// Draft returns a draft, or fs.ErrNotExist.
func (s *Store) Draft(id protocol.CaseID) (d *Draft, err error) {
	err = s.view(func(b *buckets) error {
		d, err = b.draft(s.own, id)
		return err
	})
	return d, err
}

func (b *buckets) draft(own protocol.Origin, id protocol.CaseID) (*Draft, error) {
	v := b.drafts.Get(id[:])
	if v == nil {
		return nil, fmt.Errorf("draft %s: %w", id, fs.ErrNotExist)
	}
	return b.draftOf(own, id[:], v)
}

// draftOf reads a row of the bucket drafts.
func (b *buckets) draftOf(own protocol.Origin, key, v []byte) (*Draft, error) {
	d := new(Draft)
	plain, err := b.openRow(sealedDraft, key, v)
	if err == nil {
		err = json.Unmarshal(plain, d)
	}
	if err != nil {
		return nil, fmt.Errorf("read draft: %w", err)
	}
	ref := protocol.RefOf(own, d.ID)
	w, err := b.wish(ref)
	if w != nil {
		d.Waiting = w.Kind
	}
	if live, ok := b.live(ref); ok { // a crash may have come between record and draft
		d.PublishedRev = max(d.PublishedRev, live.rev)
	}
	return d, err
}

// Drafts returns all drafts, the newest change first.
func (s *Store) Drafts() ([]*Draft, error) {
	var all []*Draft
	err := s.view(func(b *buckets) error {
		all = nil
		return b.drafts.ForEach(func(k, v []byte) error {
			d, err := b.draftOf(s.own, k, v)
			all = append(all, d)
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b *Draft) int { return b.Changed.Compare(a.Changed) })
	return all, nil
}

// DeleteDraft removes a draft and the photo files that only it referred to. A draft that is not there is fs.ErrNotExist.
func (s *Store) DeleteDraft(id protocol.CaseID) error {
	return s.change(func(c *change) error {
		if c.drafts.Get(id[:]) == nil {
			return fmt.Errorf("delete draft %s: %w", id, fs.ErrNotExist)
		}
		return c.deleteDraft(id)
	})
}

// deleteDraft removes a draft, if it is there, with its references to photos.
func (c *change) deleteDraft(id protocol.CaseID) error {
	v := c.drafts.Get(id[:])
	if v == nil {
		return nil
	}
	c.shred = append(c.shred, slotOf(v))
	d, err := c.draft(c.s.own, id)
	if err != nil {
		return err
	}
	for file := range filesOf(0, d.Photos) {
		if err := c.unrefer(file, byDraft, id); err != nil {
			return fmt.Errorf("delete draft: %w", err)
		}
	}
	if err := c.drafts.Delete(id[:]); err != nil {
		return fmt.Errorf("delete draft: %w", err)
	}
	return nil
}

// Closed is what stays of a case of our own that was taken down: nothing that tells who the child is.
type Closed struct {
	ID     protocol.CaseID `json:"id"`
	Ref    protocol.Ref    `json:"ref"`
	Number string          `json:"number"`
	Reason protocol.Reason `json:"reason"`
	At     time.Time       `json:"at"`
	// ShownUntil is until when a member that hears nothing of the closing may show the case: what Store.ShownUntil was when
	// the case was closed, or later where our delegate has extended one of those heads. Zero when no head had been signed.
	ShownUntil time.Time `json:"shown_until,omitzero"`
}

// SaveClosed stores what stays of a closed case, and keeps our card as evidence of who closes it.
func (s *Store) SaveClosed(c Closed) error {
	value, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("save closed case: %w", err)
	}
	return s.urgent(func(ch *change) error {
		if own := s.members[s.own]; own.Card != nil {
			if err := ch.keepCard(own.Card); err != nil {
				return fmt.Errorf("save closed case: %w", err)
			}
		}
		return ch.closed.Put(c.ID[:], value)
	})
}

// Closed returns what stays of our closed cases, the newest first.
func (s *Store) Closed() ([]Closed, error) {
	var all []Closed
	err := s.view(func(b *buckets) error {
		all = nil
		lent := b.lent()
		return b.closed.ForEach(func(_, v []byte) error {
			var c Closed
			if err := json.Unmarshal(v, &c); err != nil {
				return fmt.Errorf("read closed case: %w", err)
			}
			c.ShownUntil = lent.later(c.At, c.ShownUntil)
			all = append(all, c)
			return nil
		})
	})
	slices.SortStableFunc(all, func(a, b Closed) int { return b.At.Compare(a.At) })
	return all, err
}

// Marks returns the marks of every record and photo file that a live case of our own ever had: what its takedown names.
func (s *Store) Marks(id protocol.CaseID) (marks []protocol.Mark, err error) {
	err = s.view(func(b *buckets) error {
		marks = b.marksOfCase(protocol.RefOf(s.own, id))
		return nil
	})
	return marks, err
}

func (b *buckets) marksOfCase(ref protocol.Ref) (marks []protocol.Mark) {
	c := b.marks.Cursor()
	for k, _ := c.Seek(ref[:]); bytes.HasPrefix(k, ref[:]); k, _ = c.Next() {
		marks = append(marks, protocol.Mark(k[16:]))
	}
	return marks
}
