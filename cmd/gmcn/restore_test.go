package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// publishExample publishes the example under another number and returns the path of its page.
func (r *realCountry) publishExample(number string) (page string) {
	r.t.Helper()
	f := exampleCase(time.Now())
	f.Case.Number = number
	b, err := json.Marshal(f)
	if err != nil {
		r.t.Fatal(err)
	}
	name := filepath.Join(r.t.TempDir(), "case.json")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return "/en/cases/" + field(r.t, r.gmcn("case", "publish", name), "reference")
}

// TestRestoredBackup puts the copy of a data folder back that is older than what was published and closed since, and
// publishes at once: everything comes together in one log, with no number used twice.
func TestRestoredBackup(t *testing.T) {
	all := newCountries(t, "XA", "XB")
	startAll(all)
	xa, xb := all[0], all[1]
	holds := func(n int) {
		t.Helper()
		xb.eventually(fmt.Sprintf("XB holds %d of XA", n), func() error {
			if list := xb.gmcn("peer", "list"); !strings.Contains(list, fmt.Sprintf(" %d of %d ", n, n)) {
				return fmt.Errorf("it says\n%s", list)
			}
			return nil
		})
	}
	closes := xa.publishExample("CLOSES")
	holds(1)
	xa.stop()
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(xa.dir)); err != nil {
		t.Fatal(err)
	}
	xa.start()
	missed := xa.publishExample("MISSED")
	xa.gmcn("case", "close", "CLOSES", "-reason", "located_safe", "-yes")
	holds(3)
	xa.kill()

	if err := errors.Join(os.RemoveAll(xa.dir), os.CopyFS(xa.dir, os.DirFS(backup))); err != nil {
		t.Fatal(err)
	}
	out := xa.gmcn("case", "publish", "-example")
	name := filepath.Join(t.TempDir(), "case.json")
	if err := os.WriteFile(name, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	out = xa.gmcn("case", "publish", name) // the node does not run
	if !strings.Contains(out, "Saved EXAMPLE-001") || !strings.Contains(out, "as soon as 1 other") {
		t.Errorf("publishing into an old backup says\n%s", out)
	}
	if list := xa.gmcn("case", "list"); !strings.Contains(list, "waits") {
		t.Errorf("the list says\n%s", list)
	}
	wished := "/en/cases/" + field(t, out, "reference")
	xa.start()
	if err := want(xa.site+wished, http.StatusOK); err != nil {
		t.Errorf("on our own site at once: %v", err)
	}
	next := xa.publishExample("NEXT")
	holds(5)
	for _, r := range all {
		for _, page := range []string{missed, wished, next} {
			r.eventually("a case is on the site", func() error { return want(r.site+page, http.StatusOK) })
		}
		if err := want(r.site+closes, http.StatusGone); err != nil {
			t.Errorf("what was closed since the backup: %v", err)
		}
	}
	if list := xa.gmcn("case", "list"); !strings.Contains(list, "MISSED") || strings.Contains(list, "waits") {
		t.Errorf("the list says\n%s", list)
	}
	if list := xa.gmcn("peer", "list"); strings.Contains(list, "ALARM") || strings.Contains(list, "publishes as soon") {
		t.Errorf("it is not at rest:\n%s", list)
	}
	for _, r := range all {
		r.stop()
		r.gmcn("check")
	}
}
