//go:build linux

package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// TestFullDisk fills a disk of its own to the last byte: reading goes on and takedowns are stored, purged and receipted,
// cases and drafts are refused, and all is well when there is room again.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("gmcn-test", dir, "tmpfs", 0, "size=5m"); err != nil {
		t.Skipf("only root can make a small disk: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	s, err := Open(dir, xa.origin())
	must(t, err)
	defer func() { checkAndClose(t, s) }()
	must(t, s.SetMember(xa.card, protocol.Own, time.Now()))
	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	must(t, s.SetHead(xb.head(protocol.DefaultLease)))
	var records []*protocol.Record
	var files []protocol.Photo
	for i := range 150 {
		p, file, _ := newPhoto(string(rune('a' + i)))
		r := xb.publish(protocol.NewCaseID(), withPhotos(p))
		must(t, s.Put(r))
		must(t, s.PutPhoto(p.File.Cid, file))
		records, files = append(records, r), append(files, p)
	}
	ours := protocol.NewCaseID()
	must(t, s.SaveDraft(&Draft{ID: ours, Case: *newCase("XA", 1)}))
	appendCase(t, s, xa, ours, nil)
	printed, printedFile, _ := newPhoto("printed")
	must(t, s.AddPhoto(printed.File.Cid, printedFile))
	appendCase(t, s, xa, protocol.NewCaseID(), withPhotos(printed))
	print := func(when string, kept bool) {
		t.Helper()
		if b, err := s.Public().Print(printed.File.Cid, printOf); err != nil || string(b) != "print of "+string(printedFile) {
			t.Errorf("print %s: %q, %v", when, b, err)
		}
		if hasPrint(s, printed) != kept {
			t.Errorf("print %s: kept %t", when, !kept)
		}
	}

	// Records until the store itself says that it is full, then another program's bytes into the last hole.
	for err == nil {
		var batch []*protocol.Record
		for range 200 {
			batch = append(batch, xb.publish(protocol.NewCaseID(), nil))
		}
		_, err = s.PutAll(batch)
	}
	if !isFull(err) {
		t.Fatalf("until the disk was full: %v", err)
	}
	hog, err := os.Create(filepath.Join(dir, "hog"))
	must(t, err)
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = hog.Write(make([]byte, size))
		}
	}
	must(t, hog.Close())
	for failed := 0; failed < 5; { // and the database's own free pages, of which a failure sets some more free
		if err := s.change(func(c *change) error {
			id := protocol.NewCaseID()
			return c.closed.Put(id[:], make([]byte, 900))
		}); err != nil {
			failed++
		} else {
			failed = 0
		}
	}
	refused := func(what string, err error) {
		t.Helper()
		if !isFull(err) {
			t.Errorf("%s on a full disk: %v", what, err)
		}
	}
	refused("a case", s.Put(xb.publish(protocol.NewCaseID(), nil)))
	_, file, _ := newPhoto("another")
	refused("a photo", s.AddPhoto(protocol.PhotoCID(file), file))
	refused("a print", s.AddPrint(printed.File.Cid, noise(8192, 1)))
	print("on a full disk", false)
	if left, _ := filepath.Glob(filepath.Join(dir, "photos", "*", newPrefix+"*")); len(left) != 0 {
		t.Errorf("left on a full disk: %v", left)
	}

	// A batch, and one by one, more than the reserve would hold if it were not used again.
	mixed := []*protocol.Record{xb.takedown(records[0].Header().Case), xb.publish(protocol.NewCaseID(), nil), xb.takedown(records[1].Header().Case)}
	if s.full {
		t.Error("the reserve was given away before a takedown came")
	}
	outcomes, err := s.PutAll(mixed)
	if !s.full {
		t.Error("the takedowns did not need the reserve: the test shows nothing")
	}
	if err != nil || outcomes[0] != nil || outcomes[2] != nil || !isFull(outcomes[1]) {
		t.Errorf("a batch with takedowns: %v, %v", outcomes, err)
	}
	hog, err = os.OpenFile(hog.Name(), os.O_WRONLY|os.O_APPEND, 0)
	must(t, err)
	for err == nil { // the other program takes what the reserve has left
		_, err = hog.Write(make([]byte, 4096))
	}
	must(t, hog.Close())
	takedownOf(t, s, true, ours)
	for i := 2; i < 50; i++ {
		must(t, s.Put(xb.takedown(records[i].Header().Case)))
	}
	for i := range 50 {
		ref := records[i].Header().Ref()
		_, err := s.Public().Case(ref)
		want(t, "case", err, ErrGone)
		if p, err := s.Phase(ref); p != Swept {
			t.Errorf("case %d: %s, %v", i, p, err)
		}
		if _, err := os.Stat(s.photoPath(protocol.Digest(files[i].File.Cid))); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("photo %d: %v", i, err)
		}
	}
	refused("a draft after the takedowns", s.SaveDraft(&Draft{ID: protocol.NewCaseID(), Case: *newCase("XA", 2)}))
	_, err = s.Append(protocol.NewCaseID(), 1, func(h protocol.Header) (*protocol.Record, error) {
		h.At = time.Now()
		e := protocol.Entry{Header: h, Case: newCase("XA", 3)}
		e.ReviewBy = h.At.Add(protocol.ReviewAfter)
		return protocol.Sign(xa.key, e)
	})
	refused("a publication after the takedowns", err)
	for i := 50; i < 150; i++ {
		if _, err := s.Public().Case(records[i].Header().Ref()); err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		if _, err := s.Public().Photo(files[i].File.Cid); err != nil {
			t.Fatalf("photo %d: %v", i, err)
		}
	}
	print("after the takedowns", false)
	s = reopen(t, s) // on the full disk, too
	must(t, os.Remove(filepath.Join(dir, "hog")))
	must(t, syscall.Mount("gmcn-test", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"))
	must(t, s.Tend(t.Context()))
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	if info, err := os.Stat(filepath.Join(dir, reserveName)); err != nil || info.Size() != reserveSize {
		t.Errorf("the reserve: %v", err)
	}
	print("when there is room again", true)
}
