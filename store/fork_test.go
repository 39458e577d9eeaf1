package store

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// twin returns a second server of the country, which goes on from a copy of its data folder.
func (c *country) twin() *country {
	d := *c
	d.last, d.live = maps.Clone(c.last), maps.Clone(c.live)
	return &d
}

// forkOf puts a record that conflicts, and makes the proof as the node does.
func (c *country) forkOf(s *Store, r *protocol.Record) *protocol.Fork {
	c.t.Helper()
	err := s.Put(r)
	var conflict *Conflict
	if !errors.As(err, &conflict) || !errors.Is(err, protocol.ErrFork) {
		c.t.Fatalf("put a record at a taken place: %v", err)
	}
	f, err := protocol.NewFork(conflict.Held, r.Bytes(), c.card)
	must(c.t, err)
	return f
}

func addFork(t *testing.T, s *Store, f *protocol.Fork, news, pass bool) {
	t.Helper()
	if gotNews, gotPass, err := s.AddFork(f); err != nil || gotNews != news || gotPass != pass {
		t.Errorf("add fork: news %t, pass %t, %v", gotNews, gotPass, err)
	}
}

func TestAForkFreezes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		id, void := protocol.NewCaseID(), protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, nil)))
		twin := xb.twin()
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		state, _ := s.LogState(xb.origin())
		f := xb.forkOf(s, twin.publish(void, nil))
		if _, frozen := s.Frozen(xb.origin()); frozen {
			t.Fatal("frozen before there is a proof")
		}
		addFork(t, s, f, true, true)
		addFork(t, s, f, false, false)
		for range 2 {
			if _, frozen := s.Frozen(xb.origin()); !frozen {
				t.Fatal("not frozen")
			}
			got, err := s.Fork(xb.origin())
			if err != nil || !bytes.Equal(got.Bytes(), f.Bytes()) {
				t.Fatalf("proof: %v, %v", got, err)
			}
			want(t, "the next record of our branch", s.Put(xb.publish(protocol.NewCaseID(), nil)), protocol.ErrFrozen)
			want(t, "a record of the other branch", s.Put(twin.publish(protocol.NewCaseID(), nil)), protocol.ErrFrozen)
			claim, err := protocol.Parse(twin.publish(void, nil).Bytes())
			must(t, err)
			want(t, "seen another", s.Seen(claim), protocol.ErrFrozen)
			want(t, "a head", s.SetHead(xb.head(protocol.MaxLease)), protocol.ErrFrozen)
			if _, err := s.Public().Case(xb.ref(id)); err != nil {
				t.Errorf("hidden before its lease ends: %v", err)
			}
			s = reopen(t, s)
		}
		if now, _ := s.LogState(xb.origin()); now != state {
			t.Errorf("the log has become %+v", now)
		}
		time.Sleep(protocol.MinLease + time.Minute)
		_, err := s.Public().Case(xb.ref(id))
		want(t, "the case after its lease", err, fs.ErrNotExist)
		// Only a card of a later epoch ends it.
		_, err = s.RenewCard(xb.newCard(9))
		must(t, err)
		if _, frozen := s.Frozen(xb.origin()); !frozen {
			t.Error("a new card of the same epoch ended it")
		}
		_, err = s.RenewCard(xb.rotate(1, 2))
		must(t, err)
		for range 2 {
			if _, frozen := s.Frozen(xb.origin()); frozen {
				t.Error("a card of a later epoch did not end it")
			}
			if n := len(livingKeys(t, s.dir)); n != 2 {
				t.Errorf("%d keys, want those of two records: the proof is not needed any more", n)
			}
			s = reopen(t, s)
		}
		addFork(t, s, f, false, false)
		h, err := protocol.SignHead(xb.key, protocol.Head{Origin: xb.origin(), Epoch: 2, Seq: 2, Root: state.Root, At: time.Now(), Until: time.Now().Add(protocol.MinLease)})
		must(t, err)
		must(t, s.SetHead(h))
		if _, err := s.Public().Case(xb.ref(id)); err != nil {
			t.Errorf("a verified head of the later epoch does not show it: %v", err)
		}
		checkAndClose(t, s)
	})
}

// TestAFreezeEndsVerification: when the freeze comes, what is missing to a head is taken no longer, but a takedown
// may make the log what the head vouches for.
func TestAFreezeEndsVerification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		id, gone := protocol.NewCaseID(), protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, nil)))
		must(t, s.Put(xb.publish(gone, nil)))
		must(t, s.SetHead(xb.head(protocol.MinLease)))
		twin := xb.twin()
		down := xb.takedown(gone)
		must(t, s.SetHead(xb.head(protocol.MaxLease)))
		one, err := protocol.NewFork(down.Bytes(), twin.publish(id, nil).Bytes(), xb.card)
		must(t, err)
		addFork(t, s, one, true, true)
		must(t, s.Put(down))
		time.Sleep(protocol.MinLease + time.Hour)
		_, err = s.Public().Case(xb.ref(id))
		want(t, "a case by a head that was verified after the freeze", err, fs.ErrNotExist)
		checkAndClose(t, s)
	})
}

// TestTakedownsOfBothBranchesHide: they stand in no log, and are there for others to ask.
func TestTakedownsOfBothBranchesHide(t *testing.T) {
	s, xa, xb := twoCountries(t)
	other := openStore(t, t.TempDir(), xa)
	must(t, other.SetMember(xa.card, protocol.Own, time.Now()))
	must(t, other.SetMember(xb.card, protocol.Active, time.Now()))
	ids := []protocol.CaseID{protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID()}
	for _, id := range ids {
		r := xb.publish(id, nil)
		must(t, s.Put(r))
		must(t, other.Put(r))
	}
	twin := xb.twin()
	one, two := xb.takedown(ids[0]), twin.takedown(ids[1])
	must(t, s.Put(one))
	must(t, other.Put(two))
	f := xb.forkOf(s, two) // closes its case too
	addFork(t, s, f, true, true)
	addFork(t, other, f, true, true)
	before, _ := s.LogState(xb.origin())
	must(t, s.Put(twin.takedown(ids[2]))) // at a place that nothing has taken
	after, _ := s.LogState(xb.origin())
	if after.Seq != before.Seq || after.Dead != 3 {
		t.Errorf("log %+v, before %+v: a takedown of a frozen member entered it", after, before)
	}
	a, ok, err := s.Freeze(xb.origin())
	b, _, _ := other.Freeze(xb.origin())
	if err != nil || !ok || a.Heads || a.Closed == b.Closed {
		t.Errorf("%+v and %+v, %t, %v: want two that differ in what is closed", a, b, ok, err)
	}
	strays, _, err := s.Strays(xb.origin())
	if err != nil || len(strays) != 2 {
		t.Fatalf("%d takedowns in no log, %v, want 2", len(strays), err)
	}
	must(t, s.Walk(protocol.LogPlace{Origin: xb.origin()}, true, func(_ uint64, raw []byte) error {
		strays = append(strays, raw)
		return nil
	}))
	for _, raw := range strays {
		r, err := protocol.Open(raw, xb.card)
		must(t, err)
		if err := other.Put(r); err != nil && !errors.Is(err, protocol.ErrStored) {
			t.Errorf("takedown at seq %d: %v", r.Header().Seq, err)
		}
	}
	s, other = reopen(t, s), reopen(t, other)
	for _, st := range []*Store{s, other} {
		for _, id := range ids {
			_, err := st.Public().Case(xb.ref(id))
			want(t, "a case that one branch took down", err, ErrGone)
		}
	}
	a, _, _ = s.Freeze(xb.origin())
	if b, _, _ = other.Freeze(xb.origin()); a != b {
		t.Errorf("%+v and %+v after all takedowns were exchanged", a, b)
	}
}

// TestNothingIsLeftOfAProof: the proof holds cases, one of which never came here. It is destroyed when one is closed, and
// when two heads prove the same.
func TestNothingIsLeftOfAProof(t *testing.T) {
	for name, closed := range map[string]int{"the case that we held": 1, "the case of the other branch": 2} {
		t.Run(name, func(t *testing.T) {
			s, _, xb := twoCountries(t)
			held, other := newChild(1), newChild(2)
			twin := xb.twin()
			must(t, s.Put(xb.publish(held.id, held.entry)))
			f := xb.forkOf(s, twin.publish(other.id, other.entry))
			addFork(t, s, f, true, true)
			other.secrets.search(t, "sealed", s.dir)
			if n := len(livingKeys(t, s.dir)); n != 4 { // the record, its photo and thumbnail, the proof
				t.Errorf("%d keys", n)
			}
			if closed == 1 {
				must(t, s.Put(xb.takedown(held.id)))
			} else {
				must(t, s.Put(twin.takedown(other.id)))
			}
			if n, want := len(livingKeys(t, s.dir)), 3*(closed-1); n != want {
				t.Errorf("%d keys are left, want %d", n, want)
			}
			other.secrets.search(t, "closed", s.dir)
			_, err := s.Fork(xb.origin())
			want(t, "proof", err, fs.ErrNotExist)
			s = reopen(t, s)
			if _, frozen := s.Frozen(xb.origin()); !frozen {
				t.Error("the freeze went with the proof")
			}
			addFork(t, s, f, false, false) // from a member that has not heard of the takedown
			heads := xb.forkOfHeads(twin)
			addFork(t, s, heads, true, true)
			if got, err := s.Fork(xb.origin()); err != nil || !got.Heads {
				t.Errorf("proof by heads: %v", err)
			}
		})
	}
	t.Run("heads", func(t *testing.T) {
		s, _, xb := twoCountries(t)
		twin := xb.twin()
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
		f := xb.forkOf(s, twin.publish(protocol.NewCaseID(), nil))
		addFork(t, s, f, true, true)
		addFork(t, s, xb.forkOfHeads(twin), true, true)
		if n := len(livingKeys(t, s.dir)); n != 1 {
			t.Errorf("%d keys, want that of the record alone", n)
		}
		addFork(t, s, f, false, false)
	})
	t.Run("removed", func(t *testing.T) {
		s, _, xb := twoCountries(t)
		twin := xb.twin()
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
		addFork(t, s, xb.forkOf(s, twin.publish(protocol.NewCaseID(), nil)), true, true)
		must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
		if n := len(livingKeys(t, s.dir)); n != 0 {
			t.Errorf("%d keys are left of a removed member", n)
		}
		must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
		if _, frozen := s.Frozen(xb.origin()); !frozen {
			t.Error("removing and adding it again ended the freeze")
		}
	})
	t.Run("closed before", func(t *testing.T) {
		s, _, xb := twoCountries(t)
		twin := xb.twin()
		id := protocol.NewCaseID()
		one, two := xb.publish(id, nil), twin.publish(protocol.NewCaseID(), nil)
		f, err := protocol.NewFork(one.Bytes(), two.Bytes(), xb.card)
		must(t, err)
		must(t, s.Put(xb.takedown(id)))
		addFork(t, s, f, true, false)
		if n := len(livingKeys(t, s.dir)); n != 0 {
			t.Errorf("%d keys: a case that was taken down came back in a proof", n)
		}
	})
}

func (c *country) forkOfHeads(twin *country) *protocol.Fork {
	c.t.Helper()
	twin.seq = max(c.seq, twin.seq)
	c.seq = twin.seq
	f, err := protocol.NewFork(c.head(protocol.MinLease).Bytes(), twin.head(protocol.MinLease).Bytes(), c.card)
	must(c.t, err)
	return f
}

// TestHeadsAreHeldAgainstEarlierOnes, also against one that a longer one has replaced.
func TestHeadsAreHeldAgainstEarlierOnes(t *testing.T) {
	s, _, xb := twoCountries(t)
	twin := xb.twin()
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	first := xb.head(protocol.MinLease)
	must(t, s.SetHead(first))
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	must(t, s.SetHead(xb.head(protocol.MinLease)))
	_, err := s.HeadAt(first)
	want(t, "a head against itself", err, fs.ErrNotExist)
	twin.publish(protocol.NewCaseID(), nil)
	if other, err := s.HeadAt(twin.head(protocol.MinLease)); err != nil || other.ID() != first.ID() {
		t.Errorf("another head of the same length: %v", err)
	}
}

// TestWhatAHeadShouldHaveCountedIsNotTaken: the record that would prove the fork has been superseded, so nothing stands at
// its place. A takedown is taken all the same.
func TestWhatAHeadShouldHaveCountedIsNotTaken(t *testing.T) {
	s, _, xb := twoCountries(t)
	id := protocol.NewCaseID()
	twin := xb.twin()
	must(t, s.Put(xb.publish(id, nil)))
	must(t, s.Put(xb.publish(id, nil)))
	late := twin.publish(protocol.NewCaseID(), nil)
	claim, err := protocol.Parse(late.Bytes())
	must(t, err)
	want(t, "seen before a head was verified", s.Seen(claim), nil)
	must(t, s.SetHead(xb.head(protocol.MinLease)))
	want(t, "seen", s.Seen(claim), protocol.ErrPast)
	want(t, "put", s.Put(late), protocol.ErrPast)
	if st, _ := s.LogState(xb.origin()); st.Root != protocol.RootOf(xb.blocks()) {
		t.Error("the log is no longer what its owner signed")
	}
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	twin.seq = 0
	must(t, s.Put(twin.takedown(id)))
	_, err = s.Public().Case(xb.ref(id))
	want(t, "case", err, ErrGone)
}

// TestRepair: a log that took the end of another branch, above what was verified, becomes what its owner signed, with the
// record that was refused before. Nothing changes if that is not so.
func TestRepair(t *testing.T) {
	s, _, xb := twoCountries(t)
	a, b, gone := protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID()
	for _, id := range []protocol.CaseID{a, b, gone} {
		must(t, s.Put(xb.publish(id, nil)))
	}
	must(t, s.SetHead(xb.head(protocol.MinLease)))
	owner, twin := xb.twin(), xb.twin()
	// The owner revises b at 4 and again at 5, closes nothing, and publishes one more. Of the twin's we hear the two at 4 and
	// 5 alone: a new case where the owner's record is superseded, and a takedown.
	owner.publish(b, nil)
	records := []*protocol.Record{xb.last[a], owner.publish(b, nil), xb.last[gone], owner.publish(protocol.NewCaseID(), nil)}
	foreign := twin.publish(protocol.NewCaseID(), nil)
	must(t, s.Put(foreign))
	must(t, s.Put(records[3]))
	head := owner.head(protocol.MinLease)
	must(t, s.SetHead(head))
	if v, _ := s.Verified(xb.origin()); v.Seq != 3 {
		t.Fatal("verified in spite of a record that its owner does not have")
	}
	before, _ := s.LogState(xb.origin())
	want(t, "without all of the owner's records", s.Repair(head, owner.blocks(), records[1:]), ErrRepair)
	want(t, "by an older head", s.Repair(xb.head(protocol.MinLease), xb.blocks(), records), ErrRepair)
	if after, _ := s.LogState(xb.origin()); after != before {
		t.Errorf("log %+v after a repair that failed, before %+v", after, before)
	}
	s = reopen(t, s)
	must(t, s.Repair(head, owner.blocks(), records))
	if v, err := s.Verified(xb.origin()); err != nil || v.ID() != head.ID() {
		t.Errorf("not verified: %v", err)
	}
	_, err := s.Public().Case(foreign.Header().Ref())
	want(t, "the case of the other branch", err, fs.ErrNotExist)
	if c, err := s.Public().Case(xb.ref(b)); err != nil || c.Rev != 3 {
		t.Errorf("the owner's case: %v, %v", c, err)
	}
	s = reopen(t, s)
	if st, _ := s.LogState(xb.origin()); st.Root != head.Root {
		t.Error("the root is another after a reopen")
	}
	want(t, "the other branch again", s.Put(foreign), protocol.ErrPast)
}

// TestRepairUndoesNoTakedown: one that the owner's log does not have hides on, and the record that it hides is counted.
func TestRepairUndoesNoTakedown(t *testing.T) {
	s, _, xb := twoCountries(t)
	a, b := protocol.NewCaseID(), protocol.NewCaseID()
	must(t, s.Put(xb.publish(a, nil)))
	must(t, s.Put(xb.publish(b, nil)))
	must(t, s.SetHead(xb.head(protocol.MinLease)))
	owner, twin := xb.twin(), xb.twin()
	must(t, s.Put(twin.takedown(a)))
	owner.publish(b, nil)
	records := []*protocol.Record{xb.last[a], owner.publish(b, nil)}
	must(t, s.Put(records[1]))
	head := owner.head(protocol.MinLease)
	must(t, s.SetHead(head))
	must(t, s.Repair(head, owner.blocks(), records))
	for range 2 {
		if v, err := s.Verified(xb.origin()); err != nil || v.ID() != head.ID() {
			t.Errorf("not verified: %v", err)
		}
		_, err := s.Public().Case(xb.ref(a))
		want(t, "the case that the other branch took down", err, ErrGone)
		if raws, _, err := s.Strays(xb.origin()); len(raws) != 1 || err != nil {
			t.Errorf("%d strays, %v", len(raws), err)
		}
		s = reopen(t, s)
	}
}

// TestRepairLeavesForksToProofs: another record at a place of the epoch that the member is in is no matter of repair, but
// after a card of a later epoch it is.
func TestRepairLeavesForksToProofs(t *testing.T) {
	s, _, xb := twoCountries(t)
	owner, twin := xb.twin(), xb.twin()
	id := protocol.NewCaseID()
	r := owner.publish(id, nil)
	other := twin.publish(id, nil)
	must(t, s.Put(other))
	must(t, s.SetHead(owner.head(protocol.MinLease)))
	want(t, "a fork", s.Repair(owner.head(protocol.MinLease), owner.blocks(), []*protocol.Record{r}), protocol.ErrFork)
	addFork(t, s, owner.forkOf(s, r), true, true)
	want(t, "while it is frozen", s.Repair(owner.head(protocol.MinLease), owner.blocks(), []*protocol.Record{r}), protocol.ErrFrozen)
	blocks := owner.blocks()
	_, err := s.RenewCard(owner.rotate(1, 1))
	must(t, err)
	now := time.Now()
	head, err := protocol.SignHead(owner.key, protocol.Head{Origin: owner.origin(), Epoch: 2, Seq: 1, Root: protocol.RootOf(blocks), At: now, Until: now.Add(protocol.MinLease)})
	must(t, err)
	must(t, s.SetHead(head))
	must(t, s.Repair(head, blocks, []*protocol.Record{r}))
	if v, err := s.Verified(xb.origin()); err != nil || v.ID() != head.ID() {
		t.Errorf("not verified: %v", err)
	}
	if c, err := s.Public().Case(xb.ref(id)); err != nil || c.Record != r.ID() {
		t.Errorf("%v, %v: want the owner's record", c, err)
	}
}
