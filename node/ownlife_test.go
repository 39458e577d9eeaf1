package node

import (
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// noThief fails if a member has been stopped or frozen as if somebody had stolen its key.
func (w *world) noThief(of int) {
	w.t.Helper()
	o := w.nodes[of].Origin()
	for i, n := range w.nodes {
		if n.frozen(o) {
			w.t.Errorf("node %d holds the member for two", i)
		}
	}
	if g := w.gateOf(of); g.State == GateNeedsRoot || g.State == GateTwin {
		w.t.Errorf("its own node is stopped: %+v", g)
	}
	if fenced, err := w.nodes[of].store.Fenced(); err != nil || fenced != 0 && fenced >= w.nodes[of].Card().Epoch {
		w.t.Errorf("fenced in epoch %d, %v", fenced, err)
	}
}

// TestAnOlderLifeIsNoThief puts back an old folder while the one member that has all of our log is away: another one has its
// last record alone, without the one before it and without the head. The heads that the life before signed come only after
// the gate had to open; neither is anybody then held for two, nor are two heads signed for one number.
func TestAnOlderLifeIsNoThief(t *testing.T) {
	for name, away := range map[string]time.Duration{"back soon": 30 * time.Minute, "back after a head had to be signed": 3 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { testOlderLife(t, away) })
		})
	}
}

func testOlderLife(t *testing.T, away time.Duration) {
	w := newWorld(t, 4, nil)
	defer w.close()
	const knows, partly = 1, 2
	w.startAll()
	first := w.publish(0, "first")
	w.until(time.Minute, "everywhere", w.agreed(0))
	backup := w.backUp(0)
	w.setCut(func(a, b int) bool { return (a <= knows) != (b <= knows) })
	second, third := w.publish(0, "second"), w.publish(0, "third")
	w.until(time.Minute, "one member has it all", func() bool { return w.head(knows, 0).Seq == 3 && w.shows(knows, second) })
	w.shutDown(knows)
	if got := w.nodes[partly].accept(third.Bytes())[0]; got.err != nil {
		t.Fatal(got.err)
	}
	w.restore(0, backup)
	w.setCut(nil)
	w.start(0)
	w.until(time.Minute, "the last record is back", func() bool { return w.lastSeq(0, 0) == 3 })
	if opened := w.until(15*time.Minute, "the gate is open", w.nodes[0].gate.open); opened < 9*time.Minute {
		t.Errorf("open after %s, though nobody vouches for what is here", opened)
	}
	time.Sleep(away)
	if h := w.head(0, 0); h.Seq == 3 {
		t.Errorf("a head was signed for number 3, which this folder did not assign, without record 2")
	} else if away > numberLate && h.Seq < 4 {
		t.Errorf("the newest head after %s is for %d: all our cases are about to vanish abroad", away, h.Seq)
	}
	w.reopen(knows)
	w.start(knows)
	w.until(2*time.Hour, "all agree", func() bool {
		return w.agreed(0)() && w.nodes[0].gate.open() && w.everywhere(w.shows, first, third)()
	})
	w.noThief(0)
	if away < numberLate && !w.everywhere(w.shows, second)() {
		t.Error("what one member had kept is lost")
	}
	last := w.publish(0, "last")
	w.until(time.Minute, "the country is on the air", w.everywhere(w.shows, last))
	time.Sleep(time.Hour)
	w.noThief(0)
	w.until(time.Minute, "and agreed", w.agreed(0))
}

// TestCrashBeforeTheHead: who stops between a record and its head signs the head at the next start, at once: the number is its
// own.
func TestCrashBeforeTheHead(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		first := w.publish(0, "first")
		w.until(time.Minute, "everywhere", w.agreed(0))
		w.stops[0]()
		r := w.force(0)
		w.restart(0)
		w.until(time.Minute, "signed and everywhere", func() bool {
			return w.head(0, 0).Seq == r.Header().Seq && w.agreed(0)() && w.everywhere(w.shows, first, r)()
		})
		w.noThief(0)
	})
}

// TestAHeadFromAFastClockIsNoTwin: a head of ours that a life before signed by a fast clock, and that comes back only now, is no
// other server's; one that was signed just now is.
func TestAHeadFromAFastClockIsNoTwin(t *testing.T) {
	for name, c := range map[string]struct {
		ahead time.Duration
		want  GateState
	}{"fast clock": {time.Hour, GatePulling}, "just now": {0, GateTwin}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 2, nil, func(t *testing.T, w *world) {
				w.publish(0, "first")
				w.until(time.Minute, "everywhere", w.agreed(0))
				n, mine := w.nodes[0], w.head(0, 0)
				w.stops[1]()
				time.Sleep(time.Minute)
				h := *mine
				h.Seq, h.Root[0], h.At = h.Seq+1, h.Root[0]^1, time.Now().Add(c.ahead)
				h.Until = h.At.Add(protocol.DefaultLease)
				signed, err := protocol.SignHead(n.key, h)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := n.takeHead(signed.Bytes()); !errors.Is(err, protocol.ErrStored) {
					t.Fatal(err)
				}
				if g := w.gateOf(0); g.State != c.want {
					t.Errorf("the gate: %+v, want %s", g, c.want)
				}
			})
		})
	}
}

// TestNothingOfAnEarlierEpochStops: what the key of an epoch before signs or has signed stops nobody in the next one, and puts
// nothing into the log, not even at a number that is free.
func TestNothingOfAnEarlierEpochStops(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		kept := w.publish(0, "kept")
		d, err := w.nodes[0].Draft(kept.Header().Case)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err = w.nodes[0].Publish(d.ID); err != nil { // number 1 is free now
			t.Fatal(err)
		}
		w.publish(0, "other")
		w.until(time.Minute, "everywhere", w.agreed(0))
		o, oldHead, old := w.nodes[0].Origin(), w.head(1, 0), w.nodes[0].key
		good := w.seqOf(0)
		w.newEpoch(0, 1, good)
		w.publish(0, "next")
		w.until(10*time.Minute, "the new epoch", w.agreed(0))
		n, before := w.nodes[0], w.head(0, 0)

		if _, err := n.takeHead(oldHead.Bytes()); !errors.Is(err, protocol.ErrKey) {
			t.Errorf("a head of the epoch before: %v", err)
		}
		h := *oldHead
		h.Instance[0]++
		h.At, h.Until = time.Now(), time.Now().Add(protocol.DefaultLease)
		foreign, err := protocol.SignHead(old, h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.takeHead(foreign.Bytes()); !errors.Is(err, protocol.ErrKey) {
			t.Errorf("one of another folder: %v", err)
		}
		e := w.entry(0, 1)
		e.Epoch = 1
		forged, err := protocol.Sign(old, e)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range w.nodes {
			if got := n.accept(forged.Bytes())[0]; !errors.Is(got.err, protocol.ErrPast) {
				t.Errorf("node %d, a thief's record at a free number: %v", i, got.err)
			}
		}
		e = w.entry(0, good)
		e.Epoch = 1
		beside, err := protocol.Sign(old, e)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range w.nodes {
			if got := n.accept(beside.Bytes())[0]; !errors.Is(got.err, protocol.ErrFork) {
				t.Errorf("node %d, a thief's record at a place of ours: %v", i, got.err)
			}
		}
		n.fence(1, "what was proved of an epoch, and reaches the gate when another has begun")
		w.noThief(0)
		if !n.gate.open() {
			t.Errorf("the gate: %+v", w.gateOf(0))
		}
		time.Sleep(5 * time.Minute)
		if w.shows(0, forged) || w.shows(1, forged) || w.head(0, 0).Root != before.Root {
			t.Error("the log is not what it was")
		}
		if _, err := n.Draft(forged.Header().Case); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("on the desk: %v", err)
		}
		// A takedown of that key hides all the same, and is signed anew.
		hd := kept.Header()
		hd.Seq, hd.Rev, hd.Prev, hd.At, hd.ReviewBy = 1, hd.Rev+1, kept.ID(), time.Now(), time.Time{}
		closed, err := protocol.Sign(old, protocol.Entry{Header: hd, Takedown: &protocol.Takedown{LastRev: hd.Rev - 1}})
		if err != nil {
			t.Fatal(err)
		}
		if got := n.accept(closed.Bytes())[0]; got.err != nil {
			t.Fatal(got.err)
		}
		w.until(10*time.Minute, "closed everywhere, signed anew, and one log", func() bool {
			return w.everywhere(w.gone, kept)() && n.store.StraySum(o) == 0 && w.agreed(0)()
		})
		w.noThief(0)
	})
}

// TestWhatComesBackIsCounted: a record of this epoch that a life before this one signed comes back beside a head that does not
// count it. The log is vouched for anew, under another number.
func TestWhatComesBackIsCounted(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		w.publish(0, "first")
		w.until(time.Minute, "everywhere", w.agreed(0))
		lost, err := protocol.Sign(w.nodes[0].key, w.entry(0, 1000))
		if err != nil {
			t.Fatal(err)
		}
		if got := w.nodes[1].accept(lost.Bytes())[0]; got.err != nil {
			t.Fatal(got.err)
		}
		w.until(numberLate+gateWait+10*time.Minute, "all show it, and a head counts it", func() bool {
			return w.head(1, 0).Seq == 1001 && w.agreed(0)() && w.everywhere(w.shows, lost)()
		})
		w.noThief(0)
	})
}

// TestABackdatedRecordIsRepaired: the key of an epoch that is over signs a case at a number that is free, and one member, which has
// no head yet to hold it against, takes it. Its copy of the log becomes the owner's all the same, and the owner is not disturbed.
func TestABackdatedRecordIsRepaired(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 4, nil)
		defer w.close()
		const late = 3
		for i := range late {
			w.start(i)
		}
		kept := w.publish(0, "kept")
		revised, err := w.nodes[0].Publish(kept.Header().Case) // number 1 is free now
		if err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "at those that run", func() bool { return w.shows(1, revised) && w.shows(2, revised) })
		old := w.nodes[0].key
		w.newEpoch(0, 1, w.seqOf(0))
		next := w.publish(0, "next")
		w.until(10*time.Minute, "the new epoch", func() bool { return w.shows(1, next) && w.shows(2, next) && w.head(0, 0).Epoch == 2 })
		before := w.head(0, 0)
		e := w.entry(0, 1)
		e.Epoch = 1
		forged, err := protocol.Sign(old, e)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.nodes[late].accept(forged.Bytes())[0]; got.err != nil {
			t.Fatalf("who comes late: %v; nothing is tested", got.err)
		}
		w.start(late)
		w.until(10*time.Minute, "one log everywhere", func() bool { return w.agreed(0)() && w.everywhere(w.shows, revised, next)() })
		for i := range w.nodes {
			if w.shows(i, forged) {
				t.Errorf("node %d shows the thief's case", i)
			}
		}
		if h := w.head(0, 0); h.Seq < before.Seq || w.alarmed(late, AlarmSuspect, 0) {
			t.Errorf("the owner's head is for %d; %+v", h.Seq, w.nodes[late].Alarms())
		}
		w.noThief(0)
	})
}

// TestALostFolderAfterSeveralEpochs: the folder is lost when two keys have been changed, the second for a thief's sake. Under a
// card of a fourth epoch all that is not void comes back, closed cases stay closed, and heads of the epochs before stop nobody.
func TestALostFolderAfterSeveralEpochs(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		o := w.nodes[0].Origin()
		closes, first := w.publish(0, "closes"), w.publish(0, "first")
		w.until(time.Minute, "everywhere", w.agreed(0))
		heads := []*protocol.Head{w.head(1, 0)}
		w.newEpoch(0, 1, w.seqOf(0))
		second := w.publish(0, "second")
		w.closeCase(0, closes)
		w.until(10*time.Minute, "everywhere", w.agreed(0))
		good := w.seqOf(0)
		void := w.publish(0, "void")
		w.until(10*time.Minute, "everywhere", w.agreed(0))
		heads = append(heads, w.head(1, 0))
		card := w.newEpoch(0, 2, good)
		third := w.publish(0, "third")
		w.until(10*time.Minute, "everywhere", w.agreed(0))
		last := w.seqOf(0)
		heads = append(heads, w.head(1, 0))

		w.shutDown(0)
		held, err := w.nodes[2].store.Verified(o)
		if err != nil {
			t.Fatal(err)
		}
		cfg := w.nodes[0].cfg
		lost := cfg.Dir
		cfg.Dir = t.TempDir()
		recovered, err := Recover(cfg.Dir, &RootKey{w.rootOf(0)}, testDetails(0), card, protocol.Continues{Epoch: 3, Seq: held.Seq, Root: held.Root})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(lost); err != nil {
			t.Fatal(err)
		}
		n, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes[0] = n
		for _, other := range w.nodes[1:] {
			if err := n.AddMember(other.Card()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.nodes[2].TakeCard(recovered); err != nil {
			t.Fatal(err)
		}
		w.start(0)
		for _, h := range heads { // under a card that no longer certifies them
			if _, err := n.takeHead(h.Bytes()); !errors.Is(err, protocol.ErrKey) {
				t.Errorf("a head of epoch %d: %v", h.Epoch, err)
			}
		}
		took := w.until(5*time.Minute, "our log is back and everywhere the same", func() bool {
			return n.gate.open() && w.everywhere(w.shows, first, second, third)() && w.everywhere(w.gone, closes)() && w.agreed(0)()
		})
		t.Logf("back after %s", took)
		w.noThief(0)
		if w.shows(0, void) || w.shows(1, void) {
			t.Error("what was void came back")
		}
		next := w.publish(0, "next")
		if h := next.Header(); h.Epoch != 4 || h.Seq <= last {
			t.Errorf("the next record stands at %d of epoch %d; our log went to %d", h.Seq, h.Epoch, last)
		}
		w.until(time.Minute, "on the air", w.everywhere(w.shows, next))
		w.noThief(0)
	})
}
