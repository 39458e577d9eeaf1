package poster

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// writePDF paints the pages. The title and the date are all that the file says of itself.
func writePDF(pages []*Page, title string, dated time.Time) []byte {
	if dated.IsZero() {
		dated = time.Unix(0, 0)
	}
	p := &pdfPainter{forms: map[formKey]int{}}
	first := p.file.numbers(2 + 2*len(pages)) // the pages, what they need, then each page and what is on it
	p.file.out = append(make([]byte, 0, 1<<18), "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"...)
	var kids []byte
	for i, page := range pages {
		number := first + 2 + 2*i
		p.page, p.out, p.links = page, p.out[:0], nil
		for j := range page.Marks {
			p.paint(&page.Marks[j])
		}
		p.file.objectf(number, "<</Type /Page /Parent %d 0 R /MediaBox [0 0 %s %s] /Contents %d 0 R /Annots [%s]>>", first,
			decimal(math.Round(100*page.W)/100), decimal(math.Round(100*page.H)/100), number+1, p.links)
		p.file.object(number+1, stream("/Filter /FlateDecode", pack(&fastPackers, p.out)))
		kids = append(strconv.AppendInt(kids, int64(number), 10), " 0 R "...)
	}
	p.file.objectf(first, "%s/Kids [%s]\n/Count %d\n/Resources %d 0 R\n>>", pageTree, kids, len(pages), first+1)
	p.file.object(first+1, p.resources())
	return p.file.end(first, layerWord(title, false), pages[0].Lang, dated)
}

func decimal(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }

// formKey is a glyph as a form: a drawing that pages place by its name.
type formKey struct {
	face    *typeset.Face
	id      uint32
	stroked bool // drawn with a line round it, too
}

// manyAreas are worth a scale of their own.
const manyAreas = 8

type pdfPainter struct {
	file   pdfFile
	page   *Page
	out    []byte // what is on the page
	links  []byte
	photos []*Sight // those of the file, by their numbers, and so the glyphs
	forms  map[formKey]int
	glyphs []formKey
	faint  bool // there is a text that the ground shines through
}

// resources writes all that pages name, and returns where it is.
func (p *pdfPainter) resources() []byte {
	var r []byte
	ref := func(name byte, n, number int) {
		r = strconv.AppendInt(append(r, '/', name), int64(n), 10)
		r = append(strconv.AppendInt(append(r, ' '), int64(number), 10), " 0 R\n"...)
	}
	r = append(r, "<</Font <<"...)
	ref('T', 0, writeLayerFont(&p.file))
	r = append(r, ">> /XObject <<"...)
	at := p.file.numbers(len(p.photos) + len(p.glyphs))
	for i, s := range p.photos {
		ref('P', i, at)
		space := "/DeviceRGB"
		if s.Grey {
			space = "/DeviceGray"
		}
		p.file.object(at, stream("/Type /XObject /Subtype /Image /Width "+strconv.Itoa(s.Width)+" /Height "+strconv.Itoa(s.Height)+
			" /ColorSpace "+space+" /BitsPerComponent 8 /Filter /DCTDecode", s.JPEG))
		at++
	}
	for i, g := range p.glyphs {
		ref('G', i, at)
		p.file.object(at, form(g))
		at++
	}
	r = append(r, ">>"...)
	if p.faint {
		r = append(r, " /ExtGState <</F <</ca "+decimal(faint)+">> >>"...)
	}
	return append(r, ">>"...)
}

// num writes a number with as few decimals as paper can show, and a space.
func (p *pdfPainter) num(values ...float64) {
	for _, v := range values {
		n := int64(math.Round(v * 1000))
		if n < 0 {
			p.out, n = append(p.out, '-'), -n
		}
		p.out = strconv.AppendInt(p.out, n/1000, 10)
		if n %= 1000; n > 0 {
			p.out = append(p.out, '.', byte('0'+n/100), byte('0'+n/10%10), byte('0'+n%10))
			for p.out[len(p.out)-1] == '0' {
				p.out = p.out[:len(p.out)-1]
			}
		}
		p.out = append(p.out, ' ')
	}
}

func (p *pdfPainter) op(s string) { p.out = append(append(p.out, s...), '\n') }

func (p *pdfPainter) colour(c RGB, operator string) {
	p.num(float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
	p.op(operator)
}

func (p *pdfPainter) paint(m *Mark) {
	switch {
	case m.Text != nil:
		p.text(m.Text)
	case m.Picture != nil:
		p.picture(m)
	case m.Dashed:
		x1, y1, x2, y2 := m.ends()
		p.op("q 0.75 w [3 3] 0 d")
		p.colour(m.Colour, "RG")
		p.num(x1, p.page.H-y1)
		p.op("m")
		p.num(x2, p.page.H-y2)
		p.op("l S Q")
	default:
		x, y, unit := 0.0, p.page.H, 1.0
		p.op("q")
		p.colour(m.Colour, "rg")
		if len(m.Areas) > manyAreas { // of a QR code: in modules, which are whole and short
			x, y, unit = m.Box.X, m.Box.Y, m.Areas[0].H
			for _, v := range [...]float64{unit, 0, 0, unit} {
				p.out = append(strconv.AppendFloat(p.out, v, 'f', 6, 64), ' ')
			}
			p.num(x, p.page.H-y)
			p.op("cm")
		}
		for _, a := range m.Areas {
			p.num((a.X-x)/unit, (y-a.low())/unit, a.W/unit, a.H/unit)
			p.op("re")
		}
		p.op("f Q")
	}
	if m.Link != "" {
		b := m.Box
		p.links = append(p.links, "<</Type /Annot /Subtype /Link /Border [0 0 0] /Rect ["+decimal(b.X)+" "+decimal(p.page.H-b.low())+" "+
			decimal(b.right())+" "+decimal(p.page.H-b.Y)+"] /A <</S /URI /URI "...)
		p.links = append(append(p.links, pdfBytes(m.Link)...), ">> >>"...)
	}
}

// picture puts the JPEG into the file as it is, once, and shows its part through the box.
func (p *pdfPainter) picture(m *Mark) {
	s := m.Picture
	n := slices.IndexFunc(p.photos, func(o *Sight) bool { return &o.JPEG[0] == &s.JPEG[0] })
	if n < 0 {
		n = len(p.photos)
		p.photos = append(p.photos, s)
	}
	b, scale := m.Box, m.Box.W/s.Crop.W
	p.op("q")
	p.num(b.X, p.page.H-b.low(), b.W, b.H)
	p.op("re W n")
	p.num(float64(s.Width)*scale, 0, 0, float64(s.Height)*scale, b.X-s.Crop.X*scale, p.page.H-b.Y-(float64(s.Height)-s.Crop.Y)*scale)
	p.out = strconv.AppendInt(append(p.out, "cm /P"...), int64(n), 10)
	p.op(" Do Q")
}

// text places the form of each glyph. Between glyphs it moves by whole units of the font: these are short.
func (p *pdfPainter) text(t *Text) {
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	p.op("q")
	if t.Faint {
		p.faint = true
		p.op("/F gs")
	}
	p.colour(t.Colour, "rg")
	for _, line := range t.Block.Lines {
		for _, run := range line.Runs {
			scale := run.Size / float64(run.Face.UnitsPerEm())
			x, y := t.turned(0, 0)
			p.op("q")
			if run.Embolden > 0 {
				p.colour(t.Colour, "RG")
				p.num(run.Embolden / scale)
				p.op("w 1 j")
			}
			for _, v := range [...]float64{scale * cos, scale * sin, -scale * sin, scale * cos} {
				p.out = append(strconv.AppendFloat(p.out, v, 'f', 6, 64), ' ')
			}
			p.num(x, p.page.H-y)
			p.op("cm")
			px, py := 0, 0
			for _, g := range run.Glyphs {
				if len(run.Face.Outline(g.ID)) == 0 {
					continue
				}
				key := formKey{run.Face, g.ID, run.Embolden > 0}
				n, ok := p.forms[key]
				if !ok {
					n = len(p.glyphs)
					p.forms[key] = n
					p.glyphs = append(p.glyphs, key)
				}
				gx, gy := int(math.Round(g.X/scale)), int(math.Round(-g.Y/scale))
				p.out = strconv.AppendInt(append(p.out, "1 0 0 1 "...), int64(gx-px), 10)
				p.out = strconv.AppendInt(append(p.out, ' '), int64(gy-py), 10)
				p.out = strconv.AppendInt(append(p.out, " cm /G"...), int64(n), 10)
				p.op(" Do")
				px, py = gx, gy
			}
			p.op("Q")
		}
	}
	p.op("Q")
	if t.Turn == 0 && !t.Faint {
		p.layer(t)
	}
}

// form is the drawing of a glyph in units of its font. It is made once and kept with the face.
func form(key formKey) []byte {
	type kept struct {
		id      uint32
		stroked bool
	}
	return key.face.Keep(kept{key.id, key.stroked}, func() []byte {
		var path []byte
		var left, low, right, high int
		for i, s := range key.face.Outline(key.id) {
			n, operator := 1, "m\n"
			switch s.Op {
			case typeset.LineTo:
				operator = "l\n"
			case typeset.CurveTo:
				n, operator = 3, "c\n"
			case typeset.Close:
				n, operator = 0, "h\n"
			}
			for _, pt := range s.P[:n] {
				if i == 0 {
					left, low, right, high = pt.X, pt.Y, pt.X, pt.Y
				}
				left, low, right, high = min(left, pt.X), min(low, pt.Y), max(right, pt.X), max(high, pt.Y)
				path = append(strconv.AppendInt(path, int64(pt.X), 10), ' ')
				path = append(strconv.AppendInt(path, int64(pt.Y), 10), ' ')
			}
			path = append(path, operator...)
		}
		fill, around := "f", 1
		if key.stroked {
			fill, around = "B", key.face.UnitsPerEm()/20
		}
		box := make([]byte, 0, 64)
		for _, v := range [...]int{left - around, low - around, right + around, high + around} {
			box = append(strconv.AppendInt(box, int64(v), 10), ' ')
		}
		return stream("/Type /XObject /Subtype /Form /BBox ["+string(box)+"] /Filter /FlateDecode", pack(&goodPackers, append(path, fill...)))
	})
}
