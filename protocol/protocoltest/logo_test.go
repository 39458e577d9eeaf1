package protocoltest

import (
	"bytes"
	"testing"
)

func TestLogosDiffer(t *testing.T) {
	seen := map[string]int64{}
	for seed := range int64(5) {
		b := LogoPNG(seed, Tint(0x2a9d8f), 64)
		if other, ok := seen[string(b)]; ok {
			t.Errorf("marks %d and %d are the same", seed, other)
		}
		seen[string(b)] = seed
		if !bytes.Equal(b, LogoPNG(seed, Tint(0x2a9d8f), 64)) {
			t.Errorf("mark %d is not the same twice", seed)
		}
		if bytes.Equal(b, LogoPNG(seed, Tint(0xc8553d), 64)) {
			t.Errorf("mark %d ignores its colour", seed)
		}
		if _, _, _, a := Logo(seed, Tint(0x2a9d8f), 64).At(0, 0).RGBA(); a != 0 {
			t.Errorf("mark %d has a ground", seed)
		}
	}
	Logo(-1, Tint(0), 16)
}
