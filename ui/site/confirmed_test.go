package site

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
)

// TestLastConfirmed: when another country was not heard for a day, the page of its case says when it was, also while its
// delegate has it shown for longer. Of one that was heard, and of our own, it says nothing.
func TestLastConfirmed(t *testing.T) {
	w := newWorld(t, "XA", []string{"en", "ar"}, false)
	xb, xc := countries()[1], countries()[2]
	seed := slices.MinFunc(xb.Cases, func(a, b protocoltest.Seed) int { return a.Case.Since.First().Compare(b.Case.Since.First()) }) // missing before its record is dated
	const words = "Last confirmed by"
	for _, number := range []string{countries()[0].Cases[0].Case.Number, seed.Case.Number} {
		if p := w.get("/en/cases/" + w.refs[number].String()); p.Code != 200 || strings.Contains(p.body, words) {
			t.Errorf("case %s: %d, or it says when it was last confirmed", number, p.Code)
		}
	}
	// The country comes back with one case, a head that is five days old, and the word of XC.
	cards := map[string]*protocol.Card{}
	all, err := w.store.Members()
	w.check(err)
	for _, m := range all {
		cards[m.Card.Country] = m.Card
	}
	old, key := *cards[xb.Code], keyOf("node "+xb.Code)
	old.Issue, old.Delegate = 2, cards[xc.Code].Origin()
	card, err := protocol.SignCard(keyOf("root "+xb.Code), old)
	w.check(err)
	w.check(w.store.SetMember(card, protocol.Removed, time.Now()))
	w.check(w.store.SetMember(card, protocol.Active, time.Now()))
	at := time.Now().AddDate(0, 0, -5)
	w.publish(false, card, key, 1, seed, false, at)
	state, err := w.store.LogState(card.Origin())
	w.check(err)
	head, err := protocol.SignHead(key, protocol.Head{Origin: card.Origin(), Epoch: 1, Seq: state.Seq, Root: state.Root, Live: 1, At: at,
		Until: at.Add(protocol.MinLease)})
	w.check(err)
	w.check(w.store.SetHead(head))
	path := "/en/cases/" + w.refs[seed.Case.Number].String()
	if p := w.get(path); p.Code != 404 {
		t.Fatalf("after its lease: %d", p.Code)
	}
	x, err := protocol.SignExtension(keyOf("node "+xc.Code), protocol.Extension{Origin: card.Origin(), By: cards[xc.Code].Origin(), Head: head.ID(),
		At: time.Now(), Until: time.Now().AddDate(0, 0, 3)})
	w.check(err)
	w.check(w.store.SetExtension(x))
	p := w.get(path)
	if p.Code != 200 || !strings.Contains(p.body, words) || !strings.Contains(p.body, at.UTC().Format("2 January 2006")) {
		t.Errorf("on the word of its delegate: %d, or it does not say that it was last confirmed on %s", p.Code, at.UTC().Format("2 January 2006"))
	}
}
