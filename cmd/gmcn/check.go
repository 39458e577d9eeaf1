package main

import (
	"fmt"
	"strings"
)

var checkCommand = command{
	name:  "check",
	brief: "say whether the data of a country is whole",
	help: `Checks gmcn.toml and the folder site, the keys and the card, and every record, count and photo file in the store. It
changes nothing, also while the node runs.

Example:
  gmcn check -dir xa`,
	run: func(c *call) error {
		dir := c.dir()
		if _, err := c.parse(0, 0); err != nil {
			return err
		}
		home, err := openCountry(*dir)
		if err != nil {
			return err
		}
		if _, err := readPassword(*dir); err != nil {
			return err
		}
		cl, err := connect(*dir)
		if err != nil {
			return err
		}
		defer cl.close()
		card, err := cl.card("/card")
		if err != nil {
			return err
		}
		if keys := cardDiffers(home.Config, card); keys != nil {
			fmt.Fprintf(c.out, "The card differs from gmcn.toml in %s; sign a new one with gmcn card -renew.\n", strings.Join(keys, ", "))
		}
		var done struct{}
		if err := cl.fetch("/check", &done); err != nil {
			return fmt.Errorf("the data in %s is damaged: %w", *dir, err)
		}
		fmt.Fprintf(c.out, "%s is whole.\n", *dir)
		return nil
	},
}
