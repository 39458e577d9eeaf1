package ui

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/ui/i18n"
)

func locale(t testing.TB, tag string) *i18n.Locale {
	t.Helper()
	b, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	l, ok := b.Locale(tag)
	if !ok {
		t.Fatalf("no language %s", tag)
	}
	return l
}

func TestValuesAreIsolatedAndEscaped(t *testing.T) {
	p := &Page{Locale: locale(t, "en")}
	for _, c := range []struct{ got, want string }{
		{string(p.H("case.helpfind", "name", "<b>Ana & Bo</b>")), "Help find <bdi>&lt;b&gt;Ana &amp; Bo&lt;/b&gt;</bdi>"},
		{string(p.H("site.call", "number", Code("116000"))), `Call <bdi dir="ltr">116000</bdi>`},
		{string(p.H("browse.page", "page", 2, "pages", 3)), "Page 2 of 3"},
		{string(p.H("case.range", "min", "{{.max}}", "max", "\ue0001\ue001")), "<bdi>{{.max}}</bdi>–<bdi>\ue0001\ue001</bdi>"},
		{string(p.H("case.helpfind", "name", "\u2068Ana\u2069 and \u2068<b>\u2069")), "Help find \u2068Ana\u2069 and \u2068&lt;b&gt;\u2069"},
		{p.T("case.helpfind", "name", "<b>"), "Help find <b>"},
		{string(Tel("+0 99 (001)")), `<a class="tel" href="tel:+099001"><bdi dir="ltr">+0 99 (001)</bdi></a>`},
		{string(Tel(`1" onclick="x`)), `<a class="tel" href="tel:1"><bdi dir="ltr">1&#34; onclick=&#34;x</bdi></a>`},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

// engine is a small site with one page for each way to end.
func engine(t *testing.T, log io.Writer) http.Handler {
	t.Helper()
	e := NewEngine(slog.New(slog.NewTextHandler(log, nil)), Policy, func(c *gin.Context, f *Fault) {
		Send(c, f.Status, "text/plain; charset=utf-8", []byte("page "+f.Key))
	})
	for path, h := range map[string]func(*gin.Context) error{
		"/ok": func(c *gin.Context) error { Send(c, 200, "text/html", bytes.Repeat([]byte("word "), 1000)); return nil },
		"/picture": func(c *gin.Context) error {
			Send(c, 200, "image/jpeg", bytes.Repeat([]byte("word "), 1000))
			return nil
		},
		"/short":   func(c *gin.Context) error { Send(c, 200, "text/html", []byte("word")); return nil },
		"/missing": func(c *gin.Context) error { return fmt.Errorf("case Secretname: %w", fs.ErrNotExist) },
		"/broken":  func(c *gin.Context) error { return errors.New("disk on fire") },
		"/fault":   func(c *gin.Context) error { return fmt.Errorf("x: %w", &Fault{Status: 418, Key: "gone"}) },
		"/panic":   func(c *gin.Context) error { panic("oops") },
	} {
		e.GET(path, Handle(h))
	}
	return e
}

func TestErrorsBecomePages(t *testing.T) {
	var log bytes.Buffer
	h := engine(t, &log)
	for path, want := range map[string]struct {
		status int
		body   string
	}{
		"/missing": {404, "page notfound"}, "/broken": {500, "page server"}, "/fault": {418, "page gone"},
		"/panic": {500, "page server"}, "/nowhere": {404, "page notfound"},
	} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path+"?q=Visitorsname", nil))
		if rec.Code != want.status || rec.Body.String() != want.body || rec.Header().Get("Content-Security-Policy") != Policy {
			t.Errorf("%s: %d %q", path, rec.Code, rec.Body)
		}
	}
	for _, want := range []string{"disk on fire", "oops", "route=/broken", "page_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	for _, never := range []string{"Visitorsname", "Secretname", "192.0.2.1"} {
		if strings.Contains(log.String(), never) {
			t.Errorf("the log has %q", never)
		}
	}
}

func TestOnlyTextIsCompressedAndOnlyForWhoTakesIt(t *testing.T) {
	h := engine(t, io.Discard)
	for _, c := range []struct {
		path, accept string
		want         bool
	}{
		{"/ok", "gzip, br", true}, {"/ok", "br, gzip;q=0.5", true}, {"/ok", "", false}, {"/ok", "gzip;q=0", false}, {"/ok", "gzipped", false},
		{"/picture", "gzip", false}, {"/short", "gzip", false},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		got := rec.Header().Get("Content-Encoding") == "gzip"
		if got != c.want {
			t.Errorf("%s with %q: compressed: %t", c.path, c.accept, got)
		}
		if c.path == "/ok" && !strings.Contains(rec.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s with %q: a cache would mix the two up", c.path, c.accept)
		}
		var body io.Reader = rec.Body
		if got {
			gz, err := gzip.NewReader(rec.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = gz
		}
		if b, _ := io.ReadAll(body); !bytes.HasPrefix(b, []byte("word")) {
			t.Errorf("%s: %q", c.path, b)
		}
	}
}

func TestStaticFilesAreKeptForEver(t *testing.T) {
	s, err := NewStatic(fstest.MapFS{"static/app.js": {Data: []byte("export {}")}})
	if err != nil {
		t.Fatal(err)
	}
	e := NewEngine(slog.New(slog.DiscardHandler), Policy, func(c *gin.Context, f *Fault) { c.Status(f.Status) })
	e.GET("/static/*name", Handle(s.Serve))
	address, err := s.URL("gmcn.css")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		address: "public, max-age=31536000, immutable", "/static/gmcn.css?v=old": "public, max-age=300", "/static/nothing": "no-store",
	} {
		rec := httptest.NewRecorder()
		e.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if got := rec.Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: %q", path, got)
		}
		if etag := rec.Header().Get("ETag"); etag != "" {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.Header.Set("If-None-Match", etag)
			again := httptest.NewRecorder()
			if e.ServeHTTP(again, r); again.Code != http.StatusNotModified {
				t.Errorf("%s asked again: %d", path, again.Code)
			}
		}
	}
	if _, err := s.URL("nothing.css"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an address of nothing: %v", err)
	}
	if s.files["app.js"].kind != "text/javascript; charset=utf-8" {
		t.Errorf("a module is %s", s.files["app.js"].kind)
	}
}

func TestTemplatesShareAndReplaceBlocks(t *testing.T) {
	s, err := NewStatic()
	if err != nil {
		t.Fatal(err)
	}
	templates, err := NewTemplates(s, fstest.MapFS{
		"template/_parts.html": {Data: []byte(`{{define "footer"}}our end{{end}}{{define "part"}}part of {{.Title}}{{end}}`)},
		"template/one.html":    {Data: []byte(`{{define "main"}}first {{template "part" .}}{{end}}`)},
		"template/two.html":    {Data: []byte(`{{define "main"}}second {{.Missing}}{{end}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	look, err := LoadLook(nil, Theme{})
	if err != nil {
		t.Fatal(err)
	}
	page := &Page{Locale: locale(t, "ar"), Look: look, Title: "Title", Organisation: "Org", Languages: []Language{{Tag: "ar"}}}
	render := func(name string) (*httptest.ResponseRecorder, error) {
		rec := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(rec)
		c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
		return rec, templates.Render(c, 200, name, page)
	}
	rec, err := render("one")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<html lang="ar" dir="rtl">`, "first part of Title", "our end", "<title>Title – Org</title>", look.ThemeURL()} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
	for _, name := range []string{"two", "three"} {
		if rec, err := render(name); err == nil || rec.Body.Len() > 0 {
			t.Errorf("%s: sent %d bytes of a page that failed: %v", name, rec.Body.Len(), err)
		}
	}
	if _, err := NewTemplates(s, fstest.MapFS{"template/bad.html": {Data: []byte(`{{define "main"}}{{end`)}}); err == nil {
		t.Error("a broken template was taken")
	}
}
