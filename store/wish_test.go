package store

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// listed returns the names of our own cases that List shows.
func listed(t *testing.T, s *Store) (names []string) {
	t.Helper()
	found, total, err := s.Public().List(Query{Limit: 10})
	must(t, err)
	if total != len(found) {
		t.Errorf("%d found, %d in all", len(found), total)
	}
	for _, c := range found {
		names = append(names, c.Case.Children[0].Name)
	}
	return names
}

// TestWishHoldsOnOurOwnPages: what is wished is on our pages at once and over a restart, in nobody's log, and gone with the
// record that grants it.
func TestWishHoldsOnOurOwnPages(t *testing.T) {
	s, xa, _ := twoCountries(t)
	p, file, thumb := newPhoto("one")
	old, oldFile, oldThumb := newPhoto("old")
	for cid, b := range map[protocol.Link][]byte{p.File: file, p.Thumb: thumb, old.File: oldFile, old.Thumb: oldThumb} {
		must(t, s.AddPhoto(cid.Cid, b))
	}
	public, fresh := protocol.NewCaseID(), protocol.NewCaseID()
	r := appendCase(t, s, xa, public, withPhotos(old))
	must(t, s.SaveDraft(&Draft{ID: fresh, Case: *newCase("XA", 8)}))
	before, err := s.LogState(xa.origin())
	must(t, err)

	now := time.Now().UTC().Truncate(time.Millisecond)
	wish := func(id protocol.CaseID, name string, photos ...protocol.Photo) Wish {
		c := newCase("XA", 9)
		c.Children[0].Name = name
		return Wish{Kind: WishPublish, ID: id, At: now, ReviewBy: now.Add(time.Hour), Case: c, Members: &protocol.Members{}, Photos: photos}
	}
	must(t, s.SaveWish(wish(fresh, "first", p)))
	must(t, s.SaveWish(wish(fresh, "Wished Anew", p)))
	must(t, s.SaveWish(wish(public, "Wished Revision")))
	look := func(s *Store) {
		t.Helper()
		if got := listed(t, s); len(got) != 2 || got[0] == got[1] || got[0] != "Wished Anew" && got[0] != "Wished Revision" {
			t.Errorf("listed: %q", got)
		}
		c, err := s.Public().Case(xa.ref(fresh))
		if err != nil || c.Case.Children[0].Name != "Wished Anew" || c.Rev != 1 || !c.Own {
			t.Errorf("the wished case: %+v, %v", c, err)
		}
		if c, err = s.Public().Case(xa.ref(public)); err != nil || c.Case.Children[0].Name != "Wished Revision" || c.Rev != 2 {
			t.Errorf("the wished revision: %+v, %v", c, err)
		}
		if _, err := s.Public().Photo(p.File.Cid); err != nil {
			t.Errorf("photo of the wished case: %v", err)
		}
		_, err = s.Public().Photo(old.File.Cid)
		want(t, "photo that the wished revision leaves out", err, fs.ErrNotExist)
		if d, err := s.Draft(fresh); err != nil || d.Waiting != WishPublish || !d.Public() {
			t.Errorf("draft %+v, %v", d, err)
		}
		if state, err := s.LogState(xa.origin()); err != nil || state != before {
			t.Errorf("the log moved: %+v, %v", state, err)
		}
		must(t, s.Check())
	}
	look(s)
	s = reopen(t, s)
	look(s)

	// A revision that comes back from a peer does not undo what was decided here.
	h := protocol.Header{Origin: xa.origin(), Epoch: 1, Seq: 2, Case: public, Rev: 2, Prev: r.ID(), At: now, ReviewBy: now.Add(time.Hour)}
	must(t, s.Put(xa.sign(protocol.Entry{Header: h, Case: newCase("XA", 10)})))
	if c, err := s.Public().Case(xa.ref(public)); err != nil || c.Case.Children[0].Name != "Wished Revision" || c.Rev != 3 {
		t.Errorf("beside a newer record: %+v, %v", c, err)
	}
	must(t, s.Check())

	for _, id := range []protocol.CaseID{fresh, public} {
		w, err := s.Wish(id)
		must(t, err)
		granted, err := s.Append(id, 1, func(h protocol.Header) (*protocol.Record, error) {
			h.At, h.ReviewBy = now, w.ReviewBy
			return protocol.Sign(xa.key, protocol.Entry{Header: h, Case: w.Case, Photos: w.Photos})
		})
		must(t, err)
		_, err = s.Wish(id)
		want(t, "a wish that was granted", err, fs.ErrNotExist)
		if c, err := s.Public().Case(xa.ref(id)); err != nil || c.Record != granted.ID() {
			t.Errorf("granted: %+v, %v", c, err)
		}
	}
	if _, err := s.Public().Photo(p.File.Cid); err != nil {
		t.Errorf("photo of the granted case: %v", err)
	}
	if got := listed(t, s); len(got) != 2 {
		t.Errorf("listed: %q", got)
	}
}

func TestWishedCloseHidesAtOnce(t *testing.T) {
	s, xa, _ := twoCountries(t)
	p, file, _ := newPhoto("one")
	must(t, s.AddPhoto(p.File.Cid, file))
	id, other := protocol.NewCaseID(), protocol.NewCaseID()
	appendCase(t, s, xa, id, withPhotos(p))
	now := time.Now()
	must(t, s.SaveWish(Wish{Kind: WishRenew, ID: id, At: now, ReviewBy: now.Add(240 * 24 * time.Hour)}))
	if by := s.ReviewBy(id); by.UnixMilli() != now.Add(240*24*time.Hour).UnixMilli() {
		t.Errorf("renewed to %s", by)
	}
	must(t, s.SaveWish(Wish{Kind: WishPublish, ID: other, At: now, ReviewBy: now.Add(time.Hour), Case: newCase("XA", 3)}))
	for _, id := range []protocol.CaseID{id, other} {
		must(t, s.SaveWish(Wish{Kind: WishClose, ID: id, At: now, Number: "n", Reason: "located_safe"}))
		_, err := s.Public().Case(xa.ref(id))
		want(t, "a case that is to be closed", err, ErrGone)
		want(t, "to publish it again", s.SaveWish(Wish{Kind: WishPublish, ID: id, At: now, Case: newCase("XA", 4)}), protocol.ErrClosed)
	}
	if _, err := s.Public().Photo(p.File.Cid); !isNot(err) {
		t.Errorf("its photo: %v", err)
	}
	if got := listed(t, s); len(got) != 0 {
		t.Errorf("listed: %q", got)
	}
	must(t, s.Check())
	s = reopen(t, s)
	if got := listed(t, s); len(got) != 0 {
		t.Errorf("listed after a restart: %q", got)
	}
	all, err := s.Wishes()
	if err != nil || len(all) != 2 || all[0].Kind != WishClose {
		t.Fatalf("wishes %+v, %v", all, err)
	}

	// A takedown of ours that comes back closes for good, and the wish is gone with it.
	h := protocol.Header{Origin: xa.origin(), Epoch: 1, Seq: 7, Case: id, Rev: 2, At: now}
	h.Prev = mustLive(t, s, id).ID()
	must(t, s.Put(xa.sign(protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: 1}})))
	_, err = s.Wish(id)
	want(t, "the wish", err, fs.ErrNotExist)
	_, err = s.Public().Case(xa.ref(id))
	want(t, "the closed case", err, ErrGone)
	must(t, s.DropWish(other))
	_, err = s.Public().Case(xa.ref(other))
	want(t, "a case that was never signed", err, fs.ErrNotExist)
	must(t, s.DropWish(other))
}

func mustLive(t *testing.T, s *Store, id protocol.CaseID) *protocol.Record {
	t.Helper()
	r, err := s.Live(id)
	must(t, err)
	return r
}

func TestStoreRemembersMembersAndFences(t *testing.T) {
	s, _, _ := twoCountries(t)
	if met, err := s.Met(); met || err != nil {
		t.Errorf("met: %t, %v", met, err)
	}
	if e, err := s.Fenced(); e != 0 || err != nil {
		t.Errorf("fenced: %d, %v", e, err)
	}
	must(t, errors.Join(s.Meet(), s.Meet(), s.Fence(3)))
	s = reopen(t, s)
	met, err := s.Met()
	if !met || err != nil {
		t.Errorf("met: %t, %v", met, err)
	}
	if e, err := s.Fenced(); e != 3 || err != nil {
		t.Errorf("fenced: %d, %v", e, err)
	}
}
