package store

import (
	"bytes"
	"os"
	"sync"
)

// maxAsked is how many files that pages asked for in vain are remembered until somebody looks.
const maxAsked = 256

// asked are the photo files that pages may show, asked for and did not find.
type asked struct {
	wake chan struct{}

	mu    sync.Mutex
	files map[digest]struct{}
}

func (a *asked) add(d digest) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.files) >= maxAsked {
		return // the next visitor asks again
	}
	if a.files == nil {
		a.files = map[digest]struct{}{}
	}
	a.files[d] = struct{}{}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *asked) take() map[digest]struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	files := a.files
	a.files = nil
	return files
}

// PhotoAsked tells that AskedPhotos has something.
func (s *Store) PhotoAsked() <-chan struct{} { return s.asked.wake }

// AskedPhotos returns the photo files that pages asked for since the last call, that live records still refer to, and
// that are not here.
func (s *Store) AskedPhotos() (out []WantedPhoto, err error) {
	files := s.asked.take()
	if len(files) == 0 {
		return nil, nil
	}
	err = s.view(func(b *buckets) error {
		out = nil
		s.mu.RLock()
		defer s.mu.RUnlock()
		for d := range files {
			if _, err := os.Stat(s.photoPath(d)); err == nil {
				continue
			}
			if w, ok := s.wantedPhoto(b, d); ok {
				out = append(out, w)
			}
		}
		return nil
	})
	return out, err
}

// wantedPhoto describes a file as a live record does; ok is false when none refers to it. The caller holds mu.
func (s *Store) wantedPhoto(b *buckets, d digest) (w WantedPhoto, ok bool) {
	k, v := b.photos.Cursor().Seek(refKey(d, byRecord, [16]byte{}))
	if !bytes.HasPrefix(k, append(d[:], byRecord)) {
		return w, false
	}
	i := photoInfoOf(v)
	return WantedPhoto{photoCID(d), i.size, i.width, i.height, i.thumb, s.numbers[i.short].origin}, true
}
