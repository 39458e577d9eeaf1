package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/draw"
)

var (
	red    = color.RGBA{220, 30, 30, 255}
	green  = color.RGBA{30, 180, 30, 255}
	blue   = color.RGBA{30, 30, 220, 255}
	yellow = color.RGBA{220, 220, 30, 255}
	white  = color.RGBA{255, 255, 255, 255}
)

// quarters draws what the files in testdata show: red and green above blue and yellow.
func quarters(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := [4]color.RGBA{red, green, blue, yellow}[2*(2*y/h)+2*x/w]
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// wantCorners compares the middles of a picture's four quarters, clockwise from the top left.
func wantCorners(t *testing.T, b []byte, want ...color.RGBA) {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	for i, at := range []image.Point{{w / 8, h / 8}, {w * 7 / 8, h / 8}, {w * 7 / 8, h * 7 / 8}, {w / 8, h * 7 / 8}} {
		if got := m.At(at.X, at.Y); !near(got, want[i]) {
			t.Errorf("corner %d: got %v, want %v", i, color.RGBAModel.Convert(got), want[i])
		}
	}
}

func near(a color.Color, b color.RGBA) bool {
	red, green, blue, _ := a.RGBA()
	for _, pair := range [][2]uint32{{red, uint32(b.R)}, {green, uint32(b.G)}, {blue, uint32(b.B)}} {
		if d := int(pair[0]>>8) - int(pair[1]); d < -6 || d > 6 {
			return false
		}
	}
	return true
}

func jpegOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func fixture(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Coordinates in the spliced Exif, as three fractions each: 48° 51' 29.63" N, 2° 17' 40.2" E.
var (
	latitude  = []uint32{48, 1, 51, 1, 2963, 100}
	longitude = []uint32{2, 1, 17, 1, 4020, 100}
)

// exifBlock builds what a phone writes: a make, an orientation and a GPS directory with a position.
func exifBlock(order binary.AppendByteOrder, orientation uint16) []byte {
	const (
		ifd0  = 8
		gps   = ifd0 + 2 + 3*12 + 4
		heap  = gps + 2 + 4*12 + 4
		ascii = 2
	)
	b := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		b = []byte("MM\x00*")
	}
	entry := func(tag, kind uint16, count uint32, value []byte) {
		b = order.AppendUint16(b, tag)
		b = order.AppendUint16(b, kind)
		b = order.AppendUint32(b, count)
		b = append(b, append(value, 0, 0, 0, 0)[:4]...)
	}
	b = order.AppendUint32(b, ifd0)
	b = order.AppendUint16(b, 3)
	entry(0x010f, ascii, 4, []byte("Cam\x00"))
	entry(0x0112, 3, 1, order.AppendUint16(nil, orientation))
	entry(0x8825, 4, 1, order.AppendUint32(nil, gps))
	b = order.AppendUint32(b, 0)
	b = order.AppendUint16(b, 4)
	entry(1, ascii, 2, []byte("N\x00"))
	entry(2, 5, 3, order.AppendUint32(nil, heap))
	entry(3, ascii, 2, []byte("E\x00"))
	entry(4, 5, 3, order.AppendUint32(nil, heap+24))
	b = order.AppendUint32(b, 0)
	return append(append(b, packed(order, latitude)...), packed(order, longitude)...)
}

func packed(order binary.AppendByteOrder, words []uint32) (b []byte) {
	for _, w := range words {
		b = order.AppendUint32(b, w)
	}
	return b
}

// withSegments splices segments into a JPEG behind its first two bytes, each a marker and a body.
func withSegments(b []byte, segments ...string) []byte {
	out := append([]byte{}, b[:2]...)
	for _, s := range segments {
		out = append(out, 0xff, s[0])
		out = binary.BigEndian.AppendUint16(out, uint16(len(s)+1))
		out = append(out, s[1:]...)
	}
	return append(out, b[2:]...)
}

// withChunks splices chunks into a PNG behind IHDR, each a type of four letters and a body.
func withChunks(b []byte, chunks ...string) []byte {
	const headerEnd = 8 + 12 + 13
	out := append([]byte{}, b[:headerEnd]...)
	for _, c := range chunks {
		out = binary.BigEndian.AppendUint32(out, uint32(len(c)-4))
		out = append(out, c...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(c)))
	}
	return append(out, b[headerEnd:]...)
}

func laden(t testing.TB) map[string][]byte {
	big, little := string(exifBlock(binary.BigEndian, 6)), string(exifBlock(binary.LittleEndian, 6))
	xmp := `<x:xmpmeta><rdf:Description xmlns:xmp="http://ns.adobe.com/xap/1.0/" exif:GPSLatitude="48,51.4938N"/></x:xmpmeta>`
	m := quarters(640, 480)
	return map[string][]byte{
		"jpeg": append(withSegments(jpegOf(t, m),
			"\xe0JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
			"\xe1Exif\x00\x00"+big, "\xe1http://ns.adobe.com/xap/1.0/\x00"+xmp,
			"\xe2ICC_PROFILE\x00\x01\x01Display P3", "\xedPhotoshop 3.0\x00caption", "\xfetaken by the secret witness"),
			"trailing secret witness"...),
		"png": append(withChunks(pngOf(t, m), "tEXtAuthor\x00secret witness", "eXIf"+little,
			"iTXtXML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp), "trailing secret witness"...),
		"webp": fixture(t, "lossy-exif6.webp"),
	}
}

func TestNormaliseKeepsNothingButThePicture(t *testing.T) {
	secrets := []string{"Exif", "GPS", "http://ns.adobe.com", "ICC_PROFILE", "Display P3", "witness", "caption", "Cam\x00",
		"Photoshop", "JFIF"}
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		secrets = append(secrets, string(packed(order, latitude)), string(packed(order, longitude)))
	}
	for name, raw := range laden(t) {
		t.Run(name, func(t *testing.T) {
			held := 0
			for _, s := range secrets {
				held += strings.Count(string(raw), s)
			}
			if held == 0 {
				t.Fatal("the input holds nothing to lose")
			}
			before := bytes.Clone(raw)
			c, err := Normalise(raw)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(raw, before) {
				t.Error("input changed")
			}
			for _, s := range secrets {
				if bytes.Contains(c.Full, []byte(s)) || bytes.Contains(c.Thumb, []byte(s)) {
					t.Errorf("output holds %q", s)
				}
			}
			if err := Check(c.Full, c.Width, c.Height); err != nil {
				t.Error(err)
			}
			if err := CheckThumb(c.Thumb, c.ThumbWidth, c.ThumbHeight); err != nil {
				t.Error(err)
			}
			// Orientation 6: the camera was held with its top to the left.
			wantCorners(t, c.Full, blue, red, green, yellow)
			wantCorners(t, c.Thumb, blue, red, green, yellow)
			again, err := Normalise(raw)
			if err != nil || !bytes.Equal(again.Full, c.Full) || !bytes.Equal(again.Thumb, c.Thumb) {
				t.Error("not the same bytes the second time")
			}
		})
	}
}

func TestNormaliseOrientation(t *testing.T) {
	for o, want := range map[uint16][]color.RGBA{
		1: {red, green, yellow, blue},
		2: {green, red, blue, yellow},
		3: {yellow, blue, red, green},
		4: {blue, yellow, green, red},
		5: {red, blue, yellow, green},
		6: {blue, red, green, yellow},
		7: {yellow, green, red, blue},
		8: {green, yellow, blue, red},
		9: {red, green, yellow, blue},
	} {
		for name, raw := range map[string][]byte{
			"jpeg II": withSegments(jpegOf(t, quarters(400, 240)), "\xe1Exif\x00\x00"+string(exifBlock(binary.LittleEndian, o))),
			"jpeg MM": withSegments(jpegOf(t, quarters(400, 240)), "\xe1Exif\x00\x00"+string(exifBlock(binary.BigEndian, o))),
			"png":     withChunks(pngOf(t, quarters(400, 240)), "eXIf"+string(exifBlock(binary.BigEndian, o))),
		} {
			c, err := Normalise(raw)
			if err != nil {
				t.Fatal(err)
			}
			w, h, thumbW, thumbH := 400, 240, 320, 192
			if 5 <= o && o <= 8 {
				w, h, thumbW, thumbH = 240, 400, 240, 400
			}
			if c.Width != w || c.Height != h || c.ThumbWidth != thumbW || c.ThumbHeight != thumbH {
				t.Errorf("%s %d: %d by %d, thumbnail %d by %d", name, o, c.Width, c.Height, c.ThumbWidth, c.ThumbHeight)
			}
			t.Run(name, func(t *testing.T) { wantCorners(t, c.Full, want...) })
		}
	}
}

func TestNormaliseKinds(t *testing.T) {
	m := quarters(300, 240)
	seeThrough := image.NewNRGBA(m.Rect)
	draw.Draw(seeThrough, m.Rect, m, image.Point{}, draw.Src)
	draw.Draw(seeThrough, image.Rect(100, 80, 200, 160), image.Transparent, image.Point{}, draw.Src)
	deep := image.NewNRGBA64(m.Rect)
	draw.Draw(deep, m.Rect, seeThrough, image.Point{}, draw.Src)
	few := image.NewPaletted(m.Rect, color.Palette{red, green, blue, yellow})
	draw.Draw(few, m.Rect, m, image.Point{}, draw.Src)
	big := image.NewNRGBA(image.Rect(0, 0, 3300, 660))
	draw.NearestNeighbor.Scale(big, big.Rect, seeThrough, m.Rect, draw.Src, nil)

	for name, c := range map[string]struct {
		raw    []byte
		middle bool // transparent there
	}{
		"progressive JPEG":      {raw: fixture(t, "progressive.jpg")},
		"CMYK JPEG":             {raw: fixture(t, "cmyk.jpg")},
		"lossy WebP, alpha":     {fixture(t, "lossy-alpha.webp"), true},
		"lossless WebP":         {fixture(t, "lossless-alpha.webp"), true},
		"interlaced 16-bit PNG": {raw: fixture(t, "interlaced16.png")},
		"16-bit PNG, alpha":     {pngOf(t, deep), true},
		"PNG, alpha":            {pngOf(t, seeThrough), true},
		"large PNG, alpha":      {pngOf(t, big), true},
		"paletted PNG":          {raw: pngOf(t, few)},
	} {
		t.Run(name, func(t *testing.T) {
			clean, err := Normalise(c.raw)
			if err != nil {
				t.Fatal(err)
			}
			wantCorners(t, clean.Full, red, green, yellow, blue)
			out, err := jpeg.Decode(bytes.NewReader(clean.Full))
			if err != nil {
				t.Fatal(err)
			}
			if got := out.At(clean.Width/2-20, clean.Height/2-20); c.middle != near(got, white) {
				t.Errorf("middle is %v", got)
			}
		})
	}

	grey := image.NewGray(image.Rect(0, 0, 3000, 900))
	draw.Draw(grey, grey.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	clean, err := Normalise(jpegOf(t, grey))
	if err != nil {
		t.Fatal(err)
	}
	wantCorners(t, clean.Full, color.RGBA{90, 90, 90, 255}, color.RGBA{90, 90, 90, 255}, color.RGBA{90, 90, 90, 255},
		color.RGBA{90, 90, 90, 255})
}

func TestNormaliseSizes(t *testing.T) {
	for _, c := range []struct{ w, h, wantW, wantH, thumbW, thumbH int }{
		{4000, 3000, 1600, 1200, 320, 240},
		{3000, 4000, 1200, 1600, 300, 400},
		{1601, 1601, 1600, 1600, 320, 320},
		{1600, 200, 1600, 200, 320, 40},
		{200, 200, 200, 200, 200, 200},
		{3333, 2221, 1600, 1066, 320, 213},
	} {
		clean, err := Normalise(jpegOf(t, quarters(c.w, c.h)))
		if err != nil {
			t.Fatal(c, err)
		}
		if clean.Width != c.wantW || clean.Height != c.wantH || clean.ThumbWidth != c.thumbW || clean.ThumbHeight != c.thumbH {
			t.Errorf("%d by %d: got %d by %d and %d by %d", c.w, c.h, clean.Width, clean.Height, clean.ThumbWidth, clean.ThumbHeight)
		}
		wantCorners(t, clean.Full, red, green, yellow, blue)
	}
}

func TestNormaliseNoise(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 2000, 2000))
	rand.New(rand.NewSource(1)).Read(m.Pix)
	for i, v := range m.Pix {
		m.Pix[i] = v % 2 * 255
	}
	var raw bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&raw, m); err != nil {
		t.Fatal(err)
	}
	clean, err := Normalise(raw.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(clean.Full, clean.Width, clean.Height); err != nil {
		t.Error(err)
	}
	if err := CheckThumb(clean.Thumb, clean.ThumbWidth, clean.ThumbHeight); err != nil {
		t.Error(err)
	}
	if clean.Width < 1000 {
		t.Errorf("shrunk to %d", clean.Width)
	}
}

func TestEncodeUnder(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 400, 400))
	rand.New(rand.NewSource(1)).Read(m.Pix)
	best := len(encode(m, 85))
	worst := len(encode(m, 40))
	for _, c := range []struct{ limit, side int }{{best, 400}, {best - 1, 400}, {worst, 400}, {worst - 1, 300}, {worst / 3, 225}} {
		b, kept := encodeUnder(m, c.limit)
		if len(b) > c.limit || kept.Rect.Dx() != c.side {
			t.Errorf("under %d: %d bytes, %d wide", c.limit, len(b), kept.Rect.Dx())
		}
	}
}

func TestResize(t *testing.T) {
	full := jpegOf(t, quarters(1600, 1200))
	for _, c := range []struct{ w, h, wantW, wantH int }{
		{800, 800, 800, 600}, {800, 300, 400, 300}, {5000, 5000, 1600, 1200}, {1, 1, 1, 1}, {1599, 1600, 1599, 1199},
	} {
		b, err := Resize(full, c.w, c.h, 80)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(b, c.wantW, c.wantH); err != nil {
			t.Error(err)
		}
		if c.wantW > 8 {
			wantCorners(t, b, red, green, yellow, blue)
		}
	}
	low, _ := Resize(full, 800, 800, 40)
	high, _ := Resize(full, 800, 800, 95)
	if len(low) >= len(high) {
		t.Errorf("quality 40 takes %d bytes, 95 takes %d", len(low), len(high))
	}
	same, err := Resize(withSegments(full, "\xfesecret"), 1600, 1200, 90)
	if err != nil || bytes.Contains(same, []byte("secret")) {
		t.Errorf("comment kept, or %v", err)
	}
	turned := withSegments(jpegOf(t, quarters(400, 240)), "\xe1Exif\x00\x00"+string(exifBlock(binary.BigEndian, 5)),
		"\xe1Exif\x00\x00"+string(exifBlock(binary.BigEndian, 1))) // the first Exif counts
	if b, err := Resize(turned, 100, 400, 90); err != nil || Check(b, 100, 167) != nil {
		t.Errorf("turned: %v, %v", err, Check(b, 100, 167))
	}
	var e *Error
	if _, err := Resize(pngOf(t, quarters(300, 300)), 100, 100, 80); !errors.As(err, &e) || e.Code != BadFormat {
		t.Errorf("PNG: %v", err)
	}
	if _, err := Resize(full[:len(full)/2], 100, 100, 80); !errors.As(err, &e) || e.Code != Broken {
		t.Errorf("half: %v", err)
	}
	for _, c := range [][3]int{{0, 10, 80}, {10, -1, 80}, {10, 10, 0}, {10, 10, 101}} {
		if _, err := Resize(full, c[0], c[1], c[2]); err == nil {
			t.Errorf("%v taken", c)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, name := range []string{"progressive.jpg", "cmyk.jpg", "lossy-alpha.webp", "lossless-alpha.webp", "animated.webp",
		"lossy-exif6.webp", "interlaced16.png"} {
		f.Add(fixture(f, name))
	}
	f.Add(jpegOf(f, quarters(200, 200)))
	f.Add(withChunks(pngOf(f, quarters(200, 200)), "eXIf"+string(exifBlock(binary.BigEndian, 8))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h, err := inspect(raw); len(raw) > 1<<16 || err == nil && h.memory > 8<<20 {
			t.Skip("too slow to fuzz")
		}
		c, err := Normalise(raw)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Code == "" || e.Detail == "" {
				t.Fatalf("error without a reason: %#v", err)
			}
			return
		}
		if err := Check(c.Full, c.Width, c.Height); err != nil {
			t.Error(err)
		}
		if err := CheckThumb(c.Thumb, c.ThumbWidth, c.ThumbHeight); err != nil {
			t.Error(err)
		}
		if min(c.Width, c.Height) < MinSide {
			t.Errorf("%d by %d", c.Width, c.Height)
		}
	})
}

// BenchmarkNormalise compares the whole with decoding alone, on a 12-megapixel photo with the grain of a real one.
func BenchmarkNormalise(b *testing.B) {
	raw := grainy(b, 4000, 3000)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(raw)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("normalise", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Normalise(raw); err != nil {
				b.Fatal(err)
			}
		}
	})
	full, err := Normalise(raw)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("resize800", func(b *testing.B) {
		for b.Loop() {
			if _, err := Resize(full.Full, 800, 800, 80); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func grainy(t testing.TB, w, h int) []byte {
	m := quarters(w, h)
	r := rand.New(rand.NewSource(1))
	for i := range m.Pix {
		m.Pix[i] = byte(min(255, max(0, int(m.Pix[i])+i/40%32+r.Intn(17)-8)))
	}
	return jpegOf(t, m)
}
