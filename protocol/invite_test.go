package protocol

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func testInvite(t testing.TB, answers PairNonce) *Invite {
	t.Helper()
	i, err := SignInvite(keyOf("node"), Invite{Root: [32]byte(publicOf("root")), Addrs: []string{"/ip4/127.0.0.1/tcp/4001"},
		Nonce: PairNonce{1, 2, 3}, Answers: answers, Expires: testTime.Add(InviteLife)})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestVectorsOfInvites(t *testing.T) {
	var out []signedVector
	for _, c := range []struct {
		name   string
		invite *Invite
	}{{"an invitation", testInvite(t, PairNonce{})}, {"an answer", testInvite(t, PairNonce{9})}} {
		i := c.invite
		w := inviteWords{Root: hex.EncodeToString(i.Root[:]), NodeKey: hex.EncodeToString(i.NodeKey[:]), Addrs: i.Addrs,
			Nonce: i.Nonce, Expires: i.Expires.UnixMilli(), Text: i.Text(nil), QRText: i.QRText()}
		if !i.Answers.IsZero() {
			w.Answers = i.Answers.String()
		}
		out = append(out, signedVectorOf(t, c.name, "node", i.Bytes(), domainInvite, w))
	}
	golden(t, "invites.json", out)
}

func TestVectorsOfSpokenWords(t *testing.T) {
	side := func(name string, n byte) PairSide { return PairSide{[32]byte(publicOf(name)), PairNonce{n, 1}} }
	var out []wordsVector
	for _, c := range [][2]PairSide{{side("root", 1), side("somebody else", 2)}, {side("root", 1), side("somebody else", 3)},
		{side("root", 1), side("root", 2)}, {{}, {Nonce: PairNonce{15: 0xff}}}} {
		words := SpokenWords(c[0], c[1])
		if again := SpokenWords(c[1], c[0]); !slices.Equal(words, again) {
			t.Errorf("the inviter reads %v, the invited %v", words, again)
		}
		w := wordsVector{Words: words}
		w.A = sideWord{hex.EncodeToString(c[0].Root[:]), c[0].Nonce}
		w.B = sideWord{hex.EncodeToString(c[1].Root[:]), c[1].Nonce}
		out = append(out, w)
	}
	golden(t, "words.json", out)
}

// TestSpokenWordsHangOnAllFour: another key or nonce on either end gives other words.
func TestSpokenWordsHangOnAllFour(t *testing.T) {
	a, b := PairSide{[32]byte{1}, PairNonce{1}}, PairSide{[32]byte{2}, PairNonce{2}}
	seen := map[string]bool{strings.Join(SpokenWords(a, b), " "): true}
	for _, c := range [][2]PairSide{{{[32]byte{3}, a.Nonce}, b}, {{a.Root, PairNonce{3}}, b}, {a, {[32]byte{3}, b.Nonce}}, {a, {b.Root, PairNonce{3}}},
		{{a.Root, b.Nonce}, {b.Root, a.Nonce}}} {
		words := strings.Join(SpokenWords(c[0], c[1]), " ")
		if seen[words] {
			t.Errorf("the words %s came twice", words)
		}
		seen[words] = true
	}
}

func TestWordListHasWordsThatDiffer(t *testing.T) {
	if len(spokenList) != 2048 {
		t.Fatalf("%d words, want 2048", len(spokenList))
	}
	begins := map[string]string{}
	for _, w := range spokenList {
		if len(w) < 3 || len(w) > 8 || strings.ToLower(w) != w {
			t.Errorf("%q is no short word", w)
		}
		begin := w[:min(len(w), 4)]
		if other := begins[begin]; other != "" {
			t.Errorf("%s and %s begin alike", other, w)
		}
		begins[begin] = w
	}
}

func TestInvitationSurvivesThePost(t *testing.T) {
	i, card := testInvite(t, PairNonce{}), testCard(t)
	mail := "Dear colleagues,\r\nhere it is:\r\n> " + strings.ReplaceAll(i.Text(card), "\n", "\r\n> ") + "\r\nYours"
	for _, text := range []string{i.Text(card), card.Text() + i.Text(nil), mail} {
		got, with, err := ParseInvite([]byte(text))
		if err != nil || string(got.Bytes()) != string(i.Bytes()) || with == nil || with.ID() != card.ID() {
			t.Errorf("%v from %.80q…", err, text)
		}
	}
	if got, with, err := ParseInvite([]byte(" " + i.QRText() + "\n")); err != nil || with != nil || got.Nonce != i.Nonce {
		t.Errorf("the QR text reads as %v, %v, %v", got, with, err)
	}
	for name, text := range map[string]string{
		"a card alone":   card.Text(),
		"half of it":     i.Text(nil)[:120],
		"half a QR text": i.QRText()[:50],
		"nothing":        "",
	} {
		if _, _, err := ParseInvite([]byte(text)); err == nil {
			t.Errorf("%s was read as an invitation", name)
		}
	}
	other := fullCard() // of the same root, but of another node
	stranger, err := SignCard(keyOf("root"), other)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ParseInvite([]byte(i.Text(stranger))); err == nil {
		t.Error("an invitation was read with the card of another node")
	}
}

type inviteWords struct {
	Root    string    `json:"root"`
	NodeKey string    `json:"node_key"`
	Addrs   []string  `json:"addrs,omitempty"`
	Nonce   PairNonce `json:"nonce"`
	Answers string    `json:"answers,omitempty"`
	Expires int64     `json:"expires"`
	Text    string    `json:"text"`
	QRText  string    `json:"qr_text"`
}

type wordsVector struct {
	A     sideWord `json:"a"`
	B     sideWord `json:"b"`
	Words []string `json:"words"`
}

type sideWord struct {
	Root  string    `json:"root"`
	Nonce PairNonce `json:"nonce"`
}

func invalidInvites(t testing.TB) map[string]map[string][]byte {
	env, with := resealed(t, testInvite(t, PairNonce{9}).Bytes(), keyOf("node"), domainInvite)
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":       with("zz", 1),
			"no nonce":               mustSeal(t, keyOf("node"), domainInvite, edit(t, env.payload, "n", nil)),
			"a nonce of zeros":       with("n", blob(make([]byte, 16))...),
			"a nonce of fifteen":     with("n", blob(make([]byte, 15))...),
			"an answer to zeros":     with("re", blob(make([]byte, 16))...),
			"an answer to itself":    with("re", env.payload[bytes.Index(env.payload, append(text("n"), 0x50))+2:][:17]...),
			"an end before 1970":     with("x", 0x20),
			"an address of no words": with("ad", append([]byte{0x81}, text("")...)...),
			"null for the addresses": with("ad", 0xf6),
		},
		"signature": {"signed as a head": mustSeal(t, keyOf("node"), domainHead, env.payload)},
		"key":       {"signed by the root key": mustSeal(t, keyOf("root"), domainInvite, env.payload)},
		"unknown":   {"a newer version": with("v", 2), "a card": testCard(t).Bytes()},
	}
}
