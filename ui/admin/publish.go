package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// publishPage shows what will become public, in one of the site's languages, and asks for the last word.
type publishPage struct {
	page
	Back, Version string
	Revise        bool
	Tabs          []ui.Link
	// Public is the appeal as the public will read it, in its own language.
	Public publicCase
}

// publicCase is the public tier of a case.
type publicCase struct {
	Tag, Dir                                  string
	Name, Since, FromLabel, From, Kind, Story string
	StoryLang                                 string
	Urgent                                    string // the word for it, "" for a case that is not
	KindLabel, StoryLabel, CompanionsLabel    string
	Photos                                    []publicPhoto
	Children, Companions                      []described
	Agency, Phone, AgencyLabel                string
	NumberLabel, Number                       string
	Hotlines                                  []ui.Hotline
}

type publicPhoto struct {
	URL, Alt, Caption, Lang string
	Width, Height           int
}

// described is a child or companion as the public will read about them.
type described struct {
	Name, Label string
	OtherNames  []string
	Facts       []ui.Fact
}

func (s *console) showPublish(c *gin.Context) error {
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	at := "/cases/" + d.ID.String()
	if d.Waiting == store.WishClose {
		return s.seeOther(c, at)
	}
	if len(node.Problems(d, time.Now())) > 0 {
		s.sessions.tell(sessionOf(c), "admin.notready")
		return s.seeOther(c, at+"?check=1")
	}
	p := publishPage{page: s.page(c, ""), Back: "/" + s.locale(c).Tag + at, Version: version(d), Revise: d.Public()}
	p.Title = p.T("admin.willbepublic")
	tag := s.textLanguage(p.Locale.Tag)
	if in := c.Query("in"); in != "" {
		tag = s.textLanguage(in)
	}
	for _, lang := range s.site {
		l, _ := s.Bundle.Locale(lang.Tag)
		p.Tabs = append(p.Tabs, ui.Link{Href: "?in=" + lang.Tag, Text: l.Endonym, Current: lang.Tag == tag})
	}
	l, _ := s.Bundle.Locale(tag)
	p.Public = s.publicCase(l, d, time.Now())
	return s.pages.Render(c, http.StatusOK, "publish", &p)
}

// publicCase takes from a draft only what its record will show to the public.
func (s *console) publicCase(l *i18n.Locale, d *store.Draft, now time.Time) publicCase {
	c := &d.Case
	p := publicCase{
		Tag: l.Tag, Dir: l.Dir, Name: ui.Name(l, c), Since: ui.Since(l, c),
		FromLabel: l.T("case.from"), KindLabel: l.T("case.kind"), Kind: l.T("kind." + string(c.Kind)),
		StoryLabel: l.T("case.what"), CompanionsLabel: l.T("case.companions"), AgencyLabel: l.T("case.agency"),
		Agency: c.Agency.Name, Phone: c.Agency.Phone, NumberLabel: l.T("case.number"), Number: c.Number,
	}
	if c.Urgent {
		p.Urgent = l.T("site.urgent")
	}
	if c.Kind == protocol.UnidentifiedFound {
		p.FromLabel = l.T("case.foundin")
	}
	card := s.Node.Card()
	own := protocol.Text(nil)
	if card.Country == c.From.Country {
		own = card.CountryNames
	}
	p.From = ui.PlaceText(l, c.From, ui.CountryName(l, own, c.From.Country))
	p.StoryLang, p.Story = c.What.Pick(l.Tag)
	p.Hotlines = ui.HotlinesOf(l, card.Hotlines)
	if c.Hotline != "" {
		p.Hotlines = []ui.Hotline{{Number: c.Hotline}}
	}
	for i, child := range c.Children {
		one := described{Name: child.Name, OtherNames: child.OtherNames, Facts: ui.Facts(l, c, i, now)}
		if len(c.Children) > 1 {
			one.Label = l.T("case.child", "number", i+1)
		}
		p.Children = append(p.Children, one)
	}
	for i := range c.Companions {
		one := &c.Companions[i]
		p.Companions = append(p.Companions, described{Name: one.Name, Label: l.T("relation." + string(one.Relation)), Facts: ui.CompanionFacts(l, one)})
	}
	for _, photo := range d.Photos {
		shown := publicPhoto{URL: "/photos/" + photo.Thumb.Cid.String(), Alt: l.T("photokind." + string(photo.Kind)),
			Width: int(photo.ThumbWidth), Height: int(photo.ThumbHeight)}
		shown.Lang, shown.Caption = photo.Caption.Pick(l.Tag)
		p.Photos = append(p.Photos, shown)
	}
	return p
}

func (s *console) publishCase(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	s.desk.Lock()
	defer s.desk.Unlock()
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	at := "/cases/" + d.ID.String()
	if values.Get("version") != version(d) { // not what was shown
		s.sessions.tell(sessionOf(c), "admin.changedsince")
		return s.seeOther(c, at+"/publish")
	}
	_, err = s.Node.Publish(d.ID)
	var problems protocol.Problems
	if errors.As(err, &problems) {
		s.sessions.tell(sessionOf(c), "admin.notready")
		return s.seeOther(c, at+"?check=1")
	}
	switch {
	case errors.Is(err, node.ErrWaiting):
		s.sessions.tell(sessionOf(c), "admin.saidlater")
		return s.seeOther(c, at)
	case errors.Is(err, protocol.ErrClosed): // somebody else was faster
		return s.seeOther(c, at)
	case err != nil:
		return err
	}
	s.sessions.tell(sessionOf(c), "admin.published")
	return s.seeOther(c, at)
}

// confirmPage says plainly what will happen, and asks.
type confirmPage struct {
	page
	Back, Number, Name string
	Text, Button       string
	Version            string
	Reasons            []option // of closing; nil for everything else
	Wrong              string   // what is wrong with the reason
}

func (s *console) confirm(c *gin.Context, d *store.Draft, title, text string) *confirmPage {
	p := &confirmPage{page: s.page(c, s.locale(c).T(title)), Number: d.Case.Number, Name: ui.Name(s.locale(c), &d.Case)}
	p.Back = "/" + p.Locale.Tag + "/cases/" + d.ID.String()
	p.Text, p.Button = p.T(text), p.T(title)
	return p
}

func (s *console) showClose(c *gin.Context) error {
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	return s.confirmClose(c, d, http.StatusOK, "", "")
}

func (s *console) confirmClose(c *gin.Context, d *store.Draft, status int, chosen protocol.Reason, wrong string) error {
	if d.Waiting == store.WishClose {
		return s.seeOther(c, "/cases/"+d.ID.String())
	}
	if !d.Public() {
		return s.seeOther(c, "/cases/"+d.ID.String()+"/discard")
	}
	p := s.confirm(c, d, "admin.close", "admin.closeconfirm")
	for _, r := range protocol.Reasons() {
		p.Reasons = append(p.Reasons, option{string(r), p.T("reason." + string(r)), r == chosen})
	}
	if wrong != "" {
		p.Wrong = p.T(wrong)
	}
	return s.pages.Render(c, status, "confirm", p)
}

func (s *console) closeCase(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	reason := protocol.Reason(values.Get("reason"))
	if protocol.ValidateReason(reason) != nil || !d.Public() || d.Waiting == store.WishClose {
		return s.confirmClose(c, d, http.StatusUnprocessableEntity, reason, "invalid.choice")
	}
	notice := "admin.closed"
	if _, err := s.Node.CloseCase(d.ID, reason); errors.Is(err, node.ErrWaiting) {
		notice = "admin.closedlater"
	} else if err != nil {
		return err
	}
	s.sessions.tell(sessionOf(c), notice)
	return s.seeOther(c, "/")
}

func (s *console) showDiscard(c *gin.Context) error {
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	if d.Public() {
		return s.seeOther(c, "/cases/"+d.ID.String()+"/close")
	}
	return s.pages.Render(c, http.StatusOK, "confirm", s.confirm(c, d, "admin.discard", "admin.discardconfirm"))
}

func (s *console) discardCase(c *gin.Context) error {
	if _, err := s.form(c); err != nil {
		return err
	}
	s.desk.Lock()
	defer s.desk.Unlock()
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	if d.Public() {
		return s.seeOther(c, "/cases/"+d.ID.String()+"/close")
	}
	if err := s.Node.DeleteDraft(d.ID); err != nil {
		return err
	}
	s.sessions.tell(sessionOf(c), "admin.discarded")
	return s.seeOther(c, "/")
}

// part returns which child or companion of the draft the address names.
func part(c *gin.Context, d *store.Draft) (name string, index int, err error) {
	name = c.Param("part")
	n := map[string]int{"child": len(d.Case.Children), "companion": len(d.Case.Companions)}[name]
	if index, err = strconv.Atoi(c.Param("index")); err != nil || index < 0 || index >= n {
		return "", 0, &ui.Fault{Status: http.StatusNotFound, Key: "notfound"}
	}
	return name, index, nil
}

func (s *console) showRemove(c *gin.Context) error {
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	name, index, err := part(c, d)
	if err != nil {
		return err
	}
	p := s.confirm(c, d, "admin.remove"+name, "admin.removeconfirm")
	who := ""
	if name == "child" {
		who = d.Case.Children[index].Name
	} else {
		who = d.Case.Companions[index].Name
	}
	p.Number, p.Name = p.T("admin."+name, "number", index+1), who
	p.Version = version(d)
	return s.pages.Render(c, http.StatusOK, "confirm", p)
}

func (s *console) removePart(c *gin.Context) error {
	values, err := s.form(c)
	if err != nil {
		return err
	}
	s.desk.Lock()
	defer s.desk.Unlock()
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	name, index, err := part(c, d)
	if err != nil {
		return err
	}
	at := "/cases/" + d.ID.String()
	if values.Get("version") != version(d) { // the number may mean somebody else by now
		s.sessions.tell(sessionOf(c), "admin.changedsince")
		return s.seeOther(c, at)
	}
	remove(d, s.newForm(c, nil), name, index)
	if err := s.saveDraft(d); err != nil {
		return err
	}
	s.sessions.tell(sessionOf(c), "admin.saved")
	return s.seeOther(c, at)
}
