package protocol

import "time"

// Every byte from outside meets one of these before memory is spent on it.
const (
	// MaxEnvelope is the size of the largest record, card or head, envelope and signature included, in bytes.
	MaxEnvelope = 32 << 10
	// MaxFork is the size of the largest proof of a fork, which holds two envelopes, in bytes.
	MaxFork = 2*MaxEnvelope + 64
	// MaxFrame is the size of the largest frame on a stream, in bytes.
	MaxFrame = 1 << 20
	// MaxOldCards is how many cards of earlier epochs are kept of one member.
	MaxOldCards = 64
	// MaxDowns is how many takedowns one stream may push.
	MaxDowns = 64
	// MaxReport is the size of the largest takedown report, as text, in bytes.
	MaxReport = 4 << 20
	// MaxPhotoBytes is the size of the largest photo file that a member accepts, in bytes.
	MaxPhotoBytes = 1 << 20
	// MaxStampCode is the length of the longest code of a poster, in characters.
	MaxStampCode = 168
	// MaxThumbBytes is the size of the largest thumbnail that a member accepts, in bytes.
	MaxThumbBytes = 24 << 10
	// MaxThumbWidth and MaxThumbHeight are the sides that a thumbnail fits into, in pixels.
	MaxThumbWidth, MaxThumbHeight = 320, 400
	// MaxPhotoSide is the longest side of a photo that a member accepts, in pixels.
	MaxPhotoSide = 1600

	maxChildren   = 8
	maxCompanions = 4
	// MaxPhotos is how many photos one case may carry.
	MaxPhotos       = 12
	maxTextLangs    = 40
	maxNames        = 4
	maxLanguages    = 12
	maxHair         = 3
	maxHotlines     = 6
	maxAddrs        = 16
	maxTipKeys      = 4
	maxGone         = 1024
	maxCountries    = 12
	maxDestinations = 12

	// Lengths of text, in Unicode code points.
	maxNumber = 40
	maxName   = 120
	maxPlace  = 120
	maxShort  = 300
	maxStory  = 3000
	maxPhone  = 24
	maxURL    = 200
	maxAddr   = 250

	// maxStampText is the length of the longest text in which a poster's code is looked for, in bytes.
	maxStampText = 1024
	// maxStampDay is the last day that a stamp can say, counted from 1 January 1970: in the year 2149.
	maxStampDay = 1<<16 - 1

	// maxDepth, maxItems and maxPairs bound the CBOR decoder.
	maxDepth = 10
	maxItems = 1100
	maxPairs = 64

	// maxCounter keeps counters exact in languages whose numbers are doubles.
	maxCounter = 1<<53 - 1
	// maxTime is the last millisecond of the year 9999, the last that RFC 3339 can write.
	maxTime = 253402300799999
)

// MaxAhead is how far in the future a record may be dated before members hold it back.
const MaxAhead = 10 * time.Minute

// MaxBusy is the longest that a member may put off another's wish for a photo file.
const MaxBusy = 10 * time.Minute

// Lease bounds: how long a head lets other countries show its member's cases.
const (
	MinLease     = 24 * time.Hour
	MaxLease     = 7 * 24 * time.Hour
	DefaultLease = 72 * time.Hour
)

// InviteLife is how long an invitation stays open.
const InviteLife = 72 * time.Hour

// Review bounds: how long a case stays public before an officer must confirm it again.
const (
	MinReview   = 7 * 24 * time.Hour
	MaxReview   = 180 * 24 * time.Hour
	ReviewAfter = 90 * 24 * time.Hour // the default
)

// BlockSize is how many sequence numbers one block of the two-level digest covers.
const BlockSize = 1024
