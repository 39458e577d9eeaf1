package protocol

import (
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
)

// Type is what a record is about.
type Type string

const (
	TypeCase     Type = "case"
	TypeTakedown Type = "takedown"
	TypeStance   Type = "stance"
)

// Header is where a record stands: in its origin's log and in its case's history.
type Header struct {
	Origin Origin
	// Epoch and Seq are the place in the origin's log: one counter, gap-free at the writer.
	Epoch uint64
	Seq   uint64
	Case  CaseID
	// Rev counts the case's revisions from 1; Prev is the record before, undefined for the first.
	Rev  uint64
	Prev cid.Cid
	// At is when it was written. It decides nothing but whether the record is held back as from the future.
	At time.Time
	// ReviewBy is when the case hides itself unless the owner has confirmed it again. Zero for any other record.
	ReviewBy time.Time
}

// Ref returns the public reference of the record's case.
func (h Header) Ref() Ref { return RefOf(h.Origin, h.Case) }

// Entry is what a record says: a Header and, by type, a case, a takedown or a stance.
type Entry struct {
	Header
	Case     *Case     // of TypeCase
	Members  *Members  // of TypeCase; nil when there is nothing for members only
	Photos   []Photo   // of TypeCase
	Takedown *Takedown // of TypeTakedown
	Stance   *Stance   // of TypeStance
}

// Takedown says that a case is closed: it must vanish everywhere. It tells no name and no reason.
type Takedown struct {
	// LastRev is the last revision that was published.
	LastRev uint64 `cbor:"r"`
	// Gone are the marks of every record and photo file that the case ever had. GoneMark makes one.
	Gone []Mark `cbor:"g,omitempty"`
}

// Mark recognises a purged thing without pointing at it: the first 16 bytes of the SHA-256 of its CID.
type Mark [16]byte

// GoneMark returns the mark of a CID.
func GoneMark(c cid.Cid) Mark {
	sum := Digest(cidOf(cid.Raw, c.Bytes()))
	return Mark(sum[:16])
}

// Record is a verified signed record. It is immutable and safe for concurrent use; whoever holds one need not check it
// again.
type Record struct {
	entry Entry
	stamp *[ed25519.SignatureSize]byte // of TypeCase
	id    cid.Cid
	raw   []byte
}

// ID returns the record's CID.
func (r *Record) ID() cid.Cid { return r.id }

// Bytes returns the signed envelope; the caller must not change it.
func (r *Record) Bytes() []byte { return r.raw }

// Header returns where the record stands.
func (r *Record) Header() Header { return r.entry.Header }

// Type returns what the record is about.
func (r *Record) Type() Type {
	switch {
	case r.entry.Takedown != nil:
		return TypeTakedown
	case r.entry.Stance != nil:
		return TypeStance
	}
	return TypeCase
}

// Case returns the public tier, nil in a record of another type. The caller must not change it. Its texts are parts of one string
// that holds the whole payload: keep a clone of one, not the text itself, where the record is not kept. So for the others.
func (r *Record) Case() *Case { return r.entry.Case }

// Members returns the members' tier, nil when there is none.
func (r *Record) Members() *Members { return r.entry.Members }

// Photos returns the photos of the case.
func (r *Record) Photos() []Photo { return r.entry.Photos }

// Takedown returns what a takedown says, nil in a record of another type.
func (r *Record) Takedown() *Takedown { return r.entry.Takedown }

// Stance returns what a stance says, nil in a record of another type.
func (r *Record) Stance() *Stance { return r.entry.Stance }

// LogValue keeps everything but the identifier out of logs.
func (r *Record) LogValue() slog.Value { return slog.StringValue(r.id.String()) }

// payload is what is signed. Keys are the wire's; order and form are deterministic CBOR's.
type payload struct {
	V  uint64          `cbor:"v"`
	T  Type            `cbor:"t"`
	O  Origin          `cbor:"o"`
	E  uint64          `cbor:"e"`
	Q  uint64          `cbor:"q"`
	C  CaseID          `cbor:"c"`
	R  uint64          `cbor:"r"`
	P  *Link           `cbor:"p,omitempty"`
	At int64           `cbor:"at"`
	X  int64           `cbor:"x,omitempty"`
	N  [16]byte        `cbor:"n"`
	S  *[64]byte       `cbor:"s,omitempty"`
	B  cbor.RawMessage `cbor:"b"`
	Ph []Photo         `cbor:"ph,omitempty"`
}

// body is the body of a case.
type body struct {
	Public  Case     `cbor:"p"`
	Members *Members `cbor:"m,omitempty"`
}

const version = 1

var domains = map[Type]domain{TypeCase: domainCase, TypeTakedown: domainTakedown, TypeStance: domainStance}

// Sign makes a record of e under the node key, and the stamp for the posters of a case. It validates e as every receiver will (Problems for a case), draws a
// fresh salt, and cuts times to milliseconds.
func Sign(key ed25519.PrivateKey, e Entry) (*Record, error) {
	var salt [16]byte
	rand.Read(salt[:])
	return signWith(key, e, salt)
}

func signWith(key ed25519.PrivateKey, e Entry, salt [16]byte) (*Record, error) {
	var stamp *[ed25519.SignatureSize]byte
	if e.Case != nil {
		var err error
		if stamp, err = signStamp(key, e.Header); err != nil {
			return nil, fmt.Errorf("sign record: %w", err)
		}
	}
	typ, raw, err := e.encode(salt, stamp)
	if err != nil {
		return nil, fmt.Errorf("sign record: %w", err)
	}
	sealed, err := seal(key, domains[typ], raw)
	if err != nil {
		return nil, fmt.Errorf("sign record: %w", err)
	}
	c, err := Parse(sealed)
	if err != nil {
		return nil, fmt.Errorf("sign record: %w", err)
	}
	return c.Open(key.Public().(ed25519.PublicKey))
}

// encode returns the payload that says e.
func (e *Entry) encode(salt [16]byte, stamp *[ed25519.SignatureSize]byte) (Type, []byte, error) {
	p := payload{
		V: version, T: TypeCase, O: e.Origin, E: e.Epoch, Q: e.Seq, C: e.Header.Case, R: e.Rev,
		At: e.At.UnixMilli(), N: salt, S: stamp, Ph: e.Photos,
	}
	if e.Prev.Defined() {
		p.P = &Link{e.Prev}
	}
	if !e.ReviewBy.IsZero() {
		p.X = e.ReviewBy.UnixMilli()
	}
	var err error
	switch {
	case e.Takedown != nil:
		p.T = TypeTakedown
		p.B, err = encode(e.Takedown)
	case e.Stance != nil:
		p.T = TypeStance
		p.B, err = encode(e.Stance)
	case e.Case != nil:
		b := body{Public: *e.Case}
		if !e.Members.IsZero() {
			b.Members = e.Members
		}
		p.B, err = encode(b)
	default:
		return "", nil, errors.New("neither case nor takedown nor stance")
	}
	if err != nil {
		return "", nil, err
	}
	raw, err := encode(p)
	return p.T, raw, err
}

// Claim is a record in canonical form and within the limits that nobody has verified. Its header tells whether the
// signature is worth checking.
type Claim struct {
	env   *opened
	entry Entry
	stamp *[ed25519.SignatureSize]byte
	typ   Type
}

// Parse reads an envelope as far as can be told without a key. It keeps a copy of raw.
//
// Errors: ErrSize, ErrForm, ErrUnknown; a case that breaks a limit is ErrForm with the Problems in its text.
func Parse(raw []byte) (*Claim, error) {
	env, err := unseal(raw)
	if err != nil {
		return nil, err
	}
	return parse(env, true)
}

// known says whether this program knows the version and type of a record.
func known(v uint64, t Type) bool { return v == version && domains[t] != "" }

func parse(env *opened, strict bool) (*Claim, error) {
	r := &reader{name: "record", text: string(env.payload)}
	p, rest := r.payload()
	if err := r.end(); err != nil || !known(p.V, p.T) {
		// What a newer version adds is not bad form.
		v, kind, bad := kindOf(env.payload)
		if bad == nil && !known(v, Type(kind)) {
			return nil, fmt.Errorf("version %d, type %.20q: %w", v, kind, ErrUnknown)
		}
		return nil, cmp.Or(err, bad)
	}
	if strict && (p.S != nil) != (p.T == TypeCase) {
		return nil, fmt.Errorf("%w: a case has a stamp, nothing else has", ErrForm)
	}
	c := &Claim{env: env, typ: p.T, stamp: p.S}
	c.entry = Entry{Header: Header{
		Origin: p.O, Epoch: p.E, Seq: p.Q, Case: p.C, Rev: p.R, At: time.UnixMilli(p.At).UTC(),
	}, Photos: p.Ph}
	if p.X != 0 {
		c.entry.ReviewBy = time.UnixMilli(p.X).UTC()
	}
	if p.P != nil {
		c.entry.Prev = p.P.Cid
	}
	r = &reader{name: "b", text: rest}
	switch p.T {
	case TypeCase:
		b := new(body)
		r.body(b)
		c.entry.Case, c.entry.Members = &b.Public, b.Members
	case TypeTakedown:
		c.entry.Takedown = new(Takedown)
		r.takedown(c.entry.Takedown)
	case TypeStance:
		c.entry.Stance = new(Stance)
		r.stance(c.entry.Stance)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	if strict {
		if err := c.entry.check(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrForm, err)
		}
	}
	return c, nil
}

// check holds an entry against the limits that every member holds it against.
func (e *Entry) check() error {
	switch {
	case e.Epoch > maxCounter || e.Seq == 0 || e.Seq > maxCounter || e.Rev == 0 || e.Rev > maxCounter:
		return errors.New("counter out of range")
	case (e.Rev == 1) == e.Prev.Defined():
		return errors.New("the first revision has no predecessor, each later one has")
	case e.At.UnixMilli() <= 0 || e.At.UnixMilli() > maxTime:
		return errors.New("time out of range")
	}
	if e.Prev.Defined() {
		if err := checkCID(e.Prev, cid.DagCBOR); err != nil {
			return err
		}
	}
	if e.Takedown != nil {
		if len(e.Photos) != 0 || !e.ReviewBy.IsZero() || len(e.Takedown.Gone) > maxGone || e.Takedown.LastRev >= e.Rev {
			return errors.New("takedown out of shape")
		}
		return nil
	}
	if e.Stance != nil {
		return e.checkStance()
	}
	if !e.ReviewBy.After(e.At) || e.ReviewBy.Sub(e.At) > 366*24*time.Hour {
		return errors.New("review-by must follow the writing within a year")
	}
	if _, ok := dayOf(e.ReviewBy); !ok {
		return errors.New("review-by is beyond what a stamp can say")
	}
	if err := e.Case.Validate(e.At); err != nil {
		return err
	}
	if e.Members != nil {
		if e.Members.IsZero() {
			return errors.New("empty members' tier")
		}
		if err := e.Members.Validate(e.Case, e.At); err != nil {
			return err
		}
	}
	return ValidatePhotos(e.Photos, e.Case, e.At)
}

// ID returns the CID that the record would have.
func (c *Claim) ID() cid.Cid { return c.env.id }

// KeyID returns which key claims to have signed.
func (c *Claim) KeyID() KeyID { return c.env.kid }

// Header returns what the claim says of its place.
func (c *Claim) Header() Header { return c.entry.Header }

// Type returns what the claim is about.
func (c *Claim) Type() Type { return c.typ }

// Open verifies the signature under the node key that a card certifies for the claim's origin and epoch.
//
// Errors: ErrKey when the claim names another key, ErrSignature.
func (c *Claim) Open(key ed25519.PublicKey) (*Record, error) {
	if err := c.env.verify(key, domains[c.typ]); err != nil {
		return nil, err
	}
	return c.record(), nil
}

func (c *Claim) record() *Record {
	return &Record{entry: c.entry, stamp: c.stamp, id: c.env.id, raw: c.env.raw}
}

// Open parses and verifies an envelope under card, which certifies the key: all that a third party needs.
func Open(raw []byte, card *Card) (*Record, error) {
	c, err := Parse(raw)
	if err != nil {
		return nil, err
	}
	if err := card.certifies(c.entry.Origin, c.entry.Epoch, c.env.kid); err != nil {
		return nil, err
	}
	return c.Open(card.NodeKey[:])
}

// Reopen reads back an envelope that this node verified before it wrote it to its own disk. It checks no signature. It
// keeps a copy of raw, which may be memory that the disk lends.
func Reopen(raw []byte) (*Record, error) {
	env, err := unseal(raw)
	if err != nil {
		return nil, err
	}
	c, err := parse(env, false)
	if err != nil {
		return nil, err
	}
	return c.record(), nil
}
