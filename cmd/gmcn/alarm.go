package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/gmcn/gmcn/node"
)

// alarmWords says for each alarm what is wrong and what to do; %s is the country.
var alarmWords = map[node.AlarmKind]string{
	node.AlarmDark: "%s was not heard for so long that its cases are hidden here. Ask its staff whether their node runs; if it does, " +
		"look at the network between you. Its cases come back by themselves.",
	node.AlarmClock: "The clock of this computer and those of most members differ by more than five minutes. Set the clock and let the system " +
		"keep it right (NTP).",
	node.AlarmCard:   "Our card ends within two months, and with it our cases abroad. Bring the root key and sign a new one: gmcn card -renew.",
	node.AlarmPhotos: "%s has more photos than this node keeps or fetches of one country. Its cases are shown with small pictures. To have them all, raise photo_gib or photo_gib_hourly in gmcn.toml.",
	node.AlarmDisk:   "The disk of the data folder is nearly full. Make room or move the folder to a larger disk before nothing can be published.",
	node.AlarmStore:  "The data folder is damaged, or the disk fails. Stop the node, run gmcn check, and restore a backup or change the disk.",
}

// alarmText is an alarm in plain words.
func alarmText(a node.Alarm, rows []peerRow) string {
	country := a.Origin.Fingerprint()
	for _, r := range rows {
		if r.Origin == a.Origin {
			country = r.Country + ", " + r.Name
		}
	}
	words, ok := alarmWords[a.Kind]
	if !ok {
		words = string(a.Kind) + ": %s"
	}
	if strings.Contains(words, "%s") {
		words = fmt.Sprintf(words, country)
	}
	return fmt.Sprintf("ALARM since %s: %s", a.Since.Local().Format(time.DateTime), words)
}
