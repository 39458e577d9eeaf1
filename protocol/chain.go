package protocol

import (
	"cmp"
	"crypto/ed25519"
	"slices"
)

// Chain are the cards that are held of one member, by epoch and issue, at most one a node key. The last is in force; those
// before it say whose signatures count in the epochs before, and up to where.
type Chain []*Card

// With returns the chain with a card of the same root. One that is held already, or is older than the one that is held of
// its key, changes nothing; of more than MaxOldCards before the one in force the oldest goes. The error is ErrRival for a
// card that would be in force if there were not another of its epoch.
func (c Chain) With(card *Card) (next Chain, changed bool, err error) {
	if n := len(c); n > 0 && card.Epoch == c[n-1].Epoch && card.Rivals(c[n-1]) {
		return c, false, ErrRival
	}
	for i, held := range c {
		if held.NodeKey != card.NodeKey || held.Epoch != card.Epoch {
			continue
		}
		if held.Rivals(card) || held.Issue >= card.Issue {
			return c, false, nil
		}
		next = slices.Clone(c)
		next[i] = card
		return next, true, nil
	}
	next = append(slices.Clone(c), card)
	slices.SortStableFunc(next, func(a, b *Card) int {
		return cmp.Or(cmp.Compare(a.Epoch, b.Epoch), cmp.Compare(a.Issue, b.Issue))
	})
	if len(next) > MaxOldCards+1 {
		next = next[1:]
	}
	return next, slices.Contains(next, card), nil
}

// Card returns the card in force, nil when there is none.
func (c Chain) Card() *Card {
	if len(c) == 0 {
		return nil
	}
	return c[len(c)-1]
}

// Certifies returns the node key that must have signed claim, or ErrKey.
func (c Chain) Certifies(claim *Claim) (ed25519.PublicKey, error) {
	for _, card := range slices.Backward(c) {
		if key, err := card.Certifies(claim); err == nil {
			return key, nil
		}
	}
	return nil, ErrKey
}

// End returns the last sequence number that counts in an epoch.
func (c Chain) End(epoch uint64) uint64 {
	end := uint64(maxCounter)
	for _, card := range c {
		switch {
		case card.Epoch <= epoch || card.Continues.Epoch > epoch:
		case card.Continues.Epoch == epoch:
			end = min(end, card.Continues.Seq)
		default:
			end = 0 // the epoch was passed over
		}
	}
	return end
}

// Void says whether nothing that stands at a place counts: a card of a later epoch goes on from before it.
func (c Chain) Void(epoch, seq uint64) bool { return seq > c.End(epoch) }
