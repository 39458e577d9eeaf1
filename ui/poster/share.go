package poster

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"slices"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// screenSize is the smallest text on a screen, in points of two pixels.
const screenSize = 11

// Sizes of the JPEG that Share makes, in bytes: that of Wide goes with every link that is sent on.
const (
	maxWideBytes  = 60 << 10
	maxShareBytes = 160 << 10
)

// Share makes a poster for screens as a JPEG, two pixels a point. Its errors are those of Render, and that the format is
// one for paper.
func Share(in Input) (file []byte, err error) {
	defer rescue(&err)
	if !in.Format.Screen() {
		return nil, fmt.Errorf("share poster: %s is for paper", in.Format)
	}
	pages, err := compose(&in)
	if err != nil {
		return nil, fmt.Errorf("share poster: %w", err)
	}
	return picture(pages[0], in.Format)
}

// picture paints a page for screens.
func picture(page *Page, format Format) ([]byte, error) {
	img, err := paintImage(page, int(2*page.W))
	if err != nil {
		return nil, fmt.Errorf("share poster: %w", err)
	}
	most := maxShareBytes
	if format == Wide {
		most = maxWideBytes
	}
	var out bytes.Buffer
	for _, quality := range []int{86, 78, 70, 60, 50} {
		out.Reset()
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, fmt.Errorf("share poster: %w", err)
		}
		if out.Len() <= most {
			break
		}
	}
	return out.Bytes(), nil
}

// faces are the photos for a screen: of each child one that a camera took, or of a single child up to most.
func (c *composer) faces(most int) (shots []shot) {
	for i := range c.words.children {
		n := 0
		for _, s := range c.words.children[i].photos {
			if s.info.Kind != protocol.AgeProgressed && n < most && len(shots) < 4 {
				shots = append(shots, s)
				n++
			}
		}
	}
	return shots
}

// gallery shows photos whole and as large as the box allows, side by side or in rows, in its middle.
func (c *composer) gallery(shots []shot, box Rect) {
	const gap = 4
	var rows [][]shot
	best := 0.0
	for n := 1; n <= len(shots); n++ {
		tried := slices.Collect(slices.Chunk(shots, (len(shots)+n-1)/n))
		h := (box.H - gap*float64(len(tried)-1)) / float64(len(tried))
		for _, row := range tried {
			h = min(h, (box.W-gap*float64(len(row)-1))/shapesOf(row))
		}
		if h > best {
			rows, best = tried, h
		}
	}
	c.fill(tint, box)
	y := box.Y + (box.H-best*float64(len(rows))-gap*float64(len(rows)-1))/2
	for _, row := range rows {
		x := box.X + (box.W-best*shapesOf(row)-gap*float64(len(row)-1))/2
		for i := range row {
			w := best * row[i].shape()
			c.show(&row[i], Rect{x, y, w, best})
			x += w + gap
		}
		y += best + gap
	}
}

// hail draws the heading on its band, and the rule below it. It returns where they end.
func (c *composer) hail(band Rect, inset, tall float64) float64 {
	c.fill(c.band, band)
	c.fill(c.rule, Rect{band.X, band.low(), band.W, 5})
	b := c.headline(c.words.heading[0], 2*tall, band.W-2*inset, tall)
	c.putInk(b, band.X+inset, band.low()-(tall+inkHigh(b))/2-0.3*tall, band.W-2*inset, c.onBand, c.band)
	return band.low() + 5
}

// appeal has who is missed, since when and from where, in the middle of the box, as large as it goes.
func (c *composer) appeal(box Rect, detailed bool) {
	w := c.words
	detail := ""
	if len(w.children) == 1 && detailed {
		detail = w.children[0].detail
	}
	name := w.name
	if name == "" {
		name = w.seen
	}
	for size := 1.4; ; size -= 0.08 {
		type line struct {
			block  *typeset.Block
			colour RGB
			gap    float64
		}
		lines := []line{
			{c.set(name, font{most: 38 * size, least: 16, bold: true, lines: 3}, box.W, 0), ink, 0},
			{c.set(detail, font{most: 18 * size, least: screenSize, lines: 2}, box.W, 0), ink, 9},
			{c.set(join("", w.since...), font{most: 16 * size, least: screenSize, bold: true, lines: 2}, box.W, 0), c.say, 12},
			{c.set(join("", w.place...), font{most: 16 * size, least: screenSize, bold: true, lines: 2}, box.W, 0), c.say, 4},
		}
		tall, bad := 0.0, false
		for _, l := range lines {
			if h := high(l.block); h > 0 {
				tall += h + l.gap*size
			}
			bad = bad || l.block.Cut || l.block.Torn
		}
		if (tall > box.H || bad) && size > 0.5 {
			continue
		}
		y := box.Y + max(0, box.H-tall)/2
		for _, l := range lines {
			if h := high(l.block); h > 0 && y+h <= box.low()+1 {
				y = c.put(l.block, box.X, y+l.gap*size, box.W, l.colour, paper)
			}
		}
		return
	}
}

// dial has whom to call, on its band, and below where to check. Of the band only the part above foot is sure to be seen.
func (c *composer) dial(band Rect, inset, foot float64) error {
	w := c.words
	if c.in.BlackWhite {
		c.fill(ink, Rect{band.X, band.Y, band.W, 3})
	} else {
		c.fill(c.palette.call, band)
	}
	x, wide := band.X+inset, band.W-2*inset
	say := c.set(w.call, font{most: 14, least: screenSize, bold: true, lines: 1}, wide, 0)
	small := font{most: 12, least: screenSize, lines: 1, align: typeset.End}
	check := c.set(w.check, small, wide, 0)
	if check.Cut {
		check = &typeset.Block{}
	}
	small.align = typeset.Start
	issued := c.set(w.issued, small, wide-check.Width-gutter, 0)
	if issued.Cut || len(check.Lines) == 0 {
		issued = &typeset.Block{}
		check = c.set(w.check, small, wide, 0)
	}
	rises := max(rise(check), rise(issued))
	last := max(rises-rise(check)+high(check), rises-rise(issued)+high(issued))
	room := foot - band.Y - 26 - last
	if w.hotline == "" {
		say = &typeset.Block{}
	}
	hotline := c.spread(number(w.hotline), 200, wide, room-high(say)-18)
	if w.hotline != "" {
		if err := digits(hotline, w.hotline); err != nil {
			return err
		}
	}
	y := band.Y + 12 + max(0, room-high(say)-18-inkHigh(hotline))/2
	y = c.put(say, x, y, wide, c.onCall, c.palette.call) + 8
	y = c.putInk(hotline, x, y, wide, c.number, c.palette.call) + 10
	c.put(issued, x, y+rises-rise(issued), wide-check.Width-gutter, c.onCall, c.palette.call)
	c.put(check, x, y+rises-rise(check), wide, c.onCall, c.palette.call)
	return nil
}

// wide is the picture that goes with a link: the photo at the start, from edge to edge.
func (c *composer) wide() error {
	const most = 300
	x := 0.0
	if shots := c.faces(1); len(shots) > 0 {
		if x = min(most, c.page.H*shapesOf(shots)); len(shots) > 1 {
			x = most
		}
		c.gallery(shots, Rect{0, 0, x, c.page.H})
	}
	right := Rect{x, 0, c.page.W - x, c.page.H}
	y := c.hail(Rect{right.X, 0, right.W, 58}, 20, 34)
	call := Rect{right.X, c.page.H - 98, right.W, 98}
	c.appeal(Rect{right.X + 20, y + 8, right.W - 40, call.Y - y - 16}, true)
	return c.dial(call, 20, call.low())
}

// square is a picture for a message or a post.
func (c *composer) square() error {
	y := c.hail(Rect{0, 0, c.page.W, 84}, 24, 54)
	call := Rect{0, c.page.H - 124, c.page.W, 124}
	box := Rect{20, y + 10, c.page.W - 40, call.Y - y - 20}
	switch shots := c.faces(1); {
	case len(shots) == 1:
		wide := min(300, (call.Y-y)*shots[0].shape())
		c.gallery(shots, Rect{0, y, wide, call.Y - y})
		box.X, box.W = box.X+wide, box.W-wide
	case len(shots) > 1:
		tall := min(200, (c.page.W-4*float64(len(shots)-1))/shapesOf(shots))
		c.gallery(shots, Rect{0, y, c.page.W, tall})
		box.Y, box.H = box.Y+tall, box.H-tall
	}
	c.appeal(box, true)
	return c.dial(call, 24, call.low())
}

// Apps lay their own signs over the top and the foot of a story.
const (
	storyTop  = 125
	storyFoot = 170
)

// upright is a picture for a whole telephone.
func (c *composer) upright() error {
	const tall, inset = 340, 30
	y := c.hail(Rect{0, 0, c.page.W, storyTop + 66}, inset, 46)
	call := Rect{0, c.page.H - storyFoot - 114, c.page.W, storyFoot + 114}
	shots := c.faces(2)
	if len(shots) == 1 {
		wide := min(300, tall*shots[0].shape())
		c.gallery(shots, Rect{0, y, wide, tall})
		c.few(Rect{wide + inset, y, c.page.W - wide - 2*inset, tall})
		y += tall
	} else if len(shots) > 1 {
		h := min(tall, (c.page.W-4*float64(len(shots)-1))/shapesOf(shots))
		c.gallery(shots, Rect{0, y, c.page.W, h})
		y += h
	}
	c.appeal(Rect{inset, y + 14, c.page.W - 2*inset, call.Y - y - 26}, len(shots) != 1)
	return c.dial(call, inset, c.page.H-storyFoot)
}

// few has the first facts of a child, one below the other, in the middle of the box.
func (c *composer) few(box Rect) {
	var short []fact
	for _, f := range c.words.children[0].facts {
		if !f.wide {
			short = append(short, f)
		}
	}
	for n := min(len(short), 4); n > 0; n-- {
		if t := c.table(short[:n], 1.5, box.W, 1); t.height <= box.H && !t.torn {
			c.drawTable(t, box.X, box.Y+(box.H-t.height)/2)
			return
		}
	}
}
