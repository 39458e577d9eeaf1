package node

import (
	"fmt"
	"io/fs"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// TestDarkMember: when a member is away for longer than its lease an alarm says so, and it ends when the member is
// back.
func TestDarkMember(t *testing.T) {
	inWorld(t, 2, func(_ int, cfg *Config) { cfg.Lease = protocol.MinLease }, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		dark := w.nodes[1].Origin()
		w.stops[1]()
		time.Sleep(protocol.MinLease - 15*time.Minute)
		if !w.alarm(0, AlarmDark, dark).IsZero() {
			t.Error("an alarm before the lease is over")
		}
		time.Sleep(20 * time.Minute)
		head, err := w.nodes[0].store.Head(dark)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.alarm(0, AlarmDark, dark); !got.Equal(head.Until) {
			t.Errorf("dark since %v, want the end of the lease, %v", got, head.Until)
		}
		if got := w.nodes[0].Alarms(); len(got) != 1 {
			t.Errorf("alarms %+v, want the one", got)
		}
		w.start(1)
		w.until(15*time.Minute, "the alarm is over", func() bool { return w.alarm(0, AlarmDark, dark).IsZero() })
	})
}

// TestWrongClock tells a node other times than its own, as other members' greetings do.
func TestWrongClock(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(time.Second)
		n := w.nodes[0]
		say := func(i int, ahead time.Duration) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.offsets[w.peerID(i)] = ahead
		}
		say(1, time.Hour)
		if !w.alarm(0, AlarmClock, n.Origin()).IsZero() {
			t.Error("one wrong clock among four raises an alarm")
		}
		say(2, 6*time.Minute)
		if w.alarm(0, AlarmClock, n.Origin()).IsZero() {
			t.Error("no alarm, though most clocks are ahead")
		}
		w.until(time.Hour, "the members' greetings settle it", func() bool { return w.alarm(0, AlarmClock, n.Origin()).IsZero() })
	})
}

func TestDiskAndStoreAlarms(t *testing.T) {
	const gib = 1 << 30
	for _, c := range []struct {
		free, total uint64
		want        bool
	}{{gib, 100 * gib, true}, {6 * gib, 100 * gib, false}, {30 * gib, 4000 * gib, false}, {19 * gib, 4000 * gib, true}} {
		if got := nearlyFull(c.free, c.total); got != c.want {
			t.Errorf("%d of %d GiB free: %t, want %t", c.free/gib, c.total/gib, got, c.want)
		}
	}
	if free, total, err := diskSpace(t.TempDir()); err == nil && (free > total || total == 0) {
		t.Errorf("%d bytes free of %d", free, total)
	}
	w := newWorld(t, 1, nil)
	defer w.close()
	n := w.nodes[0]
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false}, {protocol.ErrStale, false}, {store.ErrGone, false},
		{&fs.PathError{Op: "write", Err: syscall.ENOSPC}, false}, // the disk's own alarm
		{fmt.Errorf("put: %w", &fs.PathError{Op: "write", Err: syscall.EIO}), true},
		{fmt.Errorf("read: %w", store.ErrDamaged), true},
	} {
		n.storeFailed(c.err)
		if got := !w.alarm(0, AlarmStore, n.Origin()).IsZero(); got != c.want {
			t.Errorf("after %v the alarm is on: %t", c.err, got)
		}
		n.settle(AlarmStore, n.Origin())
	}
}

// TestMetrics scrapes a node as Prometheus would.
func TestMetrics(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		r := w.publish(1, "somebody")
		w.until(2*time.Second, "the case is everywhere", w.everywhere(w.shows, r))
		w.stops[2]()
		time.Sleep(time.Minute)
		reg := prometheus.NewPedanticRegistry()
		reg.MustRegister(w.nodes[0].Metrics())
		answer := httptest.NewRecorder()
		promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorHandling: promhttp.PanicOnError}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		text := answer.Body.String()
		fingerprint := w.nodes[1].Origin().Fingerprint()
		for _, line := range []string{
			"gmcn_members 2\n", "gmcn_members_connected 1\n",
			`gmcn_live_cases{country="AB",member="` + fingerprint + `"} 1` + "\n",
			`gmcn_lag_records{country="AB",member="` + fingerprint + `"} 0` + "\n",
			`gmcn_records_total{verdict="accept"} 1` + "\n",
			`gmcn_lease_seconds{country="AB",member="` + fingerprint + `"} 2`, // 259,…: 72 hours
			`gmcn_bytes_total{direction="in",protocol="/gmcn/hello/1"} `, `gmcn_bytes_total{direction="out",protocol="gossip"} `,
		} {
			if !strings.Contains(text, line) {
				t.Errorf("no line %q", line)
			}
		}
		if strings.Contains(text, "somebody") {
			t.Error("a name among the metrics")
		}
		if t.Failed() {
			t.Log(text)
		}
		peers, err := w.nodes[0].Peers()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range peers[1:] {
			if p.In < 100 || p.Out < 100 {
				t.Errorf("%d bytes from a member and %d to it", p.In, p.Out)
			}
		}
	})
}
