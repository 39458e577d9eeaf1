package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

var demoCommand = command{
	name:  "demo",
	brief: "run three invented countries on this machine",
	help: `Starts three countries that do not exist, each as a node of its own with its own data, site and console, and prints
their addresses. The first start makes them and their cases; a later one goes on with what is there. Everything listens
on this machine alone.

The sites have the ports 8001, 8002 and 8003, the consoles 8011 to 8013, the nodes 8021 to 8023; -port moves them all.

Example:
  gmcn demo -port 9001`,
	run: func(c *call) error {
		d := &demo{out: c.out}
		c.flags.StringVar(&d.dir, "dir", "demo-data", "`FOLDER` of the three countries")
		c.flags.IntVar(&d.port, "port", 8001, "`PORT` of the first site")
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		if d.port < 1 || d.port > 65000 {
			return c.misuse("-port is a number from 1 to 65000")
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		return d.run(ctx)
	},
}

// demo is the demonstration: three countries as three processes.
type demo struct {
	dir       string
	port      int
	out       io.Writer
	countries []*demoCountry
}

// demoCountry is one of them.
type demoCountry struct {
	protocoltest.Country
	dir                     string
	site, console, nodePort int
}

func (c *demoCountry) url() string     { return fmt.Sprintf("http://127.0.0.1:%d", c.site) }
func (c *demoCountry) staff() string   { return fmt.Sprintf("http://127.0.0.1:%d", c.console) }
func (c *demoCountry) addrs() []string { return loopback(c.nodePort) }

func loopback(port int) []string {
	return []string{fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port), fmt.Sprintf("/ip4/127.0.0.1/udp/%d/quic-v1", port)}
}

// plan says where in a folder the countries lie and which ports they have.
func (d *demo) plan(dir string) {
	d.countries = nil
	for i, c := range protocoltest.Countries(time.Now()) {
		d.countries = append(d.countries, &demoCountry{Country: c, dir: filepath.Join(dir, strings.ToLower(c.Code)),
			site: d.port + i, console: d.port + 10 + i, nodePort: d.port + 20 + i})
	}
}

func (d *demo) run(ctx context.Context) error {
	d.plan(d.dir)
	if taken := takenPorts(d.port); taken != nil {
		free := d.port
		for free+1000 < 65000 && takenPorts(free) != nil {
			free += 1000
		}
		return fmt.Errorf("taken already, perhaps by another demonstration: port %s\nStop that one, or use other ports: %s demo -port %d",
			strings.Join(taken, ", "), os.Args[0], free)
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	return d.start(ctx)
}

// takenPorts returns those of the demonstration's ports that somebody listens on.
func takenPorts(first int) (taken []string) {
	for _, group := range []int{0, 10, 20} {
		for i := range 3 {
			addr := fmt.Sprintf("127.0.0.1:%d", first+group+i)
			l, err := net.Listen("tcp", addr)
			if err == nil {
				l.Close()
			}
			var u net.PacketConn
			if err == nil && group == 20 {
				if u, err = net.ListenPacket("udp", addr); err == nil {
					u.Close()
				}
			}
			if err != nil {
				taken = append(taken, fmt.Sprint(first+group+i))
			}
		}
	}
	return taken
}

// start starts the processes, prints where they are, and waits until ctx ends or none is left.
func (d *demo) start(ctx context.Context) error {
	ended := make(chan *child, len(d.countries))
	var children []*child
	stop := func() {
		for _, ch := range children {
			ch.stop()
		}
		for _, ch := range children {
			ch.wait()
		}
	}
	for _, c := range d.countries {
		ch, err := startChild(c.Code, c.dir, d.out, ended)
		if err != nil {
			stop()
			return err
		}
		children = append(children, ch)
	}
	for i, c := range d.countries {
		if err := healthy(ctx, c.url()+"/healthz", children[i]); err != nil {
			stop()
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("%s does not start: %w\nits log is %s", c.Code, err, children[i].log.Name())
		}
	}
	if err := d.print(); err != nil {
		stop()
		return err
	}
	for left := len(children); left > 0; {
		select {
		case <-ctx.Done():
			stop()
			fmt.Fprintf(d.out, "\nAll three have stopped. Their data stays in %s.\n", d.dir)
			return nil
		case ch := <-ended:
			left--
			if ctx.Err() == nil {
				fmt.Fprintf(d.out, "%s has stopped (%v). Start it again with: %s run -dir %s\n", ch.name, ch.err, os.Args[0], ch.dir)
			}
		}
	}
	return errors.New("none of the three countries is left")
}

// print writes the table of addresses.
func (d *demo) print() error {
	fmt.Fprintf(d.out, "\nThree invented countries are running. Nobody on their pages exists.\n")
	for _, c := range d.countries {
		password, err := secretFrom(filepath.Join(c.dir, demoPasswordFile))
		if err != nil {
			return err
		}
		_, country := c.CountryNames.Pick("en")
		_, name := c.Names.Pick("en")
		fmt.Fprintf(d.out, "\n  %s  %s: %s\n", c.Code, country, name)
		var sites []string
		for _, lang := range c.Languages {
			sites = append(sites, fmt.Sprintf("%s/%s/", c.url(), lang))
		}
		fmt.Fprintf(d.out, "      site      %s\n", strings.Join(sites, "  "))
		fmt.Fprintf(d.out, "      console   %s/    password %s\n", c.staff(), password)
	}
	fmt.Fprintf(d.out, "\nPublish a case in one console and look at the other sites. Ctrl-C stops all three; their data stays in %s.\n", d.dir)
	return nil
}
