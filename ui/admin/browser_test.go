package admin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

const testPassword = "three herons on a wire"

var testHash = sync.OnceValue(func() string {
	h, err := HashPassword(testPassword)
	if err != nil {
		panic(err)
	}
	return h
})

// desk is a console on a real node without a network, and a browser without JavaScript in front of it.
type desk struct {
	*testing.T
	node    *node.Node
	handler http.Handler
	server  *httptest.Server
	client  *http.Client
}

// newDesk makes one; prepare, if given, is handed the data folder and the card before the node opens them.
func newDesk(t *testing.T, prepare ...func(dir string, own *protocol.Card)) *desk {
	return newDeskBehind(t, nil, prepare...)
}

// newDeskBehind makes one that believes these proxies.
func newDeskBehind(t *testing.T, proxies []string, prepare ...func(dir string, own *protocol.Card)) *desk {
	t.Helper()
	dir := t.TempDir()
	own, err := node.Init(dir, node.Details{
		Country: "XA", CountryNames: protocol.Text{"en": "Arvenia", "ar": "أرفينيا"}, Names: protocol.Text{"en": "Arvenia Child Search"},
		Hotlines: []protocol.Hotline{{Number: "+0 116 000"}}, Site: "https://site.example", Languages: []string{"en", "ar"},
	}, node.Secret{Passphrase: "x", Work: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range prepare {
		do(dir, own)
	}
	n, err := node.Open(node.Config{Dir: dir, Review: protocol.MinReview})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Check(); err != nil {
			t.Error(err)
		}
		n.Close()
	})
	bundle, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	look, err := ui.LoadLook(nil, ui.Theme{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var background sync.WaitGroup
	t.Cleanup(func() { stop(); background.Wait() })
	h, err := New(Config{Node: n, Bundle: bundle, Languages: []string{"en", "ar"}, Look: look, SiteURL: "https://site.example", PasswordHash: testHash(), Proxies: proxies,
		Background: func(do func(context.Context)) { background.Go(func() { do(ctx) }) }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{T: t, node: n, handler: h, server: httptest.NewServer(h)}
	t.Cleanup(d.server.Close)
	d.client = d.browser()
	return d
}

// browser is a fresh one, that nobody has signed in with.
func (d *desk) browser() *http.Client {
	jar, _ := cookiejar.New(nil) // no error without options
	return &http.Client{Jar: jar}
}

// signedInDesk is a desk whose browser is signed in.
func signedInDesk(t *testing.T, prepare ...func(dir string, own *protocol.Card)) *desk {
	d := newDesk(t, prepare...)
	p := d.get("/en/signin")
	if p = p.submit("", map[string]string{"password": testPassword}); p.path != "/en/" {
		t.Fatalf("signed in and came to %s: %s", p.path, p.text())
	}
	return d
}

// shown is a page in the browser.
type shown struct {
	d      *desk
	status int
	path   string // with the query, after redirections
	header http.Header
	body   string
	doc    *html.Node
}

func (d *desk) get(path string) *shown {
	d.Helper()
	req, err := http.NewRequest("GET", d.server.URL+path, nil)
	if err != nil {
		d.Fatal(err)
	}
	return d.do(req)
}

func (d *desk) do(req *http.Request) *shown {
	d.Helper()
	resp, err := d.client.Do(req)
	if err != nil {
		d.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.Fatal(err)
	}
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		d.Fatal(err)
	}
	return &shown{d, resp.StatusCode, resp.Request.URL.RequestURI(), resp.Header, string(body), doc}
}

// elements returns all elements with a name.
func (p *shown) elements(name string) (all []*html.Node) { return elements(p.doc, name) }

func elements(n *html.Node, name string) (all []*html.Node) {
	for x := range n.Descendants() {
		if x.Type == html.ElementNode && x.Data == name {
			all = append(all, x)
		}
	}
	return all
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}

func text(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return b.String()
}

func (p *shown) text() string {
	main := p.elements("main")
	if len(main) == 0 {
		return p.body
	}
	return strings.Join(strings.Fields(text(main[0])), " ")
}

// byID returns the element with an id, nil if there is none.
func (p *shown) byID(id string) *html.Node {
	for x := range p.doc.Descendants() {
		if x.Type == html.ElementNode && attr(x, "id") == id {
			return x
		}
	}
	return nil
}

// pair is a control as a browser would send it.
type pair struct{ name, value string }

// mainForm returns the form of the page, not the one for signing out.
func (p *shown) mainForm() *html.Node {
	p.d.Helper()
	for _, main := range p.elements("main") {
		for _, f := range elements(main, "form") {
			return f
		}
	}
	p.d.Fatalf("no form on %s: %s", p.path, p.text())
	return nil
}

// controls returns what a browser would send of a form, files and buttons left out.
func controls(form *html.Node) (all []pair) {
	for x := range form.Descendants() {
		if x.Type != html.ElementNode || attr(x, "name") == "" {
			continue
		}
		name := attr(x, "name")
		switch x.Data {
		case "input":
			switch attr(x, "type") {
			case "checkbox", "radio":
				if has(x, "checked") {
					all = append(all, pair{name, attr(x, "value")})
				}
			case "file":
			default:
				all = append(all, pair{name, attr(x, "value")})
			}
		case "textarea":
			all = append(all, pair{name, strings.ReplaceAll(text(x), "\n", "\r\n")})
		case "select":
			options := elements(x, "option")
			chosen := options[0]
			for _, o := range options {
				if has(o, "selected") {
					chosen = o
				}
			}
			all = append(all, pair{name, attr(chosen, "value")})
		}
	}
	return all
}

// upload is a file to send.
type upload struct {
	name string
	data []byte
}

// submit fills in the form of the page and presses a button; "" is a form with only one. A name that ends in "[]" sets
// checkboxes of that name, values apart by spaces; the name "nth:N:name" sets the Nth control of a name.
func (p *shown) submit(button string, fill map[string]string, files ...upload) *shown {
	p.d.Helper()
	form := p.mainForm()
	all := controls(form)
	for name, value := range fill {
		if box, ok := strings.CutSuffix(name, "[]"); ok {
			for v := range strings.FieldsSeq(value) {
				all = append(all, pair{box, v})
			}
			continue
		}
		nth := 0
		if rest, ok := strings.CutPrefix(name, "nth:"); ok {
			if _, err := fmt.Sscanf(rest, "%d:%s", &nth, &name); err != nil {
				p.d.Fatal(err)
			}
		}
		set := false
		for i := range all {
			if all[i].name == name {
				if nth == 0 {
					all[i].value, set = value, true
					break
				}
				nth--
			}
		}
		if !set && name != "password" && name != "reason" {
			p.d.Fatalf("no field %s on %s", name, p.path)
		} else if !set {
			all = append(all, pair{name, value})
		}
	}
	action := attr(form, "action")
	if action == "" {
		action = p.path
	}
	if button != "" {
		found := false
		for _, b := range elements(form, "button") {
			if attr(b, "value") == button && !found {
				found = true
				if to := attr(b, "formaction"); to != "" {
					address, err := url.Parse(to)
					if err != nil {
						p.d.Fatal(err)
					}
					action = address.RequestURI()
				}
			}
		}
		if !found {
			p.d.Fatalf("no button %s on %s", button, p.path)
		}
		all = append(all, pair{"do", button})
	}
	if attr(form, "enctype") == "multipart/form-data" {
		return p.d.send(action, all, files...)
	}
	values := url.Values{}
	for _, c := range all {
		values.Add(c.name, c.value)
	}
	req, _ := http.NewRequest("POST", p.d.server.URL+action, strings.NewReader(values.Encode())) // no error: a good URL
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.d.do(req)
}

// send posts a multipart form. Files come where the form has its file field.
func (d *desk) send(action string, all []pair, files ...upload) *shown {
	d.Helper()
	body, kind := multipartBody(d, all, files...)
	req, _ := http.NewRequest("POST", d.server.URL+action, body) // no error: a good URL
	req.Header.Set("Content-Type", kind)
	return d.do(req)
}

func multipartBody(d *desk, all []pair, files ...upload) (io.Reader, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	put := func() {
		for _, f := range files {
			h := textproto.MIMEHeader{}
			h.Set("Content-Disposition", multipart.FileContentDisposition("upload", f.name))
			part, err := w.CreatePart(h)
			if err != nil {
				d.Fatal(err)
			}
			part.Write(f.data)
		}
		files = nil
	}
	for _, c := range all {
		if c.name == "agency.name" {
			put()
		}
		if err := w.WriteField(c.name, c.value); err != nil {
			d.Fatal(err)
		}
	}
	put()
	w.Close()
	return &b, w.FormDataContentType()
}

// only returns the one draft of the desk.
func (d *desk) only() *store.Draft {
	d.Helper()
	all, err := d.node.Drafts()
	if err != nil || len(all) != 1 {
		d.Fatalf("%d drafts, %v; want 1", len(all), err)
	}
	return all[0]
}

// newCase sends a filled-in form of a new case.
func (d *desk) newCase(fill map[string]string, files ...upload) *shown {
	d.Helper()
	all := map[string]string{
		"number": "XA-2026-014", "kind": "runaway", "since": "2026-03-09", "from.locality": "Porto Vell",
		"children.0.name": "Mira T.", "children.0.sex": "female", "what.en": "Mira left for school.\nShe did not arrive.",
	}
	for k, v := range fill {
		all[k] = v
	}
	return d.get("/en/cases/new").submit("save", all, files...)
}
