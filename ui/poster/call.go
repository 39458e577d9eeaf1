package poster

import (
	"fmt"
	"math"

	"rsc.io/qr"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// call draws the band that ends at y: whom to call at the start, the QR code at the end. It returns where it begins.
func (c *composer) call(end float64) (float64, error) {
	w := c.words
	side, pad := c.u(qrSide), c.u(15)
	if c.unit < 1 {
		side = max(side, 94) // a telephone must still read it
	}
	width := c.width
	if w.code != "" {
		width -= side + c.u(gutter)
	}
	var scan *typeset.Block
	below := 0.0
	if w.code != "" && len(w.verify) == 0 {
		scan = c.set(w.scan, font{most: c.u(8.5), least: minSize, lines: 2, align: typeset.Centre}, side+pad, 0)
		below = c.u(6) + high(scan)
	}

	// From below: what else may be called, what not to do, the number, "call".
	said := c.set(w.call, font{most: c.u(17), least: 9, bold: true, lines: 1}, width, 0)
	hotline := c.spread(number(w.hotline), c.u(66), width, c.u(60))
	if w.hotline != "" {
		if err := digits(hotline, w.hotline); err != nil {
			return 0, err
		}
	}
	var donot []*typeset.Block
	for _, s := range w.donot {
		donot = append(donot, c.set(s, font{most: c.u(13), least: 8.5, bold: true, lines: 2}, width, 0))
	}
	others := c.lines(w.others, font{most: c.u(10.5), least: minSize, lines: 2}, width)
	tall := 0.0
	if w.hotline != "" {
		tall = high(said) + c.u(10) + inkHigh(hotline) + c.u(12)
	}
	for _, b := range donot {
		tall += high(b) + c.u(3)
	}
	for i, b := range others {
		tall += high(b) + c.u(3)
		if i == 0 {
			tall += c.u(2)
		}
	}
	if tall == 0 && w.code == "" {
		return end, nil
	}
	band := Rect{0, 0, c.page.W, tall + 2*pad}
	if w.code != "" {
		band.H = max(band.H, side+2*pad+below)
	}
	band.Y = end - band.H
	if c.in.BlackWhite {
		c.frame(ink, Rect{c.margin - pad, band.Y, c.width + 2*pad, band.H}, c.u(2.5))
	} else {
		c.fill(c.palette.call, band)
	}
	if w.code != "" {
		panel := Rect{c.page.W - c.margin - side, band.Y + (band.H-side-below)/2, side, side}
		if err := c.code(panel); err != nil {
			return 0, err
		}
		if scan != nil {
			c.put(scan, panel.X-pad/2, panel.low()+c.u(6), side+pad, c.onCall, c.palette.call)
		}
	}
	y := band.Y + (band.H-tall)/2
	if w.hotline != "" {
		y = c.put(said, c.margin, y, width, c.onCall, c.palette.call) + c.u(10)
		y = c.putInk(hotline, c.margin, y, width, c.number, c.palette.call) + c.u(12)
	}
	for _, b := range donot {
		y = c.put(b, c.margin, y, width, c.onCall, c.palette.call) + c.u(3)
	}
	for i, b := range others {
		if i == 0 {
			y += c.u(2)
		}
		y = c.put(b, c.margin, y, width, c.onCall, c.palette.call) + c.u(3)
	}
	return band.Y, nil
}

// lines puts short texts into as few lines as hold them at about the largest size, all of one size, none broken where a line
// can hold it.
func (c *composer) lines(texts []string, f font, width float64) (all []*typeset.Block) {
	one := f
	one.lines, one.least = 1, 0.9*f.most
	var lines []string
	for _, s := range texts {
		if n := len(lines); n > 0 && !c.set(join("  ·  ", lines[n-1], s), one, width, 0).Cut {
			lines[n-1] = join("  ·  ", lines[n-1], s)
			continue
		}
		lines = append(lines, s)
	}
	for _, s := range lines {
		f.most = min(f.most, c.set(s, f, width, 0).Size)
	}
	for _, s := range lines {
		all = append(all, c.set(s, f, width, 0))
	}
	return all
}

// maxCode keeps the QR code coarse enough to be read off paper.
const maxCode = 200

// code draws the QR code on white, with the quiet zone that readers need.
func (c *composer) code(panel Rect) error {
	if len(c.words.code) > maxCode {
		return fmt.Errorf("the address in the QR code has more than %d characters", maxCode)
	}
	code, err := qr.Encode(c.words.code, qr.M)
	if err != nil {
		return fmt.Errorf("QR code: %w", err)
	}
	c.fill(paper, panel)
	const quiet = 4 // modules
	side := panel.W / float64(code.Size+2*quiet)
	at := c.place(panel)
	m := Mark{Box: at.inset(quiet * side), Colour: ink, Link: c.words.url, Areas: make([]Rect, 0, code.Size*code.Size/3)}
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				m.Areas = append(m.Areas, Rect{at.X + float64(from+quiet)*side, at.Y + float64(y+quiet)*side, float64(x-from) * side, side})
			}
		}
	}
	c.page.Marks = append(c.page.Marks, m)
	return nil
}

// tearOff has the number and the name, turned, on strips to cut apart and tear off. It ends at y; where it begins is
// returned.
func (c *composer) tearOff(end float64) (float64, error) {
	const white = 14 // of which printers leave most white
	size := max(c.u(14), 10)
	style := typeset.Style{Size: size, Bold: true, Lang: c.words.lang, RTL: c.words.rtl}
	hotline := c.shape(number(c.words.hotline), style).Layout(style, 0, 1)
	if err := digits(hotline, c.words.hotline); err != nil {
		return 0, err
	}
	long := max(c.u(70), hotline.Width)
	box := Rect{0, 0, c.page.W, white + long + c.u(8)}
	box.Y = end - box.H
	name := c.words.name
	if name == "" {
		name = c.words.number
	}
	lines := []*typeset.Block{c.set(name, font{most: c.u(9.5), least: minSize, lines: 2}, long, 0), hotline}
	if check := c.set(c.words.check, font{most: c.u(8), least: minSize, lines: 1}, long, 0); !check.Cut && len(check.Lines) > 0 {
		lines = append(lines, check)
	}
	if len(lines[0].Lines) == 0 {
		lines = lines[1:]
	}
	gap := c.u(4)
	tall := -gap
	for _, b := range lines {
		tall += gap + high(b)
	}
	tabs := max(1, math.Floor(box.W/(tall+26)))
	wide := box.W / tabs
	c.cut(Rect{0, box.Y - 0.5, box.W, 1})
	for i := range int(tabs) {
		left := float64(i) * wide
		if i > 0 {
			c.cut(Rect{left - 0.5, box.Y, 1, box.H})
		}
		x := left + (wide-tall)/2
		for _, b := range lines {
			t := &Text{Block: b, Turn: 90, X: x - top(b), Y: box.low() - white, Colour: ink, Ground: paper}
			c.page.Marks = append(c.page.Marks, Mark{Box: t.ink(), Text: t})
			x += gap + high(b)
		}
	}
	return box.Y, nil
}

// cut draws a line to cut along.
func (c *composer) cut(r Rect) {
	c.page.Marks = append(c.page.Marks, Mark{Box: r, Dashed: true, Colour: muted})
}
