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
	err = s.viewCases(func(b *buckets) error {
		if b.isClosed(ref) {
			return protocol.ErrClosed
		}
		if r, err = b.readLive(ref); err == nil && r == nil {
			return fs.ErrNotExist
		}
		return err
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
	if l, ok := s.index.find(protocol.RefOf(s.own, id)); ok && !l.hidden() {
		return time.UnixMilli(l.review())
	}
	return time.Time{}
}
