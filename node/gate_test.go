package node

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// shutDown stops node i and closes its store.
func (w *world) shutDown(i int) {
	w.t.Helper()
	w.stops[i]()
	if err := w.nodes[i].Close(); err != nil {
		w.t.Fatal(err)
	}
}

// reopen opens the data folder of node i again, without running it.
func (w *world) reopen(i int) {
	w.t.Helper()
	n, err := Open(w.nodes[i].cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes[i] = n
}

// backUp copies the data folder of node i, which goes on afterwards.
func (w *world) backUp(i int) (folder string) {
	w.t.Helper()
	folder = filepath.Join(w.t.TempDir(), "backup")
	w.shutDown(i)
	if err := os.CopyFS(folder, os.DirFS(w.nodes[i].cfg.Dir)); err != nil {
		w.t.Fatal(err)
	}
	w.reopen(i)
	w.start(i)
	w.writes(i)
	return folder
}

// restore puts a copy of a data folder in the place of node i's, and opens it.
func (w *world) restore(i int, folder string) {
	w.t.Helper()
	w.shutDown(i)
	dir := w.nodes[i].cfg.Dir
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(folder))); err != nil {
		w.t.Fatal(err)
	}
	w.reopen(i)
}

// lastSeq returns the last number of a member's log as node i holds it.
func (w *world) lastSeq(i, of int) uint64 {
	w.t.Helper()
	state, err := w.nodes[i].store.LogState(w.nodes[of].Origin())
	if err != nil {
		w.t.Fatal(err)
	}
	return state.Seq
}

// agreed says whether every node holds the same log of a member, and its newest head counts all of it.
func (w *world) agreed(of int) func() bool {
	o := w.nodes[of].Origin()
	return func() bool {
		want, err := w.nodes[of].store.LogState(o)
		if err != nil {
			w.t.Fatal(err)
		}
		if h, err := w.nodes[of].store.Head(o); err != nil || h.Seq != want.Seq || h.Root != want.Root {
			return false
		}
		for i, n := range w.nodes {
			state, err := n.store.LogState(o)
			if err != nil || state != want || i != of && !n.verified(o, w.head(of, of)) {
				return false
			}
		}
		return true
	}
}

// head returns the newest head of a member that node i holds.
func (w *world) head(i, of int) *protocol.Head {
	w.t.Helper()
	h, err := w.nodes[i].store.Head(w.nodes[of].Origin())
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

func (w *world) alarmed(i int, kind AlarmKind, about int) bool {
	return slices.ContainsFunc(w.nodes[i].Alarms(), func(a Alarm) bool { return a.Kind == kind && a.Origin == w.nodes[about].Origin() })
}

func (w *world) gateOf(i int) Gate {
	w.t.Helper()
	g, err := w.nodes[i].Gate()
	if err != nil {
		w.t.Fatal(err)
	}
	return g
}

// TestBackupHeals puts back a data folder that is older than much of what was published: with no human it pulls its own log
// back and goes on above it. What was closed since stays closed, and nobody ever sees two records for one place.
func TestBackupHeals(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		kept, closes := w.publish(0, "kept"), w.publish(0, "closes")
		w.until(time.Minute, "everywhere", w.everywhere(w.shows, kept, closes))
		backup := w.backUp(0)

		fresh := w.publish(0, "fresh")
		d, err := w.nodes[0].Draft(kept.Header().Case)
		if err != nil {
			t.Fatal(err)
		}
		d.Case.Hotline = "+0 99 013"
		if err := w.nodes[0].SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		revised, err := w.nodes[0].Publish(d.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.nodes[0].CloseCase(closes.Header().Case, "located_safe"); err != nil {
			t.Fatal(err)
		}
		last := w.lastSeq(0, 0)
		w.until(time.Minute, "the others have it all", w.agreed(0))

		w.restore(0, backup)
		if seq := w.lastSeq(0, 0); seq >= last || w.gateOf(0).Open() {
			t.Fatalf("the backup stands at %d, gate %+v: the test shows nothing", seq, w.gateOf(0))
		}
		w.start(0)
		healed := w.until(time.Minute, "the gate is open again", w.nodes[0].gate.open)
		if seq := w.lastSeq(0, 0); seq != last {
			t.Errorf("writes again after %s at %d, the others know of %d", healed, seq, last)
		}
		if !w.shows(0, fresh) || !w.shows(0, revised) || !w.gone(0, closes) {
			t.Error("our own site is not what the others have")
		}
		if d, err := w.nodes[0].Draft(d.ID); err != nil || d.PublishedRev != 2 || d.Case.Hotline != "+0 99 013" {
			t.Errorf("on the desk is %+v, %v: an officer would publish the old number again", d, err)
		}
		if d, err := w.nodes[0].Draft(fresh.Header().Case); err != nil || d.PublishedRev != 1 {
			t.Errorf("on the desk: %+v, %v", d, err)
		}
		after := w.publish(0, "after")
		if after.Header().Seq != last+1 {
			t.Errorf("the next record has number %d, want %d", after.Header().Seq, last+1)
		}
		w.until(time.Minute, "all agree", func() bool {
			return w.everywhere(w.shows, after, revised, fresh)() && w.everywhere(w.gone, closes)() && w.agreed(0)()
		})
		for i := range w.nodes {
			if w.alarmed(i, AlarmInstance, 0) || w.alarmed(i, AlarmSuspect, 0) && i != 0 {
				t.Errorf("node %d: %+v", i, w.nodes[i].Alarms())
			}
		}
	})
}

// TestOfficersWorkWhileTheGateIsClosed restores a backup that can reach nobody: what officers decide is on their own site
// at once, takes no number, outlasts a stop, and arrives everywhere in the end.
func TestOfficersWorkWhileTheGateIsClosed(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		kept, closes := w.publish(0, "kept"), w.publish(0, "closes")
		w.until(time.Minute, "everywhere", w.everywhere(w.shows, kept, closes))
		backup := w.backUp(0)
		missed := w.publish(0, "missed")
		w.until(time.Minute, "the others have it all", w.agreed(0))
		w.setCut(func(a, b int) bool { return a == 0 || b == 0 })
		w.restore(0, backup)
		w.start(0)
		n := w.nodes[0]
		before := w.lastSeq(0, 0)

		fresh := testDraft("fresh", testDetails(0).Country)
		if err := n.SaveDraft(fresh); err != nil {
			t.Fatal(err)
		}
		waits := func(what string, err error) {
			t.Helper()
			if !errors.Is(err, ErrWaiting) {
				t.Fatalf("%s: %v, want %v", what, err, ErrWaiting)
			}
		}
		_, err := n.Publish(fresh.ID)
		waits("publish", err)
		_, err = n.CloseCase(closes.Header().Case, "located_safe")
		waits("close", err)
		time.Sleep(time.Hour)
		_, err = n.Renew(kept.Header().Case)
		waits("renew", err)
		if err := n.Vouch(w.nodes[1].Origin(), "known"); err != nil {
			t.Fatal(err)
		}
		bad := testDraft("bad", testDetails(0).Country)
		bad.Case.Children = nil
		if err := n.SaveDraft(bad); err != nil {
			t.Fatal(err)
		}
		var problems protocol.Problems
		if _, err := n.Publish(bad.ID); !errors.As(err, &problems) {
			t.Errorf("a case with mistakes: %v", err)
		}
		ref := protocol.RefOf(n.Origin(), fresh.ID)
		look := func() {
			t.Helper()
			n := w.nodes[0]
			if c, err := n.Public().Case(ref); err != nil || c.Case.Number != fresh.Case.Number {
				t.Errorf("on our own site: %+v, %v", c, err)
			}
			if !w.gone(0, closes) {
				t.Error("a case that an officer has closed is on our own site")
			}
			if by := n.ReviewBy(kept.Header().Case); by.Sub(kept.Header().ReviewBy) < 59*time.Minute {
				t.Errorf("confirmed, and yet hidden on %s", by)
			}
			if s := n.Stances(w.nodes[1].Origin()); len(s) != 1 || s[0].View != protocol.Vouches {
				t.Errorf("we say %+v", s)
			}
			if g := w.gateOf(0); g.Open() || g.Waiting != 4 || g.Heard != 0 {
				t.Errorf("the gate: %+v", g)
			}
			if seq := w.lastSeq(0, 0); seq != before {
				t.Errorf("number %d was given while nobody could be asked", seq)
			}
			if h := w.head(0, 0); h.Seq > before {
				t.Errorf("a head for %d was signed", h.Seq)
			}
			if d, err := n.Draft(fresh.ID); err != nil || d.Waiting != store.WishPublish || d.Dirty {
				t.Errorf("at the desk: %+v, %v", d, err)
			}
			if err := n.DeleteDraft(fresh.ID); err == nil {
				t.Error("a case that is on our site was thrown away as a draft")
			}
		}
		look()
		if !w.alarmed(0, AlarmGate, 0) {
			t.Error("nobody is told that we wait")
		}
		w.shutDown(0)
		w.reopen(0)
		look()
		w.start(0)
		time.Sleep(time.Minute)
		look()

		w.setCut(nil)
		w.until(20*time.Minute, "the others are heard", w.nodes[0].gate.open)
		w.until(5*time.Minute, "what was decided is everywhere", func() bool {
			g := w.gateOf(0)
			for i := range w.nodes {
				c, err := w.nodes[i].Public().Case(kept.Header().Ref())
				if err != nil || c.Rev != 2 {
					return false
				}
				if _, err := w.nodes[i].Public().Case(ref); err != nil {
					return false
				}
			}
			return g.Waiting == 0 && w.everywhere(w.gone, closes)() && w.everywhere(w.shows, missed)() && len(w.views(2, 1)) == 1 && w.agreed(0)()
		})
		if seq := w.lastSeq(1, 0); seq != before+1+4 {
			t.Errorf("the log ends at %d, want %d: one was missed, four were wished", seq, before+1+4)
		}
		if d, err := w.nodes[0].Draft(fresh.ID); err != nil || d.Waiting != "" || d.PublishedRev != 1 {
			t.Errorf("at the desk: %+v, %v", d, err)
		}
		if w.alarmed(0, AlarmGate, 0) {
			t.Error("the alarm stays on")
		}
	})
}

// TestGateOpensForOneAfterTenMinutes: of four others two must be heard, and after ten minutes one.
func TestGateOpensForOneAfterTenMinutes(t *testing.T) {
	inWorld(t, 5, nil, func(t *testing.T, w *world) {
		r := w.publish(0, "first")
		w.until(time.Minute, "everywhere", w.everywhere(w.shows, r))
		for i := range w.nodes {
			w.stops[i]()
		}
		w.start(0)
		w.start(1)
		w.until(time.Minute, "one is heard", func() bool { g := w.gateOf(0); return g.Heard == 1 && g.Need == 2 })
		waited := w.until(11*time.Minute, "the gate is open", w.nodes[0].gate.open)
		if waited < 9*time.Minute {
			t.Errorf("one member of four was enough after %s", waited)
		}
		next := w.publish(0, "next")
		w.until(time.Minute, "it is there", func() bool { return w.shows(1, next) })
	})
}

// TestGateOpensAtOnce for who has nobody to ask, and for a store that nobody can know more of.
func TestGateOpensAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newStrangers(t, 2, nil)
		defer w.close()
		if err := w.nodes[1].AddMember(w.nodes[0].Card()); err != nil {
			t.Fatal(err)
		}
		for i := range w.nodes {
			if !w.nodes[i].gate.open() {
				t.Errorf("the gate of a new folder: %+v", w.gateOf(i))
			}
			w.publish(i, "offline")
		}
		w.start(0)
		if !w.gateOf(0).Open() {
			t.Errorf("the gate of a lone node: %+v", w.gateOf(0))
		}
		w.start(1)
		if g := w.gateOf(1); g.Open() || g.Need != 1 {
			t.Errorf("it has a member to ask: %+v", g)
		}
		if err := w.nodes[1].RemoveMember(w.nodes[0].Origin()); err != nil {
			t.Fatal(err)
		}
		w.until(time.Second, "nobody is left to ask", w.nodes[1].gate.open)
	})
}

// TestOwnRecordsComeOnlyWhileTheGateIsClosed: what bears our signature and is not ours makes us look what others know.
func TestOwnRecordsComeOnlyWhileTheGateIsClosed(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		mine, n := w.publish(0, "mine"), w.nodes[0]
		entry := protocol.Entry{Case: &testDraft("forged", "AA").Case, Header: protocol.Header{Origin: n.Origin(), Epoch: 1, Seq: 9,
			Case: protocol.NewCaseID(), Rev: 1, At: time.Now(), ReviewBy: time.Now().Add(time.Hour)}}
		sign := func() *protocol.Record {
			r, err := protocol.Sign(n.key, entry)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		stray := sign()
		spoilt := slices.Clone(stray.Bytes())
		spoilt[len(spoilt)-1] ^= 1
		if got := n.accept(spoilt)[0]; !errors.Is(got.err, protocol.ErrSignature) || !n.gate.open() {
			t.Errorf("a forged record: %v, gate %+v", got.err, w.gateOf(0))
		}
		if got := n.accept(stray.Bytes())[0]; !errors.Is(got.err, protocol.ErrOrigin) || n.gate.open() || w.shows(0, stray) {
			t.Errorf("a record of ours that we did not write: %v, gate %+v", got.err, w.gateOf(0))
		}
		w.writes(0)
		entry.Seq, entry.Case.Number = mine.Header().Seq, "other"
		if got := n.accept(sign().Bytes())[0]; !errors.Is(got.err, protocol.ErrFork) || w.gateOf(0).State != GateNeedsRoot {
			t.Errorf("a second record for one place: %v, gate %+v", got.err, w.gateOf(0))
		}
	})
}
