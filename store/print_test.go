package store

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// printOf stands in for what makes prints.
func printOf(full []byte) ([]byte, error) { return append([]byte("print of "), full...), nil }

// printIn returns printOf that fails the test where a print is there to be read.
func printIn(t testing.TB, what string) func([]byte) ([]byte, error) {
	return func(full []byte) ([]byte, error) {
		t.Errorf("%s: a print is made again", what)
		return printOf(full)
	}
}

func printPath(s *Store, p protocol.Photo) string {
	return s.photoPath(protocol.Digest(p.File.Cid)) + printSuffix
}

func hasPrint(s *Store, p protocol.Photo) bool {
	_, err := os.Stat(printPath(s, p))
	return err == nil
}

// TestPrintIsForThoseWhoMayReadThePhoto: a print that is kept is as hidden as its photo, and goes with it.
func TestPrintIsForThoseWhoMayReadThePhoto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, xa, _ := twoCountries(t)
		p, file, _ := newPhoto("one")
		print, _ := printOf(file)
		want(t, "a print of nobody's file", s.AddPrint(p.File.Cid, print), fs.ErrNotExist)
		must(t, s.AddPhoto(p.File.Cid, file))
		must(t, s.AddPrint(p.File.Cid, print))
		check := func(when string, desk, public error) {
			t.Helper()
			for _, c := range []struct {
				who  string
				read func(cid.Cid, func([]byte) ([]byte, error)) ([]byte, error)
				want error
			}{{"desk", s.Print, desk}, {"public", s.Public().Print, public}} {
				b, err := c.read(p.File.Cid, printIn(t, when))
				if !errors.Is(err, c.want) || err == nil && !bytes.Equal(b, print) {
					t.Errorf("%s, %s: %q, %v, want %v", when, c.who, b, err, c.want)
				}
			}
		}
		check("nothing refers to it", fs.ErrNotExist, fs.ErrNotExist)
		id := protocol.NewCaseID()
		must(t, s.SaveDraft(&Draft{ID: id, Photos: []protocol.Photo{p}}))
		check("a draft", nil, fs.ErrNotExist)
		appendCase(t, s, xa, id, withPhotos(p))
		check("a case", nil, nil)
		s = reopen(t, s)
		check("opened again", nil, nil)
		time.Sleep(protocol.ReviewAfter + time.Minute)
		check("past its review", nil, fs.ErrNotExist)
		appendCase(t, s, xa, id, withPhotos(p))
		check("reviewed", nil, nil)
		must(t, s.SaveWish(Wish{Kind: WishClose, ID: id, At: time.Now(), Number: "XA-1", Reason: "located_safe"}))
		if _, err := s.Public().Print(p.File.Cid, printIn(t, "wished away")); !isNot(err) {
			t.Errorf("the case is wished away: %v", err)
		}
		appendTakedown(t, s, xa, id)
		check("taken down", ErrGone, ErrGone)
		want(t, "a print of a closed case", s.AddPrint(p.File.Cid, print), fs.ErrNotExist)
		if files := photoNames(t, s); len(files) != 0 {
			t.Errorf("files left: %v", files)
		}
		_, err := s.Public().Print(cid.Undef, printOf)
		want(t, "no CID", err, fs.ErrNotExist)
		_, err = s.Print(protocol.CIDOf(file), printOf)
		want(t, "a CID of another kind", err, fs.ErrNotExist)
		want(t, "added under a CID of another kind", s.AddPrint(protocol.CIDOf(file), print), fs.ErrNotExist)
	})
}

// TestPrintIsMadeOnce makes what is missing, of our own photos alone.
func TestPrintIsMadeOnce(t *testing.T) {
	s, xa, xb := twoCountries(t)
	own, ownFile, _ := newPhoto("own")
	small, smallFile, _ := newPhoto("small")
	foreign, foreignFile, _ := newPhoto("foreign")
	appendCase(t, s, xa, protocol.NewCaseID(), withPhotos(own, small))
	must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(foreign))))
	_, err := s.Public().Print(own.File.Cid, printOf)
	want(t, "of a photo that is not here", err, fs.ErrNotExist)
	if asked, err := s.AskedPhotos(); err != nil || len(asked) != 1 || asked[0].File != own.File.Cid {
		t.Errorf("asked for: %v, %v", asked, err)
	}
	for p, b := range map[protocol.Link][]byte{own.File: ownFile, small.File: smallFile, foreign.File: foreignFile} {
		must(t, s.PutPhoto(p.Cid, b)) // as they come back from a peer
	}
	boom := errors.New("boom")
	_, err = s.Public().Print(own.File.Cid, func([]byte) ([]byte, error) { return nil, boom })
	want(t, "a print that cannot be made", err, boom)
	same := func(full []byte) ([]byte, error) { return full, nil }
	for name, c := range map[string]struct {
		photo protocol.Photo
		make  func([]byte) ([]byte, error)
		want  []byte
		kept  bool
	}{
		"own": {own, printOf, append([]byte("print of "), ownFile...), true}, "as it is": {small, same, smallFile, false},
		"foreign": {foreign, printOf, append([]byte("print of "), foreignFile...), false},
	} {
		for range 2 {
			if b, err := s.Public().Print(c.photo.File.Cid, c.make); err != nil || !bytes.Equal(b, c.want) {
				t.Errorf("%s: %q, %v", name, b, err)
			}
			if hasPrint(s, c.photo) != c.kept {
				t.Errorf("%s: kept %t, want %t", name, !c.kept, c.kept)
			}
			if c.kept {
				c.make = printIn(t, name)
			}
		}
	}
	want(t, "a print of a peer's photo", s.AddPrint(foreign.File.Cid, foreignFile), fs.ErrNotExist)

	// What the disk has spoilt is found, and made again.
	must(t, os.WriteFile(printPath(s, own), []byte("another"), 0o600))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "made again") {
		t.Errorf("a print that is spoilt: %v", err)
	}
	sealed, err := os.ReadFile(s.photoPath(protocol.Digest(own.File.Cid)))
	must(t, err)
	must(t, os.WriteFile(printPath(s, own), sealed, 0o600))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "made again") {
		t.Errorf("the photo in the place of its print: %v", err)
	}
	if b, err := s.Public().Print(own.File.Cid, printOf); err != nil || !bytes.HasPrefix(b, []byte("print of ")) {
		t.Errorf("instead of a spoilt print: %q, %v", b, err)
	}
	must(t, s.Check())

	stray, strayFile, _ := newPhoto("stray")
	must(t, os.MkdirAll(strings.TrimSuffix(printPath(s, stray), stray.File.String()+printSuffix), 0o700))
	must(t, os.WriteFile(printPath(s, stray), strayFile, 0o600))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "nothing refers to it") {
		t.Errorf("a print of nobody's photo: %v", err)
	}
	must(t, s.Close())
	s, err = Open(s.dir, s.own)
	must(t, err)
	defer checkAndClose(t, s)
	if hasPrint(s, stray) || !hasPrint(s, own) {
		t.Errorf("opened again: the stray print is there %t, ours %t", hasPrint(s, stray), hasPrint(s, own))
	}
}

// TestPrintsMeetNoShreddedKey makes and reads prints of a photo while its case is closed and opened anew: none is left
// behind, and none is read that another key has sealed.
func TestPrintsMeetNoShreddedKey(t *testing.T) {
	s, xa, _ := twoCountries(t)
	p, file, _ := newPhoto("one")
	print, _ := printOf(file)
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for !stop.Load() {
				b, err := s.Public().Print(p.File.Cid, printOf)
				if err != nil && !isNot(err) || err == nil && !bytes.Equal(b, print) {
					t.Errorf("print %q: %v", b, err)
				}
				if err == nil {
					reads.Add(1)
				}
			}
		})
	}
	for range 25 {
		id := protocol.NewCaseID()
		must(t, s.AddPhoto(p.File.Cid, file))
		appendCase(t, s, xa, id, withPhotos(p))
		for seen := reads.Load(); reads.Load() < seen+2; {
			time.Sleep(time.Millisecond)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
		appendTakedown(t, s, xa, id)
		if files := photoNames(t, s); len(files) != 0 {
			t.Errorf("files left: %v", files)
		}
	}
	stop.Store(true)
	wg.Wait()
}
