package protocol

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestHostileBytesCostLittle measures what the worst that we know of makes the decoders spend. A decoder that trusts a
// claimed length, or a limit raised without thought, shows here.
func TestHostileBytesCostLittle(t *testing.T) {
	fill := func(head []byte, with []byte, size int) []byte {
		n := (size - len(head)) / len(with)
		return append(bytes.Clone(head), bytes.Repeat(with, n)...)
	}
	node := keyOf("node")
	const room = MaxEnvelope - 200
	env, err := unseal(testRecord(t).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	with := func(path string, to []byte) []byte {
		return mustSeal(t, node, domainCase, edit(t, env.payload, path, to))
	}
	nulls := list([]byte{0xf6}, maxItems)
	fat := append(append([]byte{0xa1}, text("ln")...), nulls...)
	for name, raw := range map[string][]byte{
		"a map that claims everything":      {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a list that claims 2^31":           {0x9a, 0x7f, 0xff, 0xff, 0xff},
		"a byte string that claims 2^62":    {0x84, 0x5b, 0x40, 0, 0, 0, 0, 0, 0, 0},
		"a text that claims 2^31":           {0x84, 0x7a, 0x7f, 0xff, 0xff, 0xff},
		"nothing but lists":                 bytes.Repeat([]byte{0x81}, MaxEnvelope),
		"nothing but tags":                  bytes.Repeat([]byte{0xc6}, MaxEnvelope),
		"nothing but maps":                  bytes.Repeat([]byte{0xa1}, MaxEnvelope),
		"nothing but open strings":          bytes.Repeat([]byte{0x5f}, MaxEnvelope),
		"lists in a payload":                mustSeal(t, node, domainCase, bytes.Repeat([]byte{0x81}, room)),
		"a payload that claims everything":  mustSeal(t, node, domainCase, []byte{0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}),
		"eleven hundred empty photos":       with("ph", list([]byte{0xa0}, maxItems)),
		"eleven hundred null photos":        with("ph", nulls),
		"eleven hundred empty children":     with("b.p.ch", list([]byte{0xa0}, maxItems)),
		"children with a thousand tongues":  with("b.p.ch", list(fat, 26)),
		"eleven hundred empty companions":   with("b.p.co", nulls),
		"a record full of text":             with("b.p.nr", fill([]byte{0x79, 0x70, 0x00}, []byte("a"), 0x7000+3)),
		"a key as long as the record":       with(strings.Repeat("k", 20000), []byte{1}),
		"a type as long as the record":      with("t", text(strings.Repeat("k", 20000))),
		"a language as long as the record":  with("b.p.w", append(append([]byte{0xa1}, text(strings.Repeat("k", 20000))...), 0x61, 'x')),
		"a date as long as the record":      with("b.p.sd", text(strings.Repeat("2", 20000))),
		"an envelope larger than any limit": make([]byte, 64<<20),
	} {
		for object, try := range map[string]func() error{
			"record": func() error { _, err := Parse(raw); return err },
			"card":   func() error { _, err := OpenCard(raw); return err },
			"head":   func() error { _, err := ParseHead(raw); return err },
			"frame":  func() error { _, err := DecodeFrame(raw); return err },
			"fork":   func() error { _, err := ParseFork(raw); return err },
		} {
			spent, err := allocated(try)
			if err == nil {
				t.Fatalf("%s opened as a %s", name, object)
			}
			if spent > 2<<20 {
				t.Errorf("%s, as a %s, cost %d bytes", name, object, spent)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("%s, as a %s, is quoted at length: %d letters", name, object, len(err.Error()))
			}
		}
	}
	for name, raw := range map[string][]byte{
		"a frame of lists":       bytes.Repeat([]byte{0x81}, MaxFrame),
		"a frame of null places": append(append(append([]byte{0xa1}, text("have")...), append([]byte{0xa1}, text("p")...)...), nulls...),
		"a frame of one record":  fill(slices.Concat([]byte{0xa1}, text("recs"), []byte{0xa1}, text("r"), []byte{0x81, 0x5a, 0, 0x0f, 0xff, 0xf0}), []byte{0}, MaxFrame-6),
	} {
		spent, err := allocated(func() error { _, err := DecodeFrame(raw); return err })
		if err == nil || spent > 4*MaxFrame {
			t.Errorf("%s cost %d bytes (%v)", name, spent, err)
		}
	}
}

func list(of []byte, n int) []byte { return append(item(4, n), bytes.Repeat(of, n)...) }

// allocated returns how many bytes f allocates.
func allocated(f func() error) (uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc, err
}
