package site

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/poster"
)

// batch asks for posters of all cases of the world's country.
func (w *world) batch(kind BatchKind, ask string) *Batch {
	w.Helper()
	query, err := url.ParseQuery(ask)
	w.check(err)
	l, _ := w.cfg.Bundle.Locale("en")
	return &Batch{Posters: &Posters{Public: w.cfg.Public, Bundle: w.cfg.Bundle, Look: w.cfg.Look, BaseURL: w.cfg.BaseURL}, Kind: kind, Query: query,
		Locale: l, Progress: func(int, int) {},
		Desk: func(protocol.Ref) (poster.Desk, error) { return poster.Desk{LegalBasis: true, Today: time.Now()}, nil }}
}

func (w *world) write(b *Batch) ([]byte, *Made) {
	w.Helper()
	var out bytes.Buffer
	made, err := b.Write(context.Background(), &out)
	w.check(err)
	return out.Bytes(), made
}

// numbered is a case with little in it.
func numbered(number string, what protocol.Text) protocoltest.Seed {
	return protocoltest.Seed{Case: protocol.Case{Number: number, Kind: protocol.EndangeredMissing, Since: protocol.Date{Year: 2026, Month: 1, Day: 4}, What: what,
		From: protocol.Place{Country: "XA", Locality: "Port Avel"}, Children: []protocol.Child{{Name: "Ilse Marwood", Sex: "female", Age: protocol.Age{Min: 9, Max: 9, Unit: protocol.Years}}}}}
}

// TestBatchAsArchive: the archive has the posters that the site gives, the newest first, and says what it left out.
func TestBatchAsArchive(t *testing.T) {
	w := newWorld(t, "XA", languages, true, numbered("XA/1", nil), numbered("xa 1", nil), numbered("XA-stop", protocol.Text{"en": "Call his aunt: 0171 555-0123."}))
	b := w.batch(Zip, "size=A5&in=fr")
	steps, all := 0, 0
	b.Progress = func(done, of int) {
		if done != steps+1 {
			t.Errorf("after %d came %d", steps, done)
		}
		steps, all = done, of
	}
	file, made := w.write(b)
	if again, _ := w.write(w.batch(Zip, "size=A5&in=fr")); !bytes.Equal(file, again) {
		t.Error("the same cases give other bytes")
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	w.check(err)
	own := len(w.own())
	if steps != own || all != own || len(z.File) != own-1 || len(made.Cases) != own-1 {
		t.Fatalf("%d of %d done, %d files, %d made; want %d", steps, all, len(z.File), len(made.Cases), own-1)
	}
	if len(made.Left) != 1 || made.Left[0].Number != "XA-stop" || made.Left[0].Stops[0].Key != "personal" {
		t.Errorf("left out: %+v", made.Left)
	}
	names := map[string]bool{}
	last := time.Now()
	for i, f := range z.File {
		shown, err := w.cfg.Public.Case(made.Cases[i].Ref)
		w.check(err)
		if !f.Modified.Equal(shown.At.Truncate(time.Second)) || f.Method != zip.Store || shown.At.After(last) {
			t.Errorf("%s is of %v, %d, after %v", f.Name, f.Modified, f.Method, last)
		}
		names[f.Name], last = true, shown.At
		r, err := f.Open()
		w.check(err)
		pdf, err := io.ReadAll(r)
		w.check(err)
		if want := w.get("/fr/cases/" + shown.Ref.String() + "/poster.pdf?size=A5").body; string(pdf) != want {
			t.Errorf("%s is not the poster that the site gives", f.Name)
		}
	}
	if !names["XA-2026-001.pdf"] || !names["XA-1.pdf"] || !names["xa-1-"+w.refs["xa 1"].String()+".pdf"] {
		t.Errorf("names: %v", names)
	}
	pictures, _ := w.write(w.batch(Zip, "size=square"))
	if z, err = zip.NewReader(bytes.NewReader(pictures), int64(len(pictures))); err != nil || !strings.HasSuffix(z.File[0].Name, ".jpg") {
		t.Errorf("pictures to share: %v", err)
	}
}

// own returns the country's own cases that are shown.
func (w *world) own() []*store.Shown {
	w.Helper()
	found, _, err := w.cfg.Public.List(store.Query{Limit: 1000})
	w.check(err)
	return found
}

func TestBatchAsPDF(t *testing.T) {
	w := newWorld(t, "XA", languages, true, numbered("XA-stop", protocol.Text{"en": "Call his aunt: 0171 555-0123."}))
	for kind, pages := range map[BatchKind]int{Book: 2 * (len(w.own()) - 1), Strips: (len(w.own()) - 1 + 2) / 3} {
		file, made := w.write(w.batch(kind, "in=en&in=ar"))
		again, _ := w.write(w.batch(kind, "in=en&in=ar"))
		if !bytes.HasPrefix(file, []byte("%PDF")) || !bytes.Contains(file, fmt.Appendf(nil, "/Count %d\n>>\nendobj\n2 0 obj", pages)) || !bytes.Equal(file, again) {
			t.Errorf("%s: not %d pages, or other bytes the second time", kind, pages)
		}
		if len(made.Left) != 1 || len(made.Cases) != len(w.own())-1 {
			t.Errorf("%s: %d cases, left out %v", kind, len(made.Cases), made.Left)
		}
	}
	for kind, ask := range map[BatchKind]string{Book: "size=story", Strips: "size=wide", Zip: "in=xx", "tar": ""} {
		if _, err := w.batch(kind, ask).Write(context.Background(), io.Discard); !errors.Is(err, errAsked) {
			t.Errorf("%s of %q: %v", kind, ask, err)
		}
	}
}

// TestBatchOfSome: the cases that are named, in their order, and of no other country's.
func TestBatchOfSome(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	own, foreign := w.own(), protocol.Ref{}
	for _, ref := range w.refs {
		if shown, err := w.cfg.Public.Case(ref); err == nil && !shown.Own {
			foreign = ref
		}
	}
	if foreign == (protocol.Ref{}) {
		t.Fatal("there is no case of another country")
	}
	for _, kind := range BatchKinds() {
		b := w.batch(kind, "")
		b.Cases = []protocol.Ref{own[3].Ref, foreign, own[1].Ref}
		_, made := w.write(b)
		if len(made.Cases) != 2 || made.Cases[0].Ref != own[3].Ref || made.Cases[1].Ref != own[1].Ref || len(made.Left) != 0 {
			t.Errorf("%s: %v of %v", kind, made, b.Cases)
		}
	}
}

// TestBatchOfWhatChanges: a batch ends when it is told to, and its file does not outlive a case.
func TestBatchOfWhatChanges(t *testing.T) {
	w := newWorld(t, "XA", languages, true)
	ctx, cancel := context.WithCancel(context.Background())
	b := w.batch(Zip, "")
	b.Progress = func(done, _ int) {
		if done == 2 {
			cancel()
		}
		if done > 2 {
			t.Errorf("it went on to %d", done)
		}
	}
	if _, err := b.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("a batch that was cancelled: %v", err)
	}
	b = w.batch(Zip, "")
	all := w.own()
	oldest := all[0]
	for _, c := range all {
		if c.At.Before(oldest.At) {
			oldest = c
		}
	}
	_, made := w.write(b)
	if holds, err := made.Holds(w.cfg.Public); err != nil || !holds {
		t.Errorf("a fresh file: %v, %v", holds, err)
	}
	during := w.batch(Zip, "")
	during.Progress = func(done, _ int) {
		if done == 1 {
			w.close(oldest.Case.Number)
		}
	}
	_, second := w.write(during)
	if holds, err := made.Holds(w.cfg.Public); err != nil || holds {
		t.Errorf("the file has a child that was found: %v, %v", holds, err)
	}
	// Its poster may have been made just before it was closed. Then the file does not hold.
	if holds, err := second.Holds(w.cfg.Public); err != nil || holds != (len(second.Cases) == len(all)-1) {
		t.Errorf("%d cases of %d: %v, %v", len(second.Cases), len(all), holds, err)
	}
}

// BenchmarkBatch makes 1,000 posters of two photos each, with the grain and the size of those that a telephone takes. The
// photos were put as an upload puts them, so their prints are kept, and what is measured is to find each case, to read,
// open and place its prints, to set its poster and to write it into the file. The cases share twenty photos. Run it with
// -benchtime 1x.
func BenchmarkBatch(b *testing.B) {
	look := protocoltest.Invent(3, 9)
	grain := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		look.Seed = int64(i)
		drawGrained(b, look, grain)
	}
	var more []protocoltest.Seed
	for i := range 1000 {
		seed := numbered(fmt.Sprintf("XA-%04d", i), protocol.Text{"en": "She was last seen at the harbour, on her way to the ferry."})
		for n := range 2 {
			look.Seed = int64(i%10*2 + n)
			seed.Photos = append(seed.Photos, protocoltest.SeedPhoto{Look: look, Kind: protocol.Portrait, Taken: protocol.Date{Year: 2025}})
		}
		more = append(more, seed)
	}
	w := newWorld(b, "XA", languages, true, more...)
	for _, kind := range BatchKinds() {
		b.Run(string(kind), func(b *testing.B) {
			var peak atomic.Uint64
			stop := make(chan struct{})
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				for {
					var m runtime.MemStats
					runtime.ReadMemStats(&m)
					peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
					select {
					case <-stop:
						return
					case <-time.After(50 * time.Millisecond):
					}
				}
			}()
			runtime.GC()
			began := spent(b)
			for b.Loop() {
				var size counter
				made, err := w.batch(kind, "size=A4").Write(context.Background(), &size)
				if err != nil || len(made.Cases) < 1000 {
					b.Fatal(len(made.Cases), err)
				}
				b.ReportMetric(float64(len(made.Cases)), "posters")
				b.ReportMetric(float64(len(drawn.clean[look].Full))/(1<<10), "KiB/photo")
				b.ReportMetric(float64(size)/(1<<20), "MiB/file")
			}
			close(stop)
			<-ended
			b.ReportMetric((spent(b)-began).Seconds()/float64(b.N), "cpu-s/op") // on a machine that others use too, this is the time that counts
			b.ReportMetric(float64(peak.Load())/(1<<20), "MiB/peak")
		})
	}
}

// spent is the processor time of this process so far.
func spent(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(len(b))
	return len(b), nil
}
