package poster

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestBook binds posters of several sizes, languages and looks, and holds the file against other programs.
func TestBook(t *testing.T) {
	var parts [][]byte
	add := func(pdf []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, pdf)
	}
	one := sample(t, "en", A4)
	one.CaseURL = "https://missing.example/4 0 R/(5 0 R)" // looks like a reference, and is none
	add(Render(one))
	two := sample(t, "el", A5)
	two.Locales = append(two.Locales, locale(t, "ar"))
	two.Photos = nil
	add(Render(two))
	three := sample(t, "fr", Letter)
	add(Strip([]Input{one, two, three, one}))
	dated := time.Date(2026, 5, 2, 9, 0, 0, 0, time.UTC)
	bind := func() []byte {
		var b bytes.Buffer
		book := NewBook(&b)
		for _, p := range parts {
			if err := book.Add(p); err != nil {
				t.Fatal(err)
			}
		}
		if err := book.Close(dated); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	made := bind()
	if !bytes.Equal(made, bind()) {
		t.Error("the same posters give other bytes")
	}
	if !bytes.Contains(made, []byte(`(https://missing.example/4 0 R/\(5 0 R\))`)) {
		t.Error("an address that looks like a reference has changed")
	}
	file := filepath.Join(t.TempDir(), "book.pdf")
	if err := os.WriteFile(file, made, 0o600); err != nil {
		t.Fatal(err)
	}
	tool := func(name string, args ...string) string {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed", name)
			}
			t.Skipf("%s is not installed", name)
		}
		out, err := exec.Command(name, args...).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	if out := tool("qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors") {
		t.Error(out)
	}
	info := tool("pdfinfo", "-f", "1", "-l", "5", file)
	for _, want := range []string{"Pages:           5", "Page    1 size:  595.28 x 841.89", "Page    3 size:  419.53 x 595.28", "Page    5 size:  841.89 x 297.64"} {
		if !strings.Contains(info, want) {
			t.Errorf("no %q in\n%s", want, info)
		}
	}
	for page, want := range map[string]string{"1": "Mira Aldenhoven", "2": "Ελένη", "4": "Chloé"} {
		if got := tool("pdftotext", "-f", page, "-l", page, file, "-"); !strings.Contains(got, want) {
			t.Errorf("page %s has not %q:\n%s", page, want, got)
		}
	}
}

// TestBookTakesOursAlone: what Render did not make is an error, and never a panic.
func TestBookTakesOursAlone(t *testing.T) {
	pdf, err := Render(sample(t, "en", A4))
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string][]byte{"nothing": nil, "text": []byte("%PDF-1.7\nstartxref\n0\n%%EOF\n"), "half": pdf[:len(pdf)/2], "tail": pdf[len(pdf)/2:],
		"shifted": append([]byte("\n"), pdf...)} {
		if err := NewBook(new(bytes.Buffer)).Add(bad); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := NewBook(new(bytes.Buffer)).Close(time.Time{}); err == nil {
		t.Error("a book without a page was closed")
	}
}
