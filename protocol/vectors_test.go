package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ipfs/go-cid"
)

var update = flag.Bool("update", false, "write testdata anew instead of comparing with it")

// The vectors, as testdata/README.md explains them field by field.
type (
	keyVector struct {
		Name        string `json:"name"`
		Seed        string `json:"seed"`
		Public      string `json:"public"`
		KeyID       string `json:"key_id"`
		Origin      string `json:"origin"`
		Fingerprint string `json:"fingerprint"`
	}
	signedVector struct {
		Name     string `json:"name"`
		Signer   string `json:"signer"`
		Domain   string `json:"domain"`
		Says     any    `json:"says"`
		Signed   string `json:"signed"`
		Envelope string `json:"envelope"`
		CID      string `json:"cid"`
	}
	recordWords struct {
		Type     Type      `json:"type"`
		Origin   Origin    `json:"origin"`
		Epoch    uint64    `json:"epoch"`
		Seq      uint64    `json:"seq"`
		Case     CaseID    `json:"case"`
		Ref      Ref       `json:"ref"`
		Rev      uint64    `json:"rev"`
		Prev     string    `json:"prev,omitempty"`
		At       int64     `json:"at"`
		ReviewBy int64     `json:"review_by,omitempty"`
		Salt     string    `json:"salt"`
		Public   *Case     `json:"public,omitempty"`
		Members  *Members  `json:"members,omitempty"`
		Photos   []Photo   `json:"photos,omitempty"`
		Takedown *takeWord `json:"takedown,omitempty"`

		Stance *stanceWord `json:"stance,omitempty"`
	}
	takeWord struct {
		LastRev uint64   `json:"last_rev"`
		Gone    []string `json:"gone,omitempty"`
	}
	stanceWord struct {
		Member Origin `json:"member"`
		View   View   `json:"view"`
		Since  int64  `json:"since"`
		Note   Note   `json:"note,omitempty"`
	}
	digestVectors struct {
		Refs   []refVector   `json:"refs"`
		CIDs   []cidVector   `json:"cids"`
		Blocks []blockVector `json:"blocks"`
		Roots  []rootVector  `json:"roots"`
	}
	refVector struct {
		Origin Origin `json:"origin"`
		Case   CaseID `json:"case"`
		Ref    Ref    `json:"ref"`
	}
	cidVector struct {
		Bytes string `json:"bytes"`
		Codec uint64 `json:"codec"`
		CID   string `json:"cid"`
		Mark  string `json:"mark"`
	}
	blockVector struct {
		Epoch   uint64      `json:"epoch"`
		Index   uint64      `json:"index"`
		Entries []entryWord `json:"entries"`
		Digest  string      `json:"digest"`
	}
	entryWord struct {
		Seq    uint64 `json:"seq"`
		Digest string `json:"digest"`
	}
	rootVector struct {
		Blocks []blockWord `json:"blocks"`
		Root   string      `json:"root"`
	}
	blockWord struct {
		Epoch  uint64 `json:"epoch"`
		Index  uint64 `json:"index"`
		Count  uint32 `json:"count"`
		Digest string `json:"digest"`
	}
)

// golden compares v with testdata/name, or writes it with -update.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) {
		t.Errorf("%s has other bytes than we make now: the wire has changed; if that is meant, run with -update and read the diff", path)
	}
}

func signedVectorOf(t *testing.T, name, signer string, raw []byte, d domain, says any) signedVector {
	t.Helper()
	env, err := unseal(raw)
	if err != nil {
		t.Fatal(err)
	}
	message, err := toBeSigned(d, env.protected, env.payload)
	if err != nil {
		t.Fatal(err)
	}
	return signedVector{name, signer, string(d), says, hex.EncodeToString(message), hex.EncodeToString(raw), env.id.String()}
}

func publicOf(name string) ed25519.PublicKey { return keyOf(name).Public().(ed25519.PublicKey) }

func TestVectorsOfKeys(t *testing.T) {
	var out []keyVector
	for _, name := range []string{"root", "node", "second node", "somebody else", "tips"} {
		pub, kid := publicOf(name), KeyIDOf(publicOf(name))
		out = append(out, keyVector{name, hex.EncodeToString(keyOf(name).Seed()), hex.EncodeToString(pub),
			hex.EncodeToString(kid[:]), OriginOf(pub).String(), OriginOf(pub).Fingerprint()})
	}
	golden(t, "keys.json", out)
}

// entryVectors are one entry of each shape that a record can have.
func entryVectors() map[string]Entry {
	least := testEntry()
	least.Photos, least.Members = nil, nil
	least.Case = &Case{Number: "1", Kind: Runaway, Children: []Child{{Name: "A", Sex: "unknown"}},
		Since: Date{Year: 2026}, From: Place{Country: "XA"}}

	found := testEntry()
	found.Header.Case, found.Seq, found.Photos, found.Members = CaseID{15: 0xff}, 8, nil, nil
	found.Case = &Case{Number: "XA/7", Kind: UnidentifiedFound, Since: Date{2026, 11, 22},
		Children: []Child{{Age: Age{2, 5, Years}, Sex: "male", Eyes: "different", Hair: []HairColour{"unknown"},
			Clothing: Text{"ja": "赤い長靴。\n葛\U000e0100飾の名札。", "th": "เสื้อสีแดง"}}},
		From: Place{Country: "XB", Locality: "Östby"}, Agency: Agency{Name: "Coast police", Phone: "+999 (20) 55-01"}, Hotline: "116 000"}

	taken := testEntry()
	taken.Case, taken.Rev, taken.Seq, taken.Epoch = testCase(), 2, 1<<32+7, 3
	taken.Prev = CIDOf([]byte("the first revision"))
	taken.Case.Kind, taken.Case.Since = FamilyAbduction, Date{2026, 11, 0}
	taken.Case.Companions = []Companion{{Name: "Orin Sol", Relation: "father", Sex: "male", BirthYear: 1984, Eyes: "grey",
		Hair: []HairColour{"bald"}, Height: Height{Min: 180, Max: 185}, Appearance: Text{"en": "Limps."}}, {Relation: "unknown", Sex: "unknown"}}
	taken.Case.Agency = Agency{Name: "Police of the North"}
	taken.Members = &Members{Children: []MemberChild{{Birth: Date{2014, 5, 0}, OtherNames: []string{"M. Sol"}, Nationalities: []string{"XA", "XB"}}, {}},
		Destinations: []string{"Lindport ferry to XB"}, Companions: Text{"en": "May carry two passports."}, Vehicle: "Blue van, XA 12-345", LegalBasis: "police_request"}
	taken.Photos = append(taken.Photos, Photo{File: Link{PhotoCID([]byte("older"))}, Kind: AgeProgressed, Size: MaxPhotoBytes,
		Width: MaxPhotoSide, Height: MaxPhotoSide, Thumb: Link{PhotoCID([]byte("older thumb"))}, ThumbSize: MaxThumbBytes,
		ThumbWidth: 320, ThumbHeight: 320, Taken: Date{Year: 2026}, Caption: Text{"en": "As she may look now"}},
		Photo{File: Link{PhotoCID([]byte("adult"))}, Kind: CompanionShot, Who: 1, Size: 9, Width: 1, Height: 1,
			Thumb: Link{PhotoCID([]byte("adult"))}, ThumbSize: 9, ThumbWidth: 1, ThumbHeight: 1})

	closed := testEntry()
	closed.Case, closed.Members, closed.Photos, closed.ReviewBy = nil, nil, nil, time.Time{}
	closed.Rev, closed.Seq, closed.Prev = 3, 9, CIDOf([]byte("the second revision"))
	closed.Takedown = &Takedown{LastRev: 2, Gone: []Mark{GoneMark(CIDOf([]byte("the first revision"))), GoneMark(PhotoCID([]byte("photo")))}}

	bare := testEntry()
	bare.Case, bare.Members, bare.Photos, bare.ReviewBy = nil, nil, nil, time.Time{}
	bare.Takedown = &Takedown{}
	return map[string]Entry{
		"case: the least that it may say":                                          least,
		"case: two children, Arabic and Greek, members' tier, a photo":             testEntry(),
		"case: a child found, Japanese with a variation selector, Thai, no name":   found,
		"case: second revision, companions, partial dates, three kinds of picture": taken,
		"stance: vouching for a member":                                            testStance(Vouches, "worked"),
		"stance: withdrawn":                                                        testStance(Withdrawn, ""),
		"takedown: of two revisions and a photo":                                   closed,
		"takedown: of a case that was never published":                             bare,
	}
}

func recordWordsOf(e Entry, salt [16]byte) recordWords {
	w := recordWords{Type: TypeCase, Origin: e.Origin, Epoch: e.Epoch, Seq: e.Seq, Case: e.Header.Case, Ref: e.Ref(), Rev: e.Rev,
		At: e.At.UnixMilli(), Salt: hex.EncodeToString(salt[:]), Public: e.Case, Members: e.Members, Photos: e.Photos}
	if e.Prev.Defined() {
		w.Prev = e.Prev.String()
	}
	if !e.ReviewBy.IsZero() {
		w.ReviewBy = e.ReviewBy.UnixMilli()
	}
	if e.Takedown != nil {
		w.Type, w.Takedown = TypeTakedown, &takeWord{LastRev: e.Takedown.LastRev}
		for _, m := range e.Takedown.Gone {
			w.Takedown.Gone = append(w.Takedown.Gone, hex.EncodeToString(m[:]))
		}
	}
	if s := e.Stance; s != nil {
		w.Type, w.Stance = TypeStance, &stanceWord{s.Member, s.View, s.Since, s.Note}
	}
	return w
}

func TestVectorsOfRecords(t *testing.T) {
	var out []signedVector
	entries := entryVectors()
	for _, name := range sortedKeys(entries) {
		e, salt := entries[name], [16]byte(bytes.Repeat([]byte{byte(len(out) + 1)}, 16))
		r, err := signWith(keyOf("node"), e, salt)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, signedVectorOf(t, name, "node", r.Bytes(), domains[r.Type()], recordWordsOf(e, salt)))
	}
	golden(t, "records.json", out)
}

func TestVectorsOfDigests(t *testing.T) {
	var out digestVectors
	for _, o := range []Origin{{}, OriginOf(publicOf("root"))} {
		for _, id := range []CaseID{{}, {1, 2, 3}} {
			out.Refs = append(out.Refs, refVector{o, id, RefOf(o, id)})
		}
	}
	for _, b := range [][]byte{nil, []byte("photo")} {
		for _, codec := range []uint64{cid.DagCBOR, cid.Raw} {
			c := cidOf(codec, b)
			mark := GoneMark(c)
			out.CIDs = append(out.CIDs, cidVector{hex.EncodeToString(b), codec, c.String(), hex.EncodeToString(mark[:])})
		}
	}
	d := func(n byte) [32]byte { return sha256.Sum256([]byte{n}) }
	blocks := []Block{}
	roots := [][]Block{{}}
	for _, c := range []struct {
		epoch, index uint64
		entries      []LogEntry
	}{
		{1, 0, []LogEntry{{1, d(1)}, {7, d(7)}, {1023, d(23)}}},
		{1, 1, []LogEntry{{1024, d(24)}}},
		{2, 5, []LogEntry{{5120, d(51)}}},
	} {
		b := BlockOf(c.epoch, c.index, c.entries)
		v := blockVector{Epoch: c.epoch, Index: c.index, Digest: hex.EncodeToString(b.Digest[:])}
		for _, e := range c.entries {
			v.Entries = append(v.Entries, entryWord{e.Seq, hex.EncodeToString(e.Digest[:])})
		}
		out.Blocks = append(out.Blocks, v)
		blocks = append(blocks, b)
		roots = append(roots, blocks[:len(blocks):len(blocks)])
	}
	for _, of := range roots {
		root := RootOf(of)
		v := rootVector{Blocks: []blockWord{}, Root: hex.EncodeToString(root[:])}
		for _, b := range of {
			v.Blocks = append(v.Blocks, blockWord{b.Epoch, b.Index, b.Count, hex.EncodeToString(b.Digest[:])})
		}
		out.Roots = append(out.Roots, v)
	}
	golden(t, "digests.json", out)
}

// signedFiles are the files of signed vectors.
var signedFiles = []string{"records.json", "cards.json", "heads.json", "invites.json", "receipts.json", "alive.json", "extensions.json"}

// TestVectorsStandAlone checks the signed vectors with the standard library alone, as another implementation would: the
// files, not this package, say what the network's bytes are.
func TestVectorsStandAlone(t *testing.T) {
	seeds := map[string]ed25519.PrivateKey{}
	for _, k := range loadVectors[[]keyVector](t, "keys.json") {
		key := ed25519.NewKeyFromSeed(unhex(t, k.Seed))
		if hex.EncodeToString(key.Public().(ed25519.PublicKey)) != k.Public {
			t.Errorf("key %s: the seed makes another public key", k.Name)
		}
		seeds[k.Name] = key
	}
	for _, file := range signedFiles {
		for _, v := range loadVectors[[]signedVector](t, file) {
			signed, envelope := unhex(t, v.Signed), unhex(t, v.Envelope)
			if !bytes.HasSuffix(envelope, ed25519.Sign(seeds[v.Signer], signed)) {
				t.Errorf("%s, %s: the envelope does not end with the signature by %s", file, v.Name, v.Signer)
			}
			if !bytes.Contains(signed, []byte(v.Domain)) {
				t.Errorf("%s, %s: the domain %s is not signed", file, v.Name, v.Domain)
			}
			sum := sha256.Sum256(envelope)
			b := append([]byte{0x01, 0x71, 0x12, 0x20}, sum[:]...)
			text := "b" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
			if text != v.CID {
				t.Errorf("%s, %s: CID %s, want %s", file, v.Name, v.CID, text)
			}
		}
	}
}

func loadVectors[T any](t testing.TB, name string) (v T) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
