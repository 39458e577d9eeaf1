package node

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// plan is what one seed does to a world of so many nodes: who is special, and what happens when.
type plan struct {
	rng   *rand.Rand
	nodes int
	steps []step

	noGossip bool // nobody gossips: all is pushed and pulled
	liar     int  // a relay that lies; -1 is nobody
	small    int  // whose folder lies on a small disk; -1 is nobody's
}

// How long work and faults go on in a small world and in a large one, which costs more, and how far apart what is done at the
// desks lies on the average.
const (
	simLength, simLengthLarge = 6 * time.Minute, 4 * time.Minute
	simLarge                  = 20 // nodes
	workEvery                 = 3 * time.Second
)

// faultMenu are the faults of the design that a plan chooses from.
var faultMenu = []func(p *plan, at, length time.Duration){
	(*plan).cutEven, (*plan).cutStar, (*plan).cutOneWay, (*plan).flap, (*plan).lossy, (*plan).reorder, (*plan).slow, (*plan).jump,
	(*plan).drifts, (*plan).crash, (*plan).crash, (*plan).lie, (*plan).poison, (*plan).replay, (*plan).bulk, (*plan).fill, (*plan).quarrel, (*plan).backup, (*plan).twin, (*plan).fork,
}

func newPlan(rng *rand.Rand, nodes int) *plan {
	p := &plan{rng: rng, nodes: nodes, liar: -1, small: -1}
	length := simLength
	if nodes > simLarge {
		length = simLengthLarge
	}
	if p.noGossip = rng.IntN(5) == 0; p.noGossip {
		p.add(0, func(*sim) {}, "nobody gossips")
	}
	if rng.IntN(2) == 0 {
		p.liar = p.node()
		p.add(0, func(*sim) {}, "node %d may lie, and does not gossip", p.liar)
	}
	if rng.IntN(2) == 0 {
		p.small = p.node()
	}
	for at := 5 * time.Second; at < length; at += time.Duration(float64(workEvery) * rng.ExpFloat64()) {
		p.work(at)
	}
	// Each seed has a few kinds of faults, each of them several times.
	kinds := rng.Perm(len(faultMenu))[:4+rng.IntN(4)]
	for _, k := range kinds {
		for range 1 + rng.IntN(3) {
			at := 10*time.Second + p.upTo(length-time.Minute)
			faultMenu[k](p, at, min(10*time.Second+p.upTo(100*time.Second), length-at))
		}
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return p
}

func (p *plan) silent(i int) bool { return p.noGossip || i == p.liar }

func (p *plan) node() int { return p.rng.IntN(p.nodes) }

func (p *plan) upTo(d time.Duration) time.Duration { return time.Duration(p.rng.Int64N(int64(d))) }

// two returns two different nodes.
func (p *plan) two() (a, b int) {
	a = p.node()
	return a, (a + 1 + p.rng.IntN(p.nodes-1)) % p.nodes
}

// some returns some of the nodes, at least one and at most all but one.
func (p *plan) some() []int {
	some := p.rng.Perm(p.nodes)[:1+p.rng.IntN(p.nodes-1)]
	slices.Sort(some)
	return some
}

func (p *plan) add(at time.Duration, do func(*sim), what string, args ...any) {
	p.steps = append(p.steps, step{at.Round(10 * time.Millisecond), fmt.Sprintf(what, args...), do})
}

// work is what an officer does.
func (p *plan) work(at time.Duration) {
	i := p.node()
	switch n := p.rng.IntN(100); {
	case n < 35:
		p.add(at, func(s *sim) { s.publishCase(i, false) }, "node %d publishes", i)
	case n < 45:
		p.add(at, func(s *sim) { s.publishCase(i, true) }, "node %d publishes with a photo", i)
	case n < 60:
		p.add(at, func(s *sim) { s.revise(i) }, "node %d revises a case", i)
	case n < 67:
		p.add(at, func(s *sim) { s.renew(i) }, "node %d renews a case", i)
	default:
		p.add(at, func(s *sim) { s.closeOne(i) }, "node %d closes a case", i)
	}
}

// quarrel has an administrator suspend or remove a member in the midst of all, and take it back or not.
func (p *plan) quarrel(at, length time.Duration) {
	a, b := p.two()
	how := p.rng.IntN(3)
	what := []string{"suspends", "suspends and hides", "removes"}[how]
	p.add(at, func(s *sim) { s.part(a, b, how) }, "node %d %s member %d", a, what, b)
	if p.rng.IntN(3) > 0 {
		p.add(at+length, func(s *sim) { s.makeUp(a, b) }, "node %d takes member %d back", a, b)
	}
}

func (p *plan) weather(at, length time.Duration, w storm, what string, args ...any) {
	p.add(at, func(s *sim) {
		now := w
		now.begun = time.Now()
		s.begin(&now, length)
	}, "for %s: %s", length.Round(time.Second), fmt.Sprintf(what, args...))
}

func (p *plan) cutEven(at, length time.Duration) {
	some := p.some()
	p.weather(at, length, storm{hits: func(a, b int) bool { return slices.Contains(some, a) != slices.Contains(some, b) }, loss: 1},
		"nodes %v are cut off from the others", some)
}

// cutStar leaves one node as the only way between all others: the liar, if there is one.
func (p *plan) cutStar(at, length time.Duration) {
	hub := p.node()
	if p.liar >= 0 {
		hub = p.liar
	}
	p.weather(at, length, storm{hits: func(a, b int) bool { return a != hub && b != hub }, loss: 1}, "all reach node %d alone", hub)
}

func (p *plan) cutOneWay(at, length time.Duration) {
	some := p.some()
	p.weather(at, length, storm{hits: func(a, b int) bool { return slices.Contains(some, a) && !slices.Contains(some, b) }, loss: 1},
		"nothing that nodes %v send arrives", some)
}

func (p *plan) flap(at, length time.Duration) {
	some, every := p.some(), time.Second+p.upTo(20*time.Second)
	p.weather(at, length, storm{hits: func(a, b int) bool { return slices.Contains(some, a) != slices.Contains(some, b) }, loss: 1, flap: every},
		"the links of nodes %v come and go every %s", some, every.Round(time.Second))
}

func (p *plan) lossy(at, length time.Duration) {
	loss := 0.3 * p.rng.Float64()
	p.weather(at, length, storm{hits: func(_, _ int) bool { return true }, loss: loss}, "%.0f %% of packets are lost", 100*loss)
}

func (p *plan) reorder(at, length time.Duration) {
	jitter := p.upTo(800 * time.Millisecond)
	p.weather(at, length, storm{hits: func(_, _ int) bool { return true }, jitter: jitter + 1}, "packets overtake each other within %s",
		jitter.Round(time.Millisecond))
}

func (p *plan) slow(at, length time.Duration) {
	i, delay := p.node(), 200*time.Millisecond+p.upTo(3*time.Second)
	p.weather(at, length, storm{hits: func(a, b int) bool { return a == i || b == i }, delay: delay}, "the line of node %d takes %s", i,
		delay.Round(time.Millisecond))
}

// jump sets a clock wrong by up to an hour, forwards or backwards.
func (p *plan) jump(at, length time.Duration) {
	i, d := p.node(), p.upTo(2*time.Hour)-time.Hour
	p.add(at, func(s *sim) { s.setClock(i, d) }, "the clock of node %d is set to %s", i, d.Round(time.Second))
	p.add(at+length, func(s *sim) { s.setClock(i, 0) }, "the clock of node %d is set right", i)
}

func (p *plan) drifts(at, length time.Duration) {
	i, d := p.node(), p.upTo(20*time.Second)-10*time.Second
	p.add(at, func(s *sim) { s.drift[i] = d }, "the clock of node %d gains %s a second", i, d.Round(time.Millisecond))
	p.add(at+length, func(s *sim) {
		delete(s.drift, i)
		s.setClock(i, 0)
	}, "the clock of node %d is set right", i)
}

func (p *plan) crash(at, length time.Duration) {
	i := p.node()
	p.add(at, func(s *sim) { s.crash(i) }, "node %d crashes", i)
	p.add(at+length, func(s *sim) { s.boot(i) }, "node %d starts again", i)
}

// backup has a node lose its disk, and go on with a copy of some age.
func (p *plan) backup(at, length time.Duration) {
	i := p.node()
	p.add(at, func(s *sim) { s.keep(i) }, "node %d is copied", i)
	p.add(at+length, func(s *sim) { s.restore(i) }, "node %d loses its disk and goes on with the copy", i)
}

// twin has somebody start a second server with a copy of a node's folder, and work at it.
func (p *plan) twin(at, length time.Duration) {
	i := p.node()
	p.add(at, func(s *sim) { s.twin(i) }, "a copy of node %d runs beside it", i)
	for range 3 {
		p.add(at+p.upTo(length), func(s *sim) { s.publishTwin(i) }, "the copy of node %d publishes", i)
	}
	p.add(at+length, func(s *sim) { s.endTwin(i) }, "the copy of node %d is stopped", i)
}

// fork has a thief sign with the key of a node, seldom: what the member does then needs its root key.
func (p *plan) fork(at, _ time.Duration) {
	if i, j := p.two(); p.rng.IntN(2) == 0 {
		p.add(at, func(s *sim) { s.fork(i, j) }, "a thief signs a second record for one place of node %d, and node %d passes it on", i, j)
	}
}

// lie has the liar lie; without one in this plan nothing happens.
func (p *plan) lie(at, length time.Duration) {
	if p.liar < 0 {
		return
	}
	how := lie(p.rng.IntN(int(lieEnd)))
	p.add(at, func(s *sim) { s.lie(p.liar, how) }, "node %d %s", p.liar, how)
	p.add(at+length, func(s *sim) { s.lie(p.liar, lieEnd) }, "node %d is honest", p.liar)
}

func (p *plan) poison(at, length time.Duration) {
	a, b := p.two()
	p.add(at, func(s *sim) { s.poison(a, b) }, "node %d sends spoilt copies of what node %d publishes ahead of it", a, b)
}

func (p *plan) replay(at, length time.Duration) {
	i := p.node()
	p.add(at, func(s *sim) { s.replay(i) }, "node %d sends old records and heads again", i)
}

// delegates has delegates speak for members at any moment, and in some plans of small worlds lays a night between, in which
// nobody runs and all leases end: one member stays dark after it for a while, and its delegate speaks for it.
func (p *plan) delegates(rng *rand.Rand) {
	p.rng = rng
	for range 1 + p.rng.IntN(6) {
		i, longer := p.node(), p.upTo(protocol.MaxExtension)
		p.add(20*time.Second+p.upTo(simLengthLarge-30*time.Second), func(s *sim) { s.speak(i, longer) }, "the delegate of node %d speaks for %s", i,
			longer.Round(time.Hour))
	}
	if p.nodes <= simLarge && p.rng.IntN(2) == 0 {
		i, at := p.node(), 30*time.Second+p.upTo(simLength/2)
		p.add(at, func(s *sim) { s.night(i) }, "a night, after which node %d is dark", i)
		for range 4 {
			longer := p.upTo(48 * time.Hour)
			p.add(at+10*time.Second+p.upTo(time.Minute), func(s *sim) { s.speak(i, longer) }, "the delegate of node %d speaks for %s", i,
				longer.Round(time.Hour))
		}
		p.add(at+30*time.Second+p.upTo(2*time.Minute), func(s *sim) { s.boot(i) }, "node %d is back after the night", i)
	}
	slices.SortStableFunc(p.steps, func(a, b step) int { return cmp.Compare(a.at, b.at) })
}

func (p *plan) bulk(at, _ time.Duration) {
	i, n := p.node(), 40+p.rng.IntN(120)
	p.add(at, func(s *sim) { s.bulk(i, n) }, "node %d imports %d cases", i, n)
}

func (p *plan) fill(at, length time.Duration) {
	if p.small < 0 {
		return
	}
	p.add(at, func(s *sim) { s.fill(p.small) }, "the disk of node %d is full", p.small)
	p.add(at+length, func(s *sim) { s.roomy(p.small) }, "the disk of node %d has room again", p.small)
}
