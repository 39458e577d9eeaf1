package protocol

import (
	"bytes"
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

func TestHeadNewer(t *testing.T) {
	at := func(epoch, seq uint64, later time.Duration) *Head {
		return &Head{Epoch: epoch, Seq: seq, At: testTime.Add(later)}
	}
	for _, c := range []struct {
		a, b *Head
		want bool
	}{
		{at(0, 0, 0), nil, true},
		{at(1, 7, 0), at(1, 7, 0), false},
		{at(1, 7, 1), at(1, 7, 0), true},
		{at(1, 7, 0), at(1, 7, 1), false},
		{at(1, 8, 0), at(1, 7, 1), true},
		{at(1, 7, 1), at(1, 8, 0), false},
		{at(2, 1, 0), at(1, 8, 1), true},
		{at(1, 8, 1), at(2, 1, 0), false},
	} {
		if got := c.a.Newer(c.b); got != c.want {
			t.Errorf("%+v newer than %+v: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestHeadHoldsToTheLease(t *testing.T) {
	for lease, want := range map[time.Duration]bool{
		-time.Hour: false, 0: false, MinLease - time.Millisecond: false, MinLease: true, DefaultLease: true, MaxLease: true,
		MaxLease + time.Millisecond: false, 10000 * time.Hour: false,
	} {
		h := testHead()
		h.Until = h.At.Add(lease)
		got, err := SignHead(keyOf("node"), h)
		if (err == nil) != want || (got != nil) != want {
			t.Errorf("a lease of %v: %v, %v", lease, got, err)
		}
		if want {
			if back, err := OpenHead(got.Bytes(), testCard(t)); err != nil || !back.Until.Equal(h.Until) || back.ID() != got.ID() {
				t.Errorf("a lease of %v came back as %+v, %v", lease, back, err)
			}
		}
	}
}

// TestRootOfSeesEveryDifference: whatever differs between two logs, their roots do.
func TestRootOfSeesEveryDifference(t *testing.T) {
	entry := func(seq uint64, digest byte) LogEntry { return LogEntry{seq, [32]byte{digest}} }
	roots := map[[32]byte]string{}
	for name, blocks := range map[string][]Block{
		"nothing":              nil,
		"one record":           {BlockOf(1, 0, []LogEntry{entry(1, 1)})},
		"another record":       {BlockOf(1, 0, []LogEntry{entry(1, 2)})},
		"at another number":    {BlockOf(1, 0, []LogEntry{entry(2, 1)})},
		"in another epoch":     {BlockOf(2, 0, []LogEntry{entry(1, 1)})},
		"in another block":     {BlockOf(1, 1, []LogEntry{entry(1, 1)})},
		"two records":          {BlockOf(1, 0, []LogEntry{entry(1, 1), entry(2, 1)})},
		"two records, swapped": {BlockOf(1, 0, []LogEntry{entry(2, 1), entry(1, 1)})},
		"two blocks":           {BlockOf(1, 0, []LogEntry{entry(1, 1)}), BlockOf(1, 1, []LogEntry{entry(1024, 1)})},
		"an empty block":       {BlockOf(1, 0, nil)},
	} {
		root := RootOf(blocks)
		if other, ok := roots[root]; ok {
			t.Errorf("%s and %s have one root", name, other)
		}
		roots[root] = name
	}
}
