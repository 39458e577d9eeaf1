//go:build linux && amd64

package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store/killtest"
)

// purgeDo names what the child of TestKilledPurge is to do: own, foreign, removed, print, replace or compact, and the case.
const (
	purgeDir = "GMCN_STORE_PURGE_DIR"
	purgeDo  = "GMCN_STORE_PURGE_DO"
	purgeID  = "GMCN_STORE_PURGE_ID"
)

func init() {
	dir := os.Getenv(purgeDir)
	if dir == "" {
		return
	}
	xa, xb := newCountry(fatal{}, "XA"), newCountry(fatal{}, "XB")
	s, err := Open(dir, xa.origin())
	must(fatal{}, err)
	var id protocol.CaseID
	hex.Decode(id[:], []byte(os.Getenv(purgeID)))
	killtest.Mark()
	switch os.Getenv(purgeDo) {
	case "own":
		takedownOf(fatal{}, s, true, id)
	case "foreign":
		takedownOf(fatal{}, s, false, id)
	case "removed":
		must(fatal{}, s.SetMember(xb.card, protocol.Removed, xb.card.At))
	case "print":
		d, err := s.Draft(id)
		must(fatal{}, err)
		must(fatal{}, s.AddPrint(d.Photos[0].Thumb.Cid, noise(1000, 9)))
	case "replace":
		must(fatal{}, s.keys.replace())
	case "compact":
		must(fatal{}, s.Compact(fatal{}.Context()))
	}
	must(fatal{}, s.Close())
	os.Exit(0)
}

// TestKilledPurge kills a process at every call by which a purge changes the disk, and opens the store again.
func TestKilledPurge(t *testing.T) {
	template := t.TempDir()
	own, foreign := twoChildren(t, template)
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	for do, least := range map[string]int{"own": 8, "foreign": 8, "removed": 8, "replace": 8, "compact": 8, "print": 3} {
		t.Run(do, func(t *testing.T) {
			c, ref := foreign, xb.ref(foreign.id)
			if do == "own" || do == "print" {
				c, ref = own, xa.ref(own.id)
				c.secrets.file("new print", noise(1000, 9))
			}
			n := 1
			for ; ; n++ {
				dir := filepath.Join(t.TempDir(), "store")
				must(t, os.CopyFS(dir, os.DirFS(template)))
				keys := livingKeys(t, dir)
				killed := killtest.Run(t, n, purgeDir+"="+dir, purgeDo+"="+do, purgeID+"="+hex.EncodeToString(c.id[:]))
				c.secrets.search(t, "killed", dir)
				s, err := Open(dir, xa.origin())
				if err != nil {
					t.Fatalf("killed at call %d: %v", n, err)
				}
				if err := s.Check(); err != nil {
					t.Errorf("killed at call %d: %v", n, err)
				}
				_, caseErr := s.Public().Case(ref)
				_, photoErr := s.Photo(c.photo.File.Cid)
				if do == "own" || do == "print" {
					b, err := s.Public().Print(c.photo.File.Cid, printIn(t, do))
					if photoErr == nil && !bytes.Equal(b, c.print) || !errors.Is(err, photoErr) {
						t.Errorf("killed at call %d: the photo %v, its print of %d bytes %v", n, photoErr, len(b), err)
					}
				}
				phase, phaseErr := s.Phase(ref)
				gone := errors.Is(caseErr, ErrGone) && errors.Is(photoErr, ErrGone) && phase == Swept
				if do == "removed" {
					gone = errors.Is(caseErr, fs.ErrNotExist) && errors.Is(photoErr, fs.ErrNotExist)
				}
				live := caseErr == nil && photoErr == nil && errors.Is(phaseErr, fs.ErrNotExist)
				if may := do == "own" || do == "foreign" || do == "removed"; !live && !(may && gone) || !killed && may && !gone {
					t.Errorf("killed at call %d: case %v, photo %v, phase %s, %v", n, caseErr, photoErr, phase, phaseErr)
				}
				must(t, s.Close())
				c.secrets.search(t, "opened again", dir)
				if left := len(livingKeys(t, dir)); gone && left != len(keys)-map[string]int{"own": 4, "foreign": 3, "removed": 3}[do] || live && left != len(keys) {
					t.Errorf("killed at call %d: %d keys left of %d", n, left, len(keys))
				}
				must(t, os.RemoveAll(dir))
				if !killed {
					break
				}
			}
			t.Logf("killed at %d calls", n-1)
			if n < least {
				t.Errorf("killed at %d calls only: it did not %s", n-1, do)
			}
		})
	}
}
