package node

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	circuitproto "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/x/rate"
	"github.com/multiformats/go-multiaddr"
)

// Reach. A node that others can dial needs none of this. One whose card names no address asks members that relay to keep
// a place for it, and is dialled through them; two such nodes meet at a relay. Which members relay is told by libp2p's
// identify on connecting, so nobody has to write it down. A relay sees that two members talk, and ciphertext.
//
// Our relays set no limit: gossipsub does not run over a link that is limited in time or bytes.

const (
	// maxPlaces is at how many relays a node that cannot be dialled asks for a place.
	maxPlaces  = 3
	placeEvery = 5 * time.Second
	// placeMargin is how long before its end a place is asked for again.
	placeMargin = 20 * time.Minute
)

// Planned for: 200 members, every one connected, perhaps twice, with its streams; many may share one address.
const (
	plannedConns   = 1024
	plannedStreams = 16384
	plannedFiles   = 2048
	plannedMemory  = 1 << 30
	// dialRate and dialBurst bound how many connections a second one address may open here.
	dialRate, dialBurst = 4, 256
)

// resources returns the resource manager: go-libp2p's own limits, raised where they would cut members off.
func resources() (network.ResourceManager, error) {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	wide := rcmgr.ResourceLimits{Conns: plannedConns, ConnsInbound: plannedConns, ConnsOutbound: plannedConns, FD: plannedFiles,
		Streams: plannedStreams, StreamsInbound: plannedStreams, StreamsOutbound: plannedStreams, Memory: plannedMemory}
	raised := rcmgr.PartialLimitConfig{
		System: wide,
		// Connections and streams on which nobody is known yet.
		Transient: rcmgr.ResourceLimits{Conns: plannedConns / 2, ConnsInbound: plannedConns / 2, ConnsOutbound: plannedConns / 2,
			FD: plannedFiles / 2, Streams: plannedConns, StreamsInbound: plannedConns, StreamsOutbound: plannedConns},
		// One member, with what its relayed links cost.
		PeerDefault: rcmgr.ResourceLimits{Conns: 16, ConnsInbound: 16, ConnsOutbound: 16, Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512},
		ProtocolDefault: rcmgr.ResourceLimits{Streams: plannedStreams, StreamsInbound: plannedStreams,
			StreamsOutbound: plannedStreams},
	}
	perHost := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: plannedConns / 2}}
	perHost6 := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: plannedConns / 2}}
	m, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(raised.Build(limits.AutoScale())),
		rcmgr.WithLimitPerSubnet(perHost, perHost6), rcmgr.WithMetricsDisabled(),
		// After a power cut all members of one host dial within a minute.
		rcmgr.WithConnRateLimiters(&rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: dialRate, Burst: dialBurst}}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: dialRate, Burst: dialBurst}}},
			GracePeriod:      time.Minute,
		}}))
	if err != nil {
		return nil, fmt.Errorf("join network: %w", err)
	}
	return m, nil
}

// startRelay begins to relay for members.
func (m *mesh) startRelay() (err error) {
	most := relay.DefaultResources()
	most.Limit = nil
	most.MaxReservations, most.MaxReservationsPerIP, most.MaxReservationsPerASN = plannedConns, plannedConns, plannedConns
	most.MaxCircuits = plannedConns
	most.BufferSize = 16 << 10
	m.relay, err = relay.New(m.host, relay.WithResources(most), relay.WithACL(gater{m.n}))
	if err != nil {
		return fmt.Errorf("join network: relay: %w", err)
	}
	return nil
}

// AllowReserve and AllowConnect keep our relay for members.
func (g gater) AllowReserve(p peer.ID, _ multiaddr.Multiaddr) bool { return g.n.admits(p) }
func (g gater) AllowConnect(src peer.ID, _ multiaddr.Multiaddr, dest peer.ID) bool {
	return g.n.admits(src) && g.n.admits(dest)
}

// relays returns the members that relay and that we reach without one.
func (m *mesh) relays() []peer.ID {
	var out []peer.ID
	for _, id := range m.members() {
		if m.isRelay(id) && m.direct(id) {
			out = append(out, id)
		}
	}
	return out
}

func (m *mesh) isRelay(id peer.ID) bool {
	has, err := m.host.Peerstore().SupportsProtocols(id, circuitproto.ProtoIDv2Hop)
	return err == nil && len(has) > 0
}

// direct says whether we have a connection to a member that goes through no relay.
func (m *mesh) direct(id peer.ID) bool {
	for _, c := range m.host.Network().ConnsToPeer(id) {
		if !relayed(c) {
			return true
		}
	}
	return false
}

func relayed(c network.Conn) bool {
	_, err := c.RemoteMultiaddr().ValueForProtocol(multiaddr.P_CIRCUIT)
	return err == nil
}

// through returns the addresses of a member by way of every relay.
func (m *mesh) through(id peer.ID) (addrs []multiaddr.Multiaddr) {
	for _, r := range m.relays() {
		if r == id {
			continue
		}
		if a, err := multiaddr.NewMultiaddr("/p2p/" + r.String() + "/p2p-circuit"); err == nil {
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// placeLoop keeps places at relays while our card names no address.
func (n *Node) placeLoop(ctx context.Context, m *mesh) error {
	places := map[peer.ID]time.Time{} // until when
	for {
		for id, until := range places {
			if time.Until(until) < placeMargin || !m.direct(id) {
				delete(places, id)
			}
		}
		if len(n.Card().Addrs) == 0 {
			for _, id := range m.relays() {
				if _, has := places[id]; has || len(places) >= maxPlaces {
					continue
				}
				ask, cancel := context.WithTimeout(ctx, dialTimeout)
				place, err := circuit.Reserve(ask, m.host, peer.AddrInfo{ID: id})
				cancel()
				if err != nil {
					n.log.Debug("asking for a place at a relay", "peer", id.String(), "error", err)
					continue
				}
				places[id] = place.Expiration
			}
		}
		if !sleep(ctx, placeEvery) {
			return ctx.Err()
		}
	}
}
