package ui

import (
	"bytes"
	"image"
	"image/png"
	"strings"
	"testing"
	"testing/fstest"
)

func load(t *testing.T, files map[string]string) (*Look, error) {
	t.Helper()
	folder := fstest.MapFS{}
	for name, s := range files {
		folder[name] = &fstest.MapFile{Data: []byte(s)}
	}
	return LoadLook(folder, Theme{})
}

func TestTextsAreMarkdownWithoutHTML(t *testing.T) {
	l, err := load(t, map[string]string{
		"home.en.md":  "# Every *child*\n\nWe search.\n\n# More\n\n## Deeper\n\n<script>alert(1)</script><b onclick=x>bold</b>\n\n[bad](javascript:alert(1)) [good](https://example.org) [phone](tel:116000)\n\n![x](https://example.org/x.png)",
		"about.fr.md": "Sans titre, avec **gras**.\n\n### Plus",
	})
	if err != nil {
		t.Fatal(err)
	}
	home := l.Home["en"]
	if home.Title != "Every child" {
		t.Errorf("title %q", home.Title)
	}
	body := string(home.Body)
	for _, want := range []string{"<h2>More</h2>", "<h3>Deeper</h3>", `href="https://example.org"`, `href="tel:116000"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in %s", want, body)
		}
	}
	for _, never := range []string{"<script", "onclick", "javascript:", "<img", "<h1", "Every"} {
		if strings.Contains(body, never) {
			t.Errorf("%s in %s", never, body)
		}
	}
	if a := l.About["fr"]; a.Title != "" || !strings.Contains(string(a.Body), "<strong>gras</strong>.</p>\n<h2>Plus</h2>") {
		t.Errorf("about: %+v", a)
	}
	if _, ok := l.About["en"]; ok {
		t.Error("an about page that nobody wrote")
	}
}

func TestLogoIsReducedToShapes(t *testing.T) {
	l, err := load(t, map[string]string{"logo.svg": `<?xml version="1.0"?><!-- made by hand -->
<svg xmlns="http://www.w3.org/2000/svg" xmlns:i="http://example.org/i" viewBox="0 0 200 100" i:x="y" class="a">
<i:metadata><i:b/></i:metadata><metadata>x</metadata><title>A &amp; B</title>
<g style="fill:#123456; stroke : none; font-family:x"><path d="M0 0h10v10z" data-x="1"/></g></svg>`})
	if err != nil {
		t.Fatal(err)
	}
	got := string(l.Logo.Data)
	want := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 100"><title>A &amp; B</title><g fill="#123456" stroke="none"><path d="M0 0h10v10z"></path></g></svg>`
	if strings.ReplaceAll(got, "\n", "") != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if l.Logo.Width != 96 || l.Logo.Height != 48 {
		t.Errorf("shown at %d by %d", l.Logo.Width, l.Logo.Height)
	}
	if !strings.HasPrefix(l.LogoURL(), "/logo?v=") {
		t.Errorf("address %q", l.LogoURL())
	}
}

func TestDangerousLogosAreRefused(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">%</svg>`
	for inside, word := range map[string]string{
		`<script>alert(1)</script>`:                                   "<script>",
		`<foreignObject/>`:                                            "<foreignObject>",
		`<image href="https://example.org/x.png"/>`:                   "<image>",
		`<use xmlns:xlink="http://www.w3.org/1999/xlink" href="#a"/>`: "<use>",
		`<style>@import url(x)</style>`:                               "<style>",
		`<path d="M0 0" onload="alert(1)"/>`:                          "script",
		`<path d="M0 0" fill="url(https://example.org/#a)"/>`:         "address",
		`<path style="fill:url('//example.org')" d="M0 0"/>`:          "address",
		`<a href="https://example.org"><path d="M0 0"/></a>`:          "<a>",
		`<path d="M0 0"`:                                              "not an SVG",
		`<animate attributeName="d"/>`:                                "<animate>",
		strings.Repeat("<g>", 40) + strings.Repeat("</g>", 40):        "deeply",
	} {
		_, err := load(t, map[string]string{"logo.svg": strings.Replace(svg, "%", inside, 1)})
		if err == nil || !strings.Contains(err.Error(), word) || !strings.HasPrefix(err.Error(), "logo.svg: ") {
			t.Errorf("%s: got %v, want an error with %q", inside, err, word)
		}
	}
	_, err := load(t, map[string]string{"logo.svg": `<!DOCTYPE svg [<!ENTITY a "b">]>` + strings.Replace(svg, "%", "", 1)})
	if err == nil {
		t.Error("an entity declaration was taken")
	}
}

func TestPNGLogoIsMeasured(t *testing.T) {
	picture := func(w, h int) string {
		var b bytes.Buffer
		png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h)))
		return b.String()
	}
	l, err := load(t, map[string]string{"logo.png": picture(300, 100)})
	if err != nil {
		t.Fatal(err)
	}
	if l.Logo.Width != 144 || l.Logo.Height != 48 || l.Logo.Type != "image/png" {
		t.Errorf("got %d by %d, %s", l.Logo.Width, l.Logo.Height, l.Logo.Type)
	}
	if m, err := png.DecodeConfig(bytes.NewReader(l.Logo.Data)); err != nil || m.Width != 288 || m.Height != 96 {
		t.Errorf("served at %d by %d pixels, want twice the size on the page: %v", m.Width, m.Height, err)
	}
	for _, bad := range []string{picture(20, 20), picture(3000, 100), "GIF89a", picture(100, 100)[:80]} {
		if _, err := load(t, map[string]string{"logo.png": bad}); err == nil {
			t.Errorf("a logo of %d bytes was taken", len(bad))
		}
	}
}

func TestNoFolderIsTheDefaultLook(t *testing.T) {
	l, err := LoadLook(nil, Theme{})
	if err != nil || l.Logo != nil || l.LogoURL() != "" || l.ThemeURL() == "" {
		t.Errorf("got %+v, %v", l, err)
	}
	if _, err := LoadLook(nil, Theme{Brand: "#FFFFFF"}); err == nil {
		t.Error("a white brand colour was taken")
	}
}
