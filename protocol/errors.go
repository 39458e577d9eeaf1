package protocol

import "errors"

// Why a record, card or head is refused. VerdictOf turns each into what to do about the sender.
var (
	// ErrForm: the bytes are not the one canonical form of anything, or break a limit.
	ErrForm = errors.New("not in canonical form or beyond a limit")
	// ErrSize: the envelope is larger than MaxEnvelope.
	ErrSize = errors.New("larger than the limit")
	// ErrSignature: the signature does not verify under the key that it names.
	ErrSignature = errors.New("signature does not verify")
	// ErrUnknown: a version or kind that this program does not know; a newer one may.
	ErrUnknown = errors.New("unknown version or kind")
	// ErrOrigin: the origin is not an accepted member here.
	ErrOrigin = errors.New("origin is not an accepted member")
	// ErrKey: no card that we hold certifies this key for this origin and epoch.
	ErrKey = errors.New("no card certifies this key")
	// ErrFuture: dated further ahead than MaxAhead.
	ErrFuture = errors.New("dated in the future")
	// ErrSilent: the origin has been silent for too long; nothing but its heads and takedowns is taken until it speaks.
	ErrSilent = errors.New("origin has been silent for too long")
	// ErrClosed: the case was taken down; nothing about it is taken any more.
	ErrClosed = errors.New("case is closed")
	// ErrStored: we hold this very record.
	ErrStored = errors.New("already stored")
	// ErrStale: we hold a newer revision of the case.
	ErrStale = errors.New("older than what is stored")
	// ErrFrozen: the origin signed two logs in this epoch; of it nothing but takedowns is taken until a later one.
	ErrFrozen = errors.New("origin is frozen: it signed two logs")
	// ErrPast: a record at or before the newest verified head that was not in what that head vouches for.
	ErrPast = errors.New("not among the records that the owner's verified head counts")
	// ErrFork: the origin signed another record at the same place of its log or of the case's history.
	ErrFork = errors.New("conflicts with a signed record")
	// ErrVoid: it stands after the place from which a card of a later epoch goes on.
	ErrVoid = errors.New("void: the epoch ended before it")
	// ErrUnverified: of a head that our own log has not equalled, so that nothing can be made of it yet.
	ErrUnverified = errors.New("of a head that is not verified here")
	// ErrRival: we hold a card of the same epoch with another key or beginning.
	ErrRival = errors.New("conflicts with another card of the same epoch")
)

// Verdict is what to do with a message from a peer.
type Verdict int

const (
	// Accept it and pass it on.
	Accept Verdict = iota
	// Ignore it without blame: the cause may be our own ignorance.
	Ignore
	// Hold it back without blame and judge it again later.
	Hold
	// Reject it and blame the sender: no honest member could have sent it.
	Reject
)

// String returns the verdict's name.
func (v Verdict) String() string { return [...]string{"accept", "ignore", "hold", "reject"}[v] }

// VerdictOf says what to do with a message that was refused with err; nil is Accept, an error from elsewhere Ignore.
func VerdictOf(err error) Verdict {
	switch {
	case err == nil:
		return Accept
	case errors.Is(err, ErrForm), errors.Is(err, ErrSize), errors.Is(err, ErrSignature):
		return Reject
	case errors.Is(err, ErrFuture):
		return Hold
	}
	return Ignore
}
