package protocol

import (
	"slices"
	"time"

	"github.com/ipfs/go-cid"
)

// Photo describes a photo file of a case and its thumbnail. The files travel beside the record and are checked against
// their links.
type Photo struct {
	// File is the CIDv1 (raw, SHA-256) of a JPEG of Size bytes and Width by Height pixels.
	File   Link      `cbor:"c" json:"file"`
	Kind   PhotoKind `cbor:"k" json:"kind"`
	Size   uint32    `cbor:"s" json:"size"`
	Width  uint16    `cbor:"w" json:"width"`
	Height uint16    `cbor:"h" json:"height"`
	// Thumb is the CIDv1 (raw, SHA-256) of a small JPEG.
	Thumb       Link   `cbor:"th" json:"thumb"`
	ThumbSize   uint32 `cbor:"ts" json:"thumb_size"`
	ThumbWidth  uint16 `cbor:"tw" json:"thumb_width"`
	ThumbHeight uint16 `cbor:"tt" json:"thumb_height"`
	// Who is the index of the child in Case.Children, or of the adult in Case.Companions when Kind is companion.
	Who     uint8 `cbor:"i,omitempty" json:"who,omitempty"`
	Taken   Date  `cbor:"d,omitzero" json:"taken,omitzero"`
	Caption Text  `cbor:"t,omitempty" json:"caption,omitempty"`
}

// original says whether q shows the same child as p, as a camera saw it.
func (p *Photo) original(q Photo) bool {
	return q.Who == p.Who && (q.Kind == Portrait || q.Kind == FullFigure)
}

// ValidatePhotos returns what is wrong with the photos of a case as Problems, nil when nothing is.
func ValidatePhotos(photos []Photo, c *Case, now time.Time) error {
	v := &checker{last: lastDay(now)}
	v.count("photos", len(photos), 0, MaxPhotos)
	for i := range photos {
		p := &photos[i]
		v.in("photos", i)
		if checkCID(p.File.Cid, cid.Raw) != nil || checkCID(p.Thumb.Cid, cid.Raw) != nil ||
			p.Size == 0 || p.Size > MaxPhotoBytes || p.ThumbSize == 0 || p.ThumbSize > MaxThumbBytes ||
			p.Width == 0 || p.Width > MaxPhotoSide || p.Height == 0 || p.Height > MaxPhotoSide ||
			p.ThumbWidth == 0 || p.ThumbWidth > min(p.Width, MaxThumbWidth) ||
			p.ThumbHeight == 0 || p.ThumbHeight > min(p.Height, MaxThumbHeight) {
			v.add("", "photo")
		}
		v.choice("kind", string(p.Kind), photoKinds, true)
		people := len(c.Children)
		if p.Kind == CompanionShot {
			people = len(c.Companions)
		}
		if int(p.Who) >= people {
			v.add("who", "nochild")
		}
		v.date("taken", p.Taken, false)
		v.words("caption", p.Caption, maxShort, true)
		if p.Kind == AgeProgressed && !slices.ContainsFunc(photos, p.original) {
			v.add("", "photo")
		}
	}
	return v.found.err()
}
