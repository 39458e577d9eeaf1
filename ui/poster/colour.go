package poster

import (
	"fmt"
	"math"
	"strconv"
)

// RGB is an opaque sRGB colour.
type RGB struct{ R, G, B uint8 }

// The house colours; a member chooses its own brand and accent.
var (
	ink   = RGB{0x10, 0x18, 0x20}
	paper = RGB{0xff, 0xff, 0xff}
	tint  = RGB{0xf4, 0xf6, 0xf8}
	muted = RGB{0x4a, 0x55, 0x60}
	line  = RGB{0xc9, 0xd0, 0xd6}
	red   = RGB{0xb0, 0x00, 0x20}
	amber = RGB{0xff, 0xc7, 0x2c}
)

// readable is the contrast that WCAG AA asks of text.
const readable = 4.5

// parseColour reads "#B00020"; "" is the colour otherwise.
func parseColour(s string, otherwise RGB) (RGB, error) {
	if s == "" {
		return otherwise, nil
	}
	if len(s) == 7 && s[0] == '#' {
		if n, err := strconv.ParseUint(s[1:], 16, 24); err == nil {
			return RGB{uint8(n >> 16), uint8(n >> 8), uint8(n)}, nil
		}
	}
	return RGB{}, fmt.Errorf("%q is not a colour: write it like #B00020", s)
}

// on returns the first of the wanted colours that can be read on the ground, and else the better of ink and paper.
func on(ground RGB, wanted ...RGB) RGB {
	for _, c := range wanted {
		if contrast(c, ground) >= readable {
			return c
		}
	}
	if contrast(paper, ground) >= contrast(ink, ground) {
		return paper
	}
	return ink
}

// contrast is WCAG's ratio, from 1 to 21.
func contrast(a, b RGB) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func (c RGB) luminance() float64 {
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}
