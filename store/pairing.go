package store

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// Pairing is one that is under way with another country: what people and nodes have exchanged so far. It gives no
// standing; a person's call of SetMember does, and the pairing is deleted.
type Pairing struct {
	// Ours is the invitation or answer that we made; its nonce names the pairing.
	Ours *protocol.Invite
	Made time.Time
	// Theirs is the invitation that we answer, or the answer that came by hand; nil until there is one.
	Theirs *protocol.Invite
	// Card is the other's, nil until it came, and Nonce the one that came with it.
	Card  *protocol.Card
	Nonce protocol.PairNonce
	// Knocked says that the inviter's node has our card from us.
	Knocked bool
}

// ID returns what names the pairing here.
func (p *Pairing) ID() protocol.PairNonce { return p.Ours.Nonce }

// Invited says whether we made the invitation; otherwise we answer one.
func (p *Pairing) Invited() bool { return p.Ours.Answers.IsZero() }

// Over says whether the pairing has ended with nobody's card: its invitation has expired.
func (p *Pairing) Over(now time.Time) bool {
	end := p.Ours.Expires
	if !p.Invited() {
		end = p.Theirs.Expires
	}
	return p.Card == nil && !end.After(now)
}

// pairingRow is a Pairing as it is stored.
type pairingRow struct {
	Ours    []byte             `json:"ours"`
	Made    time.Time          `json:"made"`
	Theirs  []byte             `json:"theirs,omitempty"`
	Card    []byte             `json:"card,omitempty"`
	Nonce   protocol.PairNonce `json:"nonce"`
	Knocked bool               `json:"knocked,omitempty"`
}

func pairingOf(v []byte) (*Pairing, error) {
	var row pairingRow
	err := json.Unmarshal(v, &row)
	if err != nil {
		return nil, fmt.Errorf("read pairing: %w", err)
	}
	p := &Pairing{Made: row.Made, Nonce: row.Nonce, Knocked: row.Knocked}
	if p.Ours, err = protocol.OpenInvite(row.Ours); err != nil {
		return nil, fmt.Errorf("read pairing: %w", err)
	}
	if row.Theirs != nil {
		if p.Theirs, err = protocol.OpenInvite(row.Theirs); err != nil {
			return nil, fmt.Errorf("read pairing: %w", err)
		}
	}
	if row.Card != nil {
		if p.Card, err = protocol.OpenCard(row.Card); err != nil {
			return nil, fmt.Errorf("read pairing: %w", err)
		}
	}
	return p, nil
}

// SavePairing stores a pairing, in place of the one of the same ID.
func (s *Store) SavePairing(p *Pairing) error {
	row := pairingRow{Ours: p.Ours.Bytes(), Made: p.Made, Nonce: p.Nonce, Knocked: p.Knocked}
	if p.Theirs != nil {
		row.Theirs = p.Theirs.Bytes()
	}
	if p.Card != nil {
		row.Card = p.Card.Bytes()
	}
	v, err := json.Marshal(row)
	if err != nil {
		return fmt.Errorf("save pairing: %w", err)
	}
	id := p.ID()
	return s.change(func(c *change) error { return c.pairings.Put(id[:], v) })
}

// Pairing returns a pairing, or fs.ErrNotExist.
func (s *Store) Pairing(id protocol.PairNonce) (p *Pairing, err error) {
	err = s.view(func(b *buckets) error {
		v := b.pairings.Get(id[:])
		if v == nil {
			return fmt.Errorf("pairing %s: %w", id, fs.ErrNotExist)
		}
		p, err = pairingOf(v)
		return err
	})
	return p, err
}

// Pairings returns all that are under way, the newest first.
func (s *Store) Pairings() (all []*Pairing, err error) {
	err = s.view(func(b *buckets) error {
		return b.pairings.ForEach(func(_, v []byte) error {
			p, err := pairingOf(v)
			all = append(all, p)
			return err
		})
	})
	slices.SortFunc(all, func(a, b *Pairing) int { return b.Made.Compare(a.Made) })
	return all, err
}

// DeletePairing forgets a pairing, if it is there.
func (s *Store) DeletePairing(id protocol.PairNonce) error {
	return s.change(func(c *change) error { return c.pairings.Delete(id[:]) })
}
