package store

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Live returns the newest record of a live case of our own, whether or not it is past its review; protocol.ErrClosed or
// fs.ErrNotExist when there is none.
func (s *Store) Live(id protocol.CaseID) (r *protocol.Record, err error) {
	ref := protocol.RefOf(s.own, id)
	err = s.view(func(b *buckets) error {
		v := b.cases.Get(ref[:])
		switch {
		case v != nil:
			r, err = b.read(liveCaseOf(v).place)
			return err
		case b.dead.Get(ref[:]) != nil:
			return protocol.ErrClosed
		}
		return fs.ErrNotExist
	})
	if err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	return r, nil
}

// ReviewBy returns when a live case of our own hides itself unless it is renewed; zero when there is no such case.
func (s *Store) ReviewBy(id protocol.CaseID) time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if w := s.index.rows[protocol.RefOf(s.own, id)]; w != nil {
		return time.UnixMilli(w.review)
	}
	return time.Time{}
}
