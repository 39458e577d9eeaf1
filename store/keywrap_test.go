package store

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// TestKeyWrapIsTheStandard holds key wrap against the vectors of RFC 3394, 4.6 and 4.3, and wants every flipped bit found.
func TestKeyWrapIsTheStandard(t *testing.T) {
	for _, v := range [][3]string{
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F",
			"28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21"},
		{"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F", "00112233445566778899AABBCCDDEEFF",
			"64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7"},
	} {
		kek, _ := hex.DecodeString(v[0])
		key, _ := hex.DecodeString(v[1])
		want, _ := hex.DecodeString(v[2])
		got := keyWrap(nil, block(kek), key)
		if !bytes.Equal(got, want) {
			t.Errorf("wrapped %x, want %x", got, want)
		}
		if back, err := keyUnwrap(block(kek), got); err != nil || !bytes.Equal(back, key) {
			t.Errorf("unwrapped %x, %v", back, err)
		}
		for i := range 8 * len(got) {
			got[i/8] ^= 1 << (i % 8)
			if _, err := keyUnwrap(block(kek), got); err != errUnwrap {
				t.Fatalf("bit %d flipped: %v", i, err)
			}
			got[i/8] ^= 1 << (i % 8)
		}
	}
}
