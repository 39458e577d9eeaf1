package node

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// eye remembers of one node what need not be looked at twice.
type eye struct {
	logs        map[int]store.LogState
	total       int                   // cases of others shown
	shown       []*store.Shown        // the same, as they were when a log changed last
	held, swept map[protocol.Ref]bool // takedowns
	standings   map[int]protocol.Standing
	frozen      map[int]bool
	lent        map[int]cid.Cid // extensions
}

func newEye() eye {
	return eye{logs: map[int]store.LogState{}, total: -1, held: map[protocol.Ref]bool{}, swept: map[protocol.Ref]bool{},
		standings: map[int]protocol.Standing{}, frozen: map[int]bool{}, lent: map[int]cid.Cid{}}
}

// look takes what every running node lets be seen into the history: what each has signed first, for what the others say of it
// is held against that.
func (s *sim) look() {
	s.figures.looks++
	wrote := make([]bool, len(s.nodes))
	for i := range s.nodes {
		if s.up(i) {
			wrote[i] = s.lookOwnLog(i)
		}
	}
	for _, i := range sortedKeys(s.twins) {
		s.lookTwin(i)
	}
	for i := range s.nodes {
		if s.up(i) {
			s.lookAt(i, wrote[i])
		}
	}
	if s.figures.looks%10 == 0 {
		s.lookBoards()
	}
}

func (s *sim) lookBoards() {
	for _, c := range s.cases {
		if c.closed != nil && s.up(c.owner) {
			s.lookBoard(c)
		}
	}
}

// lookOwnLog takes what node i has signed, and says whether there is something new.
func (s *sim) lookOwnLog(i int) bool {
	n, e := s.nodes[i], &s.eyes[i]
	state, err := n.store.LogState(n.Origin())
	must(s.t, err)
	if e.logs[i] == state {
		return false
	}
	e.logs[i] = state
	s.h.see(event{kind: rooted, at: time.Now(), node: i, of: i, epoch: state.Epoch, seq: state.Seq, root: state.Root})
	s.lookLog(i, i)
	return true
}

// lookTwin takes what the second server with node i's key has signed: its officers have waited for its gate, perhaps.
func (s *sim) lookTwin(i int) {
	t := s.twins[i]
	state, err := t.store.LogState(t.Origin())
	must(s.t, err)
	if t.log == state {
		return
	}
	t.log = state
	for _, takedowns := range []bool{true, false} {
		must(s.t, t.store.Walk(protocol.LogPlace{Origin: t.Origin()}, takedowns, func(_ uint64, raw []byte) error {
			r, err := protocol.Reopen(raw)
			if err == nil {
				s.signedTwice(i, r)
			}
			return err
		}))
	}
}

// lookAt takes what node i lets be seen, but for its own log. wrote says that there is something new in that.
func (s *sim) lookAt(i int, wrote bool) {
	n, e := s.nodes[i], &s.eyes[i]
	see := func(ev event) {
		ev.at, ev.node = time.Now(), i
		s.h.see(ev)
	}
	members, err := n.store.Members()
	if err != nil {
		s.t.Fatal(err)
	}
	// What a node vouches for, and which proofs it has, is read before what it holds, so that what it holds can only be more.
	heads := map[int]*protocol.Head{}
	leases := map[int]time.Time{}
	accused := map[int]bool{}         // with a proof
	changed := map[int]bool{i: wrote} // whose cases may be shown otherwise than at the last look, as seen before the door is asked
	for _, m := range members {
		o := s.index[m.Card.Origin()]
		if o != i {
			see(event{kind: standing, of: o, standing: m.Standing})
			if e.standings[o] != m.Standing {
				e.standings[o], changed[o] = m.Standing, true
			}
		}
		// An extension is told before the head that is verified, so that it is held against heads of before.
		x, err := n.store.Extension(m.Card.Origin())
		id := cid.Undef
		if err == nil {
			id = x.ID()
			see(event{kind: lent, of: o, id: protocol.Digest(id), until: x.Until})
		}
		if e.lent[o] != id {
			e.lent[o], changed[o] = id, true
		}
		leases[o] = n.store.Lease(m.Card.Origin())
		if v, err := n.store.Verified(m.Card.Origin()); err == nil && o != i {
			heads[o] = v
			if now := s.clock(i); !v.Until.After(now) && leases[o].After(now) {
				s.figures.extended++
			}
		}
		if _, is := n.store.Frozen(m.Card.Origin()); is {
			_, err := n.store.Fork(m.Card.Origin())
			accused[o] = err == nil
			if !e.frozen[o] {
				e.frozen[o], changed[o] = true, true
			}
		}
		state, err := n.store.LogState(m.Card.Origin())
		if err != nil {
			s.t.Fatal(err)
		}
		if o != i && e.logs[o] != state {
			e.logs[o], changed[o] = state, true
			s.lookLog(i, o)
		}
	}
	for _, c := range s.cases {
		ref := c.ref
		if !changed[c.owner] && (!c.closing || e.swept[ref]) {
			continue
		}
		phase, err := n.store.Phase(ref)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Fatal(err)
		}
		if e.swept[ref] = phase == store.Swept; phase == 0 && !e.held[ref] {
			continue
		}
		if e.held[ref] != (phase != 0) {
			e.held[ref], changed[c.owner] = phase != 0, true
		}
		see(event{kind: marked, of: c.owner, ref: ref, phase: phase})
	}
	for o, proof := range accused {
		see(event{kind: frozen, of: o, ok: proof})
	}
	for o, v := range heads {
		see(event{kind: vouched, of: o, epoch: v.Epoch, seq: v.Seq, root: v.Root, until: v.Until, clock: v.At})
	}
	s.lookShown(i, wrote || len(changed) > 1, leases, see)
}

// lookShown asks the one door what is to be seen. When nothing was seen to change since, and as many cases are shown as then,
// they are the same, and only the time has passed: and heads may have come. A freeze may end an extension at this moment, so
// that the lease of just before counts too.
func (s *sim) lookShown(i int, changed bool, leases map[int]time.Time, see func(event)) {
	n, e := s.nodes[i], &s.eyes[i]
	fresh := false
	_, total, err := n.Public().List(store.Query{Network: true})
	if err == nil && (changed || total != e.total) {
		e.total, fresh = total, true
		if e.shown, _, err = n.Public().List(store.Query{Network: true, Limit: 1 << 20}); err == nil {
			var own []*store.Shown
			own, _, err = n.Public().List(store.Query{Limit: 1 << 20})
			e.shown = append(e.shown, own...)
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	for _, c := range e.shown {
		ev := event{kind: shown, of: s.index[c.Origin], ref: c.Ref, rev: c.Rev, clock: s.clock(i)}
		if !c.Own {
			if ev.until = c.Lease; !fresh {
				ev.until = leases[ev.of]
				if now := n.store.Lease(c.Origin); now.After(ev.until) {
					ev.until = now
				}
			}
		}
		see(ev)
	}
}

// lookLog takes the records that node i holds of member o.
func (s *sim) lookLog(i, o int) {
	n := s.nodes[i]
	owner, err := s.nodes[o].store.Member(s.nodes[o].Origin())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, takedowns := range []bool{true, false} {
		err := n.store.Walk(protocol.LogPlace{Origin: owner.Card.Origin()}, takedowns, func(_ uint64, raw []byte) error {
			claim, err := protocol.Parse(raw)
			if err != nil {
				return err
			}
			id := protocol.Digest(claim.ID())
			if _, ok := s.genuine[id]; !ok {
				key, err := owner.Cards.Certifies(claim)
				if err == nil {
					_, err = claim.Open(key)
				}
				s.genuine[id] = err == nil
			}
			h := claim.Header()
			ev := event{kind: logged, at: time.Now(), node: i, of: o, ref: h.Ref(), id: id, epoch: h.Epoch, seq: h.Seq, rev: h.Rev, ok: s.genuine[id]}
			if i == o {
				s.lookOwn(ev, raw)
			}
			if claim.Type() != protocol.TypeCase {
				ev.kind, ev.ref = kept, protocol.Ref{}
			}
			s.h.see(ev)
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// lookOwn takes a record that stands in the log of its owner.
func (s *sim) lookOwn(ev event, raw []byte) {
	if c := s.byRef[ev.ref]; c != nil {
		if r, err := protocol.Reopen(raw); err == nil {
			s.wrote(c, r)
		}
		return
	}
	ev.kind, ev.ref = signed, protocol.Ref{} // a stance
	s.h.see(ev)
}

// lookBoard takes the receipts that an owner has for a case.
func (s *sim) lookBoard(c *simCase) {
	if len(c.sweptBy) == len(s.nodes)-1 {
		return
	}
	said, err := s.nodes[c.owner].store.Confirmations(c.closed.ID())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, m := range said {
		o := s.index[m.Member]
		if !m.Swept.IsZero() && !c.sweptBy[o] && s.up(o) {
			c.sweptBy[o] = true
			s.h.see(event{kind: swept, at: time.Now(), node: c.owner, of: o, ref: c.ref})
		}
	}
}

// search looks through the files of node i for what would tell who a closed case is.
func (s *sim) search(i int) {
	if _, full := s.full[i]; full {
		return
	}
	closed := map[string]*simCase{} // by name
	var photos []*simCase           // closed ones with a photo
	for _, c := range s.cases {
		if c.closed != nil {
			closed[c.name] = c
			if c.photo != nil {
				photos = append(photos, c)
			}
		}
	}
	err := filepath.WalkDir(s.nodes[i].cfg.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		tells := func(c *simCase) {
			s.h.see(event{kind: found, at: time.Now(), node: i, of: c.owner, ref: c.ref, what: filepath.Base(path)})
		}
		for _, c := range photos {
			if bytes.Contains(b, c.photo) {
				tells(c)
			}
		}
		// Once through the file for all names together, of which a large world has hundreds.
		for rest := b; ; {
			at := bytes.Index(rest, []byte(nameStart))
			if at < 0 {
				return err
			}
			rest = rest[at:]
			if c := closed[string(rest[:min(len(nameStart)+nameMore, len(rest))])]; c != nil {
				tells(c)
			}
			rest = rest[len(nameStart):]
		}
	})
	if err != nil {
		s.t.Error(err)
	}
}

// sortedKeys returns the keys of a map in order, so that a seed does the same twice.
func sortedKeys[V any](m map[int]V) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
