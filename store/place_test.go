package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func TestPlaceMovesOverWhatIsThere(t *testing.T) {
	s, _, xb := twoCountries(t)
	var r []*protocol.Record
	for range 12 {
		r = append(r, xb.publish(protocol.NewCaseID(), nil))
	}
	at := func(epoch, seq uint64) {
		t.Helper()
		if p, err := s.Place(xb.origin()); err != nil || p != (protocol.LogPlace{Origin: xb.origin(), Epoch: epoch, Seq: seq}) {
			t.Errorf("place %+v (%v), want epoch %d, seq %d", p, err, epoch, seq)
		}
	}
	at(0, 0)
	must(t, s.Put(r[1]))
	at(0, 0)
	must(t, s.Put(r[0]))
	at(1, 2)
	must(t, s.Put(r[3]))
	must(t, s.Put(r[4]))
	must(t, s.Put(r[6]))
	at(1, 2)
	must(t, s.Put(r[2]))
	at(1, 5)
	must(t, s.Put(r[7]))
	must(t, s.SetPlace(protocol.LogPlace{Origin: xb.origin(), Epoch: 1, Seq: 6}))
	at(1, 8)
	must(t, s.SetPlace(protocol.LogPlace{Origin: xb.origin(), Epoch: 1, Seq: 3}))
	at(1, 8)
	must(t, s.SetPlace(protocol.LogPlace{Origin: xb.origin(), Epoch: 2, Seq: 4}))
	must(t, s.SetPlace(protocol.LogPlace{Origin: xb.origin(), Epoch: 1, Seq: 30}))
	at(2, 4)
	want(t, "a stranger's place", s.SetPlace(protocol.LogPlace{Seq: 1}), protocol.ErrOrigin)
}

func TestWalk(t *testing.T) {
	s, _, xb := twoCountries(t)
	s2 := newCountry(t, "XC")
	must(t, s.SetMember(s2.card, protocol.Active, time.Now()))
	var records []*protocol.Record
	const n = 2*walkStep + 100
	for i := range n {
		id := protocol.NewCaseID()
		if i%7 == 3 {
			records = append(records, xb.takedown(id))
		} else {
			records = append(records, xb.publish(id, nil))
		}
	}
	_, err := s.PutAll(append(records, s2.publish(protocol.NewCaseID(), nil)))
	must(t, err)
	walk := func(after uint64, takedowns bool) (seqs []uint64) {
		must(t, s.Walk(protocol.LogPlace{Origin: xb.origin(), Epoch: 1, Seq: after}, takedowns, func(seq uint64, raw []byte) error {
			seqs = append(seqs, seq)
			return nil
		}))
		return seqs
	}
	for _, after := range []uint64{0, 1, 600, n - 1, n} {
		var cases, downs []uint64
		for _, r := range slices.Backward(records) {
			if seq := r.Header().Seq; seq > after && r.Type() == protocol.TypeTakedown {
				downs = append(downs, seq)
			} else if seq > after {
				cases = append(cases, seq)
			}
		}
		if got := walk(after, false); !slices.Equal(got, cases) {
			t.Errorf("after %d: %d cases, want %d", after, len(got), len(cases))
		}
		if got := walk(after, true); !slices.Equal(got, downs) {
			t.Errorf("after %d: %d takedowns, want %d", after, len(got), len(downs))
		}
	}
	stop := errors.New("stop")
	calls := 0
	err = s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(uint64, []byte) error {
		calls++
		// The walk holds no transaction, so the store may be written to meanwhile.
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
		return stop
	})
	if err != stop || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
	must(t, s.Walk(protocol.LogPlace{Origin: protocol.Origin{9}}, false, func(uint64, []byte) error { return stop }))
}
