package poster

import "slices"

// Measures of the facts in points.
const (
	smallest = 9   // size of a value
	inset    = 9   // from a hairline to the capitals below it
	between  = 6.5 // from a label to the capitals of its value
	columns  = 14  // between two facts of a row
)

// facts fits the facts and the siblings into the box: smaller, then cut, then fewer. It returns where they end.
func (c *composer) facts(box rect) float64 {
	for n := len(c.words.facts); ; n-- {
		for _, try := range []struct {
			most, least float64
			cut         bool
		}{{21, 11.5, false}, {12.5, smallest, true}} {
			for size := try.most; size >= try.least; size -= 0.5 {
				rows, height, cut := c.table(n, size, box.w)
				if height <= box.h && (!cut || try.cut) || n == 0 && size == smallest {
					c.printTable(rows, box)
					return box.y + height
				}
			}
		}
	}
}

// cell is a label over a value, in half a row or in a whole one.
type cell struct {
	above, below       block
	aboveInk, belowInk rgb
}

// row is one or two cells below a hairline.
type row struct {
	cells  []cell
	height float64 // from its hairline to the next
}

// table lays out the first n facts and the siblings with values of the given size.
func (c *composer) table(n int, size, width float64) (rows []row, height float64, cut bool) {
	small := min(max(size*0.62, minSize), 9.5)
	half := (width - columns) / 2
	add := func(cells ...cell) {
		tall := 0.0
		for _, x := range cells {
			tall = max(tall, x.height())
			cut = cut || x.above.cut || x.below.cut || x.above.torn || x.below.torn
		}
		tall += 0.62*size + inset + 1
		rows = append(rows, row{cells, tall})
		height += tall
	}
	if c.words.subject != "" {
		add(cell{above: c.f.wrap(c.words.subject, bold, size, 1.2, width, 1), aboveInk: ink})
	}
	facts := slices.Clone(c.words.facts[:n])
	slices.SortFunc(facts, func(a, b fact) int { return a.place - b.place })
	var pair []cell
	flush := func() {
		if len(pair) > 0 {
			add(pair...)
			pair = nil
		}
	}
	for _, f := range facts {
		if f.wide {
			flush()
			add(cell{c.f.wrap(f.label, regular, small, 1.25, width, 1), c.f.wrap(f.value, bold, size*0.86, 1.28, width, 5), muted, ink})
			continue
		}
		pair = append(pair, cell{c.f.wrap(f.label, regular, small, 1.25, half, 2), c.f.wrap(f.value, bold, size, 1.2, half, 2), muted, ink})
		if len(pair) == 2 {
			flush()
		}
	}
	flush()
	for _, s := range c.words.siblings {
		add(cell{c.f.wrap(s.name, bold, max(size*0.86, smallest), 1.2, width, 1), c.f.wrap(s.detail, regular, small, 1.2, width, 1), ink, muted})
	}
	return rows, height, cut
}

func (x cell) height() float64 {
	h := x.above.height()
	if len(x.above.lines) > 0 && len(x.below.lines) > 0 {
		h += between
	}
	return h + x.below.height()
}

func (c *composer) printTable(rows []row, box rect) {
	y := box.y
	for i, r := range rows {
		if i > 0 {
			c.fill(line, rect{box.x, y - 0.375, box.w, 0.75})
			y += inset
		}
		tall := 0.0
		for j, x := range r.cells {
			left := box.x + float64(j)*(box.w+columns)/2
			at := c.print(x.above, x.aboveInk, left, y, box.w, atStart)
			if len(x.above.lines) > 0 {
				at += between
			}
			c.print(x.below, x.belowInk, left, at, box.w, atStart)
			tall = max(tall, x.height())
		}
		y += r.height - inset
	}
}
