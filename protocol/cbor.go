package protocol

import (
	"bytes"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
)

var encMode, decMode, looseMode = modes()

func modes() (cbor.EncMode, cbor.DecMode, cbor.DecMode) {
	eo := cbor.CoreDetEncOptions()
	eo.OmitEmpty = cbor.OmitEmptyGoValue
	eo.NilContainers = cbor.NilContainerAsEmpty // null would be a second spelling of an empty list
	enc, err := eo.EncMode()
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

// decode reads the canonical form of a T and nothing else: whatever a second encoding would not reproduce to the byte
// (order, lengths, unknown or empty fields, other tags) is refused with ErrForm.
func decode[T any](b []byte) (v T, err error) {
	if err := decMode.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("%w: %.200v", ErrForm, err)
	}
	again, err := encode(v)
	if err != nil {
		return v, fmt.Errorf("%w: %.200v", ErrForm, err)
	}
	if !bytes.Equal(again, b) {
		return v, fmt.Errorf("%w: another encoding of the same thing exists", ErrForm)
	}
	return v, nil
}

// Link is a CID in a signed thing: CBOR tag 42 over a zero byte and the CID, as DAG-CBOR has it.
type Link struct{ cid.Cid }

const linkTag = 42

// MarshalCBOR writes tag 42; an undefined link is an error.
func (l Link) MarshalCBOR() ([]byte, error) {
	if !l.Defined() {
		return nil, fmt.Errorf("encode link: undefined")
	}
	return encMode.Marshal(cbor.Tag{Number: linkTag, Content: append([]byte{0}, l.Bytes()...)})
}

// UnmarshalCBOR reads tag 42.
func (l *Link) UnmarshalCBOR(b []byte) error {
	var t cbor.RawTag
	if err := decMode.Unmarshal(b, &t); err != nil {
		return err
	}
	var raw []byte
	if err := decMode.Unmarshal(t.Content, &raw); err != nil {
		return err
	}
	if t.Number != linkTag || len(raw) < 2 || raw[0] != 0 {
		return fmt.Errorf("want tag 42 over a CID")
	}
	c, err := cid.Cast(raw[1:])
	if err != nil {
		return err
	}
	l.Cid = c
	return nil
}
