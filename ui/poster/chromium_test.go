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

// BenchmarkAgainstChromium prints the same posters with a browser that is warm and open, which is the other way to make a
// PDF of any script, and reports how many times as long it takes.
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
	for _, tag := range []string{"en", "ar", "hi", "ko"} {
		b.Run(tag, func(b *testing.B) {
			in := inTongue(b, tag, A4)
			pages, err := Compose(in)
			if err != nil {
				b.Fatal(err)
			}
			file := filepath.Join(b.TempDir(), "poster.html")
			if err := os.WriteFile(file, []byte(asHTML(pages[0])), 0o600); err != nil {
				b.Fatal(err)
			}
			printed := func() (size int) {
				if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
					b.Fatal(err)
				}
				pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize(), chromedp.PDFPrintBackground()))
				if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
					b.Fatal(err)
				}
				return len(pdf)
			}
			printed() // it is warm from here on
			var ours, theirs time.Duration
			size := 0
			for b.Loop() { // in turn, so that both have the same share of the machine
				start := time.Now()
				render(b, in)
				ours += time.Since(start)
				start = time.Now()
				size = printed()
				theirs += time.Since(start)
			}
			b.ReportMetric(float64(ours.Microseconds())/float64(b.N)/1000, "ms")
			b.ReportMetric(float64(theirs.Microseconds())/float64(b.N)/1000, "chromium-ms")
			b.ReportMetric(float64(theirs)/float64(ours), "factor")
			b.ReportMetric(float64(len(render(b, in))), "bytes")
			b.ReportMetric(float64(size), "chromium-bytes")
		})
	}
}
