package site

import (
	"bytes"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/i18n"
)

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// photoOf returns the name of the first photo file of a case's page.
func photoOf(w *world, ref string) string {
	w.Helper()
	m := regexp.MustCompile(`src="/photos/([a-z2-7]+)/640\.jpg"`).FindStringSubmatch(w.get("/en/cases/" + ref).body)
	if m == nil {
		w.Fatal("the page has no photo")
	}
	return m[1]
}

// gzipped returns how many bytes a page is as it is sent.
func gzipped(w *world, path string) int {
	w.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", "gzip, deflate, br")
	rec := recorder()
	w.site.ServeHTTP(rec, r)
	if rec.Code != 200 {
		w.Fatalf("%s: status %d", path, rec.Code)
	}
	return rec.Body.Len()
}

func TestPhotoIsKeptMinutesOnly(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	file := photoOf(w, w.refs["XA-2026-001"].String())
	for path, width := range map[string]int{"": 720, "/320.jpg": 320, "/640.jpg": 640, "/1200.jpg": 720} {
		a := w.get("/photos/" + file + path)
		if a.Code != 200 || a.Header().Get("Content-Type") != "image/jpeg" {
			t.Fatalf("%s: %d %s", path, a.Code, a.Header().Get("Content-Type"))
		}
		m, err := jpeg.DecodeConfig(strings.NewReader(a.body))
		if err != nil || m.Width != width {
			t.Errorf("%s: %d pixels wide, want %d (%v)", path, m.Width, width, err)
		}
		if got := a.Header().Get("Cache-Control"); got != "public, max-age=300, must-revalidate" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		etag := a.Header().Get("ETag")
		if !strings.Contains(etag, file) {
			t.Errorf("%s: ETag %s", path, etag)
		}
		again := w.get("/photos/"+file+path, "If-None-Match", etag)
		if again.Code != http.StatusNotModified || again.body != "" {
			t.Errorf("%s: asked again: status %d, %d bytes", path, again.Code, len(again.body))
		}
		if other := w.get("/photos/"+file+path, "If-None-Match", `"other"`); other.Code != 200 || other.body != a.body {
			t.Errorf("%s: asked again for another version: status %d", path, other.Code)
		}
	}
	if a := w.get("/photos/" + file + "/1201.jpg"); a.Code != 404 {
		t.Errorf("a size of one's own: status %d", a.Code)
	}
	if n := len(w.get("/photos/" + file + "/640.jpg").body); n > 45<<10 {
		t.Errorf("the main photo is %d bytes; the budget is %d", n, 45<<10)
	}
}

// A record comes before its photo: its page must not show a broken picture meanwhile.
func TestPhotoThatHasNotArrived(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	file := photoOf(w, w.refs["XB-2026-001"].String())
	a := w.get("/photos/" + file + "/640.jpg")
	if a.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(a.body, "<svg") || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, %s, %s", a.Code, a.Header().Get("Content-Type"), a.Header().Get("Cache-Control"))
	}
	if a := w.get("/en/cases/" + w.refs["XA-2026-001"].String() + "/poster.pdf"); a.Code != 200 {
		t.Errorf("a poster without its photo: status %d", a.Code)
	}

	// Its thumbnail comes before it, and stands in for it.
	shown, err := w.store.Public().Case(w.refs["XB-2026-001"])
	w.check(err)
	for _, seed := range countries()[1].Cases[0].Photos[:1] {
		w.check(w.store.PutPhoto(shown.Photos[0].Thumb.Cid, draw(w, seed).Thumb))
	}
	a = w.get("/photos/" + file + "/640.jpg")
	if a.Code != 200 || a.Header().Get("Content-Type") != "image/jpeg" || a.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("with its thumbnail: status %d, %s, %s", a.Code, a.Header().Get("Content-Type"), a.Header().Get("Cache-Control"))
	}
	if asked, err := w.store.AskedPhotos(); err != nil || !slices.ContainsFunc(asked, func(w store.WantedPhoto) bool { return w.File.String() == file }) {
		t.Errorf("the page asked for %v, %v; want %s among them", asked, err, file)
	}

}

func TestSizesStayWithinTheirMemory(t *testing.T) {
	z := newSizes()
	mb := make([]byte, 1<<20)
	for i := range 100 {
		z.keep(strings.Repeat("x", i+1)+"320.jpg", mb)
	}
	if z.total > maxSizes || z.order.Len() != maxSizes>>20 || len(z.byKey) != z.order.Len() {
		t.Errorf("%d bytes in %d entries", z.total, z.order.Len())
	}
	last := strings.Repeat("x", 100)
	if z.find(last+"320.jpg") == nil || z.find("x320.jpg") != nil {
		t.Error("it did not drop the oldest")
	}
	z.forget(last)
	if z.find(last+"320.jpg") != nil || len(z.byKey) != z.order.Len() {
		t.Error("it did not forget")
	}
}

func TestPosters(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	path := "/cases/" + w.refs["XA-2026-001"].String() + "/poster.pdf"
	a := w.get("/fr" + path)
	if a.Code != 200 || a.Header().Get("Content-Type") != "application/pdf" || !strings.HasPrefix(a.body, "%PDF-") {
		t.Fatalf("status %d, %s", a.Code, a.Header().Get("Content-Type"))
	}
	if got := a.Header().Get("Content-Disposition"); got != `inline; filename="XA-2026-001.pdf"` {
		t.Errorf("Content-Disposition %q", got)
	}
	if !bytes.Contains([]byte(a.body), []byte("/Subtype /Image")) {
		t.Error("the poster has no photo")
	}
	if len(a.body) > 250<<10 {
		t.Errorf("the poster is %d bytes; the budget is %d", len(a.body), 250<<10)
	}
	if again := w.get("/fr"+path, "If-None-Match", a.Header().Get("ETag")); again.Code != http.StatusNotModified {
		n := 0
		for n < min(len(a.body), len(again.body)) && a.body[n] == again.body[n] {
			n++
		}
		t.Errorf("asked again: status %d, %d bytes, first %d, other from byte %d: %.80q", again.Code, len(again.body), len(a.body), n, again.body[n:])
	}
	letter := w.get("/fr" + path + "?size=letter")
	if letter.Code != 200 || letter.Header().Get("ETag") == a.Header().Get("ETag") {
		t.Errorf("Letter: status %d, ETag as A4", letter.Code)
	}
	if bad := w.get("/fr" + path + "?size=A99"); bad.Code != http.StatusBadRequest {
		t.Errorf("a size that no paper has: status %d", bad.Code)
	}
	if ar := w.get("/ar" + path); ar.Code != 200 || !strings.HasPrefix(ar.body, "%PDF-") {
		t.Errorf("in Arabic: status %d", ar.Code)
	}
	if page := w.get("/ar/cases/" + w.refs["XA-2026-001"].String()); !strings.Contains(page.body, `href="/ar`+path+`"`) {
		t.Error("the Arabic page offers no poster")
	}
}

// A character of a font pack that is not here: a page says so, and leads to the page to print.
func TestNoPoster(t *testing.T) {
	seed := countries()[0].Cases[0]
	seed.Photos = nil
	seed.Case.Number = "XA-2026-099"
	seed.Case.Children = slices.Clone(seed.Case.Children)
	seed.Case.Children[0].Name = "Wren \u6c38"
	w := newWorld(t, "XA", languages, false, seed)
	path := "/cases/" + w.refs["XA-2026-099"].String()
	if a := w.get("/fr" + path + "/poster.pdf"); a.Code != http.StatusNotAcceptable || !strings.Contains(a.body, `href="/fr`+path+`"`) {
		t.Errorf("status %d: %s", a.Code, a.body)
	}
}

func TestFirstViewFitsItsBudget(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	for _, lang := range languages {
		path := "/" + lang + "/"
		page := w.get(path)
		total := gzipped(w, path)
		if total > 12<<10 {
			t.Errorf("%s: %d bytes of HTML", path, total)
		}
		for _, m := range regexp.MustCompile(`<link rel="(?:stylesheet|icon)" href="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
			total += gzipped(w, m[1])
		}
		photos := 0
		for _, m := range regexp.MustCompile(`<img class="photo"[^>]*>`).FindAllString(page.body, -1) {
			src := regexp.MustCompile(`src="([^"]*)"`).FindStringSubmatch(m)[1]
			if !strings.Contains(m, "lazy") {
				photos++
				n := gzipped(w, src)
				total += n
				if n > 14<<10 {
					t.Errorf("%s: a thumbnail is %d bytes; the budget is %d", path, n, 14<<10)
				}
			}
			if !strings.Contains(m, "width=") || !strings.Contains(m, "height=") {
				t.Errorf("%s: a photo without its size moves the page as it loads", path)
			}
		}
		if photos != 4 || total > 70<<10 {
			t.Errorf("%s: the first view is %d bytes with %d photos; the budget is %d with 4", path, total, photos, 70<<10)
		}
		if n := gzipped(w, "/"+lang+"/cases/"+w.refs["XA-2026-003"].String()); n > 12<<10 {
			t.Errorf("a case in %s is %d bytes", lang, n)
		}
	}
}

func TestBadConfigurationIsRefused(t *testing.T) {
	bundle, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, languages := range [][]string{nil, {"en", "tlh"}} {
		if _, err := New(Config{Bundle: bundle, Languages: languages}); err == nil {
			t.Errorf("%q were taken", languages)
		}
	}
}
