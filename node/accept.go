package node

import (
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/gmcn/gmcn/protocol"
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
	records := make([]*protocol.Record, len(raws))
	each(len(raws), func(i int) {
		o := &outcomes[i]
		if o.claim, o.err = protocol.Parse(raws[i]); o.err == nil {
			records[i], o.err = n.judge(o.claim)
		}
	})
	var batch []*protocol.Record
	var at []int
	for i, r := range records {
		if r != nil {
			batch, at = append(batch, r), append(at, i)
		}
	}
	var stored []error
	var err error
	switch len(batch) {
	case 0:
		return outcomes
	case 1: // shares a transaction with whoever else is at the door
		stored = []error{n.store.Put(batch[0])}
	default:
		stored, err = n.store.PutAll(batch)
	}
	for j, i := range at {
		if outcomes[i].err = err; err == nil {
			outcomes[i].err = stored[j]
		}
		switch {
		case outcomes[i].err == nil:
			if len(batch[j].Photos()) > 0 {
				wake(n.photo)
			}
			if s := batch[j].Stance(); s != nil {
				n.weigh(s.Member)
			}
		case errors.Is(outcomes[i].err, protocol.ErrFork):
			n.log.Error("a member signed two records for one place of its log", "member", batch[j].Header().Origin.String(),
				"seq", batch[j].Header().Seq, "record", batch[j])
		}
	}
	return outcomes
}

// judge says whether a claim is a genuine record that we want, without storing it.
func (n *Node) judge(claim *protocol.Claim) (*protocol.Record, error) {
	h := claim.Header()
	member, ok := n.active(h.Origin)
	if !ok {
		return nil, protocol.ErrOrigin
	}
	if member.Standing == protocol.Suspended && claim.Type() != protocol.TypeTakedown {
		return nil, protocol.ErrOrigin
	}
	key, err := member.Card.Certifies(claim)
	if err != nil {
		return nil, err
	}
	if !member.Card.NotAfter.After(time.Now()) {
		return nil, protocol.ErrKey
	}
	if err := n.store.Seen(claim); err != nil {
		return nil, err
	}
	if h.At.After(time.Now().Add(protocol.MaxAhead)) {
		return nil, protocol.ErrFuture
	}
	return claim.Open(key)
}

// settled says whether an outcome of accept leaves nothing to come back for: the record is here, or never will be
// wanted. Everything else (the future, another key, a full disk) is asked for again by the next pull.
func settled(err error) bool {
	return err == nil || errors.Is(err, protocol.ErrStored) || errors.Is(err, protocol.ErrStale) ||
		errors.Is(err, protocol.ErrClosed) || errors.Is(err, protocol.ErrUnknown)
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
