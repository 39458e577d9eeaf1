package poster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// TestLayerOfManyFonts has more characters than one font of the layer, some of them above U+FFFF, and a word that is longer
// than a font. Another program reads them all, and the title.
func TestLayerOfManyFonts(t *testing.T) {
	var long, words strings.Builder
	for i := range rune(3*perFont + 10) {
		if i < perFont+50 {
			long.WriteRune(0xac00 + i)
		}
		words.WriteRune(0x4e00 + i)
		if i%20 == 19 {
			words.WriteByte(' ')
		}
	}
	words.WriteString(" \U00020bb7\u91ce\U0001f600 (\\)")
	page := &Page{Lang: "en", W: 2000, H: 200}
	for i, s := range []string{long.String(), words.String()} {
		page.Marks = append(page.Marks, Mark{Text: &Text{Block: fontsOf(t, "en").Layout(s, typeset.Style{Size: 5}, 1900, 0), X: 10, Y: 20 + 100*float64(i)}})
	}
	pdf, err := writePDF([]*Page{page, page}, "\U00020bb7-1 (\\)", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "layer.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	got := bare(tool(t, "pdftotext", file, "-"))
	for _, want := range append(strings.Fields(words.String()), long.String()) {
		if n := strings.Count(got, want); n != 2 {
			t.Errorf("%d times %q in %q", n, want, got)
		}
	}
	if out := tool(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors found") {
		t.Error(out)
	}
	if out := tool(t, "pdfinfo", file); !strings.Contains(out, "\U00020bb7-1 (\\)\n") {
		t.Errorf("another title: %s", out)
	}
}
