package protocoltest

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"
)

func TestPhonePhoto(t *testing.T) {
	photo, secrets := PhonePhoto(plain, 400, 300)
	if again, _ := PhonePhoto(plain, 400, 300); !bytes.Equal(photo, again) {
		t.Error("not the same bytes twice")
	}
	lying, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		t.Fatal(err)
	}
	if got := lying.Bounds().Size(); got != image.Pt(400, 300) {
		t.Fatalf("size %v", got)
	}
	if orientation := []byte{0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0}; !bytes.Contains(photo, orientation) {
		t.Error("no orientation 6")
	}

	// Orientation 6: the first row is the right edge, the first column the top.
	upright := Portrait(plain, 300, 400)
	var off, pixels int
	for y := range 400 {
		for x := range 300 {
			r, g, b, _ := upright.At(x, y).RGBA()
			r2, g2, b2, _ := lying.At(y, 299-x).RGBA()
			for _, d := range []int{int(r) - int(r2), int(g) - int(g2), int(b) - int(b2)} {
				off += max(d, -d) >> 8
			}
			pixels++
		}
	}
	if off > 3*8*pixels {
		t.Errorf("turned upright it is off by %d a channel", off/pixels/3)
	}

	bare := encodeJPEG(lying)
	if len(secrets) < 8 {
		t.Errorf("only %d secrets", len(secrets))
	}
	for _, s := range secrets {
		if len(s) < 6 {
			t.Errorf("%q is short enough to occur by chance", s)
		}
		if !bytes.Contains(photo, s) {
			t.Errorf("the photo does not hold %q", s)
		}
		if bytes.Contains(bare, s) {
			t.Errorf("a picture without metadata holds %q", s)
		}
	}
}

func TestPhonePhotoOfTwelveMegapixels(t *testing.T) {
	if testing.Short() {
		t.Skip("draws twelve million pixels")
	}
	photo, _ := PhonePhoto(plain, 4000, 3000)
	c, err := jpeg.DecodeConfig(bytes.NewReader(photo))
	if err != nil || c.Width != 4000 || c.Height != 3000 {
		t.Fatalf("%d by %d, %v", c.Width, c.Height, err)
	}
	if len(photo) < 1<<20 {
		t.Errorf("%d bytes; a telephone would make more", len(photo))
	}
}
