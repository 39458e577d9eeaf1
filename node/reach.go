package node

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	circuit "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	circuitproto "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"

	"github.com/gmcn/gmcn/protocol"
)

// Reach. A node that others can dial needs none of this. One whose card names no address asks members that relay to keep
// a place for it, and is dialled through them; two such nodes meet at a relay. Which members relay is told by libp2p's
// identify on connecting, so nobody has to write it down. A relay sees that two members talk, and ciphertext. How they
// do without it afterwards is in punch.go.
//
// Our relays set no limit: gossipsub does not run over a link that is limited in time or bytes.

const (
	// maxPlaces is at how many relays a node that cannot be dialled asks for a place.
	maxPlaces = 3
	// placeEvery is how long to wait when a relay has refused.
	placeEvery = 5 * time.Second
	// placeLook is how often it is looked whether we have our places, placeIdle how often whether we need any.
	placeLook, placeIdle = 2 * time.Second, 30 * time.Second
	// placeMargin is how long before its end a place is asked for again.
	placeMargin = 20 * time.Minute
	// relayBuffer is for how many bytes a relay has room, each way, for two that meet there.
	relayBuffer = 16 << 10
)

// startRelay begins to relay for members.
func (m *mesh) startRelay() (err error) {
	most := relay.DefaultResources()
	most.Limit = nil
	most.MaxReservations, most.MaxReservationsPerIP, most.MaxReservationsPerASN = plannedConns, plannedConns, plannedConns
	most.MaxCircuits = plannedConns
	most.BufferSize = relayBuffer
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

func relayed(c network.Conn) bool { return throughRelay(c.RemoteMultiaddr()) }

func throughRelay(a multiaddr.Multiaddr) bool {
	_, err := a.ValueForProtocol(multiaddr.P_CIRCUIT)
	return err == nil
}

// Reach is how a member is connected. The words are the last part of message keys too.
type Reach string

const (
	NotReached Reach = "no"
	// Calls: it called us, at an address that others can reach.
	Calls Reach = "calls"
	// Called: we called it.
	Called Reach = "called"
	// Punched: both sent at the same moment, after having met at a relay.
	Punched Reach = "punched"
	// Relayed: through another member.
	Relayed Reach = "relayed"
)

// notePunched notes a direct connection that came about beside a relayed one, if not at an address of the member's card.
func (m *mesh) notePunched(c network.Conn) {
	id := c.RemotePeer()
	if relayed(c) || !slices.ContainsFunc(m.host.Network().ConnsToPeer(id), relayed) {
		return
	}
	card := m.cardOf(id)
	if c.Stat().Direction == network.DirOutbound && card != nil && slices.Contains(card.Addrs, c.RemoteMultiaddr().String()) {
		return
	}
	m.mu.Lock()
	m.punched[c.ID()] = true
	m.mu.Unlock()
}

// reach returns how a member is connected, and through which others if there is no other way. What has just ended is not
// reached.
func (m *mesh) reach(id peer.ID) (how Reach, through []*protocol.Card) {
	how = NotReached
	for _, c := range m.host.Network().ConnsToPeer(id) {
		m.mu.Lock()
		punched := m.punched[c.ID()]
		m.mu.Unlock()
		switch {
		case relayed(c):
			if via, err := c.RemoteMultiaddr().ValueForProtocol(multiaddr.P_P2P); err == nil {
				if relay, err := peer.Decode(via); err == nil {
					if card := m.cardOf(relay); card != nil {
						through = append(through, card)
					}
				}
			}
		case punched:
			how = Punched
		case c.Stat().Direction == network.DirInbound:
			return Calls, nil
		case how == NotReached:
			how = Called
		}
	}
	switch {
	case how != NotReached:
		return how, nil
	case len(through) > 0:
		return Relayed, through
	}
	return NotReached, nil
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

// place is one that a relay keeps for us. It ends with the connection on which we asked for it.
type place struct {
	conn  network.Conn // nil if the relay refused
	again time.Time    // when to ask again
}

// placeLoop keeps places at relays while our card names no address.
func (n *Node) placeLoop(ctx context.Context, m *mesh) error {
	places := map[peer.ID]place{}
	for {
		wait := placeIdle
		kept := 0
		for id, p := range places {
			switch {
			case time.Now().After(p.again) || p.conn != nil && p.conn.IsClosed():
				delete(places, id)
			case p.conn != nil:
				kept++
			}
		}
		if len(n.Card().Addrs) == 0 {
			wait = placeLook
			for _, id := range m.relays() {
				if _, asked := places[id]; asked || kept >= maxPlaces {
					continue
				}
				if places[id] = m.askPlace(ctx, id); places[id].conn != nil {
					kept++
				}
			}
		}
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// askPlace asks a relay to keep a place for us.
func (m *mesh) askPlace(ctx context.Context, id peer.ID) place {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conns := m.host.Network().ConnsToPeer(id)
	kept, err := circuit.Reserve(ctx, m.host, peer.AddrInfo{ID: id})
	if err != nil || len(conns) == 0 {
		m.n.log.Debug("asking for a place at a relay", "peer", id.String(), "error", err)
		return place{again: time.Now().Add(placeEvery)}
	}
	return place{conns[0], kept.Expiration.Add(-placeMargin)}
}
