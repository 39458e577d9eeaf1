package protocoltest

import (
	"image/color"
	"math"
)

// Tint is an opaque colour, 0xRRGGBB.
type Tint uint32

const (
	SkinPorcelain Tint = 0xfbe0d0
	SkinFair      Tint = 0xf6cfb4
	SkinSand      Tint = 0xeebf98
	SkinHoney     Tint = 0xe0a878
	SkinOlive     Tint = 0xcf9a6b
	SkinBronze    Tint = 0xb87c50
	SkinUmber     Tint = 0x97613e
	SkinCocoa     Tint = 0x7f5036
	SkinEbony     Tint = 0x633f2c

	HairBlack    Tint = 0x26212a
	HairDark     Tint = 0x3d2b26
	HairBrown    Tint = 0x60412f
	HairChestnut Tint = 0x84502f
	HairAuburn   Tint = 0x9c4527
	HairGinger   Tint = 0xd0742f
	HairBlond    Tint = 0xdcb063
	HairFair     Tint = 0xf0d598
	HairGrey     Tint = 0xa3a2a6

	EyesDark  Tint = 0x2f1d16
	EyesBrown Tint = 0x6a4226
	EyesHazel Tint = 0x8f6d33
	EyesGreen Tint = 0x5d8f62
	EyesBlue  Tint = 0x4a8ac2
	EyesGrey  Tint = 0x7a8c99
)

// RGBA makes a Tint a color.Color.
func (t Tint) RGBA() (r, g, b, a uint32) {
	return color.RGBA{uint8(t >> 16), uint8(t >> 8), uint8(t), 255}.RGBA()
}

// mix goes from t (at 0) to u (at 1).
func (t Tint) mix(u Tint, at float64) Tint {
	var out Tint
	for shift := 0; shift < 24; shift += 8 {
		a, b := float64(t>>shift&255), float64(u>>shift&255)
		out |= Tint(math.Round(a+(b-a)*at)) << shift
	}
	return out
}

// shade is t in a warm shadow.
func (t Tint) shade() Tint {
	r, g, b := float64(t>>16&255)*.88, float64(t>>8&255)*.80, float64(t&255)*.80
	return Tint(r)<<16 | Tint(g)<<8 | Tint(b)
}

// deep is t in a cool shadow, for cloth and hair.
func (t Tint) deep() Tint { return t.mix(0x14122a, .24) }

// light is how bright t looks, from 0 to 1.
func (t Tint) light() float64 {
	return (.3*float64(t>>16&255) + .59*float64(t>>8&255) + .11*float64(t&255)) / 255
}
