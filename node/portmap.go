package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"
	natpmp "github.com/jackpal/go-nat-pmp"
	"github.com/libp2p/go-netroute"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// A router that stands before the node is asked to let in who calls our ports, by NAT-PMP or else by UPnP, and asked again
// before that ends. We ask for the very ports on which we listen, so that a card may name them. libp2p can ask too, but
// for ports by chance, others after each start.

const (
	// portLease is for how long a router is asked, portAgain when the next time.
	portLease, portAgain = time.Hour, 20 * time.Minute
	// portWait is how long to wait for a router's answer, portRetry until a router is looked for again.
	portWait, portRetry = 5 * time.Second, 5 * time.Minute
)

// gateway is a router that can be asked.
type gateway interface {
	// outside returns the router's address on its other side.
	outside(ctx context.Context) (netip.Addr, error)
	// open has it pass on what comes for a port of its own by tcp or udp to the same port of ours. It returns the port,
	// which may be another than ours.
	open(ctx context.Context, proto string, port uint16, lease time.Duration) (uint16, error)
	// shut ends that.
	shut(ctx context.Context, proto string, port uint16) error
}

// portLoop keeps our ports open in the router, until ctx ends.
func (n *Node) portLoop(ctx context.Context, m *mesh) error {
	for {
		wait := portAgain
		if err := m.openPorts(ctx); err != nil && ctx.Err() == nil {
			n.log.Info("asking the router for our ports", "error", err)
			wait = portRetry
		}
		if !sleep(ctx, wait) {
			m.shutPorts()
			return ctx.Err()
		}
	}
}

// openPorts asks the router for every port on which we listen.
func (m *mesh) openPorts(ctx context.Context) error {
	if m.router == nil {
		r, err := findGateway(ctx)
		if err != nil {
			return err
		}
		m.router = r
	}
	ask, cancel := context.WithTimeout(ctx, 4*portWait)
	defer cancel()
	outside, err := m.router.outside(ask)
	if err != nil {
		m.router = nil // it may be another one by now
		return fmt.Errorf("the router's address: %w", err)
	}
	var open []multiaddr.Multiaddr
	for _, listen := range m.host.Network().ListenAddresses() {
		proto, port, rest := portOf(listen)
		if port == 0 {
			continue
		}
		got, failed := m.router.open(ask, proto, port, portLease)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("port %d by %s: %w", port, proto, failed))
			continue
		}
		addr, bad := multiaddr.NewMultiaddr(fmt.Sprintf("/ip4/%s/%s/%d%s", outside, proto, got, rest))
		if bad != nil {
			return bad
		}
		open = append(open, addr)
	}
	m.mu.Lock()
	m.opened = open
	m.mu.Unlock()
	if err != nil {
		m.router = nil
	}
	return err
}

// shutPorts gives back what the router opened.
func (m *mesh) shutPorts() {
	if m.router == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), portWait)
	defer cancel()
	for _, listen := range m.host.Network().ListenAddresses() {
		if proto, port, _ := portOf(listen); port != 0 {
			if err := m.router.shut(ctx, proto, port); err != nil {
				m.n.log.Debug("giving a port back to the router", "error", err)
				return
			}
		}
	}
}

// portOf takes an IPv4 address on which we listen apart; the port is 0 for another, and for one that only this machine
// reaches.
func portOf(a multiaddr.Multiaddr) (proto string, port uint16, rest string) {
	if manet.IsIPLoopback(a) {
		return "", 0, ""
	}
	parts := strings.SplitN(a.String(), "/", 6) // "", ip4, address, tcp, port, rest
	if len(parts) < 5 || parts[1] != "ip4" || parts[3] != "tcp" && parts[3] != "udp" {
		return "", 0, ""
	}
	number, err := strconv.ParseUint(parts[4], 10, 16)
	if err != nil {
		return "", 0, ""
	}
	if len(parts) == 6 {
		rest = "/" + parts[5]
	}
	return parts[3], uint16(number), rest
}

// findGateway looks for a router that can be asked.
func findGateway(ctx context.Context) (gateway, error) {
	routes, err := netroute.New()
	if err != nil {
		return nil, fmt.Errorf("look for the router: %w", err)
	}
	_, router, ours, err := routes.Route(net.IPv4(1, 1, 1, 1)) // any public address leads to it; nothing is sent there
	if err != nil {
		return nil, fmt.Errorf("look for the router: %w", err)
	}
	if router != nil {
		pmp := pmpGateway{natpmp.NewClientWithTimeout(router, portWait)}
		if _, err := pmp.outside(ctx); err == nil {
			return pmp, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 3*portWait)
	defer cancel()
	if clients, _, err := internetgateway2.NewWANIPConnection2ClientsCtx(ctx); err == nil && len(clients) > 0 {
		return upnpGateway{clients[0], ours}, nil
	}
	if clients, _, err := internetgateway2.NewWANIPConnection1ClientsCtx(ctx); err == nil && len(clients) > 0 {
		return upnpGateway{clients[0], ours}, nil
	}
	if clients, _, err := internetgateway2.NewWANPPPConnection1ClientsCtx(ctx); err == nil && len(clients) > 0 {
		return upnpGateway{clients[0], ours}, nil
	}
	return nil, errors.New("no router answers by NAT-PMP or UPnP")
}

// pmpGateway is a router that speaks NAT-PMP (RFC 6886).
type pmpGateway struct{ c *natpmp.Client }

func (g pmpGateway) outside(context.Context) (netip.Addr, error) {
	got, err := g.c.GetExternalAddress()
	if err != nil {
		return netip.Addr{}, err
	}
	return netip.AddrFrom4(got.ExternalIPAddress), nil
}

func (g pmpGateway) open(_ context.Context, proto string, port uint16, lease time.Duration) (uint16, error) {
	got, err := g.c.AddPortMapping(proto, int(port), int(port), int(lease.Seconds()))
	if err != nil {
		return 0, err
	}
	return got.MappedExternalPort, nil
}

func (g pmpGateway) shut(_ context.Context, proto string, port uint16) error {
	_, err := g.c.AddPortMapping(proto, int(port), 0, 0)
	return err
}

// upnpGateway is a router that speaks UPnP; ours is this machine's address on its side.
type upnpGateway struct {
	c interface {
		AddPortMappingCtx(ctx context.Context, remote string, outer uint16, proto string, inner uint16, client string, enabled bool,
			about string, seconds uint32) error
		DeletePortMappingCtx(ctx context.Context, remote string, outer uint16, proto string) error
		GetExternalIPAddressCtx(ctx context.Context) (string, error)
	}
	ours net.IP
}

func (g upnpGateway) outside(ctx context.Context) (netip.Addr, error) {
	text, err := g.c.GetExternalIPAddressCtx(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(text)
}

func (g upnpGateway) open(ctx context.Context, proto string, port uint16, lease time.Duration) (uint16, error) {
	add := func(lease time.Duration) error {
		return g.c.AddPortMappingCtx(ctx, "", port, strings.ToUpper(proto), port, g.ours.String(), true, "gmcn", uint32(lease.Seconds()))
	}
	err := add(lease)
	if err != nil && ctx.Err() == nil {
		err = add(0) // some know no end
	}
	return port, err
}

func (g upnpGateway) shut(ctx context.Context, proto string, port uint16) error {
	return g.c.DeletePortMappingCtx(ctx, "", port, strings.ToUpper(proto))
}
