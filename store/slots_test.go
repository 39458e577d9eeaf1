package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// someKeys returns the key files of a new folder with keys in slots 1 to n.
func someKeys(t *testing.T, n uint32) (*keys, map[uint32]fileKey) {
	t.Helper()
	k, err := openKeys(t.TempDir(), true)
	must(t, err)
	t.Cleanup(func() { k.close() })
	want := map[uint32]fileKey{}
	for range n {
		slot := k.take()
		want[slot] = fileKey(newKEK())
	}
	must(t, k.write(want))
	return k, want
}

func checkKeys(t *testing.T, when string, k *keys, want map[uint32]fileKey) {
	t.Helper()
	for slot, key := range want {
		if got, err := k.key(slot); err != nil || got != key {
			t.Errorf("%s: slot %d: %v", when, slot, err)
		}
	}
}

func TestSlotsAreOverwrittenInPlace(t *testing.T) {
	k, all := someKeys(t, 20)
	path := k.path(slotsName)
	before, err := os.ReadFile(path)
	must(t, err)
	if len(before) != 21*slotSize {
		t.Errorf("file of %d bytes", len(before))
	}
	must(t, k.shred([]uint32{3, 4, 19, 3}))
	for _, slot := range []uint32{3, 4, 19} {
		delete(all, slot)
		if _, err := k.key(slot); err != errShredded {
			t.Errorf("slot %d: %v", slot, err)
		}
	}
	checkKeys(t, "after shredding", k, all)
	after, err := os.ReadFile(path)
	must(t, err)
	for slot := range 21 {
		at := slot * slotSize
		same := bytes.Equal(before[at:at+slotSize], after[at:at+slotSize])
		zero := bytes.Equal(after[at:at+slotSize], make([]byte, slotSize))
		if gone := slot == 3 || slot == 4 || slot == 19; same == gone || zero != gone {
			t.Errorf("slot %d: the same %t, zero %t", slot, same, zero)
		}
	}
	k.give([]uint32{3, 4, 19})
	if slot := k.take(); slot != 19 {
		t.Errorf("took %d, want one that is free", slot)
	}
	// A key moved to another slot opens nothing.
	must(t, overwrite(path, 3*slotSize, before[5*slotSize:6*slotSize]))
	if _, err := k.key(3); err != errShredded {
		t.Errorf("a key of another slot: %v", err)
	}
	if _, err := k.key(1000); err != errShredded {
		t.Errorf("a slot behind the end: %v", err)
	}
}

func TestSettleShredsWhatNobodyNames(t *testing.T) {
	k, all := someKeys(t, 9000) // more than are read at a time
	named := make([]bool, k.count)
	for slot := range all {
		if named[slot] = slot%3 != 0; !named[slot] {
			delete(all, slot)
		}
	}
	must(t, k.settle(named))
	checkKeys(t, "settled", k, all)
	left := 0
	must(t, k.each(func(slot uint32, b []byte) error {
		if !bytes.Equal(b, make([]byte, slotSize)) {
			left++
		}
		return nil
	}))
	if left != 6000 || len(k.free) != 3000 || k.free[len(k.free)-1] != 3 {
		t.Errorf("%d keys left, %d slots free", left, len(k.free))
	}
}

// TestReplacedKeyAtEveryPoint builds what a crash may leave of a replacement and wants every key readable after it, and
// only one key-encryption key on the disk.
func TestReplacedKeyAtEveryPoint(t *testing.T) {
	k, all := someKeys(t, 5000)
	must(t, k.shred([]uint32{7}))
	delete(all, 7)
	oldSlots, err := os.ReadFile(k.path(slotsName))
	must(t, err)
	oldKEK, err := os.ReadFile(k.path(kekName))
	must(t, err)
	must(t, k.replace())
	checkKeys(t, "replaced", k, all)
	newSlots, err := os.ReadFile(k.path(slotsName))
	must(t, err)
	newKEK, err := os.ReadFile(k.path(kekName))
	must(t, err)
	if bytes.Contains(newKEK, oldKEK[:32]) || !bytes.Equal(newKEK[32:], make([]byte, 32)) {
		t.Error("the old key-encryption key is still there")
	}
	both := append(bytes.Clone(oldKEK[:32]), newKEK[:32]...)
	torn := append(append(bytes.Clone(newKEK[:16]), oldKEK[16:32]...), newKEK[:32]...)
	tornNext := append(append(bytes.Clone(oldKEK[:32]), newKEK[:16]...), make([]byte, 16)...)
	for name, c := range map[string]struct{ kek, slots, unfinished []byte }{
		"the next key half written":  {tornNext, oldSlots, nil},
		"the next key written":       {both, oldSlots, nil},
		"half of the slots written":  {both, oldSlots, newSlots[:len(newSlots)/2]},
		"all slots written":          {both, oldSlots, newSlots},
		"slots renamed":              {both, newSlots, nil},
		"the old key half replaced":  {torn, newSlots, nil},
		"the old key replaced":       {append(bytes.Clone(newKEK[:32]), newKEK[:32]...), newSlots, nil},
		"the next key half replaced": {append(bytes.Clone(newKEK[:32]), append(make([]byte, 16), newKEK[16:32]...)...), newSlots, nil},
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, kekName), c.kek, 0o600))
		must(t, os.WriteFile(filepath.Join(dir, slotsName), c.slots, 0o600))
		if c.unfinished != nil {
			must(t, os.WriteFile(filepath.Join(dir, slotsName+newSuffix), c.unfinished, 0o600))
		}
		k, err := openKeys(dir, false)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		checkKeys(t, name, k, all)
		kek, err := os.ReadFile(filepath.Join(dir, kekName))
		must(t, err)
		if !bytes.Equal(kek[32:], make([]byte, 32)) {
			t.Errorf("%s: two keys are left", name)
		}
		if _, err := os.Stat(filepath.Join(dir, slotsName+newSuffix)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the unfinished file: %v", name, err)
		}
		must(t, k.replace())
		checkKeys(t, name+", replaced again", k, all)
		must(t, k.close())
	}
	// A backup of the slots without the key of that day is worth nothing.
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, kekName), newKEK, 0o600))
	must(t, os.WriteFile(filepath.Join(dir, slotsName), oldSlots, 0o600))
	if _, err := openKeys(dir, false); err == nil {
		t.Error("an old backup opens under today's key")
	}
}

func TestTendReplacesTheKeyOnceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		p, file, _ := newPhoto("one")
		id := protocol.NewCaseID()
		must(t, s.Put(xb.publish(id, withPhotos(p))))
		must(t, s.PutPhoto(p.File.Cid, file))
		kek := func() string {
			b, err := os.ReadFile(s.keys.path(kekName))
			must(t, err)
			return string(b)
		}
		first := kek()
		time.Sleep(kekLife - time.Minute)
		must(t, s.Tend(t.Context()))
		if kek() != first {
			t.Error("replaced within the day")
		}
		time.Sleep(time.Minute)
		must(t, s.Tend(t.Context()))
		second := kek()
		if second == first {
			t.Error("not replaced after a day")
		}
		must(t, s.Tend(t.Context()))
		if kek() != second {
			t.Error("replaced again at once")
		}
		for range 2 {
			if _, err := s.Public().Case(xb.ref(id)); err != nil {
				t.Error(err)
			}
			if b, err := s.Public().Photo(p.File.Cid); err != nil || !bytes.Equal(b, file) {
				t.Errorf("photo: %v", err)
			}
			s = reopen(t, s)
		}
	})
}
