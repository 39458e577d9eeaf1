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
				outcome := "whole"
				if err != nil {
					outcome = "broken"
					n.log.Debug("pull", "peer", id.String(), "error", err)
				}
				n.metrics.pulls.WithLabelValues(outcome).Inc()
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
		m.n.unhelped(m, id)
		return false, err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	more, err = m.pullOn(s, id)
	if err != nil {
		s.Reset()
		m.n.unhelped(m, id)
		if protocol.VerdictOf(err) == protocol.Reject {
			m.blame(id, blameLie)
		}
	}
	return more, err
}

// pulling is one pull, from our side.
type pulling struct {
	m    *mesh
	n    *Node
	id   peer.ID
	f    *framed
	logs int                                // asked for
	done map[protocol.Origin]*protocol.Done // what the peer has said it sent
	// unsettled are logs of which something came that must be asked for again.
	unsettled map[protocol.Origin]bool
	// extensions came, at most one a log, and are taken when their heads may be verified.
	extensions [][]byte
}

// pullOn says what we hold, takes what the peer sends of the rest, asks by blocks for what is too much to be sent, and
// compares by blocks what is then still not what its owner signed.
func (m *mesh) pullOn(s network.Stream, id peer.ID) (more bool, err error) {
	p := &pulling{m: m, n: m.n, id: id, f: frames(s), done: map[protocol.Origin]*protocol.Done{}, unsettled: map[protocol.Origin]bool{}}
	have, err := p.n.have()
	if err != nil {
		return false, err
	}
	came, counts := p.n.gate.begin(id)
	if err := p.f.send(protocol.Frame{Have: have}); err != nil {
		return false, err
	}
	p.logs = len(have.Logs)
	if more, err = p.answer(); err != nil {
		return false, err
	}
	for _, h := range have.Logs {
		if p.done[h.Origin] != nil && !p.n.frozen(h.Origin) {
			if err := p.complete(h.Origin); err != nil {
				return false, fmt.Errorf("log of %s: %w", h.Origin, err)
			}
		}
		p.n.compared(m, h.Origin, id)
	}
	for _, raw := range p.extensions {
		if _, err := p.n.takeExtension(raw); protocol.VerdictOf(err) == protocol.Reject {
			return false, fmt.Errorf("extension: %w", err)
		}
	}
	if !more {
		p.n.compareOwn(id, came, counts, p.done[p.n.Origin()] == nil)
	}
	return more, nil
}

// have says what we hold of every log.
func (n *Node) have() (*protocol.Have, error) {
	have := &protocol.Have{}
	now := n.effectiveNow()
	for _, o := range n.origins() {
		place, err := n.store.Place(o)
		if err != nil {
			return nil, err
		}
		state, err := n.store.LogState(o)
		if err != nil {
			return nil, err
		}
		h := protocol.Holding{Origin: o, Epoch: place.Epoch, Seq: place.Seq, Root: [16]byte(state.Root[:16]), Strays: n.store.StraySum(o)}
		if m, ok := n.active(o); ok {
			h.CardEpoch, h.CardIssue = m.Card.Epoch, m.Card.Issue
		}
		head, err := n.store.Head(o)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			if h.Silent = protocol.Silent(head, now); state.Epoch != head.Epoch || state.Seq <= head.Seq { // else a newer one is wanted, whatever its date
				h.At = head.At.UnixMilli()
			}
		}
		if x, err := n.store.Extension(o); err == nil {
			h.Extended = x.At.UnixMilli()
		}
		if o == n.Origin() {
			h.Silent = false
			if n.gate.recovers() {
				h.At = 0 // whatever head of ours they hold
			}
		}
		freeze, frozen, err := n.store.Freeze(o)
		if err != nil {
			return nil, err
		}
		if frozen {
			have.Freezes, h.Silent = append(have.Freezes, freeze), true
		} else if first, last := place.Seq/protocol.BlockSize, state.Seq/protocol.BlockSize; state.Epoch == place.Epoch && state.Seq > place.Seq && last-first < protocol.MaxAbove {
			if h.Above, err = n.store.Bits(o, state.Epoch, span(first, last)); err != nil {
				return nil, err
			}
		}
		have.Logs = append(have.Logs, h)
	}
	for _, o := range n.standing(protocol.Suspended) {
		place, err := n.store.Place(o)
		if err != nil {
			return nil, err
		}
		have.Closed = append(have.Closed, place)
		freeze, frozen, err := n.store.Freeze(o)
		if err != nil {
			return nil, err
		}
		if frozen {
			have.Freezes = append(have.Freezes, freeze)
		}
	}
	return have, nil
}

// span returns the numbers from first to last.
func span(first, last uint64) (all []uint64) {
	for i := first; i <= last; i++ {
		all = append(all, i)
	}
	return all
}

// answer takes the answer to Have.
func (p *pulling) answer() (more bool, err error) {
	var batch [][]byte
	flush := func() error {
		err := p.take(batch)
		batch = batch[:0]
		return err
	}
	for {
		frame, err := p.f.read()
		if err != nil {
			return false, errors.Join(err, flush()) // what came is kept: the next pull goes on from there
		}
		switch {
		case frame.Card != nil:
			if _, err := p.n.takeCard(frame.Card); protocol.VerdictOf(err) == protocol.Reject {
				return false, err
			}
		case frame.Head != nil:
			if _, err := p.n.takeHead(frame.Head); protocol.VerdictOf(err) == protocol.Reject {
				return false, err
			}
		case frame.Recs != nil:
			if batch = append(batch, frame.Recs.Records...); len(batch) >= pullBatch {
				if err := flush(); err != nil {
					return false, err
				}
			}
		case frame.Fork != nil:
			switch f, pass, err := p.n.takeFork(frame.Fork); {
			case protocol.VerdictOf(err) == protocol.Reject:
				return false, fmt.Errorf("proof of a fork: %w", err)
			case pass:
				p.n.tellFork(f)
			}
		case frame.Extend != nil && len(p.extensions) < p.logs:
			p.extensions = append(p.extensions, frame.Extend)
		case frame.Done != nil:
			if err := flush(); err != nil {
				return false, err
			}
			if _, ok := p.n.active(frame.Done.Origin); ok {
				p.done[frame.Done.Origin] = frame.Done
			}
		case frame.End != nil:
			return frame.End.More, flush()
		default:
			return false, errAnswer
		}
	}
}

// take has records judged one by one. The error is one that no honest member sends.
func (p *pulling) take(raws [][]byte) (bad error) {
	for _, got := range p.n.accept(raws...) {
		if protocol.VerdictOf(got.err) == protocol.Reject {
			bad = fmt.Errorf("peer sent a record that no member signed so: %w", got.err)
		}
		if got.claim != nil && !settled(got.err) {
			p.unsettled[got.claim.Header().Origin] = true
		}
	}
	return bad
}

// complete brings a log to what its owner signed, as far as this peer can.
func (p *pulling) complete(o protocol.Origin) error {
	d := p.done[o]
	if d.Many {
		if err := p.blocks(o); err != nil {
			return err
		}
	}
	if p.unsettled[o] {
		return nil
	}
	if err := p.n.pulled(d); err != nil {
		return err
	}
	if !d.Many && p.n.incomplete(o) {
		if err := p.blocks(o); err != nil {
			return err
		}
	}
	return nil
}

// pulled notes that a peer has given everything of a log up to a place.
func (n *Node) pulled(d *protocol.Done) error {
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
