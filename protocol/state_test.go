package protocol

import (
	"testing"
	"time"
)

func TestStateOf(t *testing.T) {
	const day = 24 * time.Hour
	at := testTime
	head := func(seq uint64, age time.Duration) *Head {
		return &Head{Seq: seq, Root: [32]byte{byte(seq)}, At: at.Add(-age), Until: at.Add(3*day - age)}
	}
	forked := head(7, 0)
	forked.Root[1] = 9
	for _, c := range []struct {
		name             string
		newest, verified *Head
		complete         bool
		want             State
	}{
		{"nothing heard", nil, nil, false, Behind},
		{"records are missing", head(7, 0), nil, false, Behind},
		{"complete by number, root unequal", head(7, 0), nil, true, Synced},
		{"verified", head(7, 0), head(7, 0), true, Fresh},
		{"verified by an earlier head of the same log", head(7, 0), head(7, 10*time.Minute), true, Fresh},
		{"the log has gone on", head(8, 0), head(7, time.Hour), false, Verified},
		{"another log of the same length", forked, head(7, time.Hour), true, Verified},
		{"just a day", head(7, day), head(7, day), true, Fresh},
		{"more than a day", head(7, day+1), head(7, day+1), true, Ageing},
		{"new heads that cannot be verified do not help", head(8, 0), head(7, 2*day), true, Ageing},
		{"lease over", head(7, 3*day), head(7, 3*day), true, Dark},
		{"new heads, and the verified lease is over", head(8, 0), head(7, 3*day), true, Dark},
		{"never verified, lease over", head(7, 3*day), nil, true, Dark},
		{"silent for a month", head(7, 33*day-1), head(7, 33*day-1), true, Dark},
		{"silent for longer", head(7, 33*day), head(7, 33*day), true, Shredded},
		{"back, and not yet verified", head(9, 0), head(7, 40*day), false, Dark},
	} {
		if got := StateOf(c.newest, c.verified, nil, c.complete, at); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	signed := func(age time.Duration) *Head {
		h := testHead()
		h.At, h.Until = at.Add(-age), at.Add(3*day-age)
		out, err := SignHead(keyOf("node"), h)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	for _, c := range []struct {
		name        string
		age, longer time.Duration
		other       bool // the extension is of another head
		want        State
	}{
		{"extended while the lease runs", 2 * day, 5 * day, false, Ageing},
		{"extended", 3 * day, day, false, Extended},
		{"the extension is over too", 4 * day, day, false, Dark},
		{"extended to the last", 33*day - time.Millisecond, MaxExtension, false, Extended},
		{"silent for longer", 33 * day, MaxExtension, false, Shredded},
		{"another head is extended", 3 * day, day, true, Dark},
	} {
		h := signed(c.age)
		x := &Extension{Head: h.ID(), Until: h.Until.Add(c.longer)}
		if c.other {
			x.Head = CIDOf(nil)
		}
		if got := StateOf(h, h, x, true, at); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestReadClock(t *testing.T) {
	local := testTime
	ago := func(minutes ...int) (all []time.Time) {
		for _, m := range minutes {
			all = append(all, local.Add(-time.Duration(m)*time.Minute))
		}
		return all
	}
	off := func(minutes ...int) (all []time.Duration) {
		for _, m := range minutes {
			all = append(all, time.Duration(m)*time.Minute)
		}
		return all
	}
	for _, c := range []struct {
		name        string
		heads       []time.Time
		peers       []time.Duration
		ahead       int // minutes by which Now stands after local
		behind      int
		alarm, hide bool
	}{
		{"alone", nil, nil, 0, 0, false, false},
		{"heads are of the past", ago(1, 3, 9, 10, 2), nil, 0, 0, false, false},
		{"two of five are fast", ago(-600, -700, 1, 2, 3), nil, 0, 0, false, false},
		{"three of five say so", ago(-600, -700, -40, 2, 3), nil, 40, 40, true, true},
		{"many old ones do not outvote the newest five", ago(-40, -41, -42, -43, -44, 5, 6, 7, 8, 9, 10), nil, 42, 42, true, true},
		{"a little slow", ago(-4, -4, -4, -4, -4), nil, 4, 4, false, false},
		{"slow", ago(-6, -6, -6, -6, -6), nil, 6, 6, true, false},
		{"the limit", ago(-30, -30, -30, -30, -30), nil, 30, 30, true, false},
		{"of two the earlier counts", ago(-60, 1), nil, 0, 0, false, false},
		{"of one it counts", ago(-60), nil, 60, 60, true, true},
		{"ahead, as greetings say", ago(1, 2, 3, 4, 5), off(-9, -10, -11), 0, -10, true, false},
		{"one greeting of three is off", nil, off(-60, 0, 0), 0, 0, false, false},
		{"behind, as greetings say: leases are told by signed heads alone", nil, off(40), 0, 40, true, false},
		{"both", ago(-10, -10, -10), off(12), 10, 12, true, false},
	} {
		got := ReadClock(local, c.heads, c.peers)
		if got.Now != local.Add(time.Duration(c.ahead)*time.Minute) || got.Behind != time.Duration(c.behind)*time.Minute || got.Alarm() != c.alarm || got.Hide != c.hide {
			t.Errorf("%s: %s later, %s behind, alarm %t, hide %t", c.name, got.Now.Sub(local), got.Behind, got.Alarm(), got.Hide)
		}
	}
}
