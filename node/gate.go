package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
)

// GateState says whether we may write in our own log, and if not, what for.
type GateState string

const (
	// GateRecovering: it has to be heard from other members how far our log goes, for this folder may be an old copy.
	GateRecovering GateState = "recovering"
	// GatePulling: others know more of our log than we do, and it is being pulled back.
	GatePulling GateState = "pulling"
	// GateOpen: we write.
	GateOpen GateState = "publishing"
	// GateTwin: another server with our key runs. It must be stopped, and this one started again.
	GateTwin GateState = "twin"
	// GateNeedsRoot: somebody else has written our log in this epoch, or our card names another key than we have. Only a
	// card of a later epoch helps.
	GateNeedsRoot GateState = "needs_root"
)

// ErrWaiting says that what was decided is kept, and done as far as our own site goes. It is signed and sent to the other
// countries when the gate opens.
var ErrWaiting = errors.New("it is saved here and on our own site; the other countries get it when enough of them have been heard")

const (
	// gatePeers is from how many members at most we must have heard how far our log goes: else half of them do.
	gatePeers = 3
	// gateWait is after which time one member is enough, and the operator hears that we wait.
	gateWait = 10 * time.Minute
	// gateAsk and gateAskMax are how soon a member that has not answered is asked again.
	gateAsk, gateAskMax = 2 * time.Second, time.Minute
)

// Gate is the write gate as pages show it.
type Gate struct {
	State GateState
	// Since is when it came to that, as far as we know.
	Since time.Time
	// Heard members have said how far our log goes, of Need; while the gate is closed.
	Heard, Need int
	// Waiting counts what is decided and not signed.
	Waiting int
}

// Open says whether what our staff decides is signed at once.
func (g Gate) Open() bool { return g.State == GateOpen }

// gate keeps a node from using a number of its log twice: in a folder that was restored from a backup numbers are missing
// that the other members know. It is closed when Run begins and opens when enough members know nothing more of our log
// than stands in the store. Without other members it is open; so it is, before Run, in a store that never met one.
type gate struct {
	// turn wakes gateLoop.
	turn chan struct{}

	mu    sync.Mutex // guards what follows; nothing else is locked under it
	state GateState
	since time.Time
	// epoch is that of our card in force. What proves that somebody else wrote in an earlier one closes nothing.
	epoch uint64
	// asked are members that have answered a greeting of ours since the gate closed, and so have looked whether we are the
	// only server; heard are those of them that know no more of our log than we do.
	asked, heard map[peer.ID]bool
	// greets are the greetings that members have yet to answer so.
	greets map[peer.ID]greeting
	// came counts heads and records of our own that came from others. same is its value when a member held exactly what
	// we do.
	came uint64
	same map[peer.ID]uint64
}

// greeting says when a member is greeted once more, and how much later the next time.
type greeting struct {
	next time.Time
	wait time.Duration
}

func (g *gate) set(s GateState) {
	g.state, g.since = s, time.Now()
	g.asked, g.heard, g.same = map[peer.ID]bool{}, map[peer.ID]bool{}, map[peer.ID]uint64{}
	g.greets = map[peer.ID]greeting{}
}

// open says whether we may write now.
func (g *gate) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == GateOpen
}

// recovers says whether our log is being heard and pulled back.
func (g *gate) recovers() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.state == GateRecovering || g.state == GatePulling
}

// asks says whether a member has yet to say how far our log goes.
func (g *gate) asks(id peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return (g.state == GateRecovering || g.state == GatePulling) && !g.heard[id]
}

// greetNow returns which of these members are to be greeted now, which it takes as done, and when one of them is next.
func (g *gate) greetNow(members []peer.ID) (now []peer.ID, next time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	next = gateAskMax
	for _, id := range members {
		if g.heard[id] {
			continue
		}
		due, ok := g.greets[id]
		if !ok {
			due.wait = gateAsk
		}
		if wait := time.Until(due.next); wait > 0 {
			next = min(next, wait)
			continue
		}
		now, next = append(now, id), min(next, due.wait)
		g.greets[id] = greeting{time.Now().Add(due.wait), min(2*due.wait, gateAskMax)}
	}
	return now, next
}

// arrived has a member that has just connected greeted at once, or, when that is done, soon once more.
func (g *gate) arrived(id peer.ID, greeted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.greets, id)
	if greeted {
		g.greets[id] = greeting{time.Now().Add(gateAsk), 2 * gateAsk}
	}
	wake(g.turn)
}

// begin returns how much of our own has come from others when a pull from a member begins, and whether it may be heard by
// that pull.
func (g *gate) begin(id peer.ID) (came uint64, counts bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.came, g.asked[id]
}

// greeted notes that a member has answered a greeting of ours.
func (g *gate) greeted(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked[id] = true
}

// some notes that something of our own has come from another member that we did not have.
func (g *gate) some() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.came++
	switch g.state {
	case GateRecovering:
		g.state = GatePulling
	case GateOpen: // somebody knows more: what we hold may be old after all
		g.set(GatePulling)
	}
	wake(g.turn)
}

// loadGate says how the gate stands in a store that was just opened.
func (n *Node) loadGate() error {
	n.gate.turn = make(chan struct{}, 1)
	fenced, err := n.store.Fenced()
	if err != nil {
		return err
	}
	met, err := n.store.Met()
	if err != nil {
		return err
	}
	epoch := n.Card().Epoch
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	n.gate.epoch = epoch
	switch {
	case fenced >= epoch || !n.holdsKey():
		n.gate.set(GateNeedsRoot)
	case met && n.others() > 0:
		n.gate.set(GateRecovering)
	default:
		n.gate.set(GateOpen)
	}
	return nil
}

// shut closes the gate at the start of Run, for there are other members who may know more of our log.
func (n *Node) shut() {
	others := n.others()
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	if n.gate.state != GateNeedsRoot && others > 0 {
		n.gate.set(GateRecovering)
	}
}

// others counts the active members but ourselves.
func (n *Node) others() int { return len(n.standing(protocol.Active)) }

// Gate returns how the write gate stands.
func (n *Node) Gate() (Gate, error) {
	wishes, err := n.store.Wishes()
	if err != nil {
		return Gate{}, err
	}
	others := n.others()
	n.gate.mu.Lock()
	defer n.gate.mu.Unlock()
	g := Gate{State: n.gate.state, Since: n.gate.since, Waiting: len(wishes)}
	if !g.Open() {
		g.Heard, g.Need = len(n.gate.heard), n.gate.need(others)
	}
	return g, nil
}

// need is from how many members we must have heard; the caller holds mu.
func (g *gate) need(others int) int {
	most := gatePeers
	if time.Since(g.since) >= gateWait {
		most = 1
	}
	return min(most, (others+1)/2)
}

// gateLoop asks every member how far our log goes while the gate is closed, and grants what was wished when it is open.
func (n *Node) gateLoop(ctx context.Context, m *mesh) error {
	for {
		n.weighGate()
		next := time.Hour
		switch {
		case n.mayClose():
			if !n.grantWishes() {
				next = gateAskMax // the disk, perhaps
			}
		case n.gate.recovers():
			var now []peer.ID
			now, next = n.gate.greetNow(m.members())
			for _, id := range now {
				m.background(func() { m.greet(id) })
			}
		}
		t := time.NewTimer(next)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-n.gate.turn:
			t.Stop()
		case <-t.C:
		}
	}
}

// compareOwn ends a pull: the member has sent what it knows of our own log beyond what we hold. came and counts are what
// begin returned; same says that the member holds exactly what we do.
func (n *Node) compareOwn(id peer.ID, came uint64, counts, same bool) {
	n.gate.mu.Lock()
	if counts && n.gate.asked[id] && n.gate.came == came {
		n.gate.heard[id] = true
		if same {
			n.gate.same[id] = came
		}
		wake(n.gate.turn)
	}
	again := n.gate.came != came
	n.gate.mu.Unlock()
	if again && n.gate.recovers() {
		n.pullSoon(id, 0) // it is heard when it has nothing more to tell
	}
}

// weighGate opens the gate if it may be.
func (n *Node) weighGate() {
	if !n.gate.recovers() {
		return
	}
	whole, err := n.whole()
	if err != nil {
		n.log.Error("looking at our own log", "error", err)
		return
	}
	others := n.others()
	n.gate.mu.Lock()
	late := time.Since(n.gate.since) >= gateWait
	ok := (n.gate.state == GateRecovering || n.gate.state == GatePulling) && len(n.gate.heard) >= n.gate.need(others) &&
		(whole || late || others == 0)
	if ok {
		n.openGate()
	}
	n.gate.mu.Unlock()
	if ok {
		n.log.Info("the node publishes: what other members know of its log is here", "whole", whole)
		n.settle(AlarmGate, n.Origin())
		wake(n.head)
		wake(n.down)
	}
}

// openGate opens the gate; the caller holds its mu.
func (n *Node) openGate() {
	n.gate.set(GateOpen)
	wake(n.gate.turn)
}

// whole says whether our log is what the newest head of ours that anybody has shown us vouches for. Of a log that goes
// further the last record must have been written in this folder; or a member must hold the very same log, and no number be
// missing: one that came back may not have come alone. Without any head of ours, as when a new epoch has made the last one void,
// the place from which the root key has it go on does, or a member that holds the same, or that none is left to be heard.
func (n *Node) whole() (bool, error) {
	card := n.Card()
	state, err := n.store.LogState(card.Origin())
	if err != nil {
		return false, err
	}
	wrote, err := n.store.Assigned()
	if err != nil {
		return false, err
	}
	head, err := n.store.Head(card.Origin())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	here := wrote.Epoch == state.Epoch && wrote.Seq == state.Seq
	switch {
	case head == nil:
		from := card.Continues
		return state.Seq == 0 || here || n.gate.shared() || n.gate.all(n.others()) || from != nil && from.Seq == state.Seq && from.Root == state.Root, nil
	case n.verified(card.Origin(), head) && (here || state.Epoch != head.Epoch || state.Seq <= head.Seq):
		return true, nil
	case state.Epoch == head.Epoch && state.Seq <= head.Seq || !n.gate.shared():
		return false, nil
	}
	place, err := n.store.Place(card.Origin())
	return err == nil && place.Epoch == state.Epoch && place.Seq >= state.Seq, err
}

// shared says whether a member holds exactly the log that we do.
func (g *gate) shared() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, came := range g.same {
		if came == g.came {
			return true
		}
	}
	return false
}

// all says whether every other member has been heard.
func (g *gate) all(others int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.heard) >= others
}

// mayClose says whether takedowns may be signed: when the gate is open, and when our log is frozen, for then others heed them
// whatever number they have.
func (n *Node) mayClose() bool { return n.gate.open() || n.frozen(n.Origin()) }

// append signs and stores a record of ours, if it may be signed, as store.Append does. Else the error is ErrWaiting. The
// caller holds desk.
func (n *Node) append(id protocol.CaseID, may func() bool, sign func(protocol.Header, ed25519.PrivateKey) (*protocol.Record, error)) (*protocol.Record, error) {
	card, key, err := n.signing()
	if err != nil {
		return nil, ErrWaiting // the gate says why
	}
	return n.store.Append(id, card.Epoch, func(h protocol.Header) (*protocol.Record, error) {
		if !may() {
			return nil, ErrWaiting
		}
		return sign(h, key)
	})
}

// watchGate raises and settles the alarms of the gate.
func (n *Node) watchGate(now time.Time) {
	n.gate.mu.Lock()
	state, since := n.gate.state, n.gate.since
	n.gate.mu.Unlock()
	waits := n.mesh.Load() != nil && slices.Contains([]GateState{GateRecovering, GatePulling}, state) && now.Sub(since) >= gateWait
	if state == GateTwin {
		n.twinsOf(n.Origin(), twinTold)
	}
	if waits {
		n.raise(AlarmGate, n.Origin(), since)
	} else {
		n.settle(AlarmGate, n.Origin())
	}
	holds := n.holdsKey()
	for kind, on := range map[AlarmKind]bool{AlarmInstance: state == GateNeedsRoot && holds, AlarmNeedsRoot: !holds} {
		if on {
			n.raise(kind, n.Origin(), since)
		} else {
			n.settle(kind, n.Origin())
		}
	}
}
