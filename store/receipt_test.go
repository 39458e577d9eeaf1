package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// receipt signs a receipt of the member for a takedown.
func (c *country) receipt(takedown *protocol.Record, phase protocol.Phase, at time.Time, root [32]byte) *protocol.Receipt {
	c.t.Helper()
	r, err := protocol.SignReceipt(c.key, protocol.Receipt{Takedown: takedown.ID(), By: c.origin(), Phase: phase, Epoch: 1, Seq: 1,
		Root: root, At: at})
	must(c.t, err)
	return r
}

func TestPhaseWaitsForTheFiles(t *testing.T) {
	s, _, xb := twoCountries(t)
	id := protocol.NewCaseID()
	p, file, thumb := newPhoto("seen")
	must(t, s.Put(xb.publish(id, withPhotos(p))))
	must(t, s.AddPhoto(p.File.Cid, file))
	must(t, s.AddPhoto(p.Thumb.Cid, thumb))
	if _, err := s.Phase(xb.ref(id)); err == nil {
		t.Error("a live case has a phase")
	}
	// The file cannot be removed: a folder that is not empty stands in its place.
	d, err := photoKey(p.File.Cid)
	must(t, err)
	path := s.photoPath(d)
	must(t, os.Remove(path))
	must(t, os.MkdirAll(filepath.Join(path, "x"), 0o700))
	must(t, s.Put(xb.takedown(id)))
	if phase, err := s.Phase(xb.ref(id)); err != nil || phase != Shredded {
		t.Errorf("with a photo on the disk: %s, %v", phase, err)
	}
	// While the disk does not let go of one file, nothing is said to be swept.
	other := protocol.NewCaseID()
	must(t, s.Put(xb.publish(other, nil)))
	must(t, s.Put(xb.takedown(other)))
	if phase, err := s.Phase(xb.ref(other)); err != nil || phase == Swept {
		t.Errorf("of another case: %s, %v", phase, err)
	}
	must(t, os.RemoveAll(path))
	must(t, s.Close())
	s, err = Open(s.dir, s.own)
	must(t, err)
	if phase, err := s.Phase(xb.ref(id)); err != nil || phase != Swept {
		t.Errorf("after the next start: %s, %v", phase, err)
	}
	if phase, err := s.Phase(xb.ref(other)); err != nil || phase != Swept {
		t.Errorf("of another case after the next start: %s, %v", phase, err)
	}
	checkAndClose(t, s)
}

func TestReceiptsAreKept(t *testing.T) {
	s, xa, xb := twoCountries(t)
	id := protocol.NewCaseID()
	appendCase(t, s, xa, id, nil)
	must(t, s.SetHead(xa.head(5*24*time.Hour)))
	until, err := s.ShownUntil()
	must(t, err)
	must(t, s.SetHead(func() *protocol.Head { xa.seq++; return xa.head(protocol.MinLease) }()))
	if again, err := s.ShownUntil(); err != nil || !again.Equal(until) {
		t.Errorf("a shorter lease took back the longer one: %s, %v; want %s", again, err, until)
	}
	now := time.Now().Truncate(time.Millisecond).UTC()
	must(t, s.SaveClosed(Closed{ID: id, Ref: xa.ref(id), Number: "1", At: now, ShownUntil: until}))
	down := appendTakedown(t, s, xa, id)
	if got, err := s.Takedown(xa.ref(id)); err != nil || got.ID() != down.ID() {
		t.Errorf("the takedown is %v, %v", got, err)
	}
	if _, err := s.Takedown(xa.ref(protocol.NewCaseID())); err == nil {
		t.Error("a case that is not closed has a takedown")
	}
	owed, last, err := s.Outstanding(protocol.LogPlace{})
	if err != nil || len(owed) != 1 || len(owed[0].Members) != 1 || owed[0].Members[0] != xb.origin() || owed[0].Record != down.ID() {
		t.Errorf("outstanding %+v, %v", owed, err)
	}
	if owed, _, err := s.Outstanding(last); err != nil || len(owed) != 0 {
		t.Errorf("after the last: %+v, %v", owed, err)
	}

	head := xa.head(protocol.DefaultLease)
	other := [32]byte{1}
	marked := xb.receipt(down, protocol.Marked, now, other)
	must(t, s.SaveReceipt(marked, xb.card, nil))
	must(t, s.SaveReceipt(xb.receipt(down, protocol.Marked, now.Add(time.Second), other), xb.card, nil))
	must(t, s.SaveReceipt(xb.receipt(down, protocol.Swept, now.Add(time.Second), other), xb.card, nil))
	said := func(swept time.Duration, equal bool) {
		t.Helper()
		got, err := s.Confirmations(down.ID())
		if err != nil || len(got) != 1 || !got[0].Marked.Equal(now) || !got[0].Swept.Equal(now.Add(swept)) || got[0].Equal != equal {
			t.Errorf("confirmed: %+v, %v", got, err)
		}
	}
	said(time.Second, false)
	must(t, s.SaveReceipt(xb.receipt(down, protocol.Swept, now.Add(2*time.Second), head.Root), xb.card, head))
	said(2*time.Second, true)
	must(t, s.SaveReceipt(xb.receipt(down, protocol.Swept, now.Add(3*time.Second), head.Root), xb.card, head))
	said(2*time.Second, true)
	if owed, _, err := s.Outstanding(protocol.LogPlace{}); err != nil || len(owed) != 0 {
		t.Errorf("confirmed, yet outstanding: %+v, %v", owed, err)
	}
	s = reopen(t, s)
	said(2*time.Second, true)

	e, err := s.Evidence(down.ID(), []protocol.Origin{xb.origin()})
	if err != nil || len(e.Cards) != 2 || len(e.Heads) != 1 || len(e.Receipts) != 2 {
		t.Fatalf("evidence: %d cards, %d heads, %d receipts, %v", len(e.Cards), len(e.Heads), len(e.Receipts), err)
	}
	for _, raw := range e.Receipts {
		if _, err := protocol.OpenReceipt(raw, xb.card); err != nil {
			t.Error(err)
		}
	}

	for name, damage := range map[string]func(*buckets) error{
		"the card is lost": func(b *buckets) error { return removeAll(b.cards) },
		"the head is lost": func(b *buckets) error { return removeAll(b.equals) },
		"a receipt of another": func(b *buckets) error {
			return b.receipts.Put(receiptKey(digest{}, xb.origin(), protocol.Marked), receiptRow{at: now, signed: marked.Bytes()}.value())
		},
		"no receipt": func(b *buckets) error {
			return b.receipts.Put(receiptKey(digest{}, xb.origin(), protocol.Marked), receiptRow{at: now}.value())
		},
	} {
		must(t, s.Check())
		undone := fs.ErrInvalid
		err := s.change(func(c *change) error {
			if err := damage(c.buckets); err != nil {
				return err
			}
			k := &checking{buckets: c.buckets, s: s}
			k.receipts()
			if len(k.found) == 0 {
				t.Errorf("%s: Check finds nothing", name)
			}
			return undone
		})
		want(t, name, err, undone)
	}
	checkAndClose(t, s)
}
