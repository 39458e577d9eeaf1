package protocol

import (
	"crypto/ed25519"
	"fmt"
)

// RunID names one start of one server: random, drawn when it starts, and never used again.
type RunID [8]byte

// Alive is a server's signed word that it runs at this moment, for another server with the same node key. Other is what
// the other drew when it started, so nobody could have it signed before: whoever shows the other an Alive with another Run
// than its own has proved that there are two.
type Alive struct {
	Origin Origin
	// Run is the server that signs, Other the one that is to be told.
	Run, Other RunID
	// Writes says that the signer writes in the member's log.
	Writes bool

	raw []byte
}

type wireAlive struct {
	V uint64 `cbor:"v"`
	T string `cbor:"t"`
	O Origin `cbor:"o"`
	R RunID  `cbor:"r"`
	H RunID  `cbor:"h"`
	W bool   `cbor:"w,omitempty"`
}

// Bytes returns the signed envelope; the caller must not change it.
func (a *Alive) Bytes() []byte { return a.raw }

// SignAlive signs with the node key.
func SignAlive(key ed25519.PrivateKey, a Alive) (*Alive, error) {
	sealed, err := sealAs(key, domainAlive, wireAlive{V: version, T: "alive", O: a.Origin, R: a.Run, H: a.Other, W: a.Writes})
	if err != nil {
		return nil, fmt.Errorf("sign that we run: %w", err)
	}
	out, _, err := parseAlive(sealed)
	if err != nil {
		return nil, fmt.Errorf("sign that we run: %w", err)
	}
	return out, nil
}

// OpenAlive reads an Alive and verifies it under the card of the member whose server signs. It keeps a copy of raw.
//
// Errors: ErrSize, ErrForm, ErrUnknown, ErrKey when it is of another member or key, ErrSignature.
func OpenAlive(raw []byte, card *Card) (*Alive, error) {
	a, env, err := parseAlive(raw)
	if err != nil {
		return nil, err
	}
	if err := card.certifies(a.Origin, card.Epoch, env.kid); err != nil {
		return nil, err
	}
	if err := env.verify(card.Key(), domainAlive); err != nil {
		return nil, err
	}
	return a, nil
}

func parseAlive(raw []byte) (*Alive, *opened, error) {
	w, env, err := unsealAs[wireAlive](raw, "alive")
	if err != nil {
		return nil, nil, err
	}
	if w.R == w.H || w.R == (RunID{}) || w.H == (RunID{}) {
		return nil, nil, fmt.Errorf("%w: no two servers", ErrForm)
	}
	return &Alive{Origin: w.O, Run: w.R, Other: w.H, Writes: w.W, raw: env.raw}, env, nil
}
