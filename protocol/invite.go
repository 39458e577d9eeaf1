package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// PairNonce is drawn for one pairing. That of an invitation is also its secret: who knows it may knock at the node that
// made it.
type PairNonce [16]byte

// NewPairNonce returns a fresh random nonce.
func NewPairNonce() PairNonce {
	var n PairNonce
	rand.Read(n[:])
	return n
}

// String returns the nonce as 26 letters and digits of base32, by which people name a pairing.
func (n PairNonce) String() string { return base32Text.EncodeToString(n[:]) }

// ParsePairNonce reads what PairNonce.String wrote.
func ParsePairNonce(s string) (n PairNonce, err error) { return n, parseBase32(n[:], s, "pairing") }

// MarshalText lets a pairing stand in JSON as it does in commands.
func (n PairNonce) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (n *PairNonce) UnmarshalText(b []byte) (err error) {
	*n, err = ParsePairNonce(string(b))
	return err
}

// IsZero says whether there is none.
func (n PairNonce) IsZero() bool { return n == PairNonce{} }

// Invite is what one country hands another, past the network, so that the two can pair: who invites, where its node is,
// and a nonce. The node key signs it, which proves only that it came whole: whether it is of the country that it names is
// what the spoken words are for.
type Invite struct {
	// Root is the inviter's root public key, NodeKey the public key of its node.
	Root, NodeKey [32]byte
	// Addrs are multiaddresses of the node, without the peer part.
	Addrs []string
	Nonce PairNonce
	// Answers is the nonce of the invitation that this one answers; zero for an invitation. With an answer two countries
	// can pair by mail alone.
	Answers PairNonce
	// Expires is when it ends.
	Expires time.Time

	raw []byte
}

type wireInvite struct {
	V  uint64     `cbor:"v"`
	T  string     `cbor:"t"`
	R  [32]byte   `cbor:"r"`
	Nk [32]byte   `cbor:"nk"`
	Ad []string   `cbor:"ad,omitempty"`
	N  PairNonce  `cbor:"n"`
	Re *PairNonce `cbor:"re,omitempty"`
	X  int64      `cbor:"x"`
}

// Origin returns the country that the invitation says it is of.
func (i *Invite) Origin() Origin { return OriginOf(i.Root[:]) }

// Bytes returns the signed envelope; the caller must not change it.
func (i *Invite) Bytes() []byte { return i.raw }

// Side returns the inviter's part in the pairing.
func (i *Invite) Side() PairSide { return PairSide{i.Root, i.Nonce} }

// Issued says whether card is of the country and the node that made the invitation.
func (i *Invite) Issued(card *Card) bool { return card.Root == i.Root && card.NodeKey == i.NodeKey }

func (i *Invite) wire() wireInvite {
	w := wireInvite{V: version, T: "invite", R: i.Root, Nk: i.NodeKey, Ad: i.Addrs, N: i.Nonce, X: i.Expires.UnixMilli()}
	if !i.Answers.IsZero() {
		w.Re = &i.Answers
	}
	return w
}

// SignInvite signs an invitation with the node key whose public half it then names.
func SignInvite(key ed25519.PrivateKey, i Invite) (*Invite, error) {
	i.NodeKey = [32]byte(key.Public().(ed25519.PublicKey))
	sealed, err := sealAs(key, domainInvite, i.wire())
	if err != nil {
		return nil, fmt.Errorf("sign invitation: %w", err)
	}
	return OpenInvite(sealed)
}

// OpenInvite parses an invitation and verifies it under the node key that it names. It keeps a copy of raw, and does not
// ask whether it has ended.
//
// Errors: ErrSize, ErrForm, ErrUnknown, ErrKey, ErrSignature.
func OpenInvite(raw []byte) (*Invite, error) {
	w, env, err := unsealAs[wireInvite](raw, "invite")
	if err != nil {
		return nil, fmt.Errorf("open invitation: %w", err)
	}
	if err := env.verify(w.Nk[:], domainInvite); err != nil {
		return nil, fmt.Errorf("open invitation: %w", err)
	}
	i := &Invite{Root: w.R, NodeKey: w.Nk, Addrs: w.Ad, Nonce: w.N, Expires: time.UnixMilli(w.X).UTC(), raw: env.raw}
	if w.Re != nil {
		i.Answers = *w.Re
	}
	check := &checker{}
	check.count("addrs", len(i.Addrs), 0, maxAddrs)
	for j, a := range i.Addrs {
		check.text(fmt.Sprintf("addrs.%d", j), a, maxAddr, true)
	}
	if i.Nonce.IsZero() || w.Re != nil && (i.Answers.IsZero() || i.Answers == i.Nonce) {
		check.add("nonce", "required")
	}
	if w.X <= 0 || w.X > maxTime {
		check.add("expires", "range")
	}
	if err := check.found.err(); err != nil {
		return nil, fmt.Errorf("open invitation: %w: %w", ErrForm, err)
	}
	return i, nil
}

const (
	invitePEM      = "GMCN INVITATION"
	inviteQRPrefix = "GMCN-INVITE:"
)

// Text returns the invitation as a block of text that survives mail. With the inviter's card beside it the other country
// can pair without reaching the inviter's node; card may be nil.
func (i *Invite) Text(card *Card) string {
	text := string(pem.EncodeToMemory(&pem.Block{Type: invitePEM, Bytes: i.raw}))
	if card != nil {
		text += card.Text()
	}
	return text
}

// QRText returns the invitation in capital letters and digits, the densest text for a QR code.
func (i *Invite) QRText() string { return inviteQRPrefix + qrText.EncodeToString(i.raw) }

// ParseInvite finds and opens an invitation in what a person pasted: a block by Text with anything around it and perhaps
// the marks of a quoted mail before each line, QRText, or the bare signed bytes. card is the card that came along, nil if
// none did; it is of the invitation's node.
func ParseInvite(text []byte) (invite *Invite, card *Card, err error) {
	if len(text) > 4*MaxEnvelope {
		return nil, nil, fmt.Errorf("read invitation: %w", ErrSize)
	}
	if rest, ok := strings.CutPrefix(strings.TrimSpace(string(text)), inviteQRPrefix); ok {
		raw, err := qrText.DecodeString(rest)
		if err != nil {
			return nil, nil, fmt.Errorf("read invitation: the text after %s is damaged; copy the whole of it", inviteQRPrefix)
		}
		invite, err = OpenInvite(raw)
		return invite, nil, err
	}
	for block, rest := pem.Decode(quoteMarks.ReplaceAll(text, nil)); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == invitePEM && invite == nil:
			if invite, err = OpenInvite(block.Bytes); err != nil {
				return nil, nil, err
			}
		case block.Type == pemType && card == nil:
			if card, err = OpenCard(block.Bytes); err != nil {
				return nil, nil, err
			}
		}
	}
	if invite == nil {
		if invite, err = OpenInvite(bytes.TrimSpace(text)); err != nil {
			return nil, nil, errors.New("read invitation: found none; it is the text from -----BEGIN GMCN INVITATION----- to -----END GMCN INVITATION-----")
		}
	}
	if card != nil && !invite.Issued(card) {
		return nil, nil, errors.New("read invitation: the card beside it is of another country or node; ask for a new invitation")
	}
	return invite, card, nil
}
