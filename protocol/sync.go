package protocol

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// On /gmcn/sync/1 the asker sends Have and reads, for each log that differs, Head, Recs and Done, then End. On the same
// stream it may then ask, as often as it likes, Blocks, Bits and Get; each answer is described beside its question.

// Have says what the asker holds. The answer is only of logs of which the answerer holds something else: each Card that is
// newer, or of an epoch in which the asker lacks records; a Head if it is newer; an Extend if that is; the takedowns that are
// void, if they are others; Recs, the takedowns of all logs first, then cases from the newest on; and a Done for each; then End.
type Have struct {
	Logs []Holding `cbor:"l"`
	// Closed are places in logs of which the asker wants only the takedowns after them, for it has suspended their members.
	// No Head and no Done follows for them.
	Closed []LogPlace `cbor:"k,omitempty"`
	// Freezes are what the asker knows of frozen origins. Of each of which the answerer knows more it sends Fork, and of each
	// with another ClosedSum all takedowns.
	Freezes []Freeze `cbor:"z,omitempty"`
}

// Holding is what one holds of an origin's log.
type Holding struct {
	_      struct{} `cbor:",toarray"`
	Origin Origin
	// Epoch and Seq are how far the log is held without a hole.
	Epoch, Seq uint64
	// Root begins the root of all that is held: whoever has the same holds the same records.
	Root [16]byte
	// At is the time of the newest head that is held, in ms; 0 for none.
	At int64
	// Above are records held beyond Seq, of a pull that was cut short; they are not sent again. It may be left out.
	Above []Bitmap
	// Silent asks for the head alone: the log was given up when its origin fell silent, until it speaks again.
	Silent bool
	// CardEpoch and CardIssue are of the card that is held.
	CardEpoch, CardIssue uint64
	// Strays digests the takedowns that are held and void (StrayOf each, joined by exclusive or); 0 for none.
	Strays uint64
	// Extended is the time of the extension that is held of the newest head, in ms; 0 for none.
	Extended int64
}

// StrayOf returns what a void takedown adds to Holding.Strays: the first 48 bits of the digest inside its CID.
func StrayOf(digest [32]byte) uint64 { return binary.BigEndian.Uint64(digest[:]) >> 16 }

// Done ends one origin in a pull: everything live with From < seq <= To has been sent. Many says that it has not, for
// there is too much of it: ask for Blocks.
type Done struct {
	Origin Origin `cbor:"o"`
	Epoch  uint64 `cbor:"e"`
	From   uint64 `cbor:"f"`
	To     uint64 `cbor:"t"`
	Many   bool   `cbor:"m,omitempty"`
}

// Blocks asks for the block digests of a log, with no List, and answers with them, in the order of RootOf; More says that
// the rest follows in another frame.
type Blocks struct {
	Origin Origin     `cbor:"o"`
	List   []BlockSum `cbor:"l,omitempty"`
	More   bool       `cbor:"m,omitempty"`
}

// BlockSum is a Block on the wire.
type BlockSum struct {
	_      struct{} `cbor:",toarray"`
	Epoch  uint64
	Index  uint64
	Count  uint32
	Digest [32]byte
}

// Bits asks which records of some blocks are live, and answers with a Bitmap for each block that has any.
type Bits struct {
	Origin Origin   `cbor:"o"`
	Epoch  uint64   `cbor:"e"`
	Ask    []uint64 `cbor:"a,omitempty"` // indexes of blocks
	Maps   []Bitmap `cbor:"m,omitempty"`
}

// Bitmap says which records of a block there are.
type Bitmap struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Set   [BlockSize / 8]byte // of seq: byte seq%BlockSize/8, bit seq%8, the lowest first
}

// Add sets the bit of a sequence number of the block.
func (b *Bitmap) Add(seq uint64) { b.Set[seq%BlockSize/8] |= 1 << (seq % 8) }

// Has says whether the bit of a sequence number is set; not so for one of another block.
func (b *Bitmap) Has(seq uint64) bool {
	return seq/BlockSize == b.Index && b.Set[seq%BlockSize/8]&(1<<(seq%8)) != 0
}

// Without returns the sequence numbers in b that are not in c, the newest first.
func (b *Bitmap) Without(c *Bitmap) []uint64 {
	var seqs []uint64
	for i := len(b.Set) - 1; i >= 0; i-- {
		for left := b.Set[i] &^ c.Set[i]; left != 0; {
			bit := bits.Len8(left) - 1
			left &^= 1 << bit
			seqs = append(seqs, b.Index*BlockSize+uint64(i)*8+uint64(bit))
		}
	}
	return seqs
}

// Get asks for whole blocks, or for single records. The answer is Recs, for each block in turn or for all single records
// together; the last frame of each has Last set.
type Get struct {
	Origin Origin   `cbor:"o"`
	Epoch  uint64   `cbor:"e"`
	Blocks []uint64 `cbor:"b,omitempty"`
	Seqs   []uint64 `cbor:"q,omitempty"`
}

// Recs carries signed records.
type Recs struct {
	Records [][]byte `cbor:"r,omitempty"`
	// Gone are sequence numbers that were asked for and are not live: superseded, or never here.
	Gone []uint64 `cbor:"g,omitempty"`
	Last bool     `cbor:"l,omitempty"`
}

// MaxAbove is how many blocks Holding.Above may cover, and MaxGet how many blocks one Get may ask for.
const (
	MaxAbove = 8
	MaxGet   = 16
)

func checkCounters(all ...uint64) bool {
	for _, n := range all {
		if n > maxCounter {
			return false
		}
	}
	return true
}

func (h *Have) check() bool {
	ok := len(h.Logs)+len(h.Closed) <= maxItems && checkFreezes(h.Freezes)
	for _, p := range h.Closed {
		ok = ok && checkCounters(p.Epoch, p.Seq)
	}
	for i := range h.Logs {
		l := &h.Logs[i]
		ok = ok && checkCounters(l.Epoch, l.Seq, l.CardEpoch, l.CardIssue, l.Strays) && l.At >= 0 && l.At <= maxTime && l.Extended >= 0 && l.Extended <= maxTime && len(l.Above) <= MaxAbove && checkMaps(l.Above)
	}
	return ok
}

func (b *Blocks) check() bool {
	ok := len(b.List) <= maxItems
	for _, s := range b.List {
		ok = ok && checkCounters(s.Epoch, s.Index) && s.Count > 0 && s.Count <= BlockSize
	}
	return ok
}

func checkMaps(maps []Bitmap) bool {
	for _, m := range maps {
		if m.Index > maxCounter/BlockSize {
			return false
		}
	}
	return true
}

func (b *Bits) check() bool {
	return checkCounters(b.Epoch) && checkCounters(b.Ask...) && len(b.Ask) <= BlockSize && len(b.Maps) <= BlockSize && checkMaps(b.Maps)
}

func (g *Get) check() bool {
	return checkCounters(g.Epoch) && checkCounters(g.Blocks...) && checkCounters(g.Seqs...) && len(g.Blocks) <= MaxGet &&
		len(g.Seqs) <= BlockSize && (len(g.Blocks) == 0) != (len(g.Seqs) == 0)
}

func (r *Recs) check() bool {
	ok := len(r.Records) <= BlockSize && len(r.Gone) <= BlockSize && checkCounters(r.Gone...)
	for _, b := range r.Records {
		ok = ok && len(b) <= MaxEnvelope
	}
	return ok
}

// Vouched are the blocks of a log whose digests make the root of a signed head: what Open makes of records that fit them
// is as good as signed one by one.
type Vouched struct {
	head   *Head
	blocks map[[2]uint64]Block
}

// ErrBlocks: digests of blocks do not make the root that the owner signed, or records do not make the digest of their
// block. The sender may hold an older or newer state of the log, or leave something out.
var ErrBlocks = errors.New("not the records that the owner's head vouches for")

// Vouch checks that blocks, in the order of RootOf, are those that the head was signed over.
func (h *Head) Vouch(blocks []Block) (*Vouched, error) {
	v := &Vouched{head: h, blocks: make(map[[2]uint64]Block, len(blocks))}
	for _, b := range blocks {
		v.blocks[[2]uint64{b.Epoch, b.Index}] = b
	}
	if len(v.blocks) != len(blocks) || RootOf(blocks) != h.Root {
		return nil, ErrBlocks
	}
	return v, nil
}

// Block returns the block of an epoch and index; Count is 0 where the log has none.
func (v *Vouched) Block(epoch, index uint64) Block {
	if b, ok := v.blocks[[2]uint64{epoch, index}]; ok {
		return b
	}
	return Block{Epoch: epoch, Index: index}
}

// Open makes records of claims that are all of a block's records, in the order of their numbers. No signature of theirs
// is checked: the head's vouches for them. Of the head's own epoch they must still name the head's key. The error is
// ErrBlocks, and then nothing is known of any of them.
func (v *Vouched) Open(epoch, index uint64, claims []*Claim) ([]*Record, error) {
	entries := make([]LogEntry, len(claims))
	for i, c := range claims {
		h := &c.entry.Header
		if h.Origin != v.head.Origin || h.Epoch != epoch || h.Seq/BlockSize != index || i > 0 && h.Seq <= entries[i-1].Seq ||
			epoch == v.head.Epoch && c.env.kid != v.head.kid {
			return nil, fmt.Errorf("block %d of epoch %d: %w", index, epoch, ErrBlocks)
		}
		entries[i] = LogEntry{h.Seq, Digest(c.env.id)}
	}
	if want := v.Block(epoch, index); want.Count == 0 || BlockOf(epoch, index, entries) != want {
		return nil, fmt.Errorf("block %d of epoch %d: %w", index, epoch, ErrBlocks)
	}
	records := make([]*Record, len(claims))
	for i, c := range claims {
		records[i] = c.record()
	}
	return records, nil
}
