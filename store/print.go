package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ipfs/go-cid"
)

// A print is what posters show of a photo of our own, made of the photo file once and kept beside it, sealed under the same
// key: whatever ends the photo ends its print. It can always be made again, so nothing fails for want of one.

// AddPrint keeps the print of a photo file that an officer uploaded, and of which the caller knows that it is what the
// make of Print makes of the file. Errors: fs.ErrNotExist when nothing of ours refers to the file; a full disk.
func (s *Store) AddPrint(file cid.Cid, b []byte) error {
	d, err := photoKey(file)
	if err == nil {
		err = s.keepPrint(d, b)
	}
	if err != nil {
		return fmt.Errorf("keep print of photo %s: %w", file, err)
	}
	return nil
}

// Print returns the print of a photo for the console: of one that a live record or a draft refers to. Errors are those of
// Photo, and of make, which makes a print of the photo file if none is kept. It is kept then if the photo is our own, make
// changed anything, and the disk has room.
func (s *Store) Print(file cid.Cid, make func(full []byte) ([]byte, error)) ([]byte, error) {
	d, err := photoKey(file)
	if err != nil {
		return nil, err
	}
	return s.print(d, make, func(b *buckets) (photoInfo, error) { return b.mayRead(d, true) })
}

// print returns the print of a photo file that may says may be read.
func (s *Store) print(d digest, make func([]byte) ([]byte, error), may func(*buckets) (photoInfo, error)) ([]byte, error) {
	if b, err := s.openFile(d, printSuffix, sealedPrint, may); err == nil {
		return b, nil
	}
	full, err := s.openFile(d, "", sealedPhoto, may)
	if err != nil {
		return nil, err
	}
	b, err := make(full)
	if err != nil {
		return nil, fmt.Errorf("print of photo %s: %w", photoCID(d), err)
	}
	if !bytes.Equal(b, full) {
		s.keepPrint(d, b) // else it is made again
	}
	return b, nil
}

// keepPrint writes a print, unless the reserve is given away: what room there is then is for takedowns.
func (s *Store) keepPrint(d digest, print []byte) error {
	s.write.Lock() // so that no takedown removes the file meanwhile
	defer s.write.Unlock()
	if s.full {
		return errFull
	}
	var slot uint32
	var key fileKey
	err := s.view(func(b *buckets) (err error) {
		if slot, err = b.ownSlot(d, s.members[s.own].short); err == nil {
			key, err = b.key(slot)
		}
		return err
	})
	if err != nil {
		return err
	}
	path := s.photoPath(d) + printSuffix
	temp, err := writeTemp(filepath.Dir(path), seal(nil, &key, sealedPrint, slot, d[:], print))
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}

// ownSlot returns the slot of the key of a photo file that something of an origin refers to, or fs.ErrNotExist.
func (b *buckets) ownSlot(d digest, short uint32) (uint32, error) {
	c := b.photos.Cursor()
	for k, v := c.Seek(d[:]); bytes.HasPrefix(k, d[:]); k, v = c.Next() {
		if info := photoInfoOf(v); info.short == short {
			return info.slot, nil
		}
	}
	return 0, fs.ErrNotExist
}
