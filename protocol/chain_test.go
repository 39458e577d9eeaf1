package protocol

import (
	"crypto/ed25519"
	"errors"
	"testing"
)

// cardOf signs a card of the test root for an epoch that goes on from a place.
func cardOf(t *testing.T, node string, epoch, issue uint64, from *Continues) *Card {
	t.Helper()
	c := fullCard()
	c.Epoch, c.Issue, c.NodeKey, c.Continues = epoch, issue, [32]byte(publicOf(node)), from
	card, err := SignCard(keyOf("root"), c)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func chainOf(t *testing.T, cards ...*Card) Chain {
	t.Helper()
	var c Chain
	for _, card := range cards {
		next, changed, err := c.With(card)
		if err != nil || !changed {
			t.Fatalf("card %d.%d: changed %t, %v", card.Epoch, card.Issue, changed, err)
		}
		c = next
	}
	return c
}

// TestChainSaysWhatIsVoid: however the cards come, the same places count.
func TestChainSaysWhatIsVoid(t *testing.T) {
	first := cardOf(t, "node", 1, 1, nil)
	second := cardOf(t, "second node", 2, 1, &Continues{Epoch: 1, Seq: 9})
	fourth := cardOf(t, "third node", 4, 1, &Continues{Epoch: 2, Seq: 12})
	back := cardOf(t, "fourth node", 5, 1, &Continues{Epoch: 1, Seq: 5})
	for _, c := range []struct {
		cards []*Card
		ends  map[uint64]uint64
	}{
		{[]*Card{first}, map[uint64]uint64{1: maxCounter, 2: maxCounter}},
		{[]*Card{first, second}, map[uint64]uint64{1: 9, 2: maxCounter}},
		{[]*Card{second, first}, map[uint64]uint64{1: 9, 2: maxCounter}},
		{[]*Card{fourth, first}, map[uint64]uint64{1: maxCounter, 2: 12, 3: 0, 4: maxCounter}},
		{[]*Card{fourth, first, second}, map[uint64]uint64{1: 9, 2: 12, 3: 0, 4: maxCounter}},
		{[]*Card{first, second, fourth, back}, map[uint64]uint64{1: 5, 2: 0, 3: 0, 4: 0, 5: maxCounter}},
		{[]*Card{back, fourth, second, first}, map[uint64]uint64{1: 5, 2: 0, 3: 0, 4: 0, 5: maxCounter}},
	} {
		chain := chainOf(t, c.cards...)
		for epoch, end := range c.ends {
			if got := chain.End(epoch); got != end || chain.Void(epoch, end) || end < maxCounter && !chain.Void(epoch, end+1) {
				t.Errorf("%d cards: epoch %d ends at %d, want %d", len(c.cards), epoch, got, end)
			}
		}
		for _, card := range c.cards {
			if card.Newer(chain.Card()) {
				t.Errorf("card %d.%d is newer than the one in force", card.Epoch, card.Issue)
			}
		}
	}
}

func TestChainTakesOneKeyAnEpoch(t *testing.T) {
	second := cardOf(t, "second node", 2, 1, &Continues{Epoch: 1, Seq: 9})
	chain := chainOf(t, second)
	for name, card := range map[string]*Card{
		"another key":       cardOf(t, "third node", 2, 2, &Continues{Epoch: 1, Seq: 9}),
		"another beginning": cardOf(t, "second node", 2, 2, &Continues{Epoch: 1, Seq: 8}),
	} {
		if _, changed, err := chain.With(card); changed || !errors.Is(err, ErrRival) || card.Newer(second) {
			t.Errorf("%s: changed %t, %v", name, changed, err)
		}
	}
	if _, changed, err := chain.With(second); changed || err != nil {
		t.Errorf("the same again: changed %t, %v", changed, err)
	}
	next, changed, err := chain.With(cardOf(t, "second node", 2, 2, &Continues{Epoch: 1, Seq: 9}))
	if !changed || err != nil || len(next) != 1 || next.Card().Issue != 2 {
		t.Errorf("a later issue: changed %t, %v", changed, err)
	}
	// Once the epoch is over both may have signed what is in the log.
	chain = chainOf(t, second, cardOf(t, "fourth node", 3, 1, &Continues{Epoch: 2, Seq: 20}), cardOf(t, "third node", 2, 1, &Continues{Epoch: 1, Seq: 9}))
	if len(chain) != 3 || chain.Card().Epoch != 3 {
		t.Errorf("chain of %d, epoch %d in force", len(chain), chain.Card().Epoch)
	}
}

func TestChainCertifiesByEpoch(t *testing.T) {
	first := testCard(t)
	from := &Continues{Epoch: 1, Seq: 9}
	chain := chainOf(t, first, cardOf(t, "second node", 2, 1, from))
	if key, err := chain.Certifies(claimOf(t)); err != nil || !key.Equal(publicOf("node")) {
		t.Errorf("of the epoch before: %v", err)
	}
	for _, c := range []struct {
		node  string
		epoch uint64
		want  error
	}{{"node", 2, ErrKey}, {"second node", 1, ErrKey}, {"second node", 2, nil}, {"second node", 3, ErrKey}} {
		e := testEntry()
		e.Epoch = c.epoch
		r, err := Sign(keyOf(c.node), e)
		if err != nil {
			t.Fatal(err)
		}
		claim, err := Parse(r.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if key, err := chain.Certifies(claim); !errors.Is(err, c.want) || err == nil && !key.Equal(keyOf(c.node).Public().(ed25519.PublicKey)) {
			t.Errorf("%s in epoch %d: %v, want %v", c.node, c.epoch, err, c.want)
		}
	}
	if _, err := (Chain)(nil).Certifies(claimOf(t)); !errors.Is(err, ErrKey) {
		t.Errorf("no card: %v", err)
	}
}

// TestChainForgetsTheOldest holds a chain to its limit, so that no member can make others keep cards without end.
func TestChainForgetsTheOldest(t *testing.T) {
	var chain Chain
	for epoch := uint64(1); epoch <= MaxOldCards+5; epoch++ {
		c := &Card{Epoch: epoch, Issue: 1, NodeKey: [32]byte{byte(epoch)}}
		if epoch > 1 {
			c.Continues = &Continues{Epoch: epoch - 1}
		}
		chain, _, _ = chain.With(c)
	}
	if len(chain) != MaxOldCards+1 || chain[0].Epoch != 5 || chain.Card().Epoch != MaxOldCards+5 {
		t.Errorf("%d cards from epoch %d", len(chain), chain[0].Epoch)
	}
	if _, changed, _ := chain.With(&Card{Epoch: 1, Issue: 9}); changed {
		t.Error("an older one pushed in")
	}
}
