package protocoltest

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
)

// PhonePhoto returns a portrait as a telephone held upright would store it: a
// JPEG of width by height pixels that lies on its side (orientation 6, so the
// picture to show is height wide and width high), with sensor noise, with EXIF
// that tells the place, the time, the owner and the camera and holds a
// thumbnail, with XMP, a comment, and bytes after the end of the picture.
// None of the secrets may be found in anything made from it for publication.
func PhonePhoto(l Look, width, height int) (photo []byte, secrets [][]byte) {
	upright := Portrait(l, height, width).(*image.RGBA)
	lying := image.NewRGBA(image.Rect(0, 0, width, height))
	noise := uint32(l.Seed)*2654435761 | 1
	for y := range height {
		for x := range width {
			noise ^= noise << 13
			noise ^= noise >> 17
			noise ^= noise << 5
			src := upright.Pix[upright.PixOffset(height-1-y, x):]
			dst := lying.Pix[lying.PixOffset(x, y):]
			for i := range 3 {
				dst[i] = uint8(min(max(int(src[i])+int(noise>>(8*i)&15)-7, 0), 255))
			}
			dst[3] = 255
		}
	}
	plain := encodeJPEG(lying)
	thumb := encodeJPEG(Portrait(l, 120, 160))

	comment := []byte("taken in the garden behind the blue gate")
	xmp := []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF/><creator>Invented Owner</creator></x:xmpmeta>")
	trailer := []byte("MotionPhoto_Data: three seconds before the picture")
	exif, secrets := exifOf(thumb)

	photo = append(photo, plain[:2]...)
	photo = appendSegment(photo, 0xe1, exif)
	photo = appendSegment(photo, 0xe1, xmp)
	photo = appendSegment(photo, 0xfe, comment)
	photo = append(photo, plain[2:]...)
	photo = append(photo, trailer...)
	return photo, append(secrets, comment, xmp[:28], trailer)
}

func encodeJPEG(m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		panic(err) // a side over 65535 pixels
	}
	return b.Bytes()
}

func appendSegment(b []byte, marker byte, body []byte) []byte {
	b = append(b, 0xff, marker)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)+2))
	return append(b, body...)
}

// exifOf returns the body of an EXIF segment around a thumbnail, and what in
// it gives somebody away.
func exifOf(thumb []byte) (exif []byte, secrets [][]byte) {
	const ascii, short, long, rational, undefined = 2, 3, 4, 5, 7
	be := binary.BigEndian
	number := func(n ...uint32) (b []byte) {
		for _, v := range n {
			b = be.AppendUint32(b, v)
		}
		return b
	}
	latitude := number(31, 1, 41, 1, 123457, 10000) // the open Atlantic
	longitude := number(41, 1, 7, 1, 543211, 10000)
	serial, owner, taken := []byte("SN-0042-INVENTED\x00"), []byte("Invented Owner\x00"), []byte("2031:05:06 07:08:09\x00")
	maker := []byte("Nobody's Phone Works\x00")

	gps := []tag{{0x0001, ascii, []byte("N\x00")}, {0x0002, rational, latitude}, {0x0003, ascii, []byte("W\x00")}, {0x0004, rational, longitude}}
	camera := []tag{{0x9003, ascii, taken}, {0x927c, undefined, []byte("maker's own note, unreadable")}, {0xa430, ascii, owner}, {0xa431, ascii, serial}}
	// The tables follow each other; the first holds the places of two others.
	main := func(cameraAt, gpsAt uint32) []tag {
		return []tag{{0x010f, ascii, maker}, {0x0110, ascii, []byte("Imaginary 7\x00")}, {0x0112, short, []byte{0, 6, 0, 0}},
			{0x8769, long, number(cameraAt)}, {0x8825, long, number(gpsAt)}}
	}
	preview := func(at uint32) []tag {
		return []tag{{0x0103, short, []byte{0, 6, 0, 0}}, {0x0201, long, number(at)}, {0x0202, long, number(uint32(len(thumb)))}}
	}
	const header = 8
	cameraAt := header + uint32(len(table(main(0, 0), 0, 0)))
	gpsAt := cameraAt + uint32(len(table(camera, 0, 0)))
	previewAt := gpsAt + uint32(len(table(gps, 0, 0)))
	thumbAt := previewAt + uint32(len(table(preview(0), 0, 0)))

	exif = append([]byte("Exif\x00\x00MM\x00*"), number(header)...)
	exif = append(exif, table(main(cameraAt, gpsAt), header, previewAt)...)
	exif = append(exif, table(camera, cameraAt, 0)...)
	exif = append(exif, table(gps, gpsAt, 0)...)
	exif = append(exif, table(preview(thumbAt), previewAt, 0)...)
	exif = append(exif, thumb...)
	return exif, [][]byte{[]byte("Exif\x00\x00"), latitude, longitude, serial, owner, taken, maker, thumb[len(thumb)-64:]}
}

// tag is one entry of a TIFF directory; its value is encoded already.
type tag struct {
	id, kind uint16
	value    []byte
}

// table encodes a directory that stands at the given offset, its long values
// behind it.
func table(tags []tag, at, next uint32) []byte {
	be := binary.BigEndian
	size := map[uint16]uint32{2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
	b := be.AppendUint16(nil, uint16(len(tags)))
	behind := at + 2 + 12*uint32(len(tags)) + 4
	var values []byte
	for _, t := range tags {
		b = be.AppendUint16(b, t.id)
		b = be.AppendUint16(b, t.kind)
		n := uint32(len(t.value)) / size[t.kind]
		if t.kind == 3 {
			n = 1 // padded to the width of the field
		}
		b = be.AppendUint32(b, n)
		if len(t.value) <= 4 {
			b = append(b, append(t.value[:len(t.value):len(t.value)], 0, 0, 0, 0)[:4]...)
			continue
		}
		b = be.AppendUint32(b, behind+uint32(len(values)))
		values = append(values, t.value...)
		if len(values)%2 == 1 {
			values = append(values, 0)
		}
	}
	return append(be.AppendUint32(b, next), values...)
}
