package protocol

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/ipfs/go-cid"
)

// seedSigned gives a fuzzer every signed vector, valid and not, and the payload of each.
func seedSigned(f *testing.F) {
	add := func(raw []byte) {
		f.Add(raw)
		if env, err := unseal(raw); err == nil {
			f.Add(env.payload)
		}
	}
	for _, file := range signedFiles {
		for _, v := range loadVectors[[]signedVector](f, file) {
			add(unhex(f, v.Envelope))
		}
	}
	for _, v := range loadVectors[[]invalidVector](f, "invalid.json") {
		if v.Zeros == 0 && v.Object != "frame" {
			add(unhex(f, v.Hex))
		}
	}
}

// both calls try with b as an envelope and with b as a payload that the key signed in the domain.
func both(b []byte, key ed25519.PrivateKey, d domain, try func(raw []byte)) {
	try(b)
	if raw, err := seal(key, d, b); err == nil {
		try(raw)
	}
}

// oneDomain fails when an envelope verifies in another domain than d.
func oneDomain(t *testing.T, env *opened, key ed25519.PublicKey, d domain) {
	for _, other := range []domain{domainCard, domainHead, domainCase, domainTakedown, domainStance, domainPoster, domainInvite, domainReceipt, domainReport, domainAlive, domainExtend, ""} {
		if err := env.verify(key, other); other != d && err == nil {
			t.Fatalf("signed in %s, verifies in %q too", d, other)
		}
	}
}

// FuzzParse holds that a record is refused with one of our errors, or encodes to the very bytes that it came in, and that
// what opens opens as nothing else.
func FuzzParse(f *testing.F) {
	seedSigned(f)
	node := keyOf("node")
	card := testCard(f)
	try := func(t *testing.T, raw []byte) {
		c, err := Parse(raw)
		_, openErr := Open(raw, card)
		if err != nil {
			if !errors.Is(err, ErrForm) && !errors.Is(err, ErrSize) && !errors.Is(err, ErrUnknown) || openErr == nil {
				t.Fatalf("parse: %v; open: %v", err, openErr)
			}
			return
		}
		p, err := decode[payload](c.env.payload)
		if err != nil {
			t.Fatal(err)
		}
		typ, again, err := c.entry.encode(p.N, c.stamp)
		if err != nil || typ != c.Type() || !bytes.Equal(again, c.env.payload) {
			t.Fatalf("%s %x encodes as %s %x (%v)", c.Type(), c.env.payload, typ, again, err)
		}
		r, err := Reopen(raw)
		if err != nil || r.ID() != c.ID() || r.Header() != c.Header() || r.Type() != c.Type() {
			t.Fatalf("parses, but reopens as %v, %v", r, err)
		}
		if _, err := OpenCard(raw); err == nil {
			t.Fatal("a record opens as a card")
		}
		if _, err := ParseHead(raw); err == nil {
			t.Fatal("a record parses as a head")
		}
		if openErr == nil {
			oneDomain(t, c.env, publicOf("node"), domains[typ])
		}
		if js, err := json.Marshal(c.entry.Case); err != nil {
			t.Fatalf("no JSON of a case: %v", err)
		} else if c.entry.Case != nil {
			back := new(Case)
			if err := json.Unmarshal(js, back); err != nil {
				t.Fatalf("JSON %s does not read back: %v", js, err)
			}
			if a, b := mustEncode(t, c.entry.Case), mustEncode(t, back); !bytes.Equal(a, b) {
				t.Fatalf("JSON %s made %x of %x", js, b, a)
			}
			c.entry.Case.Children[0].AgeNow(c.entry.Case.Since, c.entry.At)
			c.entry.Case.What.Pick("en")
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, node, domainCase, func(raw []byte) { try(t, raw) })
		both(b, node, domainTakedown, func(raw []byte) { try(t, raw) })
		both(b, node, domainStance, func(raw []byte) { try(t, raw) })
	})
}

// FuzzReopen holds that our own disk, should it lie, cannot panic us.
func FuzzReopen(f *testing.F) {
	seedSigned(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, keyOf("node"), domainCase, func(raw []byte) {
			if r, err := Reopen(raw); err == nil {
				r.Header().Ref()
				r.Type()
				if !bytes.Equal(r.Bytes(), raw) {
					t.Fatal("other bytes than were read")
				}
			}
			ReopenHead(raw)
		})
	})
}

// FuzzParseStamp holds that a text is refused with one of our errors, or holds a code that is written in one way alone, and
// that nothing but what the node signed verifies.
func FuzzParseStamp(f *testing.F) {
	signed := map[Stamp]bool{}
	for _, v := range loadVectors[stampVectors](f, "stamps.json").Valid {
		s, err := ParseStamp(v.Code)
		if err != nil {
			f.Fatal(err)
		}
		signed[s] = s.Epoch == testCard(f).Epoch
		f.Add(v.Code)
		f.Add("https://xa.example/v/" + strings.ToLower(v.Code) + "\n")
	}
	for _, v := range loadVectors[stampVectors](f, "stamps.json").Invalid {
		f.Add(v.Code)
	}
	card := testCard(f)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseStamp(text)
		if err != nil {
			if !errors.Is(err, ErrForm) && !errors.Is(err, ErrSize) && !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
			return
		}
		code := s.Code()
		if len(code) > MaxStampCode || !strings.HasSuffix(strings.ToUpper(strings.Join(strings.Fields(text), "")), code) {
			t.Fatalf("%q has the code %s", text, code)
		}
		if again, err := ParseStamp(code); err != nil || again != s {
			t.Fatalf("%s reads back as %+v, %v", code, again, err)
		}
		if err := s.Check(card); (err == nil) != signed[s] {
			t.Fatalf("%+v: %v", s, err)
		}
		s.Past(testTime)
	})
}

func FuzzOpenCard(f *testing.F) {
	seedSigned(f)
	root := keyOf("root")
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, root, domainCard, func(raw []byte) {
			c, err := OpenCard(raw)
			if err != nil {
				return
			}
			env, _ := unseal(raw)
			if again := mustEncode(t, c.wire()); !bytes.Equal(again, env.payload) {
				t.Fatalf("%x encodes as %x", env.payload, again)
			}
			oneDomain(t, env, c.Root[:], domainCard)
			for _, form := range []string{c.Text(), c.QRText(), string(raw)} {
				if got, err := ParseCard([]byte(form)); err != nil || got.ID() != c.ID() {
					t.Fatalf("does not read back from %q: %v", form, err)
				}
			}
		})
	})
}

func FuzzParseCard(f *testing.F) {
	c := testCard(f)
	for _, form := range []string{c.Text(), c.QRText(), string(c.Bytes()), "GMCN:", "> " + c.Text(), "-----BEGIN GMCN CARD-----\n-----END GMCN CARD-----\n"} {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := ParseCard(text); err == nil {
			if _, err := OpenCard(c.Bytes()); err != nil {
				t.Fatalf("read a card that does not open: %v", err)
			}
		}
	})
}

func FuzzOpenInvite(f *testing.F) {
	seedSigned(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, keyOf("node"), domainInvite, func(raw []byte) {
			i, err := OpenInvite(raw)
			if err != nil {
				return
			}
			env, _ := unseal(raw)
			if again := mustEncode(t, i.wire()); !bytes.Equal(again, env.payload) {
				t.Fatalf("%x encodes as %x", env.payload, again)
			}
			oneDomain(t, env, i.NodeKey[:], domainInvite)
			for _, form := range []string{i.Text(nil), i.QRText(), string(raw)} {
				if got, card, err := ParseInvite([]byte(form)); err != nil || card != nil || !bytes.Equal(got.Bytes(), raw) {
					t.Fatalf("does not read back from %q: %v", form, err)
				}
			}
		})
	})
}

func FuzzParseInvite(f *testing.F) {
	i, card := testInvite(f, PairNonce{}), testCard(f)
	for _, form := range []string{i.Text(nil), i.Text(card), card.Text() + i.Text(nil), i.QRText(), string(i.Bytes()), inviteQRPrefix, "> " + i.Text(card)} {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		i, card, err := ParseInvite(text)
		if err != nil {
			return
		}
		if _, err := OpenInvite(i.Bytes()); err != nil {
			t.Fatalf("read an invitation that does not open: %v", err)
		}
		if card != nil && !i.Issued(card) {
			t.Fatal("read the card of somebody else")
		}
	})
}

func FuzzParseHead(f *testing.F) {
	seedSigned(f)
	node := keyOf("node")
	f.Fuzz(func(t *testing.T, b []byte) {
		both(b, node, domainHead, func(raw []byte) {
			c, err := ParseHead(raw)
			if err != nil {
				return
			}
			if again := mustEncode(t, c.head.wire()); !bytes.Equal(again, c.env.payload) {
				t.Fatalf("%x encodes as %x", c.env.payload, again)
			}
			if lease := c.head.Until.Sub(c.head.At); lease < MinLease || lease > MaxLease {
				t.Fatalf("a lease of %v", lease)
			}
			if _, err := Parse(raw); err == nil {
				t.Fatal("a head parses as a record")
			}
			if c.env.verify(publicOf("node"), domainHead) == nil {
				oneDomain(t, c.env, publicOf("node"), domainHead)
			}
		})
	})
}

func FuzzParseFork(f *testing.F) {
	for _, v := range loadVectors[[]forkVector](f, "forks.json") {
		f.Add(unhex(f, v.Fork))
	}
	for _, v := range loadVectors[[]invalidVector](f, "invalid.json") {
		if v.Object == "fork" && v.Zeros == 0 {
			f.Add(unhex(f, v.Hex))
		}
	}
	card := testCard(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ParseFork(b)
		if err != nil {
			return
		}
		if !IsFork(b) {
			t.Fatal("a proof that is taken for an envelope")
		}
		fork, err := c.Open(card)
		if err != nil {
			return
		}
		// What opens is two things that the member signed, of one place, and not one thing twice.
		again, err := NewFork(c.envs[1].raw, c.envs[0].raw, card)
		if err != nil || !bytes.Equal(again.Bytes(), b) || fork.Origin != card.Origin() || c.envs[0].id == c.envs[1].id {
			t.Fatalf("%x is made again as %v, %v", b, again, err)
		}
	})
}

func FuzzDecodeFrame(f *testing.F) {
	for _, v := range loadVectors[[]frameVector](f, "frames.json") {
		f.Add(unhex(f, v.Frame))
	}
	for _, v := range loadVectors[[]invalidVector](f, "invalid.json") {
		if v.Object == "frame" && v.Zeros == 0 {
			f.Add(unhex(f, v.Hex))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := DecodeFrame(b)
		if err != nil {
			if VerdictOf(err) != Reject {
				t.Fatalf("%v is not a reason to reject", err)
			}
			return
		}
		if again, err := frame.Encode(); err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x encodes as %x, %v", b, again, err)
		}
		if frame.Want != nil {
			Digest(frame.Want.File.Cid)
		}
	})
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"", "2026", "2026-11", "2026-11-23", "0000", "1899", "2026-02-30", "2024-02-29", "2026-1", "２０２６", "+2026"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil {
			if !d.IsZero() {
				t.Fatalf("%q gives %v and an error", s, d)
			}
			return
		}
		if d.String() != s {
			t.Fatalf("%q reads as %q: two spellings of one date", s, d)
		}
		if !d.IsZero() && (d.First().After(d.Last()) || d.First().Year() != int(d.Year) || d.Last().Year() != int(d.Year)) {
			t.Fatalf("%q runs from %v to %v", s, d.First(), d.Last())
		}
	})
}

// FuzzParseIDs holds that an identifier has one spelling, but for capital letters.
func FuzzParseIDs(f *testing.F) {
	for _, s := range []string{"", Origin{1}.String(), CaseID{2}.String(), strings.ToUpper(Ref{3}.String()), "\u212a" + Ref{}.String()[3:], Ref{}.String()[:25] + "b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if o, err := ParseOrigin(s); err == nil && o.String() != strings.ToLower(s) {
			t.Fatalf("%q reads as origin %s", s, o)
		}
		if id, err := ParseCaseID(s); err == nil && id.String() != strings.ToLower(s) {
			t.Fatalf("%q reads as case %s", s, id)
		}
		if r, err := ParseRef(s); err == nil && r.String() != strings.ToLower(s) || err == nil && len(s) != 26 {
			t.Fatalf("%q reads as reference %s", s, r)
		}
	})
}

func FuzzLink(f *testing.F) {
	f.Add(mustEncode(f, Link{PhotoCID(nil)}))
	for _, v := range invalidRecords(f)["form"] {
		if i := bytes.Index(v, []byte{0xd8, 42}); i >= 0 {
			f.Add(v[i:])
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := decode[Link](b)
		if err != nil {
			return
		}
		if again := mustEncode(t, l); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes as %x", b, again)
		}
		if checkCID(l.Cid, cid.Raw) == nil {
			if d := Digest(l.Cid); CIDFromDigest(cid.Raw, d) != l.Cid {
				t.Fatalf("%s is not the only link to %x", l, d)
			}
		}
	})
}
