package site

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
)

var languages = []string{"en", "fr", "el", "ar"}

// pages returns every kind of page of w, without the language, with the status that it must have in XA's languages.
func pages(w *world) []string {
	paths := []string{"/", "/verify", "/cases", "/cases?tab=network", "/cases?q=nobody+at+all", "/cases?sex=female&age_min=3&kind=runaway&page=9", "/nothing"}
	for _, ref := range w.refs {
		paths = append(paths, "/cases/"+ref.String())
	}
	return paths
}

func TestEveryPageInEveryLanguage(t *testing.T) {
	w := newWorld(t, "XA", languages, true, hostile())
	for _, lang := range languages {
		dir := map[string]string{"ar": "rtl"}[lang]
		if dir == "" {
			dir = "ltr"
		}
		for _, path := range pages(w) {
			want := http.StatusOK
			if path == "/nothing" {
				want = http.StatusNotFound
			}
			a := w.get("/" + lang + path)
			if a.Code != want {
				t.Errorf("/%s%s: status %d, want %d", lang, path, a.Code, want)
				continue
			}
			if strings.Contains(a.body, "⟦") {
				at := strings.Index(a.body, "⟦")
				t.Errorf("/%s%s: a message is missing: %s", lang, path, a.body[at:at+40])
			}
			if head := `<html lang="` + lang + `" dir="` + dir + `">`; !strings.Contains(a.body, head) {
				t.Errorf("/%s%s: no %s", lang, path, head)
			}
			if strings.Count(a.body, "<h1") != 1 {
				t.Errorf("/%s%s: %d h1", lang, path, strings.Count(a.body, "<h1"))
			}
			if !strings.Contains(a.body, "tel:+099001") {
				t.Errorf("/%s%s: no hotline", lang, path)
			}
		}
	}
	// XA wrote its own page in English and French.
	for lang, want := range map[string]int{"en": 200, "fr": 200, "el": 404, "ar": 404} {
		a := w.get("/" + lang + "/about")
		if a.Code != want {
			t.Errorf("/%s/about: status %d, want %d", lang, a.Code, want)
		}
		if linked := strings.Contains(w.get("/"+lang+"/").body, `href="/`+lang+`/about"`); linked != (want == 200) {
			t.Errorf("/%s/: link to the about page: %t", lang, linked)
		}
	}
	if a := w.get("/xx/"); a.Code != http.StatusNotFound || !strings.Contains(a.body, "Page not found") {
		t.Errorf("a language that nobody speaks: %d", a.Code)
	}
	if a := w.get("/de/cases", "Accept-Language", "el"); !strings.Contains(a.body, `lang="el"`) {
		t.Error("the page for an unknown address is not in the browser's language")
	}
	if w.log.Len() > 0 {
		t.Errorf("logged: %s", w.log)
	}
}

func TestLanguageIsChosenAtTheDoor(t *testing.T) {
	w := newWorld(t, "XC", []string{"ar", "fr"}, false)
	ref := w.refs[countries()[0].Cases[0].Case.Number].String()
	for accept, want := range map[string]string{"": "ar", "fr-CH, fr;q=0.9": "fr", "zh": "ar", "en, fr;q=.5": "fr", "ar-EG": "ar"} {
		for path, rest := range map[string]string{"/": "/", "/c/" + ref: "/cases/" + ref} {
			a := w.get(path, "Accept-Language", accept)
			if got := a.Header().Get("Location"); a.Code != http.StatusFound || got != "/"+want+rest {
				t.Errorf("%s for %q: %d to %q, want /%s%s", path, accept, a.Code, got, want, rest)
			}
			if !strings.Contains(a.Header().Get("Vary"), "Accept-Language") {
				t.Errorf("%s: a cache would give one visitor's language to all", path)
			}
		}
	}
	if a := w.get("/fr"); a.Code != http.StatusMovedPermanently || a.Header().Get("Location") != "/fr/" {
		t.Errorf("/fr: %d to %q", a.Code, a.Header().Get("Location"))
	}
	for _, bad := range []string{"/c/nonsense", "/c/" + strings.ToUpper(ref), "/fr/cases/" + strings.ToUpper(ref), "/fr/cases/" + protocol.Ref{1}.String()} {
		if a := w.get(bad); a.Code != http.StatusNotFound {
			t.Errorf("%s: status %d", bad, a.Code)
		}
	}
}

// The address in each language must lead to the same page, and only there.
func TestAlternatesLeadToTheSamePage(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	cfg := w.cfg
	cfg.Demo = false
	site, err := New(cfg)
	w.check(err)
	w.site = site
	form := regexp.MustCompile(`<link rel="alternate" hreflang="([a-z]+)" href="https://own.example(/[^"]*)">`)
	for path, count := range map[string]int{"/en/": 4, "/ar/cases?tab=network": 4, "/fr/cases/" + w.refs["XB-2026-001"].String(): 4, "/en/about": 2} {
		a := w.get(path)
		found := form.FindAllStringSubmatch(a.body, -1)
		if len(found) != count {
			t.Errorf("%s: %d alternates, want %d", path, len(found), count)
		}
		for _, m := range found {
			if b := w.get(strings.ReplaceAll(m[2], "&amp;", "&")); b.Code != 200 || !strings.Contains(b.body, `<html lang="`+m[1]+`"`) {
				t.Errorf("%s: the alternate %s gives %d", path, m[2], b.Code)
			}
		}
		if strings.Contains(a.body, "noindex") {
			t.Errorf("%s: hidden from search engines", path)
		}
	}
	if a := w.get("/en/cases?sex=male"); !strings.Contains(a.body, "noindex") {
		t.Error("a filtered list is offered to search engines")
	}
	if a := w.get("/robots.txt"); strings.Contains(a.body, "Disallow: /\n") {
		t.Errorf("robots.txt: %s", a.body)
	}
	w.site, _ = New(w.cfg)
	if a := w.get("/robots.txt"); !strings.Contains(a.body, "Disallow: /\n") {
		t.Errorf("robots.txt of a demonstration: %s", a.body)
	}
	if a := w.get("/fr/"); !strings.Contains(a.body, "noindex") || !strings.Contains(a.body, `class="demo"`) {
		t.Error("a demonstration does not say so")
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	ref := w.refs["XA-2026-001"].String()
	file := photoOf(w, ref)
	fill := strings.NewReplacer(":lang", "en", ":ref", ref, ":file", file, ":code", w.stamp("XA-2026-001").Code(), ":size", "320.jpg", "*name", "gmcn.css")
	paths := []string{"/en/nothing", "/photos/nonsense", "/static/nothing"}
	for _, r := range routes {
		paths = append(paths, fill.Replace(r.path))
	}
	for _, path := range paths {
		a := w.get(path)
		if a.Code >= 500 {
			t.Errorf("%s: status %d", path, a.Code)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": ui.Policy, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := a.Header().Get(name); got != want {
				t.Errorf("%s: %s: %q", path, name, got)
			}
		}
		if a.Header().Get("Permissions-Policy") == "" || a.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s: permissions %q, cookie %q", path, a.Header().Get("Permissions-Policy"), a.Header().Get("Set-Cookie"))
		}
	}
	// What is not a GET changes nothing and says so.
	r, _ := http.NewRequest(http.MethodPost, "/en/", nil)
	rec := recorder()
	w.site.ServeHTTP(rec, r)
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", rec.Code)
	}
}

// Everything that a page loads comes from its own site, at an address that exists.
func TestPagesLoadOnlyTheirOwn(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	loads := regexp.MustCompile(`(?:src|href)="([^"]*)"|srcset="([^"]*)"`)
	seen := map[string]bool{}
	for _, path := range pages(w) {
		a := w.get("/ar" + path)
		for _, never := range []string{"style=", "<script", "onclick", "onload", "javascript:", "<style"} {
			if strings.Contains(a.body, never) {
				t.Errorf("%s has %s", path, never)
			}
		}
		for _, m := range loads.FindAllStringSubmatch(a.body, -1) {
			for _, address := range strings.Split(m[1]+m[2], ", ") {
				address, _, _ = strings.Cut(strings.ReplaceAll(address, "&amp;", "&"), " ")
				switch {
				case seen[address], strings.HasPrefix(address, "#"), strings.HasPrefix(address, "tel:"):
				case strings.HasPrefix(address, "/"):
					seen[address] = true
					// The poster of a case in another script may not be possible yet.
					if b := w.get(address); b.Code != 200 && b.Code != http.StatusNotAcceptable {
						t.Errorf("%s leads to %s: status %d", path, address, b.Code)
					}
				case strings.HasPrefix(address, "https://x") && strings.HasSuffix(address, ".example") && !strings.Contains(a.body, `src="`+address):
				default:
					t.Errorf("%s leads to %s", path, address)
				}
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d addresses were found", len(seen))
	}
}

func TestMembersDetailsAndDraftsNeverAppear(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	draft := &store.Draft{ID: protocol.NewCaseID(), Case: hostile().Case}
	draft.Case.Number, draft.Case.Children[0].Name = "XA-DRAFT-1", "Quillon Undertow"
	w.check(w.store.SaveDraft(draft))
	var all strings.Builder
	for _, lang := range languages {
		for _, path := range append(pages(w), "/cases?q=Quillon", "/cases?q=XA-DRAFT") {
			all.WriteString(w.get("/" + lang + path).body)
		}
	}
	body := strings.NewReplacer(`value="Quillon"`, "", "?q=Quillon", "").Replace(all.String())
	if strings.Contains(body, "Quillon") || strings.Contains(body, "Undertow") {
		t.Error("a draft was shown")
	}
	if a := w.get("/en/cases/" + protocol.RefOf(w.card.Origin(), draft.ID).String()); a.Code != 404 {
		t.Errorf("a draft's address: status %d", a.Code)
	}
	checked := 0
	for _, c := range countries() {
		for _, seed := range c.Cases {
			local, members := seed.Secrets()
			for _, secret := range append(local, members...) {
				if checked++; strings.Contains(body, secret) {
					t.Errorf("%s: a secret was shown", seed.Case.Number)
				}
			}
			for i, child := range seed.Members.Children {
				if !child.Birth.IsZero() && child.Birth.Day != 0 && child.Birth != seed.Case.Since && strings.Contains(body, child.Birth.String()) {
					t.Errorf("%s: the date of birth of child %d was shown", seed.Case.Number, i)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d secrets were looked for", checked)
	}
}

func TestHostileTextStaysText(t *testing.T) {
	w := newWorld(t, "XA", languages, true, hostile())
	ref := w.refs["XA-2026-666"].String()
	for _, lang := range languages {
		for _, path := range []string{"/", "/cases", "/cases/" + ref, "/cases?q=%3Cscript%3Ealert(6)%22onfocus=%22alert(7)"} {
			a := w.get("/" + lang + path)
			for _, never := range []string{"<script", "<img src=x", "<svg onload", "<iframe", `"onmouseover="`, `"onfocus="`, "<b>abc", "\u202e"} {
				if strings.Contains(a.body, never) {
					t.Errorf("/%s%s: %s", lang, path, never)
				}
			}
		}
		a := w.get("/" + lang + "/cases/" + ref)
		for _, want := range []string{"<bdi>&lt;script&gt;", "<bdi>שלום &lt;b&gt;abc"} {
			if !strings.Contains(a.body, want) {
				t.Errorf("/%s: no %s", lang, want)
			}
		}
		if !strings.Contains(a.body, `<p class="what" lang="la" dir="auto">line one`) {
			t.Errorf("/%s: text in another language is not marked", lang)
		}
	}
	if a := w.get("/en/cases?q=%ff%fe&page=-1&age_min=x&year=99999999999999999999&sex=%3C&country=zz&tab=evil"); a.Code != 200 {
		t.Errorf("senseless filters: status %d", a.Code)
	}
}

func TestClosedCaseIsGone(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	seed := countries()[0].Cases[0]
	ref := w.refs[seed.Case.Number].String()
	file := photoOf(w, ref)
	addresses := []string{"/photos/" + file, "/photos/" + file + "/640.jpg"}
	for _, lang := range languages {
		addresses = append(addresses, "/"+lang+"/cases/"+ref, "/"+lang+"/cases/"+ref+"/poster.pdf")
	}
	for _, address := range addresses[:4] {
		if a := w.get(address); a.Code != 200 {
			t.Fatalf("%s: status %d before the case was closed", address, a.Code)
		}
	}
	etag := `"` + file + `"`
	w.close(seed.Case.Number)
	for _, address := range addresses {
		a := w.get(address, "If-None-Match", etag)
		if a.Code != http.StatusGone {
			t.Errorf("%s: status %d, want 410", address, a.Code)
		}
		if cache := a.Header().Get("Cache-Control"); cache != "no-store" {
			t.Errorf("%s: Cache-Control %q", address, cache)
		}
		whole := a.body + fmt.Sprint(a.Header())
		for _, name := range append(seed.Case.Title(), seed.Case.Children[0].OtherNames...) {
			for _, word := range strings.Fields(name) {
				if strings.Contains(whole, word) {
					t.Errorf("%s: the name is still there", address)
				}
			}
		}
		for _, never := range []string{seed.Case.Number, seed.Case.From.Locality, "/photos/", ref} {
			if strings.Contains(whole, never) {
				t.Errorf("%s: %q is still there", address, never)
			}
		}
		if !strings.Contains(a.body, "noindex") {
			t.Errorf("%s: not hidden from search engines", address)
		}
	}
	for _, path := range []string{"/en/", "/en/cases", "/en/cases?q=" + seed.Case.Number} {
		if strings.Contains(w.get(path).body, ref) {
			t.Errorf("%s still lists the case", path)
		}
	}
	if w.log.Len() > 0 {
		t.Errorf("logged: %s", w.log)
	}
}

func TestRemovedMembersCasesAreNotShown(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	ref := w.refs["XB-2026-001"]
	shown, err := w.store.Public().Case(ref)
	w.check(err)
	card, err := w.store.Public().Card(shown.Origin)
	w.check(err)
	w.check(w.store.SetMember(card, protocol.Removed, time.Now()))
	if a := w.get("/en/cases/" + ref.String()); a.Code != 404 && a.Code != 410 {
		t.Errorf("status %d", a.Code)
	}
	if a := w.get("/en/cases?tab=network"); strings.Contains(a.body, ref.String()) {
		t.Error("still listed")
	}
}

var listed = regexp.MustCompile(`<li class="card">[\s\S]*?href="/en/cases/([a-z2-7]{26})"`)

func refsIn(body string) []string {
	var refs []string
	for _, m := range listed.FindAllStringSubmatch(body, -1) {
		refs = append(refs, m[1])
	}
	return refs
}

func TestFilters(t *testing.T) {
	w := newWorld(t, "XA", languages, false)
	match := func(network bool, fits func(c *protocol.Case, country string) bool) []string {
		var want []string
		for _, c := range countries() {
			for _, seed := range c.Cases {
				if (c.Code != "XA") == network && fits(&seed.Case, c.Code) {
					want = append(want, w.refs[seed.Case.Number].String())
				}
			}
		}
		slices.Sort(want)
		return want
	}
	sex := func(s protocol.Sex) func(*protocol.Case, string) bool {
		return func(c *protocol.Case, _ string) bool {
			return slices.ContainsFunc(c.Children, func(ch protocol.Child) bool { return ch.Sex == s })
		}
	}
	first := countries()[0].Cases[0].Case
	for q, want := range map[string][]string{
		"":                        match(false, func(*protocol.Case, string) bool { return true }),
		"?tab=network":            match(true, func(*protocol.Case, string) bool { return true }),
		"?sex=male":               match(false, sex("male")),
		"?tab=network&sex=female": match(true, sex("female")),
		"?tab=network&country=XC": match(true, func(_ *protocol.Case, country string) bool { return country == "XC" }),
		"?kind=runaway":           match(false, func(c *protocol.Case, _ string) bool { return c.Kind == "runaway" }),
		"?year=2020": match(false, func(c *protocol.Case, _ string) bool {
			return c.Since.Year == 2020
		}),
		"?q=" + strings.ToUpper(strings.Fields(first.Children[0].Name)[0]): {w.refs[first.Number].String()},
		"?q=" + first.Number: {w.refs[first.Number].String()},
		"?q=xyzzy":           nil,
		"?age_min=100":       nil,
	} {
		a := w.get("/en/cases" + q)
		got := refsIn(a.body)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %d cases, want %d", q, len(got), len(want))
		}
		l, _ := w.cfg.Bundle.Locale("en")
		if count := "<strong>" + l.N("browse.count", len(want)) + "</strong>"; !strings.Contains(a.body, count) {
			t.Errorf("%s: no %s", q, count)
		}
		if len(want) == 0 && !strings.Contains(a.body, l.T("browse.none")) {
			t.Errorf("%s: does not say that nothing matches", q)
		}
	}
	// Other countries' cases have their source named.
	if a := w.get("/en/cases?tab=network"); strings.Count(a.body, `<p class="muted small origin"><bdi>Thalassia`) != 4 {
		t.Error("the source of a case is missing in the list")
	}
	if a := w.get("/en/cases/" + w.refs["XB-2026-001"].String()); !strings.Contains(a.body, `href="https://xb.example"`) {
		t.Error("the source of a case is missing on its page")
	}
}

func TestManyCasesArePaged(t *testing.T) {
	var more []protocoltest.Seed
	for i := range 60 {
		c := hostile().Case
		c.Number, c.Children = fmt.Sprintf("XA-MANY-%02d", i), []protocol.Child{{Name: fmt.Sprintf("Nobody %02d", i), Sex: "female"}}
		more = append(more, protocoltest.Seed{Case: c})
	}
	w := newWorld(t, "XA", []string{"en", "ar"}, false, more...)
	seen := map[string]bool{}
	path, count := "/en/cases?q=nobody&sex=female", 0
	next := regexp.MustCompile(`rel="next" href="([^"]*)"`)
	for ; path != ""; count++ {
		a := w.get(path)
		refs := refsIn(a.body)
		if len(refs) > perPage || len(refs) == 0 {
			t.Fatalf("%s: %d cases", path, len(refs))
		}
		for _, ref := range refs {
			if seen[ref] {
				t.Errorf("%s is on two pages", ref)
			}
			seen[ref] = true
		}
		path = ""
		if m := next.FindStringSubmatch(a.body); m != nil {
			path = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	if len(seen) != 60 || count != 3 {
		t.Errorf("%d cases on %d pages, want 60 on 3", len(seen), count)
	}
	if a := w.get("/ar/cases?q=nobody&page=77"); !strings.Contains(a.body, "3") || len(a.body) == 0 || a.Code != 200 {
		t.Errorf("a page past the end: status %d", a.Code)
	}
	if n := gzipped(w, "/en/cases"); n > 12<<10 {
		t.Errorf("a full list is %d bytes compressed; the budget is %d", n, 12<<10)
	}
}
