package node

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// TestPullsShareBlocks: each block is asked for once, unless who asked for it does not get it.
func TestPullsShareBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := shares{of: map[shareKey]*sharedLog{}}
		one, leaveOne := s.enter(protocol.Origin{1}, 1, []uint64{9, 8, 7, 6, 5})
		two, leaveTwo := s.enter(protocol.Origin{1}, 1, []uint64{9, 8, 7, 6, 5, 4})
		other, leaveOther := s.enter(protocol.Origin{1}, 2, []uint64{9})
		asks := func(who *share, wait time.Duration, want ...uint64) {
			t.Helper()
			if ask, after := who.next(2); !slices.Equal(ask, want) || after != wait {
				t.Errorf("asks for %d after %s, not for %d after %s", ask, after, want, wait)
			}
		}
		asks(one, 0, 9, 8)
		time.Sleep(time.Second)
		asks(two, shareWait-time.Second, 7, 6) // 5 and 4 are left
		asks(other, 0, 9)
		asks(one, shareWait, 5)
		one.done([]uint64{9, 5})
		asks(two, shareWait-time.Second, 4)
		asks(two, shareWait-time.Second)
		time.Sleep(shareWait - time.Second) // one is slow
		asks(two, 0, 8)
		two.done([]uint64{8, 7, 4})
		asks(one, time.Second)
		leaveTwo() // with 6 not there
		asks(one, 0, 6)
		asks(one, 0)
		leaveOne()
		leaveOther()
		if len(s.of) > 0 {
			t.Error("something stays behind")
		}
	})
}

// TestJoiningManyCostsOnce: who joins a network gets each block once, though all members offer it. One that falls silent
// while it is asked for blocks holds up nobody for long.
func TestJoiningManyCostsOnce(t *testing.T) {
	if raceEnabled {
		t.Skip("signs twenty thousand records")
	}
	bubble(t, func(t *testing.T) {
		const records, joins, joinsLate = 21 * protocol.BlockSize, 3, 4
		w := newWorld(t, 5, quiet)
		defer w.close()
		signMany(t, w.nodes[0], records)
		size := sizeOf(t, w.nodes[0], 0)
		join := func(i int) {
			start := time.Now()
			w.start(i)
			w.until(2*time.Minute, "joined", func() bool { return w.peer(i, 0).State == protocol.Fresh })
			in := int64(0)
			for j := range i {
				in += w.nodes[i].metrics.traffic.of(w.peerID(j)).in.Load()
			}
			took := time.Since(start)
			t.Logf("%d kB of records in %d kB and %s", size>>10, in>>10, took)
			if i == joins && took > shareWait/2 {
				t.Errorf("joined after %s: pulls wait for each other", took)
			}
			if in > size*6/5 {
				t.Errorf("%d bytes came for %d of records", in, size)
			}
		}
		for i := range joins {
			w.start(i)
		}
		w.until(5*time.Minute, "the others hold it", func() bool { return w.peer(1, 0).State == protocol.Fresh && w.peer(2, 0).State == protocol.Fresh })
		join(joins)
		ctx := w.nodes[0].mesh.Load().ctx
		w.lies(0, joinsLate, func(f *protocol.Frame) *protocol.Frame {
			if f.Recs != nil {
				sleep(ctx, pullTime)
			}
			return f
		})
		join(joinsLate)
	})
}
