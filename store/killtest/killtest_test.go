//go:build linux && amd64

package killtest

import (
	"os"
	"path/filepath"
	"testing"
)

const file = "GMCN_KILLTEST_FILE"

// TestMain is the child when this binary was started as that: it writes before the mark, and three letters after it.
func TestMain(m *testing.M) {
	path := os.Getenv(file)
	if path == "" {
		os.Exit(m.Run())
	}
	f, err := os.Create(path)
	if err == nil {
		_, err = f.WriteAt([]byte("-"), 0)
	}
	Mark()
	for i, letter := range []string{"a", "b", "c"} {
		if err == nil {
			_, err = f.WriteAt([]byte(letter), int64(1+i))
		}
	}
	if err != nil {
		panic(err)
	}
	os.Exit(0)
}

// TestRun: at the nth call the child is gone, the calls before it are made and that one is not; after the last it ends by itself.
func TestRun(t *testing.T) {
	for n := 1; n <= 4; n++ {
		path := filepath.Join(t.TempDir(), "letters")
		killed := Run(t, n, file+"="+path)
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if want := "-abc"[:min(n, 4)]; string(b) != want || killed != (n < 4) {
			t.Errorf("killed at call %d: %t, and it wrote %q, want %q", n, killed, b, want)
		}
	}
}
