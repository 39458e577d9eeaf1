package protocol

import (
	"fmt"
	"slices"

	"github.com/ipfs/go-cid"
)

// Frame is one message on a stream: exactly one of its fields is set. On the wire it is an unsigned varint length and a
// canonical CBOR map.
type Frame struct {
	Hello *Hello `cbor:"hello,omitempty"`
	Have  *Have  `cbor:"have,omitempty"`
	Head  []byte `cbor:"head,omitempty"` // a signed head
	Rec   []byte `cbor:"rec,omitempty"`  // a signed record
	Done  *Done  `cbor:"done,omitempty"`
	End   *End   `cbor:"end,omitempty"`
	Want  *Want  `cbor:"want,omitempty"`
	Data  *Data  `cbor:"data,omitempty"`

	Knock   *Knock   `cbor:"knock,omitempty"`
	Welcome *Welcome `cbor:"welcome,omitempty"`
}

// Hello opens /gmcn/hello/1 on every connection, both ways: who I am and what I hold.
type Hello struct {
	Card []byte `cbor:"c"` // the sender's signed card
	// Vector is the SHA-256 of the sender's head vector: equal vectors hold the same records.
	Vector [32]byte `cbor:"v"`
	Now    int64    `cbor:"t"` // ms
}

// Have opens /gmcn/sync/1: the asker's place in each log that it accepts. The answer is, for each origin, its Head, Rec
// after Rec, takedowns first, and Done; then End.
type Have struct {
	Places []LogPlace `cbor:"p"`
	// Closed are places in logs of which the asker wants only the takedowns, for it has suspended their members. No Done
	// follows for them.
	Closed []LogPlace `cbor:"k,omitempty"`
}

// LogPlace is how far one holds an origin's log without a hole.
type LogPlace struct {
	Origin Origin `cbor:"o"`
	Epoch  uint64 `cbor:"e"`
	Seq    uint64 `cbor:"q"`
}

// Done ends one origin in a pull: everything live with From < seq <= To has been sent.
type Done struct {
	Origin Origin `cbor:"o"`
	Epoch  uint64 `cbor:"e"`
	From   uint64 `cbor:"f"`
	To     uint64 `cbor:"t"`
}

// End ends a pull. More says that the answer was cut short: ask again.
type End struct {
	More bool `cbor:"m"`
}

// Want asks for a photo file on /gmcn/blob/1, from Offset on, so that a broken transfer resumes.
type Want struct {
	File   Link   `cbor:"f"`
	Offset uint32 `cbor:"o"`
}

// Data answers Want. With State ok, Size-Offset raw bytes follow the frame.
type Data struct {
	State BlobState `cbor:"s"`
	Size  uint32    `cbor:"n"`
}

// BlobState says whether a photo file can be had.
type BlobState string

const (
	BlobOK   BlobState = "ok"
	BlobNone BlobState = "none" // not here
	BlobGone BlobState = "gone" // taken down: purge yours
)

var blobStates = []BlobState{BlobOK, BlobNone, BlobGone}

// Encode returns the canonical bytes of the frame, without the length before it.
func (f *Frame) Encode() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	b, err := encode(f)
	if err != nil {
		return nil, fmt.Errorf("encode frame: %w", err)
	}
	if len(b) > MaxFrame {
		return nil, fmt.Errorf("encode frame: %w", ErrSize)
	}
	return b, nil
}

// DecodeFrame reads one frame. What is signed inside it is not looked into. Errors: ErrSize, ErrForm.
func DecodeFrame(b []byte) (*Frame, error) {
	if len(b) > MaxFrame {
		return nil, ErrSize
	}
	f, err := decode[Frame](b)
	if err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	return &f, nil
}

// check holds a frame against the limits that every member holds it against.
func (f *Frame) check() error {
	n := 0
	for _, set := range []bool{f.Hello != nil, f.Have != nil, f.Head != nil, f.Rec != nil, f.Done != nil, f.End != nil, f.Want != nil, f.Data != nil,
		f.Knock != nil, f.Welcome != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("%w: a frame says one thing", ErrForm)
	}
	ok := true
	switch {
	case f.Hello != nil:
		ok = len(f.Hello.Card) <= MaxEnvelope && f.Hello.Now > 0 && f.Hello.Now <= maxTime
	case f.Have != nil:
		ok = len(f.Have.Places)+len(f.Have.Closed) <= maxItems
		for _, p := range slices.Concat(f.Have.Places, f.Have.Closed) {
			ok = ok && p.Epoch <= maxCounter && p.Seq <= maxCounter
		}
	case f.Done != nil:
		ok = f.Done.Epoch <= maxCounter && f.Done.From <= f.Done.To && f.Done.To <= maxCounter
	case f.Knock != nil:
		ok = f.Knock.check()
	case f.Welcome != nil:
		ok = f.Welcome.check()
	case f.Want != nil:
		return checkCID(f.Want.File.Cid, cid.Raw)
	case f.Data != nil:
		ok = slices.Contains(blobStates, f.Data.State) && f.Data.Size <= MaxPhotoBytes
	}
	if !ok || len(f.Head) > MaxEnvelope || len(f.Rec) > MaxEnvelope {
		return fmt.Errorf("%w: frame out of range", ErrForm)
	}
	return nil
}
