package protocol

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"
)

type (
	stampVectors struct {
		Valid   []stampVector    `json:"valid"`
		Invalid []badStampVector `json:"invalid"`
	}
	stampVector struct {
		Name      string `json:"name"`
		Signer    string `json:"signer"`
		Origin    Origin `json:"origin"`
		Epoch     uint64 `json:"epoch"`
		Case      CaseID `json:"case"`
		Rev       uint64 `json:"rev"`
		Until     Date   `json:"until"`
		Signed    string `json:"signed"`
		Signature string `json:"signature"`
		Code      string `json:"code"`
	}
	badStampVector struct {
		Name   string `json:"name"`
		Code   string `json:"code"`
		Reason string `json:"reason"`
	}
)

func testStamp(t testing.TB) Stamp {
	t.Helper()
	s, ok := testRecord(t).Stamp()
	if !ok {
		t.Fatal("the record of a case has no stamp")
	}
	return s
}

func TestVectorsOfStamps(t *testing.T) {
	var out stampVectors
	entries := entryVectors()
	for _, name := range sortedKeys(entries) {
		e := entries[name]
		r, err := signWith(keyOf("node"), e, [16]byte{1})
		if err != nil {
			t.Fatal(err)
		}
		s, ok := r.Stamp()
		if ok != (e.Case != nil) {
			t.Errorf("%s: has a stamp: %t", name, ok)
		}
		if !ok {
			continue
		}
		message, err := s.message(e.Origin, KeyIDOf(publicOf("node")))
		if err != nil {
			t.Fatal(err)
		}
		out.Valid = append(out.Valid, stampVector{name, "node", e.Origin, s.Epoch, s.Case, s.Rev, s.Until,
			hex.EncodeToString(message), hex.EncodeToString(s.Signature[:]), s.Code()})
	}
	good := testStamp(t)
	code := good.Code()
	raw, _ := qrText.DecodeString(code)
	put := func(at int, with ...byte) string {
		return qrText.EncodeToString(append(append(append([]byte{}, raw[:at]...), with...), raw[at+1:]...))
	}
	forged, other, strange := good, good, good
	forged.Rev++
	other.Epoch++
	strange.Member[0]++
	out.Invalid = []badStampVector{
		{"nothing", "", "form"},
		{"a letter that base32 has not", "1" + code[1:], "form"},
		{"padding", code + "=", "form"},
		{"one letter missing", code[:len(code)-1], "form"},
		{"one byte missing", qrText.EncodeToString(raw[:len(raw)-1]), "form"},
		{"one byte more", qrText.EncodeToString(append(raw[:len(raw):len(raw)], 0)), "form"},
		{"spare bits that are not zero", code[:len(code)-1] + string(qrAlphabet[strings.IndexByte(qrAlphabet, code[len(code)-1])+1]), "form"},
		{"an epoch in two bytes", put(25, 0x81, 0), "form"},
		{"an epoch beyond 2^53", put(25, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10), "form"},
		{"an epoch without an end", qrText.EncodeToString(append(raw[:25:25], bytes.Repeat([]byte{0x80}, 66)...)), "form"},
		{"revision zero", put(26, 0), "form"},
		{"longer than allowed", strings.Repeat("A", MaxStampCode+1), "size"},
		{"a newer version", put(0, 2), "unknown"},
		{"another revision", forged.Code(), "signature"},
		{"another epoch", other.Code(), "key"},
		{"another member", strange.Code(), "key"},
	}
	golden(t, "stamps.json", out)
}

const qrAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"

// TestStampVectorsStandAlone checks the signatures with the standard library alone, as another implementation would.
func TestStampVectorsStandAlone(t *testing.T) {
	v := loadVectors[stampVectors](t, "stamps.json")
	for _, s := range v.Valid {
		if !ed25519.Verify(publicOf(s.Signer), unhex(t, s.Signed), unhex(t, s.Signature)) {
			t.Errorf("%s does not verify", s.Name)
		}
	}
	for _, bad := range v.Invalid {
		s, err := ParseStamp(bad.Code)
		if err == nil {
			err = s.Check(testCard(t))
		}
		if !errors.Is(err, reasonErrors[bad.Reason]) {
			t.Errorf("%s: %v, want %s", bad.Name, err, bad.Reason)
		}
	}
}

// TestStampIsFoundInWhatPeoplePaste: the code alone, the address of the QR code, spaces, line ends, small letters.
func TestStampIsFoundInWhatPeoplePaste(t *testing.T) {
	want := testStamp(t)
	code := want.Code()
	for _, text := range []string{
		code, " " + code + "\n", strings.ToLower(code), "HTTPS://XA.EXAMPLE/V/" + code, "https://xa.example/v/" + strings.ToLower(code),
		code[:40] + "\r\n" + code[40:80] + " " + code[80:], "https://xa.example/v/v/v/" + code,
	} {
		if got, err := ParseStamp(text); err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"https://xa.example/v/", "/v/" + code + "/x", code + code, "Call 116 000: " + code, strings.Repeat(" ", maxStampText) + code} {
		if got, err := ParseStamp(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// TestStampHangsOnAllOfIt: whatever of a stamp somebody changes, it does not verify.
func TestStampHangsOnAllOfIt(t *testing.T) {
	card := testCard(t)
	good := testStamp(t)
	if err := good.Check(card); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Stamp){
		"member": func(s *Stamp) { s.Member[5] ^= 1 }, "epoch": func(s *Stamp) { s.Epoch++ }, "case": func(s *Stamp) { s.Case[15] ^= 1 },
		"revision": func(s *Stamp) { s.Rev++ }, "day": func(s *Stamp) { s.Until = DateOf(s.Until.First().AddDate(0, 0, 1)) },
		"signature": func(s *Stamp) { s.Signature[0] ^= 1 },
	} {
		s := good
		change(&s)
		if err := s.Check(card); err == nil {
			t.Errorf("another %s verifies", name)
		}
	}
	// A signature by the same key over the same bytes in another domain is worth nothing.
	for _, d := range []domain{domainCase, domainTakedown, domainHead, ""} {
		s := good
		env := &opened{}
		env.protected, _ = encode(protectedHeader{Alg: algEdDSA, Kid: KeyIDOf(publicOf("node"))})
		day, _ := dayOf(s.Until.First())
		env.payload, _ = encode(stampPayload{version, "poster", testEntry().Origin, s.Epoch, s.Case, s.Rev, day})
		message, _ := toBeSigned(d, env.protected, env.payload)
		copy(s.Signature[:], ed25519.Sign(keyOf("node"), message))
		if err := s.Check(card); err == nil {
			t.Errorf("a signature in the domain %q verifies", d)
		}
	}
}

// TestStampIsShort: with a host of 20 letters its address fits a QR code of version 7, level M: 178 characters.
func TestStampIsShort(t *testing.T) {
	s := testStamp(t)
	if n := len("HTTPS://" + strings.Repeat("X", 21) + "/V/" + s.Code()); n > 178 {
		t.Errorf("%d characters", n)
	}
	s.Epoch, s.Rev = maxCounter, maxCounter
	if n := len(s.Code()); n != MaxStampCode {
		t.Errorf("the longest code has %d characters, MaxStampCode is %d", n, MaxStampCode)
	}
}

// TestStampIsPastWhenItsDayIsOverEverywhere on earth.
func TestStampIsPastWhenItsDayIsOverEverywhere(t *testing.T) {
	s := Stamp{Until: Date{2026, 11, 23}}
	if s.Past(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)) {
		t.Error("it is still the day in the west")
	}
	if !s.Past(time.Date(2026, 11, 24, 12, 0, 1, 0, time.UTC)) {
		t.Error("nobody has the day any more")
	}
}
