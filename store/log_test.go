package store

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

func TestPutJudges(t *testing.T) {
	s, _, xb := twoCountries(t)
	xc := newCountry(t, "XC")
	gone := newCountry(t, "XD")
	must(t, s.SetMember(gone.card, protocol.Removed, time.Now()))

	id, closed, other := protocol.NewCaseID(), protocol.NewCaseID(), protocol.NewCaseID()
	first := xb.publish(id, nil)
	second := xb.publish(id, nil)
	down := xb.takedown(closed)
	must(t, s.Put(second))
	must(t, s.Put(down))
	at := func(h protocol.Header, id protocol.CaseID, seq, rev uint64) *protocol.Record {
		h.Case, h.Seq, h.Rev, h.At, h.ReviewBy = id, seq, rev, time.Now(), time.Now().Add(time.Hour)
		h.Prev = recordCID(digest{1})
		if rev == 1 {
			h.Prev = protocol.Header{}.Prev
		}
		return xb.sign(protocol.Entry{Header: h, Case: newCase("XB", 99)})
	}
	h := second.Header()
	nextEpoch := h
	nextEpoch.Epoch = 2
	for _, c := range []struct {
		name string
		r    *protocol.Record
		want error
	}{
		{"the same", second, protocol.ErrStored},
		{"an older revision", first, protocol.ErrStale},
		{"a closed case", at(h, closed, 9, 1), protocol.ErrClosed},
		{"a closed case in a later epoch", at(nextEpoch, closed, 10, 7), protocol.ErrClosed},
		{"the same takedown", down, protocol.ErrStored},
		{"another record at a taken place", at(h, other, 2, 1), protocol.ErrFork},
		{"another record of the same revision", at(h, id, 9, 2), protocol.ErrFork},
		{"a later revision at an earlier place", at(h, id, 1, 3), protocol.ErrFork},
		{"a stranger's", xc.publish(id, nil), protocol.ErrOrigin},
		{"a removed member's", gone.publish(id, nil), protocol.ErrOrigin},
	} {
		want(t, "put "+c.name, s.Put(c.r), c.want)
		claim, err := protocol.Parse(c.r.Bytes())
		must(t, err)
		if c.want != protocol.ErrOrigin {
			want(t, "seen "+c.name, s.Seen(claim), c.want)
		}
	}
	// An epoch outweighs a revision.
	must(t, s.Put(at(nextEpoch, id, 10, 1)))
	want(t, "a later revision of an earlier epoch", s.Put(at(h, id, 11, 5)), protocol.ErrStale)
	claim, _ := protocol.Parse(at(nextEpoch, id, 12, 2).Bytes())
	want(t, "seen the next revision", s.Seen(claim), nil)
}

// TestTakedownHidesFromAnyBranch puts a takedown at a place that another record has taken.
func TestTakedownHidesFromAnyBranch(t *testing.T) {
	s, _, xb := twoCountries(t)
	id := protocol.NewCaseID()
	p, file, _ := newPhoto("one")
	shown := xb.publish(id, withPhotos(p))
	must(t, s.Put(shown))
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	xb.seq-- // a restored backup has forgotten the last record
	down := xb.takedown(id)
	claim, err := protocol.Parse(down.Bytes())
	must(t, err)
	want(t, "seen", s.Seen(claim), protocol.ErrFork)
	want(t, "put", s.Put(down), protocol.ErrFork)
	_, err = s.Public().Case(xb.ref(id))
	want(t, "case", err, ErrGone)
	_, err = s.Public().Photo(p.File.Cid)
	want(t, "photo", err, ErrGone)
	want(t, "put again", s.Put(down), protocol.ErrStored)
	if st, _ := s.LogState(xb.origin()); st.Live != 1 || st.Dead != 1 {
		t.Errorf("log %+v, want one live and one dead", st)
	}
}

func TestAppendGivesThePlace(t *testing.T) {
	s, xa, _ := twoCountries(t)
	id := protocol.NewCaseID()
	first := appendCase(t, s, xa, id, nil).Header()
	if first.Origin != xa.origin() || first.Seq != 1 || first.Rev != 1 || first.Prev.Defined() {
		t.Errorf("first %+v", first)
	}
	r := appendCase(t, s, xa, protocol.NewCaseID(), nil)
	if h := r.Header(); h.Seq != 2 || h.Rev != 1 {
		t.Errorf("another case %+v", h)
	}
	second := appendCase(t, s, xa, id, nil)
	third := appendCase(t, s, xa, id, nil)
	if h := third.Header(); h.Seq != 4 || h.Rev != 3 || h.Prev != second.ID() {
		t.Errorf("third revision %+v, want it after %s", h, second.ID())
	}
	if p, _ := s.Place(xa.origin()); p.Epoch != 1 || p.Seq != 4 {
		t.Errorf("place %+v", p)
	}

	boom := errors.New("boom")
	_, err := s.Append(id, 1, func(protocol.Header) (*protocol.Record, error) { return nil, boom })
	want(t, "a failing sign", err, boom)
	if _, err := s.Append(id, 1, func(protocol.Header) (*protocol.Record, error) { return r, nil }); err == nil {
		t.Error("a record signed for another place was appended")
	}
	if st, _ := s.LogState(xa.origin()); st.Seq != 4 || st.Live != 2 {
		t.Errorf("log %+v after two refusals", st)
	}

	// Our own head, heard from peers, knows of records that a restored backup lacks.
	xa.seq = 10
	must(t, s.SetHead(xa.head(protocol.DefaultLease)))
	if h := appendCase(t, s, xa, id, nil).Header(); h.Seq != 11 {
		t.Errorf("seq %d, want none that the head names", h.Seq)
	}
	next := protocol.Header{}
	_, err = s.Append(id, 2, func(h protocol.Header) (*protocol.Record, error) { next = h; return nil, boom })
	want(t, "next epoch", err, boom)
	if next.Seq != 12 || next.Epoch != 2 {
		t.Errorf("next epoch begins at %+v, want the counter to go on", next)
	}
	if _, err := s.Append(id, 0, func(h protocol.Header) (*protocol.Record, error) { return nil, boom }); err == nil || errors.Is(err, boom) {
		t.Errorf("an epoch that has passed: %v", err)
	}
}

func TestTakedownLeavesNothing(t *testing.T) {
	s, xa, _ := twoCountries(t)
	id := protocol.NewCaseID()
	old, oldFile, oldThumb := newPhoto("old")
	now, nowFile, nowThumb := newPhoto("now")
	for p, files := range map[*protocol.Photo][2][]byte{&old: {oldFile, oldThumb}, &now: {nowFile, nowThumb}} {
		must(t, s.AddPhoto(p.File.Cid, files[0]))
		must(t, s.AddPhoto(p.Thumb.Cid, files[1]))
	}
	must(t, s.SaveDraft(&Draft{ID: id, Case: *newCase("XA", 1), Photos: []protocol.Photo{old, now}}))
	first := appendCase(t, s, xa, id, withPhotos(old))
	second := appendCase(t, s, xa, id, withPhotos(now))
	down := appendTakedown(t, s, xa, id)
	if h := down.Header(); h.Rev != 3 || h.Seq != 3 {
		t.Errorf("takedown %+v", h)
	}
	named := down.Takedown().Gone
	for what, c := range map[string]protocol.Mark{
		"first revision": protocol.GoneMark(first.ID()), "second revision": protocol.GoneMark(second.ID()),
		"old photo": protocol.GoneMark(old.File.Cid), "old thumbnail": protocol.GoneMark(old.Thumb.Cid),
		"photo": protocol.GoneMark(now.File.Cid), "thumbnail": protocol.GoneMark(now.Thumb.Cid),
	} {
		if !slices.Contains(named, c) {
			t.Errorf("the takedown does not name the %s", what)
		}
	}
	if _, err := s.Draft(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("draft: %v", err)
	}
	want(t, "save draft", s.SaveDraft(&Draft{ID: id}), protocol.ErrClosed)
	_, err := s.Append(id, 1, func(protocol.Header) (*protocol.Record, error) { panic("asked to sign for a closed case") })
	want(t, "append", err, protocol.ErrClosed)
	for _, p := range []protocol.Photo{old, now} {
		_, err := s.Photo(p.File.Cid)
		want(t, "photo", err, ErrGone)
	}
	if files := photoNames(t, s); len(files) != 0 {
		t.Errorf("files left: %v", files)
	}
	if marks, _ := s.Marks(id); len(marks) != 0 {
		t.Errorf("%d marks left", len(marks))
	}
}

// TestAnyOrderGivesOneLog puts the same history in other orders and batches into other stores, and holds each against a
// model that knows only the rules.
func TestAnyOrderGivesOneLog(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	photos := make([]protocol.Photo, 6)
	for i := range photos {
		photos[i], _, _ = newPhoto(string(rune('a' + i)))
	}
	var history []*protocol.Record
	live := map[protocol.CaseID]*protocol.Record{}
	var downs []*protocol.Record
	var ids []protocol.CaseID
	const total = 2300
	for len(history) < total {
		var r *protocol.Record
		switch n := rng.IntN(10); {
		case n < 5 || len(ids) == 0:
			ids = append(ids, protocol.NewCaseID())
			r = xb.publish(ids[len(ids)-1], withPhotos(photos[rng.IntN(6)]))
			live[r.Header().Case] = r
		case n < 8:
			r = xb.publish(ids[rng.IntN(len(ids))], withPhotos(photos[rng.IntN(6)]))
			live[r.Header().Case] = r
		default:
			i := rng.IntN(len(ids))
			r = xb.takedown(ids[i])
			delete(live, ids[i])
			downs = append(downs, r)
			ids = slices.Delete(ids, i, i+1)
		}
		history = append(history, r)
	}
	model := slices.Clone(downs)
	for _, r := range live {
		model = append(model, r)
	}
	slices.SortFunc(model, func(a, b *protocol.Record) int { return int(a.Header().Seq) - int(b.Header().Seq) })
	var blocks []protocol.Block
	for index := range uint64(total/protocol.BlockSize + 1) {
		var entries []protocol.LogEntry
		for _, r := range model {
			if r.Header().Seq/protocol.BlockSize == index {
				entries = append(entries, protocol.LogEntry{Seq: r.Header().Seq, Digest: protocol.Digest(r.ID())})
			}
		}
		blocks = append(blocks, protocol.BlockOf(1, index, entries))
	}
	state := LogState{Epoch: 1, Seq: total, Root: protocol.RootOf(blocks), Live: uint64(len(live)), Dead: uint64(len(downs))}

	for round := range 4 {
		s := openStore(t, t.TempDir(), xa)
		must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
		order := slices.Clone(history)
		switch round {
		case 1:
			slices.Reverse(order)
		case 2, 3:
			rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		}
		for len(order) > 0 {
			n := min(len(order), 1+rng.IntN(200))
			outcomes, err := s.PutAll(order[:n])
			must(t, err)
			for i, err := range outcomes {
				if err != nil && (round == 0 || !errors.Is(err, protocol.ErrStale) && !errors.Is(err, protocol.ErrClosed)) {
					t.Fatalf("round %d: record %d: %v", round, order[i].Header().Seq, err)
				}
			}
			order = order[n:]
		}
		if got, err := s.LogState(xb.origin()); err != nil || got != state {
			t.Errorf("round %d: log %+v, want %+v (%v)", round, got, state, err)
		}
		if round == 0 {
			if p, _ := s.Place(xb.origin()); p.Seq != total {
				t.Errorf("place %d after all in order", p.Seq)
			}
		}
		must(t, s.Check())
		if round == 3 {
			s = reopen(t, s)
			if got, _ := s.LogState(xb.origin()); got != state {
				t.Errorf("reopened: log %+v, want %+v", got, state)
			}
		}
		var got []*protocol.Record
		for _, takedowns := range []bool{false, true} {
			last := uint64(total + 1)
			must(t, s.Walk(protocol.LogPlace{Origin: xb.origin()}, takedowns, func(seq uint64, raw []byte) error {
				r, err := protocol.Reopen(raw)
				if err != nil || seq >= last || r.Header().Seq != seq || (r.Type() == protocol.TypeTakedown) != takedowns {
					t.Fatalf("walk: %d after %d, %v, %v", seq, last, r, err)
				}
				last = seq
				got = append(got, r)
				return nil
			}))
		}
		slices.SortFunc(got, func(a, b *protocol.Record) int { return int(a.Header().Seq) - int(b.Header().Seq) })
		if !slices.EqualFunc(got, model, func(a, b *protocol.Record) bool { return bytes.Equal(a.Bytes(), b.Bytes()) }) {
			t.Errorf("round %d: walk gave %d records, want %d", round, len(got), len(model))
		}
	}
}

// TestPutsShareATransaction wants that callers who come at once do not wait for an fsync each.
func TestPutsShareATransaction(t *testing.T) {
	s, _, xb := twoCountries(t)
	const writers, each = 32, 20
	records := make([]*protocol.Record, writers*each)
	for i := range records {
		records[i] = xb.publish(protocol.NewCaseID(), nil)
	}
	begin := lastTx(t, s)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				r := records[i*writers+w]
				if err := s.Put(r); err != nil {
					t.Errorf("put: %v", err)
				}
				if _, err := s.Public().Case(r.Header().Ref()); err != nil {
					t.Errorf("case just put: %v", err)
				}
				if err := s.Put(r); !errors.Is(err, protocol.ErrStored) {
					t.Errorf("put again: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if n := lastTx(t, s) - begin; n > writers*each {
		t.Errorf("%d transactions for %d puts", n, 2*writers*each)
	}
	if st, _ := s.LogState(xb.origin()); st.Live != writers*each {
		t.Errorf("%d live cases", st.Live)
	}
	if p, _ := s.Place(xb.origin()); p.Seq != writers*each {
		t.Errorf("place %d, want %d", p.Seq, writers*each)
	}
}

func lastTx(t *testing.T, s *Store) (id int) {
	must(t, s.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil }))
	return id
}
