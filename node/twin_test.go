package node

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// copyFolder gives node i a copy of another node's whole data folder, and opens it.
func (w *world) copyFolder(of, i int) {
	w.t.Helper()
	w.shutDown(i)
	w.shutDown(of)
	dir := w.nodes[i].cfg.Dir
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(w.nodes[of].cfg.Dir))); err != nil {
		w.t.Fatal(err)
	}
	w.reopen(of)
	w.start(of)
	w.writes(of)
	w.reopen(i)
}

// TestTwoFoldersOneKey starts a new data folder with the keys of a country that publishes from another one: it writes
// nothing, ever, and the other is not disturbed.
func TestTwoFoldersOneKey(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		const owner, second = 0, 3
		r := w.publish(owner, "first")
		w.until(time.Minute, "everywhere", w.everywhere(w.shows, r))
		w.shutDown(second)
		keys, dir := w.nodes[owner].cfg.Dir, w.nodes[second].cfg.Dir
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{cardFile, nodeKeyFile, tipKeyFile} {
			b, err := os.ReadFile(filepath.Join(keys, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		w.reopen(second)
		for i := 1; i <= 2; i++ {
			if err := w.nodes[second].AddMember(w.nodes[i].Card()); err != nil {
				t.Fatal(err)
			}
		}
		w.start(second)
		w.until(time.Minute, "the second folder is fenced", func() bool {
			return w.gateOf(second).State == GateNeedsRoot && w.alarmed(second, AlarmInstance, owner)
		})
		d := testDraft("second", testDetails(owner).Country)
		if err := w.nodes[second].SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		if _, err := w.nodes[second].Publish(d.ID); !errors.Is(err, ErrWaiting) {
			t.Errorf("the second folder publishes: %v", err)
		}
		next := w.publish(owner, "next")
		w.until(10*time.Minute, "what the first folder publishes arrives", func() bool { return w.shows(1, next) && w.shows(2, next) })
		time.Sleep(30 * time.Minute)
		if w.alarmed(owner, AlarmInstance, owner) || w.alarmed(1, AlarmSuspect, owner) {
			t.Errorf("the first folder was disturbed: %+v, %+v", w.nodes[owner].Alarms(), w.nodes[1].Alarms())
		}
		if seq := w.lastSeq(second, second); seq != 0 {
			t.Errorf("the second folder wrote up to %d", seq)
		}
		w.shutDown(second)
		w.reopen(second)
		if g := w.gateOf(second); g.State != GateNeedsRoot {
			t.Errorf("after a restart: %+v", g)
		}

		// A card of a later epoch is the root key's word that this folder is the one.
		root, err := os.ReadFile(filepath.Join(keys, RootKeyFile))
		if err != nil {
			t.Fatal(err)
		}
		key, err := unlock(root, "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		card, err := signCard(key, testDetails(owner), protocol.Card{Epoch: 2, Issue: 1, Continues: &protocol.Continues{Epoch: 1, Seq: 100}, NodeKey: [32]byte(w.nodes[second].key.Public().(ed25519.PublicKey))})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.nodes[second].store.SetMember(card, protocol.Own, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := w.nodes[second].membersChanged(); err != nil {
			t.Fatal(err)
		}
		if !w.gateOf(second).Open() || w.alarmed(second, AlarmInstance, owner) {
			t.Errorf("in a new epoch: %+v", w.gateOf(second))
		}
	})
}

// TestCopyOfAFolderBesideIt runs a copy of a whole data folder while the first still runs: the copy finds out before it may
// write, the first goes on, all are told, and when the first is gone for good the copy takes over from where it ended.
func TestCopyOfAFolderBesideIt(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		const first, second = 0, 3
		r := w.publish(first, "first")
		w.until(time.Minute, "everywhere", w.everywhere(w.shows, r))
		w.copyFolder(first, second)
		w.start(second)
		w.until(2*time.Minute, "the copy knows that it is one", func() bool { return w.gateOf(second).State == GateTwin })
		if !w.nodes[first].gate.open() {
			t.Errorf("the first stopped: %+v", w.gateOf(first))
		}
		for _, i := range []int{first, second, 1, 2} {
			w.until(2*time.Minute, "all are told", func() bool { return w.alarmed(i, AlarmTwins, first) })
		}
		d := testDraft("second", testDetails(first).Country)
		if err := w.nodes[second].SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		if _, err := w.nodes[second].Publish(d.ID); !errors.Is(err, ErrWaiting) {
			t.Errorf("the copy publishes: %v", err)
		}
		next := w.publish(first, "next")
		waited := w.until(10*time.Minute, "what the first publishes arrives", func() bool { return w.shows(1, next) && w.shows(2, next) })
		t.Logf("arrived after %s beside its copy", waited)
		time.Sleep(time.Hour)
		if !w.nodes[first].gate.open() || w.gateOf(second).State != GateTwin {
			t.Errorf("after an hour: %+v and %+v", w.gateOf(first), w.gateOf(second))
		}
		if seq := w.lastSeq(second, second); seq != r.Header().Seq {
			t.Errorf("the copy wrote or took up to %d", seq)
		}

		w.stops[first]()
		w.shutDown(second)
		w.reopen(second)
		w.start(second)
		w.until(5*time.Minute, "the copy takes over", w.nodes[second].gate.open)
		ref := protocol.RefOf(w.nodes[first].Origin(), d.ID)
		w.until(5*time.Minute, "what waited at the copy arrives, and nothing is lost", func() bool {
			_, err := w.nodes[1].Public().Case(ref)
			return err == nil && w.shows(1, next) && w.shows(second, next)
		})
		w.until(30*time.Minute, "the alarm ends", func() bool { return !w.alarmed(1, AlarmTwins, first) && !w.alarmed(second, AlarmTwins, first) })
		if w.alarmed(1, AlarmSuspect, first) || w.alarmed(second, AlarmInstance, first) {
			t.Errorf("%+v, %+v", w.nodes[1].Alarms(), w.nodes[second].Alarms())
		}
	})
}

// TestNobodyForgesATwin: a member's word that another server of ours runs is worth nothing, nor is an old one of our own.
func TestNobodyForgesATwin(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		n, m := w.nodes[0], w.nodes[1].mesh.Load()
		word := func(a protocol.Alive, signer int) []byte {
			signed, err := protocol.SignAlive(w.nodes[signer].key, a)
			if err != nil {
				t.Fatal(err)
			}
			return signed.Bytes()
		}
		tell := func(raw []byte) {
			s, err := m.open(t.Context(), w.peerID(0), twinProtocol)
			if err != nil {
				t.Fatal(err)
			}
			f := frames(s)
			if err := f.send(protocol.Frame{Twin: &protocol.Twin{Other: protocol.RunID{9}}}); err != nil {
				t.Fatal(err)
			}
			frame, err := f.read()
			if err != nil {
				t.Fatal(err)
			}
			if a, err := protocol.OpenAlive(frame.Alive, n.Card()); err != nil || a.Run != n.run || !a.Writes {
				t.Fatalf("it says %+v, %v", a, err)
			}
			if err := f.send(protocol.Frame{Alive: raw}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			s.Close()
		}
		o := n.Origin()
		tell(word(protocol.Alive{Origin: o, Run: protocol.RunID{9}, Other: n.run, Writes: true}, 1))
		tell(word(protocol.Alive{Origin: o, Run: protocol.RunID{9}, Other: protocol.RunID{8}, Writes: true}, 0))
		tell(word(protocol.Alive{Origin: o, Run: n.run, Other: protocol.RunID{9}, Writes: true}, 0))
		if !n.gate.open() || w.alarmed(0, AlarmTwins, 0) {
			t.Fatalf("closed by a forgery: %+v", w.gateOf(0))
		}
		tell(word(protocol.Alive{Origin: o, Run: protocol.RunID{9}, Other: n.run}, 0))
		if !n.gate.open() || !w.alarmed(0, AlarmTwins, 0) {
			t.Errorf("one that waits: %+v, %+v", w.gateOf(0), n.Alarms())
		}
		tell(word(protocol.Alive{Origin: o, Run: protocol.RunID{9}, Other: n.run, Writes: true}, 0))
		if w.gateOf(0).State != GateTwin {
			t.Errorf("one that writes: %+v", w.gateOf(0))
		}
	})
}
