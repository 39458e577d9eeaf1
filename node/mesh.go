package node

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"github.com/multiformats/go-multiaddr"
)

// The stream protocols. Each handler is for members only; pairProtocol alone is for strangers too.
const (
	helloProtocol    = "/gmcn/hello/1"
	syncProtocol     = "/gmcn/sync/1"
	blobProtocol     = "/gmcn/blob/1"
	takedownProtocol = "/gmcn/takedown/1"
)

const (
	// Above connHigh connections the manager would cut some down to connLow; both stand far above the 200 members that
	// a network is planned for.
	connLow, connHigh = 512, 768
	// maxStreams is how many streams one member may have open here at once: its photo fetches, and a few beside them.
	maxStreams = 32
	// streamIdle ends a stream on which nothing moves.
	streamIdle = 30 * time.Second
)

// mesh is the node's presence on the network, from join to close.
type mesh struct {
	n      *Node
	host   host.Host
	ctx    context.Context
	stop   context.CancelFunc
	topics map[string]*pubsub.Topic // empty without gossip
	relay  *relay.Relay             // nil unless we relay for others
	punch  punch
	router gateway // of portLoop alone; nil while none is known

	wg sync.WaitGroup // goroutines begun by libp2p's callbacks

	mu      sync.Mutex
	serving map[peer.ID]int // streams open, by member
	faults  map[peer.ID]fault
	servers map[string]server     // by connection
	punched map[string]bool       // connections made beside a relayed one
	opened  []multiaddr.Multiaddr // where the router lets in who calls us
	blobs   int                   // photos being given
	giving  map[peer.ID]int       // the same by member
}

// join makes the host, registers what it serves and joins the topics.
func (n *Node) join(ctx context.Context, nodeKey ed25519.PrivateKey) (*mesh, error) {
	key, err := crypto.UnmarshalEd25519PrivateKey(nodeKey)
	if err != nil {
		return nil, fmt.Errorf("join network: %w", err)
	}
	cm, err := connmgr.NewConnManager(connLow, connHigh)
	if err != nil {
		return nil, fmt.Errorf("join network: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	m := &mesh{n: n, ctx: ctx, stop: stop, topics: map[string]*pubsub.Topic{}, serving: map[peer.ID]int{},
		faults: map[peer.ID]fault{}, servers: map[string]server{}, punched: map[string]bool{}, giving: map[peer.ID]int{}}
	opts := []libp2p.Option{
		libp2p.Identity(key),
		libp2p.ListenAddrStrings(n.cfg.Listen...),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Transport(quic.NewTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.ConnectionGater(gater{n}),
		libp2p.ConnectionManager(cm),
		libp2p.UserAgent("gmcn/1"),
		libp2p.EnableRelay(), // to be dialled and to dial through one; see reach.go
		// The supervisor waits between its tries itself. libp2p's own doubt would refuse to dial over UDP at all for a hundred
		// tries more after an outage, and two such nodes would not find each other.
		libp2p.UDPBlackHoleSuccessCounter(nil),
		libp2p.IPv6BlackHoleSuccessCounter(nil),
		libp2p.DisableIdentifyAddressDiscovery(), // members need not know where the others see us; see punch.go
		libp2p.DisableMetrics(),
	}
	if len(n.cfg.Listen) == 0 {
		opts = append(opts, libp2p.NoListenAddrs)
	}
	if len(n.cfg.options) == 0 { // a simulated network brings its own
		limits, err := resources()
		if err != nil {
			stop()
			return nil, err
		}
		opts = append(opts, libp2p.ResourceManager(limits))
	}
	m.host, err = libp2p.New(append(opts, n.cfg.options...)...)
	if err != nil {
		stop()
		return nil, fmt.Errorf("join network at %v: %w", n.cfg.Listen, err)
	}
	m.serve(helloProtocol, m.serveHello)
	m.serve(syncProtocol, m.serveSync)
	m.serve(blobProtocol, m.serveBlob)
	m.serve(takedownProtocol, m.serveTakedown)
	m.serve(twinProtocol, m.serveTwin)
	m.host.SetStreamHandler(pairProtocol, m.servePair)
	if n.cfg.Relay {
		if err := m.startRelay(); err != nil {
			m.close()
			return nil, err
		}
	}
	if err := m.startPunch(); err != nil {
		m.close()
		return nil, err
	}
	m.host.Network().Notify(&network.NotifyBundle{ConnectedF: m.connected, DisconnectedF: m.disconnected})
	if !n.cfg.noGossip {
		if err := m.joinTopics(); err != nil {
			m.close()
			return nil, err
		}
	}
	return m, nil
}

func (m *mesh) close() {
	m.mu.Lock()
	m.stop() // under the lock, so that background begins nothing afterwards
	m.mu.Unlock()
	if m.relay != nil {
		m.relay.Close()
	}
	m.punch.close()
	if err := m.host.Close(); err != nil {
		m.n.log.Warn("closing the host", "error", err)
	}
	m.wg.Wait()
}

// serve registers a stream handler that members alone reach, each with few streams at once. The handler's error resets
// the stream.
func (m *mesh) serve(proto protocol.ID, handle func(network.Stream, peer.ID) error) {
	m.host.SetStreamHandler(proto, func(s network.Stream) {
		id := s.Conn().RemotePeer()
		if !m.n.admits(id) || !m.share(id).streams.Allow() || !m.enter(id) {
			s.Reset()
			return
		}
		defer m.leave(id)
		m.n.heard(id)
		if err := handle(m.n.metrics.traffic.count(s, proto), id); err != nil {
			s.Reset()
			m.n.log.Debug("stream ended early", "protocol", string(proto), "peer", id.String(), "error", err)
			return
		}
		s.Close()
	})
}

func (m *mesh) enter(id peer.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() != nil || m.serving[id] >= maxStreams {
		return false
	}
	m.serving[id]++
	return true
}

func (m *mesh) leave(id peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.serving[id]--; m.serving[id] == 0 {
		delete(m.serving, id)
	}
}

// open opens a stream to a member; the caller closes or resets it.
func (m *mesh) open(ctx context.Context, id peer.ID, proto protocol.ID) (network.Stream, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "members are dialled by the supervisor"), streamIdle)
	defer cancel()
	if c := m.prefers(id); c != nil {
		return m.openOn(ctx, c, proto)
	}
	s, err := m.host.NewStream(ctx, id, proto)
	if err != nil {
		return nil, err
	}
	return m.n.metrics.traffic.count(s, proto), nil
}

// connected greets a member that we have just dialled; it greets back on the same stream.
func (m *mesh) connected(_ network.Network, c network.Conn) {
	if !m.n.admits(c.RemotePeer()) {
		return
	}
	select {
	case m.n.joined <- c.RemotePeer():
	default: // the push loop comes to it in its own time
	}
	m.host.ConnManager().Protect(c.RemotePeer(), "member")
	m.notePunched(c)
	dialled := c.Stat().Direction == network.DirOutbound
	m.n.gate.arrived(c.RemotePeer(), dialled)
	if dialled {
		m.background(func() { m.greet(c.RemotePeer()) })
	}
}

// disconnected lets go of the other connections to a member when one of two ends: pubsub forgets then what the member
// subscribes to, and is told again only when both ends begin anew. A connection through a relay is not worth that.
func (m *mesh) disconnected(_ network.Network, c network.Conn) {
	m.mu.Lock()
	delete(m.servers, c.ID())
	delete(m.punched, c.ID())
	m.mu.Unlock()
	id := c.RemotePeer()
	if !m.n.cfg.noGossip && !relayed(c) && m.host.Network().Connectedness(id) == network.Connected {
		m.background(func() { m.host.Network().ClosePeer(id) })
	}
}

// background runs f in a goroutine that close waits for.
func (m *mesh) background(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ctx.Err() == nil {
		m.wg.Go(f)
	}
}

// greetAll says hello to everybody connected.
func (m *mesh) greetAll() {
	for _, id := range m.members() {
		m.background(func() { m.greet(id) })
	}
}

// members returns the nodes of members that are connected. Somebody who knocks may be connected too.
func (m *mesh) members() []peer.ID {
	return slices.DeleteFunc(m.host.Network().Peers(), func(id peer.ID) bool { return !m.n.admits(id) })
}

// membersChanged cuts off whoever is no member any more.
func (m *mesh) membersChanged() {
	for _, id := range m.host.Network().Peers() {
		if !m.n.admits(id) {
			m.host.Network().ClosePeer(id)
		}
	}
	m.greetAll()
}

// gater admits members, the nodes that invited us and, while an invitation of ours is open, a few strangers. By
// InterceptSecured the peer's identity is proved.
type gater struct{ n *Node }

func (g gater) InterceptPeerDial(p peer.ID) bool { return g.n.admits(p) || g.n.pairs.calls(p) }
func (g gater) InterceptAddrDial(p peer.ID, _ multiaddr.Multiaddr) bool {
	return g.InterceptPeerDial(p)
}
func (g gater) InterceptAccept(network.ConnMultiaddrs) bool { return true }
func (g gater) InterceptSecured(dir network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	if g.n.admits(p) || dir == network.DirOutbound && g.n.pairs.calls(p) {
		return true
	}
	m := g.n.mesh.Load()
	return dir == network.DirInbound && m != nil && g.n.pairs.open(g.n.now()) && m.strangers() < maxStrangers
}
func (g gater) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
