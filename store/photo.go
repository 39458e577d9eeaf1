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
	partSuffix = ".part"
	newPrefix  = ".new-"
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
	temp, err := writeTemp(folder, b)
	if err != nil {
		return fmt.Errorf("put photo: %w", err)
	}
	if err := s.settle(d, temp, path, desk); err != nil {
		os.Remove(temp)
		return fmt.Errorf("put photo %s: %w", file, err)
	}
	return syncFolder(folder)
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

// settle gives a written file its name, unless a takedown has come to forbid it.
func (s *Store) settle(d digest, temp, path string, desk bool) error {
	s.write.Lock()
	defer s.write.Unlock()
	var record, draft, gone bool
	err := s.view(func(b *buckets) error {
		record, draft = b.referred(d)
		gone = b.isGone(d)
		return nil
	})
	if err != nil {
		return err
	}
	if gone && !record && !draft && !desk {
		return ErrGone
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	os.Remove(path + partSuffix)
	s.mu.Lock()
	s.wanted.remove(d)
	if !record && !draft {
		s.loose[d] = time.Now()
	}
	s.mu.Unlock()
	s.sweep(nil)
	return nil
}

// PartPhoto returns what a broken transfer left of a photo file, or fs.ErrNotExist.
func (s *Store) PartPhoto(file cid.Cid) ([]byte, error) {
	d, err := photoKey(file)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(s.photoPath(d) + partSuffix)
}

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
	if err := s.mayRead(d, false); err != nil {
		return fmt.Errorf("save part of photo %s: %w", file, err)
	}
	path := s.photoPath(d)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("save part of photo: %w", err)
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if offset == 0 {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(path+partSuffix, flags, 0o600)
	if err != nil {
		return fmt.Errorf("save part of photo: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != int64(offset) {
		return fmt.Errorf("save part of photo %s: the part does not end at %d: %w", file, offset, errors.Join(err, fs.ErrInvalid))
	}
	if _, err := f.Write(b); err != nil {
		return fmt.Errorf("save part of photo: %w", err)
	}
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
	if err := s.mayRead(d, drafts); err != nil {
		return nil, err
	}
	return os.ReadFile(s.photoPath(d))
}

// mayRead is nil when a live record, or if drafts is set a draft, refers to a file.
func (s *Store) mayRead(d digest, drafts bool) error {
	return s.view(func(b *buckets) error {
		record, draft := b.referred(d)
		switch {
		case record, draft && drafts:
			return nil
		case b.isGone(d):
			return ErrGone
		}
		return fs.ErrNotExist
	})
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
	path string
	info fs.FileInfo
	d    digest
	part bool
	ok   bool // the name is that of a photo file or its part
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
		var name string
		name, f.part = strings.CutSuffix(e.Name(), partSuffix)
		if c, err := cid.Decode(name); err == nil {
			if f.d, err = photoKey(c); err == nil {
				f.ok = strings.TrimSuffix(path, partSuffix) == s.photoPath(f.d)
			}
		}
		return fn(f)
	})
}
