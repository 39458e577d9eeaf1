package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// pullEvery is how often we ask a random member whether it holds something that we lack, give or take half.
	pullEvery = 60 * time.Second
	// pullBatch is how many records share a transaction.
	pullBatch = 256
	// maxPulls is how many members we pull from at once, and pullTime how long one pull may take before the next goes on
	// where it stopped.
	maxPulls = 4
	pullTime = 5 * time.Minute
	// repairEvery is how often we may ask for one log again from its beginning.
	repairEvery = 10 * time.Minute
)

// pullFrom asks for a pull from a peer after a wait.
type pullFrom struct {
	peer peer.ID
	at   time.Time
}

// pullSoon asks the pull loop to pull from a peer after wait. If the loop has too much to do, the next round makes up
// for it.
func (n *Node) pullSoon(id peer.ID, wait time.Duration) {
	select {
	case n.pull <- pullFrom{id, time.Now().Add(wait)}:
	default:
	}
}

// pullLoop makes complete what gossip lost: it pulls where something was missed, and greets a random member about once
// a minute. It pulls from several members at once, so that a slow one holds nobody up.
func (n *Node) pullLoop(ctx context.Context, m *mesh) error {
	type end struct {
		peer peer.ID
		more bool
	}
	due := map[peer.ID]time.Time{}
	busy := map[peer.ID]bool{}
	ends := make(chan end, maxPulls)
	round := time.Now().Add(jitter(pullEvery))
	for {
		now := time.Now()
		for id, at := range due {
			if at.After(now) || busy[id] || len(busy) == maxPulls {
				continue
			}
			delete(due, id)
			busy[id] = true
			m.background(func() {
				more, err := m.pullOnce(ctx, id)
				if err != nil {
					n.log.Debug("pull", "peer", id.String(), "error", err)
				}
				ends <- end{id, more}
			})
		}
		if !round.After(now) {
			round = now.Add(jitter(pullEvery))
			if peers := m.members(); len(peers) > 0 {
				id := peers[rand.IntN(len(peers))]
				m.background(func() { m.greet(id) })
			}
		}
		next := round
		for id, at := range due {
			if !busy[id] && len(busy) < maxPulls && at.Before(next) {
				next = at
			}
		}
		t := time.NewTimer(time.Until(next))
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case p := <-n.pull:
			if at, ok := due[p.peer]; !ok || p.at.Before(at) {
				due[p.peer] = p.at
			}
		case e := <-ends:
			delete(busy, e.peer)
			if e.more {
				due[e.peer] = now
			}
		case <-t.C:
		}
		t.Stop()
	}
}

func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d) }

// pullOnce asks a peer for everything that it holds and we lack. more says that the peer cut its answer short.
func (m *mesh) pullOnce(ctx context.Context, id peer.ID) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, pullTime)
	defer cancel()
	s, err := m.open(ctx, id, syncProtocol)
	if err != nil {
		return false, err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	more, err = m.pullOn(s)
	if err != nil {
		s.Reset()
	}
	return more, err
}

func (m *mesh) pullOn(s network.Stream) (more bool, err error) {
	n := m.n
	have := &protocol.Have{}
	for _, o := range n.origins() {
		place, err := n.store.Place(o)
		if err != nil {
			return false, err
		}
		place.Origin = o
		if n.suspect(o) {
			place.Seq = 0
		}
		have.Places = append(have.Places, place)
	}
	for _, o := range n.standing(protocol.Suspended) {
		place, err := n.store.Place(o)
		if err != nil {
			return false, err
		}
		have.Closed = append(have.Closed, place)
	}
	f := frames(s)
	if err := f.send(protocol.Frame{Have: have}); err != nil {
		return false, err
	}
	var batch [][]byte
	unsettled := map[protocol.Origin]bool{}
	flush := func() error {
		var bad error
		for _, got := range n.accept(batch...) {
			if protocol.VerdictOf(got.err) == protocol.Reject {
				bad = fmt.Errorf("peer sent a record that no member signed so: %w", got.err)
			}
			if got.claim != nil && !settled(got.err) {
				unsettled[got.claim.Header().Origin] = true
			}
		}
		batch = batch[:0]
		return bad
	}
	for {
		frame, err := f.read()
		if err != nil {
			return false, errors.Join(err, flush()) // what came is kept: the next pull goes on from there
		}
		switch {
		case frame.Head != nil:
			if _, err := n.takeHead(frame.Head); protocol.VerdictOf(err) == protocol.Reject {
				return false, err
			}
		case frame.Rec != nil:
			if batch = append(batch, frame.Rec); len(batch) == pullBatch {
				if err := flush(); err != nil {
					return false, err
				}
			}
		case frame.Done != nil:
			if err := flush(); err != nil {
				return false, err
			}
			if d := frame.Done; !unsettled[d.Origin] {
				if err := n.pulled(d); err != nil {
					return false, err
				}
			}
		case frame.End != nil:
			return frame.End.More, flush()
		default:
			return false, errAnswer
		}
	}
}

// pulled notes that a peer has given everything of a log up to a place.
func (n *Node) pulled(d *protocol.Done) error {
	if _, ok := n.active(d.Origin); !ok {
		return nil
	}
	place, err := n.store.Place(d.Origin)
	if err != nil {
		return err
	}
	// The peer answers for what follows the place that we named; a head that we hold bounds what it may claim.
	head, err := n.store.Head(d.Origin)
	if errors.Is(err, fs.ErrNotExist) || err == nil && head.Epoch != d.Epoch {
		return nil
	}
	if err != nil {
		return err
	}
	if d.From <= place.Seq || place.Epoch != d.Epoch {
		return n.store.SetPlace(protocol.LogPlace{Origin: d.Origin, Epoch: d.Epoch, Seq: min(d.To, head.Seq)})
	}
	return nil
}

// suspect says whether what we hold of a log, though complete by what peers told us, is not what its owner signed: one of
// them kept something back, its end perhaps. Then the whole log is asked for again, at most every ten minutes.
func (n *Node) suspect(o protocol.Origin) bool {
	head, err := n.store.Head(o)
	if err != nil {
		return false
	}
	state, err := n.store.LogState(o)
	if err != nil || state.Root == head.Root || state.Epoch == head.Epoch && state.Seq > head.Seq {
		return false
	}
	if place, err := n.store.Place(o); err != nil || place.Epoch != head.Epoch || place.Seq < head.Seq {
		return false
	}
	if last, ok := n.repairs.Load(o); ok && time.Since(last.(time.Time)) < repairEvery {
		return false
	}
	n.repairs.Store(o, time.Now())
	n.log.Warn("a log differs from what its owner signed; asking for it again", "member", o.String(), "seq", head.Seq)
	return true
}

// serveSync answers a pull: heads first, then every takedown, then cases from the newest on.
func (m *mesh) serveSync(s network.Stream, id peer.ID) error {
	n := m.n
	f := frames(s)
	ask, err := f.read()
	if err != nil {
		return err
	}
	if ask.Have == nil {
		return errAnswer
	}
	type answer struct {
		after protocol.LogPlace
		to    protocol.LogPlace
	}
	var answers []answer
	asked := map[protocol.Origin]bool{}
	for _, p := range ask.Have.Places {
		if _, ok := n.active(p.Origin); !ok || asked[p.Origin] {
			continue
		}
		asked[p.Origin] = true
		if head, err := n.store.Head(p.Origin); err == nil {
			if err := f.write(protocol.Frame{Head: head.Bytes()}); err != nil {
				return err
			}
		}
		// Where we ourselves end is read before the records: what comes in between is for the next pull.
		to, err := n.store.Place(p.Origin)
		if err != nil {
			return err
		}
		if p.Epoch != to.Epoch {
			p.Epoch, p.Seq = to.Epoch, 0
		}
		answers = append(answers, answer{p, to})
	}
	send := func(_ uint64, raw []byte) error { return f.write(protocol.Frame{Rec: raw}) }
	for _, p := range ask.Have.Closed {
		if _, ok := n.active(p.Origin); !ok || asked[p.Origin] {
			continue
		}
		asked[p.Origin] = true
		if err := n.store.Walk(p, true, send); err != nil {
			return err
		}
	}
	for _, takedowns := range []bool{true, false} {
		for _, a := range answers {
			if err := n.store.Walk(a.after, takedowns, send); err != nil {
				return err
			}
		}
	}
	for _, a := range answers {
		done := &protocol.Done{Origin: a.to.Origin, Epoch: a.to.Epoch, From: a.after.Seq, To: a.to.Seq}
		if err := f.write(protocol.Frame{Done: done}); err != nil {
			return err
		}
	}
	return f.send(protocol.Frame{End: &protocol.End{}})
}
