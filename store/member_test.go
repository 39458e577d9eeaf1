package store

import (
	"errors"
	"io/fs"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func TestTrustIsGivenByHand(t *testing.T) {
	s, xa, xb := twoCountries(t)
	xc := newCountry(t, "XC")
	if _, err := s.RenewCard(xc.card); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a stranger's card: %v", err)
	}
	_, err := s.Member(xc.origin())
	want(t, "a stranger", err, fs.ErrNotExist)
	want(t, "a stranger's head", s.SetHead(xc.head(protocol.DefaultLease)), protocol.ErrOrigin)

	for name, err := range map[string]error{
		"another as own":   s.SetMember(xb.card, protocol.Own, time.Now()),
		"own as active":    s.SetMember(xa.card, protocol.Active, time.Now()),
		"own as removed":   s.SetMember(xa.card, protocol.Removed, time.Now()),
		"no such standing": s.SetMember(xb.card, "pending", time.Now()),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}

	newer := xb.newCard(3)
	for _, c := range []struct {
		card    *protocol.Card
		changed bool
	}{{xb.card, false}, {newer, true}, {newer, false}, {xb.newCard(2), false}} {
		if changed, err := s.RenewCard(c.card); err != nil || changed != c.changed {
			t.Errorf("renew with issue %d: %t, %v", c.card.Issue, changed, err)
		}
	}
	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	if m, err := s.Member(xb.origin()); err != nil || m.Card.Issue != 3 || m.Standing != protocol.Active {
		t.Errorf("member %+v, %v", m, err)
	}
	must(t, s.SetMember(xc.card, protocol.Active, time.Now()))
	all, err := s.Members()
	if err != nil || len(all) != 3 || all[0].Card.Country != "XA" || all[1].Card.Country != "XB" || all[2].Card.Country != "XC" {
		t.Errorf("members %+v, %v", all, err)
	}
}

// TestSigners: a stamp is checked under the card of its epoch, of any member but a removed one.
func TestSigners(t *testing.T) {
	s, xa, xb := twoCountries(t)
	stamp := func(of *country, epoch uint64) protocol.Stamp {
		o := of.origin()
		return protocol.Stamp{Member: protocol.OriginPrefix(o[:]), Epoch: epoch}
	}
	ask := func(what string, stamp protocol.Stamp, member bool, want ...*protocol.Card) {
		t.Helper()
		cards, known, err := s.Public().Signers(stamp)
		if err != nil || known != member || len(cards) != len(want) || len(want) == 1 && cards[0].ID() != want[0].ID() {
			t.Errorf("%s: %d cards, %t, %v", what, len(cards), known, err)
		}
	}
	ask("ours", stamp(xa, 1), true, xa.card)
	ask("another's", stamp(xb, 1), true, xb.card)
	ask("a stranger's", stamp(newCountry(t, "XC"), 1), false)
	ask("of an epoch to come", stamp(xb, 2), true)

	old := xb.newCard(2)
	second := xb.rotate(1, 0)
	for _, card := range []*protocol.Card{old, second} {
		if _, err := s.RenewCard(card); err != nil {
			t.Fatal(err)
		}
	}
	ask("of now", stamp(xb, 2), true, second)
	ask("of the epoch before", stamp(xb, 1), true, old)
	must(t, s.SetMember(second, protocol.Removed, time.Now()))
	ask("a removed member's", stamp(xb, 2), false)
}

func TestRemovalLastsUntilAPersonUndoesIt(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, thumb := newPhoto("one")
	shared, sharedFile, _ := newPhoto("shared")
	id, closed := protocol.NewCaseID(), protocol.NewCaseID()
	early := xb.takedown(protocol.NewCaseID())
	shown := xb.publish(id, withPhotos(p, shared))
	brief := xb.publish(closed, nil)
	down := xb.takedown(closed)
	for _, r := range []*protocol.Record{early, shown, brief, down} {
		must(t, s.Put(r))
	}
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.PutPhoto(p.Thumb.Cid, thumb))
	must(t, s.PutPhoto(shared.File.Cid, sharedFile))
	must(t, s.SaveDraft(&Draft{ID: protocol.NewCaseID(), Photos: []protocol.Photo{shared}}))
	before, _ := s.LogState(xb.origin())

	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	if got := photoNames(t, s); len(got) != 1 || got[0] != shared.File.String() {
		t.Errorf("files left: %v, want only the one that a draft uses", got)
	}
	if w, _ := s.WantedPhotos(10, nil, nil); len(w) != 0 {
		t.Errorf("still wanted: %v", w)
	}
	for range 2 {
		_, err := s.Public().Case(xb.ref(id))
		want(t, "case", err, fs.ErrNotExist)
		_, err = s.Public().Case(xb.ref(closed))
		want(t, "closed case", err, ErrGone)
		_, err = s.Public().Card(xb.origin())
		want(t, "card", err, fs.ErrNotExist)
		want(t, "put", s.Put(shown), protocol.ErrOrigin)
		want(t, "head", s.SetHead(xb.head(protocol.DefaultLease)), protocol.ErrOrigin)
		want(t, "place", s.SetPlace(protocol.LogPlace{Origin: xb.origin(), Epoch: 1, Seq: 9}), protocol.ErrOrigin)
		if _, err := s.RenewCard(xb.newCard(9)); err != nil {
			t.Errorf("renew: %v", err)
		}
		if m, err := s.Member(xb.origin()); err != nil || m.Standing != protocol.Removed {
			t.Errorf("member %+v, %v", m, err)
		}
		if st, err := s.LogState(xb.origin()); err != nil || st.Live != 0 || st.Dead != 2 {
			t.Errorf("log %+v, %v, want the takedowns alone", st, err)
		}
		s = reopen(t, s)
	}

	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	if p, _ := s.Place(xb.origin()); p.Seq != 1 {
		t.Errorf("place %d, want it behind the first takedown", p.Seq)
	}
	want(t, "put a closed case again", s.Put(brief), protocol.ErrClosed)
	want(t, "put a takedown again", s.Put(down), protocol.ErrStored)
	must(t, s.Put(shown))
	if after, _ := s.LogState(xb.origin()); after != before {
		t.Errorf("log %+v, before the removal %+v", after, before)
	}
	must(t, s.SetHead(xb.head(protocol.DefaultLease)))
	if _, err := s.Public().Case(xb.ref(id)); err != nil {
		t.Errorf("case of the member that came back: %v", err)
	}
}

func TestHeadKeepsTheNewest(t *testing.T) {
	s, _, xb := twoCountries(t)
	old := xb.head(protocol.MinLease)
	xb.seq = 5
	newest := xb.head(protocol.MinLease)
	must(t, s.SetHead(newest))
	must(t, s.SetHead(old))
	if h, err := s.Head(xb.origin()); err != nil || h.ID() != newest.ID() {
		t.Errorf("head of seq %d, %v", h.Seq, err)
	}
	s = reopen(t, s)
	if h, err := s.Head(xb.origin()); err != nil || h.ID() != newest.ID() {
		t.Errorf("reopened: head of seq %d, %v", h.Seq, err)
	}
	_, err := s.Head(protocol.Origin{1})
	want(t, "a stranger's head", err, fs.ErrNotExist)
}
