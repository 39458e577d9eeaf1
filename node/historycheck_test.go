package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// TestTheCheckerComplains feeds the checker of histories with broken ones, at least one for each invariant that it holds,
// and with the same made whole: it says which invariant is violated, and nothing of the others.
func TestTheCheckerComplains(t *testing.T) {
	ref, id, other := protocol.Ref{1}, [32]byte{1}, [32]byte{2}
	at := func(d time.Duration) time.Time { return epoch0.Add(d) }
	const a, b = 0, 1 // a is the owner, b holds its log
	signs := event{kind: signed, node: a, of: a, ref: ref, id: id, epoch: 1, seq: 1, rev: 1}
	closed := event{kind: closes, node: a, of: a, ref: ref, id: other, epoch: 1, seq: 2, rev: 2, until: at(2 * time.Hour)}
	shows := event{kind: shown, node: b, of: a, ref: ref, rev: 1, until: at(time.Hour), clock: at(time.Minute)}
	holds := event{kind: logged, node: b, of: a, ref: ref, id: id, epoch: 1, seq: 1, rev: 1, ok: true}
	mark := func(p store.Phase) event { return event{kind: marked, node: b, of: a, ref: ref, phase: p} }
	verified := event{kind: vouched, node: b, of: a, epoch: 1, seq: 2, root: id}
	said := event{kind: speaks, node: 2, of: a, id: other, epoch: 1, seq: 1, clock: at(0), lease: at(time.Hour), until: at(9 * time.Hour)}
	word := event{kind: lent, node: b, of: a, id: other, until: at(9 * time.Hour)}
	with := func(e event, change func(*event)) event { change(&e); return e }

	for _, c := range []struct {
		name      string
		invariant int
		before    []event
		whole     event // violates nothing
		broken    event
	}{
		{"shown with a takedown on the disk", 1, []event{signs, closed, mark(store.Marked)}, mark(store.Shredded), shows},
		{"shown by its own owner with a takedown", 1, []event{signs, with(mark(store.Swept), func(e *event) { e.node = a })}, signs,
			with(shows, func(e *event) { e.node, e.until = a, time.Time{} })},
		{"shown after the lease that is held", 2, []event{signs}, shows, with(shows, func(e *event) { e.clock = at(time.Hour) })},
		{"shown after every lease signed before it was closed", 2, []event{signs, closed},
			with(shows, func(e *event) { e.until = at(9 * time.Hour) }),
			with(shows, func(e *event) { e.until, e.clock = at(9*time.Hour), at(2*time.Hour) })},
		{"shown after every extension of a head from before it was closed", 2, []event{signs, closed, said},
			with(shows, func(e *event) { e.until, e.clock = at(9*time.Hour), at(8*time.Hour) }),
			with(shows, func(e *event) { e.until, e.clock = at(10*time.Hour), at(9*time.Hour) })},
		{"shown on an extension of a head that counts the takedown", 2, []event{signs, closed, with(said, func(e *event) { e.seq = 2 })},
			with(shows, func(e *event) { e.until = at(9 * time.Hour) }),
			with(shows, func(e *event) { e.until, e.clock = at(9*time.Hour), at(8*time.Hour) })},
		{"an extension that nobody signed", 4, []event{said}, word, with(word, func(e *event) { e.id = id })},
		{"an extension for another", 4, []event{said}, word, with(word, func(e *event) { e.of = 3 })},
		{"an extension that is too long", 2, []event{with(said, func(e *event) { e.until = e.lease.Add(protocol.MaxExtension + 1) })}, signs,
			with(word, func(e *event) { e.until = said.lease.Add(protocol.MaxExtension + 1) })},
		{"an extension after a newer head", 2, []event{said, word}, verified, word},
		{"an extension after a newer head of the same log", 2, []event{said, word},
			with(verified, func(e *event) { e.seq, e.clock = 1, at(time.Minute) }), word},
		{"an extension for a member that was removed", 2, []event{said, word}, event{kind: hand, node: b, of: a, standing: protocol.Removed}, word},
		{"an extension by a member that was suspended", 2, []event{said, word}, event{kind: hand, node: b, of: 2, standing: protocol.Suspended}, word},
		{"an extension for a member that is frozen", 2, []event{said, word, {kind: branched, of: a}, signs, with(signs, func(e *event) { e.id = other })},
			event{kind: frozen, node: b, of: a, ok: true}, word},
		{"a record of a shredded case", 3, []event{mark(store.Shredded)}, mark(store.Swept), holds},
		{"a takedown that is forgotten", 3, []event{mark(store.Swept)}, mark(store.Swept), mark(0)},
		{"a purge that goes back", 3, []event{mark(store.Swept)}, mark(store.Swept), mark(store.Marked)},
		{"a void after the shredding", 3, []event{mark(store.Marked), mark(0), mark(store.Marked)}, mark(store.Shredded), mark(0)},
		{"a forged record", 4, []event{signs}, holds, with(holds, func(e *event) { e.ok = false })},
		{"verified with another root", 5, []event{{kind: rooted, node: a, of: a, epoch: 1, seq: 2, root: id}}, verified,
			with(verified, func(e *event) { e.node, e.root = 2, other })},
		{"verified without a takedown that it counts", 5, []event{closed},
			with(verified, func(e *event) { e.seq = 1 }), verified},
		{"a verified place that goes back", 6, []event{verified}, with(verified, func(e *event) { e.seq = 3 }), with(verified, func(e *event) { e.seq = 2 })},
		{"a verified epoch that goes back", 6, []event{with(verified, func(e *event) { e.epoch = 2 })}, with(verified, func(e *event) { e.epoch, e.seq = 2, 3 }),
			with(verified, func(e *event) { e.seq = 9 })},
		{"a revision that goes back", 6, []event{with(shows, func(e *event) { e.rev = 2 })}, with(shows, func(e *event) { e.rev = 2 }), shows},
		{"a fork that never was", 7, []event{{kind: branched, of: a}, signs, with(signs, func(e *event) { e.id = other })}, event{kind: frozen, node: b, of: a, ok: true}, event{kind: frozen, node: b, of: 2, ok: true}},
		{"a key in two places that signed no fork", 7, []event{{kind: branched, of: a}}, signs, event{kind: frozen, node: b, of: a, ok: true}},
		{"a fork without a proof", 7, []event{{kind: branched, of: a}, signs, with(signs, func(e *event) { e.id = other })}, event{kind: frozen, node: b, of: a, ok: true}, event{kind: frozen, node: b, of: a}},
		{"a number signed twice after a restored backup that others could tell of", 8, []event{signs, {kind: restored, node: a},
			with(holds, func(e *event) { e.node = 1 }), with(holds, func(e *event) { e.node = 2 }), with(holds, func(e *event) { e.node = 3 })},
			with(signs, func(e *event) { e.seq = 2 }), with(signs, func(e *event) { e.id = other })},
		{"a number signed twice", 8, []event{signs}, signs, with(signs, func(e *event) { e.id = other })},
		{"a number signed twice, by a takedown", 8, []event{signs}, closed, with(closed, func(e *event) { e.seq = 1 })},
		{"active again by nobody's hand", 9, []event{{kind: hand, node: b, of: a, standing: protocol.Suspended}},
			event{kind: standing, node: b, of: a, standing: protocol.Suspended}, event{kind: standing, node: b, of: a, standing: protocol.Active}},
		{"removed, and active again", 10, []event{{kind: hand, node: b, of: a, standing: protocol.Removed}},
			event{kind: standing, node: b, of: a, standing: protocol.Removed}, event{kind: standing, node: b, of: a, standing: protocol.Active}},
		{"removed, and its case is shown", 10, []event{signs, shows}, event{kind: hand, node: b, of: a, standing: protocol.Removed}, shows},
		{"removed, and its case is held", 10, []event{signs, holds}, event{kind: hand, node: b, of: a, standing: protocol.Removed}, holds},
		{"swept before it was", 12, []event{closed, mark(store.Shredded)}, mark(store.Swept), event{kind: swept, node: a, of: 2, ref: ref}},
		{"readable after the purge", 12, []event{closed, mark(store.Swept)}, event{kind: swept, node: a, of: b, ref: ref},
			event{kind: found, node: b, of: a, ref: ref, what: "gmcn.db"}},
		{"late", 13, nil, signs, event{kind: late, node: b, seq: 13, what: "30s after the faults it has yet to show a case"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHistory()
			h.nodes = 5
			for _, e := range append(c.before, c.whole) {
				h.see(e)
			}
			if len(h.wrong) > 0 {
				t.Fatalf("a history that is whole: %v", h.wrong)
			}
			h.see(c.broken)
			h.see(c.broken)
			if len(h.wrong) != 1 || h.wrong[0].invariant != c.invariant {
				t.Errorf("%v, want invariant %d to be violated, and told once", h.wrong, c.invariant)
			}
		})
	}
}

// TestTheCheckerForgives is the other side: what is no violation though it looks like one.
func TestTheCheckerForgives(t *testing.T) {
	ref := protocol.Ref{1}
	swept := event{kind: marked, node: 1, of: 0, ref: ref, phase: store.Swept}
	shows := event{kind: shown, node: 1, of: 0, ref: ref, rev: 1, until: epoch0.Add(time.Hour), clock: epoch0}
	for name, events := range map[string][]event{
		"an older folder, until it has caught up":   {swept, {kind: restored, node: 1}, shows, swept},
		"a void within the guard's day":             {{kind: marked, node: 1, of: 0, ref: ref, phase: store.Marked}, {kind: marked, node: 1, of: 0, ref: ref}, shows},
		"a member that is removed and taken back":   {{kind: hand, node: 1, of: 0, standing: protocol.Removed}, {kind: hand, node: 1, of: 0, standing: protocol.Active}, shows},
		"a delegate that is taken back":             {{kind: speaks, node: 2, of: 0, id: [32]byte{9}, until: epoch0.Add(time.Hour), lease: epoch0}, {kind: hand, node: 1, of: 2, standing: protocol.Removed}, {kind: hand, node: 1, of: 2, standing: protocol.Active}, {kind: lent, node: 1, of: 0, id: [32]byte{9}, until: epoch0.Add(time.Hour)}},
		"two branches that were to be":              {{kind: branched, of: 0}, {kind: signed, of: 0, epoch: 1, seq: 1, id: [32]byte{1}}, {kind: signed, of: 0, epoch: 1, seq: 1, id: [32]byte{2}}},
		"another case, another node, another place": {swept, {kind: shown, node: 2, of: 0, ref: ref, rev: 1, until: epoch0.Add(time.Hour), clock: epoch0}},
	} {
		h := newHistory()
		for _, e := range events {
			h.see(e)
		}
		if len(h.wrong) > 0 {
			t.Errorf("%s: %v", name, h.wrong)
		}
	}
}

// TestSearchFinds lets the simulator look for closed cases in a folder in which their names lie, and a piece of a photo.
func TestSearchFinds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSim(t, 2, 1)
		defer s.close()
		leave := func(name string, content []byte) {
			must(t, os.WriteFile(filepath.Join(s.nodes[1].cfg.Dir, name), content, 0o600))
		}
		closed := s.sign(0, s.entry(0, 1))
		for i, name := range []string{nameStart + "0000000a", nameStart + "0000000b", nameStart + "0000000c", nameStart + "0000000d"} {
			c := &simCase{name: name, ref: protocol.Ref{byte(i)}, closed: closed}
			if i == 2 {
				c.photo = []byte("a piece of a photo")
			}
			if i == 3 {
				c.closed = nil
			}
			s.cases = append(s.cases, c)
		}
		leave("a", []byte("before"+nameStart+nameStart+"0000000a"))
		leave("c", []byte(nameStart+"...a piece of a photo"))
		leave("d", []byte(nameStart+"0000000d, "+nameStart+"000000"))
		s.search(1)
		var found []string
		for _, v := range s.h.wrong {
			found = append(found, fmt.Sprint(v.event.ref[0], v.event.what))
		}
		slices.Sort(found)
		if want := []string{"0a", "2c"}; !slices.Equal(found, want) {
			t.Errorf("found %q, want %q", found, want)
		}
	})
}
