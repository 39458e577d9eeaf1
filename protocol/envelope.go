package protocol

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"github.com/ipfs/go-cid"
)

// domain is the external data of a signature, so that a signature of one kind of object is worth nothing for another.
type domain string

const (
	domainCard     domain = "gmcn/1/card"
	domainHead     domain = "gmcn/1/head"
	domainCase     domain = "gmcn/1/case"
	domainTakedown domain = "gmcn/1/takedown"
	domainStance   domain = "gmcn/1/stance"
	domainPoster   domain = "gmcn/1/poster"
	domainInvite   domain = "gmcn/1/invite"
	domainReceipt  domain = "gmcn/1/receipt"
	domainReport   domain = "gmcn/1/report"
	domainAlive    domain = "gmcn/1/alive"
	domainExtend   domain = "gmcn/1/extend"
)

// envelope is an untagged COSE_Sign1 (RFC 9052, 4.2) with an empty unprotected header.
type envelope struct {
	_           struct{} `cbor:",toarray"`
	Protected   []byte
	Unprotected map[string]uint64
	Payload     []byte
	Signature   []byte
}

// protectedHeader is {1: -8, 4: kid}: EdDSA and the key that signed.
type protectedHeader struct {
	Alg int64 `cbor:"1,keyasint"`
	Kid KeyID `cbor:"4,keyasint"`
}

const algEdDSA = -8

// sigStructure is what is signed (RFC 9052, 4.4).
type sigStructure struct {
	_         struct{} `cbor:",toarray"`
	Context   string
	Protected []byte
	External  []byte
	Payload   []byte
}

func toBeSigned(d domain, protected, payload []byte) ([]byte, error) {
	return encode(sigStructure{Context: "Signature1", Protected: protected, External: []byte(d), Payload: payload})
}

// seal signs payload under key and returns the envelope's bytes.
func seal(key ed25519.PrivateKey, d domain, payload []byte) ([]byte, error) {
	protected, err := encode(protectedHeader{Alg: algEdDSA, Kid: KeyIDOf(key.Public().(ed25519.PublicKey))})
	if err != nil {
		return nil, fmt.Errorf("encode header: %w", err)
	}
	message, err := toBeSigned(d, protected, payload)
	if err != nil {
		return nil, fmt.Errorf("encode what is signed: %w", err)
	}
	raw, err := encode(envelope{
		Protected: protected, Unprotected: map[string]uint64{}, Payload: payload,
		Signature: ed25519.Sign(key, message),
	})
	if err != nil {
		return nil, fmt.Errorf("encode envelope: %w", err)
	}
	if len(raw) > MaxEnvelope {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", len(raw), MaxEnvelope, ErrSize)
	}
	return raw, nil
}

// sealAs encodes the wire form of something and seals it.
func sealAs(key ed25519.PrivateKey, d domain, wire any) ([]byte, error) {
	payload, err := encode(wire)
	if err != nil {
		return nil, err
	}
	return seal(key, d, payload)
}

// opened is an envelope in canonical form whose signature nobody has looked at yet.
type opened struct {
	raw       []byte
	id        cid.Cid
	kid       KeyID
	protected []byte
	payload   []byte
	signature []byte
}

// unseal takes an envelope apart. It keeps a copy of raw, so that nobody can change it afterwards.
func unseal(raw []byte) (*opened, error) {
	if len(raw) > MaxEnvelope {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", len(raw), MaxEnvelope, ErrSize)
	}
	raw = bytes.Clone(raw)
	e := &opened{raw: raw}
	if err := e.split(); err != nil {
		return nil, err
	}
	e.id = CIDOf(raw)
	return e, nil
}

var errEnvelope = fmt.Errorf("%w: not an EdDSA signature over a payload", ErrForm)

// split takes apart the one canonical form of an envelope: an array of four, a protected header that says EdDSA and the
// key, an empty map, a payload and a signature.
func (e *opened) split() error {
	const start, header = "\x84\x4d", "\xa2\x01\x27\x04\x48" // four items, 13 bytes; {1: -8, 4: 8 bytes}
	b, ok := bytes.CutPrefix(e.raw, []byte(start))
	if !ok || !bytes.HasPrefix(b, []byte(header)) || len(b) < 14 || b[13] != 0xa0 {
		return errEnvelope
	}
	e.protected, e.kid, b = b[:13:13], KeyID(b[5:13]), b[14:]
	size, used := byteString(b)
	if used == 0 || size == 0 || size > len(b)-used {
		return errEnvelope
	}
	e.payload, b = b[used:used+size:used+size], b[used+size:]
	if len(b) != 2+ed25519.SignatureSize || b[0] != 0x58 || b[1] != ed25519.SignatureSize {
		return errEnvelope
	}
	e.signature = b[2:]
	return nil
}

// byteString reads the shortest head of a byte string of less than 64 KiB; used is 0 when there is none.
func byteString(b []byte) (size, used int) {
	switch {
	case len(b) >= 1 && b[0] >= 0x40 && b[0] < 0x58:
		return int(b[0] - 0x40), 1
	case len(b) >= 2 && b[0] == 0x58 && b[1] >= 24:
		return int(b[1]), 2
	case len(b) >= 3 && b[0] == 0x59 && b[1] > 0:
		return int(b[1])<<8 + int(b[2]), 3
	}
	return 0, 0
}

// verify checks the signature.
func (e *opened) verify(key ed25519.PublicKey, d domain) error {
	if len(key) != ed25519.PublicKeySize || KeyIDOf(key) != e.kid {
		return ErrKey
	}
	message, err := toBeSigned(d, e.protected, e.payload)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, message, e.signature) {
		return ErrSignature
	}
	return nil
}

// unsealAs takes apart the envelope of an object of one kind, whose payload must be in canonical form. Nothing is verified.
func unsealAs[T any](raw []byte, kind string) (w T, e *opened, err error) {
	if e, err = unseal(raw); err != nil {
		return w, nil, err
	}
	v, k, err := kindOf(e.payload)
	if err != nil {
		return w, nil, err
	}
	if v != version || k != kind {
		return w, nil, fmt.Errorf("version %d, type %.20q: %w", v, k, ErrUnknown)
	}
	w, err = decode[T](e.payload)
	return w, e, err
}

// isKind says whether bytes are the envelope of an object of one kind, of any version.
func isKind(raw []byte, kind string) bool {
	e, err := unseal(raw)
	if err != nil {
		return false
	}
	_, k, err := kindOf(e.payload)
	return err == nil && k == kind
}

// kindOf reads the version and kind of a payload without trusting the rest of it.
func kindOf(payload []byte) (version uint64, kind string, err error) {
	var k struct {
		V uint64 `cbor:"v"`
		T string `cbor:"t"`
	}
	if err := looseMode.Unmarshal(payload, &k); err != nil {
		return 0, "", fmt.Errorf("%w: %.200v", ErrForm, err)
	}
	return k.V, k.T, nil
}
