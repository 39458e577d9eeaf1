package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/gmcn/gmcn/store"
)

var caseRenewCommand = command{
	name:  "case renew",
	args:  "CASE",
	brief: "confirm that a public case still stands",
	help: `A public case hides itself everywhere, on this country's site too, unless somebody confirms it before its review-by day.
Confirm only what somebody has checked: that the child is still missing. The case is published again as the public knows
it, without what was changed at the desk since. CASE is a number, an id or a reference. -all-due confirms every case that
is hidden for want of it, or will be within two weeks; it lists them and asks.

Example:
  gmcn case renew -dir xa XA-2026-001`,
	run: func(c *call) error {
		dir := c.dir()
		all := c.flags.Bool("all-due", false, "confirm every case that is due")
		yes := c.flags.Bool("yes", false, "do not ask")
		args, err := c.parse(0, 1)
		if err != nil {
			return err
		}
		if *all == (len(args) == 1) {
			return c.misuse("name one case, or say -all-due")
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		var chosen []*store.Draft
		if *all {
			if chosen, err = c.chooseDue(cl, *yes); err != nil {
				return err
			}
		} else {
			d, err := cl.find(args[0])
			if err != nil {
				return err
			}
			chosen = append(chosen, d)
		}
		for _, d := range chosen {
			var done renewed
			if err := cl.post("/cases/"+d.ID.String()+"/renew", struct{}{}, &done); err != nil {
				return fmt.Errorf("case %s: %w", d.Case.Number, err)
			}
			fmt.Fprintf(c.out, "Confirmed %s. To be confirmed again by %s.\n", d.Case.Number, done.ReviewBy.Format(time.DateOnly))
			if done.Waits != nil {
				fmt.Fprintln(c.out, gateText(*done.Waits))
			}
		}
		if cl.offline && len(chosen) > 0 {
			fmt.Fprintf(c.err, "The node does not run: other countries learn of it when gmcn run -dir %s runs.\n", *dir)
		}
		return nil
	},
}

// chooseDue lists the cases that are due, the most urgent first, and asks whether all of them were checked.
func (c *call) chooseDue(cl *client, yes bool) ([]*store.Draft, error) {
	var d desk
	if err := cl.fetch("/cases", &d); err != nil {
		return nil, err
	}
	due := slices.DeleteFunc(d.Open, func(o *store.Draft) bool { return d.Due[o.ID.String()].IsZero() })
	slices.SortStableFunc(due, func(a, b *store.Draft) int { return d.Due[a.ID.String()].Compare(d.Due[b.ID.String()]) })
	if len(due) == 0 {
		fmt.Fprintln(c.out, "No case is due.")
		return nil, nil
	}
	for _, o := range due {
		by := d.Due[o.ID.String()]
		word := "hides itself on"
		if !by.After(time.Now()) {
			word = "hidden since"
		}
		fmt.Fprintf(c.out, "%s  %s %s\n", o.Case.Number, word, by.Format(time.DateOnly))
	}
	return due, c.confirm(yes, "Has somebody checked each of these cases?", "")
}
