package node

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAWideBudgetIsFull: a member may read all that we hold twice at once, even if it has read before, when there was less;
// only then does it wait.
func TestAWideBudgetIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		takes := func(cost int, want time.Duration) {
			t.Helper()
			start := time.Now()
			if err := spend(t.Context(), b.reads, cost); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took < want-time.Second || took > want+time.Second {
				t.Errorf("%d records in %s, and not in %s", cost, took, want)
			}
		}
		b.widen(b.reads, readRate, readBurst, 0)
		takes(readBurst, 0)
		b.widen(b.reads, readRate, readBurst, 1_000_000)
		takes(2_000_000, 0)
		b.widen(b.reads, readRate, readBurst, 1_000_000)
		takes(100*readRate, 42*time.Second) // at 200 a second, and a million an hour
		b.widen(b.reads, readRate, readBurst, 500_000)
		time.Sleep(24 * time.Hour)
		takes(readBurst+1_000_000, 0)
		takes(100*readRate, 59*time.Second)
	})
}
