package node

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// TestALongOutageLeavesNoTrace cuts a network in half for so long that every node has dialled in vain for hundreds of times:
// when the line is back all are connected within the longest wait of the supervisor.
func TestALongOutageLeavesNoTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 8, quiet)
		defer w.close()
		w.startAll()
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
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.startAll()
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
