package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

var verifyPosterCommand = command{
	name:  "verify-poster",
	args:  "CARD-FILE CODE",
	brief: "check the code of a poster against a card",
	help: `CODE is what the square code on a poster holds, the whole address or what stands in it after /V/. CARD-FILE is the card
of the organisation that the poster names, or - for the input. No node, no connection and no account is needed. Whether
the appeal is still open is not in the code: the address says that.

Example:
  gmcn verify-poster xb-card.txt HTTPS://XB.EXAMPLE/V/AHXIJQE7TDMQAAAA...`,
	run: func(c *call) error {
		args, err := c.parse(2, 2)
		if err != nil {
			return err
		}
		card, err := c.readCard(args[0])
		if err != nil {
			return err
		}
		stamp, err := protocol.ParseStamp(args[1])
		if err != nil {
			return fmt.Errorf("this is not the whole code of a poster: %w", err)
		}
		o := card.Origin()
		switch err := stamp.Check(card); {
		case errors.Is(err, protocol.ErrKey) && stamp.Member.Matches(o):
			return fmt.Errorf("this card is of epoch %d and the poster of epoch %d: ask for the card of that time", card.Epoch, stamp.Epoch)
		case errors.Is(err, protocol.ErrKey):
			return errors.New("the poster does not say that it is of the member whose card this is")
		case err != nil:
			return fmt.Errorf("the poster is not genuine: %w", err)
		}
		state := ""
		if stamp.Past(time.Now()) {
			state = ", which is past"
		}
		fmt.Fprintf(c.out, "The poster is genuine: its signature is good.\n\npublisher    %s (%s)\nfingerprint  %s\nreference    %s\nrevision     %d\n"+
			"valid until  %s%s\n\nWhether the appeal is still open says %s/v/%s\n",
			nameOf(card), card.Country, o.Fingerprint(), protocol.RefOf(o, stamp.Case), stamp.Rev, stamp.Until, state, card.Site, stamp.Code())
		return nil
	},
}
