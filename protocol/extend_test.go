package protocol

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// testExtension is an extension by the node's member, of a head of somebody else's.
func testExtension() Extension {
	return Extension{Origin: OriginOf(publicOf("somebody else")), By: OriginOf(publicOf("root")), Head: CIDOf([]byte("a head")),
		At: testTime, Until: testTime.Add(MaxExtension)}
}

func TestVectorsOfExtensions(t *testing.T) {
	type words struct {
		Origin Origin `json:"origin"`
		By     Origin `json:"by"`
		Head   string `json:"head"`
		At     int64  `json:"at"`
		Until  int64  `json:"until"`
	}
	back := testExtension()
	back.At, back.Until = testTime.Add(time.Hour), testTime.Add(time.Minute)
	var out []signedVector
	for _, c := range []struct {
		name      string
		extension Extension
	}{{"for thirty days", testExtension()}, {"taken back: it ended before it was signed", back}} {
		x, err := SignExtension(keyOf("node"), c.extension)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, signedVectorOf(t, c.name, "node", x.Bytes(), domainExtend, words{x.Origin, x.By, x.Head.String(), x.At.UnixMilli(), x.Until.UnixMilli()}))
		again, err := OpenExtension(x.Bytes(), testCard(t))
		if err != nil || again.ID() != x.ID() || again.Origin != c.extension.Origin || again.By != c.extension.By || again.Head != c.extension.Head ||
			!again.At.Equal(c.extension.At) || !again.Until.Equal(c.extension.Until) {
			t.Errorf("%s: opens as %+v, %v", c.name, again, err)
		}
		if kept, err := ReopenExtension(x.Bytes()); err != nil || kept.ID() != x.ID() || !IsExtension(x.Bytes()) {
			t.Errorf("%s: read back as %+v, %v", c.name, kept, err)
		}
	}
	golden(t, "extensions.json", out)
	if IsExtension(mustHead(t).Bytes()) || IsExtension(nil) {
		t.Error("a head, or nothing, passes for an extension")
	}
}

// TestExtends holds one extension against what its member's head and card may be.
func TestExtends(t *testing.T) {
	head := mustHead(t)
	card := testCard(t)
	card.Delegate = OriginOf(publicOf("somebody else"))
	good := Extension{Origin: card.Origin(), By: card.Delegate, Head: head.ID(), At: testTime.Add(4 * DefaultLease), Until: head.Until.Add(MaxExtension)}
	for _, c := range []struct {
		name   string
		change func(x *Extension, h *Head, card *Card)
		want   error
	}{
		{"to the last moment", func(*Extension, *Head, *Card) {}, nil},
		{"taken back", func(x *Extension, h *Head, _ *Card) { x.Until = h.Until }, nil},
		{"too long", func(x *Extension, _ *Head, _ *Card) { x.Until = x.Until.Add(time.Millisecond) }, ErrForm},
		{"shorter than the lease", func(x *Extension, h *Head, _ *Card) { x.Until = h.Until.Add(-time.Millisecond) }, ErrForm},
		{"of another head", func(x *Extension, _ *Head, _ *Card) { x.Head = CIDOf([]byte("a head")) }, ErrStale},
		{"of the member's own", func(x *Extension, _ *Head, _ *Card) { x.By = x.Origin }, ErrKey},
		{"by somebody", func(x *Extension, _ *Head, _ *Card) { x.By[0] ^= 1 }, ErrKey},
		{"nobody is named", func(_ *Extension, _ *Head, card *Card) { card.Delegate = Origin{} }, ErrKey},
		{"nobody is named, and nobody signs", func(x *Extension, _ *Head, card *Card) { card.Delegate, x.By = Origin{}, Origin{} }, ErrKey},
		{"under another member's card", func(_ *Extension, _ *Head, card *Card) { card.Root[0] ^= 1 }, ErrKey},
		{"under a card of a later epoch", func(_ *Extension, _ *Head, card *Card) { card.Epoch++ }, ErrKey},
		{"of another member's head", func(x *Extension, h *Head, _ *Card) { h.Origin[0] ^= 1 }, ErrForm},
	} {
		x, h, card := good, *head, *card
		c.change(&x, &h, &card)
		if err := x.Extends(&h, &card); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if good.Extends(nil, card) == nil || good.Extends(head, nil) == nil {
		t.Error("it counts without a head, or without a card")
	}
}

func invalidExtensions(t testing.TB) map[string]map[string][]byte {
	x, err := SignExtension(keyOf("node"), testExtension())
	if err != nil {
		t.Fatal(err)
	}
	env, with := resealed(t, x.Bytes(), keyOf("node"), domainExtend)
	own := OriginOf(publicOf("root"))
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":         with("zz", 1),
			"a photo for the head":     with("h", link(PhotoCID(nil).Bytes())...),
			"no head":                  with("h", 0xf6),
			"a delegate of its own":    with("o", blob(own[:])...),
			"an origin of thirty-one":  with("o", blob(make([]byte, 31))...),
			"signed in 1970":           with("at", 0),
			"signed in the year 10000": with("at", mustEncode(t, int64(maxTime+1))...),
			"until 1970":               with("u", 0),
			"until the year 10000":     with("u", mustEncode(t, int64(maxTime+1))...),
		},
		"signature": {"signed as a head": mustSeal(t, keyOf("node"), domainHead, env.payload)},
		"key": {
			"another delegate": with("d", blob(make([]byte, 32))...),
			"somebody else's":  mustSeal(t, keyOf("somebody else"), domainExtend, env.payload),
		},
		"unknown": {"a newer version": with("v", 2), "a record": testRecord(t).Bytes()},
	}
}

func FuzzOpenExtension(f *testing.F) {
	seedSigned(f)
	card := testCard(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, keyOf("node"), domainExtend, func(raw []byte) {
			c, err := ParseExtension(raw)
			if err != nil {
				if _, err := OpenExtension(raw, card); err == nil || VerdictOf(err) == Accept {
					t.Fatal("opens, but does not parse")
				}
				return
			}
			if again := mustEncode(t, c.extension.wire()); !bytes.Equal(again, c.env.payload) {
				t.Fatalf("%x encodes as %x", c.env.payload, again)
			}
			if _, err := OpenExtension(raw, card); err == nil {
				oneDomain(t, c.env, publicOf("node"), domainExtend)
			}
			if _, err := ParseHead(raw); err == nil {
				t.Fatal("an extension parses as a head")
			}
		})
	})
}
