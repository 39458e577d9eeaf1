package node

import (
	"fmt"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// event is one thing that a node did, or lets be seen, in a simulation. history holds it against all that came before.
type event struct {
	kind kind
	at   time.Time // the true time, which no node knows
	node int       // who did it or lets it be seen
	of   int       // whose log, case or standing it is about

	ref        protocol.Ref
	id         [32]byte // of a record
	epoch, seq uint64
	rev        uint64
	root       [32]byte
	phase      store.Phase
	standing   protocol.Standing
	until      time.Time // the end of a lease or of a right to show
	lease      time.Time // the end of a head's own lease
	clock      time.Time // what the node's own clock says
	ok         bool
	what       string
}

// kind says what an event is, and which of its fields count.
type kind string

const (
	speaks   kind = "speaks"   // node, as of's delegate, has signed the extension id, until, of the head at epoch, seq, which was signed at clock and runs to lease
	lent     kind = "lent"     // node holds the extension id of of, until
	signed   kind = "signed"   // of put a record into its own log: id, epoch, seq; of the case ref: rev
	closes   kind = "closes"   // of signed the takedown of ref, at epoch and seq; until is the end of every lease signed before
	rooted   kind = "rooted"   // of's own log was root when its last record was seq
	logged   kind = "logged"   // node holds the record id of of; ok if its signature is right under a card of of
	kept     kind = "kept"     // the same of a takedown or a stance
	shown    kind = "shown"    // node shows ref of of: rev, until (zero for its own), clock
	marked   kind = "marked"   // node holds a takedown of ref and is at phase; phase 0 is that it holds none
	vouched  kind = "vouched"  // node says that it has verified of's log at epoch, seq, root, until, by a head signed at clock
	standing kind = "standing" // node says that of is at standing
	hand     kind = "hand"     // a person gave of that standing at node; "" if it cannot be known what is left of that
	swept    kind = "swept"    // of has signed, for node, that nothing of ref is on its disk
	found    kind = "found"    // what tells who ref is lies readable in node's folder
	frozen   kind = "frozen"   // node says that of has signed two branches; ok if it holds the proof
	branched kind = "branched" // of may sign two branches from now on: its key is in two places
	restored kind = "restored" // node's folder is an older one
	late     kind = "late"     // something has not come about in its time: seq is the number of the invariant
)

// violation is an invariant that does not hold.
type violation struct {
	invariant int
	event     event
	why       string
}

func (v violation) String() string {
	return fmt.Sprintf("invariant %d (%s) at node %d, %s after the start: %s", v.invariant, invariants[v.invariant], v.event.node,
		v.event.at.Sub(epoch0), v.why)
}

// epoch0 is when every bubble of synctest begins.
var epoch0 = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// invariants are those of the design (docs/protocol.md, 18), by number.
var invariants = map[int]string{
	1: "no show after takedown", 2: "bounded show", 3: "no resurrection", 4: "authenticity", 5: "convergence to the signed root",
	6: "monotonicity", 7: "no silent merge of forks", 8: "no double write", 9: "trust only by hand", 10: "sticky removal",
	11: "tip secrecy", 12: "receipt honesty", 13: "every record and takedown arrives within 30 seconds at every connected member",
	14: "every photo within its quota arrives", 15: "every tip arrives once", 16: "the write gate opens when members are heard",
	17: "leases renew", 18: "no livelock", 19: "any bytes into any decoder", 20: "a flood by a member", 21: "kill -9 at any point",
	22: "full disk",
}

// history is what has happened in a run, as far as the invariants speak of it, and what is wrong with it.
type history struct {
	wrong []violation
	said  map[string]bool // violations that are known, so that each is told once

	signedAt  map[slotKey]event             // which record an origin put at a place
	closed    map[protocol.Ref]event        // takedowns that their owners signed
	roots     map[slotKey][32]byte          // of the owners' own logs
	doubled   map[int]bool                  // origins whose key is in two places
	older     map[int]bool                  // origins whose folder was replaced by an older one
	liars     map[int]bool                  // nodes that do not tell what they hold
	conflicts map[int][]conflict            // places that an origin has signed two records for
	accused   map[int]bool                  // origins that some node has frozen
	held      map[[32]byte]map[int]bool     // which nodes have ever held a record
	nodes     int                           // how many there are
	phases    map[seenKey]event             // how far a node is with a takedown
	sweeps    map[seenKey]bool              // takedowns that a node has swept once, in whichever folder
	revs      map[seenKey]uint64            // newest revision that a node has shown
	verified  map[pairKey]event             // newest head that a node has verified
	hands     map[pairKey]protocol.Standing // what persons decided
	log       map[protocol.Ref][]event      // what changed about a case, for the reader
	last      map[seenKey]event             // the newest of each kind about a case at a node
	spoken    map[[32]byte]event            // extensions that delegates signed
	words     map[int][]event               // the same, by whose heads they are of
	froze     map[pairKey]bool              // whom a node has frozen
}

// conflict is two records for one place, by the cases that they are of.
type conflict struct{ a, b protocol.Ref }

type slotKey struct {
	of         int
	epoch, seq uint64
}

type seenKey struct {
	node int
	ref  protocol.Ref
	kind kind
}

type pairKey struct{ node, of int }

func newHistory() *history {
	return &history{said: map[string]bool{}, signedAt: map[slotKey]event{}, closed: map[protocol.Ref]event{}, roots: map[slotKey][32]byte{},
		doubled: map[int]bool{}, older: map[int]bool{}, liars: map[int]bool{}, conflicts: map[int][]conflict{}, accused: map[int]bool{}, held: map[[32]byte]map[int]bool{}, phases: map[seenKey]event{}, sweeps: map[seenKey]bool{}, revs: map[seenKey]uint64{}, verified: map[pairKey]event{},
		hands: map[pairKey]protocol.Standing{}, log: map[protocol.Ref][]event{}, last: map[seenKey]event{},
		spoken: map[[32]byte]event{}, words: map[int][]event{}, froze: map[pairKey]bool{}}
}

func (h *history) violated(invariant int, e event, why string, args ...any) {
	v := violation{invariant, e, fmt.Sprintf(why, args...)}
	key := fmt.Sprint(invariant, e.node, e.of, e.ref, e.kind)
	if !h.said[key] {
		h.said[key] = true
		h.wrong = append(h.wrong, v)
	}
}

// see takes the next event.
func (h *history) see(e event) {
	h.note(e)
	pair, seen := pairKey{e.node, e.of}, seenKey{e.node, e.ref, marked}
	switch e.kind {
	case speaks:
		h.spoken[e.id] = e
		h.words[e.of] = append(h.words[e.of], e)
	case lent:
		h.seeLent(e, pair)
	case branched:
		h.doubled[e.of] = true
	case signed, closes:
		at := slotKey{e.of, e.epoch, e.seq}
		if was, ok := h.signedAt[at]; ok && was.id != e.id {
			h.conflicts[e.of] = append(h.conflicts[e.of], conflict{was.ref, e.ref})
			if !h.mayDouble(e.of, was.id) {
				h.violated(8, e, "member %d signed a second record for epoch %d, number %d, which %d others hold", e.of, e.epoch, e.seq, len(h.held[was.id]))
			}
		}
		h.signedAt[at] = e
		if e.kind == closes {
			h.closed[e.ref] = e
		}
	case rooted:
		h.roots[slotKey{e.of, e.epoch, e.seq}] = e.root
	case logged:
		h.hold(e)
		if !e.ok {
			h.violated(4, e, "it holds a record of member %d that no card of it certifies", e.of)
		}
		if was := h.phases[seen]; was.phase >= store.Shredded {
			h.violated(3, e, "a record of the case %s of member %d is back", e.ref, e.of)
		}
		if h.hands[pair] == protocol.Removed {
			h.violated(10, e, "it holds a case of member %d, which was removed", e.of)
		}
	case shown:
		h.seeShown(e, pair, seen)
	case marked:
		switch was := h.phases[seen]; {
		case e.phase >= was.phase:
			h.phases[seen] = e
			h.sweeps[seen] = h.sweeps[seen] || e.phase == store.Swept
		case e.phase == 0 && was.phase == store.Marked: // a void within the guard's day
			delete(h.phases, seen)
		default:
			h.violated(3, e, "the case %s of member %d went from %s back to %s", e.ref, e.of, was.phase, e.phase)
		}
	case vouched:
		h.seeVouched(e, pair)
	case hand:
		h.hands[pair] = e.standing
		if e.standing != protocol.Active {
			delete(h.verified, pair)
		}
	case standing:
		want, ok := h.hands[pair]
		if !ok {
			want = protocol.Active
		}
		switch {
		case e.standing == want, want == "":
		case want == protocol.Removed:
			h.violated(10, e, "member %d was removed by hand and is %s", e.of, e.standing)
		default:
			h.violated(9, e, "member %d is %s, and by hand it was made %s", e.of, e.standing, want)
		}
	case swept:
		if !h.sweeps[seenKey{e.of, e.ref, marked}] && !h.doubled[e.of] { // else the other server swept
			h.violated(12, e, "member %d has signed that it swept the case %s, and has not", e.of, e.ref)
		}
	case found:
		h.violated(12, e, "what tells who the case %s is lies readable in its folder: %s", e.ref, e.what)
	case kept:
		h.hold(e)
	case frozen:
		h.accused[e.of], h.froze[pair] = true, true
		closed := func(c conflict) bool {
			return h.phases[seenKey{e.node, c.a, marked}].phase > 0 || h.phases[seenKey{e.node, c.b, marked}].phase > 0
		}
		if len(h.conflicts[e.of]) == 0 {
			h.violated(7, e, "it says that member %d signed two branches, which it did not", e.of)
		} else if !e.ok && !slices.ContainsFunc(h.conflicts[e.of], closed) { // a proof that tells of a closed case is destroyed
			h.violated(7, e, "it says that member %d signed two branches, and holds no proof", e.of)
		}
	case restored:
		h.older[e.node] = true
		h.forget(e.node)
	case late:
		h.violated(int(e.seq), e, "%s", e.what)
	}
}

func (h *history) hold(e event) {
	if h.held[e.id] == nil {
		h.held[e.id] = map[int]bool{}
	}
	h.held[e.id][e.node] = true
}

// lost says whether a takedown may have gone with its owner's disk before anybody had it.
func (h *history) lost(c event) bool {
	others := len(h.held[c.id])
	if h.held[c.id][c.of] {
		others--
	}
	return h.older[c.of] && others == 0
}

// mayDouble says whether an origin may sign another record for the place of one: a thief or a twin does, and so does a node
// with an older folder, unless it cannot have asked enough others without meeting one that holds the first.
func (h *history) mayDouble(of int, first [32]byte) bool {
	others, holders := h.nodes-1, 0
	for i := range h.held[first] {
		if i != of && !h.liars[i] {
			holders++
		}
	}
	return h.doubled[of] || h.older[of] && others-holders >= min(gatePeers, (others+1)/2)
}

func (h *history) seeShown(e event, pair pairKey, seen seenKey) {
	if was, ok := h.phases[seen]; ok {
		h.violated(1, e, "it shows the case %s of member %d, whose takedown it has held since %s", e.ref, e.of, was.at.Sub(epoch0))
	}
	if !e.until.IsZero() && !e.clock.Before(e.until) {
		h.violated(2, e, "it shows the case %s of member %d %s after the lease that it holds", e.ref, e.of, e.clock.Sub(e.until))
	}
	if c, ok := h.closed[e.ref]; ok && e.node != e.of && !h.lost(c) {
		until := c.until
		for _, s := range h.words[e.of] { // of heads that do not count the takedown
			if s.until.After(until) && (s.epoch < c.epoch || s.epoch == c.epoch && s.seq < c.seq) {
				until = s.until
			}
		}
		if !e.clock.Before(until) {
			h.violated(2, e, "it shows the case %s of member %d %s after every lease and every extension of a head signed before it was closed", e.ref, e.of, e.clock.Sub(until))
		}
	}
	if e.rev < h.revs[seen] {
		h.violated(6, e, "it shows revision %d of the case %s and has shown %d", e.rev, e.ref, h.revs[seen])
	}
	h.revs[seen] = e.rev
	switch h.hands[pair] {
	case protocol.Removed:
		h.violated(10, e, "it shows a case of member %d, which was removed", e.of)
	}
}

// seeLent holds an extension that a node holds against what its member's delegate may have said, and against what the node
// knows: newer heads, denied members, forks.
func (h *history) seeLent(e event, pair pairKey) {
	denied := func(of int) bool { s, ok := h.hands[pairKey{e.node, of}]; return ok && s != protocol.Active && s != "" }
	s, ok := h.spoken[e.id]
	v := h.verified[pair]
	switch {
	case !ok || s.of != e.of:
		h.violated(4, e, "it holds an extension for member %d that no delegate signed", e.of)
	case !e.until.Equal(s.until) || e.until.After(s.lease.Add(protocol.MaxExtension)):
		h.violated(2, e, "it holds an extension for member %d to %s after the lease", e.of, e.until.Sub(s.lease))
	case v.epoch > s.epoch || v.epoch == s.epoch && (v.seq > s.seq || v.seq == s.seq && v.clock.After(s.clock)):
		h.violated(2, e, "it holds an extension for member %d at %d/%d and has verified a newer head, at %d/%d", e.of, s.epoch, s.seq, v.epoch, v.seq)
	case denied(e.of), denied(s.node):
		h.violated(2, e, "it holds an extension for member %d by member %d, one of which it has denied", e.of, s.node)
	case h.froze[pair]:
		h.violated(2, e, "it holds an extension for member %d, which it has frozen", e.of)
	}
}

func (h *history) seeVouched(e event, pair pairKey) {
	was, ok := h.verified[pair]
	if ok && (e.epoch < was.epoch || e.epoch == was.epoch && e.seq < was.seq) {
		h.violated(6, e, "its verified place of member %d went from %d/%d back to %d/%d", e.of, was.epoch, was.seq, e.epoch, e.seq)
	}
	if h.verified[pair] = e; h.accused[e.of] || len(h.conflicts[e.of]) > 0 || ok && was.seq == e.seq && was.epoch == e.epoch {
		return
	}
	if root, ok := h.roots[slotKey{e.of, e.epoch, e.seq}]; ok && root != e.root {
		h.violated(5, e, "it has verified member %d at %d/%d with another root than its log had", e.of, e.epoch, e.seq)
	}
	for ref, c := range h.closed {
		if c.of == e.of && c.epoch == e.epoch && c.seq <= e.seq && h.phases[seenKey{e.node, ref, marked}].phase == 0 {
			h.violated(5, e, "it has verified member %d at %d/%d without the takedown at number %d", e.of, e.epoch, e.seq, c.seq)
		}
	}
}

// forget takes back what a node let be seen: its folder is another one.
func (h *history) forget(node int) {
	for key := range h.phases {
		if key.node == node {
			delete(h.phases, key)
		}
	}
	for key := range h.revs {
		if key.node == node {
			delete(h.revs, key)
		}
	}
	for key := range h.verified {
		if key.node == node {
			delete(h.verified, key)
		}
	}
	for key := range h.froze {
		if key.node == node {
			delete(h.froze, key)
		}
	}
}

// note keeps what changed about a case.
func (h *history) note(e event) {
	key := seenKey{e.node, e.ref, e.kind}
	was, ok := h.last[key]
	if h.last[key] = e; ok && was.rev == e.rev && was.phase == e.phase && was.id == e.id {
		return
	}
	if e.ref != (protocol.Ref{}) {
		h.log[e.ref] = append(h.log[e.ref], e)
	}
}

// story tells what was seen of a case, for the reader of a violation.
func (h *history) story(ref protocol.Ref, node int) (lines []string) {
	for _, e := range h.log[ref] {
		if e.node == node || e.kind == signed || e.kind == closes {
			lines = append(lines, fmt.Sprintf("%12s  node %d  %s of %d: epoch %d number %d revision %d %s", e.at.Sub(epoch0), e.node, e.kind, e.of,
				e.epoch, e.seq, e.rev, e.phase))
		}
	}
	return lines
}
