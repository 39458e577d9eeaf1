package store

import (
	"encoding/binary"
	"io/fs"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/gmcn/gmcn/protocol"
)

// digest is the SHA-256 inside a CID, which names a record or a photo file in keys.
type digest = [32]byte

// place is where a record stands in the logs; its key is ordered as the log is.
type place struct {
	short      uint32 // the origin's number in this store
	epoch, seq uint64
}

const placeSize = 4 + 8 + 8

func (p place) key() []byte { return p.appendTo(make([]byte, 0, placeSize)) }

func (p place) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, p.short)
	b = binary.BigEndian.AppendUint64(b, p.epoch)
	return binary.BigEndian.AppendUint64(b, p.seq)
}

func placeOf(k []byte) place {
	return place{binary.BigEndian.Uint32(k), binary.BigEndian.Uint64(k[4:]), binary.BigEndian.Uint64(k[12:])}
}

// after says whether p stands after q in the log of one origin.
func (p place) after(q place) bool {
	return p.epoch > q.epoch || p.epoch == q.epoch && p.seq > q.seq
}

// liveCase is where the newest record of a live case stands, or of a stance, and its revision.
type liveCase struct {
	place
	rev uint64
}

// ghostCase is a value of the bucket ghosts.
type ghostCase struct {
	liveCase
	digest digest
}

func (g ghostCase) value() []byte {
	b := g.appendTo(make([]byte, 0, placeSize+8+32))
	b = binary.BigEndian.AppendUint64(b, g.rev)
	return append(b, g.digest[:]...)
}

func ghostCaseOf(v []byte) ghostCase {
	return ghostCase{liveCase{placeOf(v), binary.BigEndian.Uint64(v[placeSize:])}, digest(v[placeSize+8:])}
}

// deadCase is a value of the bucket dead. Its seq is 0 when another record had taken the takedown's place in the log.
type deadCase struct {
	takedown digest
	place
}

func (d deadCase) value() []byte {
	return d.appendTo(append(make([]byte, 0, 32+placeSize), d.takedown[:]...))
}

func deadCaseOf(v []byte) deadCase { return deadCase{digest(v[:32]), placeOf(v[32:])} }

// Flags of the bucket digests.
const (
	rowCase     = 0
	rowTakedown = 1
	rowStance   = 2
	rowGhost    = 3
)

func digestValue(flag byte, d digest) []byte { return append([]byte{flag}, d[:]...) }

// blockAt is a key of the bucket blocks: a place whose seq is the block's index.
func blockAt(p place) place { return place{p.short, p.epoch, p.seq / protocol.BlockSize} }

func blockValue(b protocol.Block) []byte {
	return append(binary.BigEndian.AppendUint32(nil, b.Count), b.Digest[:]...)
}

func blockOf(k, v []byte) protocol.Block {
	p := placeOf(k)
	return protocol.Block{Epoch: p.epoch, Index: p.seq, Count: binary.BigEndian.Uint32(v), Digest: digest(v[4:])}
}

// numbered is a value of the bucket origins.
type numbered struct {
	short      uint32
	live, dead uint64
}

func (n numbered) value() []byte { return place{n.short, n.live, n.dead}.key() }

func numberedOf(v []byte) numbered {
	p := placeOf(v)
	return numbered{p.short, p.epoch, p.seq}
}

// heldCase is a value of the bucket held: a case that was taken down, and that its origin may still void.
type heldCase struct {
	until    int64  // ms: then it is shredded
	takedown place  // as the takedown has it, though a fork may have taken that place
	at       place  // of the row in the log
	row      []byte // of the log
}

const heldSize = 8 + 2*placeSize

func (h heldCase) value() []byte {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, heldSize+len(h.row)), uint64(h.until))
	return append(h.at.appendTo(h.takedown.appendTo(b)), h.row...)
}

func heldCaseOf(v []byte) heldCase {
	return heldCase{int64(binary.BigEndian.Uint64(v)), placeOf(v[8:]), placeOf(v[8+placeSize:]), v[heldSize:]}
}

const recentSize = 4 + 8 + 16

// recentKey is a key of the bucket recent.
func recentKey(short uint32, ms int64, ref protocol.Ref) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, recentSize), short)
	return append(binary.BigEndian.AppendUint64(b, uint64(ms)), ref[:]...)
}

// Who refers to a photo file.
const (
	byRecord = 'r'
	byDraft  = 'd'
	byWish   = 'w'
	byHeld   = 'h' // a case that was taken down and is not shredded yet
	byNobody = 'n' // who is zero: a file that was uploaded and that nothing refers to yet
)

// refKey is a key of the bucket photos: the file, and who refers to it (a Ref or, for a draft, a CaseID).
func refKey(file digest, by byte, who [16]byte) []byte {
	b := append(make([]byte, 0, 32+1+16), file[:]...)
	return append(append(b, by), who[:]...)
}

// photoInfo is a value of the bucket photos.
type photoInfo struct {
	size          uint32
	width, height uint16
	thumb         bool
	short         uint32 // the number of the origin whose record it is
	slot          uint32 // of the file's key, the same in all its rows
}

const photoInfoSize = 4 + 2 + 2 + 4 + 1 + 4

func (i photoInfo) value() []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, photoInfoSize), i.size)
	b = binary.BigEndian.AppendUint16(b, i.width)
	b = binary.BigEndian.AppendUint16(b, i.height)
	b = binary.BigEndian.AppendUint32(b, i.short)
	thumb := byte(0)
	if i.thumb {
		thumb = 1
	}
	return binary.BigEndian.AppendUint32(append(b, thumb), i.slot)
}

func photoInfoOf(v []byte) photoInfo {
	return photoInfo{
		size: binary.BigEndian.Uint32(v), width: binary.BigEndian.Uint16(v[4:]), height: binary.BigEndian.Uint16(v[6:]),
		short: binary.BigEndian.Uint32(v[8:]), thumb: v[12] == 1, slot: binary.BigEndian.Uint32(v[13:]),
	}
}

// filesOf returns the photo files that a case refers to, thumbnails included, without the slots of their keys.
func filesOf(short uint32, photos []protocol.Photo) map[digest]photoInfo {
	if len(photos) == 0 {
		return nil
	}
	files := make(map[digest]photoInfo, 2*len(photos))
	for i := range photos {
		p := &photos[i]
		if d, err := photoKey(p.File.Cid); err == nil {
			files[d] = photoInfo{size: p.Size, width: p.Width, height: p.Height, short: short}
		}
		if d, err := photoKey(p.Thumb.Cid); err == nil {
			files[d] = photoInfo{size: p.ThumbSize, width: p.ThumbWidth, height: p.ThumbHeight, short: short, thumb: true}
		}
	}
	return files
}

// photoKey returns the digest of a photo file's CID; a CID of any other kind names no file here.
func photoKey(file cid.Cid) (digest, error) {
	if !file.Defined() {
		return digest{}, fs.ErrNotExist
	}
	p := file.Prefix()
	if p.Version != 1 || p.Codec != cid.Raw || p.MhType != multihash.SHA2_256 || p.MhLength != 32 {
		return digest{}, fs.ErrNotExist
	}
	return protocol.Digest(file), nil
}

func photoCID(d digest) cid.Cid  { return protocol.CIDFromDigest(cid.Raw, d) }
func recordCID(d digest) cid.Cid { return protocol.CIDFromDigest(cid.DagCBOR, d) }

// markKey is a key of the bucket marks.
func markKey(ref protocol.Ref, m protocol.Mark) []byte {
	return append(append(make([]byte, 0, 32), ref[:]...), m[:]...)
}

// marksOf returns the marks of a record and of the photo files that it refers to.
func marksOf(r *protocol.Record) []protocol.Mark {
	marks := []protocol.Mark{protocol.GoneMark(r.ID())}
	for d := range filesOf(0, r.Photos()) {
		marks = append(marks, protocol.GoneMark(photoCID(d)))
	}
	return marks
}
