package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// judgeDropped finds among the photo files that something stopped referring to those that nothing refers to any more.
// They are written down as doomed in the same transaction, so that a crash after it cannot leave them.
func (c *change) judgeDropped() error {
	for d := range c.dropped {
		record, draft := c.referred(d)
		if !record {
			delete(c.added, d)
			c.then = append(c.then, func() { c.s.wanted.remove(d) })
		}
		if record || draft {
			continue
		}
		if err := c.doomed.Put(d[:], nil); err != nil {
			return fmt.Errorf("doom photo: %w", err)
		}
		c.doom = append(c.doom, d)
	}
	return nil
}

// sweep removes photo files that the change just committed doomed, and files that nobody has referred to for an hour.
// What cannot be removed stays in the bucket doomed, for Check to report and the next Open to remove. The caller holds
// write.
func (s *Store) sweep(doomed []digest) {
	now := time.Now()
	for d, since := range s.loose {
		if now.Sub(since) > looseTime {
			if s.remove(d) == nil {
				s.mu.Lock()
				delete(s.loose, d)
				s.mu.Unlock()
			}
		}
	}
	for _, d := range doomed {
		if s.remove(d) == nil {
			s.swept = append(s.swept, d)
		}
	}
}

// remove takes a photo file and its part off the disk, durably.
func (s *Store) remove(d digest) error {
	path := s.photoPath(d)
	removed := false
	for _, p := range []string{path, path + partSuffix} {
		err := os.Remove(p)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		removed = removed || err == nil
	}
	if !removed {
		return nil
	}
	return syncFolder(filepath.Dir(path))
}

// sweepAll runs at Open. It finishes removals that a crash cut short, removes what was being written, files that nothing
// has referred to for an hour and parts that nobody wants, and finds which photo files are wanted.
func (s *Store) sweepAll() error {
	var doomed []digest
	here := map[digest]bool{}
	err := s.view(func(b *buckets) error {
		err := b.doomed.ForEach(func(k, _ []byte) error {
			doomed = append(doomed, digest(k))
			return nil
		})
		if err != nil {
			return err
		}
		for _, d := range doomed {
			if record, draft := b.referred(d); record || draft {
				continue
			}
			if err := s.remove(d); err != nil {
				return fmt.Errorf("finish removing photo: %w", err)
			}
		}
		err = s.photoFiles(func(f photoFile) error {
			record, draft := b.referred(f.d)
			switch {
			case strings.HasPrefix(filepath.Base(f.path), newPrefix):
				return os.Remove(f.path)
			case !f.ok: // not ours: Check reports it
			case f.part && !record:
				return os.Remove(f.path)
			case f.part:
			case !record && !draft && time.Since(f.info.ModTime()) > looseTime:
				return os.Remove(f.path)
			case !record && !draft:
				s.loose[f.d] = f.info.ModTime()
			default:
				here[f.d] = true
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("sweep photos: %w", err)
		}
		return b.photos.ForEach(func(k, v []byte) error {
			if d := digest(k[:32]); k[32] == byRecord && !here[d] {
				s.wanted.add(d, photoInfoOf(v))
			}
			return nil
		})
	})
	if err != nil || len(doomed) == 0 {
		return err
	}
	s.swept = doomed
	return s.change(func(*change) error { return nil })
}
