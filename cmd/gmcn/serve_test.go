package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTakenPortIsNamed starts a country whose ports others hold.
func TestTakenPortIsNamed(t *testing.T) {
	r, _ := newCountry(t, "XA")
	_, port, _ := strings.Cut(r.cfg.Node.Listen[0], "/tcp/")
	for listen, say := range map[string]string{
		r.cfg.Site.Listen: "change listen under [site]", r.cfg.Console.Listen: "change listen under [console]",
		"127.0.0.1:" + port: "change listen under [node]",
	} {
		l, err := net.Listen("tcp", listen)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		out, err := exec.CommandContext(ctx, "gmcn", "run", "-dir", r.dir).CombinedOutput()
		cancel()
		l.Close()
		if err == nil || !strings.Contains(string(out), say) {
			t.Errorf("%s is taken: %v, want %q in:\n%s", listen, err, say, out)
		}
	}
}

// TestCommandsReachARunningNode shows that commands work beside a running node, after one that was killed, and where the
// path of the data folder is too long for a socket.
func TestCommandsReachARunningNode(t *testing.T) {
	r, _ := newCountry(t, "XA")
	long := filepath.Join(t.TempDir(), strings.Repeat("far/", 30)+"xa")
	if err := os.MkdirAll(filepath.Dir(long), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(r.dir, long); err != nil {
		t.Fatal(err)
	}
	r.dir = long
	r.start()
	socket := filepath.Join(r.dir, socketFile)
	info, err := os.Stat(socket)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("control socket: %v, %v", info, err)
	}
	if out := r.gmcn("peer", "list"); !strings.Contains(out, "XA") {
		t.Errorf("peer list says:\n%s", out)
	}
	second := exec.Command("gmcn", "run", "-dir", r.dir)
	if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "another gmcn uses") {
		t.Errorf("a second node on the same folder: %v\n%s", err, out)
	}

	r.kill()
	if _, err := os.Stat(socket); err != nil {
		t.Fatalf("the killed node left no socket behind (%v), so this shows nothing", err)
	}
	r.gmcn("check")
	r.start()
	if out := r.gmcn("peer", "list"); !strings.Contains(out, "XA") {
		t.Errorf("peer list says:\n%s", out)
	}

	if err := want("http://"+r.cfg.Console.Listen+"/en/signin", http.StatusOK); err != nil {
		t.Error(err)
	}
	r.stop()
	if _, err := os.Stat(socket); err == nil {
		t.Error("the socket outlives its node")
	}
}
