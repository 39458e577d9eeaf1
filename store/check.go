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
	k := &checking{s: s, refs: map[string]photoInfo{}, slots: map[uint32]string{}, marks: map[string]bool{}, rows: map[protocol.Ref]*row{},
		tally: map[uint32]numbered{}, stances: map[protocol.Ref]stanceRow{}}
	err := s.db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			k.wrong("page", nil, "%v", err)
		}
		if len(k.found) > 0 {
			return nil // what lies on broken pages is not worth reading
		}
		k.buckets = open(tx)
		k.buckets.key, k.buckets.live = s.keys.key, s.index.live
		k.log()
		k.marked()
		k.blocks()
		k.closed()
		k.held()
		k.strays()
		k.forks()
		k.drafts()
		k.wishes()
		k.photos()
		k.keys()
		k.members()
		k.extensions()
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
	refs  map[string]photoInfo // rows of photos, but for the slots
	slots map[uint32]string    // which row names a slot
	marks map[string]bool      // rows of marks that must be there
	rows  map[protocol.Ref]*row
	tally map[uint32]numbered
	found []error

	stances map[protocol.Ref]stanceRow
}

func (k *checking) wrong(bucket string, key []byte, format string, args ...any) {
	k.found = append(k.found, fmt.Errorf("%s %x: %w", bucket, key, fmt.Errorf(format, args...)))
}

// names notes that a row names a slot, and reports another that does.
func (k *checking) names(bucket string, key []byte, slot uint32, who string) {
	if other, ok := k.slots[slot]; ok && other != who || slot == 0 || slot >= k.s.keys.count {
		k.wrong(bucket, key, "names slot %d, which is none or another's", slot)
	}
	k.slots[slot] = who
}

// each calls fn with the rows of a bucket whose keys and values are of the right size; 0 is any size.
func (k *checking) each(name string, b bucket, key, value int, fn func(key, value []byte)) {
	b.ForEach(func(a, v []byte) error {
		if len(a) != key || value != 0 && len(v) != value {
			k.wrong(name, a, "key of %d bytes, value of %d: out of shape", len(a), len(v))
			return nil
		}
		fn(a, v)
		return nil
	})
}

// log checks that log and digests have the same rows, that each record stands where it says, that a case has one, and that
// dead points at its takedown.
func (k *checking) log() {
	k.each("digests", k.buckets.digests, placeSize, 33, func(key, v []byte) {
		if (k.buckets.log.Get(key) == nil) != (v[0] == rowGhost) {
			k.wrong("digests", key, "no record stands there, or a ghost and a record")
		}
	})
	k.each("log", k.buckets.log, placeSize, 0, func(key, value []byte) {
		at := placeOf(key)
		m := k.s.numbers[at.short]
		raw, err := k.openLog(key, value)
		var r *protocol.Record
		if err == nil {
			r, err = protocol.Reopen(raw)
		}
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
			if flag = rowStance; slotOf(value) != 0 {
				k.wrong("log", key, "a stance under a key")
			}
		} else {
			k.names("log", key, slotOf(value), string(key))
		}
		if !bytes.Equal(k.buckets.digests.Get(key), digestValue(flag, d)) {
			k.wrong("digests", key, "is not that of the record")
		}
		_, stance := k.stances[ref]
		if k.rows[ref] != nil || stance {
			k.wrong("log", key, "a second record of the case or stance")
		}
		if k.buckets.dead.Get(ref[:]) != nil {
			k.wrong("log", key, "live, though it was taken down")
		}
		if !m.kept() {
			k.wrong("log", key, "a record of %s, which is no member", h.Origin)
		}
		if r.Type() == protocol.TypeStance {
			k.stances[ref] = stanceRow{m, liveCase{at, h.Rev}, *r.Stance()}
			return
		}
		n.live++
		k.tally[at.short] = n
		for file, info := range filesOf(at.short, r.Photos()) {
			k.refs[string(refKey(file, byRecord, ref))] = info
		}
		if m.origin == k.s.own {
			for _, mark := range marksOf(r) {
				k.marks[string(markKey(ref, mark))] = true
			}
		}
		k.rows[ref] = newRow(m, ref, r)
		if plain, err := k.openIndex(key, value); err != nil {
			k.wrong("log", key, "row of the index: %v", err)
		} else if w, ok := rowOf(m, at, plain); ok && w.line() != k.rows[ref].line() {
			k.wrong("log", key, "the row of the index is not the record's")
		}
	})
}

// marked checks that the marks are those of our own live cases.
func (k *checking) marked() {
	k.each("marks", k.buckets.marks, 32, 0, func(key, _ []byte) {
		if _, live := k.live(protocol.Ref(key[:16])); !live && k.buckets.held.Get(key[:16]) == nil {
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
	k.each("purging", k.buckets.purging, 16, 1, func(key, v []byte) {
		k.wrong("purging", key, "%s only, though nothing is under way: see the folder's permissions, then start again", Phase(v[0]))
	})
	k.each("void", k.buckets.voided, 32, 0, func([]byte, []byte) {})
	k.each("recent", k.buckets.recent, recentSize, 0, func([]byte, []byte) {})
	k.each("gone", k.buckets.gone, 16, 32, func([]byte, []byte) {})
	k.each("closed", k.buckets.closed, 16, 0, func([]byte, []byte) {})
}

// held checks the cases that were taken down and are not shredded yet.
func (k *checking) held() {
	k.each("held", k.buckets.held, 16, 0, func(key, v []byte) {
		if len(v) < heldSize+4 {
			k.wrong("held", key, "too short")
			return
		}
		h := heldCaseOf(v)
		ref := protocol.Ref(key)
		raw, err := k.openLog(h.at.key(), h.row)
		var r *protocol.Record
		if err == nil {
			r, err = protocol.Reopen(raw)
		}
		if err != nil || r.Header().Ref() != ref || k.buckets.dead.Get(key) == nil {
			k.wrong("held", key, "not taken down, or not the record of the case: %v", err)
			return
		}
		k.names("held", key, slotOf(h.row), "held "+string(key))
		for file, info := range filesOf(h.at.short, r.Photos()) {
			k.refs[string(refKey(file, byHeld, ref))] = info
		}
	})
}

// forks checks the proofs of forks, and that takedowns in no log are those that closed their cases.
func (k *checking) forks() {
	k.each("forks", k.buckets.forks, 32, 0, func(key, v []byte) {
		if len(v) < forkHeader+4 && v[0] != forkGone {
			k.wrong("forks", key, "too short")
			return
		}
		held := forkOf(v)
		if held.kind == forkRecords {
			k.names("forks", key, slotOf(held.proof), "fork "+string(key))
		}
		if held.kind == forkGone {
			return
		}
		f, err := k.openFork(protocol.Origin(key), held)
		if err != nil || f.Origin != protocol.Origin(key) || f.Epoch != held.epoch || f.Heads != (held.kind == forkHeads) {
			k.wrong("forks", key, "proves something else: %v", err)
			return
		}
		if slices.ContainsFunc(f.Cases(), k.isClosed) {
			k.wrong("forks", key, "tells of a case that was taken down")
		}
	})
}

// keys checks that the slots that no row names are empty.
func (k *checking) keys() {
	zeros := make([]byte, slotSize)
	err := k.s.keys.each(func(slot uint32, b []byte) error {
		if k.slots[slot] == "" && !bytes.Equal(b, zeros) {
			k.found = append(k.found, fmt.Errorf("%s: slot %d holds a key, though nothing names it", slotsName, slot))
		}
		return nil
	})
	if err != nil {
		k.found = append(k.found, err)
	}
}

func (k *checking) drafts() {
	k.each("drafts", k.buckets.drafts, 16, 0, func(key, v []byte) {
		d, err := k.draftOf(k.s.own, key, v)
		if err != nil || d.ID != protocol.CaseID(key) {
			k.wrong("drafts", key, "of another case, or not JSON: %v", err)
			return
		}
		k.names("drafts", key, slotOf(v), "draft "+string(key))
		ref := protocol.RefOf(k.s.own, d.ID)
		if k.buckets.dead.Get(ref[:]) != nil && k.buckets.held.Get(ref[:]) == nil {
			k.wrong("drafts", key, "there, though the case was taken down")
		}
		for file, info := range filesOf(k.s.members[k.s.own].short, d.Photos) {
			k.refs[string(refKey(file, byDraft, d.ID))] = info
		}
	})
}

// wishes checks that each can be read, is of a case that is not closed, and holds its photos; it puts them over the rows
// that the index must have.
func (k *checking) wishes() {
	own := k.s.members[k.s.own]
	k.each("wishes", k.buckets.wishes, 16, 0, func(key, v []byte) {
		w, err := k.wishOf(key, v)
		if err != nil || protocol.RefOf(k.s.own, w.ID) != protocol.Ref(key) {
			k.wrong("wishes", key, "of another case, or not JSON: %v", err)
			return
		}
		k.names("wishes", key, slotOf(v), "wish "+string(key))
		if k.buckets.dead.Get(key) != nil {
			k.wrong("wishes", key, "there, though the case was taken down")
		}
		for file, info := range filesOf(own.short, w.Photos) {
			k.refs[string(refKey(file, byWish, [16]byte(key)))] = info
		}
	})
	wished, err := k.wished(own, func(ref protocol.Ref) (*row, error) { return k.rows[ref], nil })
	if err != nil {
		k.wrong("wishes", nil, "%v", err)
	}
	for ref, w := range wished {
		if k.rows[ref] = w; w == nil {
			delete(k.rows, ref)
		}
	}
}

// photos checks the references to photo files, and the files.
func (k *checking) photos() {
	k.each("photos", k.buckets.photos, 32+1+16, photoInfoSize, func(key, v []byte) {
		info := photoInfoOf(v)
		k.names("photos", key, info.slot, "photo "+string(key[:32]))
		want, ok := k.refs[string(key)]
		if want.slot = info.slot; key[32] == byNobody {
			_, loose := k.s.loose[digest(key)]
			want, ok = info, loose && key[32+1+16-1] == 0
		}
		if !ok || info != want {
			k.wrong("photos", key, "no record, draft or wish refers to the file in this way")
		}
		delete(k.refs, string(key))
	})
	for key := range k.refs {
		k.wrong("photos", []byte(key), "missing")
	}
	k.each("doomed", k.buckets.doomed, 32, 0, func(key, _ []byte) {
		k.wrong("doomed", key, "the file could not be removed; see the folder's permissions, then start again")
	})
	err := k.s.photoFiles(func(f photoFile) error {
		record, _ := k.referred(f.d)
		slot := k.slot(f.d)
		switch {
		case !f.ok:
			k.found = append(k.found, fmt.Errorf("%s: no such file belongs here", f.path))
		case f.suffix == partSuffix && !record || slot == 0:
			k.found = append(k.found, fmt.Errorf("%s: nothing refers to it", f.path))
		case f.suffix != partSuffix:
			sealed, err := os.ReadFile(f.path)
			if err != nil {
				return err
			}
			what := byte(sealedPhoto)
			if f.suffix == printSuffix {
				what = sealedPrint
			}
			var b []byte
			key, err := k.key(slot)
			if err == nil {
				b, err = unseal(nil, &key, what, slot, f.d[:], sealed)
			}
			switch {
			case f.suffix == printSuffix && err != nil:
				k.found = append(k.found, fmt.Errorf("%s: its content is another; remove it and it will be made again", f.path))
			case f.suffix == "" && (err != nil || protocol.PhotoCID(b) != photoCID(f.d)):
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
		if has == nil || has.short != m.short || has.Standing != m.Standing || has.Card != nil && (has.Since.UnixMilli() != m.Since.UnixMilli() || has.First.UnixMilli() != m.First.UnixMilli()) ||
			(has.Card == nil) != (m.Card == nil) || m.Card != nil && has.Card.ID() != m.Card.ID() ||
			(has.verified == nil) != (m.verified == nil) || m.verified != nil && has.verified.ID() != m.verified.ID() || has.log != m.log ||
			(has.head == nil) != (m.head == nil) || m.head != nil && has.head.ID() != m.head.ID() ||
			(has.fork == nil) != (m.fork == nil) || m.fork != nil && !bytes.Equal(has.fork.value(), m.fork.value()) {
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
	sorted := slices.IsSortedFunc(x.order, x.compare)
	listed := 0
	for _, want := range k.rows {
		if !want.hidden {
			listed++
		}
	}
	if len(x.rows) != len(k.rows) || len(x.order) != listed || len(x.lines) != len(x.rows)+len(x.free) || !sorted {
		k.wrong("index", nil, "%d rows, %d in order, sorted %t; there are %d cases, %d of them listed", len(x.rows), len(x.order),
			sorted, len(k.rows), listed)
	}
	if !maps.Equal(x.stances, k.stances) {
		k.wrong("index", nil, "%d stances, or others than the %d in the log", len(x.stances), len(k.stances))
	}
	for ref, want := range k.rows {
		got, _ := x.find(ref)
		if got != want.line() {
			k.wrong("index", ref[:], "is not the record's")
			continue
		}
		at := x.behind(len(x.order), got)
		listed := at < len(x.order) && x.order[at].line == x.rows[ref]
		slot := newSlot(got, x.day)
		slot.line = x.rows[ref]
		if listed == want.hidden || listed && (x.order[at] != slot || x.of[slot.of] != want.of) {
			k.wrong("index", ref[:], "is not in order")
		}
	}
}
