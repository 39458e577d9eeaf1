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

func TestRemovalIsForGood(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, thumb := newPhoto("one")
	shared, sharedFile, _ := newPhoto("shared")
	id, closed := protocol.NewCaseID(), protocol.NewCaseID()
	must(t, s.Put(xb.publish(id, withPhotos(p, shared))))
	must(t, s.Put(xb.publish(closed, nil)))
	down := xb.takedown(closed)
	must(t, s.Put(down))
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.PutPhoto(p.Thumb.Cid, thumb))
	must(t, s.PutPhoto(shared.File.Cid, sharedFile))
	must(t, s.SaveDraft(&Draft{ID: protocol.NewCaseID(), Photos: []protocol.Photo{shared}}))

	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	_, err := s.Public().Case(xb.ref(id))
	want(t, "case", err, fs.ErrNotExist)
	_, err = s.Public().Case(xb.ref(closed))
	want(t, "closed case", err, ErrGone)
	_, err = s.Public().Card(xb.origin())
	want(t, "card", err, fs.ErrNotExist)
	want(t, "put", s.Put(xb.publish(id, nil)), protocol.ErrOrigin)
	want(t, "head", s.SetHead(xb.head(protocol.DefaultLease)), protocol.ErrOrigin)
	if got := photoNames(t, s); len(got) != 1 || got[0] != shared.File.String() {
		t.Errorf("files left: %v, want only the one that a draft uses", got)
	}
	if w, _ := s.WantedPhotos(10); len(w) != 0 {
		t.Errorf("still wanted: %v", w)
	}
	for range 2 {
		if err := s.SetMember(xb.card, protocol.Active, time.Now()); err == nil {
			t.Error("a removed member became active")
		}
		if changed, err := s.RenewCard(xb.newCard(9)); err != nil {
			t.Errorf("renew: %t, %v", changed, err)
		}
		if m, err := s.Member(xb.origin()); err != nil || m.Standing != protocol.Removed {
			t.Errorf("member %+v, %v", m, err)
		}
		if st, err := s.LogState(xb.origin()); err != nil || st.Live != 0 || st.Dead != 1 || st.Seq != 3 {
			t.Errorf("log %+v, %v, want the takedown alone", st, err)
		}
		s = reopen(t, s)
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
