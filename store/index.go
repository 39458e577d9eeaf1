package store

import (
	"bytes"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/gmcn/gmcn/protocol"
)

// row is what is known of a live case without reading it: where its record stands, and what List asks about. The index holds
// it as a line.
type row struct {
	ref             protocol.Ref
	of              *member
	epoch, seq, rev uint64 // of the record in the log; seq 0: there is none, the case is wished to be published
	urgent          bool
	hidden          bool  // it is wished to be closed, and stands in no list
	kind            uint8 // kindCode
	at, review      int64 // ms
	since           protocol.Date
	kids            []kid
	text            string // folded: names, other names, number, locality and area, with a zero byte between
}

// kid is what List knows of a child.
type kid struct {
	sex, unit      uint8 // sexBit, unitCode
	born, min, max uint16
}

func newKid(c *protocol.Child) kid {
	return kid{sexBit(c.Sex), unitCode(c.Age.Unit), c.BirthYear, c.Age.Min, c.Age.Max}
}

func newRow(m *member, ref protocol.Ref, r *protocol.Record) *row {
	h := r.Header()
	w := rowOfCase(m, ref, h.At, h.ReviewBy, r.Case())
	w.epoch, w.seq, w.rev = h.Epoch, h.Seq, h.Rev
	return w
}

func rowOfCase(m *member, ref protocol.Ref, at, review time.Time, c *protocol.Case) *row {
	w := &row{ref: ref, of: m, urgent: c.Urgent, kind: kindCode(c.Kind), at: at.UnixMilli(), review: review.UnixMilli(),
		since: c.Since, kids: make([]kid, len(c.Children))}
	words := make([]string, 0, 8)
	for i := range c.Children {
		child := &c.Children[i]
		w.kids[i] = newKid(child)
		words = append(words, child.Name)
		words = append(words, child.OtherNames...)
	}
	w.text = fold(strings.Join(append(words, c.Number, c.From.Locality, c.From.Area), "\x00"))
	return w
}

// slot is what List passes over: what rules out most rows, side by side in memory.
type slot struct {
	review int64
	pairs  pairs  // of the row's text
	line   uint32 // where it stands in index.lines
	of     uint32 // the number of the origin
	year   uint16
	kind   uint8
	// sexes has a bit for each sex among the children; min and max are the least and the greatest age that one of them
	// may have on the index's day, min > max when nothing tells any.
	sexes, min, max uint8
	several         bool // there are several children
}

// newSlot returns a slot of a line, save where it stands.
func newSlot(l line, day time.Time) slot {
	since := l.since()
	s := slot{of: l.short(), review: l.review(), pairs: pairsOf(l.text()), year: since.Year, kind: l.kind(),
		min: math.MaxUint8, several: l.kids() > 1}
	for i := range l.kids() {
		k := l.kid(i)
		s.sexes |= k.sex
		if lo, hi, ok := k.ages(since, day); ok {
			s.min, s.max = min(s.min, uint8(min(lo, math.MaxUint8))), max(s.max, uint8(min(hi, math.MaxUint8)))
		}
	}
	return s
}

// pairs is a set of hashed pairs of neighbouring bytes: a text holds a word only if it holds the word's pairs.
type pairs [2]uint64

func pairsOf(text string) (p pairs) {
	for i := 1; i < len(text); i++ {
		if text[i-1] != 0 && text[i] != 0 {
			h := (uint32(text[i-1])<<8 | uint32(text[i])) * 0x9e3779b1 >> 25
			p[h/64] |= 1 << (h % 64)
		}
	}
	return p
}

func (p pairs) has(q pairs) bool { return p[0]&q[0] == q[0] && p[1]&q[1] == q[1] }

func (k kid) ages(since protocol.Date, day time.Time) (lo, hi int, ok bool) {
	child := protocol.Child{BirthYear: k.born, Age: protocol.Age{Min: k.min, Max: k.max}}
	if k.unit > 0 {
		child.Age.Unit = units[k.unit-1]
	}
	return child.AgeNow(since, day)
}

var (
	kinds = protocol.Kinds()
	sexes = protocol.Sexes()
	units = protocol.AgeUnits()
)

// kindCode and unitCode are 0 for what is none, as sexBit is 1 for a sex.
func kindCode(k protocol.Kind) uint8    { return uint8(1 + slices.Index(kinds, k)) }
func unitCode(u protocol.AgeUnit) uint8 { return uint8(1 + slices.Index(units, u)) }
func sexBit(s protocol.Sex) uint8       { return 1 << (1 + slices.Index(sexes, s)) }

// dayOf returns the day, in UTC, on which ages are counted.
func dayOf(now time.Time) time.Time { return now.UTC().Truncate(24 * time.Hour) }

// index holds a row for each live case. It has one pointer a case, for the garbage collector looks at each.
type index struct {
	rows  map[protocol.Ref]uint32 // where in lines
	lines []line                  // "" where there is none
	free  []uint32                // those of lines
	order []slot                  // by line.compare; of those that are not hidden
	of    []*member               // by their numbers

	stances map[protocol.Ref]stanceRow // the newest of each member towards each other
	day     time.Time                  // of the ages in the slots
}

// live returns where the newest record of a case or stance stands.
func (x *index) live(ref protocol.Ref) (liveCase, bool) {
	if l, ok := x.find(ref); ok {
		live := l.live()
		return live, live.seq != 0
	}
	st, ok := x.stances[ref]
	return st.liveCase, ok
}

func (x *index) find(ref protocol.Ref) (l line, ok bool) {
	at, ok := x.rows[ref]
	if !ok {
		return "", false
	}
	return x.lines[at], true
}

// add takes a line in, and returns where it stands.
func (x *index) add(ref protocol.Ref, of *member, l line) (at uint32) {
	if last := len(x.free) - 1; last >= 0 {
		at, x.free = x.free[last], x.free[:last]
		x.lines[at] = l
	} else {
		at = uint32(len(x.lines))
		x.lines = append(x.lines, l)
	}
	x.rows[ref] = at
	for len(x.of) <= int(of.short) {
		x.of = append(x.of, nil)
	}
	x.of[of.short] = of
	return at
}

// apply sets rows; nil removes one. It moves what stands behind the first place that changes, once.
func (x *index) apply(changes map[protocol.Ref]*row) {
	var gone []int
	var freed []uint32
	added := make([]slot, 0, len(changes))
	for ref, w := range changes {
		if at, ok := x.rows[ref]; ok {
			freed = append(freed, at)
			if old := x.lines[at]; !old.hidden() {
				gone = append(gone, x.behind(len(x.order), old))
			}
		}
		if w == nil {
			delete(x.rows, ref)
			continue
		}
		l := w.line()
		at := x.add(ref, w.of, l)
		if !w.hidden {
			s := newSlot(l, x.day)
			s.line = at
			added = append(added, s)
		}
	}
	if len(gone) > 0 {
		slices.Sort(gone)
		end := gone[0]
		for i, at := range gone {
			next := len(x.order)
			if i+1 < len(gone) {
				next = gone[i+1]
			}
			end += copy(x.order[end:], x.order[at+1:next])
		}
		x.order = x.order[:end]
	}
	for _, at := range freed {
		x.lines[at] = ""
	}
	x.free = append(x.free, freed...)
	slices.SortFunc(added, x.compare)
	end := len(x.order)
	x.order = slices.Grow(x.order, len(added))[:end+len(added)]
	for i := len(added) - 1; i >= 0; i-- {
		at := x.behind(end, x.lines[added[i].line])
		copy(x.order[at+i+1:], x.order[at:end])
		x.order[at+i] = added[i]
		end = at
	}
}

// behind returns where a line stands, or would, among the first end slots. It looks from their end on, near which most stand.
func (x *index) behind(end int, l line) int {
	for step := 1; end > 0; step *= 2 {
		from := max(0, end-step)
		if x.lines[x.order[from].line].compare(l) < 0 {
			at, _ := slices.BinarySearchFunc(x.order[from+1:end], l, func(s slot, l line) int { return x.lines[s.line].compare(l) })
			return from + 1 + at
		}
		end = from
	}
	return 0
}

func (x *index) compare(a, b slot) int { return x.lines[a.line].compare(x.lines[b.line]) }

func (x *index) applyStances(changes map[protocol.Ref]*stanceRow) {
	for ref, st := range changes {
		if st == nil {
			delete(x.stances, ref)
		} else {
			x.stances[ref] = *st
		}
	}
}

// turn counts all ages anew when a new day has begun.
func (x *index) turn(day time.Time) {
	if !x.day.Before(day) {
		return
	}
	x.day = day
	for i := range x.order {
		at := x.order[i].line
		x.order[i] = newSlot(x.lines[at], day)
		x.order[i].line = at
	}
}

// readIndex makes the index of all live cases and wishes, with every processor, since decoding them is most of what Open
// does.
func (b *buckets) readIndex(own *member, numbers map[uint32]*member) (index, error) {
	type raw struct{ key, value []byte }
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	var mu sync.Mutex
	x := index{rows: map[protocol.Ref]uint32{}, stances: map[protocol.Ref]stanceRow{}, day: dayOf(time.Now())}
	decode := func(batch []raw) error {
		for _, r := range batch {
			m := numbers[placeOf(r.key).short]
			if m == nil {
				return fmt.Errorf("record at %x: of an origin that has no number: %w", r.key, ErrDamaged)
			}
			if slotOf(r.value) == 0 { // a stance
				record, err := protocol.Reopen(bytes.Clone(r.value[4:]))
				if err != nil {
					return fmt.Errorf("read record at %x: %w", r.key, err)
				}
				if record.Type() != protocol.TypeStance {
					return fmt.Errorf("record at %x: in plain text, and no stance: %w", r.key, ErrDamaged)
				}
				h := record.Header()
				mu.Lock()
				x.stances[h.Ref()] = stanceRow{m, liveCase{placeOf(r.key), h.Rev}, *record.Stance()}
				mu.Unlock()
				continue
			}
			w, err := b.readRow(m, r.key, r.value)
			if err != nil {
				return fmt.Errorf("read record at %x: %w", r.key, err)
			}
			l := w.line()
			s := newSlot(l, x.day)
			mu.Lock()
			s.line = x.add(w.ref, m, l)
			x.order = append(x.order, s)
			mu.Unlock()
		}
		return nil
	}
	var batch []raw
	c := b.log.Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if slotOf(v) == 0 && bytes.HasPrefix(b.digests.Get(k), []byte{rowTakedown}) {
			continue
		}
		if batch = append(batch, raw{k, v}); len(batch) == 1000 {
			full := batch
			g.Go(func() error { return decode(full) })
			batch = nil
		}
	}
	g.Go(func() error { return decode(batch) })
	if err := g.Wait(); err != nil {
		return x, err
	}
	slices.SortFunc(x.order, x.compare)
	wished, err := b.wished(own, func(ref protocol.Ref) (*row, error) {
		live, ok := x.live(ref)
		if !ok {
			return nil, nil
		}
		return b.readRow(own, live.key(), b.log.Get(live.key()))
	})
	x.apply(wished)
	return x, err
}

// readRow returns the index's row of a record in the log. One that another version wrote is made anew.
func (b *buckets) readRow(m *member, key, value []byte) (*row, error) {
	plain, err := b.openIndex(key, value)
	if err != nil {
		return nil, err
	}
	if w, ok := rowOf(m, placeOf(key), plain); ok {
		return w, nil
	}
	raw, err := b.openLog(key, value)
	if err != nil {
		return nil, err
	}
	record, err := protocol.Reopen(raw)
	if err != nil {
		return nil, err
	}
	return newRow(m, record.Header().Ref(), record), nil
}

// fold makes text comparable: cases folded, accents stripped.
func fold(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(s)
	}
	strip := runes.Remove(runes.Predicate(func(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Cf) }))
	out, _, err := transform.String(transform.Chain(norm.NFD, strip, cases.Fold(), norm.NFD, strip), s)
	if err != nil {
		return s // none of these transformers ever fails
	}
	return out
}
