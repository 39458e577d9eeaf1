package store

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// TestIndexAgainstSorting makes random changes and wants the order that sorting all rows gives.
func TestIndexAgainstSorting(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	x := index{rows: map[protocol.Ref]uint32{}}
	m, model := &member{short: 7}, map[protocol.Ref]*row{}
	for round := range 500 {
		changes := map[protocol.Ref]*row{}
		for range rng.IntN(20) {
			ref := protocol.Ref{byte(rng.IntN(200))}
			if rng.IntN(3) == 0 {
				changes[ref] = nil
				delete(model, ref)
			} else {
				w := &row{ref: ref, of: m, urgent: rng.IntN(4) == 0, at: int64(rng.IntN(50)), hidden: rng.IntN(10) == 0}
				changes[ref], model[ref] = w, w
			}
		}
		x.apply(changes)
		want := []slot{}
		for _, w := range model {
			if !w.hidden {
				s := newSlot(w.line(), x.day)
				s.line = x.rows[w.ref]
				want = append(want, s)
			}
			if l, _ := x.find(w.ref); l != w.line() {
				t.Fatalf("round %d: another line", round)
			}
		}
		slices.SortFunc(want, x.compare)
		if !slices.Equal(x.order, want) || len(x.rows) != len(model) || len(x.lines) != len(model)+len(x.free) || len(x.lines) > 250 {
			t.Fatalf("round %d: %d rows in another order than %d sorted", round, len(x.order), len(want))
		}
	}
}

func FuzzRow(f *testing.F) {
	c := newChild(1)
	r := newCountry(f, "XB").publish(c.id, c.entry)
	m := &member{}
	w := newRow(m, r.Header().Ref(), r)
	at := place{0, w.epoch, w.seq}
	whole := w.appendTo(nil)
	if got, ok := rowOf(m, at, whole); !ok || got.line() != w.line() || got.text == "" || got.kids[0].sex < 2 {
		f.Errorf("row %+v, was %+v", got, w)
	}
	for i := range whole {
		if _, ok := rowOf(m, at, whole[:i]); ok {
			f.Errorf("a row cut at %d is taken", i)
		}
	}
	f.Add(whole)
	f.Add([]byte{rowVersion + 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if w, ok := rowOf(m, at, b); ok {
			if again, ok := rowOf(m, at, w.appendTo(nil)); !ok || again.line() != w.line() {
				t.Errorf("row %+v, again %+v", w, again)
			}
		}
	})
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Zoë", "İzmir", "ΜΑΡΊΑ", "مُحَمَّد", "Straße", "ﬁ", "\xff", "Ǆ", "ᾼ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold(s)
		if again := fold(once); again != once {
			t.Errorf("fold(%q) = %q, folded again %q", s, once, again)
		}
	})
}
