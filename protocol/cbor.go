package protocol

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
)

var encMode, decMode, looseMode = modes()

func modes() (cbor.UserBufferEncMode, cbor.DecMode, cbor.DecMode) {
	eo := cbor.CoreDetEncOptions()
	eo.OmitEmpty = cbor.OmitEmptyGoValue
	eo.NilContainers = cbor.NilContainerAsEmpty // null would be a second spelling of an empty list
	enc, err := eo.UserBufferEncMode()
	if err != nil {
		panic(err)
	}
	do := cbor.DecOptions{
		DupMapKey:                cbor.DupMapKeyEnforcedAPF,
		IndefLength:              cbor.IndefLengthForbidden,
		UTF8:                     cbor.UTF8RejectInvalid,
		MaxNestedLevels:          maxDepth,
		MaxArrayElements:         maxItems,
		MaxMapPairs:              maxPairs,
		ExtraReturnErrors:        cbor.ExtraDecErrorUnknownField,
		FieldNameMatching:        cbor.FieldNameMatchingCaseSensitive,
		NaN:                      cbor.NaNDecodeForbidden,
		Inf:                      cbor.InfDecodeForbidden,
		BignumTag:                cbor.BignumTagForbidden,
		ByteStringToString:       cbor.ByteStringToStringForbidden,
		FieldNameByteString:      cbor.FieldNameByteStringForbidden,
		UnrecognizedTagToAny:     cbor.UnrecognizedTagNumAndContentToAny,
		TimeTag:                  cbor.DecTagIgnored,
		ByteStringToTime:         cbor.ByteStringToTimeForbidden,
		ByteStringExpectedFormat: cbor.ByteStringExpectedFormatNone,
	}
	dec, err := do.DecMode()
	if err != nil {
		panic(err)
	}
	do.ExtraReturnErrors = cbor.ExtraDecErrorNone
	loose, err := do.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec, loose
}

// encode returns the canonical bytes of v. Our own types always encode, save Local, which must not.
func encode(v any) ([]byte, error) { return encMode.Marshal(v) }

// encodings are buffers for second encodings, which are compared and forgotten.
var encodings = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decode reads the canonical form of a T and nothing else: whatever a second encoding would not reproduce to the byte
// (order, lengths, unknown or empty fields, other tags) is refused with ErrForm.
func decode[T any](b []byte) (v T, err error) {
	if err := decMode.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("%w: %.200v", ErrForm, err)
	}
	again := encodings.Get().(*bytes.Buffer)
	defer encodings.Put(again)
	again.Reset()
	if err := encMode.MarshalToBuffer(v, again); err != nil {
		return v, fmt.Errorf("%w: %.200v", ErrForm, err)
	}
	if !bytes.Equal(again.Bytes(), b) {
		return v, fmt.Errorf("%w: another encoding of the same thing exists", ErrForm)
	}
	return v, nil
}

// Link is a CID in a signed thing: CBOR tag 42 over a zero byte and the CID, as DAG-CBOR has it.
type Link struct{ cid.Cid }

// linkTag is the tag of a link. linkHead begins one: the tag, and the head of a byte string of minLink to maxLink bytes, whose
// number follows it.
const (
	linkTag  = 42
	linkHead = "\xd8\x2a\x58"
	minLink  = 24
	maxLink  = 255
)

// MarshalCBOR writes tag 42; an undefined link is an error.
func (l Link) MarshalCBOR() ([]byte, error) {
	size := 1 + l.ByteLen()
	if !l.Defined() || size < minLink || size > maxLink {
		return nil, fmt.Errorf("encode link: no CID of 23 to 254 bytes")
	}
	b := append(make([]byte, 0, len(linkHead)+1+size), linkHead...)
	return append(append(b, byte(size), 0), l.KeyString()...), nil
}

// UnmarshalCBOR reads tag 42.
func (l *Link) UnmarshalCBOR(b []byte) error {
	raw, ok := bytes.CutPrefix(b, []byte(linkHead))
	if !ok || len(raw) < 3 || int(raw[0]) != len(raw)-1 || raw[1] != 0 {
		return fmt.Errorf("want tag 42 over a CID")
	}
	c, err := cid.Cast(raw[2:])
	if err != nil {
		return err
	}
	l.Cid = c
	return nil
}
