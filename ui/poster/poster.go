// Package poster turns a case, one photo and a language into a poster of one
// page to print: PDF, A4 or Letter, the same bytes for the same input.
//
// The page, from above: a band in the member's colour with the heading; the
// name; when and where; the photo with the facts beside it; what happened; a
// dark band with the hotline, as large as it can be, and a QR code to the case's
// page, which says whether the appeal is still open; who issued it, until when.
//
//	sheet.go    a case and a language in, the words of a poster out
//	script.go   refuses what the fonts cannot draw rightly
//	face.go     measures, wraps and fits text
//	layout.go   words in, marks out: where each line, colour and picture goes
//	table.go    the facts beside the photo
//	pdf.go      marks in, PDF out; fpdf's only home
//	colour.go   colours and their contrast
//
// What it guarantees: nothing lies outside of the page and no text is smaller
// than 8 points, however long the texts are: they shrink to a floor and are then
// cut at a word with an ellipsis, and the facts of least use are left out. A
// telephone number is never cut: the hotline is drawn in one piece, with exactly
// the characters that it was given. A photo is shown whole: no side of it is cut
// off, since that may be a face.
//
// What it never does: it does not draw broken letters. The fonts here know the
// Latin, Greek and Cyrillic scripts, one character a glyph; anything else in what
// would be printed is a *ScriptError. It reads no clock, disk or network, and
// puts no name into the PDF's metadata.
package poster

import (
	"errors"
	"fmt"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
)

// Size is a size of paper, upright.
type Size string

const (
	A4     Size = "A4"
	Letter Size = "letter"
)

// Heading is what stands above the name. A child found, whom nobody knows, has its own.
type Heading int

const (
	Missing  Heading = iota // "Missing"
	HelpFind                // "Help find"
)

// State of a poster. A draft says so.
type State int

const (
	Published State = iota
	Draft
)

// Input is what a poster is made of. Render only reads it.
type Input struct {
	Case *protocol.Case
	// Photo is a JPEG, grey or RGB, put into the PDF as it is; nil for none.
	Photo []byte
	// PhotoInfo describes Photo. Its Who is the child whose facts stand beside it.
	PhotoInfo protocol.Photo
	Locale    *i18n.Locale
	Size      Size
	// Organisation is the name of the member that issues the poster, in the poster's language.
	Organisation string
	// Country is how the country of Case.From is called in the poster's language; "" takes the language's own list.
	Country string
	// Hotline is printed exactly as it is given. Case.Hotline goes before it; "" prints none.
	Hotline string
	// Emergency is the number for a child in danger now, printed exactly as it is given; "" prints none.
	Emergency string
	// CaseURL is the address of the case's page. The QR code has it if there is no Code; "" prints none.
	CaseURL string
	// Code is what the QR code says instead: an address in capital letters, at most maxURL characters.
	Code string
	// CheckURL is a short address to type where Code may be checked, such as "missing.example/verify"; "" prints none.
	CheckURL string
	Heading  Heading
	State    State
	// Brand and Accent are colours like "#B00020"; "" is our own red or yellow. Text on them is black or white by contrast.
	Brand, Accent string
	// Updated is the time of the record; ages are counted up to it, and the PDF is dated by it.
	Updated time.Time
	// ValidUntil is printed as a date in its own zone; the zero time prints none.
	ValidUntil time.Time
	// Fingerprint of the member's key, printed as it is; "" prints none.
	Fingerprint string
}

// Render makes the poster. A *ScriptError says that some of what would be printed is in a script that posters cannot
// show yet; any other error is a fault of the input: a photo that is no JPEG, a colour or size that is none, an address
// too long for a QR code. Any number of goroutines may call it.
func Render(in Input) (pdf []byte, err error) {
	if in.Case == nil || len(in.Case.Children) == 0 || in.Locale == nil {
		return nil, errors.New("render poster: a case with a child and a language are needed")
	}
	// fpdf panics on what it does not expect. The checks here leave it no reason to, but a poster must never stop a server.
	defer func() {
		if p := recover(); p != nil {
			pdf, err = nil, fmt.Errorf("render poster: %v", p)
		}
	}()
	marks, paper, err := compose(&in)
	if err != nil {
		return nil, fmt.Errorf("render poster: %w", err)
	}
	if pdf, err = paint(&in, marks, paper); err != nil {
		return nil, fmt.Errorf("render poster: %w", err)
	}
	return pdf, nil
}
