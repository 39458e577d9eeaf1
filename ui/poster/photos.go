package poster

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"slices"

	"github.com/gmcn/gmcn/protocol"
)

// shot is a photo that is shown.
type shot struct {
	sight   Sight
	info    protocol.Photo
	caption string
}

// shape is the width over the height.
func (s *shot) shape() float64 { return s.sight.Crop.W / s.sight.Crop.H }

// chosen are the photos of each child and each companion.
type chosen struct{ children, companions [][]shot }

// Choose returns which of the photos, in their order, a poster of the case shows: two of a single child, else one of each
// person. Of one child the first is one that a camera took, and a picture made older may be the second; an object or the
// wrong person never stands for anybody.
func Choose(c *protocol.Case, photos []protocol.Photo) (shown []int) {
	children, companions := make([]int, len(c.Children)), make([]int, len(c.Companions))
	most := 1
	if len(children) == 1 {
		most = 2
	}
	older := -1
	for i := range photos {
		people, room := children, most
		switch who := int(photos[i].Who); photos[i].Kind {
		case protocol.Object:
			continue
		case protocol.AgeProgressed:
			if who == 0 && older < 0 {
				older = i
			}
			continue
		case protocol.CompanionShot:
			people, room = companions, 1
		}
		if who := int(photos[i].Who); who < len(people) && people[who] < room {
			people[who]++
			shown = append(shown, i)
		}
	}
	if most == 1 || older < 0 || children[0] == 0 {
		return shown
	}
	if children[0] == 2 { // the second makes room
		n := 0
		shown = slices.DeleteFunc(shown, func(i int) bool {
			if photos[i].Kind == protocol.CompanionShot {
				return false
			}
			n++
			return n == 2
		})
	}
	return append(shown, older)
}

// choose opens the photos that are shown.
func choose(in *Input) (*chosen, error) {
	c := &chosen{make([][]shot, len(in.Case.Children)), make([][]shot, len(in.Case.Companions))}
	infos := make([]protocol.Photo, len(in.Photos))
	for i := range in.Photos {
		infos[i] = in.Photos[i].Info
	}
	for _, i := range Choose(in.Case, infos) {
		s, err := see(&in.Photos[i], in.BlackWhite)
		if err != nil {
			return nil, err
		}
		people := c.children
		if s.info.Kind == protocol.CompanionShot {
			people = c.companions
		}
		people[s.info.Who] = append(people[s.info.Who], *s)
	}
	return c, nil
}

// see measures a photo, and makes it grey if there is to be no colour.
func see(p *Picture, grey bool) (*shot, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(p.JPEG))
	if err != nil {
		return nil, fmt.Errorf("photo: %w", err)
	}
	if cfg.ColorModel == color.CMYKModel || cfg.Width == 0 || cfg.Height == 0 {
		return nil, errors.New("photo: neither grey nor RGB")
	}
	whole := image.Rect(0, 0, cfg.Width, cfg.Height)
	part := p.Crop
	if part.Empty() {
		part = whole
	}
	if !part.In(whole) {
		return nil, errors.New("photo: the part to show does not lie in it")
	}
	s := &shot{info: p.Info, sight: Sight{JPEG: p.JPEG, Width: cfg.Width, Height: cfg.Height,
		Crop: Rect{float64(part.Min.X), float64(part.Min.Y), float64(part.Dx()), float64(part.Dy())}}}
	if grey && cfg.ColorModel != color.GrayModel {
		if s.sight.JPEG, err = inGrey(p.JPEG); err != nil {
			return nil, fmt.Errorf("photo: %w", err)
		}
	}
	return s, nil
}

// inGrey returns the photo without its colours.
func inGrey(photo []byte) ([]byte, error) {
	img, err := jpeg.Decode(bytes.NewReader(photo))
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	light := &image.Gray{Stride: b.Dx(), Rect: b}
	if ycc, ok := img.(*image.YCbCr); ok {
		light.Pix, light.Stride = ycc.Y, ycc.YStride
	} else {
		light = image.NewGray(b)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				light.Set(x, y, img.At(x, y))
			}
		}
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, light, &jpeg.Options{Quality: 82})
	return out.Bytes(), err
}
