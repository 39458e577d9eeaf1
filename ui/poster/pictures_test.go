package poster

import (
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

var (
	pictures = flag.String("pictures", "", "a folder to leave the gallery in, as PDFs, for people to look at")
	readme   = flag.String("readme", "", "where to draw the picture of posters in five scripts: ../../docs/images/posters.png")
)

// TestGalleryForPeople leaves the gallery in a folder.
func TestGalleryForPeople(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures names no folder")
	}
	for _, tag := range languages(t) {
		for _, format := range Formats() {
			for _, a := range gallery {
				if len(a.lacks) > 0 || a.name != "full" && !*all && tag != "en" && tag != "ar" {
					continue
				}
				in := inTongue(t, tag, format)
				a.change(t, &in)
				name := strings.ReplaceAll(tag+"-"+string(format)+"-"+a.name, " ", "_") + ".pdf"
				if err := os.WriteFile(filepath.Join(*pictures, name), render(t, in), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// inColours is a poster in a language, with a face and the colours of a member.
func inColours(t *testing.T, tag, brand, accent string, look protocoltest.Look) Input {
	in := inTongue(t, tag, A4)
	in.Brand, in.Accent = brand, accent
	child(&in).OtherNames, child(&in).Hair, child(&in).HairDyed = nil, []protocol.HairColour{"black"}, false
	in.Photos = []Picture{{JPEG: drawn(t, look), Info: protocol.Photo{Kind: protocol.Portrait, Taken: protocol.Date{Year: 2025, Month: 9}}}}
	return in
}

// TestReadmePicture draws the picture of the README again, with -readme.
func TestReadmePicture(t *testing.T) {
	if *readme == "" {
		t.Skip("-readme names no file")
	}
	of := func(tag, number string) Input {
		all := demo(t, tag, A4)
		return all[slices.IndexFunc(all, func(in Input) bool { return in.Case.Number == number })]
	}
	posters := []Input{
		of("en", "XA-2026-001"), of("el", "XB-2026-001"), of("ar", "XC-2026-003"),
		inColours(t, "hi", "#B00020", "#FFC72C", protocoltest.Look{Seed: 31, Age: 11, Skin: protocoltest.SkinBronze, Hair: protocoltest.HairBlack,
			Eyes: protocoltest.EyesDark, Style: protocoltest.Plaits, Top: 0xf2a541, Cloth: 0xa23b72, Background: 0xcfe6c8, Smile: true}),
		inColours(t, "ko", "#5B2A86", "#FFC72C", protocoltest.Look{Seed: 32, Age: 12, Skin: protocoltest.SkinSand, Hair: protocoltest.HairDark,
			Eyes: protocoltest.EyesBrown, Style: protocoltest.Bob, Top: 0xe78fb3, Cloth: 0x3a7ca5, Background: 0xc9dbe8, Smile: true}),
	}
	const width, height, gap = 300, 424, 12
	sheet := image.NewRGBA(image.Rect(0, 0, (width+gap)*len(posters)+gap, height+2*gap))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.RGBA{0x8a, 0x93, 0x9b, 255}), image.Point{}, draw.Src)
	for i, in := range posters {
		page, err := Image(in, 0, width)
		if err != nil {
			t.Fatal(err)
		}
		draw.Draw(sheet, image.Rect(0, 0, width, height).Add(image.Pt(gap+i*(width+gap), gap)), page, image.Point{}, draw.Src)
	}
	file, err := os.Create(*readme)
	if err != nil {
		t.Fatal(err)
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(file, fewColours(sheet)); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// fewColours is the picture in its 256 most usual colours, told apart by four bits a channel: of those that are alike the one
// that is met most often, so that white stays white.
func fewColours(img *image.RGBA) *image.Paletted {
	type shade struct {
		c     color.RGBA
		count int
	}
	exact := map[color.RGBA]int{}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			exact[img.RGBAAt(x, y)]++
		}
	}
	found := map[color.RGBA]*shade{}
	usual := map[color.RGBA]int{}
	for c, n := range exact {
		key := color.RGBA{c.R >> 4, c.G >> 4, c.B >> 4, 0}
		if found[key] == nil {
			found[key] = &shade{}
		}
		found[key].count += n
		if n > usual[key] || n == usual[key] && (c.R < found[key].c.R || c.R == found[key].c.R && (c.G < found[key].c.G || c.G == found[key].c.G && c.B < found[key].c.B)) {
			found[key].c, usual[key] = c, n
		}
	}
	var shades []*shade
	for _, s := range found {
		shades = append(shades, s)
	}
	slices.SortFunc(shades, func(a, b *shade) int {
		return cmp.Or(b.count-a.count, int(a.c.R)-int(b.c.R), int(a.c.G)-int(b.c.G), int(a.c.B)-int(b.c.B))
	})
	var p color.Palette
	for _, s := range shades[:min(len(shades), 256)] {
		p = append(p, s.c)
	}
	out := image.NewPaletted(img.Rect, p)
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	return out
}
