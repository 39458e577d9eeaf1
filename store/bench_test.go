package store

import (
	"flag"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// filled returns a store of XA with n cases of XB, and the cases.
func filled(b *testing.B, n int) (*Store, []*protocol.Record) {
	b.Helper()
	s, _, xb := twoCountries(b)
	records := make([]*protocol.Record, n)
	for i := range records {
		records[i] = xb.publish(protocol.NewCaseID(), nil)
	}
	for i := 0; i < n; i += 1000 {
		if _, err := s.PutAll(records[i:min(i+1000, n)]); err != nil {
			b.Fatal(err)
		}
	}
	return s, records
}

func rawStore(b *testing.B) *bbolt.DB {
	b.Helper()
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "raw.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	must(b, db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("log")); return err }))
	return db
}

func rawPut(db *bbolt.DB, records []*protocol.Record) error {
	return db.Update(func(tx *bbolt.Tx) error {
		log := tx.Bucket([]byte("log"))
		log.FillPercent = 0.95
		for _, r := range records {
			if err := log.Put(place{1, 1, r.Header().Seq}.key(), r.Bytes()); err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkPutAll stores records with one photo each, 1000 a transaction, beside raw bbolt that stores their bytes.
func BenchmarkPutAll(b *testing.B) {
	const batch = 1000
	xb := newCountry(b, "XB")
	records := make([]*protocol.Record, 20*batch)
	for i := range records {
		p, _, _ := newPhoto(fmt.Sprint(i))
		records[i] = xb.publish(protocol.NewCaseID(), withPhotos(p))
	}
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			xa := newCountry(b, "XA")
			s, err := Open(b.TempDir(), xa.origin())
			must(b, err)
			must(b, s.SetMember(xb.card, protocol.Active, time.Now()))
			b.StartTimer()
			for i := 0; i < len(records); i += batch {
				_, err := s.PutAll(records[i : i+batch])
				must(b, err)
			}
			b.StopTimer()
			must(b, s.Close())
			b.StartTimer()
		}
		b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("bbolt", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			db := rawStore(b)
			b.StartTimer()
			for i := 0; i < len(records); i += batch {
				must(b, rawPut(db, records[i:i+batch]))
			}
		}
		b.ReportMetric(float64(len(records)*b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkPut stores records one by one, from one caller and from 64 at once, beside raw bbolt.
func BenchmarkPut(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("store/%d", writers), func(b *testing.B) {
			s, _, xb := twoCountries(b)
			records := make([]*protocol.Record, b.N)
			for i := range records {
				records[i] = xb.publish(protocol.NewCaseID(), nil)
			}
			var next atomic.Int64
			var wg sync.WaitGroup
			b.ResetTimer()
			for range writers {
				wg.Go(func() {
					for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
						must(b, s.Put(records[i]))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
		})
	}
	b.Run("bbolt/1", func(b *testing.B) {
		db, xb := rawStore(b), newCountry(b, "XB")
		records := make([]*protocol.Record, b.N)
		for i := range records {
			records[i] = xb.publish(protocol.NewCaseID(), nil)
		}
		b.ResetTimer()
		for i := range records {
			must(b, rawPut(db, records[i:i+1]))
		}
	})
}

// BenchmarkCase reads cases as a page does, beside raw bbolt that finds the bytes.
func BenchmarkCase(b *testing.B) {
	s, records := filled(b, 20000)
	pub := s.Public()
	b.Run("store", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := pub.Case(records[i*7919%len(records)].Header().Ref()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("reopen", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := protocol.Reopen(records[i*7919%len(records)].Bytes()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bbolt", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			s.db.View(func(tx *bbolt.Tx) error {
				if tx.Bucket([]byte("log")).Get(place{2, 1, records[i*7919%len(records)].Header().Seq}.key()) == nil {
					b.Fatal("not there")
				}
				return nil
			})
		}
	})
}

func BenchmarkList(b *testing.B) {
	s, _ := filled(b, 100000)
	for name, q := range map[string]Query{
		"all": {Network: true, Limit: 24}, "text": {Network: true, Text: "Sol 777 lind", Limit: 24},
		"age": {Network: true, AgeMin: 10, AgeMax: 14, Sex: "female", Limit: 24}, "none": {Network: true, Text: "qqq", Limit: 24},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, _, err := s.Public().List(q); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			must(b, s.load())
		}
	})
}

var benchRecords = flag.Int("records", 20_000, "how many cases the store of BenchmarkOpen has")

// BenchmarkOpen opens a store of -records cases, and says how much memory it holds.
func BenchmarkOpen(b *testing.B) {
	const batch = 8192
	dir, xa, xb := b.TempDir(), newCountry(b, "XA"), newCountry(b, "XB")
	s, err := Open(dir, xa.origin())
	must(b, err)
	must(b, s.SetMember(xb.card, protocol.Active, time.Now()))
	for n := 0; n < *benchRecords; n += batch {
		records := make([]*protocol.Record, min(batch, *benchRecords-n))
		for i := range records {
			records[i] = xb.publish(protocol.NewCaseID(), nil)
		}
		_, err := s.PutAll(records)
		must(b, err)
	}
	must(b, s.Close())
	s = nil
	heap := func() float64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what finalizers held
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	for b.Loop() {
		s, err = Open(dir, xa.origin())
		must(b, err)
		b.StopTimer()
		b.ReportMetric((heap()-before)/float64(*benchRecords), "bytes/case")
		must(b, s.Close())
		s = nil
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/1000/float64(b.N**benchRecords), "us/case")
}
