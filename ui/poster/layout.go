package poster

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/jpeg"
	"math"

	"rsc.io/qr"
)

// rect is a box on the page, in points from its upper left corner.
type rect struct{ x, y, w, h float64 }

// mark is one thing to draw: text, the photo, or areas of one colour.
type mark struct {
	box    rect // all of it lies in here
	colour rgb
	// text in one line from box.x, its baseline at y
	text   string
	weight weight
	size   float64
	y      float64
	// photo fills the box
	photo bool
	// areas are filled together; outline is a closed polygon
	areas   []rect
	outline [][2]float64
	// link is the address that the box leads to on a screen
	link string
}

// Measures of the page in points; ui.md 4.8.
const (
	margin     = 40
	bandHeight = 104
	ruleHeight = 6
	footHeight = 58
	callHeight = 146
	qrSide     = 104
	leastPhoto = 216 // height that what happened must leave to photo and facts
	gutter     = 26
)

// paperSize returns width and height.
func paperSize(s Size) (rect, error) {
	switch s {
	case A4:
		return rect{w: 595.28, h: 841.89}, nil
	case Letter:
		return rect{w: 612, h: 792}, nil
	}
	return rect{}, fmt.Errorf("%q is not a size of paper: choose %s or %s", s, A4, Letter)
}

// composer lays out one page from the top down.
type composer struct {
	words *sheet
	f     *faces
	paper rect
	width float64 // between the margins
	brand rgb
	shine rgb // the accent
	marks []mark
}

// compose returns what to draw, in order.
func compose(in *Input) (marks []mark, page rect, err error) {
	c := &composer{}
	if c.paper, err = paperSize(in.Size); err != nil {
		return nil, page, err
	}
	if c.brand, err = parseColour(in.Brand, red); err != nil {
		return nil, page, fmt.Errorf("brand: %w", err)
	}
	if c.shine, err = parseColour(in.Accent, amber); err != nil {
		return nil, page, fmt.Errorf("accent: %w", err)
	}
	if c.f, err = newFaces(); err != nil {
		return nil, page, err
	}
	if c.words, err = write(in, c.f); err != nil {
		return nil, page, err
	}
	c.width = c.paper.w - 2*margin
	c.heading()
	if err := c.call(); err != nil {
		return nil, page, err
	}
	c.foot()
	if err := c.body(); err != nil {
		return nil, page, err
	}
	return c.marks, c.paper, nil
}

func (c *composer) fill(colour rgb, areas ...rect) {
	box := areas[0]
	for _, a := range areas[1:] {
		right, low := max(box.x+box.w, a.x+a.w), max(box.y+box.h, a.y+a.h)
		box.x, box.y = min(box.x, a.x), min(box.y, a.y)
		box.w, box.h = right-box.x, low-box.y
	}
	c.marks = append(c.marks, mark{box: box, colour: colour, areas: areas})
}

// alignment of lines: the part of the free width that goes before them.
const (
	atStart = 0
	centred = 0.5
	atEnd   = 1
)

// print draws a block with the top of its capitals at y and returns where its last baseline is.
func (c *composer) print(b block, colour rgb, x, y, width, align float64) float64 {
	y += capHeight * b.size
	for i, s := range b.lines {
		at := y + float64(i)*b.leading
		w := c.f.width(b.weight, b.size, s)
		left := x + (width-w)*align
		c.marks = append(c.marks, mark{colour: colour, text: s, weight: b.weight, size: b.size, y: at,
			box: rect{left, at - ascent*b.size, w, (ascent + descent) * b.size}})
	}
	return y + float64(max(len(b.lines)-1, 0))*b.leading
}

func (c *composer) heading() {
	c.fill(c.brand, rect{0, 0, c.paper.w, bandHeight})
	c.fill(c.shine, rect{0, bandHeight, c.paper.w, ruleHeight})
	b := c.f.fit(c.words.heading, bold, 70, 18, 1.15, c.width, bandHeight-40, 2)
	c.print(b, on(c.brand, paper), margin, (bandHeight-b.height())/2, c.width, atStart)
	c.print(c.f.fit(c.words.draft, bold, 15, minSize, 1, c.width, 15, 1), on(c.brand, paper), margin, 10, c.width, atEnd)
}

// body fills what the bands leave: name, when and where, photo and facts, what happened.
func (c *composer) body() error {
	y := float64(bandHeight + ruleHeight + 28)
	end := c.paper.h - footHeight - callHeight - 22

	name := c.f.fit(c.words.name, bold, 38, 30, 1.16, c.width, 40, 1)
	if name.cut {
		name = c.f.fit(c.words.name, bold, 36, 15, 1.16, c.width, 80, 2)
	}
	if len(name.lines) > 0 {
		y = c.print(name, ink, margin, y, c.width, atStart) + 18
	}
	if c.words.alias != "" {
		b := c.f.fit(c.words.alias, regular, 15, 10, 1.3, c.width, 20, 1)
		y = c.print(b, muted, margin, y, c.width, atStart) + 16
	}
	y = c.when(y)

	// What happened first gets what it needs at the usual size, then all that photo and facts leave.
	const gap = 22
	story := c.story(12.5, end-y-leastPhoto-gap)
	if story.height > 0 {
		story.height += gap
	}
	y, err := c.middle(y, end-story.height)
	if err != nil {
		return err
	}
	story = c.story(16, end-y-gap)
	y += gap + (end-y-gap-story.height)/2
	c.print(story.kind, ink, margin, y, c.width, atStart)
	c.print(story.text, ink, margin, y+story.height-story.text.height(), c.width, atStart)
	return nil
}

// when has the date and the place, in one line if they go in.
func (c *composer) when(y float64) float64 {
	colour := on(paper, c.brand, ink)
	lines := []string{join(c.words.since, c.words.place)}
	if c.f.wrap(lines[0], bold, 15, 1, c.width, 1).cut {
		lines = []string{c.words.since, c.words.place}
	}
	for _, s := range lines {
		if b := c.f.fit(s, bold, 17, 11, 1.3, c.width, 20, 1); s != "" {
			y = c.print(b, colour, margin, y, c.width, atStart) + 11
		}
	}
	return y + 11
}

// story is what happened: the kind of case over the text.
type story struct {
	kind, text block
	height     float64
}

// story fits what happened into the height, the text in five lines at most: from size most down, and then cut. It is
// empty where not even its first line goes in.
func (c *composer) story(most, height float64) (s story) {
	if height < 20 {
		return story{}
	}
	for size := most; ; size -= 0.5 {
		size = max(size, 10.5)
		s.kind = c.f.fit(c.words.kind, bold, size, 9, 1, c.width, size, 1)
		if s.height = s.kind.height(); s.height > 0 && c.words.story != "" {
			s.height += 9
		}
		s.text = c.f.fit(c.words.story, regular, size, size, 1.38, c.width, height-s.height, 5)
		if !s.text.cut && !s.text.torn || size == 10.5 {
			s.height += s.text.height()
			return s
		}
	}
}

// middle has the photo on the start side and the facts beside it. It returns where the lower of them ends.
func (c *composer) middle(y, end float64) (float64, error) {
	captionAt := func(width float64) block { return c.f.wrap(c.words.caption, regular, 8.5, 1.3, width, 2) }
	below := 0.0
	if b := captionAt(150); len(b.lines) > 0 {
		below = 9 + b.height() + 3
	}
	panel, err := c.picture(y, end-below)
	if err != nil {
		return 0, err
	}
	low := panel.y + panel.h
	if below > 0 {
		low = c.print(captionAt(panel.w), muted, margin, low+9, panel.w, atStart) + 3
	}
	x := margin + panel.w + gutter
	return max(low, c.facts(rect{x, y, c.paper.w - margin - x, end - y})), nil
}

// picture draws the photo, whole, in the largest box of about 4:5 that fits, and returns the box.
func (c *composer) picture(y, end float64) (rect, error) {
	const shape = 4.0 / 5
	if c.words.photo == nil {
		h := min(end-y, 240)
		panel := rect{margin, y, h * shape, h}
		c.nobody(panel)
		return panel, nil
	}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(c.words.photo))
	if err != nil {
		return rect{}, fmt.Errorf("photo: %w", err)
	}
	if cfg.ColorModel == color.CMYKModel || cfg.Width == 0 || cfg.Height == 0 {
		return rect{}, errors.New("photo: neither grey nor RGB")
	}
	own := float64(cfg.Width) / float64(cfg.Height)
	// Near 4:5 the box takes the photo's own shape; a landscape is set on a panel that is not much wider than high.
	box := min(max(own, 0.66), 1.2)
	w := min(c.width*0.54, (end-y)*box)
	panel := rect{margin, y, w, w / box}
	c.fill(tint, panel)
	photo := panel
	if own > box {
		photo.h = w / own
		photo.y += (panel.h - photo.h) / 2
	} else {
		photo.w = panel.h * own
		photo.x += (panel.w - photo.w) / 2
	}
	c.marks = append(c.marks, mark{box: photo, photo: true})
	return panel, nil
}

// nobody draws a panel with the outline of a head and shoulders.
func (c *composer) nobody(p rect) {
	c.fill(tint, p)
	oval := func(cx, cy, rx, ry, from, to float64) (points [][2]float64) {
		const steps = 72
		for i := range steps + 1 {
			a := (from + (to-from)*float64(i)/steps) * math.Pi
			points = append(points, [2]float64{cx + rx*math.Cos(a), cy - ry*math.Sin(a)})
		}
		return points
	}
	middle, low := p.x+p.w/2, p.y+p.h
	for _, points := range [][][2]float64{
		oval(middle, p.y+p.h*0.42, p.w*0.19, p.h*0.18, 0, 2),
		oval(middle, low, p.w*0.36, p.h*0.32, 0, 1),
	} {
		c.marks = append(c.marks, mark{box: p, colour: line, outline: points})
	}
}

// call is the dark band: the hotline on the start side, the QR code on the other.
func (c *composer) call() error {
	band := rect{0, c.paper.h - footHeight - callHeight, c.paper.w, callHeight}
	c.fill(ink, band)
	width := c.width
	if c.words.url != "" {
		panel := rect{c.paper.w - margin - qrSide, band.y + 13, qrSide, qrSide}
		width -= qrSide + 30
		if err := c.code(panel); err != nil {
			return err
		}
		const around = 13 // the line below may be wider than the code
		b := c.f.fit(c.words.scan, regular, 8.5, minSize, 1.2, qrSide+2*around, 20, 2)
		c.print(b, paper, panel.x-around, panel.y+panel.h+7, qrSide+2*around, centred)
	}
	if c.words.hotline == "" {
		return nil
	}
	call := c.f.wrap(c.words.call, bold, 17, 1.2, width, 1)
	number := c.oneLine(c.words.hotline, 68, width)
	donot := c.f.fit(c.words.donot, regular, 12, 9, 1.3, width, 30, 2)
	agency := c.agency(width)
	tall := call.height() + 13 + number.height() + 17 + donot.height()
	if c.words.agency != "" {
		tall += 12 + agency.height()
	}
	y := band.y + (band.h-tall)/2
	y = c.print(call, paper, margin, y, width, atStart) + 13
	y = c.print(number, on(ink, c.shine, paper), margin, y, width, atStart) + 17
	y = c.print(donot, paper, margin, y, width, atStart) + 12
	c.print(agency, line, margin, y, width, atStart)
	c.print(c.f.fit(c.words.emergency, bold, 12, minSize, 1, width, 12, 1), paper, margin, band.y+8, width, atStart)
	return nil
}

// agency is the authority in one line. Only its name may be cut: half a number calls somebody else.
func (c *composer) agency(width float64) block {
	phone := c.words.phone
	if phone != "" {
		phone = " · " + phone
	}
	b := c.f.fit(c.words.agency, regular, 9.5, minSize, 1.3, width-c.f.width(regular, 9.5, phone), 9, 1)
	for i := range b.lines {
		b.lines[i] += phone
	}
	return b
}

// oneLine sets s in one piece, as large as the width allows.
func (c *composer) oneLine(s string, most, width float64) block {
	size := max(min(most, width/c.f.width(bold, 1, s)), minSize)
	return block{lines: []string{s}, weight: bold, size: size}
}

// maxURL keeps the QR code coarse enough to be read off paper.
const maxURL = 200

func (c *composer) code(panel rect) error {
	if len(c.words.code) > maxURL {
		return fmt.Errorf("the address in the QR code has more than %d characters", maxURL)
	}
	code, err := qr.Encode(c.words.code, qr.M)
	if err != nil {
		return fmt.Errorf("QR code: %w", err)
	}
	c.fill(paper, panel)
	const quiet = 4 // modules
	side := panel.w / float64(code.Size+2*quiet)
	var areas []rect
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				areas = append(areas, rect{panel.x + float64(from+quiet)*side, panel.y + float64(y+quiet)*side, float64(x-from) * side, side})
			}
		}
	}
	c.fill(ink, areas...)
	c.marks[len(c.marks)-1].link = c.words.url
	return nil
}

// foot says which case it is, who issued the poster, and how to check it.
func (c *composer) foot() {
	const size, leading = 8.5, 12
	first := c.paper.h - footHeight + 8
	for i, line := range []struct {
		start, end string
		weight     weight
	}{
		{c.words.number, c.words.check, bold},
		{c.words.issued, c.words.url, regular},
		{c.words.valid, c.words.fingerprint, regular},
		{c.words.verify, "", regular},
	} {
		y := first + float64(i)*leading
		end := c.f.wrap(line.end, line.weight, size, 1, c.width/2, 1)
		if end.cut {
			end.lines = nil // half an address or fingerprint is of no use
		}
		free := c.width
		for _, s := range end.lines {
			free -= c.f.width(line.weight, size, s) + gutter
		}
		colour := muted
		if line.weight == bold {
			colour = ink
		}
		c.print(c.f.fit(line.start, line.weight, size, minSize, 1, free, size, 1), colour, margin, y, free, atStart)
		c.print(end, colour, margin, y, c.width, atEnd)
	}
}
