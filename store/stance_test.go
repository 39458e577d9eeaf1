package store

import (
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// says signs a stance of c towards another.
func (c *country) says(of protocol.Origin, v protocol.View, note protocol.Note) *protocol.Record {
	c.t.Helper()
	id := protocol.StanceID(of)
	h := c.header(id)
	r := c.sign(protocol.Entry{Header: h, Stance: &protocol.Stance{Member: of, View: v, Since: h.At.UnixMilli(), Note: note}})
	c.last[id] = r
	c.live[r.Header().Seq] = protocol.Digest(r.ID())
	return r
}

func TestStancesAreRowsOfTheLogAndNoCases(t *testing.T) {
	s, xa, xb := twoCountries(t)
	xc, xd := newCountry(t, "XC"), protocol.Origin{4}
	must(t, s.SetMember(xc.card, protocol.Active, time.Now()))
	vouch := xb.says(xd, protocol.Vouches, "known")
	must(t, s.Put(vouch))
	must(t, s.Put(xc.says(xd, protocol.Suspends, "key")))
	own, err := s.Append(protocol.StanceID(xd), 1, func(h protocol.Header) (*protocol.Record, error) {
		h.At = time.Now()
		return protocol.Sign(xa.key, protocol.Entry{Header: h, Stance: &protocol.Stance{Member: xd, View: protocol.Vouches, Since: h.At.UnixMilli()}})
	})
	must(t, err)
	views := func() (v []protocol.View) {
		for _, w := range s.Stances(xd) {
			v = append(v, w.View)
		}
		return v
	}
	if got := views(); !slices.Equal(got, []protocol.View{protocol.Vouches, protocol.Vouches, protocol.Suspends}) {
		t.Errorf("stances %v, want our own, then by country", got)
	}
	if by := s.Stances(xd)[0].By; by != xa.origin() {
		t.Errorf("the first is of %s, want our own", by)
	}
	if st, err := s.LogState(xb.origin()); err != nil || st.Live != 0 || st.Seq != 1 || st.Root == protocol.RootOf(nil) {
		t.Errorf("log %+v, %v: want no live case, and the stance in the digest", st, err)
	}
	if _, n, err := s.Public().List(Query{Network: true}); n != 0 || err != nil {
		t.Errorf("%d cases listed, %v", n, err)
	}
	for _, r := range []*protocol.Record{vouch, own} {
		_, err := s.Public().Case(r.Header().Ref())
		want(t, "a stance as a case", err, fs.ErrNotExist)
	}
	var walked int
	must(t, s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(uint64, []byte) error { walked++; return nil }))
	if walked != 1 {
		t.Errorf("%d records for a puller, want the stance", walked)
	}

	must(t, s.Put(xb.says(xd, protocol.Withdrawn, "")))
	s = reopen(t, s)
	want(t, "the first stance again", s.Put(vouch), protocol.ErrStale)
	if got := views(); len(got) != 2 {
		t.Errorf("after one was withdrawn: %v", got)
	}
	must(t, s.Suspend(xc.origin(), false, time.Now()))
	if got := views(); len(got) != 1 {
		t.Errorf("a suspended member is still quoted: %v", got)
	}
	must(t, s.SetMember(xc.card, protocol.Removed, time.Now()))
	s = reopen(t, s)
	if got := views(); len(got) != 1 {
		t.Errorf("after its giver was removed: %v", got)
	}
	if m, err := s.Member(xd); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("somebody whom others vouch for is %+v here", m)
	}
}

// TestStancesAreDroppedWithoutTheGuard holds that stances, which have no key, are neither held nor shredded: a flood of
// takedowns under their numbers leaves the keys and the cases as they are.
func TestStancesAreDroppedWithoutTheGuard(t *testing.T) {
	s, _, xb := twoCountries(t)
	id := protocol.NewCaseID()
	must(t, s.Put(xb.publish(id, nil)))
	for i := range guardFloor + 5 {
		of := protocol.Origin{9, byte(i)}
		must(t, s.Put(xb.says(of, protocol.Vouches, "")))
		must(t, s.Put(xb.says(of, protocol.Withdrawn, "")))
		down := xb.takedown(protocol.StanceID(of))
		must(t, s.Put(down))
		if p, err := s.Phase(down.Header().Ref()); p != Swept || err != nil {
			t.Fatalf("takedown %d of a stance: %s, %v", i, p, err)
		}
	}
	for range guardFloor {
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	}
	checkAndClose(t, s)
}

func TestSuspendedMemberIsShownUntilTheLeaseEndsAndMayOnlyClose(t *testing.T) {
	for _, hide := range []bool{false, true} {
		s, _, xb := twoCountries(t)
		id, other := protocol.NewCaseID(), protocol.NewCaseID()
		shown, kept := xb.publish(id, nil), xb.publish(other, nil)
		must(t, s.Put(shown))
		must(t, s.Put(kept))
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		must(t, s.Suspend(xb.origin(), hide, time.Now()))
		next, down := xb.publish(protocol.NewCaseID(), nil), xb.takedown(id)
		var said *protocol.Record
		for range 2 {
			if _, err := s.Public().Case(xb.ref(other)); (err != nil) != hide {
				t.Errorf("hide %t: its case: %v", hide, err)
			}
			want(t, "a new case", s.Put(next), protocol.ErrOrigin)
			said = xb.says(protocol.Origin{9}, protocol.Vouches, "")
			want(t, "a stance", s.Put(said), protocol.ErrOrigin)
			want(t, "a head", s.SetHead(xb.head(protocol.MaxLease)), protocol.ErrOrigin)
			if m, err := s.Member(xb.origin()); err != nil || m.Standing != protocol.Suspended {
				t.Errorf("member %+v, %v", m, err)
			}
			s = reopen(t, s)
		}
		must(t, s.Put(down))
		_, err := s.Public().Case(xb.ref(id))
		want(t, "the case that it closed", err, ErrGone)
		s = reopen(t, s)

		must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
		must(t, s.Put(next))
		must(t, s.Put(said))
		must(t, s.SetHead(xb.head(protocol.DefaultLease)))
		if _, err := s.Public().Case(xb.ref(other)); err != nil {
			t.Errorf("after it was resumed: %v", err)
		}
	}
}

// TestASuspendedMemberRunsOut holds that no head shows it on, and that its cases are not kept for ever.
func TestASuspendedMemberRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		id := protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, nil)))
		must(t, s.Put(xb.says(protocol.Origin{9}, protocol.Vouches, "")))
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		s.Heard(xb.origin(), time.Now().Add(time.Minute))
		must(t, s.Suspend(xb.origin(), false, time.Now()))
		if ahead := time.Until(s.Clock(nil).Now); ahead != 0 {
			t.Errorf("a suspended member sets our clock on by %s", ahead)
		}
		shown := func() bool { _, err := s.Public().Case(xb.ref(id)); return err == nil }
		time.Sleep(protocol.MinLease - time.Second)
		if !shown() {
			t.Error("hidden before the lease that we hold ended")
		}
		time.Sleep(2 * time.Second)
		if shown() {
			t.Error("shown after the lease that we hold ended")
		}
		if n, err := s.Shred(xb.origin()); n != 1 || err != nil {
			t.Errorf("shredded %d, %v", n, err)
		}
		if st, err := s.LogState(xb.origin()); err != nil || st.Live != 0 || st.Seq != 2 {
			t.Errorf("log %+v, %v: want the stance alone", st, err)
		}
		checkAndClose(t, s)
	})
}

func TestOnlyAnActiveMemberIsSuspended(t *testing.T) {
	s, xa, xb := twoCountries(t)
	xc := newCountry(t, "XC")
	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	for what, o := range map[string]protocol.Origin{"our own": xa.origin(), "a removed member": xb.origin(), "a stranger": xc.origin()} {
		want(t, "suspend "+what, s.Suspend(o, false, time.Now()), fs.ErrNotExist)
	}
	if err := s.SetMember(xb.card, protocol.Suspended, time.Now()); err == nil {
		t.Error("a removed member came back as a suspended one")
	}
}

func TestPairingsWait(t *testing.T) {
	s, xa, xb := twoCountries(t)
	invite := func(c *country, answers protocol.PairNonce) *protocol.Invite {
		i, err := protocol.SignInvite(c.key, protocol.Invite{Root: c.card.Root, Nonce: protocol.NewPairNonce(), Answers: answers,
			Expires: time.Now().Add(protocol.InviteLife)})
		must(t, err)
		return i
	}
	theirs := invite(xb, protocol.PairNonce{})
	open := &Pairing{Ours: invite(xa, protocol.PairNonce{}), Made: time.Now()}
	full := &Pairing{Ours: invite(xa, theirs.Nonce), Made: time.Now().Add(time.Second), Theirs: theirs, Card: xb.card, Nonce: theirs.Nonce, Knocked: true}
	must(t, s.SavePairing(open))
	must(t, s.SavePairing(full))
	s = reopen(t, s)
	all, err := s.Pairings()
	if err != nil || len(all) != 2 || all[0].ID() != full.ID() || all[1].ID() != open.ID() {
		t.Fatalf("%d pairings, %v", len(all), err)
	}
	if p := all[0]; p.Invited() || p.Card.ID() != xb.card.ID() || p.Nonce != theirs.Nonce || !p.Knocked || p.Theirs.Nonce != theirs.Nonce ||
		!p.Made.Equal(full.Made) || p.Over(time.Now().AddDate(1, 0, 0)) {
		t.Errorf("pairing %+v", p)
	}
	if p := all[1]; !p.Invited() || p.Card != nil || p.Over(time.Now()) || !p.Over(time.Now().Add(protocol.InviteLife+time.Minute)) {
		t.Errorf("pairing %+v", p)
	}
	must(t, s.DeletePairing(open.ID()))
	_, err = s.Pairing(open.ID())
	want(t, "a deleted pairing", err, fs.ErrNotExist)
}
