package node

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// Config is what a node needs to run.
type Config struct {
	// Dir is the data folder, made by Init.
	Dir string
	// Listen are multiaddresses to listen on: /ip4/0.0.0.0/tcp/4001, /ip4/0.0.0.0/udp/4001/quic-v1.
	Listen []string
	// Lease is how long other countries may show our cases without hearing from us; 0 is protocol.DefaultLease.
	Lease time.Duration
	// AutoSuspend suspends a member here when two thirds of the other active members have suspended it.
	AutoSuspend bool
	// Review is how long a case stays public before an officer must confirm it again; 0 is protocol.ReviewAfter.
	Review time.Duration
	// PhotoBytes and PhotoHourly bound, in bytes, the photos kept of each other member and fetched of it in an hour; 0 is
	// DefaultPhotoBytes and DefaultPhotoHourly.
	PhotoBytes, PhotoHourly int64
	// NAT says that the node stands behind a router: it asks the router for its ports.
	NAT bool
	// Relay says that members which nobody can dial may be reached through this node.
	Relay bool
	Log   *slog.Logger

	// options, noGossip and clock let tests put the host on a simulated network, take gossip away and set the node's clock
	// wrong.
	options  []libp2p.Option
	noGossip bool
	clock    func() time.Time
}

// Node is one member's node. Its methods may be called by several goroutines at once, and all but Run work without a
// network.
type Node struct {
	cfg    Config
	log    *slog.Logger
	store  *store.Store
	origin protocol.Origin // our own
	// now tells the date, for all that is signed, stored or held against what others dated. How long something takes is
	// told by the time package itself.
	now func() time.Time

	// desk serialises what the country's own staff do to a case, so that a draft, its record and its closing cannot
	// cross. It is never held over a network call.
	desk sync.Mutex

	mesh atomic.Pointer[mesh] // nil while Run is not on

	mu      sync.RWMutex       // guards what follows
	key     ed25519.PrivateKey // the node key
	card    *protocol.Card
	members map[protocol.Origin]store.Member
	peers   map[peer.ID]protocol.Origin // of Active members
	seen    map[protocol.Origin]time.Time
	doubts  map[protocol.Origin]*doubt
	twins   map[protocol.Origin]time.Time // members that have two servers with one key, and until when the alarm stays
	offsets map[peer.ID]time.Duration     // how far the clocks of members stood ahead of ours when they greeted us

	pairs *pairs

	// normalising bounds how many pictures are decoded at once: a hostile one may cost some 400 MiB.
	normalising chan struct{}

	// pull and photo wake the loops of those names; head says that our log has changed.
	pull  chan pullFrom
	photo chan struct{}
	head  chan struct{}
	// rekeyed says that the node key has changed, and told that a member has greeted us.
	rekeyed, told chan struct{}
	// down wakes the push loop: a case was closed, or, with recount, the members have changed. joined are members that have
	// connected.
	down    chan struct{}
	recount atomic.Bool
	joined  chan peer.ID
	// heads serialises the signing of our heads with the closing of cases, so that a closed case knows the last head that
	// does not count it.
	heads sync.Mutex
	// live bounds how many records we gossip; beyond it peers pull.
	live *rate.Limiter
	gate gate
	run  protocol.RunID
	met  atomic.Bool // that this store has met another member is written down

	alarms  alarms
	quota   quota
	budgets budgets
	shares  shares
	metrics *Metrics
}

// Open loads the keys and opens the store of a data folder that Init made. No network is touched.
func Open(cfg Config) (*Node, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.clock == nil {
		cfg.clock = time.Now
	}
	if cfg.Lease == 0 {
		cfg.Lease = protocol.DefaultLease
	}
	if cfg.Lease < protocol.MinLease || cfg.Lease > protocol.MaxLease {
		return nil, fmt.Errorf("lease of %s: want %s to %s", cfg.Lease, protocol.MinLease, protocol.MaxLease)
	}
	cfg.Review = cmp.Or(cfg.Review, protocol.ReviewAfter)
	if cfg.Review < protocol.MinReview || cfg.Review > protocol.MaxReview {
		return nil, fmt.Errorf("review of %s: want %s to %s", cfg.Review, protocol.MinReview, protocol.MaxReview)
	}
	card, key, err := loadKeys(cfg.Dir)
	if err != nil {
		return nil, err
	}
	st, err := store.OpenAt(cfg.Dir, card.Origin(), cfg.clock)
	if err != nil {
		return nil, err
	}
	n := &Node{
		cfg: cfg, log: cfg.Log, store: st, origin: card.Origin(), key: key, now: cfg.clock, card: card,
		seen: map[protocol.Origin]time.Time{}, doubts: map[protocol.Origin]*doubt{}, twins: map[protocol.Origin]time.Time{}, offsets: map[peer.ID]time.Duration{},
		pairs: newPairs(),

		normalising: make(chan struct{}, 2),

		pull:    make(chan pullFrom, 64),
		photo:   make(chan struct{}, 1),
		head:    make(chan struct{}, 1),
		rekeyed: make(chan struct{}, 1),
		told:    make(chan struct{}, 1),
		down:    make(chan struct{}, 1),
		joined:  make(chan peer.ID, 256),
		live:    rate.NewLimiter(liveRate, liveBurst),

		alarms: alarms{since: map[Alarm]time.Time{}},
		quota: quota{own: card.Origin(), stored: cmp.Or(cfg.PhotoBytes, DefaultPhotoBytes), hourly: cmp.Or(cfg.PhotoHourly, DefaultPhotoHourly),
			here: map[protocol.Origin]int64{}, hour: map[protocol.Origin]*hour{}, view: map[protocol.Origin]*hour{}, over: map[protocol.Origin]time.Time{}},
	}
	rand.Read(n.run[:])
	n.budgets.of = map[protocol.Origin]*budget{}
	n.shares.of = map[shareKey]*sharedLog{}
	n.metrics = newMetrics(n)
	err = n.store.SetMember(card, protocol.Own, n.now())
	if err == nil {
		err = n.loadMembers()
	}
	if err == nil {
		err = n.loadPairings()
	}
	if err == nil {
		err = n.loadGate()
	}
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return n, nil
}

// Close closes the store. Run must have returned.
func (n *Node) Close() error { return n.store.Close() }

// Public is what the public site is given.
func (n *Node) Public() *store.Public { return n.store.Public() }

// Check says whether the data folder is whole.
func (n *Node) Check() error { return n.store.Check() }

// Card returns our own card.
func (n *Node) Card() *protocol.Card {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.card
}

// Origin returns our own origin.
func (n *Node) Origin() protocol.Origin { return n.origin }

// runAs is Run under one node key: until ctx ends, the key has changed, or, if limit is not 0, tellOld ends it.
func (n *Node) runAs(ctx context.Context, key ed25519.PrivateKey, limit time.Duration) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	// The host outlives the loops, so that none of them meets a closed one.
	hostCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	m, err := n.join(hostCtx, key)
	if err != nil {
		return err
	}
	n.mesh.Store(m)
	defer func() {
		n.mesh.Store(nil)
		m.close()
	}()
	n.log.Info("node is on the network", "peer", m.host.ID().String(), "addresses", fmt.Sprint(m.host.Addrs()))

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		select {
		case <-ctx.Done():
		case <-n.rekeyed:
			end()
		}
		return ctx.Err()
	})
	if limit != 0 {
		g.Go(func() error { return n.tellOld(ctx, limit, key, end) })
	}
	g.Go(func() error { return n.superviseLoop(ctx, m) })
	g.Go(func() error { return n.gateLoop(ctx, m) })
	g.Go(func() error { return n.headLoop(ctx, m) })
	g.Go(func() error { return n.pullLoop(ctx, m) })
	g.Go(func() error { return n.photoLoop(ctx, m) })
	g.Go(func() error { return n.pushLoop(ctx, m) })
	g.Go(func() error { return n.shredLoop(ctx) })
	g.Go(func() error { return n.pairLoop(ctx, m) })
	g.Go(func() error { return n.placeLoop(ctx, m) })
	g.Go(func() error { return n.linkLoop(ctx, m) })
	if n.cfg.NAT {
		g.Go(func() error { return n.portLoop(ctx, m) })
	}
	g.Go(func() error { return n.watchLoop(ctx) })
	g.Go(func() error { return n.tendLoop(ctx) })
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// wake sends on a channel of one place without waiting.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sleep waits for d or for ctx, and says whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
