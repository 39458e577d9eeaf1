package store

import (
	"encoding/binary"
	"strings"

	"github.com/gmcn/gmcn/protocol"
)

// line is a row as memory holds it, a million of them: one piece without pointers, which takes little room and which the
// garbage collector need not look into. Numbers are big-endian.
//
//	0  u8 urgent, u64 at and 2^63, Ref
//	25 u32 number of the origin, u64 epoch, u64 seq, u64 revision
//	53 i64 review
//	61 u16 year, u8 month, u8 day since when
//	65 u8 hidden, u8 kind, u8 number of children
//	68 for each child: u8 sex, u8 unit, u16 born, u16 min, u16 max
//	   the text
type line string

const (
	lineRank = 9
	lineHead = 68
	lineKid  = 8
)

func (w *row) line() line {
	var head [lineHead]byte
	b := binary.BigEndian.AppendUint64(append(head[:0], byteOf(w.urgent)), uint64(w.at)^1<<63)
	b = place{w.of.short, w.epoch, w.seq}.appendTo(append(b, w.ref[:]...))
	b = binary.BigEndian.AppendUint64(b, w.rev)
	b = binary.BigEndian.AppendUint64(b, uint64(w.review))
	b = binary.BigEndian.AppendUint16(b, w.since.Year)
	b = append(b, w.since.Month, w.since.Day, byteOf(w.hidden), w.kind, byte(len(w.kids)))
	var l strings.Builder
	l.Grow(lineHead + len(w.kids)*lineKid + len(w.text))
	l.Write(b)
	for _, k := range w.kids {
		b := binary.BigEndian.AppendUint16(append(head[:0], k.sex, k.unit), k.born)
		l.Write(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, k.min), k.max))
	}
	l.WriteString(w.text)
	return line(l.String())
}

func byteOf(is bool) byte {
	if is {
		return 1
	}
	return 0
}

func (l line) ref() protocol.Ref {
	var ref protocol.Ref
	copy(ref[:], l[lineRank:])
	return ref
}

func (l line) live() liveCase {
	return liveCase{place{l.short(), l.number(29, 8), l.number(37, 8)}, l.number(45, 8)}
}

func (l line) short() uint32 { return uint32(l.number(25, 4)) }
func (l line) review() int64 { return int64(l.number(53, 8)) }
func (l line) hidden() bool  { return l[65] == 1 }
func (l line) kind() uint8   { return l[66] }
func (l line) kids() int     { return int(l[67]) }
func (l line) text() string  { return string(l[lineHead+l.kids()*lineKid:]) }

func (l line) since() protocol.Date {
	return protocol.Date{Year: uint16(l.number(61, 2)), Month: l[63], Day: l[64]}
}

func (l line) kid(i int) kid {
	k := l[lineHead+i*lineKid:]
	return kid{sex: k[0], unit: k[1], born: uint16(k.number(2, 2)), min: uint16(k.number(4, 2)), max: uint16(k.number(6, 2))}
}

func (l line) number(at, size int) (n uint64) {
	for _, b := range []byte(l[at : at+size]) {
		n = n<<8 | uint64(b)
	}
	return n
}

// compare is the order of the index: what List shows first stands last, so that most new cases are added near the end.
func (l line) compare(m line) int {
	if c := strings.Compare(string(l[:lineRank]), string(m[:lineRank])); c != 0 {
		return c
	}
	return strings.Compare(string(m[lineRank:lineRank+16]), string(l[lineRank:lineRank+16]))
}
