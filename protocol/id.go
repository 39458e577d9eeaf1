package protocol

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/ipfs/go-cid"
)

// Origin names a member for ever: the SHA-256 of its root public key.
type Origin [32]byte

// CaseID names a case within its origin: 16 random bytes, with no time and no country in them.
type CaseID [16]byte

// Ref names a case across the whole network and in public addresses: it is bound to the origin, so no member can make a
// case that answers at another member's address. Nothing about the child can be read from it.
type Ref [16]byte

// KeyID tells which of a member's node keys signed: the first 8 bytes of the SHA-256 of the public key.
type KeyID [8]byte

var base32Text = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// OriginOf returns the origin that a root public key names.
func OriginOf(root ed25519.PublicKey) Origin { return sha256.Sum256(root) }

// KeyIDOf returns the identifier of a node public key.
func KeyIDOf(key ed25519.PublicKey) KeyID {
	sum := sha256.Sum256(key)
	return KeyID(sum[:8])
}

// NewCaseID returns a fresh random case identifier.
func NewCaseID() CaseID {
	var id CaseID
	rand.Read(id[:])
	return id
}

// RefOf returns the public reference of a case.
func RefOf(o Origin, id CaseID) Ref {
	const prefix = "gmcn/1/ref"
	b := append(make([]byte, 0, len(prefix)+len(o)+len(id)), prefix...)
	sum := sha256.Sum256(append(append(b, o[:]...), id[:]...))
	return Ref(sum[:16])
}

// String returns the origin as 52 letters and digits of base32.
func (o Origin) String() string { return base32Text.EncodeToString(o[:]) }

// Fingerprint returns the first 80 bits of the origin in four groups, short enough for two people to compare by voice.
func (o Origin) Fingerprint() string {
	s := base32Text.EncodeToString(o[:10])
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:]
}

// String returns the identifier as 26 letters and digits of base32.
func (id CaseID) String() string { return base32Text.EncodeToString(id[:]) }

// String returns the reference as 26 letters and digits of base32, as it stands in public addresses.
func (r Ref) String() string { return base32Text.EncodeToString(r[:]) }

// ParseOrigin reads what Origin.String wrote.
func ParseOrigin(s string) (o Origin, err error) { return o, parseBase32(o[:], s, "member") }

// ParseCaseID reads what CaseID.String wrote.
func ParseCaseID(s string) (id CaseID, err error) { return id, parseBase32(id[:], s, "case") }

// ParseRef reads what Ref.String wrote.
func ParseRef(s string) (r Ref, err error) { return r, parseBase32(r[:], s, "case reference") }

func parseBase32(dst []byte, s, what string) error {
	want := base32Text.EncodedLen(len(dst))
	if len(s) != want {
		return fmt.Errorf("%.60q is not a %s: want %d letters and digits", s, what, want)
	}
	b, err := base32Text.DecodeString(strings.ToLower(s))
	if err != nil || len(b) != len(dst) {
		return fmt.Errorf("%q is not a %s: want %d letters and digits", s, what, want)
	}
	// base32 has spare bits at the end: only one spelling may name a thing.
	if base32Text.EncodeToString(b) != strings.ToLower(s) {
		return fmt.Errorf("%q is not a %s: the last letter is wrong", s, what)
	}
	copy(dst, b)
	return nil
}

// MarshalText lets identifiers stand in JSON as they do in addresses.
func (o Origin) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (o *Origin) UnmarshalText(b []byte) (err error) { *o, err = ParseOrigin(string(b)); return err }

// MarshalText lets identifiers stand in JSON as they do in addresses.
func (id CaseID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *CaseID) UnmarshalText(b []byte) (err error) { *id, err = ParseCaseID(string(b)); return err }

// MarshalText lets identifiers stand in JSON as they do in addresses.
func (r Ref) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (r *Ref) UnmarshalText(b []byte) (err error) { *r, err = ParseRef(string(b)); return err }

// CIDOf returns the identity of an envelope: CIDv1, dag-cbor, SHA-256 over all of its bytes.
func CIDOf(envelope []byte) cid.Cid { return cidOf(cid.DagCBOR, envelope) }

// PhotoCID returns the identity of a photo file: CIDv1, raw, SHA-256.
func PhotoCID(file []byte) cid.Cid { return cidOf(cid.Raw, file) }

func cidOf(codec uint64, b []byte) cid.Cid {
	sum := sha256.Sum256(b)
	return CIDFromDigest(codec, sum)
}

// A CID of this protocol is cidBytes long: version, codec, and the multihash of a SHA-256, which sha256Head begins.
const (
	cidBytes   = 2 + len(sha256Head) + 32
	sha256Head = "\x12\x20"
)

// CIDFromDigest returns the CIDv1 of a SHA-256 digest and a multicodec: cid.DagCBOR for envelopes, cid.Raw for photos.
func CIDFromDigest(codec uint64, digest [32]byte) cid.Cid {
	var hash [len(sha256Head) + len(digest)]byte
	copy(hash[:], sha256Head)
	copy(hash[len(sha256Head):], digest[:])
	return cid.NewCidV1(codec, hash[:])
}

// Digest returns the SHA-256 inside a CID made by CIDOf or PhotoCID.
func Digest(c cid.Cid) (d [32]byte) {
	s := c.KeyString() // unlike Hash and Bytes, no copy
	copy(d[:], s[len(s)-len(d):])
	return d
}

// checkCID accepts only the two kinds of CID that this protocol makes.
func checkCID(c cid.Cid, codec uint64) error {
	if !c.Defined() {
		return fmt.Errorf("no link: %w", ErrForm)
	}
	if s := c.KeyString(); len(s) != cidBytes || s[0] != 1 || uint64(s[1]) != codec || s[2:4] != sha256Head {
		return fmt.Errorf("link %s: want CIDv1, codec %#x, sha2-256: %w", c, codec, ErrForm)
	}
	return nil
}
