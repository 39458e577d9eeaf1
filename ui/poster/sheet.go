package poster

import (
	"strings"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// Measures of the design for paper, in points on A4.
const (
	bandHeight = 110
	tearBand   = 88 // where numbers to tear off take their room
	ruleHeight = 6
	qrSide     = 112
	gutter     = 24
)

// sheet is the design for paper: from the top the heading, the name, when and where, the photos and what is known, what
// happened; from the foot who issued it, whom to call.
func (c *composer) sheet() error {
	foot := c.page.H
	if c.in.TearOff && c.words.hotline != "" {
		start, err := c.tearOff(foot)
		if err != nil {
			return err
		}
		foot = start
	}
	foot = c.foot(foot)
	end, err := c.call(foot)
	if err != nil {
		return err
	}
	y := c.banner()
	y = c.title(y)
	c.body(Rect{c.margin, y, c.width, end - c.u(18) - y})
	return nil
}

// banner is the band with the heading, in one line for each language.
func (c *composer) banner() float64 {
	band := Rect{0, 0, c.page.W, c.u(bandHeight)}
	if c.in.TearOff {
		band.H = c.u(tearBand)
	}
	if len(c.words.heading) > 1 {
		band.H += c.u(14)
	}
	if c.in.BlackWhite {
		c.fill(c.rule, Rect{c.margin, band.H - c.u(3), c.width, c.u(6)}, Rect{c.margin, c.u(20), c.width, c.u(6)})
		band.Y, band.H = c.u(20), band.H-c.u(20)
	} else {
		c.fill(c.band, band)
		c.fill(c.rule, Rect{0, band.H, c.page.W, c.u(ruleHeight)})
	}
	room := band.H - c.u(36)
	rooms := []float64{room}
	if len(c.words.heading) > 1 {
		rooms = []float64{room * 0.58, room * 0.30}
	}
	y := band.Y + (band.H-room)/2
	for i, s := range c.words.heading {
		b := c.headline(s, c.u(104), c.width, rooms[i])
		tall := inkHigh(b)
		c.putInk(b, c.margin, y+(rooms[i]-tall)/2, c.width, c.onBand, c.band)
		y += rooms[i] + room*0.12
	}
	return band.low() + c.u(ruleHeight)
}

// headline is one line as large as the box allows, or two where one would be small.
func (c *composer) headline(s string, most, width, height float64) *typeset.Block {
	b := c.spread(s, most, width, height)
	if b.Size < height*0.45 || b.Cut {
		if two := c.set(s, font{most: height * 0.62, least: minSize, bold: true, lines: 2, leading: 1.15}, width, height*1.2); two.Size > b.Size && !two.Cut {
			return two
		}
	}
	return b
}

// inkHigh is the height of the ink alone.
func inkHigh(b *typeset.Block) float64 {
	if len(b.Lines) == 0 {
		return 0
	}
	return b.Lines[len(b.Lines)-1].InkBottom - b.Lines[0].InkTop
}

// putInk is put for a block whose ink begins at y.
func (c *composer) putInk(b *typeset.Block, x, y, width float64, colour, ground RGB) float64 {
	if len(b.Lines) == 0 {
		return y
	}
	c.put(b, x, y-b.Lines[0].InkTop+top(b), width, colour, ground)
	return y + inkHigh(b)
}

// title has the name, the name in other scripts, and when and where.
func (c *composer) title(y float64) float64 {
	y += c.u(24)
	if len(c.words.children) == 1 && c.words.name != "" {
		b := c.set(c.words.name, font{most: c.u(44), least: c.u(31), bold: true, lines: 1}, c.width, 0)
		if b.Cut {
			b = c.set(c.words.name, font{most: c.u(36), least: c.u(14), bold: true, lines: 2}, c.width, 0)
		}
		y = c.put(b, c.margin, y, c.width, ink, paper) + c.u(7)
		if c.words.alias != "" {
			b := c.set(c.words.alias, font{most: c.u(15), least: c.u(10), lines: 1}, c.width, 0)
			y = c.put(b, c.margin, y, c.width, muted, paper) + c.u(5)
		}
		y += c.u(3)
	}
	return c.when(y, 16)
}

// when has the date and the place, in one line if they go in.
func (c *composer) when(y, size float64) float64 {
	var lines []string
	for i := range max(len(c.words.since), len(c.words.place)) {
		lines = append(lines, join(" · ", at(c.words.since, i), at(c.words.place, i)))
	}
	if len(lines) == 1 && c.set(lines[0], font{most: c.u(size), least: c.u(size - 2), bold: true, lines: 1}, c.width, 0).Cut {
		lines = append(c.words.since[:len(c.words.since):len(c.words.since)], c.words.place...)
	}
	for _, s := range lines {
		b := c.set(s, font{most: c.u(size), least: c.u(11), bold: true, lines: 1}, c.width, 0)
		if b.Cut {
			b = c.set(s, font{most: c.u(13), least: c.u(10), bold: true, lines: 2}, c.width, 0)
		}
		y = c.put(b, c.margin, y, c.width, c.say, paper) + c.u(5)
	}
	return y + c.u(10)
}

// at returns the i-th of a list, "" beyond its end.
func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// foot says who issued the poster, which case it is and how to check it. It ends at y; where it begins is returned.
func (c *composer) foot(y float64) float64 {
	const white = 14 // of which printers leave most white
	w := c.words
	gap := c.u(4)
	check := c.even(strings.Join(w.verify, "  "), font{most: c.u(8.8), least: minSize, lines: 3}, c.width)
	first, last := c.pair(w.issued, w.number, true), c.pair(w.valid, w.fingerprint, false)
	tall := c.u(11) + first.height + last.height + gap + white
	if h := high(check); h > 0 {
		tall += h + gap
	}
	start := y - tall
	y = start + c.u(11)
	first.draw(c.margin, y)
	y += first.height + gap
	if h := high(check); h > 0 {
		y = c.put(check, c.margin, y, c.width, muted, paper) + gap
	}
	last.draw(c.margin, y)
	return start
}

// pair has a text at the start of a line and one at its end. Where there is no room for both, one goes whole and the other
// is cut at the start, or left out at the end: half a number is of no use.
func (c *composer) pair(start, end string, endFirst bool) panel {
	f := font{most: c.u(8.8), least: minSize, bold: endFirst, lines: 1}
	g := f
	g.align = typeset.End
	a, b := c.set(start, f, c.width, 0), c.set(end, g, c.width, 0)
	room := c.width
	switch {
	case a.Width+b.Width+c.u(gutter) <= c.width:
	case endFirst && !b.Cut:
		room -= b.Width + c.u(gutter)
		a = c.set(start, f, room, 0)
	default:
		b = &typeset.Block{}
	}
	colour := muted
	if endFirst {
		colour = ink
	}
	rises := max(rise(a), rise(b))
	return panel{height: max(rises-rise(a)+high(a), rises-rise(b)+high(b)), draw: func(x, y float64) {
		c.put(b, x, y+rises-rise(b), c.width, colour, paper)
		c.put(a, x, y+rises-rise(a), room, colour, paper)
	}}
}
