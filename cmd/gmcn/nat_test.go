package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
)

var routers = flag.Bool("routers", false, "try real routers, in networks of the kernel, as root; a try to punch a hole may fail, and the next is minutes away")

// lan is a part of this machine with a network of its own (a network namespace), joined to an internet of which nobody else
// knows. Its addresses are of the kind that is public, or else no hole would be punched.
type lan struct {
	t    *testing.T
	name string
}

// run runs a command in it.
func (l lan) run(name string, args ...string) string {
	l.t.Helper()
	out, err := exec.Command("ip", append([]string{"netns", "exec", l.name, name}, args...)...).CombinedOutput()
	if err != nil {
		l.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// ip runs ip in it.
func (l lan) ip(args string) { l.t.Helper(); l.run("ip", strings.Fields(args)...) }

// needNamespaces skips a test where networks cannot be made: it needs Linux, root, and iproute2 and nftables.
func needNamespaces(t *testing.T) {
	t.Helper()
	if !*routers {
		t.Skip("makes networks in the kernel and waits minutes for them: make routers")
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make networks")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing; install iproute2 and nftables", tool)
		}
	}
	name := fmt.Sprintf("gmcn-%d-try", os.Getpid())
	if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
		t.Skipf("this machine lets nobody make networks: %s", out)
	}
	defer exec.Command("ip", "netns", "del", name).Run()
	if out, err := exec.Command("ip", "netns", "exec", name, "nft", "add table ip nat { chain p { type nat hook postrouting priority 100; } ; }").CombinedOutput(); err != nil {
		t.Skipf("this machine's kernel translates no addresses: %s", out)
	}
}

// newLan makes an empty one.
func newLan(t *testing.T, name string) lan {
	t.Helper()
	l := lan{t, fmt.Sprintf("gmcn-%d-%s", os.Getpid(), name)}
	if out, err := exec.Command("ip", "netns", "add", l.name).CombinedOutput(); err != nil {
		t.Fatalf("make a network: %v\n%s", err, out)
	}
	t.Cleanup(func() { exec.Command("ip", "netns", "del", l.name).Run() })
	l.ip("link set lo up")
	return l
}

// join joins two by a cable: from gets the address base.1 and to base.2, to whose packets leave by it.
func join(from, to lan, cable, base string) {
	from.t.Helper()
	from.ip(fmt.Sprintf("link add name %s type veth peer name out netns %s", cable, to.name))
	from.ip(fmt.Sprintf("addr add %s.1/24 dev %s", base, cable))
	from.ip("link set " + cable + " up")
	to.ip(fmt.Sprintf("addr add %s.2/24 dev out", base))
	to.ip("link set out up")
	to.ip(fmt.Sprintf("route add default via %s.1", base))
	from.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
}

// route makes a router translate addresses, and let in nothing but answers. random gives every connection a port that
// nobody can guess. The chains of miniupnpd are there for it to fill.
func (l lan) route(random bool) {
	l.t.Helper()
	how := ""
	if random {
		how = "fully-random"
	}
	rules := filepath.Join(l.t.TempDir(), "rules")
	err := os.WriteFile(rules, fmt.Appendf(nil, `flush ruleset
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname != "out" accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname != "out" accept
    jump miniupnpd
  }
  chain prerouting {
    type nat hook prerouting priority -100;
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority 100;
    jump postrouting_miniupnpd
    oifname "out" masquerade %s
  }
}
`, how), 0o600)
	if err != nil {
		l.t.Fatal(err)
	}
	l.run("nft", "-f", rules)
}

// house is a country whose node stands in a lan.
type house struct {
	*realCountry
	lan
}

// newHouse makes a country that listens at port 4001 and, with an address, names that on its card.
func newHouse(t *testing.T, code string, in lan, address string, change func(*Config)) (*house, *protocol.Card) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.ToLower(code))
	cfg := testConfig(code)
	cfg.Member.Addrs = nil
	if address != "" {
		cfg.Member.Addrs = []string{"/ip4/" + address + "/tcp/4001", "/ip4/" + address + "/udp/4001/quic-v1"}
	}
	if change != nil {
		change(cfg)
	}
	card, err := makeCountry(dir, cfg, node.Secret{Passphrase: testPassphrase, Work: demoWork}, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	return &house{realCountry: &realCountry{t: t, dir: dir, cfg: cfg}, lan: in}, card
}

// start starts the node.
func (h *house) start() {
	t := h.realCountry.t
	t.Helper()
	h.cmd, h.log = exec.Command("ip", "netns", "exec", h.name, "gmcn", "run", "-dir", h.dir), &lockedBuffer{}
	h.cmd.Stderr = h.log
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := h.cmd
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		if t.Failed() {
			t.Logf("%s\nlog of %s:\n%s", h.gmcn("peer", "list"), h.dir, h.log)
		}
	})
}

// sees waits until the node reaches a country in one of these ways, and returns what it says of it.
func (h *house) sees(code string, ways ...node.Reach) (row peerRow) {
	h.realCountry.t.Helper()
	h.eventually(fmt.Sprintf("%s reaches %s: %v", h.cfg.Member.Country, code, ways), func() error {
		row = h.row(code)
		if !slices.Contains(ways, row.Reach) {
			return fmt.Errorf("it is %s through %v", row.Reach, row.Through)
		}
		return nil
	})
	return row
}

// row returns what the node says of a country.
func (h *house) row(code string) peerRow {
	cl, rows, err := ask[[]peerRow](h.dir, "/peers")
	if err != nil {
		return peerRow{}
	}
	defer cl.close()
	for _, r := range rows {
		if r.Country == code {
			return r
		}
	}
	return peerRow{}
}

// town is an internet with three countries in it: XA has a public address and relays, XB and XC stand behind routers.
type town struct {
	net, a, b, c     lan
	routerB, routerC lan
	xa, xb, xc       *house
}

// newTown makes it. mapped says that XB has its router open its ports, and names the router's address on its card.
func newTown(t *testing.T, mapped bool) *town {
	needNamespaces(t)
	w := &town{net: newLan(t, "net"), a: newLan(t, "a"), b: newLan(t, "b"), c: newLan(t, "c"), routerB: newLan(t, "rb"), routerC: newLan(t, "rc")}
	join(w.net, w.a, "toa", "5.5.1")
	join(w.net, w.routerB, "tob", "5.5.2")
	join(w.net, w.routerC, "toc", "5.5.3")
	join(w.routerB, w.b, "in", "10.2.0")
	join(w.routerC, w.c, "in", "10.3.0")
	w.routerB.route(false)
	w.routerC.route(false)
	var cards [3]*protocol.Card
	address := ""
	if mapped {
		address = "5.5.2.2"
	}
	w.xa, cards[0] = newHouse(t, "XA", w.a, "5.5.1.2", func(c *Config) { c.Node.Relay = true })
	w.xb, cards[1] = newHouse(t, "XB", w.b, address, func(c *Config) { c.Node.NAT = mapped })
	w.xc, cards[2] = newHouse(t, "XC", w.c, "", nil)
	introduce(t, []*realCountry{w.xa.realCountry, w.xb.realCountry, w.xc.realCountry}, cards[:])
	return w
}

// TestRealRouters: three nodes as processes, two of them behind routers of the kernel. They meet at the third, punch a hole,
// and keep what they have without it; behind routers that cannot be punched the third relays.
func TestRealRouters(t *testing.T) {
	for _, random := range []bool{false, true} {
		t.Run(map[bool]string{false: "punched", true: "relayed"}[random], func(t *testing.T) {
			w := newTown(t, false)
			w.routerB.route(random)
			w.routerC.route(random)
			w.xa.start()
			w.xb.start()
			w.xc.start()
			w.xb.sees("XA", node.Called)
			w.xa.sees("XB", node.Calls)
			want := node.Punched
			if random {
				want = node.Relayed
			}
			w.xb.sees("XC", want)
			row := w.xc.sees("XB", want)
			if random && !slices.Equal(row.Through, []string{"XA"}) {
				t.Errorf("XB is reached through %v", row.Through)
			}
			w.xb.publishExample("XB-1")
			w.xc.eventually("the case arrives", func() error {
				if held := w.xc.row("XB").Held; held == 0 {
					return fmt.Errorf("%d changes of XB", held)
				}
				return nil
			})
			if random {
				return
			}
			w.xa.stop()
			w.xb.sees("XA", node.NotReached)
			w.xb.publishExample("XB-2")
			w.xc.eventually("the next case arrives", func() error {
				if held := w.xc.row("XB").Held; held < 2 {
					return fmt.Errorf("%d changes of XB", held)
				}
				return nil
			})
			w.xb.sees("XC", node.Punched)
		})
	}
}

// TestARouterOpensOurPorts: a node asks its router for its ports, in either of two languages. Then who stands behind another
// router calls it at the address on its card, and no relay is needed. At the end the router gets its ports back.
func TestARouterOpensOurPorts(t *testing.T) {
	for _, language := range []string{"upnp", "natpmp"} {
		t.Run(language, func(t *testing.T) {
			w := newTown(t, true)
			w.routerB.speak(language)
			w.xc.start()
			w.xb.start()
			w.xb.sees("XC", node.Calls)
			w.xc.sees("XB", node.Called)
			for _, addr := range w.xb.cfg.Member.Addrs {
				if seen := w.xb.row("XB").Seen; !slices.Contains(seen, addr) {
					t.Errorf("others may reach it at %v, not at %s", seen, addr)
				}
			}
			open := func() string { return w.routerB.run("nft", "list", "chain", "inet", "filter", "prerouting_miniupnpd") }
			if rules := open(); strings.Count(rules, "10.2.0.2:4001") != 2 {
				t.Errorf("the router's rules:\n%s", rules)
			}
			w.xb.stop()
			if rules := open(); strings.Contains(rules, "10.2.0.2") {
				t.Errorf("the router's rules after the end:\n%s", rules)
			}
		})
	}
}

// speak makes a router answer who asks for ports, by miniupnpd.
func (l lan) speak(language string) {
	t := l.t
	t.Helper()
	daemon, err := exec.LookPath("miniupnpd")
	if err != nil {
		t.Skip("miniupnpd is missing")
	}
	dir := t.TempDir()
	conf := "ext_ifname=out\nlistening_ip=in\nsecure_mode=yes\nenable_upnp=no\nenable_natpmp=no\nsystem_uptime=yes\n" +
		"uuid=00000000-0000-4000-8000-000000000001\nallow 1024-65535 10.0.0.0/8 1024-65535\n"
	conf = strings.Replace(conf, language+"=no", language+"=yes", 1)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	router, log := exec.Command("ip", "netns", "exec", l.name, daemon, "-d", "-f", filepath.Join(dir, "conf"), "-P", filepath.Join(dir, "pid")), &lockedBuffer{}
	router.Stdout, router.Stderr = log, log
	if err := router.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		router.Process.Kill()
		router.Wait()
		if t.Failed() {
			t.Logf("log of the router:\n%s", log)
		}
	})
}
