package store

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// TestReadersMeetNoShreddedKey reads while cases are revised and taken down and the database is compacted and keys are
// replaced: a reader sees a case as it was or as it is.
func TestReadersMeetNoShreddedKey(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, _ := newPhoto("one")
	var ids []protocol.CaseID
	for range 20 {
		ids = append(ids, protocol.NewCaseID())
		must(t, s.Put(xb.publish(ids[len(ids)-1], withPhotos(p))))
	}
	must(t, s.PutPhoto(p.File.Cid, file))
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if _, err := s.Public().Case(xb.ref(ids[i%len(ids)])); err != nil && !errors.Is(err, ErrGone) {
					t.Errorf("case: %v", err)
				}
				if _, err := s.Public().Photo(p.File.Cid); err != nil && !errors.Is(err, ErrGone) {
					t.Errorf("photo: %v", err)
				}
				if _, _, err := s.Public().List(Query{Network: true, Limit: 30}); err != nil {
					t.Errorf("list: %v", err)
				}
				last := uint64(1 << 60)
				if err := s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(seq uint64, _ []byte) error {
					if seq >= last {
						t.Errorf("walk: %d after %d", seq, last)
					}
					last = seq
					return nil
				}); err != nil {
					t.Errorf("walk: %v", err)
				}
				if _, err := s.Drafts(); err != nil {
					t.Errorf("drafts: %v", err)
				}
				reads.Add(1)
			}
		})
	}
	for round := range 60 {
		must(t, s.Put(xb.publish(ids[round%len(ids)], withPhotos(p))))
		must(t, s.SaveDraft(&Draft{ID: protocol.CaseID{byte(round % 5), 1}}))
		if round%10 == 0 {
			must(t, s.Compact(t.Context()))
			s.write.Lock()
			must(t, s.keys.replace())
			s.write.Unlock()
		}
	}
	for _, id := range ids {
		must(t, s.Put(xb.takedown(id)))
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d rounds of reads", reads.Load())
}

func TestCompactKeepsEverythingAndGivesBackTheRest(t *testing.T) {
	s, _, xb := twoCountries(t)
	var records []*protocol.Record
	for range 3000 {
		records = append(records, xb.publish(protocol.NewCaseID(), nil))
	}
	_, err := s.PutAll(records)
	must(t, err)
	kept := records[len(records)-1]
	must(t, s.change(func(c *change) error {
		for _, r := range records[:len(records)-1] {
			if _, err := c.put(xb.takedown(r.Header().Case)); err != nil {
				return err
			}
		}
		return nil
	}))
	info := func() int64 {
		i, err := os.Stat(filepath.Join(s.dir, dbName))
		must(t, err)
		return i.Size()
	}
	before, _ := s.LogState(xb.origin())
	large := info()
	must(t, os.WriteFile(filepath.Join(s.dir, dbName+newSuffix), []byte("left by a crash"), 0o600))
	must(t, s.Compact(t.Context()))
	if after, _ := s.LogState(xb.origin()); after != before || info() >= large {
		t.Errorf("log %+v, was %+v; %d bytes, were %d", after, before, info(), large)
	}
	must(t, s.Check())
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	must(t, os.WriteFile(filepath.Join(s.dir, dbName+newSuffix), []byte("left by a crash"), 0o600))
	s = reopen(t, s)
	if _, err := s.Public().Case(kept.Header().Ref()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*"+newSuffix)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
