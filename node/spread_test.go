package node

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/simlibp2p"
	"github.com/marcopolo/simnet"
	"golang.org/x/time/rate"

	"github.com/gmcn/gmcn/protocol"
)

const spreadRounds = 60

// TestSpreadAgainstPlainGossip measures, in virtual time on the same links, how long a case takes from Publish until it
// is on every node's site, and how long a message of its size takes by gossipsub as it comes.
func TestSpreadAgainstPlainGossip(t *testing.T) {
	var ours, plain []time.Duration
	inWorld(t, members, nil, func(t *testing.T, w *world) {
		time.Sleep(5 * time.Second)
		for i := range spreadRounds {
			start := time.Now()
			r := w.publish(i%members, randomName())
			shown := make([]bool, members)
			for left := members; left > 0; {
				for j := range shown {
					if !shown[j] && w.shows(j, r) {
						shown[j] = true
						left--
						ours = append(ours, time.Since(start))
					}
				}
				if time.Since(start) > 5*time.Second {
					t.Fatalf("round %d: %d nodes do not show the case", i, left)
				}
				time.Sleep(time.Millisecond)
			}
			time.Sleep(300 * time.Millisecond)
		}
	})
	bubble(t, func(t *testing.T) { plain = plainGossip(t) })
	a, b := p99(ours), p99(plain)
	t.Logf("publish to visible at %d nodes: p99 %s; plain gossipsub: %s (%.2f x)", members, a, b, float64(a)/float64(b))
	if float64(a) > 1.5*float64(b) {
		t.Errorf("a case takes %s, plain gossip %s: more than 1.5 times as long", a, b)
	}
}

// plainGossip returns the times from publish to delivery of messages of 1,200 bytes among members hosts with gossipsub's
// own parameters.
func plainGossip(t *testing.T) (took []time.Duration) {
	w := &world{t: t}
	w.net = &simnet.Simnet{LatencyFunc: w.latency}
	ctx, cancel := context.WithCancel(t.Context())
	var hosts []host.Host
	var topics []*pubsub.Topic
	arrived := make(chan time.Duration, members*spreadRounds)
	done := make(chan struct{}, members)
	for i := range members {
		h, err := libp2p.New(
			libp2p.ListenAddrStrings(testAddr(i)),
			simlibp2p.QUICSimnet(w.net, simnet.NodeBiDiLinkSettings{
				Downlink: simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
				Uplink:   simnet.LinkSettings{BitsPerSecond: 100 * simlibp2p.OneMbps},
			}),
			libp2p.DisableIdentifyAddressDiscovery(),
			libp2p.ResourceManager(&network.NullResourceManager{}),
		)
		if err != nil {
			t.Fatal(err)
		}
		hosts = append(hosts, h)
	}
	w.net.Start()
	for i, h := range hosts {
		ps, err := pubsub.NewGossipSub(ctx, h)
		if err != nil {
			t.Fatal(err)
		}
		topic, err := ps.Join("plain")
		if err != nil {
			t.Fatal(err)
		}
		sub, err := topic.Subscribe()
		if err != nil {
			t.Fatal(err)
		}
		topics = append(topics, topic)
		go func() {
			defer func() { done <- struct{}{} }()
			for {
				m, err := sub.Next(ctx)
				if err != nil {
					return
				}
				arrived <- time.Since(time.Unix(0, int64(binary.BigEndian.Uint64(m.Data))))
			}
		}()
		for _, other := range hosts[:i] {
			if err := h.Connect(ctx, peer.AddrInfo{ID: other.ID(), Addrs: other.Addrs()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	time.Sleep(5 * time.Second)
	for i := range spreadRounds {
		msg := make([]byte, 1200)
		binary.BigEndian.PutUint64(msg, uint64(time.Now().UnixNano()))
		if err := topics[i%members].Publish(ctx, msg); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	cancel()
	for range members {
		<-done
	}
	for _, h := range hosts {
		h.Close()
	}
	w.net.Close()
	close(arrived)
	for d := range arrived {
		took = append(took, d)
	}
	return took
}

// benchPair returns two running nodes on loopback; with gossip off nothing but the pull is measured.
func benchPair(b *testing.B, gossip bool, before func(a *Node)) (*Node, *Node) {
	var nodes []*Node
	for i := range 2 {
		dir := b.TempDir()
		d := testDetails(i)
		d.Addrs = []string{[]string{"/ip4/127.0.0.1/tcp/39801", "/ip4/127.0.0.1/tcp/39802"}[i]}
		if _, err := Init(dir, d, Secret{Passphrase: "p", Work: 1}); err != nil {
			b.Fatal(err)
		}
		n, err := Open(Config{Dir: dir, Listen: d.Addrs, noGossip: !gossip})
		if err != nil {
			b.Fatal(err)
		}
		nodes = append(nodes, n)
	}
	before(nodes[0])
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for i, n := range nodes {
		if err := n.AddMember(nodes[1-i].Card()); err != nil {
			b.Fatal(err)
		}
		go func() { done <- n.Run(ctx) }()
	}
	b.Cleanup(func() {
		cancel()
		for _, n := range nodes {
			if err := <-done; err != nil {
				b.Error(err)
			}
			defer n.Close()
		}
	})
	for m := nodes[1].mesh.Load(); m == nil || len(m.host.Network().Peers()) == 0; m = nodes[1].mesh.Load() {
		time.Sleep(10 * time.Millisecond)
	}
	return nodes[0], nodes[1]
}

// BenchmarkPublish takes a case from Publish until it is on another node's disk and to be shown, over loopback TCP;
// "plain" takes a message of its size by gossipsub as it comes from one host's Publish to the other's subscription. The
// difference is the signatures and what is made durable at both ends, which the delay of a real link hides.
func BenchmarkPublish(b *testing.B) {
	b.Run("case", func(b *testing.B) {
		a, c := benchPair(b, true, func(*Node) {})
		a.live.SetLimit(rate.Inf) // as an officer publishes, not as an import
		time.Sleep(2 * time.Second)
		for b.Loop() {
			b.StopTimer()
			d := testDraft(randomName(), "XA")
			if err := a.SaveDraft(d); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			r, err := a.Publish(d.ID)
			if err != nil {
				b.Fatal(err)
			}
			for ref := r.Header().Ref(); ; time.Sleep(50 * time.Microsecond) {
				if _, err := c.Public().Case(ref); err == nil {
					break
				}
			}
		}
	})
	b.Run("plain", func(b *testing.B) {
		var topics []*pubsub.Topic
		var sub *pubsub.Subscription
		var hosts []host.Host
		for range 2 {
			h, err := libp2p.New(libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
			if err != nil {
				b.Fatal(err)
			}
			defer h.Close()
			ps, err := pubsub.NewGossipSub(b.Context(), h)
			if err != nil {
				b.Fatal(err)
			}
			t, err := ps.Join("plain")
			if err != nil {
				b.Fatal(err)
			}
			if sub, err = t.Subscribe(); err != nil {
				b.Fatal(err)
			}
			hosts, topics = append(hosts, h), append(topics, t)
		}
		if err := hosts[0].Connect(b.Context(), peer.AddrInfo{ID: hosts[1].ID(), Addrs: hosts[1].Addrs()}); err != nil {
			b.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		for b.Loop() {
			if err := topics[0].Publish(b.Context(), make([]byte, 1200)); err != nil {
				b.Fatal(err)
			}
			if _, err := sub.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// forget makes n lose what it holds of a member, by removing it and adding it again, and waits for the connection.
func forget(b testing.TB, n *Node, card *protocol.Card) {
	if err := n.store.SetMember(card, protocol.Removed, time.Now()); err != nil {
		b.Fatal(err)
	}
	if err := n.store.SetMember(card, protocol.Active, time.Now()); err != nil {
		b.Fatal(err)
	}
}
