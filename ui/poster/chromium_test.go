package poster

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/gmcn/gmcn/protocol"
)

// asHTML is a page as a browser sees it: the same texts, photos and areas at the same places, with the browser's own fonts.
func asHTML(page *Page) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!doctype html><html lang="%s"><meta charset="utf-8"><style>@page{size:%.2fpt %.2fpt;margin:0}body{margin:0}`+
		`body>*{position:absolute;white-space:nowrap;font-family:"Noto Sans",sans-serif;line-height:1}</style><body>`, page.Lang, page.W, page.H)
	at := func(r Rect) string {
		return fmt.Sprintf("left:%.2fpt;top:%.2fpt;width:%.2fpt;height:%.2fpt", r.X, r.Y, r.W, r.H)
	}
	colour := func(c RGB) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
	for i := range page.Marks {
		switch m := &page.Marks[i]; {
		case m.Text != nil:
			for _, l := range m.Text.Block.Lines {
				var words strings.Builder
				for _, w := range l.Words {
					words.WriteString(w.Text)
				}
				weight := 400
				if m.Text.Block.Size > 14 {
					weight = 700
				}
				fmt.Fprintf(&b, `<div dir="auto" style="left:%.2fpt;top:%.2fpt;font-size:%.2fpt;font-weight:%d;color:%s">%s</div>`, m.Text.X+l.X,
					m.Text.Y+l.Baseline-0.8*m.Text.Block.Size, m.Text.Block.Size, weight, colour(m.Text.Colour), html.EscapeString(words.String()))
			}
		case m.Picture != nil:
			fmt.Fprintf(&b, `<img style="%s" src="data:image/jpeg;base64,%s">`, at(m.Box), base64.StdEncoding.EncodeToString(m.Picture.JPEG))
		default:
			fmt.Fprintf(&b, `<svg style="%s" viewBox="0 0 %.2f %.2f"><path fill="%s" d="`, at(m.Box), m.Box.W, m.Box.H, colour(m.Colour))
			for _, a := range m.Areas {
				fmt.Fprintf(&b, "M%.2f %.2fh%.2fv%.2fh%.2fz", a.X-m.Box.X, a.Y-m.Box.Y, a.W, a.H, -a.W)
			}
			b.WriteString(`"/></svg>`)
		}
	}
	b.WriteString("</body></html>")
	return b.String()
}

// BenchmarkAgainstChromium makes posters of a case each, no two alike, and has a browser print the same ones, which is the
// other way to make a PDF of any script. Ours goes from a case to the bytes of a file. The browser is warm and its tab is open:
// it loads a page that is laid out already, every text, photo and area at its place, and hands back the bytes of the PDF; who
// writes that page, and how, does not count. They take turns of a few posters each, so that both have the same share of the
// machine, and neither pays for waking up. "factor" is how many times as long the browser takes. "cold-ms" is what a poster
// takes that starts a browser, as a command does that prints a page.
func BenchmarkAgainstChromium(b *testing.B) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			b.Fatal("chromium is not here, and CI must not go without it")
		}
		b.Skip("chromium is not here: nothing to compare with")
	}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true))...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	const turn = 5
	for _, tag := range []string{"en", "ar", "hi", "ko"} {
		b.Run(tag, func(b *testing.B) {
			folder, made := b.TempDir(), 0
			next := func() (in Input, file string) { // another case
				in = inTongue(b, tag, A4)
				made++
				in.Case.Number = fmt.Sprintf("XA-2026-%d", 1000+made)
				name, story := []rune(child(&in).Name), in.Case.What[in.tag()]
				child(&in).Name = string(append(name[made%len(name):len(name):len(name)], name[:made%len(name)]...))
				words := strings.Fields(story)
				in.Case.What = protocol.Text{in.tag(): strings.Join(append(words[made%len(words):len(words):len(words)], words[:made%len(words)]...), " ")}
				pages, err := Compose(in)
				if err != nil {
					b.Fatal(err)
				}
				file = filepath.Join(folder, fmt.Sprint(made%turn, ".html"))
				if err := os.WriteFile(file, []byte(asHTML(pages[0])), 0o600); err != nil {
					b.Fatal(err)
				}
				return in, file
			}
			printed := func(file string) (size int) {
				if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
					b.Fatal(err)
				}
				pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
				if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
					b.Fatal(err)
				}
				return len(pdf)
			}
			_, file := next()
			printed(file) // it is warm from here on
			start := time.Now()
			if out, err := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--user-data-dir="+b.TempDir(),
				"--no-pdf-header-footer", "--print-to-pdf="+filepath.Join(folder, "cold.pdf"), "file://"+file).CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			cold := time.Since(start)
			var ours, theirs time.Duration
			size, theirSize := 0, 0
			for b.Loop() {
				var ins []Input
				var files []string
				for range turn {
					in, file := next()
					ins, files = append(ins, in), append(files, file)
				}
				start := time.Now()
				for _, in := range ins {
					size = len(render(b, in))
				}
				ours += time.Since(start)
				start = time.Now()
				for _, file := range files {
					theirSize = printed(file)
				}
				theirs += time.Since(start)
			}
			each := func(d time.Duration) float64 { return d.Seconds() * 1000 / float64(turn*b.N) }
			b.ReportMetric(each(ours), "ms")
			b.ReportMetric(each(theirs), "chromium-ms")
			b.ReportMetric(float64(theirs)/float64(ours), "factor")
			b.ReportMetric(cold.Seconds()*1000, "cold-ms")
			b.ReportMetric(float64(size), "bytes")
			b.ReportMetric(float64(theirSize), "chromium-bytes")
		})
	}
}
