package site

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// drawGrained draws the photo of a look with the grain and the size of those that a telephone takes: too large to be
// printed as it is.
func drawGrained(t testing.TB, look protocoltest.Look, grain *rand.Rand) *photo.Clean {
	t.Helper()
	m := protocoltest.Portrait(look, 1200, 1500).(*image.RGBA)
	for i := range m.Pix {
		if i%4 < 3 {
			m.Pix[i] = uint8(min(max(int(m.Pix[i])+grain.IntN(9)-4, 0), 255))
		}
	}
	var file bytes.Buffer
	err := png.Encode(&file, m)
	var clean *photo.Clean
	if err == nil {
		clean, err = photo.Normalise(file.Bytes())
	}
	if err != nil {
		t.Fatal(err)
	}
	drawn.Lock()
	defer drawn.Unlock()
	drawn.clean[look] = clean
	return clean
}

// TestPosterWithAndWithoutItsPrint: a poster is the same to the byte whether what it shows of a photo was kept or not, it
// takes what is kept, and nothing is kept of a photo that is printed as it is, or of another country's.
func TestPosterWithAndWithoutItsPrint(t *testing.T) {
	look := protocoltest.Invent(3, 11)
	clean := drawGrained(t, look, rand.New(rand.NewPCG(3, 4)))
	seed := numbered("XA-2026-901", nil)
	seed.Photos = []protocoltest.SeedPhoto{{Look: look, Kind: protocol.Portrait}}
	w := newWorld(t, "XA", languages, true, seed)
	prints := func() []string {
		found, err := filepath.Glob(filepath.Join(w.dir, "photos", "*", "*.print"))
		w.check(err)
		return found
	}
	poster := func(number string) string {
		t.Helper()
		a := w.get("/en/cases/" + w.refs[number].String() + "/poster.pdf")
		if a.Code != http.StatusOK {
			t.Fatalf("the poster of %s: %d", number, a.Code)
		}
		return a.body
	}
	before := prints()
	if len(before) == 0 {
		t.Fatal("no print was kept: the test shows nothing")
	}
	first := poster("XA-2026-901")
	for _, path := range before {
		w.check(os.Remove(path))
	}
	for range 2 {
		if poster("XA-2026-901") != first {
			t.Error("the poster is another when its print is not kept")
		}
		if now := prints(); len(now) != 1 || filepath.Base(now[0]) != protocol.PhotoCID(clean.Full).String()+".print" {
			t.Errorf("prints %v, want the one that was made", now)
		}
	}
	foreign := 0
	for _, c := range countries() {
		if c.Code == "XA" {
			continue
		}
		for _, seed := range c.Cases {
			if len(seed.Photos) > 0 && foreign < 3 {
				foreign++
				poster(seed.Case.Number)
			}
		}
	}
	if now := prints(); len(now) != 1 || foreign == 0 {
		t.Errorf("prints %v after %d posters of other countries' cases", now, foreign)
	}
	w.check(w.store.AddPrint(protocol.PhotoCID(clean.Full), clean.Thumb))
	if poster("XA-2026-901") == first {
		t.Error("the poster does not take the print that is kept")
	}
	w.close("XA-2026-901")
	if a := w.get("/en/cases/" + w.refs["XA-2026-901"].String() + "/poster.pdf"); a.Code != http.StatusGone {
		t.Errorf("the poster of a child that was found: %d", a.Code)
	}
	if now := prints(); len(now) != 0 {
		t.Errorf("prints %v of a child that was found", now)
	}
}
