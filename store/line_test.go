package store

import (
	"slices"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

func TestLineTellsWhatTheRowSays(t *testing.T) {
	w := &row{ref: protocol.Ref{1, 2, 15: 16}, of: &member{short: 0x01020304}, epoch: 1 << 60, seq: 1<<61 + 5, rev: 1<<62 + 6, urgent: true,
		hidden: true, kind: 3, at: -7, review: -8, since: protocol.Date{Year: 0x0102, Month: 11, Day: 30},
		kids: []kid{{1, 2, 0x0304, 0x0506, 0x0708}, {9, 10, 0x0b0c, 0x0d0e, 0x0f10}}, text: "lea\x00zoe"}
	l := w.line()
	if l.ref() != w.ref || l.short() != w.of.short || l.live() != (liveCase{place{w.of.short, w.epoch, w.seq}, w.rev}) {
		t.Errorf("ref %s, origin %d, live %+v", l.ref(), l.short(), l.live())
	}
	if l.review() != w.review || l.since() != w.since || !l.hidden() || l.kind() != w.kind || l.text() != w.text {
		t.Errorf("review %d, since %v, hidden %t, kind %d, text %q", l.review(), l.since(), l.hidden(), l.kind(), l.text())
	}
	if l.kids() != 2 || l.kid(0) != w.kids[0] || l.kid(1) != w.kids[1] {
		t.Errorf("%d children, %+v, %+v", l.kids(), l.kid(0), l.kid(1))
	}
	w.hidden, w.kids, w.text = false, nil, ""
	if l := w.line(); l.hidden() || l.kids() != 0 || l.text() != "" {
		t.Errorf("hidden %t, %d children, text %q", l.hidden(), l.kids(), l.text())
	}
}

// TestLinesAreOrderedAsTheyAreShown holds the order against rows: urgent ones last, then the newest, then the least Ref.
func TestLinesAreOrderedAsTheyAreShown(t *testing.T) {
	var sorted []line
	for _, urgent := range []bool{false, true} {
		for _, at := range []int64{-1 << 63, -256, -1, 0, 1, 255, 256, 1<<63 - 1} {
			for _, ref := range []protocol.Ref{{2}, {1, 1}, {1}} {
				w := &row{ref: ref, of: &member{}, urgent: urgent, at: at}
				sorted = append(sorted, w.line())
			}
		}
	}
	if !slices.IsSortedFunc(sorted, line.compare) {
		t.Error("lines are in another order")
	}
	if sorted[0].compare(sorted[0]) != 0 || sorted[0].compare(sorted[1]) >= 0 || sorted[1].compare(sorted[0]) <= 0 {
		t.Error("a line is not itself, or no two differ")
	}
}
