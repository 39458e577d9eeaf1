package store

import (
	"errors"
	"io/fs"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"github.com/gmcn/gmcn/protocol"
)

// extend signs, as the delegate of a member, an extension of its head by so much beyond the head's own end.
func (c *country) extend(h *protocol.Head, longer time.Duration) *protocol.Extension {
	c.t.Helper()
	x, err := protocol.SignExtension(c.key, protocol.Extension{Origin: h.Origin, By: c.origin(), Head: h.ID(), At: time.Now(), Until: h.Until.Add(longer)})
	must(c.t, err)
	return x
}

// darkCountry is a store of XA with two active members: XB, which has a case and has named XC its delegate, and XC. It is to
// be used in a bubble.
type darkCountry struct {
	s          *Store
	xa, xb, xc *country
	id         protocol.CaseID
	head       *protocol.Head // the newest of XB, verified
}

func newDarkCountry(t *testing.T) *darkCountry {
	s, xa, xb := twoCountries(t)
	d := &darkCountry{s: s, xa: xa, xb: xb, xc: newCountry(t, "XC"), id: protocol.NewCaseID()}
	must(t, s.SetMember(d.xc.card, protocol.Active, time.Now()))
	xb.delegate = d.xc.origin()
	xb.card = xb.newCard(2)
	renew(t, s, xb.card)
	must(t, s.Put(xb.publish(d.id, nil)))
	time.Sleep(time.Second)
	d.head = xb.head(protocol.MinLease)
	must(t, s.SetHead(d.head))
	return d
}

func (d *darkCountry) shown() bool {
	_, err := d.s.Public().Case(d.xb.ref(d.id))
	return err == nil
}

func (d *darkCountry) held() bool {
	_, err := d.s.Extension(d.xb.origin())
	return err == nil
}

// TestADelegateExtends shows a member's case beyond its lease on the delegate's word, over a reopen, and not a moment longer.
func TestADelegateExtends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		time.Sleep(protocol.MinLease)
		if d.shown() {
			t.Fatal("shown beyond the lease without an extension")
		}
		x := d.xc.extend(d.head, 48*time.Hour)
		must(t, d.s.SetExtension(x))
		want(t, "the same again", d.s.SetExtension(x), protocol.ErrStored)
		d.s = reopen(t, d.s)
		c, err := d.s.Public().Case(d.xb.ref(d.id))
		if err != nil || !c.Lease.Equal(x.Until) || !c.Confirmed.Equal(d.head.At) || !d.s.Lease(d.xb.origin()).Equal(x.Until) {
			t.Fatalf("%+v, %v: want it shown until %s, and last confirmed by its own country", c, err, x.Until)
		}
		time.Sleep(time.Until(x.Until) - time.Second)
		if !d.shown() {
			t.Error("hidden before the extension is over")
		}
		time.Sleep(time.Second)
		if d.shown() {
			t.Error("shown after the extension")
		}
		// A month beyond the lease, and no longer, in as many steps as one likes.
		last := d.xc.extend(d.head, protocol.MaxExtension)
		must(t, d.s.SetExtension(last))
		if !d.shown() {
			t.Error("not extended again")
		}
		time.Sleep(time.Hour)
		want(t, "beyond a month", d.s.SetExtension(d.xc.extend(d.head, protocol.MaxExtension+time.Millisecond)), protocol.ErrForm)
		want(t, "the one before", d.s.SetExtension(x), protocol.ErrStored)
		must(t, d.s.SetExtension(d.xc.extend(d.head, 0)))
		if d.shown() {
			t.Error("shown after the delegate took its word back")
		}
		want(t, "the longer one from before", d.s.SetExtension(last), protocol.ErrStored)
		checkAndClose(t, d.s)
	})
}

// TestATakedownEndsWhatIsExtended: a takedown hides its case during an extension, and the head that counts it ends the
// extension itself.
func TestATakedownEndsWhatIsExtended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		other := protocol.NewCaseID()
		must(t, d.s.Put(d.xb.publish(other, nil)))
		time.Sleep(time.Second)
		d.head = d.xb.head(protocol.MinLease)
		must(t, d.s.SetHead(d.head))
		time.Sleep(2 * protocol.MinLease)
		x := d.xc.extend(d.head, protocol.MaxExtension)
		must(t, d.s.SetExtension(x))
		must(t, d.s.Put(d.xb.takedown(d.id)))
		_, err := d.s.Public().Case(d.xb.ref(d.id))
		want(t, "closed while extended", err, ErrGone)
		if _, err := d.s.Public().Case(d.xb.ref(other)); err != nil {
			t.Errorf("another case of it: %v", err)
		}
		time.Sleep(time.Second)
		must(t, d.s.SetExtension(d.xc.extend(d.head, protocol.MaxExtension))) // by one who has not heard of the takedown
		_, err = d.s.Public().Case(d.xb.ref(d.id))
		want(t, "extended again after the takedown", err, ErrGone)
		must(t, d.s.SetHead(d.xb.head(protocol.MinLease)))
		if d.held() {
			t.Error("the extension outlives the head")
		}
		want(t, "of the head before", d.s.SetExtension(x), protocol.ErrStale)
		if l := d.s.Lease(d.xb.origin()); !l.Equal(time.Now().Add(protocol.MinLease)) {
			t.Errorf("the lease ends at %s, want that of the new head", l)
		}
		checkAndClose(t, d.s)
	})
}

// TestWhatEndsAnExtension does each thing that makes an extension worth nothing; none of them can be undone by giving the
// same extension again.
func TestWhatEndsAnExtension(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, d *darkCountry)
		want error // for the extension again
	}{
		{"a newer head of the same log", func(t *testing.T, d *darkCountry) { must(t, d.s.SetHead(d.xb.head(protocol.MinLease))) }, protocol.ErrStale},
		{"a newer head that cannot be verified", func(t *testing.T, d *darkCountry) {
			d.xb.publish(protocol.NewCaseID(), nil)
			must(t, d.s.SetHead(d.xb.head(protocol.MinLease)))
		}, protocol.ErrStale},
		{"the member is suspended", func(t *testing.T, d *darkCountry) { must(t, d.s.Suspend(d.xb.origin(), false, time.Now())) }, protocol.ErrOrigin},
		{"the member is removed", func(t *testing.T, d *darkCountry) {
			must(t, d.s.SetMember(d.xb.card, protocol.Removed, time.Now()))
		}, protocol.ErrOrigin},
		{"the member is removed and taken back", func(t *testing.T, d *darkCountry) {
			must(t, d.s.SetMember(d.xb.card, protocol.Removed, time.Now()))
			must(t, d.s.SetMember(d.xb.card, protocol.Active, time.Now()))
		}, protocol.ErrStale},
		{"the delegate is suspended", func(t *testing.T, d *darkCountry) { must(t, d.s.Suspend(d.xc.origin(), false, time.Now())) }, protocol.ErrOrigin},
		{"the delegate is removed", func(t *testing.T, d *darkCountry) {
			must(t, d.s.SetMember(d.xc.card, protocol.Removed, time.Now()))
		}, protocol.ErrOrigin},
		{"the member names another", func(t *testing.T, d *darkCountry) {
			d.xb.delegate = d.xa.origin()
			renew(t, d.s, d.xb.newCard(3))
		}, protocol.ErrKey},
		{"the member names nobody", func(t *testing.T, d *darkCountry) {
			d.xb.delegate = protocol.Origin{}
			renew(t, d.s, d.xb.newCard(3))
		}, protocol.ErrKey},
		{"the member goes on under a new key", func(t *testing.T, d *darkCountry) { renew(t, d.s, d.xb.rotate(1, d.head.Seq)) }, protocol.ErrKey},
		{"what the head counts becomes void", func(t *testing.T, d *darkCountry) { renew(t, d.s, d.xb.rotate(1, 0)) }, protocol.ErrStale},
		{"the member has signed two logs", func(t *testing.T, d *darkCountry) {
			other := d.xb.twin()
			must(t, d.s.Put(d.xb.publish(protocol.NewCaseID(), nil)))
			addFork(t, d.s, d.xb.forkOf(d.s, other.publish(protocol.NewCaseID(), nil)), true, true)
		}, protocol.ErrFrozen},
		{"the member has been silent for too long", func(t *testing.T, d *darkCountry) {
			_, err := d.s.Shred(d.xb.origin())
			must(t, err)
		}, protocol.ErrUnverified},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDarkCountry(t)
				x := d.xc.extend(d.head, protocol.MaxExtension)
				must(t, d.s.SetExtension(x))
				time.Sleep(time.Hour)
				c.do(t, d)
				if d.held() {
					t.Error("it is still held")
				}
				d.s = reopen(t, d.s)
				want(t, "the extension again", d.s.SetExtension(x), c.want)
				time.Sleep(2 * protocol.MinLease)
				if d.held() || d.shown() {
					t.Error("shown on the word of an extension that counts for nothing")
				}
				checkAndClose(t, d.s)
			})
		})
	}
}

// TestANewKeyOfTheDelegateEndsItsWord, for the key before may have been stolen.
func TestANewKeyOfTheDelegateEndsItsWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		must(t, d.s.SetExtension(d.xc.extend(d.head, time.Hour)))
		renew(t, d.s, d.xc.newCard(2))
		if !d.held() {
			t.Error("a card for the same key has ended the extension")
		}
		renew(t, d.s, d.xc.rotate(1, 0))
		if d.held() {
			t.Error("it outlives the key")
		}
		checkAndClose(t, d.s)
	})
}

// TestWhatIsNoExtension gives the store what the node has verified and what counts for nothing.
func TestWhatIsNoExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		xd := newCountry(t, "XD")
		want(t, "by the member's neighbour", d.s.SetExtension(d.xa.extend(d.head, time.Hour)), protocol.ErrKey)
		want(t, "by a stranger", d.s.SetExtension(xd.extend(d.head, time.Hour)), protocol.ErrOrigin)
		time.Sleep(time.Second)
		early := d.xb.head(protocol.MinLease)
		want(t, "of a head that is not here", d.s.SetExtension(d.xc.extend(early, time.Hour)), protocol.ErrStale)
		d.xb.publish(protocol.NewCaseID(), nil)
		ahead := d.xb.head(protocol.MinLease)
		must(t, d.s.SetHead(ahead))
		want(t, "of a head that cannot be verified", d.s.SetExtension(d.xc.extend(ahead, time.Hour)), protocol.ErrUnverified)
		want(t, "of our own head", d.s.SetExtension(d.xc.extend(d.xa.headOver(d.s), time.Hour)), protocol.ErrOrigin)
		if _, err := d.s.Extension(d.xb.origin()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something is held: %v", err)
		}
		checkAndClose(t, d.s)
	})
}

// TestLentToOthers: the board of closed cases reckons with extensions of our own heads, from the head on that was extended.
func TestLentToOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		closed := func(at time.Time, until time.Time) Closed {
			return Closed{ID: protocol.NewCaseID(), Number: "XA-1", At: at, ShownUntil: until}
		}
		before := closed(time.Now(), time.Now().Add(time.Hour))
		time.Sleep(time.Hour)
		head := d.xa.headOver(d.s)
		must(t, d.s.SetHead(head))
		time.Sleep(time.Hour)
		after := closed(time.Now(), head.Until)
		must(t, d.s.SaveClosed(before))
		must(t, d.s.SaveClosed(after))
		ends := func(c Closed) time.Time {
			all, err := d.s.Closed()
			must(t, err)
			for _, got := range all {
				if got.ID == c.ID {
					return got.MayShow()
				}
			}
			return time.Time{}
		}
		x := d.xc.extend(head, 48*time.Hour)
		must(t, d.s.Lend(x))
		want(t, "the same again", d.s.Lend(x), protocol.ErrStored)
		want(t, "of another's head", d.s.Lend(d.xc.extend(d.head, time.Hour)), protocol.ErrOrigin)
		d.s = reopen(t, d.s)
		if got := ends(after); !got.Equal(x.Until) {
			t.Errorf("closed after the head that was extended: may be shown until %s, want %s", got, x.Until)
		}
		if got := ends(before); !got.Equal(before.ShownUntil) {
			t.Errorf("closed before it: may be shown until %s, want %s", got, before.ShownUntil)
		}
		// What no member takes lengthens nothing; of a head that we do not know all is reckoned to be open.
		must(t, d.s.Lend(d.xc.extend(d.xa.headOver(d.s), 1000*time.Hour)))
		if got, most := ends(after), head.Until.Add(protocol.MaxLease+protocol.MaxExtension); got.After(most) || !got.After(x.Until) {
			t.Errorf("an extension beyond the bound: until %s", got)
		}
		if got := ends(before); !got.After(before.ShownUntil) {
			t.Errorf("an extension of an unknown head does not count: %s", got)
		}
		checkAndClose(t, d.s)
	})
}

func TestCheckFindsAWrongExtension(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDarkCountry(t)
		must(t, d.s.SetExtension(d.xc.extend(d.head, time.Hour)))
		must(t, d.s.Check())
		o := d.xb.origin()
		must(t, d.s.db.Update(func(tx *bbolt.Tx) error { return open(tx).extensions.Delete(o[:]) }))
		if d.s.Check() == nil {
			t.Error("a row that is missing is not found")
		}
		longer := d.xc.extend(d.head, protocol.MaxExtension+time.Hour)
		must(t, d.s.db.Update(func(tx *bbolt.Tx) error { return open(tx).extensions.Put(o[:], longer.Bytes()) }))
		d.s.members[o].extension = longer
		if d.s.Check() == nil {
			t.Error("one that is too long is not found")
		}
		must(t, d.s.Close())
	})
}
