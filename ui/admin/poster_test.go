package admin

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// TestPosterOfACase follows a case from a draft to its poster, which an officer has in two clicks.
func TestPosterOfACase(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(nil, upload{"a.png", protocoltest.PortraitPNG(protocoltest.Invent(2, 10), 1000, 1250)})
	id := d.only().ID.String()
	tool := d.get("/en/cases/" + id + "/poster")
	if tool.status != 200 || !strings.Contains(tool.text(), "not published") || !strings.Contains(tool.text(), "There is one photo") {
		t.Fatalf("a draft's poster: %d %s", tool.status, tool.text())
	}
	if strings.Contains(tool.text(), "no code to check the poster with") {
		t.Error("a draft is blamed for having no code")
	}
	link := func(p *shown, part string) string {
		for _, x := range append(p.elements("a"), p.elements("img")...) {
			for _, name := range []string{"href", "src"} {
				if at := attr(x, name); strings.Contains(at, part) {
					return at
				}
			}
		}
		return ""
	}
	draft := d.get(link(tool, "poster.pdf"))
	if draft.status != 200 || !strings.HasPrefix(draft.body, "%PDF") || draft.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("the draft's PDF: %d %v", draft.status, draft.header)
	}

	p := d.get("/en/cases/"+id).submit("publish", nil).submit("", nil)
	if to := link(p, "/poster"); to != "/en/cases/"+id+"/poster" {
		t.Fatalf("the case's page leads to the poster %q", to)
	}
	tool = d.get("/en/cases/" + id + "/poster")
	if strings.Contains(tool.text(), "not published") || strings.Contains(tool.text(), "no code to check the poster with") {
		t.Errorf("a published case's poster: %s", tool.text())
	}
	final := d.get(link(tool, "poster.pdf"))
	if final.status != 200 || final.body == draft.body {
		t.Errorf("the published poster: %d, and it is the draft: %v", final.status, final.body == draft.body)
	}
	if at := final.header.Get("Content-Disposition"); !strings.Contains(at, "XA-2026-014.pdf") {
		t.Errorf("its name: %s", at)
	}

	// What is chosen is what comes, and stands in the form again.
	chosen := d.get("/en/cases/" + id + "/poster?size=A5&in=ar&in=ru&heading=helpfind&fact=sex&bw=1")
	if to := link(chosen, "poster.pdf"); !strings.Contains(to, "size=A5") || !strings.Contains(to, "in=ar&in=ru") || !strings.Contains(to, "heading=helpfind") ||
		!strings.Contains(to, "fact=sex") || !strings.Contains(to, "bw=1") {
		t.Errorf("what was chosen is lost: %s", to)
	}
	for _, want := range []string{`value="A5" selected`, `value="helpfind" checked`, `value="sex" checked`, `name="bw" value="1" checked`} {
		if !strings.Contains(chosen.body, want) {
			t.Errorf("the form has not %s", want)
		}
	}
	two := d.get(link(chosen, "poster.pdf"))
	if two.status != 200 || !strings.Contains(two.body, "/Count 2") {
		t.Errorf("two languages: %d", two.status)
	}
	if picture := d.get(link(chosen, "preview.jpg")); picture.status != 200 || picture.header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the preview: %d %v", picture.status, picture.header)
	}
	if p := d.get("/en/cases/" + id + "/poster?fact=sex&fact=height&fact=hair&fact=eyes&fact=marks&fact=clothing&fact=weight"); !strings.Contains(p.text(), "More than six facts") {
		t.Errorf("seven facts: %s", p.text())
	}
	for _, bad := range []string{"size=A9", "in=xx", "in=en&in=fr&in=el", "heading=found", "fact=name"} {
		if p := d.get("/en/cases/" + id + "/poster?" + bad); p.status != http.StatusBadRequest {
			t.Errorf("%s: status %d", bad, p.status)
		}
	}
}

// TestStoppedPoster: a poster that would do harm is not given out, by whatever address.
func TestStoppedPoster(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(map[string]string{"what.en": "Call her mother: 0171 555-0123.", "local.contact": "0171 555-0123"})
	id := d.only().ID.String()
	p := d.get("/en/cases/" + id + "/poster")
	if !strings.Contains(p.text(), "0171 555-0123") || !strings.Contains(p.text(), "Not to be hung up") {
		t.Errorf("a private number: %s", p.text())
	}
	if strings.Contains(p.body, "poster.pdf") {
		t.Error("the page leads to the poster all the same")
	}
	if p := d.get("/posters/" + id + "/poster.pdf"); p.status != http.StatusConflict || strings.Contains(p.body, "%PDF") {
		t.Errorf("the poster itself: status %d", p.status)
	}
}
