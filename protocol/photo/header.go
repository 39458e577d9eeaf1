package photo

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"slices"

	"golang.org/x/image/webp"
)

// header is what a file says of itself before its pixels are decoded.
type header struct {
	format        string
	data          []byte // the file
	width, height int    // as stored, before the orientation is applied
	memory        int64  // bytes that decoding will take
	orientation   int    // Exif: 1 to 8
}

// inspect reads the header of a file and refuses what is not to be decoded. Each error is an *Error.
func inspect(raw []byte) (*header, error) {
	h := &header{format: sniff(raw), data: raw, orientation: 1}
	var err error
	switch h.format {
	case "jpeg":
		err = h.readJPEG()
	case "png":
		err = h.readPNG()
	case "webp":
		err = h.readWebP()
	case "":
		return nil, &Error{Code: BadFormat, Detail: "not a JPEG, PNG or WebP file"}
	case "heic":
		return nil, &Error{BadFormat, h.format, "export it as JPEG"}
	default:
		return nil, &Error{BadFormat, h.format, "not a JPEG, PNG or WebP file"}
	}
	if err != nil {
		return nil, h.refusal(err)
	}
	if h.width < 1 || h.height < 1 {
		return nil, &Error{Broken, h.format, "no pixels"}
	}
	if int64(h.width)*int64(h.height) > MaxUploadPixels || h.memory > MaxDecodeBytes {
		return nil, &Error{TooLarge, h.format, fmt.Sprintf("%d by %d pixels, %d bytes to decode", h.width, h.height, h.memory)}
	}
	return h, nil
}

// decode returns the picture upright, on white, and shrunk to fit in w by h pixels.
func (h *header) decode(w, ht int) (*image.RGBA, error) {
	if h.orientation >= 5 {
		w, ht = ht, w
	}
	w, ht = fit(h.width, h.height, w, ht)
	m, err := h.whole()
	if err != nil {
		return nil, err
	}
	return orient(shrink(m, w, ht), h.orientation), nil
}

// whole returns the picture as it is stored.
func (h *header) whole() (image.Image, error) {
	m, err := h.pixels()
	if err != nil {
		return nil, h.refusal(err)
	}
	if m.Bounds() != image.Rect(0, 0, h.width, h.height) {
		return nil, &Error{Broken, h.format, "the picture is not of the size that its header says"}
	}
	return m, nil
}

func (h *header) pixels() (image.Image, error) {
	r := bytes.NewReader(h.data)
	switch h.format {
	case "jpeg":
		return jpeg.Decode(r)
	case "png":
		return png.Decode(r)
	}
	m, err := webp.Decode(r)
	switch m := m.(type) {
	case *image.YCbCr:
		stretch(m)
	case *image.NYCbCrA:
		stretch(&m.YCbCr)
	}
	return m, err
}

// stretch turns the samples of a lossy WebP, which keeps black at 16 and white at 235 as video does, into those of a JPEG,
// 0 and 255. The WebP decoder leaves that to us.
func stretch(m *image.YCbCr) {
	var luma, chroma [256]byte
	for i := range 256 {
		luma[i] = byte(min(255, max(0, ((i-16)*255+109)/219)))
		chroma[i] = byte(min(255, max(0, (i*255-128*31+112)/224)))
	}
	for i, v := range m.Y {
		m.Y[i] = luma[v]
	}
	for i := range m.Cb {
		m.Cb[i], m.Cr[i] = chroma[m.Cb[i]], chroma[m.Cr[i]]
	}
}

// refusal is the Error for an error of a decoder.
func (h *header) refusal(err error) *Error {
	var e *Error
	var rareJPEG jpeg.UnsupportedError
	var rarePNG png.UnsupportedError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &rareJPEG), errors.As(err, &rarePNG):
		return &Error{BadFormat, h.format, err.Error()}
	}
	return &Error{Broken, h.format, err.Error()}
}

// sniff names the format of a file by its first bytes.
func sniff(b []byte) string {
	has := func(at int, s string) bool { return len(b) >= at+len(s) && string(b[at:at+len(s)]) == s }
	switch {
	case has(0, "\xff\xd8"):
		return "jpeg"
	case has(0, "\x89PNG\r\n\x1a\n"):
		return "png"
	case has(0, "RIFF") && has(8, "WEBP"):
		return "webp"
	case has(4, "ftyp"):
		return sniffBrands(b)
	case has(0, "GIF8"):
		return "gif"
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return "tiff"
	case has(0, "BM"):
		return "bmp"
	case has(0, "%PDF"):
		return "pdf"
	}
	return ""
}

// sniffBrands tells the kinds of ISO media file apart: the brands are the words of the first box, the second a version.
func sniffBrands(b []byte) string {
	size := min(uint64(binary.BigEndian.Uint32(b)), uint64(len(b)), 256)
	name := ""
	for at := 8; uint64(at+4) <= size; at += 4 {
		switch brand := string(b[at : at+4]); {
		case brand == "avif", brand == "avis":
			return "avif"
		case slices.Contains([]string{"heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"}, brand):
			name = "heic"
		}
	}
	return name
}

// readPNG reads IHDR, which comes first, and looks for eXIf. The decoder checks the rest.
func (h *header) readPNG() error {
	for at := 8; at+12 <= len(h.data); {
		size, kind := uint64(binary.BigEndian.Uint32(h.data[at:])), string(h.data[at+4:at+8])
		if size > uint64(len(h.data)-at-12) {
			break
		}
		body := h.data[at+8 : at+8+int(size)]
		switch {
		case at == 8 && (kind != "IHDR" || size != 13):
			return errors.New("no IHDR")
		case at == 8:
			w, ht := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > MaxUploadPixels || ht > MaxUploadPixels {
				return &Error{TooLarge, h.format, fmt.Sprintf("%d by %d pixels", w, ht)}
			}
			h.width, h.height = int(w), int(ht)
			h.memory = 4 * int64(w) * int64(ht)
			if body[8] == 16 {
				h.memory *= 2
			}
			if body[12] != 0 { // the last pass of an interlaced picture is a second picture of half the rows
				h.memory += h.memory / 2
			}
		case kind == "eXIf":
			h.orientation = orientation(body)
		}
		at += 12 + int(size)
	}
	return nil
}

// readWebP reads the size as the decoder will, and looks for animation and for EXIF.
func (h *header) readWebP() error {
	for at := 12; at+8 <= len(h.data); {
		kind, size := string(h.data[at:at+4]), uint64(binary.LittleEndian.Uint32(h.data[at+4:]))
		if size > uint64(len(h.data)-at-8) {
			break
		}
		body := h.data[at+8 : at+8+int(size)]
		switch {
		case kind == "VP8X" && size > 0 && body[0]&2 != 0, kind == "ANIM", kind == "ANMF":
			return &Error{BadFormat, h.format, "animated"}
		case kind == "EXIF":
			h.orientation = orientation(body)
		}
		at += 8 + int(size+size&1)
	}
	c, err := webp.DecodeConfig(bytes.NewReader(h.data))
	h.width, h.height = c.Width, c.Height
	// Lossless: two copies of 4 bytes a pixel while a transform is undone, and its tables. Lossy: 1.5, and as much again
	// as lossless if it has an alpha plane.
	h.memory = 9 * int64(c.Width) * int64(c.Height)
	return err
}
