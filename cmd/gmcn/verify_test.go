package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// needScanner skips a test where there is nothing to read a poster with.
func needScanner(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"pdftoppm", "zbarimg"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not here, and CI must not go without it", tool)
			}
			t.Skipf("%s is not here: no poster is read from paper", tool)
		}
	}
}

// scanPoster returns the code of a poster of a site, read from a picture of the page as coarse as a telephone makes it.
func scanPoster(t *testing.T, site string, pdf []byte) string {
	t.Helper()
	page := filepath.Join(t.TempDir(), "poster")
	if err := os.WriteFile(page+".pdf", pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("pdftoppm", "-r", "100", "-png", "-singlefile", page+".pdf", page).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command("zbarimg", "-q", "--raw", page+".png").Output()
	if err != nil {
		t.Fatalf("no code is read from the poster of %s: %v", site, err)
	}
	u, err := url.Parse(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	code, whole := strings.CutPrefix(u.Path, "/V/")
	if !whole || u.Scheme+"://"+u.Host != site {
		t.Fatalf("the poster of %s leads to %s", site, out)
	}
	return code
}

// TestPosterIsCheckedOnPaper prints posters as two countries do, reads their codes from a picture of the page as a
// telephone would, and follows them: open, superseded and closed, forged by one letter, and with the owner switched off.
func TestPosterIsCheckedOnPaper(t *testing.T) {
	needScanner(t)
	both := newCountries(t, "XA", "XB")
	startAll(both)
	owner, other := both[0], both[1]
	dir := t.TempDir()
	caseFile, cardFile := filepath.Join(dir, "case.json"), filepath.Join(dir, "card.txt")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(caseFile, owner.gmcn("case", "publish", "-example"))
	owner.gmcn("card", "-o", cardFile)
	ref := field(t, owner.gmcn("case", "publish", caseFile), "reference")

	scan := func(r *realCountry) string {
		t.Helper()
		var pdf []byte
		r.eventually("the poster is there", func() error {
			status, b, err := get(r.site + "/en/cases/" + ref + "/poster.pdf")
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("the poster answers %d", status)
			}
			pdf = b
			return err
		})
		return scanPoster(t, r.site, pdf)
	}
	// says waits until a country's site answers for a code with a status and a heading.
	says := func(r *realCountry, code string, status int, heading string) {
		t.Helper()
		r.eventually(heading, func() error {
			got, page, err := get(r.site + "/V/" + code)
			if err == nil && (got != status || !strings.Contains(string(page), "<h1>"+heading+"</h1>")) {
				err = fmt.Errorf("%s answers %d without %q", r.site, got, heading)
			}
			if tells := strings.Contains(string(page), "Example Child"); err == nil && tells != strings.HasPrefix(heading, "Genuine") {
				t.Errorf("%s, %s: names the child: %t", r.site, heading, tells)
			}
			return err
		})
	}
	first := scan(owner)
	if abroad := scan(other); abroad != first {
		t.Error("another country prints another signature than the owner's")
	}
	out, err := exec.Command("gmcn", "verify-poster", cardFile, owner.site+"/v/"+first).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "genuine") || !strings.Contains(string(out), ref) {
		t.Errorf("verify-poster: %v\n%s", err, out)
	}
	for _, r := range both {
		says(r, first, http.StatusOK, "Genuine, and still open")
		says(r, first[:100]+string('A'+(first[100]-'A'+1)%26)+first[101:], http.StatusOK, "Not genuine")
	}

	owner.stop()
	says(other, first, http.StatusOK, "Genuine, and still open")
	owner.start()

	revised := map[string]any{}
	if err := json.Unmarshal([]byte(owner.gmcn("case", "show", "EXAMPLE-001")), &revised); err != nil {
		t.Fatal(err)
	}
	revised["case"].(map[string]any)["urgent"] = true
	b, err := json.Marshal(revised)
	if err != nil {
		t.Fatal(err)
	}
	write(caseFile, string(b))
	owner.gmcn("case", "publish", caseFile)
	for _, r := range both {
		says(r, first, http.StatusOK, "Genuine, but there is a newer poster")
	}
	second := scan(other)
	if second == first {
		t.Error("the new poster has the code of the old one")
	}
	says(owner, second, http.StatusOK, "Genuine, and still open")

	owner.gmcn("case", "close", "EXAMPLE-001", "-reason", "located_safe", "-yes")
	for _, r := range both {
		says(r, first, http.StatusGone, "This appeal is closed")
		says(r, second, http.StatusGone, "This appeal is closed")
		r.stop()
	}
}
