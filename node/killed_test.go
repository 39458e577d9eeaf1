//go:build linux && amd64

package node

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store/killtest"
)

const killedDir = "GMCN_NODE_KILLED_DIR"

// TestMain is the child of TestKilledBetweenWishAndSigning when this binary was started as that: it signs what was wished.
func TestMain(m *testing.M) {
	dir := os.Getenv(killedDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	n, err := Open(Config{Dir: dir})
	if err != nil {
		panic(err)
	}
	killtest.Mark()
	n.allow()
	if !n.grantWishes() {
		os.Exit(1)
	}
	if err := n.Close(); err != nil {
		panic(err)
	}
	os.Exit(0)
}

// allow opens the gate as if other members had been heard.
func (n *Node) allow() {
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	n.openGate()
}

// TestKilledBetweenWishAndSigning kills a process at every call by which it changes the disk while it signs what was decided
// before, a publication and a takedown. Whatever it had come to, the next start signs the rest, each of them once, and no
// number of the log is used for two records.
func TestKilledBetweenWishAndSigning(t *testing.T) {
	template := filepath.Join(t.TempDir(), "xa")
	_, err := Init(template, testDetails(0), Secret{Passphrase: "correct horse", Work: 1})
	must(t, err)
	other, err := Init(filepath.Join(t.TempDir(), "xb"), testDetails(1), Secret{Passphrase: "correct horse", Work: 1})
	must(t, err)
	n, err := Open(Config{Dir: template})
	must(t, err)
	var ids []protocol.CaseID
	for _, name := range []string{"closes", "publishes"} {
		d := testDraft(name, "AA")
		must(t, n.SaveDraft(d))
		ids = append(ids, d.ID)
	}
	closes, publishes := ids[0], ids[1]
	first, err := n.Publish(closes)
	must(t, err)
	must(t, errors.Join(n.AddMember(other), n.store.Meet(), n.Close()))
	n, err = Open(Config{Dir: template}) // from now on other members must be heard first
	must(t, err)
	if _, err := n.Publish(publishes); !errors.Is(err, ErrWaiting) {
		t.Fatalf("publish: %v", err)
	}
	if _, err := n.CloseCase(closes, "located_safe"); !errors.Is(err, ErrWaiting) {
		t.Fatalf("close: %v", err)
	}
	must(t, n.Close())

	nth := 1
	for ; ; nth++ {
		dir := filepath.Join(t.TempDir(), "xa")
		must(t, os.CopyFS(dir, os.DirFS(template)))
		killed := killtest.Run(t, nth, killedDir+"="+dir)
		n, err := Open(Config{Dir: dir})
		if err != nil {
			t.Fatalf("killed at call %d: %v", nth, err)
		}
		must(t, n.Check())
		wishes, err := n.store.Wishes()
		must(t, err)
		before := n.numbered(t)
		// A takedown takes the place of its case, and is signed first.
		if want := map[int]int{2: 1, 1: 1, 0: 2}[len(wishes)]; len(before) != want {
			t.Errorf("killed at call %d: %d records and %d wishes", nth, len(before), len(wishes))
		}
		if !killed && len(wishes) != 0 {
			t.Errorf("nobody was killed, and %d wishes are left", len(wishes))
		}
		if _, err := n.Public().Case(first.Header().Ref()); err == nil {
			t.Errorf("killed at call %d: what an officer has closed is shown", nth)
		}
		n.allow()
		if !n.grantWishes() {
			t.Errorf("killed at call %d: what waits is not signed", nth)
		}
		after := n.numbered(t)
		for seq, raw := range before {
			if seq > 1 && !bytes.Equal(raw, after[seq]) {
				t.Errorf("killed at call %d: number %d was used twice", nth, seq)
			}
		}
		live, err := n.store.Live(publishes)
		if len(after) != 2 || err != nil || live.Header().Rev != 1 || n.lastNumber(t) != 3 {
			t.Errorf("killed at call %d: %d records up to number %d, %v", nth, len(after), n.lastNumber(t), err)
		}
		if d, err := n.Draft(publishes); err != nil || d.PublishedRev != 1 || d.Waiting != "" {
			t.Errorf("killed at call %d: at the desk %+v, %v", nth, d, err)
		}
		if _, err := n.Draft(closes); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("killed at call %d: the closed case is at the desk: %v", nth, err)
		}
		if closed, err := n.Closed(); err != nil || len(closed) != 1 {
			t.Errorf("killed at call %d: %d closed cases, %v", nth, len(closed), err)
		}
		must(t, errors.Join(n.Check(), n.Close(), os.RemoveAll(dir)))
		if !killed {
			break
		}
	}
	t.Logf("killed at %d calls", nth-1)
	if nth < 8 {
		t.Error("it signed nothing: nothing is tested")
	}
}

func (n *Node) lastNumber(t *testing.T) uint64 {
	t.Helper()
	state, err := n.store.LogState(n.Origin())
	must(t, err)
	return state.Seq
}

// numbered returns the records of our log by their numbers.
func (n *Node) numbered(t *testing.T) map[uint64][]byte {
	t.Helper()
	all := map[uint64][]byte{}
	for _, takedowns := range []bool{true, false} {
		must(t, n.store.Walk(protocol.LogPlace{Origin: n.Origin()}, takedowns, func(seq uint64, raw []byte) error {
			all[seq] = raw
			return nil
		}))
	}
	return all
}
