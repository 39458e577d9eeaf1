package poster

import (
	"slices"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// family has several children side by side, the same height for all, each with the name below.
func (c *composer) family(box Rect, size float64) plan {
	children := c.words.children
	columns := len(children)
	if columns > 4 {
		columns = (columns + 1) / 2
	}
	rows := (len(children) + columns - 1) / columns
	under := c.companions(c.width)
	box.H -= under.height
	wide := (c.width - c.u(18)*float64(columns-1)) / float64(columns)
	least, high := c.u(56), (box.H-c.u(14)*float64(rows-1))/float64(rows)
	for h := min(high, wide*1.32); h >= least; h -= c.u(4) {
		var cells []cell
		tall := 0.0
		for i := range children {
			x := c.member(&children[i], wide, h, size, columns)
			cells = append(cells, x)
			tall = max(tall, x.height)
		}
		if tall > high && h-c.u(4) >= least {
			continue
		}
		p := plan{height: float64(rows)*tall + c.u(14)*float64(rows-1), photos: h * h * 0.8 * float64(len(children)), fits: tall <= high, draw: func(y float64) {
			for i, x := range cells {
				x.draw(c.margin+float64(i%columns)*(wide+c.u(18)), y+float64(i/columns)*(tall+c.u(14)))
			}
		}}
		return c.over(p, under)
	}
	return plan{draw: func(float64) {}}
}

// cell is one child of several.
type cell struct {
	height float64
	draw   func(x, y float64)
}

// member sets one child of several: the photo, the name, and in short what is known.
func (c *composer) member(p *person, wide, photo, size float64, columns int) cell {
	name := c.set(p.name, font{most: c.u(24 * size), least: c.u(11), bold: true, lines: 2}, wide, 0)
	detail := c.set(p.detail, font{most: c.u(12 * size), least: minSize, lines: 3}, wide, 0)
	facts := table{}
	if columns == 2 {
		short := slices.DeleteFunc(slices.Clone(p.facts), func(f fact) bool { return f.key == "agenow" || f.key == "sex" || f.key == "height" })
		facts = c.table(short[:min(len(short), 3)], size*0.86, wide, 2)
	}
	height := photo + c.u(9) + high(name) + c.u(4) + high(detail)
	if facts.height > 0 {
		height += c.u(8) + facts.height
	}
	return cell{height, func(x, y float64) {
		box := Rect{x, y, wide, photo}
		if len(p.photos) > 0 {
			s := &p.photos[0]
			if shape := s.shape(); shape > wide/photo {
				h := wide / shape
				box = Rect{x, y + photo - h, wide, h}
			} else {
				box.W = photo * shape
			}
			c.show(s, box)
		} else {
			c.fill(tint, Rect{x, y, min(wide, photo*0.8), photo})
		}
		y = c.put(name, x, y+photo+c.u(9), wide, ink, paper) + c.u(4)
		y = c.put(detail, x, y, wide, ink, paper) + c.u(8)
		c.drawTable(facts, x, y)
	}}
}

// companions is a panel with those who may be with the child, two at most.
func (c *composer) companions(width float64) panel {
	w := c.words
	if len(w.with) == 0 || c.thrift.alone {
		return panel{}
	}
	with := w.with[:min(len(w.with), 2)]
	pad, gap := c.u(10), c.u(14)
	across := len(with) == 1 || width < c.u(400) // one adult a row
	wide := width - 2*pad
	if !across {
		wide = (wide - c.u(gutter)) / 2
	}
	say := c.set(w.withSay, font{most: c.u(11), least: minSize, bold: true, lines: 2}, width-2*pad, 0)
	type adult struct {
		name, detail  *typeset.Block
		shift, height float64
	}
	var adults []adult
	p := panel{height: gap + 2*pad + high(say)}
	tallest := 0.0
	for i := range with {
		var a adult
		photo := 0.0
		if len(with[i].photos) > 0 {
			photo = c.u(84)
			a.shift = min(photo*with[i].photos[0].shape(), wide*0.45)
			photo = a.shift / with[i].photos[0].shape()
			a.shift += c.u(12)
		}
		a.name = c.set(with[i].name, font{most: c.u(16), least: c.u(10.5), bold: true, lines: 2}, wide-a.shift, 0)
		a.detail = c.set(with[i].detail, font{most: c.u(11), least: c.u(9), lines: 7}, wide-a.shift, 0)
		if c.thrift.details {
			a.detail = c.set(with[i].relation, font{most: c.u(11), least: c.u(9), lines: 2}, wide-a.shift, 0)
		}
		p.cut = p.cut || a.name.Cut || a.detail.Cut
		a.height = max(photo, high(a.name)+c.u(4)+high(a.detail))
		tallest = max(tallest, a.height)
		adults = append(adults, a)
		if across {
			p.height += c.u(7) + a.height
		}
	}
	if !across {
		p.height += c.u(7) + tallest
	}
	p.draw = func(x, y float64) {
		y += gap
		c.fill(tint, Rect{x, y, width, p.height - gap})
		c.fill(c.say, Rect{x, y, c.u(3), p.height - gap})
		x += pad
		y = c.put(say, x, y+pad, width-2*pad, on(tint, c.say, ink), tint) + c.u(7)
		for i, a := range adults {
			if a.shift > 0 {
				s := &with[i].photos[0]
				w := a.shift - c.u(12)
				c.show(s, Rect{x, y, w, w / s.shape()})
			}
			at := c.put(a.name, x+a.shift, y, wide-a.shift, ink, tint)
			if len(a.name.Lines) > 0 {
				at += c.u(4)
			}
			c.put(a.detail, x+a.shift, at, wide-a.shift, ink, tint)
			if across {
				y += a.height + c.u(7)
			} else {
				x += wide + c.u(gutter)
			}
		}
	}
	return p
}
