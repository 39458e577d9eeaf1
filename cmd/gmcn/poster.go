package main

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/gmcn/gmcn/protocol"
)

var posterCommand = command{
	name:  "poster",
	args:  "CASE",
	brief: "make the poster of a case as a PDF",
	help: `CASE is a number or an id of this country's cases, or the reference of any case that this site shows, which is the last
part of its address. It is the very poster that the site gives. Its language need not be one of the site's; two languages
have a page each. -o - writes to the output.

Example:
  gmcn poster -dir xa XA-2026-001 -lang fr,uk -size A4 -o poster.pdf`,
	run: runPoster,
}

func runPoster(c *call) error {
	dir := c.dir()
	lang := c.flags.String("lang", "", "`LANGUAGE` of the poster, or two with a comma; else the site's main one")
	size := c.flags.String("size", "A4", "`SIZE` of the paper: A4, A5 or letter")
	out := c.flags.String("o", "", "write to `FILE`")
	args, err := c.parse(1, 1)
	if err != nil {
		return err
	}
	if *size != "A4" && *size != "A5" && *size != "letter" {
		return c.misuse("-size is A4, A5 or letter, not %q", *size)
	}
	if *out == "" {
		return c.misuse("-o is missing: where is the poster to go?")
	}
	cl, err := connect(*dir)
	if err != nil {
		return err
	}
	defer cl.close()
	card, err := cl.card()
	if err != nil {
		return err
	}
	ask := url.Values{"size": {*size}}
	if *lang != "" {
		ask["in"] = strings.Split(*lang, ",")
	}
	ref, err := cl.reference(card, args[0])
	if err != nil {
		return err
	}
	status, pdf, err := cl.page("/" + card.Languages[0] + "/cases/" + ref.String() + "/poster.pdf?" + ask.Encode())
	switch {
	case err != nil:
		return err
	case status == http.StatusBadRequest:
		home, err := openCountry(*dir)
		if err != nil {
			return err
		}
		return fmt.Errorf("there is no poster in %q; write one or two of %s", *lang, strings.Join(tagsOf(home.bundle.PosterLocales()), ", "))
	case status == http.StatusGone:
		return fmt.Errorf("case %s is closed", args[0])
	case status == http.StatusNotFound:
		return fmt.Errorf("the site does not show case %s now: it was never published, or its time for review has passed", args[0])
	case status == http.StatusNotAcceptable:
		return fmt.Errorf("this poster needs letters that no font here has; try another -lang")
	case status != http.StatusOK:
		return fmt.Errorf("the site answers %d for the poster of case %s", status, args[0])
	}
	if *out == "-" {
		_, err = c.out.Write(pdf)
		return err
	}
	return os.WriteFile(*out, pdf, 0o644)
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
