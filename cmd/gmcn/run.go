package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/admin"
	"github.com/gmcn/gmcn/ui/site"
)

var runCommand = command{
	name:  "run",
	brief: "run a country: its node, public site and console",
	help: `Runs until it is told to stop (ctrl-C, SIGTERM); then it lets visitors finish for up to five seconds. It logs to the
standard error stream: text on a terminal, JSON otherwise.

Example:
  gmcn run -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		// For the demonstration, whose nodes end with it: the parent holds the other end of a pipe.
		withParent := c.flags.Bool("until-input-ends", false, "")
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		if *withParent {
			var end context.CancelFunc
			ctx, end = context.WithCancel(ctx)
			go func() { // ends with the process at the latest: nothing can interrupt a read of a pipe
				io.Copy(io.Discard, c.in)
				end()
			}()
		}
		return serve(ctx, *dir, newLog(c.err))
	},
}

// newLog logs as text on a terminal, else as JSON.
func newLog(w io.Writer) *slog.Logger {
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

// newSite makes the public site of a country.
func newSite(home *country, n *node.Node, log *slog.Logger) (http.Handler, error) {
	return site.New(site.Config{Public: n.Public(), Bundle: home.bundle, Languages: home.Member.Languages, Look: home.look,
		BaseURL: home.Member.Site, Fonts: home.fonts, Demo: home.Demo, Log: log})
}

// nodeConfig is the part of the configuration that is the node's.
func (c *country) nodeConfig(log *slog.Logger) node.Config {
	return node.Config{Dir: c.dir, Listen: c.Node.Listen, Lease: time.Duration(c.Node.Lease), Review: time.Duration(c.Node.ReviewDays) * day,
		PhotoBytes: int64(c.Node.PhotoGiB) << 30, PhotoHourly: int64(c.Node.PhotoGiBHourly) << 30, NAT: c.Node.NAT, Relay: c.Node.Relay,
		AutoSuspend: c.Node.AutoSuspend, Log: log}
}

// serve runs a country until ctx ends.
func serve(ctx context.Context, dir string, log *slog.Logger) (err error) {
	home, err := openCountry(dir)
	if err != nil {
		return err
	}
	hash, err := readPassword(dir)
	if err != nil {
		return err
	}
	n, err := node.Open(home.nodeConfig(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	warnOfCard(log, home, n.Card())
	public, err := newSite(home, n, log)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	console, err := admin.New(admin.Config{Node: n, Bundle: home.bundle, Languages: home.Member.Languages, Look: home.look,
		SiteURL: home.Member.Site, PasswordHash: hash, Proxies: home.Console.Proxies, Fonts: home.fonts, Demo: home.Demo, Log: log,
		Background: func(do func(context.Context)) { g.Go(func() error { do(ctx); return nil }) }})
	if err != nil {
		return err
	}

	console = withMetrics(console, n, home.Console.MetricsToken)

	var servers []server
	defer func() {
		for _, s := range servers {
			s.listener.Close()
		}
	}()
	for _, l := range []struct {
		section, listen string
		handler         http.Handler
		// wait is how long a request or an answer may take: a photo over a slow line.
		wait time.Duration
	}{{"site", home.Site.Listen, public, time.Minute}, {"console", home.Console.Listen, console, 5 * time.Minute}} {
		at, err := net.Listen("tcp", l.listen)
		if err != nil {
			return fmt.Errorf("listen at %s for the %s: %w\nchange listen under [%s] in %s", l.listen, l.section, err, l.section,
				filepath.Join(dir, configFile))
		}
		servers = append(servers, newServer(l.section, at, l.handler, l.wait, log))
	}
	for _, addr := range home.Node.Listen {
		if err := vacant(addr); err != nil {
			return fmt.Errorf("listen at %s for other countries: %w\nchange listen under [node] in %s", addr, err,
				filepath.Join(dir, configFile))
		}
	}
	socket, err := listenSocket(dir)
	if err != nil {
		return err
	}
	defer os.Remove(filepath.Join(dir, socketFile))
	commands := (&control{node: n, site: home.Member.Site, posters: postersOf(home, n)}).handler(public)
	servers = append(servers, newServer("control", socket, commands, 5*time.Minute, log))

	for _, s := range servers {
		g.Go(func() error { return s.run(ctx) })
	}
	g.Go(func() error { return n.Run(ctx) })
	log.Info("gmcn runs", "country", home.Member.Country, "fingerprint", n.Card().Origin().Fingerprint(),
		"site", "http://"+home.Site.Listen+"/", "console", "http://"+home.Console.Listen+"/")
	err = g.Wait()
	log.Info("gmcn stopped")
	return err
}

// vacant says whether a multiaddress can be listened on. The node itself goes on while one of its addresses is left.
func vacant(addr string) error {
	m, err := multiaddr.NewMultiaddr(addr)
	if err != nil {
		return err
	}
	// The part up to the port: what follows, such as quic-v1, is spoken over it.
	socket, _ := multiaddr.SplitFunc(m, func(c multiaddr.Component) bool {
		return !slices.Contains([]int{multiaddr.P_IP4, multiaddr.P_IP6, multiaddr.P_TCP, multiaddr.P_UDP}, c.Protocol().Code)
	})
	network, at, err := manet.DialArgs(socket)
	if err != nil {
		return err
	}
	var l io.Closer
	if strings.HasPrefix(network, "udp") {
		l, err = net.ListenPacket(network, at)
	} else {
		l, err = net.Listen(network, at)
	}
	if err != nil {
		return err
	}
	return l.Close()
}

// drain is how long visitors may finish when the node stops.
const drain = 5 * time.Second

type server struct {
	name     string
	listener net.Listener
	http     *http.Server
}

func newServer(name string, l net.Listener, h http.Handler, wait time.Duration, log *slog.Logger) server {
	return server{name, l, &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: wait, WriteTimeout: wait, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(log.With("server", name).Handler(), slog.LevelDebug),
	}}
}

// run serves until ctx ends, then lets what is under way finish.
func (s server) run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.http.Serve(s.listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the %s: %w", s.name, err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := s.http.Shutdown(late); err != nil {
		s.http.Close()
	}
	<-ended
	return nil
}

// warnOfCard says when gmcn.toml and the signed card differ, and when the card ends.
func warnOfCard(log *slog.Logger, home *country, card *protocol.Card) {
	if differs := cardDiffers(home.Config, card); differs != nil {
		log.Warn("gmcn.toml has changed since the card was signed; sign a new one with gmcn card -renew",
			"keys", strings.Join(differs, ", "), "folder", home.dir)
	}
	if left := time.Until(card.NotAfter); left < 60*24*time.Hour {
		log.Warn("the card ends soon; sign a new one with gmcn card -renew", "ends", card.NotAfter.Format(time.DateOnly), "folder", home.dir)
	}
}
