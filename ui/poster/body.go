package poster

import (
	"math"
	"slices"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// body fills what the bands leave: the photos as large as the words allow, the facts beside or below them, who may be with
// the child, what happened.
func (c *composer) body(box Rect) {
	plans := c.beside
	switch photos := c.words.children[0].photos; {
	case len(c.words.children) > 1:
		plans = c.family
	case len(photos) == 0:
		plans = c.wordsOnly
	}
	var best plan
	var told panel
	for _, c.thrift = range c.thrifts() {
		if best, told = c.best(plans, box); best.fits {
			break
		}
	}
	c.leave()
	for _, size := range []float64{1.2, 1.1, 1, 0.9} { // what happened may take what the photos leave
		if t := c.tale(size, box); t.height > told.height && best.height+t.height <= box.H && !t.cut {
			told = t
			break
		}
	}
	spare := max(0, box.H-best.height-told.height)
	y := box.Y + min(spare*0.2, c.u(12))
	best.draw(y)
	y += best.height
	told.draw(c.margin, y+max(0, box.low()-y-told.height)*0.45)
}

// best is the plan at the size of the words where they and the photos are worth most: words are worth photos
// of an area that is larger by as much.
func (c *composer) best(plans func(Rect, float64) plan, box Rect) (best plan, told panel) {
	for _, size := range []float64{1.25, 1.08, 0.94, 0.82, 0.72} {
		t := c.tale(size, box)
		left := box
		left.H -= t.height
		p := plans(left, size)
		p.worth = math.Log(max(p.photos, 1)) + math.Log(size)
		if t.cut {
			p.worth -= 0.5
		}
		if !p.fits {
			p.worth -= 10
		}
		if best.draw == nil || p.worth > best.worth {
			best, told = p, t
		}
	}
	return best, told
}

// thrift is what the body goes without where it has no room.
type thrift struct {
	lines   int     // of what happened; none leaves its kind in one line
	most    int     // facts of a child
	photo   float64 // height that words leave to a photo at least, in points on A4
	details bool    // goes without what is known of companions
	alone   bool    // goes without companions
	least   bool    // goes without all that is not photos, but for their labels
}

// The height that words leave to a photo at least, in points on A4: of a face to be known from some steps away, and where there
// is not even room for that.
const (
	goodPhoto  = 150
	leastPhoto = 110
)

// thrifts are all there are, from none to the last, which always goes in. First go what is known of companions and most of
// what happened, then facts that tell least, then what happened; a face that is large, and then a child's age and what it is
// best known by, go last.
func (c *composer) thrifts() (all []thrift) {
	const few, fewest = 4, 2
	whole := maxLines
	if len(c.words.story) > 1 {
		whole = 9
	}
	all = append(all, thrift{lines: whole, most: MaxFacts, photo: goodPhoto}, thrift{lines: whole, most: MaxFacts, photo: goodPhoto, details: true})
	for _, alone := range []bool{false, true} {
		if alone && len(c.words.with) == 0 {
			continue
		}
		for _, photo := range []float64{goodPhoto, leastPhoto} {
			for _, lines := range []int{2, 0} {
				for most := MaxFacts; most >= few; most-- {
					all = append(all, thrift{lines, most, photo, true, alone, false})
				}
			}
		}
		for most := few - 1; most >= fewest; most-- {
			all = append(all, thrift{0, most, leastPhoto, true, alone, false})
		}
	}
	return append(all, thrift{details: true, alone: true, least: true})
}

// leave notes on the page what there was no room for.
func (c *composer) leave() {
	var facts []string
	for i := range c.words.children {
		p := &c.words.children[i]
		for _, f := range p.facts {
			if len(c.words.children) == 1 && !slices.ContainsFunc(c.known(p), func(k fact) bool { return k.key == f.key }) {
				facts = append(facts, f.label)
			}
		}
	}
	c.page.left = left{facts: facts, story: c.thrift.lines == 0 && len(c.words.story) > 0, companions: c.thrift.alone && len(c.words.with) > 0}
}

// plan is a way to show photos and facts.
type plan struct {
	height float64
	photos float64 // their area
	worth  float64
	fits   bool
	draw   func(y float64)
}

// panel is a part of the body that has a gap above it.
type panel struct {
	height float64 // with the gap
	cut    bool
	draw   func(x, y float64) // nil for nothing
}

// maxLines of what happened.
const maxLines = 5

// tale sets what happened at a part of its usual size, in a column for each language.
func (c *composer) tale(size float64, box Rect) panel {
	const gap = 18
	w := c.words
	if c.thrift.least {
		return panel{draw: func(float64, float64) {}}
	}
	most := c.u(12.8 * min(size, 1.2))
	if len(w.children) == 1 && len(w.children[0].photos) == 0 {
		most = c.u(13.5 * size)
	}
	kind := c.set(w.kind, font{most: most * 1.03, least: 9, bold: true, lines: 1}, c.width, 0)
	columns := float64(len(w.story))
	wide := (c.width - c.u(gutter)*(columns-1)) / max(columns, 1)
	p := panel{height: c.u(gap)}
	var texts []*typeset.Block
	tallest := 0.0
	for _, s := range w.story {
		if c.thrift.lines == 0 {
			break
		}
		b := c.prose(s, font{most: most, least: most, lines: c.thrift.lines}, wide, box.H*0.4)
		texts = append(texts, b)
		p.cut = p.cut || b.Cut
		tallest = max(tallest, high(b))
	}
	if len(texts) == 0 && len(kind.Lines) == 0 {
		return panel{draw: func(float64, float64) {}}
	}
	between := 0.0
	if len(texts) > 0 && len(kind.Lines) > 0 {
		between = c.u(5)
	}
	p.height += high(kind) + between + tallest
	p.draw = func(x, y float64) {
		y = c.put(kind, x, y+c.u(gap), c.width, ink, paper) + between
		for _, b := range texts {
			c.put(b, x, y, wide, ink, paper)
			x += wide + c.u(gutter)
		}
	}
	return p
}

// row sets photos side by side at one height, from x, each with its caption below.
type row struct {
	shots    []shot
	captions []*typeset.Block
	widths   []float64
	height   float64 // of the photos
	tall     float64 // with the captions
	width    float64
}

const between = 12 // two photos

// row lays out photos at a height.
func (c *composer) row(shots []shot, height float64) row {
	r := row{shots: shots, height: height}
	tallest := 0.0
	for i := range shots {
		w := height * shots[i].shape()
		caption := shots[i].caption
		if c.thrift.least && shots[i].info.Kind != protocol.AgeProgressed {
			caption = "" // the date; that a picture is made older is always said
		}
		b := c.set(caption, font{most: c.u(9.5), least: minSize, lines: 6}, w, 0)
		r.widths, r.captions = append(r.widths, w), append(r.captions, b)
		r.width += w
		tallest = max(tallest, high(b))
	}
	r.width += c.u(between) * float64(len(shots)-1)
	r.tall = height
	if tallest > 0 {
		r.tall += c.u(6) + tallest
	}
	return r
}

func (c *composer) drawRow(r row, x, y float64) {
	for i := range r.shots {
		c.show(&r.shots[i], Rect{x, y, r.widths[i], r.height})
		c.put(r.captions[i], x, y+r.height+c.u(6), r.widths[i], muted, paper)
		x += r.widths[i] + c.u(between)
	}
}

// beside has one child: the photos at the start with the facts beside them, or below, whichever leaves the photos larger.
// Companions stand below the facts or below all.
func (c *composer) beside(box Rect, size float64) plan {
	under := c.companions(c.width)
	less := box
	less.H -= under.height
	best := c.over(c.below(less, size), under)
	var others []plan
	columns := 2
	if shapesOf(c.words.children[0].photos) > 1.1 {
		columns = 1 // wide photos are larger beside facts in one column
	}
	for ; columns <= 2; columns++ {
		others = append(others, c.over(c.column(less, size, columns, nil), under))
		if under.draw != nil {
			others = append(others, c.column(box, size, columns, c.companions))
		}
	}
	for _, p := range others {
		if p.fits && (!best.fits || p.photos > best.photos) {
			best = p
		}
	}
	if !best.fits {
		best = c.over(c.fewer(less, size), under)
	}
	return best
}

// over puts a panel below a plan.
func (c *composer) over(p plan, under panel) plan {
	if under.draw == nil || p.draw == nil {
		return p
	}
	height, draw := p.height, p.draw
	p.height += under.height
	p.draw = func(y float64) {
		draw(y)
		under.draw(c.margin, y+height)
	}
	return p
}

// column has the facts, in one column or two, and perhaps the companions, at the end: the larger the photos, the narrower
// they are.
func (c *composer) column(box Rect, size float64, columns int, with func(width float64) panel) (p plan) {
	child := &c.words.children[0]
	shapes, gaps := shapesOf(child.photos), c.u(between)*float64(len(child.photos)-1)
	lo, hi := c.u(c.thrift.photo), min(box.H, (c.width-c.u(gutter)-c.u(145)-gaps)/shapes)
	if len(c.known(child)) == 0 && with == nil {
		return p
	}
	for h := hi; hi-lo > 5; h = (lo + hi) / 2 {
		r := c.row(child.photos, h)
		x := c.margin + r.width + c.u(gutter)
		wide := c.margin + c.width - x
		t := c.table(c.known(child), size, wide, columns)
		var side panel
		if with != nil {
			side = with(wide)
		}
		tall := max(r.tall, t.height+side.height)
		if tall > box.H || t.torn || side.cut {
			hi = h
			continue
		}
		lo = h
		p = plan{height: tall, photos: h * h * shapes, fits: true, draw: func(y float64) {
			c.drawRow(r, c.margin, y)
			c.drawTable(t, x, y)
			if side.draw != nil {
				side.draw(x, y+max(t.height, r.height-side.height))
			}
		}}
		if h == hi {
			break
		}
	}
	return p
}

// below has the facts below the photos, three in a row.
func (c *composer) below(box Rect, size float64) (p plan) {
	child := &c.words.children[0]
	shapes, gaps := shapesOf(child.photos), c.u(between)*float64(len(child.photos)-1)
	t := c.table(c.known(child), size, c.width, 3)
	gap := 0.0
	if t.height > 0 {
		gap = c.u(16)
	}
	h := min(box.H-t.height-gap, (c.width-gaps)/shapes)
	for range 4 {
		if h < c.u(c.thrift.photo) {
			return p
		}
		r := c.row(child.photos, h)
		if over := r.tall + gap + t.height - box.H; over > 0 {
			h -= over
			continue
		}
		return plan{height: r.tall + gap + t.height, photos: h * h * shapes, fits: !t.torn, draw: func(y float64) {
			c.drawRow(r, c.margin, y)
			c.drawTable(t, c.margin, y+r.tall+gap)
		}}
	}
	return p
}

// known is what is shown of a child: where there is no room for all, the age, what the child is best known by, and then the
// most useful, or what the officer named first.
func (c *composer) known(p *person) []fact {
	if c.thrift.most >= len(p.facts) {
		return p.facts
	}
	facts := slices.Clone(p.facts)
	if c.in.Facts == nil {
		for _, key := range []string{"appearance", "clothing", "marks"} {
			if i := slices.IndexFunc(facts, func(f fact) bool { return f.key == key }); i > 1 {
				f := facts[i]
				facts = slices.Insert(slices.Delete(facts, i, i+1), 1, f)
			}
		}
	}
	return facts[:c.thrift.most]
}

func shapesOf(shots []shot) (sum float64) {
	for i := range shots {
		sum += shots[i].shape()
	}
	return sum
}

// fewer gives up facts until those that are left go in beside small photos.
func (c *composer) fewer(box Rect, size float64) plan {
	child := &c.words.children[0]
	shapes := shapesOf(child.photos)
	h := min(c.u(1.3*leastPhoto), box.H*0.7, (c.width-c.u(200))/shapes)
	r := c.row(child.photos, h)
	for ; r.tall > box.H && h > c.u(leastPhoto/3); r = c.row(child.photos, h) {
		h *= 0.85
	}
	x := c.margin + r.width + c.u(gutter)
	facts := c.known(child)
	for n := len(facts); ; n-- {
		t := c.table(facts[:n], min(size, 0.8), c.margin+c.width-x, 2)
		if t.height <= box.H || n == 0 {
			return plan{height: max(r.tall, t.height), photos: 1, fits: c.thrift.least && max(r.tall, t.height) <= box.H, draw: func(y float64) {
				c.drawRow(r, c.margin, y)
				c.drawTable(t, x, y)
			}}
		}
	}
}

// wordsOnly has a child without a photo: the facts are large, in two columns.
func (c *composer) wordsOnly(box Rect, size float64) plan {
	child, under := &c.words.children[0], c.companions(c.width)
	facts := c.known(child)
	for n := len(facts); ; n-- {
		t := c.table(facts[:n], size*1.25, c.width, 2)
		fits := t.height+under.height <= box.H
		if fits || n == 0 {
			p := plan{height: t.height, photos: 1 + float64(n), fits: fits && !t.torn, draw: func(y float64) { c.drawTable(t, c.margin, y) }}
			return c.over(p, under)
		}
	}
}
