package admin

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/gin-gonic/gin"
)

// ParseProxies reads addresses and networks, such as 127.0.0.1 and 10.0.0.0/8.
func ParseProxies(all []string) ([]netip.Prefix, error) {
	var nets []netip.Prefix
	for _, text := range all {
		net, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				net = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if err != nil || net.Bits() == 0 {
			return nil, fmt.Errorf("%q is no address or network of a proxy: write 127.0.0.1 or 10.1.0.0/16", text)
		}
		nets = append(nets, net)
	}
	return nets, nil
}

// encrypted says whether the browser's connection is: to us, or to a proxy that is believed.
func (s *console) encrypted(c *gin.Context) bool {
	if c.Request.TLS != nil {
		return true
	}
	peer, err := netip.ParseAddr(c.RemoteIP())
	trusted := err == nil && slices.ContainsFunc(s.proxies, func(net netip.Prefix) bool { return net.Contains(peer.Unmap()) })
	return trusted && c.GetHeader("X-Forwarded-Proto") == "https"
}
