package protocol

import "time"

// Standing is a member's standing here: a person raises it, nothing on the network does.
type Standing string

const (
	// Own is this node's own member.
	Own Standing = "own"
	// Active members' records are taken and shown.
	Active Standing = "active"
	// Suspended members are cut off: of their records only takedowns are taken, and their cases are shown until the lease
	// that we hold of them ends.
	Suspended Standing = "suspended"
	// Removed members' records are refused and hidden.
	Removed Standing = "removed"
)

// Shows says whether a case may be seen by the public now. It is the only door: every page, poster, feed and search
// asks it. lease is the Until of the newest head of the case's origin that we have verified: one that our own log has
// equalled, so that whoever lacks a takedown which its owner signed cannot show on; or the Until of an Extension of that head
// by its delegate. Our own cases need none. now is Clock.Now.
func Shows(standing Standing, lease, reviewBy, now time.Time) bool {
	if !reviewBy.After(now) {
		return false
	}
	switch standing {
	case Own:
		return true
	case Active, Suspended:
		return lease.After(now)
	}
	return false
}
