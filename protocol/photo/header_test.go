package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"
)

// claim returns the beginning of a PNG that says it has w by h pixels, and a good checksum.
func claim(t *testing.T, w, h uint32) []byte {
	b := pngOf(t, quarters(200, 200))
	ihdr := "IHDR" + string(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)) + string(b[24:29])
	return append(withChunks(b, ihdr)[:8], withChunks(b, ihdr)[33:]...)
}

// frameOf returns a JPEG whose frame header says it has w by h pixels in n components of full size.
func frameOf(t *testing.T, marker byte, w, h, n int) []byte {
	frame := string([]byte{marker, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), byte(n)})
	for i := range n {
		frame += string([]byte{byte(i + 1), 0x11, 0})
	}
	return withSegments([]byte{0xff, 0xd8, 0xff, 0xd9}, frame)
}

func TestNormaliseRefuses(t *testing.T) {
	progressive := fixture(t, "progressive.jpg")
	scan := bytes.Index(progressive, []byte{0xff, 0xda})
	scans := append([]byte{}, progressive[:scan]...)
	for range maxScans + 1 {
		scans = append(scans, "\xff\xda\x00\x08\x01\x01\x00\x01\x3f\x00"...)
	}
	scans = append(scans, 0xff, 0xd9)
	plain := jpegOf(t, quarters(640, 480))
	deep := jpegOf(t, quarters(200, 200))
	deep[bytes.Index(deep, []byte{0xff, 0xc0})+4] = 12
	canvas := []byte("RIFF\x16\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00\xff\x7f\x00\xff\x7f\x00")

	for name, c := range map[string]struct {
		raw          []byte
		code, format string
	}{
		"nothing":             {nil, BadFormat, ""},
		"one byte":            {[]byte{0xff}, BadFormat, ""},
		"text":                {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), BadFormat, ""},
		"GIF":                 {[]byte("GIF89a\x01\x00\x01\x00"), BadFormat, "gif"},
		"HEIC":                {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), BadFormat, "heic"},
		"HEIC, mif1 first":    {[]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00heicmiaf"), BadFormat, "heic"},
		"AVIF":                {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avifmiaf"), BadFormat, "avif"},
		"video":               {[]byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00mp42isom"), BadFormat, ""},
		"ftyp alone":          {[]byte("\xff\xff\xff\xffftyp"), BadFormat, ""},
		"animated WebP":       {fixture(t, "animated.webp"), BadFormat, "webp"},
		"12-bit JPEG":         {deep, BadFormat, "jpeg"},
		"too many bytes":      {append(bytes.Clone(plain), make([]byte, MaxUploadBytes)...), TooLarge, ""},
		"small":               {jpegOf(t, quarters(400, 199)), TooSmall, "jpeg"},
		"a strip":             {jpegOf(t, quarters(1700, 200)), TooSmall, "jpeg"},
		"PNG bomb":            {claim(t, 60000, 60000), TooLarge, "png"},
		"PNG bomb, overflow":  {claim(t, 1<<31, 1<<31), TooLarge, "png"},
		"PNG without pixels":  {claim(t, 0, 300), Broken, "png"},
		"JPEG bomb":           {frameOf(t, 0xc0, 65000, 65000, 3), TooLarge, "jpeg"},
		"JPEG without pixels": {frameOf(t, 0xc0, 300, 0, 3), Broken, "jpeg"},
		"JPEG of no segments": {[]byte("\xff\xd8\xff\xd9"), Broken, "jpeg"},
		"JPEG, no scan":       {frameOf(t, 0xc0, 300, 300, 3), Broken, "jpeg"},
		"progressive 18 MP":   {frameOf(t, 0xc2, 4000, 4500, 3), TooLarge, "jpeg"},
		"progressive CMYK":    {frameOf(t, 0xc2, 4000, 3000, 4), TooLarge, "jpeg"},
		"WebP bomb":           {canvas, TooLarge, "webp"},
		"too many scans":      {scans, TooLarge, "jpeg"},
		"two frames":          {withSegments(plain, "\xc0\x08\x01\xe0\x02\x80\x01\x01\x11\x00"), Broken, "jpeg"},
	} {
		_, err := Normalise(c.raw)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: taken, or no *Error: %v", name, err)
		} else if e.Code != c.code || e.Format != c.format || !strings.Contains(e.Error(), e.Code) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestNormaliseRefusesTruncated(t *testing.T) {
	for name, raw := range map[string][]byte{
		"jpeg":        jpegOf(t, quarters(300, 240)),
		"progressive": fixture(t, "progressive.jpg"),
		"png":         pngOf(t, quarters(300, 240)),
		"lossy":       fixture(t, "lossy-alpha.webp"),
		"lossless":    fixture(t, "lossless-alpha.webp"),
	} {
		for n := 16; n < len(raw); n += 1 + len(raw)/97 {
			_, err := Normalise(raw[:n:n])
			var e *Error
			if !errors.As(err, &e) || e.Code != Broken {
				t.Errorf("%s cut to %d of %d: %v", name, n, len(raw), err)
			}
		}
		// An end mark on a cut file must not pass for a whole one.
		if name == "jpeg" || name == "progressive" {
			cut := append(bytes.Clone(raw[:len(raw)/2]), 0xff, 0xd9)
			if _, err := Normalise(cut); err == nil {
				t.Errorf("%s: half a picture with an end mark was taken", name)
			}
		}
	}
}

func TestBombCostsNothing(t *testing.T) {
	bombs := [][]byte{claim(t, 60000, 60000), frameOf(t, 0xc0, 65000, 65000, 3), frameOf(t, 0xc2, 8000, 8000, 3)}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, b := range bombs {
		if _, err := Normalise(b); err == nil {
			t.Error("taken")
		}
	}
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 64<<10 {
		t.Errorf("%d bytes allocated to refuse %d files", spent, len(bombs))
	}
}

func TestInspectMemory(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want int64
	}{
		"48 MP, 4:4:4":          {frameOf(t, 0xc0, 8000, 6000, 3), 8000 * 6000 * 3},
		"progressive 12 MP":     {frameOf(t, 0xc2, 4000, 3000, 3), 4000 * 3000 * 15},
		"grey, whole blocks":    {frameOf(t, 0xc0, 801, 600, 1), 808 * 600},
		"CMYK":                  {frameOf(t, 0xc0, 800, 800, 4), 800 * 800 * 8},
		"4:2:0, whole blocks":   {jpegOf(t, quarters(801, 600)), 816 * 608 * 3 / 2},
		"PNG":                   {pngOf(t, quarters(300, 200)), 300 * 200 * 4},
		"PNG 16-bit interlaced": {fixture(t, "interlaced16.png"), 300 * 240 * 12},
	} {
		h, err := inspect(c.raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if h.memory != c.want {
			t.Errorf("%s: reckoned %d bytes, want %d", name, h.memory, c.want)
		}
	}
}
