package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// inFile leaves a poster in a file of its own.
func inFile(t *testing.T, in Input) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "poster.pdf")
	if err := os.WriteFile(file, render(t, in), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// bare is a text without white space and without marks that are not seen: white space is where lines end, and some readers
// put it between scripts.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \u00a0\u202f\n\f", r) || !inLayer(r) {
			return -1
		}
		return r
	}, s)
}

// TestTextIsFoundInEveryLanguage has another program read the text of the posters, and look for faults in the files.
func TestTextIsFoundInEveryLanguage(t *testing.T) {
	for _, tag := range languages(t) {
		t.Run(tag, func(t *testing.T) {
			t.Parallel()
			for i, format := range Formats() {
				in := inTongue(t, tag, format)
				in.TearOff = i%2 == 0
				file := inFile(t, in)
				text := bare(tool(t, "pdftotext", "-layout", file, "-"))
				wanted := []string{child(&in).Name, in.Hotline, in.Case.Number}
				if designs[format].screen {
					wanted = wanted[:2] // a picture is shared with its address
				}
				for _, want := range wanted {
					if !strings.Contains(text, bare(want)) {
						t.Errorf("%s: pdftotext does not find %q in:\n%s", format, want, text)
					}
				}
				if out := tool(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors found") {
					t.Error(out)
				}
			}
		})
	}
}

// TestWordEndsAreNotCopied: a line breaks at a mark, and nobody finds one in the text.
func TestWordEndsAreNotCopied(t *testing.T) {
	in := inTongue(t, "th", A4)
	words := []string{"เด็กหญิง", "ออก", "จาก", "โรงเรียน", "ราว", "สี่", "โมง", "เย็น", "และ", "ไม่ได้", "กลับ", "บ้าน", "อาจ", "ขึ้น", "รถโดยสาร", "ไป", "ทาง", "ทะเลสาบ", "เธอ", "ชอบ", "วาดรูป", "ใน", "สวนสาธารณะ"}
	in.Case.What["th"] = strings.Join(words, "\u200b")
	text := tool(t, "pdftotext", "-layout", inFile(t, in), "-")
	if strings.ContainsRune(text, '\u200b') || !strings.Contains(bare(text), strings.Join(words, "")) {
		t.Errorf("the words are not copied as they were:\n%q", text)
	}
	for line := range strings.Lines(text) {
		for _, w := range words[:len(words)-1] {
			if line = strings.TrimSpace(line); strings.Contains(line, "เด็กหญิงออก") && strings.HasSuffix(line, w) {
				return
			}
		}
	}
	t.Errorf("the first line does not end with a word:\n%s", text)
}

// TestCodeIsReadOffPaper scans the longest QR code off a picture no better than a telephone's of paper: 100 pixels an inch.
func TestCodeIsReadOffPaper(t *testing.T) {
	const base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	long := "HTTPS://MISSING.EXAMPLE/V/"
	for i := 7; len(long) < maxCode-4; i = (i*29 + 11) % 997 {
		long += string(base32[i%32])
	}
	for _, format := range Formats() {
		if designs[format].screen {
			continue
		}
		for _, tag := range []string{"en", "ar"} {
			for _, change := range []string{"full", "tear-off", "black and white", "no photo", "all at once"} {
				t.Run(fmt.Sprint(format, " ", tag, " ", change), func(t *testing.T) {
					t.Parallel()
					in := inTongue(t, tag, format)
					in.Code = long
					i := slices.IndexFunc(gallery, func(a awkward) bool { return a.name == change })
					gallery[i].change(t, &in)
					in.State = Published
					file := inFile(t, in)
					tool(t, "pdftoppm", "-r", "100", "-png", "-singlefile", file, file)
					if got := strings.TrimSpace(tool(t, "zbarimg", "-q", "--raw", file+".png")); got != long {
						t.Errorf("the QR code says %q", got)
					}
				})
			}
		}
	}
}

// brands are our own colours, those of the invented countries, and some that a member might choose against advice.
func brands() [][2]string {
	all := [][2]string{{"", ""}, {"#003B71", "#FFC72C"}, {"#00563F", "#FFC72C"}, {"#5B2A86", "#FFC72C"}, {"#2F3E4E", "#FFC72C"},
		{"#F5D547", "#F5D547"}, {"#7FB2E5", "#D81E05"}, {"#777777", "#777777"}}
	for _, c := range protocoltest.Countries(time.Unix(0, 0)) {
		all = append(all, [2]string{c.Brand, c.Accent})
	}
	return all
}

// TestGreyKeepsTheContrast prints posters without colours, as most offices do, and measures the pixels of the heading and of
// the number.
func TestGreyKeepsTheContrast(t *testing.T) {
	for _, brand := range brands() {
		for _, dull := range []bool{false, true} {
			t.Run(fmt.Sprint(brand, dull), func(t *testing.T) {
				t.Parallel()
				in := inTongue(t, "en", A4)
				in.Brand, in.Accent, in.BlackWhite = brand[0], brand[1], dull
				pages, err := Compose(in)
				if err != nil {
					t.Fatal(err)
				}
				const dots = 100
				file := inFile(t, in)
				tool(t, "pdftoppm", "-r", fmt.Sprint(dots), "-gray", "-png", "-singlefile", file, file)
				b, err := os.ReadFile(file + ".png")
				if err != nil {
					t.Fatal(err)
				}
				img, err := png.Decode(bytes.NewReader(b))
				if err != nil {
					t.Fatal(err)
				}
				measured := 0
				for i := range pages[0].Marks {
					m := &pages[0].Marks[i]
					if m.Text == nil || !slices.Contains([]string{in.Locales[0].T("poster.missing.female"), in.Hotline}, drawnAs(m)) {
						continue
					}
					measured++
					if got := contrastIn(img, m.Box, dots/72.0); got < 4.4 {
						t.Errorf("contrast %.2f of %q", got, said(m))
					}
				}
				if measured != 2 {
					t.Errorf("%d texts measured", measured)
				}
			})
		}
	}
}

// contrastIn is the contrast of a text in a grey picture with a scale of pixels a point: of the most usual shade in its box
// against that around it.
func contrastIn(img image.Image, box Rect, scale float64) float64 {
	var in, around [256]int
	for y := int((box.Y - 3) * scale); y < int((box.low()+3)*scale); y++ {
		for x := int((box.X - 3) * scale); x < int((box.right()+3)*scale); x++ {
			shade := color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y
			if inside(Rect{float64(x) / scale, float64(y) / scale, 0, 0}, box, -1) {
				in[shade]++
			} else {
				around[shade]++
			}
		}
	}
	usual := func(of [256]int) RGB { v := uint8(slices.Index(of[:], slices.Max(of[:]))); return RGB{v, v, v} }
	ground := usual(around)
	in[ground.R] = 0
	return contrast(usual(in), ground)
}
