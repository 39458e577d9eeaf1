package store

import "github.com/gmcn/gmcn/protocol"

// Seen says whether a claim is worth checking its signature: nil, or the error that Put would answer. One that is a *Conflict,
// without what is held, is worth it too: the signature makes it evidence.
func (s *Store) Seen(claim *protocol.Claim) error {
	h := claim.Header()
	var m member
	s.mu.RLock()
	known := s.members[h.Origin]
	if known != nil {
		m = *known
	}
	s.mu.RUnlock()
	if known == nil {
		return nil
	}
	var judged error
	err := s.view(func(b *buckets) error {
		at := place{m.short, h.Epoch, h.Seq}
		_, judged = b.judge(&m, h, claim.Type(), protocol.Digest(claim.ID()), m.past(at))
		judged = m.gate(judged, at, claim.Type(), b.isClosed(h.Ref()), m.past(at))
		return nil
	})
	if err != nil {
		return err
	}
	return judged
}

// judge holds a record against what is stored of its case and at its place. live is the case's live record, or the ghost of
// one that a stray has closed, nil if there is none. past is member.past, where it counts.
func (b *buckets) judge(m *member, h protocol.Header, t protocol.Type, d digest, past bool) (live *liveCase, err error) {
	ref, at := h.Ref(), place{m.short, h.Epoch, h.Seq}
	void, strayed := m.Cards.Void(h.Epoch, h.Seq), false
	if v := b.dead.Get(ref[:]); v != nil {
		dead := deadCaseOf(v)
		known := protocol.ErrClosed
		if dead.takedown == d {
			known = protocol.ErrStored
		}
		row := b.digests.Get(at.key())
		strayed = b.strayed(dead) && !void && !m.forked(h.Epoch) && !(t == protocol.TypeTakedown && past) &&
			(row == nil || digest(row[1:]) == d)
		if !strayed {
			return nil, known
		}
	}
	if t == protocol.TypeTakedown && b.voided.Get(d[:]) != nil {
		return nil, protocol.ErrStale
	}
	if void && t != protocol.TypeTakedown {
		return nil, protocol.ErrVoid
	}
	from := b.cases
	if strayed {
		from = b.ghosts
	}
	if v := from.Get(ref[:]); v != nil {
		l := liveCaseOf(v)
		live = &l
	}
	if v := b.digests.Get(at.key()); v != nil {
		if digest(v[1:]) == d {
			return live, protocol.ErrStored
		}
		if v[0] == rowGhost { // nothing is kept of it to show
			return live, protocol.ErrFork
		}
		return live, &Conflict{}
	}
	switch {
	case live == nil, t == protocol.TypeTakedown:
	case h.Epoch < live.epoch, h.Epoch == live.epoch && h.Rev < live.rev:
		return live, protocol.ErrStale
	case h.Epoch == live.epoch && h.Rev == live.rev:
		return live, protocol.ErrFork
	case !at.after(live.place): // a later revision at an earlier place: the counter was set back
		return live, protocol.ErrFork
	}
	return live, nil
}
