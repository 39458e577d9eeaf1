package store

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// Check reads the whole store and returns all that is wrong with it, joined, with bucket and key; nil when it is whole.
// It names no person. Changes wait meanwhile.
func (s *Store) Check() error {
	s.write.Lock()
	defer s.write.Unlock()
	k := &checking{s: s, refs: map[string][]byte{}, marks: map[string]bool{}, rows: map[protocol.Ref]*row{}, tally: map[uint32]numbered{}, stances: map[protocol.Ref]stanceRow{}}
	err := s.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			k.wrong("page", nil, "%v", err)
		}
		if len(k.found) > 0 {
			return nil // what lies on broken pages is not worth reading
		}
		k.buckets = open(tx)
		k.log()
		k.cases()
		k.blocks()
		k.closed()
		k.drafts()
		k.photos()
		k.members()
		k.receipts()
		k.index()
		k.pairings()
		return nil
	})
	return errors.Join(append(k.found, err)...)
}

// checking is one run of Check and what it has gathered of what should be there.
type checking struct {
	*buckets
	s     *Store
	refs  map[string][]byte // rows of photos
	marks map[string]bool   // rows of marks that must be there
	rows  map[protocol.Ref]*row
	tally map[uint32]numbered
	found []error

	stances map[protocol.Ref]stanceRow
}

func (k *checking) wrong(bucket string, key []byte, format string, args ...any) {
	k.found = append(k.found, fmt.Errorf("%s %x: %w", bucket, key, fmt.Errorf(format, args...)))
}

// each calls fn with the rows of a bucket whose keys and values are of the right size; 0 is any size.
func (k *checking) each(name string, b *bbolt.Bucket, key, value int, fn func(key, value []byte)) {
	b.ForEach(func(a, v []byte) error {
		if len(a) != key || value != 0 && len(v) != value {
			k.wrong(name, a, "key of %d bytes, value of %d: out of shape", len(a), len(v))
			return nil
		}
		fn(a, v)
		return nil
	})
}

// log checks that log and digests have the same rows, that each record stands where it says, and that cases and dead
// point at it.
func (k *checking) log() {
	k.each("digests", k.buckets.digests, placeSize, 33, func(key, v []byte) {
		if k.buckets.log.Get(key) == nil {
			k.wrong("digests", key, "no record stands there")
		}
	})
	k.each("log", k.buckets.log, placeSize, 0, func(key, raw []byte) {
		at := placeOf(key)
		m := k.s.numbers[at.short]
		r, err := protocol.Reopen(raw)
		if err != nil || m == nil {
			k.wrong("log", key, "origin known %t, record: %v", m != nil, err)
			return
		}
		h, d := r.Header(), protocol.Digest(r.ID())
		if h.Origin != m.origin || h.Epoch != at.epoch || h.Seq != at.seq {
			k.wrong("log", key, "the record is of epoch %d, seq %d of %s", h.Epoch, h.Seq, h.Origin)
		}
		ref := h.Ref()
		n := k.tally[at.short]
		if r.Type() == protocol.TypeTakedown {
			if !bytes.Equal(k.buckets.digests.Get(key), digestValue(rowTakedown, d)) {
				k.wrong("digests", key, "is not that of the takedown")
			}
			if !bytes.Equal(k.buckets.dead.Get(ref[:]), deadCase{d, at}.value()) {
				k.wrong("dead", ref[:], "does not name the takedown at %x", key)
			}
			for _, mark := range r.Takedown().Gone {
				if k.buckets.gone.Get(mark[:]) == nil {
					k.wrong("gone", mark[:], "missing, though the takedown at %x names it", key)
				}
			}
			return
		}
		flag := byte(rowCase)
		if r.Type() == protocol.TypeStance {
			flag = rowStance
		}
		if !bytes.Equal(k.buckets.digests.Get(key), digestValue(flag, d)) {
			k.wrong("digests", key, "is not that of the record")
		}
		if !bytes.Equal(k.buckets.cases.Get(ref[:]), liveCase{at, h.Rev, d}.value()) {
			k.wrong("cases", ref[:], "does not name the record at %x", key)
		}
		if !m.kept() {
			k.wrong("log", key, "a record of %s, which is no member", h.Origin)
		}
		if r.Type() == protocol.TypeStance {
			k.stances[ref] = stanceRow{m, *r.Stance()}
			return
		}
		n.live++
		k.tally[at.short] = n
		for file, info := range filesOf(at.short, r.Photos()) {
			k.refs[string(refKey(file, byRecord, ref))] = info.value()
		}
		if m.origin == k.s.own {
			for _, mark := range marksOf(r) {
				k.marks[string(markKey(ref, mark))] = true
			}
		}
		k.rows[ref] = newRow(m, r)
	})
}

func (k *checking) cases() {
	k.each("cases", k.buckets.cases, 16, placeSize+8+32, func(key, v []byte) {
		live := liveCaseOf(v)
		_, stance := k.stances[protocol.Ref(key)]
		flag := byte(rowCase)
		if stance {
			flag = rowStance
		}
		if !bytes.Equal(k.buckets.digests.Get(live.key()), digestValue(flag, live.digest)) {
			k.wrong("cases", key, "points at no such record in digests")
		}
		if k.rows[protocol.Ref(key)] == nil && !stance {
			k.wrong("cases", key, "points at the record of another case")
		}
		if k.buckets.dead.Get(key) != nil {
			k.wrong("cases", key, "live, though it was taken down")
		}
	})
	k.each("marks", k.buckets.marks, 32, 0, func(key, _ []byte) {
		if k.buckets.cases.Get(key[:16]) == nil {
			k.wrong("marks", key, "of a case that is not live")
		}
		delete(k.marks, string(key))
	})
	for key := range k.marks {
		k.wrong("marks", []byte(key), "missing")
	}
}

// blocks checks that each block digests its rows and that no row is without a block.
func (k *checking) blocks() {
	want := map[place]bool{}
	k.each("digests", k.buckets.digests, placeSize, 33, func(key, _ []byte) { want[blockAt(placeOf(key))] = true })
	k.each("blocks", k.buckets.blocks, placeSize, 4+32, func(key, v []byte) {
		at := placeOf(key)
		if got := k.block(at); !bytes.Equal(v, blockValue(got)) || got.Count == 0 {
			k.wrong("blocks", key, "does not digest its %d records", got.Count)
		}
		delete(want, at)
	})
	for at := range want {
		k.wrong("blocks", at.key(), "missing")
	}
}

// closed checks that nothing is left of cases that were taken down but what doc.go draws.
func (k *checking) closed() {
	k.each("dead", k.buckets.dead, 16, 32+placeSize, func(key, v []byte) {
		d := deadCaseOf(v)
		n := k.tally[d.short]
		n.dead++
		k.tally[d.short] = n
		if d.seq != 0 && !bytes.Equal(k.buckets.digests.Get(d.key()), digestValue(rowTakedown, d.takedown)) {
			k.wrong("dead", key, "points at no such takedown in digests")
		}
	})
	k.each("gone", k.buckets.gone, 16, 32, func([]byte, []byte) {})
	k.each("closed", k.buckets.closed, 16, 0, func([]byte, []byte) {})
}

func (k *checking) drafts() {
	k.each("drafts", k.buckets.drafts, 16, 0, func(key, v []byte) {
		d, err := draftOf(v)
		if err != nil || d.ID != protocol.CaseID(key) {
			k.wrong("drafts", key, "of another case, or not JSON: %v", err)
			return
		}
		ref := protocol.RefOf(k.s.own, d.ID)
		if k.buckets.dead.Get(ref[:]) != nil {
			k.wrong("drafts", key, "there, though the case was taken down")
		}
		for file, info := range filesOf(k.s.members[k.s.own].short, d.Photos) {
			k.refs[string(refKey(file, byDraft, d.ID))] = info.value()
		}
	})
}

// photos checks the references to photo files, and the files.
func (k *checking) photos() {
	k.each("photos", k.buckets.photos, 32+1+16, 13, func(key, v []byte) {
		if want := k.refs[string(key)]; !bytes.Equal(want, v) {
			k.wrong("photos", key, "no record or draft refers to the file in this way")
		}
		delete(k.refs, string(key))
	})
	for key := range k.refs {
		k.wrong("photos", []byte(key), "missing")
	}
	swept := map[digest]bool{}
	for _, d := range k.s.swept {
		swept[d] = true
	}
	k.each("doomed", k.doomed, 32, 0, func(key, _ []byte) {
		if !swept[digest(key)] {
			k.wrong("doomed", key, "the file could not be removed; see the folder's permissions, then start again")
		}
	})
	err := k.s.photoFiles(func(f photoFile) error {
		record, draft := k.referred(f.d)
		_, loose := k.s.loose[f.d]
		switch {
		case !f.ok:
			k.found = append(k.found, fmt.Errorf("%s: no such file belongs here", f.path))
		case f.part && !record || !f.part && !record && !draft && !loose:
			k.found = append(k.found, fmt.Errorf("%s: nothing refers to it", f.path))
		case !f.part:
			b, err := os.ReadFile(f.path)
			if err != nil {
				return err
			}
			if protocol.PhotoCID(b) != photoCID(f.d) {
				k.found = append(k.found, fmt.Errorf("%s: its content is another; remove it and it will be fetched again", f.path))
			}
		}
		return nil
	})
	if err != nil {
		k.found = append(k.found, fmt.Errorf("read photos: %w", err))
	}
}

// members checks the rows of members against memory, and the counts against what was counted.
func (k *checking) members() {
	members, _, err := k.readMembers(k.s.own)
	if err != nil {
		k.wrong("members", nil, "%v", err)
		return
	}
	for o, m := range members {
		want := k.tally[m.short]
		want.short = m.short
		if got := numberedOf(k.origins.Get(o[:])); got != want {
			k.wrong("origins", o[:], "counts %d live and %d dead, there are %d and %d", got.live, got.dead, want.live, want.dead)
		}
		has := k.s.members[o]
		if has == nil || has.short != m.short || has.Standing != m.Standing || (has.Card != nil && has.Since.UnixMilli() != m.Since.UnixMilli()) ||
			(has.Card == nil) != (m.Card == nil) || m.Card != nil && has.Card.ID() != m.Card.ID() ||
			(has.verified == nil) != (m.verified == nil) || m.verified != nil && has.verified.ID() != m.verified.ID() || has.log != m.log ||
			(has.head == nil) != (m.head == nil) || m.head != nil && has.head.ID() != m.head.ID() {
			k.wrong("members", o[:], "is not what is in memory")
		}
		p := k.place(o)
		next := place{m.short, p.Epoch, p.Seq + 1}
		if p.Seq == 0 {
			first, _ := k.buckets.digests.Cursor().Seek(place{short: m.short}.key())
			if first != nil && placeOf(first).short == m.short {
				next.epoch = placeOf(first).epoch
			}
		}
		if m.taken() && k.buckets.digests.Get(next.key()) != nil {
			k.wrong("places", o[:], "seq %d, yet the next is there", p.Seq)
		}
	}
	if len(members) != len(k.s.members) {
		k.wrong("members", nil, "%d, in memory %d", len(members), len(k.s.members))
	}
}

// pairings checks that each can be read and stands under its own name.
func (k *checking) pairings() {
	k.each("pairings", k.buckets.pairings, 16, 0, func(key, v []byte) {
		if p, err := pairingOf(v); err != nil || p.ID() != protocol.PairNonce(key) {
			k.wrong("pairings", key, "of another name, or out of shape: %v", err)
		}
	})
}

// index checks the rows in memory.
func (k *checking) index() {
	x := &k.s.index
	sorted := slices.IsSortedFunc(x.order, func(a, b slot) int { return a.row.compare(b.row) })
	if len(x.rows) != len(k.rows) || len(x.order) != len(k.rows) || !sorted {
		k.wrong("index", nil, "%d rows, %d in order, sorted %t; there are %d cases", len(x.rows), len(x.order),
			sorted, len(k.rows))
	}
	if !maps.Equal(x.stances, k.stances) {
		k.wrong("index", nil, "%d stances, or others than the %d in the log", len(x.stances), len(k.stances))
	}
	for ref, want := range k.rows {
		got := x.rows[ref]
		if got == nil || got.of != want.of || got.urgent != want.urgent || got.kind != want.kind || got.at != want.at ||
			got.review != want.review || got.since != want.since || !slices.Equal(got.kids, want.kids) || got.text != want.text {
			k.wrong("index", ref[:], "is not the record's")
			continue
		}
		if at, ok := slices.BinarySearchFunc(x.order, got, slot.compare); !ok || x.order[at] != got.slot(x.day) {
			k.wrong("index", ref[:], "is not in order")
		}
	}
}
