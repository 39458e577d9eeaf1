package node

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// greetings returns how many greetings of node by node i could still answer at once.
func (w *world) greetings(i, by int) float64 {
	return w.nodes[i].mesh.Load().share(w.peerID(by)).hellos.Tokens()
}

// A new issue of a card is told by its owner: 200 members who all greeted all because of it would send 40 000 greetings.
func TestOthersCardMakesNobodyGreet(t *testing.T) {
	inWorld(t, 4, nil, func(t *testing.T, w *world) {
		time.Sleep(time.Minute)
		const cards = 8
		for range cards {
			if _, err := w.nodes[0].RenewCard(testDetails(0), "correct horse"); err != nil {
				t.Fatal(err)
			}
			card := w.nodes[0].Card()
			w.until(10*time.Second, "the card is everywhere", func() bool {
				for _, n := range w.nodes {
					if m, ok := n.active(card.Origin()); !ok || m.Card.ID() != card.ID() {
						return false
					}
				}
				return true
			})
		}
		// A round of the pull loop may fall into these seconds.
		for i := 1; i < len(w.nodes); i++ {
			for by := 1; by < len(w.nodes); by++ {
				if left := w.greetings(i, by); by != i && left < helloBurst-cards/2 {
					t.Errorf("node %d could answer %.0f more greetings of node %d, want about %d", i, left, by, helloBurst)
				}
			}
		}
	})
}

// While the gate is closed each member is greeted when it comes, and then again and again, ever more seldom; that others come
// changes nothing.
func TestGateGreetsNotAllForEachThatComes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := &gate{turn: make(chan struct{}, 1)}
		g.set(GateRecovering)
		var members []peer.ID
		greeted := map[peer.ID]int{}
		greet := func() time.Duration {
			now, next := g.greetNow(members)
			for _, id := range now {
				greeted[id]++
			}
			return next
		}
		for _, id := range []peer.ID{"a", "b", "c", "d"} {
			members = append(members, id)
			g.arrived(id, id == "d")
			if next := greet(); next != gateAsk {
				t.Errorf("the next greeting is in %s, want %s", next, gateAsk)
			}
		}
		for id, want := range map[peer.ID]int{"a": 1, "b": 1, "c": 1, "d": 0} {
			if greeted[id] != want {
				t.Errorf("%s was greeted %d times, want %d", id, greeted[id], want)
			}
		}
		g.heard["a"] = true
		time.Sleep(gateAsk)
		if next := greet(); next != 2*gateAsk {
			t.Errorf("the next greeting is in %s, want %s", next, 2*gateAsk)
		}
		g.arrived("b", false)
		greet()
		for id, want := range map[peer.ID]int{"a": 1, "b": 3, "c": 2, "d": 1} {
			if greeted[id] != want {
				t.Errorf("in the end %s was greeted %d times, want %d", id, greeted[id], want)
			}
		}
		time.Sleep(time.Hour)
		if next := greet(); next > gateAskMax {
			t.Errorf("the next greeting is in %s, want %s at most", next, gateAskMax)
		}
	})
}
