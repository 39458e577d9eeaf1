package poster

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/go-pdf/fpdf"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// layerFont is what fpdf calls the font of the invisible layer.
const layerFont = "layer"

// writePDF paints the pages. The title is all that the file says of itself.
func writePDF(pages []*Page, title string, dated time.Time) ([]byte, error) {
	p := &pdfPainter{outlines: map[outlineKey][]byte{}}
	p.pdf = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pages[0].W, Ht: pages[0].H}})
	p.pdf.SetCatalogSort(true)
	p.pdf.SetProducer("gmcn", true)
	p.pdf.SetTitle(layerWord(title, false), true) // fpdf panics on what is no UTF-8
	p.pdf.SetLang(pages[0].Lang)
	if dated.IsZero() {
		dated = time.Unix(0, 0) // fpdf takes the zero time for now
	}
	p.pdf.SetCreationDate(dated.UTC())
	p.pdf.SetModificationDate(dated.UTC())
	p.pdf.SetMargins(0, 0, 0)
	p.pdf.SetAutoPageBreak(false, 0)
	p.pdf.AddUTF8FontFromBytes(layerFont, "", emptyFont(layerCharacters(pages)))
	for _, page := range pages {
		p.page = page
		p.pdf.AddPageFormat("P", fpdf.SizeType{Wd: page.W, Ht: page.H})
		for i := range page.Marks {
			p.paint(&page.Marks[i])
		}
	}
	var out bytes.Buffer
	if err := p.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}

// layerCharacters returns what the layer needs, sorted.
func layerCharacters(pages []*Page) (all []rune) {
	for _, p := range pages {
		for _, m := range p.Marks {
			if m.Text == nil {
				continue
			}
			for _, l := range m.Text.Block.Lines {
				for _, w := range l.Words {
					all = append(all, []rune(layerWord(w.Text, false))...)
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

type outlineKey struct {
	face *typeset.Face
	id   uint32
}

type pdfPainter struct {
	pdf      *fpdf.Fpdf
	page     *Page
	outlines map[outlineKey][]byte
	photos   [][]byte // those that the file has already
	out      []byte
}

// num writes a number with as few decimals as paper can show, and a space.
func (p *pdfPainter) num(values ...float64) {
	for _, v := range values {
		p.out = strconv.AppendFloat(p.out, math.Round(v*1000)/1000, 'f', -1, 64)
		p.out = append(p.out, ' ')
	}
}

func (p *pdfPainter) op(s string) { p.out = append(append(p.out, s...), '\n') }

func (p *pdfPainter) colour(c RGB, operator string) {
	p.num(float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
	p.op(operator)
}

func (p *pdfPainter) paint(m *Mark) {
	p.out = p.out[:0]
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
		p.op("q")
		p.colour(m.Colour, "rg")
		for _, a := range m.Areas {
			p.num(a.X, p.page.H-a.low(), a.W, a.H)
			p.op("re")
		}
		p.op("f Q")
	}
	if m.Text != nil && m.Text.Faint {
		p.pdf.SetAlpha(faint, "Normal")
		defer p.pdf.SetAlpha(1, "Normal")
	}
	if len(p.out) > 0 {
		p.pdf.RawWriteBuf(bytes.NewReader(p.out))
	}
	if m.Text != nil && m.Text.Turn == 0 {
		p.layer(m.Text)
	}
	if m.Link != "" {
		p.pdf.LinkString(m.Box.X, m.Box.Y, m.Box.W, m.Box.H, m.Link)
	}
}

// picture puts the JPEG into the file as it is, once, and shows its part through the box.
func (p *pdfPainter) picture(m *Mark) {
	s := m.Picture
	n := slices.IndexFunc(p.photos, func(b []byte) bool { return &b[0] == &s.JPEG[0] })
	seen := n >= 0
	if !seen {
		n = len(p.photos)
		p.photos = append(p.photos, s.JPEG)
	}
	name, jpeg := "photo"+strconv.Itoa(n), fpdf.ImageOptions{ImageType: "JPG", AllowNegativePosition: true}
	info := p.pdf.RegisterImageOptionsReader(name, jpeg, bytes.NewReader(s.JPEG))
	if !seen && info != nil {
		if err := order(info, n); err != nil {
			p.pdf.SetError(err)
			return
		}
	}
	scale := m.Box.W / s.Crop.W
	p.pdf.ClipRect(m.Box.X, m.Box.Y, m.Box.W, m.Box.H, false)
	p.pdf.ImageOptions(name, m.Box.X-s.Crop.X*scale, m.Box.Y-s.Crop.Y*scale, float64(s.Width)*scale, float64(s.Height)*scale, false, jpeg, 0, "")
	p.pdf.ClipEnd()
}

// order makes photo n of the file wider by n thousandths of a pixel, which the file does not tell: fpdf writes photos in
// the order of their widths, and those of one width in any order, but the same poster must be the same bytes.
func order(info *fpdf.ImageInfoType, n int) error {
	raw, err := info.GobEncode()
	if err != nil {
		return fmt.Errorf("order photos: %w", err)
	}
	var data, mask, palette []byte
	var number, bits int
	var width, height, scale, dpi float64
	var space, filter, params string
	var clear []int
	fields := []any{&data, &mask, &number, &width, &height, &space, &palette, &bits, &filter, &params, &clear, &scale, &dpi}
	decoder := gob.NewDecoder(bytes.NewReader(raw))
	for _, f := range fields {
		if err := decoder.Decode(f); err != nil {
			return fmt.Errorf("order photos: %w", err)
		}
	}
	width += float64(n) / 1000
	var wider bytes.Buffer
	encoder := gob.NewEncoder(&wider)
	for _, f := range fields {
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("order photos: %w", err)
		}
	}
	return info.GobDecode(wider.Bytes())
}

// text fills the outline of each glyph. Between glyphs it moves by whole units of the font, so that the same glyph is the
// same bytes wherever it stands and the file stays small.
func (p *pdfPainter) text(t *Text) {
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	for _, line := range t.Block.Lines {
		for _, run := range line.Runs {
			scale := run.Size / float64(run.Face.UnitsPerEm())
			x, y := t.turned(0, 0)
			p.op("q")
			p.colour(t.Colour, "rg")
			fill := "f"
			if run.Embolden > 0 {
				fill = "B"
				p.colour(t.Colour, "RG")
				p.num(run.Embolden / scale)
				p.op("w 1 j")
			}
			p.out = strconv.AppendFloat(p.out, scale*cos, 'f', 6, 64)
			p.out = append(p.out, ' ')
			p.out = strconv.AppendFloat(p.out, scale*sin, 'f', 6, 64)
			p.out = append(p.out, ' ')
			p.out = strconv.AppendFloat(p.out, -scale*sin, 'f', 6, 64)
			p.out = append(p.out, ' ')
			p.out = strconv.AppendFloat(p.out, scale*cos, 'f', 6, 64)
			p.out = append(p.out, ' ')
			p.num(x, p.page.H-y)
			p.op("cm")
			px, py := 0, 0
			for _, g := range run.Glyphs {
				path := p.outline(run.Face, g.ID)
				if len(path) == 0 {
					continue
				}
				gx, gy := int(math.Round(g.X/scale)), int(math.Round(-g.Y/scale))
				p.out = append(p.out, "1 0 0 1 "...)
				p.out = strconv.AppendInt(p.out, int64(gx-px), 10)
				p.out = append(p.out, ' ')
				p.out = strconv.AppendInt(p.out, int64(gy-py), 10)
				p.out = append(p.out, " cm\n"...)
				px, py = gx, gy
				p.out = append(p.out, path...)
				p.op(fill)
			}
			p.op("Q")
		}
	}
}

// outline returns the path of a glyph in units of its font.
func (p *pdfPainter) outline(face *typeset.Face, id uint32) []byte {
	key := outlineKey{face, id}
	path, ok := p.outlines[key]
	if ok {
		return path
	}
	for _, s := range face.Outline(id) {
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
			path = strconv.AppendInt(path, int64(pt.X), 10)
			path = append(path, ' ')
			path = strconv.AppendInt(path, int64(pt.Y), 10)
			path = append(path, ' ')
		}
		path = append(path, operator...)
	}
	p.outlines[key] = path
	return path
}

// layer writes the words where their outlines are, invisible, each stretched to its width.
func (p *pdfPainter) layer(t *Text) {
	if t.Faint {
		return
	}
	p.pdf.SetTextRenderingMode(3)
	for _, line := range t.Block.Lines {
		for _, w := range line.Words {
			word := layerWord(w.Text, w.RTL)
			if word == "" || w.Width <= 0 {
				continue
			}
			size := line.Runs[0].Size
			p.pdf.SetFont(layerFont, "", size)
			natural := 0.5 * size * float64(len([]rune(word)))
			p.pdf.RawWriteStr(strconv.FormatFloat(100*w.Width/natural, 'f', 2, 64) + " Tz")
			p.pdf.Text(t.X+w.X, t.Y+line.Baseline, word)
		}
	}
	p.pdf.RawWriteStr("100 Tz")
	p.pdf.SetTextRenderingMode(0)
}
