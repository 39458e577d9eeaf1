package node

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Two members that met at a relay try to do without it: each tells the other at which addresses members see it, and both
// send at the same moment, so that the routers of both take what comes for an answer. That works with most routers, not
// with two that give every destination another port. libp2p tries when the relayed link comes up; we try again later,
// for a link between members stands for weeks.

const (
	// linkEvery is how often it is looked which links could be shorter, and whether gossip goes over them.
	linkEvery = 5 * time.Second
	// punchFirst is how old a relayed link is when we try again, punchMost the longest wait between two tries.
	punchFirst, punchMost = time.Minute, time.Hour
	// relayLinger is how long a relayed link stays beside a direct one.
	relayLinger = 10 * time.Second
)

// punch is what makes direct links out of relayed ones.
type punch struct {
	*holepunch.Service
	seen *observedaddrs.Manager // our addresses as members see them
}

// startPunch begins to answer members that want to do without a relay, and to try it with those that came through one.
func (m *mesh) startPunch() (err error) {
	m.punch.seen, err = observedaddrs.NewManager(m.host.EventBus(), m.host.Network())
	if err != nil {
		return fmt.Errorf("join network: %w", err)
	}
	m.punch.seen.Start(m.host.Network())
	ids := m.host.(interface{ IDService() identify.IDService }).IDService()
	if m.punch.Service, err = holepunch.NewService(m.host, ids, m.publicAddrs); err != nil {
		return fmt.Errorf("join network: %w", err)
	}
	return nil
}

func (p *punch) close() {
	if p.Service != nil {
		p.Service.Close()
	}
	if p.seen != nil {
		p.seen.Close()
	}
}

// publicAddrs returns where we may be reached from outside: our own public addresses, those that a router gave us, and
// those at which members see us.
func (m *mesh) publicAddrs() []multiaddr.Multiaddr {
	m.mu.Lock()
	addrs := slices.Clone(m.opened)
	m.mu.Unlock()
	addrs = multiaddr.Unique(append(append(addrs, m.host.Addrs()...), m.punch.seen.Addrs(1)...))
	return slices.DeleteFunc(addrs, func(a multiaddr.Multiaddr) bool { return !manet.IsPublicAddr(a) || throughRelay(a) })
}

// linkLoop makes direct links out of relayed ones, lets go of a relayed link when there is a direct one, and looks whether
// gossip goes over what is left.
func (n *Node) linkLoop(ctx context.Context, m *mesh) error {
	type try struct {
		next time.Time
		wait time.Duration
	}
	tries := map[peer.ID]*try{}
	forgotten := map[peer.ID]*mending{}
	for sleep(ctx, linkEvery) {
		now := time.Now()
		m.mendGossip(forgotten)
		for _, id := range m.members() {
			if m.direct(id) {
				delete(tries, id)
				m.dropRelayed(id)
				continue
			}
			opened, ok := m.calledThrough(id)
			if !ok {
				continue // the other end tries
			}
			t := tries[id]
			if t == nil {
				t = &try{opened.Add(punchFirst), punchFirst}
				tries[id] = t
			}
			// Without an address of our own there is nothing to tell, and the service does not run yet.
			if now.Before(t.next) || !slices.Contains(m.host.Mux().Protocols(), holepunch.Protocol) {
				continue
			}
			t.wait = min(2*t.wait, punchMost)
			t.next = now.Add(t.wait + rand.N(t.wait/2))
			m.background(func() {
				if err := m.punch.DirectConnect(id); err != nil {
					n.log.Debug("doing without a relay", "peer", id.String(), "error", err)
				}
			})
		}
		for id := range tries {
			if m.host.Network().Connectedness(id) != network.Connected {
				delete(tries, id)
			}
		}
	}
	return ctx.Err()
}

// calledThrough says whether a member called us through a relay, and when. Who was called does what libp2p asks of one end.
func (m *mesh) calledThrough(id peer.ID) (opened time.Time, ok bool) {
	for _, c := range m.host.Network().ConnsToPeer(id) {
		if relayed(c) && c.Stat().Direction == network.DirInbound {
			return c.Stat().Opened, true
		}
	}
	return opened, false
}

// dropRelayed closes the relayed links to a member that we opened, when there has been a direct one to the same server for
// a while: gossip stays on the link on which it began.
func (m *mesh) dropRelayed(id peer.ID) {
	conns := m.host.Network().ConnsToPeer(id)
	m.mu.Lock()
	var straight server
	for _, c := range conns {
		if !relayed(c) && time.Since(c.Stat().Opened) > relayLinger {
			straight = m.servers[c.ID()]
		}
	}
	var drop []network.Conn
	for _, c := range conns {
		if relayed(c) && c.Stat().Direction == network.DirOutbound && straight != (server{}) && m.servers[c.ID()].run == straight.run {
			drop = append(drop, c)
		}
	}
	m.mu.Unlock()
	for _, c := range drop {
		c.Close()
	}
}
