package node

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

const (
	// photoFetches is how many photo files are fetched at once, and photoFetchesOf how many of them from one member.
	photoFetches, photoFetchesOf = 16, 4
	// photoList is how many missing photo files of one member are looked up at a time.
	photoList = 32
	// photoTime bounds one fetch: a megabyte at 9 kB a second. The part that came is kept.
	photoTime = 2 * time.Minute
	// photoRetry is how long a photo that nobody had is left alone; it doubles up to photoRetryMax.
	photoRetry    = 5 * time.Second
	photoRetryMax = 10 * time.Minute
	// peerRest is how long a member is left alone on whom a fetch broke; it doubles up to peerRestMax.
	peerRest    = 10 * time.Second
	peerRestMax = 5 * time.Minute
)

// quest is a missing photo file on its way here.
type quest struct {
	store.WantedPhoto
	// busy says that it waits for its turn or is being fetched. Otherwise nobody had it, and it is left alone until next.
	busy  bool
	asked bool      // a page has asked for it
	tried []peer.ID // who has not got it
	next  time.Time
	wait  time.Duration
}

// source is what we know of a member as a giver of photos.
type source struct {
	fetches int       // under way
	until   time.Time // left alone until then
	rest    time.Duration
	asked   time.Time // when a pull was last asked of it because it says that a photo was taken down
}

// fetched is the end of one fetch.
type fetched struct {
	*quest
	from peer.ID
	err  error
}

// pool fetches photo files: photoFetches at once, photoFetchesOf from one member, and by turns for each member whose
// photos are missing, so that ten thousand of one do not hold up another's only one. Only its own goroutine touches it.
type pool struct {
	m       *mesh
	quests  map[cid.Cid]*quest
	queues  map[protocol.Origin][]*quest
	turns   []protocol.Origin // whose queue is not empty, the next one first
	more    map[protocol.Origin]bool
	sources map[peer.ID]*source
	running int
	ends    chan fetched
}

// photoLoop fetches the photos that the records on disk speak of, thumbnails first.
func (n *Node) photoLoop(ctx context.Context, m *mesh) error {
	p := &pool{m: m, quests: map[cid.Cid]*quest{}, queues: map[protocol.Origin][]*quest{}, more: map[protocol.Origin]bool{},
		sources: map[peer.ID]*source{}, ends: make(chan fetched, photoFetches)}
	n.countPhotos()
	p.fill()
	for ctx.Err() == nil {
		p.start(ctx)
		idle := pullEvery
		switch {
		case len(p.turns) > 0: // members who rest
			idle = time.Second
		case len(p.quests) > 0:
			idle = photoRetry
		}
		t := time.NewTimer(idle)
		select {
		case <-ctx.Done():
		case e := <-p.ends:
			p.end(e)
			if p.more[e.Origin] && len(p.queues[e.Origin]) == 0 {
				p.fill()
			}
		case <-n.photo:
			p.fill()
		case <-n.store.PhotoAsked():
			p.fill()
		case <-t.C:
			p.fill()
		}
		t.Stop()
	}
	for ; p.running > 0; p.running-- {
		<-p.ends
	}
	return ctx.Err()
}

// fill looks up missing files of every member whose queue has run low.
func (p *pool) fill() {
	now := time.Now()
	for file, q := range p.quests {
		if !q.busy && now.Sub(q.next) > photoRetryMax {
			delete(p.quests, file) // nobody refers to it any more
		}
	}
	n := p.m.n
	asked, err := n.store.AskedPhotos()
	if err != nil {
		n.log.Error("looking for photos that pages asked for", "error", err)
	}
	for _, w := range asked {
		switch q := p.quests[w.File]; {
		case q == nil:
			q = &quest{wait: photoRetry}
			p.quests[w.File] = q
			q.WantedPhoto, q.busy, q.asked = w, true, true
			p.wait(q)
		default:
			q.asked = true
		}
	}
	wanted, err := n.store.WantedPhotos(photoList, func(o protocol.Origin, thumb bool) bool {
		return len(p.queues[o]) < photoList && (thumb || n.quota.allows(o, now))
	}, func(file cid.Cid) bool {
		q := p.quests[file]
		return q != nil && (q.busy || q.next.After(now))
	})
	if err != nil {
		n.log.Error("looking for missing photos", "error", err)
		n.storeFailed(err)
		return
	}
	clear(p.more)
	found := map[protocol.Origin]int{}
	for _, w := range wanted {
		q := p.quests[w.File]
		if q == nil {
			q = &quest{wait: photoRetry}
			p.quests[w.File] = q
		}
		q.WantedPhoto, q.busy, q.tried = w, true, nil
		p.wait(q)
		found[w.Origin]++
		p.more[w.Origin] = found[w.Origin] == photoList
	}
}

// wait puts a quest at the end of its member's queue.
func (p *pool) wait(q *quest) {
	if len(p.queues[q.Origin]) == 0 {
		p.turns = append(p.turns, q.Origin)
	}
	p.queues[q.Origin] = append(p.queues[q.Origin], q)
}

// start begins fetches while there is room, one member's photo after another's.
func (p *pool) start(ctx context.Context) {
	now := time.Now()
	peers := p.m.members()
	for blocked := 0; p.running < photoFetches && blocked < len(p.turns); {
		o := p.turns[0]
		p.turns = p.turns[1:]
		q := p.queues[o][0]
		from, state := p.choose(q, peers, now)
		if state == later {
			p.turns = append(p.turns, o)
			blocked++
			continue
		}
		blocked = 0
		if p.queues[o] = p.queues[o][1:]; len(p.queues[o]) > 0 {
			p.turns = append(p.turns, o)
		} else {
			delete(p.queues, o)
		}
		if !q.Thumb && !(q.asked && p.m.n.quota.allowsAsked(o, now)) && !p.m.n.quota.allows(o, now) {
			delete(p.quests, q.File) // fill takes it up again
			continue
		}
		if state == nobody {
			q.busy, q.next = false, now.Add(q.wait)
			q.wait = min(2*q.wait, photoRetryMax)
			continue
		}
		p.running++
		p.source(from).fetches++
		p.m.background(func() {
			ctx, cancel := context.WithTimeout(ctx, photoTime)
			defer cancel()
			p.ends <- fetched{q, from, p.m.fetchFrom(ctx, from, q.WantedPhoto)}
		})
	}
}

// What choose found.
const (
	free   = iota // somebody to ask now
	later         // whoever may have it has enough to do or rests
	nobody        // nobody is left to ask
)

// choose picks whom to ask for a photo: its owner, else one of the others by chance.
func (p *pool) choose(q *quest, peers []peer.ID, now time.Time) (from peer.ID, state int) {
	owner, state := peer.ID(""), nobody
	if member, ok := p.m.n.active(q.Origin); ok {
		owner, _ = peerOf(member.Card)
	}
	var may []peer.ID
	for _, id := range peers {
		if slices.Contains(q.tried, id) {
			continue
		}
		if s := p.source(id); s.fetches >= photoFetchesOf || s.until.After(now) {
			state = later
			continue
		}
		if id == owner {
			return id, free
		}
		may = append(may, id)
	}
	if len(may) == 0 {
		return "", state
	}
	return may[rand.IntN(len(may))], free
}

func (p *pool) source(id peer.ID) *source {
	s := p.sources[id]
	if s == nil {
		s = &source{}
		p.sources[id] = s
	}
	return s
}

// end takes in how one fetch ended.
func (p *pool) end(e fetched) {
	p.running--
	now, s, n := time.Now(), p.source(e.from), p.m.n
	s.fetches--
	var busy busyError
	var disk diskError
	switch {
	case e.err == nil:
		s.rest = 0
		n.quota.kept(e.Origin, int64(e.Size))
		if e.asked {
			n.quota.answered(e.Origin, int64(e.Size), now)
		}
		delete(p.quests, e.File)
		return
	case errors.As(e.err, &disk):
		n.log.Error("keeping a photo", "photo", e.File.String(), "error", e.err)
		n.storeFailed(e.err)
		e.busy, e.next = false, now.Add(photoRetryMax)
		return
	case errors.As(e.err, &busy):
		s.until = now.Add(busy.after)
	case errors.Is(e.err, errGone):
		// It may know a takedown that we have missed.
		if now.Sub(s.asked) > pullEvery {
			s.asked = now
			n.pullSoon(e.from, 0)
		}
		e.tried = append(e.tried, e.from)
	case errors.Is(e.err, errNoPhoto):
		e.tried = append(e.tried, e.from)
	default:
		n.log.Debug("fetching a photo", "peer", e.from.String(), "photo", e.File.String(), "error", e.err)
		s.rest = min(cmp.Or(2*s.rest, peerRest), peerRestMax)
		s.until = now.Add(s.rest)
		e.tried = append(e.tried, e.from)
	}
	p.wait(e.quest)
}
