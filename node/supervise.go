package node

import (
	"context"
	"errors"
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
	// backoffRelay is for members without an address: they take their place at a relay when they come.
	backoffRelay = 30 * time.Second
	maxDials     = 16
)

// superviseLoop keeps a connection to every member: libp2p does not dial again by itself. Of two nodes the one with the
// smaller identity dials first and the other a little later, so that they seldom cross. A member that was reached through
// a relay is tried without it now and then, if its card has an address.
func (n *Node) superviseLoop(ctx context.Context, m *mesh) error {
	type try struct {
		next time.Time
		wait time.Duration
	}
	tries := map[peer.ID]*try{}
	slots := make(chan struct{}, maxDials)
	for {
		now := time.Now()
		relays := -1 // not counted yet
		for id, card := range n.dials() {
			relayed := false
			if m.host.Network().Connectedness(id) == network.Connected {
				if relayed = len(card.Addrs) > 0 && !m.direct(id); !relayed {
					delete(tries, id)
					continue
				}
			}
			longest := backoffMax
			if len(card.Addrs) == 0 {
				if relays < 0 {
					relays = len(m.relays())
				}
				if relays == 0 {
					continue // it calls us
				}
				longest = backoffRelay
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
			t.wait = min(2*t.wait, longest)
			m.background(func() {
				defer func() { <-slots }()
				m.dial(ctx, id, card, relayed)
			})
		}
		if !sleep(ctx, dialEvery) {
			return ctx.Err()
		}
	}
}

// dial connects to a member: at the addresses of its card, else through members that relay. relayed says that the second
// is done already.
func (m *mesh) dial(ctx context.Context, id peer.ID, card *protocol.Card, relayed bool) {
	connect := func(info peer.AddrInfo) error {
		if len(info.Addrs) == 0 {
			return errNoAddress
		}
		ctx, cancel := context.WithTimeout(ctx, dialTimeout)
		defer cancel()
		if relayed {
			ctx = network.WithForceDirectDial(ctx, "without the relay")
		}
		return m.host.Connect(ctx, info)
	}
	err := connect(peer.AddrInfo{ID: id, Addrs: m.addrs(card.Addrs)})
	if err != nil && !relayed {
		if through := connect(peer.AddrInfo{ID: id, Addrs: m.through(id)}); through != nil {
			err = errors.Join(err, through)
		} else {
			err = nil
		}
	}
	if err != nil {
		m.n.log.Debug("dial", "member", card.Origin().String(), "error", err)
	}
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

var errNoAddress = errors.New("no address")
