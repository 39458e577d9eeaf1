//go:build linux && amd64

// Package killtest kills a process at the nth call by which it changes its disk, for tests of what the next start makes of
// it. A test that does so for n from 1 until nobody is killed any more has tried every place at which the power may fail
// between two calls.
//
// The process is the test's own binary, started once more. What it is to do it reads from its environment, before a test
// runs: in an init or TestMain. It prepares itself, calls Mark, does it and ends with status 0.
//
// The calls that count are those of every thread that write at a place in a file, cut, rename or remove one, or wait for the
// disk. The call at which a child is killed is not made. What it wrote before stays, synced or not: this is the death of a
// process, not of a computer.
package killtest

import (
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// changing are the system calls that change what is on a disk, or make it stay there.
var changing = map[uint64]bool{
	syscall.SYS_PWRITE64: true, syscall.SYS_FSYNC: true, syscall.SYS_FDATASYNC: true, syscall.SYS_UNLINKAT: true, syscall.SYS_UNLINK: true,
	syscall.SYS_RENAME: true, syscall.SYS_RENAMEAT: true, 316: true /* renameat2 */, syscall.SYS_FTRUNCATE: true,
}

// Mark is for the child: calls count from here on.
func Mark() { syscall.Getpgid(0) } // nothing else makes this call

// Run starts this binary as a child, with env beside the environment, and kills it as it makes the nth call after Mark. It
// returns whether the child came so far; one that ended by itself, with another status than 0, fails the test. Where no
// process may be traced it skips the test.
func Run(t *testing.T, nth int, env ...string) (killed bool) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("trace the child: %v", err)
		}
	}
	runtime.LockOSThread() // all calls of ptrace must come from one thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
		Env:   append(append(os.Environ(), "GODEBUG=asyncpreemptoff=1"), env...),
		Files: []*os.File{nil, os.Stdout, os.Stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skip("this system does not let a process be traced")
	}
	must(err)
	pid := p.Pid
	must(p.Release())
	var ws syscall.WaitStatus
	_, err = syscall.Wait4(pid, &ws, 0, nil)
	must(err)
	const exitKill = 0x100000
	if err := syscall.PtraceSetOptions(pid, syscall.PTRACE_O_TRACECLONE|syscall.PTRACE_O_TRACESYSGOOD|exitKill); err != nil {
		syscall.Kill(pid, syscall.SIGKILL)
		syscall.Wait4(pid, &ws, 0, nil)
		t.Skip("this system does not let a process be traced:", err)
	}
	must(syscall.PtraceSyscall(pid, 0))
	inside := map[int]bool{} // by thread: it is in a system call
	marked, count := false, 0
	for {
		tid, err := syscall.Wait4(-1, &ws, syscall.WALL, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		must(err)
		if ws.Exited() || ws.Signaled() {
			if tid != pid {
				continue
			}
			if !killed && ws.ExitStatus() != 0 {
				t.Fatalf("the child with %q ended with %v", env, ws)
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
			marked = marked || regs.Orig_rax == syscall.SYS_GETPGID
			if marked && changing[regs.Orig_rax] {
				if count++; count == nth {
					killed = true
					must(syscall.Kill(pid, syscall.SIGKILL))
				}
			}
		case stop == syscall.SIGTRAP, stop == syscall.SIGSTOP: // a thread is born
		default:
			signal = int(stop)
		}
		syscall.PtraceSyscall(tid, signal) // fails when it has just been killed
	}
}
