// Package poster turns a case, its photos and a language into something to hang up or to share: a PDF to print on A4,
// Letter or A5, a picture for telephones, a strip of several cases for a board. The same input gives the same bytes.
//
//	poster.go   what a poster is made of; Render, Image, Share
//	words.go    a case and a language in, the words of a poster out
//	facts.go    what is known of a child, the most useful first
//	photos.go   which photos are shown, and how large they are
//	page.go     the display list: areas, texts and pictures, in points
//	compose.go  how marks get onto a page: fitting, mirroring, contrast
//	sheet.go    the design for paper; body.go, people.go and table.go its middle, call.go its foot
//	share.go    the designs for screens
//	strip.go    several cases side by side
//	book.go     many posters in one PDF
//	pdf.go      paints pages as PDF; it and layer.go, its words to search and copy, are fpdf's only home
//	outlines.go the glyphs of a PDF
//	raster.go   paints pages as a picture
//	colour.go   colours and their contrast
//
// Text is shaped and broken by poster/typeset, in every script of its fonts. Languages that read from right to left have
// the whole page mirrored, but never a photo.
//
// What it guarantees: nothing lies outside of the page and no text is smaller than 8 points, however long the texts are:
// they shrink to a floor and are then cut with an ellipsis, and the facts of least use are left out. A telephone number is
// never cut: the hotline is drawn in one piece, and Render looks at its glyphs and refuses to go on unless they are the
// characters that it was given, in their order. A photo is shown whole unless a person chose a part of it. A picture made
// older stands only beside its original. A poster of which a single character has no glyph is a *GlyphError, not a poster.
//
// What it never does: it reads no clock, disk or network, and puts no name into the PDF's metadata.
package poster

import (
	"errors"
	"fmt"
	"image"
	"time"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/ui/i18n"
	"github.com/gmcn/gmcn/ui/poster/typeset"
)

// Format is a size of paper, upright, or of a picture to share.
type Format string

const (
	A4     Format = "A4"
	Letter Format = "letter"
	A5     Format = "A5"
	Square Format = "square" // 1080 by 1080 pixels
	Story  Format = "story"  // 1080 by 1920
	Wide   Format = "wide"   // 1200 by 630, as links are shown
)

// Formats returns all of them, in the order in which a form offers them. The caller owns the slice.
func Formats() []Format { return []Format{A4, Letter, A5, Square, Story, Wide} }

// Screen says that the format is a picture to share, which Share makes, and not paper.
func (f Format) Screen() bool { return designs[f].screen }

// Heading is what stands above the name. A child found, whom nobody knows, has its own.
type Heading int

const (
	Missing  Heading = iota // "Missing"
	HelpFind                // "Help find"
)

// State of a poster. A draft says so, all over the page.
type State int

const (
	Published State = iota
	Draft
)

// MaxFacts is how many facts a poster shows: more are not remembered.
const MaxFacts = 6

// Facts returns the keys of all facts of a child that a poster may show, for Input.Facts. The caller owns the slice.
func Facts() []string {
	return []string{"agenow", "agethen", "born", "sex", "height", "weight", "hair", "eyes", "languages", "marks", "clothing", "appearance"}
}

// Picture is one photo of the case.
type Picture struct {
	// JPEG is grey or RGB; a PDF has it as it is.
	JPEG []byte
	// Info says who is on it.
	Info protocol.Photo
	// Crop is the part to show, in pixels, as a person chose it. The empty rectangle is the whole photo.
	Crop image.Rectangle
}

// Input is what a poster is made of. Nothing here changes it.
type Input struct {
	Case *protocol.Case
	// Photos in the order in which they are wanted. Of one child two are shown, of several one each, of a companion one.
	Photos []Picture
	// Locales are the languages, one or two. Two have a page each.
	Locales []*i18n.Locale
	// Together puts two languages that read the same way on one page. A format for screens has the first only.
	Together bool
	Format   Format
	Heading  Heading
	// Facts are the keys of what is shown of a child, at most MaxFacts; nil leaves the choice to what is most useful.
	Facts []string
	State State
	// BlackWhite saves ink and colour: grey photos, no dark bands.
	BlackWhite bool
	// TearOff has strips with the number to tear off, on paper.
	TearOff bool
	// Fonts draw the text; nil is those that are built in.
	Fonts *typeset.Engine
	// Organisation is the name of the member that issues the poster.
	Organisation protocol.Text
	// CountryNames is how the country of Case.From is called; without them it is as the language has it.
	CountryNames protocol.Text
	// Hotline is printed exactly as it is given. Case.Hotline goes before it; "" prints none.
	Hotline string
	// Others are further numbers, such as the one from abroad, each with its label.
	Others []protocol.Hotline
	// Emergency is the number for a child in danger now, printed exactly as it is given; "" prints none.
	Emergency string
	// CaseURL is the address of the case's page, to which the QR code leads on a screen. Without a Code it is in the code.
	CaseURL string
	// Code is what the QR code says: best an address in capital letters, at most maxCode characters.
	Code string
	// CheckURL is a short address to type where Code may be checked, such as "missing.example/verify"; "" prints none.
	CheckURL string
	// Brand and Accent are colours like "#B00020"; "" is our own red or yellow. Text on them is black or white by contrast.
	Brand, Accent string
	// Updated is the time of the record; ages are counted up to it, and the PDF is dated by it.
	Updated time.Time
	// ValidUntil is printed as a date in its own zone; the zero time prints none.
	ValidUntil time.Time
	// Fingerprint of the member's key, printed as it is; "" prints none.
	Fingerprint string
}

// Render makes the poster as a PDF. A *GlyphError says that some of what would be printed cannot be drawn; any other error
// is a fault of the input: a photo that is no JPEG, a colour or format that is none, an address too long for a QR code.
// Any number of goroutines may call it.
func Render(in Input) (pdf []byte, err error) {
	defer rescue(&err)
	pages, err := compose(&in)
	if err != nil {
		return nil, fmt.Errorf("render poster: %w", err)
	}
	if pdf, err = writePDF(pages, in.Case.Number, in.Updated); err != nil {
		return nil, fmt.Errorf("render poster: %w", err)
	}
	return pdf, nil
}

// Compose returns the pages as Render and Image paint them, for who wants to know how large something is. Its errors are
// those of Render.
func Compose(in Input) (pages []*Page, err error) {
	defer rescue(&err)
	if pages, err = compose(&in); err != nil {
		return nil, fmt.Errorf("compose poster: %w", err)
	}
	return pages, nil
}

// Image paints one page of the poster, counted from 0, as a picture that is width pixels wide. Its errors are those of
// Render.
func Image(in Input, page, width int) (img *image.RGBA, err error) {
	defer rescue(&err)
	pages, err := compose(&in)
	if err != nil {
		return nil, fmt.Errorf("paint poster: %w", err)
	}
	if page < 0 || page >= len(pages) || width < 1 || width > maxWidth {
		return nil, errors.New("paint poster: no such page, or no such width")
	}
	if img, err = paintImage(pages[page], width); err != nil {
		return nil, fmt.Errorf("paint poster: %w", err)
	}
	return img, nil
}

// maxWidth of a picture, in pixels.
const maxWidth = 4000

// rescue turns a panic into an error: fonts come from outside, texts from anybody, fpdf panics on what it does not expect, and
// a poster must never stop a server.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("render poster: %v", p)
	}
}
