// Package photo makes a photo fit to publish: bytes of any phone or scanner in, clean JPEGs out, the picture, its thumbnail
// and what is printed of it. It also judges the photos that peers send, and makes the sizes that pages and posters need.
//
// What it guarantees:
//
//   - No byte of the input reaches the output. A picture is decoded to pixels and encoded again, so Exif, GPS positions,
//     XMP, captions, colour profiles, comments, embedded previews and whatever follows the end of the file are gone.
//     Only the Exif orientation is read, and it is applied to the pixels.
//   - The header is judged before a pixel is decoded. A file that would take more than MaxDecodeBytes to decode, or that
//     repeats its scans to waste time, is refused for the cost of reading it.
//   - The output is small: no side over MaxSide, no picture over MaxBytes, no thumbnail over MaxThumbBytes, whatever the
//     picture shows.
//   - The same bytes in give the same bytes out, on one processor architecture and one version of Go. The resampling uses
//     floating point, which another architecture may round differently.
//
// What it never does: read a clock, the disk or the network, start a goroutine, keep anything between calls. All its
// functions may run at once, but memory adds up, so a caller bounds how many do. A call holds at most MaxDecodeBytes while
// it decodes (a hostile lossless WebP 128 MiB more, for its code tables) and then, once that is free, 210 MiB while it
// resamples: 400 MiB in the worst case measured. A JPEG of 12 or 48 megapixels takes about 120 MiB in all.
//
// What it does not do: convert colours. Pixels are taken as sRGB. A photo with another profile, such as the Display P3
// of many phones, loses the profile and looks slightly paler than it was; the difference is small beside that between
// two screens. HEIC is recognised and refused: phones send JPEG when the form accepts only that.
package photo

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
)

const (
	// MaxUploadBytes is the size of the largest file that Normalise reads, in bytes.
	MaxUploadBytes = 32 << 20
	// MaxUploadPixels is the most pixels that a file may claim, 67 million: room for the 48 and 50 megapixels that phones
	// give as plain JPEG. Costlier kinds of file reach MaxDecodeBytes sooner: a WebP or a PNG of 16 bits a channel at
	// about 30 megapixels, a progressive JPEG at 18 to 36.
	MaxUploadPixels = 64 << 20
	// MaxDecodeBytes bounds the memory of decoding, in bytes, reckoned from the header.
	MaxDecodeBytes = 256 << 20

	// MaxSide is the longest side of a clean picture, in pixels.
	MaxSide = 1600
	// MaxBytes is the size of the largest clean picture, in bytes.
	MaxBytes = 1 << 20
	// MinSide is the shortest side that a picture may have, in pixels, before and after it is shrunk to MaxSide: a face
	// of fewer is not recognised. So a strip longer than eight times its width is refused too.
	MinSide = 200

	// ThumbWidth and ThumbHeight are the box, in pixels, that a thumbnail fits in. It keeps the picture's proportions:
	// nothing is cropped, for only a person can say which part of a photo matters.
	ThumbWidth  = 320
	ThumbHeight = 400
	// MaxThumbBytes is the size of the largest thumbnail, in bytes.
	MaxThumbBytes = 24 << 10
)

// Codes of an Error. Each is the key of a sentence that tells the sender what to do.
const (
	BadFormat = "photoformat" // not a JPEG, PNG or WebP, or a rare kind of one that we cannot read
	TooSmall  = "photosmall"  // a side is under MinSide
	TooLarge  = "photolarge"  // too many bytes or pixels, or too costly to decode
	Broken    = "photobroken" // damaged or cut short
)

// Error says why a file is not taken.
type Error struct {
	Code string
	// Format is what the file seems to be: "jpeg", "png", "webp", or one that we do not read, "heic", "avif", "gif",
	// "tiff", "bmp" or "pdf"; "" if unknown. A page can say to export a heic as JPEG.
	Format string
	// Detail is for the log, in English. It holds nothing of the file but numbers.
	Detail string
}

// Error returns the code and the detail.
func (e *Error) Error() string {
	if e.Format == "" {
		return e.Code + ": " + e.Detail
	}
	return e.Code + ": " + e.Format + ": " + e.Detail
}

// Clean is a photo made fit to publish: baseline JPEG, sRGB, upright, with no metadata.
type Clean struct {
	Full, Thumb             []byte
	Width, Height           int // of Full, in pixels
	ThumbWidth, ThumbHeight int // of Thumb, in pixels
	// Print is PrintOwn of Full, which whoever has only Full can make again to the byte; nil if Full is printed as it is.
	Print []byte
}

// Normalise makes a photo fit to publish from a JPEG (baseline or progressive, grey, colour or CMYK), a PNG of any kind
// or a still WebP. It applies the Exif orientation, lays transparent parts on white, shrinks and encodes anew, and never
// enlarges. Of an animated PNG it takes the still picture. It does not keep or change raw. Each error is an *Error.
func Normalise(raw []byte) (*Clean, error) {
	if len(raw) > MaxUploadBytes {
		return nil, &Error{Code: TooLarge, Detail: fmt.Sprintf("%d bytes", len(raw))}
	}
	h, err := inspect(raw)
	if err != nil {
		return nil, err
	}
	if w, ht := fit(h.width, h.height, MaxSide, MaxSide); min(w, ht) < MinSide {
		return nil, &Error{TooSmall, h.format, fmt.Sprintf("%d by %d pixels", h.width, h.height)}
	}
	upright, err := h.decode(MaxSide, MaxSide)
	if err != nil {
		return nil, err
	}

	var c Clean
	c.Full, upright = encodeUnder(upright, MaxBytes)
	w, ht := fit(upright.Rect.Dx(), upright.Rect.Dy(), ThumbWidth, ThumbHeight)
	var thumb *image.RGBA
	c.Thumb, thumb = encodeUnder(shrink(upright, w, ht), MaxThumbBytes)
	c.Width, c.Height = upright.Rect.Dx(), upright.Rect.Dy()
	c.ThumbWidth, c.ThumbHeight = thumb.Rect.Dx(), thumb.Rect.Dy()
	if c.Print, err = PrintOwn(c.Full); err != nil {
		return nil, err
	}
	if bytes.Equal(c.Print, c.Full) {
		c.Print = nil
	}
	return &c, nil
}

// Resize returns the picture of a JPEG at most w by h pixels, in the same proportions, as a JPEG of a quality from 1 to
// 100. It never enlarges, and encodes anew even where nothing is to shrink, so no byte of full reaches a page.
func Resize(full []byte, w, h, quality int) ([]byte, error) {
	if w < 1 || h < 1 || quality < 1 || quality > 100 {
		return nil, fmt.Errorf("resize photo to %d by %d at quality %d: out of range", w, h, quality)
	}
	head, err := inspect(full)
	if err != nil {
		return nil, fmt.Errorf("resize photo: %w", err)
	}
	if head.format != "jpeg" {
		return nil, fmt.Errorf("resize photo: %w", &Error{BadFormat, head.format, "only JPEG is resized"})
	}
	var m image.Image
	small, low := fit(head.width, head.height, w, h)
	if head.orientation != 1 {
		m, err = head.decode(w, h)
	} else if m, err = head.whole(); err == nil && (small != head.width || low != head.height) {
		if planes, ok := m.(*image.YCbCr); ok {
			m = shrinkPlanes(planes, small, low)
		} else {
			m = shrink(m, small, low)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("resize photo: %w", err)
	}
	return encode(m, quality), nil
}

// encodeUnder encodes m at the best quality that stays within limit bytes, and returns the picture that was encoded: m,
// or a smaller one if m is so full of detail that it would look worse at its own size.
func encodeUnder(m *image.RGBA, limit int) ([]byte, *image.RGBA) {
	for {
		for _, quality := range [...]int{85, 78, 70, 60, 50, 40} {
			if b := encode(m, quality); len(b) <= limit {
				return b, m
			}
		}
		m = shrink(m, m.Rect.Dx()*3/4, m.Rect.Dy()*3/4)
	}
}

func encode(m image.Image, quality int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // only a writer that fails or a side over 65535 makes an error
	}
	return b.Bytes()
}
