package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
)

// manyCases publishes the example as n cases with a photo each; the country does not run.
func (r *realCountry) manyCases(n int) {
	r.t.Helper()
	cl, err := connect(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	defer cl.close()
	var d store.Draft
	if err := json.Unmarshal([]byte(r.gmcn("case", "publish", "-example")), &d); err != nil {
		r.t.Fatal(err)
	}
	d.Photos = make([]protocol.Photo, 1)
	if err := cl.send(http.MethodPost, "/photos", bytes.NewReader(protocoltest.PortraitPNG(protocoltest.Invent(4, 9), 400, 500)), &d.Photos[0]); err != nil {
		r.t.Fatal(err)
	}
	for i := range n {
		d.Case.Number = fmt.Sprintf("XA-%03d", i)
		var done published
		if err := cl.post("/cases", &d, &done); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestPostersOfARunningNode: the file is the same whether the node runs or not, and a command that ends stops the work and
// leaves nothing.
func TestPostersOfARunningNode(t *testing.T) {
	r, _ := newCountry(t, "XA")
	r.manyCases(7)
	folder := t.TempDir()
	still, running := filepath.Join(folder, "still.zip"), filepath.Join(folder, "running.zip")
	r.gmcn("poster", "-all", "-size", "A5", "-o", still)
	r.start()
	r.gmcn("poster", "-all", "-size", "A5", "-o", running)
	one, err := os.ReadFile(still)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := os.ReadFile(running); err != nil || !bytes.Equal(one, two) {
		t.Errorf("the running node made another file: %v", err)
	}
	cl, err := connect(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.close()
	ctx, cancel := context.WithCancel(context.Background())
	steps := 0
	err = writeWhole(filepath.Join(folder, "half.zip"), func(w io.Writer) error {
		_, err := cl.posters(ctx, url.Values{"kind": {"zip"}}, w, func(done, all int) {
			if steps++; done == 2 {
				cancel()
			}
			if all != 7 {
				t.Errorf("%d of %d", done, all)
			}
		})
		return err
	})
	if !errors.Is(err, context.Canceled) || steps < 2 {
		t.Errorf("cancelled after %d steps: %v", steps, err)
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 2 {
		t.Errorf("beside the two files: %v, %v", left, err)
	}
	r.stop()
}

// TestPostersInABrowser: the page of all posters moves by itself, can be cancelled, and keeps nobody out. Posters for paper
// are made faster than a page is opened, so the country has one processor and makes pictures for telephones.
func TestPostersInABrowser(t *testing.T) {
	b := startBrowser(t)
	r, _ := newCountry(t, "XA")
	r.manyCases(120)
	t.Setenv("GOMAXPROCS", "1")
	r.start()
	desk := "http://" + r.cfg.Console.Listen
	b.do(chromedp.Navigate(desk+"/en/signin"), chromedp.SendKeys(chromedp.CSS(`input[type=password]`), testPassword),
		chromedp.Submit(chromedp.CSS(`input[type=password]`)), chromedp.WaitVisible(chromedp.CSS(`a[href="/en/posters"]`)))
	for _, lang := range []string{"en", "ar"} {
		for _, width := range widths {
			b.see(lang+"-posters", desk+"/"+lang+"/posters", width, false)
		}
	}
	page := chromedp.Navigate(desk + "/en/posters")
	start := chromedp.Click(chromedp.CSS(`button[value="start"]`))
	story := chromedp.SetValue(chromedp.CSS(`#size`), "story")
	ready := chromedp.WaitVisible(chromedp.CSS(`button[value="fetch"]`))
	b.do(page, story, start, chromedp.WaitVisible(chromedp.CSS(`progress[value]`)))
	b.see("ar-posters-making", desk+"/ar/posters", 360, false)
	b.do(chromedp.Click(chromedp.CSS(`button[value="drop"]`)), chromedp.WaitVisible(chromedp.CSS(`p.notice.ok`)))
	b.do(page, story, chromedp.Click(chromedp.CSS(`main summary`)))
	for i := range 20 {
		b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`label:nth-of-type(%d) > input[name="case"]`, i+1))))
	}
	b.do(start, chromedp.WaitVisible(chromedp.CSS(`progress`)), ready)
	b.see("ar-posters-ready", desk+"/ar/posters", 360, false)
	b.do(page, chromedp.Click(chromedp.CSS(`input[value="strips"]`)), start, ready)
	r.stop()
}

// TestWordEndsInABrowser: leaving a text in a language without spaces between words marks their ends, once, and nothing else.
func TestWordEndsInABrowser(t *testing.T) {
	b := startBrowser(t)
	r, _ := newCountry(t, "XA")
	r.start()
	desk := "http://" + r.cfg.Console.Listen
	b.do(chromedp.Navigate(desk+"/en/signin"), chromedp.SendKeys(chromedp.CSS(`input[type=password]`), testPassword),
		chromedp.Submit(chromedp.CSS(`input[type=password]`)), chromedp.WaitVisible(chromedp.CSS(`a[href="/en/posters"]`)),
		chromedp.Navigate(desk+"/en/cases/new"), chromedp.WaitVisible(chromedp.CSS(`textarea[name="what.en"]`)))
	left := func(lang, text string) string {
		t.Helper()
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`(() => { const t = document.querySelector('textarea[name="what.en"]'); t.lang = "`+lang+`";
			t.value = `+string(quoted)+`; t.dispatchEvent(new Event("change", { bubbles: true })); return t.value; })()`))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, c := range [][3]string{
		{"th", "เด็กหายไปจากบ้าน", "เด็ก|หาย|ไป|จาก|บ้าน"},
		{"th", "โทร 02-123-4567 ที่บ้าน 12ปี ABCเด็ก", "โทร 02-123-4567 ที่|บ้าน 12ปี ABCเด็ก"},
		{"km", "ក្មេងស្រីបាត់ខ្លួន", ""},
		{"lo", "ເດັກນ້ອຍຫາຍໄປ", ""},
		{"my", "ကလေးပျောက်နေသည်", ""},
		{"en", "A girl is missing", "A girl is missing"},
		{"ja", "女の子がいなくなりました", "女の子がいなくなりました"},
	} {
		got := left(c[0], c[1])
		if strings.ReplaceAll(got, "\u200b", "") != c[1] {
			t.Errorf("%s: %q became %q", c[0], c[1], got)
		}
		if shown := strings.ReplaceAll(got, "\u200b", "|"); c[2] != "" && shown != c[2] || c[2] == "" && !strings.Contains(shown, "|") {
			t.Errorf("%s: %q", c[0], shown)
		}
		if again := left(c[0], got); again != got {
			t.Errorf("%s: a second time %q", c[0], again)
		}
	}
	left("th", "")
	b.do(chromedp.SendKeys(chromedp.CSS(`textarea[name="what.en"]`), "เด็กหาย"), chromedp.Focus(chromedp.CSS(`input[name="number"]`)))
	if got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector('textarea[name="what.en"]').value`)); err != nil || got != "เด็ก\u200bหาย" {
		t.Errorf("typed and left: %q, %v", got, err)
	}
	r.stop()
}
