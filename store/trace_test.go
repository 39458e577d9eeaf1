//go:build linux && amd64

package store

import (
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// purgeDo names what the child of TestKilledPurge is to do: own, foreign, removed or held, and the case.
const (
	purgeDir = "GMCN_STORE_PURGE_DIR"
	purgeDo  = "GMCN_STORE_PURGE_DO"
	purgeID  = "GMCN_STORE_PURGE_ID"
)

// mark is a call that the child makes before the purge and that nothing else makes.
func mark() { syscall.Getpgid(0) }

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
	mark()
	switch os.Getenv(purgeDo) {
	case "own":
		takedownOf(fatal{}, s, true, id)
	case "foreign":
		takedownOf(fatal{}, s, false, id)
	case "removed":
		must(fatal{}, s.SetMember(xb.card, protocol.Removed, xb.card.At))
	case "replace":
		must(fatal{}, s.keys.replace())
	case "compact":
		must(fatal{}, s.Compact(fatal{}.Context()))
	}
	must(fatal{}, s.Close())
	os.Exit(0)
}

// changing are the system calls that change what is on a disk, or make it stay there.
var changing = map[uint64]bool{
	syscall.SYS_PWRITE64: true, syscall.SYS_FSYNC: true, syscall.SYS_FDATASYNC: true, syscall.SYS_UNLINKAT: true, syscall.SYS_UNLINK: true,
	syscall.SYS_RENAME: true, syscall.SYS_RENAMEAT: true, 316: true /* renameat2 */, syscall.SYS_FTRUNCATE: true,
}

var errTrace = errors.New("this system does not let a process be traced")

// killAt runs this binary as a child that does something to the store in dir, and kills it as it makes the nth changing
// call after mark. It returns whether it came so far.
func killAt(t *testing.T, dir, do string, id protocol.CaseID, n int) (killed bool) {
	t.Helper()
	runtime.LockOSThread() // all calls of ptrace must come from one thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
		Env:   append(os.Environ(), purgeDir+"="+dir, purgeDo+"="+do, purgeID+"="+hex.EncodeToString(id[:]), "GODEBUG=asyncpreemptoff=1"),
		Files: []*os.File{nil, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skip(errTrace)
	}
	must(t, err)
	pid := p.Pid
	must(t, p.Release())
	var ws syscall.WaitStatus
	_, err = syscall.Wait4(pid, &ws, 0, nil)
	must(t, err)
	const exitKill = 0x100000
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|exitKill); err != nil {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, &ws, 0, nil)
		t.Skip(errTrace, err)
	}
	must(t, syscall.PtraceSyscall(pid, 0))
	inside := map[int]bool{}
	marked, count := false, 0
	for {
		tid, err := syscall.Wait4(-1, &ws, syscall.WALL, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		must(t, err)
		if ws.Exited() || ws.Signaled() {
			if tid != pid {
				continue
			}
			if !killed && ws.ExitStatus() != 0 {
				t.Fatalf("the child that was to do %q ended with %v", do, ws)
			}
			return killed
		}
		signal := 0
		switch stop := ws.StopSignal(); {
		case stop == syscall.SIGTRAP|0x80:
			inside[tid] = !inside[tid]
			var regs syscall.PtraceRegs
			if !inside[tid] || syscall.PtraceGetRegs(tid, &regs) != nil {
				break
			}
			if regs.Orig_rax == syscall.SYS_GETPGID {
				marked = true
			}
			if marked && changing[regs.Orig_rax] {
				if count++; count == n {
					killed = true
					must(t, syscall.Kill(pid, syscall.SIGKILL))
				}
			}
		case stop == syscall.SIGTRAP, stop == syscall.SIGSTOP: // a thread is born
		default:
			signal = int(stop)
		}
		syscall.PtraceSyscall(tid, signal) // fails when it has just been killed
	}
}

// TestKilledPurge kills a process at every call by which a purge changes the disk, and opens the store again.
func TestKilledPurge(t *testing.T) {
	template := t.TempDir()
	own, foreign := twoChildren(t, template)
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	for _, do := range []string{"own", "foreign", "removed", "replace", "compact"} {
		t.Run(do, func(t *testing.T) {
			c, ref := foreign, xb.ref(foreign.id)
			if do == "own" {
				c, ref = own, xa.ref(own.id)
			}
			n := 1
			for ; ; n++ {
				dir := filepath.Join(t.TempDir(), "store")
				must(t, os.CopyFS(dir, os.DirFS(template)))
				keys := livingKeys(t, dir)
				killed := killAt(t, dir, do, c.id, n)
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
				phase, phaseErr := s.Phase(ref)
				gone := errors.Is(caseErr, ErrGone) && errors.Is(photoErr, ErrGone) && phase == Swept
				if do == "removed" {
					gone = errors.Is(caseErr, fs.ErrNotExist) && errors.Is(photoErr, fs.ErrNotExist)
				}
				live := caseErr == nil && photoErr == nil && errors.Is(phaseErr, fs.ErrNotExist)
				if may := do != "replace" && do != "compact"; !live && !(may && gone) || !killed && may && !gone {
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
			if n < 8 {
				t.Errorf("killed at %d calls only: it did not purge", n-1)
			}
		})
	}
}
