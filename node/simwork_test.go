package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// did says whether something at node i's desk went well. What waits for the gate went well; what a full disk refuses, or what
// an older folder does not know yet, is no fault.
func (s *sim) did(i int, what string, err error) bool {
	_, full := s.full[i]
	if err != nil && !errors.Is(err, ErrWaiting) && !full && !s.older[i] {
		s.t.Errorf("node %d, %s after the start: %s: %v", i, time.Since(epoch0), what, err)
	}
	return err == nil || errors.Is(err, ErrWaiting)
}

// publishCase publishes a new case at node i.
func (s *sim) publishCase(i int, withPhoto bool) *simCase {
	if !s.up(i) {
		return nil
	}
	n := s.nodes[i]
	c := &simCase{owner: i, name: randomName(), sweptBy: map[int]bool{}}
	d := testDraft(c.name, n.Card().Country)
	d.Case.Number = fmt.Sprintf("%d/%d", s.seed, len(s.cases)) // it stays in the list of closed cases
	if withPhoto {
		raw := protocoltest.PortraitPNG(protocoltest.Invent(int64(len(s.cases))+int64(s.seed)<<20, 9), 200, 260)
		p, err := n.AddPhoto(raw)
		if !s.did(i, "adding a photo", err) {
			return nil
		}
		d.Photos = []protocol.Photo{p}
	}
	if !s.did(i, "saving a draft", n.SaveDraft(d)) {
		return nil
	}
	if withPhoto {
		file, err := n.Photo(d.Photos[0].File.Cid)
		if !s.did(i, "reading a photo", err) {
			return nil
		}
		c.photo = file[len(file)/2 : len(file)/2+64]
	}
	c.id, c.ref = d.ID, protocol.RefOf(n.Origin(), d.ID)
	r, err := n.Publish(d.ID)
	if !s.did(i, "publishing", err) {
		return nil
	}
	s.cases, s.byRef[c.ref] = append(s.cases, c), c
	s.wrote(c, r)
	return c
}

// wrote takes a record that an owner has signed, nil for one that it will sign when its gate is open. The history knows
// each once, whether it was handed over or found in the log.
func (s *sim) wrote(c *simCase, r *protocol.Record) {
	if r == nil || slices.ContainsFunc(c.records, func(o *protocol.Record) bool { return o.ID() == r.ID() }) {
		return
	}
	c.records = append(c.records, r)
	h := r.Header()
	ev := event{kind: signed, at: time.Now(), node: c.owner, of: c.owner, ref: c.ref, id: protocol.Digest(r.ID()), epoch: h.Epoch, seq: h.Seq,
		rev: h.Rev}
	if r.Type() != protocol.TypeTakedown {
		s.figures.records++
	} else {
		s.figures.takedowns++
		board, err := s.nodes[c.owner].Takedown(c.id)
		if err != nil {
			s.t.Errorf("the board of a case just closed: %v", err)
			return
		}
		c.closed, ev.kind, ev.until = r, closes, board.ShownUntil
	}
	s.h.see(ev)
}

// one picks an open case of node i; nil when it has none or is down.
func (s *sim) one(i int) *simCase {
	open := s.open(i)
	if !s.up(i) || len(open) == 0 {
		return nil
	}
	return open[s.draw.IntN(len(open))]
}

func (s *sim) revise(i int) {
	c := s.one(i)
	if c == nil {
		return
	}
	d, err := s.nodes[i].Draft(c.id)
	if !s.did(i, "reading a draft", err) {
		return
	}
	d.Case.Urgent = !d.Case.Urgent
	if !s.did(i, "saving a draft", s.nodes[i].SaveDraft(d)) {
		return
	}
	if r, err := s.nodes[i].Publish(c.id); s.did(i, "publishing again", err) {
		s.wrote(c, r)
	}
}

func (s *sim) renew(i int) {
	c := s.one(i)
	if c == nil {
		return
	}
	if r, err := s.nodes[i].Renew(c.id); s.did(i, "renewing", err) {
		s.wrote(c, r)
	}
}

// closeOne closes a case: on a full disk, too.
func (s *sim) closeOne(i int) {
	if c := s.one(i); c != nil {
		s.closeIt(c)
	}
}

func (s *sim) closeIt(c *simCase) {
	r, err := s.nodes[c.owner].CloseCase(c.id, "located_safe")
	if s.did(c.owner, "closing", err) {
		c.closing = true
		s.wrote(c, r)
	}
}

// bulk publishes n cases at once.
func (s *sim) bulk(i, n int) {
	for range n {
		s.publishCase(i, false)
	}
}

// part has the administrator of node a suspend or remove member b.
func (s *sim) part(a, b, how int) {
	if _, full := s.full[a]; full || !s.up(a) || s.apart[pairKey{a, b}] == protocol.Removed {
		return
	}
	o := s.nodes[b].Origin()
	var err error
	to := protocol.Suspended
	switch how {
	case 0, 1:
		err = s.nodes[a].SuspendMember(o, how == 1, "")
	case 2:
		err, to = s.nodes[a].RemoveMember(o), protocol.Removed
	}
	if s.did(a, "parting", err) {
		s.setApart(a, b, to)
	}
}

// makeUp has node a take member b back.
func (s *sim) makeUp(a, b int) {
	if _, full := s.full[a]; full || !s.up(a) || s.apart[pairKey{a, b}] == "" {
		return
	}
	if s.did(a, "taking a member back", s.nodes[a].AddMember(s.nodes[b].Card())) {
		s.setApart(a, b, "")
	}
}

// delegate returns whom node i names.
func (s *sim) delegate(i int) int { return (i + 1) % len(s.nodes) }

// speak has the delegate of node i extend the newest head that it holds, whether or not node i is heard.
func (s *sim) speak(i int, longer time.Duration) {
	d := s.delegate(i)
	if _, full := s.full[d]; full || !s.up(d) {
		return
	}
	n, o := s.nodes[d], s.nodes[i].Origin()
	head, err := n.store.Head(o)
	if err != nil {
		return
	}
	x, err := n.extend(head, head.Until.Add(longer))
	for _, no := range []error{protocol.ErrOrigin, protocol.ErrKey, protocol.ErrStale, protocol.ErrUnverified, protocol.ErrFrozen} {
		if errors.Is(err, no) {
			return
		}
	}
	if s.did(d, "speaking for another", err) {
		s.spoken = append(s.spoken, x.Bytes())
		s.h.see(event{kind: speaks, at: time.Now(), node: d, of: i, id: protocol.Digest(x.ID()), epoch: head.Epoch, seq: head.Seq, clock: head.At,
			lease: head.Until, until: x.Until})
	}
}
