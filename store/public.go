package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// Public is all that a visitor's page can reach: what protocol.Shows allows at the moment of the call, and only the
// public tier.
type Public struct{ s *Store }

// Shown is a case that may be shown now.
type Shown struct {
	Ref    protocol.Ref
	Origin protocol.Origin
	// Own says that it is a case of this country.
	Own    bool
	Record cid.Cid
	Rev    uint64
	// Stamp is what a poster of it bears; the zero Stamp in a record of before there were any. Nobody has checked it.
	Stamp protocol.Stamp
	// Case and Photos are the record's; the caller must not change them.
	Case   *protocol.Case
	Photos []protocol.Photo
	// At is when the revision was written, ReviewBy when the case hides itself.
	At, ReviewBy time.Time
	// Lease is until when it may be shown unless its origin is heard again, by its own word or its delegate's; zero for our
	// own.
	Lease time.Time
	// Confirmed is when its origin last confirmed it, as the newest head that we have verified says; zero for our own.
	Confirmed time.Time
}

// has says whether one of the case's photos is in a file.
func (c *Shown) has(file cid.Cid) bool {
	return slices.ContainsFunc(c.Photos, func(p protocol.Photo) bool { return p.File.Cid == file || p.Thumb.Cid == file })
}

// Case returns a case. Errors: ErrGone when it was taken down; fs.ErrNotExist when it is unknown or not to be shown now.
func (p *Public) Case(ref protocol.Ref) (c *Shown, err error) {
	err = p.s.viewCases(func(b *buckets) error {
		c, err = p.read(b, ref, p.s.Clock(nil))
		return err
	})
	return c, err
}

// read reads a case within a transaction, whatever the index says.
func (p *Public) read(b *buckets, ref protocol.Ref, clock protocol.Clock) (*Shown, error) {
	w, err := b.wish(ref)
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", ref, err)
	}
	c, err := p.live(b, ref, clock, w != nil)
	if w != nil && (err == nil || errors.Is(err, fs.ErrNotExist)) {
		if c, err = w.show(ref, p.s.own, c, b.wishes.Get(ref[:])); c == nil && err == nil {
			err = fmt.Errorf("case %s: %w", ref, fs.ErrNotExist)
		}
	}
	if err == nil && w != nil && !c.ReviewBy.After(clock.Now) {
		return nil, fmt.Errorf("case %s: %w", ref, fs.ErrNotExist)
	}
	return c, err
}

// live reads the live record of a case; also one that is past its review, if over.
func (p *Public) live(b *buckets, ref protocol.Ref, clock protocol.Clock, over bool) (*Shown, error) {
	if b.isClosed(ref) {
		return nil, fmt.Errorf("case %s: %w", ref, ErrGone)
	}
	r, err := b.readLive(ref)
	if err == nil && r == nil {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", ref, err)
	}
	h := r.Header()
	p.s.mu.RLock()
	m := *p.s.members[h.Origin]
	p.s.mu.RUnlock()
	if r.Type() != protocol.TypeCase || !m.shows(h.ReviewBy, clock) && !(over && m.Standing == protocol.Own) {
		return nil, fmt.Errorf("case %s: %w", ref, fs.ErrNotExist)
	}
	c := &Shown{Ref: ref, Origin: m.origin, Own: m.Standing == protocol.Own, Record: r.ID(), Rev: h.Rev, Case: r.Case(),
		Photos: r.Photos(), At: h.At, ReviewBy: h.ReviewBy}
	c.Stamp, _ = r.Stamp()
	if !c.Own {
		c.Lease, c.Confirmed = m.lease(), m.verified.At
	}
	return c, nil
}

// List returns the page of cases that a query asks for, urgent ones first, then the newest, and how many there are in all.
func (p *Public) List(q Query) (found []*Shown, total int, err error) {
	want := p.match(q)
	var page []protocol.Ref
	fit := 0
	want.each(p.s, func(w *slot) bool {
		if fit >= q.Offset && len(page) < q.Limit {
			page = append(page, p.s.index.lines[w.line].ref())
		}
		fit++
		return true
	})
	err = p.s.viewCases(func(b *buckets) error {
		found, total = nil, fit
		for _, ref := range page {
			switch c, err := p.read(b, ref, want.clock); {
			case isNot(err): // a change since the index was read
				total--
			case err != nil:
				return err
			default:
				found = append(found, c)
			}
		}
		return nil
	})
	return found, total, err
}

func isNot(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrGone) }

// Countries returns the ISO codes of the other countries that have cases to show now, sorted.
func (p *Public) Countries() ([]string, error) {
	codes := []string{}
	seen := map[uint32]bool{}
	p.match(Query{Network: true}).each(p.s, func(w *slot) bool {
		if !seen[w.of] {
			seen[w.of] = true
			codes = append(codes, p.s.index.of[w.of].Card.Country)
		}
		return len(seen)+1 < len(p.s.members) // our own has none
	})
	slices.Sort(codes)
	return slices.Compact(codes), nil
}

// Photo returns a photo file of a case that is shown now. Errors: ErrGone when its case was taken down; fs.ErrNotExist
// when it is not here, or no case that is shown refers to it.
//
// A file that a page may show and that is not here is noted for AskedPhotos.
func (p *Public) Photo(file cid.Cid) ([]byte, error) {
	return p.file(file, func(d digest, may func(*buckets) (photoInfo, error)) ([]byte, error) {
		return p.s.openFile(d, "", sealedPhoto, may)
	})
}

// Print returns what is printed of a photo of our own, as Store.Print does, but under the very conditions of Photo.
func (p *Public) Print(file cid.Cid, make func(full []byte) ([]byte, error)) ([]byte, error) {
	return p.file(file, func(d digest, may func(*buckets) (photoInfo, error)) ([]byte, error) { return p.s.print(d, make, may) })
}

// file returns what read gives of a photo file, which it may if a case that is shown refers to the file.
func (p *Public) file(file cid.Cid, read func(digest, func(*buckets) (photoInfo, error)) ([]byte, error)) ([]byte, error) {
	d, err := photoKey(file)
	if err != nil {
		return nil, err
	}
	shown := false
	b, err := read(d, func(b *buckets) (photoInfo, error) {
		_, info, err := p.showing(b, d)
		shown = err == nil
		return info, err
	})
	if shown && errors.Is(err, fs.ErrNotExist) {
		p.s.asked.add(d)
	}
	return b, err
}

// Thumb returns the thumbnail's name of a photo of a case that is shown now. Errors are those of Photo.
func (p *Public) Thumb(file cid.Cid) (thumb cid.Cid, err error) {
	d, err := photoKey(file)
	if err != nil {
		return cid.Undef, err
	}
	err = p.s.viewCases(func(b *buckets) error {
		c, _, err := p.showing(b, d)
		if err != nil {
			return err
		}
		for _, photo := range c.Photos {
			if photo.File.Cid == file {
				thumb = photo.Thumb.Cid
				return nil
			}
		}
		return fmt.Errorf("thumbnail of %s: %w", file, fs.ErrNotExist)
	})
	return thumb, err
}

// showing returns a case that is shown now and refers to a photo file, and what its record says of the file.
func (p *Public) showing(b *buckets, d digest) (*Shown, photoInfo, error) {
	live := false
	for _, by := range []byte{byRecord, byWish} {
		prefix := append(d[:], by)
		c := b.photos.Cursor()
		k, v := c.Seek(prefix)
		live = live || bytes.HasPrefix(k, prefix)
		for ; bytes.HasPrefix(k, prefix); k, v = c.Next() {
			shown, err := p.read(b, protocol.Ref(k[len(prefix):]), p.s.Clock(nil))
			if err == nil && !shown.has(photoCID(d)) || isNot(err) {
				continue
			}
			return shown, photoInfoOf(v), err
		}
	}
	if !live && b.isGone(d) {
		return nil, photoInfo{}, fmt.Errorf("photo %s: %w", photoCID(d), ErrGone)
	}
	return nil, photoInfo{}, fmt.Errorf("photo %s: %w", photoCID(d), fs.ErrNotExist)
}

// Own returns this node's own card, or fs.ErrNotExist before it is set.
func (p *Public) Own() (*protocol.Card, error) { return p.Card(p.s.own) }

// Card returns the card of a member that is not removed, or fs.ErrNotExist.
func (p *Public) Card(o protocol.Origin) (*protocol.Card, error) {
	m, err := p.s.Member(o)
	if err != nil {
		return nil, err
	}
	if m.Standing == protocol.Removed {
		return nil, fmt.Errorf("member %s: %w", o, fs.ErrNotExist)
	}
	return m.Card, nil
}

// Signers returns the cards under which a stamp may have been signed: of each member whose origin it names, unless that
// is removed, the one of the stamp's epoch. member says whether there is such a member, though its card of that epoch may
// not be here.
func (p *Public) Signers(stamp protocol.Stamp) (cards []*protocol.Card, member bool, err error) {
	all, err := p.s.Members()
	if err != nil {
		return nil, false, err
	}
	for _, m := range all {
		if o := m.Card.Origin(); m.Standing != protocol.Removed && stamp.Member.Matches(o) {
			member = true
			for _, card := range m.Cards {
				if card.Epoch == stamp.Epoch {
					cards = append(cards, card)
				}
			}
		}
	}
	return cards, member, nil
}

// Cards returns the cards of our own and the active members: our own first, then by country.
func (p *Public) Cards() ([]*protocol.Card, error) {
	all, err := p.s.Members()
	var cards []*protocol.Card
	for _, m := range all {
		if m.Standing == protocol.Own || m.Standing == protocol.Active {
			cards = append(cards, m.Card)
		}
	}
	return cards, err
}
