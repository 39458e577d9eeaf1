package node

import (
	"os"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
)

// TestALongOutageLeavesNoTrace cuts a network in half for so long that every node has dialled in vain for hundreds of times:
// when the line is back all are connected within the longest wait of the supervisor.
func TestALongOutageLeavesNoTrace(t *testing.T) {
	inWorld(t, 8, quiet, func(t *testing.T, w *world) {
		w.setCut(func(a, b int) bool { return (a < 4) != (b < 4) })
		time.Sleep(3 * time.Hour)
		if w.nodes[0].mesh.Load().host.Network().Connectedness(w.peerID(7)) == network.Connected {
			t.Fatal("the halves are connected: nothing is tested")
		}
		w.setCut(nil)
		took := w.until(backoffMax*3/2+dialTimeout, "connected again", func() bool {
			for _, n := range w.nodes {
				if len(n.mesh.Load().host.Network().Peers()) < len(w.nodes)-1 {
					return false
				}
			}
			return true
		})
		t.Logf("connected again in %s", took)
	})
}

// TestAQuickRestartKeepsGossip lets a node lose its power and come back before the others have noticed: what they publish
// then reaches it at once, and not by the next pull.
func TestAQuickRestartKeepsGossip(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(10 * time.Second)
		w.setCut(func(_, _ int) bool { return true })
		w.shutDown(1)
		w.reopen(1)
		w.setCut(nil)
		w.start(1)
		w.until(time.Minute, "connected again", func() bool { return len(w.nodes[1].mesh.Load().host.Network().Peers()) == 1 })
		time.Sleep(time.Minute)
		for range 3 {
			r := w.publish(0, randomName())
			w.until(2*time.Second, "shown at once", func() bool { return w.shows(1, r) })
			r = w.publish(1, randomName())
			w.until(2*time.Second, "shown at once", func() bool { return w.shows(0, r) })
			time.Sleep(5 * time.Second)
		}
	})
}

// TestAFullDiskKeepsOurLease fills the disk of a country to the last byte: for longer than its lease its cases stay on the
// sites of the others, and it can still close them.
func TestAFullDiskKeepsOurLease(t *testing.T) {
	bubble(t, func(t *testing.T) {
		small := false
		w := newWorld(t, 2, func(i int, cfg *Config) {
			cfg.Lease = protocol.MinLease
			if i == 0 {
				small = smallDisk(t, cfg.Dir)
			}
		})
		defer w.close()
		if !small {
			t.Skip("only root can make a small disk")
		}
		w.startAll()
		r := w.publish(0, randomName())
		w.until(time.Minute, "everywhere", w.agreed(0))
		n := w.nodes[0]
		hog := fillDisk(t, n.cfg.Dir)
		for failed := 0; failed < 5; { // and the pages that are free in the database
			if err := n.SaveDraft(testDraft(randomName(), "AA")); err != nil {
				failed++
			}
		}
		for d := protocol.MinLease / 2; d <= 2*protocol.MinLease; d += protocol.MinLease / 2 {
			w.setClock(0, d)
			w.setClock(1, d)
			time.Sleep(2 * headEvery)
			if !w.shows(1, r) {
				t.Fatal("our case vanished abroad, for our disk is full")
			}
		}
		if _, err := n.CloseCase(r.Header().Case, "located_safe"); err != nil {
			t.Fatal(err)
		}
		w.until(time.Minute, "closed everywhere", w.everywhere(w.gone, r))
		if err := os.Remove(hog); err != nil {
			t.Fatal(err)
		}
		next := w.publish(0, randomName())
		w.until(time.Minute, "with room again", w.everywhere(w.shows, next))
	})
}
