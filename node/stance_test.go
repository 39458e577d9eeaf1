package node

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// views returns what node i hears of node j.
func (w *world) views(i, j int) map[protocol.Origin]protocol.View {
	out := map[protocol.Origin]protocol.View{}
	for _, s := range w.nodes[i].Stances(w.nodes[j].Origin()) {
		out[s.By] = s.View
	}
	return out
}

func TestVouchIsAdviceAndNothingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newStrangers(t, 4, nil)
		defer w.close()
		// 0, 1 and 2 know each other; 3 is known to 1 and 2 alone.
		for _, p := range [][2]int{{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}, {1, 3}, {2, 3}, {3, 1}, {3, 2}} {
			if err := w.nodes[p[0]].AddMember(w.nodes[p[1]].Card()); err != nil {
				t.Fatal(err)
			}
		}
		w.run()
		if err := w.nodes[0].Vouch(w.nodes[3].Origin(), ""); err == nil {
			t.Error("0 vouched for somebody whom it does not know")
		}
		for i := 1; i <= 2; i++ {
			if err := w.nodes[i].Vouch(w.nodes[3].Origin(), "known"); err != nil {
				t.Fatal(err)
			}
		}
		r := w.publish(3, "Dea")
		w.until(5*time.Minute, "0 hears both vouches", func() bool { return len(w.views(0, 3)) == 2 })
		time.Sleep(5 * time.Minute)
		if w.standing(0, 3) != "" || w.shows(0, r) {
			t.Error("vouches made a member")
		}
		invite := w.invite(3)
		p := w.acceptAt(0, invite.Text(w.nodes[3].Card()))
		if len(p.Stances) != 2 || p.Stances[0].View != protocol.Vouches || p.Stances[0].By != w.nodes[1].Origin() {
			t.Errorf("beside the question: %+v", p.Stances)
		}
		if err := w.nodes[1].WithdrawVouch(w.nodes[3].Origin()); err != nil {
			t.Fatal(err)
		}
		w.until(5*time.Minute, "the vouch is taken back", func() bool { return len(w.views(0, 3)) == 1 })
	})
}

func TestSuspendedMemberMayOnlyClose(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		stays, closes := w.publish(2, "Ana"), w.publish(2, "Ben")
		w.until(time.Minute, "both shown", w.everywhere(w.shows, stays, closes))
		w.until(time.Minute, "a head with a lease at 0", func() bool { _, err := w.nodes[0].store.Head(w.nodes[2].Origin()); return err == nil })
		if err := w.nodes[0].SuspendMember(w.nodes[2].Origin(), false, "wrong"); err != nil {
			t.Fatal(err)
		}
		if w.standing(0, 2) != protocol.Suspended {
			t.Fatal("not suspended when the call returned")
		}
		late := w.publish(2, "Cal")
		if _, err := w.nodes[2].CloseCase(closes.Header().Case, protocol.Reasons()[0]); err != nil {
			t.Fatal(err)
		}
		// 0 is cut off from 2; the takedown comes by way of 1.
		w.until(2*time.Minute, "the takedown is at 0", func() bool { return w.gone(0, closes) })
		w.until(2*time.Minute, "1 has the new case and knows of the suspension", func() bool {
			return w.shows(1, late) && w.views(1, 2)[w.nodes[0].Origin()] == protocol.Suspends
		})
		time.Sleep(5 * time.Minute)
		if w.shows(0, late) || !w.shows(0, stays) {
			t.Error("0 shows a new case, or not the old one")
		}
		for _, id := range w.nodes[0].mesh.Load().host.Network().Peers() {
			if id == w.peerID(2) {
				t.Error("the suspended node is connected")
			}
		}
		if w.standing(1, 2) != protocol.Active {
			t.Error("one country's suspension moved another's standing")
		}
		if err := w.nodes[0].SuspendMember(w.nodes[2].Origin(), true, "wrong"); err != nil {
			t.Fatal(err)
		}
		if w.shows(0, stays) {
			t.Error("hidden at once, yet shown")
		}
		if err := w.nodes[0].ResumeMember(w.nodes[2].Origin()); err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "all is back", func() bool {
			return w.shows(0, late) && w.shows(0, stays) && len(w.views(1, 2)) == 0
		})
		if err := w.nodes[0].ResumeMember(w.nodes[2].Origin()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("resumed twice: %v", err)
		}
	})
}

// TestTakedownOfASuspendedMemberIsPulled takes gossip away: only a pull can bring it.
func TestTakedownOfASuspendedMemberIsPulled(t *testing.T) {
	inWorld(t, 3, func(_ int, cfg *Config) { cfg.noGossip = true }, func(t *testing.T, w *world) {
		r := w.publish(2, "Ana")
		w.until(10*time.Minute, "shown", w.everywhere(w.shows, r))
		if err := w.nodes[0].SuspendMember(w.nodes[2].Origin(), false, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := w.nodes[2].CloseCase(r.Header().Case, protocol.Reasons()[0]); err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "the takedown is at 0", func() bool { return w.gone(0, r) })
	})
}

func TestDenialSticks(t *testing.T) {
	w := newWorld(t, 3, nil)
	n, o := w.nodes[0], w.nodes[2].Origin()
	if err := n.RemoveMember(o); err != nil {
		t.Fatal(err)
	}
	if err := n.ResumeMember(o); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed member was resumed: %v", err)
	}
	if err := w.nodes[1].Vouch(o, "worked"); err != nil {
		t.Fatal(err)
	}
	err := w.nodes[1].store.Walk(protocol.LogPlace{Origin: w.nodes[1].Origin()}, false, func(_ uint64, raw []byte) error { return n.accept(raw)[0].err })
	if err != nil {
		t.Fatal(err)
	}
	if w.views(0, 2)[w.nodes[1].Origin()] != protocol.Vouches || w.views(0, 2)[n.Origin()] != protocol.Suspends {
		t.Errorf("views %v", w.views(0, 2))
	}
	if _, err := n.takeCard(w.nodes[2].Card().Bytes()); !errors.Is(err, protocol.ErrOrigin) {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if w.nodes[0], err = Open(n.cfg); err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if w.standing(0, 2) != protocol.Removed {
		t.Errorf("after a vouch and a restart it is %q", w.standing(0, 2))
	}
	// A person may change their mind; then we say so.
	if err := w.nodes[0].AddMember(w.nodes[2].Card()); err != nil {
		t.Fatal(err)
	}
	if w.standing(0, 2) != protocol.Active || w.views(0, 2)[n.Origin()] == protocol.Suspends {
		t.Errorf("accepted again by hand: %q, views %v", w.standing(0, 2), w.views(0, 2))
	}
}

func TestMostMembersSuspendOnlyWhereThePolicySaysSo(t *testing.T) {
	for _, policy := range []bool{false, true} {
		w := newWorld(t, 5, func(_ int, cfg *Config) { cfg.AutoSuspend = policy })
		bad := w.nodes[4].Origin()
		for i, want := range []protocol.Standing{1: protocol.Active, 2: protocol.Suspended, 3: protocol.Suspended} {
			if i == 0 {
				continue
			}
			if err := w.nodes[i].SuspendMember(bad, false, "rules"); err != nil {
				t.Fatal(err)
			}
			err := w.nodes[i].store.Walk(protocol.LogPlace{Origin: w.nodes[i].Origin()}, false, func(_ uint64, raw []byte) error { return w.nodes[0].accept(raw)[0].err })
			if err != nil {
				t.Fatal(err)
			}
			if !policy {
				want = protocol.Active
			}
			if got := w.standing(0, 4); got != want {
				t.Errorf("policy %t, %d of 3 have suspended it: %q, want %q", policy, i, got, want)
			}
		}
		if got := w.views(0, 4)[w.nodes[0].Origin()]; got != "" {
			t.Errorf("what a rule did is told as our word: %q", got)
		}
		w.close()
	}
}

// TestDenialOutlivesABackup: a folder that is older than a decision to deny members denies them again, once its own log has
// come back; one that a person has taken back since stays.
func TestDenialOutlivesABackup(t *testing.T) {
	inWorld(t, 6, nil, func(t *testing.T, w *world) {
		r := w.publishEverywhere(3)
		folder := w.backUp(0)
		n := w.nodes[0]
		must(t, n.RemoveMember(w.nodes[3].Origin()))
		must(t, n.SuspendMember(w.nodes[4].Origin(), false, protocol.Note("key")))
		must(t, n.SuspendMember(w.nodes[5].Origin(), false, ""))
		time.Sleep(time.Second)
		must(t, n.ResumeMember(w.nodes[5].Origin()))
		own := w.lastSeq(0, 0)
		w.until(5*time.Minute, "the others have heard", func() bool { return w.lastSeq(1, 0) == own && w.lastSeq(2, 0) == own })
		w.restore(0, folder)
		n = w.nodes[0]
		standing := func(i int) protocol.Standing {
			m, err := n.store.Member(w.nodes[i].Origin())
			must(t, err)
			return m.Standing
		}
		if standing(3) != protocol.Active || standing(4) != protocol.Active {
			t.Fatal("the folder is not older: nothing is tested")
		}
		w.start(0)
		w.until(15*time.Minute, "denied again", func() bool { return standing(3) == protocol.Removed && standing(4) == protocol.Suspended })
		if w.shows(0, r) || standing(5) != protocol.Active {
			t.Errorf("a removed member's case is shown: %t; one that was taken back is %s", w.shows(0, r), standing(5))
		}
	})
}
