package protocol

import (
	"slices"
	"time"
)

// State is how sure a node is of an origin's log, for pages and alarms. What may be shown is for Shows alone.
type State string

const (
	// Behind: no head was ever verified, and records are missing.
	Behind State = "behind"
	// Synced: complete by number, and yet not what the owner's head vouches for.
	Synced State = "synced"
	// Verified: an earlier head was verified and its lease runs; of the newest head that cannot be said yet.
	Verified State = "verified"
	// Fresh: what is held is what the newest head vouches for, and the head is no older than AgeingAfter.
	Fresh State = "fresh"
	// Ageing: shown still, but nothing was verified for AgeingAfter.
	Ageing State = "ageing"
	// FrozenLog: the origin signed two logs, so that no head renews its lease.
	FrozenLog State = "frozen"
	// Extended: the lease is over, and the cases are shown on the word of the member's delegate.
	Extended State = "extended"
	// Dark: the lease is over.
	Dark State = "dark"
	// Shredded: silent for so long that its cases are deleted here, until it speaks again.
	Shredded State = "shredded"
)

// AgeingAfter is the age of the newest verified head from which on an origin's cases are shown with a word of doubt, and
// ShredAfter how long after the end of its last lease they are deleted.
const (
	AgeingAfter = 24 * time.Hour
	ShredAfter  = 30 * 24 * time.Hour
)

// StateOf returns the state of another origin's log. newest is the newest head that we hold, verified the newest whose
// (epoch, seq, root) our log has equalled, each nil before the first; complete says that no record up to newest is
// missing by number; extension is that of the newest head that counts (Extends), nil for none; now is Clock.Now.
func StateOf(newest, verified *Head, extension *Extension, complete bool, now time.Time) State {
	switch {
	case newest == nil:
		return Behind
	case Silent(newest, now):
		return Shredded
	case verified != nil && !verified.Until.After(now) && extension != nil && extension.Head == verified.ID() && extension.Until.After(now):
		return Extended
	case !newest.Until.After(now), verified != nil && !verified.Until.After(now):
		return Dark
	case verified == nil && complete:
		return Synced
	case verified == nil:
		return Behind
	case now.Sub(verified.At) > AgeingAfter:
		return Ageing
	case verified.Epoch == newest.Epoch && verified.Seq == newest.Seq && verified.Root == newest.Root:
		return Fresh
	}
	return Verified
}

// Silent says whether an origin has been silent for so long that its cases are to be deleted. newest is the newest head
// that is held of it, nil before the first.
func Silent(newest *Head, now time.Time) bool {
	return newest != nil && !newest.Until.Add(ShredAfter).After(now)
}

// ClockAlarm is how far the local clock may stand off before the operator is told, and ClockHide how far behind it may
// stand before other countries' cases are hidden until it is set right.
const (
	ClockAlarm = 5 * time.Minute
	ClockHide  = 30 * time.Minute
)

// Clock is what a node makes of the time: a clock that is slow must not lengthen a lease.
type Clock struct {
	// Now is the effective time: the local clock, or what other members agree on if that is later.
	Now time.Time
	// Behind is how far the local clock stands behind the other members'; negative when it is ahead.
	Behind time.Duration
	// Hide says that the local clock is so slow, by the signed heads of others, that no lease can be told by it.
	Hide bool
}

// Alarm says whether the operator must set the clock.
func (c Clock) Alarm() bool { return c.Behind > ClockAlarm || c.Behind < -ClockAlarm }

// ReadClock returns the effective time. heads are the times of the newest genuine heads of other Active members, one a
// member, held or not yet held; peers are how far the clocks of members that greeted us stood ahead of ours just then.
//
// Of the five newest heads the median counts, the earlier of two, so that two members of five with fast clocks move
// nothing. A head is always of the past, so heads alone can show only that we are behind; greetings show both.
func ReadClock(local time.Time, heads []time.Time, peers []time.Duration) Clock {
	c := Clock{Now: local}
	if len(heads) > 0 {
		newest := slices.SortedFunc(slices.Values(heads), func(a, b time.Time) int { return b.Compare(a) })
		newest = newest[:min(5, len(newest))]
		if median := newest[len(newest)/2]; median.After(local) {
			c.Now, c.Behind = median, median.Sub(local)
			c.Hide = c.Behind > ClockHide
		}
	}
	if len(peers) > 0 {
		offsets := slices.Sorted(slices.Values(peers))
		median := offsets[(len(offsets)-1)/2]
		if median > c.Behind || c.Behind == 0 {
			c.Behind = median
		}
	}
	return c
}
