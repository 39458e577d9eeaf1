package admin

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
)

// otherNode is another country's, without a network.
func otherNode(t *testing.T, code string) *node.Node {
	t.Helper()
	dir := t.TempDir()
	_, err := node.Init(dir, node.Details{
		Country: code, CountryNames: protocol.Text{"en": "Land of " + code, "ar": "بلد"}, Names: protocol.Text{"en": "Search " + code},
		Hotlines: []protocol.Hotline{{Number: "+0 116 000"}}, Site: "https://other.example", Languages: []string{"en"},
	}, node.Secret{Passphrase: "x", Work: 2})
	if err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(node.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// paired makes two pairings at n: one that waits, and one with another whose card is there.
func paired(t *testing.T, n, other *node.Node) (waiting, known protocol.PairNonce) {
	t.Helper()
	a, err := n.Invite()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := other.Invite()
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.AcceptInvite([]byte(theirs.Text(other.Card())))
	if err != nil {
		t.Fatal(err)
	}
	return a.ID(), b.ID()
}

// press sends a small form of the page at path.
func (d *desk) press(path string, values ...string) *shown {
	d.Helper()
	all := []pair{{"csrf", d.token()}}
	for i := 0; i < len(values); i += 2 {
		all = append(all, pair{values[i], url.QueryEscape(values[i+1])})
	}
	return d.small(path, all)
}

func TestPairingInTheConsole(t *testing.T) {
	d, xb := signedInDesk(t), otherNode(t, "XB")
	p := d.press("/en/network/invite")
	at, ok := strings.CutPrefix(p.path, "/en/network/pairings/")
	if !ok || !strings.Contains(p.text(), "What happens next") || len(p.elements("svg")) != 1 {
		t.Fatalf("an invitation: %s %s", p.path, p.text())
	}
	answer, err := xb.AcceptInvite([]byte(text(p.byID("text"))))
	if err != nil {
		t.Fatalf("what the page says to send is no invitation: %v", err)
	}
	p = d.press("/en/network/accept", "text", "Hello,\nhere is our answer:\n"+answer.Text(xb.Card()))
	if p.path != "/en/network/pairings/"+at || !strings.Contains(p.text(), "Search XB") || !strings.Contains(p.text(), "Land of XB") {
		t.Fatalf("the answer: %s %s", p.path, p.text())
	}
	var words []string
	for _, li := range p.elements("li") {
		if li.Parent.Data == "ol" {
			words = append(words, text(li))
		}
	}
	if strings.Join(words, " ") != strings.Join(answer.Words, " ") || len(words) != 6 {
		t.Errorf("the page shows %v, the other country %v", words, answer.Words)
	}
	if all, err := d.node.Peers(); err != nil || len(all) != 1 {
		t.Errorf("%d members before anybody confirmed, %v", len(all), err)
	}
	if p = d.get("/en/network"); !strings.Contains(p.text(), "Words to compare") {
		t.Errorf("network page: %s", p.text())
	}
	if p = d.press("/en/network/pairings/"+at, "do", "maybe"); p.status != http.StatusBadRequest {
		t.Errorf("another button: %d", p.status)
	}
	p = d.press("/en/network/pairings/"+at, "do", "confirm")
	if !strings.Contains(p.text(), "is a member here now") || !strings.Contains(p.text(), "Search XB") {
		t.Errorf("confirmed: %s", p.text())
	}
	if p = d.get("/en/network/pairings/" + at); p.status != http.StatusNotFound {
		t.Errorf("the pairing is still there: %d", p.status)
	}
}

func TestPairingSaysWhatIsWrong(t *testing.T) {
	d := signedInDesk(t)
	waiting, known := paired(t, d.node, otherNode(t, "XB"))
	own, err := d.node.Pairing(waiting)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"hello <script>":          "This is no invitation",
		own.Text(d.node.Card()):   "our own text",
		d.node.Card().Text():      "This is no invitation",
		own.Text(nil)[:100] + "…": "This is no invitation",
	} {
		p := d.press("/en/network/accept", "text", text)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), want) || len(p.elements("script")) > 0 {
			t.Errorf("%.20q: %d, want %q", text, p.status, want)
		}
	}
	if p := d.press("/en/network/pairings/"+waiting.String(), "do", "confirm"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("confirmed though nobody came: %d", p.status)
	}
	p := d.press("/en/network/pairings/"+known.String(), "do", "refuse")
	if !strings.Contains(p.text(), "The pairing has ended") {
		t.Errorf("refused: %s", p.text())
	}
	if all, err := d.node.Peers(); err != nil || len(all) != 1 {
		t.Errorf("%d members, %v", len(all), err)
	}
}

func TestMemberPage(t *testing.T) {
	d, xb := signedInDesk(t), otherNode(t, "XB")
	if err := d.node.AddMember(xb.Card()); err != nil {
		t.Fatal(err)
	}
	at := "/en/network/members/" + xb.Origin().String()
	first := xb.Card()
	newer, err := xb.RenewCard(node.DetailsOf(first), "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, says string }{
		{newer.Text()[:200], "no card of this member"},
		{d.node.Card().Text(), "no card of this member"},
		{first.Text(), "is here already"},
		{"> Dear colleagues,\n" + newer.Text(), "goes to the other countries"},
		{newer.Text(), "is here already"},
	} {
		if p := d.press(at, "do", "card", "card", c.text); p.status != 200 || !strings.Contains(p.text(), c.says) {
			t.Errorf("card: %d, want %q: %s", p.status, c.says, p.text())
		}
	}
	if all, err := d.node.Peers(); err != nil || all[1].Member.Card.ID() != newer.ID() {
		t.Errorf("the newer card is not in force: %v", err)
	}
	standing := func() protocol.Standing {
		peers, err := d.node.Peers()
		if err != nil {
			t.Fatal(err)
		}
		return peers[1].Member.Standing
	}
	for _, c := range []struct {
		values []string
		says   string
		want   protocol.Standing
	}{
		{[]string{"do", "vouch", "why", "known"}, "We vouch for it.", protocol.Active},
		{[]string{"do", "unvouch"}, "No reason given", protocol.Active},
		{[]string{"do", "suspend", "why", "key"}, "Make it active again", protocol.Suspended},
		{[]string{"do", "suspend", "why", "key", "hide", "1"}, "Make it active again", protocol.Suspended},
		{[]string{"do", "resume"}, "the other members are told", protocol.Active},
		{[]string{"do", "resume"}, "has changed since", protocol.Active},
		{[]string{"do", "remove"}, "Nothing was changed", protocol.Active},
		{[]string{"do", "remove", "sure", "1"}, "This member is removed", protocol.Removed},
		{[]string{"do", "resume"}, "has changed since", protocol.Removed},
	} {
		p := d.press(at, c.values...)
		if p.status != 200 || p.path != at || !strings.Contains(p.text(), c.says) || standing() != c.want {
			t.Errorf("%v: %d, %s, want %q and %s: %s", c.values, p.status, standing(), c.says, c.want, p.text())
		}
	}
	if p := d.press(at, "do", "promote"); p.status != http.StatusBadRequest {
		t.Errorf("another button: %d", p.status)
	}
	if p := d.get("/en/network/members/" + d.node.Origin().String()); p.status != http.StatusNotFound {
		t.Errorf("a page of our own: %d", p.status)
	}
}
