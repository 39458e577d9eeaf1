package protocol

import (
	"crypto/ed25519"
	"testing"
)

// The floor is one signature check by the standard library: what Open costs above it is ours.

func BenchmarkFloorVerify(b *testing.B) {
	env, err := unseal(testRecord(b).Bytes())
	if err != nil {
		b.Fatal(err)
	}
	message, err := toBeSigned(domainCase, env.protected, env.payload)
	if err != nil {
		b.Fatal(err)
	}
	key := publicOf("node")
	for b.Loop() {
		if !ed25519.Verify(key, message, env.signature) {
			b.Fatal("does not verify")
		}
	}
}

func BenchmarkFloorSign(b *testing.B) {
	key, message := keyOf("node"), testRecord(b).Bytes()
	for b.Loop() {
		ed25519.Sign(key, message)
	}
}

func BenchmarkSign(b *testing.B) {
	key, e := keyOf("node"), testEntry()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(key, e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	raw := testRecord(b).Bytes()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	raw, card := testRecord(b).Bytes(), testCard(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(raw, card); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReopen(b *testing.B) {
	raw := testRecord(b).Bytes()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Reopen(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCIDOf(b *testing.B) {
	raw := testRecord(b).Bytes()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		CIDOf(raw)
	}
}
