package store

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

// TestGuardHoldsABurst takes more cases down than the guard lets pass: all are hidden at once, the excess is shredded a
// day later.
func TestGuardHoldsABurst(t *testing.T) {
	for name, had := range map[string]int{"a small country": 70, "a large one": 1200} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testGuard(t, had) })
		})
	}
}

func testGuard(t *testing.T, had int) {
	s, xa, xb := twoCountries(t)
	var refs []protocol.Ref
	var files []cid.Cid
	ids := make([]protocol.CaseID, had)
	var all []*protocol.Record
	for i := range had {
		ids[i] = protocol.NewCaseID()
		p, _, _ := newPhoto(fmt.Sprint(i))
		all = append(all, xb.publish(ids[i], withPhotos(p)))
		refs, files = append(refs, xb.ref(ids[i])), append(files, p.File.Cid)
	}
	_, err := s.PutAll(all)
	must(t, err)
	limit := max(50, had/20)
	for i := range limit + 10 {
		_, file, _ := newPhoto(fmt.Sprint(i))
		must(t, s.PutPhoto(files[i], file))
	}
	before, err := s.LogState(xb.origin())
	must(t, err)
	var downs []*protocol.Record
	for i := range limit + 10 {
		downs = append(downs, xb.takedown(ids[i]))
	}
	_, err = s.PutAll(downs[:limit/2])
	must(t, err)
	time.Sleep(guardWindow - time.Minute)
	for _, r := range downs[limit/2:] {
		must(t, s.Put(r))
	}
	check := func(when string, held Phase) {
		t.Helper()
		phases := map[Phase]int{}
		for i, r := range downs {
			p, err := s.Phase(refs[i])
			must(t, err)
			phases[p]++
			_, err = s.Public().Case(refs[i])
			want(t, when+": case", err, ErrGone)
			for _, read := range []func(cid.Cid) ([]byte, error){s.Public().Photo, s.SharedPhoto, s.Photo} {
				_, err = read(files[i])
				want(t, when+": photo", err, ErrGone)
			}
			want(t, when+": put again", s.Put(r), protocol.ErrStored)
			want(t, when+": put its case again", s.Put(all[i]), protocol.ErrClosed)
		}
		if _, n, _ := s.Public().List(Query{Network: true}); n != had-len(downs) {
			t.Errorf("%s: %d cases listed", when, n)
		}
		must(t, s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(seq uint64, _ []byte) error {
			if seq <= uint64(len(downs)) {
				t.Errorf("%s: walk gives record %d", when, seq)
			}
			return nil
		}))
		want := map[Phase]int{Swept: limit, held: 10}
		if held == Swept {
			want = map[Phase]int{Swept: limit + 10}
		}
		for p, n := range want {
			if phases[p] != n {
				t.Errorf("%s: phases %v, want %v", when, phases, want)
			}
		}
		if n := len(photoNames(t, s)); n != want[Marked] {
			t.Errorf("%s: %d photo files", when, n)
		}
	}
	check("at once", Marked)
	s = reopen(t, s)
	check("reopened", Marked)
	time.Sleep(guardDelay - time.Minute)
	must(t, s.Tend(t.Context()))
	check("nearly a day later", Marked)
	held := livingKeys(t, s.dir)
	time.Sleep(2 * time.Minute)
	if had == 70 {
		must(t, s.Tend(t.Context()))
	} else {
		s = reopen(t, s)
	}
	check("a day later", Swept)
	if n := len(livingKeys(t, s.dir)); n != len(held)-30 {
		t.Errorf("%d keys of %d, want three a case gone", n, len(held))
	}
	if after, _ := s.LogState(xb.origin()); after.Live != before.Live-uint64(len(downs)) || after.Dead != uint64(len(downs)) {
		t.Errorf("log %+v", after)
	}
	// The window has passed: what comes now counts anew. Our own takedowns are never held.
	must(t, s.Put(xb.takedown(ids[limit+10])))
	if p, err := s.Phase(refs[limit+10]); p != Swept {
		t.Errorf("a day later: %s, %v", p, err)
	}
	if had == 70 {
		for range 55 {
			id := protocol.NewCaseID()
			appendCase(t, s, xa, id, nil)
			appendTakedown(t, s, xa, id)
			if p, err := s.Phase(xa.ref(id)); p != Swept {
				t.Fatalf("our own: %s, %v", p, err)
			}
		}
	}
}

// TestVoidBurstComesBack: within the day a card of a later epoch brings back what the guard has held of a burst after its
// Continues, and nothing else.
func TestVoidBurstComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		var downs []*protocol.Record
		shared, file, thumb := newPhoto("shared")
		ids := make([]protocol.CaseID, 60)
		for i := range ids {
			ids[i] = protocol.NewCaseID()
			must(t, s.Put(xb.publish(ids[i], withPhotos(shared))))
		}
		must(t, s.PutPhoto(shared.File.Cid, file))
		must(t, s.PutPhoto(shared.Thumb.Cid, thumb))
		for i, id := range ids {
			if i == 51 { // a fork: the place of this takedown is taken
				must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
				xb.seq--
			}
			r := xb.takedown(id)
			if err := s.Put(r); err != nil && (i != 51 || !errors.Is(err, protocol.ErrFork)) {
				t.Fatal(err)
			}
			downs = append(downs, r)
		}
		_, err := s.Public().Photo(shared.File.Cid)
		want(t, "photo while all are hidden", err, ErrGone)
		// Only takedowns of that epoch and after that place: those of ids 50 and on are held, 55 and on are void.
		renew(t, s, xb.rotate(1, downs[54].Header().Seq))
		must(t, s.Check())
		for i, id := range ids {
			c, err := s.Public().Case(xb.ref(id))
			if back := i >= 55; back != (err == nil) || back && c.Case.Children[0].Name == "" {
				t.Errorf("case %d: %v", i, err)
			}
			want(t, "its takedown again", s.Put(downs[i]), map[bool]error{true: protocol.ErrStale, false: protocol.ErrStored}[i >= 55])
		}
		if b, err := s.Public().Photo(shared.File.Cid); err != nil || !bytes.Equal(b, file) {
			t.Errorf("the photo of those that came back: %v", err)
		}
		if raws, _, err := s.Strays(xb.origin()); len(raws) != 1 || err != nil { // that of the fork
			t.Errorf("%d strays, %v: what was undone hides nobody", len(raws), err)
		}
		time.Sleep(guardDelay + time.Minute)
		s = reopen(t, s)
		// Too late for what is shredded: a void takedown hides on, as a stray.
		renew(t, s, xb.rotate(1, downs[49].Header().Seq))
		if st, _ := s.LogState(xb.origin()); st.Live != 5 || st.Dead != 55 {
			t.Errorf("log %+v", st)
		}
		if raws, _, err := s.Strays(xb.origin()); len(raws) != 5 || err != nil {
			t.Errorf("%d strays, %v", len(raws), err)
		}
		// A new takedown of a case that came back is heeded, once its origin means it.
		must(t, s.Put(xb.takedown(ids[59])))
		_, err = s.Public().Case(xb.ref(ids[59]))
		want(t, "taken down again", err, ErrGone)
	})
}
