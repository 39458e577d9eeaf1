package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/gmcn/gmcn/node"
)

// alarmWords says for each alarm what is wrong and what to do; %s is the country, and with AlarmExtended two more are who
// speaks for it and until when.
var alarmWords = map[node.AlarmKind]string{
	node.AlarmDark: "%s was not heard for so long that its cases are hidden here. Ask its staff whether their node runs; if it does, " +
		"look at the network between you. Its cases come back by themselves.",
	node.AlarmExtended: "%s was not heard for so long that its own lease is over. Its cases are shown on the word of %s until %s. They hide then, " +
		"unless its node is back or its delegate says more.",
	node.AlarmDelegate: "%s has named this country its delegate, and its node is not heard. Telephone its staff. If its cases are to stay visible " +
		"in all countries, say for how long: gmcn peer extend.",
	node.AlarmClock: "The clock of this computer and those of most members differ by more than five minutes. Set the clock and let the system " +
		"keep it right (NTP).",
	node.AlarmClockHides: "The clock of this computer is more than half an hour slow, so no case of another country is shown here: nobody could tell " +
		"whether it may still be. Set the clock and let the system keep it right (NTP). They come back at once, by themselves.",
	node.AlarmCard:   "Our card ends within two months, and with it our cases abroad. Bring the root key and sign a new one: gmcn card -renew.",
	node.AlarmPhotos: "%s has more photos than this node keeps or fetches of one country. Its cases are shown with small pictures. To have them all, raise photo_gib or photo_gib_hourly in gmcn.toml.",
	node.AlarmDisk:   "The disk of the data folder is nearly full. Make room or move the folder to a larger disk before nothing can be published.",
	node.AlarmStore:  "The data folder is damaged, or the disk fails. Stop the node, run gmcn check, and restore a backup or change the disk.",
	node.AlarmSuspect: "What is held of %s is not what it signed, and several members could not put it right. Its cases stay as they were last " +
		"confirmed until its lease ends. Tell its staff.",
	node.AlarmGate: "For more than ten minutes too few other countries have been heard, so nothing of ours is sent. What is decided holds on our own site. " +
		"Look at the network, and ask the others by telephone whether their nodes run. It goes on by itself when one of them is heard.",
	node.AlarmTwins: "Two servers run with the key of %s. If it is not this country, tell its staff. If it is: stop the server that should not run; if this one waits, " +
		"start it again then.",
	node.AlarmInstance: "Another server has published with our key, so this one publishes nothing any more. Find out which is right and stop the other. " +
		"If nobody of us did it, the key is stolen: telephone the other countries. Only a card of a new epoch, signed with the root key, lets this node publish again: gmcn key open.",
	node.AlarmNeedsRoot: "Our newest card names another node key than this node has, so it can sign and publish nothing. If you did not make that card, " +
		"somebody has the root key: telephone the other countries. Else bring the root key and give this node a new key: gmcn key rotate.",
	node.AlarmFork: "%s signed two different logs with one key: two servers ran at once, an old backup was put back, or the key was stolen. " +
		"Nothing but takedowns is taken from it any more, and its cases hide when its lease ends. Call its staff: they must stop all servers " +
		"but one and sign a card of a new epoch with their root key.",
}

// gateText says why the node sends nothing and how much waits; "" while it sends.
func gateText(g node.Gate) string {
	text := ""
	switch g.State {
	case node.GateOpen:
		return ""
	case node.GateTwin:
		text = "This node publishes nothing: another server with its key runs. Stop that one, then start this one again. What is decided holds on our own site."
	case node.GateNeedsRoot:
		text = "This node may not publish until it has a card of a new epoch. What is decided holds on our own site only."
	default:
		text = fmt.Sprintf("This node publishes as soon as %d other countries have said how far its log goes; %d have. What is decided is saved, "+
			"holds on our own site, and is sent then.", g.Need, g.Heard)
	}
	if g.Waiting > 0 {
		text += fmt.Sprintf(" Waiting: %d.", g.Waiting)
	}
	return text
}

// alarmText is an alarm in plain words.
func alarmText(a node.Alarm, rows []peerRow) string {
	country, by := a.Origin.Fingerprint(), a.By.Fingerprint()
	for _, r := range rows {
		switch r.Origin {
		case a.Origin:
			country = r.Country + ", " + r.Name
		case a.By:
			by = r.Country + ", " + r.Name
		}
	}
	words, ok := alarmWords[a.Kind]
	if !ok {
		words = string(a.Kind) + ": %s"
	}
	if a.Kind == node.AlarmExtended {
		words = fmt.Sprintf(words, country, by, a.Until.Local().Format(time.DateTime))
	} else if strings.Contains(words, "%s") {
		words = fmt.Sprintf(words, country)
	}
	return fmt.Sprintf("ALARM since %s: %s", a.Since.Local().Format(time.DateTime), words)
}
