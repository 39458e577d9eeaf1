package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	reserveName = "reserve"
	// reserveSize is what is set aside on the disk so that takedowns, and heads of our own, are stored when it is full: a
	// takedown needs some thirty pages of 4 KiB, and gives most of them back to the next.
	reserveSize = 1 << 20
)

var errFull = errors.New("the disk is full: make room; until then takedowns alone are stored")

// isFull says whether a change failed for want of room.
func isFull(err error) bool {
	return errors.Is(err, errFull) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// openReserve finds out whether the reserve is there, and makes it.
func (s *Store) openReserve() {
	info, err := os.Stat(filepath.Join(s.dir, reserveName))
	s.full = err != nil || info.Size() != reserveSize
	s.keepReserve() // a full disk does not keep the store from being opened
}

// keepReserve sets the reserve aside again once it was given away. The caller holds write.
func (s *Store) keepReserve() error {
	if !s.full {
		return nil
	}
	path := filepath.Join(s.dir, reserveName)
	b := make([]byte, reserveSize)
	rand.Read(b) // a file system may keep zeros in no room at all
	if err := writeWhole(path, b); err != nil {
		return fmt.Errorf("%w (%w)", errFull, errors.Join(err, removeIfThere(path)))
	}
	s.full = false
	return nil
}

// giveReserve makes room for a takedown, if there is any left to make. The caller holds write.
func (s *Store) giveReserve() bool {
	if s.full || os.Remove(filepath.Join(s.dir, reserveName)) != nil {
		return false
	}
	s.full = true
	return true
}

// urgent is change for what must not fail on a full disk.
func (s *Store) urgent(do func(*change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	err := s.changeLocked(do)
	if isFull(err) && s.giveReserve() {
		err = s.changeLocked(do)
	}
	return err
}
