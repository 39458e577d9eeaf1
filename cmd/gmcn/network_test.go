package main

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

var photoLink = regexp.MustCompile(`/photos/b[a-z2-7]+(?:/[0-9]+\.jpg)?`)

// TestCaseTravelsBetweenTwoCountries goes the way of the README with the commands alone: init, cards by file, run, publish
// with a phone's photo, close. Nothing of what the phone wrote into the photo may be in a file or on a page of either.
func TestCaseTravelsBetweenTwoCountries(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(testPassphrase+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var all []*realCountry
	for _, code := range []string{"XA", "XB"} {
		cfg := placed(t, testConfig(code))
		r := &realCountry{t: t, dir: filepath.Join(dir, code), site: cfg.Member.Site, cfg: cfg}
		r.gmcn("init", "-country", code, "-name", "en=Search "+code, "-hotline", "+0 99 001", "-languages", "en", "-site", r.site,
			"-addr", cfg.Member.Addrs[0], "-addr", cfg.Member.Addrs[1], "-node-listen", strings.Join(cfg.Node.Listen, ","),
			"-site-listen", cfg.Site.Listen, "-console-listen", cfg.Console.Listen, "-passphrase-file", secret, "-password-file", secret)
		r.gmcn("card", "-o", filepath.Join(dir, code+".txt"))
		all = append(all, r)
	}
	xa, xb := all[0], all[1]
	xa.gmcn("peer", "add", "-yes", filepath.Join(dir, "XB.txt"))
	xb.start()
	xb.gmcn("peer", "add", "-yes", filepath.Join(dir, "XA.txt")) // while it runs
	xa.start()
	xa.connected(1)

	picture, secrets := protocoltest.PhonePhoto(protocoltest.Invent(7, 9), 1600, 1200)
	for _, s := range secrets {
		if !bytes.Contains(picture, s) {
			t.Fatalf("the photo has no %q, so looking for it elsewhere shows nothing", s)
		}
	}
	photoFile, caseFile := filepath.Join(dir, "phone.jpg"), filepath.Join(dir, "case.json")
	if err := os.WriteFile(photoFile, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(caseFile, []byte(xa.gmcn("case", "publish", "-example")), 0o600); err != nil {
		t.Fatal(err)
	}
	out := xa.gmcn("case", "publish", caseFile, "-photo", photoFile)
	ref := field(t, out, "reference")
	for _, r := range all {
		page := r.site + "/en/cases/" + ref
		r.eventually("the case is on the site", func() error { return want(page, http.StatusOK) })
		_, html, err := get(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"Example Child", "Search XA", "+0 99 001"} {
			if !bytes.Contains(html, []byte(text)) {
				t.Errorf("%s does not say %q", page, text)
			}
		}
		for _, text := range []string{"Example Guardian", "Sampletown"} {
			if bytes.Contains(html, []byte(text)) {
				t.Errorf("%s tells %q", page, text)
			}
		}
		links := photoLink.FindAllString(string(html), -1)
		if len(links) == 0 {
			t.Fatalf("%s has no photo", page)
		}
		served := [][]byte{html}
		for _, link := range links {
			r.eventually("the photo is on the site", func() error { return want(r.site+link, http.StatusOK) })
			_, b, err := get(r.site + link)
			if err != nil {
				t.Fatal(err)
			}
			if m, _, err := image.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dy() < m.Bounds().Dx() {
				t.Errorf("%s: %v, or it lies on its side", link, err)
			}
			served = append(served, b)
		}
		status, pdf, err := get(page + "/poster.pdf?size=A4")
		if err != nil || status != http.StatusOK || !bytes.HasPrefix(pdf, []byte("%PDF")) {
			t.Errorf("poster: %d, %v", status, err)
		}
		for _, s := range secrets {
			for _, b := range append(served, pdf) {
				if bytes.Contains(b, s) {
					t.Errorf("%s gives away %q of the camera", page, s)
				}
			}
			for name, b := range files(t, r.dir) {
				if bytes.Contains(b, s) {
					t.Errorf("%s holds %q of the camera", name, s)
				}
			}
		}
		for name, b := range files(t, r.dir) {
			if r == xb && bytes.Contains(b, []byte("Example Guardian")) {
				t.Errorf("%s holds what never leaves XA", name)
			}
		}
	}

	_, html, err := get(xb.site + "/en/cases/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	xa.gmcn("case", "close", "EXAMPLE-001", "-reason", "located_safe", "-yes")
	for _, r := range all {
		for _, path := range append(photoLink.FindAllString(string(html), -1), "/en/cases/"+ref, "/en/cases/"+ref+"/poster.pdf") {
			r.eventually("the case is gone", func() error { return want(r.site+path, http.StatusGone) })
			if _, b, err := get(r.site + path); err != nil || bytes.Contains(b, []byte("Example Child")) {
				t.Errorf("%s%s still names the child (%v)", r.site, path, err)
			}
		}
		r.gmcn("check")
		r.stop()
		if left := files(t, filepath.Join(r.dir, "photos")); len(left) > 0 {
			t.Errorf("%s keeps %d photo files of a closed case", r.dir, len(left))
		}
		r.gmcn("check")
	}
}

// TestKilledNodeGetsWhatItMissed kills one of three nodes, publishes 50 cases with photos at the others, and starts it again.
func TestKilledNodeGetsWhatItMissed(t *testing.T) {
	const cases = 50
	all := newCountries(t, "XA", "XB", "XC")
	startAll(all)
	xc := all[2]
	xc.kill()

	var pages []string
	for _, r := range all[:2] {
		cl, err := connect(r.dir)
		if err != nil {
			t.Fatal(err)
		}
		for i := range cases / 2 {
			name := filepath.Join(t.TempDir(), "portrait.png")
			look := protocoltest.Invent(int64(len(pages)), 3+i%14)
			if err := os.WriteFile(name, protocoltest.PortraitPNG(look, 320, 400), 0o600); err != nil {
				t.Fatal(err)
			}
			f := exampleCase(time.Now())
			f.Case.Number = fmt.Sprintf("%s-%d", r.cfg.Member.Country, i)
			f.Photos = []casePhoto{{File: name, Kind: protocol.Portrait}}
			done, err := cl.publish(&f)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, "/en/cases/"+done.Ref.String())
		}
		if err := cl.close(); err != nil {
			t.Fatal(err)
		}
	}

	xc.start()
	photos := 0
	for _, page := range pages {
		xc.eventually("a case that it missed is there", func() error { return want(xc.site+page, http.StatusOK) })
		_, html, err := get(xc.site + page)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range photoLink.FindAllString(string(html), -1) {
			photos++
			xc.eventually("a photo that it missed is there", func() error { return want(xc.site+link, http.StatusOK) })
		}
	}
	if photos < cases {
		t.Errorf("%d photos on %d pages", photos, len(pages))
	}
	xc.stop()
	for _, r := range all {
		r.gmcn("check")
	}
}
