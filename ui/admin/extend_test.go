package admin

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// darkMember gives the country of a data folder a member that it holds whole, that was last heard some time ago, with a lease
// of a day, and that has named it its delegate.
func darkMember(t *testing.T, code string, ago time.Duration) func(dir string, own *protocol.Card) {
	return func(dir string, own *protocol.Card) {
		keyOf := func(name string) ed25519.PrivateKey {
			seed := sha256.Sum256([]byte(name + code))
			return ed25519.NewKeyFromSeed(seed[:])
		}
		now, key := time.Now(), keyOf("node ")
		card, err := protocol.SignCard(keyOf("root "), protocol.Card{Epoch: 1, Issue: 1, Country: code,
			CountryNames: protocol.Text{"en": "Land of " + code, "ar": "بلد"}, Names: protocol.Text{"en": "Search " + code},
			Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://other.example", Languages: []string{"en"},
			NodeKey: [32]byte(key.Public().(ed25519.PublicKey)), Delegate: own.Origin(), At: now.Add(-2 * ago), NotAfter: now.AddDate(1, 0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		head, err := protocol.SignHead(key, protocol.Head{Origin: card.Origin(), Epoch: 1, Root: protocol.RootOf(nil), At: now.Add(-ago),
			Until: now.Add(protocol.MinLease - ago)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(dir, own.Origin())
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range []error{s.SetMember(own, protocol.Own, now), s.SetMember(card, protocol.Active, now.Add(-ago)), s.SetHead(head), s.Close()} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestDelegateInTheConsole: the pages say whose delegate we are and ask us to decide; an officer keeps the appeals of a dark
// member visible, and takes it back.
func TestDelegateInTheConsole(t *testing.T) {
	d := signedInDesk(t, darkMember(t, "XB", 30*time.Hour), darkMember(t, "XC", 40*24*time.Hour), darkMember(t, "XD", 0))
	xe := otherNode(t, "XE")
	if err := d.node.AddMember(xe.Card()); err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, peer := range peersOf(t, d.node) {
		at[peer.Member.Card.Country] = "/en/network/members/" + peer.Member.Card.Origin().String()
	}
	p := d.get("/en/network")
	for _, want := range []string{"We are the delegate of", "Land of XB", "gmcn key delegate", "Not heard, hidden here"} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("the Network page does not say %q", want)
		}
	}
	if !strings.Contains(p.body, "has named us to speak for it") {
		t.Error("no alarm asks us to decide")
	}
	if p := d.get(at["XC"]); !strings.Contains(p.text(), "ran out more than 30 days ago") || p.byID("days") != nil {
		t.Errorf("who has been dark for too long: %s", p.text())
	}
	if p := d.get(at["XD"]); !strings.Contains(p.text(), "was heard within the last hour") || p.byID("days") != nil {
		t.Errorf("who is heard: %s", p.text())
	}
	if p := d.get(at["XE"]); strings.Contains(p.text(), "named us") || !strings.Contains(p.text(), "Nobody") {
		t.Errorf("who has not named us: %s", p.text())
	}
	if p := d.press(at["XE"], "do", "extend", "days", "3", "sure", "1"); strings.Contains(p.text(), "It is done") {
		t.Error("extended though nobody has named us")
	}

	p = d.get(at["XB"])
	if text := p.text(); !strings.Contains(text, "Telephone its staff first") || strings.Contains(text, "Take our word back") || !strings.Contains(text, "3 days") {
		t.Errorf("the page of who needs us: %s", text)
	}
	if p = d.press(at["XB"], "do", "extend", "days", "3"); !strings.Contains(p.text(), "Please speak to its staff first") {
		t.Errorf("without a tick: %s", p.text())
	}
	if p = d.press(at["XB"], "do", "extend", "days", "many", "sure", "1"); p.status != 400 {
		t.Errorf("another length: %d", p.status)
	}
	p = d.press(at["XB"], "do", "extend", "days", "3", "sure", "1")
	until := p.d.lease("XB")
	if text := p.text(); !strings.Contains(text, "the other countries are told") || !strings.Contains(text, "shown on our word until") ||
		!strings.Contains(text, "On the word of Arvenia") || !strings.Contains(p.body, "Its appeals are shown on the word of") || strings.Contains(p.body, "has named us to speak for it") ||
		!strings.Contains(text, "Not heard, shown on another’s word") || time.Until(until).Round(time.Hour) != 72*time.Hour {
		t.Errorf("extended until %s: %s", until, text)
	}
	if p = d.press(at["XB"], "do", "extend", "days", "all", "sure", "1"); d.lease("XB").Sub(until) < 20*24*time.Hour {
		t.Errorf("to the last: until %s: %s", d.lease("XB"), p.text())
	}
	p = d.press(at["XB"], "do", "retract")
	if text := p.text(); d.lease("XB").After(time.Now()) || strings.Contains(p.body, "shown on the word of") || !strings.Contains(text, "Not heard, hidden here") {
		t.Errorf("taken back: until %s: %s", d.lease("XB"), text)
	}
}

func peersOf(t *testing.T, n *node.Node) []node.Peer {
	t.Helper()
	all, err := n.Peers()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// lease returns until when the cases of a country are shown.
func (d *desk) lease(country string) (until time.Time) {
	for _, peer := range peersOf(d.T, d.node) {
		if peer.Member.Card.Country == country {
			until = peer.Lease
		}
	}
	return until
}
