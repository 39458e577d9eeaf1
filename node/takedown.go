package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

const (
	// maxPushes is how many members we push to at once.
	maxPushes = 64
	// pushRetry is how long a member that did not confirm is left alone; it doubles up to pushRetryMax, and ends when the
	// member connects.
	pushRetry    = 2 * time.Second
	pushRetryMax = 10 * time.Minute
	// pushAgain is how often a member that has swept, but holds something else than we have published, is asked once more:
	// when it has caught up its receipt says so.
	pushAgain = 5
	// pushRecount is how often we look through our whole log for takedowns that somebody owes us.
	pushRecount = time.Hour

	// sweepWait is how long we keep a stream open to say that we have swept, and sweepLook how often we look.
	sweepWait = 10 * time.Second
	sweepLook = 250 * time.Millisecond
)

// due is a takedown of ours that one member has yet to confirm.
type due struct {
	ref    protocol.Ref
	record cid.Cid
	next   time.Time
	wait   time.Duration
	again  int // times that it has swept, but held something else than we had published
}

// debtor is a member that has yet to confirm takedowns of ours, in the order of our log.
type debtor struct {
	owes []*due
	busy bool
}

// pushed is how one push ended: what the member said of each takedown.
type pushed struct {
	to    protocol.Origin
	batch []*due
	swept map[cid.Cid]bool // true when it holds exactly what we have published
}

// pushLoop pushes every takedown of ours to every member until the member has receipted it as swept.
func (n *Node) pushLoop(ctx context.Context, m *mesh) error {
	debtors := map[protocol.Origin]*debtor{}
	ends := make(chan pushed, maxPushes)
	busy := 0
	var upTo protocol.LogPlace
	var recount time.Time
	n.recount.Store(true)
	wake(n.down)
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-n.down:
			if n.recount.Swap(false) {
				recount = time.Time{}
			}
			whole := time.Now().After(recount)
			if upTo = n.count(debtors, upTo, whole); whole {
				recount = time.Now().Add(pushRecount)
			}
		case id := <-n.joined:
			if d := debtors[n.memberOf(id)]; d != nil {
				for _, w := range d.owes {
					w.next, w.wait = time.Time{}, pushRetry
				}
			}
		case p := <-ends:
			busy--
			debtors[p.to].settle(p, time.Now())
		case <-t.C:
		}
		next := recount
		for o, d := range debtors {
			at, batch := d.batch(time.Now())
			ready := len(batch) > 0 && busy < maxPushes
			if d.busy || !ready && at.IsZero() || n.gate.recovers() { // what is signed already is pushed even by who may sign no more
				continue
			}
			switch id, ok := m.reaches(o); {
			case !ok:
			case ready:
				busy++
				d.busy = true
				m.background(func() { ends <- pushed{o, batch, m.push(ctx, id, o, batch)} })
			case !at.IsZero() && at.Before(next):
				next = at
			}
		}
		if time.Now().After(next) {
			wake(n.down)
		}
		t.Reset(max(time.Until(next), 100*time.Millisecond))
	}
}

// count brings up to date who owes us what: from our log after upTo, or from the whole of it.
func (n *Node) count(debtors map[protocol.Origin]*debtor, upTo protocol.LogPlace, whole bool) protocol.LogPlace {
	known := map[protocol.Origin]map[cid.Cid]*due{}
	if whole {
		upTo = protocol.LogPlace{}
		for o, d := range debtors {
			known[o] = map[cid.Cid]*due{}
			for _, w := range d.owes {
				known[o][w.record] = w
			}
			d.owes = nil
		}
	}
	owed, last, err := n.store.Outstanding(upTo)
	if err != nil {
		n.log.Error("looking for takedowns that are not confirmed", "error", err)
		return upTo
	}
	for _, w := range owed {
		for _, o := range w.Members {
			if debtors[o] == nil {
				debtors[o] = &debtor{}
			}
			d := known[o][w.Record]
			if d == nil {
				d = &due{ref: w.Ref, record: w.Record, wait: pushRetry}
			}
			debtors[o].owes = append(debtors[o].owes, d)
		}
	}
	return last
}

// batch returns what is to be pushed now, the newest first, and when more is.
func (d *debtor) batch(now time.Time) (next time.Time, batch []*due) {
	for _, w := range slices.Backward(d.owes) {
		switch {
		case !w.next.After(now):
			if len(batch) < protocol.MaxDowns {
				batch = append(batch, w)
			}
		case next.IsZero() || w.next.Before(next):
			next = w.next
		}
	}
	return next, batch
}

// settle takes off what a push has confirmed and puts off what it has not.
func (d *debtor) settle(p pushed, now time.Time) {
	d.busy = false
	done := map[*due]bool{}
	for _, w := range p.batch {
		equal, swept := p.swept[w.record]
		if swept && !equal {
			w.again++
		}
		if equal || w.again > pushAgain {
			done[w] = true
			continue
		}
		w.next = now.Add(w.wait)
		w.wait = min(2*w.wait, pushRetryMax)
	}
	d.owes = slices.DeleteFunc(d.owes, func(w *due) bool { return done[w] })
}

// reaches returns the node of a member that is connected.
func (m *mesh) reaches(o protocol.Origin) (peer.ID, bool) {
	member, ok := m.n.active(o)
	if !ok {
		return "", false
	}
	id, err := peerOf(member.Card)
	return id, err == nil && m.host.Network().Connectedness(id) == network.Connected
}

// push sends takedowns of ours to a member and keeps what it signs about them. It returns those that it has swept.
func (m *mesh) push(ctx context.Context, id peer.ID, to protocol.Origin, batch []*due) map[cid.Cid]bool {
	swept := map[cid.Cid]bool{}
	s, err := m.open(ctx, id, takedownProtocol)
	if err == nil {
		stop := context.AfterFunc(ctx, func() { s.Reset() })
		if err = m.pushOn(s, to, batch, swept); err != nil {
			s.Reset()
		}
		stop()
		s.Close()
	}
	if err != nil {
		m.n.log.Debug("pushing takedowns", "member", to.String(), "error", err)
	}
	return swept
}

func (m *mesh) pushOn(s network.Stream, to protocol.Origin, batch []*due, swept map[cid.Cid]bool) error {
	n, f := m.n, frames(s)
	sent := map[cid.Cid]*protocol.Record{}
	var head *protocol.Head
	for _, w := range batch {
		r, err := n.store.Takedown(w.ref)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if h := r.Header(); head == nil || h.Epoch > head.Epoch || h.Epoch == head.Epoch && h.Seq > head.Seq {
			if head, err = n.headFrom(h); err != nil {
				return err
			}
		}
		sent[r.ID()] = r
		if err := f.write(protocol.Frame{Down: &protocol.Down{Rec: r.Bytes(), Head: head.Bytes()}}); err != nil {
			return err
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	for {
		frame, err := f.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if frame.Receipt == nil {
			return errAnswer
		}
		r, equal, err := n.takeReceipt(frame.Receipt, to, sent, head)
		if err != nil {
			n.log.Warn("refused a receipt", "member", to.String(), "error", err)
			return err
		}
		if r.Phase == protocol.Swept {
			swept[r.Takedown] = equal
		}
	}
}

// headFrom returns a signed head of ours that counts the record at h.
func (n *Node) headFrom(h protocol.Header) (*protocol.Head, error) {
	n.heads.Lock()
	defer n.heads.Unlock()
	head, err := n.store.Head(h.Origin)
	if err == nil && (head.Epoch > h.Epoch || head.Epoch == h.Epoch && head.Seq >= h.Seq) {
		return head, nil
	}
	next, failed := n.signHeadLocked()
	if errors.Is(failed, ErrWaiting) && err == nil {
		return head, nil // our log is frozen: no head counts any more
	}
	return next, failed
}

// takeReceipt verifies a receipt that a member gave for what we sent it, and keeps it. equal says that it confirms one of
// our heads. Errors: protocol.ErrKey when it is of another member, errAnswer when it is for nothing that we sent.
func (n *Node) takeReceipt(raw []byte, from protocol.Origin, sent map[cid.Cid]*protocol.Record, head *protocol.Head) (r *protocol.Receipt, equal bool, err error) {
	member, ok := n.active(from)
	if !ok {
		return nil, false, protocol.ErrOrigin
	}
	now := n.now()
	if !member.Card.NotAfter.After(now) {
		return nil, false, fmt.Errorf("receipt under a card that has ended: %w", protocol.ErrKey)
	}
	if r, err = protocol.OpenReceipt(raw, member.Card); err != nil {
		return nil, false, fmt.Errorf("receipt: %w", err)
	}
	record := sent[r.Takedown]
	if record == nil {
		return nil, false, fmt.Errorf("receipt for what was not sent: %w", errAnswer)
	}
	if r.At.After(now.Add(protocol.MaxAhead)) || r.At.Before(record.Header().At.Add(-protocol.MaxAhead)) {
		return nil, false, fmt.Errorf("receipt dated %s: %w", r.At.Format(time.RFC3339), protocol.ErrFuture)
	}
	confirmed, err := n.confirmed(r, head)
	if err != nil {
		return nil, false, err
	}
	return r, confirmed != nil, n.store.SaveReceipt(r, member.Card, confirmed)
}

// confirmed returns the head of ours that a receipt confirms, nil when it confirms none: the one that we sent, the newest,
// or the one that we would sign now.
func (n *Node) confirmed(r *protocol.Receipt, sent *protocol.Head) (*protocol.Head, error) {
	if r.Confirms(sent) {
		return sent, nil
	}
	n.heads.Lock()
	defer n.heads.Unlock()
	newest, err := n.store.Head(n.Origin())
	if err == nil && r.Confirms(newest) {
		return newest, nil
	}
	if state, err := n.store.LogState(n.Origin()); err != nil || state.Root != r.Root {
		return nil, err
	}
	head, err := n.signHeadLocked()
	if errors.Is(err, ErrWaiting) { // we may sign none now; the receipt counts all the same
		return nil, nil
	}
	return head, err
}

// sweeping is what we owe the sender of a takedown: a receipt, as soon as we have swept the case.
type sweeping struct {
	ref    protocol.Ref
	origin protocol.Origin
	record cid.Cid
}

// serveTakedown takes the takedowns that a member pushes, and receipts each when the case is hidden and when it is swept.
func (m *mesh) serveTakedown(s network.Stream, id peer.ID) error {
	f := frames(s)
	var later []sweeping
	for i := 0; ; i++ {
		frame, err := f.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if frame.Down == nil || i == protocol.MaxDowns {
			return errAnswer
		}
		if !m.n.admits(id) {
			return protocol.ErrOrigin
		}
		if err := m.share(id).downs.Wait(m.ctx); err != nil {
			return err
		}
		claim, err := m.takeDown(frame.Down, id)
		if err != nil {
			return err
		}
		if claim == nil {
			continue
		}
		h := claim.Header()
		w := sweeping{h.Ref(), h.Origin, claim.ID()}
		if err := m.n.receipt(f, w, protocol.Marked); err != nil {
			return err
		}
		done, err := m.sweptNow(f, w)
		if err != nil {
			return err
		}
		if !done {
			later = append(later, w)
		}
	}
	for end := time.Now().Add(sweepWait); len(later) > 0 && time.Now().Before(end) && sleep(m.ctx, sweepLook); {
		var still []sweeping
		for _, w := range later {
			done, err := m.sweptNow(f, w)
			if err != nil {
				return err
			}
			if !done {
				still = append(still, w)
			}
		}
		later = still
	}
	return nil
}

// takeDown takes one takedown through the door. The claim is nil when there is nothing to sign about it.
func (m *mesh) takeDown(d *protocol.Down, from peer.ID) (*protocol.Claim, error) {
	got := m.n.accept(d.Rec)[0]
	if got.claim != nil && got.claim.Type() != protocol.TypeTakedown {
		return nil, errAnswer
	}
	switch {
	case protocol.VerdictOf(got.err) == protocol.Reject:
		return nil, fmt.Errorf("pushed takedown: %w", got.err)
	case got.err == nil:
		m.closeGap(got.claim.Header(), from)
	case errors.Is(got.err, protocol.ErrClosed): // by another takedown; this one has yet to be verified
		if err := m.n.verify(got.claim); err != nil {
			return nil, err
		}
	case !errors.Is(got.err, protocol.ErrStored) && !errors.Is(got.err, protocol.ErrFork):
		m.n.log.Debug("pushed takedown", "peer", from.String(), "error", got.err)
		return nil, nil
	}
	if _, err := m.n.takeHead(d.Head); protocol.VerdictOf(err) == protocol.Reject {
		return nil, fmt.Errorf("head with a takedown: %w", err)
	}
	return got.claim, nil
}

// verify checks the signature of a claim of a member.
func (n *Node) verify(claim *protocol.Claim) error {
	member, ok := n.active(claim.Header().Origin)
	if !ok {
		return protocol.ErrOrigin
	}
	key, err := member.Cards.Certifies(claim)
	if err == nil {
		_, err = claim.Open(key)
	}
	return err
}

// sweptNow receipts a takedown as swept if it is.
func (m *mesh) sweptNow(f *framed, w sweeping) (bool, error) {
	phase, err := m.n.store.Phase(w.ref)
	if err != nil || phase != store.Swept {
		return false, err
	}
	return true, m.n.receipt(f, w, protocol.Swept)
}

// receipt signs how far we are with a takedown and sends it.
func (n *Node) receipt(f *framed, w sweeping, phase protocol.Phase) error {
	state, err := n.store.LogState(w.origin)
	if err != nil {
		return err
	}
	_, key, err := n.signing()
	if err != nil {
		return err
	}
	r, err := protocol.SignReceipt(key, protocol.Receipt{Takedown: w.record, By: n.Origin(), Phase: phase, Epoch: state.Epoch,
		Seq: state.Seq, Root: state.Root, At: n.now()})
	if err != nil {
		return err
	}
	return f.send(protocol.Frame{Receipt: r.Bytes()})
}
