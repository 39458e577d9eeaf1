package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
)

// testForks are proofs of each kind, by name.
func testForks(t testing.TB) map[string]*Fork {
	t.Helper()
	sign := func(e Entry, salt byte) []byte {
		r, err := signWith(keyOf("node"), e, [16]byte{salt})
		if err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	head := func(change func(*Head)) []byte {
		h := testHead()
		change(&h)
		signed, err := SignHead(keyOf("node"), h)
		if err != nil {
			t.Fatal(err)
		}
		return signed.Bytes()
	}
	entries := entryVectors()
	one, down := entries["case: the least that it may say"], entries["takedown: of two revisions and a photo"]
	down.Seq = one.Seq
	forks := map[string]*Fork{}
	for name, pair := range map[string][2][]byte{
		"of two heads":                {head(func(*Head) {}), head(func(h *Head) { h.Root[0]++ })},
		"of two records":              {sign(one, 1), sign(one, 2)},
		"of a record and a takedown":  {sign(one, 1), sign(down, 1)},
		"of two records, in no order": {sign(one, 2), sign(one, 1)},
	} {
		f, err := NewFork(pair[0], pair[1], testCard(t))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		forks[name] = f
	}
	return forks
}

func TestVectorsOfForks(t *testing.T) {
	forks := testForks(t)
	if !bytes.Equal(forks["of two records"].Bytes(), forks["of two records, in no order"].Bytes()) {
		t.Error("two proofs of the same two records")
	}
	delete(forks, "of two records, in no order")
	var out []forkVector
	for _, name := range sortedKeys(forks) {
		f := forks[name]
		c, err := ParseFork(f.Bytes())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if c.Origin() != f.Origin || c.Epoch() != f.Epoch || c.Heads() != (name == "of two heads") {
			t.Errorf("%s: claims %s, epoch %d, heads %t", name, c.Origin(), c.Epoch(), c.Heads())
		}
		if want := map[string]int{"of two heads": 0, "of two records": 2, "of a record and a takedown": 1}[name]; len(f.Cases()) != want {
			t.Errorf("%s: tells of cases %v, want %d", name, f.Cases(), want)
		}
		again, err := ReopenFork(f.Bytes())
		if err != nil || again.Seq != f.Seq || !slices.Equal(again.Cases(), f.Cases()) {
			t.Errorf("%s reads back as %+v, %v", name, again, err)
		}
		out = append(out, forkVector{name, forkWords{f.Origin, f.Epoch, f.Seq, c.envs[0].id.String(), c.envs[1].id.String()},
			hex.EncodeToString(f.Bytes()), f.Cases()})
	}
	golden(t, "forks.json", out)
}

// TestNobodyIsFramed tries to prove what the member did not do.
func TestNobodyIsFramed(t *testing.T) {
	h, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	later := testHead()
	later.At, later.Until = later.At.Add(1e9), later.Until.Add(1e9)
	same, err := SignHead(keyOf("node"), later)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewFork(h.Bytes(), same.Bytes(), testCard(t)); !errors.Is(err, ErrForm) {
		t.Errorf("two heads that agree: %v", err)
	}
	later.Root[0]++
	theirs, err := SignHead(keyOf("somebody else"), later)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewFork(h.Bytes(), theirs.Bytes(), testCard(t)); !errors.Is(err, ErrKey) {
		t.Errorf("a head of another key: %v", err)
	}
	r := testRecord(t)
	if _, err := NewFork(r.Bytes(), r.Bytes(), testCard(t)); !errors.Is(err, ErrForm) {
		t.Errorf("a record and itself: %v", err)
	}
	// A copy whose signature was bent into another that might verify as well would be a second CID of one record.
	bent := bytes.Clone(r.Bytes())
	order := plusOrder(bent)
	if _, err := NewFork(r.Bytes(), order, testCard(t)); !errors.Is(err, ErrSignature) {
		t.Errorf("a record and a copy with a bent signature: %v", err)
	}
	if _, err := OpenFork(testForks(t)["of two heads"].Bytes(), nil); !errors.Is(err, ErrKey) {
		t.Errorf("without a card: %v", err)
	}
}

// TestFrozenUntilALaterEpoch: a card of the same epoch does not end it, nor does none.
func TestFrozenUntilALaterEpoch(t *testing.T) {
	card := *testCard(t)
	for epoch, want := range map[uint64]bool{card.Epoch - 1: false, card.Epoch: true, card.Epoch + 1: true} {
		if Frozen(epoch, &card) != want {
			t.Errorf("a fork in epoch %d, a card of epoch %d: frozen %t", epoch, card.Epoch, !want)
		}
	}
	if !Frozen(1, nil) {
		t.Error("not frozen without a card")
	}
}

func invalidForks(t testing.TB) map[string]map[string][]byte {
	forks := testForks(t)
	c, err := ParseFork(forks["of two records"].Bytes())
	if err != nil {
		t.Fatal(err)
	}
	a, b := c.envs[0].raw, c.envs[1].raw
	heads := forks["of two heads"].Bytes()
	of := func(a, b []byte) []byte { return mustEncode(t, wireFork{V: version, T: typeFork, A: a, B: b}) }
	h, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	pair := func(x, y []byte) []byte {
		if dx, dy := Digest(CIDOf(x)), Digest(CIDOf(y)); bytes.Compare(dx[:], dy[:]) > 0 {
			x, y = y, x
		}
		return of(x, y)
	}
	record := func(key string, change func(*Entry)) []byte {
		e := entryVectors()["case: the least that it may say"]
		change(&e)
		r, err := signWith(keyOf(key), e, [16]byte{7})
		if err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	agreed := testHead()
	agreed.At, agreed.Until = agreed.At.Add(1e9), agreed.Until.Add(1e9)
	same, err := SignHead(keyOf("node"), agreed)
	if err != nil {
		t.Fatal(err)
	}
	stranger := record("node", func(e *Entry) { e.Origin = Origin{1} })
	return map[string]map[string][]byte{
		"form": {
			"one record twice":          of(a, a),
			"out of order":              of(b, a),
			"a record and a head":       pair(a, h.Bytes()),
			"two heads that agree":      pair(h.Bytes(), same.Bytes()),
			"records of two places":     pair(a, record("node", func(e *Entry) { e.Seq++ })),
			"records of two epochs":     pair(a, record("node", func(e *Entry) { e.Epoch++ })),
			"records of two members":    pair(a, stranger),
			"half of it":                of(a, nil),
			"a record that is no more":  of(a, b[:len(b)-1]),
			"an envelope":               a,
			"an unknown field":          append(append([]byte{0xa5}, heads[1:]...), slices.Concat(text("zz"), []byte{1})...),
			"bytes after the end":       append(bytes.Clone(heads), 0),
			"a version of another form": append(bytes.Clone(heads[:len(heads)-1]), 0x18, 1),
		},
		"unknown": {
			"a newer version":            append(bytes.Clone(heads[:len(heads)-1]), 2),
			"of records of a new type":   pair(a, bytes.Replace(b, []byte("dcase"), []byte("dnote"), 1)),
			"of another kind altogether": bytes.Replace(heads, []byte("dfork"), []byte("dpoke"), 1),
		},
		"key":       {"somebody else's": pair(a, record("somebody else", func(*Entry) {}))},
		"signature": {"one of them spoilt": pair(a, append(bytes.Clone(b[:len(b)-1]), b[len(b)-1]^1))},
	}
}

type forkVector struct {
	Name  string `json:"name"`
	Says  any    `json:"says"`
	Fork  string `json:"fork"`
	Cases []Ref  `json:"cases,omitempty"`
}

type forkWords struct {
	Origin Origin `json:"origin"`
	Epoch  uint64 `json:"epoch"`
	Seq    uint64 `json:"seq"`
	A      string `json:"a"`
	B      string `json:"b"`
}
