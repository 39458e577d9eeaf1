package protocol

import (
	"encoding/hex"
	"testing"
	"time"
)

type headWords struct {
	Origin   Origin `json:"origin"`
	Epoch    uint64 `json:"epoch"`
	Seq      uint64 `json:"seq"`
	Root     string `json:"root"`
	Live     uint64 `json:"live"`
	Dead     uint64 `json:"dead"`
	Instance string `json:"instance"`
	At       int64  `json:"at"`
	Until    int64  `json:"until"`
}

func TestHeadNewer(t *testing.T) {
	at := func(epoch, seq uint64, later time.Duration) *Head {
		return &Head{Epoch: epoch, Seq: seq, At: testTime.Add(later)}
	}
	for _, c := range []struct {
		a, b *Head
		want bool
	}{
		{at(0, 0, 0), nil, true},
		{at(1, 7, 0), at(1, 7, 0), false},
		{at(1, 7, 1), at(1, 7, 0), true},
		{at(1, 7, 0), at(1, 7, 1), false},
		{at(1, 8, 0), at(1, 7, 1), true},
		{at(1, 7, 1), at(1, 8, 0), false},
		{at(2, 1, 0), at(1, 8, 1), true},
		{at(1, 8, 1), at(2, 1, 0), false},
	} {
		if got := c.a.Newer(c.b); got != c.want {
			t.Errorf("%+v newer than %+v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestHeadHoldsToTheLease(t *testing.T) {
	for lease, want := range map[time.Duration]bool{
		-time.Hour: false, 0: false, MinLease - time.Millisecond: false, MinLease: true, DefaultLease: true, MaxLease: true,
		MaxLease + time.Millisecond: false, 10000 * time.Hour: false,
	} {
		h := testHead()
		h.Until = h.At.Add(lease)
		got, err := SignHead(keyOf("node"), h)
		if (err == nil) != want || (got != nil) != want {
			t.Errorf("a lease of %v: %v, %v", lease, got, err)
		}
		if want {
			if back, err := OpenHead(got.Bytes(), testCard(t)); err != nil || !back.Until.Equal(h.Until) || back.ID() != got.ID() {
				t.Errorf("a lease of %v came back as %+v, %v", lease, back, err)
			}
		}
	}
}

func testHead() Head {
	return Head{Origin: OriginOf(publicOf("root")), Epoch: 1, Seq: 7, Root: RootOf(nil), Live: 5, Dead: 2,
		Instance: [16]byte{1, 2, 3}, At: testTime, Until: testTime.Add(DefaultLease)}
}

func TestVectorsOfHeads(t *testing.T) {
	empty := testHead()
	empty.Epoch, empty.Seq, empty.Live, empty.Dead, empty.Until = 0, 0, 0, 0, testTime.Add(MaxLease)
	var out []signedVector
	for _, c := range []struct {
		name string
		head Head
	}{{"of a log with seven numbers", testHead()}, {"of an empty log", empty}} {
		h, err := SignHead(keyOf("node"), c.head)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, signedVectorOf(t, c.name, "node", h.Bytes(), domainHead, headWords{h.Origin, h.Epoch, h.Seq,
			hex.EncodeToString(h.Root[:]), h.Live, h.Dead, hex.EncodeToString(h.Instance[:]), h.At.UnixMilli(), h.Until.UnixMilli()}))
	}
	golden(t, "heads.json", out)
}

func invalidHeads(t testing.TB) map[string]map[string][]byte {
	h, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	env, with := resealed(t, h.Bytes(), keyOf("node"), domainHead)
	until := func(ms int64) []byte { return with("u", mustEncode(t, testTime.UnixMilli()+ms)...) }
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":            with("zz", 1),
			"more live than numbers":      with("l", 8),
			"more dead than numbers":      with("d", 8),
			"a lease under a day":         until(MinLease.Milliseconds() - 1),
			"a lease over a week":         until(MaxLease.Milliseconds() + 1),
			"a lease before its start":    until(-1),
			"a lease to the end of time":  with("u", 0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
			"a lease from before 1970":    with("at", 0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
			"an instance of fifteen":      with("i", blob(make([]byte, 15))...),
			"a sequence number past 2^53": with("q", 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
		},
		"signature": {"signed as a case": mustSeal(t, keyOf("node"), domainCase, env.payload)},
		"key": {
			"another epoch":   with("e", 2),
			"another origin":  with("o", blob(make([]byte, 32))...),
			"somebody else's": mustSeal(t, keyOf("somebody else"), domainHead, env.payload),
		},
		"unknown": {"a newer version": with("v", 2), "a record": testRecord(t).Bytes()},
	}
}

// TestRootOfSeesEveryDifference: whatever differs between two logs, their roots do.
func TestRootOfSeesEveryDifference(t *testing.T) {
	entry := func(seq uint64, digest byte) LogEntry { return LogEntry{seq, [32]byte{digest}} }
	roots := map[[32]byte]string{}
	for name, blocks := range map[string][]Block{
		"nothing":              nil,
		"one record":           {BlockOf(1, 0, []LogEntry{entry(1, 1)})},
		"another record":       {BlockOf(1, 0, []LogEntry{entry(1, 2)})},
		"at another number":    {BlockOf(1, 0, []LogEntry{entry(2, 1)})},
		"in another epoch":     {BlockOf(2, 0, []LogEntry{entry(1, 1)})},
		"in another block":     {BlockOf(1, 1, []LogEntry{entry(1, 1)})},
		"two records":          {BlockOf(1, 0, []LogEntry{entry(1, 1), entry(2, 1)})},
		"two records, swapped": {BlockOf(1, 0, []LogEntry{entry(2, 1), entry(1, 1)})},
		"two blocks":           {BlockOf(1, 0, []LogEntry{entry(1, 1)}), BlockOf(1, 1, []LogEntry{entry(1024, 1)})},
		"an empty block":       {BlockOf(1, 0, nil)},
	} {
		root := RootOf(blocks)
		if other, ok := roots[root]; ok {
			t.Errorf("%s and %s have one root", name, other)
		}
		roots[root] = name
	}
}
