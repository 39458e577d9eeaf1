package store

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/gmcn/gmcn/protocol"
)

// secrets are what nobody may find in a file, with names for them.
type secrets map[string][]byte

// text adds a text in every encoding that it may be written in.
func (s secrets) text(what, text string) {
	s[what] = []byte(text)
	var ascii strings.Builder
	var little, big []byte
	for _, u := range utf16.Encode([]rune(text)) {
		if u < 0x80 {
			ascii.WriteByte(byte(u))
		} else {
			fmt.Fprintf(&ascii, "\\u%04x", u)
		}
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	s[what+", JSON"] = []byte(ascii.String())
	s[what+", UTF-16LE"], s[what+", UTF-16BE"] = little, big
	s[what+", folded"] = []byte(fold(text))
}

// file adds 64 bytes of a file from several places.
func (s secrets) file(what string, b []byte) {
	for _, at := range []int{0, 1, 64, len(b) / 3, len(b) / 2, len(b) - 64} {
		s[fmt.Sprintf("%s at %d", what, at)] = b[at : at+64]
	}
}

// search reports every file below dir that holds one of the secrets.
func (s secrets) search(t *testing.T, when, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for what, secret := range s {
			if bytes.Contains(b, secret) {
				t.Errorf("%s: %s holds the %s", when, path, what)
			}
			if strings.Contains(e.Name(), string(secret)) {
				t.Errorf("%s: the name of %s holds the %s", when, path, what)
			}
		}
		return err
	}))
}

// child is a case with words that stand nowhere else, and what its files must never hold.
type child struct {
	id      protocol.CaseID
	draft   Draft
	photo   protocol.Photo
	file    []byte
	thumb   []byte
	print   []byte // if it is our own
	secrets secrets
}

func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(seed), 1}).Read(b)
	return b
}

func newChild(seed uint64) *child {
	c := &child{id: protocol.NewCaseID(), file: noise(5000, seed), thumb: noise(900, seed+100), print: noise(2000, seed+200), secrets: secrets{}}
	c.photo = protocol.Photo{
		File: protocol.Link{Cid: protocol.PhotoCID(c.file)}, Kind: protocol.Portrait, Size: 5000, Width: 800, Height: 1000,
		Thumb: protocol.Link{Cid: protocol.PhotoCID(c.thumb)}, ThumbSize: 900, ThumbWidth: 320, ThumbHeight: 400,
		Caption: protocol.Text{"en": "Under the Quillwort bridge"},
	}
	c.draft = Draft{ID: c.id, Case: *newCase("XA", 1), Photos: []protocol.Photo{c.photo}}
	c.draft.Case.Children[0].Name = "Ismène Ñandú-Örvényi"
	c.draft.Case.Children[0].OtherNames = []string{"Zsófi Brkić"}
	c.draft.Case.From = protocol.Place{Country: "XA", Area: "Upper Wendlemark", Locality: "Tröllsby"}
	c.draft.Case.What = protocol.Text{"en": "Carried a violin case with a sticker of a walrus.", "el": "Φορούσε ένα πράσινο αδιάβροχο."}
	c.draft.Members = protocol.Members{Vehicle: "a rust-coloured Hanomag van", Destinations: []string{"Kvitfjellhaven"}}
	c.draft.Local = protocol.Local{Guardian: "Perpetua Ñandú", Contact: "+999 55 0123 777", Address: "Saltmakers' Row 17", Notes: "Séance at the clinic on Thursdays"}
	for what, text := range map[string]string{
		"name": "Ismène Ñandú-Örvényi", "part of the name": "Örvényi", "other name": "Zsófi Brkić", "area": "Upper Wendlemark", "locality": "Tröllsby", "text": "sticker of a walrus",
		"Greek text": "πράσινο αδιάβροχο", "vehicle": "Hanomag", "destination": "Kvitfjellhaven", "guardian": "Perpetua",
		"contact": "55 0123 777", "address": "Saltmakers", "notes": "Séance at the clinic", "caption": "Quillwort bridge", "first text": "a lantern of green glass",
	} {
		c.secrets.text(what, text)
	}
	c.secrets.file("photo", c.file)
	c.secrets.file("thumbnail", c.thumb)
	c.secrets.file("print", c.print)
	return c
}

func (c *child) entry(e *protocol.Entry) {
	e.Case, e.Members, e.Photos = &c.draft.Case, &c.draft.Members, c.draft.Photos
}

// first is the child's first revision, which says something else.
func (c *child) first(e *protocol.Entry) {
	c.entry(e)
	old := c.draft.Case
	old.What = protocol.Text{"en": "Last seen with a lantern of green glass."}
	e.Case = &old
}

// twoChildren fills a store with a child of our own, through all that the desk does, and one of XB, of whose photo a part
// has come.
func twoChildren(t *testing.T, dir string) (own, foreign *child) {
	t.Helper()
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	s, err := Open(dir, xa.origin())
	must(t, err)
	must(t, s.SetMember(xa.card, protocol.Own, time.Now()))
	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	must(t, s.SetHead(xb.head(protocol.DefaultLease)))
	own, foreign = newChild(1), newChild(2)
	must(t, s.AddPhoto(own.photo.File.Cid, own.file))
	must(t, s.AddPhoto(own.photo.Thumb.Cid, own.thumb))
	must(t, s.AddPrint(own.photo.File.Cid, own.print))
	must(t, s.SaveDraft(&own.draft))
	appendCase(t, s, xa, own.id, own.first)
	must(t, s.SaveDraft(&own.draft))
	appendCase(t, s, xa, own.id, own.entry)
	must(t, s.Put(xb.publish(foreign.id, foreign.first)))
	must(t, s.PutPhoto(foreign.photo.File.Cid, foreign.file))
	must(t, s.SavePart(foreign.photo.Thumb.Cid, 0, foreign.thumb[:300]))
	must(t, s.SavePart(foreign.photo.Thumb.Cid, 300, foreign.thumb[300:700]))
	must(t, s.Put(xb.publish(foreign.id, foreign.entry)))
	if c, err := s.Public().Case(xb.ref(foreign.id)); err != nil || c.Case.Children[0].Name != "Ismène Ñandú-Örvényi" {
		t.Fatalf("case before the purge: %+v, %v", c, err)
	}
	checkAndClose(t, s)
	return own, foreign
}

// livingKeys returns the key slots of a data folder that hold a key.
func livingKeys(t *testing.T, dir string) secrets {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, slotsName))
	must(t, err)
	keys := secrets{}
	for slot := 1; (slot+1)*slotSize <= len(b); slot++ {
		if key := b[slot*slotSize : (slot+1)*slotSize]; !bytes.Equal(key, make([]byte, slotSize)) {
			keys[fmt.Sprintf("key in slot %d", slot)] = key
		}
	}
	return keys
}
