package store

import (
	"os"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// maxLook is how many wanted files of one kind and member a call of WantedPhotos looks at, so that a heap of files that
// nobody has does not make each call long. Which ones is chance.
const maxLook = 1024

// WantedPhoto is a photo file that a live record refers to and that is not here.
type WantedPhoto struct {
	File          cid.Cid
	Size          uint32 // bytes, as the record has it
	Width, Height uint16 // pixels
	Thumb         bool
	// Origin is the member whose record it is.
	Origin protocol.Origin
}

// wanted are the photo files that live records refer to and that may be missing: WantedPhotos looks.
type wanted map[wantedOf]map[digest]struct{}

// wantedOf is one kind of file of one member.
type wantedOf struct {
	short uint32
	thumb bool
}

func (w *wanted) add(d digest, info photoInfo) {
	if *w == nil {
		*w = wanted{}
	}
	of := wantedOf{info.short, info.thumb}
	if (*w)[of] == nil {
		(*w)[of] = map[digest]struct{}{}
	}
	(*w)[of][d] = struct{}{}
}

func (w *wanted) remove(d digest) {
	for of, files := range *w {
		delete(files, d)
		if len(files) == 0 {
			delete(*w, of)
		}
	}
}

// WantedPhotos returns photo files that live records refer to and that are not here: at most max of each member, its
// thumbnails first, else in no order. from, unless nil, says whose photos or thumbnails to look for, and skip, unless nil,
// which of them to leave out; neither may call the store.
func (s *Store) WantedPhotos(max int, from func(o protocol.Origin, thumb bool) bool, skip func(file cid.Cid) bool) ([]WantedPhoto, error) {
	var out []WantedPhoto
	var here []digest
	err := s.view(func(b *buckets) error {
		s.mu.RLock()
		defer s.mu.RUnlock()
		found := map[uint32]int{}
		for _, thumb := range []bool{true, false} {
			for of, files := range s.wanted {
				if of.thumb != thumb || from != nil && !from(s.numbers[of.short].origin, thumb) {
					continue
				}
				looked := 0
				for d := range files {
					if looked++; found[of.short] == max || looked > maxLook {
						break
					}
					if skip != nil && skip(photoCID(d)) {
						continue
					}
					if _, err := os.Stat(s.photoPath(d)); err == nil {
						here = append(here, d)
						continue
					}
					if w, ok := s.wantedPhoto(b, d); ok { // else a change has just dropped it
						out = append(out, w)
						found[of.short]++
					}
				}
			}
		}
		return nil
	})
	if len(here) > 0 {
		s.write.Lock() // so that no file found above is removed, and wanted again, before it is struck out
		s.mu.Lock()
		for _, d := range here {
			if _, err := os.Stat(s.photoPath(d)); err == nil {
				s.wanted.remove(d)
			}
		}
		s.mu.Unlock()
		s.write.Unlock()
	}
	return out, err
}

// MissingPhotos counts the photo files of each member, thumbnails and photos together, that live records refer to and that
// may not be here.
func (s *Store) MissingPhotos() map[protocol.Origin]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[protocol.Origin]int{}
	for of, files := range s.wanted {
		out[s.numbers[of.short].origin] += len(files)
	}
	return out
}

// PhotoBytes adds up the photo files here that live records of each member refer to, in bytes. A file that records of
// several members share counts for one of them. It reads every reference, so it is for once an hour.
func (s *Store) PhotoBytes() (map[protocol.Origin]int64, error) {
	out := map[protocol.Origin]int64{}
	err := s.view(func(b *buckets) error {
		var last digest
		return b.photos.ForEach(func(k, v []byte) error {
			d := digest(k[:32])
			if k[32] != byRecord || d == last {
				return nil
			}
			last = d
			info := photoInfoOf(v)
			s.mu.RLock()
			defer s.mu.RUnlock()
			if _, missing := s.wanted[wantedOf{info.short, info.thumb}][d]; !missing {
				out[s.numbers[info.short].origin] += int64(info.size)
			}
			return nil
		})
	})
	return out, err
}
