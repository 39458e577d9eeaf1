package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// A part is the pieces of a photo file as SavePart was given them, each u32 sealed size and the sealed piece, bound to the
// file and the offset where it begins. A piece that a crash has torn ends the part.

// PartPhoto returns what a broken transfer left of a photo file, or fs.ErrNotExist.
func (s *Store) PartPhoto(file cid.Cid) (part []byte, err error) {
	d, err := photoKey(file)
	if err != nil {
		return nil, err
	}
	err = s.view(func(b *buckets) error {
		slot := b.slot(d)
		if slot == 0 {
			return fs.ErrNotExist
		}
		key, err := b.key(slot)
		if err != nil {
			return err
		}
		part, _, err = s.readPart(d, slot, &key)
		return err
	})
	return part, err
}

// readPart returns what a part holds, and how many bytes of the file that is.
func (s *Store) readPart(d digest, slot uint32, key *fileKey) (part []byte, size int, err error) {
	raw, err := os.ReadFile(s.photoPath(d) + partSuffix)
	if err != nil {
		return nil, 0, err
	}
	for rest := raw; len(rest) >= 4; {
		n := int(binary.BigEndian.Uint32(rest))
		if n > len(rest)-4 {
			break
		}
		piece, err := unseal(nil, key, sealedPart, slot, partAt(d, len(part)), rest[4:4+n])
		if err != nil {
			break
		}
		part, rest, size = append(part, piece...), rest[4+n:], size+4+n
	}
	return part, size, nil
}

func partAt(d digest, offset int) []byte { return binary.BigEndian.AppendUint32(d[:], uint32(offset)) }

// SavePart keeps a piece of a transfer that broke off, to be resumed: b begins at offset, where the part kept so far
// ends. Offset 0 begins anew. Only of a file that a live record refers to; else ErrGone or fs.ErrNotExist.
func (s *Store) SavePart(file cid.Cid, offset int, b []byte) error {
	d, err := photoKey(file)
	if err != nil {
		return err
	}
	if offset+len(b) > protocol.MaxPhotoBytes {
		return fmt.Errorf("save part of photo: %w", protocol.ErrSize)
	}
	s.write.Lock() // so that no takedown removes the file meanwhile
	defer s.write.Unlock()
	var slot uint32
	var key fileKey
	err = s.view(func(b *buckets) error {
		info, err := b.mayRead(d, false)
		if err != nil {
			return err
		}
		slot = info.slot
		key, err = b.key(slot)
		return err
	})
	if err == nil {
		err = s.appendPart(d, slot, &key, offset, b)
	}
	if err != nil {
		return fmt.Errorf("save part of photo %s: %w", file, err)
	}
	return nil
}

func (s *Store) appendPart(d digest, slot uint32, key *fileKey, offset int, b []byte) error {
	path := s.photoPath(d) + partSuffix
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	size := 0
	if offset > 0 {
		part, n, err := s.readPart(d, slot, key)
		if err != nil || len(part) != offset {
			return fmt.Errorf("the part does not end at %d: %w", offset, errors.Join(err, fs.ErrInvalid))
		}
		size = n
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	sealed := seal(binary.BigEndian.AppendUint32(nil, uint32(len(b)+sealing)), key, sealedPart, slot, partAt(d, offset), b)
	_, err = f.WriteAt(sealed, int64(size))
	return errors.Join(err, f.Truncate(int64(size+len(sealed))), f.Close())
}
