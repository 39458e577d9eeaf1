package protocol

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// invalidVector is one thing that must be refused.
type invalidVector struct {
	Name   string `json:"name"`
	Object string `json:"object"`
	Hex    string `json:"hex"`
	// Zeros are to be appended to Hex; a thing beyond the size would fill the file otherwise.
	Zeros   int    `json:"zeros,omitempty"`
	Reason  string `json:"reason"`
	Verdict string `json:"verdict"`
}

func (v invalidVector) bytes(t testing.TB) []byte {
	return append(unhex(t, v.Hex), make([]byte, v.Zeros)...)
}

var reasonErrors = map[string]error{"form": ErrForm, "size": ErrSize, "signature": ErrSignature, "unknown": ErrUnknown, "key": ErrKey}

// sortedKeys returns the keys of m in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// item returns the CBOR head of a major type and a length or number, in its shortest form.
func item(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
}

func text(s string) []byte { return append(item(3, len(s)), s...) }
func blob(b []byte) []byte { return append(item(2, len(b)), b...) }
func link(c []byte) []byte { return append([]byte{0xd8, 42}, blob(append([]byte{0}, c...))...) }

// edit puts the bytes to at a path such as "b.p.ch.0.n" of the CBOR item b, whatever they are; nil removes the entry. The
// rest stays canonical.
func edit(t testing.TB, b []byte, path string, to []byte) []byte {
	t.Helper()
	if path == "" {
		return to
	}
	key, rest, _ := strings.Cut(path, ".")
	if b[0]>>5 == 4 {
		var list []cbor.RawMessage
		if err := cbor.Unmarshal(b, &list); err != nil {
			t.Fatal(err)
		}
		i, _ := strconv.Atoi(key)
		list[i] = edit(t, list[i], rest, to)
		return append(item(4, len(list)), bytes.Join(rawList(list), nil)...)
	}
	var m map[string]cbor.RawMessage
	if err := cbor.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	if m[key] = edit(t, m[key], rest, to); m[key] == nil {
		delete(m, key)
	}
	keys := slices.SortedFunc(maps.Keys(m), func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	out := item(5, len(m))
	for _, k := range keys {
		out = append(append(out, text(k)...), m[k]...)
	}
	return out
}

func rawList(list []cbor.RawMessage) [][]byte {
	out := make([][]byte, len(list))
	for i, m := range list {
		out[i] = m
	}
	return out
}

func mustSeal(t testing.TB, key ed25519.PrivateKey, d domain, payload []byte) []byte {
	t.Helper()
	raw, err := seal(key, d, payload)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// resealed takes an envelope apart, and returns what signs its payload again with other bytes at a path, as edit puts them there.
func resealed(t testing.TB, raw []byte, key ed25519.PrivateKey, d domain) (*opened, func(path string, to ...byte) []byte) {
	t.Helper()
	env, err := unseal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return env, func(path string, to ...byte) []byte { return mustSeal(t, key, d, edit(t, env.payload, path, to)) }
}

// invalidRecords returns, by reason, records that must be refused under testCard. Each of form is honestly signed: only
// its form is wrong.
func invalidRecords(t testing.TB) map[string]map[string][]byte {
	raw := testRecord(t).Bytes()
	env, err := unseal(raw)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(payload []byte) []byte { return mustSeal(t, keyOf("node"), domainCase, payload) }
	with := func(path string, to ...byte) []byte { return signed(edit(t, env.payload, path, to)) }
	drop := func(path string) []byte { return signed(edit(t, env.payload, path, nil)) }
	replace := func(old, new string) []byte {
		if bytes.Count(env.payload, []byte(old)) != 1 {
			t.Fatalf("%q is not once in the payload", old)
		}
		return signed(bytes.Replace(env.payload, []byte(old), []byte(new), 1))
	}
	envelope := func(protected, unprotected, payload []byte) []byte {
		message, _ := toBeSigned(domainCase, protected, payload)
		return slices.Concat([]byte{0x84}, blob(protected), unprotected, blob(payload), blob(ed25519.Sign(keyOf("node"), message)))
	}
	kid := KeyIDOf(publicOf("node"))
	prev := CIDOf([]byte("before"))
	short, _ := multihash.Encode(make([]byte, 20), multihash.SHA1)
	identity, _ := multihash.Encode([]byte("tiny"), multihash.IDENTITY)
	sum := sha256.Sum256([]byte("photo"))
	v0 := append([]byte{0x12, 0x20}, sum[:]...)
	long := append([]byte{0x81, 0x00, 0x55, 0x12, 0x20}, sum[:]...) // version 1 in two bytes

	closed := entryVectors()["takedown: of two revisions and a photo"]
	takedown := func(change func(*Entry)) []byte {
		e := closed
		gone := *e.Takedown
		e.Takedown = &gone
		change(&e)
		_, payload, err := e.encode([16]byte{9}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return mustSeal(t, keyOf("node"), domainTakedown, payload)
	}
	_, takedownPayload, err := closed.encode([16]byte{9}, nil)
	if err != nil {
		t.Fatal(err)
	}
	form := map[string][]byte{
		"nothing":                                  {},
		"an empty list":                            {0x80},
		"a map":                                    {0xa0},
		"half an envelope":                         raw[:len(raw)/2],
		"a byte after the envelope":                append(bytes.Clone(raw), 0),
		"the tag of COSE_Sign1":                    append([]byte{0xd2}, raw...),
		"an unprotected header":                    envelope(env.protected, []byte{0xa1, 0x61, 'x', 0x01}, env.payload),
		"null for the unprotected header":          envelope(env.protected, []byte{0xf6}, env.payload),
		"another algorithm":                        envelope(append([]byte{0xa2, 0x01, 0x26, 0x04}, blob(kid[:])...), []byte{0xa0}, env.payload),
		"no algorithm":                             envelope(append([]byte{0xa1, 0x04}, blob(kid[:])...), []byte{0xa0}, env.payload),
		"no key":                                   envelope([]byte{0xa1, 0x01, 0x27}, []byte{0xa0}, env.payload),
		"half a key":                               envelope(append([]byte{0xa2, 0x01, 0x27, 0x04}, blob(kid[:4])...), []byte{0xa0}, env.payload),
		"an empty protected header":                envelope(nil, []byte{0xa0}, env.payload),
		"an unknown protected header":              envelope(append(append([]byte{0xa3, 0x01, 0x27, 0x04}, blob(kid[:])...), 0x05, 0x00), []byte{0xa0}, env.payload),
		"no payload":                               envelope(env.protected, []byte{0xa0}, nil),
		"a short signature":                        append(bytes.Clone(raw[:len(raw)-66]), blob(raw[len(raw)-63:])...),
		"a list as payload":                        signed([]byte{0x80}),
		"an unknown field":                         with("zz", 1),
		"an unknown field in the case":             with("b.p.zz", 1),
		"an integer key":                           signed(append(append([]byte{env.payload[0] + 1}, 0x01, 0x01), env.payload[1:]...)),
		"a key twice":                              signed(slices.Concat([]byte{env.payload[0] + 1}, env.payload[1:], text("ph"), []byte{0x80})),
		"keys in another order":                    replace("at\x64caseav\x01", "av\x01at\x64case"),
		"a long integer":                           with("q", 0x18, 7),
		"a long string":                            replace("at\x64case", "at\x78\x04case"),
		"a float":                                  with("q", 0xf9, 0x47, 0x00),
		"a negative sequence number":               with("q", 0x26),
		"a tagged number":                          with("q", 0xc1, 7),
		"a big number":                             with("q", 0xc2, 0x41, 7),
		"a string of indefinite length":            replace("at\x64case", "at\x7f\x64case\xff"),
		"a map of indefinite length":               signed(append(append([]byte{0xbf}, env.payload[1:]...), 0xff)),
		"a byte after the payload":                 signed(append(bytes.Clone(env.payload), 0)),
		"a tag around the payload":                 signed(append([]byte{0xd9, 0xd9, 0xf7}, env.payload...)),
		"a tag around the body":                    replace("ab\xa2", "ab\xd9\xd9\xf7\xa2"),
		"a string that is not UTF-8":               with("b.p.nr", 0x62, 0xc3, 0x28),
		"bytes for a string":                       with("b.p.nr", 0x41, '1'),
		"a short origin":                           with("o", 0x41, 1),
		"a long origin":                            with("o", blob(make([]byte, 33))...),
		"an origin as a list of numbers":           with("o", append(item(4, 32), make([]byte, 32)...)...),
		"null for an optional field":               with("x", 0xf6),
		"undefined for an optional field":          with("ph", 0xf7),
		"an empty list for an optional field":      with("ph", 0x80),
		"an empty text for an optional field":      with("b.p.hl", 0x60),
		"an empty map for an optional field":       with("b.p.w", 0xa0),
		"false for an optional field":              with("b.p.u", 0xf4),
		"null for a list":                          with("b.p.ch", 0xf6),
		"no sequence number":                       drop("q"),
		"sequence number zero":                     with("q", 0),
		"a sequence number beyond 2^53":            with("q", 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
		"an epoch beyond 2^53":                     with("e", 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"revision zero":                            with("r", 0),
		"a second revision without predecessor":    with("r", 2),
		"a first revision with a predecessor":      with("p", link(prev.Bytes())...),
		"null as predecessor":                      with("p", 0xf6),
		"written at zero":                          with("at", 0),
		"written before 1970":                      with("at", 0x20),
		"written after the year 9999":              with("at", 0x1b, 0, 0, 0xe6, 0x77, 0xd2, 0x1f, 0xdc, 0),
		"no review-by":                             drop("x"),
		"review-by at the writing":                 with("x", mustEncode(t, testTime.UnixMilli())...),
		"review-by after two years":                with("x", mustEncode(t, testTime.AddDate(2, 0, 0).UnixMilli())...),
		"review-by at the end of time":             with("x", 0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
		"no stamp":                                 drop("s"),
		"a stamp of 63 bytes":                      with("s", blob(make([]byte, 63))...),
		"a stamp of 65 bytes":                      with("s", blob(make([]byte, 65))...),
		"a takedown with a stamp":                  mustSeal(t, keyOf("node"), domainTakedown, edit(t, takedownPayload, "s", blob(make([]byte, 64)))),
		"review-by after what a stamp can say":     signed(edit(t, edit(t, env.payload, "at", mustEncode(t, int64(65535*86400000))), "x", mustEncode(t, int64(65536*86400000)))),
		"a photo link to a record":                 with("ph.0.c", link(prev.Bytes())...),
		"a photo link by SHA-1":                    with("ph.0.c", link(cid.NewCidV1(cid.Raw, short).Bytes())...),
		"a photo link that holds its data":         with("ph.0.c", link(cid.NewCidV1(cid.Raw, identity).Bytes())...),
		"a photo link of version 0":                with("ph.0.c", link(v0)...),
		"a photo link with a long varint":          with("ph.0.c", link(long)...),
		"a photo link with a byte after it":        with("ph.0.c", link(append(PhotoCID(nil).Bytes(), 0))...),
		"a photo link without its zero byte":       with("ph.0.c", append([]byte{0xd8, 42}, blob(PhotoCID(nil).Bytes())...)...),
		"a photo link under another tag":           with("ph.0.c", append([]byte{0xd8, 43}, link(PhotoCID(nil).Bytes())[2:]...)...),
		"a photo link with a long tag":             with("ph.0.c", append([]byte{0xd9, 0, 42}, link(PhotoCID(nil).Bytes())[2:]...)...),
		"a photo link without a tag":               with("ph.0.c", link(PhotoCID(nil).Bytes())[2:]...),
		"null for a photo link":                    with("ph.0.c", 0xf6),
		"no photo link":                            drop("ph.0.c"),
		"a photo of nothing":                       with("ph.0.s", 0),
		"a photo of more bytes than allowed":       with("ph.0.s", 0x1a, 0, 0x40, 0, 1),
		"a photo of a child that is not there":     with("ph.0.i", 2),
		"an age-progressed picture alone":          with("ph.0.k", text("age_progressed")...),
		"a date that no calendar has":              with("b.p.sd", text("2026-02-30")...),
		"a date without zeros":                     with("b.p.sd", text("2026-3-9")...),
		"a date in the year 0":                     with("b.p.sd", text("0000")...),
		"a date with a time":                       with("b.p.sd", text("2026-11-20T00:00:00Z")...),
		"a date after the writing":                 with("b.p.sd", text("2026-11-25")...),
		"no date":                                  with("b.p.sd", 0x60),
		"an age of zeros":                          with("b.p.ch.0.a", slices.Concat([]byte{0xa3}, text("l"), []byte{0}, text("m"), []byte{0}, text("u"), text(""))...),
		"no children":                              with("b.p.ch", 0x80),
		"nine children":                            with("b.p.ch", slices.Concat([]byte{0x89}, bytes.Repeat(slices.Concat([]byte{0xa2}, text("n"), text("A"), text("s"), text("male")), 9))...),
		"a child without a name":                   drop("b.p.ch.0.n"),
		"a blank name":                             with("b.p.ch.0.n", text("  ")...),
		"a name that turns the writing round":      with("b.p.ch.0.n", text("Mira \u202eloS")...),
		"a name of two lines":                      with("b.p.ch.0.n", text("Mira\nSol")...),
		"a number of 41 letters":                   with("b.p.nr", text(strings.Repeat("1", 41))...),
		"an unknown kind":                          with("b.p.k", text("strayed")...),
		"a country in small letters":               with("b.p.pl.c", text("xa")...),
		"a language in capitals":                   with("b.p.w", slices.Concat([]byte{0xa1}, text("EN"), text("x"))...),
		"an empty text in a language":              with("b.p.w.en", 0x60),
		"an empty members' tier":                   with("b.m", 0xa0),
		"members' details of a third child":        with("b.m.ch", 0x83, 0xa0, 0xa0, 0xa0),
		"a list as body":                           with("b", 0x80),
		"null as body":                             with("b", 0xf6),
		"a takedown's body in a case":              with("b", slices.Concat([]byte{0xa1}, text("r"), []byte{0})...),
		"a case's body in a takedown":              mustSeal(t, keyOf("node"), domainTakedown, edit(t, env.payload, "t", text("takedown"))),
		"a takedown with a review-by":              takedown(func(e *Entry) { e.ReviewBy = testTime.Add(ReviewAfter) }),
		"a takedown with photos":                   takedown(func(e *Entry) { e.Photos = testEntry().Photos }),
		"a takedown of a revision still to come":   takedown(func(e *Entry) { e.Takedown.LastRev = e.Rev }),
		"a takedown with more marks than allowed":  takedown(func(e *Entry) { e.Takedown.Gone = make([]Mark, maxGone+1) }),
		"a takedown with more items than a list":   takedown(func(e *Entry) { e.Takedown.Gone = make([]Mark, maxItems+1) }),
		"deeper than allowed":                      with("b", append(bytes.Repeat([]byte{0x81}, maxDepth+1), 0)...),
		"a list that claims four thousand million": with("b", 0x9a, 0xff, 0xff, 0xff, 0xff),
	}
	flipped := bytes.Clone(raw)
	flipped[len(flipped)-1] ^= 1
	salted := bytes.Replace(raw, []byte("an\x50\x09"), []byte("an\x50\x0a"), 1)
	stranger, later := testEntry(), testEntry()
	stranger.Origin, later.Epoch = Origin{1}, 2
	of := func(key string, e Entry) []byte {
		r, err := signWith(keyOf(key), e, [16]byte{9})
		if err != nil {
			t.Fatal(err)
		}
		return r.Bytes()
	}
	return map[string]map[string][]byte{
		"form": form,
		"signature": {
			"a bit of the signature flipped":    flipped,
			"another salt under the signature":  salted,
			"signed as a takedown":              mustSeal(t, keyOf("node"), domainTakedown, env.payload),
			"signed as a head":                  mustSeal(t, keyOf("node"), domainHead, env.payload),
			"signed in no domain":               mustSeal(t, keyOf("node"), "", env.payload),
			"the order of the group added to S": plusOrder(raw),
			"a signature of zeros":              slices.Concat(raw[:len(raw)-64], make([]byte, 64)),
		},
		"unknown": {
			"a newer version": with("v", 2),
			"a newer version with a field that we do not know": mustSeal(t, keyOf("node"), domainCase,
				edit(t, edit(t, env.payload, "v", []byte{2}), "zz", []byte{1})),
			"another type": with("t", text("note")...),
			"a head":       mustSeal(t, keyOf("node"), domainHead, mustEncode(t, (func() any { h := testHead(); return h.wire() })())),
		},
		"key": {
			"another origin":  of("node", stranger),
			"another epoch":   of("node", later),
			"somebody else's": of("somebody else", testEntry()),
		},
	}
}

// plusOrder adds the order of the group to S, which a careless verifier takes for the same signature.
func plusOrder(raw []byte) []byte {
	out := bytes.Clone(raw)
	s := out[len(out)-32:]
	slices.Reverse(s)
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	order.Add(order, new(big.Int).SetBytes(s)).FillBytes(s)
	slices.Reverse(s)
	return out
}

func mustEncode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// judge opens an object of a vector, under testCard where a card is needed, and returns why it is refused.
func judge(t testing.TB, object string, raw []byte) (err error) {
	switch object {
	case "record":
		_, err = Open(raw, testCard(t))
	case "card":
		_, err = OpenCard(raw)
	case "head":
		_, err = OpenHead(raw, testCard(t))
	case "receipt":
		_, err = OpenReceipt(raw, testCard(t))
	case "alive":
		_, err = OpenAlive(raw, testCard(t))
	case "extension":
		_, err = OpenExtension(raw, testCard(t))
	case "fork":
		_, err = OpenFork(raw, testCard(t))
	case "frame":
		_, err = DecodeFrame(raw)
	case "invite":
		_, err = OpenInvite(raw)
	default:
		t.Fatalf("no object %q", object)
	}
	return err
}

func TestVectorsOfTheInvalid(t *testing.T) {
	var out []invalidVector
	add := func(name, object, reason string, raw []byte, zeros int) {
		v := invalidVector{name, object, hex.EncodeToString(raw), zeros, reason, VerdictOf(reasonErrors[reason]).String()}
		out = append(out, v)
		if err := judge(t, object, v.bytes(t)); !errors.Is(err, reasonErrors[reason]) {
			t.Errorf("%s, %s: %v, want it refused for its %s", object, name, err, reason)
		} else if got := VerdictOf(err).String(); got != v.Verdict {
			t.Errorf("%s, %s: verdict %s, want %s", object, name, got, v.Verdict)
		}
	}
	for _, group := range []struct {
		object string
		by     map[string]map[string][]byte
	}{{"record", invalidRecords(t)}, {"card", invalidCards(t)}, {"head", invalidHeads(t)}, {"receipt", invalidReceipts(t)}, {"alive", invalidAlive(t)}, {"extension", invalidExtensions(t)}, {"frame", invalidFrames(t)}, {"invite", invalidInvites(t)},
		{"fork", invalidForks(t)},
		{"record", map[string]map[string][]byte{"form": invalidStances(t)}}} {
		for _, reason := range sortedKeys(group.by) {
			for _, name := range sortedKeys(group.by[reason]) {
				raw := group.by[reason][name]
				if end := bytes.TrimRight(raw, "\x00"); len(raw)-len(end) > 4096 {
					add(name, group.object, reason, end, len(raw)-len(end))
				} else {
					add(name, group.object, reason, raw, 0)
				}
			}
		}
	}
	for object, limit := range map[string]int{"record": MaxEnvelope, "card": MaxEnvelope, "head": MaxEnvelope, "receipt": MaxEnvelope, "alive": MaxEnvelope, "extension": MaxEnvelope} {
		add("a byte more than the size", object, "size", []byte{0x84}, limit)
	}
	add("a byte more than the size", "frame", "size", []byte{0xa1}, MaxFrame)
	add("a byte more than the size", "fork", "size", []byte{0xa4}, MaxFork)
	slices.SortStableFunc(out, func(a, b invalidVector) int { return strings.Compare(a.Object, b.Object) })
	golden(t, "invalid.json", out)
}
