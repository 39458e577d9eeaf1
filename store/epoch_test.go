package store

import (
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// renew hands a store a card that it is to take.
func renew(t testing.TB, s *Store, card *protocol.Card) {
	t.Helper()
	if changed, err := s.RenewCard(card); !changed || err != nil {
		t.Fatalf("card %d.%d: changed %t, %v", card.Epoch, card.Issue, changed, err)
	}
}

// headOver signs a head over what a store holds of the country's log.
func (c *country) headOver(s *Store) *protocol.Head {
	c.t.Helper()
	st, err := s.LogState(c.origin())
	must(c.t, err)
	now := time.Now()
	h, err := protocol.SignHead(c.key, protocol.Head{Origin: c.origin(), Epoch: c.epoch, Seq: st.Seq, Root: st.Root, At: now,
		Until: now.Add(protocol.DefaultLease)})
	must(c.t, err)
	return h
}

// TestPlannedEpochKeepsAll: with a card that goes on from where the log is nothing vanishes, and the head of the epoch
// before keeps its lease until one of the new epoch comes.
func TestPlannedEpochKeepsAll(t *testing.T) {
	s, _, xb := twoCountries(t)
	ids := []protocol.CaseID{protocol.NewCaseID(), protocol.NewCaseID()}
	must(t, s.Put(xb.publish(ids[0], nil)))
	must(t, s.Put(xb.publish(ids[1], nil)))
	must(t, s.Put(xb.takedown(ids[1])))
	must(t, s.SetHead(xb.headOver(s)))
	before, _ := s.LogState(xb.origin())
	old := xb.headOver(s)
	renew(t, s, xb.rotate(1, xb.seq))
	if after, _ := s.LogState(xb.origin()); after != before {
		t.Errorf("log %+v, before %+v", after, before)
	}
	if _, err := s.Public().Case(xb.ref(ids[0])); err != nil {
		t.Errorf("under the lease of the epoch before: %v", err)
	}
	want(t, "a head of the epoch before", s.SetHead(old), protocol.ErrKey)
	if p, _ := s.Place(xb.origin()); p.Epoch != 2 || p.Seq != 3 {
		t.Errorf("place %+v, want where the new epoch begins", p)
	}
	must(t, s.SetHead(xb.headOver(s)))
	if v, err := s.Verified(xb.origin()); err != nil || v.Epoch != 2 {
		t.Errorf("verified %+v, %v", v, err)
	}
	r := xb.publish(ids[0], nil)
	must(t, s.Put(r))
	if p, _ := s.Place(xb.origin()); p.Epoch != 2 || p.Seq != 4 {
		t.Errorf("place %+v after the first record of the epoch", p)
	}
	s = reopen(t, s)
	m, err := s.Member(xb.origin())
	if err != nil || m.Card.Epoch != 2 || len(m.Cards) != 2 || m.Cards[0].Epoch != 1 {
		t.Errorf("after a restart: %+v, %v", m.Cards, err)
	}
}

// TestVoidIsForgotten: what a thief published after the last good place goes, with everything that leads to it; its
// takedowns hide on as strays, and nothing of it is taken again.
func TestVoidIsForgotten(t *testing.T) {
	s, _, xb := twoCountries(t)
	good, revised, found, bad := protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID()
	must(t, s.Put(xb.publish(good, nil)))
	must(t, s.Put(xb.publish(revised, nil)))
	must(t, s.Put(xb.publish(found, nil)))
	last := xb.seq
	p, file, _ := newPhoto("bad")
	thiefs := []*protocol.Record{xb.publish(bad, withPhotos(p)), xb.publish(revised, nil)}
	down := xb.takedown(found)
	for _, r := range append(thiefs, down) {
		must(t, s.Put(r))
	}
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.SetHead(xb.headOver(s)))
	if _, err := s.Public().Case(xb.ref(bad)); err != nil {
		t.Fatal(err)
	}
	stolen := xb.headOver(s)
	renew(t, s, xb.rotate(1, last))
	must(t, s.Check())
	if _, err := s.Verified(xb.origin()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the thief's lease runs on: %v", err)
	}
	want(t, "the thief's head again", s.SetHead(stolen), protocol.ErrKey)
	must(t, s.SetHead(xb.headOver(s)))
	for name, c := range map[string]struct {
		id   protocol.CaseID
		want error
	}{"from before": {good, nil}, "of the thief": {bad, fs.ErrNotExist}, "revised by the thief": {revised, fs.ErrNotExist}, "taken down": {found, ErrGone}} {
		if _, err := s.Public().Case(xb.ref(c.id)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := s.Photo(p.File.Cid); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("photo of a void case: %v", err)
	}
	if st, _ := s.LogState(xb.origin()); st.Live != 1 || st.Dead != 1 || st.Seq != 1 {
		t.Errorf("log %+v", st)
	}
	raws, sum, err := s.Strays(xb.origin())
	if err != nil || len(raws) != 1 || sum != protocol.StrayOf(protocol.Digest(down.ID())) {
		t.Errorf("%d strays, %x, %v", len(raws), sum, err)
	}
	for _, r := range thiefs {
		want(t, "the thief's record again", s.Put(r), protocol.ErrVoid)
	}
	want(t, "the stray again", s.Put(down), protocol.ErrStored)
	if got, err := s.Takedown(xb.ref(found)); err != nil || got.ID() != down.ID() {
		t.Errorf("takedown of the case that strays close: %v", err)
	}
	// The owner says it again where it counts, and the case is in the log once.
	s = reopen(t, s)
	again := xb.takedown(found)
	must(t, s.Put(again))
	want(t, "twice", s.Put(again), protocol.ErrStored)
	want(t, "the stray after it", s.Put(down), protocol.ErrClosed)
	if _, sum, _ := s.Strays(xb.origin()); sum != 0 {
		t.Errorf("strays %x after the owner's own", sum)
	}
	must(t, s.Put(xb.publish(revised, nil))) // by the owner, of the new epoch
	if st, _ := s.LogState(xb.origin()); st.Live != 2 || st.Dead != 1 {
		t.Errorf("log %+v", st)
	}
}

// TestStraysMeet: whatever of a burst two members had before they heard of the new epoch, after exchanging their strays
// they hide the same, and hold the same log.
func TestStraysMeet(t *testing.T) {
	xb := newCountry(t, "XB")
	open := func(code string) *Store {
		own := newCountry(t, code)
		s := openStore(t, t.TempDir(), own)
		must(t, s.SetMember(own.card, protocol.Own, time.Now()))
		must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
		return s
	}
	a, b := open("XA"), open("XC")
	ids := make([]protocol.CaseID, 4)
	for i := range ids {
		ids[i] = protocol.NewCaseID()
		r := xb.publish(ids[i], nil)
		must(t, a.Put(r))
		must(t, b.Put(r))
	}
	last := xb.seq
	must(t, a.Put(xb.takedown(ids[0])))
	must(t, b.Put(xb.takedown(ids[1])))
	card := xb.rotate(1, last)
	renew(t, a, card)
	renew(t, b, card)
	for _, way := range [][2]*Store{{a, b}, {b, a}} {
		raws, _, err := way[0].Strays(xb.origin())
		must(t, err)
		for _, raw := range raws {
			r, err := protocol.Reopen(raw)
			must(t, err)
			if err := way[1].Put(r); err != nil && !errors.Is(err, protocol.ErrStored) {
				t.Fatal(err)
			}
		}
	}
	left, _ := a.LogState(xb.origin())
	right, _ := b.LogState(xb.origin())
	if left != right || left.Live != 2 || left.Dead != 2 || a.StraySum(xb.origin()) != b.StraySum(xb.origin()) {
		t.Errorf("logs %+v and %+v, strays %x and %x", left, right, a.StraySum(xb.origin()), b.StraySum(xb.origin()))
	}
}

// TestLateBurstIsVoid: who hears of a burst after the card that voids it hides no more of it than the guard lets through.
func TestLateBurstIsVoid(t *testing.T) {
	s, _, xb := twoCountries(t)
	ids := make([]protocol.CaseID, 70)
	for i := range ids {
		ids[i] = protocol.NewCaseID()
		must(t, s.Put(xb.publish(ids[i], nil)))
	}
	last := xb.seq
	downs := make([]*protocol.Record, len(ids))
	for i, id := range ids {
		downs[i] = xb.takedown(id)
	}
	renew(t, s, xb.rotate(1, last))
	for i, r := range downs {
		want(t, "a void takedown", s.Put(r), map[bool]error{true: protocol.ErrStale}[i >= guardFloor])
	}
	if st, _ := s.LogState(xb.origin()); st.Live != 20 || st.Dead != 50 {
		t.Errorf("log %+v", st)
	}
}

// TestOwnBurstFromOutsideIsHeld: a thief's takedowns of our own cases, which peers give us, are held too, and void they
// leave no trace on the desk.
func TestOwnBurstFromOutsideIsHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		xa := newCountry(t, "XA")
		s := openStore(t, t.TempDir(), xa)
		must(t, s.SetMember(xa.card, protocol.Own, time.Now()))
		ids := make([]protocol.CaseID, 60)
		for i := range ids {
			ids[i] = protocol.NewCaseID()
			appendCase(t, s, xa, ids[i], nil)
			must(t, s.SaveDraft(&Draft{ID: ids[i], PublishedRev: 1}))
		}
		st, _ := s.LogState(xa.origin())
		xa.seq = st.Seq
		for _, id := range ids {
			must(t, s.Put(xa.takedown(id)))
		}
		must(t, s.Check())
		if all, _ := s.Drafts(); len(all) != 10 {
			t.Errorf("%d drafts while the rest is held", len(all))
		}
		renew(t, s, xa.rotate(1, st.Seq))
		must(t, s.Check())
		if after, _ := s.LogState(xa.origin()); after.Live != 10 || after.Dead != 50 {
			t.Errorf("log %+v", after)
		}
		for _, id := range ids[50:] {
			if d, err := s.Draft(id); err != nil || d.PublishedRev != 1 {
				t.Errorf("draft of a case that came back: %v", err)
			}
		}
		// Our next number goes on from the card, not from the thief's.
		r := appendCase(t, s, xa, ids[50], nil)
		if h := r.Header(); h.Epoch != 2 || h.Seq != st.Seq+1 || h.Rev != 2 {
			t.Errorf("next header %+v", h)
		}
	})
}

// TestHeldOwnCaseLeavesTheDesk: what nobody voids within the day is gone from the desk as well.
func TestHeldOwnCaseLeavesTheDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		xa := newCountry(t, "XA")
		s := openStore(t, t.TempDir(), xa)
		must(t, s.SetMember(xa.card, protocol.Own, time.Now()))
		for range guardFloor + 1 {
			id := protocol.NewCaseID()
			appendCase(t, s, xa, id, nil)
			must(t, s.SaveDraft(&Draft{ID: id, PublishedRev: 1}))
		}
		st, _ := s.LogState(xa.origin())
		xa.seq = st.Seq
		drafts, _ := s.Drafts()
		for _, d := range drafts {
			must(t, s.Put(xa.takedown(d.ID)))
		}
		time.Sleep(guardDelay + time.Minute)
		must(t, s.Tend(t.Context()))
		if all, _ := s.Drafts(); len(all) != 0 {
			t.Errorf("%d drafts", len(all))
		}
	})
}

// TestRivalCardIsRefused: of two cards of one epoch with different keys the one held first stays, until one of a later
// epoch comes or a person adds the member anew.
func TestRivalCardIsRefused(t *testing.T) {
	s, _, xb := twoCountries(t)
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	first := xb.rotate(1, 1)
	xb.key = keyOf("another")
	rival := xb.cardFrom(2, &protocol.Continues{Epoch: 1, Seq: 1})
	renew(t, s, first)
	if changed, err := s.RenewCard(rival); changed || !errors.Is(err, protocol.ErrRival) {
		t.Errorf("changed %t, %v", changed, err)
	}
	want(t, "by hand", s.SetMember(rival, protocol.Active, time.Now()), protocol.ErrRival)
	must(t, s.SetMember(first, protocol.Removed, time.Now()))
	must(t, s.SetMember(rival, protocol.Active, time.Now()))
	if m, err := s.Member(xb.origin()); err != nil || m.Card.ID() != rival.ID() {
		t.Errorf("after a person added it anew: %v", err)
	}
}
