package node

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/marcopolo/simnet"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// router is what stands between a node and the rest of a simulated network: it gives the node another address, and lets
// in only what answers.
type router struct {
	inner, outer netip.Addr
	// symmetric says that it gives every destination a port of its own, so that nobody can guess the one for him.
	symmetric bool
	// open says that it lets everything in that comes for the node's own port, as after a port mapping.
	open  bool
	ports map[netip.AddrPort]uint16          // outer port by destination; by the zero one for all
	sent  map[uint16]map[netip.AddrPort]bool // to whom the node has sent from an outer port
}

const innerPort = 8000

// newRouter puts a router before node i.
func newRouter(i int) *router {
	outer, _ := netip.AddrFromSlice(simnet.IntToPublicIPv4(i).To4())
	b := outer.As4()
	return &router{outer: outer, inner: netip.AddrFrom4([4]byte{10, 0, b[2], b[3]}), ports: map[netip.AddrPort]uint16{},
		sent: map[uint16]map[netip.AddrPort]bool{}}
}

func (r *router) listen() string { return fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", r.inner, innerPort) }

// out gives a packet of the node the router's address.
func (r *router) out(p *simnet.Packet) {
	to, key := addrPort(p.To), netip.AddrPort{}
	if r.symmetric {
		key = to
	}
	port, ok := r.ports[key]
	if !ok {
		port = uint16(20000 + 7*len(r.ports))
		if r.open {
			port = innerPort
		}
		r.ports[key], r.sent[port] = port, map[netip.AddrPort]bool{}
	}
	r.sent[port][to] = true
	p.From = udpAddr(r.outer, port)
}

// in gives a packet for the router to the node, if it answers.
func (r *router) in(p *simnet.Packet) bool {
	port := addrPort(p.To).Port()
	if !r.sent[port][addrPort(p.From)] && !(r.open && port == innerPort) {
		return false
	}
	p.To = udpAddr(r.inner, innerPort)
	return true
}

// route takes a packet through the routers of both ends, and says whether it gets through.
func (w *world) route(p *simnet.Packet) bool {
	for _, r := range w.routers {
		if r != nil && addrPort(p.From).Addr() == r.inner {
			r.out(p)
		}
	}
	for _, r := range w.routers {
		if r == nil {
			continue
		}
		switch addrPort(p.To).Addr() {
		case r.inner:
			return false // an address of another house
		case r.outer:
			return r.in(p)
		}
	}
	return true
}

// udpAddr returns an address as simnet compares them, in 16 bytes.
func udpAddr(ip netip.Addr, port uint16) *net.UDPAddr {
	return &net.UDPAddr{IP: net.IP(ip.AsSlice()).To16(), Port: int(port)}
}

func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

// behind makes a world whose nodes stand behind these routers and name no address; nil is a public address.
func behind(t testing.TB, routers ...*router) *world {
	w := newWorldOf(t, len(routers), func(i int) Details {
		d := testDetails(i)
		if routers[i] != nil {
			d.Addrs = nil
		}
		return d
	}, nil)
	w.routers = routers
	for i, n := range w.nodes {
		if r := routers[i]; r != nil {
			n.cfg.Listen = []string{r.listen()}
		}
	}
	return w
}

// reached returns how node i reaches node j.
func (w *world) reached(i, j int) (Reach, []*protocol.Card) {
	m := w.nodes[i].mesh.Load()
	if m == nil {
		return NotReached, nil
	}
	id, err := peerOf(w.nodes[j].Card())
	if err != nil {
		w.t.Fatal(err)
	}
	return m.reach(id)
}

// linked says whether two nodes are connected in one of these ways at both ends, and have a relayed link only if it is the
// only way. Two direct links at once are no harm.
func (w *world) linked(i, j int, how ...Reach) func() bool {
	return func() bool {
		a, _ := w.reached(i, j)
		b, _ := w.reached(j, i)
		conns := w.nodes[i].mesh.Load().host.Network().ConnsToPeer(w.peerID(j))
		return slices.Contains(how, a) && slices.Contains(how, b) && (a == Relayed || !slices.ContainsFunc(conns, relayed))
	}
}

// allWorks holds the usual times against what nodes i and j do: gossip, photos, pulls, takedowns and their receipts.
func (w *world) allWorks(i, j int) {
	w.t.Helper()
	for from, to := range map[int]int{i: j, j: i} {
		w.until(20*time.Second, "they gossip", func() bool {
			return slices.Contains(w.nodes[from].mesh.Load().topics[recordTopic].ListPeers(), w.peerID(to))
		})
	}
	for from, to := range map[int]int{i: j, j: i} {
		w.writes(from)
		r, p := w.publishPhoto(from, protocoltest.PortraitPNG(protocoltest.Invent(int64(90+from), 9), 400, 500))
		w.until(2*time.Second, "shown by gossip", func() bool { return w.shows(to, r) })
		w.until(20*time.Second, "the photo is there", func() bool { return w.has(to, p.File) && w.has(to, p.Thumb) })
		start := time.Now()
		w.closeCase(from, r)
		w.until(2*time.Second, "hidden", func() bool { return w.gone(to, r) })
		w.until(30*time.Second-time.Since(start), "receipted", w.confirmed(from, r, len(w.nodes)-1))
	}
	// More than is gossiped: the rest comes by pulls.
	w.writes(i)
	var many []*protocol.Record
	for range liveBurst + 20 {
		many = append(many, w.publish(i, randomName()))
	}
	w.until(30*time.Second, "more cases than are gossiped are there", func() bool {
		return !slices.ContainsFunc(many, func(r *protocol.Record) bool { return !w.shows(j, r) })
	})
}

// TestHolesArePunched: two who stand behind routers that let in only answers meet at a relay, and then need it no more.
func TestHolesArePunched(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := behind(t, nil, newRouter(1), newRouter(2))
		defer w.close()
		w.nodes[0].cfg.Relay = true
		w.run()
		w.until(30*time.Second, "they meet at the relay", w.linked(1, 2, Relayed))
		if _, through := w.reached(1, 2); len(through) != 1 || through[0].Origin() != w.nodes[0].Origin() {
			t.Errorf("connected through %v", through)
		}
		took := w.until(30*time.Second, "they are connected without the relay", w.linked(1, 2, Punched))
		t.Logf("without the relay %s after having met there", took)
		w.allWorks(1, 2)
		w.setCut(func(a, b int) bool { return a == 0 || b == 0 })
		time.Sleep(2 * time.Minute)
		if !w.linked(1, 2, Punched)() {
			t.Error("the direct connection broke with the relay")
		}
		if r, _ := w.reached(1, 0); r != NotReached {
			t.Errorf("the relay is %s", r)
		}
		for from := 1; from < 3; from++ {
			r := w.publish(from, randomName())
			w.until(2*time.Second, "shown by gossip", func() bool { return w.shows(3-from, r) })
		}
	})
}

// TestAHoleIsPunchedLater: what failed when two met at the relay is tried again.
func TestAHoleIsPunchedLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := behind(t, nil, newRouter(1), newRouter(2))
		defer w.close()
		w.nodes[0].cfg.Relay = true
		w.setCut(func(a, b int) bool { return a+b == 3 })
		w.run()
		w.until(30*time.Second, "they meet at the relay", w.linked(1, 2, Relayed))
		time.Sleep(10 * time.Minute)
		if !w.linked(1, 2, Relayed)() {
			t.Error("connected where nothing goes through")
		}
		w.setCut(nil)
		took := w.until(3*time.Hour, "they are connected without the relay", w.linked(1, 2, Punched))
		t.Logf("without the relay %s after that was possible", took)
		w.allWorks(1, 2)
	})
}

// TestRoutersThatCannotBePunched: between routers of which one gives every destination another port everything goes
// through the relay, in the usual times, and goes on when the relay comes back.
func TestRoutersThatCannotBePunched(t *testing.T) {
	for name, second := range map[string]bool{"both": true, "one": false} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := behind(t, nil, newRouter(1), newRouter(2))
				defer w.close()
				w.routers[1].symmetric, w.routers[2].symmetric = true, second
				w.nodes[0].cfg.Relay = true
				w.run()
				w.until(30*time.Second, "they meet at the relay", w.linked(1, 2, Relayed))
				w.allWorks(1, 2)
				time.Sleep(20 * time.Minute)
				if !w.linked(1, 2, Relayed)() {
					t.Error("connected in another way")
				}
				w.stops[0]()
				time.Sleep(time.Second)
				w.restart(0)
				time.Sleep(5 * time.Second)
				w.until(time.Minute, "they meet at the relay again", w.linked(1, 2, Relayed))
				w.allWorks(1, 2)
			})
		})
	}
}

// TestAnotherRelayTakesOver: two whose relay stops without a word meet at another.
func TestAnotherRelayTakesOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := behind(t, nil, newRouter(1), newRouter(2), nil)
		defer w.close()
		w.routers[1].symmetric, w.routers[2].symmetric = true, true
		w.nodes[0].cfg.Relay, w.nodes[3].cfg.Relay = true, true
		w.run()
		w.until(30*time.Second, "they meet at a relay", func() bool { how, _ := w.reached(1, 2); return how == Relayed })
		time.Sleep(10 * time.Second)
		for _, first := range []int{0, 3} {
			w.setCut(func(a, b int) bool { return a == first || b == first })
			took := w.until(time.Minute, "they meet at the other", func() bool {
				how, through := w.reached(1, 2)
				return how == Relayed && !slices.ContainsFunc(through, func(c *protocol.Card) bool { return c.Origin() == w.nodes[first].Origin() })
			})
			t.Logf("at the other relay after %s", took)
			r := w.publish(1, randomName())
			w.until(2*time.Minute, "the case is there", func() bool { return w.shows(2, r) })
			w.setCut(nil)
			w.until(6*time.Minute, "the relay is back", func() bool { how, _ := w.reached(1, first); return how != NotReached })
		}
	})
}

// TestAnOpenPortIsFound: a router that was asked for our port lets in who knows it, and one that gives every destination
// another port can be left through it.
func TestAnOpenPortIsFound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := behind(t, nil, newRouter(1), newRouter(2))
		defer w.close()
		w.routers[1].symmetric, w.routers[2].open = true, true
		w.nodes[0].cfg.Relay = true
		w.run()
		w.until(time.Minute, "they are connected without the relay", w.linked(1, 2, Punched))
		w.allWorks(1, 2)
	})
}

// TestOneBehindARouter: who stands behind a router calls who has an address, and that is enough for both.
func TestOneBehindARouter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := behind(t, nil, newRouter(1))
		defer w.close()
		w.routers[1].symmetric = true
		w.run()
		w.until(30*time.Second, "they are connected", w.linked(0, 1, Calls, Called))
		if how, _ := w.reached(0, 1); how != Calls {
			t.Errorf("seen from the public address: %s", how)
		}
		w.allWorks(0, 1)
	})
}
