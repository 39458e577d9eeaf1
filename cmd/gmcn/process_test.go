package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
)

// realCountry is a country that runs as a process.
type realCountry struct {
	t    *testing.T
	dir  string
	site string
	cfg  *Config
	cmd  *exec.Cmd
	log  *lockedBuffer
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// freePorts returns ports on which nobody listens, by TCP or UDP.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for len(ports) < n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // after all are found, so that none comes twice
		addr := l.Addr().(*net.TCPAddr)
		u, err := net.ListenPacket("udp", addr.String())
		if err != nil {
			continue
		}
		defer u.Close()
		ports = append(ports, addr.Port)
	}
	return ports
}

// placed gives a configuration ports of its own.
func placed(t *testing.T, cfg *Config) *Config {
	p := freePorts(t, 3)
	cfg.Site.Listen, cfg.Console.Listen = fmt.Sprintf("127.0.0.1:%d", p[0]), fmt.Sprintf("127.0.0.1:%d", p[1])
	cfg.Node.Listen, cfg.Member.Addrs = loopback(p[2]), loopback(p[2])
	cfg.Member.Site = "http://" + cfg.Site.Listen
	return cfg
}

// newCountry makes a country that does not run yet.
func newCountry(t *testing.T, code string) (*realCountry, *protocol.Card) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.ToLower(code))
	cfg := placed(t, testConfig(code))
	card, err := makeCountry(dir, cfg, node.Secret{Passphrase: testPassphrase, Work: demoWork}, testPassword)
	if err != nil {
		t.Fatal(err)
	}
	return &realCountry{t: t, dir: dir, site: cfg.Member.Site, cfg: cfg}, card
}

// newCountries makes countries that know each other and do not run yet.
func newCountries(t *testing.T, codes ...string) []*realCountry {
	t.Helper()
	var all []*realCountry
	var cards []*protocol.Card
	for _, code := range codes {
		r, card := newCountry(t, code)
		all, cards = append(all, r), append(cards, card)
	}
	introduce(t, all, cards)
	return all
}

// startAll starts countries and waits until each is connected with all the others.
func startAll(all []*realCountry) {
	for _, r := range all {
		r.t.Helper()
		r.start()
	}
	for _, r := range all {
		r.connected(len(all) - 1)
	}
}

// gmcn runs a command for the country and returns what it printed.
func (r *realCountry) gmcn(args ...string) string {
	r.t.Helper()
	return r.plain(append(args, "-dir", r.dir)...)
}

// plain runs a command that needs no data folder.
func (r *realCountry) plain(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("gmcn", args...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("gmcn %s: %v\n%s", strings.Join(args, " "), err, errOut.String())
	}
	return string(out)
}

// start starts the country and waits until its site answers.
func (r *realCountry) start() {
	r.t.Helper()
	r.cmd, r.log = exec.Command("gmcn", "run", "-dir", r.dir), &lockedBuffer{}
	r.cmd.Stderr = r.log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	cmd := r.cmd
	r.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
		if r.t.Failed() {
			r.t.Logf("log of %s:\n%s", r.dir, r.log)
		}
	})
	r.eventually("the site answers", func() error { return want(r.site+"/healthz", http.StatusOK) })
}

// stop ends the country as an operator does.
func (r *realCountry) stop() {
	r.t.Helper()
	r.cmd.Process.Signal(syscall.SIGTERM)
	if err := r.cmd.Wait(); err != nil {
		r.t.Errorf("gmcn run ends with %v\n%s", err, r.log)
	}
}

// kill ends the country as a power cut does.
func (r *realCountry) kill() {
	r.t.Helper()
	r.cmd.Process.Kill()
	r.cmd.Wait()
}

// connected waits until the node has n others.
func (r *realCountry) connected(n int) {
	r.t.Helper()
	r.eventually(fmt.Sprintf("%d others are connected", n), func() error {
		cl, rows, err := ask[[]peerRow](r.dir, "/peers")
		if err != nil {
			return err
		}
		defer cl.close()
		if got := len(slices.DeleteFunc(rows, func(p peerRow) bool { return !p.Connected })); got != n {
			return fmt.Errorf("%d are:\n%s", got, r.gmcn("peer", "list"))
		}
		return nil
	})
}

// eventually tries until it succeeds or two minutes are over: the race detector on a busy machine is slow.
func (r *realCountry) eventually(what string, try func() error) {
	r.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// get fetches an address.
func get(url string) (status int, body []byte, err error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// want says whether an address answers with a status.
func want(url string, status int) error {
	got, _, err := get(url)
	if err == nil && got != status {
		err = fmt.Errorf("%s answers %d, want %d", url, got, status)
	}
	return err
}

// field returns what follows a name in what a command printed.
func field(t *testing.T, out, name string) string {
	t.Helper()
	for line := range strings.Lines(out) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(rest)
		}
	}
	t.Fatalf("no %q in:\n%s", name, out)
	return ""
}

// introduce makes countries that do not run accept each other.
func introduce(t *testing.T, all []*realCountry, cards []*protocol.Card) {
	t.Helper()
	for i, r := range all {
		n, err := node.Open(node.Config{Dir: r.dir})
		if err != nil {
			t.Fatal(err)
		}
		for j, card := range cards {
			if i != j {
				if err := n.AddMember(card); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// files returns every file under a folder.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		all[path], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
