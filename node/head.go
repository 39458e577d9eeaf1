package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
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
		if err := n.takeNumber(); err != nil && !errors.Is(err, ErrWaiting) {
			n.log.Error("signing for a number of our own", "error", err)
		}
		h, err := n.signHead()
		switch {
		case errors.Is(err, ErrWaiting), errors.Is(err, ErrNeedsRoot): // what opens the gate wakes us
		case err != nil:
			n.log.Error("signing our head", "error", err)
			n.storeFailed(err)
		default:
			m.gossip(headTopic, h.Bytes(), "head", h.Seq)
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
	if may, err := n.mayVouch(card, state, last); err != nil {
		return nil, err
	} else if !may || !n.gate.open() {
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

// mayVouch says whether a head may be signed for what our log is. last is our newest head, nil without one. Two heads for one
// number prove that two servers write. So none is signed beside one that says something else, and none for a number that this
// folder has not assigned: an older life of it may have, and another member holds the head that it signed.
func (n *Node) mayVouch(card *protocol.Card, state store.LogState, last *protocol.Head) (bool, error) {
	if last != nil && last.Epoch == card.Epoch && last.Seq >= state.Seq {
		return last.Seq == state.Seq && last.Root == state.Root, nil
	}
	wrote, err := n.store.Assigned()
	here := wrote.Epoch == state.Epoch && (wrote.Seq == state.Seq || state.Epoch < card.Epoch && wrote.Seq > state.Seq)
	return here || state.Seq == 0, err
}

// numberLate is after which time with an open gate our log is vouched for, though it lacks something that we have signed
// before: nobody brings it, and without heads all of it would vanish abroad.
const numberLate = time.Hour

// takeNumber says once more what we say of a member, so that our log has a number for which a head may be signed.
func (n *Node) takeNumber() error {
	card := n.Card()
	state, err := n.store.LogState(card.Origin())
	if err != nil {
		return err
	}
	last, err := n.store.Head(card.Origin())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	members := n.standing(protocol.Active)
	if may, err := n.mayVouch(card, state, last); err != nil || may || len(members) == 0 || !n.gate.open() {
		return err
	}
	n.gate.mu.Lock()
	late := time.Since(n.gate.since) >= numberLate
	n.gate.mu.Unlock()
	if whole, err := n.whole(); err != nil || !whole && !late {
		return err
	}
	o := slices.MinFunc(members, func(a, b protocol.Origin) int { return bytes.Compare(a[:], b[:]) })
	said := n.stance(o)
	if said.View == protocol.Withdrawn {
		said.Since = n.now()
	}
	n.desk.Lock()
	r, err := n.signStance(protocol.Stance{Member: o, View: said.View, Since: said.Since.UnixMilli(), Note: said.Note})
	n.desk.Unlock()
	if err != nil {
		return fmt.Errorf("take a number: %w", err)
	}
	n.log.Info("signed a stance anew, for a number of our log that no head has yet", "seq", r.Header().Seq)
	n.changed(r)
	return nil
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
	now := n.effectiveNow()
	if !member.Card.NotAfter.After(now) {
		return nil, protocol.ErrKey
	}
	if head.At.After(now.Add(protocol.MaxAhead)) {
		return nil, protocol.ErrFuture
	}
	return head, n.store.SetHead(head)
}
