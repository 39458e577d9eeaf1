package admin

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/site"
)

// pressPosters presses a button of the page of all posters, as a browser without JavaScript does.
func (d *desk) pressPosters(do string, more ...pair) *shown {
	d.Helper()
	return d.small("/en/posters", append([]pair{{"csrf", d.token()}, {"do", do}}, more...))
}

// posters waits until nothing is being made any more and returns the page.
func (d *desk) posters() *shown {
	d.Helper()
	for {
		p := d.get("/en/posters")
		if len(p.elements("progress")) == 0 {
			return p
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// public publishes a case with a number.
func (d *desk) public(number, what string) {
	d.Helper()
	d.newCase(map[string]string{"number": number, "what.en": what})
	drafts, err := d.node.Drafts()
	if err != nil {
		d.Fatal(err)
	}
	for _, draft := range drafts {
		if draft.Case.Number == number {
			if _, err := d.node.Publish(draft.ID); err != nil {
				d.Fatal(err)
			}
		}
	}
}

// TestPostersOfAllCases follows the file from the form to the hand, without JavaScript.
func TestPostersOfAllCases(t *testing.T) {
	d := signedInDesk(t)
	d.public("XA-1", "Last seen at the harbour.")
	d.public("XA-2", "Last seen at the station.")
	d.public("XA-3", "Call her mother: 0171 555-0123.")
	if p := d.get("/en/"); !strings.Contains(p.body, `href="/en/posters"`) {
		t.Error("the list of cases does not lead there")
	}
	p := d.get("/en/posters").submit("start", map[string]string{"size": "A5"})
	if p.status != 200 || p.path != "/en/posters" {
		t.Fatalf("started: %d %s", p.status, p.path)
	}
	p = d.posters()
	for _, want := range []string{"Posters in the file: 2", "Do not keep this file", "Left out: 1", "XA-3", "0171 555-0123"} {
		if !strings.Contains(p.text(), want) {
			t.Errorf("the page has no %q: %s", want, p.text())
		}
	}
	file := d.pressPosters("fetch")
	z, err := zip.NewReader(strings.NewReader(file.body), int64(len(file.body)))
	if err != nil || len(z.File) != 2 || z.File[0].Name != "XA-2.pdf" || z.File[1].Name != "XA-1.pdf" {
		t.Fatalf("the file: %v, %v", file.header, err)
	}
	if at := file.header.Get("Content-Disposition"); at != `attachment; filename="posters.zip"` || file.header.Get("Cache-Control") != "no-store" {
		t.Errorf("it comes as %v", file.header)
	}
	if p := d.pressPosters("fetch"); !strings.Contains(p.text(), "not here any more") {
		t.Errorf("a second time: %s", p.text())
	}

	// A case that is closed takes the file with it.
	d.pressPosters("start", pair{"kind", "strips"})
	if p := d.posters(); !strings.Contains(p.text(), "Posters in the file: 2") {
		t.Errorf("strips: %s", p.text())
	}
	drafts, err := d.node.Drafts()
	if err != nil {
		t.Fatal(err)
	}
	for _, draft := range drafts {
		if draft.Case.Number == "XA-1" {
			if _, err := d.node.CloseCase(draft.ID, protocol.Reasons()[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if p := d.pressPosters("fetch"); strings.Contains(p.body, "%PDF") || !strings.Contains(p.text(), "thrown away") {
		t.Errorf("a file with a closed case: %s", p.text())
	}
	if p := d.get("/en/posters"); strings.Contains(p.text(), "Posters in the file") {
		t.Error("the file is still there")
	}

	chosen := ""
	for _, in := range d.get("/en/posters").elements("input") {
		if attr(in, "name") == "case" && chosen == "" {
			chosen = attr(in, "value") // the newest, which is stopped
		}
	}
	d.pressPosters("start", pair{"kind", "zip"}, pair{"case", chosen})
	if p := d.posters(); !strings.Contains(p.text(), "no poster to make") || !strings.Contains(p.text(), "Left out: 1") {
		t.Errorf("of one case that is stopped: %s", p.text())
	}
	if p := d.pressPosters("start", pair{"kind", "zip"}, pair{"case", "me"}); p.status != http.StatusBadRequest {
		t.Errorf("a case that is none: %d", p.status)
	}

	d.pressPosters("start", pair{"kind", "pdf"}, pair{"in", "en"}, pair{"in", "ar"})
	d.posters()
	if file := d.pressPosters("fetch"); !strings.HasPrefix(file.body, "%PDF") || file.header.Get("Content-Type") != "application/pdf" {
		t.Errorf("one PDF: %v", file.header)
	}
	if p := d.pressPosters("start", pair{"kind", "pdf"}, pair{"size", "story"}); !strings.Contains(p.text(), "needs a size of paper") {
		t.Errorf("pictures as a PDF: %s", p.text())
	}
	if p := d.pressPosters("start", pair{"kind", "tar"}); p.status != http.StatusBadRequest {
		t.Errorf("an unknown kind: %d", p.status)
	}
}

// TestPressHasOneJob: one file at a time, which can be stopped while it is made and thrown away when it waits.
func TestPressHasOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p press
		var begun, ended atomic.Int64
		background := func(do func(context.Context)) { go do(context.Background()) }
		work := func(ctx context.Context, _ *pressJob) {
			begun.Add(1)
			<-ctx.Done()
			ended.Add(1)
		}
		p.start(site.Zip, background, work)
		p.start(site.Book, background, work)
		synctest.Wait()
		if begun.Load() != 1 || p.now().kind != site.Zip {
			t.Errorf("%d jobs at once", begun.Load())
		}
		p.drop(&lockbox{})
		synctest.Wait()
		if ended.Load() != 0 {
			t.Error("it was thrown away for another file")
		}
		p.drop(nil)
		synctest.Wait()
		if ended.Load() != 1 || p.now() != nil {
			t.Error("cancelled, and it goes on")
		}
		p.start(site.Zip, background, work)
		p.change(func() { p.job.made = &site.Made{} })
		p.start(site.Strips, background, work)
		synctest.Wait()
		if begun.Load() != 3 || ended.Load() != 2 || p.now().kind != site.Strips {
			t.Errorf("a file that waited: %d begun, %d ended", begun.Load(), ended.Load())
		}
		owner, stop := context.WithCancel(context.Background())
		p.drop(nil)
		p.start(site.Zip, func(do func(context.Context)) { go do(owner) }, work)
		stop()
		synctest.Wait()
		if ended.Load() != 4 {
			t.Error("the owner stopped, and the job goes on")
		}
	})
}

// TestFileIsKeptAnHour, unless a case of it does not stand any more as it does there.
func TestFileIsKeptAnHour(t *testing.T) {
	d := signedInDesk(t)
	synctest.Test(t, func(t *testing.T) {
		s := &console{Config: Config{Node: d.node}}
		began := time.Now()
		s.keepPosters(t.Context(), &site.Made{})
		if waited := time.Since(began); waited != keepPosters {
			t.Errorf("kept for %v", waited)
		}
		began = time.Now()
		s.keepPosters(t.Context(), &site.Made{Cases: []site.MadeCase{{Rev: 1}}})
		if waited := time.Since(began); waited != 0 {
			t.Errorf("a case that is not public is kept for %v", waited)
		}
	})
}

// TestLockbox: what was put in comes out, and nothing of it is to be found on the disk.
func TestLockbox(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	l, err := newLockbox()
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("a child's face "), 10_000)
	for part := range bytes.SplitSeq(want, []byte("face")) {
		if _, err := l.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	want = bytes.ReplaceAll(want, []byte("face"), nil)
	for range 2 {
		if got, err := io.ReadAll(l.reader()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes came out, %v", len(got), err)
		}
	}
	raw := make([]byte, len(want))
	if _, err := l.file.ReadAt(raw, 0); err != nil || bytes.Contains(raw, []byte("child")) {
		t.Errorf("it is on the disk in the clear: %v", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) > 0 {
		t.Errorf("the file has a name: %v, %v", left, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(l.reader()); err == nil {
		t.Error("it can be read when it is closed")
	}
}
