package node

import (
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// TestASlowClockHidesWhatItCannotTell sets one clock of four an hour back: its owner is told, and nothing of other
// countries is shown there until the clock is right again; a lease does not go on by it.
func TestASlowClockHidesWhatItCannotTell(t *testing.T) {
	inWorld(t, 4, func(_ int, cfg *Config) { cfg.Lease = protocol.MinLease }, func(t *testing.T, w *world) {
		r, own := w.publish(0, randomName()), w.publish(1, randomName())
		w.until(10*time.Second, "everywhere", w.everywhere(w.shows, r, own))
		alarmed := func(i int) bool { return w.alarmed(i, AlarmClock, i) }
		w.setClock(1, -time.Hour)
		if w.shows(1, r) || !w.alarmed(1, AlarmClockHides, 1) || alarmed(1) {
			t.Errorf("an hour behind: shown %t, alarms %+v", w.shows(1, r), w.nodes[1].Alarms())
		}
		if !w.shows(1, own) {
			t.Error("our own case depends on a clock")
		}
		w.setClock(1, -20*time.Minute)
		w.until(15*time.Minute, "20 minutes behind is corrected by the heads of others", func() bool {
			return w.shows(1, r) && alarmed(1) && !w.alarmed(1, AlarmClockHides, 1) && time.Since(w.nodes[1].Clock().Now) < 11*time.Minute
		})
		w.setClock(1, protocol.MinLease+time.Minute)
		if w.shows(1, r) || !w.shows(2, r) {
			t.Error("a clock a day ahead hides others' cases here and nowhere else")
		}
		w.setClock(1, 0)
		if !w.shows(1, r) || alarmed(1) {
			t.Errorf("right again: shown %t, alarm %t", w.shows(1, r), alarmed(1))
		}
		w.publishEverywhere(1)
	})
}

// TestAHeadOfAFastClockIsReplaced: an owner whose clock was fast signs, when it is right again, heads that are dated before
// those that are held of it. They are fetched and verified all the same.
func TestAHeadOfAFastClockIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, quiet)
		defer w.close()
		w.setClock(0, protocol.MaxAhead-time.Minute)
		w.startAll()
		first := w.publish(0, randomName())
		equal := func(a, b int) bool {
			v, err := w.nodes[a].store.Verified(w.nodes[b].Origin())
			own, failed := w.nodes[b].store.LogState(w.nodes[b].Origin())
			return err == nil && failed == nil && v.Root == own.Root
		}
		w.until(5*time.Minute, "verified", func() bool { return w.shows(1, first) && w.shows(2, first) && equal(1, 0) && equal(2, 0) })
		w.setClock(0, 0)
		next := w.publish(0, randomName())
		w.until(5*time.Minute, "shown and verified", func() bool { return w.shows(1, next) && w.shows(2, next) && equal(1, 0) && equal(2, 0) })
	})
}
