package node

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

const (
	// extendAfter is how long a member must not have been heard before its delegate may speak for it: six heads.
	extendAfter = 6 * headEvery
	// extendSoon is how long before an extension ends its delegate is asked again.
	extendSoon = 24 * time.Hour
)

// Why we may not extend a member's lease.
var (
	// ErrNotDelegate: the member's card does not name us.
	ErrNotDelegate = errors.New("its card does not name this country its delegate")
	// ErrHeard: the member's node was heard not long ago, so it speaks for itself.
	ErrHeard = errors.New("its node was heard within the last hour")
	// ErrTooLate: what we hold of the member is not what it signed last, or more than a month has passed since its lease.
	ErrTooLate = errors.New("its last state is not here whole, or its lease ended more than 30 days ago")
	// ErrTooLong: the wish is beyond protocol.MaxExtension, or in the past.
	ErrTooLong = fmt.Errorf("want a moment from now to %d days after the end of its lease", int(protocol.MaxExtension/(24*time.Hour)))
)

// Extending is what we may do, as its delegate, about a member that is not heard.
type Extending struct {
	// Lease is when its own lease ends or ended, Most the latest moment to which it may be extended.
	Lease, Most time.Time
	// Until is the moment to which we have extended it; zero if we have not, or have taken that back.
	Until time.Time
}

// Extending returns what we may do about a member. Errors: fs.ErrNotExist for one that is not active, ErrNotDelegate, ErrHeard
// and ErrTooLate.
func (n *Node) Extending(o protocol.Origin) (*Extending, error) {
	e, _, err := n.extending(o)
	return e, err
}

func (n *Node) extending(o protocol.Origin) (*Extending, *protocol.Head, error) {
	m, ok := n.active(o)
	if !ok || m.Standing != protocol.Active {
		return nil, nil, fmt.Errorf("member %s: it is not active: %w", o, fs.ErrNotExist)
	}
	if m.Card.Delegate != n.Origin() {
		return nil, nil, ErrNotDelegate
	}
	head, err := n.store.Head(o)
	v, bad := n.store.Verified(o)
	now := n.effectiveNow()
	switch {
	case err != nil || bad != nil || v.ID() != head.ID() || head.Epoch != m.Card.Epoch || n.frozen(o) || protocol.Silent(head, now):
		return nil, nil, ErrTooLate
	case now.Sub(head.At) < extendAfter:
		return nil, nil, ErrHeard
	}
	e := &Extending{Lease: head.Until, Most: head.Until.Add(protocol.MaxExtension)}
	if x, err := n.store.Extension(o); err == nil && x.By == n.Origin() && x.Until.After(head.Until) {
		e.Until = x.Until
	}
	return e, head, nil
}

// Extend says, as the delegate of a member whose node is down, that its cases may be shown until a moment, everywhere. A zero
// time takes back what we said. Errors: those of Extending, ErrTooLong, and ErrNeedsRoot.
func (n *Node) Extend(o protocol.Origin, until time.Time) error {
	e, head, err := n.extending(o)
	if err != nil {
		return err
	}
	now := n.effectiveNow()
	switch {
	case until.IsZero():
		until = e.Lease
	case !until.After(now) || !until.After(e.Lease) || until.After(e.Most):
		return ErrTooLong
	}
	_, err = n.extend(head, until)
	return err
}

// extend signs, keeps and gossips an extension of a head.
func (n *Node) extend(head *protocol.Head, until time.Time) (*protocol.Extension, error) {
	own, key, err := n.signing()
	if err != nil {
		return nil, err
	}
	at := n.now()
	if old, err := n.store.Extension(head.Origin); err == nil && !at.After(old.At) { // our clock was fast before
		at = old.At.Add(time.Millisecond)
	}
	x, err := protocol.SignExtension(key, protocol.Extension{Origin: head.Origin, By: own.Origin(), Head: head.ID(), At: at, Until: until})
	if err == nil {
		err = n.store.SetExtension(x)
	}
	if err != nil {
		return nil, fmt.Errorf("extend the lease of %s: %w", head.Origin, err)
	}
	n.log.Warn("a member's cases are shown for longer on our word", "member", head.Origin.String(), "until", x.Until)
	n.watch()
	n.tell(headTopic, x.Bytes(), "extension of", x.Origin.String())
	return x, nil
}

// takeExtension judges and stores a signed extension, or notes one of a head of our own. protocol.ErrStored is one as late as
// the one that we have; ErrStale and ErrUnverified one of a head that is not the newest here, or not verified.
func (n *Node) takeExtension(raw []byte) (*protocol.Extension, error) {
	claim, err := protocol.ParseExtension(raw)
	if err != nil {
		return nil, err
	}
	member, ok := n.active(claim.Origin())
	by, known := n.active(claim.By())
	now := n.effectiveNow()
	switch {
	case !ok || !known || member.Standing == protocol.Suspended || by.Standing == protocol.Suspended:
		return nil, protocol.ErrOrigin
	case member.Card.Delegate != claim.By() || !member.Card.NotAfter.After(now) || !by.Card.NotAfter.After(now):
		return nil, protocol.ErrKey
	case n.frozen(claim.Origin()) && member.Standing != protocol.Own:
		return nil, protocol.ErrFrozen
	}
	x, err := claim.Open(by.Card)
	if err != nil {
		return nil, err
	}
	if old, err := n.store.Extension(x.Origin); err == nil && old.Head == x.Head && !x.At.After(old.At) {
		return nil, protocol.ErrStored
	}
	if x.By != n.Origin() && !n.budget(x.By).heads.Allow() {
		return nil, errBudget
	}
	if x.At.After(now.Add(protocol.MaxAhead)) {
		return nil, protocol.ErrFuture
	}
	if member.Standing == protocol.Own {
		return x, n.store.Lend(x)
	}
	return x, n.store.SetExtension(x)
}

// extended returns the delegate's word by which a member's cases are shown now though its own lease is over, and since when
// that is so.
func (n *Node) extended(m store.Member, now time.Time) (x *protocol.Extension, since time.Time, is bool) {
	o := m.Card.Origin()
	x, err := n.store.Extension(o)
	v, bad := n.store.Verified(o)
	if err != nil || bad != nil || v.Until.After(now) || !x.Until.After(now) {
		return nil, since, false
	}
	return x, v.Until, true
}

// asked says whether a member that has named us is in need of us: half its lease is over, and what we have said, if anything,
// ends within a day and can be lengthened. Since is when it was last heard.
func (n *Node) asked(m store.Member, now time.Time) (since time.Time, is bool) {
	e, head, err := n.extending(m.Card.Origin())
	if err != nil || now.Sub(head.At) < head.Until.Sub(head.At)/2 {
		return since, false
	}
	x, err := n.store.Extension(m.Card.Origin())
	if err != nil {
		return head.At, true
	}
	taken := x.Until.Equal(e.Lease) // back: somebody has decided
	return head.At, !taken && x.Until.Before(e.Most) && x.Until.Sub(now) < extendSoon
}

// NameDelegate signs the next card of a member, which says what old says but names another delegate; zeros for none.
func (r *RootKey) NameDelegate(old *protocol.Card, delegate protocol.Origin) (*protocol.Card, error) {
	if r.Origin() != old.Origin() {
		return nil, errors.New("this root key is of another member than the card")
	}
	return r.SignCard(DetailsOf(old), protocol.Card{Epoch: old.Epoch, Issue: old.Issue + 1, Continues: old.Continues, NodeKey: old.NodeKey,
		TipKeys: old.TipKeys, Delegate: delegate})
}

// Reissue puts the next card of our own in force, which the root key has signed elsewhere for the key that we have, and tells
// every member.
func (n *Node) Reissue(card *protocol.Card) error {
	own, _, err := n.signing()
	switch {
	case err != nil:
		return err
	case card.Origin() != own.Origin():
		return errors.New("this card is of another member")
	case !card.Newer(own) || card.Epoch != own.Epoch:
		return fmt.Errorf("this is card %d.%d for another key or an older one, and card %d.%d is in force", card.Epoch, card.Issue, own.Epoch, own.Issue)
	}
	if err := n.TakeCard(card); err != nil {
		return err
	}
	return writeFile(filepath.Join(n.cfg.Dir, cardFile), []byte(card.Text()))
}
