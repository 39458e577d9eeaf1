package store

import (
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// TestOnlyAVerifiedHeadExtendsTheLease gives the store every head and not the takedown that they vouch for.
func TestOnlyAVerifiedHeadExtendsTheLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		id, gone := protocol.NewCaseID(), protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, nil)))
		must(t, s.Put(xb.publish(gone, nil)))
		first := xb.head(protocol.MinLease)
		must(t, s.SetHead(first))
		shown := func(id protocol.CaseID) bool { _, err := s.Public().Case(xb.ref(id)); return err == nil }
		takedown := xb.takedown(gone)
		time.Sleep(protocol.MinLease - time.Hour)
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		if v, err := s.Verified(xb.origin()); err != nil || v.ID() != first.ID() {
			t.Errorf("a head that names an unknown takedown is verified: %v", err)
		}
		time.Sleep(2 * time.Hour)
		if shown(id) || shown(gone) {
			t.Error("shown by a head that was not verified")
		}
		s = reopen(t, s)
		if shown(id) {
			t.Error("shown after a reopen")
		}
		must(t, s.Put(takedown))
		if v, err := s.Verified(xb.origin()); err != nil || v.Seq != 3 || !shown(id) {
			t.Errorf("not verified by the record that was missing: %v", err)
		}
		if p, _ := s.Place(xb.origin()); p.Seq != 3 {
			t.Errorf("verified up to 3, place %d", p.Seq)
		}
		s = reopen(t, s)
		if v, err := s.Verified(xb.origin()); err != nil || v.Seq != 3 || !shown(id) {
			t.Errorf("the verified head is lost over a reopen: %v", err)
		}
		must(t, s.SetHead(first))
		if v, _ := s.Verified(xb.origin()); v.Seq != 3 {
			t.Error("an old head was verified again: verified went back")
		}
		checkAndClose(t, s)
	})
}

// TestAHeadThatRecordsOvertook arrives after the records that follow it.
func TestAHeadThatRecordsOvertook(t *testing.T) {
	s, _, xb := twoCountries(t)
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	head := xb.head(protocol.MinLease)
	for range 3 {
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	}
	must(t, s.SetHead(head))
	if v, err := s.Verified(xb.origin()); err != nil || v.ID() != head.ID() {
		t.Errorf("a head that our log has equalled is not verified: %v", err)
	}
}

func TestASlowClockLengthensNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		id := protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, nil)))
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		shown := func() bool { _, err := s.Public().Case(xb.ref(id)); return err == nil }
		var others []*country
		for _, code := range []string{"XC", "XD", "XE"} {
			c := newCountry(t, code)
			must(t, s.SetMember(c.card, protocol.Active, time.Now()))
			others = append(others, c)
		}
		for i, c := range others {
			s.Heard(c.origin(), time.Now().Add(29*time.Minute))
			if !shown() {
				t.Fatalf("hidden by %d heads of 29 minutes ahead", i+1)
			}
		}
		for _, c := range others {
			s.Heard(c.origin(), time.Now().Add(31*time.Minute))
		}
		if found, n, err := s.Public().List(Query{Network: true, Limit: 9}); shown() || n != 0 || len(found) != 0 || err != nil {
			t.Error("shown by a clock that is half an hour slow")
		}
		for _, c := range others {
			s.Heard(c.origin(), time.Now())
		}
		if !shown() {
			t.Error("hidden though the clock is right again")
		}
		checkAndClose(t, s)
	})
}

func TestShred(t *testing.T) {
	s, _, xb := twoCountries(t)
	id, gone := protocol.NewCaseID(), protocol.NewCaseID()
	p, file, _ := newPhoto("one")
	kept := xb.publish(id, withPhotos(p))
	must(t, s.Put(kept))
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.Put(xb.publish(gone, nil)))
	closing := xb.takedown(gone)
	must(t, s.Put(closing))
	head := xb.head(protocol.DefaultLease)
	must(t, s.SetHead(head))
	if n, err := s.Shred(xb.origin()); n != 1 || err != nil {
		t.Fatalf("shredded %d, %v", n, err)
	}
	_, err := s.Public().Case(xb.ref(id))
	want(t, "shredded case", err, fs.ErrNotExist)
	_, err = s.Public().Case(xb.ref(gone))
	want(t, "closed case", err, ErrGone)
	if _, err := s.Public().Photo(p.File.Cid); err == nil {
		t.Error("the photo is still there")
	}
	if st, _ := s.LogState(xb.origin()); st.Live != 0 || st.Dead != 1 {
		t.Errorf("%+v", st)
	}
	must(t, s.SetHead(xb.head(protocol.MaxLease)))
	_, err = s.Verified(xb.origin())
	want(t, "verified by a log that has been deleted", err, fs.ErrNotExist)
	s = reopen(t, s)
	must(t, s.Put(kept)) // no tombstone: it may come again
	if _, err := s.Verified(xb.origin()); err != nil {
		t.Errorf("the log is again what the head vouches for: %v", err)
	}
	if _, err := s.Public().Case(xb.ref(id)); err != nil {
		t.Errorf("fetched again: %v", err)
	}
	_, err = s.Shred(s.own)
	want(t, "our own", err, protocol.ErrOrigin)
}

func TestBlocksBitsAndRecords(t *testing.T) {
	s, _, xb := twoCountries(t)
	var records []*protocol.Record
	for range 3 * protocol.BlockSize / 2 {
		records = append(records, xb.publish(protocol.NewCaseID(), nil))
	}
	_, err := s.PutAll(records)
	must(t, err)
	last := records[len(records)-1].Header()
	next := xb.publish(records[3].Header().Case, nil) // seq 4 is superseded
	must(t, s.Put(next))
	if blocks, err := s.Blocks(xb.origin()); err != nil || len(blocks) != 2 || protocol.RootOf(blocks) != protocol.RootOf(xb.blocks()) {
		t.Errorf("blocks %d, %v", len(blocks), err)
	}
	maps, err := s.Bits(xb.origin(), 1, []uint64{0, 1, 2})
	if err != nil || len(maps) != 2 || maps[0].Has(4) || !maps[0].Has(5) || !maps[1].Has(last.Seq+1) || maps[1].Has(last.Seq+2) || maps[0].Has(0) {
		t.Errorf("bits %v, %v", maps, err)
	}
	if raws, err := s.Block(xb.origin(), 1, 0); err != nil || len(raws) != protocol.BlockSize-2 || string(raws[3]) != string(records[4].Bytes()) {
		t.Errorf("block of %d, %v", len(raws), err)
	}
	if raws, none, err := s.Records(xb.origin(), 1, []uint64{4, 5, 9999}); err != nil || len(raws) != 1 || len(none) != 2 || none[0] != 4 {
		t.Errorf("%d records, without %v, %v", len(raws), none, err)
	}
	// A member whose log spans many pages is removed in one transaction.
	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	if st, _ := s.LogState(xb.origin()); st.Live != 0 || st.Root != protocol.RootOf(nil) {
		t.Errorf("after removal %+v", st)
	}
}
