package protocol

import (
	"crypto/sha256"
	"errors"
	"slices"
	"time"
)

// Stance is what one member says of another, in a record of its own log. It is advice to people and moves nobody's
// standing up. A member has one stance towards each other; the newest revision counts.
type Stance struct {
	// Member is whom it is about.
	Member Origin `cbor:"m"`
	View   View   `cbor:"s"`
	// Since is when the view was taken, in ms.
	Since int64 `cbor:"d"`
	// Note says why, from Notes(View); empty is allowed.
	Note Note `cbor:"n,omitempty"`
}

// View is the word of a stance.
type View string

const (
	// Vouches: we know this country's organisation and accepted it by hand.
	Vouches View = "vouch"
	// Suspends: we take nothing from it at present.
	Suspends View = "suspend"
	// Withdrawn: we say nothing of it any more.
	Withdrawn View = "none"
)

var views = []View{Vouches, Suspends, Withdrawn}

// Note is a code for why a stance was taken; pages have words for it.
type Note string

var notes = map[View][]Note{
	Vouches:  {"known", "worked"},
	Suspends: {"key", "wrong", "rules", "wish", "removed"},
}

// Notes returns the codes that a view may carry: for Vouches known (we know the people), worked (we have worked on cases
// together); for Suspends key (its key may be stolen), wrong (its cases are wrong or false), rules (it breaks what was
// agreed), wish (it asked for it), removed (we removed it altogether).
func Notes(v View) []Note { return slices.Clone(notes[v]) }

// StanceID returns the case number under which an origin's stance towards member stands in its log, so that each later one
// replaces the one before.
func StanceID(member Origin) CaseID {
	h := sha256.New()
	h.Write([]byte("gmcn/1/stance"))
	h.Write(member[:])
	return CaseID(h.Sum(nil)[:16])
}

func (e *Entry) checkStance() error {
	s := e.Stance
	switch {
	case len(e.Photos) != 0 || !e.ReviewBy.IsZero():
		return errors.New("stance out of shape")
	case e.Header.Case != StanceID(s.Member) || s.Member == e.Origin:
		return errors.New("a stance is about another member, under the number that follows from it")
	case !slices.Contains(views, s.View) || s.Note != "" && !slices.Contains(notes[s.View], s.Note):
		return errors.New("a stance in no words that we have")
	case s.Since <= 0 || s.Since > maxTime || time.UnixMilli(s.Since).After(e.At):
		return errors.New("a stance is taken before it is written")
	}
	return nil
}
