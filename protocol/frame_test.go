package protocol

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

type frameVector struct {
	Name  string `json:"name"`
	Says  any    `json:"says"`
	Frame string `json:"frame"`
}

// saidFrame is a frame with what it says.
type saidFrame struct {
	name string
	says map[string]any
	Frame
}

// frameVectors are one frame of each kind.
func frameVectors(t testing.TB) []saidFrame {
	origin := OriginOf(publicOf("root"))
	card := testCard(t).Bytes()
	head, err := SignHead(keyOf("node"), testHead())
	if err != nil {
		t.Fatal(err)
	}
	rec := testRecord(t).Bytes()
	receipt, err := SignReceipt(keyOf("node"), testReceipt())
	if err != nil {
		t.Fatal(err)
	}
	alive, err := SignAlive(keyOf("node"), testAlive())
	if err != nil {
		t.Fatal(err)
	}
	extension, err := SignExtension(keyOf("node"), testExtension())
	if err != nil {
		t.Fatal(err)
	}
	vector := sha256.Sum256(nil)
	photo := PhotoCID([]byte("photo"))
	mark := GoneMark(photo)
	var bits Bitmap
	bits.Add(9)
	bits.Add(1023)
	return []saidFrame{
		{"hello", map[string]any{"mine": hex.EncodeToString(mark[:]), "yours": hex.EncodeToString(mark[:]), "vector": hex.EncodeToString(vector[:16]),
			"members": hex.EncodeToString(vector[16:]), "instance": hex.EncodeToString(mark[:]), "run": hex.EncodeToString(mark[:8]), "now": testTime.UnixMilli()},
			Frame{Hello: &Hello{Mine: mark, Yours: mark, Vector: [16]byte(vector[:16]), Members: [16]byte(vector[16:]), Instance: mark, Run: RunID(mark[:8]), Now: testTime.UnixMilli()}}},
		{"hello: with the card", map[string]any{"card": hex.EncodeToString(card), "mine": hex.EncodeToString(mark[:]), "run": hex.EncodeToString(mark[:8]), "now": testTime.UnixMilli()},
			Frame{Hello: &Hello{Card: card, Mine: mark, Run: RunID(mark[:8]), Now: testTime.UnixMilli()}}},
		{"twin", map[string]any{"other": hex.EncodeToString(mark[:8])}, Frame{Twin: &Twin{RunID(mark[:8])}}},
		{"alive", map[string]any{"alive": hex.EncodeToString(alive.Bytes())}, Frame{Alive: alive.Bytes()}},
		{"have: nothing", map[string]any{"logs": []any{}}, Frame{Have: &Have{}}},
		{"have: one log", map[string]any{"logs": []any{map[string]any{"origin": origin, "epoch": 1, "seq": 7, "root": hex.EncodeToString(vector[:16]), "at": 5,
			"above": []any{map[string]any{"index": 0, "seqs": []int{9, 1023}}}, "silent": false, "card_epoch": 2, "card_issue": 1,
			"strays": StrayOf(vector), "extended": 6}}},
			Frame{Have: &Have{Logs: []Holding{{Origin: origin, Epoch: 1, Seq: 7, Root: [16]byte(vector[:16]), At: 5, Above: []Bitmap{bits},
				CardEpoch: 2, CardIssue: 1, Strays: StrayOf(vector), Extended: 6}}}}},
		{"have: a frozen member", map[string]any{"logs": []any{}, "freezes": []any{map[string]any{"origin": origin, "epoch": 1, "heads": true,
			"closed": hex.EncodeToString(mark[:])}}},
			Frame{Have: &Have{Freezes: []Freeze{{Origin: origin, Epoch: 1, Heads: true, Closed: mark}}}}},
		{"fork", map[string]any{"fork": hex.EncodeToString(testForks(t)["of two heads"].Bytes())}, Frame{Fork: testForks(t)["of two heads"].Bytes()}},
		{"have: the takedowns of a member that is suspended", map[string]any{"logs": []any{}, "closed": []any{map[string]any{"origin": origin, "epoch": 1, "seq": 7}}},
			Frame{Have: &Have{Closed: []LogPlace{{origin, 1, 7}}}}},
		{"card", map[string]any{"card": hex.EncodeToString(card)}, Frame{Card: card}},
		{"head", map[string]any{"head": hex.EncodeToString(head.Bytes())}, Frame{Head: head.Bytes()}},
		{"extend", map[string]any{"extend": hex.EncodeToString(extension.Bytes())}, Frame{Extend: extension.Bytes()}},
		{"recs", map[string]any{"records": []string{hex.EncodeToString(rec)}}, Frame{Recs: &Recs{Records: [][]byte{rec}}}},
		{"recs: the last", map[string]any{"gone": []int{5}, "last": true}, Frame{Recs: &Recs{Gone: []uint64{5}, Last: true}}},
		{"done", map[string]any{"origin": origin, "epoch": 1, "from": 3, "to": 7}, Frame{Done: &Done{origin, 1, 3, 7, false}}},
		{"done: many", map[string]any{"origin": origin, "epoch": 1, "from": 3, "to": 70000, "many": true}, Frame{Done: &Done{origin, 1, 3, 70000, true}}},
		{"blocks: the question", map[string]any{"origin": origin}, Frame{Blocks: &Blocks{Origin: origin}}},
		{"blocks: the answer", map[string]any{"origin": origin, "list": []any{map[string]any{"epoch": 1, "index": 2, "count": 3, "digest": hex.EncodeToString(vector[:])}}, "more": true},
			Frame{Blocks: &Blocks{Origin: origin, List: []BlockSum{{Epoch: 1, Index: 2, Count: 3, Digest: vector}}, More: true}}},
		{"bits: the question", map[string]any{"origin": origin, "epoch": 1, "ask": []int{0, 3}}, Frame{Bits: &Bits{Origin: origin, Epoch: 1, Ask: []uint64{0, 3}}}},
		{"bits: the answer", map[string]any{"origin": origin, "epoch": 1, "maps": []any{map[string]any{"index": 0, "seqs": []int{9, 1023}}}},
			Frame{Bits: &Bits{Origin: origin, Epoch: 1, Maps: []Bitmap{bits}}}},
		{"get: blocks", map[string]any{"origin": origin, "epoch": 1, "blocks": []int{7, 6}}, Frame{Get: &Get{Origin: origin, Epoch: 1, Blocks: []uint64{7, 6}}}},
		{"get: records", map[string]any{"origin": origin, "epoch": 1, "seqs": []int{9, 1023}}, Frame{Get: &Get{Origin: origin, Epoch: 1, Seqs: []uint64{9, 1023}}}},
		{"end", map[string]any{"more": false}, Frame{End: &End{}}},
		{"end: more", map[string]any{"more": true}, Frame{End: &End{More: true}}},
		{"want", map[string]any{"file": photo.String(), "offset": 65536}, Frame{Want: &Want{Link{photo}, 65536}}},
		{"data: ok", map[string]any{"state": BlobOK, "size": 70000}, Frame{Data: &Data{State: BlobOK, Size: 70000}}},
		{"knock", map[string]any{"invite": PairNonce{1}, "nonce": PairNonce{2}, "card": hex.EncodeToString(card)},
			Frame{Knock: &Knock{PairNonce{1}, PairNonce{2}, card}}},
		{"welcome", map[string]any{"card": hex.EncodeToString(card)}, Frame{Welcome: &Welcome{card}}},
		{"down", map[string]any{"rec": hex.EncodeToString(rec), "head": hex.EncodeToString(head.Bytes())},
			Frame{Down: &Down{Rec: rec, Head: head.Bytes()}}},
		{"receipt", map[string]any{"receipt": hex.EncodeToString(receipt.Bytes())}, Frame{Receipt: receipt.Bytes()}},
		{"data: gone", map[string]any{"state": BlobGone, "size": 0}, Frame{Data: &Data{State: BlobGone}}},
		{"data: busy", map[string]any{"state": BlobBusy, "size": 0, "after": 2000}, Frame{Data: &Data{State: BlobBusy, After: 2000}}},
	}
}

func TestVectorsOfFrames(t *testing.T) {
	var out []frameVector
	for _, c := range frameVectors(t) {
		b, err := c.Encode()
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got, err := DecodeFrame(b); err != nil {
			t.Errorf("%s does not decode: %v", c.name, err)
		} else if again, _ := got.Encode(); !bytes.Equal(again, b) {
			t.Errorf("%s changed on the way", c.name)
		}
		out = append(out, frameVector{c.name, c.says, hex.EncodeToString(b)})
	}
	golden(t, "frames.json", out)
}

func invalidFrames(t testing.TB) map[string]map[string][]byte {
	one := func(name string, body ...byte) []byte { return slices.Concat([]byte{0xa1}, text(name), body) }
	done := func(from, to byte) []byte {
		return one("done", slices.Concat([]byte{0xa4}, text("e"), []byte{1}, text("f"), []byte{from}, text("o"), blob(make([]byte, 32)), text("t"), []byte{to})...)
	}
	want := func(c cid.Cid) []byte {
		return one("want", slices.Concat([]byte{0xa2}, text("f"), link(c.Bytes()), text("o"), []byte{0})...)
	}
	recs := func(body ...byte) []byte {
		return one("recs", slices.Concat([]byte{0xa1}, text("r"), []byte{0x81}, body)...)
	}
	holding := func(seq byte, root int, above ...byte) []byte {
		return one("have", slices.Concat([]byte{0xa1}, text("l"), []byte{0x81, 0x8a}, blob(make([]byte, 32)), []byte{1, seq}, blob(make([]byte, root)), []byte{0}, above, []byte{0xf4, 1, 1, 0})...)
	}
	freeze := func(epoch, heads byte, sum int) []byte {
		return one("have", slices.Concat([]byte{0xa2}, text("l"), []byte{0x80}, text("z"), []byte{0x81, 0x84}, blob(make([]byte, 32)),
			[]byte{epoch, heads}, blob(make([]byte, sum)))...)
	}
	get := func(fields byte, body ...byte) []byte {
		return one("get", slices.Concat([]byte{0xa0 + fields}, body)...)
	}
	whose := slices.Concat(text("e"), []byte{1}, text("o"), blob(make([]byte, 32)))
	data := func(state string, size ...byte) []byte {
		return one("data", slices.Concat([]byte{0xa2}, text("n"), size, text("s"), text(state))...)
	}
	knock := func(invite, nonce PairNonce, card int) []byte {
		return one("knock", slices.Concat([]byte{0xa3}, text("c"), blob(make([]byte, card)), text("i"), blob(invite[:]), text("n"), blob(nonce[:]))...)
	}
	busy := func(state string, after ...byte) []byte {
		return one("data", slices.Concat([]byte{0xa3}, text("a"), after, text("n"), []byte{0}, text("s"), text(state))...)
	}
	short, _ := multihash.Encode(make([]byte, 20), multihash.SHA1)
	return map[string]map[string][]byte{"form": {
		"nothing":                        {},
		"an empty map":                   {0xa0},
		"two things at once":             slices.Concat([]byte{0xa2}, text("end"), []byte{0xa1}, text("m"), []byte{0xf4}, text("head"), blob([]byte{1})),
		"an unknown thing":               one("push", 0x41, 1),
		"a push without a head":          one("down", slices.Concat([]byte{0xa2}, text("h"), []byte{0x40}, text("r"), blob([]byte{1}))...),
		"a push of nothing":              one("down", slices.Concat([]byte{0xa2}, text("h"), blob([]byte{1}), text("r"), []byte{0x40})...),
		"a push beyond the size":         one("down", slices.Concat([]byte{0xa2}, text("h"), blob([]byte{1}), text("r"), blob(make([]byte, MaxEnvelope+1)))...),
		"an empty receipt":               one("receipt", 0x40),
		"no server's twin":               one("twin", slices.Concat([]byte{0xa1}, text("r"), blob(make([]byte, 8)))...),
		"a twin of seven":                one("twin", slices.Concat([]byte{0xa1}, text("r"), blob(make([]byte, 7)))...),
		"an extension beyond the size":   one("extend", blob(make([]byte, MaxEnvelope+1))...),
		"an empty extension":             one("extend", 0x40),
		"a life beyond the size":         one("alive", blob(make([]byte, MaxEnvelope+1))...),
		"a receipt beyond the size":      one("receipt", blob(make([]byte, MaxEnvelope+1))...),
		"an empty head":                  one("head", 0x40),
		"an empty fork":                  one("fork", 0x40),
		"a fork beyond the size":         one("fork", blob(make([]byte, MaxFork+1))...),
		"a frozen origin without a sum":  freeze(1, 0xf5, 15),
		"a frozen origin in half a list": one("have", slices.Concat([]byte{0xa2}, text("l"), []byte{0x80}, text("z"), []byte{0x81, 0x82}, blob(make([]byte, 32)), []byte{0xf5})...),
		"null for a record":              recs(0xf6),
		"a record beyond the size":       recs(blob(make([]byte, MaxEnvelope+1))...),
		"a head beyond the size":         one("head", blob(make([]byte, MaxEnvelope+1))...),
		"null for the logs":              one("have", append(append([]byte{0xa1}, text("l")...), 0xf6)...),
		"an end with null":               one("end", append(append([]byte{0xa1}, text("m")...), 0xf6)...),
		"a range that runs back":         done(8, 7),
		"a negative place":               done(0x20, 7),
		"a want of a record":             want(CIDOf(nil)),
		"a want by SHA-1":                want(cid.NewCidV1(cid.Raw, short)),
		"an unknown state":               data("full", 0),
		"busy until nobody knows when":   data("busy", 0),
		"busy for longer than it may":    busy("busy", 0x1a, 0, 9, 0x27, 0xc1),
		"a time to ask for what is not":  busy("none", 0x19, 7, 0xd0),
		"a file beyond the size":         data("ok", 0x1a, 0, 0x40, 0, 1),
		"a short root":                   holding(1, 15, 0x80),
		"null for what is above":         holding(1, 16, 0xf6),
		"more above than it may":         holding(1, 16, slices.Concat(item(4, MaxAbove+1), bytes.Repeat(slices.Concat([]byte{0x82, 0}, blob(make([]byte, BlockSize/8))), MaxAbove+1))...),
		"a short bitmap":                 holding(1, 16, slices.Concat([]byte{0x81, 0x82, 0}, blob(make([]byte, BlockSize/8-1)))...),
		"a get of nothing":               get(2, whose...),
		"a get of both":                  get(4, slices.Concat(text("b"), []byte{0x81, 1}, whose[:3], whose[3:], text("q"), []byte{0x81, 1})...),
		"a get of too many blocks":       get(3, slices.Concat(text("b"), item(4, MaxGet+1), bytes.Repeat([]byte{1}, MaxGet+1), whose)...),
		"a block that counts nothing":    one("blocks", slices.Concat([]byte{0xa2}, text("l"), []byte{0x81, 0x84, 1, 1, 0}, blob(make([]byte, 32)), text("o"), blob(make([]byte, 32)))...),
		"a byte after it":                append(data("none", 0), 0),
		"a list that claims too much":    one("have", append(append([]byte{0xa1}, text("l")...), 0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)...),
		"a list of more than it may":     one("have", slices.Concat([]byte{0xa1}, text("l"), item(4, maxItems+1), bytes.Repeat([]byte{0xf6}, maxItems+1))...),
		"a string that claims a million": recs(0x5a, 0, 0x10, 0, 0),
		"a knock without a secret":       knock(PairNonce{}, PairNonce{2}, 1),
		"a knock without a nonce":        knock(PairNonce{1}, PairNonce{}, 1),
		"a knock with one nonce twice":   knock(PairNonce{1}, PairNonce{1}, 1),
		"a knock without a card":         knock(PairNonce{1}, PairNonce{2}, 0),
		"a knock beyond the size":        knock(PairNonce{1}, PairNonce{2}, MaxEnvelope+1),
		"a welcome beyond the size":      one("welcome", slices.Concat([]byte{0xa1}, text("c"), blob(make([]byte, MaxEnvelope+1)))...),
	}}
}
