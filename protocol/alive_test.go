package protocol

import (
	"encoding/hex"
	"errors"
	"testing"
)

func testAlive() Alive {
	return Alive{Origin: OriginOf(publicOf("root")), Run: RunID{1, 2, 3}, Other: RunID{4, 5, 6}, Writes: true}
}

// TestVectorsOfAlive signs the words of a server for its twin, and one that does not write.
func TestVectorsOfAlive(t *testing.T) {
	type words struct {
		Origin Origin `json:"origin"`
		Run    string `json:"run"`
		Other  string `json:"other"`
		Writes bool   `json:"writes,omitempty"`
	}
	waits := testAlive()
	waits.Writes = false
	var out []signedVector
	for _, a := range []Alive{testAlive(), waits} {
		signed, err := SignAlive(keyOf("node"), a)
		if err != nil {
			t.Fatal(err)
		}
		back, err := OpenAlive(signed.Bytes(), testCard(t))
		if err != nil || back.Origin != a.Origin || back.Run != a.Run || back.Other != a.Other || back.Writes != a.Writes {
			t.Errorf("%+v opens as %+v, %v", a, back, err)
		}
		name := map[bool]string{true: "it writes", false: "it waits"}[a.Writes]
		out = append(out, signedVectorOf(t, name, "node", signed.Bytes(), domainAlive,
			words{a.Origin, hex.EncodeToString(a.Run[:]), hex.EncodeToString(a.Other[:]), a.Writes}))
	}
	golden(t, "alive.json", out)
	for _, a := range []Alive{{Run: RunID{1}, Other: RunID{1}}, {Run: RunID{1}}, {Other: RunID{1}}} {
		if _, err := SignAlive(keyOf("node"), a); !errors.Is(err, ErrForm) {
			t.Errorf("%+v was signed: %v", a, err)
		}
	}
}

func invalidAlive(t testing.TB) map[string]map[string][]byte {
	a, err := SignAlive(keyOf("node"), testAlive())
	if err != nil {
		t.Fatal(err)
	}
	env, with := resealed(t, a.Bytes(), keyOf("node"), domainAlive)
	run := testAlive().Run
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":     with("zz", 1),
			"a server to itself":   with("h", blob(run[:])...),
			"no server":            with("r", blob(make([]byte, 8))...),
			"a server of seven":    with("r", blob(make([]byte, 7))...),
			"nobody to be told":    with("h", blob(make([]byte, 8))...),
			"false is left out":    with("w", 0xf4),
			"a number for a truth": with("w", 1),
		},
		"signature": {"signed as a head": mustSeal(t, keyOf("node"), domainHead, env.payload)},
		"key": {
			"another member":  with("o", blob(make([]byte, 32))...),
			"somebody else's": mustSeal(t, keyOf("somebody else"), domainAlive, env.payload),
		},
		"unknown": {"a newer version": with("v", 2), "a head": mustHead(t).Bytes()},
	}
}

func mustHead(t testing.TB) *Head {
	h, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// FuzzOpenAlive holds that the word of a server is refused with one of our errors, or encodes to the very bytes that it
// came in.
func FuzzOpenAlive(f *testing.F) {
	a, err := SignAlive(keyOf("node"), testAlive())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(a.Bytes())
	for _, by := range invalidAlive(f) {
		for _, raw := range by {
			f.Add(raw)
		}
	}
	card := testCard(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, keyOf("node"), domainAlive, func(raw []byte) {
			a, err := OpenAlive(raw, card)
			if err != nil {
				if VerdictOf(err) == Accept {
					t.Fatalf("refused as %v", err)
				}
				return
			}
			again, err := SignAlive(keyOf("node"), *a)
			if err != nil || string(again.Bytes()) != string(raw) {
				t.Fatalf("%x signs again as %x, %v", raw, again.Bytes(), err)
			}
		})
	})
}
