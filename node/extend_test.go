package node

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"

	"github.com/gmcn/gmcn/protocol"
)

// names has member i name another its delegate, and waits until all who run know it.
func (w *world) names(i, delegate int) {
	w.t.Helper()
	n := w.nodes[i]
	card, err := (&RootKey{w.rootOf(i)}).NameDelegate(n.Card(), w.nodes[delegate].Origin())
	if err == nil {
		err = n.Reissue(card)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.until(5*time.Minute, "the card is everywhere", func() bool {
		for _, other := range w.nodes {
			m, err := other.store.Member(n.Origin())
			if err != nil || other.mesh.Load() != nil && m.Card.Delegate != w.nodes[delegate].Origin() {
				return false
			}
		}
		return true
	})
}

// goDark makes a world in which member 0 has named member 1, has published cases that all have verified, and has been down
// for longer than its lease. The others are down too.
func goDark(t *testing.T, nodes int) (w *world, cases []*protocol.Record) {
	w = newWorld(t, nodes, func(_ int, cfg *Config) { cfg.Lease = protocol.MinLease })
	w.startAll()
	w.names(0, 1)
	cases = append(cases, w.publish(0, randomName()), w.publish(0, randomName()))
	w.until(10*time.Minute, "all have verified what the owner signed last", func() bool {
		return w.everywhere(w.shows, cases...)() && w.agreed(0)()
	})
	for _, stop := range w.stops {
		stop()
	}
	last := w.head(0, 0) // gossiped in the last moment, perhaps; else the next pull of the others finds it
	for i, n := range w.nodes {
		if _, err := n.takeHead(last.Bytes()); i > 0 && err != nil && !errors.Is(err, protocol.ErrStored) {
			t.Fatal(err)
		}
	}
	time.Sleep(protocol.MinLease + time.Hour)
	return w, cases
}

// goExtended is goDark with four nodes. All but member 0 run again and show its cases for so long on member 1's word.
func goExtended(t *testing.T, long time.Duration) (w *world, cases []*protocol.Record) {
	w, cases = goDark(t, 4)
	for i := 1; i < 4; i++ {
		w.start(i)
	}
	w.writes(1)
	if err := w.nodes[1].Extend(w.nodes[0].Origin(), time.Now().Add(long)); err != nil {
		t.Fatal(err)
	}
	w.until(2*time.Minute, "extended", func() bool { return w.extended(1) && w.extended(2) && w.extended(3) })
	return w, cases
}

// extended says whether node i shows member 0's cases on its delegate's word.
func (w *world) extended(i int) bool { return w.peer(i, 0).State == protocol.Extended }

// TestADelegateKeepsADarkMemberVisible: the origin goes dark, and its delegate extends. Node 2 is cut off from the delegate
// and hears of it through node 3; node 4 is down meanwhile, and hears of it when the delegate is down.
func TestADelegateKeepsADarkMemberVisible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, cases := goDark(t, 5)
		defer w.close()
		w.setCut(func(a, b int) bool { return a+b == 3 && a*b == 2 })
		for _, i := range []int{1, 2, 3} {
			w.start(i)
			if w.shows(i, cases[0]) || !w.alarmed(i, AlarmDark, 0) || w.alarmed(i, AlarmDelegate, 0) != (i == 1) {
				t.Errorf("node %d: want the cases hidden, and the delegate asked", i)
			}
		}
		if _, err := w.nodes[2].Extending(w.nodes[0].Origin()); !errors.Is(err, ErrNotDelegate) {
			t.Errorf("who is not named: %v", err)
		}
		dark := w.nodes[0].Origin()
		e, err := w.nodes[1].Extending(dark)
		if head := w.head(1, 0); err != nil || !e.Lease.Equal(head.Until) || !e.Most.Equal(head.Until.Add(protocol.MaxExtension)) || !e.Until.IsZero() {
			t.Fatalf("%+v, %v", e, err)
		}
		for _, until := range []time.Time{time.Now(), e.Lease, e.Most.Add(time.Millisecond)} {
			if err := w.nodes[1].Extend(dark, until); !errors.Is(err, ErrTooLong) {
				t.Errorf("until %s: %v", until, err)
			}
		}
		w.writes(1) // they have pulled from each other, so gossip runs
		until := time.Now().Add(48 * time.Hour)
		if err := w.nodes[1].Extend(dark, until); err != nil {
			t.Fatal(err)
		}
		w.until(2*time.Minute, "shown on the delegate's word, also where it cannot be heard", func() bool {
			return w.extended(1) && w.extended(2) && w.extended(3) && w.shows(2, cases[0]) && w.shows(2, cases[1])
		})
		for _, a := range w.nodes[2].Alarms() {
			switch {
			case a.Kind == AlarmDark && a.Origin == dark:
				t.Error("the alarm that its cases are hidden is still on")
			case a.Kind == AlarmExtended && (a.Origin != dark || a.By != w.nodes[1].Origin() || !a.Until.Equal(until) || !a.Since.Equal(e.Lease)):
				t.Errorf("%+v", a)
			}
		}
		if !w.alarmed(2, AlarmExtended, 0) || w.alarmed(1, AlarmDelegate, 0) {
			t.Error("no alarm that the delegate's word is in force, or the delegate is still asked")
		}
		if c, err := w.nodes[2].Public().Case(cases[0].Header().Ref()); err != nil || !c.Lease.Equal(until) || !c.Confirmed.Equal(w.head(2, 0).At) {
			t.Errorf("%+v, %v: want it shown until the extension ends, and last confirmed by its owner", c, err)
		}
		w.stops[1]()
		w.start(4)
		w.until(5*time.Minute, "a late one has it from another", func() bool { return w.extended(4) && w.shows(4, cases[0]) })
		w.start(1)
		w.until(5*time.Minute, "connected again", func() bool { return w.nodes[1].gate.open() })
		if err := w.nodes[1].Extend(dark, time.Time{}); err != nil {
			t.Fatal(err)
		}
		w.until(5*time.Minute, "taken back everywhere", func() bool {
			return !w.shows(1, cases[0]) && !w.shows(2, cases[0]) && !w.shows(3, cases[0]) && !w.shows(4, cases[0])
		})
		if w.alarmed(1, AlarmDelegate, 0) || !w.alarmed(2, AlarmDark, 0) {
			t.Error("the delegate is asked again after it has decided, or nobody hears that the cases are hidden")
		}
		if err := w.nodes[1].Extend(dark, e.Most); err != nil {
			t.Fatal(err)
		}
		w.until(5*time.Minute, "extended to the last", func() bool { return w.extended(2) && w.extended(4) })
		for _, stop := range w.stops {
			stop()
		}
		time.Sleep(time.Until(e.Most) - time.Second)
		if !w.shows(2, cases[0]) {
			t.Error("hidden before the extension is over")
		}
		time.Sleep(time.Second)
		w.nodes[2].shred()
		if w.shows(2, cases[0]) || w.peer(2, 0).State != protocol.Shredded {
			t.Errorf("after the extension: shown %t, %s", w.shows(2, cases[0]), w.peer(2, 0).State)
		}
	})
}

// TestTheOwnerComesBack during an extension, and closes a case while node 2, which holds the extension, hears nobody: its
// board knows until when that case may still be shown.
func TestTheOwnerComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, cases := goExtended(t, 48*time.Hour)
		defer w.close()
		until := w.peer(2, 0).Lease
		replay, err := w.nodes[1].store.Extension(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		w.setCut(func(a, b int) bool { return a == 2 || b == 2 })
		w.start(0)
		w.writes(0)
		w.until(5*time.Minute, "the owner speaks for itself", func() bool {
			return w.peer(1, 0).State == protocol.Fresh && w.peer(3, 0).State == protocol.Fresh
		})
		for _, i := range []int{1, 3} {
			if _, err := w.nodes[i].store.Extension(w.nodes[0].Origin()); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("node %d holds the extension beside a newer head: %v", i, err)
			}
			if _, err := w.nodes[i].takeExtension(replay.Bytes()); protocol.VerdictOf(err) != protocol.Ignore || w.peer(i, 0).Lease.After(w.head(i, 0).Until) {
				t.Errorf("node %d, given it again: %v", i, err)
			}
		}
		if _, err := w.nodes[1].Extending(w.nodes[0].Origin()); !errors.Is(err, ErrHeard) {
			t.Errorf("a member that is heard can be extended: %v", err)
		}
		closed := w.closeCase(0, cases[0])
		w.until(time.Minute, "closed where the owner is heard", func() bool { return w.gone(1, closed) && w.gone(3, closed) })
		if !w.shows(2, cases[0]) {
			t.Error("hidden where nobody is heard: this test shows nothing")
		}
		if b := w.board(0, cases[0]); !b.ShownUntil.Equal(until) {
			t.Errorf("the board says that it may be shown until %s, and it is until %s", b.ShownUntil, until)
		}
		w.setCut(nil)
		w.until(10*time.Minute, "closed there too", func() bool { return w.gone(2, closed) && w.peer(2, 0).State == protocol.Fresh })
	})
}

// TestACaseIsClosedDuringAnExtension by the staff of a country that has nothing left but its root key: at another member's
// place, in a new folder.
func TestACaseIsClosedDuringAnExtension(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, cases := goExtended(t, 20*24*time.Hour)
		defer w.close()
		old, root, head, cfg := w.nodes[0].Card(), &RootKey{w.rootOf(0)}, w.head(3, 0), w.nodes[0].cfg
		w.shutDown(0)
		cfg.Dir = filepath.Join(t.TempDir(), "new")
		card, err := Recover(cfg.Dir, root, testDetails(0), old, protocol.Continues{Epoch: head.Epoch, Seq: head.Seq, Root: head.Root})
		if err != nil {
			t.Fatal(err)
		}
		if card.Delegate != w.nodes[1].Origin() {
			t.Error("a card of the next epoch names nobody")
		}
		w.nodes[0], err = Open(cfg)
		for i := 1; i < 4 && err == nil; i++ {
			err = w.nodes[0].AddMember(w.nodes[i].Card())
		}
		if err == nil {
			err = w.nodes[3].TakeCard(card)
		}
		if err != nil {
			t.Fatal(err)
		}
		w.start(0)
		w.until(30*time.Minute, "its cases are on the desk", func() bool {
			drafts, err := w.nodes[0].Drafts()
			return err == nil && len(drafts) == 2 && w.nodes[0].gate.open()
		})
		closed := w.closeCase(0, cases[0])
		w.until(2*time.Minute, "closed everywhere, and the other case shown on the owner's own word", func() bool {
			for i := 1; i < 4; i++ {
				if !w.gone(i, closed) || !w.shows(i, cases[1]) || w.peer(i, 0).State != protocol.Fresh {
					return false
				}
			}
			return true
		})
	})
}

// TestVerdictsOnExtensions has a liar gossip what is no extension, and what is none any more.
func TestVerdictsOnExtensions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w, cases := goDark(t, 4)
		defer w.close()
		w.start(1)
		w.start(2)
		const delegate, victim = 1, 2
		m := w.nodes[victim].mesh.Load()
		w.until(time.Minute, "connected", func() bool { return len(m.host.Network().Peers()) == 1 })
		judge := func(raw []byte) pubsub.ValidationResult {
			return m.onHead(context.Background(), w.peerID(delegate), &pubsub.Message{Message: &pb.Message{Data: raw}})
		}
		head := w.head(victim, 0)
		good := protocol.Extension{Origin: head.Origin, By: w.nodes[delegate].Origin(), Head: head.ID(), At: time.Now(), Until: head.Until.Add(48 * time.Hour)}
		sign := func(by int, change func(*protocol.Extension)) []byte {
			x := good
			change(&x)
			signed, err := protocol.SignExtension(w.nodes[by].key, x)
			if err != nil {
				t.Fatal(err)
			}
			return signed.Bytes()
		}
		same := func(*protocol.Extension) {}
		genuine := sign(delegate, same)
		flipped := bytes.Clone(genuine)
		flipped[len(flipped)-1] ^= 1
		const accept, ignore, reject = pubsub.ValidationAccept, pubsub.ValidationIgnore, pubsub.ValidationReject
		ask := func(name string, raw []byte, want pubsub.ValidationResult, shown bool) {
			t.Helper()
			if got := judge(raw); got != want || w.shows(victim, cases[0]) != shown {
				t.Errorf("%s: verdict %d, want %d; shown %t", name, got, want, w.shows(victim, cases[0]))
			}
		}
		ask("a bad signature", flipped, reject, false)
		ask("bytes after the end", append(bytes.Clone(genuine), 0), reject, false)
		ask("too long", sign(delegate, func(x *protocol.Extension) { x.Until = head.Until.Add(protocol.MaxExtension + time.Millisecond) }), reject, false)
		ask("by another member in its own name", sign(3, func(x *protocol.Extension) { x.By = w.nodes[3].Origin() }), ignore, false)
		ask("by another member in the delegate's name", sign(3, same), ignore, false)
		ask("by the member for itself", sign(0, func(x *protocol.Extension) { x.By = w.nodes[3].Origin() }), ignore, false)
		ask("for a member that has not named it", sign(delegate, func(x *protocol.Extension) { x.Origin = w.nodes[3].Origin() }), ignore, false)
		ask("for a stranger", sign(delegate, func(x *protocol.Extension) { x.Origin = protocol.Origin{7} }), ignore, false)
		ask("of another root", sign(delegate, func(x *protocol.Extension) { x.Head = protocol.CIDOf([]byte("another head")) }), ignore, false)
		ask("from the future", sign(delegate, func(x *protocol.Extension) { x.At = time.Now().Add(time.Hour) }), ignore, false)
		ask("genuine", genuine, accept, true)
		ask("again", genuine, ignore, true)
		ask("an earlier one", sign(delegate, func(x *protocol.Extension) { x.At = x.At.Add(-time.Second) }), ignore, true)
		if err := w.nodes[victim].SuspendMember(w.nodes[delegate].Origin(), false, ""); err != nil {
			t.Fatal(err)
		}
		ask("of a delegate that is suspended", sign(delegate, func(x *protocol.Extension) { x.At = x.At.Add(time.Second) }), ignore, false)
		if err := w.nodes[victim].RemoveMember(w.nodes[delegate].Origin()); err != nil {
			t.Fatal(err)
		}
		ask("of a delegate that is removed", genuine, ignore, false)
		if err := w.nodes[victim].AddMember(w.nodes[delegate].Card()); err != nil {
			t.Fatal(err)
		}
		ask("of a delegate that a person has taken back", genuine, accept, true)
		next, err := protocol.SignHead(w.nodes[0].key, protocol.Head{Origin: head.Origin, Epoch: head.Epoch, Seq: head.Seq, Root: head.Root,
			Live: head.Live, Dead: head.Dead, Instance: head.Instance, At: head.At.Add(time.Second), Until: head.Until.Add(time.Second)})
		if err == nil {
			_, err = w.nodes[victim].takeHead(next.Bytes())
		}
		if err != nil {
			t.Fatal(err)
		}
		ask("after a newer head", genuine, ignore, false)
	})
}
