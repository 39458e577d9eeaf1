package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipfs/go-cid"
	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// photoNames lists all files below the folder of photos.
func photoNames(t *testing.T, s *Store) (names []string) {
	t.Helper()
	must(t, s.photoFiles(func(f photoFile) error {
		names = append(names, filepath.Base(f.path))
		return nil
	}))
	return names
}

func TestPhotoIsForThoseWhoMay(t *testing.T) {
	s, xa, xb := twoCountries(t)
	p, file, thumb := newPhoto("one")
	want(t, "bytes of another", s.PutPhoto(p.File.Cid, thumb), protocol.ErrForm)
	want(t, "too large", s.PutPhoto(protocol.PhotoCID(make([]byte, protocol.MaxPhotoBytes+1)), make([]byte, protocol.MaxPhotoBytes+1)), protocol.ErrForm)
	must(t, s.PutPhoto(p.File.Cid, file))
	check := func(when string, desk, peer, public error) {
		t.Helper()
		for _, c := range []struct {
			who  string
			read func(cid.Cid) ([]byte, error)
			want error
		}{{"desk", s.Photo, desk}, {"peer", s.SharedPhoto, peer}, {"public", s.Public().Photo, public}} {
			b, err := c.read(p.File.Cid)
			if !errors.Is(err, c.want) || err == nil && !bytes.Equal(b, file) {
				t.Errorf("%s, %s: %q, %v, want %v", when, c.who, b, err, c.want)
			}
		}
	}
	check("nothing refers to it", fs.ErrNotExist, fs.ErrNotExist, fs.ErrNotExist)
	id := protocol.NewCaseID()
	must(t, s.SaveDraft(&Draft{ID: id, Photos: []protocol.Photo{p}}))
	check("a draft", nil, fs.ErrNotExist, fs.ErrNotExist)
	appendCase(t, s, xa, id, withPhotos(p))
	check("a case", nil, nil, nil)
	other := protocol.NewCaseID()
	must(t, s.Put(xb.publish(other, withPhotos(p))))
	appendTakedown(t, s, xa, id)
	check("taken down, but another country's case has it too", nil, nil, nil)
	must(t, s.Put(xb.takedown(other)))
	check("both taken down", ErrGone, ErrGone, ErrGone)
	want(t, "put again", s.PutPhoto(p.File.Cid, file), ErrGone)
	if files := photoNames(t, s); len(files) != 0 {
		t.Errorf("files left: %v", files)
	}
	// A case that was closed by mistake is opened anew, under another name.
	again := protocol.NewCaseID()
	must(t, s.AddPhoto(p.File.Cid, file))
	must(t, s.SaveDraft(&Draft{ID: again, Photos: []protocol.Photo{p}}))
	check("a new draft", nil, ErrGone, ErrGone)
	appendCase(t, s, xa, again, withPhotos(p))
	check("a new case", nil, nil, nil)

	for _, c := range []cid.Cid{{}, cid.MustParse("QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnU9Hz"), cid.MustParse("bafkqaaa"),
		protocol.CIDOf(file)} {
		_, err := s.Photo(c)
		want(t, "a CID of another kind", err, fs.ErrNotExist)
		_, err = s.Public().Photo(c)
		want(t, "a CID of another kind", err, fs.ErrNotExist)
		want(t, "put under a CID of another kind", s.PutPhoto(c, file), protocol.ErrForm)
	}
}

// TestPhotoWrittenUnderAKeyThatIsShredded: while a photo is being written its case is closed, and another takes the photo
// and the slot.
func TestPhotoWrittenUnderAKeyThatIsShredded(t *testing.T) {
	s, xa, _ := twoCountries(t)
	p, file, _ := newPhoto("one")
	d := protocol.Digest(p.File.Cid)
	must(t, s.AddPhoto(p.File.Cid, file))
	id := protocol.NewCaseID()
	appendCase(t, s, xa, id, withPhotos(p))
	slot, key, err := s.keyFor(d, len(file), true)
	must(t, err)
	path := s.photoPath(d)
	temp, err := writeTemp(filepath.Dir(path), seal(nil, &key, sealedPhoto, slot, d[:], file))
	must(t, err)
	appendTakedown(t, s, xa, id)
	want(t, "the case is closed", s.settlePhoto(d, slot, key, temp, path), ErrGone)
	for i := 0; s.keys.free[len(s.keys.free)-1] != slot; i++ { // others take what is free before it
		_, _, other := newPhoto(string(rune('a' + i)))
		must(t, s.AddPhoto(protocol.PhotoCID(other), other))
	}
	must(t, s.AddPhoto(p.File.Cid, file))
	if now, _, err := s.keyFor(d, len(file), true); now != slot || err != nil {
		t.Fatalf("the photo has slot %d, %v; want %d", now, err, slot)
	}
	want(t, "its slot holds another key", s.settlePhoto(d, slot, key, temp, path), ErrGone)
	appendCase(t, s, xa, protocol.NewCaseID(), withPhotos(p))
	if b, err := s.Public().Photo(p.File.Cid); err != nil || !bytes.Equal(b, file) {
		t.Errorf("the photo of the new case: %v", err)
	}
	must(t, os.Remove(temp))
}

func TestPhotoOfARevisionThatDropsIt(t *testing.T) {
	s, _, xb := twoCountries(t)
	a, fileA, _ := newPhoto("a")
	b, fileB, _ := newPhoto("b")
	id := protocol.NewCaseID()
	must(t, s.Put(xb.publish(id, withPhotos(a, b))))
	must(t, s.PutPhoto(a.File.Cid, fileA))
	must(t, s.PutPhoto(b.File.Cid, fileB))
	must(t, s.SavePart(a.Thumb.Cid, 0, []byte("th")))
	must(t, s.Put(xb.publish(id, withPhotos(b))))
	if got := photoNames(t, s); len(got) != 1 || got[0] != b.File.String() {
		t.Errorf("files %v, want only the one kept", got)
	}
	_, err := s.Photo(a.File.Cid)
	want(t, "dropped photo", err, fs.ErrNotExist)
	want(t, "part of a dropped photo", s.SavePart(a.Thumb.Cid, 0, []byte("th")), fs.ErrNotExist)
	if w, _ := s.WantedPhotos(10, nil, nil); len(w) != 1 || w[0].File != b.Thumb.Cid {
		t.Errorf("wanted %v", w)
	}
}

func TestWantedPhotos(t *testing.T) {
	s, _, xb := twoCountries(t)
	var want []cid.Cid
	for _, name := range []string{"a", "b", "c"} {
		p, file, _ := newPhoto(name)
		must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(p))))
		if name == "a" {
			must(t, s.PutPhoto(p.File.Cid, file))
		} else {
			want = append(want, p.File.Cid)
		}
		want = append(want, p.Thumb.Cid)
	}
	must(t, s.SaveDraft(&Draft{ID: protocol.NewCaseID(), Photos: []protocol.Photo{func() protocol.Photo { p, _, _ := newPhoto("draft"); return p }()}}))
	for range 2 {
		got, err := s.WantedPhotos(10, nil, nil)
		must(t, err)
		if len(got) != 5 || !got[0].Thumb || !got[2].Thumb || got[3].Thumb {
			t.Fatalf("wanted %+v, want three thumbnails, then two photos", got)
		}
		for _, w := range got {
			if !slices.Contains(want, w.File) || w.Origin != xb.origin() || w.Size != 7 || w.Thumb != (w.Width == 320) {
				t.Errorf("wanted %+v", w)
			}
		}
		if few, _ := s.WantedPhotos(2, nil, nil); len(few) != 2 {
			t.Errorf("%d, want at most 2", len(few))
		}
		s = reopen(t, s)
	}
}

func TestPartResumes(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, _ := newPhoto("one")
	must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(p))))
	_, err := s.PartPhoto(p.File.Cid)
	want(t, "no part", err, fs.ErrNotExist)
	must(t, s.SavePart(p.File.Cid, 0, file[:2]))
	must(t, s.SavePart(p.File.Cid, 2, file[2:5]))
	want(t, "a hole", s.SavePart(p.File.Cid, 6, file[6:]), fs.ErrInvalid)
	if b, err := s.PartPhoto(p.File.Cid); err != nil || !bytes.Equal(b, file[:5]) {
		t.Errorf("part %q, %v", b, err)
	}
	want(t, "too much", s.SavePart(p.File.Cid, 5, make([]byte, protocol.MaxPhotoBytes)), protocol.ErrSize)
	must(t, s.SavePart(p.File.Cid, 0, file[:1]))
	if b, err := s.PartPhoto(p.File.Cid); err != nil || !bytes.Equal(b, file[:1]) {
		t.Errorf("part begun anew %q, %v", b, err)
	}
	must(t, s.PutPhoto(p.File.Cid, file))
	_, err = s.PartPhoto(p.File.Cid)
	want(t, "part of a whole file", err, fs.ErrNotExist)
	want(t, "part of nobody's file", s.SavePart(protocol.PhotoCID([]byte("nobody")), 0, file), fs.ErrNotExist)
}

func TestLooseFilesGoAfterAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _ := twoCountries(t)
		loose, file, _ := newPhoto("loose")
		saved, savedFile, _ := newPhoto("saved")
		must(t, s.PutPhoto(loose.File.Cid, file))
		must(t, s.PutPhoto(saved.File.Cid, savedFile))
		time.Sleep(looseTime - time.Minute)
		must(t, s.SaveDraft(&Draft{ID: protocol.NewCaseID(), Photos: []protocol.Photo{saved}}))
		if n := len(photoNames(t, s)); n != 2 {
			t.Errorf("%d files before the hour is over", n)
		}
		time.Sleep(2 * time.Minute)
		must(t, s.SaveClosed(Closed{})) // any change sweeps
		if got := photoNames(t, s); len(got) != 1 || got[0] != saved.File.String() {
			t.Errorf("files %v, want only the draft's", got)
		}
	})
}

func TestOpenSweeps(t *testing.T) {
	s, _, xb := twoCountries(t)
	put := func(name string) (protocol.Photo, string) {
		p, file, _ := newPhoto(name)
		must(t, s.PutPhoto(p.File.Cid, file))
		return p, s.photoPath(protocol.Digest(p.File.Cid))
	}
	_, fresh := put("fresh")
	_, stale := put("stale")
	must(t, os.Chtimes(stale, time.Now(), time.Now().Add(-looseTime-time.Minute)))
	used, usedPath := put("used")
	must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(used))))
	must(t, os.Chtimes(usedPath, time.Now(), time.Now().Add(-looseTime-time.Minute)))
	must(t, s.SavePart(used.Thumb.Cid, 0, []byte("t")))
	unwanted := fresh + partSuffix
	must(t, os.WriteFile(unwanted, []byte("x"), 0o600))
	temp := filepath.Join(filepath.Dir(fresh), newPrefix+"123")
	must(t, os.WriteFile(temp, []byte("x"), 0o600))
	// A crash came between a takedown's transaction and the removal of its file.
	doomed, doomedPath := put("doomed")
	d := protocol.Digest(doomed.File.Cid)
	must(t, s.db.Update(func(tx *bbolt.Tx) error { return open(tx).doomed.Put(d[:], nil) }))
	must(t, s.Close())

	s, err := Open(s.dir, s.own)
	must(t, err)
	defer checkAndClose(t, s)
	for path, there := range map[string]bool{fresh: true, stale: false, usedPath: true, unwanted: false, temp: false, doomedPath: false,
		s.photoPath(protocol.Digest(used.Thumb.Cid)) + partSuffix: true} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Errorf("%s: %v, want it there: %t", path, err, there)
		}
	}
}

func TestWantedPhotosOfEachMember(t *testing.T) {
	s, xa, xb := twoCountries(t)
	own, _, _ := newPhoto("own")
	must(t, s.Put(xa.publish(protocol.NewCaseID(), withPhotos(own))))
	here, file, _ := newPhoto("here")
	must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(here))))
	must(t, s.PutPhoto(here.File.Cid, file))
	for _, name := range []string{"b", "c", "d"} {
		p, _, _ := newPhoto(name)
		must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(p))))
	}
	got, err := s.WantedPhotos(2, nil, nil)
	must(t, err)
	count := map[protocol.Origin]int{}
	for _, w := range got {
		count[w.Origin]++
	}
	if len(got) != 4 || count[xa.origin()] != 2 || count[xb.origin()] != 2 {
		t.Errorf("%d of one member and %d of the other, want two of each", count[xa.origin()], count[xb.origin()])
	}
	got, err = s.WantedPhotos(10, func(o protocol.Origin, thumb bool) bool { return o != xb.origin() || thumb },
		func(file cid.Cid) bool { return file == own.File.Cid })
	must(t, err)
	for _, w := range got {
		if w.Origin == xb.origin() && !w.Thumb {
			t.Error("a photo that was to be left out")
		}
	}
	if len(got) != 5 {
		t.Errorf("%d, want one of ours and four thumbnails", len(got))
	}
	if m := s.MissingPhotos(); m[xa.origin()] != 2 || m[xb.origin()] != 7 {
		t.Errorf("missing %v, want 2 and 7", m)
	}
	if bytes, err := s.PhotoBytes(); err != nil || len(bytes) != 1 || bytes[xb.origin()] != int64(len(file)) {
		t.Errorf("bytes %v, %v; want those of the one photo", bytes, err)
	}
}

func TestLive(t *testing.T) {
	s, xa, xb := twoCountries(t)
	r := xa.publish(protocol.NewCaseID(), nil)
	must(t, s.Put(r))
	id := r.Header().Case
	if got, err := s.Live(id); err != nil || got.ID() != r.ID() || s.ReviewBy(id).UnixMilli() != r.Header().ReviewBy.UnixMilli() {
		t.Errorf("live record %v, %v, review by %s", got, err, s.ReviewBy(id))
	}
	other := xb.publish(protocol.NewCaseID(), nil)
	must(t, s.Put(other))
	_, err := s.Live(other.Header().Case)
	want(t, "another member's case", err, fs.ErrNotExist)
	if !s.ReviewBy(other.Header().Case).IsZero() {
		t.Error("another member's case is ours to review")
	}
	must(t, s.Put(xa.takedown(id)))
	_, err = s.Live(id)
	want(t, "a closed case", err, protocol.ErrClosed)
}
