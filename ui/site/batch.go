package site

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster"
)

// BatchKind is what the posters of many cases are made into.
type BatchKind string

const (
	Zip    BatchKind = "zip"    // a file each, in one archive
	Book   BatchKind = "pdf"    // all behind one another
	Strips BatchKind = "strips" // a PDF with three cases to a strip, for a board
)

// BatchKinds returns all of them, in the order in which a form offers them. The caller owns the slice.
func BatchKinds() []BatchKind { return []BatchKind{Zip, Book, Strips} }

// Suffix is how the name of a file of the kind ends.
func (k BatchKind) Suffix() string {
	if k == Zip {
		return ".zip"
	}
	return ".pdf"
}

// Batch makes the posters of open cases of our own that the public may see into one file. It works on as many of them at once as there are processors, and keeps one more in memory. The same cases give the same bytes.
type Batch struct {
	Posters *Posters
	Kind    BatchKind
	// Cases are those to make posters of, in their order. None is all of them, the newest first.
	Cases []protocol.Ref
	// Query is what each poster is to be like, as Posters.Ask has it; Locale the language if it asks for none. A strip has
	// the first language only.
	Query  url.Values
	Locale *i18n.Locale
	// Desk returns what only the owner knows of a case.
	Desk func(protocol.Ref) (poster.Desk, error)
	// Progress is told how many of all cases are done. It is not called twice at once.
	Progress func(done, all int)
}

// Made is what a batch became. A case that was closed while it was made is in neither list.
type Made struct {
	// Cases are in the file. With none, what was written is of no use.
	Cases []MadeCase
	// Left were left out, each for what stops its poster.
	Left []LeftOut
}

// MadeCase is a case as it stands in a file.
type MadeCase struct {
	Ref protocol.Ref
	Rev uint64
}

// LeftOut is a case whose poster would do harm.
type LeftOut struct {
	Ref    protocol.Ref
	Number string
	Stops  []poster.Advice
}

// Check says what is wrong with what is asked for; nil if nothing is.
func (b *Batch) Check() error {
	var in poster.Input
	if err := b.Posters.Ask(&in, b.Query, b.Locale); err != nil {
		return err
	}
	if !slices.Contains(BatchKinds(), b.Kind) || b.Kind != Zip && in.Format.Screen() {
		return errAsked
	}
	return nil
}

// Write makes the file. When ctx ends it stops soon and returns the error of ctx.
func (b *Batch) Write(ctx context.Context, w io.Writer) (*Made, error) {
	if err := b.Check(); err != nil {
		return nil, err
	}
	refs := b.Cases
	if len(refs) == 0 {
		all, err := b.Posters.Own()
		if err != nil {
			return nil, err
		}
		for _, shown := range all {
			refs = append(refs, shown.Ref)
		}
	}
	// The next is waited for, the others stand in the queue.
	queue := make(chan chan *sheet, runtime.GOMAXPROCS(0))
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(queue)
		for _, ref := range refs {
			done := make(chan *sheet, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return ctx.Err()
			}
			g.Go(func() error {
				s, err := b.sheet(ref)
				if err != nil {
					return fmt.Errorf("poster of case %s: %w", ref, err)
				}
				done <- s
				return nil
			})
		}
		return nil
	})
	out := &binder{batch: b, w: w, names: map[string]bool{}}
	g.Go(func() error {
		n := 0
		for done := range queue {
			var s *sheet
			select {
			case s = <-done:
			case <-ctx.Done():
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := out.add(s); err != nil {
				return err
			}
			n++
			b.Progress(n, len(refs))
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		return out.close()
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return &out.made, nil
}

// Holds says whether every case of a file still stands as it does there: what does not must not be handed out.
func (m *Made) Holds(p *store.Public) (bool, error) {
	for _, c := range m.Cases {
		shown, err := p.Case(c.Ref)
		if gone(err) || err == nil && shown.Rev != c.Rev {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrGone) }

// sheet is the poster of one case.
type sheet struct {
	shown *store.Shown // nil if the case is not shown any more
	in    poster.Input
	file  []byte // nil if the kind is Strips
	stops []poster.Advice
}

func (b *Batch) sheet(ref protocol.Ref) (*sheet, error) {
	shown, err := b.Posters.Public.Case(ref)
	if gone(err) {
		return &sheet{}, nil
	}
	if err != nil {
		return nil, err
	}
	if !shown.Own {
		return &sheet{}, nil // whether it may be hung up is for its country to say
	}
	s := &sheet{shown: shown}
	if s.in, err = b.Posters.Of(shown); err != nil {
		return nil, err
	}
	paper := s.in.Format
	if err := b.Posters.Ask(&s.in, b.Query, b.Locale); err != nil {
		return nil, err
	}
	if b.Kind == Strips {
		s.in.Format, s.in.Locales, s.in.TearOff, s.in.Together = paper, s.in.Locales[:1], false, false
	}
	if err := b.Posters.AddShown(&s.in, shown); errors.Is(err, store.ErrGone) {
		return &sheet{}, nil
	} else if err != nil {
		return nil, err
	}
	desk, err := b.Desk(ref)
	if err != nil {
		return nil, err
	}
	proof, err := poster.Preflight(s.in, desk)
	if err != nil {
		return nil, err
	}
	if s.stops = proof.Stops(); len(s.stops) == 0 && b.Kind != Strips {
		s.file, err = proof.Print()
	}
	return s, err
}

// binder puts sheets into the file, in their order.
type binder struct {
	batch *Batch
	w     io.Writer
	made  Made
	zip   *zip.Writer
	names map[string]bool // that the archive has, in small letters
	book  *poster.Book
	first *store.Shown   // in the file, the newest
	row   []poster.Input // of the strip that is being filled
}

// onStrip is how many cases stand side by side on a strip.
const onStrip = 3

func (o *binder) add(s *sheet) error {
	switch {
	case s.shown == nil:
		return nil
	case len(s.stops) > 0:
		o.made.Left = append(o.made.Left, LeftOut{s.shown.Ref, s.shown.Case.Number, s.stops})
		return nil
	}
	o.made.Cases = append(o.made.Cases, MadeCase{s.shown.Ref, s.shown.Rev})
	if o.first == nil {
		o.first = s.shown
	}
	switch o.batch.Kind {
	case Zip:
		return o.pack(s)
	case Book:
		return o.bind(s.file)
	}
	if o.row = append(o.row, s.in); len(o.row) < onStrip {
		return nil
	}
	return o.strip()
}

// pack puts a poster into the archive under its case number.
func (o *binder) pack(s *sheet) error {
	if o.zip == nil {
		o.zip = zip.NewWriter(o.w)
	}
	name, suffix := FileName(s.shown.Case.Number), ".pdf"
	if s.in.Format.Screen() {
		suffix = ".jpg"
	}
	if name == "" || o.names[strings.ToLower(name)] {
		name += "-" + s.shown.Ref.String()
	}
	o.names[strings.ToLower(name)] = true
	f, err := o.zip.CreateHeader(&zip.FileHeader{Name: name + suffix, Method: zip.Store, Modified: s.shown.At.UTC()})
	if err == nil {
		_, err = f.Write(s.file)
	}
	if err != nil {
		return fmt.Errorf("pack posters: %w", err)
	}
	return nil
}

func (o *binder) bind(pdf []byte) error {
	if o.book == nil {
		o.book = poster.NewBook(o.w)
	}
	return o.book.Add(pdf)
}

func (o *binder) strip() error {
	pdf, err := poster.Strip(o.row)
	if err != nil {
		return err
	}
	o.row = nil
	return o.bind(pdf)
}

// close ends the file.
func (o *binder) close() error {
	if len(o.row) > 0 {
		if err := o.strip(); err != nil {
			return err
		}
	}
	switch {
	case o.zip != nil:
		if err := o.zip.Close(); err != nil {
			return fmt.Errorf("pack posters: %w", err)
		}
	case o.book != nil:
		return o.book.Close(o.first.At)
	}
	return nil
}
