package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipld/go-ipld-prime/codec/dagcbor"
	"github.com/ipld/go-ipld-prime/node/basicnode"
	"github.com/veraison/go-cose"
)

// keyOf returns the same key for the same name, so that vectors stay the same.
func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("gmcn test key: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

var testTime = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func testCard(t testing.TB) *Card {
	t.Helper()
	c, err := SignCard(keyOf("root"), Card{
		Epoch: 1, Issue: 1, Country: "XA", CountryNames: Text{"en": "Arvenia"},
		Names:    Text{"en": "Missing Children Arvenia", "fr": "Enfants disparus Arvénie"},
		Hotlines: []Hotline{{Number: "116 000", Label: Text{"en": "Day and night"}}},
		Site:     "https://xa.example.org", Languages: []string{"en", "fr"},
		NodeKey: [32]byte(keyOf("node").Public().(ed25519.PublicKey)),
		Addrs:   []string{"/ip4/127.0.0.1/tcp/4001"},
		At:      testTime, NotAfter: testTime.AddDate(2, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func testCase() *Case {
	return &Case{
		Number: "XA-2026-014", Kind: EndangeredMissing, Urgent: true,
		Children: []Child{{
			Name: "Mira Sol", OtherNames: []string{"Μίρα Σολ"}, BirthYear: 2014, Age: Age{12, 12, Years}, Sex: "female",
			Eyes: "brown", Hair: []HairColour{"black", "brown"}, HairDyed: true,
			Height: Height{Min: 140, Max: 148, AsOf: Date{Year: 2025}}, Weight: Weight{Min: 350, Max: 380},
			Languages: []string{"en", "sr-Latn"}, Marks: Text{"en": "Scar on the left knee", "fr": "Cicatrice au genou gauche"},
		}, {Name: "Tom Sol", Sex: "male", Age: Age{7, 9, Months}}},
		Since: Date{2026, 11, 20}, From: Place{Country: "XA", Area: "North", Locality: "Lindport"},
		What: Text{"en": "Last seen at the harbour.", "ar": "شوهدت آخر مرة في الميناء."},
	}
}

func testEntry() Entry {
	return Entry{
		Header: Header{Origin: OriginOf(keyOf("root").Public().(ed25519.PublicKey)), Epoch: 1, Seq: 7,
			Case: CaseID{1, 2, 3}, Rev: 1, At: testTime, ReviewBy: testTime.Add(ReviewAfter)},
		Case:    testCase(),
		Members: &Members{Children: []MemberChild{{Birth: Date{2014, 5, 1}, Nationalities: []string{"XA"}}}},
		Photos: []Photo{{File: Link{PhotoCID([]byte("photo"))}, Kind: Portrait, Size: 5, Width: 800, Height: 1000,
			Thumb: Link{PhotoCID([]byte("thumb"))}, ThumbSize: 5, ThumbWidth: 320, ThumbHeight: 400, Taken: Date{2025, 6, 0}}},
	}
}

func testRecord(t testing.TB) *Record {
	t.Helper()
	r, err := signWith(keyOf("node"), testEntry(), [16]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecordSurvivesTheWire(t *testing.T) {
	r := testRecord(t)
	got, err := Open(r.Bytes(), testCard(t))
	if err != nil {
		t.Fatal(err)
	}
	if got.ID() != r.ID() || got.Header() != r.Header() {
		t.Errorf("opened %v %+v, signed %v %+v", got.ID(), got.Header(), r.ID(), r.Header())
	}
	a, _ := encode(got.Case())
	b, _ := encode(testCase())
	if !bytes.Equal(a, b) {
		t.Errorf("the case changed on the way:\n%x\n%x", a, b)
	}
	again, err := Reopen(r.Bytes())
	if err != nil || again.ID() != r.ID() || again.Members().Children[0].Birth != (Date{2014, 5, 1}) || len(again.Photos()) != 1 {
		t.Errorf("reopened %+v, %v", again, err)
	}
}

// TestOraclesReadOurBytes holds our bytes against two libraries that know nothing of us.
func TestOraclesReadOurBytes(t *testing.T) {
	r := testRecord(t)
	nb := basicnode.Prototype.Any.NewBuilder()
	opts := dagcbor.DecodeOptions{AllowLinks: true}
	if err := opts.Decode(nb, bytes.NewReader(r.Bytes())); err != nil {
		t.Fatalf("strict DAG-CBOR refuses the envelope: %v", err)
	}
	var out bytes.Buffer
	if err := dagcbor.Encode(nb.Build(), &out); err != nil || !bytes.Equal(out.Bytes(), r.Bytes()) {
		t.Errorf("DAG-CBOR writes the envelope otherwise (%v)", err)
	}
	env, err := unseal(r.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	nb = basicnode.Prototype.Any.NewBuilder()
	if err := opts.Decode(nb, bytes.NewReader(env.payload)); err != nil {
		t.Fatalf("strict DAG-CBOR refuses the payload: %v", err)
	}
	out.Reset()
	if err := dagcbor.Encode(nb.Build(), &out); err != nil || !bytes.Equal(out.Bytes(), env.payload) {
		t.Errorf("DAG-CBOR writes the payload otherwise (%v)", err)
	}

	var msg cose.UntaggedSign1Message
	if err := msg.UnmarshalCBOR(r.Bytes()); err != nil {
		t.Fatalf("COSE refuses the envelope: %v", err)
	}
	verifier, err := cose.NewVerifier(cose.AlgorithmEdDSA, keyOf("node").Public())
	if err != nil {
		t.Fatal(err)
	}
	if err := msg.Verify([]byte("gmcn/1/case"), verifier); err != nil {
		t.Errorf("COSE does not verify the signature: %v", err)
	}
	if err := msg.Verify([]byte("gmcn/1/takedown"), verifier); err == nil {
		t.Error("the signature also verifies in another domain")
	}
	kid := KeyIDOf(keyOf("node").Public().(ed25519.PublicKey))
	if got, _ := msg.Headers.Protected[cose.HeaderLabelKeyID].([]byte); !bytes.Equal(got, kid[:]) {
		t.Errorf("COSE reads kid %x, want %x", got, kid)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	r, card := testRecord(t), testCard(t)
	for i := range r.Bytes() {
		for bit := range 8 {
			raw := bytes.Clone(r.Bytes())
			raw[i] ^= 1 << bit
			if _, err := Open(raw, card); err == nil {
				t.Fatalf("bit %d of byte %d may change", bit, i)
			}
		}
	}
}

func TestOnlyTheCanonicalFormOpens(t *testing.T) {
	r, key := testRecord(t), keyOf("node")
	env, _ := unseal(r.Bytes())
	resign := func(payload []byte) []byte {
		raw, err := seal(key, domainCase, payload)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	var fields map[string]cbor.RawMessage
	if err := cbor.Unmarshal(env.payload, &fields); err != nil {
		t.Fatal(err)
	}
	with := func(k string, v cbor.RawMessage) []byte {
		m := map[string]cbor.RawMessage{}
		for key, val := range fields {
			m[key] = val
		}
		m[k] = v
		b, err := encode(m)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	unsorted := append([]byte{0xa0 + byte(len(fields))}, func() []byte {
		em, _ := cbor.EncOptions{Sort: cbor.SortNone}.EncMode()
		var b []byte
		for _, k := range []string{"v", "t", "o", "e", "q", "c", "r", "at", "x", "n", "b", "ph"} {
			kb, _ := em.Marshal(k)
			b = append(append(b, kb...), fields[k]...)
		}
		return b
	}()...)
	for name, payload := range map[string][]byte{
		"unknown field":        with("zz", cbor.RawMessage{0x01}),
		"long integer":         with("q", cbor.RawMessage{0x18, 0x07}),
		"float":                with("q", cbor.RawMessage{0xf9, 0x47, 0x00}),
		"indefinite string":    bytes.Replace(env.payload, []byte("at\x64case"), []byte("at\x7f\x64case\xff"), 1),
		"short origin":         with("o", cbor.RawMessage{0x41, 0x01}),
		"empty optional field": with("ph", cbor.RawMessage{0x80}),
		"order of keys":        unsorted,
		"trailing byte":        append(bytes.Clone(env.payload), 0x00),
		"sequence zero":        with("q", cbor.RawMessage{0x00}),
		"null":                 with("x", cbor.RawMessage{0xf6}),
		"case body of a list":  with("b", cbor.RawMessage{0x80}),
	} {
		if _, err := Parse(resign(payload)); VerdictOf(err) != Reject {
			t.Errorf("%s: %v, want it rejected", name, err)
		}
	}
	for name, payload := range map[string][]byte{
		"newer version": with("v", cbor.RawMessage{0x02}),
		"unknown type":  with("t", cbor.RawMessage{0x64, 'n', 'o', 't', 'e'}),
	} {
		if _, err := Parse(resign(payload)); !errors.Is(err, ErrUnknown) || VerdictOf(err) != Ignore {
			t.Errorf("%s: %v, want it ignored", name, err)
		}
	}
}

func TestOpenTellsWhyItRefuses(t *testing.T) {
	card := testCard(t)
	other := testEntry()
	other.Origin = Origin{1}
	stranger, _ := Sign(keyOf("node"), other)
	wrongKey, _ := Sign(keyOf("somebody else"), testEntry())
	epoch := testEntry()
	epoch.Epoch = 2
	later, _ := Sign(keyOf("node"), epoch)
	bad := bytes.Clone(testRecord(t).Bytes())
	bad[len(bad)-1] ^= 1
	for _, c := range []struct {
		name string
		raw  []byte
		want error
	}{
		{"wrong origin", stranger.Bytes(), ErrKey},
		{"another key", wrongKey.Bytes(), ErrKey},
		{"another epoch", later.Bytes(), ErrKey},
		{"bad signature", bad, ErrSignature},
		{"too large", make([]byte, MaxEnvelope+1), ErrSize},
		{"nothing", nil, ErrForm},
	} {
		if _, err := Open(c.raw, card); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestSignHoldsToTheLimits(t *testing.T) {
	long := testEntry()
	c := testCase()
	c.What = Text{"en": strings.Repeat("a", maxStory+1)}
	long.Case = c
	if _, err := Sign(keyOf("node"), long); err == nil {
		t.Error("a text beyond the limit was signed")
	}
	orphan := testEntry()
	orphan.Rev = 2
	if _, err := Sign(keyOf("node"), orphan); err == nil {
		t.Error("a second revision without a predecessor was signed")
	}
	var problems Problems
	if _, err := Sign(keyOf("node"), long); !errors.As(err, &problems) || problems[0].Field != "what.en" {
		t.Errorf("%v, want the problem with what.en", err)
	}
}

func TestLocalHasNoWireForm(t *testing.T) {
	if _, err := encode(Local{Guardian: "somebody"}); err == nil {
		t.Error("local details were encoded for the wire")
	}
	if err := decMode.Unmarshal([]byte{0xa0}, new(Local)); err == nil {
		t.Error("local details were decoded from the wire")
	}
}

func TestRecordDoesNotChangeUnderItsHolder(t *testing.T) {
	lent := bytes.Clone(testRecord(t).Bytes())
	card, h := testCard(t), testHead()
	head, err := SignHead(keyOf("node"), h)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := Open(lent, card)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Reopen(lent)
	if err != nil {
		t.Fatal(err)
	}
	claim, err := Parse(lent)
	if err != nil {
		t.Fatal(err)
	}
	lentCard, lentHead := bytes.Clone(card.Bytes()), bytes.Clone(head.Bytes())
	c, err := ParseCard(lentCard)
	if err != nil {
		t.Fatal(err)
	}
	rehead, err := ReopenHead(lentHead)
	if err != nil {
		t.Fatal(err)
	}
	e := testEntry()
	signed, err := Sign(keyOf("node"), e)
	if err != nil {
		t.Fatal(err)
	}
	clear(lent)
	clear(lentCard)
	clear(lentHead)
	e.Case.Children[0].Name, e.Photos[0].Size = "Somebody else", 1
	for _, r := range []*Record{opened, again} {
		if CIDOf(r.Bytes()) != r.ID() || r.Case().Children[0].Name != "Mira Sol" {
			t.Error("a record changed with the bytes it was opened from")
		}
	}
	if r, err := claim.Open(card.Key()); err != nil || CIDOf(r.Bytes()) != r.ID() {
		t.Errorf("a claim changed with the bytes it was parsed from: %v", err)
	}
	if CIDOf(c.Bytes()) != c.ID() || CIDOf(rehead.Bytes()) != rehead.ID() {
		t.Error("a card or head changed with the bytes it was opened from")
	}
	if signed.Case().Children[0].Name != "Mira Sol" || signed.Photos()[0].Size != 5 {
		t.Error("a record changed with the entry it was signed from")
	}
}

// TestNilHolds: what a caller did not find must not panic.
func TestNilHolds(t *testing.T) {
	var none *Card
	if _, err := Open(testRecord(t).Bytes(), none); !errors.Is(err, ErrKey) {
		t.Errorf("without a card: %v, want ErrKey", err)
	}
	head, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenHead(head.Bytes(), nil); !errors.Is(err, ErrKey) {
		t.Errorf("without a card: %v, want ErrKey", err)
	}
	if !head.Newer(nil) || !testCard(t).Newer(nil) {
		t.Error("the first head and the first card are newer than none")
	}
	if _, err := Sign(keyOf("node"), Entry{}); err == nil {
		t.Error("nothing was signed")
	}
	if (*Members)(nil).IsZero() != true {
		t.Error("no members' tier is an empty one")
	}
	if _, err := (&Frame{Want: &Want{}}).Encode(); err == nil {
		t.Error("a want of nothing was encoded")
	}
	if _, err := claimOf(t).Open(nil); !errors.Is(err, ErrKey) {
		t.Errorf("no key: %v, want ErrKey", err)
	}
	if _, err := SignHead(keyOf("node"), Head{At: time.Time{}}); err == nil {
		t.Error("an empty head was signed")
	}
}

func claimOf(t testing.TB) *Claim {
	t.Helper()
	c, err := Parse(testRecord(t).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
