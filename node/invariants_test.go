package node

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestEveryInvariantHasATest reads the table of docs/protocol.md 18 and asks that it has all invariants, by the names that
// the checker of simulations tells, and that every test that it names exists.
func TestEveryInvariantHasATest(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(source), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(text), "\n## 18. ")
	if !ok {
		t.Fatal("docs/protocol.md has no section 18")
	}
	seen := map[int]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(section, -1) {
		n, _ := strconv.Atoi(row[1])
		name, _, _ := strings.Cut(row[2], ":")
		if seen[n] = true; name != invariants[n] {
			t.Errorf("invariant %d is called %q in the table and %q by the checker", n, name, invariants[n])
		}
		named := regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[3], -1)
		if len(named) == 0 && row[3] != "none: there are no tips yet" {
			t.Errorf("no test holds invariant %d", n)
		}
		for _, m := range named {
			if !tests[m[1]] {
				t.Errorf("%s, which is to hold invariant %d, does not exist", m[1], n)
			}
		}
	}
	for n := range invariants {
		if !seen[n] {
			t.Errorf("invariant %d is not in the table", n)
		}
	}
}
