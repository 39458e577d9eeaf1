package protocol

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testReceipt is a receipt of the node's member, for a takedown in somebody's log.
func testReceipt() Receipt {
	return Receipt{Takedown: CIDOf([]byte("a takedown")), By: OriginOf(publicOf("root")), Phase: Swept, Epoch: 1, Seq: 7,
		Root: RootOf(nil), At: testTime}
}

func TestVectorsOfReceipts(t *testing.T) {
	marked := testReceipt()
	marked.Phase, marked.Epoch, marked.Seq = Marked, 0, 0
	var out []signedVector
	for _, c := range []struct {
		name    string
		receipt Receipt
	}{{"swept", testReceipt()}, {"marked, by one that holds nothing else of the log", marked}} {
		r, err := SignReceipt(keyOf("node"), c.receipt)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, signedVectorOf(t, c.name, "node", r.Bytes(), domainReceipt, receiptWords{r.Takedown.String(), r.By, r.Phase,
			r.Epoch, r.Seq, hex.EncodeToString(r.Root[:]), r.At.UnixMilli()}))
		again, err := OpenReceipt(r.Bytes(), testCard(t))
		if err != nil || again.ID() != r.ID() || !again.At.Equal(c.receipt.At) {
			t.Errorf("%s: opens as %+v, %v", c.name, again, err)
		}
	}
	golden(t, "receipts.json", out)
}

func invalidReceipts(t testing.TB) map[string]map[string][]byte {
	r, err := SignReceipt(keyOf("node"), testReceipt())
	if err != nil {
		t.Fatal(err)
	}
	env, with := resealed(t, r.Bytes(), keyOf("node"), domainReceipt)
	return map[string]map[string][]byte{
		"form": {
			"an unknown field":            with("zz", 1),
			"an unknown phase":            with("p", text("seen")...),
			"a photo for the takedown":    with("d", link(PhotoCID(nil).Bytes())...),
			"no takedown":                 with("d", 0xf6),
			"a sequence number past 2^53": with("q", 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
			"an epoch past 2^53":          with("e", 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
			"a root of thirty-one":        with("r", blob(make([]byte, 31))...),
			"from 1970":                   with("at", 0),
			"from the year 10000":         with("at", mustEncode(t, int64(maxTime+1))...),
		},
		"signature": {"signed as a head": mustSeal(t, keyOf("node"), domainHead, env.payload)},
		"key": {
			"another member":  with("o", blob(make([]byte, 32))...),
			"somebody else's": mustSeal(t, keyOf("somebody else"), domainReceipt, env.payload),
		},
		"unknown": {"a newer version": with("v", 2), "a record": testRecord(t).Bytes()},
	}
}

func TestReceiptConfirmsAHeadOfItsOwnState(t *testing.T) {
	r := testReceipt()
	h := testHead()
	if !r.Confirms(&h) || r.Confirms(nil) {
		t.Error("the very state is not confirmed, or nothing is")
	}
	if h.Root[0] ^= 1; r.Confirms(&h) {
		t.Errorf("confirms another state, %+v", h)
	}
}

func FuzzOpenReceipt(f *testing.F) {
	seedSigned(f)
	card := testCard(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, keyOf("node"), domainReceipt, func(raw []byte) {
			r, env, err := parseReceipt(raw)
			if err != nil {
				if _, err := OpenReceipt(raw, card); err == nil {
					t.Fatal("opens, but does not parse")
				}
				return
			}
			if again := mustEncode(t, r.wire()); !bytes.Equal(again, env.payload) {
				t.Fatalf("%x encodes as %x", env.payload, again)
			}
			if _, err := OpenReceipt(raw, card); err == nil {
				oneDomain(t, env, publicOf("node"), domainReceipt)
			}
			if _, err := Parse(raw); err == nil {
				t.Fatal("a receipt parses as a record")
			}
			if _, err := ParseHead(raw); err == nil {
				t.Fatal("a receipt parses as a head")
			}
		})
	})
}

// memberCard is the card of a member that confirms: its node key has the name, its root key "root of" before it.
func memberCard(t testing.TB, name, country string) *Card {
	t.Helper()
	c, err := SignCard(keyOf("root of "+name), Card{
		Epoch: 1, Issue: 1, Country: country, Names: Text{"en": "Missing Children " + country}, Hotlines: []Hotline{{Number: "116 000"}},
		Site: "https://example.org", Languages: []string{"en"}, NodeKey: [32]byte(publicOf(name)), At: testTime, NotAfter: testTime.AddDate(2, 0, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// testReport is a report on a takedown that one of three members has swept, one marked, and one not answered.
func testReport(t testing.TB) Report {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	down, err := signWith(keyOf("node"), entryVectors()["takedown: of a case that was never published"], [16]byte{1})
	must(err)
	head, err := SignHead(keyOf("node"), testHead())
	must(err)
	r := Report{Origin: OriginOf(publicOf("root")), Epoch: testCard(t).Epoch, Number: "XA-2026-0012", At: testTime.Add(time.Hour),
		ShownUntil: testTime.Add(DefaultLease), Takedown: down.Bytes(), Cards: [][]byte{testCard(t).Bytes()}, Heads: [][]byte{head.Bytes()}}
	for i, phases := range [][]Phase{{Marked, Swept}, {Marked}, {}} {
		name := []string{"one", "two", "three"}[i]
		card := memberCard(t, name, []string{"XB", "XC", "XD"}[i])
		r.Members = append(r.Members, card.Origin())
		r.Cards = append(r.Cards, card.Bytes())
		for j, p := range phases {
			got, err := SignReceipt(keyOf(name), Receipt{Takedown: down.ID(), By: card.Origin(), Phase: p, Epoch: head.Epoch, Seq: head.Seq,
				Root: head.Root, At: testTime.Add(time.Duration(j+1) * time.Second)})
			must(err)
			r.Receipts = append(r.Receipts, got.Bytes())
		}
	}
	return r
}

func TestVectorOfAReport(t *testing.T) {
	r, err := SignReport(keyOf("node"), testReport(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.WriteFile(path, []byte(r.Text()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if r.Text() != string(want) {
		t.Errorf("%s has other words than we write now; if that is meant, run with -update and read the diff", path)
	}
	for name, text := range map[string]string{"as it is": string(want), "CRLF": strings.ReplaceAll(string(want), "\n", "\r\n")} {
		got, err := ParseReport([]byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		l := got.Lines()
		if got.Confirmed() != 1 || len(l) != 3 || l[0].Swept == nil || !l[0].Equal || l[1].Marked == nil || l[1].Swept != nil || l[2].Marked != nil {
			t.Errorf("%s: %+v", name, l)
		}
		if got.Owner().Origin() != OriginOf(publicOf("root")) || got.Record().Takedown() == nil {
			t.Errorf("%s: published by %s", name, got.Owner().Origin())
		}
	}
}

// TestReportHoldsToTheByte flips every byte of a report, words and blocks.
func TestReportHoldsToTheByte(t *testing.T) {
	r, err := SignReport(keyOf("node"), testReport(t))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(r.Text())
	for i := range text {
		text[i] ^= 1
		if _, err := ParseReport(text); err == nil {
			t.Fatalf("byte %d can be changed: %q", i, text[max(0, i-20):min(len(text), i+20)])
		}
		text[i] ^= 1
	}
	if _, err := ParseReport(append(text, make([]byte, MaxReport)...)); !errors.Is(err, ErrSize) {
		t.Errorf("an endless report: %v, want ErrSize", err)
	}
}

// TestReportRestsOnItsEvidence makes reports that claim more than they carry.
func TestReportRestsOnItsEvidence(t *testing.T) {
	sign := func(name string, r Receipt) []byte {
		got, err := SignReceipt(keyOf(name), r)
		if err != nil {
			t.Fatal(err)
		}
		return got.Bytes()
	}
	claim, err := Parse(testReport(t).Takedown)
	if err != nil {
		t.Fatal(err)
	}
	three := memberCard(t, "three", "XD")
	for name, change := range map[string]func(*Report){
		"a receipt that another signed": func(r *Report) {
			r.Receipts = append(r.Receipts, sign("one", Receipt{Takedown: claim.ID(), By: three.Origin(), Phase: Swept, At: testTime}))
		},
		"a receipt of another takedown": func(r *Report) {
			r.Receipts = append(r.Receipts, sign("three", Receipt{Takedown: CIDOf(nil), By: three.Origin(), Phase: Swept, At: testTime}))
		},
		"a receipt twice":                    func(r *Report) { r.Receipts = append(r.Receipts, r.Receipts[0]) },
		"a member twice":                     func(r *Report) { r.Members = append(r.Members, r.Members[0]) },
		"a member without a card":            func(r *Report) { r.Members = append(r.Members, Origin{7}) },
		"a member that has dropped out":      func(r *Report) { r.Members = r.Members[1:] },
		"a card of nobody in it":             func(r *Report) { r.Cards = append(r.Cards, memberCard(t, "four", "XE").Bytes()) },
		"itself among the members":           func(r *Report) { r.Members = append(r.Members, r.Origin) },
		"a case in the place of a takedown":  func(r *Report) { r.Takedown = testRecord(t).Bytes() },
		"no card of its own":                 func(r *Report) { r.Cards = r.Cards[1:] },
		"a head that somebody else signed":   func(r *Report) { r.Heads[0] = mustSeal(t, keyOf("one"), domainHead, mustEncode(t, (&Head{}).wire())) },
		"a number of many lines":             func(r *Report) { r.Number = "1\nErased: yes" },
		"another epoch than its card's":      func(r *Report) { r.Epoch++ },
		"a time before there was any":        func(r *Report) { r.At = time.UnixMilli(0) },
		"a number longer than any case's is": func(r *Report) { r.Number = strings.Repeat("1", maxNumber+1) },
	} {
		r := testReport(t)
		change(&r)
		if _, err := SignReport(keyOf("node"), r); err == nil {
			t.Errorf("%s: was signed", name)
		}
	}
	if _, err := SignReport(keyOf("somebody else"), testReport(t)); !errors.Is(err, ErrKey) {
		t.Errorf("under another key: %v, want ErrKey", err)
	}
}

func FuzzParseReport(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "report.txt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	block, _ := pem.Decode(b)
	f.Add(pem.EncodeToMemory(block))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReport(b)
		if err != nil {
			return
		}
		if r.Text() != strings.ReplaceAll(string(b), "\r\n", "\n") {
			t.Fatal("another text than was read")
		}
	})
}

type receiptWords struct {
	Takedown string `json:"takedown"`
	By       Origin `json:"by"`
	Phase    Phase  `json:"phase"`
	Epoch    uint64 `json:"epoch"`
	Seq      uint64 `json:"seq"`
	Root     string `json:"root"`
	At       int64  `json:"at"`
}
