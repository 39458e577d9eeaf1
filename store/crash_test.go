package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol"
)

const crashDir = "GMCN_STORE_CRASH_DIR"

// TestMain runs the writer of TestKilledWriter when this binary was started as its child.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Println("error", writeUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// fatal stands in for the test within the child.
type fatal struct{ testing.TB }

func (fatal) Helper()                  {}
func (fatal) Context() context.Context { return context.Background() }
func (fatal) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

// writeUntilKilled writes all sorts of things, and says on its output what it is about to close and what has been stored.
func writeUntilKilled(dir string) error {
	xa := newCountry(fatal{}, "XA")
	xb := newCountry(fatal{}, "XB")
	s, err := Open(dir, xa.origin())
	if err != nil {
		return err
	}
	must(fatal{}, s.SetMember(xa.card, protocol.Own, time.Now()))
	must(fatal{}, s.SetMember(xb.card, protocol.Active, time.Now()))
	st, err := s.LogState(xb.origin())
	must(fatal{}, err)
	xb.seq = st.Seq
	must(fatal{}, s.SetHead(xb.head(protocol.DefaultLease)))
	fmt.Println("ready")
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 5))
	var own, foreign []protocol.CaseID
	for n := 0; ; n++ {
		p, file, thumb := newPhoto(fmt.Sprint(os.Getpid(), " ", n))
		switch rng.IntN(6) {
		case 0, 1: // from the desk: upload, save, publish
			id := protocol.NewCaseID()
			must(fatal{}, s.AddPhoto(p.File.Cid, file))
			must(fatal{}, s.AddPhoto(p.Thumb.Cid, thumb))
			print, _ := printOf(file)
			must(fatal{}, s.AddPrint(p.File.Cid, print))
			must(fatal{}, s.SaveDraft(&Draft{ID: id, Photos: []protocol.Photo{p}}))
			fmt.Println("draft", id, p.File.Cid)
			appendCase(fatal{}, s, xa, id, withPhotos(p))
			fmt.Println("case", xa.ref(id), p.File.Cid)
			own = append(own, id)
		case 2, 3: // from a peer
			id := protocol.NewCaseID()
			must(fatal{}, s.Put(xb.publish(id, withPhotos(p))))
			fmt.Println("case", xb.ref(id))
			must(fatal{}, s.SavePart(p.File.Cid, 0, file[:4]))
			must(fatal{}, s.PutPhoto(p.File.Cid, file))
			fmt.Println("case", xb.ref(id), p.File.Cid)
			foreign = append(foreign, id)
		case 4:
			if len(own) > 1 {
				fmt.Println("closing", xa.ref(own[0]))
				r := appendTakedown(fatal{}, s, xa, own[0])
				fmt.Println("closed", xa.ref(own[0]), r.ID())
				own = own[1:]
			}
		case 5:
			if len(foreign) > 1 {
				fmt.Println("closing", xb.ref(foreign[0]))
				r := xb.takedown(foreign[0])
				must(fatal{}, s.Put(r))
				fmt.Println("closed", xb.ref(foreign[0]), r.ID())
				foreign = foreign[1:]
			}
		}
	}
}

// TestKilledWriter kills a process that writes to a store, again and again, and wants all that it said was stored, and
// nothing that it said was taken down.
func TestKilledWriter(t *testing.T) {
	rounds := 15
	if testing.Short() {
		rounds = 3
	}
	dir := t.TempDir()
	xa := newCountry(t, "XA")
	xb := newCountry(t, "XB")
	cases := map[string]cid.Cid{} // ref -> photo, undefined if none was stored
	drafts := map[string]cid.Cid{}
	closing, closed := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			f := strings.Fields(lines.Text())
			if f[0] == "ready" {
				time.AfterFunc(time.Duration(20+rand.IntN(180))*time.Millisecond, func() { cmd.Process.Signal(syscall.SIGKILL) })
				continue
			}
			var photo cid.Cid
			if len(f) == 3 && f[0] != "closed" {
				photo = cid.MustParse(f[2])
			}
			switch f[0] {
			case "case":
				cases[f[1]] = photo
			case "draft":
				drafts[f[1]] = photo
			case "closing":
				closing[f[1]] = true
			case "closed":
				closed[f[1]] = true
			default:
				t.Fatalf("the child said %q", lines.Text())
			}
		}
		cmd.Wait()

		s, err := Open(dir, xa.origin())
		must(t, err)
		if err := s.Check(); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		if err := s.SetHead(xb.head(protocol.DefaultLease)); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
		kept := map[string]bool{} // photo files that live cases and drafts use
		for name, photo := range cases {
			ref, _ := protocol.ParseRef(name)
			shown, err := s.Public().Case(ref)
			switch {
			case closed[name]:
				want(t, "closed case "+name, err, ErrGone)
				continue
			case closing[name] && errors.Is(err, ErrGone):
				closed[name] = true // committed, and killed before it could say so
				continue
			case err != nil:
				t.Errorf("round %d: case %s: %v", round, name, err)
			}
			if photo.Defined() {
				kept[photo.String()] = true
				if _, err := s.Public().Photo(photo); err != nil {
					t.Errorf("round %d: photo of %s: %v", round, name, err)
				}
				make := printOf
				if shown != nil && shown.Own {
					make = printIn(t, name)
				}
				if b, err := s.Public().Print(photo, make); err != nil || !bytes.HasPrefix(b, []byte("print of photo ")) {
					t.Errorf("round %d: print of %s: %q, %v", round, name, b, err)
				}
			}
		}
		for name, photo := range drafts {
			id, _ := protocol.ParseCaseID(name)
			_, err := s.Draft(id)
			if closed[xa.ref(id).String()] {
				want(t, "draft of closed case", err, fs.ErrNotExist)
				continue
			}
			if err != nil {
				t.Errorf("round %d: draft %s: %v", round, name, err)
			}
			kept[photo.String()] = true
		}
		for name := range closed {
			if photo := cases[name]; photo.Defined() && !kept[photo.String()] {
				for _, suffix := range []string{"", printSuffix} {
					if _, err := os.Stat(s.photoPath(protocol.Digest(photo)) + suffix); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("round %d: photo file of closed case %s%s: %v", round, name, suffix, err)
					}
				}
			}
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "photos", "*", newPrefix+"*")); len(left) != 0 {
			t.Errorf("round %d: temporary files left: %v", round, left)
		}
		must(t, s.Close())
	}
	t.Logf("%d cases, %d closed, %d drafts", len(cases), len(closed), len(drafts))
	if len(cases) < rounds || len(closed) == 0 {
		t.Errorf("the child wrote %d cases and closed %d: too few to show anything", len(cases), len(closed))
	}
}
