package admin

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// TestOfficersGoOnWhileNobodyIsHeard: publishing, confirming and closing work, and the pages say that the other countries
// get it later.
func TestOfficersGoOnWhileNobodyIsHeard(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(nil)
	first := d.only().ID
	if _, err := d.node.Publish(first); err != nil {
		t.Fatal(err)
	}
	card, err := node.Init(t.TempDir(), node.Details{Country: "XB", Names: protocol.Text{"en": "Thalassia Search"},
		Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://xb.example", Languages: []string{"en"}}, node.Secret{Passphrase: "x", Work: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.node.AddMember(card); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.node.Run(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	for g, err := d.node.Gate(); g.Open(); g, err = d.node.Gate() {
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
	says := func(p *shown, what ...string) {
		t.Helper()
		for _, w := range what {
			if !strings.Contains(p.body, w) {
				t.Errorf("%s does not say %q", p.path, w)
			}
		}
	}
	says(d.get("/en/network"), "0 of 1 have answered")
	at := "/en/cases/" + first.String()
	says(d.get("/en/").submit("", nil), "Saved, and on our own site now", "1 decision waits to be sent") // confirms what is due
	says(d.get(at), "On our site, waits to be sent")
	says(d.get(at).submit("publish", nil).submit("", nil), "Saved, and on our own site now", "1 decision waits")

	draft, err := d.node.Draft(first)
	if err != nil {
		t.Fatal(err)
	}
	second := &store.Draft{Case: draft.Case, Members: draft.Members, Local: draft.Local}
	second.Case.Number = "NEW-2"
	if err := d.node.SaveDraft(second); err != nil {
		t.Fatal(err)
	}
	next := "/en/cases/" + second.ID.String()
	p := d.get(next+"/publish").submit("", nil)
	says(p, "Saved, and on our own site now", "2 decisions wait", "On our site, waits to be sent")
	if p.path != next {
		t.Errorf("came to %s", p.path)
	}
	if _, err := d.node.Public().Case(protocol.RefOf(d.node.Origin(), second.ID)); err != nil {
		t.Errorf("on our own site: %v", err)
	}
	for _, path := range []string{"", "/publish", "/discard"} {
		if got := d.get(next + path); got.status != 200 {
			t.Errorf("%s: %d", next+path, got.status)
		}
	}

	p = d.get(at+"/close").submit("", map[string]string{"reason": "located_safe"})
	says(p, "off our own site now", "2 decisions wait")
	says(d.get(at), "Closed here, waits to be sent")
	for _, path := range []string{"/publish", "/close"} {
		if got := d.get(at + path); got.path != at {
			t.Errorf("%s of a closed case leads to %s", path, got.path)
		}
	}
	if _, err := d.node.Public().Case(protocol.RefOf(d.node.Origin(), first)); err == nil {
		t.Error("a closed case is on our own site")
	}
	for _, l := range []string{"fr", "el", "ar"} {
		if body := d.get("/" + l + "/network").body; !strings.Contains(body, "notice warn") || strings.Contains(body, "gate.") {
			t.Errorf("in %s nothing is said of what waits", l)
		}
	}
}
