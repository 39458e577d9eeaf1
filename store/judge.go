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
		_, closed, err := b.judge(&m, h, h.Ref(), claim.Type(), protocol.Digest(claim.ID()), m.past(at))
		judged = m.gate(err, at, claim.Type(), closed, m.past(at))
		return nil
	})
	if err != nil {
		return err
	}
	return judged
}

// judge holds a record against what is stored of its case and at its place. live is the case's live record, or the ghost of
// one that a stray has closed, nil if there is none. closed says that the case was taken down. past is member.past, where it
// counts.
func (b *buckets) judge(m *member, h protocol.Header, ref protocol.Ref, t protocol.Type, d digest, past bool) (live *liveCase, closed bool, err error) {
	at := place{m.short, h.Epoch, h.Seq}
	void, strayed := m.Cards.Void(h.Epoch, h.Seq), false
	row := b.digests.Get(at.key())
	if v := b.dead.Get(ref[:]); v != nil {
		closed = true
		dead := deadCaseOf(v)
		known := protocol.ErrClosed
		if dead.takedown == d {
			known = protocol.ErrStored
		}
		strayed = b.strayed(dead) && !void && !m.forked(h.Epoch) && !(t == protocol.TypeTakedown && past) &&
			(row == nil || digest(row[1:]) == d)
		if !strayed {
			return nil, closed, known
		}
	}
	if t == protocol.TypeTakedown && b.voided.Get(d[:]) != nil {
		return nil, closed, protocol.ErrStale
	}
	if void && t != protocol.TypeTakedown {
		return nil, closed, protocol.ErrVoid
	}
	if strayed {
		if v := b.ghosts.Get(ref[:]); v != nil {
			ghost := ghostCaseOf(v)
			live = &ghost.liveCase
		}
	} else if l, ok := b.live(ref); ok {
		newest := l
		live = &newest
	}
	if row != nil {
		if digest(row[1:]) == d {
			return live, closed, protocol.ErrStored
		}
		if row[0] == rowGhost { // nothing is kept of it to show
			return live, closed, protocol.ErrFork
		}
		return live, closed, &Conflict{}
	}
	switch {
	case live == nil, t == protocol.TypeTakedown:
	case h.Epoch < live.epoch, h.Epoch == live.epoch && h.Rev < live.rev:
		return live, closed, protocol.ErrStale
	case h.Epoch == live.epoch && h.Rev == live.rev:
		return live, closed, protocol.ErrFork
	case !at.after(live.place): // a later revision at an earlier place: the counter was set back
		return live, closed, protocol.ErrFork
	}
	return live, closed, nil
}
