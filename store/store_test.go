package store

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/gmcn/gmcn/protocol"
)

// country is a member made for tests: it keeps its own log as an honest writer does.
type country struct {
	t         testing.TB
	code      string
	root, key ed25519.PrivateKey
	card      *protocol.Card
	epoch     uint64
	seq       uint64
	last      map[protocol.CaseID]*protocol.Record
	live      map[uint64]digest // its log
	delegate  protocol.Origin   // that its next card names
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("store test: " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func newCountry(t testing.TB, code string) *country {
	t.Helper()
	c := &country{t: t, code: code, epoch: 1, root: keyOf(code + " root"), key: keyOf(code + " node"), last: map[protocol.CaseID]*protocol.Record{}, live: map[uint64]digest{}}
	c.card = c.newCard(1)
	return c
}

func (c *country) newCard(issue uint64) *protocol.Card {
	c.t.Helper()
	return c.cardFrom(issue, nil)
}

// rotate begins the next epoch with a new key, going on from a place, and returns its card.
func (c *country) rotate(epoch, seq uint64) *protocol.Card {
	c.t.Helper()
	c.key = keyOf(fmt.Sprint(c.code, " node of epoch ", c.epoch+1))
	c.epoch, c.seq = c.epoch+1, seq
	c.card = c.cardFrom(1, &protocol.Continues{Epoch: epoch, Seq: seq})
	return c.card
}

func (c *country) cardFrom(issue uint64, from *protocol.Continues) *protocol.Card {
	c.t.Helper()
	now := time.Now()
	card, err := protocol.SignCard(c.root, protocol.Card{
		Epoch: c.epoch, Issue: issue, Continues: from, Country: c.code, Names: protocol.Text{"en": "Missing Children " + c.code},
		Hotlines: []protocol.Hotline{{Number: "116 000"}}, Site: "https://example.org", Languages: []string{"en"},
		NodeKey: [32]byte(c.key.Public().(ed25519.PublicKey)), At: now, NotAfter: now.AddDate(2, 0, 0),
		Delegate: c.delegate,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return card
}

func (c *country) origin() protocol.Origin { return c.card.Origin() }

func (c *country) ref(id protocol.CaseID) protocol.Ref { return protocol.RefOf(c.origin(), id) }

func (c *country) sign(e protocol.Entry) *protocol.Record {
	c.t.Helper()
	r, err := protocol.Sign(c.key, e)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// header returns the next header of a case.
func (c *country) header(id protocol.CaseID) protocol.Header {
	c.seq++
	h := protocol.Header{Origin: c.origin(), Epoch: c.epoch, Seq: c.seq, Case: id, Rev: 1, At: time.Now()}
	if last := c.last[id]; last != nil {
		h.Rev, h.Prev = last.Header().Rev+1, last.ID()
		delete(c.live, last.Header().Seq)
	}
	return h
}

// publish signs the next revision of a case, changed by edit.
func (c *country) publish(id protocol.CaseID, edit func(*protocol.Entry)) *protocol.Record {
	c.t.Helper()
	e := protocol.Entry{Header: c.header(id), Case: newCase(c.code, int(c.seq))}
	e.ReviewBy = e.At.Add(protocol.ReviewAfter)
	if edit != nil {
		edit(&e)
	}
	r := c.sign(e)
	c.last[id] = r
	c.live[r.Header().Seq] = protocol.Digest(r.ID())
	return r
}

// takedown signs the takedown of a case.
func (c *country) takedown(id protocol.CaseID) *protocol.Record {
	c.t.Helper()
	e := protocol.Entry{Header: c.header(id), Takedown: new(protocol.Takedown)}
	if last := c.last[id]; last != nil {
		e.Takedown.LastRev = last.Header().Rev
		e.Takedown.Gone = marksOf(last)
	}
	r := c.sign(e)
	c.live[r.Header().Seq] = protocol.Digest(r.ID())
	return r
}

// blocks digests the country's log.
func (c *country) blocks() []protocol.Block {
	var blocks []protocol.Block
	entries := map[uint64][]protocol.LogEntry{}
	for _, seq := range slices.Sorted(maps.Keys(c.live)) {
		entries[seq/protocol.BlockSize] = append(entries[seq/protocol.BlockSize], protocol.LogEntry{Seq: seq, Digest: c.live[seq]})
	}
	for _, index := range slices.Sorted(maps.Keys(entries)) {
		blocks = append(blocks, protocol.BlockOf(1, index, entries[index]))
	}
	return blocks
}

func (c *country) head(until time.Duration) *protocol.Head {
	c.t.Helper()
	now := time.Now()
	h, err := protocol.SignHead(c.key, protocol.Head{Origin: c.origin(), Epoch: c.epoch, Seq: c.seq, Root: protocol.RootOf(c.blocks()), At: now, Until: now.Add(until)})
	if err != nil {
		c.t.Fatal(err)
	}
	return h
}

// newCase invents a case whose dates fit the clock, which stands in the year 2000 in a synctest bubble.
func newCase(code string, n int) *protocol.Case {
	year := uint16(time.Now().Year())
	return &protocol.Case{
		Number: fmt.Sprintf("%s-2026-%04d", code, n), Kind: protocol.Runaway,
		Children: []protocol.Child{{Name: fmt.Sprintf("Mira Sol %d", n), Sex: "female", BirthYear: year - 12}},
		Since:    protocol.Date{Year: year - 1, Month: 3}, From: protocol.Place{Country: code, Area: "North", Locality: "Lindport"},
		What: protocol.Text{"en": "Last seen at the harbour of Lindport, in a blue coat, with a small green bag and a bicycle."},
	}
}

// newPhoto invents a photo file with its thumbnail. The store looks at digests only.
func newPhoto(name string) (p protocol.Photo, file, thumb []byte) {
	file, thumb = []byte("photo "+name), []byte("thumb "+name)
	return protocol.Photo{
		File: protocol.Link{Cid: protocol.PhotoCID(file)}, Kind: protocol.Portrait, Size: uint32(len(file)), Width: 800, Height: 1000,
		Thumb: protocol.Link{Cid: protocol.PhotoCID(thumb)}, ThumbSize: uint32(len(thumb)), ThumbWidth: 320, ThumbHeight: 400,
	}, file, thumb
}

func withPhotos(photos ...protocol.Photo) func(*protocol.Entry) {
	return func(e *protocol.Entry) { e.Photos = photos }
}

// openStore opens a store of XA that is checked and closed at the end of the test.
func openStore(t testing.TB, dir string, own *country) *Store {
	t.Helper()
	s, err := Open(dir, own.origin())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checkAndClose(t, s) })
	return s
}

func checkAndClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Check(); err != nil && !errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		t.Errorf("check: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

// reopen closes s and opens it again.
func reopen(t testing.TB, s *Store) *Store {
	t.Helper()
	checkAndClose(t, s)
	s, err := Open(s.dir, s.own)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { checkAndClose(t, s) })
	return s
}

// twoCountries returns a store of XA that has XB as an active member with a running lease.
func twoCountries(t testing.TB) (s *Store, xa, xb *country) {
	t.Helper()
	xa, xb = newCountry(t, "XA"), newCountry(t, "XB")
	s = openStore(t, t.TempDir(), xa)
	must(t, s.SetMember(xa.card, protocol.Own, time.Now()))
	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	must(t, s.SetHead(xb.head(protocol.DefaultLease)))
	return s, xa, xb
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("%s: %v, want %v", what, err, target)
	}
}

func TestOpenRefusesWhatIsNotOurs(t *testing.T) {
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	dir := t.TempDir()
	s := openStore(t, dir, xa)
	instance := s.Instance()
	if _, err := Open(dir, xa.origin()); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("second open: %v", err)
	}
	must(t, s.Close())
	if _, err := Open(dir, xb.origin()); err == nil || !strings.Contains(err.Error(), "data folder that goes with these keys") {
		t.Errorf("another own origin: %v", err)
	}
	s = openStore(t, dir, xa)
	if s.Instance() != instance || instance == ([16]byte{}) {
		t.Errorf("instance %x, was %x", s.Instance(), instance)
	}
	must(t, s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("schema"), binary.BigEndian.AppendUint32(nil, schema+1))
	}))
	must(t, s.Close())
	if _, err := Open(dir, xa.origin()); err == nil || !strings.Contains(err.Error(), "newer gmcn") {
		t.Errorf("newer schema: %v", err)
	}
	for file, says := range map[string]string{kekName: "without which no case", slotsName: "restore the whole data folder"} {
		dir := t.TempDir()
		must(t, openStore(t, dir, xa).Close())
		must(t, os.Remove(dir+"/"+file))
		if _, err := Open(dir, xa.origin()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("without %s: %v", file, err)
		}
	}
	if openStore(t, t.TempDir(), xa).Instance() == instance {
		t.Error("two stores drew one instance")
	}
}

func TestStoreKeepsEverythingOverAReopen(t *testing.T) {
	s, _, xb := twoCountries(t)
	id := protocol.NewCaseID()
	p, file, thumb := newPhoto("one")
	must(t, s.Put(xb.publish(id, withPhotos(p))))
	must(t, s.PutPhoto(p.File.Cid, file))
	must(t, s.SavePart(p.Thumb.Cid, 0, thumb[:3]))
	closing := protocol.NewCaseID()
	must(t, s.Put(xb.takedown(closing)))
	ours := protocol.NewCaseID()
	must(t, s.SaveDraft(&Draft{ID: ours, Case: *newCase("XA", 1), Local: protocol.Local{Guardian: "somebody"}}))
	must(t, s.SaveClosed(Closed{ID: ours, Number: "XA-1", Reason: "returned", At: time.Now()}))
	before, err := s.LogState(xb.origin())
	must(t, err)

	s = reopen(t, s)
	if after, err := s.LogState(xb.origin()); err != nil || after != before || after.Live != 1 || after.Dead != 1 || after.Seq != 2 {
		t.Errorf("log %+v, was %+v (%v)", after, before, err)
	}
	if c, err := s.Public().Case(xb.ref(id)); err != nil || c.Case.Number != "XB-2026-0001" || len(c.Photos) != 1 {
		t.Errorf("case: %+v, %v", c, err)
	}
	if b, err := s.Public().Photo(p.File.Cid); err != nil || string(b) != string(file) {
		t.Errorf("photo: %q, %v", b, err)
	}
	if b, err := s.PartPhoto(p.Thumb.Cid); err != nil || string(b) != string(thumb[:3]) {
		t.Errorf("part: %q, %v", b, err)
	}
	_, err = s.Public().Case(xb.ref(closing))
	want(t, "closed case", err, ErrGone)
	if d, err := s.Draft(ours); err != nil || d.Local.Guardian != "somebody" || d.Case.Number != "XA-2026-0001" {
		t.Errorf("draft: %+v, %v", d, err)
	}
	if c, err := s.Closed(); err != nil || len(c) != 1 || c[0].Reason != "returned" {
		t.Errorf("closed: %+v, %v", c, err)
	}
	if m, err := s.Member(xb.origin()); err != nil || m.Standing != protocol.Active || m.Card.ID() != xb.card.ID() {
		t.Errorf("member: %+v, %v", m, err)
	}
	if h, err := s.Head(xb.origin()); err != nil || h.Origin != xb.origin() {
		t.Errorf("head: %+v, %v", h, err)
	}
	if p, err := s.Place(xb.origin()); err != nil || p.Epoch != 1 || p.Seq != 2 {
		t.Errorf("place: %+v, %v", p, err)
	}
	if w, err := s.WantedPhotos(10, nil, nil); err != nil || len(w) != 1 || w[0].File != p.Thumb.Cid {
		t.Errorf("wanted: %+v, %v", w, err)
	}
}

// TestCheckFindsDamage breaks the file in one way after another and wants Check to name the bucket.
func TestCheckFindsDamage(t *testing.T) {
	type damage struct {
		bucket string // that Check must name
		do     func(b *buckets) error
	}
	first := func(b bucket) (k, v []byte) { k, v = b.Cursor().First(); return k, append([]byte{}, v...) }
	flip := func(b bucket) error {
		k, v := first(b)
		v[len(v)-1] ^= 1
		return b.Put(k, v)
	}
	slotIn := func(b bucket) []byte { _, v := first(b); return v[:4] }
	remove := func(b bucket) error { k, _ := first(b); return b.Delete(k) }
	copyRow := func(b bucket) error {
		k, v := first(b)
		k = append([]byte{}, k...)
		k[len(k)-1] ^= 0x55
		return b.Put(k, v)
	}
	child := protocol.NewCaseID()
	ref := newCountry(t, "XB").ref(child)
	for name, d := range map[string]damage{
		"log removed":      {"digests", func(b *buckets) error { return remove(b.log) }},
		"log elsewhere":    {"log", func(b *buckets) error { return copyRow(b.log) }},
		"digest removed":   {"digests", func(b *buckets) error { return remove(b.digests) }},
		"digest wrong":     {"digests", func(b *buckets) error { return flip(b.digests) }},
		"block removed":    {"blocks", func(b *buckets) error { return remove(b.blocks) }},
		"block wrong":      {"blocks", func(b *buckets) error { return flip(b.blocks) }},
		"dead removed":     {"dead", func(b *buckets) error { return remove(b.dead) }},
		"dead wrong":       {"dead", func(b *buckets) error { return flip(b.dead) }},
		"dead and live":    {"log", func(b *buckets) error { _, v := first(b.dead); return b.dead.Put(ref[:], v) }},
		"gone short":       {"gone", func(b *buckets) error { k, _ := first(b.gone); return b.gone.Put(k, nil) }},
		"gone removed":     {"gone", func(b *buckets) error { return removeAll(b.gone) }},
		"marks removed":    {"marks", func(b *buckets) error { return remove(b.marks) }},
		"marks unknown":    {"marks", func(b *buckets) error { return b.marks.Put(make([]byte, 32), nil) }},
		"photo removed":    {"photos", func(b *buckets) error { return remove(b.photos) }},
		"photo wrong":      {"photos", func(b *buckets) error { return flip(b.photos) }},
		"photo unknown":    {"photos", func(b *buckets) error { return copyRow(b.photos) }},
		"doomed left":      {"doomed", func(b *buckets) error { return b.doomed.Put(make([]byte, 32), nil) }},
		"draft not JSON":   {"drafts", func(b *buckets) error { return flip(b.drafts) }},
		"draft elsewhere":  {"drafts", func(b *buckets) error { return copyRow(b.drafts) }},
		"purging left":     {"purging", func(b *buckets) error { return b.purging.Put(make([]byte, 16), []byte{byte(Marked)}) }},
		"held unknown":     {"held", func(b *buckets) error { return b.held.Put(make([]byte, 16), make([]byte, heldSize+40)) }},
		"slot of another":  {"photos", func(b *buckets) error { k, v := first(b.photos); v[16] ^= 1; return b.photos.Put(k, v) }},
		"slot shared":      {"drafts", func(b *buckets) error { k, v := first(b.drafts); copy(v, slotIn(b.log)); return b.drafts.Put(k, v) }},
		"log in clear":     {"log", func(b *buckets) error { k, v := first(b.log); clear(v[:4]); return b.log.Put(k, v) }},
		"counts wrong":     {"origins", func(b *buckets) error { k, v := first(b.origins); v[19]++; return b.origins.Put(k, v) }},
		"standing wrong":   {"members", func(b *buckets) error { k, v := first(b.members); v[0] = 'r'; return b.members.Put(k, v) }},
		"place falls back": {"places", func(b *buckets) error { return removeAll(b.places) }},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, xb := twoCountries(t)
			p, file, _ := newPhoto("one")
			must(t, s.Put(xb.publish(child, withPhotos(p))))
			must(t, s.PutPhoto(p.File.Cid, file))
			gone := protocol.NewCaseID()
			must(t, s.Put(xb.publish(gone, nil)))
			must(t, s.Put(xb.takedown(gone)))
			id := protocol.NewCaseID()
			appendCase(t, s, newCountry(t, "XA"), id, nil)
			must(t, s.SaveDraft(&Draft{ID: id, Case: *newCase("XA", 1)}))
			must(t, s.Check())
			must(t, s.db.Update(func(tx *bbolt.Tx) error { return d.do(open(tx)) }))
			if err := s.Check(); err == nil || !strings.Contains("\n"+err.Error(), "\n"+d.bucket+" ") {
				t.Errorf("check says %v, want it to name %s", err, d.bucket)
			}
			must(t, s.Close())
		})
	}
}

func removeAll(b bucket) error {
	c := b.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.First() {
		if err := c.Delete(); err != nil {
			return err
		}
	}
	return nil
}

// TestCheckFindsASecondRecord puts a second record of a case into the log.
func TestCheckFindsASecondRecord(t *testing.T) {
	xa, xb := newCountry(t, "XA"), newCountry(t, "XB")
	s, err := Open(t.TempDir(), xa.origin())
	must(t, err)
	must(t, s.SetMember(xb.card, protocol.Active, time.Now()))
	id := protocol.NewCaseID()
	must(t, s.Put(xb.publish(id, nil)))
	must(t, s.Check())
	must(t, s.change(func(c *change) error {
		c.live = func(protocol.Ref) (liveCase, bool) { return liveCase{}, false }
		_, err := c.put(xb.publish(id, nil))
		return err
	}))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "a second record of the case") {
		t.Errorf("check says %v", err)
	}
	must(t, s.Close())
}

func TestCheckFindsDamagedFiles(t *testing.T) {
	s, _, xb := twoCountries(t)
	p, file, _ := newPhoto("one")
	must(t, s.Put(xb.publish(protocol.NewCaseID(), withPhotos(p))))
	must(t, s.PutPhoto(p.File.Cid, file))
	path := s.photoPath(protocol.Digest(p.File.Cid))
	sealed, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, []byte("another"), 0o600))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "its content is another") {
		t.Errorf("changed file: %v", err)
	}
	must(t, os.WriteFile(path, sealed, 0o600))
	_, stray, _ := newPhoto("stray")
	d := protocol.Digest(protocol.PhotoCID(stray))
	must(t, os.MkdirAll(s.photoPath(d)[:len(s.photoPath(d))-60], 0o700))
	must(t, os.WriteFile(s.photoPath(d), stray, 0o600))
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "nothing refers to it") {
		t.Errorf("stray file: %v", err)
	}
	must(t, os.Remove(s.photoPath(d)))
}

// appendCase publishes a case of our own.
func appendCase(t testing.TB, s *Store, own *country, id protocol.CaseID, edit func(*protocol.Entry)) *protocol.Record {
	t.Helper()
	r, err := s.Append(id, own.epoch, func(h protocol.Header) (*protocol.Record, error) {
		h.At = time.Now()
		e := protocol.Entry{Header: h, Case: newCase("XA", int(h.Seq))}
		e.ReviewBy = h.At.Add(protocol.ReviewAfter)
		if edit != nil {
			edit(&e)
		}
		return protocol.Sign(own.key, e)
	})
	must(t, err)
	return r
}

// appendTakedown takes a case of our own down, with the marks that the store has kept.
func appendTakedown(t testing.TB, s *Store, own *country, id protocol.CaseID) *protocol.Record {
	t.Helper()
	marks, err := s.Marks(id)
	must(t, err)
	r, err := s.Append(id, own.epoch, func(h protocol.Header) (*protocol.Record, error) {
		h.At = time.Now()
		return protocol.Sign(own.key, protocol.Entry{Header: h, Takedown: &protocol.Takedown{LastRev: h.Rev - 1, Gone: marks}})
	})
	must(t, err)
	return r
}
