package node

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// ReviewSoon is how long before a case hides itself its officers are reminded.
const ReviewSoon = 14 * 24 * time.Hour

// Due is a public case of ours that somebody must confirm or close.
type Due struct {
	Draft *store.Draft
	// ReviewBy is when it hides itself everywhere, our own site included, or has.
	ReviewBy time.Time
}

// Over says whether the case is hidden already.
func (d Due) Over(now time.Time) bool { return !d.ReviewBy.After(now) }

// Due returns our public cases that are hidden for want of a review or will be within ReviewSoon, the most urgent first.
func (n *Node) Due() ([]Due, error) {
	drafts, err := n.store.Drafts()
	if err != nil {
		return nil, err
	}
	limit := n.now().Add(ReviewSoon)
	var all []Due
	for _, d := range drafts {
		if by := n.store.ReviewBy(d.ID); !by.IsZero() && !by.After(limit) {
			all = append(all, Due{d, by})
		}
	}
	slices.SortFunc(all, func(a, b Due) int {
		return cmp.Or(a.ReviewBy.Compare(b.ReviewBy), slices.Compare(a.Draft.ID[:], b.Draft.ID[:]))
	})
	return all, nil
}

// ReviewBy returns when a public case of ours hides itself; zero when it is not public.
func (n *Node) ReviewBy(id protocol.CaseID) time.Time { return n.store.ReviewBy(id) }

// Renew confirms a public case: what is public is published again as it is, without what the draft has changed since, for
// another review period. A case that had hidden itself is shown again. Errors: fs.ErrNotExist, protocol.ErrClosed,
// protocol.Problems when what is public may not be published any more, as the draft will say too, and ErrWaiting when it
// is confirmed on our own site and signed later.
func (n *Node) Renew(id protocol.CaseID) (*protocol.Record, error) {
	r, err := n.renew(id)
	if errors.Is(err, ErrWaiting) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("renew case %s: %w", id, err)
	}
	n.changed(r)
	return r, nil
}

func (n *Node) renew(id protocol.CaseID) (*protocol.Record, error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	now := n.now()
	reviewBy := now.Add(n.cfg.Review)
	w, err := n.store.Wish(id)
	switch {
	case err == nil && w.Kind == store.WishPublish:
		w.ReviewBy = reviewBy
		return nil, n.keepWish(*w)
	case err == nil && w.Kind == store.WishClose:
		return nil, protocol.ErrClosed
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	r, err := n.signRenewal(id, reviewBy)
	if !errors.Is(err, ErrWaiting) {
		return r, err
	}
	live, err := n.store.Live(id)
	if err == nil {
		err = n.tryCase(id, protocol.Entry{Case: live.Case(), Members: live.Members(), Photos: live.Photos()}, reviewBy)
	}
	if err != nil {
		return nil, err
	}
	return nil, n.keepWish(store.Wish{Kind: store.WishRenew, ID: id, At: now, ReviewBy: reviewBy})
}
