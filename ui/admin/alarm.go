package admin

import (
	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// alarmLine is an alarm on top of every page: what is wrong and what to do.
type alarmLine struct {
	// Kind is the last part of the message key.
	Kind node.AlarmKind
	// Country is whom it is about, Since since when, Command what to type on the server, "" for nothing.
	Country, Since, Command string
	// By and Until say on whose word its appeals are shown, and until when; "" of all other alarms.
	By, Until string
}

var alarmCommands = map[node.AlarmKind]string{node.AlarmCard: "gmcn card -renew", node.AlarmStore: "gmcn check",
	node.AlarmNeedsRoot: "gmcn key rotate", node.AlarmInstance: "gmcn key open"}

// gateLine says on top of every page that the node may not write in its log yet.
type gateLine struct {
	// State chooses the message.
	State                node.GateState
	Heard, Need, Waiting int
}

// gate returns nil while the node writes.
func (s *console) gate() *gateLine {
	g, err := s.Node.Gate()
	if err != nil {
		s.Log.Error("reading what waits to be published", "err", err)
		return nil
	}
	if g.Open() {
		return nil
	}
	return &gateLine{g.State, g.Heard, g.Need, g.Waiting}
}

func (s *console) alarms(l *i18n.Locale) (lines []alarmLine) {
	cards, err := s.Node.Public().Cards()
	if err != nil {
		s.Log.Error("reading the members", "err", err)
	}
	for _, a := range s.Node.Alarms() {
		line := alarmLine{Kind: a.Kind, Country: a.Origin.Fingerprint(), Since: l.DateTime(a.Since.Local()), Command: alarmCommands[a.Kind]}
		if !a.Until.IsZero() {
			line.By, line.Until = a.By.Fingerprint(), l.DateTime(a.Until.Local())
		}
		for _, c := range cards {
			switch c.Origin() {
			case a.Origin:
				line.Country = ui.CountryName(l, c.CountryNames, c.Country)
			case a.By:
				line.By = ui.CountryName(l, c.CountryNames, c.Country)
			}
		}
		lines = append(lines, line)
	}
	return lines
}
