package poster

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"
)

// family is what fpdf calls our font.
const family = "poster"

// paint draws the marks on a page of the given size.
func paint(in *Input, marks []mark, page rect) ([]byte, error) {
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: page.w, Ht: page.h}})
	pdf.SetCatalogSort(true)
	pdf.SetProducer("gmcn", true)
	pdf.SetTitle(strings.TrimSpace(clean(in.Case.Number+" "+in.Organisation)), true)
	pdf.SetAuthor(clean(in.Organisation), true)
	pdf.SetLang(in.Locale.Tag)
	dated := in.Updated.UTC()
	if in.Updated.IsZero() {
		dated = time.Unix(0, 0).UTC() // fpdf takes the zero time for now
	}
	pdf.SetCreationDate(dated)
	pdf.SetModificationDate(dated)
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.AddUTF8FontFromBytes(family, "", regularTTF)
	pdf.AddUTF8FontFromBytes(family, "B", boldTTF)
	pdf.AddPage()
	for _, m := range marks {
		draw(pdf, in, m, page)
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}

func draw(pdf *fpdf.Fpdf, in *Input, m mark, page rect) {
	switch {
	case m.photo:
		jpeg := fpdf.ImageOptions{ImageType: "JPG"}
		pdf.RegisterImageOptionsReader("photo", jpeg, bytes.NewReader(in.Photo))
		pdf.ImageOptions("photo", m.box.x, m.box.y, m.box.w, m.box.h, false, jpeg, 0, "")
	case m.text != "":
		style := ""
		if m.weight == bold {
			style = "B"
		}
		pdf.SetFont(family, style, m.size)
		pdf.SetTextColor(int(m.colour.r), int(m.colour.g), int(m.colour.b))
		pdf.Text(m.box.x, m.y, m.text)
	default:
		// One path for all areas of a mark leaves no hairlines between the modules of a QR code.
		var path strings.Builder
		fmt.Fprintf(&path, "q %.3f %.3f %.3f rg\n", float64(m.colour.r)/255, float64(m.colour.g)/255, float64(m.colour.b)/255)
		for _, a := range m.areas {
			fmt.Fprintf(&path, "%.3f %.3f %.3f %.3f re\n", a.x, page.h-a.y-a.h, a.w, a.h)
		}
		for i, p := range m.outline {
			op := "l"
			if i == 0 {
				op = "m"
			}
			fmt.Fprintf(&path, "%.3f %.3f %s\n", p[0], page.h-p[1], op)
		}
		path.WriteString("f Q")
		pdf.RawWriteStr(path.String())
	}
	if m.link != "" {
		pdf.LinkString(m.box.x, m.box.y, m.box.w, m.box.h, m.link)
	}
}
