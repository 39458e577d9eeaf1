package store

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/gmcn/gmcn/protocol"
)

// rowVersion is to be raised when newRow makes something else of a record, or appendTo writes it in another way: rows of
// another version are made anew from their records, which takes Open several times as long.
const rowVersion = 1

// appendTo writes a row as the log keeps it, sealed, so that Open need not decode all records: version, Ref, and then
// numbers as varints and texts behind their size. The place is the key of the row of the log.
func (w *row) appendTo(b []byte) []byte {
	b = append(append(b, rowVersion), w.ref[:]...)
	urgent := byte(0)
	if w.urgent {
		urgent = 1
	}
	b = append(b, urgent)
	b = appendText(b, nameOf(kinds, w.kind))
	b = binary.AppendUvarint(b, w.rev)
	b = binary.AppendVarint(binary.AppendVarint(b, w.at), w.review)
	for _, n := range [...]uint16{w.since.Year, uint16(w.since.Month), uint16(w.since.Day), uint16(len(w.kids))} {
		b = binary.AppendUvarint(b, uint64(n))
	}
	for _, k := range w.kids {
		b = appendText(b, nameOf(sexes, uint8(bits.Len8(k.sex>>1))))
		for _, n := range [...]uint16{k.born, k.min, k.max} {
			b = binary.AppendUvarint(b, uint64(n))
		}
		b = appendText(b, nameOf(units, k.unit))
	}
	return appendText(b, w.text)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// rowOf reads what appendTo wrote; ok is false when it was another version.
func rowOf(m *member, at place, b []byte) (w *row, ok bool) {
	if len(b) < 1+16+1 || b[0] != rowVersion {
		return nil, false
	}
	w = &row{ref: protocol.Ref(b[1:17]), of: m, urgent: b[17] == 1, epoch: at.epoch, seq: at.seq}
	r := &rowReader{rest: b[18:]}
	w.kind = codeOf(kinds, r.text())
	w.rev = r.uvarint()
	w.at, w.review = r.varint(), r.varint()
	w.since.Year = uint16(r.uvarint())
	w.since.Month, w.since.Day = uint8(r.uvarint()), uint8(r.uvarint())
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		return nil, false
	}
	w.kids = make([]kid, n)
	for i := range w.kids {
		k := &w.kids[i]
		k.sex = 1 << codeOf(sexes, r.text())
		k.born, k.min, k.max = uint16(r.uvarint()), uint16(r.uvarint()), uint16(r.uvarint())
		k.unit = codeOf(units, r.text())
	}
	w.text = string(r.text())
	return w, !r.bad && len(r.rest) == 0
}

// nameOf returns the word for a code, one more than its place among all; codeOf undoes it.
func nameOf[T ~string](all []T, code uint8) string {
	if code == 0 {
		return ""
	}
	return string(all[code-1])
}

func codeOf[T ~string](all []T, name []byte) uint8 {
	return uint8(1 + slices.IndexFunc(all, func(one T) bool { return string(one) == string(name) }))
}

// rowReader reads what appendTo wrote; bad says that it was cut short.
type rowReader struct {
	rest []byte
	bad  bool
}

func (r *rowReader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *rowReader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.bad, r.rest = true, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *rowReader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad, r.rest = true, nil
		return nil
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}
