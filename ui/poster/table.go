package poster

import (
	"slices"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// table is facts in rows with a hairline between them.
type table struct {
	rows   []tableRow
	width  float64
	height float64
	torn   bool // a text is cut, or a word broken
}

// tableRow is one fact or several side by side, each with its label above.
type tableRow struct {
	facts  []tableFact
	height float64
}

// tableFact stands at x in its row, as wide as it was set for.
type tableFact struct {
	label, value *typeset.Block
	x, width     float64
}

// Measures of the facts, in points on A4.
const (
	valueSize = 15.5
	labelSize = 9.6
	columnGap = 14
)

// table sets facts in columns, free text across all of them, at a part of the usual size.
func (c *composer) table(facts []fact, size, width float64, columns int) table {
	t := table{width: width}
	ordered := slices.Clone(facts)
	slices.SortStableFunc(ordered, func(a, b fact) int { return a.place - b.place })
	wide := (width - c.u(columnGap)*float64(columns-1)) / float64(columns)
	set := func(f fact, width float64, lines int) tableFact {
		most := valueSize * size
		if f.wide {
			most = valueSize * 0.84 * size
		}
		x := tableFact{
			width: width,
			label: c.set(f.label, font{most: c.u(labelSize * min(max(size, 0.9), 1.3)), least: minSize, lines: 2}, width, 0),
			value: c.set(f.value, font{most: c.u(most), least: c.u(most * 0.82), bold: true, lines: lines}, width, 0),
		}
		t.torn = t.torn || x.value.Cut || x.label.Cut || x.value.Torn || x.label.Torn
		return x
	}
	var row []tableFact
	flush := func() {
		if len(row) > 0 {
			t.add(c, row)
			row = nil
		}
	}
	for _, f := range ordered {
		switch {
		case f.wide && columns < 3:
			flush()
			row = []tableFact{set(f, width, 4)}
			flush()
		case f.wide:
			if len(row) == columns {
				flush()
			}
			row = append(row, set(f, wide, 4))
		default:
			row = append(row, set(f, wide, 2))
		}
		if len(row) == columns {
			flush()
		}
	}
	flush()
	return t
}

// add puts a row below the others.
func (t *table) add(c *composer, facts []tableFact) {
	r := tableRow{facts: facts}
	labels, values := 0.0, 0.0
	at := 0.0
	for i := range facts {
		f := &facts[i]
		f.x = at
		at += f.width + c.u(columnGap)
		labels, values = max(labels, high(f.label)), max(values, high(f.value))
	}
	r.height = labels + c.u(2.5) + values
	if len(t.rows) > 0 {
		t.height += c.u(15)
	}
	t.rows = append(t.rows, r)
	t.height += r.height
}

func (c *composer) drawTable(t table, x, y float64) {
	for i, r := range t.rows {
		if i > 0 {
			c.fill(line, Rect{x, y + c.u(7.2), t.width, c.u(0.75)})
			y += c.u(15)
		}
		labels := 0.0
		for _, f := range r.facts {
			labels = max(labels, high(f.label))
		}
		for _, f := range r.facts {
			c.put(f.label, x+f.x, y+labels-high(f.label), f.width, muted, paper)
			c.put(f.value, x+f.x, y+labels+c.u(2.5), f.width, ink, paper)
		}
		y += r.height
	}
}
