package node

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// takeOwnHead judges a genuine head of our own that another member holds. It is never one that gossip passes on: the error
// is protocol.ErrStored, or another of ours.
func (n *Node) takeOwnHead(head *protocol.Head) error {
	mine, err := n.store.Head(head.Origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	n.gate.mu.Lock()
	open, opened := n.gate.state == GateOpen, n.now().Add(-time.Since(n.gate.since)) // by our clock as it goes now
	n.gate.mu.Unlock()
	beside := mine != nil && head.Epoch == mine.Epoch && head.Seq == mine.Seq
	switch {
	case head.Seq == 0 || mine != nil && !beside && mine.Newer(head):
	case head.Instance != n.store.Instance():
		n.fence(head.Epoch, "a head of our own from another data folder", "seq", head.Seq)
	case open && head.Newer(mine) && head.At.After(opened) && !head.At.After(n.now().Add(protocol.MaxAhead)):
		n.twin("it signs heads", true) // no life of ours before this one signed it
	case head.Newer(mine) && (!beside || n.gate.recovers()):
		if err := n.store.SetHead(head); err != nil {
			return err
		}
		n.log.Warn("another member knows more of our log: was this folder restored from a backup?", "seq", head.Seq)
		n.gate.some()
	}
	return protocol.ErrStored
}

// ours says whether a genuine record that came from another member may be stored if it is our own: a takedown always, a
// case while our log is pulled back. Else nobody but us can have written it; what others know of our log is heard anew.
func (n *Node) ours(r *protocol.Record) error {
	h := r.Header()
	if h.Origin != n.Origin() || r.Type() == protocol.TypeTakedown || n.gate.recovers() || h.Epoch < n.Card().Epoch {
		return nil
	}
	if n.gate.open() {
		n.gate.some()
	}
	return fmt.Errorf("our own, and not by us: %w", protocol.ErrOrigin)
}

// fence ends all writing in an epoch: somebody else has our node key of that epoch and writes too. It may be over by now.
func (n *Node) fence(epoch uint64, why string, facts ...any) {
	n.gate.mu.Lock()
	closes := n.gate.state != GateNeedsRoot && epoch >= n.gate.epoch
	if closes {
		n.gate.set(GateNeedsRoot)
	}
	n.gate.mu.Unlock()
	if !closes {
		return
	}
	n.log.Error("this node writes no more: "+why, facts...)
	n.settle(AlarmGate, n.Origin())
	n.raise(AlarmInstance, n.Origin(), n.now())
	if err := n.store.Fence(epoch); err != nil {
		n.log.Error("this node is fenced until it stops", "error", err)
		n.storeFailed(err)
	}
}

// newEpoch opens the gate when a card of a later epoch of ours has come into force: nobody else can have written in that.
func (n *Node) newEpoch() {
	epoch := n.Card().Epoch
	n.gate.mu.Lock()
	n.gate.epoch = epoch
	closed := n.gate.state != GateOpen
	n.openGate()
	n.gate.mu.Unlock()
	if closed {
		n.log.Info("the node publishes in a new epoch", "epoch", epoch)
	}
	n.settle(AlarmGate, n.Origin())
	n.settle(AlarmInstance, n.Origin())
	wake(n.head)
	wake(n.down)
}

// keyOut ends all writing: a card of ours that names another key than this node has is in force.
func (n *Node) keyOut() {
	n.gate.mu.Lock()
	n.gate.set(GateNeedsRoot)
	n.gate.mu.Unlock()
	n.log.Error("this node writes no more: a card of ours names another key")
	n.settle(AlarmInstance, n.Origin())
	n.raise(AlarmNeedsRoot, n.Origin(), n.now())
}
