package protocol

import (
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
)

// Frame is one message on a stream: exactly one of its fields is set. On the wire it is an unsigned varint length and a
// canonical CBOR map.
type Frame struct {
	Hello *Hello `cbor:"hello,omitempty"`
	Have  *Have  `cbor:"have,omitempty"`
	Head  []byte `cbor:"head,omitempty"` // a signed head
	Card  []byte `cbor:"card,omitempty"` // a signed card
	Recs  *Recs  `cbor:"recs,omitempty"`
	Done  *Done  `cbor:"done,omitempty"`
	End   *End   `cbor:"end,omitempty"`
	Want  *Want  `cbor:"want,omitempty"`
	Data  *Data  `cbor:"data,omitempty"`
	Down  *Down  `cbor:"down,omitempty"`
	// Receipt is a signed receipt: what answers Down.
	Receipt []byte `cbor:"receipt,omitempty"`

	Blocks *Blocks `cbor:"blocks,omitempty"`
	Bits   *Bits   `cbor:"bits,omitempty"`
	Get    *Get    `cbor:"get,omitempty"`

	Twin  *Twin  `cbor:"twin,omitempty"`
	Alive []byte `cbor:"alive,omitempty"` // a signed Alive
	// Fork is the proof of a fork, in the answer to Have.
	Fork []byte `cbor:"fork,omitempty"`
	// Extend is a signed extension, in the answer to Have.
	Extend []byte `cbor:"extend,omitempty"`

	Knock   *Knock   `cbor:"knock,omitempty"`
	Welcome *Welcome `cbor:"welcome,omitempty"`
}

// Hello opens /gmcn/hello/1 on every connection, both ways: who I am and what I hold. When the answer's Yours is not the
// asker's Mine, the asker sends a second Hello with its Card.
type Hello struct {
	// Card is the sender's signed card, only if the other does not know it.
	Card []byte `cbor:"c,omitempty"`
	// Mine marks the sender's card (GoneMark of its CID), Yours the receiver's card as the sender knows it.
	Mine  Mark `cbor:"m"`
	Yours Mark `cbor:"y"`
	// Vector digests the sender's head vector: equal vectors hold the same records.
	Vector [16]byte `cbor:"v"`
	// Members digests the origins that the sender accepts.
	Members [16]byte `cbor:"a"`
	// Instance is that of the sender's heads.
	Instance [16]byte `cbor:"i"`
	// Run is that of the sender's server.
	Run RunID `cbor:"r"`
	Now int64 `cbor:"t"` // ms
}

// Twin asks on /gmcn/twin/1 for an Alive, for another server of the same member. The answer is Alive; then the asker may
// send what the other has signed.
type Twin struct {
	Other RunID `cbor:"r"`
}

// LogPlace is how far one holds an origin's log without a hole.
type LogPlace struct {
	Origin Origin `cbor:"o"`
	Epoch  uint64 `cbor:"e"`
	Seq    uint64 `cbor:"q"`
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
	// After is, with State busy and no other, in how many ms to ask again: 1 to MaxBusy.
	After uint32 `cbor:"a,omitempty"`
}

// BlobState says whether a photo file can be had.
type BlobState string

const (
	BlobOK   BlobState = "ok"
	BlobNone BlobState = "none" // not here
	BlobGone BlobState = "gone" // taken down: purge yours
	BlobBusy BlobState = "busy" // too many ask; ask again After
)

var blobStates = []BlobState{BlobOK, BlobNone, BlobGone, BlobBusy}

// Down pushes a takedown on /gmcn/takedown/1. The answer is a Receipt at Marked and one at Swept, each when it is so; who
// has not swept by the end of the stream is asked again later.
type Down struct {
	Rec  []byte `cbor:"r"` // the signed takedown
	Head []byte `cbor:"h"` // a signed head of its origin that counts it
}

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
	for _, set := range []bool{f.Hello != nil, f.Have != nil, f.Head != nil, f.Recs != nil, f.Done != nil, f.End != nil,
		f.Want != nil, f.Data != nil, f.Down != nil, f.Receipt != nil, f.Blocks != nil, f.Bits != nil, f.Get != nil,
		f.Knock != nil, f.Welcome != nil, f.Twin != nil, f.Alive != nil, f.Card != nil, f.Fork != nil, f.Extend != nil} {
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
		ok = len(f.Hello.Card) <= MaxEnvelope && f.Hello.Run != (RunID{}) && f.Hello.Now > 0 && f.Hello.Now <= maxTime
	case f.Twin != nil:
		ok = f.Twin.Other != (RunID{})
	case f.Have != nil:
		ok = f.Have.check()
	case f.Recs != nil:
		ok = f.Recs.check()
	case f.Blocks != nil:
		ok = f.Blocks.check()
	case f.Bits != nil:
		ok = f.Bits.check()
	case f.Get != nil:
		ok = f.Get.check()
	case f.Done != nil:
		ok = f.Done.Epoch <= maxCounter && f.Done.From <= f.Done.To && f.Done.To <= maxCounter
	case f.Knock != nil:
		ok = f.Knock.check()
	case f.Welcome != nil:
		ok = f.Welcome.check()
	case f.Want != nil:
		return checkCID(f.Want.File.Cid, cid.Raw)
	case f.Data != nil:
		ok = slices.Contains(blobStates, f.Data.State) && f.Data.Size <= MaxPhotoBytes &&
			(f.Data.After > 0) == (f.Data.State == BlobBusy) && time.Duration(f.Data.After)*time.Millisecond <= MaxBusy
	case f.Down != nil:
		ok = len(f.Down.Rec) > 0 && len(f.Down.Rec) <= MaxEnvelope && len(f.Down.Head) > 0 && len(f.Down.Head) <= MaxEnvelope
	}
	if !ok || len(f.Head) > MaxEnvelope || len(f.Card) > MaxEnvelope || len(f.Receipt) > MaxEnvelope || len(f.Alive) > MaxEnvelope || len(f.Extend) > MaxEnvelope || len(f.Fork) > MaxFork {
		return fmt.Errorf("%w: frame out of range", ErrForm)
	}
	return nil
}
