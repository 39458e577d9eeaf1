package photo

import (
	"encoding/binary"
	"testing"
)

func TestOrientation(t *testing.T) {
	little := func(entries ...string) string {
		b := "II*\x00\x08\x00\x00\x00" + string([]byte{byte(len(entries)), 0})
		for _, e := range entries {
			b += e
		}
		return b
	}
	for name, c := range map[string]struct {
		block string
		want  int
	}{
		"short":                     {little("\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"), 6},
		"long":                      {little("\x12\x01\x04\x00\x01\x00\x00\x00\x08\x00\x00\x00"), 8},
		"prefixed":                  {"Exif\x00\x00" + little("\x12\x01\x03\x00\x01\x00\x00\x00\x03\x00\x00\x00"), 3},
		"real, II":                  {string(exifBlock(binary.LittleEndian, 5)), 5},
		"real, MM":                  {string(exifBlock(binary.BigEndian, 7)), 7},
		"none":                      {little("\x0f\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00"), 1},
		"zero":                      {little("\x12\x01\x03\x00\x01\x00\x00\x00\x00\x00\x00\x00"), 1},
		"nine":                      {little("\x12\x01\x03\x00\x01\x00\x00\x00\x09\x00\x00\x00"), 1},
		"two values":                {little("\x12\x01\x03\x00\x02\x00\x00\x00\x06\x00\x06\x00"), 1},
		"text":                      {little("\x12\x01\x02\x00\x01\x00\x00\x00\x06\x00\x00\x00"), 1},
		"entry cut short":           {little("\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00"), 1},
		"directory past the end":    {"II*\x00\xff\x00\x00\x00\x01\x00", 1},
		"directory at the last":     {"II*\x00\xff\xff\xff\xff\x01\x00", 1},
		"count larger than entries": {"II*\x00\x08\x00\x00\x00\xff\xff", 1},
		"BigTIFF":                   {"II+\x00\x08\x00\x00\x00\x01\x00", 1},
		"empty":                     {"", 1},
	} {
		if got := orientation([]byte(c.block)); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func FuzzOrientation(f *testing.F) {
	f.Add(exifBlock(binary.LittleEndian, 6))
	f.Add(append([]byte("Exif\x00\x00"), exifBlock(binary.BigEndian, 8)...))
	f.Add([]byte("II*\x00\xff\xff\xff\xff\x01\x00"))
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := orientation(block); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
