package poster

import (
	"bytes"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

// TestPhotosOfOneWidthKeepTheirOrder: the PDF library writes them in the order of a map.
func TestPhotosOfOneWidthKeepTheirOrder(t *testing.T) {
	in := sample(t, "en", A4)
	in.Photos = append(in.Photos, Picture{JPEG: portrait(t, 800, 1001), Info: protocol.Photo{Kind: protocol.FullFigure}})
	first, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(first, []byte("/Width 800")); n != 2 {
		t.Fatalf("%d photos of 800 pixels in the file, want 2", n)
	}
	for range 20 {
		again, err := Render(in)
		if err != nil || !bytes.Equal(again, first) {
			t.Fatalf("other bytes for the same poster (%v)", err)
		}
	}
}
