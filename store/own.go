package store

import (
	"encoding/binary"
	"fmt"

	"github.com/gmcn/gmcn/protocol"
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

// assigned notes that a number of our log was given to a record in this folder.
func (c *change) assigned(epoch, seq uint64) error {
	b := binary.BigEndian.AppendUint64(nil, epoch)
	return c.meta.Put([]byte("assigned"), binary.BigEndian.AppendUint64(b, seq))
}

// Assigned returns the last place of our log that this folder has given to a record; Epoch and Seq are zero for none. A log
// that goes further, or to another epoch, has been pulled back from other members.
func (s *Store) Assigned() (p protocol.LogPlace, err error) {
	p.Origin = s.own
	err = s.view(func(b *buckets) error {
		if v := b.meta.Get([]byte("assigned")); v != nil {
			p.Epoch, p.Seq = binary.BigEndian.Uint64(v), binary.BigEndian.Uint64(v[8:])
		}
		return nil
	})
	return p, err
}
