package store

import (
	"bytes"
	"io/fs"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// takedownOf closes one of the two children, as its country does.
func takedownOf(t testing.TB, s *Store, own bool, id protocol.CaseID) {
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	if own {
		must(t, s.SaveClosed(Closed{ID: id, Ref: xa.ref(id), Number: "XA-2026-0001", Reason: "located_safe", At: time.Now()}))
		appendTakedown(t, s, xa, id)
		return
	}
	xb.seq = 2
	e := protocol.Entry{Header: protocol.Header{Origin: xb.origin(), Epoch: 1, Seq: 3, Case: id, Rev: 3, Prev: recordCID(digest{1}), At: time.Now()},
		Takedown: &protocol.Takedown{LastRev: 2}}
	must(t, s.Put(xb.sign(e)))
}

// TestNothingIsLeft searches every file of the data folder for what nobody may find there.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	own, foreign := twoChildren(t, dir)
	own.secrets.search(t, "before the purge", dir)
	foreign.secrets.search(t, "before the purge", dir)
	keys := livingKeys(t, dir)
	if len(keys) != 7 { // two records, a draft, two photos and two thumbnails: the older revisions' are gone
		t.Errorf("%d keys, want 7", len(keys))
	}
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	s := openStore(t, dir, xa)
	if b, err := s.Public().Print(own.photo.File.Cid, printIn(t, "before the purge")); err != nil || !bytes.Equal(b, own.print) {
		t.Errorf("print before the purge: %v", err)
	}
	_, err := s.Phase(xa.ref(own.id))
	want(t, "phase of a live case", err, fs.ErrNotExist)
	takedownOf(t, s, true, own.id)
	takedownOf(t, s, false, foreign.id)
	for name, ref := range map[string]protocol.Ref{"own": xa.ref(own.id), "foreign": xb.ref(foreign.id)} {
		if p, err := s.Phase(ref); err != nil || p != Swept {
			t.Errorf("phase of the %s case: %s, %v", name, p, err)
		}
	}
	for range 2 {
		own.secrets.search(t, "after the purge", dir)
		foreign.secrets.search(t, "after the purge", dir)
		keys.search(t, "after the purge", dir)
		if left := livingKeys(t, dir); len(left) != 0 {
			t.Errorf("%d keys are left", len(left))
		}
		if files := photoNames(t, s); len(files) != 0 {
			t.Errorf("files left: %v", files)
		}
		s = reopen(t, s)
	}
}

// TestARevisionBuriesTheOneBefore wants the keys of an old text and of a dropped photo gone with them, and those of a
// removed member's cases.
func TestARevisionBuriesTheOneBefore(t *testing.T) {
	s, _, xb := twoCountries(t)
	c := newChild(3)
	must(t, s.Put(xb.publish(c.id, c.first)))
	must(t, s.PutPhoto(c.photo.File.Cid, c.file))
	old := livingKeys(t, s.dir)
	sibling := protocol.NewCaseID()
	must(t, s.Put(xb.publish(sibling, withPhotos(c.photo))))
	must(t, s.Put(xb.publish(c.id, func(e *protocol.Entry) { c.entry(e); e.Photos = nil })))
	if now := livingKeys(t, s.dir); len(now) != 4 {
		t.Errorf("%d keys, want those of two records, and of the photo and the thumbnail that the sibling still has", len(now))
	}
	if b, err := s.Public().Photo(c.photo.File.Cid); err != nil || !bytes.Equal(b, c.file) {
		t.Errorf("the sibling's photo: %v", err)
	}
	must(t, s.Put(xb.publish(sibling, nil)))
	old.search(t, "after the revision", s.dir)
	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	if left := livingKeys(t, s.dir); len(left) != 0 {
		t.Errorf("%d keys are left of a removed member", len(left))
	}
}
