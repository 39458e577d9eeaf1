package node

import (
	"context"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/time/rate"

	"github.com/gmcn/gmcn/protocol"
)

// What one member may make this node do. An honest one stays far below: it opens a few streams a minute, signs a head a
// second while it publishes, and asks for what it lacks. Each is a bucket that fills by so much a second and holds so much.
const (
	streamRate, streamBurst = 50, 500
	helloRate, helloBurst   = 1, 30
	// Messages of gossip, its own and those that it passes on. What is beyond is not looked at; a pull brings it.
	gossipRate, gossipBurst = 100, 1000
	// Records of its own that are passed on, twice as many as a node sends (liveRate), and its heads and cards that are kept.
	// Of its records more are kept, but the others pull them.
	passRate, passBurst = 2 * liveRate, 2 * liveBurst
	headRate, headBurst = 1, 20
	cardRate, cardBurst = 1.0 / 60, 30
	// Takedowns that it pushes; it waits for the rest.
	downRate, downBurst = 50, 256
	// Records that are read for it, and bytes of photos: a little, and beyond that all that we hold twice at once and once an
	// hour. It waits for the rest.
	readRate, readBurst   = 200, 20_000
	photoRate, photoBurst = 256 << 10, 64 << 20
	// What an answer costs beside its records: a log that was asked for is one, a bitmap so much, and no photo less than
	// photoLeast.
	bitsCost   = 16
	photoLeast = 16 << 10
)

// budget is what is left of that for one member.
type budget struct {
	streams, hellos, gossip, pass, heads, cards, downs, reads, photos *rate.Limiter

	widening sync.Mutex
}

func newBudget() *budget {
	return &budget{
		streams: rate.NewLimiter(streamRate, streamBurst), hellos: rate.NewLimiter(helloRate, helloBurst),
		gossip: rate.NewLimiter(gossipRate, gossipBurst), pass: rate.NewLimiter(passRate, passBurst),
		heads: rate.NewLimiter(headRate, headBurst), cards: rate.NewLimiter(cardRate, cardBurst),
		downs: rate.NewLimiter(downRate, downBurst), reads: rate.NewLimiter(readRate, readBurst),
		photos: rate.NewLimiter(photoRate, photoBurst),
	}
}

// budgets are those of all members that have asked for anything.
type budgets struct {
	mu sync.Mutex
	of map[protocol.Origin]*budget
}

// budget returns a member's budget. It outlives connections, so that nobody gets a new one by calling again.
func (n *Node) budget(o protocol.Origin) *budget {
	n.budgets.mu.Lock()
	defer n.budgets.mu.Unlock()
	b := n.budgets.of[o]
	if b == nil {
		b = newBudget()
		n.budgets.of[o] = b
	}
	return b
}

// share returns the budget of the member whose node a peer is.
func (m *mesh) share(id peer.ID) *budget { return m.n.budget(m.n.memberOf(id)) }

// reader returns what takes the cost of answers off a member's budget, waiting until it is there.
func (m *mesh) reader(id peer.ID) func(cost int) error {
	b := m.share(id)
	b.widen(b.reads, readRate, readBurst, m.n.held())
	return func(cost int) error { return spend(m.ctx, b.reads, cost) }
}

// held counts the records that we hold, of all members.
func (n *Node) held() (records int) {
	for _, o := range n.origins() {
		if state, err := n.store.LogState(o); err == nil {
			records += int(state.Live + state.Dead)
		}
	}
	return records
}

// photoWait returns how long a member has to wait for a photo of so many bytes; 0 when it may have it.
func (m *mesh) photoWait(id peer.ID, size int) time.Duration {
	b := m.share(id)
	l := b.photos
	b.widen(l, photoRate, photoBurst, int(m.n.quota.all()))
	now := time.Now()
	r := l.ReserveN(now, min(max(size, 0), photoBurst))
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
	}
	return wait
}

// widen makes room for all that we hold, twice at once and once an hour, beside rate and burst. What a bucket gains in size
// it gains in content: it is as if it had been filled before.
func (b *budget) widen(l *rate.Limiter, per rate.Limit, burst, held int) {
	b.widening.Lock()
	defer b.widening.Unlock()
	grown := burst + 2*held - l.Burst()
	if grown == 0 {
		return
	}
	now := time.Now()
	l.SetBurstAt(now, burst+2*held)
	l.SetLimitAt(now, per+rate.Limit(held)/rate.Limit(time.Hour.Seconds()))
	if grown > 0 {
		l.ReserveN(now, -grown) // a cost below nothing
	}
}

func spend(ctx context.Context, l *rate.Limiter, cost int) error {
	for cost > 0 {
		part := min(cost, l.Burst())
		if err := l.WaitN(ctx, part); err != nil {
			return err
		}
		cost -= part
	}
	return nil
}

// trim leaves of what a peer gossips as much as its budget allows.
func (m *mesh) trim(from peer.ID, rpc *pubsub.RPC) error {
	if len(rpc.Publish) == 0 {
		return nil
	}
	l := m.share(from).gossip
	if l.AllowN(time.Now(), len(rpc.Publish)) {
		return nil
	}
	kept := 0
	for kept < len(rpc.Publish) && l.Allow() {
		kept++
	}
	m.n.log.Warn("a member gossips more than its share; what is beyond is not looked at", "peer", from.String(), "messages", len(rpc.Publish)-kept)
	rpc.Publish = rpc.Publish[:kept]
	return nil
}
