package protocol

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/ipfs/go-cid"
)

// Head is a member's signed statement of its log: how far it goes, the digest of all that is live in it, and until when
// others may show it without hearing again.
type Head struct {
	Origin Origin
	Epoch  uint64
	// Seq is the last sequence number assigned; 0 before the first record.
	Seq uint64
	// Root is the two-level digest of the log (RootOf).
	Root [32]byte
	// Live and Dead count the cases that are public and those taken down.
	Live, Dead uint64
	// Instance was drawn when the data folder was made: two of them under one key are two servers.
	Instance [16]byte
	At       time.Time
	// Until ends the lease: how long other countries may show these cases.
	Until time.Time

	id  cid.Cid
	kid KeyID
	raw []byte
}

type wireHead struct {
	V  uint64   `cbor:"v"`
	T  string   `cbor:"t"`
	O  Origin   `cbor:"o"`
	E  uint64   `cbor:"e"`
	Q  uint64   `cbor:"q"`
	R  [32]byte `cbor:"r"`
	L  uint64   `cbor:"l"`
	D  uint64   `cbor:"d"`
	I  [16]byte `cbor:"i"`
	At int64    `cbor:"at"`
	U  int64    `cbor:"u"`
}

// ID returns the CID of the signed head.
func (h *Head) ID() cid.Cid { return h.id }

// Bytes returns the signed envelope; the caller must not change it.
func (h *Head) Bytes() []byte { return h.raw }

// Newer says whether h says more than d: further on, or as far and later.
func (h *Head) Newer(d *Head) bool {
	switch {
	case d == nil:
		return true
	case h.Epoch != d.Epoch:
		return h.Epoch > d.Epoch
	case h.Seq != d.Seq:
		return h.Seq > d.Seq
	}
	return h.At.After(d.At)
}

func (h *Head) wire() wireHead {
	return wireHead{V: version, T: "head", O: h.Origin, E: h.Epoch, Q: h.Seq, R: h.Root, L: h.Live, D: h.Dead,
		I: h.Instance, At: h.At.UnixMilli(), U: h.Until.UnixMilli()}
}

// SignHead signs a head with the node key.
func SignHead(key ed25519.PrivateKey, h Head) (*Head, error) {
	sealed, err := sealAs(key, domainHead, h.wire())
	if err != nil {
		return nil, fmt.Errorf("sign head: %w", err)
	}
	out, env, err := parseHead(sealed)
	if err != nil {
		return nil, fmt.Errorf("sign head: %w", err)
	}
	if err := env.verify(key.Public().(ed25519.PublicKey), domainHead); err != nil {
		return nil, fmt.Errorf("sign head: %w", err)
	}
	return out, nil
}

// HeadClaim is a head in canonical form that nobody has verified.
type HeadClaim struct {
	head *Head
	env  *opened
}

// Origin returns whose head it claims to be.
func (c *HeadClaim) Origin() Origin { return c.head.Origin }

// ParseHead reads a head as far as can be told without a key. It keeps a copy of raw.
func ParseHead(raw []byte) (*HeadClaim, error) {
	h, env, err := parseHead(raw)
	if err != nil {
		return nil, err
	}
	return &HeadClaim{h, env}, nil
}

// Open verifies the head under the member's card.
func (c *HeadClaim) Open(card *Card) (*Head, error) {
	if err := card.certifies(c.head.Origin, c.head.Epoch, c.env.kid); err != nil {
		return nil, err
	}
	if err := c.env.verify(card.NodeKey[:], domainHead); err != nil {
		return nil, err
	}
	return c.head, nil
}

// OpenHead parses and verifies a head under card.
func OpenHead(raw []byte, card *Card) (*Head, error) {
	c, err := ParseHead(raw)
	if err != nil {
		return nil, err
	}
	return c.Open(card)
}

// ReopenHead reads back a head that this node verified before it wrote it to its own disk.
func ReopenHead(raw []byte) (*Head, error) {
	h, _, err := parseHead(raw)
	return h, err
}

func parseHead(raw []byte) (*Head, *opened, error) {
	w, env, err := unsealAs[wireHead](raw, "head")
	if err != nil {
		return nil, nil, err
	}
	h := &Head{Origin: w.O, Epoch: w.E, Seq: w.Q, Root: w.R, Live: w.L, Dead: w.D, Instance: w.I,
		At: time.UnixMilli(w.At).UTC(), Until: time.UnixMilli(w.U).UTC(), id: env.id, kid: env.kid, raw: env.raw}
	if w.E > maxCounter || w.Q > maxCounter || w.L > w.Q || w.D > w.Q || w.At <= 0 || w.U > maxTime ||
		h.Until.Sub(h.At) < MinLease || h.Until.Sub(h.At) > MaxLease {
		return nil, nil, fmt.Errorf("%w: head out of range", ErrForm)
	}
	return h, env, nil
}

// LogEntry is one live record of a log, as the digest sees it.
type LogEntry struct {
	Seq    uint64
	Digest [32]byte // the SHA-256 inside the record's CID
}

// Block is the digest of the live records among BlockSize consecutive sequence numbers.
type Block struct {
	Epoch  uint64
	Index  uint64 // Seq / BlockSize
	Count  uint32
	Digest [32]byte
}

// BlockOf digests the live records of one block, which must stand in the order of their numbers.
func BlockOf(epoch, index uint64, entries []LogEntry) Block {
	h := sha256.New()
	h.Write([]byte("gmcn/1/block"))
	var n [8]byte
	for _, e := range entries {
		binary.BigEndian.PutUint64(n[:], e.Seq)
		h.Write(n[:])
		h.Write(e.Digest[:])
	}
	return Block{Epoch: epoch, Index: index, Count: uint32(len(entries)), Digest: [32]byte(h.Sum(nil))}
}

// RootOf digests the blocks of a log that are not empty, takedowns included, in the order of (Epoch, Index). The root of
// an empty log is the digest of no block.
func RootOf(blocks []Block) [32]byte {
	h := sha256.New()
	h.Write([]byte("gmcn/1/root"))
	var n [8]byte
	for _, b := range blocks {
		for _, v := range []uint64{b.Epoch, b.Index, uint64(b.Count)} {
			binary.BigEndian.PutUint64(n[:], v)
			h.Write(n[:])
		}
		h.Write(b.Digest[:])
	}
	return [32]byte(h.Sum(nil))
}

// Text returns the head as a block of text that survives mail.
func (h *Head) Text() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: headBlock, Bytes: h.raw}))
}

// FindHead finds a head by Text in what a person pasted and verifies it under card; nil when there is none. The error is why
// one that is there is not genuine.
func FindHead(text []byte, card *Card) (*Head, error) {
	if len(text) > 4*MaxEnvelope {
		return nil, fmt.Errorf("read head: %w", ErrSize)
	}
	for block, rest := pem.Decode(quoteMarks.ReplaceAll(text, nil)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == headBlock {
			h, err := OpenHead(block.Bytes, card)
			if err != nil {
				return nil, fmt.Errorf("read head: %w", err)
			}
			return h, nil
		}
	}
	return nil, nil
}
