package ui

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/image/draw"
)

// Limits of a logo.
const (
	maxSVGBytes  = 96 << 10
	maxPNGBytes  = 512 << 10
	maxLogoSide  = 2400 // pixels of a PNG
	logoHeight   = 48   // CSS pixels on a page, at most
	maxLogoWidth = 240
	maxDepthSVG  = 32
)

// Logo is a picture that is safe to serve, with the size at which a page shows it.
type Logo struct {
	Type          string // media type
	Data          []byte
	Width, Height int // CSS pixels
}

// pngLogo checks a PNG by decoding it.
func pngLogo(raw []byte) (*Logo, error) {
	if len(raw) > maxPNGBytes {
		return nil, fmt.Errorf("%d KB, and at most %d are taken; save it smaller", len(raw)>>10, maxPNGBytes>>10)
	}
	head, err := png.DecodeConfig(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("not a PNG picture: %w", err)
	}
	if max(head.Width, head.Height) > maxLogoSide || head.Height < logoHeight {
		return nil, fmt.Errorf("%d by %d pixels; it must be at least %d high and at most %d on each side", head.Width, head.Height, logoHeight, maxLogoSide)
	}
	m, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("damaged PNG picture: %w", err)
	}
	l, err := sized(&Logo{Type: "image/png"}, float64(head.Width), float64(head.Height))
	if err != nil {
		return nil, err
	}
	// Two pixels for each of a page's are as many as are seen.
	if head.Height > 2*l.Height {
		small := image.NewNRGBA(image.Rect(0, 0, 2*l.Width, 2*l.Height))
		draw.CatmullRom.Scale(small, small.Rect, m, m.Bounds(), draw.Src, nil)
		m = small
	}
	// Encoded again, so that nothing but the pixels is served.
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, m); err != nil {
		return nil, fmt.Errorf("save the logo: %w", err)
	}
	l.Data = out.Bytes()
	return l, nil
}

func sized(l *Logo, w, h float64) (*Logo, error) {
	if !(w > 0 && h > 0) || w/h > 20 || h/w > 4 {
		return nil, fmt.Errorf("a shape of %g by %g; a logo may be up to 20 times as wide as high", w, h)
	}
	scale := min(logoHeight/h, maxLogoWidth/w)
	l.Width, l.Height = int(math.Round(w*scale)), max(1, int(math.Round(h*scale)))
	return l, nil
}

// What a logo may consist of. Everything else is refused, or dropped where it draws nothing.
var (
	svgShapes = []string{"svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "title", "desc",
		"defs", "clipPath", "linearGradient", "radialGradient", "stop"}
	svgNothing    = []string{"metadata", "namedview"}
	svgAttributes = []string{"id", "d", "points", "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy",
		"width", "height", "viewBox", "preserveAspectRatio", "transform", "fill", "fill-rule", "fill-opacity", "stroke",
		"stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-dasharray", "stroke-dashoffset",
		"stroke-opacity", "opacity", "color", "clip-path", "clip-rule", "clipPathUnits", "offset", "stop-color", "stop-opacity",
		"gradientUnits", "gradientTransform", "spreadMethod", "display", "visibility", "vector-effect"}
)

const svgSpace = "http://www.w3.org/2000/svg"

// svgLogo writes an SVG again from plain shapes. What draws nothing (comments, editors' data) is dropped; anything that
// could run, fetch or animate is refused by name.
func svgLogo(raw []byte) (*Logo, error) {
	if len(raw) > maxSVGBytes {
		return nil, fmt.Errorf("%d KB, and at most %d are taken; simplify its paths", len(raw)>>10, maxSVGBytes>>10)
	}
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.Entity = map[string]string{}
	var out bytes.Buffer
	var w, h float64
	depth, seen := 0, false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not an SVG drawing: %w", err)
		}
		switch t := token.(type) {
		case xml.Directive:
			if bytes.Contains(t, []byte("ENTITY")) {
				return nil, errors.New("an entity declaration; save it as plain SVG")
			}
		case xml.StartElement:
			name := t.Name.Local
			if (t.Name.Space != svgSpace && t.Name.Space != "") || slices.Contains(svgNothing, name) {
				if err := d.Skip(); err != nil {
					return nil, fmt.Errorf("not an SVG drawing: %w", err)
				}
				continue
			}
			if !slices.Contains(svgShapes, name) {
				return nil, fmt.Errorf("an element <%s>, which a logo may not have; turn texts and pictures into paths and save it as plain SVG", name)
			}
			if depth++; depth > maxDepthSVG {
				return nil, errors.New("groups nested too deeply; save it as plain SVG")
			}
			attrs, err := svgAttrs(t)
			if err != nil {
				return nil, err
			}
			if !seen {
				if name != "svg" {
					return nil, errors.New("not an SVG drawing: it does not begin with <svg>")
				}
				seen = true
				if w, h, err = svgSize(attrs); err != nil {
					return nil, err
				}
				attrs = append([]xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: svgSpace}}, attrs...)
			}
			out.WriteByte('<')
			out.WriteString(name)
			for _, a := range attrs {
				out.WriteString(" " + a.Name.Local + `="`)
				xml.EscapeText(&out, []byte(a.Value))
				out.WriteByte('"')
			}
			out.WriteByte('>')
		case xml.EndElement:
			depth--
			out.WriteString("</" + t.Name.Local + ">")
		case xml.CharData:
			if depth > 0 {
				xml.EscapeText(&out, bytes.TrimSpace(t))
			}
		}
	}
	if !seen {
		return nil, errors.New("not an SVG drawing: it is empty")
	}
	return sized(&Logo{Type: "image/svg+xml", Data: out.Bytes()}, w, h)
}

// svgAttrs keeps what draws, with a style attribute taken apart into the attributes that it stands for.
func svgAttrs(e xml.StartElement) ([]xml.Attr, error) {
	var kept []xml.Attr
	add := func(name, value string) error {
		if strings.HasPrefix(strings.ToLower(name), "on") {
			return fmt.Errorf("a script in the attribute %s of <%s>; save it as plain SVG", name, e.Name.Local)
		}
		if !slices.Contains(svgAttributes, name) {
			return nil
		}
		low := strings.ToLower(value)
		for at := strings.Index(low, "url"); at >= 0; at = strings.Index(low, "url") {
			low = low[at:]
			if !strings.HasPrefix(low, "url(#") {
				return fmt.Errorf("an address in the attribute %s of <%s>; a logo may not fetch anything", name, e.Name.Local)
			}
			low = low[len("url"):]
		}
		if strings.ContainsAny(value, `\<>`) || strings.Contains(low, "javascript:") {
			return fmt.Errorf("an odd value in the attribute %s of <%s>; save it as plain SVG", name, e.Name.Local)
		}
		kept = slices.DeleteFunc(kept, func(a xml.Attr) bool { return a.Name.Local == name })
		kept = append(kept, xml.Attr{Name: xml.Name{Local: name}, Value: value})
		return nil
	}
	style := ""
	for _, a := range e.Attr {
		switch {
		case a.Name.Local == "href":
			return nil, fmt.Errorf("a link in <%s>; a logo may not fetch anything", e.Name.Local)
		case a.Name.Space != "":
		case a.Name.Local == "style":
			style = a.Value
		default:
			if err := add(a.Name.Local, a.Value); err != nil {
				return nil, err
			}
		}
	}
	for _, declaration := range strings.Split(style, ";") {
		if name, value, ok := strings.Cut(declaration, ":"); ok {
			if err := add(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
				return nil, err
			}
		}
	}
	return kept, nil
}

// svgSize reads the drawing's own proportions.
func svgSize(attrs []xml.Attr) (w, h float64, err error) {
	value := map[string]string{}
	for _, a := range attrs {
		value[a.Name.Local] = a.Value
	}
	if box := strings.Fields(strings.ReplaceAll(value["viewBox"], ",", " ")); len(box) == 4 {
		w, err1 := strconv.ParseFloat(box[2], 64)
		h, err2 := strconv.ParseFloat(box[3], 64)
		if err1 == nil && err2 == nil {
			return w, h, nil
		}
	}
	w, err1 := strconv.ParseFloat(strings.TrimSuffix(value["width"], "px"), 64)
	h, err2 := strconv.ParseFloat(strings.TrimSuffix(value["height"], "px"), 64)
	if err1 != nil || err2 != nil {
		return 0, 0, errors.New("neither a viewBox nor a width and a height in pixels; add one to <svg>")
	}
	return w, h, nil
}
