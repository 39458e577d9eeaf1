package store

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
	"unique"

	"golang.org/x/sync/errgroup"
	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/gmcn/gmcn/protocol"
)

// row is what List knows of a live case without reading it.
type row struct {
	ref    protocol.Ref
	of     *member
	urgent bool
	kind   protocol.Kind
	at     int64 // ms
	review time.Time
	since  protocol.Date
	kids   []kid
	text   string // folded: names, other names, number, locality and area, with a zero byte between
}

// kid is what List knows of a child.
type kid struct {
	sex  protocol.Sex
	born uint16
	age  protocol.Age
}

func newRow(m *member, r *protocol.Record) *row {
	h, c := r.Header(), r.Case()
	w := &row{ref: h.Ref(), of: m, urgent: c.Urgent, kind: unique.Make(c.Kind).Value(), at: h.At.UnixMilli(), review: h.ReviewBy, since: c.Since,
		kids: make([]kid, len(c.Children))}
	words := make([]string, 0, 8)
	for i := range c.Children {
		child := &c.Children[i]
		w.kids[i] = kid{unique.Make(child.Sex).Value(), child.BirthYear, child.Age}
		w.kids[i].age.Unit = unique.Make(child.Age.Unit).Value()
		words = append(words, child.Name)
		words = append(words, child.OtherNames...)
	}
	w.text = fold(strings.Join(append(words, c.Number, c.From.Locality, c.From.Area), "\x00"))
	return w
}

// compare is the order of the index: what List shows first stands last, so that most new cases are added near the end.
func (w *row) compare(v *row) int {
	if w.urgent != v.urgent {
		if v.urgent {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(w.at, v.at), bytes.Compare(v.ref[:], w.ref[:]))
}

// index holds a row for each live case.
type index struct {
	rows  map[protocol.Ref]*row
	order []*row // by row.compare
}

// apply sets rows; nil removes one. It moves what stands behind the first place that changes, once.
func (x *index) apply(changes map[protocol.Ref]*row) {
	var gone []int
	var added []*row
	for ref, w := range changes {
		if old := x.rows[ref]; old != nil {
			at, _ := slices.BinarySearchFunc(x.order, old, (*row).compare)
			gone = append(gone, at)
		}
		if w == nil {
			delete(x.rows, ref)
		} else {
			x.rows[ref] = w
			added = append(added, w)
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
		clear(x.order[end:])
		x.order = x.order[:end]
	}
	slices.SortFunc(added, (*row).compare)
	end := len(x.order)
	x.order = slices.Grow(x.order, len(added))[:end+len(added)]
	for i := len(added) - 1; i >= 0; i-- {
		at, _ := slices.BinarySearchFunc(x.order[:end], added[i], (*row).compare)
		copy(x.order[at+i+1:], x.order[at:end])
		x.order[at+i] = added[i]
		end = at
	}
}

// readIndex makes the index of all live cases.
func (b *buckets) readIndex(numbers map[uint32]*member) (index, error) {
	x := index{rows: map[protocol.Ref]*row{}}
	type job struct {
		at  place
		raw []byte // lent by the disk until the transaction ends
	}
	jobs := make(chan []job, 4)
	made := make(chan []*row, 4)
	g := new(errgroup.Group)
	g.Go(func() error {
		defer close(jobs)
		var some []job
		c := b.log.Cursor()
		for k, raw := c.First(); k != nil; k, raw = c.Next() {
			if some = append(some, job{placeOf(k), raw}); len(some) == indexStep {
				jobs <- some
				some = nil
			}
		}
		jobs <- some
		return nil
	})
	readers := new(errgroup.Group)
	for range runtime.GOMAXPROCS(0) {
		readers.Go(func() (err error) {
			for some := range jobs {
				rows := make([]*row, 0, len(some))
				for _, j := range some {
					r, bad := protocol.Reopen(j.raw)
					switch {
					case bad != nil:
						err = fmt.Errorf("read record at epoch %d, seq %d of origin %d: %w", j.at.epoch, j.at.seq, j.at.short, bad)
					case r.Type() == protocol.TypeCase:
						rows = append(rows, newRow(numbers[j.at.short], r))
					}
				}
				made <- rows
			}
			return err
		})
	}
	g.Go(func() error {
		defer close(made)
		return readers.Wait()
	})
	for rows := range made {
		for _, w := range rows {
			x.rows[w.ref] = w
			x.order = append(x.order, w)
		}
	}
	slices.SortFunc(x.order, (*row).compare)
	return x, g.Wait()
}

// indexStep is how many records one reader takes at a time.
const indexStep = 1024

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

// Query says which cases List is to return. A zero field asks nothing.
type Query struct {
	// Network asks for the cases of other countries; otherwise our own.
	Network bool
	// Country is the ISO code of the member whose case it is.
	Country string
	Sex     protocol.Sex
	Kind    protocol.Kind
	// AgeMin and AgeMax are whole years of age now. A case matches when a child may be of such an age, and of Sex.
	AgeMin, AgeMax int
	// Year is the one in which the child went missing, or was found.
	Year int
	// Text is looked for in names, other names, number, locality and area: each of its words must stand in one of them,
	// whatever case and accents.
	Text string
	// Offset and Limit choose the page; Limit 0 only counts.
	Offset, Limit int
}

// match is a Query made ready.
type match struct {
	Query
	own   protocol.Origin
	words []string
	clock protocol.Clock
}

func (q *match) fits(w *row) bool {
	if (w.of.origin == q.own) == q.Network || q.Kind != "" && w.kind != q.Kind || q.Year != 0 && int(w.since.Year) != q.Year ||
		q.Country != "" && (w.of.Card == nil || w.of.Card.Country != q.Country) {
		return false
	}
	if !w.of.shows(w.review, q.clock) {
		return false
	}
	for _, word := range q.words {
		if !strings.Contains(w.text, word) {
			return false
		}
	}
	if q.Sex == "" && q.AgeMin == 0 && q.AgeMax == 0 {
		return true
	}
	return slices.ContainsFunc(w.kids, func(k kid) bool { return q.fitsKid(w, k) })
}

func (q *match) fitsKid(w *row, k kid) bool {
	if q.Sex != "" && k.sex != q.Sex {
		return false
	}
	if q.AgeMin == 0 && q.AgeMax == 0 {
		return true
	}
	child := protocol.Child{BirthYear: k.born, Age: k.age}
	min, max, ok := child.AgeNow(w.since, q.clock.Now)
	return ok && max >= q.AgeMin && (q.AgeMax == 0 || min <= q.AgeMax)
}
