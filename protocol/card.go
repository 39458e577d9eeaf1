package protocol

import (
	"crypto/ed25519"
	"encoding/base32"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ipfs/go-cid"
)

// Card is a member's certificate and visiting card: who the member is, what the public may call, and which node key may
// sign for it. The root key signs it. The card of the same root with the highest (Epoch, Issue) is the one in force.
type Card struct {
	// Root is the root public key; its SHA-256 is the Origin.
	Root [32]byte
	// Epoch counts the node keys from 1; Issue counts the cards of one epoch.
	Epoch, Issue uint64
	// Continues is where the log goes on from, in a card of any epoch but the first; nil in that. All cards of an epoch
	// have the same.
	Continues *Continues
	// Country is an ISO 3166-1 alpha-2 code.
	Country string
	// CountryNames is how the member calls its country, for codes that no list knows and where the name is contested.
	CountryNames Text
	// Names is the organisation's name by language; at least one.
	Names Text
	// Hotlines are numbers that the public may call, the most important first; at least one.
	Hotlines []Hotline
	// Site is the address of the public site, without a slash at the end.
	Site string
	// Languages are those of the member's site, the main one first.
	Languages []string
	// NodeKey is the ed25519 public key that signs records and heads and is the libp2p identity.
	NodeKey [32]byte
	// Addrs are multiaddresses of the node, without the peer part.
	Addrs []string
	// TipKeys are public keys to seal tips to.
	TipKeys []TipKey
	// Delegate is the member that may have our cases shown for longer while our node is down (Extension); zeros for none.
	Delegate Origin
	At       time.Time
	// NotAfter ends the card.
	NotAfter time.Time

	id  cid.Cid
	raw []byte
}

// Continues is the last good place of an earlier epoch. What stands after it in that epoch or in one between is void.
type Continues struct {
	Epoch uint64 `cbor:"e" json:"epoch"`
	Seq   uint64 `cbor:"q" json:"seq"`
	// Root is RootOf the log up to there; zeros when whoever signed did not have it.
	Root [32]byte `cbor:"r" json:"root"`
}

// Hotline is a telephone number for the public.
type Hotline struct {
	Number string `cbor:"n" json:"number" toml:"number"`
	// Label says whose it is or when it answers, by language.
	Label Text `cbor:"l,omitempty" json:"label,omitempty" toml:"label"`
}

// TipKey is an HPKE public key (RFC 9180).
type TipKey struct {
	ID KeyID `cbor:"i" json:"id"`
	// KEM is the HPKE KEM identifier; 0x647a is MLKEM768-X25519.
	KEM    uint16 `cbor:"k" json:"kem"`
	Public []byte `cbor:"p" json:"public"`
}

// wireCard is a Card as it is signed.
type wireCard struct {
	V  uint64     `cbor:"v"`
	T  string     `cbor:"t"`
	R  [32]byte   `cbor:"r"`
	E  uint64     `cbor:"e"`
	I  uint64     `cbor:"i"`
	Cc string     `cbor:"cc"`
	Cn Text       `cbor:"cn,omitempty"`
	Nm Text       `cbor:"nm"`
	Hl []Hotline  `cbor:"hl"`
	St string     `cbor:"st"`
	Ln []string   `cbor:"ln"`
	Nk [32]byte   `cbor:"nk"`
	Ad []string   `cbor:"ad,omitempty"`
	Tk []TipKey   `cbor:"tk,omitempty"`
	De *Origin    `cbor:"de,omitempty"`
	At int64      `cbor:"at"`
	Na int64      `cbor:"na"`
	Co *Continues `cbor:"co,omitempty"`
}

// Origin returns the member that the card is of.
func (c *Card) Origin() Origin { return OriginOf(c.Root[:]) }

// ID returns the CID of the signed card; undefined before SignCard.
func (c *Card) ID() cid.Cid { return c.id }

// Bytes returns the signed envelope; the caller must not change it. It is nil before SignCard.
func (c *Card) Bytes() []byte { return c.raw }

// Newer says whether c replaces d: d is nil, or c is of the same root and further on, and no rival of d.
func (c *Card) Newer(d *Card) bool {
	return d == nil || c.Root == d.Root && (c.Epoch > d.Epoch || c.Epoch == d.Epoch && c.Issue > d.Issue && !c.Rivals(d))
}

// Rivals says whether two cards of one root speak of the same epoch and differ in its node key or in where it begins. The
// one that is held first stays; a card of a later epoch replaces both.
func (c *Card) Rivals(d *Card) bool {
	return c.Root == d.Root && c.Epoch == d.Epoch && (c.NodeKey != d.NodeKey ||
		(c.Continues == nil) != (d.Continues == nil) || c.Continues != nil && *c.Continues != *d.Continues)
}

// Key returns the node public key.
func (c *Card) Key() ed25519.PublicKey { return ed25519.PublicKey(c.NodeKey[:]) }

// certifies says whether the card lets kid sign for the origin in the epoch. No card, nil, certifies nothing.
func (c *Card) certifies(o Origin, epoch uint64, kid KeyID) error {
	if c == nil || c.Origin() != o || c.Epoch != epoch || KeyIDOf(c.NodeKey[:]) != kid {
		return ErrKey
	}
	return nil
}

// Certifies returns the node key that must have signed claim, or ErrKey.
func (c *Card) Certifies(claim *Claim) (ed25519.PublicKey, error) {
	if err := c.certifies(claim.entry.Origin, claim.entry.Epoch, claim.env.kid); err != nil {
		return nil, err
	}
	return c.Key(), nil
}

// SignCard validates the card, signs it with the root key whose public half it names, and returns the signed card.
// Problems name the fields in their JSON-like paths: "names", "hotlines.0.number", "site", …
func SignCard(root ed25519.PrivateKey, c Card) (*Card, error) {
	c.Root = [32]byte(root.Public().(ed25519.PublicKey))
	if err := c.validate(); err != nil {
		return nil, err
	}
	sealed, err := sealAs(root, domainCard, c.wire())
	if err != nil {
		return nil, fmt.Errorf("sign card: %w", err)
	}
	return OpenCard(sealed)
}

func (c *Card) wire() wireCard {
	w := wireCard{
		V: version, T: "card", R: c.Root, E: c.Epoch, I: c.Issue, Cc: c.Country, Cn: c.CountryNames, Nm: c.Names,
		Hl: c.Hotlines, St: c.Site, Ln: c.Languages, Nk: c.NodeKey, Ad: c.Addrs, Tk: c.TipKeys,
		At: c.At.UnixMilli(), Na: c.NotAfter.UnixMilli(), Co: c.Continues,
	}
	if c.Delegate != (Origin{}) {
		w.De = &c.Delegate
	}
	return w
}

// IsCard says whether an envelope is a card, as far as can be told without verifying it.
func IsCard(raw []byte) bool { return isKind(raw, "card") }

// OpenCard reads and verifies a signed card. It keeps a copy of raw. Whether the card's member is to be trusted is for a
// person to say.
//
// Errors: ErrSize, ErrForm, ErrUnknown, ErrKey, ErrSignature.
func OpenCard(raw []byte) (*Card, error) {
	w, env, err := unsealAs[wireCard](raw, "card")
	if err != nil {
		return nil, fmt.Errorf("open card: %w", err)
	}
	if err := env.verify(w.R[:], domainCard); err != nil {
		return nil, fmt.Errorf("open card: %w", err)
	}
	c := &Card{
		Root: w.R, Epoch: w.E, Issue: w.I, Country: w.Cc, CountryNames: w.Cn, Names: w.Nm, Hotlines: w.Hl, Site: w.St,
		Languages: w.Ln, NodeKey: w.Nk, Addrs: w.Ad, TipKeys: w.Tk, At: time.UnixMilli(w.At).UTC(),
		NotAfter: time.UnixMilli(w.Na).UTC(), Continues: w.Co, id: env.id, raw: env.raw,
	}
	if w.De != nil {
		if c.Delegate = *w.De; c.Delegate == (Origin{}) {
			return nil, fmt.Errorf("open card: %w: no delegate is left out", ErrForm)
		}
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("open card: %w: %w", ErrForm, err)
	}
	return c, nil
}

func (c *Card) validate() error {
	v := &checker{}
	if c.Epoch == 0 || c.Epoch > maxCounter {
		v.add("epoch", "range")
	}
	switch {
	case c.Epoch > 1 && c.Continues == nil:
		v.add("continues", "required")
	case c.Continues != nil && (c.Continues.Epoch == 0 || c.Continues.Epoch >= c.Epoch || c.Continues.Seq > maxCounter):
		v.add("continues", "range")
	}
	if c.Issue > maxCounter {
		v.add("issue", "range")
	}
	if c.At.UnixMilli() <= 0 {
		v.add("at", "range")
	}
	if !c.NotAfter.After(c.At) || c.NotAfter.UnixMilli() > maxTime {
		v.add("not_after", "range")
	}
	if !validCountry(c.Country) {
		v.add("country", "country")
	}
	v.words("country_names", c.CountryNames, maxName, false)
	if len(c.Names) == 0 {
		v.add("names", "required")
	}
	v.words("names", c.Names, maxName, false)
	v.count("hotlines", len(c.Hotlines), 1, maxHotlines)
	for i, h := range c.Hotlines {
		at := fmt.Sprintf("hotlines.%d", i)
		v.text(at+".number", h.Number, maxPhone, true)
		v.phone(at+".number", h.Number)
		v.words(at+".label", h.Label, maxName, false)
	}
	// What net/url would write otherwise is refused, so that no letter of another script can pass for another.
	if u, err := url.Parse(c.Site); err != nil || len(c.Site) > maxURL || u.Scheme != "https" && u.Scheme != "http" ||
		u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		strings.HasSuffix(c.Site, "/") || u.String() != c.Site {
		v.add("site", "url")
	}
	v.count("languages", len(c.Languages), 1, maxTextLangs)
	for i, l := range c.Languages {
		if !ValidLanguage(l) || slices.Contains(c.Languages[:i], l) {
			v.add("languages", "language")
		}
	}
	v.count("addrs", len(c.Addrs), 0, maxAddrs)
	for i, a := range c.Addrs {
		v.text(fmt.Sprintf("addrs.%d", i), a, maxAddr, true)
	}
	v.count("tip_keys", len(c.TipKeys), 0, maxTipKeys)
	for _, k := range c.TipKeys {
		if len(k.Public) == 0 || len(k.Public) > 2048 || KeyIDOf(k.Public) != k.ID {
			v.add("tip_keys", "range")
		}
	}
	if c.Delegate == c.Origin() {
		v.add("delegate", "choice")
	}
	return v.found.err()
}

const (
	pemType  = "GMCN CARD"
	qrPrefix = "GMCN:"
)

// quoteMarks are what a mail program puts before the lines that it quotes.
var quoteMarks = regexp.MustCompile(`(?m)^[> \t]+`)

var qrText = base32.StdEncoding.WithPadding(base32.NoPadding)

// Text returns the card as a block of text that survives mail: what a person sends to another country.
func (c *Card) Text() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: c.raw}))
}

// QRText returns the card in capital letters and digits, the densest text for a QR code.
func (c *Card) QRText() string { return qrPrefix + qrText.EncodeToString(c.raw) }

// ParseCard finds and opens a card in what a person pasted: a block by Text with anything around it and perhaps the marks
// of a quoted mail before each line, QRText, or the bare signed bytes.
func ParseCard(text []byte) (*Card, error) {
	if len(text) > 4*MaxEnvelope {
		return nil, fmt.Errorf("read card: %w", ErrSize)
	}
	if rest, ok := strings.CutPrefix(strings.TrimSpace(string(text)), qrPrefix); ok {
		raw, err := qrText.DecodeString(rest)
		if err != nil {
			return nil, errors.New("read card: the text after GMCN: is damaged; copy the whole of it")
		}
		return OpenCard(raw)
	}
	for block, rest := pem.Decode(quoteMarks.ReplaceAll(text, nil)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == pemType {
			return OpenCard(block.Bytes)
		}
	}
	if c, err := OpenCard(text); err == nil {
		return c, nil
	}
	return nil, errors.New("read card: found none; a card is the text from -----BEGIN GMCN CARD----- to -----END GMCN CARD-----")
}
