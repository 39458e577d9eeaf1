package node

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// outcome is what accept made of one envelope.
type outcome struct {
	// claim is nil when the envelope could not be read.
	claim *protocol.Claim
	// err is nil for a record now on disk, else why not; protocol.VerdictOf says what to do about the sender.
	err error
}

// accept is the one door: every record from a peer enters here, by gossip or by pull. It judges each envelope, cheapest
// question first, and stores what passes in one transaction. The outcomes stand in the order of raws.
func (n *Node) accept(raws ...[]byte) []outcome {
	outcomes := make([]outcome, len(raws))
	defer func() {
		for _, o := range outcomes {
			n.metrics.records.WithLabelValues(protocol.VerdictOf(o.err).String()).Inc()
		}
	}()
	records := make([]*protocol.Record, len(raws))
	now := n.effectiveNow()
	each(len(raws), func(i int) {
		o := &outcomes[i]
		if o.claim, o.err = protocol.Parse(raws[i]); o.err == nil {
			records[i], o.err = n.judge(o.claim, now)
		}
	})
	var batch []*protocol.Record
	var at []int
	for i, r := range records {
		if r != nil {
			batch, at = append(batch, r), append(at, i)
		}
	}
	stored, err := n.keep(batch)
	for j, i := range at {
		if outcomes[i].err = err; err == nil {
			outcomes[i].err = stored[j]
		}
	}
	return outcomes
}

// keep stores records that were judged, in one transaction. The outcomes are those of store.Put.
func (n *Node) keep(batch []*protocol.Record) (stored []error, err error) {
	switch len(batch) {
	case 0:
		return nil, nil
	case 1: // shares a transaction with whoever else is at the door
		stored = []error{n.store.Put(batch[0])}
	default:
		if stored, err = n.store.PutAll(batch); err != nil {
			n.storeFailed(err)
			return nil, err
		}
	}
	var own []*protocol.Record
	for i, r := range batch {
		n.storeFailed(stored[i])
		switch {
		case stored[i] == nil:
			if len(r.Photos()) > 0 {
				wake(n.photo)
			}
			if s := r.Stance(); s != nil && r.Header().Origin == n.Origin() {
				n.heed(s)
			} else if s != nil {
				n.weigh(s.Member)
			}
			if r.Header().Origin == n.Origin() {
				n.gate.some()
				own = append(own, r)
			}
			n.tellStray(r)
		default:
			var conflict *store.Conflict
			if errors.As(stored[i], &conflict) {
				n.prove(r.Header().Origin, r.Header().Epoch, false, conflict.Held, r.Bytes())
				if r.Type() == protocol.TypeTakedown { // of another branch, and heeded
					stored[i] = nil
				}
			}
		}
	}
	if len(own) > 0 {
		n.adopt(own)
	}
	return stored, nil
}

// keepAll stores records that were judged. What is refused stays for the comparison with the owner's head to find.
func (n *Node) keepAll(batch []*protocol.Record) error {
	_, err := n.keep(batch)
	return err
}

// judgeBlock judges the records of a block that a peer sent. If they are those that a signed head vouches for, none of
// their signatures is checked; else, or without vouched, each is judged by itself and bad is protocol.ErrBlocks, or why
// one of them is to be rejected. unsettled says that some must be asked for again.
func (n *Node) judgeBlock(vouched *protocol.Vouched, epoch, index uint64, raws [][]byte) (records []*protocol.Record, unsettled bool, bad error) {
	claims := make([]*protocol.Claim, len(raws))
	errs := make([]error, len(raws))
	each(len(raws), func(i int) { claims[i], errs[i] = protocol.Parse(raws[i]) })
	opened, now := make([]*protocol.Record, len(raws)), n.effectiveNow()
	if vouched != nil {
		bad = protocol.ErrBlocks
		if errors.Join(errs...) == nil {
			opened, bad = vouched.Open(epoch, index, claims)
		}
	}
	if vouched == nil || bad != nil {
		opened = make([]*protocol.Record, len(raws))
		each(len(raws), func(i int) {
			if errs[i] == nil {
				opened[i], errs[i] = n.judge(claims[i], now)
			}
		})
		for _, err := range errs {
			if protocol.VerdictOf(err) == protocol.Reject {
				bad = err
			}
			unsettled = unsettled || !settled(err)
		}
	}
	for i, r := range opened {
		if r == nil {
			continue
		}
		if err := errors.Join(n.wanted(claims[i], now), n.ours(r)); err != nil {
			unsettled = unsettled || !settled(err)
			continue
		}
		records = append(records, r)
	}
	return records, unsettled, bad
}

// judge says whether a claim is a genuine record that we want, without storing it.
func (n *Node) judge(claim *protocol.Claim, now time.Time) (*protocol.Record, error) {
	h := claim.Header()
	member, ok := n.active(h.Origin)
	if !ok {
		return nil, protocol.ErrOrigin
	}
	key, err := member.Cards.Certifies(claim)
	if err != nil {
		return nil, err
	}
	seen := n.store.Seen(claim)
	own := h.Origin == n.Origin() && errors.Is(seen, protocol.ErrFork)
	var conflict *store.Conflict
	if seen != nil && !own && !errors.As(seen, &conflict) {
		return nil, seen
	}
	if seen == nil {
		if err := n.wanted(claim, now); err != nil {
			return nil, err
		}
	}
	r, err := claim.Open(key)
	switch {
	case err != nil:
	case own && claim.Type() != protocol.TypeTakedown:
		return nil, n.contradicted(r)
	default:
		err = n.ours(r)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// wanted says whether a record, if genuine, may be stored now.
func (n *Node) wanted(claim *protocol.Claim, now time.Time) error {
	h := claim.Header()
	member, ok := n.active(h.Origin)
	switch {
	case !ok:
		return protocol.ErrOrigin
	case claim.Type() != protocol.TypeTakedown && member.Standing == protocol.Suspended:
		return protocol.ErrOrigin
	case !member.Card.NotAfter.After(now):
		return protocol.ErrKey
	case claim.Type() != protocol.TypeTakedown && member.Standing != protocol.Own && h.At.After(now.Add(protocol.MaxAhead)):
		return protocol.ErrFuture // a takedown is not held back: no clock, theirs or ours, may keep a child on show
	case claim.Type() != protocol.TypeTakedown && n.silent(h.Origin, now):
		return protocol.ErrSilent
	}
	return nil
}

// settled says whether an outcome of accept leaves nothing to come back for: the record is here, or never will be
// wanted. Everything else (the future, another key, a full disk) is asked for again by the next pull.
func settled(err error) bool {
	return err == nil || errors.Is(err, protocol.ErrStored) || errors.Is(err, protocol.ErrStale) ||
		errors.Is(err, protocol.ErrClosed) || errors.Is(err, protocol.ErrUnknown) || errors.Is(err, protocol.ErrVoid) ||
		errors.Is(err, protocol.ErrFork) || errors.Is(err, protocol.ErrFrozen) || errors.Is(err, protocol.ErrPast)
}

// each calls f for 0 to n-1 on every core and waits.
func each(n int, f func(int)) {
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers <= 1 {
		for i := range n {
			f(i)
		}
		return
	}
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := w; i < n; i += workers {
				f(i)
			}
		})
	}
	wg.Wait()
}
