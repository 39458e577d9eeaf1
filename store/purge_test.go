package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf16"

	"github.com/ipfs/go-cid"

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

// takedownOf closes one of the two children, as its country does.
func takedownOf(t testing.TB, s *Store, own bool, id protocol.CaseID) {
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	if own {
		must(t, s.SaveClosed(Closed{ID: id, Ref: xa.ref(id), Number: "XA-2026-0001", Reason: "located_safe", At: time.Now()}))
		appendTakedown(t, s, xa, id)
		return
	}
	xb.seq = 2
	e := protocol.Entry{Header: protocol.Header{Origin: xb.origin(), Epoch: 1, Seq: 3, Case: id, Rev: 3, Prev: recordCID(digest{1}), At: time.Now()},
		Takedown: &protocol.Takedown{LastRev: 2}}
	must(t, s.Put(xb.sign(e)))
}

// TestNothingIsLeft searches every file of the data folder for what nobody may find there.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	own, foreign := twoChildren(t, dir)
	own.secrets.search(t, "before the purge", dir)
	foreign.secrets.search(t, "before the purge", dir)
	keys := livingKeys(t, dir)
	if len(keys) != 7 { // two records, a draft, two photos and two thumbnails: the older revisions' are gone
		t.Errorf("%d keys, want 7", len(keys))
	}
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	s := openStore(t, dir, xa)
	if b, err := s.Public().Print(own.photo.File.Cid, printIn(t, "before the purge")); err != nil || !bytes.Equal(b, own.print) {
		t.Errorf("print before the purge: %v", err)
	}
	_, err := s.Phase(xa.ref(own.id))
	want(t, "phase of a live case", err, fs.ErrNotExist)
	takedownOf(t, s, true, own.id)
	takedownOf(t, s, false, foreign.id)
	for name, ref := range map[string]protocol.Ref{"own": xa.ref(own.id), "foreign": xb.ref(foreign.id)} {
		if p, err := s.Phase(ref); err != nil || p != Swept {
			t.Errorf("phase of the %s case: %s, %v", name, p, err)
		}
	}
	for range 2 {
		own.secrets.search(t, "after the purge", dir)
		foreign.secrets.search(t, "after the purge", dir)
		keys.search(t, "after the purge", dir)
		if left := livingKeys(t, dir); len(left) != 0 {
			t.Errorf("%d keys are left", len(left))
		}
		if files := photoNames(t, s); len(files) != 0 {
			t.Errorf("files left: %v", files)
		}
		s = reopen(t, s)
	}
}

// TestARevisionBuriesTheOneBefore wants the keys of an old text and of a dropped photo gone with them, and those of a
// removed member's cases.
func TestARevisionBuriesTheOneBefore(t *testing.T) {
	s, _, xb := twoCountries(t)
	c := newChild(3)
	must(t, s.Put(xb.publish(c.id, c.first)))
	must(t, s.PutPhoto(c.photo.File.Cid, c.file))
	old := livingKeys(t, s.dir)
	sibling := protocol.NewCaseID()
	must(t, s.Put(xb.publish(sibling, withPhotos(c.photo))))
	must(t, s.Put(xb.publish(c.id, func(e *protocol.Entry) { c.entry(e); e.Photos = nil })))
	if now := livingKeys(t, s.dir); len(now) != 4 {
		t.Errorf("%d keys, want those of two records, and of the photo and the thumbnail that the sibling still has", len(now))
	}
	if b, err := s.Public().Photo(c.photo.File.Cid); err != nil || !bytes.Equal(b, c.file) {
		t.Errorf("the sibling's photo: %v", err)
	}
	must(t, s.Put(xb.publish(sibling, nil)))
	old.search(t, "after the revision", s.dir)
	must(t, s.SetMember(xb.card, protocol.Removed, time.Now()))
	if left := livingKeys(t, s.dir); len(left) != 0 {
		t.Errorf("%d keys are left of a removed member", len(left))
	}
}

// TestGuardHoldsABurst takes more cases down than the guard lets pass: all are hidden at once, the excess is shredded a
// day later.
func TestGuardHoldsABurst(t *testing.T) {
	for name, had := range map[string]int{"a small country": 70, "a large one": 1200} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testGuard(t, had) })
		})
	}
}

func testGuard(t *testing.T, had int) {
	s, xa, xb := twoCountries(t)
	var refs []protocol.Ref
	var files []cid.Cid
	ids := make([]protocol.CaseID, had)
	var all []*protocol.Record
	for i := range had {
		ids[i] = protocol.NewCaseID()
		p, _, _ := newPhoto(fmt.Sprint(i))
		all = append(all, xb.publish(ids[i], withPhotos(p)))
		refs, files = append(refs, xb.ref(ids[i])), append(files, p.File.Cid)
	}
	_, err := s.PutAll(all)
	must(t, err)
	limit := max(50, had/20)
	for i := range limit + 10 {
		_, file, _ := newPhoto(fmt.Sprint(i))
		must(t, s.PutPhoto(files[i], file))
	}
	before, err := s.LogState(xb.origin())
	must(t, err)
	var downs []*protocol.Record
	for i := range limit + 10 {
		downs = append(downs, xb.takedown(ids[i]))
	}
	_, err = s.PutAll(downs[:limit/2])
	must(t, err)
	time.Sleep(guardWindow - time.Minute)
	for _, r := range downs[limit/2:] {
		must(t, s.Put(r))
	}
	check := func(when string, held Phase) {
		t.Helper()
		phases := map[Phase]int{}
		for i, r := range downs {
			p, err := s.Phase(refs[i])
			must(t, err)
			phases[p]++
			_, err = s.Public().Case(refs[i])
			want(t, when+": case", err, ErrGone)
			for _, read := range []func(cid.Cid) ([]byte, error){s.Public().Photo, s.SharedPhoto, s.Photo} {
				_, err = read(files[i])
				want(t, when+": photo", err, ErrGone)
			}
			want(t, when+": put again", s.Put(r), protocol.ErrStored)
			want(t, when+": put its case again", s.Put(all[i]), protocol.ErrClosed)
		}
		if _, n, _ := s.Public().List(Query{Network: true}); n != had-len(downs) {
			t.Errorf("%s: %d cases listed", when, n)
		}
		must(t, s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(seq uint64, _ []byte) error {
			if seq <= uint64(len(downs)) {
				t.Errorf("%s: walk gives record %d", when, seq)
			}
			return nil
		}))
		want := map[Phase]int{Swept: limit, held: 10}
		if held == Swept {
			want = map[Phase]int{Swept: limit + 10}
		}
		for p, n := range want {
			if phases[p] != n {
				t.Errorf("%s: phases %v, want %v", when, phases, want)
			}
		}
		if n := len(photoNames(t, s)); n != want[Marked] {
			t.Errorf("%s: %d photo files", when, n)
		}
	}
	check("at once", Marked)
	s = reopen(t, s)
	check("reopened", Marked)
	time.Sleep(guardDelay - time.Minute)
	must(t, s.Tend(t.Context()))
	check("nearly a day later", Marked)
	held := livingKeys(t, s.dir)
	time.Sleep(2 * time.Minute)
	if had == 70 {
		must(t, s.Tend(t.Context()))
	} else {
		s = reopen(t, s)
	}
	check("a day later", Swept)
	if n := len(livingKeys(t, s.dir)); n != len(held)-30 {
		t.Errorf("%d keys of %d, want three a case gone", n, len(held))
	}
	if after, _ := s.LogState(xb.origin()); after.Live != before.Live-uint64(len(downs)) || after.Dead != uint64(len(downs)) {
		t.Errorf("log %+v", after)
	}
	// The window has passed: what comes now counts anew. Our own takedowns are never held.
	must(t, s.Put(xb.takedown(ids[limit+10])))
	if p, err := s.Phase(refs[limit+10]); p != Swept {
		t.Errorf("a day later: %s, %v", p, err)
	}
	if had == 70 {
		for range 55 {
			id := protocol.NewCaseID()
			appendCase(t, s, xa, id, nil)
			appendTakedown(t, s, xa, id)
			if p, err := s.Phase(xa.ref(id)); p != Swept {
				t.Fatalf("our own: %s, %v", p, err)
			}
		}
	}
}

// TestVoidBurstComesBack: within the day a card of a later epoch brings back what the guard has held of a burst after its
// Continues, and nothing else.
func TestVoidBurstComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, xb := twoCountries(t)
		var downs []*protocol.Record
		shared, file, thumb := newPhoto("shared")
		ids := make([]protocol.CaseID, 60)
		for i := range ids {
			ids[i] = protocol.NewCaseID()
			must(t, s.Put(xb.publish(ids[i], withPhotos(shared))))
		}
		must(t, s.PutPhoto(shared.File.Cid, file))
		must(t, s.PutPhoto(shared.Thumb.Cid, thumb))
		for i, id := range ids {
			if i == 51 { // a fork: the place of this takedown is taken
				must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
				xb.seq--
			}
			r := xb.takedown(id)
			if err := s.Put(r); err != nil && (i != 51 || !errors.Is(err, protocol.ErrFork)) {
				t.Fatal(err)
			}
			downs = append(downs, r)
		}
		_, err := s.Public().Photo(shared.File.Cid)
		want(t, "photo while all are hidden", err, ErrGone)
		// Only takedowns of that epoch and after that place: those of ids 50 and on are held, 55 and on are void.
		renew(t, s, xb.rotate(1, downs[54].Header().Seq))
		must(t, s.Check())
		for i, id := range ids {
			c, err := s.Public().Case(xb.ref(id))
			if back := i >= 55; back != (err == nil) || back && c.Case.Children[0].Name == "" {
				t.Errorf("case %d: %v", i, err)
			}
			want(t, "its takedown again", s.Put(downs[i]), map[bool]error{true: protocol.ErrStale, false: protocol.ErrStored}[i >= 55])
		}
		if b, err := s.Public().Photo(shared.File.Cid); err != nil || !bytes.Equal(b, file) {
			t.Errorf("the photo of those that came back: %v", err)
		}
		if raws, _, err := s.Strays(xb.origin()); len(raws) != 1 || err != nil { // that of the fork
			t.Errorf("%d strays, %v: what was undone hides nobody", len(raws), err)
		}
		time.Sleep(guardDelay + time.Minute)
		s = reopen(t, s)
		// Too late for what is shredded: a void takedown hides on, as a stray.
		renew(t, s, xb.rotate(1, downs[49].Header().Seq))
		if st, _ := s.LogState(xb.origin()); st.Live != 5 || st.Dead != 55 {
			t.Errorf("log %+v", st)
		}
		if raws, _, err := s.Strays(xb.origin()); len(raws) != 5 || err != nil {
			t.Errorf("%d strays, %v", len(raws), err)
		}
		// A new takedown of a case that came back is heeded, once its origin means it.
		must(t, s.Put(xb.takedown(ids[59])))
		_, err = s.Public().Case(xb.ref(ids[59]))
		want(t, "taken down again", err, ErrGone)
	})
}

// TestReadersMeetNoShreddedKey reads while cases are revised and taken down and the database is compacted and keys are
// replaced: a reader sees a case as it was or as it is.
func TestReadersMeetNoShreddedKey(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, _ := newPhoto("one")
	var ids []protocol.CaseID
	for range 20 {
		ids = append(ids, protocol.NewCaseID())
		must(t, s.Put(xb.publish(ids[len(ids)-1], withPhotos(p))))
	}
	must(t, s.PutPhoto(p.File.Cid, file))
	var stop atomic.Bool
	var reads atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := 0; !stop.Load(); i++ {
				if _, err := s.Public().Case(xb.ref(ids[i%len(ids)])); err != nil && !errors.Is(err, ErrGone) {
					t.Errorf("case: %v", err)
				}
				if _, err := s.Public().Photo(p.File.Cid); err != nil && !errors.Is(err, ErrGone) {
					t.Errorf("photo: %v", err)
				}
				if _, _, err := s.Public().List(Query{Network: true, Limit: 30}); err != nil {
					t.Errorf("list: %v", err)
				}
				last := uint64(1 << 60)
				if err := s.Walk(protocol.LogPlace{Origin: xb.origin()}, false, func(seq uint64, _ []byte) error {
					if seq >= last {
						t.Errorf("walk: %d after %d", seq, last)
					}
					last = seq
					return nil
				}); err != nil {
					t.Errorf("walk: %v", err)
				}
				if _, err := s.Drafts(); err != nil {
					t.Errorf("drafts: %v", err)
				}
				reads.Add(1)
			}
		})
	}
	for round := range 60 {
		must(t, s.Put(xb.publish(ids[round%len(ids)], withPhotos(p))))
		must(t, s.SaveDraft(&Draft{ID: protocol.CaseID{byte(round % 5), 1}}))
		if round%10 == 0 {
			must(t, s.Compact(t.Context()))
			s.write.Lock()
			must(t, s.keys.replace())
			s.write.Unlock()
		}
	}
	for _, id := range ids {
		must(t, s.Put(xb.takedown(id)))
	}
	stop.Store(true)
	wg.Wait()
	t.Logf("%d rounds of reads", reads.Load())
}

func TestCompactKeepsEverythingAndGivesBackTheRest(t *testing.T) {
	s, _, xb := twoCountries(t)
	var records []*protocol.Record
	for range 3000 {
		records = append(records, xb.publish(protocol.NewCaseID(), nil))
	}
	_, err := s.PutAll(records)
	must(t, err)
	kept := records[len(records)-1]
	must(t, s.change(func(c *change) error {
		for _, r := range records[:len(records)-1] {
			if _, err := c.put(xb.takedown(r.Header().Case)); err != nil {
				return err
			}
		}
		return nil
	}))
	info := func() int64 {
		i, err := os.Stat(filepath.Join(s.dir, dbName))
		must(t, err)
		return i.Size()
	}
	before, _ := s.LogState(xb.origin())
	large := info()
	must(t, os.WriteFile(filepath.Join(s.dir, dbName+newSuffix), []byte("left by a crash"), 0o600))
	must(t, s.Compact(t.Context()))
	if after, _ := s.LogState(xb.origin()); after != before || info() >= large {
		t.Errorf("log %+v, was %+v; %d bytes, were %d", after, before, info(), large)
	}
	must(t, s.Check())
	must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	must(t, os.WriteFile(filepath.Join(s.dir, dbName+newSuffix), []byte("left by a crash"), 0o600))
	s = reopen(t, s)
	if _, err := s.Public().Case(kept.Header().Ref()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, "*"+newSuffix)); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
