package store

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gmcn/gmcn/protocol"
)

// schema is the version of the buckets that doc.go draws.
const schema = 1

// Store is an open store.
type Store struct {
	dir      string
	own      protocol.Origin
	instance [16]byte
	db       *bbolt.DB

	queueMu sync.Mutex
	queue   []*waiting // records that wait for the next transaction

	// write is held through a change: the transaction, and what follows it in memory and among the photo files.
	write sync.Mutex
	// swept are files of the bucket doomed that are off the disk; the next change forgets them. Guarded by write.
	swept []digest

	// mu guards what follows. Who changes it holds write too, so that the holder of write may read without mu.
	mu      sync.RWMutex
	members map[protocol.Origin]*member
	numbers map[uint32]*member
	index   index
	wanted  wanted
	loose   map[digest]time.Time // files that nothing refers to, and when they came
	times   []time.Time          // of the newest heads, for Clock
}

// Open opens the store in dir, or makes it there: dir/gmcn.db and dir/photos. own is this node's member.
func Open(dir string, own protocol.Origin) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "photos"), 0o700); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	db, err := bbolt.Open(filepath.Join(dir, "gmcn.db"), 0o600, &bbolt.Options{
		Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("another gmcn uses %s; stop it first", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: dir, own: own, db: db}
	for _, step := range []func() error{s.prepare, s.load, s.sweepAll} {
		if err := step(); err != nil {
			db.Close()
			return nil, fmt.Errorf("open store %s: %w", dir, err)
		}
	}
	return s, nil
}

// Close closes the store when the change that is under way has ended. Nothing works afterwards.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Instance returns 16 random bytes that were drawn when the store was made.
func (s *Store) Instance() [16]byte { return s.instance }

// Public returns the part of the store that pages may reach.
func (s *Store) Public() *Public { return &Public{s} }

// prepare makes the buckets of a new store, and refuses a store that is not ours.
func (s *Store) prepare() error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket([]byte("meta")); meta != nil {
			if v := binary.BigEndian.Uint32(meta.Get([]byte("schema"))); v > schema {
				return fmt.Errorf("a newer gmcn wrote it (schema %d, this program knows %d): install that version again, or restore a backup made by this one", v, schema)
			}
			if own := meta.Get([]byte("own")); !bytes.Equal(own, s.own[:]) {
				return fmt.Errorf("it belongs to member %s, and the keys here are of %s: use the data folder that goes with these keys", protocol.Origin(own), s.own)
			}
			s.instance = [16]byte(meta.Get([]byte("instance")))
			return makeBuckets(tx) // what an earlier gmcn did not have
		}
		rand.Read(s.instance[:])
		if err := makeBuckets(tx); err != nil {
			return err
		}
		meta := tx.Bucket([]byte("meta"))
		return errors.Join(
			meta.Put([]byte("schema"), binary.BigEndian.AppendUint32(nil, schema)),
			meta.Put([]byte("own"), s.own[:]),
			meta.Put([]byte("instance"), s.instance[:]),
			tx.Bucket([]byte("origins")).Put(s.own[:], numbered{short: 1}.value()),
		)
	})
	if err != nil {
		return err
	}
	return syncFolder(s.dir)
}

func makeBuckets(tx *bbolt.Tx) error {
	for _, name := range bucketNames {
		if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
			return fmt.Errorf("make bucket %s: %w", name, err)
		}
	}
	return nil
}

// load reads into memory what List and the members' calls answer from.
func (s *Store) load() error {
	s.loose = map[digest]time.Time{}
	return s.db.View(func(tx *bbolt.Tx) error {
		b := open(tx)
		var err error
		if s.members, s.numbers, err = b.readMembers(s.own); err != nil {
			return err
		}
		s.tellTime()
		s.index, err = b.readIndex(s.numbers)
		return err
	})
}

var bucketNames = []string{"meta", "origins", "members", "heads", "verified", "places", "log", "digests", "blocks", "cases", "dead",
	"gone", "marks", "photos", "doomed", "drafts", "closed", "pairings", "receipts", "cards", "equals"}

// buckets are the buckets within a transaction.
type buckets struct {
	origins, members, heads, verified, places, log, digests, blocks, cases, dead, gone, marks, photos, doomed, drafts, closed *bbolt.Bucket
	meta, pairings, receipts, cards, equals                                                                                   *bbolt.Bucket
}

func open(tx *bbolt.Tx) *buckets {
	at := func(name string) *bbolt.Bucket { return tx.Bucket([]byte(name)) }
	b := &buckets{
		origins: at("origins"), members: at("members"), heads: at("heads"), verified: at("verified"), places: at("places"), log: at("log"),
		digests: at("digests"), blocks: at("blocks"), cases: at("cases"), dead: at("dead"), gone: at("gone"),
		marks: at("marks"), photos: at("photos"), doomed: at("doomed"), drafts: at("drafts"), closed: at("closed"),
		meta: at("meta"), pairings: at("pairings"), receipts: at("receipts"), cards: at("cards"), equals: at("equals"),
	}
	// These grow at the end of each origin's keys, so full pages stay full.
	b.log.FillPercent, b.digests.FillPercent = 0.95, 0.95
	return b
}

// view reads within one transaction.
func (s *Store) view(read func(*buckets) error) error {
	return s.db.View(func(tx *bbolt.Tx) error { return read(open(tx)) })
}

// change is one transaction that writes, and what is to follow when it has been committed.
type change struct {
	*buckets
	s       *Store
	touched map[place]struct{} // blocks to digest again
	tally   map[protocol.Origin]numbered
	moved   map[protocol.Origin]protocol.LogPlace
	rows    map[protocol.Ref]*row // rows of the index to set, nil to remove
	added   map[digest]bool       // photo files that a record came to refer to: is it a thumbnail?
	dropped map[digest]struct{}   // photo files that something stopped referring to
	doom    []digest
	forgets *member  // whose log is being given up, so that no head is verified by it
	then    []func() // what else to change in memory
}

// change runs one transaction. When do returns an error nothing is changed, in the file or in memory.
func (s *Store) change(do func(*change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.changeLocked(do)
}

func (s *Store) changeLocked(do func(*change) error) error {
	c := &change{s: s, touched: map[place]struct{}{}, tally: map[protocol.Origin]numbered{},
		moved: map[protocol.Origin]protocol.LogPlace{}, rows: map[protocol.Ref]*row{},
		added: map[digest]bool{}, dropped: map[digest]struct{}{}}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		c.buckets = open(tx)
		if err := do(c); err != nil {
			return err
		}
		return c.finish()
	})
	if err != nil {
		return err
	}
	s.swept = nil
	s.mu.Lock()
	s.index.apply(c.rows)
	for d, thumb := range c.added {
		s.wanted.add(d, thumb)
		delete(s.loose, d)
	}
	for _, f := range c.then {
		f()
	}
	s.mu.Unlock()
	s.sweep(c.doom)
	return nil
}

// finish writes what is counted once a transaction.
func (c *change) finish() error {
	for at := range c.touched {
		if err := c.digestBlock(at); err != nil {
			return err
		}
	}
	for o, n := range c.tally {
		if err := c.origins.Put(o[:], n.value()); err != nil {
			return fmt.Errorf("count cases: %w", err)
		}
	}
	if err := c.settle(); err != nil {
		return err
	}
	for _, p := range c.moved {
		if err := c.writePlace(p); err != nil {
			return err
		}
	}
	for _, d := range c.s.swept {
		if err := c.doomed.Delete(d[:]); err != nil {
			return fmt.Errorf("forget removed photo: %w", err)
		}
	}
	return c.judgeDropped()
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
