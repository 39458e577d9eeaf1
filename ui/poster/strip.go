package poster

import (
	"errors"
	"fmt"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// A strip is as wide as A3 and a quarter as high, with three cases: four strips fill a board of A3.
const (
	stripWidth  = 841.89
	stripHeight = 1190.55 / 4
	stripCases  = 3
)

// MaxStrip is how many cases Strip takes.
const MaxStrip = 60

// Strip puts several cases side by side on strips for a board, three to a page, as a PDF: of each the first photo, the
// name, when and where, the number to call and the QR code. All are in the first language of the first case, and the PDF is
// dated by it; each has its own heading and colours. Its errors are those of Render.
func Strip(cases []Input) (pdf []byte, err error) {
	defer rescue(&err)
	pages, err := strips(cases)
	if err != nil {
		return nil, fmt.Errorf("render strip: %w", err)
	}
	if pdf, err = writePDF(pages, "", cases[0].Updated); err != nil {
		return nil, fmt.Errorf("render strip: %w", err)
	}
	return pdf, nil
}

// strips composes the pages.
func strips(cases []Input) (pages []*Page, err error) {
	if len(cases) == 0 || len(cases) > MaxStrip {
		return nil, fmt.Errorf("a strip has from 1 to %d cases", MaxStrip)
	}
	if len(cases[0].Locales) == 0 {
		return nil, errors.New("a language is needed")
	}
	for i := range cases {
		in := cases[i]
		in.Locales = cases[0].Locales[:1]
		column := i % stripCases
		d := design{stripWidth, stripHeight, 1, false, func(c *composer) error { return c.card(column) }}
		made, err := composeAs(&in, d)
		if err != nil {
			return nil, err
		}
		if column == 0 {
			pages = append(pages, made[0])
			continue
		}
		page := pages[len(pages)-1]
		page.Marks = append(page.Marks, made[0].Marks...)
	}
	return pages, nil
}

// card draws a case in one column of a strip.
func (c *composer) card(n int) error {
	const (
		white, pad  = 14, 12
		band, call  = 40, 94
		photo, code = 117, 82
	)
	wide := (stripWidth - 2*white - 2*pad) / stripCases
	box := Rect{white + float64(n)*(wide+pad), white, wide, stripHeight - 2*white}
	w := c.words

	// The heading.
	if c.in.BlackWhite {
		c.fill(ink, Rect{box.X, box.Y, wide, 3}, Rect{box.X, box.Y + band, wide, 3})
	} else {
		c.fill(c.band, Rect{box.X, box.Y, wide, band})
		c.fill(c.rule, Rect{box.X, box.Y + band, wide, 3})
	}
	b := c.spread(w.heading[0], 40, wide-2*pad, 23)
	c.putInk(b, box.X+pad, box.Y+(band-inkHigh(b))/2, wide-2*pad, c.onBand, c.band)

	// Whom to call.
	foot := Rect{box.X, box.low() - call, wide, call}
	if c.in.BlackWhite {
		c.frame(ink, foot, 2)
	} else {
		c.fill(c.palette.call, foot)
	}
	room := wide - 2*pad
	if w.code != "" {
		room -= code + pad
		if err := c.code(Rect{foot.right() - code - (call-code)/2, foot.Y + (call-code)/2, code, code}); err != nil {
			return err
		}
	}
	if w.hotline != "" {
		hotline := c.spread(number(w.hotline), 34, room, 26)
		if err := digits(hotline, w.hotline); err != nil {
			return err
		}
		small := c.set(w.call, font{most: 11, least: minSize, bold: true, lines: 1}, room, 0)
		issued := c.set(w.number, font{most: 8.5, least: minSize, lines: 2}, room, 0)
		tall := high(small) + 7 + inkHigh(hotline) + 10 + high(issued)
		y := foot.Y + (call-tall)/2
		y = c.put(small, foot.X+pad, y, room, c.onCall, c.palette.call) + 7
		y = c.putInk(hotline, foot.X+pad, y, room, c.number, c.palette.call) + 10
		c.put(issued, foot.X+pad, y, room, c.onCall, c.palette.call)
	}

	// Who is missed.
	x, y := box.X, box.Y+band+3+8
	if shots := c.faces(1); len(shots) > 0 {
		across := min(wide*0.5, photo*shapesOf(shots)+4*float64(len(shots)-1))
		c.gallery(shots, Rect{x, y, across, photo})
		x += across + pad
	}
	c.inColumn(Rect{x, y, box.right() - x, photo})
	return nil
}

// inColumn has the name and the rest below each other from the top of the box, as large as they go.
func (c *composer) inColumn(box Rect) {
	w := c.words
	detail := ""
	if len(w.children) == 1 {
		detail = w.children[0].detail
	}
	name := w.name
	if name == "" {
		name = w.seen
	}
	for size := 1.0; ; size -= 0.06 {
		parts := []*typeset.Block{
			c.set(name, font{most: 21 * size, least: 9, bold: true, lines: 4}, box.W, 0),
			c.set(detail, font{most: 11.5 * size, least: minSize, lines: 3}, box.W, 0),
			c.set(join(" · ", at(w.since, 0), at(w.place, 0)), font{most: 11.5 * size, least: minSize, bold: true, lines: 5}, box.W, 0),
		}
		tall, bad := 0.0, false
		for _, b := range parts {
			tall += high(b) + 5
			bad = bad || b.Cut || b.Torn
		}
		if (tall-5 > box.H || bad) && size > 0.55 {
			continue
		}
		y := box.Y
		for i, b := range parts {
			if y+high(b) > box.low()+1 {
				continue
			}
			colour := ink
			if i == 2 {
				colour = c.say
			}
			y = c.put(b, box.X, y, box.W, colour, paper)
			if high(b) > 0 {
				y += 5
			}
		}
		return
	}
}
