package node

import (
	"bytes"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// grainedPNG draws a portrait with the grain of a telephone's, so that it takes too many bytes to be printed as it is.
func grainedPNG(t *testing.T, look protocoltest.Look) []byte {
	t.Helper()
	m := protocoltest.Portrait(look, 1000, 1250).(*image.RGBA)
	grain := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		if i%4 < 3 {
			m.Pix[i] = uint8(min(max(int(m.Pix[i])+grain.IntN(17)-8, 0), 255))
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUploadKeepsThePrint: what posters show of a photo is there before the first of them, and no upload fails for want
// of it.
func TestUploadKeepsThePrint(t *testing.T) {
	w := newStrangers(t, 1, nil)
	defer w.close()
	n := w.nodes[0]
	prints := func() []string {
		found, err := filepath.Glob(filepath.Join(n.cfg.Dir, "photos", "*", "*.print"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	kept, refused := grainedPNG(t, protocoltest.Invent(1, 9)), grainedPNG(t, protocoltest.Invent(2, 9))
	clean, err := photo.Normalise(refused)
	if err != nil {
		t.Fatal(err)
	}
	name := protocol.PhotoCID(clean.Full).String()
	inTheWay := filepath.Join(n.cfg.Dir, "photos", name[len(name)-3:len(name)-1], name+".print")
	if err := os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, raw := range [][]byte{kept, refused} {
		p, err := n.AddPhoto(raw)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(n.cfg.Dir, "photos", "*", p.File.Cid.String()+".print")
		if found, _ := filepath.Glob(path); len(found) != 1 || (found[0] == inTheWay) != (i == 1) {
			t.Errorf("upload %d: prints %v", i, prints())
		}
		d := testDraft(randomName(), "XA")
		d.Photos = []protocol.Photo{p}
		if err := n.SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		clean, err := photo.Normalise(raw)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := n.Print(p.File.Cid); err != nil || !bytes.Equal(b, clean.Print) || len(b) == 0 {
			t.Errorf("upload %d: a print of %d bytes, %v; want %d", i, len(b), err, len(clean.Print))
		}
	}
	if err := os.RemoveAll(inTheWay); err != nil {
		t.Fatal(err)
	}
	if _, err := n.AddPhoto(protocoltest.PortraitPNG(protocoltest.Invent(3, 9), 300, 400)); err != nil {
		t.Fatal(err)
	}
	if found := prints(); len(found) != 1 {
		t.Errorf("prints %v, want none of a small photo", found)
	}
}
