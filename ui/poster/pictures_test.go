package poster

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var pictures = flag.String("pictures", "", "a folder to leave the gallery in, as PDFs, for people to look at")

// TestGalleryForPeople leaves the gallery in a folder.
func TestGalleryForPeople(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures names no folder")
	}
	for _, tag := range languages(t) {
		for _, format := range Formats() {
			for _, a := range gallery {
				if len(a.lacks) > 0 || a.name != "full" && !*all && tag != "en" && tag != "ar" {
					continue
				}
				in := inTongue(t, tag, format)
				a.change(t, &in)
				name := strings.ReplaceAll(tag+"-"+string(format)+"-"+a.name, " ", "_") + ".pdf"
				if err := os.WriteFile(filepath.Join(*pictures, name), render(t, in), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
