package node

import (
	"context"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// loopback runs real nodes on this machine's loopback, all members of each other; only the first listens and relays.
func loopback(t *testing.T, nodes int) *world {
	w := &world{t: t}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, nodes)
	for i := range nodes {
		dir := t.TempDir()
		d := testDetails(i)
		d.Addrs = nil
		cfg := Config{Dir: dir, Listen: []string{}}
		if i == 0 {
			d.Addrs = []string{"/ip4/127.0.0.1/tcp/39811"}
			cfg.Listen, cfg.Relay = d.Addrs, true
		}
		if _, err := Init(dir, d, Secret{Passphrase: "p", Work: 1}); err != nil {
			t.Fatal(err)
		}
		n, err := Open(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w.nodes = append(w.nodes, n)
	}
	for i, n := range w.nodes {
		for j, other := range w.nodes {
			if i != j {
				if err := n.AddMember(other.Card()); err != nil {
					t.Fatal(err)
				}
			}
		}
		go func() { done <- n.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for _, n := range w.nodes {
			if err := <-done; err != nil {
				t.Error(err)
			}
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return w
}

// TestTwoWhoCannotBeDialledMeet: two nodes listen nowhere and reach each other through a third that relays, without the
// limits that would keep gossip from running; more goes through than libp2p's own relays let pass.
func TestTwoWhoCannotBeDialledMeet(t *testing.T) {
	w := loopback(t, 3)
	a, b := w.nodes[1], w.nodes[2]
	id, err := peerOf(b.Card())
	if err != nil {
		t.Fatal(err)
	}
	w.until(time.Minute, "they are connected", func() bool {
		m := a.mesh.Load()
		return m != nil && m.host.Network().Connectedness(id) == network.Connected
	})
	m := a.mesh.Load()
	for _, c := range m.host.Network().ConnsToPeer(id) {
		if _, err := c.RemoteMultiaddr().ValueForProtocol(multiaddr.P_CIRCUIT); err != nil || c.Stat().Limited {
			t.Errorf("connected at %s, limited: %t; want an unlimited relay", c.RemoteMultiaddr(), c.Stat().Limited)
		}
	}
	w.until(20*time.Second, "they gossip", func() bool {
		for _, p := range m.topics[recordTopic].ListPeers() {
			if p == id {
				return true
			}
		}
		return false
	})
	for from := range 2 {
		r, p := w.publishPhoto(from+1, protocoltest.PortraitPNG(protocoltest.Invent(int64(70+from), 9), 1000, 1300))
		w.until(20*time.Second, "the case is everywhere", w.everywhere(w.shows, r))
		w.until(20*time.Second, "its photo is everywhere", w.hasPhoto(p))
	}
	// Straight over the relayed link, more than the 128 KiB after which libp2p's own relays hang up.
	bytes := a.metrics.traffic.of(id)
	for i := 0; bytes.in.Load() < 300<<10; i++ {
		_, p := w.publishPhoto(2, protocoltest.PortraitPNG(protocoltest.Invent(int64(80+i), 9), 1000, 1300))
		w.until(20*time.Second, "the photo is everywhere", w.hasPhoto(p))
	}
	if got := m.host.Network().ConnsToPeer(id); len(got) == 0 || m.direct(id) {
		t.Error("the relayed link broke")
	}
	peers, err := a.Peers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers[1:] {
		want, relay := Relayed, p.Member.Card.Origin() == w.nodes[0].Origin()
		if relay {
			want = Called
		}
		if !p.Connected || p.Relays != relay || p.Reach != want {
			t.Errorf("a member connected %t, relays %t, reached: %s, want %s", p.Connected, p.Relays, p.Reach, want)
		}
		if !relay && (len(p.Through) != 1 || p.Through[0].Origin() != w.nodes[0].Origin()) {
			t.Errorf("through %v", p.Through)
		}
	}
}

// TestManyMembersBehindOneAddress: 200 members that share a host may all connect, and one of them cannot take it all.
func TestManyMembersBehindOneAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		rm, err := resources()
		if err != nil {
			t.Fatal(err)
		}
		defer rm.Close()
		from := multiaddr.StringCast("/ip4/203.0.113.7/tcp/4001")
		open := func(n int) (opened int) {
			for range n {
				time.Sleep(time.Second) // they do not all dial in one second
				if _, err := rm.OpenConnection(network.DirInbound, true, from); err == nil {
					opened++
				}
			}
			return opened
		}
		if got := open(200); got != 200 {
			t.Errorf("%d of 200 connections from one address", got)
		}
		if got := 200 + open(plannedConns); got != plannedConns/2 {
			t.Errorf("%d connections from one address, want %d at most", got, plannedConns/2)
		}
	})
}
