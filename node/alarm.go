package node

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// AlarmKind says what is wrong. Console and command have a sentence for each that says what to do.
type AlarmKind string

const (
	// AlarmDark: a member was not heard for so long that its cases are hidden here.
	AlarmDark AlarmKind = "dark"
	// AlarmExtended: a member was not heard for so long that its cases are shown on the word of its delegate alone.
	AlarmExtended AlarmKind = "extended"
	// AlarmDelegate: a member that has named us its delegate is not heard; somebody here is to decide.
	AlarmDelegate AlarmKind = "delegate"
	// AlarmClock: our clock and those of most members are more than protocol.ClockAlarm apart.
	AlarmClock AlarmKind = "clock"
	// AlarmClockHides: our clock is so slow that no case of another country is shown here (protocol.ClockHide).
	AlarmClockHides AlarmKind = "clock_hides"
	// AlarmCard: our card ends soon, and with it our cases abroad.
	AlarmCard AlarmKind = "card"
	// AlarmPhotos: a member has more photos than we keep or fetch of one; its thumbnails are shown.
	AlarmPhotos AlarmKind = "photos"
	// AlarmDisk: the disk of the data folder is nearly full.
	AlarmDisk AlarmKind = "disk"
	// AlarmStore: the data folder is damaged, or the disk does not take or give what it should.
	AlarmStore AlarmKind = "store"
	// AlarmSuspect: what is held of a member's log is not what it signed, and several members could not help.
	AlarmSuspect AlarmKind = "suspect"
	// AlarmGate: for want of other members nothing of ours is published.
	AlarmGate AlarmKind = "gate_waiting"
	// AlarmTwins: a member runs two servers with one key.
	AlarmTwins AlarmKind = "twins"
	// AlarmInstance: somebody else writes our log; nothing of ours is published until a card of a new epoch.
	AlarmInstance AlarmKind = "foreign_instance"
	// AlarmNeedsRoot: this node cannot sign, and only a card that the root key has signed makes it sign again.
	AlarmNeedsRoot AlarmKind = "needs_root"
	// AlarmFork: a member signed two logs. Nothing but takedowns is taken of it.
	AlarmFork AlarmKind = "fork"
)

// Alarm is something that the operator must look after.
type Alarm struct {
	Kind AlarmKind
	// Origin is the member that it is about; ourselves where it is about this node.
	Origin protocol.Origin
	// Since is since when it is so, as far as we know.
	Since time.Time
	// By and Until say, with AlarmExtended and no other, on whose word and until when.
	By    protocol.Origin `json:",omitzero"`
	Until time.Time       `json:",omitzero"`
}

const (
	watchEvery = time.Minute
	countEvery = time.Hour
	// diskShare and diskSpare: the disk is nearly full with less free than a twentieth of it, and less than 20 GiB.
	diskShare, diskSpare = 20, 20 << 30
)

// alarms are the alarms that are on.
type alarms struct {
	mu    sync.Mutex
	since map[Alarm]time.Time // the key has no more than Kind and Origin
}

// Alarms returns what is wrong now, in the order of kinds and members.
func (n *Node) Alarms() []Alarm {
	n.watch()
	n.alarms.mu.Lock()
	defer n.alarms.mu.Unlock()
	all := make([]Alarm, 0, len(n.alarms.since))
	for a, since := range n.alarms.since {
		a.Since = since
		if a.Kind == AlarmExtended {
			if x, err := n.store.Extension(a.Origin); err == nil {
				a.By, a.Until = x.By, x.Until
			}
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b Alarm) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), bytes.Compare(a.Origin[:], b.Origin[:]))
	})
	return all
}

// raise turns an alarm on, which is logged when it was off. It stays until settle.
func (n *Node) raise(kind AlarmKind, o protocol.Origin, since time.Time) {
	n.alarms.mu.Lock()
	_, on := n.alarms.since[Alarm{Kind: kind, Origin: o}]
	if !on {
		n.alarms.since[Alarm{Kind: kind, Origin: o}] = since
	}
	n.alarms.mu.Unlock()
	if !on && n.mesh.Load() != nil { // a command that asks once prints what it is told
		n.log.Warn("alarm; see gmcn peer list or the console", "kind", string(kind), "member", o.String())
	}
}

// settle turns an alarm off.
func (n *Node) settle(kind AlarmKind, o protocol.Origin) {
	n.alarms.mu.Lock()
	_, on := n.alarms.since[Alarm{Kind: kind, Origin: o}]
	delete(n.alarms.since, Alarm{Kind: kind, Origin: o})
	n.alarms.mu.Unlock()
	if on && n.mesh.Load() != nil {
		n.log.Info("alarm is over", "kind", string(kind), "member", o.String())
	}
}

// watchLoop looks after alarms, and counts photos anew now and then.
func (n *Node) watchLoop(ctx context.Context) error {
	counted := time.Now()
	for sleep(ctx, watchEvery) {
		n.watch()
		if time.Since(counted) >= countEvery {
			counted = time.Now()
			n.countPhotos()
		}
	}
	return ctx.Err()
}

// watch raises and settles the alarms that can be read off what we hold.
func (n *Node) watch() {
	now, own := n.now(), n.Card()
	set := func(on bool, kind AlarmKind, o protocol.Origin, since time.Time) {
		if on {
			n.raise(kind, o, since)
		} else {
			n.settle(kind, o)
		}
	}
	set(own.NotAfter.Sub(now) < cardSoon, AlarmCard, own.Origin(), own.NotAfter.Add(-cardSoon))
	clock := n.Clock()
	set(clock.Alarm() && !clock.Hide, AlarmClock, own.Origin(), now)
	set(clock.Hide, AlarmClockHides, own.Origin(), now)
	if free, total, err := diskSpace(n.cfg.Dir); err == nil {
		set(nearlyFull(free, total), AlarmDisk, own.Origin(), now)
	}
	n.watchGate(time.Now())
	over := n.quota.exceeded(time.Now())
	n.mu.Lock()
	twins := maps.Clone(n.twins)
	maps.DeleteFunc(n.twins, func(_ protocol.Origin, until time.Time) bool { return !until.After(time.Now()) })
	n.mu.Unlock()
	for o, until := range twins {
		set(until.After(time.Now()), AlarmTwins, o, now)
	}
	n.mu.RLock()
	members := make([]store.Member, 0, len(n.members))
	for _, m := range n.members {
		members = append(members, m)
	}
	n.mu.RUnlock()
	for _, m := range members {
		o := m.Card.Origin()
		since, frozen := n.store.Frozen(o)
		if m.Standing == protocol.Own {
			continue // the gate tells
		}
		set(frozen && m.Standing != protocol.Removed, AlarmFork, o, since)
		since, dark := n.dark(m, n.effectiveNow())
		set(dark && !frozen, AlarmDark, o, since)
		_, since, extended := n.extended(m, n.effectiveNow())
		set(extended && m.Standing == protocol.Active, AlarmExtended, o, since)
		since, asked := n.asked(m, n.effectiveNow())
		set(asked, AlarmDelegate, o, since)
		since, full := over[o]
		set(full && m.Standing == protocol.Active, AlarmPhotos, o, since)
		set(m.Standing == protocol.Active && n.suspect(o), AlarmSuspect, o, now)
	}
}

// dark says whether an active member's cases are hidden because nothing was heard of it, and since when.
func (n *Node) dark(m store.Member, now time.Time) (since time.Time, dark bool) {
	since = m.Since.Add(protocol.MinLease) // a new member has a day to be heard for the first time
	if until := n.store.Lease(m.Card.Origin()); !until.IsZero() {
		since = until
	}
	return since, m.Standing == protocol.Active && !since.After(now)
}

func nearlyFull(free, total uint64) bool { return free < total/diskShare && free < diskSpare }

// storeFailed raises an alarm if err says that the disk or what is on it is damaged. A full disk has its own, and what the
// store refuses is none. It stays on until the node is started again.
func (n *Node) storeFailed(err error) {
	var errno syscall.Errno
	if errors.Is(err, store.ErrDamaged) || errors.As(err, &errno) && errno != syscall.ENOSPC && errno != syscall.ENOENT {
		n.raise(AlarmStore, n.Origin(), n.now())
	}
}
