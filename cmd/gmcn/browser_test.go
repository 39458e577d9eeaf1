package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// axe is axe-core 4.14.1 (MPL-2.0, its licence beside it), which looks for what keeps people out.
//
//go:embed testdata/axe/axe.min.js
var axe string

var screenshots = flag.String("screenshots", "", "a folder to leave pictures of every page in, for a person to look at")

// browser is a real browser with one tab, which notes what goes wrong on a page.
type browser struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	host   string
	wrongs []string
}

func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not here, and CI must not go without it")
		}
		t.Skip("chromium is not here: no page is looked at in a browser")
	}
	b := &browser{t: t}
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-background-networking", true))...)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.event))
	t.Cleanup(cancel)
	if err := chromedp.Do(b.ctx); err != nil {
		t.Fatal(err)
	}
	return b
}

// event notes a message on the console, an exception, and a request to another host.
func (b *browser) event(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		b.wrongs = append(b.wrongs, fmt.Sprintf("console: %s", ev.Type))
	case *runtime.EventExceptionThrown:
		b.wrongs = append(b.wrongs, "exception: "+ev.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		b.wrongs = append(b.wrongs, fmt.Sprintf("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL))
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(ev.Request.URL); err != nil || u.Scheme != "data" && u.Host != b.host {
			b.wrongs = append(b.wrongs, "request to "+ev.Request.URL)
		}
	}
}

// see opens a page at a width and holds it against what every page must be: nothing on the console, nothing from another
// host, no sideways scroll, nothing that axe finds. fails says that the page itself is an error, which the browser logs.
func (b *browser) see(name, address string, width int64, fails bool) {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	b.mu.Lock()
	b.host, b.wrongs = u.Host, nil
	b.mu.Unlock()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 900), chromedp.Navigate(address)); err != nil {
		b.t.Fatalf("%s at %d: %v", name, width, err)
	}
	over, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if err != nil {
		b.t.Fatal(err)
	}
	if over > 0 {
		b.t.Errorf("%s at %d: %d px wider than the screen", name, width, over)
	}
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]})
		.then(r => JSON.stringify(r.violations.map(v => [v.id, v.help, v.nodes.map(n => n.target.join(" ")).join("; ")])))`, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s at %d: axe: %v", name, width, err)
	}
	var violations [][3]string
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		b.t.Fatal(err)
	}
	for _, v := range violations {
		b.t.Errorf("%s at %d: %s: %s: %s", name, width, v[0], v[1], v[2])
	}
	b.mu.Lock()
	for _, w := range b.wrongs {
		if !fails || !strings.HasPrefix(w, "network: Failed to load resource") || !strings.HasSuffix(w, address) {
			b.t.Errorf("%s at %d: %s", name, width, w)
		}
	}
	b.mu.Unlock()
	if *screenshots != "" {
		shot, err := chromedp.Run(ctx, chromedp.FullScreenshot(90))
		if err == nil {
			err = os.WriteFile(filepath.Join(*screenshots, fmt.Sprintf("%s-%d.jpg", name, width)), shot, 0o600)
		}
		if err != nil {
			b.t.Error(err)
		}
	}
}

// do runs what a person does on a page.
func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

var widths = []int64{360, 1280}

// TestPagesInABrowser looks at the main pages of the sites of two countries and of a console, in English and in Arabic.
// With -screenshots it leaves pictures of them.
func TestPagesInABrowser(t *testing.T) {
	needScanner(t)
	b := startBrowser(t)
	port := freeBlock(t)
	d := startDemo(t, filepath.Join(t.TempDir(), "demo"), port)
	site := func(country int) string { return fmt.Sprintf("http://127.0.0.1:%d", port+country) }
	console := consoleLine.FindAllStringSubmatch(d.out.String(), -1)

	_, pdf, err := get(site(0) + "/en/cases/" + firstCase(t, site(0)+"/en/cases") + "/poster.pdf")
	if err != nil {
		t.Fatal(err)
	}
	code := scanPoster(t, site(0), pdf)
	for _, side := range []struct {
		lang    string
		country int
	}{{"en", 0}, {"ar", 2}} {
		home := site(side.country) + "/" + side.lang
		own := firstCase(t, home+"/cases")
		var foreign string
		d.eventually("other countries' cases are there", func() (err error) {
			foreign, err = findCase(home + "/cases?tab=network")
			return err
		})
		for _, width := range widths {
			b.see(side.lang+"-home", home+"/", width, false)
			b.see(side.lang+"-own", home+"/cases", width, false)
			b.see(side.lang+"-network", home+"/cases?tab=network", width, false)
			b.see(side.lang+"-none", home+"/cases?q=nobodyofthisname", width, false)
			b.see(side.lang+"-case", home+"/cases/"+own, width, false)
			b.see(side.lang+"-poster", home+"/cases/"+own+"/poster?size=story", width, false)
			b.see(side.lang+"-foreign", home+"/cases/"+foreign, width, false)
			b.see(side.lang+"-about", home+"/about", width, false)
			b.see(side.lang+"-verify", home+"/verify", width, false)
			b.see(side.lang+"-nonumber", home+"/verify?code=none", width, true)
			b.see(side.lang+"-genuine", home+"/verify?code="+code, width, false)
			b.see(side.lang+"-forged", home+"/verify?code="+code[:80]+"AAAA"+code[84:], width, false)
			b.see(side.lang+"-missing", home+"/nothing-here", width, true)
		}
	}

	desk := strings.TrimSuffix(console[0][1], "/")
	for _, lang := range []string{"en", "ar"} {
		for _, width := range widths {
			b.see(lang+"-signin", desk+"/"+lang+"/signin", width, false)
		}
	}
	b.do(chromedp.Navigate(desk+"/en/signin"),
		chromedp.SendKeys(chromedp.CSS(`input[type=password]`), console[0][2]),
		chromedp.Submit(chromedp.CSS(`input[type=password]`)),
		chromedp.WaitVisible(chromedp.CSS(`a[href*="/cases/"]`)))
	edit, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('main a')].map(a => a.pathname).find(p => /\/cases\/[a-z2-7]{26}$/.test(p))`))
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "ar"} {
		edit := desk + "/" + lang + strings.TrimPrefix(edit, "/en")
		for _, width := range widths {
			b.see(lang+"-desk", desk+"/"+lang+"/", width, false)
			b.see(lang+"-new", desk+"/"+lang+"/cases/new", width, false)
			b.see(lang+"-edit", edit, width, false)
			b.see(lang+"-poster", edit+"/poster?in=en&in=fr", width, false)
			b.see(lang+"-close", edit+"/close", width, false)
			b.see(lang+"-members", desk+"/"+lang+"/network", width, false)
		}
	}
	// A choice shows the poster anew, without a button.
	b.do(chromedp.Navigate(desk+edit+"/poster"), chromedp.WaitVisible(chromedp.CSS(`img.paper`)),
		chromedp.Click(chromedp.CSS(`input[name=bw]`)), chromedp.WaitVisible(chromedp.CSS(`img.paper[src*="bw=1"]`)),
		chromedp.SetValue(chromedp.CSS(`#size`), "square"), chromedp.Click(chromedp.CSS(`input[name=tear]`)),
		chromedp.WaitVisible(chromedp.CSS(`a[href*="poster.jpg?"][href*="size=square"]`)))
	b.do(chromedp.Navigate(desk+"/en/network"), chromedp.Click(chromedp.CSS(`form[action*="invite"] button`)), chromedp.WaitVisible(chromedp.CSS(`textarea[readonly]`)))
	pairing, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname`))
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "ar"} {
		for _, width := range widths {
			b.see(lang+"-pairing", desk+"/"+lang+strings.TrimPrefix(pairing, "/en"), width, false)
		}
	}
}

func findCase(list string) (string, error) {
	_, body, err := get(list)
	if err != nil {
		return "", err
	}
	m := caseLink.FindSubmatch(body)
	if m == nil {
		return "", fmt.Errorf("%s lists no case", list)
	}
	return string(m[1]), nil
}

func firstCase(t *testing.T, list string) string {
	t.Helper()
	ref, err := findCase(list)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// TestAnOfficersDay does in a browser what the console is for: a case with a telephone's photo is published in one
// country, is on the others' sites with its photo and its poster, and is gone from all when it is closed.
func TestAnOfficersDay(t *testing.T) {
	b := startBrowser(t)
	dir, port := t.TempDir(), freeBlock(t)
	d := startDemo(t, filepath.Join(dir, "demo"), port)
	console := consoleLine.FindStringSubmatch(d.out.String())
	raw, secrets := protocoltest.PhonePhoto(protocoltest.Invent(77, 10), 4000, 3000)
	picture := filepath.Join(dir, "IMG_0001.jpg")
	if err := os.WriteFile(picture, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	id := func(name string) chromedp.CSS { return chromedp.CSS(`[name="` + name + `"]`) }
	choose := func(name, value string) chromedp.Action[chromedp.Void] {
		return func(ctx context.Context, t *chromedp.Target) (v chromedp.Void, err error) {
			_, err = chromedp.Evaluate[bool](fmt.Sprintf(`document.querySelector('[name=%q]').value = %q, true`, name, value))(ctx, t)
			return v, err
		}
	}
	b.do(chromedp.Navigate(console[1]+"en/signin"),
		chromedp.SendKeys(chromedp.CSS(`input[type=password]`), console[2]),
		chromedp.Submit(chromedp.CSS(`input[type=password]`)),
		chromedp.WaitVisible(chromedp.CSS(`a[href$="/cases/new"]`)),
		chromedp.Click(chromedp.CSS(`a[href$="/cases/new"]`)),
		chromedp.WaitVisible(id("number")),
		chromedp.SendKeys(id("number"), "XA-TEST-1"), choose("kind", "lost_injured"),
		chromedp.SendKeys(id("children.0.name"), "Officer Testchild"), choose("children.0.sex", "female"),
		chromedp.SendKeys(id("since"), "2026-10"), choose("from.country", "XA"),
		chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{picture}),
		chromedp.Click(chromedp.CSS(`.bar button[value="publish"]`)),
		chromedp.WaitVisible(chromedp.CSS(`.preview img`)), // what will be public, to be read once more
		chromedp.Click(chromedp.CSS(`main form .button:not(.second)`)),
		chromedp.WaitVisible(chromedp.CSS(`.notice.ok`)), chromedp.WaitVisible(chromedp.CSS(`main a[href$="/poster"]`)))
	var ref string
	start := time.Now()
	d.eventually("the case is on all three sites", func() error {
		for c, lang := range []string{"en?", "el?tab=network&", "ar?tab=network&"} {
			lang, query, _ := strings.Cut(lang, "?")
			found, err := findCase(fmt.Sprintf("http://127.0.0.1:%d/%s/cases?%sq=Testchild", port+c, lang, query))
			if err != nil {
				return err
			}
			ref = found
		}
		return nil
	})
	t.Logf("on all three sites %s after the click was done", time.Since(start))
	for c, lang := range []string{"en", "el", "ar"} {
		site := fmt.Sprintf("http://127.0.0.1:%d", port+c)
		var page []byte
		d.eventually("its photo is there", func() (err error) {
			_, page, err = get(site + "/" + lang + "/cases/" + ref)
			if err == nil && !strings.Contains(string(page), "/photos/") {
				err = fmt.Errorf("no photo on %s", site)
			}
			if err != nil {
				return err
			}
			photo := string(page[strings.Index(string(page), "/photos/"):])
			photo = photo[:strings.IndexAny(photo, `" ,`)]
			status, body, err := get(site + photo)
			if err == nil && status != 200 {
				err = fmt.Errorf("%s%s answers %d", site, photo, status)
			}
			for _, s := range secrets {
				if strings.Contains(string(body), string(s)) {
					t.Errorf("the photo on %s holds %q", site, s)
				}
			}
			return err
		})
	}
	if err := want(fmt.Sprintf("http://127.0.0.1:%d/el/cases/%s/poster.pdf", port+1, ref), 200); err != nil {
		t.Error(err)
	}
	b.do(chromedp.Navigate(console[1]+"en/"), chromedp.WaitVisible(chromedp.CSS(`main`)))
	edit, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`[...document.querySelectorAll('main a')].map(a => a.pathname).find(p => /\/cases\/[a-z2-7]{26}$/.test(p))`))
	if err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Navigate(strings.TrimSuffix(console[1], "/")+edit+"/close"),
		chromedp.Click(chromedp.CSS(`[name="reason"][value="located_safe"]`)),
		chromedp.Click(chromedp.CSS(`main form .button:not(.second)`)))
	d.eventually("it is gone from all three", func() error {
		for c, lang := range []string{"en", "el", "ar"} {
			status, body, err := get(fmt.Sprintf("http://127.0.0.1:%d/%s/cases/%s", port+c, lang, ref))
			if err == nil && (status != 410 || strings.Contains(string(body), "Testchild")) {
				err = fmt.Errorf("country %d answers %d", c, status)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})

	// The board says who has confirmed.
	b.do(chromedp.Navigate(console[1]+"en/"), chromedp.WaitVisible(chromedp.CSS(`main a[href*="/closed/"]`)))
	board, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('main a[href*="/closed/"]').pathname`))
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "ar"} {
		for _, width := range widths {
			b.see(lang+"-board", strings.TrimSuffix(console[1], "/")+"/"+lang+strings.TrimPrefix(board, "/en"), width, false)
			b.see(lang+"-desk-closed", console[1]+lang+"/", width, false)
		}
	}
}
