package poster

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/go-pdf/fpdf"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// writePDF paints the pages. The title and the date are all that the file says of itself.
//
// fpdf is no longer looked after, and some of its faults are gone round here: it takes a date of zero for now, panics at a title
// beyond U+FFFF, and writes photos of one width in any order.
func writePDF(pages []*Page, title string, dated time.Time) ([]byte, error) {
	if dated.IsZero() {
		dated = time.Unix(0, 0)
	}
	p := &pdfPainter{words: layerFontsOf(pages), font: -1, out: make([]byte, 0, 1<<18)}
	p.pdf = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pages[0].W, Ht: pages[0].H}})
	p.pdf.SetCatalogSort(true)
	p.pdf.SetProducer("gmcn", false)
	p.pdf.SetTitle(pdfText(layerWord(title, false)), false)
	p.pdf.SetLang(pages[0].Lang)
	p.pdf.SetCreationDate(dated.UTC())
	p.pdf.SetModificationDate(dated.UTC())
	p.pdf.SetMargins(0, 0, 0)
	p.pdf.SetAutoPageBreak(false, 0)
	if err := p.words.register(p.pdf); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	for _, page := range pages {
		p.page = page
		p.pdf.AddPageFormat("P", fpdf.SizeType{Wd: page.W, Ht: page.H})
		p.pdf.SetTextRenderingMode(3) // invisible: what is seen is outlines
		for i := range page.Marks {
			p.paint(&page.Marks[i])
		}
		p.flush()
	}
	var out bytes.Buffer
	if err := p.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}

// pdfText is a text of any script as a PDF has it, which fpdf makes of the lower 65536 characters only.
func pdfText(s string) string {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

// manyAreas are worth a scale of their own.
const manyAreas = 8

type pdfPainter struct {
	pdf    *fpdf.Fpdf
	page   *Page
	out    []byte   // what fpdf has not been given yet
	photos []*Sight // those that the file has, by their numbers
	words  layerFonts
	font   int // of them, which fpdf has set, and its size
	size   float64
}

// flush gives fpdf what has been painted, before fpdf paints itself.
func (p *pdfPainter) flush() {
	if len(p.out) > 0 {
		p.pdf.RawWriteStr(string(p.out))
		p.out = p.out[:0]
	}
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
		p.pdf.LinkString(m.Box.X, m.Box.Y, m.Box.W, m.Box.H, m.Link)
	}
}

// picture puts the JPEG into the file as it is, once, and shows its part through the box.
func (p *pdfPainter) picture(m *Mark) {
	s := m.Picture
	n := slices.IndexFunc(p.photos, func(o *Sight) bool { return bytes.Equal(o.JPEG, s.JPEG) })
	seen := n >= 0
	if !seen {
		n = len(p.photos)
		p.photos = append(p.photos, s)
	}
	p.flush()
	name, jpeg := "photo"+strconv.Itoa(n), fpdf.ImageOptions{ImageType: "JPG", AllowNegativePosition: true}
	if info := p.pdf.RegisterImageOptionsReader(name, jpeg, bytes.NewReader(s.JPEG)); info != nil && !seen {
		wide := 0 // photos of the same width before it
		for _, o := range p.photos[:n] {
			if o.Width == s.Width {
				wide++
			}
		}
		if wide > 0 {
			if err := order(info, wide); err != nil {
				p.pdf.SetError(err)
				return
			}
		}
	}
	scale := m.Box.W / s.Crop.W
	p.pdf.ClipRect(m.Box.X, m.Box.Y, m.Box.W, m.Box.H, false)
	p.pdf.ImageOptions(name, m.Box.X-s.Crop.X*scale, m.Box.Y-s.Crop.Y*scale, float64(s.Width)*scale, float64(s.Height)*scale, false, jpeg, 0, "")
	p.pdf.ClipEnd()
}

// order makes a photo wider by n thousandths of a pixel, which the file does not tell: fpdf writes photos in the order of
// their widths, and those of one width in any order, but the same poster must be the same bytes.
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
	if t.Faint {
		p.flush()
		p.pdf.SetAlpha(faint, "Normal")
	}
	sin, cos := math.Sincos(t.Turn * math.Pi / 180)
	x, y := t.turned(0, 0)
	for _, line := range t.Block.Lines {
		for _, run := range line.Runs {
			scale := run.Size / float64(run.Face.UnitsPerEm())
			p.op("q")
			p.colour(t.Colour, "rg")
			fill := "f\n"
			if run.Embolden > 0 {
				fill = "B\n"
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
				path := outline(run.Face, g.ID)
				if len(path) == 0 {
					continue
				}
				gx, gy := int(math.Round(g.X/scale)), int(math.Round(-g.Y/scale))
				p.out = strconv.AppendInt(append(p.out, "1 0 0 1 "...), int64(gx-px), 10)
				p.out = strconv.AppendInt(append(p.out, ' '), int64(gy-py), 10)
				p.out = append(p.out, " cm\n"...)
				p.out = append(append(p.out, path...), fill...)
				px, py = gx, gy
			}
			p.op("Q")
		}
	}
	switch {
	case t.Faint:
		p.flush()
		p.pdf.SetAlpha(1, "Normal")
	case t.Turn == 0:
		p.layer(t)
	}
}

// outline is the path of a glyph in units of its font. It is made once and kept with the face.
func outline(face *typeset.Face, id uint32) []byte {
	return face.Keep(id, func() (path []byte) {
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
				path = append(strconv.AppendInt(path, int64(pt.X), 10), ' ')
				path = append(strconv.AppendInt(path, int64(pt.Y), 10), ' ')
			}
			path = append(path, operator...)
		}
		return path
	})
}
