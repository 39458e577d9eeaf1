package node

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// SuspendMember cuts a member off at once: its node is refused, of its records only takedowns are taken, and its cases go
// from our site when the lease that we hold ends or, with hide, now. The other members are told, with the reason note from
// protocol.Notes; what they make of it is theirs. The error is fs.ErrNotExist for one that is not active.
func (n *Node) SuspendMember(o protocol.Origin, hide bool, note protocol.Note) error {
	if note != "" && !slices.Contains(protocol.Notes(protocol.Suspends), note) {
		return fmt.Errorf("%q is no reason to suspend a member", note)
	}
	if err := n.store.Suspend(o, hide, n.now()); err != nil {
		return err
	}
	if err := n.membersChanged(); err != nil {
		return err
	}
	return n.say(o, protocol.Suspends, note)
}

// ResumeMember makes a suspended member active again; what we missed of it is pulled. fs.ErrNotExist is one that is not
// suspended: a removed one has to be accepted anew.
func (n *Node) ResumeMember(o protocol.Origin) error {
	m, err := n.store.Member(o)
	if err != nil {
		return fmt.Errorf("resume member: %w", err)
	}
	if m.Standing != protocol.Suspended {
		return fmt.Errorf("resume member %s: it is not suspended: %w", o, fs.ErrNotExist)
	}
	return n.AddMember(m.Card)
}

// Vouch tells the other members that we know an active member, with a note from protocol.Notes: it is shown to them beside
// the question whether to accept it, and decides nothing.
func (n *Node) Vouch(o protocol.Origin, note protocol.Note) error {
	if note != "" && !slices.Contains(protocol.Notes(protocol.Vouches), note) {
		return fmt.Errorf("%q is no note on a vouch", note)
	}
	if m, err := n.store.Member(o); err != nil {
		return fmt.Errorf("vouch for member: %w", err)
	} else if m.Standing != protocol.Active {
		return errors.New("only a member that is active here can be vouched for")
	}
	return n.say(o, protocol.Vouches, note)
}

// WithdrawVouch takes back what we said for a member.
func (n *Node) WithdrawVouch(o protocol.Origin) error { return n.unsay(o, protocol.Vouches) }

// Stances returns what we and the active members say of an origin, ourselves first, also while our own word waits to be
// signed.
func (n *Node) Stances(o protocol.Origin) []store.Stance {
	all := n.store.Stances(o)
	w, err := n.store.Wish(protocol.StanceID(o))
	if err != nil {
		return all
	}
	if len(all) > 0 && all[0].By == n.Origin() {
		all = all[1:]
	}
	if w.Stance.View == protocol.Withdrawn {
		return all
	}
	own := store.Stance{By: n.Origin(), Of: o, View: w.Stance.View, Note: w.Stance.Note, Since: time.UnixMilli(w.Stance.Since).UTC()}
	return append([]store.Stance{own}, all...)
}

// stance returns what we say of an origin; Withdrawn when nothing.
func (n *Node) stance(o protocol.Origin) store.Stance {
	if all := n.Stances(o); len(all) > 0 && all[0].By == n.Origin() {
		return all[0]
	}
	return store.Stance{By: n.Origin(), Of: o, View: protocol.Withdrawn}
}

// unsay takes back a view if it is ours.
func (n *Node) unsay(o protocol.Origin, v protocol.View) error {
	if n.stance(o).View != v {
		return nil
	}
	return n.say(o, protocol.Withdrawn, "")
}

// say publishes our stance towards an origin, if it is another than before; later, if we may not write now.
func (n *Node) say(o protocol.Origin, v protocol.View, note protocol.Note) error {
	if old := n.stance(o); old.View == v && old.Note == note {
		return nil
	}
	now := n.now()
	stance := protocol.Stance{Member: o, View: v, Since: now.UnixMilli(), Note: note}
	n.desk.Lock()
	r, err := n.signStance(stance)
	if errors.Is(err, ErrWaiting) {
		err = n.keepWish(store.Wish{Kind: store.WishStance, ID: protocol.StanceID(o), At: now, Stance: &stance})
	}
	n.desk.Unlock()
	if errors.Is(err, ErrWaiting) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("it is done here, but the other members could not be told: %w", err)
	}
	n.changed(r)
	return nil
}

// minVoices is how many other members there must be before they can suspend one here together.
const minVoices = 3

// weigh suspends a member when two thirds of the other active members have suspended it, if our policy says so. Standing
// may fall by this rule; nothing but a person raises it again.
func (n *Node) weigh(o protocol.Origin) {
	m, ok := n.active(o)
	if !n.cfg.AutoSuspend || !ok || m.Standing != protocol.Active {
		return
	}
	voices, against := 0, 0
	for _, other := range n.origins() {
		if other != o && other != n.Origin() {
			voices++
		}
	}
	for _, s := range n.store.Stances(o) {
		if s.View == protocol.Suspends && s.By != n.Origin() && s.By != o {
			against++
		}
	}
	if voices < minVoices || 3*against < 2*voices {
		return
	}
	if err := n.store.Suspend(o, false, n.now()); err != nil {
		n.log.Error("suspending a member by policy", "member", o.String(), "error", err)
		return
	}
	n.log.Warn("suspended a member, for most of the others have; see the Network page", "member", o.String(), "against", against, "of", voices)
	if err := n.membersChanged(); err != nil {
		n.log.Error("suspending a member by policy", "member", o.String(), "error", err)
	}
}

// heed makes good on a stance of ours that another member gave back: a person has denied a member since this folder was
// copied. The standing falls as it did then; a stance raises none.
func (n *Node) heed(s *protocol.Stance) {
	m, ok := n.active(s.Member)
	if !ok || m.Standing != protocol.Active || s.View != protocol.Suspends || s.Since < m.Since.UnixMilli() {
		return
	}
	err := n.store.Suspend(s.Member, false, n.now())
	if err == nil && s.Note == "removed" {
		err = n.store.SetMember(m.Card, protocol.Removed, n.now())
	}
	if err == nil {
		n.log.Warn("denied a member again, as our own log says that we did", "member", s.Member.String(), "note", string(s.Note))
		err = n.membersChanged()
	}
	if err != nil {
		n.log.Error("denying a member again", "member", s.Member.String(), "error", err)
	}
}
