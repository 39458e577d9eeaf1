package store

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Stance is what an accepted member says of another.
type Stance struct {
	By    protocol.Origin
	Of    protocol.Origin
	View  protocol.View
	Note  protocol.Note
	Since time.Time
}

// stanceRow is a stance as it is held in memory. Like a case it has one live record, found by its Ref; it counts as none, and
// stands in no list of cases.
type stanceRow struct {
	by *member
	liveCase
	stance protocol.Stance
}

// Stances returns what our own and the active members say of an origin, ourselves first, then by country; withdrawn ones
// are left out. It is advice to people: nothing here acts on it.
func (s *Store) Stances(of protocol.Origin) []Stance {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []stanceRow
	for _, w := range s.index.stances {
		if w.stance.Member == of && w.stance.View != protocol.Withdrawn && w.by.taken() {
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b stanceRow) int {
		if own := a.by.origin == s.own; own != (b.by.origin == s.own) {
			return map[bool]int{true: -1, false: 1}[own]
		}
		return cmp.Or(cmp.Compare(a.by.country(), b.by.country()), bytes.Compare(a.by.origin[:], b.by.origin[:]))
	})
	out := make([]Stance, len(found))
	for i, w := range found {
		out[i] = Stance{w.by.origin, of, w.stance.View, w.stance.Note, time.UnixMilli(w.stance.Since).UTC()}
	}
	return out
}

func (m *member) country() string {
	if m.Card == nil {
		return ""
	}
	return m.Card.Country
}
