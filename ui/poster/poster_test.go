package poster

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tool runs a program on a file. Without the program the test is skipped, but not in CI.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed: apt-get install poppler-utils zbar-tools qpdf", name)
		}
		t.Skipf("%s is not installed", name)
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

func render(t testing.TB, in Input) []byte {
	t.Helper()
	pdf, err := Render(in)
	if err != nil {
		t.Fatal(err)
	}
	return pdf
}

func TestPostersAsReadersSeeThem(t *testing.T) {
	for _, tag := range []string{"en", "el", "ar", "hi", "ko"} {
		for _, format := range []Format{A4, Letter, A5} {
			t.Run(tag+"-"+string(format), func(t *testing.T) {
				in := sample(t, tag, format)
				pdf := render(t, in)
				if n := len(pdf); n > 250<<10 {
					t.Errorf("%d bytes", n)
				}
				if !bytes.Contains(pdf, in.Photos[0].JPEG) {
					t.Error("the photo is not in it as it is")
				}
				file := filepath.Join(t.TempDir(), "poster.pdf")
				if err := os.WriteFile(file, pdf, 0o600); err != nil {
					t.Fatal(err)
				}

				// White space is where lines end, and some readers put it between scripts.
				bare := func(s string) string {
					return strings.Map(func(r rune) rune {
						if r == ' ' || r == '\u00a0' || r == '\n' || r == '\f' || !inLayer(r) {
							return -1
						}
						return r
					}, s)
				}
				text := bare(tool(t, "pdftotext", "-layout", file, "-"))
				l := in.Locales[0]
				for _, want := range append(strings.Fields(l.Date(2026, 7, 31)), in.Case.Children[0].Name, hotline, in.Case.Number, "Port Avel", in.Fingerprint, in.CheckURL,
					in.Organisation["en"], l.T("poster.call"), l.T("eyes.hazel"), "Мира Алденховен", "+999 20 555 0100") {
					if !strings.Contains(text, bare(want)) {
						t.Errorf("pdftotext does not find %q in:\n%s", want, text)
					}
				}

				if out := tool(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors found") {
					t.Error(out)
				}
				info := tool(t, "pdfinfo", file)
				paper := map[Format]string{A4: "595.28 x 841.89 pts (A4)", Letter: "612 x 792 pts (letter)", A5: "419.53 x 595.28 pts"}[format]
				for _, want := range []string{"Pages: 1", paper} {
					if !strings.Contains(strings.Join(strings.Fields(info), " "), want) {
						t.Errorf("pdfinfo does not say %q:\n%s", want, info)
					}
				}
				if strings.Contains(info, in.Case.Children[0].Name) {
					t.Error("the child's name is in the metadata")
				}

				picture := strings.TrimSuffix(file, ".pdf")
				tool(t, "pdftoppm", "-r", "100", "-png", "-singlefile", file, picture)
				if got := strings.TrimSpace(tool(t, "zbarimg", "-q", "--raw", picture+".png")); got != code {
					t.Errorf("the QR code says %q", got)
				}
			})
		}
	}
}

// The raster painter draws what the PDF shows.
func TestImageIsLikeThePDF(t *testing.T) {
	for _, tag := range []string{"en", "ar"} {
		in := sample(t, tag, A4)
		in.TearOff = true
		file := filepath.Join(t.TempDir(), "poster.pdf")
		if err := os.WriteFile(file, render(t, in), 0o600); err != nil {
			t.Fatal(err)
		}
		const width = 827
		tool(t, "pdftoppm", "-scale-to-x", fmt.Sprint(width), "-scale-to-y", "-1", "-png", "-singlefile", file, file)
		b, err := os.ReadFile(file + ".png")
		if err != nil {
			t.Fatal(err)
		}
		want, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Image(in, 0, width)
		if err != nil {
			t.Fatal(err)
		}
		far := 0
		for y := range min(got.Rect.Dy(), want.Bounds().Dy()) {
			for x := range width {
				r, g, bl, _ := want.At(x, y).RGBA()
				c := got.RGBAAt(x, y)
				if diff := max(math.Abs(float64(r>>8)-float64(c.R)), math.Abs(float64(g>>8)-float64(c.G)), math.Abs(float64(bl>>8)-float64(c.B))); diff > 140 {
					far++
				}
			}
		}
		if part := float64(far) / float64(width*got.Rect.Dy()); part > 0.005 {
			t.Errorf("%s: %.2f %% of the pixels are others", tag, 100*part)
		}
	}
	if _, err := Image(sample(t, "en", A4), 1, 100); err == nil {
		t.Error("there is a second page")
	}
}

func TestSameInputSameBytes(t *testing.T) {
	in := sample(t, "en", A4)
	first := render(t, in)
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel() // and from any number of goroutines
			if !bytes.Equal(render(t, in), first) {
				t.Error("other bytes for the same input")
			}
		})
	}
}

func TestPDFIsDatedByTheRecord(t *testing.T) {
	in := sample(t, "en", A4)
	in.Updated = time.Date(2026, 5, 2, 1, 0, 0, 0, time.FixedZone("", 3*3600))
	if pdf := render(t, in); !bytes.Contains(pdf, []byte("D:20260501220000")) {
		t.Error("not dated by Updated in UTC")
	}
	in.Updated = time.Time{}
	if pdf := render(t, in); !bytes.Contains(pdf, []byte("D:19700101000000")) {
		t.Error("without Updated the clock is read")
	}
}

func TestCyrillicName(t *testing.T) {
	in := sample(t, "en", A4)
	in.Case.Children[0].Name = "Алёна Щукина-Їжак"
	file := filepath.Join(t.TempDir(), "poster.pdf")
	if err := os.WriteFile(file, render(t, in), 0o600); err != nil {
		t.Fatal(err)
	}
	if text := tool(t, "pdftotext", file, "-"); !strings.Contains(text, in.Case.Children[0].Name) {
		t.Errorf("the name is not found in:\n%s", text)
	}
}

func TestFaultsOfTheInput(t *testing.T) {
	cmyk, err := os.ReadFile("../../protocol/photo/testdata/cmyk.jpg")
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Input){
		"no case":         func(in *Input) { in.Case = nil },
		"no child":        func(in *Input) { in.Case.Children = nil },
		"no language":     func(in *Input) { in.Locales = nil },
		"format":          func(in *Input) { in.Format = "a3" },
		"three languages": func(in *Input) { in.Locales = append(in.Locales, in.Locales[0], in.Locales[0]) },
		"seven facts":     func(in *Input) { in.Facts = Facts() },
		"crop":            func(in *Input) { in.Photos[0].Crop = image.Rect(0, 0, 900, 900) },
		"brand":           func(in *Input) { in.Brand = "red" },
		"accent":          func(in *Input) { in.Accent = "#12345g" },
		"no JPEG":         func(in *Input) { in.Photos[0].JPEG = []byte("GIF89a") },
		"CMYK":            func(in *Input) { in.Photos[0].JPEG = cmyk },
		"long address":    func(in *Input) { in.Code += strings.Repeat("0", maxCode) },
	} {
		in := sample(t, "en", A4)
		spoil(&in)
		if pdf, err := Render(in); err == nil || pdf != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// What a person cut off a photo is not seen: it may be another child.
func TestCrop(t *testing.T) {
	red, blue := color.RGBA{200, 0, 0, 255}, color.RGBA{0, 0, 200, 255}
	img := image.NewRGBA(image.Rect(0, 0, 400, 250))
	for x := range 400 {
		for y := range 250 {
			img.Set(x, y, map[bool]color.RGBA{true: red, false: blue}[x < 200])
		}
	}
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	in := sample(t, "en", A4)
	in.Brand = "#00563F"
	in.Photos = []Picture{{JPEG: photo.Bytes(), Crop: image.Rect(208, 0, 400, 240)}}
	painted, err := Image(in, 0, 595)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "poster.pdf")
	if err := os.WriteFile(file, render(t, in), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, "pdftoppm", "-scale-to-x", "595", "-scale-to-y", "-1", "-png", "-singlefile", file, file)
	b, err := os.ReadFile(file + ".png")
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range map[string]image.Image{"image": painted, "PDF": pdf} {
		reds, blues := 0, 0
		for y := range page.Bounds().Dy() {
			for x := range page.Bounds().Dx() {
				r, g, b, _ := page.At(x, y).RGBA()
				if g>>8 < 40 && r>>8 > 150 && b>>8 < 60 {
					reds++
				}
				if g>>8 < 40 && b>>8 > 150 && r>>8 < 60 {
					blues++
				}
			}
		}
		if reds > 0 || blues < 10000 {
			t.Errorf("%s: %d pixels of what was cut off, %d of what is shown", name, reds, blues)
		}
	}
}
