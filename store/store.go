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
const schema = 3

// ErrDamaged says that what is on the disk is not what was put there.
var ErrDamaged = errors.New("the store is damaged")

// Store is an open store.
type Store struct {
	dir      string
	own      protocol.Origin
	instance [16]byte
	db       database
	keys     *keys
	now      func() time.Time

	queueMu sync.Mutex
	queue   []*waiting // records that wait for the next transaction

	// write is held through a change: the transaction, and what follows it in memory and among the photo files.
	write sync.Mutex
	// Guarded by write: slots that no row names any more and that hold a key still, slots of a transaction of which the
	// disk did not say whether it was committed, and whether the reserve has been given to takedowns.
	unshredded, limbo []uint32
	full              bool

	// mu guards what follows. Who changes it holds write too, so that the holder of write may read without mu.
	mu      sync.RWMutex
	members map[protocol.Origin]*member
	numbers map[uint32]*member
	index   index
	changes uint64 // of the index
	wanted  wanted
	loose   map[digest]time.Time // files that nothing refers to, and when they came
	times   []time.Time          // of the newest heads, for Clock

	asked asked
}

// Open opens the store in dir, or makes it there, and finishes the purges that a crash cut short. own is this node's
// member.
func Open(dir string, own protocol.Origin) (*Store, error) { return OpenAt(dir, own, time.Now) }

// OpenAt is Open on a machine whose clock says now, right or wrong.
func OpenAt(dir string, own protocol.Origin, now func() time.Time) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "photos"), 0o700); err != nil {
		return nil, fmt.Errorf("make store: %w", err)
	}
	db, err := openDB(filepath.Join(dir, dbName))
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("another gmcn uses %s; stop it first", dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", dir, err)
	}
	s := &Store{dir: dir, own: own, now: now, asked: asked{wake: make(chan struct{}, 1)}}
	s.db.Store(db)
	for _, step := range []func() error{s.prepare, s.load, s.settle} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("open store %s: %w", dir, errors.Join(err, s.closeFiles()))
		}
	}
	return s, nil
}

func (s *Store) closeFiles() error {
	err := s.db.Close()
	if s.keys != nil {
		err = errors.Join(err, s.keys.close())
	}
	return err
}

// Close closes the store when the change that is under way has ended. Nothing works afterwards.
func (s *Store) Close() error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.closeFiles(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Instance returns 16 random bytes that were drawn when the store was made.
func (s *Store) Instance() [16]byte { return s.instance }

// Public returns the part of the store that pages may reach.
func (s *Store) Public() *Public { return &Public{s} }

// prepare makes the buckets and the keys of a new store, and refuses a store that is not ours.
func (s *Store) prepare() error {
	err := s.db.Update(func(tx *bbolt.Tx) error {
		meta := tx.Bucket([]byte("meta"))
		var err error
		if s.keys, err = openKeys(s.dir, meta == nil); meta != nil {
			switch v := binary.BigEndian.Uint32(meta.Get([]byte("schema"))); {
			case v > schema:
				return fmt.Errorf("a newer gmcn wrote it (schema %d, this program knows %d): install that version again, or restore a backup made by this one", v, schema)
			case v < schema:
				return fmt.Errorf("a trial version of gmcn wrote it in another form (schema %d, this program knows %d): make a new data folder", v, schema)
			}
			if own := meta.Get([]byte("own")); !bytes.Equal(own, s.own[:]) {
				return fmt.Errorf("it belongs to member %s, and the keys here are of %s: use the data folder that goes with these keys", protocol.Origin(own), s.own)
			}
			s.instance = [16]byte(meta.Get([]byte("instance")))
			return errors.Join(err, makeBuckets(tx)) // those that came after the schema
		}
		if err != nil {
			return err
		}
		rand.Read(s.instance[:])
		if err := makeBuckets(tx); err != nil {
			return err
		}
		meta = tx.Bucket([]byte("meta"))
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
	return s.view(func(b *buckets) error {
		var err error
		if s.members, s.numbers, err = b.readMembers(s.own); err != nil {
			return err
		}
		s.tellTime()
		if b.key, err = s.keys.inMemory(); err != nil {
			return err
		}
		s.index, err = b.readIndex(s.members[s.own], s.numbers)
		return err
	})
}

var bucketNames = []string{"meta", "origins", "members", "heads", "verified", "places", "log", "digests", "blocks", "dead",
	"gone", "marks", "photos", "doomed", "drafts", "wishes", "closed", "pairings", "receipts", "cards", "equals",
	"purging", "held", "recent", "void", "strays", "ghosts", "forks", "extends"}

// buckets are the buckets within a transaction.
type buckets struct {
	origins, members, heads, verified, places, log, digests, blocks, dead, gone, marks, photos, doomed, drafts, closed bucket
	meta, wishes, pairings, receipts, cards, equals, purging, held, recent, voided, strays, ghosts, forks, extensions  bucket
	// key returns the key in a slot.
	key func(slot uint32) (fileKey, error)
	// live returns where the newest record of a live case or a stance stands.
	live func(protocol.Ref) (liveCase, bool)
}

// bucket is a bucket whose Get makes no cursor but the first. It is for one goroutine.
type bucket struct {
	*bbolt.Bucket
	cursor *bbolt.Cursor
}

func bucketOf(tx *bbolt.Tx, name string) bucket { return bucket{Bucket: tx.Bucket([]byte(name))} }

func (b *bucket) Get(key []byte) []byte {
	if b.cursor == nil {
		b.cursor = b.Cursor()
	}
	if k, v := b.cursor.Seek(key); bytes.Equal(k, key) {
		return v
	}
	return nil
}

func open(tx *bbolt.Tx) *buckets {
	at := func(name string) bucket { return bucketOf(tx, name) }
	b := &buckets{
		origins: at("origins"), members: at("members"), heads: at("heads"), verified: at("verified"), places: at("places"), log: at("log"),
		digests: at("digests"), blocks: at("blocks"), dead: at("dead"), gone: at("gone"),
		marks: at("marks"), photos: at("photos"), doomed: at("doomed"), drafts: at("drafts"), closed: at("closed"),
		meta: at("meta"), pairings: at("pairings"), receipts: at("receipts"), cards: at("cards"), equals: at("equals"),
		wishes: at("wishes"), purging: at("purging"), held: at("held"), recent: at("recent"), voided: at("void"),
		strays: at("strays"), ghosts: at("ghosts"), forks: at("forks"), extensions: at("extends"),
	}
	// These grow at the end of each origin's keys, so full pages stay full.
	b.log.FillPercent, b.digests.FillPercent = 0.95, 0.95
	return b
}

// view reads within one transaction, as database.View does: read may be called again, to begin anew.
func (s *Store) view(read func(*buckets) error) error {
	return s.db.View(func(tx *bbolt.Tx) error {
		b := open(tx)
		b.key, b.live = s.keys.key, s.live
		return read(b)
	})
}

// viewCases is view for who reads the records of live cases. It opens no more buckets than Public reads. When memory and the
// transaction may be of different times, it calls read again: when a record is not where memory says, and when memory has
// none and has changed since before the transaction, which may then not know why. The caller does not hold write.
func (s *Store) viewCases(read func(*buckets) error) error {
	view := func() (again bool, err error) {
		s.mu.RLock()
		before := s.changes
		s.mu.RUnlock()
		err = s.db.View(func(tx *bbolt.Tx) error {
			at := func(name string) bucket { return bucketOf(tx, name) }
			again = false
			live := func(ref protocol.Ref) (liveCase, bool) {
				s.mu.RLock()
				defer s.mu.RUnlock()
				l, ok := s.index.live(ref)
				again = again || !ok && s.changes != before
				return l, ok
			}
			return read(&buckets{dead: at("dead"), log: at("log"), wishes: at("wishes"), photos: at("photos"), gone: at("gone"),
				key: s.keys.key, live: live})
		})
		return again || errors.Is(err, ErrDamaged), err
	}
	for range 3 {
		if again, err := view(); !again {
			return err
		}
	}
	s.write.Lock()
	defer s.write.Unlock()
	_, err := view()
	return err
}

// live is buckets.live outside a change.
func (s *Store) live(ref protocol.Ref) (liveCase, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.index.live(ref)
}

// change is one transaction that writes, and what is to follow when it has been committed.
type change struct {
	*buckets
	s       *Store
	touched map[place]struct{} // blocks to digest again
	tally   map[protocol.Origin]numbered
	moved   map[protocol.Origin]protocol.LogPlace
	rows    map[protocol.Ref]*row       // rows of the index to set, nil to remove
	stances map[protocol.Ref]*stanceRow // the same of stances
	added   map[digest]photoInfo        // photo files that a record came to refer to
	dropped map[digest]struct{}         // photo files that something stopped referring to
	slots   map[digest]uint32           // of the keys of photo files that the change has met
	fresh   map[uint32]fileKey          // keys to write before the transaction is committed
	shred   []uint32                    // slots to overwrite after it
	bursts  map[uint32]int              // cases that an origin has taken down within the hour
	purges  bool                        // something is in the buckets purging or doomed
	repairs bool                        // the whole of what a head vouches for
	forgets *member                     // whose log is being given up, so that no head is verified by it
	ours    bool                        // it is by our own staff, not by a peer
	then    []func()                    // what else to change in memory
	plain   []byte                      // what sealLog has sealed, to be used again
}

// expect makes room for n records.
func (c *change) expect(n int) {
	c.rows, c.fresh = make(map[protocol.Ref]*row, n), make(map[uint32]fileKey, n)
}

// liveNow is buckets.live within the change.
func (c *change) liveNow(ref protocol.Ref) (liveCase, bool) {
	w, changed := c.rows[ref]
	if w != nil {
		return liveCase{place{w.of.short, w.epoch, w.seq}, w.rev}, w.seq != 0
	}
	st, taken := c.stances[ref]
	if st != nil {
		return st.liveCase, true
	}
	if changed || taken {
		return liveCase{}, false
	}
	return c.s.index.live(ref)
}

// newKey returns a new key and the slot that it will be in when the transaction is committed.
func (c *change) newKey() (uint32, fileKey) {
	var key fileKey
	rand.Read(key[:])
	slot := c.s.keys.take()
	c.fresh[slot] = key
	return slot, key
}

// keyOf returns the key in a slot, also one that is not written yet.
func (c *change) keyOf(slot uint32) (fileKey, error) {
	if key, ok := c.fresh[slot]; ok {
		return key, nil
	}
	return c.s.keys.key(slot)
}

// shredRow has the key of a row of the log overwritten after the transaction. A row in plain text has none.
func (c *change) shredRow(value []byte) {
	if slot := slotOf(value); slot != 0 {
		c.shred = append(c.shred, slot)
	}
}

// change runs one transaction. When do returns an error nothing is changed, in the file or in memory. On a full disk it
// fails until there is room for the reserve again.
func (s *Store) change(do func(*change) error) error {
	s.write.Lock()
	defer s.write.Unlock()
	if err := s.keepReserve(); err != nil {
		return err
	}
	return s.changeLocked(do)
}

func (s *Store) changeLocked(do func(*change) error) error {
	c := &change{s: s, touched: map[place]struct{}{}, tally: map[protocol.Origin]numbered{},
		moved: map[protocol.Origin]protocol.LogPlace{}, rows: map[protocol.Ref]*row{}, stances: map[protocol.Ref]*stanceRow{},
		added: map[digest]photoInfo{}, dropped: map[digest]struct{}{}, slots: map[digest]uint32{},
		fresh: map[uint32]fileKey{}, bursts: map[uint32]int{}}
	complete := false
	err := s.db.Update(func(tx *bbolt.Tx) error {
		c.buckets = open(tx)
		c.key, c.live = c.keyOf, c.liveNow
		err := do(c)
		if err == nil {
			err = c.finish()
		}
		complete = err == nil
		return err
	})
	if err != nil {
		s.takeBack(c.fresh, complete)
		return err
	}
	s.mu.Lock()
	s.changes++
	s.index.apply(c.rows)
	s.index.applyStances(c.stances)
	for d, info := range c.added {
		s.wanted.add(d, info)
		delete(s.loose, d)
	}
	for _, f := range c.then {
		f()
	}
	s.mu.Unlock()
	s.unshredded = append(append(s.unshredded, c.shred...), s.limbo...)
	s.limbo = nil
	if len(s.unshredded) > 0 || c.purges {
		// What cannot be finished now is written down: Tend and Open try again.
		_ = s.purge()
	}
	return nil
}

// takeBack makes the slots of a transaction that failed free. When it failed while it was being committed, the file may
// name them all the same until the next one has been committed.
func (s *Store) takeBack(fresh map[uint32]fileKey, committing bool) {
	to := &s.unshredded
	if committing {
		to = &s.limbo
	}
	for slot := range fresh {
		*to = append(*to, slot)
	}
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
	if err := errors.Join(c.dropLoose(), c.judgeDropped()); err != nil {
		return err
	}
	return c.s.keys.write(c.fresh)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
