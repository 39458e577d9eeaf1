package photo

import (
	"bytes"
	"image"
	"math/rand"
	"testing"
)

// grained is a picture that takes many bytes.
func grained(w, h int) *image.RGBA {
	m := quarters(w, h)
	grain := rand.New(rand.NewSource(2))
	for i := range m.Pix {
		if i%4 < 3 {
			m.Pix[i] = uint8(min(max(int(m.Pix[i])+grain.Intn(31)-15, 0), 255))
		}
	}
	return m
}

func TestPrint(t *testing.T) {
	large, err := Normalise(pngOf(t, grained(1500, 1300)))
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(large.Print, 800, 693); err != nil || len(large.Print) >= len(large.Full) {
		t.Errorf("what is printed of a large picture: %d bytes, %v", len(large.Print), err)
	}
	wantCorners(t, large.Print, red, green, yellow, blue)
	for name, of := range map[string]func([]byte) ([]byte, error){"own": PrintOwn, "a peer's": Print} {
		if again, err := of(large.Full); err != nil || !bytes.Equal(again, large.Print) {
			t.Errorf("%s, made again: another print, or %v", name, err)
		}
	}

	small, err := Normalise(pngOf(t, quarters(1200, 900)))
	if err != nil {
		t.Fatal(err)
	}
	if len(small.Full) > smallPrint || small.Print != nil {
		t.Errorf("a small picture of %d bytes has a print of %d", len(small.Full), len(small.Print))
	}
	if b, err := PrintOwn(small.Full); err != nil || !bytes.Equal(b, small.Full) {
		t.Errorf("a small picture of our own is not printed as it is: %v", err)
	}
	for name, c := range map[string]struct {
		of   func([]byte) ([]byte, error)
		full []byte
	}{
		"a peer's": {Print, small.Full}, "not as Normalise makes them": {PrintOwn, withSegments(small.Full, "\xfesecret")},
	} {
		if b, err := c.of(c.full); err != nil || Check(b, 800, 600) != nil || bytes.Contains(b, []byte("secret")) {
			t.Errorf("%s: %v, %v", name, err, Check(b, 800, 600))
		}
	}
	for _, b := range [][]byte{nil, small.Full[:len(small.Full)/3], pngOf(t, quarters(300, 300))} {
		if _, err := PrintOwn(b); err == nil {
			t.Errorf("%d bytes that are no JPEG were printed", len(b))
		}
	}
}
