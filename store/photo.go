package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// ErrGone says that a case was taken down, or that a photo file went with it.
var ErrGone = errors.New("the case was taken down")

// looseTime is how long a photo file is kept that nothing refers to.
const looseTime = time.Hour

const (
	partSuffix  = ".part"
	printSuffix = ".print"
	newPrefix   = ".new-"
)

func (s *Store) photoPath(d digest) string {
	name := photoCID(d).String()
	return filepath.Join(s.dir, "photos", name[len(name)-3:len(name)-1], name)
}

// PutPhoto stores a photo file that a peer sent, durably, after checking its digest. A file that a takedown named and
// nothing refers to is refused with ErrGone. Any other file that nothing refers to is kept for an hour.
func (s *Store) PutPhoto(file cid.Cid, b []byte) error { return s.putPhoto(file, b, false) }

// AddPhoto stores a photo file that an officer uploaded, as PutPhoto does, but also one that a takedown named: a case
// that was closed by mistake is opened anew with the same photo.
func (s *Store) AddPhoto(file cid.Cid, b []byte) error { return s.putPhoto(file, b, true) }

func (s *Store) putPhoto(file cid.Cid, b []byte, desk bool) error {
	d, err := photoKey(file)
	if err != nil || len(b) > protocol.MaxPhotoBytes || protocol.PhotoCID(b) != file {
		return fmt.Errorf("put photo %s: the %d bytes are not that file: %w", file, len(b), protocol.ErrForm)
	}
	slot, key, err := s.keyFor(d, len(b), desk)
	if err != nil {
		return fmt.Errorf("put photo %s: %w", file, err)
	}
	path := s.photoPath(d)
	folder := filepath.Dir(path)
	if err := os.Mkdir(folder, 0o700); err == nil {
		err = syncFolder(filepath.Dir(folder))
		if err != nil {
			return fmt.Errorf("put photo: %w", err)
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("put photo: %w", err)
	}
	temp, err := writeTemp(folder, seal(make([]byte, 0, len(b)+sealing), &key, sealedPhoto, slot, d[:], b))
	if err != nil {
		return fmt.Errorf("put photo: %w", err)
	}
	if err := s.settlePhoto(d, slot, key, temp, path); err != nil {
		os.Remove(temp)
		return fmt.Errorf("put photo %s: %w", file, err)
	}
	return syncFolder(folder)
}

// keyFor returns the key of a photo file that is about to be written. A file that nothing refers to yet gets one, unless
// a takedown has come to forbid it.
func (s *Store) keyFor(d digest, size int, desk bool) (slot uint32, key fileKey, err error) {
	err = s.view(func(b *buckets) error {
		if slot = b.slot(d); slot == 0 {
			return nil
		}
		key, err = b.key(slot)
		return err
	})
	if err != nil || slot != 0 {
		return slot, key, err
	}
	err = s.change(func(c *change) error {
		if slot = c.slot(d); slot == 0 {
			if c.isGone(d) && !desk {
				return ErrGone
			}
			info := photoInfo{size: uint32(size), short: s.members[s.own].short}
			if err := c.refer(d, byNobody, [16]byte{}, info); err != nil {
				return err
			}
			slot = c.slots[d]
			c.then = append(c.then, func() { s.loose[d] = s.now() })
		}
		key, err = c.key(slot)
		return err
	})
	return slot, key, err
}

// slot returns the slot of a photo file's key; 0 when nothing refers to the file.
func (b *buckets) slot(d digest) uint32 {
	k, v := b.photos.Cursor().Seek(d[:])
	if !bytes.HasPrefix(k, d[:]) {
		return 0
	}
	return photoInfoOf(v).slot
}

func writeTemp(folder string, b []byte) (string, error) {
	f, err := os.CreateTemp(folder, newPrefix)
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

// settlePhoto gives a written file its name, unless its key was shredded meanwhile: its slot may hold another by now, even
// one of the same photo.
func (s *Store) settlePhoto(d digest, slot uint32, key fileKey, temp, path string) error {
	s.write.Lock()
	defer s.write.Unlock()
	err := s.view(func(b *buckets) error {
		now, err := b.key(slot)
		switch {
		case err == nil && b.slot(d) == slot && now == key:
			return nil
		case b.isGone(d):
			return ErrGone
		}
		return fs.ErrNotExist
	})
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	os.Remove(path + partSuffix)
	s.mu.Lock()
	s.wanted.remove(d)
	s.mu.Unlock()
	return nil
}

// Photo returns a photo file for the console: one that a live record or a draft refers to. Otherwise ErrGone if a
// takedown named it, or fs.ErrNotExist.
func (s *Store) Photo(file cid.Cid) ([]byte, error) { return s.photo(file, true) }

// SharedPhoto returns a photo file for a peer: one that a live record refers to. A draft's photos stay in the country.
// Otherwise ErrGone if a takedown named it, or fs.ErrNotExist.
func (s *Store) SharedPhoto(file cid.Cid) ([]byte, error) { return s.photo(file, false) }

func (s *Store) photo(file cid.Cid, drafts bool) ([]byte, error) {
	d, err := photoKey(file)
	if err != nil {
		return nil, err
	}
	return s.openFile(d, "", sealedPhoto, func(b *buckets) (photoInfo, error) { return b.mayRead(d, drafts) })
}

// openFile reads and opens a photo file that may says may be read, or what is kept beside it under the suffix. It begins
// anew when the file's key was shredded meanwhile.
func (s *Store) openFile(d digest, suffix string, what byte, may func(*buckets) (photoInfo, error)) (plain []byte, err error) {
	err = s.viewCases(func(b *buckets) error {
		info, err := may(b)
		if err != nil {
			return err
		}
		key, err := b.key(info.slot)
		if err != nil {
			return fmt.Errorf("photo %s: %w", photoCID(d), err)
		}
		sealed, err := os.ReadFile(s.photoPath(d) + suffix)
		if errors.Is(err, fs.ErrNotExist) {
			if now, bad := b.key(info.slot); bad != nil || now != key { // the file went after its key
				err = fmt.Errorf("photo %s: %w", photoCID(d), errShredded)
			}
		}
		if err != nil {
			return err
		}
		if plain, err = unseal(nil, &key, what, info.slot, d[:], sealed); err != nil {
			return fmt.Errorf("photo %s: %w", photoCID(d), err)
		}
		return nil
	})
	return plain, err
}

// mayRead answers for a file that a live record, or if drafts is set a draft, refers to.
func (b *buckets) mayRead(d digest, drafts bool) (info photoInfo, err error) {
	record, draft := b.referred(d)
	switch {
	case record, draft && drafts:
		_, v := b.photos.Cursor().Seek(d[:])
		return photoInfoOf(v), nil
	case b.isGone(d):
		return info, ErrGone
	}
	return info, fs.ErrNotExist
}

// referred says whether live records and drafts refer to a file.
func (b *buckets) referred(d digest) (record, draft bool) {
	c := b.photos.Cursor()
	k, _ := c.Seek(refKey(d, byRecord, [16]byte{}))
	record = bytes.HasPrefix(k, append(d[:], byRecord))
	k, _ = c.Seek(refKey(d, byDraft, [16]byte{}))
	return record, bytes.HasPrefix(k, append(d[:], byDraft))
}

func (b *buckets) isGone(d digest) bool {
	mark := protocol.GoneMark(photoCID(d))
	return b.gone.Get(mark[:]) != nil
}

// photoFile is a name in the folder of photos.
type photoFile struct {
	path   string
	info   fs.FileInfo
	d      digest
	suffix string // partSuffix, printSuffix, or "" of a whole file
	ok     bool   // the name is one of these
}

// photoFiles calls fn with every file in the folder of photos.
func (s *Store) photoFiles(fn func(photoFile) error) error {
	return filepath.WalkDir(filepath.Join(s.dir, "photos"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		f := photoFile{path: path}
		if f.info, err = e.Info(); err != nil {
			return err
		}
		if suffix := filepath.Ext(path); suffix == partSuffix || suffix == printSuffix {
			f.suffix = suffix
		}
		if c, err := cid.Decode(strings.TrimSuffix(e.Name(), f.suffix)); err == nil {
			if f.d, err = photoKey(c); err == nil {
				f.ok = path == s.photoPath(f.d)+f.suffix
			}
		}
		return fn(f)
	})
}
