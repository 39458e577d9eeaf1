package store

import (
	"io/fs"
	"reflect"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

func TestDraftsKeepEveryField(t *testing.T) {
	s, _, _ := twoCountries(t)
	p, _, _ := newPhoto("one")
	p.Taken, p.Caption = protocol.Date{Year: 2024, Month: 5}, protocol.Text{"en": "In spring"}
	d := &Draft{
		ID: protocol.NewCaseID(), Case: *newCase("XA", 7), Photos: []protocol.Photo{p},
		Members: protocol.Members{Children: []protocol.MemberChild{{Birth: protocol.Date{Year: 2014, Month: 2, Day: 3}}}, Vehicle: "a blue van"},
		Local:   protocol.Local{Guardian: "somebody", LegalBasis: "court_order", InCare: true},
		Changed: time.Now().UTC().Truncate(time.Millisecond), PublishedRev: 3, Dirty: true,
	}
	must(t, s.SaveDraft(d))
	got, err := s.Draft(d.ID)
	must(t, err)
	if !reflect.DeepEqual(got, d) {
		t.Errorf("draft\n%+v, saved\n%+v", got, d)
	}
	if err := s.SaveDraft(&Draft{}); err == nil {
		t.Error("a draft without an identifier was saved")
	}
	half := &Draft{ID: protocol.NewCaseID(), Photos: []protocol.Photo{{}}, Changed: d.Changed.Add(time.Hour)}
	must(t, s.SaveDraft(half))
	all, err := s.Drafts()
	if err != nil || len(all) != 2 || all[0].ID != half.ID || all[1].ID != d.ID {
		t.Errorf("drafts %v, %v, want the newest change first", all, err)
	}
	must(t, s.DeleteDraft(half.ID))
	_, err = s.Draft(half.ID)
	want(t, "deleted draft", err, fs.ErrNotExist)
	want(t, "delete again", s.DeleteDraft(half.ID), fs.ErrNotExist)
}

func TestDraftHoldsItsPhotos(t *testing.T) {
	s, xa, _ := twoCountries(t)
	a, fileA, _ := newPhoto("a")
	b, fileB, _ := newPhoto("b")
	id := protocol.NewCaseID()
	must(t, s.AddPhoto(a.File.Cid, fileA))
	must(t, s.AddPhoto(b.File.Cid, fileB))
	must(t, s.SaveDraft(&Draft{ID: id, Photos: []protocol.Photo{a, b}}))
	appendCase(t, s, xa, id, withPhotos(a))
	must(t, s.SaveDraft(&Draft{ID: id}))
	if got := photoNames(t, s); len(got) != 1 || got[0] != a.File.String() {
		t.Errorf("files %v, want the published one alone", got)
	}
	must(t, s.SaveDraft(&Draft{ID: id, Photos: []protocol.Photo{a}}))
	if r := appendCase(t, s, xa, id, nil); r.Header().Rev != 2 {
		t.Errorf("rev %d", r.Header().Rev)
	}
	if _, err := s.Photo(a.File.Cid); err != nil {
		t.Errorf("a photo that the draft still has: %v", err)
	}
	must(t, s.DeleteDraft(id))
	if got := photoNames(t, s); len(got) != 0 {
		t.Errorf("files left: %v", got)
	}
}

// TestDraftKnowsItsRecord: a crash between record and draft leaves no case that could only be thrown away.
func TestDraftKnowsItsRecord(t *testing.T) {
	s, xa, _ := twoCountries(t)
	id, other := protocol.NewCaseID(), protocol.NewCaseID()
	appendCase(t, s, xa, id, nil)
	must(t, s.SaveDrafts([]*Draft{{ID: id}, {ID: other}}))
	if d, err := s.Draft(id); err != nil || d.PublishedRev != 1 || !d.Public() {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := s.Draft(other); err != nil || d.PublishedRev != 0 || d.Public() {
		t.Errorf("%+v, %v", d, err)
	}
	xa.seq++
	must(t, s.Put(xa.takedown(id)))
	must(t, s.SaveDrafts([]*Draft{{ID: id}, {ID: other, Dirty: true}}))
	_, err := s.Draft(id)
	want(t, "draft of a closed case", err, fs.ErrNotExist)
	if d, err := s.Draft(other); err != nil || !d.Dirty {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestClosedNewestFirst(t *testing.T) {
	s, _, _ := twoCountries(t)
	for i, n := range []string{"one", "three", "two"} {
		must(t, s.SaveClosed(Closed{ID: protocol.CaseID{byte(i)}, Number: n, At: time.Unix(int64([]int{1, 3, 2}[i]), 0).UTC()}))
	}
	c, err := s.Closed()
	if err != nil || len(c) != 3 || c[0].Number != "three" || c[2].Number != "one" {
		t.Errorf("closed %+v, %v", c, err)
	}
}
