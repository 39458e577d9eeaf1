package node

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nbd-wtf/go-nostr/nip77/negentropy"
	"github.com/nbd-wtf/go-nostr/nip77/negentropy/storage/vector"

	"github.com/gmcn/gmcn/protocol"
)

var benchRecords = flag.Int("records", 50_000, "how many records a node of BenchmarkCatchUp has")

// differences is how many records one side of the benchmark lacks.
const differences = 1000

// signMany signs n cases of a's own log, on every core, and stores them there.
func signMany(b testing.TB, a *Node, n int) {
	b.Helper()
	const batch = 16_384
	state, err := a.store.LogState(a.Origin())
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	invent := func(h protocol.Header) (*protocol.Record, error) {
		d := testDraft(randomName(), "XA")
		d.Case.From.Locality = "Lindport"
		d.Case.What = protocol.Text{"en": "Last seen at the harbour in the evening, in a yellow coat, on the way to a friend in the old town."}
		h.At, h.ReviewBy = now, now.Add(protocol.ReviewAfter)
		return protocol.Sign(a.key, protocol.Entry{Header: h, Case: &d.Case})
	}
	for from := 0; from < n-1; from += batch {
		records := make([]*protocol.Record, min(batch, n-1-from))
		each(len(records), func(i int) {
			r, err := invent(protocol.Header{Origin: a.Origin(), Epoch: 1, Seq: state.Seq + uint64(from+i) + 1, Case: protocol.NewCaseID(), Rev: 1})
			if err != nil {
				panic(err)
			}
			records[i] = r
		})
		if _, err := a.store.PutAll(records); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := a.store.Append(protocol.NewCaseID(), 1, invent); err != nil { // a head is signed for a number that the store assigned
		b.Fatal(err)
	}
	if _, err := a.signHead(); err != nil && !errors.Is(err, ErrWaiting) { // which the node does when it runs
		b.Fatal(err)
	}
}

// BenchmarkCatchUp measures two nodes on loopback TCP, of which one has a log of -records: a new member joins; both are
// equal; a thousand records differ. Beside it, in the same run: the same records pulled with a signature checked for
// each, and negentropy (range-based set reconciliation) over the same sets.
func BenchmarkCatchUp(b *testing.B) {
	n := *benchRecords
	a, c := benchPair(b, false, func(a *Node) {
		start := time.Now()
		signMany(b, a, n)
		b.Logf("%d records signed and stored in %s", n, time.Since(start))
	})
	m := c.mesh.Load()
	id, err := peerOf(a.Card())
	if err != nil {
		b.Fatal(err)
	}
	o := a.Origin()
	holds := func(want int) {
		b.Helper()
		state, err := c.store.LogState(o)
		if err != nil || int(state.Live) != want {
			b.Fatalf("%d of %d records, %v", state.Live, want, err)
		}
	}
	idle := func() { // no pull of before goes on
		for busy := true; busy; time.Sleep(10 * time.Millisecond) {
			c.shares.mu.Lock()
			busy = len(c.shares.of) > 0
			c.shares.mu.Unlock()
		}
	}
	b.Run("plain", func(b *testing.B) {
		some := min(n, 10*protocol.BlockSize)
		var cpu time.Duration
		for b.Loop() {
			b.StopTimer()
			idle()
			forget(b, c, a.Card())
			b.StartTimer()
			before := cpuTime()
			plainPull(b, c, a, some)
			cpu += cpuTime() - before
		}
		b.ReportMetric(float64(some*b.N)/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(float64(cpu.Microseconds())/float64(some*b.N), "cpu-us/record")
	})
	b.Run("join", func(b *testing.B) {
		var cpu time.Duration
		for b.Loop() {
			b.StopTimer()
			idle()
			forget(b, c, a.Card())
			a.budgets.mu.Lock()
			clear(a.budgets.of) // what was read before
			a.budgets.mu.Unlock()
			b.StartTimer()
			before := cpuTime()
			for live := 0; live < n; { // a pull is cut off after pullTime
				if _, err := m.pullOnce(b.Context(), id); err != nil {
					b.Log(err)
				}
				state, err := c.store.LogState(o)
				if err != nil {
					b.Fatal(err)
				}
				live = int(state.Live)
			}
			cpu += cpuTime() - before
		}
		b.ReportMetric(float64(cpu.Microseconds())/float64(n*b.N), "cpu-us/record")
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
		holds(n)
		if p, err := c.state(o, time.Now()); err != nil || p != protocol.Fresh {
			b.Fatalf("joined, and %s (%v)", p, err)
		}
		var mem runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/2/(1<<20), "MiB/node")
	})
	b.Run("equal", func(b *testing.B) {
		bytes := int64(0)
		greetings := 0
		for b.Loop() {
			s := openTapped(b, c, a, "hello/1")
			if err := m.hello(s, id); err != nil {
				b.Fatal(err)
			}
			s.Close()
			bytes += s.in.Load() + s.out.Load()
			greetings++
		}
		b.ReportMetric(float64(bytes)/float64(greetings), "bytes")
	})
	b.Run("differ", func(b *testing.B) {
		over, pulls := int64(0), 0
		for b.Loop() {
			b.StopTimer()
			signMany(b, a, differences)
			n += differences
			b.StartTimer()
			s := openTapped(b, c, a, "sync/1")
			if _, err := m.pullOn(s, id); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			s.Close()
			holds(n)
			over += s.in.Load() + s.out.Load() - sizeOf(b, a, n-differences)
			pulls++
			b.StartTimer()
		}
		b.ReportMetric(float64(over)/float64(pulls), "bytes-beyond")
		if over/int64(pulls) > 20_000 {
			b.Errorf("%d records cost %d bytes beyond their own", differences, over/int64(pulls))
		}
	})
	for _, d := range []int{0, differences} {
		b.Run(fmt.Sprintf("negentropy/%d", d), func(b *testing.B) {
			ours, theirs := vector.New(), vector.New()
			for i := range n {
				id := fmt.Sprintf("%016x%048x", rand.Uint64(), i)
				theirs.Insert(1700000000, id)
				if d == 0 || i%(n/d) != 0 {
					ours.Insert(1700000000, id)
				}
			}
			ours.Seal()
			theirs.Seal()
			b.ResetTimer()
			bytes, runs := 0, 0
			for b.Loop() {
				bytes += reconcile(b, ours, theirs)
				runs++
			}
			b.ReportMetric(float64(bytes)/float64(runs), "bytes")
		})
	}
}

// cpuTime is what this process has used of all cores: both ends of a pull.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sizeOf returns the bytes of a's own records after a place of its log.
func sizeOf(b testing.TB, a *Node, after int) (size int64) {
	err := a.store.Walk(protocol.LogPlace{Origin: a.Origin(), Epoch: 1, Seq: uint64(after)}, false, func(_ uint64, raw []byte) error {
		size += int64(len(raw))
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return size
}

// plainPull gets n records of a by whole blocks and checks the signature of each.
func plainPull(b testing.TB, c, a *Node, n int) {
	b.Helper()
	s := openTapped(b, c, a, "sync/1")
	defer s.Close()
	f := frames(s)
	var logs []protocol.Holding
	if err := f.send(protocol.Frame{Have: &protocol.Have{Logs: logs}}); err != nil {
		b.Fatal(err)
	}
	p := &pulling{m: c.mesh.Load(), n: c, f: f, done: map[protocol.Origin]*protocol.Done{}, unsettled: map[protocol.Origin]bool{}}
	if _, err := p.answer(); err != nil {
		b.Fatal(err)
	}
	var indexes []uint64
	for i := range n / protocol.BlockSize {
		indexes = append(indexes, uint64(i))
	}
	if err := p.whole(a.Origin(), 1, indexes, nil); err != nil {
		b.Fatal(err)
	}
}

// reconcile runs negentropy between two sets and returns the bytes of its messages.
func reconcile(b testing.TB, ours, theirs negentropy.Storage) (bytes int) {
	b.Helper()
	client, server := negentropy.New(ours, 1<<30), negentropy.New(theirs, 1<<30)
	var wg sync.WaitGroup
	for _, c := range []chan string{client.Haves, client.HaveNots} {
		wg.Go(func() {
			for range c {
			}
		})
	}
	msg := client.Start()
	for msg != "" {
		bytes += len(msg) / 2
		answer, err := server.Reconcile(msg)
		if err != nil {
			b.Fatal(err)
		}
		bytes += len(answer) / 2
		if msg, err = client.Reconcile(answer); err != nil {
			b.Fatal(err)
		}
	}
	wg.Wait()
	return bytes
}
