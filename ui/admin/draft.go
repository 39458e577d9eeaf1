package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui"
)

// casePage is the form of a case.
type casePage struct {
	page
	standing
	ID, Number, Name string
	Action           string // the address that the form is sent to
	New              bool
	// Version names the draft that the form was made of.
	Version  string
	Sections []*field
	// Problems are all that is wrong, in the order of the form.
	Problems []shownProblem
	// Others are the languages of texts that the form does not show.
	Others string
}

// shownProblem is a line of the summary: where it is, what the field is called, what is wrong.
type shownProblem struct{ To, Where, Label, Text string }

func (s *console) showNewCase(c *gin.Context) error {
	d := &store.Draft{ID: protocol.NewCaseID()}
	d.Case.Children = make([]protocol.Child, 1)
	d.Case.From.Country = s.Node.Card().Country
	return s.showForm(c, http.StatusOK, d, s.newForm(c, nil), nil)
}

func (s *console) showCase(c *gin.Context) error {
	d, err := s.draft(c)
	if err != nil {
		return err
	}
	var problems protocol.Problems
	if c.Query("check") != "" {
		problems = node.Problems(d, time.Now())
	}
	return s.showForm(c, http.StatusOK, d, s.newForm(c, nil), problems)
}

func (s *console) newForm(c *gin.Context, sent map[string][]string) *form {
	return &form{l: s.locale(c), site: s.site, sent: sent, kept: map[string]string{}, others: map[string]bool{}}
}

// walk visits the whole draft.
func (s *console) walk(f *form, d *store.Draft) ([]*field, error) {
	peers, err := s.Node.Peers()
	if err != nil {
		return nil, err
	}
	cards := []*protocol.Card{s.Node.Card()}
	for _, p := range peers {
		if p.Member.Standing == protocol.Active {
			cards = append(cards, p.Member.Card)
		}
	}
	return f.draft(d, listsOf(f.l, cards), cards[0].Hotlines[0].Number), nil
}

// showForm shows the draft with what f could not read, and with the problems.
func (s *console) showForm(c *gin.Context, status int, d *store.Draft, f *form, problems protocol.Problems, refused ...refusedFile) error {
	p := casePage{page: s.page(c, ""), ID: d.ID.String(), Number: d.Case.Number, New: d.Changed.IsZero(), Version: version(d)}
	var err error
	if p.standing, err = s.standing(c, d); err != nil {
		return err
	}
	p.Title, p.Name = p.T("admin.newcase"), ""
	if !p.New {
		p.Name = ui.Name(p.Locale, &d.Case)
		p.Title = strings.TrimSpace(d.Case.Number + " " + p.Name)
	}
	f.sent = nil
	if p.Sections, err = s.walk(f, d); err != nil {
		return err
	}
	p.Action, p.Scripts = "/"+p.Locale.Tag+"/cases/"+p.ID, []string{"words.js"}
	p.finish(p.Sections)
	p.report(slices.Concat(f.bad, problems), d, refused)
	if len(f.others) > 0 {
		var names []string
		for _, tag := range slices.Sorted(maps.Keys(f.others)) {
			names = append(names, p.Locale.Language(tag))
		}
		p.Others = p.Locale.List(names)
	}
	return s.pages.Render(c, status, "case", &p)
}

// version names the state of a draft.
func version(d *store.Draft) string {
	if d.Changed.IsZero() {
		return ""
	}
	return strconv.FormatInt(d.Changed.UnixNano(), 36)
}

// finish gives the fields what only the page knows.
func (p *casePage) finish(list []*field) {
	for _, x := range list {
		if x.Required {
			x.Need = p.T("form.required")
		}
		for _, buttons := range [][]button{x.Buttons, x.Add} {
			for i := range buttons {
				buttons[i].To = p.Action + "#" + buttons[i].To
			}
		}
		p.finish(x.Parts)
	}
}

// saveCase saves the form, whatever is wrong with it, and then does what the button says.
func (s *console) saveCase(c *gin.Context) error {
	_, d, err := s.base(c)
	if err != nil {
		return err
	}
	sent, err := s.readForm(c, protocol.MaxPhotos-len(d.Photos))
	if err != nil {
		return err
	}
	get := func(name string) string {
		if v := sent.values[name]; len(v) > 0 {
			return v[len(v)-1]
		}
		return ""
	}
	answer, err := s.change(c, sent, get("do"), get("version"))
	if err != nil {
		return err
	}
	return answer()
}

// change puts what was sent into the draft, and returns what to answer once the desk is free.
func (s *console) change(c *gin.Context, sent *sentForm, button, made string) (answer func() error, err error) {
	s.desk.Lock()
	defer s.desk.Unlock()
	old, d, err := s.base(c)
	if err != nil {
		return nil, err
	}
	alignPhotos(sent.values, d.Photos)
	f := s.newForm(c, sent.values)
	if _, err := s.walk(f, d); err != nil {
		return nil, err
	}
	show := func(status int, notice string, problems protocol.Problems) func() error {
		return func() error {
			s.sessions.tell(sessionOf(c), notice)
			return s.showForm(c, status, d, f, problems, sent.refused...)
		}
	}
	if !sent.trusted {
		return show(http.StatusForbidden, "admin.expired", nil), nil
	}
	if !same(old, d) && made != version(old) {
		return show(http.StatusConflict, "admin.conflict", nil), nil
	}
	for _, p := range sent.photos {
		if !slices.ContainsFunc(d.Photos, func(q protocol.Photo) bool { return q.File == p.File }) && len(d.Photos) < protocol.MaxPhotos {
			d.Photos = append(d.Photos, p)
		}
	}
	do, index := action(button)
	ask := do.change(d, f, index)
	if !same(old, d) || old.Changed.IsZero() {
		if err := s.saveDraft(d); err != nil {
			return nil, err
		}
	}
	if len(f.bad)+len(sent.refused) > 0 && do != "discard" && do != "close" {
		var problems protocol.Problems
		if do == "save" || do == "publish" {
			// Of what cannot be read one message is enough.
			problems = slices.DeleteFunc(node.Problems(d, time.Now()), func(p protocol.Problem) bool {
				_, unread := f.kept[p.Field]
				return unread
			})
		}
		return show(http.StatusUnprocessableEntity, "admin.savedexcept", problems), nil
	}
	return func() error { return s.next(c, d, do, ask, index) }, nil
}

// base returns the stored draft that a form is to change, twice: as it is, and to be changed. A form for a new case has
// brought its own identifier.
func (s *console) base(c *gin.Context) (old, d *store.Draft, err error) {
	d, err = s.draft(c)
	var fault *ui.Fault
	if errors.As(err, &fault) && fault.Status == http.StatusNotFound {
		id, err := protocol.ParseCaseID(c.Param("id"))
		if err != nil {
			return nil, nil, fault
		}
		return &store.Draft{ID: id}, &store.Draft{ID: id}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := json.Marshal(d)
	if err != nil {
		return nil, nil, fmt.Errorf("copy draft: %w", err)
	}
	old = new(store.Draft)
	if err := json.Unmarshal(b, old); err != nil {
		return nil, nil, fmt.Errorf("copy draft: %w", err)
	}
	return old, d, nil
}

// same says whether two drafts are the same to an officer.
func same(a, b *store.Draft) bool {
	ja, errA := json.Marshal(a)
	jb, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(ja) == string(jb)
}

func (s *console) saveDraft(d *store.Draft) error {
	err := s.Node.SaveDraft(d)
	if errors.Is(err, protocol.ErrClosed) {
		return &ui.Fault{Status: http.StatusGone, Key: "deskclosed", Err: err}
	}
	return err
}

// next sends the browser on when everything could be read.
func (s *console) next(c *gin.Context, d *store.Draft, do deed, ask bool, index int) error {
	at := "/cases/" + d.ID.String()
	if ask {
		part, _ := strings.CutPrefix(string(do), "remove-")
		return s.seeOther(c, at+"/remove/"+part+"/"+strconv.Itoa(index))
	}
	switch do {
	case "save":
		s.sessions.tell(sessionOf(c), "admin.saved")
		return s.seeOther(c, at+"?check=1")
	case "publish":
		if len(node.Problems(d, time.Now())) > 0 {
			s.sessions.tell(sessionOf(c), "admin.notready")
			return s.seeOther(c, at+"?check=1")
		}
		return s.seeOther(c, at+"/publish")
	case "discard", "close":
		return s.seeOther(c, at+"/"+string(do))
	}
	return s.seeOther(c, at)
}
