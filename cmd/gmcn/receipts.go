package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// boardRow is one closed case with what members have signed about it.
type boardRow struct {
	ID      protocol.CaseID `json:"id"`
	Ref     protocol.Ref    `json:"reference"`
	Number  string          `json:"number"`
	At      time.Time       `json:"at"`
	Members []boardMember   `json:"members"`
}

type boardMember struct {
	Country     string `json:"country"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	Removed     bool   `json:"removed,omitempty"`
	// Marked and Swept are when it had hidden and erased the case; absent while it has not confirmed it.
	Marked time.Time `json:"hidden,omitzero"`
	Swept  time.Time `json:"erased,omitzero"`
	Equal  bool      `json:"holds_what_we_published"`
	// ShownUntil is until when it may still be showing the case.
	ShownUntil time.Time `json:"shown_until,omitzero"`
}

func (c *control) board(*http.Request) ([]boardRow, error) {
	all, err := c.node.Board()
	if err != nil {
		return nil, err
	}
	rows := make([]boardRow, len(all))
	for i, t := range all {
		rows[i] = boardRow{ID: t.ID, Ref: t.Ref, Number: t.Number, At: t.At, Members: []boardMember{}}
		for _, m := range t.Members {
			_, name := m.Card.Names.Pick("en")
			rows[i].Members = append(rows[i].Members, boardMember{Country: m.Card.Country, Name: name, Fingerprint: m.Card.Origin().Fingerprint(),
				Removed: m.Removed, Marked: m.Marked, Swept: m.Swept, Equal: m.Equal, ShownUntil: m.ShownUntil})
		}
	}
	return rows, nil
}

// reportText is a signed report on a closed case.
type reportText struct {
	Text string `json:"text"`
}

func (c *control) report(r *http.Request) (reportText, error) {
	id, err := protocol.ParseCaseID(r.PathValue("id"))
	if err != nil {
		return reportText{}, err
	}
	report, err := c.node.Report(id)
	if err != nil {
		return reportText{}, err
	}
	return reportText{report.Text()}, nil
}

var caseReceiptsCommand = command{
	name:  "case receipts",
	args:  "CASE",
	brief: "say who has confirmed that a closed case is gone",
	help: `CASE is the number, the id or the reference of a closed case. HIDDEN and ERASED are when each organisation says that it
hid and erased the case; SAME says that it then held exactly what this country had published. Who has not confirmed may
show the case until the time that stands there, and nobody after it.

-o writes the report: the same for a court or the family, with all receipts, signed. Anybody checks it with
gmcn verify-report.

Example:
  gmcn case receipts -dir xa XA-2026-001 -o report.txt`,
	run: func(c *call) error {
		dir := c.dir()
		file := c.flags.String("o", "", "write the signed report to `FILE`; - for the output")
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		cl, board, err := ask[[]boardRow](*dir, "/board")
		if err != nil {
			return err
		}
		defer cl.close()
		var found []boardRow
		for _, b := range board {
			if strings.EqualFold(args[0], b.ID.String()) || strings.EqualFold(args[0], b.Ref.String()) || strings.EqualFold(args[0], b.Number) {
				found = append(found, b)
			}
		}
		switch {
		case len(found) == 0:
			return fmt.Errorf("this country has closed no case %q; gmcn case list has them", args[0])
		case len(found) > 1:
			return fmt.Errorf("%d closed cases have the number %s; name one by its id, which gmcn case list has", len(found), args[0])
		}
		if *file == "" {
			return c.writeBoard(found[0], time.Now())
		}
		var report reportText
		if err := cl.fetch("/cases/"+found[0].ID.String()+"/report", &report); err != nil {
			return err
		}
		if *file == "-" {
			_, err := io.WriteString(c.out, report.Text)
			return err
		}
		if err := os.WriteFile(*file, []byte(report.Text), 0o644); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "Wrote %s. Anybody can check it: gmcn verify-report %s\n", *file, *file)
		return nil
	},
}

func (c *call) writeBoard(b boardRow, now time.Time) error {
	done := 0
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	when := func(t time.Time) string {
		if t.IsZero() {
			return "-"
		}
		return t.UTC().Format(time.DateTime)
	}
	fmt.Fprintln(w, "COUNTRY\tHIDDEN (UTC)\tERASED (UTC)\tSAME\tFINGERPRINT\tORGANISATION")
	for _, m := range b.Members {
		note, same := "", "-"
		if m.Removed {
			note = " (removed)"
		}
		if m.ShownUntil.After(now) {
			note += " may show it until " + when(m.ShownUntil)
		}
		if !m.Swept.IsZero() {
			done++
		}
		if m.Equal {
			same = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s%s\n", m.Country, when(m.Marked), when(m.Swept), same, m.Fingerprint, m.Name, note)
	}
	fmt.Fprintf(c.out, "Case %s, closed %s UTC: erased by %d of %d.\n", b.Number, when(b.At), done, len(b.Members))
	if len(b.Members) == 0 {
		return nil
	}
	return w.Flush()
}

var verifyReportCommand = command{
	name:  "verify-report",
	args:  "FILE",
	brief: "check a takedown report that somebody gave you",
	help: `FILE is what gmcn case receipts -o or the console wrote, or - for the input. Every signature in it is checked, and that
the words are those that were signed. No node, no connection and no account is needed. Then compare the fingerprint of the
publisher with the one that it gives you by another way, such as by telephone: the file cannot vouch for that.

Example:
  gmcn verify-report report.txt`,
	run: func(c *call) error {
		args, err := c.parse(1, 1)
		if err != nil {
			return err
		}
		in := io.Reader(c.in)
		if args[0] != "-" {
			f, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			in = f
		}
		text, err := io.ReadAll(io.LimitReader(in, protocol.MaxReport+1))
		if err != nil {
			return fmt.Errorf("read %s: %w", args[0], err)
		}
		r, err := protocol.ParseReport(text)
		if err != nil {
			return fmt.Errorf("%s does not hold: %w", args[0], err)
		}
		_, name := r.Owner().Names.Pick("en")
		fmt.Fprintf(c.out, "The report holds: every signature in it is good.\n\npublisher    %s (%s)\nfingerprint  %s\ncase         %s\nreference    %s\n"+
			"erased by    %d of %d\n\nNow compare the fingerprint with the one that the publisher gives you by another way.\n",
			name, r.Owner().Country, r.Origin.Fingerprint(), r.Number, r.Record().Header().Ref(), r.Confirmed(), len(r.Lines()))
		return nil
	},
}
