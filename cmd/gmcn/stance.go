package main

import (
	"fmt"

	"github.com/gmcn/gmcn/protocol"
)

var peerSuspendCommand = command{
	name:  "peer suspend",
	args:  "COUNTRY",
	brief: "suspend another country: nothing is taken from it but takedowns",
	help: `Its node is cut off at once. The cases of it that are here stay on our site until its last confirmation runs out, at most
seven days; -hide takes them away now. The other countries are told, with the reason; what they do is theirs. gmcn peer
resume takes it back. COUNTRY is as for gmcn peer remove.

Reasons: key (its key may be stolen), wrong (its cases are wrong or false), rules (it breaks what was agreed), wish (it
asked for it).

Example:
  gmcn peer suspend -dir xa -reason key -hide XB`,
	run: func(c *call) error {
		hide := c.flags.Bool("hide", false, "take its cases from our site at once")
		note := c.flags.String("reason", "", "tell the other countries this `REASON`")
		return c.changePeer("suspend", []protocol.Standing{protocol.Active, protocol.Suspended}, func() (peerAsk, string) {
			return peerAsk{Hide: *hide, Note: protocol.Note(*note)}, "Suspended %s.\n"
		})
	},
}

var peerResumeCommand = command{
	name:  "peer resume",
	args:  "COUNTRY",
	brief: "take a suspension back",
	help: `What was missed comes by itself, and the other countries are told. COUNTRY is as for gmcn peer remove.

Example:
  gmcn peer resume -dir xa XB`,
	run: func(c *call) error {
		return c.changePeer("resume", []protocol.Standing{protocol.Suspended}, func() (peerAsk, string) {
			return peerAsk{}, "%s is active again.\n"
		})
	},
}

var peerVouchCommand = command{
	name:  "peer vouch",
	args:  "COUNTRY",
	brief: "tell the other countries that we know this one",
	help: `Countries that are asked to accept it see that we vouch for it. It decides nothing: each country accepts for itself, after it
has compared the words. -withdraw takes it back. COUNTRY is as for gmcn peer remove.

Notes: known (we know its people), worked (we have worked on cases together).

Example:
  gmcn peer vouch -dir xa -note known XB`,
	run: func(c *call) error {
		note := c.flags.String("note", "", "say why: `NOTE` is known or worked")
		withdraw := c.flags.Bool("withdraw", false, "take it back")
		return c.changePeer("vouch", []protocol.Standing{protocol.Active, protocol.Suspended}, func() (peerAsk, string) {
			if *withdraw {
				return peerAsk{Withdraw: true}, "We do not vouch for %s.\n"
			}
			return peerAsk{Note: protocol.Note(*note)}, "We vouch for %s.\n"
		})
	},
}

// changePeer asks the node to do something with the one member of these standings that the command line names. with, called
// when the flags are read, returns what to send and what to say when it is done.
func (c *call) changePeer(do string, of []protocol.Standing, with func() (peerAsk, string)) error {
	cl, row, err := c.onePeer(of...)
	if err != nil {
		return err
	}
	defer cl.close()
	what, done := with()
	var none struct{}
	if err := cl.post("/peers/"+row.Origin.String()+"/"+do, what, &none); err != nil {
		return err
	}
	fmt.Fprintf(c.out, done, row)
	return nil
}
