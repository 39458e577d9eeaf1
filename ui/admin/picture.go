package admin

import (
	"math"
	"strconv"

	"github.com/gmcn/gmcn/node"
	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui"
	"github.com/gmcn/gmcn/ui/i18n"
)

// States of a member as the picture draws them, each by a shape and a line of its own, not by colour alone. They are the
// last part of message keys too.
const (
	linkDirect    = "direct"    // connected
	linkRelayed   = "relayed"   // connected through another member
	linkNone      = "none"      // not connected, its cases are still shown
	linkDark      = "dark"      // not heard for so long that its cases are hidden
	linkFrozen    = "frozen"    // signed two logs, so that nothing but takedowns is taken
	linkSpoken    = "spoken"    // not heard for so long that its cases are shown on the word of its delegate alone
	linkSuspended = "suspended" // cut off by a person here, or by the rule of two thirds
)

func linkOf(p node.Peer) string {
	switch {
	case p.Member.Standing == protocol.Suspended:
		return linkSuspended
	case p.State == protocol.FrozenLog:
		return linkFrozen
	case p.State == protocol.Extended:
		return linkSpoken
	case p.State == protocol.Dark || p.State == protocol.Shredded:
		return linkDark // connected or not: what matters is that nothing is shown
	case p.Reach == node.Relayed:
		return linkRelayed
	case p.Connected:
		return linkDirect
	}
	return linkNone
}

// Sizes in the picture's own units.
const (
	spotGap   = 46.0 // between neighbours on a ring
	ringGap   = 52.0
	firstRing = 104.0
	edge      = 40.0 // around it all
)

// picture is the network as this node sees it: itself in the middle, the members around it.
type picture struct {
	ViewBox, Own string
	Spots        []spot
	// Lists are the members of each state in words, for those who do not see the picture and for its legend.
	Lists []pictureList
}

// spot is one member in the picture. X and Y are its middle, FromX to ToY its line.
type spot struct {
	X, Y, LabelY             string
	FromX, FromY, ToX, ToY   string
	Code, Name, State, Label string
}

type pictureList struct {
	State string
	Names []string
}

// Linked says whether a line leads to the member.
func (s spot) Linked() bool { return linked(s.State) }

// Linked says whether a line leads to these members.
func (l pictureList) Linked() bool { return linked(l.State) }

func linked(state string) bool {
	return state == linkDirect || state == linkRelayed || state == linkNone
}

// newPicture draws the active and the suspended members. On a page that reads from right to left it goes round the other way.
func newPicture(l *i18n.Locale, peers []node.Peer) *picture {
	p := &picture{}
	var others []node.Peer
	for _, peer := range peers {
		switch peer.Member.Standing {
		case protocol.Own:
			p.Own = peer.Member.Card.Country
		case protocol.Active, protocol.Suspended:
			others = append(others, peer)
		}
	}
	turn := 1.0
	if l.Dir == "rtl" {
		turn = -1
	}
	names := map[string][]string{}
	radius := firstRing - ringGap
	for left := others; len(left) > 0; {
		radius += ringGap
		n := min(len(left), int(2*math.Pi*radius/spotGap))
		for i, peer := range left[:n] {
			// Members of an outer ring stand between those of the inner one, so that their lines pass.
			angle := turn * 2 * math.Pi * (float64(i) + math.Mod((radius-firstRing)/ringGap, 2)/2) / float64(n)
			x, y := math.Sin(angle), -math.Cos(angle)
			card, state := peer.Member.Card, linkOf(peer)
			name := ui.CountryName(l, card.CountryNames, card.Country)
			names[state] = append(names[state], name)
			p.Spots = append(p.Spots, spot{X: unit(radius * x), Y: unit(radius * y), LabelY: unit(radius*y + 25),
				FromX: unit(24 * x), FromY: unit(24 * y), ToX: unit((radius - 13) * x), ToY: unit((radius - 13) * y),
				Code: card.Country, Name: name, State: state, Label: name + " – " + l.T("link."+state)})
		}
		left = left[n:]
	}
	half := max(radius, firstRing) + edge
	p.ViewBox = unit(-half) + " " + unit(-half) + " " + unit(2*half) + " " + unit(2*half)
	for _, state := range []string{linkDirect, linkRelayed, linkNone, linkSpoken, linkDark, linkFrozen, linkSuspended} {
		if names[state] != nil {
			p.Lists = append(p.Lists, pictureList{state, names[state]})
		}
	}
	return p
}

func unit(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// size writes a number of bytes for a person, in MB or GB.
func size(l *i18n.Locale, bytes int64) string {
	if bytes < 1e9 {
		return l.T("admin.megabytes", "number", l.Decimal(int(bytes/1e5)))
	}
	return l.T("admin.gigabytes", "number", l.Decimal(int(bytes/1e8)))
}
