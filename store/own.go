package store

import (
	"encoding/binary"
	"fmt"
)

// Meet notes that this store has been online with another member: from now on somebody may know more of our log than is
// written here.
func (s *Store) Meet() error {
	if met, err := s.Met(); err != nil || met {
		return err
	}
	err := s.change(func(c *change) error { return c.meta.Put([]byte("met"), []byte{1}) })
	if err != nil {
		return fmt.Errorf("note that a member was met: %w", err)
	}
	return nil
}

// Met says whether Meet was ever called.
func (s *Store) Met() (met bool, err error) {
	err = s.view(func(b *buckets) error {
		met = b.meta.Get([]byte("met")) != nil
		return nil
	})
	return met, err
}

// Fence notes that somebody else has written our log in an epoch: nothing of that epoch may be signed here any more.
func (s *Store) Fence(epoch uint64) error {
	err := s.urgent(func(c *change) error {
		return c.meta.Put([]byte("fenced"), binary.BigEndian.AppendUint64(nil, epoch))
	})
	if err != nil {
		return fmt.Errorf("fence epoch %d: %w", epoch, err)
	}
	return nil
}

// Fenced returns the last epoch that was fenced; 0 for none.
func (s *Store) Fenced() (epoch uint64, err error) {
	err = s.view(func(b *buckets) error {
		if v := b.meta.Get([]byte("fenced")); v != nil {
			epoch = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	return epoch, err
}
