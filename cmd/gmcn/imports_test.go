package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/gmcn/gmcn/"

// edges is the import table of docs/architecture.md: what each package may import of ours. A new edge is a change of the
// design: change the table there first.
var edges = map[string][]string{
	"protocol":              nil,
	"protocol/photo":        nil,
	"protocol/protocoltest": {"protocol"},
	"store":                 {"protocol"},
	"store/killtest":        nil,
	"node":                  {"protocol", "protocol/photo", "store"},
	"ui/i18n":               nil,
	"ui":                    {"protocol", "ui/i18n"},
	"ui/poster":             {"protocol", "ui/i18n", "ui/poster/typeset"},
	"ui/poster/typeset":     nil,
	"ui/site":               {"protocol", "protocol/photo", "store", "ui", "ui/i18n", "ui/poster", "ui/poster/typeset"},
	"ui/admin":              {"protocol", "protocol/photo", "store", "node", "ui", "ui/i18n", "ui/poster", "ui/poster/typeset", "ui/site"},
	"cmd/gmcn": {"protocol", "protocol/photo", "protocol/protocoltest", "store", "node", "ui", "ui/i18n", "ui/poster",
		"ui/poster/typeset", "ui/site", "ui/admin"},
}

// homes is where each heavy dependency may be imported, by the beginning of its path.
var homes = map[string][]string{
	"github.com/libp2p/":          {"node"},
	"github.com/quic-go/":         nil,
	"go.etcd.io/bbolt":            {"store"},
	"github.com/gin-gonic/":       {"ui", "ui/site", "ui/admin"},
	"github.com/go-pdf/":          {"ui/poster"},
	"github.com/go-text/":         {"ui/poster/typeset"},
	"github.com/fxamacker/cbor/":  {"protocol"},
	"github.com/veraison/go-cose": {"protocol"},
	"filippo.io/age":              {"node"},
	"github.com/ipfs/go-cid":      {"protocol", "store", "node", "ui/site", "ui/admin", "cmd/gmcn"},
	"github.com/yuin/goldmark":    {"ui"},
	"github.com/microcosm-cc/":    {"ui"},
	"rsc.io/qr":                   {"ui/poster", "ui/admin", "cmd/gmcn"},
	"github.com/pelletier/":       {"ui/i18n", "cmd/gmcn"},
}

// TestImportsFollowTheTable reads the imports of every file that is shipped.
func TestImportsFollowTheTable(t *testing.T) {
	root := filepath.Join("..", "..")
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || name != root && strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case d.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if file.Name.Name == "main" && pkg != "cmd/gmcn" {
			return nil // a generator, run by hand
		}
		seen[pkg] = true
		may, known := edges[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the table", name, pkg)
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if ours, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(may, ours) {
				t.Errorf("%s: package %s may not import %s", name, pkg, ours)
			}
			for heavy, where := range homes {
				if strings.HasPrefix(imported, heavy) && !slices.Contains(where, pkg) {
					t.Errorf("%s: %s has no place in package %s, but in %q", name, imported, pkg, where)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range edges {
		if !seen[pkg] {
			t.Errorf("package %s is in the table and nowhere else", pkg)
		}
	}
}
