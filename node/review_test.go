package node

import (
	"errors"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// TestReview: a case that nobody confirms hides itself everywhere, on the own site too; renewed, it is back as it was.
func TestReview(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const review = 10 * 24 * time.Hour
		w := newWorld(t, 3, func(_ int, cfg *Config) { cfg.Review = review })
		defer w.close()
		w.startAll()
		time.Sleep(3 * time.Second)
		n := w.nodes[0]
		r := w.publish(0, "kept")
		other := w.publish(0, "closed")
		if _, err := n.CloseCase(other.Header().Case, "returned"); err != nil {
			t.Fatal(err)
		}
		id := r.Header().Case
		w.until(2*time.Second, "the case is everywhere", w.everywhere(w.shows, r))
		if got := time.Until(n.ReviewBy(id)); got > review || got < review-time.Minute {
			t.Errorf("to be reviewed in %s, want %s", got, review)
		}
		due, err := n.Due()
		if err != nil || len(due) != 1 || due[0].Draft.ID != id || due[0].Over(time.Now()) {
			t.Fatalf("due: %+v, %v; want the one case, not yet over", due, err)
		}
		// The officer is in the middle of a change that nobody else may see yet.
		d, err := n.Draft(id)
		if err != nil {
			t.Fatal(err)
		}
		d.Case.Children[0].Name = "half-written"
		if err := n.SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		for i := range w.nodes { // the simulated network is too dear for ten days
			w.stops[i]()
		}
		time.Sleep(review)
		if w.shows(0, r) || w.shows(1, r) {
			t.Error("shown past its review")
		}
		if due, err := n.Due(); err != nil || len(due) != 1 || !due[0].Over(time.Now()) {
			t.Errorf("due: %+v, %v; want the case, over", due, err)
		}
		w.run()
		w.writes(0)
		again, err := n.Renew(id)
		if err != nil {
			t.Fatal(err)
		}
		if h := again.Header(); h.Rev != 2 || again.Case().Children[0].Name != "kept" || h.ReviewBy.Sub(h.At) != review {
			t.Errorf("renewed as revision %d of %s, to be reviewed after %s", h.Rev, again.Case().Children[0].Name, h.ReviewBy.Sub(h.At))
		}
		w.until(5*time.Minute, "the case is everywhere again", w.everywhere(w.shows, again))
		if d, err := n.Draft(id); err != nil || !d.Dirty || d.PublishedRev != 2 || d.Case.Children[0].Name != "half-written" {
			t.Errorf("the draft is %+v, %v; want the officer's changes kept", d, err)
		}
		if _, err := n.Renew(other.Header().Case); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("renewing a closed case: %v", err)
		}
	})
}

func TestReviewPeriodHasLimits(t *testing.T) {
	for _, d := range []time.Duration{protocol.MinReview - 1, protocol.MaxReview + 1} {
		if n, err := Open(Config{Dir: t.TempDir(), Review: d}); err == nil {
			n.Close()
			t.Errorf("a review period of %s was taken", d)
		}
	}
}
