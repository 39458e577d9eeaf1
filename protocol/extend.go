package protocol

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/ipfs/go-cid"
)

// MaxExtension is how long after the end of a head's own lease the delegate of its member may have the cases shown. It is
// ShredAfter: what is extended to the last is deleted at that very moment.
const MaxExtension = ShredAfter

// Extension is the word of a member's delegate, which its card names, that the cases of the member's last head may be shown
// for longer than the head says: the member's node is down. It adds nothing to what the member signed, names one head, and
// is worth nothing to who holds a newer one. So it cannot be chained.
type Extension struct {
	// Origin is the member whose head it is, By the delegate that signs.
	Origin, By Origin
	// Head is the signed head.
	Head cid.Cid
	// At orders the extensions of one head: the latest counts.
	At time.Time
	// Until ends the lease in place of the head's own Until. It is that very moment where the delegate takes its word back,
	// and at most MaxExtension later.
	Until time.Time

	id  cid.Cid
	raw []byte
}

type wireExtension struct {
	V  uint64 `cbor:"v"`
	T  string `cbor:"t"`
	O  Origin `cbor:"o"`
	D  Origin `cbor:"d"`
	H  Link   `cbor:"h"`
	At int64  `cbor:"at"`
	U  int64  `cbor:"u"`
}

const typeExtension = "extend"

// ID returns the CID of the signed extension.
func (x *Extension) ID() cid.Cid { return x.id }

// Bytes returns the signed envelope; the caller must not change it.
func (x *Extension) Bytes() []byte { return x.raw }

func (x *Extension) wire() wireExtension {
	return wireExtension{V: version, T: typeExtension, O: x.Origin, D: x.By, H: Link{x.Head}, At: x.At.UnixMilli(), U: x.Until.UnixMilli()}
}

// Extends says why the extension does not count for a head, which is the newest that is held of its member, under the
// member's card in force; nil when it does.
//
// Errors: ErrStale when it is of another head, ErrKey when the card names another delegate or is of another epoch, ErrForm
// when it says what no delegate may.
func (x *Extension) Extends(h *Head, card *Card) error {
	switch {
	case card == nil || card.Origin() != x.Origin || card.Delegate == (Origin{}) || card.Delegate != x.By:
		return fmt.Errorf("extension by another than the delegate: %w", ErrKey)
	case h == nil || h.ID() != x.Head:
		return fmt.Errorf("extension of another head: %w", ErrStale)
	case h.Origin != x.Origin:
		return fmt.Errorf("extension of another member's head: %w", ErrForm)
	case card.Epoch != h.Epoch:
		return fmt.Errorf("extension of an epoch that is over: %w", ErrKey)
	case x.Until.Before(h.Until) || x.Until.After(h.Until.Add(MaxExtension)):
		return fmt.Errorf("extension out of range: %w", ErrForm)
	}
	return nil
}

// SignExtension signs an extension with the delegate's node key.
func SignExtension(key ed25519.PrivateKey, x Extension) (*Extension, error) {
	sealed, err := sealAs(key, domainExtend, x.wire())
	if err != nil {
		return nil, fmt.Errorf("sign extension: %w", err)
	}
	c, err := ParseExtension(sealed)
	if err != nil {
		return nil, fmt.Errorf("sign extension: %w", err)
	}
	if err := c.env.verify(key.Public().(ed25519.PublicKey), domainExtend); err != nil {
		return nil, fmt.Errorf("sign extension: %w", err)
	}
	return c.extension, nil
}

// IsExtension says whether an envelope is an extension, as far as can be told without verifying it.
func IsExtension(raw []byte) bool { return isKind(raw, typeExtension) }

// ExtensionClaim is an extension in canonical form that nobody has verified.
type ExtensionClaim struct {
	extension *Extension
	env       *opened
}

// Origin returns whose head it claims to extend, and By who claims to have signed it.
func (c *ExtensionClaim) Origin() Origin { return c.extension.Origin }
func (c *ExtensionClaim) By() Origin     { return c.extension.By }

// ParseExtension reads an extension as far as can be told without a key. It keeps a copy of raw.
//
// Errors: ErrSize, ErrForm, ErrUnknown.
func ParseExtension(raw []byte) (*ExtensionClaim, error) {
	w, env, err := unsealAs[wireExtension](raw, typeExtension)
	if err != nil {
		return nil, err
	}
	if err := checkCID(w.H.Cid, cid.DagCBOR); err != nil {
		return nil, err
	}
	if w.O == w.D || w.At <= 0 || w.At > maxTime || w.U <= 0 || w.U > maxTime {
		return nil, fmt.Errorf("%w: extension out of range", ErrForm)
	}
	return &ExtensionClaim{&Extension{Origin: w.O, By: w.D, Head: w.H.Cid, At: time.UnixMilli(w.At).UTC(), Until: time.UnixMilli(w.U).UTC(),
		id: env.id, raw: env.raw}, env}, nil
}

// Open verifies the extension under the card in force of the member that claims to have signed it. Whether it counts is for
// Extends to say.
//
// Errors: ErrKey when it is of another member or key, ErrSignature.
func (c *ExtensionClaim) Open(card *Card) (*Extension, error) {
	if card == nil {
		return nil, ErrKey
	}
	if err := card.certifies(c.extension.By, card.Epoch, c.env.kid); err != nil {
		return nil, err
	}
	if err := c.env.verify(card.Key(), domainExtend); err != nil {
		return nil, err
	}
	return c.extension, nil
}

// OpenExtension parses and verifies an extension under card.
func OpenExtension(raw []byte, card *Card) (*Extension, error) {
	c, err := ParseExtension(raw)
	if err != nil {
		return nil, err
	}
	return c.Open(card)
}

// ReopenExtension reads back an extension that this node verified before it wrote it to its own disk.
func ReopenExtension(raw []byte) (*Extension, error) {
	c, err := ParseExtension(raw)
	if err != nil {
		return nil, err
	}
	return c.extension, nil
}
