package node

import (
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

var (
	simNodes = flag.Int("nodes", 0, "TestSim: how many nodes; 0 is a few small worlds and 29")
	simSeeds = flag.Int("seeds", 1, "TestSim: how many seeds, with -nodes or -seed")
	simSeed  = flag.Uint64("seed", 0, "TestSim: the first seed; 0 is 1")
)

// TestSim runs real nodes, real files and real QUIC through a schedule of work and faults that one number decides, and
// holds all that they let be seen against the invariants of the protocol. Keys and schedule of a seed are always the same;
// how goroutines interleave is not, so that a rare failure may need its seed run again:
//
//	go test ./node -run Sim -nodes 7 -seed 12
func TestSim(t *testing.T) {
	type run struct {
		nodes int
		seed  uint64
	}
	var runs []run
	switch {
	case *simNodes != 0 || *simSeed != 0:
		for i := range uint64(*simSeeds) {
			runs = append(runs, run{cmp.Or(*simNodes, 7), max(*simSeed, 1) + i})
		}
	case raceEnabled || testing.Short():
		runs = []run{{5, 1}}
	default:
		runs = []run{{5, 1}, {6, 3}, {7, 5}, {members, 1}}
	}
	for _, r := range runs {
		t.Run(fmt.Sprintf("nodes=%d/seed=%d", r.nodes, r.seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { simulate(t, r.nodes, r.seed) })
		})
	}
}

// sim is one run: a world, what is done to it, and what is seen of it.
type sim struct {
	*world
	seed    uint64
	plan    []step
	draw    *rand.Rand // decides what the plan leaves open
	h       *history
	index   map[protocol.Origin]int
	eyes    []eye // of each node
	cases   []*simCase
	byRef   map[protocol.Ref]*simCase
	older   map[int]bool // whose folder was replaced by an older one
	backups map[int]backup
	apart   map[pairKey]protocol.Standing // what persons made of whom; Active is left out
	unsure  map[pairKey]bool              // of whom an older folder, and what comes back of its log, may say another thing
	storms  []*storm
	dice    *rand.Rand            // decides about packets; guarded by world.mu
	drift   map[int]time.Duration // a second
	lies    map[int]lie           // who lies, and how
	full    map[int]string        // whose disk is full, and of what
	twins   map[int]*twin         // second servers with the key of a node
	small   int                   // whose folder lies on a small disk; -1 is nobody's
	silent  func(i int) bool      // who does not gossip
	spoken  [][]byte              // extensions that delegates signed
	slept   time.Duration         // how much later than planned things happen, for a night lay between
	healed  bool
	genuine map[[32]byte]bool // records whose signatures were checked
	figures figures
}

// simCase is a case that somebody in a simulation has published.
type simCase struct {
	owner   int
	id      protocol.CaseID
	ref     protocol.Ref
	name    string
	records []*protocol.Record // the newest last
	photo   []byte             // the beginning of its photo file, nil without one
	closing bool               // an officer has closed it
	closed  *protocol.Record   // nil while the takedown is not signed

	sweptBy map[int]bool // members who have signed that they swept it
}

// step is something that the plan has for a moment after the start.
type step struct {
	at   time.Duration
	what string
	do   func(*sim)
}

// figures are what a run has cost and how long things took, in virtual time.
type figures struct {
	records, takedowns, looks   int
	extended                    int           // looks at which a node showed a member on its delegate's word alone
	connected, equal, receipted time.Duration // from the end of the faults on
	marker                      time.Duration // a new case everywhere
	idle                        int64         // bytes a node and minute when nothing happens
}

// simulate runs one seed.
func simulate(t *testing.T, nodes int, seed uint64) {
	s := newSim(t, nodes, seed)
	defer s.close()
	defer s.report()
	cpu := cpuTime()
	s.startAll()
	s.advance(5 * time.Second)
	for _, p := range s.plan {
		s.advance(time.Until(epoch0.Add(p.at + s.slept)))
		p.do(s)
		if len(s.h.wrong) > 0 {
			return
		}
	}
	s.heal()
	s.settle()
	f := s.figures
	t.Logf("%s of virtual time, %s of CPU: %d records, %d takedowns, %d looks, %d extensions, by which alone a member was shown at %d of them; after the faults all connected in %s, equal in %s, "+
		"a new case everywhere in %s, receipted in %s; idle %d bytes a node and minute", time.Since(epoch0).Round(time.Second),
		(cpuTime() - cpu).Round(time.Millisecond), f.records, f.takedowns, f.looks, len(s.spoken), f.extended, f.connected, f.equal, f.marker, f.receipted, f.idle)
}

// newSim makes the world of a seed and its plan.
func newSim(t *testing.T, nodes int, seed uint64) *sim {
	rng := rand.New(rand.NewPCG(seed, uint64(nodes)))
	s := &sim{seed: seed, h: newHistory(), index: map[protocol.Origin]int{}, apart: map[pairKey]protocol.Standing{}, unsure: map[pairKey]bool{},
		drift: map[int]time.Duration{}, lies: map[int]lie{}, full: map[int]string{}, twins: map[int]*twin{}, small: -1, genuine: map[[32]byte]bool{},
		byRef: map[protocol.Ref]*simCase{}, older: map[int]bool{}, backups: map[int]backup{}, eyes: make([]eye, nodes)}
	p := newPlan(rng, nodes)
	p.delegates(rand.New(rand.NewPCG(seed, 1<<32))) // by a draw of its own, so that the rest of a seed stays what it was
	s.world = newWorld(t, nodes, func(i int, cfg *Config) {
		cfg.Lease = protocol.MinLease
		cfg.noGossip = p.silent(i)
		if i == p.small && smallDisk(t, cfg.Dir) {
			s.small = i
		}
	})
	s.silent = p.silent
	s.plan, s.draw, s.dice = p.steps, rng, rand.New(rand.NewPCG(seed, 0))
	for i, n := range s.nodes {
		s.index[n.Origin()] = i
		s.eyes[i] = newEye()
		card, err := (&RootKey{s.rootOf(i)}).NameDelegate(n.Card(), s.nodes[s.delegate(i)].Origin())
		if err == nil {
			err = n.Reissue(card)
		}
		must(t, err)
	}
	s.world.weather, s.h.nodes = s.weather, nodes
	if p.liar >= 0 {
		s.h.liars[p.liar] = true
	}
	return s
}

// advance lets virtual time pass, and looks at every node now and then.
func (s *sim) advance(d time.Duration) {
	end := time.Now().Add(d)
	every := time.Second * time.Duration(1+len(s.nodes)/10)
	if s.healed {
		every *= 5
	}
	for time.Now().Before(end) {
		step := min(every, time.Until(end))
		time.Sleep(step)
		for i, d := range s.drift {
			s.skew[i].Add(int64(d) * int64(step) / int64(time.Second))
		}
		s.look()
	}
}

// up says whether node i runs.
func (s *sim) up(i int) bool { return s.nodes[i].mesh.Load() != nil }

// report tells what is wrong, and how it came about.
func (s *sim) report() {
	if len(s.h.wrong) == 0 && !s.t.Failed() {
		return
	}
	for _, v := range s.h.wrong {
		s.t.Errorf("seed %d, %d nodes, %s", s.seed, len(s.nodes), v)
		for _, line := range s.h.story(v.event.ref, v.event.node) {
			s.t.Log(line)
		}
	}
	s.t.Logf("the plan of seed %d for %d nodes:", s.seed, len(s.nodes))
	for _, p := range s.plan {
		s.t.Logf("%12s  %s", p.at, p.what)
	}
	s.t.Logf("again: go test ./node -run Sim -nodes %d -seed %d", len(s.nodes), s.seed)
}

// close stops everything and checks every store, as world.close does.
func (s *sim) close() {
	for i := range s.nodes {
		s.roomy(i)
		s.endTwin(i)
	}
	s.world.close()
	synctest.Wait()
}

// late tells of something that has not come about in its time.
func (s *sim) late(invariant, node int, what string, args ...any) {
	s.h.see(event{kind: late, at: time.Now(), node: node, seq: uint64(invariant), what: fmt.Sprintf(what, args...)})
}

// friends says whether two nodes are active members of each other, so that they are to be connected.
func (s *sim) friends(a, b int) bool {
	_, ab := s.apart[pairKey{a, b}]
	_, ba := s.apart[pairKey{b, a}]
	return a != b && !ab && !ba && !s.unsure[pairKey{a, b}] && !s.unsure[pairKey{b, a}]
}

// open returns the open cases of a node, or of all with -1.
func (s *sim) open(i int) []*simCase {
	return slices.DeleteFunc(slices.Clone(s.cases), func(c *simCase) bool { return c.closing || i >= 0 && c.owner != i })
}
