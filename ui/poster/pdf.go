package poster

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/go-pdf/fpdf"
	"github.com/klauspost/compress/zlib"

	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// writePDF paints the pages. The title and the date are all that the file says of itself.
//
// fpdf is no longer looked after, and some of its faults are gone round here. It takes a date of zero for that of today, panics at a title
// beyond U+FFFF, and writes photos of one width in any order. And it makes a compressor of more than a megabyte for each
// page, which took a third of the time of a poster: what is seen of a page but its photos is packed here instead, with a
// compressor that serves again and again, into a form, which fpdf takes as an object of another file (Fpdf.ImportObjects).
// It writes such objects in any order, so there can only be one, in a file of one page; nearly all posters are that. The pages
// of other files have their outlines in themselves, and fpdf packs them.
func writePDF(pages []*Page, title string, dated time.Time) ([]byte, error) {
	if dated.IsZero() {
		dated = time.Unix(0, 0)
	}
	tools := workshop.Get().(*tools)
	p := &pdfPainter{tools: tools, words: layerFontsOf(pages), font: -1}
	p.pdf = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pages[0].W, Ht: pages[0].H}})
	p.pdf.SetCatalogSort(true)
	p.pdf.SetProducer("gmcn", false)
	p.pdf.SetTitle(pdfText(layerWord(title, false)), false)
	p.pdf.SetLang(pages[0].Lang)
	p.pdf.SetCreationDate(dated.UTC())
	p.pdf.SetModificationDate(dated.UTC())
	p.pdf.SetMargins(0, 0, 0)
	p.pdf.SetAutoPageBreak(false, 0)
	p.pdf.SetCompression(len(pages) > 1)
	if err := p.words.register(p.pdf); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	for _, page := range pages {
		p.page = page
		p.pdf.AddPageFormat("P", fpdf.SizeType{Wd: page.W, Ht: page.H})
		p.pdf.SetTextRenderingMode(3) // invisible: what is seen is outlines
		p.outlines()
		if len(pages) > 1 {
			p.flush()
		} else if err := p.form(); err != nil {
			return nil, fmt.Errorf("write PDF: %w", err)
		}
		for i := range page.Marks {
			p.above(&page.Marks[i])
		}
		p.flush()
	}
	var out bytes.Buffer
	if err := p.pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	workshop.Put(tools)
	return out.Bytes(), nil
}

// tools are what one poster after another is painted with.
type tools struct {
	out    []byte          // what fpdf has not been given yet
	glyphs []placed        // what out has not been given yet
	faces  []*typeset.Face // of them
	order  []uint64        // in which they are filled: the numbers of the face, of the glyph in it, and among the glyphs
	packed bytes.Buffer
	packer *zlib.Writer
}

var workshop = sync.Pool{New: func() any {
	packer, err := zlib.NewWriterLevel(nil, zlib.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return &tools{packer: packer}
}}

// pdfText is a text of any script as a PDF has it, which fpdf makes of the lower 65536 characters only.
func pdfText(text []rune) string {
	b := []byte{0xfe, 0xff}
	for _, u := range utf16.Encode(text) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return string(b)
}

type pdfPainter struct {
	*tools
	pdf    *fpdf.Fpdf
	page   *Page
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

// form gives fpdf what has been painted, packed, as a form, and shows that on the page.
func (p *pdfPainter) form() error {
	p.packed.Reset()
	p.packer.Reset(&p.packed)
	if _, err := p.packer.Write(p.out); err != nil {
		return err
	}
	if err := p.packer.Close(); err != nil {
		return err
	}
	p.out = p.out[:0]
	object := fmt.Appendf(make([]byte, 0, p.packed.Len()+200), "<</Type /XObject /Subtype /Form /BBox [0 0 %.2f %.2f] /Resources <<>>\n"+
		"/Filter /FlateDecode /Length %d>>\nstream\n", p.page.W, p.page.H, p.packed.Len())
	object = append(append(object, p.packed.Bytes()...), "\nendstream\nendobj"...)
	const name, id = "/Outlines", "outlines"
	p.pdf.ImportObjects(map[string][]byte{id: object})
	p.pdf.ImportTemplates(map[string]string{name: id})
	p.pdf.UseImportedTemplate(name, 1, 1, 0, -p.page.H)
	return nil
}

// num writes numbers with so many decimals at most, without zeros that say nothing, and a space after each.
func (p *pdfPainter) num(decimals int, values ...float64) {
	for _, v := range values {
		n := int64(math.Round(v * float64(tenTo[decimals])))
		if n < 0 {
			p.out, n = append(p.out, '-'), -n
		}
		whole, part := n/tenTo[decimals], n%tenTo[decimals]
		if whole > 0 || part == 0 {
			p.out = strconv.AppendInt(p.out, whole, 10)
		}
		if part > 0 {
			p.out = append(p.out, '.')
			for i := decimals - 1; part > 0; i-- {
				p.out = append(p.out, byte('0'+part/tenTo[i]))
				part %= tenTo[i]
			}
		}
		p.out = append(p.out, ' ')
	}
}

var tenTo = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6}

// What is written with how many decimals: as many as paper can show.
const (
	ofPlaces  = 2 // of glyphs and words, in points
	ofEdges   = 3 // of areas, which touch
	ofColours = 3
	ofScales  = 6
)

func (p *pdfPainter) op(s string) { p.out = append(append(p.out, s...), '\n') }

func (p *pdfPainter) colour(c RGB, operator string) {
	p.num(ofColours, float64(c.R)/255, float64(c.G)/255, float64(c.B)/255)
	p.op(operator)
}

// outlines paints what lies lowest: areas and lines, and on them the texts.
func (p *pdfPainter) outlines() {
	for i := range p.page.Marks {
		switch m := &p.page.Marks[i]; {
		case m.Text != nil && !m.Text.Faint:
			p.gather(m.Text)
		case m.Dashed:
			x1, y1, x2, y2 := m.ends()
			p.op("q .75 w [3 3] 0 d")
			p.colour(m.Colour, "RG")
			p.num(ofEdges, x1, p.page.H-y1)
			p.op("m")
			p.num(ofEdges, x2, p.page.H-y2)
			p.op("l S Q")
		case len(m.Areas) > 0:
			p.areas(m)
		}
	}
	p.fill()
}

// manyAreas are worth a scale of their own.
const manyAreas = 8

func (p *pdfPainter) areas(m *Mark) {
	x, y, unit := 0.0, p.page.H, 1.0
	p.op("q")
	p.colour(m.Colour, "rg")
	if len(m.Areas) > manyAreas { // of a QR code: in modules, which are whole and short
		x, y, unit = m.Box.X, m.Box.Y, m.Areas[0].H
		p.num(ofScales, unit, 0, 0, unit)
		p.num(ofEdges, x, p.page.H-y)
		p.op("cm")
	}
	for _, a := range m.Areas {
		p.num(ofEdges, (a.X-x)/unit, (y-a.low())/unit, a.W/unit, a.H/unit)
		p.op("re")
	}
	p.op("f Q")
}

// above paints what fpdf has to be told: a photo, a link, the words of a text, and what lies on all else.
func (p *pdfPainter) above(m *Mark) {
	switch {
	case m.Picture != nil:
		p.picture(m)
	case m.Text != nil && m.Text.Faint:
		p.flush()
		p.pdf.SetAlpha(faint, "Normal")
		p.gather(m.Text)
		p.fill()
		p.flush()
		p.pdf.SetAlpha(1, "Normal")
	case m.Text != nil && m.Text.layered():
		p.layer(m.Text)
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
