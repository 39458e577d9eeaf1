package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func TestCaseIsShownWhileItMayBe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, xa, xb := twoCountries(t)
		p, file, thumb := newPhoto("one")
		ours, theirs := protocol.NewCaseID(), protocol.NewCaseID()
		own := appendCase(t, s, xa, ours, nil)
		foreign := xb.publish(theirs, withPhotos(p))
		must(t, s.Put(foreign))
		must(t, s.PutPhoto(p.File.Cid, file))
		must(t, s.PutPhoto(p.Thumb.Cid, thumb))
		pub := s.Public()
		check := func(when string, own, network error) {
			t.Helper()
			for _, c := range []struct {
				ref     protocol.Ref
				network bool
				want    error
			}{{xa.ref(ours), false, own}, {xb.ref(theirs), true, network}} {
				got, err := pub.Case(c.ref)
				want(t, when+": case", err, c.want)
				n := 0
				if c.want == nil {
					n = 1
					if got.Ref != c.ref || got.Own == c.network {
						t.Errorf("%s: %+v", when, got)
					}
				}
				list, total, err := pub.List(Query{Network: c.network, Limit: 9})
				if err != nil || total != n || len(list) != n {
					t.Errorf("%s: list of %d, total %d, %v, want %d", when, len(list), total, err, n)
				}
			}
			_, err := pub.Photo(p.File.Cid)
			want(t, when+": photo", err, network)
			codes, err := pub.Countries()
			if err != nil || slices.Contains(codes, "XB") != (network == nil) || slices.Contains(codes, "XA") {
				t.Errorf("%s: countries %v, %v", when, codes, err)
			}
		}
		check("at first", nil, nil)
		got, err := pub.Case(xb.ref(theirs))
		must(t, err)
		h, _ := s.Head(xb.origin())
		if got.Record != foreign.ID() || got.Rev != 1 || got.Origin != xb.origin() || got.Own || len(got.Photos) != 1 ||
			!got.At.Equal(foreign.Header().At) || !got.ReviewBy.Equal(foreign.Header().ReviewBy) || got.Lease != h.Until || got.Confirmed != h.At {
			t.Errorf("shown %+v", got)
		}
		if got, _ := pub.Case(xa.ref(ours)); got.Record != own.ID() || !got.Own || !got.Lease.IsZero() || !got.Confirmed.IsZero() {
			t.Errorf("own shown %+v", got)
		}
		time.Sleep(protocol.DefaultLease - time.Second)
		check("as the lease ends", nil, nil)
		time.Sleep(2 * time.Second)
		check("after the lease", nil, fs.ErrNotExist)
		must(t, s.SetHead(xb.head(protocol.MaxLease)))
		check("when its country is heard again", nil, nil)
		for time.Now().Before(foreign.Header().ReviewBy) {
			must(t, s.SetHead(xb.head(protocol.MaxLease)))
			time.Sleep(protocol.MaxLease - time.Hour)
		}
		must(t, s.SetHead(xb.head(protocol.MaxLease)))
		check("after the review date", fs.ErrNotExist, fs.ErrNotExist)
		must(t, s.Put(xb.publish(theirs, withPhotos(p))))
		appendCase(t, s, xa, ours, nil)
		check("when confirmed", nil, nil)
		must(t, s.Put(xb.takedown(theirs)))
		appendTakedown(t, s, xa, ours)
		check("when taken down", ErrGone, ErrGone)
	})
}

func TestForeignCaseNeedsAHead(t *testing.T) {
	s, _, _ := twoCountries(t)
	xc := newCountry(t, "XC")
	must(t, s.SetMember(xc.card, protocol.Active, time.Now()))
	id := protocol.NewCaseID()
	must(t, s.Put(xc.publish(id, nil)))
	_, err := s.Public().Case(xc.ref(id))
	want(t, "no head yet", err, fs.ErrNotExist)
	must(t, s.SetHead(xc.head(protocol.MinLease)))
	if _, err := s.Public().Case(xc.ref(id)); err != nil {
		t.Errorf("with a head: %v", err)
	}
}

// TestPublicTellsNoSecret encodes all that Public returns and looks for words that stand in the other tiers.
func TestPublicTellsNoSecret(t *testing.T) {
	s, xa, xb := twoCountries(t)
	const secret = "zanzibar"
	members := &protocol.Members{Vehicle: "van " + secret, Destinations: []string{secret},
		Children: []protocol.MemberChild{{OtherNames: []string{"Ana " + secret}}}}
	tell := func(e *protocol.Entry) { e.Members = members }
	draft, draftFile, _ := newPhoto("draft")
	must(t, s.AddPhoto(draft.File.Cid, draftFile))
	ours := protocol.NewCaseID()
	appendCase(t, s, xa, ours, tell)
	theirs := xb.publish(protocol.NewCaseID(), tell)
	must(t, s.Put(theirs))
	unpublished := protocol.NewCaseID()
	for _, id := range []protocol.CaseID{ours, unpublished} {
		c := newCase("XA", 1)
		c.Children[0].Name = secret
		must(t, s.SaveDraft(&Draft{ID: id, Case: *c, Members: *members, Local: protocol.Local{Notes: secret}, Photos: []protocol.Photo{draft}}))
	}
	pub := s.Public()
	_, err := pub.Case(xa.ref(unpublished))
	want(t, "a draft", err, fs.ErrNotExist)
	_, err = pub.Photo(draft.File.Cid)
	want(t, "a draft's photo", err, fs.ErrNotExist)
	var all []any
	for _, network := range []bool{false, true} {
		list, total, err := pub.List(Query{Network: network, Limit: 10})
		must(t, err)
		if total != 1 {
			t.Errorf("%d cases", total)
		}
		all = append(all, list)
		if _, total, _ := pub.List(Query{Network: network, Text: secret}); total != 0 {
			t.Error("a search finds what is not public")
		}
	}
	cards, err := pub.Cards()
	must(t, err)
	text, err := json.Marshal(append(all, cards))
	must(t, err)
	if strings.Contains(strings.ToLower(string(text)), secret) {
		t.Errorf("Public tells %s", text)
	}
}

func TestListFindsAndOrders(t *testing.T) {
	s, xa, xb := twoCountries(t)
	xc := newCountry(t, "XC")
	must(t, s.SetMember(xc.card, protocol.Active, time.Now()))
	must(t, s.SetHead(xc.head(protocol.DefaultLease)))
	begin := time.Now().Add(-time.Hour)
	year := uint16(begin.Year())
	minute := 0
	add := func(c *country, number string, edit func(*protocol.Case)) {
		t.Helper()
		must(t, s.Put(c.publish(protocol.NewCaseID(), func(e *protocol.Entry) {
			minute++
			e.At = begin.Add(time.Duration(minute) * time.Minute)
			e.Case.Number = number
			e.Case.Children[0].Name = "Nobody"
			e.Case.Children[0].BirthYear = year - 30
			e.Case.Since.Year = year
			edit(e.Case)
		})))
	}
	add(xb, "1", func(c *protocol.Case) { c.Children[0].Name = "Zoë Ångström" })
	add(xb, "2", func(c *protocol.Case) {
		c.Urgent, c.Children[0].OtherNames = true, []string{"Μαρία Παπαδοπούλου", "مُحَمَّد"}
	})
	add(xc, "3", func(c *protocol.Case) { c.Children[0].Sex, c.Children[0].BirthYear = "male", year-6 })
	add(xc, "4", func(c *protocol.Case) {
		c.Kind, c.From = protocol.LostInjured, protocol.Place{Country: "XB", Area: "İzmir", Locality: "Straße"}
	})
	add(xc, "5", func(c *protocol.Case) {
		c.Urgent, c.Since = true, protocol.Date{Year: year - 3}
		c.Children = append(c.Children, protocol.Child{Name: "Tom", Sex: "male", Age: protocol.Age{Min: 2, Max: 3, Unit: protocol.Years}})
	})
	appendCase(t, s, xa, protocol.NewCaseID(), func(e *protocol.Entry) { e.Case.Number = "own" })

	for _, c := range []struct {
		q    Query
		want string
	}{
		{Query{}, "own"},
		{Query{Network: true}, "5 2 4 3 1"},
		{Query{Network: true, Country: "XB"}, "2 1"},
		{Query{Network: true, Country: "XA"}, ""},
		{Query{Network: true, Sex: "male"}, "5 3"},
		{Query{Network: true, Kind: protocol.LostInjured}, "4"},
		{Query{Network: true, Year: int(year) - 3}, "5"},
		{Query{Network: true, AgeMin: 5, AgeMax: 7}, "5 3"},
		{Query{Network: true, AgeMin: 25}, "5 2 4 1"},
		{Query{Network: true, AgeMax: 8, Sex: "male"}, "5 3"},
		{Query{Network: true, AgeMin: 9, Sex: "male"}, ""},
		{Query{Network: true, Text: "zoe angstrom"}, "1"},
		{Query{Network: true, Text: "ANGSTRÖM  zoë"}, "1"},
		{Query{Network: true, Text: "zoe tom"}, ""},
		{Query{Network: true, Text: "μαρια παπαδοπουλου"}, "2"},
		{Query{Network: true, Text: "ΜΑΡΊΑ"}, "2"},
		{Query{Network: true, Text: "محمد"}, "2"},
		{Query{Network: true, Text: "STRASSE"}, "4"},
		{Query{Network: true, Text: "izmir"}, "4"},
		{Query{Network: true, Text: "Tom"}, "5"},
		{Query{Network: true, Text: "  "}, "5 2 4 3 1"},
		{Query{Text: "tom"}, ""},
	} {
		for _, limit := range []int{100, 2, 0} {
			for offset := range 7 {
				q := c.q
				q.Limit, q.Offset = limit, offset
				all := strings.Fields(c.want)
				page := all[min(offset, len(all)):min(offset+limit, len(all))]
				list, total, err := s.Public().List(q)
				must(t, err)
				var got []string
				for _, c := range list {
					got = append(got, c.Case.Number)
				}
				if !slices.Equal(got, page) || total != len(all) {
					t.Errorf("%+v gave %v of %d, want %v of %d", q, got, total, page, len(all))
				}
			}
		}
	}
	if codes, err := s.Public().Countries(); err != nil || fmt.Sprint(codes) != "[XB XC]" {
		t.Errorf("countries %v, %v", codes, err)
	}
	cards, err := s.Public().Cards()
	if err != nil || len(cards) != 3 || cards[0].Country != "XA" {
		t.Errorf("cards %v, %v", cards, err)
	}
	if own, err := s.Public().Own(); err != nil || own.Country != "XA" {
		t.Errorf("own %v, %v", own, err)
	}
}

// TestAgesGrow asks for an age before and after the children's birthdays.
func TestAgesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, xa, _ := twoCountries(t)
		appendCase(t, s, xa, protocol.NewCaseID(), func(e *protocol.Entry) {
			e.Case.Children[0].BirthYear = 0
			e.Case.Children[0].Age = protocol.Age{Min: 8, Max: 8, Unit: protocol.Years}
			e.Case.Since = protocol.DateOf(time.Now())
			e.ReviewBy = e.At.AddDate(0, 11, 0)
		})
		for _, c := range []struct {
			months, age, total int
		}{{0, 8, 1}, {0, 9, 0}, {10, 9, 1}, {0, 10, 0}} {
			time.Sleep(time.Duration(c.months) * 30 * 24 * time.Hour)
			if _, total, err := s.Public().List(Query{AgeMin: c.age, AgeMax: c.age}); err != nil || total != c.total {
				t.Errorf("%s: %d cases of age %d (%v), want %d", time.Now().Format(time.DateOnly), total, c.age, err, c.total)
			}
		}
	})
}

// TestReadWhileChanged stores a revision while a read is under way, and then a takedown: memory names a record that the read's
// transaction does not have, or none, and it begins anew.
func TestReadWhileChanged(t *testing.T) {
	s, _, xb := twoCountries(t)
	roomToRead(t, s, xb)
	id := protocol.NewCaseID()
	must(t, s.Put(xb.publish(id, nil)))
	times := 0
	must(t, s.viewCases(func(b *buckets) error {
		if times++; times == 1 {
			must(t, s.Put(xb.publish(id, nil)))
		}
		r, err := b.readLive(xb.ref(id))
		if err == nil && r.Header().Rev != 2 {
			t.Errorf("revision %d", r.Header().Rev)
		}
		return err
	}))
	if times != 2 {
		t.Errorf("read %d times", times)
	}
	times = 0
	err := s.viewCases(func(b *buckets) error {
		if times++; times == 1 {
			must(t, s.Put(xb.takedown(id)))
		}
		_, err := s.Public().read(b, xb.ref(id), s.Clock(nil))
		return err
	})
	if want(t, "taken down", err, ErrGone); times != 2 {
		t.Errorf("read %d times", times)
	}
	times = 0
	if err := s.viewCases(func(b *buckets) error {
		times++
		_, err := s.Public().read(b, protocol.Ref{}, s.Clock(nil))
		return err
	}); !errors.Is(err, fs.ErrNotExist) || times != 1 {
		t.Errorf("unknown: %v, read %d times", err, times)
	}
}

// roomToRead fills the store so that a change within a read needs no larger map of the file, for which bbolt would wait
// until the read ends: it maps in powers of two.
func roomToRead(t *testing.T, s *Store, xb *country) {
	t.Helper()
	for range 200 {
		must(t, s.Put(xb.publish(protocol.NewCaseID(), nil)))
	}
}

// TestPhotoIsRemovedWhileRead takes a case down between the reading of its photo's key and of the file: it is gone, and not
// unknown.
func TestPhotoIsRemovedWhileRead(t *testing.T) {
	s, _, xb := twoCountries(t)
	roomToRead(t, s, xb)
	id := protocol.NewCaseID()
	p, file, _ := newPhoto("one")
	must(t, s.Put(xb.publish(id, withPhotos(p))))
	must(t, s.PutPhoto(p.File.Cid, file))
	times := 0
	_, err := s.openFile(protocol.Digest(p.File.Cid), "", sealedPhoto, func(b *buckets) (photoInfo, error) {
		key := b.key
		b.key = func(slot uint32) (fileKey, error) {
			k, err := key(slot)
			if times++; times == 1 {
				must(t, s.Put(xb.takedown(id)))
			}
			return k, err
		}
		return b.mayRead(protocol.Digest(p.File.Cid), false)
	})
	want(t, "photo", err, ErrGone)
}
