package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	dbName    = "gmcn.db"
	newSuffix = ".new" // of a file that is to replace the one before it
)

// database is the bbolt file, which Compact replaces while others read.
type database struct{ atomic.Pointer[bbolt.DB] }

func openDB(path string) (*bbolt.DB, error) {
	return bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
}

// View reads within one transaction. It calls read again when the file was replaced, or a key that read came to was
// overwritten, since the transaction began; read must then begin anew.
func (d *database) View(read func(*bbolt.Tx) error) error {
	last := -1
	for {
		db, id := d.Load(), -1
		err := db.View(func(tx *bbolt.Tx) error {
			id = tx.ID()
			return read(tx)
		})
		switch {
		case errors.Is(err, bolterrors.ErrDatabaseNotOpen) && d.Load() != db:
		case errors.Is(err, errShredded) && id != last:
			last = id
		default:
			return err
		}
	}
}

// Update changes the file within one transaction. The caller holds Store.write.
func (d *database) Update(do func(*bbolt.Tx) error) error { return d.Load().Update(do) }

// Close waits for the transactions that are under way.
func (d *database) Close() error { return d.Load().Close() }

// compactStep is how much Compact copies in one transaction, in bytes.
const compactStep = 1 << 20

// Compact writes the database into a new file, without the pages that deleted rows have left, and puts that into the
// place of the old one. Readers go on meanwhile, changes wait. A crash leaves the old file or the new one, whole. When
// ctx ends first, nothing is changed.
func (s *Store) Compact(ctx context.Context) error {
	s.write.Lock()
	defer s.write.Unlock()
	path := filepath.Join(s.dir, dbName)
	if err := removeIfThere(path + newSuffix); err != nil {
		return fmt.Errorf("compact store: %w", err)
	}
	db, err := openDB(path + newSuffix)
	if err != nil {
		return fmt.Errorf("compact store: %w", err)
	}
	db.NoSync = true
	err = s.db.View(func(tx *bbolt.Tx) error { return copyBuckets(ctx, db, tx) })
	db.NoSync = false
	if err == nil {
		err = db.Sync()
	}
	if err == nil {
		err = os.Rename(path+newSuffix, path)
	}
	if err != nil {
		return fmt.Errorf("compact store: %w", errors.Join(err, db.Close(), removeIfThere(path+newSuffix)))
	}
	old := s.db.Swap(db)
	if err := errors.Join(old.Close(), syncFolder(s.dir)); err != nil {
		return fmt.Errorf("compact store: %w", err)
	}
	return nil
}

// copyBuckets copies all rows to an empty file.
func copyBuckets(ctx context.Context, to *bbolt.DB, from *bbolt.Tx) error {
	out, err := to.Begin(true)
	if err != nil {
		return err
	}
	defer func() { out.Rollback() }()
	size := 0
	err = from.ForEach(func(name []byte, b *bbolt.Bucket) error {
		into, err := out.CreateBucket(name)
		if err != nil {
			return err
		}
		into.FillPercent = 0.95
		return b.ForEach(func(k, v []byte) error {
			if size += len(k) + len(v); size > compactStep {
				size = 0
				if err := errors.Join(ctx.Err(), out.Commit()); err != nil {
					return err
				}
				next, err := to.Begin(true)
				if err != nil {
					return err
				}
				out, into = next, next.Bucket(name)
				into.FillPercent = 0.95
			}
			return into.Put(k, v)
		})
	})
	if err != nil {
		return err
	}
	return errors.Join(ctx.Err(), out.Commit())
}
