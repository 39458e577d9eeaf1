package admin

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// closeOne publishes a case with a number and closes it.
func (d *desk) closeOne(number string) protocol.CaseID {
	d.Helper()
	draft := &store.Draft{Case: protocol.Case{Number: number, Kind: protocol.Runaway, Children: []protocol.Child{{Name: "Mira T.", Sex: "female"}},
		Since: protocol.Date{Year: uint16(time.Now().Year())}, From: protocol.Place{Country: "XA"}}}
	if err := d.node.SaveDraft(draft); err != nil {
		d.Fatal(err)
	}
	if _, err := d.node.Publish(draft.ID); err != nil {
		d.Fatal(err)
	}
	if _, err := d.node.CloseCase(draft.ID, "located_safe"); err != nil {
		d.Fatal(err)
	}
	return draft.ID
}

// TestBoard: the page says in words who has confirmed, and the report can be checked without the node.
func TestBoard(t *testing.T) {
	d := signedInDesk(t)
	_, root, _ := ed25519.GenerateKey(nil) // no error from the system's source
	pub, _, _ := ed25519.GenerateKey(nil)
	now := time.Now()
	card, err := protocol.SignCard(root, protocol.Card{Epoch: 1, Issue: 1, Country: "XB", Names: protocol.Text{"en": "Zahira Search"},
		Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://xb.example", Languages: []string{"en"}, NodeKey: [32]byte(pub),
		At: now, NotAfter: now.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	alone := d.closeOne("XA-1")
	time.Sleep(2 * time.Millisecond)
	if err := d.node.AddMember(card); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Millisecond)
	id := d.closeOne("XA-2")

	list := d.get("/en/").text()
	for _, want := range []string{"XA-1", "–", "XA-2", "0 of 1"} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %q: %s", want, list)
		}
	}
	page := d.get("/en/closed/" + id.String()).text()
	for _, want := range []string{"Closed case", "XA-2", "Found safe", "Zahira Search", card.Origin().Fingerprint(), "Not confirmed", "May not show it any more", "Nobody may show the case any more"} {
		if !strings.Contains(page, want) {
			t.Errorf("the board lacks %q: %s", want, page)
		}
	}
	if strings.Contains(page, "Mira") {
		t.Error("the board tells the name")
	}
	if page := d.get("/en/closed/" + alone.String()).text(); !strings.Contains(page, "No other organisation could have had this case") {
		t.Errorf("the board of a case that nobody had: %s", page)
	}
	p := d.get("/reports/" + id.String())
	if p.status != http.StatusOK || !strings.HasPrefix(p.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("report: %d, %s", p.status, p.header.Get("Content-Disposition"))
	}
	r, err := protocol.ParseReport([]byte(p.body))
	if err != nil {
		t.Fatal(err)
	}
	if r.Number != "XA-2" || len(r.Lines()) != 1 || r.Confirmed() != 0 || strings.Contains(p.body, "Mira") || strings.Contains(p.body, "located_safe") {
		t.Errorf("the report says %s", p.body[:600])
	}
	for _, path := range []string{"/en/closed/x", "/en/closed/" + protocol.NewCaseID().String(), "/reports/x", "/reports/" + protocol.NewCaseID().String()} {
		if p := d.get(path); p.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}
