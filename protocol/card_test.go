package protocol

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCardNamesTheFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		change func(c *Card)
		want   []string
	}{
		{func(c *Card) {}, nil},
		{func(c *Card) { c.Epoch = 1 << 53 }, []string{"epoch range"}},
		{func(c *Card) { c.Epoch = 0 }, []string{"continues range", "epoch range"}},
		{func(c *Card) { c.Epoch = 2 }, []string{"continues range"}},
		{func(c *Card) { c.Epoch, c.Continues = 1, nil }, nil},
		{func(c *Card) { c.Epoch = 1 }, []string{"continues range"}},
		{func(c *Card) { c.Continues = nil }, []string{"continues required"}},
		{func(c *Card) { c.Continues.Epoch = 0 }, []string{"continues range"}},
		{func(c *Card) { c.Continues.Epoch = 1 }, nil},
		{func(c *Card) { c.Continues.Seq = 1 << 53 }, []string{"continues range"}},
		{func(c *Card) { c.Issue = 1 << 53 }, []string{"issue range"}},
		{func(c *Card) { c.At = time.Time{} }, []string{"at range"}},
		{func(c *Card) { c.NotAfter = c.At }, []string{"not_after range"}},
		{func(c *Card) { c.NotAfter = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, []string{"not_after range"}},
		{func(c *Card) { c.Country = "XBB" }, []string{"country country"}},
		{func(c *Card) { c.CountryNames = Text{"en": "a\nb"} }, []string{"country_names.en text"}},
		{func(c *Card) { c.Names = nil }, []string{"names required"}},
		{func(c *Card) { c.Names = Text{"en": strings.Repeat("a", maxName+1)} }, []string{"names.en toolong"}},
		{func(c *Card) { c.Hotlines = nil }, []string{"hotlines required"}},
		{func(c *Card) { c.Hotlines = slices.Repeat(c.Hotlines[:1], maxHotlines+1) }, []string{"hotlines toomany"}},
		{func(c *Card) { c.Hotlines[1].Number = "" }, []string{"hotlines.1.number required"}},
		{func(c *Card) { c.Hotlines[1].Number = "ask" }, []string{"hotlines.1.number phone"}},
		{func(c *Card) { c.Hotlines[1].Label = Text{"en": " "} }, []string{"hotlines.1.label.en required"}},
		{func(c *Card) { c.Site = "" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org/" }, []string{"site url"}},
		{func(c *Card) { c.Site = "ftp://xb.example.org" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://user@xb.example.org" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org?a" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org?" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org#" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://:80" }, []string{"site url"}},
		{func(c *Card) { c.Site = "HTTPS://xb.example.org" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org/\u202egro" }, []string{"site url"}},
		{func(c *Card) { c.Site = "https://xb.example.org/a b" }, []string{"site url"}},
		{func(c *Card) { c.Site = "http://127.0.0.1:8080" }, nil},
		{func(c *Card) { c.Site = "http://[2001:db8::1]:8080/kinder" }, nil},
		{func(c *Card) { c.Languages = nil }, []string{"languages required"}},
		{func(c *Card) { c.Languages = []string{"en", "en"} }, []string{"languages language"}},
		{func(c *Card) { c.Addrs = slices.Repeat(c.Addrs[:1], maxAddrs+1) }, []string{"addrs toomany"}},
		{func(c *Card) { c.Addrs[1] = strings.Repeat("a", maxAddr+1) }, []string{"addrs.1 toolong"}},
		{func(c *Card) { c.TipKeys = slices.Repeat(c.TipKeys[:1], maxTipKeys+1) }, []string{"tip_keys toomany"}},
		{func(c *Card) { c.TipKeys[0].ID = KeyID{} }, []string{"tip_keys range"}},
		{func(c *Card) { c.TipKeys[0].Public = nil }, []string{"tip_keys range"}},
	} {
		card := fullCard()
		c.change(&card)
		_, err := SignCard(keyOf("root"), card)
		if got := problems(t, err); !slices.Equal(got, c.want) {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCardNewer(t *testing.T) {
	at := func(root byte, epoch, issue uint64) *Card {
		return &Card{Root: [32]byte{root}, Epoch: epoch, Issue: issue}
	}
	for _, c := range []struct {
		a, b *Card
		want bool
	}{
		{at(1, 1, 1), nil, true},
		{at(1, 1, 2), at(1, 1, 1), true},
		{at(1, 1, 1), at(1, 1, 1), false},
		{at(1, 1, 1), at(1, 1, 2), false},
		{at(1, 2, 1), at(1, 1, 9), true},
		{at(1, 1, 9), at(1, 2, 1), false},
		{at(2, 9, 9), at(1, 1, 1), false},
	} {
		if got := c.a.Newer(c.b); got != c.want {
			t.Errorf("%+v newer than %+v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestCardCertifiesItsNodeKeyAlone(t *testing.T) {
	card := testCard(t)
	if key, err := card.Certifies(claimOf(t)); err != nil || !key.Equal(publicOf("node")) {
		t.Errorf("its own record: %v, %v", key, err)
	}
	for reason, raw := range invalidRecords(t)["key"] {
		claim, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if key, err := card.Certifies(claim); !errors.Is(err, ErrKey) || key != nil {
			t.Errorf("%s: %v, %v, want ErrKey", reason, key, err)
		}
	}
}

// TestCardSurvivesMail mangles a card as mail programs and people do.
func TestCardSurvivesMail(t *testing.T) {
	card, err := SignCard(keyOf("root"), fullCard())
	if err != nil {
		t.Fatal(err)
	}
	text := card.Text()
	lines := func(before string) string {
		return before + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+before) + "\n"
	}
	for name, form := range map[string]string{
		"as it is":                 text,
		"CRLF":                     strings.ReplaceAll(text, "\n", "\r\n"),
		"words around it":          "Dear colleague,\n\nour card:\n\n" + text + "\n-- \nA. Person\n",
		"quoted":                   "On Monday A. Person wrote:\n" + lines("> "),
		"quoted twice, CRLF":       strings.ReplaceAll(lines(">> "), "\n", "\r\n"),
		"indented":                 lines("    "),
		"spaces at the line ends":  strings.ReplaceAll(text, "\n", "  \n"),
		"no line end at the end":   strings.TrimSpace(text),
		"after another block":      "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n" + text,
		"QR text":                  card.QRText(),
		"QR text with white space": "\n " + card.QRText() + "\r\n",
		"the bare bytes":           string(card.Bytes()),
	} {
		got, err := ParseCard([]byte(form))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got.ID() != card.ID() || !bytes.Equal(got.Bytes(), card.Bytes()) {
			t.Errorf("%s: another card came back", name)
		}
	}
	for name, form := range map[string]string{
		"nothing":        "",
		"half a block":   text[:len(text)/2],
		"a letter wrong": text[:200] + string(text[200]^1) + text[201:],
		"half a QR text": card.QRText()[:len(card.QRText())/2],
		"small QR text":  strings.ToLower(card.QRText()),
		"a poem":         "roses are red",
		"too much":       strings.Repeat("roses are red ", 10000) + text,
	} {
		if _, err := ParseCard([]byte(form)); err == nil {
			t.Errorf("%s was read as a card", name)
		}
	}
	if strings.ContainsFunc(card.QRText(), func(r rune) bool {
		return !strings.ContainsRune("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", r)
	}) {
		t.Error("the QR text leaves the alphanumeric mode")
	}
}

type cardWords struct {
	Root         string    `json:"root"`
	Epoch        uint64    `json:"epoch"`
	Issue        uint64    `json:"issue"`
	Country      string    `json:"country"`
	CountryNames Text      `json:"country_names,omitempty"`
	Names        Text      `json:"names"`
	Hotlines     []Hotline `json:"hotlines"`
	Site         string    `json:"site"`
	Languages    []string  `json:"languages"`
	NodeKey      string    `json:"node_key"`
	Addrs        []string  `json:"addrs,omitempty"`
	TipKeys      []tipWord `json:"tip_keys,omitempty"`
	Delegate     string    `json:"delegate,omitempty"`
	At           int64     `json:"at"`
	NotAfter     int64     `json:"not_after"`
	Continues    any       `json:"continues,omitempty"`
	Text         string    `json:"text"`
	QRText       string    `json:"qr_text"`
}

type tipWord struct {
	ID     string `json:"id"`
	KEM    uint16 `json:"kem"`
	Public string `json:"public"`
}

// fullCard is a card with every field.
func fullCard() Card {
	c := Card{Epoch: 3, Issue: 12, Country: "XB", CountryNames: Text{"en": "Bergland", "ar": "برغلاند"},
		Names:    Text{"ar": "أطفال مفقودون", "en": "Children of Bergland", "sr-Latn": "Deca Berglanda"},
		Hotlines: []Hotline{{Number: "116 000"}, {Number: "+999 20 5550100", Label: Text{"en": "From abroad"}}},
		Site:     "https://xb.example.org/missing", Languages: []string{"sr-Latn", "ar", "en"},
		NodeKey: [32]byte(publicOf("second node")), Addrs: []string{"/dns4/xb.example.org/udp/4001/quic-v1", "/ip6/2001:db8::1/tcp/4001"},
		At: testTime, NotAfter: testTime.AddDate(1, 0, 0), Continues: &Continues{Epoch: 2, Seq: 41, Root: RootOf(nil)}}
	c.Delegate = OriginOf(publicOf("somebody else"))
	c.TipKeys = []TipKey{{ID: KeyIDOf(publicOf("tips")), KEM: 0x647a, Public: publicOf("tips")}}
	return c
}

func TestVectorsOfCards(t *testing.T) {
	full, err := SignCard(keyOf("root"), fullCard())
	if err != nil {
		t.Fatal(err)
	}
	var out []signedVector
	for name, c := range map[string]*Card{"of the node": testCard(t), "with every field, of the second node": full} {
		w := cardWords{Root: hex.EncodeToString(c.Root[:]), Epoch: c.Epoch, Issue: c.Issue, Country: c.Country, CountryNames: c.CountryNames,
			Names: c.Names, Hotlines: c.Hotlines, Site: c.Site, Languages: c.Languages, NodeKey: hex.EncodeToString(c.NodeKey[:]),
			Addrs: c.Addrs, At: c.At.UnixMilli(), NotAfter: c.NotAfter.UnixMilli(), Text: c.Text(), QRText: c.QRText()}
		if co := c.Continues; co != nil {
			w.Continues = map[string]any{"epoch": co.Epoch, "seq": co.Seq, "root": hex.EncodeToString(co.Root[:])}
		}
		if c.Delegate != (Origin{}) {
			w.Delegate = c.Delegate.String()
		}
		for _, k := range c.TipKeys {
			w.TipKeys = append(w.TipKeys, tipWord{hex.EncodeToString(k.ID[:]), k.KEM, hex.EncodeToString(k.Public)})
		}
		out = append(out, signedVectorOf(t, name, "root", c.Bytes(), domainCard, w))
	}
	if out[0].Name > out[1].Name {
		out[0], out[1] = out[1], out[0]
	}
	golden(t, "cards.json", out)
}

func invalidCards(t testing.TB) map[string]map[string][]byte {
	env, with := resealed(t, testCard(t).Bytes(), keyOf("root"), domainCard)
	own := testCard(t).Origin()
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":           with("zz", 1),
			"no names":                   with("nm", 0xa0),
			"null for names":             with("nm", 0xf6),
			"no hotline":                 with("hl", 0x80),
			"a hotline in words":         with("hl.0.n", text("call us")...),
			"a site with a slash":        with("st", text("https://xa.example.org/")...),
			"a site that is a script":    with("st", text("javascript:alert(1)")...),
			"a site in another alphabet": with("st", text("https://ха.example.org")...),
			"an end before the start":    with("na", mustEncode(t, testTime.UnixMilli()-1)...),
			"a language twice":           with("ln", slices.Concat([]byte{0x82}, text("en"), text("en"))...),
			"a short node key":           with("nk", 0x41, 1),
			"the first epoch, and it continues another": with("co", slices.Concat([]byte{0xa3}, text("e"), []byte{1}, text("q"), []byte{1},
				text("r"), blob(make([]byte, 32)))...),
			"the second epoch, and it continues none": with("e", 2),
			"epoch 0":                 with("e", 0),
			"zeros for a delegate":    with("de", blob(make([]byte, 32))...),
			"itself for its delegate": with("de", blob(own[:])...),
			"null for a delegate":     with("de", 0xf6),
			"a tip key of another id": with("tk", slices.Concat([]byte{0x81, 0xa3}, text("i"), blob(make([]byte, 8)),
				text("k"), []byte{1}, text("p"), blob([]byte{1}))...),
		},
		"signature": {
			"signed as a case":                    mustSeal(t, keyOf("root"), domainCase, env.payload),
			"another hotline under the signature": bytes.Replace(testCard(t).Bytes(), []byte("116 000"), []byte("116 001"), 1),
		},
		"key":     {"signed by the node": mustSeal(t, keyOf("node"), domainCard, env.payload)},
		"unknown": {"a newer version": with("v", 2), "a record": testRecord(t).Bytes()},
	}
}
