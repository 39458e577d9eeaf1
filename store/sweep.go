package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// refer writes that something refers to a photo file, which has a key from the first time on.
func (c *change) refer(d digest, by byte, who [16]byte, info photoInfo) error {
	slot, ok := c.slots[d]
	if !ok {
		k, v := c.photos.Cursor().Seek(d[:])
		switch {
		case !bytes.HasPrefix(k, d[:]):
			if c.doomed.Get(d[:]) != nil { // a file under another key, which could not be removed
				if err := errors.Join(c.s.remove(d), c.doomed.Delete(d[:])); err != nil {
					return fmt.Errorf("remove photo: %w", err)
				}
			}
			slot, _ = c.newKey()
		case k[32] == byNobody:
			slot = photoInfoOf(v).slot
			if err := c.photos.Delete(k); err != nil {
				return fmt.Errorf("write photo reference: %w", err)
			}
		default:
			slot = photoInfoOf(v).slot
		}
		c.slots[d] = slot
	}
	info.slot = slot
	if err := c.photos.Put(refKey(d, by, who), info.value()); err != nil {
		return fmt.Errorf("write photo reference: %w", err)
	}
	return nil
}

// unrefer removes what refer wrote.
func (c *change) unrefer(d digest, by byte, who [16]byte) error {
	key := refKey(d, by, who)
	v := c.photos.Get(key)
	if v == nil {
		return nil
	}
	c.slots[d] = photoInfoOf(v).slot
	c.dropped[d] = struct{}{}
	if err := c.photos.Delete(key); err != nil {
		return fmt.Errorf("drop photo reference: %w", err)
	}
	return nil
}

// dropLoose drops files that nobody has referred to for an hour.
func (c *change) dropLoose() error {
	now := c.s.now()
	for d, since := range c.s.loose {
		if now.Sub(since) <= looseTime {
			continue
		}
		if err := c.unrefer(d, byNobody, [16]byte{}); err != nil {
			return err
		}
		c.then = append(c.then, func() { delete(c.s.loose, d) })
	}
	return nil
}

// judgeDropped finds among the photo files that something stopped referring to those that nothing refers to any more.
// They are written down as doomed in the same transaction, so that a crash after it cannot leave them, and their keys are
// shredded right after it.
func (c *change) judgeDropped() error {
	for d := range c.dropped {
		record, _ := c.referred(d)
		if !record {
			delete(c.added, d)
			c.then = append(c.then, func() { c.s.wanted.remove(d) })
		}
		if k, _ := c.photos.Cursor().Seek(d[:]); bytes.HasPrefix(k, d[:]) {
			continue
		}
		if err := c.doomed.Put(d[:], nil); err != nil {
			return fmt.Errorf("doom photo: %w", err)
		}
		c.shred = append(c.shred, c.slots[d])
		c.purges = true
	}
	return nil
}

// remove takes a photo file, its part and its print off the disk, durably.
func (s *Store) remove(d digest) error {
	path := s.photoPath(d)
	removed := false
	var left error
	for _, p := range []string{path, path + partSuffix, path + printSuffix} {
		err := os.Remove(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			left = errors.Join(left, err)
		}
		removed = removed || err == nil
	}
	if removed {
		left = errors.Join(left, syncFolder(filepath.Dir(path)))
	}
	return left
}

// settle runs at Open. It finishes what a crash cut short: it overwrites every key that no row names, removes doomed
// photo files, files that no row names, what was being written and parts that nobody wants, and finds which photo files
// are wanted. Then it does what is due, as Tend does.
func (s *Store) settle() error {
	if err := removeIfThere(filepath.Join(s.dir, dbName+newSuffix)); err != nil {
		return err
	}
	here := map[digest]bool{}
	var gone []digest // uploads that came to nothing
	err := s.view(func(b *buckets) error {
		if err := s.keys.settle(b.named(s.keys.count)); err != nil {
			return err
		}
		err := s.photoFiles(func(f photoFile) error {
			k, _ := b.photos.Cursor().Seek(f.d[:])
			named := bytes.HasPrefix(k, f.d[:])
			record, _ := b.referred(f.d)
			switch {
			case strings.HasPrefix(filepath.Base(f.path), newPrefix):
				return os.Remove(f.path)
			case !f.ok: // not ours: Check reports it
			case !named, f.suffix == partSuffix && !record:
				return os.Remove(f.path)
			case f.suffix != "":
			default:
				here[f.d] = true
				if k[32] == byNobody {
					s.loose[f.d] = f.info.ModTime()
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("sweep photos: %w", err)
		}
		return b.photos.ForEach(func(k, v []byte) error {
			switch d := digest(k[:32]); {
			case here[d]:
			case k[32] == byRecord:
				s.wanted.add(d, photoInfoOf(v))
			case k[32] == byNobody:
				gone = append(gone, d)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	s.write.Lock()
	defer s.write.Unlock()
	s.openReserve()
	if len(gone) > 0 {
		err = s.changeLocked(func(c *change) error {
			for _, d := range gone {
				if err := c.unrefer(d, byNobody, [16]byte{}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err == nil {
		err = s.tend(context.Background())
	}
	if isFull(err) {
		return nil // what is left is left to Tend
	}
	return err
}

// named says of each slot whether a row names it.
func (b *buckets) named(slots uint32) []bool {
	named := make([]bool, slots)
	name := func(slot uint32) {
		if slot < slots {
			named[slot] = true
		}
	}
	each := func(rows bucket, slot func(v []byte) uint32) {
		c := rows.Cursor()
		for k, v := c.First(); k != nil; k, v = c.Next() {
			name(slot(v))
		}
	}
	each(b.log, slotOf)
	each(b.drafts, slotOf)
	each(b.wishes, slotOf)
	each(b.photos, func(v []byte) uint32 { return photoInfoOf(v).slot })
	each(b.forks, func(v []byte) uint32 {
		if v[0] != forkRecords {
			return 0
		}
		return slotOf(v[forkHeader:])
	})
	each(b.held, func(v []byte) uint32 { return slotOf(heldCaseOf(v).row) })
	return named
}
