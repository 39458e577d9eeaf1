package photo

import (
	"bytes"
	"image/jpeg"
	"testing"
)

func TestCheck(t *testing.T) {
	good := jpegOf(t, quarters(640, 480))
	if err := Check(good, 640, 480); err != nil {
		t.Error(err)
	}
	jfif := "\xe0JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	if err := Check(withSegments(good, jfif), 640, 480); err != nil {
		t.Errorf("plain JFIF: %v", err)
	}
	if err := Check(withScan(frameOf(t, 0xc0, 640, 480, 3), 3), 640, 480); err != nil {
		t.Errorf("the bare form that withScan makes: %v", err)
	}
	with := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	scan := bytes.Index(good, []byte{0xff, 0xda})

	for name, b := range map[string][]byte{
		"empty":                  nil,
		"PNG":                    pngOf(t, quarters(640, 480)),
		"other size":             jpegOf(t, quarters(640, 481)),
		"turned":                 jpegOf(t, quarters(480, 640)),
		"Exif":                   withSegments(good, "\xe1Exif\x00\x00II*\x00"),
		"XMP":                    withSegments(good, "\xe1http://ns.adobe.com/xap/1.0/\x00<x/>"),
		"ICC":                    withSegments(good, "\xe2ICC_PROFILE\x00\x01\x01"),
		"Adobe":                  withSegments(good, "\xeeAdobe\x00\x64\x00\x00\x00\x00\x01"),
		"comment":                withSegments(good, "\xfesecret"),
		"APP0 that is not JFIF":  withSegments(good, "\xe0Exif\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"),
		"JFIF with more":         withSegments(good, jfif+"secret"),
		"JFIF with a thumbnail":  withSegments(good, "\xe0JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01"),
		"bytes after the end":    append(bytes.Clone(good), 0),
		"a second picture":       append(bytes.Clone(good), good...),
		"bytes between segments": with("\xff\xdb", "secret\xff\xdb"),
		"fill bytes":             with("\xff\xc0", "\xff\xff\xff\xc0"),
		"segment after the scan": append(bytes.Clone(good[:len(good)-2]), "\xff\xfe\x00\x06abcd\xff\xd9"...),
		"second scan":            append(bytes.Clone(good[:len(good)-2]), good[scan:]...),
		"long header":            withSegments(good, "\xdb"+string(make([]byte, maxHeaderBytes))),
		"no scan":                append(bytes.Clone(good[:scan]), 0xff, 0xd9),
		"no end":                 good[:len(good)-2],
		"half a header":          good[:scan/2],
		"progressive":            with("\xff\xc0", "\xff\xc2"),
		"two frames":             withSegments(good, "\xc0\x08\x01\xe0\x02\x80\x01\x01\x11\x00"),
		"CMYK":                   withScan(frameOf(t, 0xc0, 640, 480, 4), 4),
		"scan of one component":  withScan(frameOf(t, 0xc0, 640, 480, 3), 1),
		"scan before the frame":  withScan(withSegments([]byte("\xff\xd8\xff\xd9")), 3),
	} {
		if err := Check(b, 640, 480); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if err := Check(jpegOf(t, quarters(1700, 300)), 1700, 300); err == nil {
		t.Error("a side over MaxSide was taken")
	}
	heavy := append(bytes.Clone(good[:len(good)-2]), bytes.Repeat([]byte{1}, MaxBytes)...)
	if err := Check(append(heavy, 0xff, 0xd9), 640, 480); err == nil {
		t.Error("more than MaxBytes was taken")
	}
	if err := CheckThumb(good, 640, 480); err == nil {
		t.Error("a thumbnail beyond its box was taken")
	}
	small := jpegOf(t, quarters(320, 240))
	if err := CheckThumb(small, 320, 240); err != nil {
		t.Error(err)
	}
}

// withScan puts an empty scan of n components before the end of a JPEG.
func withScan(b []byte, n int) []byte {
	out := append(bytes.Clone(b[:len(b)-2]), 0xff, 0xda, 0, byte(6+2*n), byte(n))
	for i := range n {
		out = append(out, byte(i+1), 0)
	}
	return append(out, 0, 63, 0, 0xff, 0xd9)
}

// FuzzCheck: what Check takes and the decoder can read is of the size claimed, and Resize makes it clean.
func FuzzCheck(f *testing.F) {
	f.Add(jpegOf(f, quarters(64, 48)), 64, 48)
	f.Add(withSegments(jpegOf(f, quarters(64, 48)), "\xe0JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"), 64, 48)
	f.Add(fixture(f, "progressive.jpg"), 300, 240)
	f.Add(fixture(f, "cmyk.jpg"), 300, 240)
	f.Fuzz(func(t *testing.T, b []byte, w, h int) {
		if len(b) > 1<<15 || w > 400 || h > 400 || Check(b, w, h) != nil {
			return
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(b)); err == nil && (c.Width != w || c.Height != h) {
			t.Fatalf("decoder sees %d by %d, Check took %d by %d", c.Width, c.Height, w, h)
		}
		small, err := Resize(b, 100, 100, 80)
		if err != nil {
			return
		}
		smallW, smallH := fit(w, h, 100, 100)
		if err := Check(small, smallW, smallH); err != nil {
			t.Error(err)
		}
	})
}
