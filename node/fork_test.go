package node

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"

	"github.com/gmcn/gmcn/protocol"
)

// addTwin copies the data folder of node i, which must not run, and opens the copy as another node: two servers under one
// key. It returns the copy's index.
func (w *world) addTwin(i int) int {
	w.t.Helper()
	cfg := w.nodes[i].cfg
	if err := w.nodes[i].Close(); err != nil {
		w.t.Fatal(err)
	}
	dir := filepath.Join(w.t.TempDir(), "twin")
	if err := os.CopyFS(dir, os.DirFS(cfg.Dir)); err != nil {
		w.t.Fatal(err)
	}
	var err error
	if w.nodes[i], err = Open(cfg); err != nil {
		w.t.Fatal(err)
	}
	cfg.Dir, cfg.Listen, cfg.options = dir, []string{testAddr(len(w.nodes))}, []libp2p.Option{
		simlibp2p.QUICSimnet(w.net, simnet.NodeBiDiLinkSettings{
			Downlink: simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
			Uplink:   simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
		}),
		libp2p.DisableIdentifyAddressDiscovery(),
		libp2p.ResourceManager(&network.NullResourceManager{}),
	}
	twin, err := Open(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes, w.stops = append(w.nodes, twin), append(w.stops, func() {})
	return len(w.nodes) - 1
}

// force has node i publish, though it knows that it must not.
func (w *world) force(i int) *protocol.Record {
	w.t.Helper()
	n, d := w.nodes[i], testDraft(randomName(), "XA")
	r, err := n.store.Append(protocol.NewCaseID(), n.Card().Epoch, func(h protocol.Header) (*protocol.Record, error) {
		h.At, h.ReviewBy = n.now(), n.now().Add(protocol.ReviewAfter)
		return protocol.Sign(n.key, protocol.Entry{Header: h, Case: &d.Case})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	n.changed(r)
	return r
}

// all says whether something is so of every one of these nodes.
func all(nodes []int, is func(i int) bool) func() bool {
	return func() bool { return !slices.ContainsFunc(nodes, func(i int) bool { return !is(i) }) }
}

// TestTwinsAreFrozen lets two servers publish under one key, each heard by two members only. Nobody is told of it but by the
// records and heads themselves.
func TestTwinsAreFrozen(t *testing.T) {
	for name, noGossip := range map[string]bool{"with gossip": false, "by pulls alone": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) { testTwins(t, noGossip) })
		})
	}
}

func testTwins(t *testing.T, noGossip bool) {
	w := newWorld(t, 6, func(_ int, cfg *Config) { cfg.Lease, cfg.noGossip = protocol.MinLease, noGossip })
	defer w.close()
	const one, late = 0, 5
	left, right := []int{1, 2}, []int{3, 4}
	members := append(slices.Clone(left), right...)
	origin := w.nodes[one].Origin()
	for _, i := range append(members, one) {
		w.start(i)
	}
	common, found := w.publish(one, randomName()), w.publish(one, randomName())
	w.until(20*time.Minute, "the common cases are everywhere", all(members, func(i int) bool { return w.shows(i, common) && w.shows(i, found) }))
	w.stops[one]()
	two := w.addTwin(one)
	side := map[int]int{one: 1, 1: 1, 2: 1, 3: 2, 4: 2, two: 2}
	w.setCut(func(a, b int) bool { return side[a] != side[b] })
	w.start(one)
	w.start(two)
	a, b := w.publish(one, randomName()), w.publish(two, randomName())
	w.until(20*time.Minute, "each side has its own", func() bool {
		return all(left, func(i int) bool { return w.shows(i, a) })() && all(right, func(i int) bool { return w.shows(i, b) })()
	})
	if all(members, func(i int) bool { return w.nodes[i].frozen(origin) })() || a.Header().Seq != b.Header().Seq {
		t.Fatal("no fork, or known before anybody could: the test shows nothing")
	}

	// The members hear each other again; neither twin hears those of the other side.
	w.setCut(func(a, b int) bool { return side[a] != side[b] && (a == one || a == two || b == one || b == two) })
	took := w.until(20*time.Minute, "every member that sees both is frozen, and the twins know", all(append(members, one, two), func(i int) bool { return w.nodes[i].frozen(origin) }))
	t.Logf("frozen everywhere after %s", took)
	for _, i := range members {
		f, err := w.nodes[i].store.Fork(origin)
		if err != nil {
			t.Errorf("node %d has no proof: %v", i, err)
		} else if _, err := protocol.OpenFork(f.Bytes(), w.nodes[one].Card()); err != nil {
			t.Errorf("node %d has a proof that does not hold: %v", i, err)
		}
		if w.shows(i, a) && w.shows(i, b) {
			t.Errorf("node %d has merged the two", i)
		}
		if !slices.ContainsFunc(w.nodes[i].Alarms(), func(x Alarm) bool { return x.Kind == AlarmFork && x.Origin == origin }) {
			t.Errorf("node %d raises no alarm: %v", i, w.nodes[i].Alarms())
		}
		if !w.shows(i, common) {
			t.Errorf("node %d hides a case whose lease runs", i)
		}
	}
	if !slices.ContainsFunc(w.nodes[two].Alarms(), func(x Alarm) bool { return x.Kind == AlarmInstance && x.Origin == origin }) {
		t.Error("the twin has no alarm of its own")
	}

	// What they publish now reaches nobody; what they close is closed everywhere.
	frozenAt := time.Now()
	c, d := w.force(one), w.force(two)
	closed, err := w.nodes[two].CloseCase(found.Header().Case, "returned")
	if err != nil {
		t.Fatal(err)
	}
	took = w.until(20*time.Minute, "the takedown of one branch hides on both", all(members, func(i int) bool { return w.gone(i, closed) }))
	t.Logf("closed on both branches after %s", took)
	time.Sleep(5 * time.Minute)
	for _, i := range members {
		if w.shows(i, c) || w.shows(i, d) {
			t.Errorf("node %d takes records of a frozen member", i)
		}
	}

	// It outlasts a restart, and who comes late hears of it, and of what was closed, from any of them.
	w.restart(1)
	w.start(late)
	w.until(10*time.Minute, "who comes late is told", func() bool { return w.nodes[late].frozen(origin) && w.gone(late, closed) })
	if !w.nodes[1].frozen(origin) {
		t.Error("a restart ended the freeze")
	}

	// With everything said, members have nothing to tell each other of it.
	w.until(10*time.Minute, "equal vectors on both branches", func() bool {
		v, _, err := w.nodes[1].vector()
		return err == nil && all([]int{2, 3, 4, late}, func(i int) bool {
			other, _, err := w.nodes[i].vector()
			return err == nil && other == v
		})()
	})

	// Nothing renews the lease.
	for _, i := range []int{2, 3, 4, late, two} {
		w.stops[i]()
	}
	w.until(protocol.MinLease+time.Hour-time.Since(frozenAt), "the lease has run down", func() bool { return !w.shows(1, common) })
	if p := w.peer(1, one); p.State != protocol.FrozenLog || !p.Connected {
		t.Errorf("the Network page says %q, connected %t", p.State, p.Connected)
	}
}

// TestProofsAreJudged: what is no proof is its sender's fault, what is known already costs nothing, and nobody is frozen by
// anybody's word.
func TestProofsAreJudged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		n, liar := w.nodes[0], w.nodes[1]
		a, b := w.sign(1, w.entry(1, 1)), w.sign(1, w.entry(1, 1))
		f, err := protocol.NewFork(a.Bytes(), b.Bytes(), liar.Card())
		if err != nil {
			t.Fatal(err)
		}
		end := bytes.Index(f.Bytes(), a.Bytes()) + len(a.Bytes()) - 1 // of a signature
		var spoilt []byte
		for try := range 256 { // until it stands in the right order all the same
			spoilt = slices.Clone(f.Bytes())
			spoilt[end] ^= byte(1 + try)
			if _, err := protocol.ParseFork(spoilt); err == nil {
				break
			}
		}
		frame := w.entry(0, 1) // the liar signs in our name
		forged := w.sign(1, frame)
		framed := w.sign(1, w.entry(0, 1))
		if _, err := protocol.NewFork(forged.Bytes(), framed.Bytes(), n.Card()); !errors.Is(err, protocol.ErrKey) {
			t.Errorf("a proof against somebody else: %v", err)
		}
		for _, c := range []struct {
			name string
			raw  []byte
			want error
		}{
			{"spoilt", spoilt, protocol.ErrSignature},
			{"cut short", f.Bytes()[:100], protocol.ErrForm},
			{"genuine", f.Bytes(), nil},
			{"known", f.Bytes(), protocol.ErrStored},
			{"spoilt, of one that is known", spoilt, protocol.ErrStored},
		} {
			if _, _, err := n.takeFork(c.raw); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
			if c.want == protocol.ErrSignature && n.frozen(liar.Origin()) {
				t.Error("frozen by a spoilt proof")
			}
		}
		if !n.frozen(liar.Origin()) || n.frozen(n.Origin()) {
			t.Error("not frozen, or the wrong one")
		}
	})
}

// TestTakedownDestroysTheProof: a proof by two records tells of children.
func TestTakedownDestroysTheProof(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		n := w.nodes[0]
		origin := w.nodes[1].Origin()
		a, b := w.sign(1, w.entry(1, 1)), w.sign(1, w.entry(1, 1))
		if got := n.accept(a.Bytes(), b.Bytes()); got[0].err != nil || !errors.Is(got[1].err, protocol.ErrFork) {
			t.Fatalf("%v, %v", got[0].err, got[1].err)
		}
		if f, err := n.store.Fork(origin); err != nil || f.Heads {
			t.Fatalf("no proof by two records: %v", err)
		}
		e := w.entry(1, 2)
		e.Header.Case, e.Case, e.ReviewBy = b.Header().Case, nil, time.Time{}
		e.Rev, e.Prev = 2, b.ID()
		e.Takedown = &protocol.Takedown{LastRev: 1}
		if got := n.accept(w.sign(1, e).Bytes())[0].err; got != nil {
			t.Fatalf("takedown: %v", got)
		}
		if _, err := n.store.Fork(origin); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the proof outlived a case in it: %v", err)
		}
		if !n.frozen(origin) {
			t.Error("the freeze went with its proof")
		}
		if _, pass, err := n.takeFork(mustFork(t, a, b, w.nodes[1].Card())); pass || !errors.Is(err, protocol.ErrStored) {
			t.Errorf("the proof comes back: %t, %v", pass, err)
		}
	})
}

// TestWhoComesLateIsConvincedByHeads: a fork was proved by two records, and the proof destroyed with a case in it. Who joins then,
// and hears of each branch from who held it, finds the proof by two heads, and everybody else gets it.
func TestWhoComesLateIsConvincedByHeads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 4, nil)
		defer w.close()
		const owner, late = 0, 3
		o := w.nodes[owner].Origin()
		a, b := w.sign(owner, w.entry(owner, 1)), w.sign(owner, w.entry(owner, 1))
		e := w.entry(owner, 2)
		e.Header.Case, e.Case, e.ReviewBy = b.Header().Case, nil, time.Time{}
		e.Rev, e.Prev, e.Takedown = 2, b.ID(), &protocol.Takedown{LastRev: 1}
		closed := w.sign(owner, e)
		for i, branch := range [][]*protocol.Record{{a, b}, {b, a}} {
			n := w.nodes[i+1]
			if got := n.accept(branch[0].Bytes())[0]; got.err != nil {
				t.Fatal(got.err)
			}
			state, err := n.store.LogState(o)
			if err != nil {
				t.Fatal(err)
			}
			head, err := protocol.SignHead(w.nodes[owner].key, protocol.Head{Origin: o, Epoch: 1, Seq: 1, Root: state.Root, Live: 1,
				Instance: w.nodes[owner].store.Instance(), At: time.Now(), Until: time.Now().Add(protocol.DefaultLease)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.takeHead(head.Bytes()); err != nil {
				t.Fatal(err)
			}
			if got := n.accept(branch[1].Bytes(), closed.Bytes()); !errors.Is(got[0].err, protocol.ErrFork) || got[1].err != nil {
				t.Fatal(got[0].err, got[1].err)
			}
			if _, err := n.store.Fork(o); !errors.Is(err, fs.ErrNotExist) || !n.frozen(o) {
				t.Fatalf("node %d has a proof still, %v, or is not frozen: nothing is tested", i+1, err)
			}
		}
		for i := 1; i <= late; i++ {
			w.start(i)
		}
		w.until(5*time.Minute, "all have the proof", all([]int{1, 2, late}, func(i int) bool {
			f, err := w.nodes[i].store.Fork(o)
			return err == nil && f.Heads
		}))
		if w.shows(late, a) || !w.gone(late, closed) {
			t.Error("who came late shows a branch, or what was closed")
		}
	})
}

func mustFork(t *testing.T, a, b *protocol.Record, card *protocol.Card) []byte {
	t.Helper()
	f, err := protocol.NewFork(a.Bytes(), b.Bytes(), card)
	if err != nil {
		t.Fatal(err)
	}
	return f.Bytes()
}

// TestANewEpochHealsBothBranches: the surviving server goes on in a new epoch from the end of its own log. Members that held
// the other branch come to the same log, and nothing of the other is shown any more.
func TestANewEpochHealsBothBranches(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 5, nil)
		defer w.close()
		const one = 0
		members, right := []int{1, 2, 3, 4}, []int{3, 4}
		origin := w.nodes[one].Origin()
		w.run()
		common := w.publish(one, randomName())
		w.until(20*time.Minute, "everywhere", all(members, func(i int) bool { return w.shows(i, common) }))
		w.stops[one]()
		two := w.addTwin(one)
		side := map[int]int{one: 1, 1: 1, 2: 1, 3: 2, 4: 2, two: 2}
		w.setCut(func(a, b int) bool { return side[a] != side[b] })
		w.start(one)
		w.start(two)
		a, b := w.publish(one, randomName()), w.publish(two, randomName())
		w.until(20*time.Minute, "the other side has the other branch", all(right, func(i int) bool { return w.shows(i, b) }))
		w.stops[two]()
		w.setCut(func(a, b int) bool { return a == two || b == two })
		w.until(20*time.Minute, "frozen everywhere", all(members, func(i int) bool { return w.nodes[i].frozen(origin) }))
		card, key := w.nextCard(one, 1, w.seqOf(one))
		if err := w.nodes[1].TakeCard(card); err != nil { // by hand, at one of them
			t.Fatal(err)
		}
		w.rekey(one, card, key)
		w.until(30*time.Minute, "one log everywhere", all(members, func(i int) bool {
			return w.peer(i, one).State == protocol.Fresh && w.shows(i, common) && w.shows(i, a)
		}))
		for _, i := range members {
			if w.shows(i, b) || w.nodes[i].frozen(origin) {
				t.Errorf("node %d shows the other branch, or is frozen still", i)
			}
		}
		next := w.publish(one, randomName())
		w.until(time.Minute, "what is published next", all(members, func(i int) bool { return w.shows(i, next) }))
	})
}
