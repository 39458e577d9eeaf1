package photo

import (
	"bytes"
	"encoding/binary"
)

// orientation returns the orientation in an Exif block, 1 to 8, or 1 if it has none that makes sense. The block is a TIFF
// header and its directories; some writers put the JPEG prefix before it in PNG and WebP too. Only the first directory
// is read, and nothing in it but the orientation.
func orientation(block []byte) int {
	const tag, short, long = 0x0112, 3, 4
	block = bytes.TrimPrefix(block, []byte("Exif\x00\x00"))
	if len(block) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(block[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(block[4:]))
	if at+2 > uint64(len(block)) {
		return 1
	}
	entries := block[at+2:]
	for range order.Uint16(block[at:]) {
		if len(entries) < 12 {
			return 1
		}
		e := entries[:12]
		entries = entries[12:]
		if order.Uint16(e) != tag || order.Uint32(e[4:]) != 1 {
			continue
		}
		v := uint32(0)
		switch order.Uint16(e[2:]) {
		case short:
			v = uint32(order.Uint16(e[8:]))
		case long:
			v = order.Uint32(e[8:])
		}
		if 1 <= v && v <= 8 {
			return int(v)
		}
		return 1
	}
	return 1
}
