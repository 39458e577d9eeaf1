package node

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
)

// closeCase closes a case of node i and returns the takedown.
func (w *world) closeCase(i int, r *protocol.Record) *protocol.Record {
	w.t.Helper()
	closed, err := w.nodes[i].CloseCase(r.Header().Case, "located_safe")
	if err != nil {
		w.t.Fatal(err)
	}
	return closed
}

// board returns the board of node i's case.
func (w *world) board(i int, r *protocol.Record) *Takedown {
	w.t.Helper()
	t, err := w.nodes[i].Takedown(r.Header().Case)
	if err != nil {
		w.t.Fatal(err)
	}
	return t
}

func (w *world) confirmed(i int, r *protocol.Record, by int) func() bool {
	return func() bool { return w.board(i, r).Confirmed() == by }
}

// restart stops node i, opens its data folder anew and runs it.
func (w *world) restart(i int) {
	w.t.Helper()
	w.stops[i]()
	if err := w.nodes[i].Close(); err != nil {
		w.t.Fatal(err)
	}
	n, err := Open(w.nodes[i].cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.nodes[i] = n
	w.start(i)
}

func TestTakedownIsReceiptedByAll(t *testing.T) {
	for name, noGossip := range map[string]bool{"with gossip": false, "by push alone": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 6, func(_ int, cfg *Config) { cfg.noGossip = noGossip }, func(t *testing.T, w *world) {
				time.Sleep(3 * time.Second)
				r := w.publish(0, randomName())
				other := w.publish(0, randomName())
				w.until(3*time.Minute, "shown everywhere", w.everywhere(w.shows, r, other))
				head, err := w.nodes[0].store.Head(w.nodes[0].Origin())
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				w.closeCase(0, r)
				w.until(2*time.Second, "hidden everywhere", w.everywhere(w.gone, r))
				w.until(30*time.Second-time.Since(start), "receipted by all", w.confirmed(0, r, 5))
				t.Logf("receipted by all %s after the closing", time.Since(start))
				w.until(5*time.Minute, "all hold what was published", func() bool {
					for _, m := range w.board(0, r).Members {
						if !m.Equal {
							return false
						}
					}
					return true
				})
				b := w.board(0, r)
				if !b.ShownUntil.Equal(head.Until) {
					t.Errorf("could be shown until %s; the last head before the closing says %s", b.ShownUntil, head.Until)
				}
				for _, m := range b.Members {
					if m.Marked.Before(b.At) || m.Swept.Before(m.Marked) || m.Outstanding() || !m.ShownUntil.IsZero() || m.Removed {
						t.Errorf("board says %+v", m)
					}
				}
				if all, err := w.nodes[0].Board(); err != nil || len(all) != 1 || all[0].Confirmed() != 5 {
					t.Errorf("the board is %+v, %v", all, err)
				}
				w.checkReport(0, r, 5, 5)
			})
		})
	}
}

// checkReport exports a report and reads it back with nothing but its text.
func (w *world) checkReport(i int, r *protocol.Record, confirmed, members int) {
	w.t.Helper()
	made, err := w.nodes[i].Report(r.Header().Case)
	if err != nil {
		w.t.Fatal(err)
	}
	text := []byte(made.Text())
	got, err := protocol.ParseReport(text)
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Confirmed() != confirmed || len(got.Lines()) != members || got.Record().Header().Ref() != r.Header().Ref() ||
		got.Owner().Origin() != w.nodes[i].Origin() {
		w.t.Errorf("the report says %d of %d, about %s", got.Confirmed(), len(got.Lines()), got.Record().Header().Ref())
	}
	for at := 0; at < len(text); at += 13 {
		text[at] ^= 2
		if _, err := protocol.ParseReport(text); err == nil {
			w.t.Errorf("the report verifies with byte %d changed", at)
		}
		text[at] ^= 2
	}
}

// TestTakedownWaitsForWhoIsAway: the owner is restarted meanwhile, and the receipts that it has are kept.
func TestTakedownWaitsForWhoIsAway(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publishEverywhere(0)
		w.stops[3]()
		w.closeCase(0, r)
		w.until(30*time.Second, "receipted by who is there", w.confirmed(0, r, 2))
		before := w.board(0, r)
		for _, m := range before.Members {
			away := m.Card.Origin() == w.nodes[3].Origin()
			if m.Outstanding() != away || m.ShownUntil.IsZero() == away || away && !m.ShownUntil.Equal(before.ShownUntil) {
				t.Errorf("the board says %+v", m)
			}
		}
		w.checkReport(0, r, 2, 3)
		w.restart(0)
		if got := w.board(0, r); got.Confirmed() != 2 || !got.Members[0].Swept.Equal(before.Members[0].Swept) {
			t.Errorf("after a restart the board says %+v", got)
		}
		time.Sleep(time.Hour)
		if w.board(0, r).Confirmed() != 2 {
			t.Error("somebody who is away has confirmed")
		}
		w.publish(0, randomName()) // so that who returns lacks more than the takedown
		w.start(3)
		w.until(10*time.Minute, "connected", func() bool {
			m := w.nodes[3].mesh.Load()
			return m != nil && m.host.Network().Connectedness(w.peerID(0)) == network.Connected
		})
		w.until(5*time.Second, "receipted at once after the return", w.confirmed(0, r, 3))
		if w.shows(3, r) {
			t.Error("who returned shows the case")
		}
		w.until(5*time.Minute, "who returned holds all", func() bool {
			for _, m := range w.board(0, r).Members {
				if !m.Equal {
					return false
				}
			}
			return true
		})
		w.checkReport(0, r, 3, 3)
	})
}

func TestLyingReceiptsAreRefused(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r, other := w.publish(0, randomName()), w.publish(0, randomName())
		w.until(10*time.Second, "shown everywhere", w.everywhere(w.shows, r, other))
		for i := range w.nodes {
			w.stops[i]()
		}
		owner, liar, victim := w.nodes[0], w.nodes[1], w.nodes[2]
		down, elsewhere := w.closeCase(0, r), w.closeCase(0, other)
		sent := map[cid.Cid]*protocol.Record{down.ID(): down}
		good := protocol.Receipt{Takedown: down.ID(), By: liar.Origin(), Phase: protocol.Swept, At: time.Now()}
		sign := func(by *Node, change func(*protocol.Receipt)) []byte {
			lie := good
			change(&lie)
			got, err := protocol.SignReceipt(by.key, lie)
			if err != nil {
				t.Fatal(err)
			}
			return got.Bytes()
		}
		honest := sign(liar, func(*protocol.Receipt) {})
		spoilt := bytes.Clone(honest)
		spoilt[len(spoilt)-1] ^= 1
		for name, c := range map[string]struct {
			from *Node
			raw  []byte
			want error
		}{
			"in another's name":            {liar, sign(liar, func(r *protocol.Receipt) { r.By = victim.Origin() }), protocol.ErrKey},
			"another's, passed on":         {liar, sign(victim, func(r *protocol.Receipt) { r.By = victim.Origin() }), protocol.ErrKey},
			"its own, by another":          {victim, honest, protocol.ErrKey},
			"under another key":            {liar, sign(victim, func(*protocol.Receipt) {}), protocol.ErrKey},
			"spoilt":                       {liar, spoilt, protocol.ErrSignature},
			"for a takedown never sent":    {liar, sign(liar, func(r *protocol.Receipt) { r.Takedown = elsewhere.ID() }), errAnswer},
			"from the future":              {liar, sign(liar, func(r *protocol.Receipt) { r.At = r.At.Add(time.Hour) }), protocol.ErrFuture},
			"from before the takedown was": {liar, sign(liar, func(r *protocol.Receipt) { r.At = r.At.Add(-time.Hour) }), protocol.ErrFuture},
			"the takedown itself":          {liar, down.Bytes(), protocol.ErrUnknown},
		} {
			if _, _, err := owner.takeReceipt(c.raw, c.from.Origin(), sent, nil); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		if b := w.board(0, r); b.Confirmed() != 0 || len(b.Members) != 2 {
			t.Errorf("a lie is on the board: %+v", b)
		}
		if _, equal, err := owner.takeReceipt(honest, liar.Origin(), sent, nil); err != nil || equal {
			t.Errorf("an honest receipt of another state: equal %t, %v", equal, err)
		}
		if b := w.board(0, r); b.Confirmed() != 1 {
			t.Errorf("the honest receipt is not on the board: %+v", b)
		}
	})
}

// TestPushesAreIdempotent pushes takedowns twice, out of order, by relay and after gossip, and other things in their place.
func TestPushesAreIdempotent(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		a, b := w.publish(0, randomName()), w.publish(0, randomName())
		w.until(10*time.Second, "shown everywhere", w.everywhere(w.shows, a, b))
		downA, downB := w.closeCase(0, a), w.closeCase(0, b)
		w.until(30*time.Second, "receipted", func() bool { return w.confirmed(0, a, 2)() && w.confirmed(0, b, 2)() })
		head, err := w.nodes[0].store.Head(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		before, err := w.nodes[2].store.LogState(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		push := func(records ...*protocol.Record) (got []*protocol.Receipt, err error) { // by node 1, which relays
			m := w.nodes[1].mesh.Load()
			s, err := m.open(t.Context(), w.peerID(2), takedownProtocol)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Reset()
			f := frames(s)
			for _, r := range records {
				if err := f.send(protocol.Frame{Down: &protocol.Down{Rec: r.Bytes(), Head: head.Bytes()}}); err != nil {
					return nil, err
				}
			}
			s.CloseWrite()
			for {
				frame, err := f.read()
				if err != nil {
					return got, err
				}
				r, err := protocol.OpenReceipt(frame.Receipt, w.nodes[2].Card())
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r)
			}
		}
		got, _ := push(downB, downA, downB)
		if len(got) != 6 {
			t.Fatalf("%d receipts, want 6", len(got))
		}
		for i, r := range got {
			want := []*protocol.Record{downB, downB, downA, downA, downB, downB}[i]
			if r.Takedown != want.ID() || r.Root != before.Root || r.Phase != []protocol.Phase{protocol.Marked, protocol.Swept}[i%2] {
				t.Errorf("receipt %d is %+v", i, r)
			}
		}
		if after, err := w.nodes[2].store.LogState(w.nodes[0].Origin()); err != nil || after != before {
			t.Errorf("pushing again changed %+v into %+v, %v", before, after, err)
		}
		stranger := downA
		e := protocol.Entry{Header: downA.Header(), Takedown: downA.Takedown()}
		if e.Header.Origin = (protocol.Origin{7}); true {
			stranger = w.sign(0, e)
		}
		if got, _ := push(stranger); len(got) != 0 {
			t.Error("a takedown of nobody was receipted")
		}
		live := w.publish(1, randomName())
		if got, _ := push(live); len(got) != 0 {
			t.Error("a case was receipted")
		}
		var many []*protocol.Record
		for range protocol.MaxDowns + 1 {
			many = append(many, downA)
		}
		if got, err := push(many...); err == nil || len(got) > 2*protocol.MaxDowns {
			t.Errorf("%d receipts on one stream, %v", len(got), err)
		}
	})
}

// TestAnotherTakedownOfAClosedCase: who closed the case by one takedown answers for a second one too, if it is genuine.
func TestAnotherTakedownOfAClosedCase(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publishEverywhere(0)
		down := w.closeCase(0, r)
		w.until(10*time.Second, "gone", w.everywhere(w.gone, r))
		head, err := w.nodes[0].store.Head(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		h := down.Header()
		h.Seq += 5
		h.At = h.At.Add(time.Hour) // no clock keeps a child on show
		second := w.sign(0, protocol.Entry{Header: h, Takedown: down.Takedown()})
		m := w.nodes[1].mesh.Load()
		if claim, err := m.takeDown(&protocol.Down{Rec: second.Bytes(), Head: head.Bytes()}, w.peerID(0)); err != nil || claim == nil {
			t.Errorf("%v, %v", claim, err)
		}
		forged := bytes.Clone(second.Bytes())
		forged[len(forged)-1] ^= 1
		if _, err := m.takeDown(&protocol.Down{Rec: forged, Head: head.Bytes()}, w.peerID(0)); !errors.Is(err, protocol.ErrSignature) {
			t.Errorf("a forged one: %v, want ErrSignature", err)
		}
	})
}

// TestTakedownFromAFastClock: a case is held back when it is from the future, its takedown is not.
func TestTakedownFromAFastClock(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publishEverywhere(0)
		h := r.Header()
		h.Seq, h.Rev, h.Prev, h.At, h.ReviewBy = h.Seq+1, h.Rev+1, r.ID(), time.Now().Add(time.Hour), time.Time{}
		down := w.sign(0, protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: h.Rev - 1}})
		if got := w.nodes[1].accept(down.Bytes())[0].err; got != nil || w.shows(1, r) {
			t.Errorf("%v; still shown: %t", got, w.shows(1, r))
		}
	})
}

// TestBoardCountsWhoCouldHaveHadIt: who left long before, or came after the last right to show had run out, is not asked. Who
// was a member before and is one again is asked, however long it was none.
func TestBoardCountsWhoCouldHaveHadIt(t *testing.T) {
	const stays, leftLong, leftShortly, leavesAfter, isBack, new = 1, 2, 3, 4, 5, 6
	bubble(t, func(t *testing.T) {
		w := newStrangers(t, 7, nil)
		defer w.close()
		n := w.nodes[0]
		add := func(i int) { must(t, n.AddMember(w.nodes[i].Card())) }
		remove := func(i int) { must(t, n.RemoveMember(w.nodes[i].Origin())) }
		for i := range new {
			if i > 0 {
				add(i)
			}
		}
		remove(leftLong)
		time.Sleep(protocol.MaxLease)
		r := w.publish(0, randomName())
		remove(leftShortly)
		remove(isBack)
		head, err := n.signHead()
		must(t, err)
		time.Sleep(time.Second)
		w.closeCase(0, r)
		time.Sleep(time.Second)
		remove(leavesAfter)
		time.Sleep(time.Until(head.Until) + time.Second)
		add(isBack)
		add(new)
		got := map[protocol.Origin]Confirmation{}
		for _, m := range w.board(0, r).Members {
			got[m.Card.Origin()] = m
		}
		for i, want := range map[int]bool{stays: true, leftLong: false, leftShortly: true, leavesAfter: true, isBack: true, new: false} {
			m, ok := got[w.nodes[i].Origin()]
			if ok != want || ok && (m.Removed != (i == leavesAfter || i == leftShortly) || !m.Outstanding() || !m.ShownUntil.Equal(head.Until)) {
				t.Errorf("member %d on the board: %t, %+v", i, ok, m)
			}
		}
		owed, _, err := n.store.Outstanding(protocol.LogPlace{})
		if err != nil || len(owed) != 1 || len(owed[0].Members) != 2 {
			t.Errorf("outstanding: %+v, %v; want members %d and %d", owed, err, stays, isBack)
		}
		if _, err := n.Takedown(protocol.NewCaseID()); err == nil {
			t.Error("a case that was never closed is on the board")
		}
	})
}

// TestReceiptsCountWhileNothingMayBeSigned: who may not sign a head takes receipts of a state that none vouches for yet.
func TestReceiptsCountWhileNothingMayBeSigned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		r := w.publish(0, randomName())
		down := w.closeCase(0, r)
		n := w.nodes[0]
		n.gate.mu.Lock()
		n.gate.set(GateNeedsRoot)
		n.gate.mu.Unlock()
		state, err := n.store.LogState(n.Origin())
		if err != nil {
			t.Fatal(err)
		}
		receipt, err := protocol.SignReceipt(w.nodes[1].key, protocol.Receipt{Takedown: down.ID(), By: w.nodes[1].Origin(), Phase: protocol.Swept,
			Epoch: state.Epoch, Seq: state.Seq, Root: state.Root, At: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		head := &protocol.Head{}
		if _, equal, err := n.takeReceipt(receipt.Bytes(), w.nodes[1].Origin(), map[cid.Cid]*protocol.Record{down.ID(): down}, head); err != nil || equal {
			t.Errorf("equal %t, %v", equal, err)
		}
		if got := w.board(0, r).Confirmed(); got != 1 {
			t.Errorf("%d receipts are on the board, want 1", got)
		}
	})
}
