package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	libp2p "github.com/libp2p/go-libp2p/core/protocol"

	"github.com/gmcn/gmcn/protocol"
)

// liar changes the frames that a node writes to a stream; nil swallows a frame.
type liar struct {
	network.Stream
	buf []byte
	lie func(*protocol.Frame) *protocol.Frame
}

func (l *liar) Write(b []byte) (int, error) {
	l.buf = append(l.buf, b...)
	for {
		size, n := binary.Uvarint(l.buf)
		if n <= 0 || uint64(len(l.buf)-n) < size {
			return len(b), nil
		}
		frame, err := protocol.DecodeFrame(l.buf[n : n+int(size)])
		if err != nil {
			return 0, err
		}
		l.buf = l.buf[n+int(size):]
		if frame = l.lie(frame); frame == nil {
			continue
		}
		raw, err := frame.Encode()
		if err != nil {
			return 0, err
		}
		if _, err := l.Stream.Write(append(binary.AppendUvarint(nil, uint64(len(raw))), raw...)); err != nil {
			return 0, err
		}
	}
}

// lies makes a running node lie to one peer on /gmcn/sync/1.
func (w *world) lies(i, to int, lie func(*protocol.Frame) *protocol.Frame) {
	w.t.Helper()
	victim, err := peerOf(w.nodes[to].Card())
	if err != nil {
		w.t.Fatal(err)
	}
	m := w.nodes[i].mesh.Load()
	m.host.SetStreamHandler(syncProtocol, func(s network.Stream) {
		var out network.Stream = s
		if s.Conn().RemotePeer() == victim {
			out = &liar{Stream: s, lie: lie}
		}
		if err := m.serveSync(out, s.Conn().RemotePeer()); err != nil {
			s.Reset()
			return
		}
		s.Close()
	})
}

// hide swallows a record wherever it would be sent.
func hide(r *protocol.Record) func(*protocol.Frame) *protocol.Frame {
	return func(f *protocol.Frame) *protocol.Frame {
		if f.Recs != nil {
			f.Recs.Records = slices.DeleteFunc(f.Recs.Records, func(b []byte) bool { return bytes.Equal(b, r.Bytes()) })
		}
		return f
	}
}

// pullNow pulls once from node i at node j.
func (w *world) pullNow(j, i int) {
	w.t.Helper()
	if _, err := w.nodes[j].mesh.Load().pullOnce(context.Background(), w.peerID(i)); err != nil {
		w.t.Logf("pull: %v", err)
	}
}

func quiet(_ int, cfg *Config) { cfg.noGossip, cfg.Lease = true, protocol.MinLease }

func (w *world) peer(at, of int) Peer {
	w.t.Helper()
	all, err := w.nodes[at].Peers()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range all {
		if p.Member.Card.Origin() == w.nodes[of].Origin() {
			return p
		}
	}
	w.t.Fatalf("node %d does not have member %d", at, of)
	return Peer{}
}

// TestARelayThatHidesATakedownIsFoundOut cuts node 2 off from the owner, so that it hears of it only by node 1, which
// passes on every head and no takedown.
func TestARelayThatHidesATakedownIsFoundOut(t *testing.T) {
	inWorld(t, 3, quiet, func(t *testing.T, w *world) {
		r, other := w.publish(0, randomName()), w.publish(0, randomName())
		w.until(5*time.Minute, "everywhere", w.everywhere(w.shows, r, other))
		w.until(5*time.Minute, "fresh", func() bool { return w.peer(2, 0).State == protocol.Fresh })

		w.setCut(func(a, b int) bool { return a != b && (a == 0 || b == 0) && (a == 2 || b == 2) })
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.lies(1, 2, hide(closed))
		w.until(5*time.Minute, "gone at the relay", func() bool { return w.gone(1, closed) })
		w.until(10*time.Minute, "the relay is suspected", func() bool { return w.peer(2, 0).Suspect })
		until := w.peer(2, 0).Verified.Until
		if p := w.peer(2, 0); p.State != protocol.Verified || !p.Head.Until.After(until) {
			t.Errorf("state %s, newest head until %s, verified until %s: want a newer head that is not verified", p.State, p.Head.Until, until)
		}
		if !w.shows(2, r) || !w.shows(2, other) {
			t.Error("what was verified before is not shown though its lease runs")
		}
		time.Sleep(time.Until(until) - time.Minute)
		if !w.peer(2, 0).Head.Until.After(time.Now().Add(12 * time.Hour)) {
			t.Error("the relay's heads did not arrive: nothing is tested")
		}
		if !w.shows(2, other) {
			t.Error("hidden before the verified lease ended")
		}
		time.Sleep(2 * time.Minute)
		if w.shows(2, r) || w.shows(2, other) {
			t.Error("a node that lacks a takedown shows on, by heads that it could not verify")
		}
		if p := w.peer(2, 0); p.State != protocol.Dark {
			t.Errorf("state %s, want dark", p.State)
		}
		w.lies(1, 2, func(f *protocol.Frame) *protocol.Frame { return f })
		w.until(10*time.Minute, "the takedown arrives when the relay is honest", func() bool {
			return w.gone(2, closed) && w.shows(2, other) && !w.peer(2, 0).Suspect && w.peer(2, 0).State == protocol.Fresh
		})
	})
}

// TestAnotherMemberRepairsWhatARelayHides has an honest member beside the liar.
func TestAnotherMemberRepairsWhatARelayHides(t *testing.T) {
	inWorld(t, 4, quiet, func(t *testing.T, w *world) {
		r := w.publish(0, randomName())
		w.until(5*time.Minute, "everywhere", w.everywhere(w.shows, r))
		w.setCut(func(a, b int) bool { return a != b && (a == 2 || b == 2) && a != 1 && b != 1 }) // or the honest one is asked first
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.lies(1, 2, hide(closed))
		time.Sleep(2 * headSoon)
		w.pullNow(1, 0)
		w.pullNow(3, 0)
		w.pullNow(2, 1)
		if w.gone(2, closed) {
			t.Fatal("the relay did not lie: nothing is tested")
		}
		w.setCut(func(a, b int) bool { return a != b && (a == 0 || b == 0) && (a == 2 || b == 2) })
		took := w.until(time.Minute, "repaired from another member", func() bool { return w.gone(2, closed) })
		t.Logf("found out and repaired after %s", took)
	})
}

// TestAStalePrefixExtendsNoLease has the relay answer for ever as it did at first, with the heads of then.
func TestAStalePrefixExtendsNoLease(t *testing.T) {
	inWorld(t, 3, quiet, func(t *testing.T, w *world) {
		r := w.publish(0, randomName())
		w.until(5*time.Minute, "everywhere", w.everywhere(w.shows, r))
		w.until(5*time.Minute, "verified", func() bool { return w.peer(2, 0).State == protocol.Fresh })
		old, err := w.nodes[1].store.Head(w.nodes[0].Origin())
		if err != nil {
			t.Fatal(err)
		}
		until := w.peer(2, 0).Verified.Until
		w.setCut(func(a, b int) bool { return a != b && (a == 0 || b == 0) && (a == 2 || b == 2) })
		next := w.publish(0, randomName())
		w.lies(1, 2, func(f *protocol.Frame) *protocol.Frame {
			switch {
			case f.Head != nil:
				f.Head = old.Bytes()
			case f.Done != nil && f.Done.Origin == w.nodes[0].Origin():
				f.Done.To = max(f.Done.From, 1)
			}
			return hide(next)(f)
		})
		time.Sleep(time.Until(until) + time.Minute)
		if w.shows(2, r) || w.shows(2, next) {
			t.Error("old heads extended a lease")
		}
		if p := w.peer(2, 0); p.Verified.Until.After(until) || p.State != protocol.Dark {
			t.Errorf("verified until %s, was %s; state %s", p.Verified.Until, until, p.State)
		}
	})
}

// grow adds n cases to a node's own log, without gossip.
func grow(t testing.TB, n *Node, count int) {
	t.Helper()
	for range count {
		_, err := n.store.Append(protocol.NewCaseID(), 1, func(h protocol.Header) (*protocol.Record, error) {
			h.At = time.Now()
			h.ReviewBy = h.At.Add(protocol.ReviewAfter)
			return protocol.Sign(n.key, protocol.Entry{Header: h, Case: &testDraft(randomName(), "XA").Case})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := n.signHead(); err != nil {
		t.Fatal(err)
	}
}

// tapped counts what passes a stream, and how often its direction turns.
type tapped struct {
	network.Stream
	in, out, turns atomic.Int64
	writing        atomic.Bool
	limit          int64 // bytes in, after which the stream breaks; 0 for none
}

func (c *tapped) Read(b []byte) (int, error) {
	if c.limit > 0 && c.in.Load() > c.limit {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.Stream.Read(b)
	c.in.Add(int64(n))
	if n > 0 && c.writing.Swap(false) {
		c.turns.Add(1)
	}
	return n, err
}

func (c *tapped) Write(b []byte) (int, error) {
	c.out.Add(int64(len(b)))
	c.writing.Store(true)
	return c.Stream.Write(b)
}

func (w *world) open(from, to int, proto string) *tapped {
	w.t.Helper()
	return openTapped(w.t, w.nodes[from], w.nodes[to], proto)
}

func openTapped(t testing.TB, from, to *Node, proto string) *tapped {
	t.Helper()
	id, err := peerOf(to.Card())
	if err != nil {
		t.Fatal(err)
	}
	s, err := from.mesh.Load().host.NewStream(context.Background(), id, libp2p.ID("/gmcn/"+proto))
	if err != nil {
		t.Fatal(err)
	}
	return &tapped{Stream: s}
}

func TestEqualNodesSayLittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, quiet)
		defer w.close()
		grow(t, w.nodes[0], 50)
		w.startAll()
		w.until(10*time.Minute, "equal", w.verified)
		w.until(10*time.Minute, "equal vectors", func() bool {
			a, _, _ := w.nodes[0].vector()
			b, _, _ := w.nodes[1].vector()
			return a == b
		})
		s := w.open(0, 1, "hello/1")
		if err := w.nodes[0].mesh.Load().hello(s, w.peerID(1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if got := s.in.Load() + s.out.Load(); got > 300 || s.turns.Load() != 1 {
			t.Errorf("an equal exchange took %d bytes and %d round trips, want at most 300 and 1", got, s.turns.Load())
		} else {
			t.Logf("an equal exchange: %d bytes, %d round trip", got, s.turns.Load())
		}
		// And whoever pulls all the same is told that there is nothing.
		s = w.open(0, 1, "sync/1")
		if _, err := w.nodes[0].mesh.Load().pullOn(s, w.peerID(1)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if s.in.Load() > 20 {
			t.Errorf("an equal pull was answered with %d bytes", s.in.Load())
		}
	})
}

// TestJoiningByBlocks lets a member join whose log is pulled by blocks: cut off on the way, it goes on where it stopped.
func TestJoiningByBlocks(t *testing.T) {
	if raceEnabled {
		t.Skip("signs six thousand records")
	}
	bubble(t, func(t *testing.T) {
		const records = 6 * protocol.BlockSize
		w := newWorld(t, 2, quiet)
		defer w.close()
		grow(t, w.nodes[0], records)
		draft := testDraft("closed", "XA")
		if err := w.nodes[0].SaveDraft(draft); err != nil {
			t.Fatal(err)
		}
		r, err := w.nodes[0].Publish(draft.ID)
		if err != nil {
			t.Fatal(err)
		}
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.nodes[0].signHead()
		w.start(0)
		w.nodes[1].RemoveMember(w.nodes[0].Origin()) // so that it does not pull by itself
		w.start(1)
		time.Sleep(time.Second)
		m := w.nodes[1].mesh.Load()
		if err := w.nodes[1].store.SetMember(w.nodes[0].Card(), protocol.Active, time.Now()); err != nil {
			t.Fatal(err)
		}
		if err := w.nodes[1].loadMembers(); err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "connected", func() bool { return len(m.host.Network().Peers()) == 1 })
		whole := int64(0)
		for i := range 12 {
			s := w.open(1, 0, "sync/1")
			s.limit = 2 << 20
			_, err := m.pullOn(s, w.peerID(0))
			s.Reset()
			whole += s.in.Load()
			if i == 0 && !w.gone(1, closed) {
				t.Error("the takedown did not come first")
			}
			if err == nil {
				break
			}
		}
		state, err := w.nodes[1].store.LogState(w.nodes[0].Origin())
		if err != nil || state.Live != records || w.peer(1, 0).State != protocol.Fresh {
			t.Fatalf("%d of %d records, %s (%v)", state.Live, records, w.peer(1, 0).State, err)
		}
		t.Logf("%d records in %d kB of broken pulls", records, whole>>10)
	})
}

// TestASpoiltBlockIsJudgedRecordByRecord has the peer spoil one record of a block that it serves: the others are taken, the
// spoilt one is not, and the peer is blamed.
func TestASpoiltBlockIsJudgedRecordByRecord(t *testing.T) {
	if raceEnabled {
		t.Skip("signs five thousand records")
	}
	bubble(t, func(t *testing.T) {
		const records = 5 * protocol.BlockSize
		w := newWorld(t, 2, quiet)
		defer w.close()
		grow(t, w.nodes[0], records)
		var spoilt []byte
		w.start(0)
		time.Sleep(time.Second)
		w.lies(0, 1, func(f *protocol.Frame) *protocol.Frame {
			if f.Recs == nil {
				return f
			}
			for i, raw := range f.Recs.Records {
				if spoilt == nil && i == 3 {
					spoilt = raw
				}
				if bytes.Equal(raw, spoilt) {
					f.Recs.Records[i] = bytes.Clone(raw)
					f.Recs.Records[i][len(raw)-1] ^= 1
				}
			}
			return f
		})
		w.start(1)
		live := func() uint64 {
			state, err := w.nodes[1].store.LogState(w.nodes[0].Origin())
			if err != nil {
				t.Fatal(err)
			}
			return state.Live
		}
		w.until(10*time.Minute, "the rest of the block", func() bool { return live() >= protocol.BlockSize-2 })
		if m := w.nodes[1].mesh.Load(); m.blamed(w.peerID(0)) < blameWaste {
			t.Error("the peer is not blamed")
		}
		time.Sleep(10 * time.Minute)
		if got := live(); got >= records || w.peer(1, 0).State == protocol.Fresh {
			t.Errorf("%d records, %s: the spoilt one was taken", got, w.peer(1, 0).State)
		}
		w.lies(0, 1, func(f *protocol.Frame) *protocol.Frame { return f })
		w.until(10*time.Minute, "whole once the peer is honest", func() bool { return live() == records && w.peer(1, 0).State == protocol.Fresh })
	})
}

// TestTheSilentAreShreddedAndComeBack leaves an origin dead for longer than a month beyond its lease.
func TestTheSilentAreShreddedAndComeBack(t *testing.T) {
	inWorld(t, 3, quiet, func(t *testing.T, w *world) {
		r, r2 := w.publish(0, randomName()), w.publish(0, randomName())
		closed, err := w.nodes[0].CloseCase(r2.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.until(10*time.Minute, "everywhere", func() bool { return w.everywhere(w.shows, r)() && w.everywhere(w.gone, closed)() })
		for _, stop := range w.stops {
			stop()
		}
		live := func(i int) uint64 {
			state, err := w.nodes[i].store.LogState(w.nodes[0].Origin())
			if err != nil {
				t.Fatal(err)
			}
			return state.Live
		}
		time.Sleep(protocol.ShredAfter)
		w.nodes[1].shred()
		if live(1) != 1 || w.shows(1, r) || w.peer(1, 0).State != protocol.Dark {
			t.Errorf("%d cases, shown %t, %s: want them hidden and kept", live(1), w.shows(1, r), w.peer(1, 0).State)
		}
		time.Sleep(protocol.MinLease + time.Hour)
		w.nodes[1].shred()
		if live(1) != 0 || !w.gone(1, closed) || w.peer(1, 0).State != protocol.Shredded {
			t.Errorf("%d cases, closed %t, %s: want the case deleted and the takedown kept", live(1), w.gone(1, closed), w.peer(1, 0).State)
		}
		if got := w.nodes[1].accept(r.Bytes())[0].err; protocol.VerdictOf(got) != protocol.Ignore {
			t.Errorf("a record of a silent origin: %v, want it ignored", got)
		}
		w.start(1)
		w.start(2)
		w.until(time.Minute, "node 2 deletes the case by itself", func() bool { return live(2) == 0 })
		w.start(0)
		w.until(30*time.Minute, "shown again when the owner is back", func() bool { return w.shows(1, r) && w.shows(2, r) && w.gone(1, closed) })
	})
}
