package admin

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
	"github.com/gmcn/gmcn/ui/site"
)

const (
	// keepPosters is how long the posters of all cases wait to be fetched.
	keepPosters = time.Hour
	// lookAgain is how often it is looked whether their cases still stand as they do there.
	lookAgain = time.Minute
	// slowFetch is how long fetching them may take.
	slowFetch = 30 * time.Minute
)

// press makes the posters of all cases, for one person of the desk at a time.
type press struct {
	mu  sync.Mutex // guards what follows
	job *pressJob  // nil when nothing is being made or waits
}

// pressJob is one file of posters, guarded by the press.
type pressJob struct {
	kind      site.BatchKind
	stop      context.CancelFunc // throws it away, whatever it has come to
	done, all int
	made      *site.Made // nil while it is being made
	file      *lockbox
	failed    bool
}

// start begins a job that do works at, in the background, unless one is being made.
func (p *press) start(kind site.BatchKind, background func(func(context.Context)), do func(context.Context, *pressJob)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.job != nil {
		if p.job.made == nil && !p.job.failed {
			return
		}
		p.job.stop()
	}
	ctx, stop := context.WithCancel(context.Background())
	job := &pressJob{kind: kind, stop: stop}
	p.job = job
	background(func(owner context.Context) {
		defer context.AfterFunc(owner, stop)()
		defer stop()
		do(ctx, job)
	})
}

// now returns a copy of the job, nil if there is none.
func (p *press) now() *pressJob {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.job == nil {
		return nil
	}
	job := *p.job
	return &job
}

// drop throws the job away if it is the one that makes or made a file; nil is any.
func (p *press) drop(file *lockbox) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.job != nil && (file == nil || p.job.file == file) {
		p.job.stop()
		p.job = nil
	}
}

// change lets do change a job.
func (p *press) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// makePosters works at a job until its file is not needed any more.
func (s *console) makePosters(ctx context.Context, job *pressJob, b *site.Batch) {
	file, err := newLockbox()
	if err == nil {
		defer file.Close()
		var made *site.Made
		if made, err = s.writePosters(ctx, job, b, file); err == nil {
			s.press.change(func() { job.made, job.file = made, file })
			s.keepPosters(ctx, made)
			s.press.drop(file)
			return
		}
	}
	if ctx.Err() == nil {
		s.Log.Error("posters of all cases not made", "err", err)
		s.press.change(func() { job.failed = true })
	}
}

func (s *console) writePosters(ctx context.Context, job *pressJob, b *site.Batch, file *lockbox) (made *site.Made, err error) {
	if b.Desk, err = Desks(s.Node); err != nil {
		return nil, err
	}
	b.Progress = func(done, all int) { s.press.change(func() { job.done, job.all = done, all }) }
	out := bufio.NewWriterSize(file, 256<<10)
	if made, err = b.Write(ctx, out); err != nil {
		return nil, err
	}
	return made, out.Flush()
}

// keepPosters returns when a file has waited long enough, or one of its cases does not stand as it does there.
func (s *console) keepPosters(ctx context.Context, made *site.Made) {
	until := time.Now().Add(keepPosters)
	for time.Now().Before(until) {
		if holds, err := made.Holds(s.Node.Public()); err != nil || !holds {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}

// postersPage is where the posters of all cases are asked for, watched and fetched.
type postersPage struct {
	page
	Form  site.PosterForm
	Kinds []site.Choice
	// Choices are the cases to choose from, at most maxChoices.
	Choices []posterChoice
	// Making, Ready and Failed say how it stands; none does when nothing was asked for.
	Making, Ready, Failed bool
	Done, All             int
	Cases                 int
	Left                  []leftRow
}

// posterChoice is a case of which a poster may be made.
type posterChoice struct{ Ref, Number, Name string }

// maxChoices is how many cases the page lists. Who has more makes posters of all, or names cases to the command.
const maxChoices = 300

// leftRow is a case that was left out.
type leftRow struct {
	Number, Href string
	Stops        []string
}

func (s *console) showPosters(c *gin.Context) error {
	l := s.locale(c)
	p := postersPage{page: s.page(c, l.T("allposters.title"))}
	if job := s.press.now(); job != nil {
		p.Making, p.Ready, p.Failed = job.made == nil && !job.failed, job.made != nil, job.failed
		p.Done, p.All = job.done, job.all
		if p.Ready {
			p.Cases = len(job.made.Cases)
			if err := s.leftOut(&p, l, job.made.Left); err != nil {
				return err
			}
		}
	}
	if p.Making {
		p.Scripts = []string{"progress.js"}
		return s.pages.Render(c, http.StatusOK, "posters", &p)
	}
	in, err := s.posters.OfDraft(&protocol.Case{Children: make([]protocol.Child, 1)})
	if err != nil {
		return err
	}
	if err := s.posters.Ask(&in, nil, s.posterLanguage(l)); err != nil {
		return err
	}
	p.Form = s.posters.Form(&in)
	p.Form.MayTogether = true // it holds for two languages that read the same way
	for i, kind := range site.BatchKinds() {
		p.Kinds = append(p.Kinds, site.Choice{Value: string(kind), Text: "allposters.kind." + string(kind), Chosen: i == 0})
	}
	shown, err := s.posters.Own()
	if err != nil {
		return err
	}
	for _, one := range shown[:min(len(shown), maxChoices)] {
		p.Choices = append(p.Choices, posterChoice{one.Ref.String(), one.Case.Number, ui.Name(l, one.Case)})
	}
	return s.pages.Render(c, http.StatusOK, "posters", &p)
}

// leftOut lists cases that were left out, each with the way to its poster.
func (s *console) leftOut(p *postersPage, l *i18n.Locale, left []site.LeftOut) error {
	if len(left) == 0 {
		return nil
	}
	drafts, err := s.Node.Drafts()
	if err != nil {
		return err
	}
	for _, out := range left {
		row := leftRow{Number: out.Number}
		for _, d := range drafts {
			if protocol.RefOf(s.Node.Origin(), d.ID) == out.Ref {
				row.Href = "/" + l.Tag + "/cases/" + d.ID.String() + "/poster"
			}
		}
		for _, a := range out.Stops {
			row.Stops = append(row.Stops, l.T("preflight."+a.Key, a.Args...))
		}
		p.Left = append(p.Left, row)
	}
	return nil
}

// changePosters starts a file of posters, throws one away, or hands it out.
func (s *console) changePosters(c *gin.Context) error {
	form, err := s.form(c)
	if err != nil {
		return err
	}
	switch form.Get("do") {
	case "start":
		return s.startPosters(c, form)
	case "drop":
		s.press.drop(nil)
		return s.toPosters(c, "allposters.dropped")
	case "fetch":
		return s.sendPosters(c)
	}
	return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest"}
}

// toPosters goes back to the page and says something there, unless that is "".
func (s *console) toPosters(c *gin.Context, notice string) error {
	if notice != "" {
		s.sessions.tell(sessionOf(c), notice)
	}
	return s.seeOther(c, "/posters")
}

func (s *console) startPosters(c *gin.Context, form url.Values) error {
	b := &site.Batch{Posters: s.posters, Kind: site.BatchKind(form.Get("kind")), Query: form, Locale: s.posterLanguage(s.locale(c))}
	for _, one := range form["case"] {
		ref, err := protocol.ParseRef(one)
		if err != nil {
			return &ui.Fault{Status: http.StatusBadRequest, Key: "badrequest", Err: err}
		}
		b.Cases = append(b.Cases, ref)
	}
	if b.Kind != site.Zip && slices.Contains(site.BatchKinds(), b.Kind) && poster.Format(form.Get("size")).Screen() {
		return s.toPosters(c, "allposters.paper")
	}
	if err := b.Check(); err != nil {
		return err
	}
	s.press.start(b.Kind, s.Background, func(ctx context.Context, job *pressJob) { s.makePosters(ctx, job, b) })
	return s.toPosters(c, "")
}

// sendPosters hands the file out, once, if all of its cases still stand as they do there.
func (s *console) sendPosters(c *gin.Context) error {
	job := s.press.now()
	if job == nil || job.made == nil {
		return s.toPosters(c, "allposters.gone")
	}
	holds, err := job.made.Holds(s.Node.Public())
	if err != nil {
		return err
	}
	if !holds {
		s.press.drop(job.file)
		return s.toPosters(c, "allposters.stale")
	}
	conn := http.NewResponseController(c.Writer)
	// A test's connection has no deadlines, and then none is in the way.
	if err := conn.SetWriteDeadline(time.Now().Add(slowFetch)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	kind := "application/pdf"
	if job.kind == site.Zip {
		kind = "application/zip"
	}
	c.Header("Content-Type", kind)
	c.Header("Content-Disposition", `attachment; filename="posters`+job.kind.Suffix()+`"`)
	c.Header("Content-Length", strconv.FormatInt(job.file.size, 10))
	c.Status(http.StatusOK)
	if _, err := io.Copy(c.Writer, job.file.reader()); err == nil { // else the browser went away, and may come again
		s.press.drop(job.file)
	}
	return nil
}
