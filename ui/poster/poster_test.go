package poster

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
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
	for _, tag := range []string{"en", "fr", "el"} {
		for _, size := range []Size{A4, Letter} {
			t.Run(tag+"-"+string(size), func(t *testing.T) {
				in := sample(t, tag, size)
				pdf := render(t, in)
				if n := len(pdf) - len(in.Photo); n > 250<<10 {
					t.Errorf("%d bytes beside the photo", n)
				}
				if !bytes.Contains(pdf, in.Photo) {
					t.Error("the photo is not in it as it is")
				}
				file := filepath.Join(t.TempDir(), "poster.pdf")
				if err := os.WriteFile(file, pdf, 0o600); err != nil {
					t.Fatal(err)
				}

				text := strings.Join(strings.Fields(tool(t, "pdftotext", "-layout", file, "-")), " ")
				l := in.Locale
				for _, want := range []string{in.Case.Children[0].Name, hotline, in.Case.Number, "Port Avel", caseURL, in.Fingerprint,
					in.Organisation, l.Date(2026, 7, 31), l.T("poster.call"), l.T("poster.check"), l.T("eyes.hazel"),
					"Мира Алденховен", "Lake Police · +999 20 555 0100"} {
					if !strings.Contains(text, want) {
						t.Errorf("pdftotext does not find %q in:\n%s", want, text)
					}
				}

				if out := tool(t, "qpdf", "--check", file); !strings.Contains(out, "No syntax or stream encoding errors found") {
					t.Error(out)
				}
				info := tool(t, "pdfinfo", file)
				paper := map[Size]string{A4: "595.28 x 841.89 pts (A4)", Letter: "612 x 792 pts (letter)"}[size]
				for _, want := range []string{"Pages: 1\n", paper} {
					if !strings.Contains(strings.Join(strings.Fields(info), " ")+"\n", strings.TrimSpace(want)) {
						t.Errorf("pdfinfo does not say %q:\n%s", want, info)
					}
				}
				if strings.Contains(info, in.Case.Children[0].Name) {
					t.Error("the child's name is in the metadata")
				}
				for _, font := range strings.Split(strings.TrimSpace(tool(t, "pdffonts", file)), "\n")[2:] {
					if !strings.Contains(font, "yes") {
						t.Errorf("not embedded: %s", font)
					}
				}

				picture := strings.TrimSuffix(file, ".pdf")
				tool(t, "pdftoppm", "-r", "100", "-png", "-singlefile", file, picture)
				if got := strings.TrimSpace(tool(t, "zbarimg", "-q", "--raw", picture+".png")); got != caseURL {
					t.Errorf("the QR code says %q", got)
				}
			})
		}
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
		"no case":      func(in *Input) { in.Case = nil },
		"no child":     func(in *Input) { in.Case.Children = nil },
		"no language":  func(in *Input) { in.Locale = nil },
		"paper":        func(in *Input) { in.Size = "a3" },
		"brand":        func(in *Input) { in.Brand = "red" },
		"accent":       func(in *Input) { in.Accent = "#12345g" },
		"no JPEG":      func(in *Input) { in.Photo = []byte("GIF89a") },
		"CMYK":         func(in *Input) { in.Photo = cmyk },
		"long address": func(in *Input) { in.CaseURL += strings.Repeat("0", maxURL) },
	} {
		in := sample(t, "en", A4)
		spoil(&in)
		if pdf, err := Render(in); err == nil || pdf != nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The texts that a member may choose freely, each at most as long as protocol allows and longer.
func FuzzRender(f *testing.F) {
	for _, s := range []string{"", "Ana M.", "Алёна Щукина", "ميرا", "שרה", "😀", "𠮷野", "葛󠄁", "e\u0301\u0323", "a\u202eb", "{nb}", "\\(x)\r\n",
		"\xff\xfe", "\ufeff\u200b", strings.Repeat("W", 120), strings.Repeat("ab ", 5000)} {
		f.Add(s, s, s, s)
		f.Add("", "", "", s)
	}
	f.Fuzz(func(t *testing.T, name, story, place, phone string) {
		in := Input{
			Case: &protocol.Case{Number: phone, Kind: protocol.Kind(place), Since: protocol.Date{Year: 2026},
				Children: []protocol.Child{{Name: name, OtherNames: []string{place}, Marks: protocol.Text{"en": story}}, {Name: place}},
				From:     protocol.Place{Country: "FR", Locality: place}, What: protocol.Text{"en": story}},
			Locale: locale(t, "en"), Size: Letter, Organisation: place, Hotline: phone, CaseURL: caseURL, Fingerprint: phone,
		}
		start := time.Now()
		pdf, err := Render(in)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Error(err)
		}
		if (err == nil) != bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("%d bytes and error %v", len(pdf), err)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	in := sample(b, "en", A4)
	for b.Loop() {
		render(b, in)
	}
}
