package protocol

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Stamp is what makes a poster checkable: the owner's signature that one revision of one case was published, and until
// which day a poster of it is current. Every record of a case carries one, so that every member can print posters that
// the owner has signed. With the owner's card anybody can check it, without the record and without a connection.
type Stamp struct {
	// Member is the beginning of the owner's Origin. Of two members with the same, the signature tells which.
	Member OriginPrefix
	Epoch  uint64
	Case   CaseID
	Rev    uint64
	// Until is the day of the record's review-by in UTC: whoever sees the poster later must ask whether it holds.
	Until     Date
	Signature [ed25519.SignatureSize]byte
}

// OriginPrefix is the beginning of an Origin.
type OriginPrefix [6]byte

// Matches says whether o begins so.
func (p OriginPrefix) Matches(o Origin) bool { return p == OriginPrefix(o[:]) }

// stampPayload is what a stamp signs.
type stampPayload struct {
	V uint64 `cbor:"v"`
	T string `cbor:"t"`
	O Origin `cbor:"o"`
	E uint64 `cbor:"e"`
	C CaseID `cbor:"c"`
	R uint64 `cbor:"r"`
	X uint16 `cbor:"x"`
}

// dayOf returns the days from 1 January 1970 to t in UTC; ok is false for a day that a stamp cannot say.
func dayOf(t time.Time) (day uint16, ok bool) {
	n := t.Unix() / 86400
	return uint16(n), t.Unix() >= 0 && n <= maxStampDay
}

// message returns what kid signs for a member, by the rules of an envelope (protocol.md 3.3).
func (s Stamp) message(o Origin, kid KeyID) ([]byte, error) {
	day, _ := dayOf(s.Until.First())
	raw, err := encode(stampPayload{V: version, T: "poster", O: o, E: s.Epoch, C: s.Case, R: s.Rev, X: day})
	if err != nil {
		return nil, err
	}
	protected, err := encode(protectedHeader{Alg: algEdDSA, Kid: kid})
	if err != nil {
		return nil, err
	}
	return toBeSigned(domainPoster, protected, raw)
}

// stampOf returns the stamp that a record under h bears, without its signature.
func stampOf(h Header) Stamp {
	return Stamp{Member: OriginPrefix(h.Origin[:]), Epoch: h.Epoch, Case: h.Case, Rev: h.Rev, Until: DateOf(h.ReviewBy.UTC())}
}

// signStamp returns the signature of the stamp of a record under h.
func signStamp(key ed25519.PrivateKey, h Header) (*[ed25519.SignatureSize]byte, error) {
	s := stampOf(h)
	message, err := s.message(h.Origin, KeyIDOf(key.Public().(ed25519.PublicKey)))
	if err != nil {
		return nil, fmt.Errorf("sign stamp: %w", err)
	}
	sig := [ed25519.SignatureSize]byte(ed25519.Sign(key, message))
	return &sig, nil
}

// Stamp returns the stamp of a case's record; ok is false for a record of another type. Open does not check its signature:
// who prints a poster does.
func (r *Record) Stamp() (s Stamp, ok bool) {
	if r.stamp == nil {
		return Stamp{}, false
	}
	s = stampOf(r.entry.Header)
	s.Signature = *r.stamp
	return s, true
}

// Check verifies the stamp under the card of its member. Errors: ErrKey when the card is of another member or epoch;
// ErrSignature.
func (s Stamp) Check(card *Card) error {
	if !s.Member.Matches(card.Origin()) || s.Epoch != card.Epoch {
		return ErrKey
	}
	message, err := s.message(card.Origin(), KeyIDOf(card.Key()))
	if err != nil {
		return err
	}
	if !ed25519.Verify(card.Key(), message, s.Signature[:]) {
		return ErrSignature
	}
	return nil
}

// After says whether the stamp is of a later revision of the case than t.
func (s Stamp) After(t Stamp) bool {
	return s.Epoch > t.Epoch || s.Epoch == t.Epoch && s.Rev > t.Rev
}

// Past says whether the last day of the poster is over everywhere on earth.
func (s Stamp) Past(now time.Time) bool {
	return now.After(s.Until.First().Add(24*time.Hour + 12*time.Hour))
}

// Code returns the stamp as it stands in the QR code of a poster: at most MaxStampCode capital letters and digits.
func (s Stamp) Code() string {
	day, _ := dayOf(s.Until.First())
	b := append([]byte{version}, s.Member[:]...)
	b = append(b, s.Case[:]...)
	b = binary.BigEndian.AppendUint16(b, day)
	b = binary.AppendUvarint(b, s.Epoch)
	b = binary.AppendUvarint(b, s.Rev)
	return qrText.EncodeToString(append(b, s.Signature[:]...))
}

// stampPath stands before the code in the address that a QR code holds: "https://site/v/CODE".
const stampPath = "/V/"

// ParseStamp reads a code from what a person pasted or scanned: the code alone or at the end of an address, in any case,
// with spaces and line ends anywhere. It checks no signature.
//
// Errors: ErrSize; ErrForm for what is no whole code; ErrUnknown for a code of another version.
func ParseStamp(text string) (Stamp, error) {
	if len(text) > maxStampText {
		return Stamp{}, fmt.Errorf("poster code: %w", ErrSize)
	}
	code := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	if i := strings.LastIndex(code, stampPath); i >= 0 {
		code = code[i+len(stampPath):]
	}
	s, err := parseStamp(code)
	if err != nil {
		return Stamp{}, fmt.Errorf("poster code: %w", err)
	}
	return s, nil
}

func parseStamp(code string) (s Stamp, err error) {
	if len(code) > MaxStampCode {
		return s, ErrSize
	}
	b, err := qrText.DecodeString(code)
	if err != nil || qrText.EncodeToString(b) != code || len(b) == 0 {
		return s, fmt.Errorf("%w: not base32", ErrForm)
	}
	if b[0] != version {
		return s, fmt.Errorf("version %d: %w", b[0], ErrUnknown)
	}
	const fixed = 1 + len(s.Member) + len(s.Case) + 2
	if len(b) < fixed+2+len(s.Signature) {
		return s, fmt.Errorf("%w: cut short", ErrForm)
	}
	rest := b[1:]
	rest = rest[copy(s.Member[:], rest):]
	rest = rest[copy(s.Case[:], rest):]
	s.Until = DateOf(time.Unix(int64(binary.BigEndian.Uint16(rest))*86400, 0).UTC())
	rest = rest[2:]
	for _, n := range []*uint64{&s.Epoch, &s.Rev} {
		v, size := binary.Uvarint(rest)
		if size <= 0 || v > maxCounter || !bytes.Equal(binary.AppendUvarint(nil, v), rest[:size]) {
			return s, fmt.Errorf("%w: a number", ErrForm)
		}
		*n, rest = v, rest[size:]
	}
	if s.Rev == 0 || len(rest) != len(s.Signature) {
		return s, fmt.Errorf("%w: length or revision", ErrForm)
	}
	copy(s.Signature[:], rest)
	return s, nil
}
