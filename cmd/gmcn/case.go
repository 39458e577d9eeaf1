package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
)

// caseFile is a case as the commands read and write it.
type caseFile struct {
	// ID is given to revise a case that is there.
	ID *protocol.CaseID `json:"id,omitempty"`
	// Status is written by "case show" and is not read.
	Status  *caseStatus      `json:"status,omitempty"`
	Case    protocol.Case    `json:"case"`
	Members protocol.Members `json:"members"`
	Local   protocol.Local   `json:"local"`
	Photos  []casePhoto      `json:"photos"`
}

// caseStatus is what gmcn knows of a case beside what an officer wrote.
type caseStatus struct {
	Ref      protocol.Ref `json:"reference"`
	Address  string       `json:"address"`
	Revision uint64       `json:"revision"`
	// Dirty says that the case was changed at the desk since it was published.
	Dirty   bool      `json:"unpublished_changes,omitempty"`
	Changed time.Time `json:"changed"`
}

// casePhoto names a photo, either as a file or, one that the case has already, as what "case show" writes.
type casePhoto struct {
	// File is relative to the JSON file.
	File string `json:"file,omitempty"`
	// Keep is the CID of a photo that the case has.
	Keep    string             `json:"keep,omitempty"`
	Kind    protocol.PhotoKind `json:"kind"`
	Who     uint8              `json:"who,omitempty"`
	Taken   protocol.Date      `json:"taken,omitzero"`
	Caption protocol.Text      `json:"caption,omitempty"`
}

var casePublishCommand = command{
	name:  "case publish",
	args:  "FILE",
	brief: "publish a case from a JSON file with its photos",
	help: `FILE is JSON, or - for the input. "case" is for the public, "members" for the other countries, "local" never leaves this
one. A file with the "id" of a case publishes a new revision of it; gmcn case show writes such a file.

Photos stand in the file, their paths relative to it:
  "photos": [{"file": "mira.jpg", "kind": "portrait", "who": 0, "taken": "2026-01", "caption": {"en": "…"}}]
"who" is the index of the child, "keep" in place of "file" keeps a photo that the case has. -photo adds a portrait of the
first child. What a camera wrote into a photo, such as the place, is removed.

Example:
  gmcn case publish -example > case.json
  gmcn case publish -dir xa case.json -photo mira.jpg`,
	run: runPublish,
}

func runPublish(c *call) error {
	dir := c.dir()
	example := c.flags.Bool("example", false, "print a complete example, and publish nothing")
	var portraits []string
	c.flags.Func("photo", "add `FILE` as a portrait of the first child; may be repeated", func(s string) error {
		portraits = append(portraits, s)
		return nil
	})
	least := 1
	if slices.Contains(c.args, "-example") || slices.Contains(c.args, "--example") {
		least = 0
	}
	args, err := c.parse(least, 1)
	if err != nil {
		return err
	}
	if *example {
		return c.writeJSON(exampleCase(time.Now()))
	}
	f, err := c.readCase(args[0])
	if err != nil {
		return err
	}
	for i, p := range f.Photos {
		if p.File != "" && !filepath.IsAbs(p.File) && args[0] != "-" {
			f.Photos[i].File = filepath.Join(filepath.Dir(args[0]), p.File)
		}
	}
	for _, file := range portraits {
		f.Photos = append(f.Photos, casePhoto{File: file, Kind: protocol.Portrait})
	}
	cl, err := connect(*dir)
	if err != nil {
		return err
	}
	defer cl.close()
	done, err := cl.publish(f)
	if err != nil {
		return err
	}
	if done.Waits == nil {
		fmt.Fprintf(c.out, "Published %s, revision %d.\n", done.Number, done.Rev)
	} else {
		fmt.Fprintf(c.out, "Saved %s, and on our own site. %s\n", done.Number, gateText(*done.Waits))
	}
	fmt.Fprintf(c.out, "id         %s\nreference  %s\naddress    %s\n", done.ID, done.Ref, done.Address)
	if cl.offline {
		fmt.Fprintf(c.err, "The node does not run: visitors and other countries see it when gmcn run -dir %s runs.\n", *dir)
	}
	return nil
}

// readCase reads a case file strictly, and says where it is wrong.
func (c *call) readCase(name string) (*caseFile, error) {
	in := io.Reader(c.in)
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		in = file
	}
	raw, err := readSome(in)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	f := &caseFile{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err = d.Decode(f)
	if err == nil && len(bytes.TrimSpace(raw[d.InputOffset():])) > 0 {
		err = errors.New("something follows the end of the case")
	}
	if err == nil {
		return f, nil
	}
	at := d.InputOffset()
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		at = int64(max(0, bytes.Index(raw, []byte(field))))
	}
	var form *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &form):
		at = form.Offset
	case errors.As(err, &kind):
		at, err = kind.Offset, fmt.Errorf("%s: a %s does not fit here", kind.Field, kind.Value)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		at, err = int64(len(bytes.TrimSpace(raw))), errors.New("it ends too early: a } or ] is missing")
	}
	line := 1 + bytes.Count(raw[:min(int(at), len(raw))], []byte("\n"))
	return nil, fmt.Errorf("%s, line %d: %s\ngmcn case publish -example prints a file that is right", name, line, strings.TrimPrefix(err.Error(), "json: "))
}

// publish sends the photos and then the case.
func (c *client) publish(f *caseFile) (*published, error) {
	d := store.Draft{Case: f.Case, Members: f.Members, Local: f.Local, Photos: []protocol.Photo{}}
	var has []protocol.Photo
	if f.ID != nil {
		d.ID = *f.ID
		old, err := c.find(f.ID.String())
		if err != nil {
			return nil, err
		}
		has = old.Photos
	}
	for i, p := range f.Photos {
		at := fmt.Sprintf("photos.%d", i)
		var info protocol.Photo
		switch {
		case (p.File == "") == (p.Keep == ""):
			return nil, fmt.Errorf(`%s: give either "file" or "keep"`, at)
		case p.Keep != "":
			n := slices.IndexFunc(has, func(q protocol.Photo) bool { return q.File.String() == p.Keep })
			if n < 0 {
				return nil, fmt.Errorf("%s: the case has no photo %s to keep", at, p.Keep)
			}
			info = has[n]
		default:
			if err := c.sendPhoto(p.File, &info); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", at, p.File, err)
			}
		}
		info.Kind, info.Who, info.Taken, info.Caption = p.Kind, p.Who, p.Taken, p.Caption
		d.Photos = append(d.Photos, info)
	}
	done := &published{}
	return done, c.post("/cases", &d, done)
}

func (c *client) sendPhoto(name string, info *protocol.Photo) error {
	f, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err) // the name is said already
	}
	defer f.Close()
	if s, err := f.Stat(); err != nil {
		return err
	} else if s.Size() > photo.MaxUploadBytes {
		return fmt.Errorf("%d MB, and at most %d are taken: save it smaller", s.Size()>>20, photo.MaxUploadBytes>>20)
	}
	return c.send("POST", "/photos", f, info)
}

// find returns the open case that a person names: by its id, its reference or its number.
func (c *client) find(name string) (*store.Draft, error) {
	var d desk
	if err := c.fetch("/cases", &d); err != nil {
		return nil, err
	}
	origin, err := c.origin()
	if err != nil {
		return nil, err
	}
	var found []*store.Draft
	for _, o := range d.Open {
		if strings.EqualFold(name, o.ID.String()) || strings.EqualFold(name, protocol.RefOf(origin, o.ID).String()) || strings.EqualFold(name, o.Case.Number) {
			found = append(found, o)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		lines := make([]string, len(found))
		for i, o := range found {
			lines[i] = fmt.Sprintf("  %s  since %s", o.ID, o.Case.Since)
		}
		return nil, fmt.Errorf("several cases have the number %s; name one by its id:\n%s", name, strings.Join(lines, "\n"))
	}
	for _, o := range d.Closed {
		if strings.EqualFold(name, o.ID.String()) || strings.EqualFold(name, o.Ref.String()) || strings.EqualFold(name, o.Number) {
			return nil, &refusal{Code: "closed", Message: fmt.Sprintf("case %s was closed on %s", o.Number, o.At.Format(time.DateOnly))}
		}
	}
	return nil, &refusal{Code: "notfound", Message: fmt.Sprintf("this country has no case %q; gmcn case list has them", name)}
}

// card fetches a card: ours from /card.
func (c *client) card(path string) (*protocol.Card, error) {
	var answer cardText
	if err := c.fetch(path, &answer); err != nil {
		return nil, err
	}
	return protocol.ParseCard([]byte(answer.Text))
}

func (c *client) origin() (protocol.Origin, error) {
	card, err := c.card("/card")
	if err != nil {
		return protocol.Origin{}, err
	}
	return card.Origin(), nil
}

func (c *call) writeJSON(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

var caseListCommand = command{
	name:  "case list",
	brief: "list the cases of this country",
	help: `REVISION is how often a case was published; a + says that it was changed at the desk since, waits and closing that the
other countries get the last decision when enough of them have been heard. Of closed cases nothing is left but the
number, the day and the reason.

Example:
  gmcn case list -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		cl, d, err := ask[desk](*dir, "/cases")
		if err != nil {
			return err
		}
		defer cl.close()
		w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NUMBER\tREVISION\tSINCE\tPHOTOS\tID\tCHILDREN")
		for _, o := range d.Open {
			rev := fmt.Sprint(o.PublishedRev)
			switch {
			case o.Waiting == store.WishClose:
				rev = "closing"
			case !o.Public():
				rev = "draft"
			case o.Dirty:
				rev += "+"
			}
			if o.Waiting != "" && o.Waiting != store.WishClose {
				rev += " waits"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%s\n", o.Case.Number, rev, o.Case.Since, len(o.Photos), o.ID, strings.Join(o.Case.Title(), ", "))
		}
		for _, o := range d.Closed {
			fmt.Fprintf(w, "%s\tclosed\t%s\t\t%s\t(%s)\n", o.Number, o.At.Format(time.DateOnly), o.ID, o.Reason)
		}
		return w.Flush()
	},
}

var caseShowCommand = command{
	name:  "case show",
	args:  "CASE",
	brief: "print a case of this country as JSON",
	help: `CASE is a number, an id or a reference, as gmcn case list and the site have them. What is printed is what gmcn case
publish reads, so a case is revised by editing it. It holds everything, also what never leaves this country.

Example:
  gmcn case show -dir xa XA-2026-001 > case.json`,
	run: func(c *call) error {
		dir := c.dir()
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		d, err := cl.find(args[0])
		if err != nil {
			return err
		}
		card, err := cl.card("/card")
		if err != nil {
			return err
		}
		ref := protocol.RefOf(card.Origin(), d.ID)
		f := caseFile{ID: &d.ID, Case: d.Case, Members: d.Members, Local: d.Local, Photos: []casePhoto{},
			Status: &caseStatus{Ref: ref, Address: card.Site + "/c/" + ref.String(), Revision: d.PublishedRev,
				Dirty: d.Dirty && d.PublishedRev > 0, Changed: d.Changed}}
		for _, p := range d.Photos {
			f.Photos = append(f.Photos, casePhoto{Keep: p.File.String(), Kind: p.Kind, Who: p.Who, Taken: p.Taken, Caption: p.Caption})
		}
		return c.writeJSON(f)
	},
}

var caseCloseCommand = command{
	name:  "case close",
	args:  "CASE",
	brief: "take a case down everywhere, for good",
	help: `CASE is a number, an id or a reference. The case leaves this country's site at once and every other site as soon as it
is reached; its photos are deleted. It cannot be undone. The reason stays here; nobody else learns it:
  ` + reasonList() + `

Example:
  gmcn case close -dir xa XA-2026-001 -reason located_safe`,
	run: func(c *call) error {
		dir := c.dir()
		reason := c.flags.String("reason", "", "`CODE` of the reason")
		yes := c.flags.Bool("yes", false, "do not ask")
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		if *reason == "" {
			return c.misuse("-reason is missing; one of %s", reasonList())
		}
		if protocol.ValidateReason(protocol.Reason(*reason)) != nil {
			return c.misuse("%q is no reason; one of %s", *reason, reasonList())
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		d, err := cl.find(args[0])
		if err != nil {
			return err
		}
		if err := c.confirm(*yes, fmt.Sprintf("Close case %s everywhere, for good?", d.Case.Number), ""); err != nil {
			return err
		}
		var done published
		if err := cl.post("/cases/"+d.ID.String()+"/close", map[string]string{"reason": *reason}, &done); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Closed %s. Its page now says only that it is closed.\n", d.Case.Number)
		if done.Waits != nil {
			fmt.Fprintln(c.out, gateText(*done.Waits))
		}
		if cl.offline {
			fmt.Fprintf(c.err, "The node does not run: other countries learn of it when gmcn run -dir %s runs. Start it soon.\n", *dir)
		}
		return nil
	},
}

func reasonList() string {
	var codes []string
	for _, r := range protocol.Reasons() {
		codes = append(codes, string(r))
	}
	return strings.Join(codes, ", ")
}

// exampleCase is a case of nobody, with every field that an officer may fill in.
func exampleCase(now time.Time) caseFile {
	since := now.AddDate(0, 0, -3)
	measured := protocol.Date{Year: uint16(since.Year()) - 1}
	return caseFile{
		Case: protocol.Case{
			Number: "EXAMPLE-001", Kind: protocol.EndangeredMissing, Urgent: true,
			Children: []protocol.Child{{
				Name: "Example Child", OtherNames: []string{"Παράδειγμα Παιδιού"}, BirthYear: uint16(since.Year() - 12),
				Age: protocol.Age{Min: 11, Max: 12, Unit: protocol.Years}, Sex: "female", Eyes: "brown",
				Hair: []protocol.HairColour{"black"}, HairDyed: true,
				Height: protocol.Height{Min: 142, Max: 148, AsOf: measured}, Weight: protocol.Weight{Min: 360, Max: 380, AsOf: measured},
				Languages:  []string{"en", "fr"},
				Marks:      protocol.Text{"en": "A small scar above the left eyebrow.", "fr": "Une petite cicatrice au-dessus du sourcil gauche."},
				Clothing:   protocol.Text{"en": "Green jacket, grey trousers.", "fr": "Veste verte, pantalon gris."},
				Appearance: protocol.Text{"en": "Wears round glasses.", "fr": "Porte des lunettes rondes."},
			}},
			Companions: []protocol.Companion{{Name: "Example Adult", Relation: "relative", Sex: "unknown"}},
			Since:      protocol.DateOf(since), From: protocol.Place{Country: "XA", Area: "Example County", Locality: "Exampleton"},
			What:   protocol.Text{"en": "Last seen at the bus station.", "fr": "Vue pour la dernière fois à la gare routière."},
			Agency: protocol.Agency{Name: "Example Police", Phone: "+0 99 011"},
		},
		Members: protocol.Members{
			Children:     []protocol.MemberChild{{Birth: protocol.Date{Year: uint16(since.Year() - 12)}, Nationalities: []string{"XA"}}},
			Destinations: []string{"A relative in Sampletown"}, LegalBasis: "guardian_consent",
		},
		Local:  protocol.Local{Guardian: "Example Guardian", Contact: "+0 99 012", LegalBasis: "guardian_consent"},
		Photos: []casePhoto{},
	}
}
