package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
)

// rootOf returns the root key of node i.
func (w *world) rootOf(i int) ed25519.PrivateKey {
	w.t.Helper()
	locked, err := os.ReadFile(filepath.Join(w.nodes[i].cfg.Dir, RootKeyFile))
	if err != nil {
		w.t.Fatal(err)
	}
	root, err := unlock(locked, "correct horse")
	if err != nil {
		w.t.Fatal(err)
	}
	return root
}

// nextCard signs a card of the next epoch of node i, with a new key, that goes on from a place.
func (w *world) nextCard(i int, epoch, seq uint64) (*protocol.Card, ed25519.PrivateKey) {
	w.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	c := *w.nodes[i].Card()
	c.Epoch, c.Issue, c.NodeKey, c.Continues = c.Epoch+1, 1, [32]byte(pub), &protocol.Continues{Epoch: epoch, Seq: seq}
	card, err := protocol.SignCard(w.rootOf(i), c)
	if err != nil {
		w.t.Fatal(err)
	}
	return card, key
}

// newEpoch has node i go on from a place in the next epoch, under a card that node 1 is given by hand, and returns the card.
func (w *world) newEpoch(i int, epoch, seq uint64) *protocol.Card {
	w.t.Helper()
	card, key := w.nextCard(i, epoch, seq)
	if err := w.nodes[1].TakeCard(card); err != nil {
		w.t.Fatal(err)
	}
	w.rekey(i, card, key)
	return card
}

// rekey restarts node i with another card and node key.
func (w *world) rekey(i int, card *protocol.Card, key ed25519.PrivateKey) {
	w.t.Helper()
	w.stops[i]()
	dir := w.nodes[i].cfg.Dir
	err := errors.Join(writeFile(filepath.Join(dir, cardFile), []byte(card.Text())), writeKey(filepath.Join(dir, nodeKeyFile), key))
	if err != nil {
		w.t.Fatal(err)
	}
	w.restart(i)
}

// inject has node by take and gossip a record, as if a thief had given it there.
func (w *world) inject(by int, r *protocol.Record) {
	w.t.Helper()
	n := w.nodes[by]
	if got := n.accept(r.Bytes())[0]; got.err != nil && !errors.Is(got.err, protocol.ErrStored) {
		w.t.Fatal(got.err)
	}
	topic := recordTopic
	if r.Type() == protocol.TypeTakedown {
		topic = takedownTopic
	}
	m := n.mesh.Load()
	if err := m.topics[topic].Publish(m.ctx, r.Bytes()); err != nil {
		w.t.Fatal(err)
	}
}

// stolen signs the takedown of a case with the node key that node i has now, at a place of its log.
func (w *world) stolen(i int, of *protocol.Record, seq uint64) *protocol.Record {
	w.t.Helper()
	card, key, err := w.nodes[i].signing()
	if err != nil {
		w.t.Fatal(err)
	}
	h := of.Header()
	h.Seq, h.Rev, h.Prev, h.At, h.Epoch, h.ReviewBy = seq, h.Rev+1, of.ID(), time.Now(), card.Epoch, time.Time{}
	r, err := protocol.Sign(key, protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: h.Rev - 1, Gone: []protocol.Mark{protocol.GoneMark(of.ID())}}})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) seqOf(i int) uint64 {
	w.t.Helper()
	st, err := w.nodes[i].store.LogState(w.nodes[i].Origin())
	if err != nil {
		w.t.Fatal(err)
	}
	return st.Seq
}

// sameRoot says whether every node counts the same in the log of an origin, and has verified so.
func (w *world) sameRoot(o protocol.Origin) func() bool {
	return func() bool {
		want, err := w.nodes[0].store.LogState(o)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, n := range w.nodes {
			if v, err := n.store.Verified(o); err != nil || v.Root != want.Root {
				return false
			}
		}
		return true
	}
}

// TestStolenKeyTakesACountryDown is invariant 3 end to end. A thief with the node key takes 120 cases down; all vanish
// everywhere, the owner's own site included. A card of the next epoch, taken in by hand at one member within the day,
// reaches all: what the guard has held shows again, the thief's key is worth nothing, and its connections are closed.
func TestStolenKeyTakesACountryDown(t *testing.T) {
	inWorld(t, 5, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		cases := make([]*protocol.Record, 120)
		for i := range cases {
			cases[i] = w.publish(0, randomName())
		}
		w.until(10*time.Minute, "shown everywhere", w.everywhere(w.shows, cases...))
		o, good := w.nodes[0].Origin(), w.seqOf(0)
		for i, r := range cases {
			w.inject(1, w.stolen(0, r, good+1+uint64(i)))
		}
		w.until(10*time.Minute, "hidden everywhere", w.everywhere(w.gone, cases...))
		time.Sleep(time.Hour)

		thief := w.peerID(0)
		card, key := w.nextCard(0, 1, good)
		late := w.stolen(0, cases[0], good+500)
		if err := w.nodes[3].TakeCard(card); err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "the card is everywhere", func() bool {
			for _, n := range w.nodes {
				if m, ok := n.active(o); !ok || m.Card.ID() != card.ID() {
					return false
				}
			}
			return true
		})
		w.until(time.Minute, "the thief is cut off", func() bool {
			for _, n := range w.nodes[1:] {
				if n.mesh.Load().host.Network().Connectedness(thief) == network.Connected {
					return false
				}
			}
			return true
		})
		if !w.alarmed(0, AlarmNeedsRoot, 0) {
			t.Error("the owner is not told that its node's key is out")
		}
		if g := w.gateOf(0); g.State != GateNeedsRoot {
			t.Errorf("the owner signs on with the key that is out: %+v", g)
		}
		back := func(i int) (n int) {
			for _, r := range cases {
				if w.shows(i, r) {
					n++
				}
			}
			return n
		}
		w.rekey(0, card, key)
		w.until(10*time.Minute, "what the guard held shows again everywhere", func() bool {
			for i := range w.nodes { // each lets the first 50 that it hears of through, and not all hear the same ones first
				if n := back(i); n < 60 || n > 70 {
					return false
				}
			}
			return back(0) == 70
		})
		w.until(10*time.Minute, "all hold the same log", w.sameRoot(o))
		if w.nodes[0].store.StraySum(o) != 0 {
			t.Error("the owner has not signed anew what it cannot bring back")
		}
		if w.alarmed(0, AlarmNeedsRoot, 0) {
			t.Error("the alarm stays on with the new key")
		}
		// Nothing that the thief signed or signs is heeded any more but what is a stray already.
		for _, n := range w.nodes {
			if got := n.accept(late.Bytes())[0]; protocol.VerdictOf(got.err) != protocol.Ignore {
				t.Errorf("the thief's takedown later: %v", got.err)
			}
			if _, err := n.store.Verified(o); err != nil {
				t.Error(err)
			}
		}
		next := w.publishEverywhere(0)
		down := w.closeCase(0, next)
		w.until(time.Minute, "and closes", w.everywhere(w.gone, next))
		w.until(time.Minute, "receipted", w.confirmed(0, next, 4))
		if h := down.Header(); h.Epoch != 2 || h.Seq < good+52 {
			t.Errorf("the takedown stands at %d, %d", h.Epoch, h.Seq)
		}
		for i := range w.nodes {
			w.restart(i)
		}
		w.until(time.Minute, "after restarts as well", func() bool { return back(0) == 70 && back(4) >= 60 })
	})
}

// TestVoidTakedownReachesAll: a takedown that one member alone had heard when the epoch ended still hides the case at all,
// the owner included.
func TestVoidTakedownReachesAll(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r, other := w.publish(0, randomName()), w.publish(0, randomName())
		w.until(10*time.Second, "shown everywhere", w.everywhere(w.shows, r, other))
		good := w.seqOf(0)
		w.setCut(func(a, b int) bool { return a == 2 || b == 2 })
		if got := w.nodes[2].accept(w.stolen(0, r, good+1).Bytes())[0]; got.err != nil {
			t.Fatal(got.err)
		}
		w.newEpoch(0, 1, good)
		next := w.publish(0, randomName())
		w.until(10*time.Minute, "the new epoch at those that are connected", func() bool { return w.shows(1, next) && w.shows(3, next) })
		if w.gone(0, r) {
			t.Fatal("who was cut off was heard")
		}
		w.setCut(nil)
		w.until(20*time.Minute, "hidden everywhere", w.everywhere(w.gone, r))
		w.until(20*time.Minute, "all hold the same", w.sameRoot(w.nodes[0].Origin()))
		w.until(20*time.Minute, "and show the rest", w.everywhere(w.shows, other, next))
	})
}

// TestOwnHeadComesBackBesideAStray: a stray takes a case out of our log before a new takedown of it is signed. Our own head of
// the moment before, which every peer holds, is then no sign of a thief.
func TestOwnHeadComesBackBesideAStray(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publishEverywhere(0)
		good := w.seqOf(0)
		thief := w.stolen(0, r, good+1)
		w.newEpoch(0, 1, good)
		next := w.publish(0, randomName())
		w.until(time.Minute, "the new epoch", w.everywhere(w.shows, next))
		w.until(time.Minute, "a head of it", w.sameRoot(w.nodes[0].Origin()))
		head, err := w.nodes[0].store.Head(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		if got := w.nodes[0].accept(thief.Bytes())[0]; got.err != nil {
			t.Fatal(got.err)
		}
		if _, err := w.nodes[0].takeHead(head.Bytes()); !errors.Is(err, protocol.ErrStored) {
			t.Errorf("our own head: %v", err)
		}
		w.until(time.Minute, "closed anew, in the log", func() bool { return w.seqOf(0) > head.Seq })
		w.until(time.Minute, "hidden everywhere", w.everywhere(w.gone, r))
		w.until(time.Minute, "all hold the same", w.sameRoot(w.nodes[0].Origin()))
	})
}

// TestCardReachesWhoWasAway: a member that was off when the key changed hears of it from another member than the owner,
// and one that joins later has no card of the epochs before, and yet gets all of the log.
func TestCardReachesWhoWasAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newStrangers(t, 4, nil)
		defer w.close()
		add := func(i, j int) {
			t.Helper()
			if err := w.nodes[i].AddMember(w.nodes[j].Card()); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 {
			for j := range 3 {
				if i != j {
					add(i, j)
				}
			}
		}
		w.run()
		time.Sleep(10 * time.Second)
		var cases []*protocol.Record
		for range 20 {
			cases = append(cases, w.publish(0, randomName()))
		}
		w.until(time.Minute, "shown", func() bool { return w.shows(1, cases[19]) && w.shows(2, cases[19]) })
		w.stops[2]()
		closed := cases[3]
		w.closeCase(0, closed)
		w.newEpoch(0, 1, w.seqOf(0))
		next := w.publish(0, randomName())
		w.until(10*time.Minute, "the new epoch", func() bool { return w.shows(1, next) })
		// A second change, so that there is an epoch in between.
		w.newEpoch(0, 2, w.seqOf(0))
		last := w.publish(0, randomName())
		w.until(10*time.Minute, "the epoch after", func() bool { return w.shows(1, last) })

		w.start(2)
		add(3, 0)
		add(0, 3)
		for _, i := range []int{2, 3} {
			w.until(30*time.Minute, "all of it", func() bool {
				return w.shows(i, cases[0]) && w.shows(i, next) && w.shows(i, last) && w.gone(i, closed)
			})
			m, ok := w.nodes[i].active(w.nodes[0].Origin())
			if !ok || m.Card.Epoch != 3 || len(m.Cards) != 3 {
				t.Errorf("node %d holds %d cards", i, len(m.Cards))
			}
		}
		st, _ := w.nodes[0].store.LogState(w.nodes[0].Origin())
		for _, i := range []int{1, 2, 3} {
			if got, _ := w.nodes[i].store.LogState(w.nodes[0].Origin()); got != st {
				t.Errorf("node %d holds %+v, the owner %+v", i, got, st)
			}
		}
	})
}
