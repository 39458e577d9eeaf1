package protocol

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// Fork is the proof that a member signed two logs in one epoch: two different records for one place, or two heads of one
// length that say different things. Its data folder was restored from a backup and written on, two servers run under one
// key, or the key was stolen. Whoever holds the member's card can check it, and nobody but the holder of the key can make
// one.
type Fork struct {
	Origin Origin
	// Epoch and Seq are the place of which there are two.
	Epoch, Seq uint64
	// Heads says that it is of two heads, which say nothing of a child. Else it is of two records.
	Heads bool

	cases []Ref
	raw   []byte
}

// Bytes returns the proof; the caller must not change it.
func (f *Fork) Bytes() []byte { return f.raw }

// Cases returns the references of the cases that the proof tells of: it must be destroyed with either of them.
func (f *Fork) Cases() []Ref { return f.cases }

// wireFork is a Fork on the wire. A comes before B in the order of their digests.
type wireFork struct {
	V uint64 `cbor:"v"`
	T string `cbor:"t"`
	A []byte `cbor:"a"`
	B []byte `cbor:"b"`
}

const typeFork = "fork"

// IsFork says whether a message is a fork and no envelope, by its first byte. It may still be malformed.
func IsFork(raw []byte) bool { return len(raw) > 0 && raw[0] == 0xa4 }

// NewFork makes the proof of two signed records, or two signed heads, of the card's member, in either order.
//
// Errors: those of OpenFork; ErrForm when they do not contradict each other.
func NewFork(a, b []byte, card *Card) (*Fork, error) {
	ha, hb := sha256.Sum256(a), sha256.Sum256(b)
	if bytes.Compare(ha[:], hb[:]) > 0 {
		a, b = b, a
	}
	raw, err := encode(wireFork{V: version, T: typeFork, A: a, B: b})
	if err != nil {
		return nil, fmt.Errorf("prove fork: %w", err)
	}
	f, err := OpenFork(raw, card)
	if err != nil {
		return nil, fmt.Errorf("prove fork: %w", err)
	}
	return f, nil
}

// ForkClaim is a fork in canonical form whose signatures nobody has verified.
type ForkClaim struct {
	fork    Fork
	envs    [2]*opened
	domains [2]domain
}

// Origin returns whose fork it claims to be, Epoch of which epoch, and Heads whether by its heads.
func (c *ForkClaim) Origin() Origin { return c.fork.Origin }
func (c *ForkClaim) Epoch() uint64  { return c.fork.Epoch }
func (c *ForkClaim) Heads() bool    { return c.fork.Heads }

// ParseFork reads a proof as far as can be told without a key. It keeps a copy of raw.
//
// Errors: ErrSize, ErrForm, ErrUnknown.
func ParseFork(raw []byte) (*ForkClaim, error) {
	if len(raw) > MaxFork {
		return nil, fmt.Errorf("%d bytes, at most %d: %w", len(raw), MaxFork, ErrSize)
	}
	raw = bytes.Clone(raw)
	v, kind, err := kindOf(raw)
	if err != nil {
		return nil, err
	}
	if v != version || kind != typeFork {
		return nil, fmt.Errorf("version %d, type %.20q: %w", v, kind, ErrUnknown)
	}
	w, err := decode[wireFork](raw)
	if err != nil {
		return nil, err
	}
	var sides [2]side
	for i, b := range [][]byte{w.A, w.B} {
		if sides[i], err = readSide(b); err != nil {
			return nil, fmt.Errorf("fork: %w", err)
		}
	}
	a, b := sides[0], sides[1]
	da, db := Digest(a.env.id), Digest(b.env.id)
	switch {
	case bytes.Compare(da[:], db[:]) >= 0:
		return nil, fmt.Errorf("fork out of order, or of one thing twice: %w", ErrForm)
	case (a.head == nil) != (b.head == nil) || a.origin != b.origin || a.epoch != b.epoch || a.seq != b.seq:
		return nil, fmt.Errorf("fork of two places: %w", ErrForm)
	case a.head != nil && a.head.Root == b.head.Root:
		return nil, fmt.Errorf("fork of heads that agree: %w", ErrForm)
	}
	c := &ForkClaim{envs: [2]*opened{a.env, b.env}, domains: [2]domain{a.domain, b.domain}}
	c.fork = Fork{Origin: a.origin, Epoch: a.epoch, Seq: a.seq, Heads: a.head != nil, raw: raw}
	for _, s := range sides {
		if s.domain == domainCase {
			c.fork.cases = append(c.fork.cases, s.ref)
		}
	}
	return c, nil
}

// side is one of the two things that contradict each other.
type side struct {
	env        *opened
	domain     domain
	origin     Origin
	epoch, seq uint64
	head       *Head // nil for a record
	ref        Ref   // of a record
}

func readSide(raw []byte) (side, error) {
	env, err := unseal(raw)
	if err != nil {
		return side{}, err
	}
	if _, kind, err := kindOf(env.payload); err != nil {
		return side{}, err
	} else if kind == "head" {
		h, env, err := parseHead(raw)
		if err != nil {
			return side{}, err
		}
		return side{env: env, domain: domainHead, origin: h.Origin, epoch: h.Epoch, seq: h.Seq, head: h}, nil
	}
	c, err := parse(env, true)
	if err != nil {
		return side{}, err
	}
	h := c.Header()
	return side{env: env, domain: domains[c.typ], origin: h.Origin, epoch: h.Epoch, seq: h.Seq, ref: h.Ref()}, nil
}

// Open verifies both signatures under the member's card of that epoch, even if the card has ended.
//
// Errors: ErrKey when the card is not of that member, epoch and key; ErrSignature.
func (c *ForkClaim) Open(card *Card) (*Fork, error) {
	for i, env := range c.envs {
		if err := card.certifies(c.fork.Origin, c.fork.Epoch, env.kid); err != nil {
			return nil, fmt.Errorf("fork: %w", err)
		}
		if err := env.verify(card.NodeKey[:], c.domains[i]); err != nil {
			return nil, fmt.Errorf("fork: %w", err)
		}
	}
	return &c.fork, nil
}

// OpenFork parses and verifies a proof under card: all that a third party needs.
func OpenFork(raw []byte, card *Card) (*Fork, error) {
	c, err := ParseFork(raw)
	if err != nil {
		return nil, err
	}
	return c.Open(card)
}

// ReopenFork reads back a proof that this node verified before it wrote it to its own disk.
func ReopenFork(raw []byte) (*Fork, error) {
	c, err := ParseFork(raw)
	if err != nil {
		return nil, err
	}
	return &c.fork, nil
}

// Frozen says whether a fork in an epoch still keeps its member from publishing: until the member's root has signed a card
// of a later epoch. card is the one in force.
func Frozen(epoch uint64, card *Card) bool { return card == nil || card.Epoch <= epoch }

// ClosedSum digests which cases of an origin were taken down, from their references in order, each once. Of a frozen
// origin two nodes compare this in place of the log.
func ClosedSum(refs func(yield func(Ref) bool)) [16]byte {
	h := sha256.New()
	h.Write([]byte("gmcn/1/closed"))
	for ref := range refs {
		h.Write(ref[:])
	}
	return [16]byte(h.Sum(nil))
}

// Freeze is what one knows of an origin that is frozen. It is part of Have.
type Freeze struct {
	_      struct{} `cbor:",toarray"`
	Origin Origin
	// Epoch is that of the fork, and Heads says that two heads prove it.
	Epoch uint64
	Heads bool
	// Closed is ClosedSum.
	Closed [16]byte
}

func checkFreezes(all []Freeze) bool {
	ok := len(all) <= maxItems
	for _, f := range all {
		ok = ok && checkCounters(f.Epoch)
	}
	return ok
}
