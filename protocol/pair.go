package protocol

// Knock opens /gmcn/pair/1, the one protocol that a stranger may speak, to the node that made an invitation: I come on
// your invitation, this is my card. The answer is Welcome. After it both ends hold a pairing that two people have still to
// confirm; no message does.
type Knock struct {
	// Invite is the nonce of the invitation, its secret.
	Invite PairNonce `cbor:"i"`
	// Nonce is the knocker's own.
	Nonce PairNonce `cbor:"n"`
	Card  []byte    `cbor:"c"` // the knocker's signed card
}

// Welcome answers Knock.
type Welcome struct {
	Card []byte `cbor:"c"` // the inviter's signed card
}

func (k *Knock) check() bool {
	return !k.Invite.IsZero() && !k.Nonce.IsZero() && k.Invite != k.Nonce && len(k.Card) > 0 && len(k.Card) <= MaxEnvelope
}

func (w *Welcome) check() bool { return len(w.Card) > 0 && len(w.Card) <= MaxEnvelope }
