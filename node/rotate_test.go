package node

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// rotateKey gives node i a new key as gmcn key rotate does.
func (w *world) rotateKey(i int) *protocol.Card {
	w.t.Helper()
	next, err := w.nodes[i].NextCard()
	if err != nil {
		w.t.Fatal(err)
	}
	root := &RootKey{w.rootOf(i)}
	card, err := root.SignCard(testDetails(i), next)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.nodes[i].Rotate(card, false); err != nil {
		w.t.Fatal(err)
	}
	return card
}

// writesOn says whether a case that node i publishes comes to all.
func (w *world) writesOn(i int, what string) {
	w.t.Helper()
	next := w.publish(i, randomName())
	w.until(20*time.Minute, what, w.everywhere(w.shows, next))
	if h := next.Header(); h.Epoch != w.nodes[i].Card().Epoch {
		w.t.Errorf("%s: published in epoch %d", what, h.Epoch)
	}
}

// TestKeyIsRotatedWhileTheNodeRuns: nothing vanishes anywhere, and a few seconds later all are connected under the new key.
func TestKeyIsRotatedWhileTheNodeRuns(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publishEverywhere(0)
		before := w.peerID(0)
		card := w.rotateKey(0)
		for range 300 {
			for i := range w.nodes {
				if !w.shows(i, r) {
					t.Fatalf("hidden at node %d meanwhile", i)
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
		w.until(10*time.Minute, "connected under the new key", func() bool {
			m := w.nodes[0].mesh.Load()
			return m != nil && m.host.ID() != before && len(m.members()) == 3
		})
		w.writesOn(0, "published under the new key")
		if _, err := os.Stat(filepath.Join(w.nodes[0].cfg.Dir, oldKeyFile)); err == nil {
			t.Error("the old key is kept")
		}
		if n, err := w.nodes[0].NextCard(); err != nil || n.Epoch != 3 || n.Continues.Epoch != 2 || n.Continues.Seq != w.seqOf(0) {
			t.Errorf("the next card would say %+v, %v", n, err)
		}
		// What is not the log's state now is refused, for it would void what is public.
		root := &RootKey{w.rootOf(0)}
		stale, err := w.nodes[0].NextCard()
		if err != nil {
			t.Fatal(err)
		}
		w.publish(0, randomName())
		signed, err := root.SignCard(testDetails(0), stale)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.nodes[0].Rotate(signed, false); !errors.Is(err, ErrLogMoved) {
			t.Errorf("a card of before the last case: %v", err)
		}
		if err := w.nodes[0].Rotate(card, false); err == nil {
			t.Error("the same card twice")
		}
		w.restart(0)
		w.writesOn(0, "after a restart")
	})
}

// TestKeyIsRotatedWhileTheNodeIsDown: it comes back under its old key to tell of the new one, even if nobody is there at
// first, or somebody knows it by hand already.
func TestKeyIsRotatedWhileTheNodeIsDown(t *testing.T) {
	for name, byHand := range map[string]bool{"nobody knows": false, "all know": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 3, nil, func(t *testing.T, w *world) {
				time.Sleep(3 * time.Second)
				w.publishEverywhere(0)
				w.stops[0]()
				card := w.rotateKey(0)
				if byHand {
					if err := w.nodes[1].TakeCard(card); err != nil {
						t.Fatal(err)
					}
				} else {
					w.setCut(func(a, b int) bool { return a == 0 || b == 0 })
				}
				w.start(0)
				time.Sleep(20 * time.Minute)
				w.setCut(nil)
				w.until(time.Hour, "connected under the new key", func() bool {
					m := w.nodes[0].mesh.Load()
					id, err := peerOf(card)
					return err == nil && m != nil && m.host.ID() == id && len(m.members()) == 2
				})
				w.writesOn(0, "published under the new key")
				if _, err := os.Stat(filepath.Join(w.nodes[0].cfg.Dir, oldKeyFile)); err == nil {
					t.Error("the old key is kept")
				}
			})
		})
	}
}

// TestCrashWhileTheKeyChanges: whichever of the files had been written, the folder opens.
func TestCrashWhileTheKeyChanges(t *testing.T) {
	w := newWorld(t, 2, nil)
	defer w.close()
	dir := w.nodes[0].cfg.Dir
	next, err := w.nodes[0].NextCard()
	if err != nil {
		t.Fatal(err)
	}
	reopen := func() {
		t.Helper()
		if err := w.nodes[0].Close(); err != nil {
			t.Fatal(err)
		}
		if w.nodes[0], err = Open(w.nodes[0].cfg); err != nil {
			t.Fatal(err)
		}
	}
	reopen() // only the next key was made
	if !w.nodes[0].holdsKey() || w.nodes[0].Card().Epoch != 1 {
		t.Error("a key that waits is taken")
	}
	card, err := (&RootKey{w.rootOf(0)}).SignCard(testDetails(0), next)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFile(filepath.Join(dir, cardFile), []byte(card.Text())); err != nil {
		t.Fatal(err)
	}
	reopen() // the card was written, the key not renamed
	if !w.nodes[0].holdsKey() || w.nodes[0].Card().Epoch != 2 {
		t.Errorf("epoch %d, holds its key %t", w.nodes[0].Card().Epoch, w.nodes[0].holdsKey())
	}
}

// TestLostFolderComesBack: a country that has lost its data folder and has its root key makes a new one; a member takes its
// card by hand, and then all that was published comes back to its desk.
func TestLostFolderComesBack(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		var cases []*protocol.Record
		for range 20 {
			cases = append(cases, w.publish(0, randomName()))
		}
		closed := cases[7]
		w.closeCase(0, closed)
		w.until(10*time.Minute, "everywhere", func() bool { return w.everywhere(w.shows, cases[19])() && w.everywhere(w.gone, closed)() })
		w.until(10*time.Minute, "verified", w.sameRoot(w.nodes[0].Origin()))
		old, root, cfg := w.nodes[0].Card(), &RootKey{w.rootOf(0)}, w.nodes[0].cfg
		w.stops[0]()
		if err := w.nodes[0].Close(); err != nil {
			t.Fatal(err)
		}
		// What a member holds of it.
		head, err := w.nodes[1].store.Verified(old.Origin())
		if err != nil {
			t.Fatal(err)
		}
		cfg.Dir = filepath.Join(t.TempDir(), "new")
		card, err := Recover(cfg.Dir, root, testDetails(0), old, protocol.Continues{Epoch: head.Epoch, Seq: head.Seq, Root: head.Root})
		if err != nil {
			t.Fatal(err)
		}
		if w.nodes[0], err = Open(cfg); err != nil {
			t.Fatal(err)
		}
		for _, n := range w.nodes[1:] {
			if err := w.nodes[0].AddMember(n.Card()); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.nodes[2].TakeCard(card); err != nil {
			t.Fatal(err)
		}
		w.start(0)
		w.until(30*time.Minute, "its cases are back on its desk", func() bool {
			drafts, err := w.nodes[0].Drafts()
			return err == nil && len(drafts) == 19 && w.gone(0, closed)
		})
		w.until(30*time.Minute, "all hold the same log", w.sameRoot(old.Origin()))
		for _, r := range cases {
			if r != closed && !w.everywhere(w.shows, r)() {
				t.Fatal("a case is not shown everywhere")
			}
		}
		w.writesOn(0, "published by the new folder")
		w.closeCase(0, cases[3])
		w.until(time.Minute, "and closed", w.everywhere(w.gone, cases[3]))
	})
}
