package photo

import (
	"errors"
	"fmt"
)

// maxHeaderBytes bounds what stands before the picture data in a JPEG of a peer, in bytes. Ours takes about 600.
const maxHeaderBytes = 2 << 10

// Check says whether bytes from a peer are a photo that Normalise could have made, a picture or a thumbnail: a baseline
// JPEG, grey or colour, in one scan, within MaxBytes and MaxSide, of just the size that the record claims, with no
// metadata but a plain JFIF header, and nothing before its data or after its end that is not picture. It reads the
// header and the markers and decodes no pixel, so it cannot see a picture whose data are damaged or end early; whoever
// shows one decodes it, with Resize.
func Check(b []byte, width, height int) error {
	if err := check(b, width, height); err != nil {
		return fmt.Errorf("check photo: %w", err)
	}
	return nil
}

// CheckThumb is Check for a thumbnail, whose limits are lower.
func CheckThumb(b []byte, width, height int) error {
	if len(b) > MaxThumbBytes || width > ThumbWidth || height > ThumbHeight {
		return fmt.Errorf("check thumbnail: %d by %d pixels in %d bytes, beyond the limit", width, height, len(b))
	}
	if err := check(b, width, height); err != nil {
		return fmt.Errorf("check thumbnail: %w", err)
	}
	return nil
}

func check(b []byte, width, height int) error {
	if len(b) > MaxBytes || width < 1 || height < 1 || width > MaxSide || height > MaxSide {
		return fmt.Errorf("%d by %d pixels in %d bytes, beyond the limit", width, height, len(b))
	}
	var f frame
	scanned := false
	end, err := walk(b, func(s segment) (err error) {
		switch {
		case scanned:
			return fmt.Errorf("segment %#x after the picture", s.marker)
		case s.gap != 0:
			return errors.New("bytes between segments")
		case s.at > maxHeaderBytes:
			return errors.New("header too long")
		}
		switch s.marker {
		case markerDQT, markerDHT, markerDRI:
		case markerAPP0:
			err = checkJFIF(s.body)
		case markerSOF0:
			if f.components != 0 {
				return errors.New("two frames")
			}
			f, err = readFrame(s.body)
		case markerSOS:
			scanned = true
			if len(s.body) != 4+2*f.components {
				return errors.New("scan of fewer components than the frame")
			}
		default:
			return fmt.Errorf("segment %#x", s.marker)
		}
		return err
	})
	switch {
	case err != nil:
		return err
	case !scanned:
		return errors.New("no picture")
	case end != len(b):
		return fmt.Errorf("%d bytes after the end", len(b)-end)
	case f.components == 4:
		return errors.New("CMYK")
	case f.width != width || f.height != height:
		return fmt.Errorf("%d by %d pixels, claimed as %d by %d", f.width, f.height, width, height)
	}
	return nil
}

// checkJFIF takes the header of JFIF without the thumbnail that it may hold.
func checkJFIF(body []byte) error {
	if len(body) != 14 || string(body[:5]) != "JFIF\x00" || body[12] != 0 || body[13] != 0 {
		return errors.New("segment APP0 that is not a plain JFIF header")
	}
	return nil
}
