package admin

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"golang.org/x/net/html"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// paths returns every route of the console with its parameters filled in.
func (d *desk) paths(lang, id, file string) (all [][2]string) {
	closed := id
	if all, err := d.node.Closed(); err == nil && len(all) > 0 {
		closed = all[0].ID.String()
	}
	pairing, member := protocol.PairNonce{1}.String(), protocol.Origin{1}.String()
	if all, err := d.node.Pairings(); err == nil && len(all) > 0 {
		pairing = all[0].ID().String()
	}
	if peers, err := d.node.Peers(); err == nil && len(peers) > 1 {
		member = peers[1].Member.Card.Origin().String()
	}
	r := strings.NewReplacer(":lang", lang, ":id", id, ":closed", closed, ":pairing", pairing, ":member", member, ":cid", file, ":part", "child", ":index", "0", "/static/*name", "/static/gmcn.css")
	for _, route := range d.handler.(*gin.Engine).Routes() {
		all = append(all, [2]string{route.Method, r.Replace(route.Path)})
	}
	return all
}

func TestNoPageWithoutASession(t *testing.T) {
	d := signedInDesk(t)
	photo, _ := phonePhoto(1)
	d.newCase(nil, upload{"a.jpg", photo})
	draft := d.only()
	routes := d.paths("en", draft.ID.String(), draft.Photos[0].File.Cid.String())
	if len(routes) < 20 {
		t.Fatalf("only %d routes", len(routes))
	}
	open := []string{"/", "/en", "/en/signin", "/static/gmcn.css", "/theme.css", "/logo"}
	for _, cookie := range []string{"", "wrong"} {
		d.client = d.browser()
		d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		for _, r := range routes {
			req, _ := http.NewRequest(r[0], d.server.URL+r[1], nil) // no error: a good URL
			if cookie != "" {
				req.AddCookie(&http.Cookie{Name: "gmcn-" + d.node.Origin().String()[:12], Value: cookie})
			}
			p := d.do(req)
			if strings.Contains(p.body, "Mira") || strings.Contains(p.body, "JFIF") {
				t.Errorf("%v tells about the case without a session", r)
			}
			if slices.Contains(open, r[1]) {
				continue
			}
			if p.status != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "/en/signin?next=") {
				t.Errorf("%v without a session: %d to %q", r, p.status, p.header.Get("Location"))
			}
		}
	}
	if got := d.only(); !got.Changed.Equal(draft.Changed) {
		t.Error("something changed without a session")
	}
}

func TestForgedRequestsAreRefused(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(nil)
	before := d.only()
	at := "/en/cases/" + before.ID.String()
	good := controls(d.get(at).mainForm())
	forged := func(change func(*http.Request), all []pair) int {
		body, kind := multipartBody(d, all)
		req, _ := http.NewRequest("POST", d.server.URL+at, body) // no error: a good URL
		req.Header.Set("Content-Type", kind)
		change(req)
		return d.do(req).status
	}
	named := append(slices.Clone(good), pair{"children.0.name", "Forged"})
	for name, change := range map[string]func(*http.Request){
		"another site":   func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a sister site":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		if got := forged(change, named); got != http.StatusForbidden {
			t.Errorf("from %s: %d", name, got)
		}
	}
	asIs := func(*http.Request) {}
	for name, all := range map[string][]pair{
		"no token":    slices.DeleteFunc(slices.Clone(named), func(c pair) bool { return c.name == "csrf" }),
		"wrong token": append([]pair{{"csrf", "wrong"}}, named[1:]...),
	} {
		body, kind := multipartBody(d, all, upload{"a.jpg", []byte("x")})
		req, _ := http.NewRequest("POST", d.server.URL+at, body) // no error: a good URL
		req.Header.Set("Content-Type", kind)
		p := d.do(req)
		if p.status != http.StatusForbidden || attr(p.byID("children.0.name"), "value") != "Forged" || !strings.Contains(p.text(), "Nothing was changed") {
			t.Errorf("%s: %d %s; want a refusal that keeps what was entered", name, p.status, p.text())
		}
	}
	for _, path := range []string{"/en/signout", "/en/posters", "/en/network/invite", "/en/network/accept", at + "/publish", at + "/close", at + "/discard", at + "/remove/child/0"} {
		if p := d.small(path, []pair{{"reason", "error"}, {"csrf", "wrong"}}); p.status != http.StatusForbidden {
			t.Errorf("%s with a wrong token: %d", path, p.status)
		}
	}
	if after := d.only(); after.Case.Children[0].Name != "Mira T." || after.PublishedRev != 0 {
		t.Error("a forged request changed something")
	}
	if got := forged(asIs, named); got != http.StatusOK || d.only().Case.Children[0].Name != "Forged" {
		t.Errorf("the true form is refused too: %d", got)
	}
}

// madeMarkup says whether a page has an element that only the hostile text could have made: bold text, or a script that is not
// one of our own files.
func madeMarkup(p *shown) bool {
	for _, script := range p.elements("script") {
		if !strings.HasPrefix(attr(script, "src"), "/static/") || script.FirstChild != nil {
			return true
		}
	}
	return len(p.elements("b")) > 0
}

func TestHostileTextStaysText(t *testing.T) {
	d := signedInDesk(t)
	evil := `"><script>alert(1)</script><b>'`
	p := d.newCase(map[string]string{"number": evil, "children.0.name": evil, "what.en": "</textarea>" + evil, "from.area": evil, "since": evil,
		"agency.name": evil, "local.notes": "</textarea>" + evil}, upload{`x"><script>.jpg`, []byte("no")})
	for _, p := range []*shown{p, d.get("/en/"), d.get("/en/cases/" + d.only().ID.String()), d.get("/en/cases/" + d.only().ID.String() + "/discard"),
		d.get("/en/signin?next=" + `%22%3E%3Cscript%3E`), d.get("/en/%3Cscript%3E")} {
		if madeMarkup(p) {
			t.Errorf("%s: what was entered became markup", p.path)
		}
	}
	if attr(p.byID("number"), "value") != evil || text(p.byID("what.en")) != "</textarea>"+evil || attr(p.byID("since"), "value") != evil {
		t.Error("what was entered is not shown as it was")
	}
	draft := d.only()
	draft.Case.Children[0].Sex, draft.Case.Kind = "<script>", "\u202e<b>"
	draft.Case.Children[0].Name = "a\x00b\u202e"
	if err := d.node.SaveDraft(draft); err != nil {
		t.Fatal(err)
	}
	p = d.get("/en/cases/" + draft.ID.String() + "?check=1")
	if p.status != 200 || madeMarkup(p) || !p.wrongAt("children.0.sex", "choose one") || !p.wrongAt("children.0.name", "control characters") {
		t.Errorf("codes that are none: %d %s", p.status, p.text())
	}
}

// endless is a body that would never end.
type endless struct{ n int64 }

func (e *endless) Read(b []byte) (int, error) {
	clear(b)
	e.n += int64(len(b))
	return len(b), nil
}

func TestLargeBodies(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(nil)
	at, token := "/en/cases/"+d.only().ID.String(), d.token()
	here, err := url.Parse(d.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	serve := func(body io.Reader, size int64) int {
		req := httptest.NewRequest("POST", at, body)
		req.ContentLength = size
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		for _, c := range d.client.Jar.Cookies(here) {
			req.AddCookie(c)
		}
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, req)
		if w.Code == http.StatusRequestEntityTooLarge && !strings.Contains(w.Body.String(), "too large to send") {
			t.Error("the page does not say that it was too large")
		}
		return w.Code
	}
	head := "--b\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\n" + token + "\r\n"
	field := head + "--b\r\nContent-Disposition: form-data; name=\"number\"\r\n\r\n"
	file := head + "--b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a.jpg\"\r\n\r\n"

	e := new(endless)
	if got := serve(io.MultiReader(strings.NewReader(field), e), -1); got != http.StatusRequestEntityTooLarge || e.n > 2*maxTexts {
		t.Errorf("an endless text: %d after %d bytes", got, e.n)
	}
	e = new(endless)
	if got := serve(io.MultiReader(strings.NewReader(file), e), -1); got != http.StatusRequestEntityTooLarge || e.n > maxBody+1<<20 {
		t.Errorf("an endless file: %d after %d bytes", got, e.n)
	}
	e = new(endless)
	if got := serve(e, maxBody+1); got != http.StatusRequestEntityTooLarge || e.n > 0 {
		t.Errorf("a body that says it is too large: %d after %d bytes", got, e.n)
	}
	if got := serve(strings.NewReader(head+"--b\r\nCont"), -1); got != http.StatusBadRequest {
		t.Errorf("a body cut short: %d", got)
	}
	many := head + strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n", maxFields+1) + "--b--\r\n"
	if got := serve(strings.NewReader(many), -1); got != http.StatusRequestEntityTooLarge {
		t.Errorf("too many fields: %d", got)
	}
	// One file beyond the limit is refused by name, and the rest of the form is saved.
	good, _ := phonePhoto(5)
	p := d.get(at).submit("save", map[string]string{"from.area": "North"}, upload{"huge.jpg", bytes.Repeat([]byte("x"), photo.MaxUploadBytes+1)}, upload{"good.jpg", good})
	if draft := d.only(); !p.wrongAt("upload", "huge.jpg") || len(draft.Photos) != 1 || draft.Case.From.Area != "North" {
		t.Errorf("one file too large: %s", p.text())
	}
	var all []upload
	for i := range protocol.MaxPhotos {
		b, _ := phonePhoto(int64(20 + i))
		all = append(all, upload{"n.jpg", b})
	}
	if p = p.submit("save", nil, all...); len(d.only().Photos) != protocol.MaxPhotos || !p.wrongAt("upload", "The limit is 12.") {
		t.Errorf("%d photos: %s", len(d.only().Photos), p.text())
	}
}

// TestEveryPageInEveryLanguage looks for words that a catalogue lacks, for what a page must have, and for what it must
// not.
func TestEveryPageInEveryLanguage(t *testing.T) {
	d := signedInDesk(t)
	photo, _ := phonePhoto(1)
	p := d.newCase(map[string]string{"children.0.marks.en": "scar"}, upload{"a.jpg", photo})
	p.submit("add-companion", nil).submit("save", map[string]string{"companions.0.relation": "father", "companions.0.sex": "male", "local.legal_basis": "court_order"})
	draft := d.only()
	if _, err := d.node.Publish(draft.ID); err != nil {
		t.Fatal(err)
	}
	other := &store.Draft{Case: protocol.Case{Number: "XA-2", Children: make([]protocol.Child, 2), Companions: make([]protocol.Companion, 1)}}
	if err := d.node.SaveDraft(other); err != nil {
		t.Fatal(err)
	}
	d.closeOne("XA-3")
	xb := otherNode(t, "XB")
	if err := d.node.AddMember(xb.Card()); err != nil {
		t.Fatal(err)
	}
	waiting, known := paired(t, d.node, otherNode(t, "XC"))
	missing := regexp.MustCompile(`⟦[^⟧]*⟧|admin\.[a-z]+|pair\.[a-z]+|member\.[a-z]+|%!`)
	look := func(p *shown, lang string) {
		t.Helper()
		if found := missing.FindString(p.body); found != "" {
			t.Errorf("%s: %s", p.path, found)
		}
		root := p.elements("html")[0]
		if attr(root, "lang") != lang || attr(root, "dir") != map[string]string{"ar": "rtl"}[lang]+map[string]string{"en": "ltr", "fr": "ltr", "el": "ltr"}[lang] {
			t.Errorf("%s: lang %s, dir %s", p.path, attr(root, "lang"), attr(root, "dir"))
		}
		if len(p.elements("h1")) != 1 || slices.ContainsFunc(p.elements("script"), func(x *html.Node) bool {
			return !strings.HasPrefix(attr(x, "src"), "/static/") || x.FirstChild != nil
		}) || strings.Contains(p.body, " style=") {
			t.Errorf("%s: %d h1, or a script or style", p.path, len(p.elements("h1")))
		}
		if p.header.Get("Content-Security-Policy") != ui.Policy || p.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", p.path, p.header)
		}
		ids := map[string]bool{}
		labels := map[string]bool{}
		for _, l := range p.elements("label") {
			labels[attr(l, "for")] = true
		}
		for x := range p.doc.Descendants() {
			id := attr(x, "id")
			if id != "" && ids[id] {
				t.Errorf("%s: id %s twice", p.path, id)
			}
			ids[id] = true
			switch {
			case x.Data == "input" && slices.Contains([]string{"hidden", "checkbox", "radio"}, attr(x, "type")):
			case slices.Contains([]string{"input", "select", "textarea"}, x.Data) && !labels[id] && attr(x, "aria-label") == "":
				t.Errorf("%s: no label for %s %s", p.path, x.Data, attr(x, "name"))
			}
		}
		for _, x := range p.elements("a") {
			if to, ok := strings.CutPrefix(attr(x, "href"), "#"); ok && !ids[to] {
				t.Errorf("%s: a link to #%s, which is not there", p.path, to)
			}
		}
		for _, name := range []string{"aria-describedby"} {
			for x := range p.doc.Descendants() {
				for id := range strings.FieldsSeq(attr(x, name)) {
					if !ids[id] {
						t.Errorf("%s: described by %s, which is not there", p.path, id)
					}
				}
			}
		}
	}
	for _, lang := range []string{"en", "fr", "el", "ar"} {
		for _, r := range d.paths(lang, draft.ID.String(), draft.Photos[0].File.Cid.String()) {
			if r[0] == "GET" && strings.HasPrefix(r[1], "/"+lang+"/") && !strings.HasSuffix(r[1], "signin") {
				p := d.get(r[1])
				if p.status != 200 {
					t.Errorf("%s: %d", r[1], p.status)
				}
				look(p, lang)
			}
		}
		for _, id := range []protocol.PairNonce{waiting, known} {
			look(d.get("/"+lang+"/network/pairings/"+id.String()), lang)
		}
		look(d.small("/"+lang+"/network/accept", []pair{{"csrf", d.token()}, {"text", "nothing"}}), lang)
		look(d.get("/"+lang+"/cases/"+other.ID.String()+"?check=1"), lang)
		look(d.get("/"+lang+"/cases/"+other.ID.String()+"/discard"), lang)
		look(d.get("/"+lang+"/cases/"+draft.ID.String()+"/remove/companion/0"), lang)
		for _, path := range []string{"/nowhere", "/cases/x", "/cases/" + protocol.NewCaseID().String(), "/cases/" + draft.ID.String() + "/remove/child/7", "/?page=9"} {
			p := d.get("/" + lang + path)
			if p.status != http.StatusNotFound {
				t.Errorf("%s: %d", path, p.status)
			}
			look(p, lang)
		}
		fresh := d.client
		d.client = d.browser()
		look(d.get("/"+lang+"/signin"), lang)
		look(d.small("/"+lang+"/signin", []pair{{"password", "wrong"}}), lang)
		d.client = fresh
	}
	if p := d.get("/xx/"); p.status != http.StatusNotFound {
		t.Errorf("an unknown language: %d", p.status)
	}
}

// TestMessagesOfRareCases looks at the words that the walk above does not meet.
func TestMessagesOfRareCases(t *testing.T) {
	b, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{"invalid.original", "invalid.who", "invalid.number", "admin.conflict", "admin.savedexcept", "admin.notready", "admin.changedsince",
		"admin.lapsed", "admin.removed", "admin.toomany", "admin.expired", "pair.ours", "pair.ended", "pair.used", "pair.noanswer", "pair.nocard",
		"pair.many", "pair.confirmed", "pair.refused", "pair.wasremoved", "pair.ismember", "member.notsure", "member.changedsince", "member.done",
		"member.vouching", "member.isremoved", "member.issuspended", "member.newkey", "member.card.done", "member.card.known", "member.card.wrong",
		"member.card.rival", "extend.toolate", "extend.notsure", "extend.done", "extend.retract", "extend.delegateof"}
	for _, v := range []protocol.View{protocol.Vouches, protocol.Suspends} {
		keys = append(keys, "say."+string(v))
		for _, n := range protocol.Notes(v) {
			keys = append(keys, "note."+string(n))
		}
	}
	for _, key := range []string{"expired", "toolarge", "deskclosed", "server", "badrequest"} {
		keys = append(keys, "error."+key+".title", "error."+key+".text")
	}
	for _, code := range []string{photo.BadFormat, photo.TooSmall, photo.TooLarge, photo.Broken, "toomany", "required", "toolong", "choice", "date", "datefuture",
		"range", "language", "country", "phone", "text", "photo", "adultbasis", "nochild", "age", "url"} {
		keys = append(keys, "invalid."+code)
	}
	for _, code := range protocol.LegalBases() {
		keys = append(keys, "legal."+string(code))
	}
	for _, code := range protocol.Reasons() {
		keys = append(keys, "reason."+string(code))
	}
	for _, l := range b.Locales() {
		for _, key := range keys {
			if s := l.T(key, "max", 1, "member", "x"); strings.Contains(s, "⟦") {
				t.Errorf("%s: %s", l.Tag, s)
			}
		}
	}
}

func TestNetworkPage(t *testing.T) {
	d := signedInDesk(t)
	p := d.get("/ar/network")
	card := d.node.Card()
	if text(p.byID("card")) != card.Text() {
		t.Error("our card does not stand there as it is")
	}
	if got, err := protocol.ParseCard([]byte(text(p.byID("card")))); err != nil || got.Origin() != card.Origin() {
		t.Errorf("the card cannot be read back: %v", err)
	}
	if !strings.Contains(p.text(), card.Origin().Fingerprint()) || !strings.Contains(p.text(), "أرفينيا") {
		t.Errorf("network page: %s", p.text())
	}
}
