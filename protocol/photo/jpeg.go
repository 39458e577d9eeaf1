package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Markers of a JPEG file, ITU-T T.81 table B.1.
const (
	markerSOF0  = 0xc0 // baseline
	markerSOF2  = 0xc2 // progressive
	markerDHT   = 0xc4
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerSOI   = 0xd8
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerDQT   = 0xdb
	markerDRI   = 0xdd
	markerAPP0  = 0xe0
	markerAPP1  = 0xe1
	markerAPP14 = 0xee
)

// maxScans bounds the scans of a progressive JPEG. Encoders make about ten; a file of a hundred thousand empty ones is
// small, and takes hours.
const maxScans = 32

// segment is one marker segment of a JPEG file.
type segment struct {
	marker byte
	body   []byte // without the marker and the length
	at     int    // where the marker begins
	gap    int    // bytes between the last segment and this one: the data of a scan, fill bytes or junk
}

// walk calls visit for each segment of the JPEG file b in order, and returns where the file ends, past its EOI. It sees
// the segments that the decoder will see. An error of visit ends the walk.
func walk(b []byte, visit func(segment) error) (end int, err error) {
	if len(b) < 2 || b[0] != 0xff || b[1] != markerSOI {
		return 0, errors.New("no SOI")
	}
	last := 2
	for at := last; ; {
		n := bytes.IndexByte(b[at:], 0xff)
		if n < 0 || at+n+2 > len(b) {
			return 0, errors.New("cut short: no EOI")
		}
		at += n + 1
		marker := b[at]
		if marker == 0xff {
			continue // a fill byte
		}
		at++
		switch {
		case marker == 0, markerRST0 <= marker && marker <= markerRST7:
			continue // inside the data of a scan
		case marker == markerEOI:
			return at, nil
		case marker < markerSOF0, marker == markerSOI:
			return 0, fmt.Errorf("marker %#x out of place", marker)
		case at+2 > len(b):
			return 0, errors.New("cut short: no segment length")
		}
		size := int(binary.BigEndian.Uint16(b[at:]))
		if size < 2 || at+size > len(b) {
			return 0, errors.New("cut short: segment past the end")
		}
		if err := visit(segment{marker, b[at+2 : at+size], at - 2, at - 2 - last}); err != nil {
			return 0, err
		}
		at += size
		last = at
	}
}

// frame is the body of a SOF segment, of the kinds that we decode.
type frame struct {
	width, height int
	components    int
	named         string // the component identifiers
	across, down  [4]int // sampling factors
}

func readFrame(body []byte) (f frame, err error) {
	if len(body) < 6 {
		return f, errors.New("frame header cut short")
	}
	f.height, f.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	f.components = int(body[5])
	if n := f.components; n != 1 && n != 3 && n != 4 || len(body) != 6+3*n {
		return f, fmt.Errorf("frame of %d components in %d bytes", n, len(body))
	}
	for i := range f.components {
		c := body[6+3*i:]
		f.named += string(rune(c[0]))
		f.across[i], f.down[i] = int(c[1]>>4), int(c[1]&15)
		if f.across[i] < 1 || f.across[i] > 4 || f.down[i] < 1 || f.down[i] > 4 {
			return f, errors.New("sampling factors out of range")
		}
	}
	if f.components == 1 {
		f.across[0], f.down[0] = 1, 1
	}
	return f, nil
}

// samples is how many samples the decoder keeps: whole units of eight by eight times the first component's factors.
func (f frame) samples() int64 {
	unitsAcross := (f.width + 8*f.across[0] - 1) / (8 * f.across[0])
	unitsDown := (f.height + 8*f.down[0] - 1) / (8 * f.down[0])
	sum := 0
	for i := range f.components {
		sum += 64 * f.across[i] * f.down[i]
	}
	return int64(unitsAcross) * int64(unitsDown) * int64(sum)
}

func (h *header) readJPEG() error {
	var f frame
	var progressive, exif, rgb bool
	scans := 0
	_, err := walk(h.data, func(s segment) (err error) {
		switch {
		case s.marker == markerAPP1 && !exif && bytes.HasPrefix(s.body, []byte("Exif\x00\x00")):
			exif = true
			h.orientation = orientation(s.body)
		case s.marker == markerAPP14 && len(s.body) >= 12 && bytes.HasPrefix(s.body, []byte("Adobe")):
			rgb = s.body[11] == 0
		case s.marker == markerSOS:
			if scans++; scans > maxScans || !progressive && scans > 4 {
				return &Error{TooLarge, h.format, "too many scans"}
			}
		case markerSOF0 <= s.marker && s.marker <= markerSOF2:
			if f.components != 0 {
				return errors.New("two frames")
			}
			progressive = s.marker == markerSOF2
			f, err = readFrame(s.body)
		}
		return err
	})
	if err != nil {
		return err
	}
	if f.components == 0 {
		return errors.New("no frame")
	}
	h.width, h.height = f.width, f.height
	h.memory = f.samples()
	if progressive {
		h.memory *= 5 // a coefficient of 4 bytes beside each sample
	}
	if f.components == 4 || rgb || f.named == "RGB" {
		h.memory += 4 * int64(f.width) * int64(f.height)
	}
	return nil
}
