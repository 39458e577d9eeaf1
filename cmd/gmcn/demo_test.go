package main

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// realDemo is a demonstration that runs as a process.
type realDemo struct {
	t   *testing.T
	cmd *exec.Cmd
	out *lockedBuffer
}

func startDemo(t *testing.T, dir string, port int) *realDemo {
	t.Helper()
	d := &realDemo{t: t, cmd: exec.Command("gmcn", "demo", "-dir", dir, "-port", fmt.Sprint(port)), out: &lockedBuffer{}}
	d.cmd.Stdout, d.cmd.Stderr = d.out, d.out
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if d.cmd.ProcessState == nil {
			d.cmd.Process.Kill()
			d.cmd.Wait()
		}
	})
	d.eventually("it says where it is", func() error {
		if !strings.Contains(d.out.String(), "Ctrl-C stops all three") {
			return fmt.Errorf("it says:\n%s", d.out)
		}
		return nil
	})
	return d
}

func (d *realDemo) eventually(what string, try func() error) {
	d.t.Helper()
	(&realCountry{t: d.t}).eventually(what, try)
}

// freeBlock returns a port from which on all that the demonstration needs is free.
func freeBlock(t *testing.T) int {
	for range 100 {
		if p := freePorts(t, 1)[0]; p < 64000 && takenPorts(p) == nil {
			return p
		}
	}
	t.Fatal("no free block of ports")
	return 0
}

var (
	caseLink    = regexp.MustCompile(`/cases/([a-z2-7]{26})`)
	consoleLine = regexp.MustCompile(`console +(http://\S+) +password (\S+)`)
)

// TestDemonstration starts it, looks at all three sites, signs in at a console, stops it, and starts it again elsewhere.
func TestDemonstration(t *testing.T) {
	dir, port := filepath.Join(t.TempDir(), "demo"), freeBlock(t)
	// What an interrupted start left does no harm.
	if err := os.MkdirAll(filepath.Join(filepath.Dir(dir), ".demo.unfinished", "xa"), 0o700); err != nil {
		t.Fatal(err)
	}
	d := startDemo(t, dir, port)
	seeds := 0
	(&demo{port: port}).eachCountry(func(c *demoCountry) { seeds += len(c.Cases) })
	look := func(port int) {
		t.Helper()
		(&demo{port: port}).eachCountry(func(c *demoCountry) {
			for _, lang := range c.Languages {
				if err := want(c.url()+"/"+lang+"/", http.StatusOK); err != nil {
					t.Error(err)
				}
			}
			d.eventually("every country's cases are on "+c.url(), func() error {
				found := map[string]bool{}
				for _, tab := range []string{"own", "network"} {
					_, html, err := get(c.url() + "/" + c.Languages[0] + "/cases?tab=" + tab)
					if err != nil {
						return err
					}
					for _, m := range caseLink.FindAllStringSubmatch(string(html), -1) {
						found[m[1]] = true
					}
				}
				if len(found) != seeds {
					return fmt.Errorf("%d cases, want %d", len(found), seeds)
				}
				return nil
			})
		})
	}
	look(port)

	signIns := consoleLine.FindAllStringSubmatch(d.out.String(), -1)
	if len(signIns) != 3 {
		t.Fatalf("no sign-ins in:\n%s", d.out)
	}
	for _, s := range signIns {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		staff := &http.Client{Jar: jar}
		resp, err := staff.PostForm(s[1]+"en/signin", url.Values{"password": {s[2]}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/en/" {
			t.Errorf("signing in at %s ends with %d at %s", s[1], resp.StatusCode, resp.Request.URL)
		}
	}

	// Another demonstration says which ports it could use, and does nothing.
	out, err := exec.Command("gmcn", "demo", "-dir", dir+"2", "-port", fmt.Sprint(port)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("port %d", port)) || !strings.Contains(string(out), "demo -port ") {
		t.Errorf("a second demonstration on the same ports: %v\n%s", err, out)
	}

	d.cmd.Process.Signal(os.Interrupt)
	if err := d.cmd.Wait(); err != nil {
		t.Errorf("ctrl-C: %v\n%s", err, d.out)
	}
	if taken := takenPorts(port); taken != nil {
		t.Errorf("after ctrl-C somebody still listens at %v", taken)
	}

	// The same countries and sign-ins, on other ports. Killing it takes the three with it.
	port = freeBlock(t)
	d = startDemo(t, dir, port)
	if strings.Contains(d.out.String(), "Making") {
		t.Errorf("the second start makes what is there:\n%s", d.out)
	}
	look(port)
	for i, s := range consoleLine.FindAllStringSubmatch(d.out.String(), -1) {
		if s[2] != signIns[i][2] {
			t.Errorf("another password for %s", s[1])
		}
	}
	d.cmd.Process.Signal(syscall.SIGKILL)
	d.cmd.Wait()
	d.eventually("no country outlives the demonstration", func() error {
		if taken := takenPorts(port); taken != nil {
			return fmt.Errorf("somebody still listens at %v", taken)
		}
		return nil
	})
}

func TestDemonstrationLeavesOtherFoldersAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("gmcn", "demo", "-dir", dir, "-port", fmt.Sprint(freeBlock(t))).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "name another folder with -dir") {
		t.Errorf("%v\n%s", err, out)
	}
}

// eachCountry calls f for each country with the ports that it has.
func (d *demo) eachCountry(f func(*demoCountry)) {
	d.plan("")
	for _, c := range d.countries {
		f(c)
	}
}
