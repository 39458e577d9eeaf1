package node

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// keepWish stores a wish. Its error is ErrWaiting when that has succeeded.
func (n *Node) keepWish(w store.Wish) error {
	if err := n.store.SaveWish(w); err != nil {
		return err
	}
	wake(n.gate.turn) // it may just have opened
	return ErrWaiting
}

// tryCase says what would stand in the way of signing a case; it is signed with a key that is thrown away.
func (n *Node) tryCase(id protocol.CaseID, e protocol.Entry, reviewBy time.Time) error {
	_, key, err := ed25519.GenerateKey(nil)
	if err == nil {
		e.Header = protocol.Header{Origin: n.Origin(), Epoch: 1, Seq: 1, Case: id, Rev: 1, At: n.now(), ReviewBy: reviewBy}
		_, err = protocol.Sign(key, e)
	}
	return err
}

// grantWishes signs what was wished, takedowns first, and says whether nothing is left that must be tried again.
func (n *Node) grantWishes() bool {
	wishes, err := n.store.Wishes()
	if err != nil {
		n.log.Error("reading what waits to be published", "error", err)
		n.storeFailed(err)
		return false
	}
	for _, w := range wishes {
		r, err := n.grantWish(w.ID)
		switch {
		case errors.Is(err, ErrWaiting): // the gate has closed again, or is open for takedowns alone
		case err != nil:
			n.log.Error("publishing what waited", "case", w.ID.String(), "error", err)
			n.storeFailed(err)
			return false
		case r != nil:
			n.changed(r)
		}
	}
	return true
}

// grantWish signs what is wished of a case. What can be signed no more is given up: the draft says so by being dirty.
func (n *Node) grantWish(id protocol.CaseID) (*protocol.Record, error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	w, err := n.store.Wish(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var r *protocol.Record
	switch w.Kind {
	case store.WishPublish:
		r, err = n.signCase(id, protocol.Entry{Case: w.Case, Members: w.Members, Photos: w.Photos}, w.ReviewBy)
	case store.WishRenew:
		r, err = n.signRenewal(id, w.ReviewBy)
	case store.WishClose:
		r, err = n.signTakedown(id, w.Number, w.Reason)
	case store.WishStance:
		r, err = n.signStance(*w.Stance)
	}
	var problems protocol.Problems
	if errors.As(err, &problems) || errors.Is(err, protocol.ErrClosed) || errors.Is(err, protocol.ErrSize) ||
		errors.Is(err, protocol.ErrForm) || errors.Is(err, fs.ErrNotExist) {
		n.log.Error("what waited cannot be published any more; see the case at the desk", "case", id.String(), "error", err)
		return nil, n.giveUp(id)
	}
	return r, err
}

// giveUp drops a wish and says so at the desk.
func (n *Node) giveUp(id protocol.CaseID) error {
	if err := n.store.DropWish(id); err != nil {
		return err
	}
	d, err := n.store.Draft(id)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Dirty = true
	return n.store.SaveDraft(d)
}

// signCase publishes the next revision of a case; the caller holds desk.
func (n *Node) signCase(id protocol.CaseID, e protocol.Entry, reviewBy time.Time) (*protocol.Record, error) {
	r, err := n.append(id, n.gate.open, func(h protocol.Header, key ed25519.PrivateKey) (*protocol.Record, error) {
		e.Header = h
		e.At, e.ReviewBy = n.now(), reviewBy
		return protocol.Sign(key, e)
	})
	if err != nil {
		return nil, err
	}
	d, err := n.store.Draft(id)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil // the record came back from our peers, the draft did not
	}
	if err != nil {
		return nil, err
	}
	d.PublishedRev = r.Header().Rev
	return r, n.store.SaveDraft(d)
}

// signRenewal publishes what is public as it is; the caller holds desk.
func (n *Node) signRenewal(id protocol.CaseID, reviewBy time.Time) (*protocol.Record, error) {
	live, err := n.store.Live(id)
	if err != nil {
		return nil, err
	}
	return n.signCase(id, protocol.Entry{Case: live.Case(), Members: live.Members(), Photos: live.Photos()}, reviewBy)
}

// signTakedown takes a case down; the caller holds desk.
func (n *Node) signTakedown(id protocol.CaseID, number string, reason protocol.Reason) (*protocol.Record, error) {
	if !n.mayClose() {
		return nil, ErrWaiting
	}
	marks, err := n.store.Marks(id)
	if err != nil {
		return nil, err
	}
	// No head may be signed between here and the takedown: it would let members show the case for longer than we write down.
	n.heads.Lock()
	defer n.heads.Unlock()
	until, err := n.store.ShownUntil()
	if err != nil {
		return nil, err
	}
	now := n.now()
	// What stays is written first: a crash in between leaves a line too many, never a closed case that nobody can find.
	if err := n.store.SaveClosed(store.Closed{ID: id, Ref: protocol.RefOf(n.Origin(), id), Number: number, Reason: reason, At: now,
		ShownUntil: until}); err != nil {
		return nil, err
	}
	return n.append(id, n.mayClose, func(h protocol.Header, key ed25519.PrivateKey) (*protocol.Record, error) {
		h.At = now
		return protocol.Sign(key, protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: h.Rev - 1, Gone: marks}})
	})
}

// signStance publishes what we say of another member; the caller holds desk.
func (n *Node) signStance(s protocol.Stance) (*protocol.Record, error) {
	return n.append(protocol.StanceID(s.Member), n.gate.open, func(h protocol.Header, key ed25519.PrivateKey) (*protocol.Record, error) {
		h.At = n.now()
		return protocol.Sign(key, protocol.Entry{Header: h, Stance: &s})
	})
}
