package node

import (
	"errors"
	"io/fs"

	"github.com/gmcn/gmcn/protocol"
)

// prove makes the proof that a member signed two logs, of two signed things of it that contradict each other, and freezes
// it.
func (n *Node) prove(o protocol.Origin, epoch uint64, heads bool, a, b []byte) {
	member, ok := n.active(o)
	if !ok || !n.store.LearnsFork(o, epoch, heads) {
		return
	}
	f, err := protocol.NewFork(a, b, member.Card)
	if err != nil { // a record that a head vouches for, and that is not signed, proves nothing
		n.log.Warn("two things of a member contradict each other and are no proof", "member", o.String(), "error", err)
		return
	}
	if pass, err := n.freeze(f); err != nil && !errors.Is(err, protocol.ErrStored) {
		n.log.Error("keeping the proof of a fork", "member", o.String(), "error", err)
	} else if pass {
		n.tellFork(f)
	}
}

// contradicted proves that our own log is one of two, by a genuine record that somebody else has signed with our key. The
// error is always protocol.ErrFork.
func (n *Node) contradicted(r *protocol.Record) error {
	h := r.Header()
	held, _, err := n.store.Records(h.Origin, h.Epoch, []uint64{h.Seq})
	if err != nil {
		n.storeFailed(err)
	}
	for _, raw := range held {
		n.prove(h.Origin, h.Epoch, false, raw, r.Bytes())
	}
	if h.Epoch >= n.Card().Epoch { // of an epoch that is over others may hold another branch still
		n.fence(h.Epoch, "two records of our own for one place", "seq", h.Seq) // or one revision
	}
	return protocol.ErrFork
}

// takeFork judges the proof of a fork that a peer gave, and stores it. pass says that it is to be passed on. Errors: those
// of protocol.OpenFork, ErrOrigin, ErrStored.
func (n *Node) takeFork(raw []byte) (f *protocol.Fork, pass bool, err error) {
	claim, err := protocol.ParseFork(raw)
	if err != nil {
		return nil, false, err
	}
	member, ok := n.active(claim.Origin())
	if !ok {
		return nil, false, protocol.ErrOrigin
	}
	if !n.store.LearnsFork(claim.Origin(), claim.Epoch(), claim.Heads()) {
		return nil, false, protocol.ErrStored
	}
	if f, err = claim.Open(member.Card); err != nil {
		return nil, false, err
	}
	pass, err = n.freeze(f)
	return f, pass, err
}

// freeze stores a verified proof. pass says that it is to be passed on.
func (n *Node) freeze(f *protocol.Fork) (pass bool, err error) {
	news, pass, err := n.store.AddFork(f)
	if err != nil {
		n.storeFailed(err)
		return false, err
	}
	if !news {
		return false, protocol.ErrStored
	}
	n.log.Error("a member signed two logs: nothing but takedowns is taken of it until it has a card of a later epoch",
		"member", f.Origin.String(), "epoch", f.Epoch, "seq", f.Seq, "heads", f.Heads)
	n.mu.Lock()
	delete(n.doubts, f.Origin)
	n.mu.Unlock()
	if f.Origin == n.Origin() {
		n.fence(f.Epoch, "two logs were signed with our key", "seq", f.Seq)
		wake(n.gate.turn) // what waits to be closed can be
	}
	n.watch()
	return pass, nil
}

// tellFork gossips a proof.
func (n *Node) tellFork(f *protocol.Fork) {
	n.tell(takedownTopic, f.Bytes(), "fork of", f.Origin.String())
}

// frozen says whether a member is frozen: it signed two logs.
func (n *Node) frozen(o protocol.Origin) bool {
	_, frozen := n.store.Frozen(o)
	return frozen
}

// answerHead tells an asker the head that we have of a frozen origin, before all else, while neither of us has two that prove
// the fork. A proof by records goes when a case in it is closed; whoever comes later is convinced by the heads of both branches.
func (n *Node) answerHead(f *framed, o protocol.Origin, theirs protocol.Freeze) error {
	ours, frozen, err := n.store.Freeze(o)
	if err != nil || !frozen || ours.Heads || theirs.Origin == o && theirs.Epoch >= ours.Epoch && theirs.Heads {
		return err
	}
	head, err := n.store.Head(o)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.write(protocol.Frame{Head: head.Bytes()})
}

// answerFreeze tells an asker what it does not know of a fork: the proof, and every takedown, whatever branch it is of. theirs
// is zero for an asker that knows of none. frozen says that this is all there is to tell of the origin.
func (n *Node) answerFreeze(f *framed, o protocol.Origin, theirs protocol.Freeze) (frozen bool, err error) {
	ours, frozen, err := n.store.Freeze(o)
	if err != nil || !frozen {
		return false, err
	}
	if theirs.Origin != o || ours.Epoch > theirs.Epoch || ours.Epoch == theirs.Epoch && ours.Heads && !theirs.Heads {
		fork, err := n.store.Fork(o)
		if err == nil {
			err = f.write(protocol.Frame{Fork: fork.Bytes()})
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	if theirs.Origin == o && ours.Closed == theirs.Closed {
		return true, nil
	}
	if err := n.sendStrays(f, o, 0); err != nil {
		return true, err
	}
	out := recsOut{f: f}
	err = n.store.Walk(protocol.LogPlace{Origin: o}, true, func(_ uint64, raw []byte) error { return out.add(raw) })
	if err == nil {
		err = out.send(false)
	}
	return true, err
}
