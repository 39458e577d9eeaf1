package store

import (
	"strings"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// maxText is how much of Query.Text is heeded, in bytes.
const maxText = 200

// Query says which cases List is to return. A zero field asks nothing.
type Query struct {
	// Network asks for the cases of other countries; otherwise our own.
	Network bool
	// Country is the ISO code of the member whose case it is.
	Country string
	Sex     protocol.Sex
	Kind    protocol.Kind
	// AgeMin and AgeMax are whole years of age now. A case matches when one child may be of such an age, and is of Sex.
	AgeMin, AgeMax int
	// Year is the one in which the child went missing, or was found.
	Year int
	// Text is looked for in names, other names, number, locality and area: each of its words must stand in one of them,
	// whatever case and accents. Only the first 200 bytes count.
	Text string
	// Offset and Limit choose the page; Limit 0 only counts.
	Offset, Limit int
}

// match is a Query made ready.
type match struct {
	Query
	words []string
	pairs pairs // of the words
	clock protocol.Clock
	day   time.Time
	kind  uint8
	sex   uint8 // the bit that a slot must have; 0 asks nothing
	aged  bool
}

func (p *Public) match(q Query) *match {
	m := &match{Query: q, words: strings.Fields(fold(q.Text[:min(len(q.Text), maxText)])), clock: p.s.Clock(nil),
		aged: q.AgeMin != 0 || q.AgeMax != 0}
	m.day = dayOf(m.clock.Now)
	m.pairs = pairsOf(strings.Join(m.words, "\x00"))
	if q.Kind != "" {
		m.kind = kindCode(q.Kind)
	}
	if q.Sex != "" {
		m.sex = sexBit(q.Sex)
	}
	return m
}

// each calls fn with the rows that fit, in the order of List, until it returns false.
func (m *match) each(s *Store, fn func(*slot) bool) {
	s.mu.RLock()
	for s.index.day.Before(m.day) {
		s.mu.RUnlock()
		s.mu.Lock()
		s.index.turn(m.day)
		s.mu.Unlock()
		s.mu.RLock()
	}
	defer s.mu.RUnlock()
	for i := len(s.index.order) - 1; i >= 0; i-- {
		if w := &s.index.order[i]; m.fits(&s.index, w) && !fn(w) {
			return
		}
	}
}

func (m *match) fits(x *index, w *slot) bool {
	of := x.of[w.of]
	if (of.Standing == protocol.Own) == m.Network || m.Kind != "" && w.kind != m.kind || m.Year != 0 && int(w.year) != m.Year ||
		m.Country != "" && (of.Card == nil || of.Card.Country != m.Country) || m.sex != 0 && w.sexes&m.sex == 0 ||
		m.aged && !m.ages(int(w.min), int(w.max)) || !w.pairs.has(m.pairs) {
		return false
	}
	if !of.shows(time.UnixMilli(w.review), m.clock) {
		return false
	}
	for _, word := range m.words {
		if !strings.Contains(x.lines[w.line].text(), word) {
			return false
		}
	}
	if !m.aged || !w.several {
		return true
	}
	l := x.lines[w.line]
	for i := range l.kids() {
		k := l.kid(i)
		lo, hi, ok := k.ages(l.since(), m.day)
		if ok && m.ages(lo, hi) && (m.Sex == "" || k.sex == m.sex) {
			return true
		}
	}
	return false
}

// ages says whether someone between lo and hi years old may be of an age that is asked for.
func (m *match) ages(lo, hi int) bool {
	return lo <= hi && hi >= m.AgeMin && (m.AgeMax == 0 || lo <= m.AgeMax)
}
