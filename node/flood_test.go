package node

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	libp2p "github.com/libp2p/go-libp2p/core/protocol"

	"github.com/gmcn/gmcn/protocol"
)

const (
	floodNodes  = 5
	floodRounds = 20
	floodHeld   = 500 // records that there are before
	floodTimes  = 100 // how often beyond its budget the hostile member does everything
)

// flood is what a hostile member got done.
type flood struct {
	records, heads, hellos, streams, photos atomic.Int64
	read                                    atomic.Int64 // records that it was given
}

// TestAFloodByAMemberSlowsNobody has one accepted member do all that a member may do, a hundred times as often as its
// budget has it: the others' cases are as fast as without it, and what it got out of every node is what the budget says.
func TestAFloodByAMemberSlowsNobody(t *testing.T) {
	if raceEnabled {
		t.Skip("signs ten thousand records")
	}
	var calm, stormy time.Duration
	var calmCPU, stormyCPU time.Duration
	for _, hostile := range []bool{false, true} {
		inWorld(t, floodNodes, nil, func(t *testing.T, w *world) {
			grow(t, w.nodes[1], floodHeld)
			w.until(10*time.Minute, "the logs are equal", w.verified)
			time.Sleep(time.Minute)
			var f flood
			end := func() {}
			if hostile {
				end = w.flood(0, &f)
				time.Sleep(5 * time.Second)
			}
			cpu, start := cpuTime(), time.Now()
			p := p99(w.spread(floodRounds, 1))
			took := time.Since(start)
			cpu = cpuTime() - cpu
			end()
			if !hostile {
				calm, calmCPU = p, cpu
				return
			}
			stormy, stormyCPU = p, cpu
			t.Logf("in %s the hostile member sent %d records, %d heads; was answered on %d of %d streams, %d hellos, %d photos, and given %d records",
				took, f.records.Load(), f.heads.Load(), f.hellos.Load()+f.photos.Load(), f.streams.Load(), f.hellos.Load(), f.photos.Load(), f.read.Load())
			seconds, held := int64((took+5*time.Second)/time.Second)+1, 0
			for _, n := range w.nodes[1:] {
				held = max(held, n.held()) // with what the hostile member has published meanwhile
			}
			most := func(what string, got, rate, burst int64) {
				t.Helper()
				if each := rate*seconds + burst; got > each*(floodNodes-1) {
					t.Errorf("%s: %d, want at most %d of each node", what, got, each)
				}
			}
			most("hellos answered", f.hellos.Load(), helloRate, helloBurst)
			most("records given", f.read.Load(), readRate, readBurst+2*int64(held))
			most("photos given or denied", f.photos.Load(), photoRate/photoLeast, photoBurst/photoLeast)
			if f.read.Load() == 0 || f.hellos.Load() == 0 || f.photos.Load() == 0 {
				t.Error("there was no flood: nothing is tested")
			}
		})
	}
	t.Logf("publish to visible at %d nodes: p99 %s, under the flood %s (%.2f x); CPU %s and %s", floodNodes-1, calm, stormy, float64(stormy)/float64(calm),
		calmCPU, stormyCPU)
	if stormy > 2*calm {
		t.Errorf("under the flood a case takes %s, without it %s: more than twice as long", stormy, calm)
	}
}

// spread publishes rounds of cases at the nodes from first on, and returns how long each took to be shown at each of them.
func (w *world) spread(rounds, first int) (took []time.Duration) {
	for i := range rounds {
		start := time.Now()
		r := w.publish(first+i%(len(w.nodes)-first), randomName())
		shown := make([]bool, len(w.nodes))
		for left := len(w.nodes) - first; left > 0; {
			for j := first; j < len(w.nodes); j++ {
				if !shown[j] && w.shows(j, r) {
					shown[j] = true
					left--
					took = append(took, time.Since(start))
				}
			}
			if time.Since(start) > 30*time.Second {
				w.t.Fatalf("round %d: %d nodes do not show the case", i, left)
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
	}
	return took
}

// flood has node i do everything at once until the returned function is called.
func (w *world) flood(i int, f *flood) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	n, m := w.nodes[i], w.nodes[i].mesh.Load()
	every := func(d time.Duration, do func()) {
		wg.Go(func() {
			for sleep(ctx, d) {
				do()
			}
		})
	}
	state, err := n.store.LogState(n.Origin())
	if err != nil {
		w.t.Fatal(err)
	}
	seq := state.Seq
	// Records of its own, one after another, past its store: nobody else could tell.
	every(10*time.Millisecond, func() {
		for range liveRate * floodTimes / 100 {
			seq++
			if m.topics[recordTopic].Publish(ctx, w.sign(i, w.entry(i, seq)).Bytes()) == nil {
				f.records.Add(1)
			}
		}
	})
	every(time.Second/floodTimes, func() {
		now := time.Now()
		h, err := protocol.SignHead(n.key, protocol.Head{Origin: n.Origin(), Epoch: n.Card().Epoch, Seq: seq, Root: [32]byte{1}, Live: 1,
			Instance: n.store.Instance(), At: now, Until: now.Add(protocol.MinLease)})
		if err == nil && m.topics[headTopic].Publish(ctx, h.Bytes()) == nil {
			f.heads.Add(1)
		}
	})
	for j := range w.nodes {
		if j == i {
			continue
		}
		victim := w.nodes[j]
		ask := func(proto libp2p.ID, talk func(*framed) error) {
			f.streams.Add(1)
			s, err := m.host.NewStream(ctx, w.peerID(j), proto)
			if err != nil {
				return
			}
			stop := context.AfterFunc(ctx, func() { s.Reset() })
			defer stop()
			defer s.Reset()
			talk(frames(s))
		}
		every(time.Second/floodTimes, func() {
			ask(helloProtocol, func(fr *framed) error {
				hello, err := n.helloTo(w.peerID(j))
				if err != nil {
					return err
				}
				hello.Vector = [16]byte{byte(f.streams.Load())} // so that it is pulled from
				if err := fr.send(protocol.Frame{Hello: hello}); err != nil {
					return err
				}
				if _, err := fr.readHello(); err != nil {
					return err
				}
				f.hellos.Add(1)
				return nil
			})
		})
		for range 4 {
			every(10*time.Millisecond, func() {
				ask(syncProtocol, func(fr *framed) error { return w.drain(fr, victim, &f.read) })
			})
			every(10*time.Millisecond, func() {
				ask(blobProtocol, func(fr *framed) error {
					file := protocol.Link{Cid: protocol.PhotoCID(binary.BigEndian.AppendUint64(nil, uint64(f.streams.Load())))}
					if err := fr.send(protocol.Frame{Want: &protocol.Want{File: file}}); err != nil {
						return err
					}
					if got, err := fr.read(); err == nil && got.Data != nil && got.Data.State != protocol.BlobBusy {
						f.photos.Add(1)
					}
					return nil
				})
			})
		}
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

// drain asks a node for everything it has of everybody, and then for the blocks of one log, again and again.
func (w *world) drain(f *framed, victim *Node, read *atomic.Int64) error {
	have := &protocol.Have{}
	for _, n := range w.nodes {
		have.Logs = append(have.Logs, protocol.Holding{Origin: n.Origin()})
	}
	if err := f.send(protocol.Frame{Have: have}); err != nil {
		return err
	}
	for {
		got, err := f.read()
		if err != nil {
			return err
		}
		if got.Recs != nil {
			read.Add(int64(len(got.Recs.Records)))
		}
		if got.End != nil {
			break
		}
	}
	for {
		if err := f.send(protocol.Frame{Get: &protocol.Get{Origin: w.nodes[1].Origin(), Epoch: 1, Blocks: []uint64{0, 1}}}); err != nil {
			return err
		}
		for range 2 {
			for {
				got, err := f.read()
				if err != nil || got.Recs == nil {
					return errors.Join(err, io.EOF)
				}
				if read.Add(int64(len(got.Recs.Records))); got.Recs.Last {
					break
				}
			}
		}
	}
}
