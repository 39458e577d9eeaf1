package node

import (
	"bytes"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// members is the size of the network in the tests: what GMCN has today.
const members = 29

func TestEveryNodeHoldsWhatEachPublished(t *testing.T) {
	inWorld(t, members, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second) // gossip's meshes form
		var records []*protocol.Record
		for i := range w.nodes {
			records = append(records, w.publish(i, randomName()))
			time.Sleep(200 * time.Millisecond)
		}
		took := w.until(2*time.Second, "all nodes show all cases", w.everywhere(w.shows, records...))
		t.Logf("all %d cases at all %d nodes %s after the last", len(records), members, took)

		revised := w.publish(3, "again")
		closed, err := w.nodes[3].CloseCase(revised.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		took = w.until(2*time.Second, "the closed case is gone everywhere", w.everywhere(w.gone, closed))
		t.Logf("a takedown at all nodes after %s", took)

		w.until(10*time.Minute, "all nodes hold what the owners signed", func() bool { return w.verified() })
	})
}

// verified says whether every node's logs have the roots of the owners' heads.
func (w *world) verified() bool {
	for _, owner := range w.nodes {
		head, err := owner.store.Head(owner.Origin())
		if err != nil {
			return false
		}
		own, err := owner.store.LogState(owner.Origin())
		if err != nil || own.Root != head.Root {
			return false
		}
		for _, n := range w.nodes {
			state, err := n.store.LogState(owner.Origin())
			if err != nil || state.Root != head.Root || state.Seq != head.Seq {
				return false
			}
			if held, err := n.store.Head(owner.Origin()); err != nil || !bytes.Equal(held.Root[:], head.Root[:]) {
				return false
			}
		}
	}
	return true
}

func TestWithoutGossipAllStillArrives(t *testing.T) {
	inWorld(t, members, func(_ int, cfg *Config) { cfg.noGossip = true }, func(t *testing.T, w *world) {
		var records []*protocol.Record
		for i := range w.nodes {
			records = append(records, w.publish(i, randomName()))
		}
		took := w.until(15*time.Minute, "all nodes show all cases", w.everywhere(w.shows, records...))
		t.Logf("by pull alone after %s", took)
		closed, err := w.nodes[0].CloseCase(records[0].Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.until(15*time.Minute, "the closed case is gone everywhere", w.everywhere(w.gone, closed))
	})
}

func TestPartitionHeals(t *testing.T) {
	inWorld(t, members, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		before := w.publish(0, randomName())
		w.until(2*time.Second, "the first case is everywhere", w.everywhere(w.shows, before))

		w.setCut(func(a, b int) bool { return a < members/2 != (b < members/2) })
		time.Sleep(time.Minute)
		var records []*protocol.Record
		for i := range w.nodes {
			records = append(records, w.publish(i, randomName()))
		}
		closed, err := w.nodes[0].CloseCase(before.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if w.gone(members-1, closed) || w.shows(members-1, records[0]) {
			t.Error("the cut let something through")
		}
		w.setCut(nil)
		took := w.until(5*time.Minute, "all nodes show all cases", w.everywhere(w.shows, records...))
		w.until(time.Minute, "the closed case is gone everywhere", w.everywhere(w.gone, closed))
		t.Logf("complete %s after the cut of two minutes ended", took)
	})
}
