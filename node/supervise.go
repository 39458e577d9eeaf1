package node

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/gmcn/gmcn/protocol"
)

const (
	dialEvery   = time.Second
	dialTimeout = 15 * time.Second
	backoffMin  = time.Second
	backoffMax  = 5 * time.Minute
	maxDials    = 16
)

// superviseLoop keeps a connection to every member: libp2p does not dial again by itself. Of two nodes the one with the
// smaller identity dials first and the other a little later, so that they seldom cross.
func (n *Node) superviseLoop(ctx context.Context, m *mesh) error {
	type try struct {
		next time.Time
		wait time.Duration
	}
	tries := map[peer.ID]*try{}
	slots := make(chan struct{}, maxDials)
	for {
		now := time.Now()
		for id, card := range n.dials() {
			if m.host.Network().Connectedness(id) == network.Connected {
				delete(tries, id)
				continue
			}
			t := tries[id]
			if t == nil {
				t = &try{next: now, wait: backoffMin}
				if m.host.ID() > id {
					t.next = now.Add(3 * time.Second)
				}
				tries[id] = t
			}
			if now.Before(t.next) {
				continue
			}
			select {
			case slots <- struct{}{}:
			default:
				continue
			}
			t.next = now.Add(t.wait + rand.N(t.wait/2))
			t.wait = min(2*t.wait, backoffMax)
			m.background(func() {
				defer func() { <-slots }()
				m.dial(ctx, id, card)
			})
		}
		if !sleep(ctx, dialEvery) {
			return ctx.Err()
		}
	}
}

func (m *mesh) dial(ctx context.Context, id peer.ID, card *protocol.Card) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := m.host.Connect(ctx, peer.AddrInfo{ID: id, Addrs: m.addrs(card.Addrs)}); err != nil {
		m.n.log.Debug("dial", "member", card.Origin().String(), "error", err)
		return
	}
	m.host.ConnManager().Protect(id, "member")
}

// addrs reads the addresses of a card or an invitation.
func (m *mesh) addrs(texts []string) (addrs []multiaddr.Multiaddr) {
	for _, a := range texts {
		addr, err := multiaddr.NewMultiaddr(a)
		if err != nil {
			m.n.log.Warn("another country gave an address that cannot be read", "address", a)
			continue
		}
		addrs = append(addrs, addr)
	}
	return addrs
}
