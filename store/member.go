package store

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Member is a member and its standing here. Trust changes only by SetMember, which only a person's action reaches.
type Member struct {
	Card *protocol.Card
	// Cards are those of earlier epochs that are kept, and Card.
	Cards    protocol.Chain
	Standing protocol.Standing
	// Since is when the standing was given, First when the member became an active one for the first time; zero if it never
	// did.
	Since, First time.Time
}

// member is what is known of an origin that has a number in this store.
type member struct {
	Member // Card is nil until SetMember; then Standing is Own for our own origin, "" for others
	origin protocol.Origin
	short  uint32
	head   *protocol.Head // nil until SetHead

	verified *protocol.Head // the newest that log has equalled; nil before the first
	log      LogState
	strays   uint64  // as Strays has it
	passed   []logAt // what log was, the newest last

	extension *protocol.Extension // of head and verified, which are the same then; else nil
	heard     time.Time           // of the newest genuine head, kept or not; zero before the first

	heads     []*protocol.Head // that were newest once, one a length, the last at the end
	fork      *forkHeld        // nil unless the member is known to have signed two logs
	closings  uint64           // counts changes of which cases are taken down
	closedSum closedSum
}

// taken says whether the member's records are taken.
func (m *member) taken() bool {
	return m != nil && (m.Standing == protocol.Own || m.Standing == protocol.Active)
}

// kept says whether what is stored of the member stays, and its takedowns are taken.
func (m *member) kept() bool { return m.taken() || m != nil && m.Standing == protocol.Suspended }

// lease returns until when the member's cases may be shown; zero without a verified head.
func (m *member) lease() time.Time {
	switch {
	case m.verified == nil:
		return time.Time{}
	case m.extension != nil:
		return m.extension.Until
	}
	return m.verified.Until
}

// shows says whether a case of the member that is to be reviewed by then may be seen by the public.
func (m *member) shows(reviewBy time.Time, clock protocol.Clock) bool {
	if clock.Hide && m.Standing != protocol.Own {
		return false
	}
	return protocol.Shows(m.Standing, m.lease(), reviewBy, clock.Now)
}

var standingCodes = map[protocol.Standing]byte{protocol.Own: 'o', protocol.Active: 'a', protocol.Suspended: 's',
	protocol.Removed: 'r'}

func memberValue(m Member) []byte {
	b := binary.BigEndian.AppendUint64([]byte{standingCodes[m.Standing]}, uint64(m.Since.UnixMilli()))
	first := int64(0)
	if !m.First.IsZero() {
		first = m.First.UnixMilli()
	}
	return append(binary.BigEndian.AppendUint64(b, uint64(first)), m.Card.Bytes()...)
}

func memberOf(v []byte) (Member, error) {
	if len(v) < 17 {
		return Member{}, errors.New("row too short")
	}
	m := Member{Since: time.UnixMilli(int64(binary.BigEndian.Uint64(v[1:]))).UTC()}
	if first := int64(binary.BigEndian.Uint64(v[9:])); first != 0 {
		m.First = time.UnixMilli(first).UTC()
	}
	for s, code := range standingCodes {
		if code == v[0] {
			m.Standing = s
		}
	}
	var err error
	m.Card, err = protocol.OpenCard(bytes.Clone(v[17:]))
	return m, err
}

func (b *buckets) readMembers(own protocol.Origin) (map[protocol.Origin]*member, map[uint32]*member, error) {
	members, numbers := map[protocol.Origin]*member{}, map[uint32]*member{}
	err := b.origins.ForEach(func(k, v []byte) error {
		m := &member{origin: protocol.Origin(k), short: numberedOf(v).short}
		members[m.origin], numbers[m.short] = m, m
		if v := b.members.Get(k); v != nil {
			var err error
			if m.Member, err = memberOf(v); err != nil {
				return fmt.Errorf("read member %s: %w", m.origin, err)
			}
			if m.Cards, err = b.cardsOf(m.Card); err != nil {
				return fmt.Errorf("read member %s: %w", m.origin, err)
			}
		}
		m.strays = b.straySum(m.short)
		if v := b.heads.Get(k); v != nil {
			var err error
			if m.head, err = protocol.ReopenHead(bytes.Clone(v)); err != nil {
				return fmt.Errorf("read head of %s: %w", m.origin, err)
			}
		}
		if v := b.verified.Get(k); v != nil {
			var err error
			if m.verified, err = protocol.ReopenHead(bytes.Clone(v)); err != nil {
				return fmt.Errorf("read verified head of %s: %w", m.origin, err)
			}
		}
		if v := b.extensions.Get(k); v != nil {
			var err error
			if m.extension, err = protocol.ReopenExtension(bytes.Clone(v)); err != nil {
				return fmt.Errorf("read extension of %s: %w", m.origin, err)
			}
		}
		if m.head != nil {
			m.heard = m.head.At
		}
		if v := b.forks.Get(k); v != nil {
			m.fork = forkOf(v)
		}
		m.log = b.state(m)
		if m.origin == own {
			m.Standing = protocol.Own
		}
		return nil
	})
	return members, numbers, err
}

// number returns the member of an origin, which gets a number at first sight.
func (c *change) number(o protocol.Origin) (*member, error) {
	if m := c.s.members[o]; m != nil {
		return m, nil
	}
	m := &member{origin: o, short: uint32(len(c.s.members) + 1), log: LogState{Root: protocol.RootOf(nil)}}
	if err := c.origins.Put(o[:], numbered{short: m.short}.value()); err != nil {
		return nil, fmt.Errorf("number origin: %w", err)
	}
	c.then = append(c.then, func() { c.s.members[o], c.s.numbers[m.short] = m, m })
	return m, nil
}

// SetMember gives the card's member a standing, from at on. Own is for this node's own member, Active and Removed for
// others. Removing a member deletes its cases and photos. It stays removed whatever arrives by network; only a person's
// call of SetMember makes it active again, and then its log is asked for from the beginning.
func (s *Store) SetMember(card *protocol.Card, standing protocol.Standing, at time.Time) error {
	o := card.Origin()
	if (o == s.own) != (standing == protocol.Own) || standingCodes[standing] == 0 || standing == protocol.Suspended {
		return fmt.Errorf("set member %s: it cannot be %q: this node's own member is own, any other active or removed", o, standing)
	}
	return s.change(func(c *change) error {
		m, err := c.number(o)
		if err != nil {
			return err
		}
		return c.setMember(m, card, standing, at)
	})
}

// Suspend makes an active member a suspended one, from at on: of its records only takedowns are taken. Its cases are shown
// until the lease that we hold ends, or, with hide, not any more. SetMember makes it active again.
func (s *Store) Suspend(o protocol.Origin, hide bool, at time.Time) error {
	return s.change(func(c *change) error {
		m := s.members[o]
		if m == nil || m.Standing != protocol.Active && m.Standing != protocol.Suspended {
			return fmt.Errorf("suspend %s: it is no active member: %w", o, fs.ErrNotExist)
		}
		if hide {
			c.then = append(c.then, func() { m.head, m.verified = nil, nil })
			if err := errors.Join(c.heads.Delete(o[:]), c.buckets.verified.Delete(o[:])); err != nil {
				return fmt.Errorf("suspend %s: %w", o, err)
			}
		}
		return c.setMember(m, m.Card, protocol.Suspended, at)
	})
}

func (c *change) setMember(m *member, card *protocol.Card, standing protocol.Standing, at time.Time) error {
	next := Member{Standing: standing, Since: at, First: m.First}
	if standing == protocol.Active && next.First.IsZero() {
		next.First = at
	}
	var err error
	next.Cards, _, err = m.Cards.With(card)
	switch {
	case err != nil && m.Standing == protocol.Removed: // a person says which card is right, and nothing hangs on the other
		next.Cards = protocol.Chain{card}
	case err != nil && standing != protocol.Own: // of our own it is for the node to say that its key is out
		return fmt.Errorf("set member %s: %w", m.origin, err)
	}
	if m.Card != nil && m.Standing == standing {
		next.Since = m.Since
	}
	if err := c.renew(m, next); err != nil {
		return err
	}
	if standing == protocol.Suspended || standing == protocol.Removed {
		if err := errors.Join(c.unextend(m), c.unextendBy(m)); err != nil {
			return err
		}
	}
	back := m.Standing == protocol.Removed && standing == protocol.Active
	c.then = append(c.then, func() { c.s.tellTime() }) // by active members alone
	switch {
	case standing == protocol.Removed:
		return c.removeCases(m)
	case back:
		c.restart(m)
	}
	return nil
}

// restart begins the place of an origin's log anew, over the takedowns that outlived the membership.
func (c *change) restart(m *member) {
	if k, _ := c.digests.Cursor().Seek(place{short: m.short}.key()); k != nil && placeOf(k).short == m.short {
		c.advance(m, placeOf(k))
	}
}

// removeCases deletes what a removed member published. Its takedowns stay: they outlive the membership.
func (c *change) removeCases(m *member) error {
	if err := c.forget(m, c.liveOf(m, math.MaxInt, rowCase, rowStance)); err != nil {
		return err
	}
	if err := c.releaseAll(func(h heldCase) bool { return h.at.short == m.short }, 0); err != nil {
		return err
	}
	c.then = append(c.then, func() {
		m.head, m.verified, m.passed, m.heads, m.heard = nil, nil, nil, nil, time.Time{}
		c.s.tellTime()
	})
	return errors.Join(c.places.Delete(m.origin[:]), c.heads.Delete(m.origin[:]), c.buckets.verified.Delete(m.origin[:]))
}

// forget drops live cases of a member without taking them down, and shreds them; it drops stances.
func (c *change) forget(m *member, live []place) error {
	c.forgets = m
	if _, err := c.buryFork(m, func(protocol.Ref) bool { return true }); err != nil {
		return err
	}
	for _, p := range live {
		r, err := c.read(p)
		if err != nil {
			return err
		}
		c.shredRow(c.log.Get(p.key()))
		if err := c.drop(m, r); err != nil {
			return err
		}
	}
	return nil
}

// liveOf returns the places of a member's live records of these kinds, at most max.
func (b *buckets) liveOf(m *member, max int, kinds ...byte) (live []place) {
	first := place{short: m.short}.key()
	cur := b.digests.Cursor()
	for k, v := cur.Seek(first); k != nil && bytes.Equal(k[:4], first[:4]) && len(live) < max; k, v = cur.Next() {
		if slices.Contains(kinds, v[0]) {
			live = append(live, placeOf(k))
		}
	}
	return live
}

// Member returns a member, or fs.ErrNotExist.
func (s *Store) Member(o protocol.Origin) (Member, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && m.Card != nil {
		return m.Member, nil
	}
	return Member{}, fmt.Errorf("member %s: %w", o, fs.ErrNotExist)
}

// Members returns all members, removed ones too: our own first, then by country and origin.
func (s *Store) Members() ([]Member, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []*member
	for _, m := range s.members {
		if m.Card != nil {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *member) int {
		if (a.origin == s.own) != (b.origin == s.own) {
			return map[bool]int{true: -1, false: 1}[a.origin == s.own]
		}
		return cmp.Or(cmp.Compare(a.Card.Country, b.Card.Country), bytes.Compare(a.origin[:], b.origin[:]))
	})
	out := make([]Member, len(all))
	for i, m := range all {
		out[i] = m.Member
	}
	return out, nil
}

// SetHead keeps a head of our own or an active member if it is newer than the one held. protocol.ErrKey is one of an epoch
// that is over, ErrFrozen one of another member that is frozen. Our own are stored on a full disk too: without them all our
// cases would vanish abroad.
func (s *Store) SetHead(h *protocol.Head) error {
	s.mu.RLock()
	m := s.members[h.Origin]
	taken := m.taken()
	over := taken && m.Card != nil && h.Epoch < m.Card.Epoch
	newer := taken && h.Newer(m.head)
	frozen := taken && m.frozenBy(h)
	s.mu.RUnlock()
	switch {
	case !taken:
		return protocol.ErrOrigin
	case over:
		return protocol.ErrKey
	case frozen:
		return protocol.ErrFrozen
	case !newer:
		return nil
	}
	set := s.change
	if h.Origin == s.own {
		set = s.urgent
	}
	return set(func(c *change) error {
		switch {
		case !m.taken():
			return protocol.ErrOrigin
		case m.frozenBy(h):
			return protocol.ErrFrozen
		case m.Card != nil && h.Epoch < m.Card.Epoch:
			return protocol.ErrKey // a card of a later epoch has come meanwhile
		case !h.Newer(m.head):
			return nil
		}
		c.then = append(c.then, func() {
			m.head, m.heard = h, h.At
			m.remember(h)
			c.s.tellTime()
		})
		if err := errors.Join(c.heads.Put(h.Origin[:], h.Bytes()), c.signed(h), c.unextend(m)); err != nil {
			return fmt.Errorf("write head: %w", err)
		}
		if at := vouchedBy(h); at == m.log.at() || slices.Contains(m.passed, at) {
			return c.verified(m, h)
		}
		return nil
	})
}

// absent is the error when something of an origin is not there. Most who ask for it do not read it, so it comes to words only
// when it is read.
type absent struct {
	what string
	of   protocol.Origin
}

func (a absent) Error() string { return fmt.Sprintf("%s of %s: %v", a.what, a.of, fs.ErrNotExist) }
func (a absent) Unwrap() error { return fs.ErrNotExist }

// Head returns the newest head held of an origin, or fs.ErrNotExist.
func (s *Store) Head(o protocol.Origin) (*protocol.Head, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m := s.members[o]; m != nil && m.head != nil {
		return m.head, nil
	}
	return nil, absent{"head", o}
}
