package protocol

import (
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
)

// Phase is how far a member has come with a takedown.
type Phase string

const (
	// Marked: the case is hidden from every surface, for good.
	Marked Phase = "marked"
	// Swept: everything about the case is off the disk, its photos too.
	Swept Phase = "swept"
)

var phases = []Phase{Marked, Swept}

// Receipt is a member's signed answer to a takedown: what it has done about the case, and what it holds of the log in
// which the takedown stands. It is the member's word; nobody can prove that no copy was kept.
type Receipt struct {
	// Takedown is the record that it answers.
	Takedown cid.Cid
	// By is the member that signs.
	By    Origin
	Phase Phase
	// Epoch and Seq are the last place that the signer holds of the log of the takedown's origin, Root its digest of what is
	// live in that log (RootOf): equal to that of a head, it says that the signer holds exactly what the origin published.
	Epoch, Seq uint64
	Root       [32]byte
	At         time.Time

	id  cid.Cid
	raw []byte
}

type wireReceipt struct {
	V  uint64   `cbor:"v"`
	T  string   `cbor:"t"`
	D  Link     `cbor:"d"`
	O  Origin   `cbor:"o"`
	P  Phase    `cbor:"p"`
	E  uint64   `cbor:"e"`
	Q  uint64   `cbor:"q"`
	R  [32]byte `cbor:"r"`
	At int64    `cbor:"at"`
}

// ID returns the CID of the signed receipt.
func (r *Receipt) ID() cid.Cid { return r.id }

// Bytes returns the signed envelope; the caller must not change it.
func (r *Receipt) Bytes() []byte { return r.raw }

// Confirms says whether the signer holds exactly what the head of the takedown's origin speaks of.
func (r *Receipt) Confirms(h *Head) bool { return h != nil && r.Root == h.Root }

func (r *Receipt) wire() wireReceipt {
	return wireReceipt{V: version, T: "receipt", D: Link{r.Takedown}, O: r.By, P: r.Phase, E: r.Epoch, Q: r.Seq, R: r.Root,
		At: r.At.UnixMilli()}
}

// SignReceipt signs a receipt with the signer's node key.
func SignReceipt(key ed25519.PrivateKey, r Receipt) (*Receipt, error) {
	sealed, err := sealAs(key, domainReceipt, r.wire())
	if err != nil {
		return nil, fmt.Errorf("sign receipt: %w", err)
	}
	out, env, err := parseReceipt(sealed)
	if err == nil {
		err = env.verify(key.Public().(ed25519.PublicKey), domainReceipt)
	}
	if err != nil {
		return nil, fmt.Errorf("sign receipt: %w", err)
	}
	return out, nil
}

// OpenReceipt reads a receipt and verifies it under the card of the member that signs. It keeps a copy of raw.
//
// Errors: ErrSize, ErrForm, ErrUnknown, ErrKey when it is of another member or key, ErrSignature.
func OpenReceipt(raw []byte, card *Card) (*Receipt, error) {
	r, env, err := parseReceipt(raw)
	if err != nil {
		return nil, err
	}
	if card == nil {
		return nil, ErrKey
	}
	if err := card.certifies(r.By, card.Epoch, env.kid); err != nil {
		return nil, err
	}
	if err := env.verify(card.Key(), domainReceipt); err != nil {
		return nil, err
	}
	return r, nil
}

func parseReceipt(raw []byte) (*Receipt, *opened, error) {
	w, env, err := unsealAs[wireReceipt](raw, "receipt")
	if err != nil {
		return nil, nil, err
	}
	if err := checkCID(w.D.Cid, cid.DagCBOR); err != nil {
		return nil, nil, err
	}
	if !slices.Contains(phases, w.P) || w.E > maxCounter || w.Q > maxCounter || w.At <= 0 || w.At > maxTime {
		return nil, nil, fmt.Errorf("%w: receipt out of range", ErrForm)
	}
	return &Receipt{Takedown: w.D.Cid, By: w.O, Phase: w.P, Epoch: w.E, Seq: w.Q, Root: w.R, At: time.UnixMilli(w.At).UTC(),
		id: env.id, raw: env.raw}, env, nil
}

// ReopenReceipt reads back a receipt that this node verified before it wrote it to its own disk.
func ReopenReceipt(raw []byte) (*Receipt, error) {
	r, _, err := parseReceipt(raw)
	return r, err
}
