package node

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math/rand/v2"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// world is a simulated network of real nodes: real QUIC, real gossipsub, real bbolt files, virtual time.
type world struct {
	t     testing.TB
	net   *simnet.Simnet
	nodes []*Node
	stops []func()

	skew []atomic.Int64 // how far each node's clock is ahead, in ns

	mu  sync.Mutex
	cut func(a, b int) bool // says which pairs hear nothing of each other
	// weather says how much longer a packet takes, and whether it is lost; nil for a fine day.
	weather func(a, b int) (longer time.Duration, lost bool)
	// routers stand between nodes and the rest; see nat_test.go.
	routers []*router
}

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if raceEnabled { // golang/go #78156
		prev := runtime.GOMAXPROCS(1)
		t.Cleanup(func() { runtime.GOMAXPROCS(prev) })
	}
	synctest.Test(t, f)
}

// inWorld runs f in virtual time, in a newWorld of n nodes that have started. It closes the world after f.
func inWorld(t *testing.T, n int, change func(i int, cfg *Config), f func(t *testing.T, w *world)) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		w := newWorld(t, n, change)
		defer w.close()
		w.startAll()
		f(t, w)
	})
}

// newWorld makes n nodes that have all accepted each other, with links of 10 to 150 ms, and starts none.
func newWorld(t testing.TB, n int, change func(i int, cfg *Config)) *world {
	return newWorldOf(t, n, testDetails, change)
}

// newWorldOf is newWorld with other cards than testDetails.
func newWorldOf(t testing.TB, n int, details func(i int) Details, change func(i int, cfg *Config)) *world {
	w := newStrangersOf(t, n, details, change)
	for i, node := range w.nodes {
		for j, other := range w.nodes {
			if j != i {
				if err := node.AddMember(other.Card()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return w
}

// newStrangers makes n nodes that know nothing of each other.
func newStrangers(t testing.TB, n int, change func(i int, cfg *Config)) *world {
	return newStrangersOf(t, n, testDetails, change)
}

func newStrangersOf(t testing.TB, n int, details func(i int) Details, change func(i int, cfg *Config)) *world {
	w := &world{t: t, skew: make([]atomic.Int64, n)}
	w.net = &simnet.Simnet{LatencyFunc: w.latency, Logger: slog.New(slog.DiscardHandler)}
	dir := t.TempDir()
	for i := range n {
		_, err := Init(filepath.Join(dir, fmt.Sprint(i)), details(i), Secret{Passphrase: "correct horse", Work: 1})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		cfg := Config{Dir: filepath.Join(dir, fmt.Sprint(i)), Listen: []string{testAddr(i)}, options: w.links(), clock: func() time.Time { return w.clock(i) }}
		if change != nil {
			change(i, &cfg)
		}
		node, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, node)
		w.stops = append(w.stops, func() {})
	}
	w.net.Start()
	return w
}

// clock is what node i's clock says.
func (w *world) clock(i int) time.Time { return time.Now().Add(time.Duration(w.skew[i].Load())) }

// setClock sets node i's clock ahead, or behind if d is negative.
func (w *world) setClock(i int, d time.Duration) { w.skew[i].Store(int64(d)) }

// links puts a host on the simulated network.
func (w *world) links() []libp2p.Option {
	return []libp2p.Option{
		simlibp2p.QUICSimnet(w.net, simnet.NodeBiDiLinkSettings{
			Downlink: simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
			Uplink:   simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
		}),
		libp2p.ResourceManager(&network.NullResourceManager{}),
	}
}

func testDetails(i int) Details {
	return Details{
		Country: string([]byte{'A' + byte(i/26), 'A' + byte(i%26)}), Names: protocol.Text{"en": fmt.Sprintf("Member %d", i)},
		Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://member.example", Languages: []string{"en"},
		Addrs: []string{testAddr(i)},
	}
}

func testAddr(i int) string {
	return fmt.Sprintf("/ip4/%s/udp/8000/quic-v1", simnet.IntToPublicIPv4(i))
}

// lose has the network drop a packet, and keep nothing of it: to nobody it goes at once.
func lose(p *simnet.Packet) time.Duration {
	*p = simnet.Packet{From: p.From, To: &net.UDPAddr{}}
	return 0
}

// latency gives each pair of nodes its own delay, and loses packets across a cut.
func (w *world) latency(p *simnet.Packet) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.route(p) {
		return lose(p)
	}
	a, b := nodeOf(p.From), nodeOf(p.To)
	if w.cut != nil && w.cut(a, b) {
		return lose(p)
	}
	var longer time.Duration
	if w.weather != nil {
		var lost bool
		if longer, lost = w.weather(a, b); lost {
			return lose(p)
		}
	}
	h := fnv.New64a()
	fmt.Fprint(h, min(a, b), "/", max(a, b))
	return longer + 10*time.Millisecond + time.Duration(h.Sum64()%140)*time.Millisecond
}

func nodeOf(a net.Addr) int {
	ip := a.(*net.UDPAddr).IP.To4()
	return int(ip[2])<<8 + int(ip[3]) - 1
}

func (w *world) setCut(cut func(a, b int) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
}

// start runs node i until stop or the end, and waits until it is on the network.
func (w *world) start(i int) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.nodes[i].Run(ctx) }()
	w.stops[i] = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("node %d: %v", i, err)
		}
		w.stops[i] = func() {}
	}
	w.until(time.Minute, "the node is on the network", func() bool { return w.nodes[i].mesh.Load() != nil })
}

// run starts every node.
func (w *world) run() {
	for i := range w.nodes {
		w.start(i)
	}
}

// startAll runs every node and waits until all are connected and publish.
func (w *world) startAll() {
	w.run()
	w.until(time.Minute, "every node connected to every other", func() bool {
		for _, n := range w.nodes {
			m := n.mesh.Load()
			if m == nil || len(m.host.Network().Peers()) < len(w.nodes)-1 || !n.gate.open() {
				return false
			}
		}
		return true
	})
}

// close stops every node, checks every store and takes the network down.
func (w *world) close() {
	for _, stop := range w.stops {
		stop()
	}
	for i, n := range w.nodes {
		if err := n.Check(); err != nil {
			w.t.Errorf("store of node %d is not whole: %v", i, err)
		}
		if err := n.Close(); err != nil {
			w.t.Error(err)
		}
	}
	w.net.Close()
}

// until waits, in virtual time, for something to become true, and says how long it took.
func (w *world) until(limit time.Duration, what string, ok func() bool) time.Duration {
	w.t.Helper()
	start := time.Now()
	for !ok() {
		if time.Since(start) > limit {
			w.t.Fatalf("after %s of virtual time it is not so: %s", limit, what)
		}
		time.Sleep(max(10*time.Millisecond, limit/1000))
	}
	return time.Since(start)
}

// writes waits until node i, which runs or is to write at once, may write.
func (w *world) writes(i int) {
	w.t.Helper()
	w.until(11*time.Minute, "the gate is open", w.nodes[i].gate.open)
}

// publish makes a case at node i, when it may write, and returns its record.
func (w *world) publish(i int, name string) *protocol.Record {
	w.t.Helper()
	w.writes(i)
	d := testDraft(name, testDetails(i).Country)
	if err := w.nodes[i].SaveDraft(d); err != nil {
		w.t.Fatal(err)
	}
	r, err := w.nodes[i].Publish(d.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// publishEverywhere makes a case at node i and returns its record when every node shows it.
func (w *world) publishEverywhere(i int) *protocol.Record {
	w.t.Helper()
	r := w.publish(i, randomName())
	w.until(10*time.Second, "shown everywhere", w.everywhere(w.shows, r))
	return r
}

func testDraft(name, country string) *store.Draft {
	return &store.Draft{Case: protocol.Case{
		Number: "T-" + name, Kind: protocol.EndangeredMissing,
		Children: []protocol.Child{{Name: name, Sex: "female"}},
		Since:    protocol.Date{Year: uint16(time.Now().Year())}, From: protocol.Place{Country: country},
	}}
}

// shows says whether node i shows the case to the public.
func (w *world) shows(i int, r *protocol.Record) bool {
	s, err := w.nodes[i].Public().Case(r.Header().Ref())
	return err == nil && s.Rev >= r.Header().Rev
}

func (w *world) gone(i int, r *protocol.Record) bool {
	_, err := w.nodes[i].Public().Case(r.Header().Ref())
	return errors.Is(err, store.ErrGone)
}

// everywhere says whether every node says so of every record.
func (w *world) everywhere(is func(int, *protocol.Record) bool, records ...*protocol.Record) func() bool {
	return func() bool {
		for i := range w.nodes {
			for _, r := range records {
				if !is(i, r) {
					return false
				}
			}
		}
		return true
	}
}

// p99 returns the 99th percentile.
func p99(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[(len(d)*99+99)/100-1]
}

func (w *world) peerID(i int) peer.ID { return w.nodes[i].mesh.Load().host.ID() }

// nameStart begins every randomName, which has nameMore bytes more.
const (
	nameStart = "child-"
	nameMore  = 8
)

func randomName() string { return fmt.Sprintf("%s%0*x", nameStart, nameMore, rand.Uint32()) }
