package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/poster"
	"github.com/gmcn/gmcn/ui/site"
)

var posterCommand = command{
	name:  "poster",
	args:  "CASE...",
	brief: "make the poster of a case, of several or of all",
	help: `CASE is a number or an id of this country's cases, or the reference of any case that this site shows, which is the last
part of its address. It is the very poster that the site gives: a PDF, or a JPEG of the sizes square, story and wide. Its
language need not be one of the site's; two languages have a page each. -o - writes to the output.

What could be better about the poster of a case of this country is said on the error stream. One that would do harm is not
written, and it is said why. Another country's poster is that country's to judge: it is written as its site gives it.

Of several cases of this country, in the order in which they are named, the posters come a file each into NAME.zip, or all into
one NAME.pdf. -all is all open cases that the public sees, the newest first. With -strip the PDF has strips for a board instead,
three cases side by side, as wide as A3. Cases whose posters would do harm are left out and named. Ctrl-C leaves no file. Do not
keep the file: when a child has been found its poster must not be printed any more.

Examples:
  gmcn poster -dir xa XA-2026-001 -lang fr,uk -size A4 -o poster.pdf
  gmcn poster -dir xa -strip XA-2026-001 XA-2026-007 XA-2026-012 -o board.pdf
  gmcn poster -dir xa -all -bw -o posters.zip`,
	run: runPoster,
}

func runPoster(c *call) error {
	dir := c.dir()
	var sizes []string
	for _, f := range poster.Formats() {
		sizes = append(sizes, string(f))
	}
	lang := c.flags.String("lang", "", "`LANGUAGE` of the poster, or two with a comma; else the site's main one")
	size := c.flags.String("size", "", "`SIZE`: "+strings.Join(sizes, ", ")+"; else the paper of the country")
	heading := c.flags.String("heading", "", "`HEADING`: missing or helpfind; else missing")
	facts := c.flags.String("fact", "", fmt.Sprintf("`FACTS` to show, at most %d, with commas: %s; else the most useful", poster.MaxFacts, strings.Join(poster.Facts(), ", ")))
	together := c.flags.Bool("together", false, "two languages that read the same way on one page")
	bw := c.flags.Bool("bw", false, "black and white")
	tear := c.flags.Bool("tear", false, "strips with the number to tear off")
	all := c.flags.Bool("all", false, "the posters of all open cases")
	strip := c.flags.Bool("strip", false, "strips for a board, three cases side by side")
	out := c.flags.String("o", "", "write to `FILE`")
	args, err := c.parse(0, maxNamed)
	if err != nil {
		return err
	}
	switch {
	case !*all && len(args) == 0:
		return c.misuse("CASE is missing, or -all")
	case *size != "" && !slices.Contains(sizes, *size):
		return c.misuse("-size is one of %s, not %q", strings.Join(sizes, ", "), *size)
	case *heading != "" && *heading != "missing" && *heading != "helpfind":
		return c.misuse("-heading is missing or helpfind, not %q", *heading)
	case *out == "":
		return c.misuse("-o is missing: where is the poster to go?")
	case *all && len(args) > 0:
		return c.misuse("-all is for all cases: leave %s out", args[0])
	}
	many := *all || *strip || len(args) > 1
	ask := url.Values{}
	set := func(name, value string) {
		if value != "" {
			ask.Set(name, value)
		}
	}
	set("size", *size)
	set("heading", *heading)
	for name, on := range map[string]bool{"together": *together, "bw": *bw, "tear": *tear} {
		if on {
			set(name, "1")
		}
	}
	if *lang != "" {
		ask["in"] = strings.Split(*lang, ",")
	}
	if *facts != "" {
		ask["fact"] = strings.Split(*facts, ",")
		for _, f := range ask["fact"] {
			if !slices.Contains(poster.Facts(), f) {
				return c.misuse("-fact: %q is none of %s", f, strings.Join(poster.Facts(), ", "))
			}
		}
		if len(ask["fact"]) > poster.MaxFacts {
			return c.misuse("-fact: more than %d facts are not remembered", poster.MaxFacts)
		}
	}
	if many {
		kind := site.Zip
		switch ext := filepath.Ext(*out); {
		case *strip && ext != ".pdf":
			return c.misuse("strips are a PDF: -o ends in .pdf, not in %q", ext)
		case *strip:
			kind = site.Strips
		case ext == ".pdf":
			kind = site.Book
		case ext != ".zip":
			return c.misuse("of several cases -o ends in .zip or .pdf, not in %q", ext)
		}
		if kind != site.Zip && poster.Format(*size).Screen() {
			return c.misuse("%s is for screens: -o ends in .zip", *size)
		}
		set("kind", string(kind))
	}
	cl, err := connect(*dir)
	if err != nil {
		return err
	}
	defer cl.close()
	if many {
		return c.manyPosters(cl, *dir, args, ask, *out)
	}
	return c.onePoster(cl, *dir, args[0], ask, *out)
}

// onePoster writes the poster of a case.
func (c *call) onePoster(cl *client, dir, name string, ask url.Values, out string) error {
	card, err := cl.card("/card")
	if err != nil {
		return err
	}
	ref, err := cl.reference(card, name)
	if err != nil {
		return err
	}
	kind := ".pdf"
	if poster.Format(ask.Get("size")).Screen() {
		kind = ".jpg"
	}
	status, file, err := cl.page("/" + card.Languages[0] + "/cases/" + ref.String() + "/poster" + kind + "?" + ask.Encode())
	switch {
	case err != nil:
		return err
	case status == http.StatusBadRequest:
		return noSuchLanguage(dir, ask)
	case status == http.StatusGone:
		return fmt.Errorf("case %s is closed", name)
	case status == http.StatusNotFound:
		return fmt.Errorf("the site does not show case %s now: it was never published, or its time for review has passed", name)
	case status == http.StatusNotAcceptable:
		return fmt.Errorf("this poster needs letters that no font here has; try another -lang")
	case status != http.StatusOK:
		return fmt.Errorf("the site answers %d for the poster of case %s", status, name)
	}
	var advice []counsel
	if err := cl.fetch("/posters/"+ref.String()+"/advice?"+ask.Encode(), &advice); err != nil {
		return err
	}
	stops := ""
	for _, a := range advice {
		if a.Stop {
			stops += "\n  " + a.Text
		} else {
			fmt.Fprintf(c.err, "gmcn poster: %s\n", a.Text)
		}
	}
	if stops != "" {
		return fmt.Errorf("the poster of case %s would do harm:%s", name, stops)
	}
	if out == "-" {
		_, err = c.out.Write(file)
		return err
	}
	return os.WriteFile(out, file, 0o644)
}

// maxNamed is how many cases one call may name.
const maxNamed = 300

// manyPosters writes the posters of some cases of our own, or of all if none is named.
func (c *call) manyPosters(cl *client, dir string, names []string, ask url.Values, out string) error {
	home, err := openCountry(dir)
	if err != nil {
		return err
	}
	card, err := cl.card("/card")
	if err != nil {
		return err
	}
	for _, name := range names {
		d, err := cl.find(name)
		if err != nil {
			return err
		}
		if ref := protocol.RefOf(card.Origin(), d.ID).String(); !slices.Contains(ask["case"], ref) {
			ask.Add("case", ref)
		}
	}
	for _, tag := range ask["in"] {
		if _, ok := home.bundle.PosterLocale(tag); !ok || len(ask["in"]) > 2 {
			return noSuchLanguage(dir, ask)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	progress, told := func(int, int) {}, func() {}
	if f, ok := c.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		progress = func(done, all int) { fmt.Fprintf(f, "\r%d of %d posters", done, all) }
		told = func() { fmt.Fprintln(f) }
	}
	var end *outcome
	err = writeWhole(out, func(w io.Writer) (err error) {
		end, err = cl.posters(ctx, ask, w, progress)
		if err == nil && end.Made == 0 {
			err = errNoPosters
		}
		return err
	})
	told()
	if ctx.Err() != nil {
		return errors.New("cancelled; nothing was written")
	}
	if end != nil && len(end.Left) > 0 {
		fmt.Fprintf(c.err, "gmcn poster: %d were left out:\n", len(end.Left))
		for _, l := range end.Left {
			for _, s := range l.Stops {
				fmt.Fprintf(c.err, "  %s: %s\n", l.Number, s.Text)
			}
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%d posters are in %s. Do not keep it: when a child has been found its poster must not be printed any more.\n", end.Made, out)
	return nil
}

var errNoPosters = errors.New("there is no poster to make")

// noSuchLanguage says which languages there are.
func noSuchLanguage(dir string, ask url.Values) error {
	home, err := openCountry(dir)
	if err != nil {
		return err
	}
	return fmt.Errorf("there is no poster in %q; write one or two of %s", strings.Join(ask["in"], ","), strings.Join(tagsOf(home.bundle.PosterLocales()), ", "))
}

// writeWhole writes a file, of which nothing is left if do returns an error.
func writeWhole(path string, do func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".gmcn-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err = do(w); err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// reference returns the public reference of the case that a person names. One that is none of ours may be another
// country's: the site knows.
func (c *client) reference(card *protocol.Card, name string) (protocol.Ref, error) {
	d, err := c.find(name)
	if err == nil {
		return protocol.RefOf(card.Origin(), d.ID), nil
	}
	if no, ok := err.(*refusal); ok && no.Code == "notfound" {
		if ref, perr := protocol.ParseRef(name); perr == nil {
			return ref, nil
		}
	}
	return protocol.Ref{}, err
}
