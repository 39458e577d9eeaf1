package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

const (
	slotsName = "keys.slots"
	kekName   = "keys.kek"

	// slotSize is the size of a slot: a key of 32 bytes, sealed, and zeros, so that no slot lies across two blocks of the disk.
	slotSize = sealing + 32 + 4
	// kekLife is how long a key-encryption key is in use.
	kekLife = 24 * time.Hour
)

var slotsMagic = [8]byte{'g', 'm', 'c', 'n', 'k', 'e', 'y', '2'}

// keys are the keys of cases and photo files, each in a slot of the file keys.slots:
//
//	slot 0   "gmcnkey2", 16 bytes that tell the key-encryption key, i64 ms since when it is in use, 32 zeros
//	slot n   nonce of 12 bytes, ChaCha20-Poly1305 of a key, to which n is bound, 4 zeros; or 64 zeros: no key
//
// and keys.kek, two keys of 32 bytes: the key-encryption key, and the next one while it is being replaced, else zeros.
//
// A slot is named by the one row, or the rows of the one photo file, that its key opens. The key is on the disk before
// the transaction that names it commits, and overwritten with zeros after the transaction that names it no more. Which
// slots are free is therefore what the rows say; settle makes it so after a crash.
type keys struct {
	dir string

	mu    sync.RWMutex // guards what follows against replace
	f     *os.File
	kek   fileKey
	since time.Time // of the key-encryption key

	// Guarded by Store.write.
	count uint32   // slots in the file, the first included
	free  []uint32 // below count
}

// openKeys opens the key files in dir, or makes them if fresh says that there is nothing yet that they could belong to.
func openKeys(dir string, fresh bool) (*keys, error) {
	k := &keys{dir: dir}
	_, err := os.Stat(k.path(slotsName))
	if fresh && errors.Is(err, fs.ErrNotExist) {
		err = k.create()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing, and without it no case here can be read: restore the whole data folder from a backup", slotsName)
	}
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	if err := k.open(); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	return k, nil
}

func (k *keys) path(name string) string { return filepath.Join(k.dir, name) }

// close closes the files; a second time does nothing.
func (k *keys) close() error {
	if err := k.f.Close(); !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}

// create writes both files anew. Whatever a crash leaves of it is written anew too, since the slots come last.
func (k *keys) create() error {
	kek := newKEK()
	if err := writeWhole(k.path(kekName), append(kek, make([]byte, 32)...)); err != nil {
		return err
	}
	if err := writeWhole(k.path(slotsName)+newSuffix, slotsHeader(kek, time.Now())); err != nil {
		return err
	}
	if err := os.Rename(k.path(slotsName)+newSuffix, k.path(slotsName)); err != nil {
		return err
	}
	return syncFolder(k.dir)
}

func newKEK() []byte {
	kek := make([]byte, 32)
	rand.Read(kek)
	return kek
}

// kekID tells one key-encryption key from another, and nothing about it.
func kekID(kek []byte) []byte {
	sum := sha256.Sum256(append([]byte("gmcn key-encryption key "), kek...))
	return sum[:16]
}

func slotsHeader(kek []byte, since time.Time) []byte {
	b := append(slices.Clone(slotsMagic[:]), kekID(kek)...)
	b = binary.BigEndian.AppendUint64(b, uint64(since.UnixMilli()))
	return append(b, make([]byte, slotSize-len(b))...)
}

// open finds the key-encryption key that the slots are wrapped under, and ends a replacement that a crash cut short.
func (k *keys) open() error {
	f, err := os.OpenFile(k.path(slotsName), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	k.f = f
	info, err := f.Stat()
	header := make([]byte, slotSize)
	if err == nil {
		_, err = f.ReadAt(header, 0)
	}
	if err != nil || !bytes.Equal(header[:8], slotsMagic[:]) {
		return errors.Join(fmt.Errorf("%s is not a file of keys: restore the whole data folder from a backup", slotsName), err, f.Close())
	}
	keks, err := os.ReadFile(k.path(kekName))
	if err != nil {
		return errors.Join(fmt.Errorf("read %s, without which no case here can be read: %w", kekName, err), f.Close())
	}
	var kek []byte
	for half := range slices.Chunk(keks, 32) {
		if bytes.Equal(kekID(half), header[8:24]) {
			kek = half
		}
	}
	if len(keks) != 64 || kek == nil {
		err = fmt.Errorf("%s is not the key that %s was written under: both must come from one backup", kekName, slotsName)
	} else {
		err = k.keep(kek, keks[32:])
	}
	if err == nil {
		err = removeIfThere(k.path(slotsName) + newSuffix)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	k.kek = fileKey(kek)
	k.since = time.UnixMilli(int64(binary.BigEndian.Uint64(header[24:])))
	k.count = uint32((info.Size() + slotSize - 1) / slotSize)
	return nil
}

// keep makes kek the only key in the file of key-encryption keys, overwriting in place. next is what the second half
// holds now.
func (k *keys) keep(kek, next []byte) error {
	if bytes.Equal(next, make([]byte, 32)) {
		return nil
	}
	if err := overwrite(k.path(kekName), 0, kek); err != nil {
		return err
	}
	return overwrite(k.path(kekName), 32, make([]byte, 32))
}

// key returns the key in a slot. Its error is errShredded when there is none.
func (k *keys) key(slot uint32) (key fileKey, err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	b := make([]byte, slotSize)
	if _, err := k.f.ReadAt(b, int64(slot)*slotSize); err != nil && !errors.Is(err, io.EOF) {
		return key, fmt.Errorf("read key: %w", err)
	}
	return unwrapSlot(&k.kek, slot, b)
}

// inMemory returns a key that reads from a copy of the file, for who comes to most of the slots.
func (k *keys) inMemory() (key func(slot uint32) (fileKey, error), err error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	all := make([]byte, int64(k.count)*slotSize)
	if _, err := k.f.ReadAt(all, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	kek := k.kek
	return func(slot uint32) (fileKey, error) {
		at := int64(slot) * slotSize
		if at+slotSize > int64(len(all)) {
			return fileKey{}, errShredded
		}
		return unwrapSlot(&kek, slot, all[at:at+slotSize])
	}, nil
}

// ahead returns a key that reads slots that stand side by side in one go. It is for one goroutine, and for one reading: a key
// that it has read is not seen to be overwritten.
func (k *keys) ahead() (key func(slot uint32) (fileKey, error)) {
	var kek fileKey
	var first uint32
	all := make([]byte, 0, 64*slotSize)
	return func(slot uint32) (fileKey, error) {
		if at := int64(slot) - int64(first); at < 0 || at*slotSize >= int64(len(all)) {
			k.mu.RLock()
			n, err := k.f.ReadAt(all[:cap(all)], int64(slot)*slotSize)
			first, all, kek = slot, all[:n-n%slotSize], k.kek
			k.mu.RUnlock()
			if err != nil && !errors.Is(err, io.EOF) {
				return fileKey{}, fmt.Errorf("read keys: %w", err)
			}
			if len(all) == 0 {
				return fileKey{}, errShredded
			}
		}
		return unwrapSlot(&kek, slot, all[int64(slot-first)*slotSize:][:slotSize])
	}
}

func unwrapSlot(kek *fileKey, slot uint32, b []byte) (key fileKey, err error) {
	const end = sealing + len(key)
	plain, err := unseal(nil, kek, sealedKey, slot, nil, b[:end])
	if err != nil || slot == 0 || [slotSize - end]byte(b[end:]) != [slotSize - end]byte{} {
		return key, errShredded
	}
	return fileKey(plain), nil
}

// wrapSlot appends what stands in a slot to dst.
func wrapSlot(dst []byte, kek *fileKey, slot uint32, key *fileKey) []byte {
	dst = seal(dst, kek, sealedKey, slot, nil, key[:])
	return append(dst, make([]byte, slotSize-sealing-len(key))...)
}

// take returns a free slot. The caller holds Store.write.
func (k *keys) take() uint32 {
	if n := len(k.free); n > 0 {
		slot := k.free[n-1]
		k.free = k.free[:n-1]
		return slot
	}
	k.count++
	return k.count - 1
}

// give makes slots free that hold no key. The caller holds Store.write.
func (k *keys) give(slots []uint32) {
	k.free = append(k.free, slots...)
}

// write puts keys into their slots, durably.
func (k *keys) write(fresh map[uint32]fileKey) error {
	return k.fill(slices.Sorted(maps.Keys(fresh)), func(run []byte, slot uint32) []byte {
		key := fresh[slot]
		return wrapSlot(run, &k.kek, slot, &key)
	})
}

// shred overwrites slots with zeros, durably: what their keys opened is gone.
func (k *keys) shred(slots []uint32) error {
	zeros, b := make([]byte, slotSize), make([]byte, slotSize)
	var full []uint32
	for _, slot := range slots {
		n, err := k.f.ReadAt(b, int64(slot)*slotSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read keys: %w", err)
		}
		if !bytes.Equal(b[:n], zeros[:n]) { // writing a hole in the file, or behind its end, would need room
			full = append(full, slot)
		}
	}
	slices.Sort(full)
	return k.fill(slices.Compact(full), func(run []byte, _ uint32) []byte { return append(run, zeros...) })
}

// fill writes sorted slots, those that stand side by side in one go. value appends that of a slot to run.
func (k *keys) fill(slots []uint32, value func(run []byte, slot uint32) []byte) error {
	if len(slots) == 0 {
		return nil
	}
	run := make([]byte, 0, len(slots)*slotSize)
	for i, slot := range slots {
		run = value(run, slot)
		if i+1 < len(slots) && slots[i+1] == slot+1 {
			continue
		}
		if _, err := k.f.WriteAt(run, int64(slot+1)*slotSize-int64(len(run))); err != nil {
			return fmt.Errorf("write keys: %w", err)
		}
		run = run[:0]
	}
	if err := k.f.Sync(); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

// each calls fn with every slot but the first, as it lies in the file.
func (k *keys) each(fn func(slot uint32, b []byte) error) error {
	r := io.NewSectionReader(k.f, slotSize, int64(k.count)*slotSize)
	buf := make([]byte, 4096*slotSize)
	for slot := uint32(1); slot < k.count; {
		n, err := io.ReadFull(r, buf[:min(len(buf), int(k.count-slot)*slotSize)])
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read keys: %w", err)
		}
		if n == 0 {
			return nil // the file ends before the slots that were taken and never written
		}
		clear(buf[n:])
		for at := 0; at < n; at += slotSize {
			if err := fn(slot, buf[at:at+slotSize]); err != nil {
				return err
			}
			slot++
		}
	}
	return nil
}

// settle overwrites every slot that no row names, and makes it free: a crash came between a transaction and the shredding
// that follows it, or between a key and the transaction that was to name it.
func (k *keys) settle(named []bool) error {
	var stray []uint32
	zeros := make([]byte, slotSize)
	err := k.each(func(slot uint32, b []byte) error {
		if (int(slot) >= len(named) || !named[slot]) && !bytes.Equal(b, zeros) {
			stray = append(stray, slot)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := k.shred(stray); err != nil {
		return err
	}
	k.free = nil
	for slot := k.count - 1; slot > 0; slot-- {
		if int(slot) >= len(named) || !named[slot] {
			k.free = append(k.free, slot)
		}
	}
	return nil
}

// replace draws a new key-encryption key, wraps all keys under it, and overwrites the old one: nobody can read any longer
// a copy of keys.slots from before. The caller holds Store.write.
//
// The new slots are a file of their own until they are whole; which of the two key-encryption keys counts is what the
// header of keys.slots says, so that a crash at any point leaves a pair that fits.
func (k *keys) replace() error {
	kek := newKEK()
	if err := overwrite(k.path(kekName), 32, kek); err != nil {
		return fmt.Errorf("replace key: %w", err)
	}
	f, err := k.rewrap(kek)
	if err == nil {
		if err = os.Rename(f.Name(), k.path(slotsName)); err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fmt.Errorf("replace key: %w", errors.Join(err, overwrite(k.path(kekName), 32, make([]byte, 32))))
	}
	k.mu.Lock()
	old := k.f
	k.f, k.kek, k.since = f, fileKey(kek), time.Now()
	k.mu.Unlock()
	err = errors.Join(old.Close(), syncFolder(k.dir))
	if err == nil {
		err = k.keep(kek, kek)
	}
	if err != nil {
		return fmt.Errorf("replace key: %w", err)
	}
	return nil
}

// rewrap writes all keys under another key-encryption key into a new file.
func (k *keys) rewrap(kek []byte) (*os.File, error) {
	f, err := os.OpenFile(k.path(slotsName)+newSuffix, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	next, zeros := fileKey(kek), make([]byte, slotSize)
	out := slotsHeader(kek, time.Now())
	flush := func() error {
		_, err := f.Write(out)
		out = out[:0]
		return err
	}
	err = k.each(func(slot uint32, old []byte) error {
		if bytes.Equal(old, zeros) {
			out = append(out, zeros...)
		} else {
			key, err := unwrapSlot(&k.kek, slot, old)
			if err != nil {
				return fmt.Errorf("key %d: %w", slot, err)
			}
			out = wrapSlot(out, &next, slot, &key)
		}
		if len(out) > 1<<18 {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = errors.Join(flush(), f.Sync())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	return f, nil
}

// overwrite writes into a file in place, durably.
func overwrite(path string, at int64, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, at)
	return errors.Join(err, f.Sync(), f.Close())
}

// writeWhole writes a file, durably but for its name.
func writeWhole(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
