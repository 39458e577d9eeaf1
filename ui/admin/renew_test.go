package admin

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/i18n"
)

// TestDueCasesStandOnTop: a case that must be confirmed stands on top of the list with one button, which confirms it.
func TestDueCasesStandOnTop(t *testing.T) {
	d := signedInDesk(t)
	p := d.get("/en/")
	if p.byID("due") != nil {
		t.Error("something is due on an empty desk")
	}
	d.newCase(nil)
	id := d.only().ID.String()
	if p = d.get("/en/cases/" + id); len(p.elements("form")) == 0 || strings.Contains(p.text(), "Confirm that it still stands") {
		t.Error("a draft can be confirmed")
	}
	if _, err := d.node.Publish(d.only().ID); err != nil {
		t.Fatal(err)
	}
	p = d.get("/en/")
	if p.byID("due") == nil || !strings.Contains(p.text(), "Hides itself on") {
		t.Fatalf("nothing is due, though the review period is a week: %s", p.text())
	}
	if p = p.submit("", nil); p.path != "/en/" || !strings.Contains(p.text(), "The appeal is confirmed.") || d.only().PublishedRev != 2 {
		t.Errorf("confirmed and came to %s, revision %d: %s", p.path, d.only().PublishedRev, p.text())
	}
	if p = d.get("/ar/cases/" + id); !strings.Contains(p.text(), "تأكيد أنه لا يزال قائمًا") {
		t.Error("the page of the case has no button to confirm it")
	}
	if p = d.small("/en/cases/"+id+"/renew", []pair{{"csrf", "wrong"}}); p.status != http.StatusForbidden || d.only().PublishedRev != 2 {
		t.Errorf("confirmed with a wrong token: %d", p.status)
	}
}

// TestAlarmsStandOnEveryPage: in words of the reader's language, with what to do, and for staff only.
func TestAlarmsStandOnEveryPage(t *testing.T) {
	d := signedInDesk(t)
	card, err := node.Init(t.TempDir(), node.Details{Country: "XB", CountryNames: protocol.Text{"en": "Thalassia"}, Names: protocol.Text{"en": "Thalassia Search"},
		Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://xb.example", Languages: []string{"en"}}, node.Secret{Passphrase: "x", Work: 2})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.node.AddMember(card); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/en/", "/en/network", "/en/cases/new"} {
		if p := d.get(path); strings.Contains(p.body, "What needs looking after") {
			t.Errorf("%s has an alarm about a member of today", path)
		}
	}
	b, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &console{Config: Config{Node: d.node, Bundle: b}}
	for _, l := range b.Locales() {
		for _, kind := range []node.AlarmKind{node.AlarmDark, node.AlarmClock, node.AlarmClockHides, node.AlarmCard, node.AlarmPhotos, node.AlarmDisk, node.AlarmStore, node.AlarmSuspect, node.AlarmFork, node.AlarmExtended, node.AlarmDelegate} {
			if text := l.T("alarm."+string(kind), "country", "XB", "by", "XC", "until", "tomorrow", "command", "gmcn"); strings.Contains(text, "⟦") {
				t.Errorf("%s: %s", l.Tag, text)
			}
		}
		if lines := s.alarms(l); len(lines) != 0 {
			t.Errorf("alarms %+v", lines)
		}
	}
}

// TestPictureOfTheNetwork: every state by its own shape and line, none outside the frame or on another, turned round for
// pages from right to left.
func TestPictureOfTheNetwork(t *testing.T) {
	b, err := i18n.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	en, _ := b.Locale("en")
	ar, _ := b.Locale("ar")
	for _, n := range []int{1, 2, 28, 199} {
		peers := testPeers(n)
		p, mirrored := newPicture(en, peers), newPicture(ar, peers)
		if len(p.Spots) != n || p.Own != "XA" || len(p.Lists) != min(n, 7) {
			t.Fatalf("%d members: %d spots, %d lists", n, len(p.Spots), len(p.Lists))
		}
		at := map[[2]string]bool{}
		for i, s := range p.Spots {
			if at[[2]string{s.X, s.Y}] {
				t.Errorf("%d members: two at %s, %s", n, s.X, s.Y)
			}
			at[[2]string{s.X, s.Y}] = true
			if m := mirrored.Spots[i]; m.Y != s.Y || strings.TrimPrefix(m.X, "-") != strings.TrimPrefix(s.X, "-") || s.X != "0.0" && s.X != "-0.0" && m.X == s.X {
				t.Errorf("%d members: at %s, %s, and from right to left at %s, %s", n, s.X, s.Y, m.X, m.Y)
			}
		}
	}
}

// testPeers is our own member and n others, in every state by turns.
func testPeers(n int) []node.Peer {
	now := time.Now()
	peers := []node.Peer{{Member: store.Member{Card: &protocol.Card{Country: "XA"}, Standing: protocol.Own}}}
	for i := range n {
		p := node.Peer{Member: store.Member{Card: &protocol.Card{Country: "X" + string(rune('A'+i%26)), Root: [32]byte{byte(i), 1},
			Names: protocol.Text{"en": "Search"}}, Standing: protocol.Active, Since: now}, LastSeen: now, Live: uint64(i), In: int64(i) * 1e6, Out: 123456789012}
		switch i % 7 {
		case 0:
			p.Connected = true
		case 1:
			p.Connected, p.Reach = true, node.Relayed
			p.Through = []*protocol.Card{{Country: "XB"}, {Country: "XC"}}
		case 3:
			p.State = protocol.Dark
		case 4:
			p.Connected, p.State = true, protocol.FrozenLog
		case 5:
			p.State = protocol.Extended
		case 6:
			p.Member.Standing = protocol.Suspended
		}
		peers = append(peers, p)
	}
	return peers
}
