package admin

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
)

func phonePhoto(seed int64) ([]byte, [][]byte) {
	return protocoltest.PhonePhoto(protocoltest.Invent(seed, 10), 800, 1000)
}

// wrongAt says whether a field is marked as wrong, with a message that its control points to.
func (p *shown) wrongAt(path, message string) bool {
	x, note := p.byID(path), p.byID(path+"-wrong")
	return x != nil && note != nil && strings.Contains(text(note), message) && strings.Contains(attr(x, "aria-describedby"), path+"-wrong")
}

func TestCaseFromDraftToClosing(t *testing.T) {
	d := signedInDesk(t)
	photo, secrets := phonePhoto(1)
	p := d.newCase(nil, upload{"IMG 1.jpg", photo}, upload{"scan.png", protocoltest.PortraitPNG(protocoltest.Invent(2, 10), 600, 750)},
		upload{"notes.pdf", []byte("%PDF-1.7 no photo")})
	if p.status != http.StatusUnprocessableEntity || !p.wrongAt("upload", "notes.pdf") || !strings.Contains(p.text(), "JPEG, PNG or WebP file") {
		t.Fatalf("a PDF among the photos: %d %s", p.status, p.text())
	}
	draft := d.only()
	if len(draft.Photos) != 2 || draft.Case.Children[0].Name != "Mira T." || draft.Case.From.Country != "XA" {
		t.Fatalf("saved %d photos of %+v", len(draft.Photos), draft.Case)
	}
	id, main := draft.ID, draft.Photos[1].File
	if found, total, _ := d.node.Public().List(store.Query{}); total != 0 {
		t.Fatalf("the draft is public: %v", found)
	}

	p = p.submit("main-photo.1", map[string]string{"photos.1.caption.en": "In the garden", "photos.1.taken": "2026-01"})
	if draft = d.only(); draft.Photos[0].File != main || draft.Photos[0].Caption["en"] != "In the garden" || draft.Photos[0].Taken.String() != "2026-01" {
		t.Fatalf("photos after choosing the main one: %+v", draft.Photos)
	}
	thumb := d.get("/photos/" + draft.Photos[0].Thumb.Cid.String())
	if thumb.status != 200 || thumb.header.Get("Content-Type") != "image/jpeg" || thumb.header.Get("Cache-Control") != "no-store" {
		t.Errorf("thumbnail: %d %v", thumb.status, thumb.header)
	}

	if p = p.submit("publish", nil); p.path != "/en/cases/"+id.String()+"/publish" || !strings.Contains(p.text(), "This will become public") ||
		!strings.Contains(p.text(), "Mira T.") {
		t.Fatalf("before publishing, at %s: %s", p.path, p.text())
	}
	if d.only().PublishedRev != 0 {
		t.Fatal("published before the last word")
	}
	p = p.submit("", nil)
	ref := protocol.RefOf(d.node.Origin(), id)
	if !strings.Contains(p.text(), "The appeal is published.") || !strings.Contains(p.body, `href="https://site.example/en/cases/`+ref.String()+`"`) ||
		!strings.Contains(p.body, `href="/en/cases/`+id.String()+`/poster"`) {
		t.Fatalf("published: %s", p.text())
	}
	shown, err := d.node.Public().Case(ref)
	if err != nil || shown.Case.Children[0].Name != "Mira T." || len(shown.Photos) != 2 || shown.Photos[0].File != main {
		t.Fatalf("public case: %+v, %v", shown, err)
	}
	for _, p := range shown.Photos {
		file, err := d.node.Public().Photo(p.File.Cid)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range secrets {
			if bytes.Contains(file, s) {
				t.Errorf("the public photo holds %q", s)
			}
		}
	}

	if p = p.submit("save", nil); d.only().Dirty {
		t.Error("saved without a change, and marked as changed")
	}
	p = p.submit("save", map[string]string{"children.0.name": "Mira Test"})
	if shown, _ = d.node.Public().Case(ref); shown.Case.Children[0].Name != "Mira T." {
		t.Error("saving a draft changed what is public")
	}
	if list := d.get("/en/"); !strings.Contains(list.text(), "Changes not yet published") {
		t.Errorf("list: %s", list.text())
	}
	p = p.submit("publish", nil).submit("", nil)
	if shown, _ = d.node.Public().Case(ref); shown.Case.Children[0].Name != "Mira Test" || shown.Rev != 2 {
		t.Errorf("revised: %+v", shown)
	}

	p = p.submit("close", nil)
	if !strings.Contains(p.text(), "This cannot be undone.") || d.only().PublishedRev != 2 {
		t.Fatalf("before closing: %s", p.text())
	}
	if again := p.submit("", nil); again.status != http.StatusUnprocessableEntity || !strings.Contains(again.text(), "choose one of the values") {
		t.Errorf("closed without a reason: %d %s", again.status, again.text())
	}
	p = p.submit("", map[string]string{"reason": "located_safe"})
	if _, err := d.node.Public().Case(ref); !errors.Is(err, store.ErrGone) {
		t.Errorf("a closed case: %v, want ErrGone", err)
	}
	list := d.get("/en/").text()
	if strings.Contains(list, "Mira") || !strings.Contains(list, "XA-2026-014") || strings.Contains(list, "Found safe") {
		t.Errorf("list after closing: %s", list)
	}
	for _, path := range []string{"", "/publish", "/close"} {
		if p := d.get("/en/cases/" + id.String() + path); p.status != http.StatusGone || strings.Contains(p.body, "Mira") {
			t.Errorf("closed case%s: %d %s", path, p.status, p.text())
		}
	}
	if p := d.get("/photos/" + main.Cid.String()); p.status != http.StatusGone && p.status != http.StatusNotFound {
		t.Errorf("photo of a closed case: %d", p.status)
	}
	// A form that was open when the case was closed.
	if late := p.d.send("/en/cases/"+id.String(), []pair{{"csrf", d.token()}, {"children.0.name", "Mira"}, {"do", "save"}}); late.status != http.StatusGone {
		t.Errorf("saved a closed case: %d", late.status)
	}
	if all, _ := d.node.Drafts(); len(all) != 0 {
		t.Errorf("%d drafts after closing", len(all))
	}
}

// token returns the session's token for forms.
func (d *desk) token() string {
	for _, c := range controls(d.get("/en/").elements("form")[0]) {
		if c.name == "csrf" {
			return c.value
		}
	}
	d.Fatal("no token")
	return ""
}

func TestWhatCannotBeReadStays(t *testing.T) {
	d := signedInDesk(t)
	odd := map[string]string{
		"since": "31/12/2020", "children.0.height.min_cm": "abc", "children.0.height.max_cm": "130", "children.0.birth_year": "long ago",
		"children.0.weight.min_hg": "30.55", "children.0.age.min": "nine", "children.0.age.unit": "months",
		"members.children.0.birth": "2015-02-30", "children.0.height.as_of": "spring",
	}
	p := d.newCase(odd)
	if p.status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", p.status)
	}
	sent := map[string]string{}
	for _, c := range controls(p.mainForm()) {
		if _, ok := sent[c.name]; !ok {
			sent[c.name] = c.value
		}
	}
	for name, want := range odd {
		if sent[name] != want {
			t.Errorf("%s is %q, want %q as it was typed", name, sent[name], want)
		}
		if name != "children.0.age.unit" && name != "children.0.height.max_cm" && !p.wrongAt(name, "") {
			t.Errorf("%s is not marked", name)
		}
	}
	if !p.wrongAt("since", "real date") || !p.wrongAt("children.0.height.min_cm", "a number") {
		t.Error("the messages are not those of a date and of a number")
	}
	links := 0
	for _, a := range elements(p.byID("problems"), "a") {
		if p.byID(strings.TrimPrefix(attr(a, "href"), "#")) == nil {
			t.Errorf("the summary leads to %s, which is not there", attr(a, "href"))
		}
		links++
	}
	if links != 7 {
		t.Errorf("%d problems in the summary, want 7: %s", links, text(p.byID("problems")))
	}
	if draft := d.only(); draft.Case.Children[0].Name != "Mira T." || draft.Case.What["en"] != "Mira left for school.\nShe did not arrive." {
		t.Errorf("the rest was not saved: %+v", draft.Case)
	}
	// A child added in the meantime takes nothing away, nor does the removal of an empty one before.
	p = p.submit("add-child", nil)
	p = p.submit("add-child", map[string]string{"children.1.birth_year": "later"}).submit("remove-child.2", nil)
	for name, want := range map[string]string{"children.0.height.min_cm": "abc", "children.1.birth_year": "later", "since": "31/12/2020"} {
		if got := attr(p.byID(name), "value"); got != want {
			t.Errorf("%s is %q after children came and went, want %q", name, got, want)
		}
	}
	p = p.submit("save", map[string]string{"since": "٢٠٢٦-٠٣", "children.0.height.min_cm": "125", "children.0.birth_year": "2016", "children.0.weight.min_hg": "30,5",
		"children.0.age.min": "9", "members.children.0.birth": "2016-02", "children.0.height.as_of": "2026", "children.1.birth_year": ""})
	c := d.only().Case
	if c.Since.String() != "2026-03" || c.Children[0].Height != (protocol.Height{Min: 125, Max: 130, AsOf: protocol.Date{Year: 2026}}) ||
		c.Children[0].Weight.Min != 305 || c.Children[0].Weight.Max != 305 || c.Children[0].Age != (protocol.Age{Min: 9, Max: 9, Unit: "months"}) {
		t.Errorf("put right: %+v", c)
	}
	// The second child has neither name nor sex: that is saved, and said.
	if !p.wrongAt("children.1.name", "fill in") || !p.wrongAt("children.1.sex", "fill in") || !strings.Contains(text(p.byID("problems")), "There are 2 problems") {
		t.Errorf("problems: %s", text(p.byID("problems")))
	}
	if p = p.submit("publish", nil); p.byID("problems") == nil || d.only().PublishedRev != 0 {
		t.Errorf("publishing with problems led to %s: %s", p.path, p.text())
	}
}

// TestEverySeedPassesTheForm sends the cases of the demonstration through the form: nothing is changed by that, and
// nothing lost, not even texts in languages that the site does not have.
func TestEverySeedPassesTheForm(t *testing.T) {
	d := signedInDesk(t)
	for _, country := range protocoltest.Countries(time.Now()) {
		for _, seed := range country.Cases {
			draft := &store.Draft{Case: seed.Case, Members: seed.Members, Local: seed.Local}
			if err := d.node.SaveDraft(draft); err != nil {
				t.Fatal(err)
			}
			d.get("/en/cases/"+draft.ID.String()).submit("save", nil)
			after, err := d.node.Draft(draft.ID)
			if err != nil {
				t.Fatal(err)
			}
			if before, _ := d.node.Draft(draft.ID); !before.Changed.Equal(after.Changed) || !after.Changed.Equal(draft.Changed) {
				t.Errorf("%s: the form changed\n%+v\nto\n%+v", seed.Case.Number, draft, after)
			}
		}
	}
}

func TestTextsInOtherLanguagesStay(t *testing.T) {
	d := signedInDesk(t)
	d.newCase(nil)
	draft := d.only()
	draft.Case.What["el"] = "Έφυγε για το σχολείο."
	draft.Case.Children[0].Marks = protocol.Text{"fr": "une cicatrice"}
	if err := d.node.SaveDraft(draft); err != nil {
		t.Fatal(err)
	}
	p := d.get("/en/cases/" + draft.ID.String())
	if !strings.Contains(p.text(), "French and Greek") && !strings.Contains(p.text(), "Greek and French") {
		t.Error("the form does not say that there are texts in other languages")
	}
	p.submit("save", map[string]string{"what.en": "", "children.0.marks.ar": "ندبة"})
	draft = d.only()
	if draft.Case.What["el"] != "Έφυγε για το σχολείο." || draft.Case.Children[0].Marks["fr"] != "une cicatrice" || draft.Case.Children[0].Marks["ar"] != "ندبة" {
		t.Errorf("texts: %v %v", draft.Case.What, draft.Case.Children[0].Marks)
	}
	if _, there := draft.Case.What["en"]; there {
		t.Error("an emptied text is kept")
	}
}

func TestTwoChildrenAndACompanion(t *testing.T) {
	d := signedInDesk(t)
	p := d.newCase(nil).submit("add-child", nil)
	one, _ := phonePhoto(3)
	two, _ := phonePhoto(4)
	p = p.submit("add-companion", map[string]string{"children.1.name": "Idris T.", "children.1.sex": "male", "children.1.hair[]": "black brown",
		"nth:1:children.1.languages": "ar", "nth:2:children.1.languages": "fr", "members.children.1.birth": "2014-05-06", "children.1.other_names": "إدريس\n\nIdriss"},
		upload{"one.jpg", one}, upload{"two.jpg", two})
	p = p.submit("save", map[string]string{"photos.1.who": "companion.0", "photos.0.who": "child.1", "companions.0.relation": "father", "companions.0.sex": "male"})
	if !p.wrongAt("local.legal_basis", "legal basis") {
		t.Errorf("a companion without a legal basis: %s", p.text())
	}
	p = p.submit("save", map[string]string{"local.legal_basis": "court_order"})
	draft := d.only()
	child := draft.Case.Children[1]
	if !slices.Equal(child.Hair, []protocol.HairColour{"black", "brown"}) || !slices.Equal(child.Languages, []string{"ar", "fr"}) ||
		!slices.Equal(child.OtherNames, []string{"إدريس", "Idriss"}) || draft.Members.Children[1].Birth.String() != "2014-05-06" {
		t.Errorf("second child: %+v %+v", child, draft.Members)
	}
	if draft.Photos[0].Who != 1 || draft.Photos[0].Kind != protocol.Portrait || draft.Photos[1].Who != 0 || draft.Photos[1].Kind != protocol.CompanionShot {
		t.Errorf("photos: %+v", draft.Photos)
	}
	if problems := p.byID("problems"); problems != nil {
		t.Errorf("problems: %s", text(problems))
	}
	// Without the first child the second is the first, in every part of the case, and keeps the photo.
	p = p.submit("remove-child.0", nil)
	if !strings.HasSuffix(p.path, "/remove/child/0") || !strings.Contains(p.text(), "Mira T.") || len(d.only().Case.Children) != 2 {
		t.Fatalf("removing a child that something is known of does not ask first: %s %s", p.path, p.text())
	}
	p.submit("", nil)
	draft = d.only()
	if len(draft.Case.Children) != 1 || draft.Case.Children[0].Name != "Idris T." || draft.Members.Children[0].Birth.String() != "2014-05-06" ||
		len(draft.Photos) != 2 || draft.Photos[0].Who != 0 {
		t.Errorf("after removing the first child: %+v", draft)
	}
	// With the companion goes the companion's photo.
	d.get("/en/cases/"+draft.ID.String()).submit("remove-companion.0", nil).submit("", nil)
	if draft = d.only(); len(draft.Case.Companions) != 0 || len(draft.Photos) != 1 || draft.Photos[0].Kind != protocol.Portrait {
		t.Errorf("after removing the companion: %+v", draft)
	}
}

func TestSomebodyElseSavedMeanwhile(t *testing.T) {
	d := signedInDesk(t)
	mine := d.newCase(nil)
	theirs := d.get("/en/cases/" + d.only().ID.String())
	theirs.submit("save", map[string]string{"from.area": "North"})
	p := mine.submit("save", map[string]string{"from.area": "South"})
	if p.status != http.StatusConflict || d.only().Case.From.Area != "North" {
		t.Fatalf("overwrote what somebody else saved: %d, %s", p.status, d.only().Case.From.Area)
	}
	if attr(p.byID("from.area"), "value") != "South" || !strings.Contains(p.text(), "saved meanwhile") {
		t.Errorf("what was entered is lost: %s", p.text())
	}
	if p.submit("save", nil); d.only().Case.From.Area != "South" {
		t.Error("saving again did not save")
	}
	// Sent twice, as by an impatient finger: the second changes nothing and says nothing.
	if p = mine.submit("save", map[string]string{"from.area": "South"}); p.status != 200 {
		t.Errorf("the same form sent twice: %d", p.status)
	}
}

func TestDiscard(t *testing.T) {
	d := signedInDesk(t)
	p := d.newCase(nil).submit("discard", nil)
	if !strings.Contains(p.text(), "It was never public.") {
		t.Fatalf("before discarding: %s", p.text())
	}
	if p = p.submit("", nil); p.path != "/en/" {
		t.Errorf("discarded, and came to %s", p.path)
	}
	if all, _ := d.node.Drafts(); len(all) != 0 {
		t.Errorf("%d drafts are left", len(all))
	}
}

func TestLocalAndMembersTextsStayBehindTheirWalls(t *testing.T) {
	d := signedInDesk(t)
	fill := map[string]string{
		"local.guardian": "Gwendolyn Guardian", "local.contact": "telephone 4711 4711", "local.address": "Linden Row 12", "local.school": "Fernhill School",
		"local.medical": "needs asthma spray", "local.notes": "aunt called twice", "members.vehicle": "green van AB 123", "members.destinations": "Harbour town\nLake",
	}
	d.newCase(fill).submit("publish", nil).submit("", nil)
	draft := d.only()
	if draft.PublishedRev != 1 || draft.Local.Medical != "needs asthma spray" || len(draft.Members.Destinations) != 2 {
		t.Fatalf("draft %+v", draft)
	}
	// The same revision again, as Publish returns it.
	r, err := d.node.Publish(draft.ID)
	if err != nil {
		t.Fatal(err)
	}
	public, err := d.node.Public().Case(protocol.RefOf(d.node.Origin(), draft.ID))
	if err != nil {
		t.Fatal(err)
	}
	preview := d.get("/en/cases/" + draft.ID.String() + "/publish").body
	for name, secret := range fill {
		for _, s := range strings.Split(secret, "\n") {
			if strings.HasPrefix(name, "local.") == bytes.Contains(r.Bytes(), []byte(s)) {
				t.Errorf("%s in the record: %v", name, !strings.HasPrefix(name, "local."))
			}
			if strings.Contains(preview, s) {
				t.Errorf("%s stands in the preview of what will be public", name)
			}
			for _, v := range []string{public.Case.What["en"], public.Case.Number, public.Case.Agency.Name, public.Case.From.Locality} {
				if strings.Contains(v, s) {
					t.Errorf("%s is public", name)
				}
			}
		}
	}
}
