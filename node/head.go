package node

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// headEvery renews our lease abroad.
	headEvery = 10 * time.Minute
	// headSoon gathers a burst of changes into one head.
	headSoon = time.Second
)

// headLoop signs and gossips our head: every ten minutes, and a second after our log has changed.
func (n *Node) headLoop(ctx context.Context, m *mesh) error {
	for {
		if err := n.resign(); err != nil && !errors.Is(err, ErrWaiting) {
			n.log.Error("signing void takedowns of ours anew", "error", err)
		}
		h, err := n.signHead()
		topic, gossips := m.topics[headTopic]
		switch {
		case errors.Is(err, ErrWaiting), errors.Is(err, ErrNeedsRoot): // what opens the gate wakes us
		case err != nil:
			n.log.Error("signing our head", "error", err)
			n.storeFailed(err)
		case gossips:
			if err := topic.Publish(m.ctx, h.Bytes()); err != nil {
				n.log.Warn("gossiping our head", "error", err)
			}
		}
		t := time.NewTimer(headEvery)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-n.head:
			t.Stop()
			if !sleep(ctx, headSoon) {
				return ctx.Err()
			}
		case <-t.C:
		}
	}
}

// signHead signs and stores what our log is now. While we may not write it signs nothing: ErrWaiting.
func (n *Node) signHead() (*protocol.Head, error) {
	n.heads.Lock()
	defer n.heads.Unlock()
	return n.signHeadLocked()
}

func (n *Node) signHeadLocked() (*protocol.Head, error) {
	card, key, err := n.signing()
	if err != nil {
		return nil, err
	}
	state, err := n.store.LogState(card.Origin())
	if err != nil {
		return nil, err
	}
	last, err := n.store.Head(card.Origin())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Nothing is signed beside a head of ours that vouches for more, or for something else, at the same place.
	if !n.gate.open() || err == nil && last.Epoch == card.Epoch && (last.Seq > state.Seq || last.Seq == state.Seq && last.Root != state.Root) {
		return nil, ErrWaiting
	}
	now := n.now()
	h, err := protocol.SignHead(key, protocol.Head{
		Origin: card.Origin(), Epoch: card.Epoch, Seq: state.Seq, Root: state.Root, Live: state.Live, Dead: state.Dead,
		Instance: n.store.Instance(), At: now, Until: now.Add(n.cfg.Lease),
	})
	if err != nil {
		return nil, err
	}
	return h, n.store.SetHead(h)
}

// takeHead judges and stores a signed head; what one of our own says goes to the gate. protocol.ErrStored is one of ours,
// one that we have, or one that is older than the one that we have; ErrFork one that contradicts another, which together
// freeze the member; ErrFrozen one of a member that is frozen.
func (n *Node) takeHead(raw []byte) (*protocol.Head, error) {
	claim, err := protocol.ParseHead(raw)
	if err != nil {
		return nil, err
	}
	member, ok := n.active(claim.Origin())
	if !ok || member.Standing == protocol.Suspended {
		return nil, protocol.ErrOrigin
	}
	head, err := claim.Open(member.Card)
	if err != nil {
		return nil, err
	}
	if other, err := n.store.HeadAt(head); err == nil {
		n.prove(head.Origin, head.Epoch, true, other.Bytes(), head.Bytes())
		return nil, protocol.ErrFork
	}
	if member.Standing == protocol.Own {
		return nil, n.takeOwnHead(head)
	}
	if n.frozen(head.Origin) {
		return nil, protocol.ErrFrozen
	}
	old, err := n.store.Head(head.Origin)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil && !head.Newer(old) {
		return nil, protocol.ErrStored
	}
	if !n.budget(head.Origin).heads.Allow() {
		return nil, errBudget
	}
	if err == nil && head.Epoch == old.Epoch && head.Instance != old.Instance {
		n.twinsOf(head.Origin, twinHeads)
	}
	// The time is told before the head is held back for its own: else a slow clock would never learn that it is slow.
	n.store.Heard(head.Origin, head.At)
	now := n.Clock().Now
	if !member.Card.NotAfter.After(now) {
		return nil, protocol.ErrKey
	}
	if head.At.After(now.Add(protocol.MaxAhead)) {
		return nil, protocol.ErrFuture
	}
	return head, n.store.SetHead(head)
}
