package protocol

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Report is a member's signed account of one takedown of its own: which members confirmed it, and when. It carries all
// that it rests on (the takedown, the receipts, the cards, and the heads that the receipts are held against), so that a
// court or a family can have it checked by anybody who has this package, without a node.
type Report struct {
	Origin Origin
	Epoch  uint64
	// Number is the case number that the public knew; it may be "".
	Number string
	// Members are those that the takedown was pushed to, in the order of the report.
	Members []Origin
	// ShownUntil is until when a member that heard nothing could show the case: the latest Until of the heads signed
	// before the takedown. Zero when no head had been signed.
	ShownUntil time.Time
	At         time.Time

	// Takedown is the signed record. Cards are the signed cards of the publisher and of Members, each under which
	// something here was signed; Heads the publisher's, Receipts the members'.
	Takedown               []byte
	Cards, Heads, Receipts [][]byte

	raw    []byte
	record *Record
	owner  *Card
	lines  []ReportLine
}

// ReportLine is what a report says of one member.
type ReportLine struct {
	Card *Card
	// Marked and Swept are the member's receipts, nil while there is none.
	Marked, Swept *Receipt
	// Equal says that when it had swept, the member held exactly what the publisher had published.
	Equal bool
}

type wireReport struct {
	V  uint64   `cbor:"v"`
	T  string   `cbor:"t"`
	O  Origin   `cbor:"o"`
	E  uint64   `cbor:"e"`
	N  string   `cbor:"n,omitempty"`
	M  []Origin `cbor:"m,omitempty"`
	U  int64    `cbor:"u,omitempty"`
	At int64    `cbor:"at"`
	X  [32]byte `cbor:"x"` // evidence
}

// The blocks of a report's text, in their order.
const (
	reportBlock   = "GMCN REPORT"
	takedownBlock = "GMCN TAKEDOWN"
	headBlock     = "GMCN HEAD"
	receiptBlock  = "GMCN RECEIPT"
)

// Record returns the takedown.
func (r *Report) Record() *Record { return r.record }

// Owner returns the card of the member that reports, under which it signed the report.
func (r *Report) Owner() *Card { return r.owner }

// Lines returns what the report says of each of Members, in their order.
func (r *Report) Lines() []ReportLine { return r.lines }

// Confirmed counts the members that have swept.
func (r *Report) Confirmed() (n int) {
	for _, l := range r.lines {
		if l.Swept != nil {
			n++
		}
	}
	return n
}

// evidence digests what the report carries, in its order: the SHA-256 of gmcn/1/evidence and, for each signed thing, its
// length as 8 big-endian bytes and its bytes.
func (r *Report) evidence() [32]byte {
	h := sha256.New()
	h.Write([]byte("gmcn/1/evidence"))
	for _, list := range [][][]byte{{r.Takedown}, r.Cards, r.Heads, r.Receipts} {
		for _, b := range list {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
			h.Write(b)
		}
	}
	return [32]byte(h.Sum(nil))
}

func (r *Report) wire() wireReport {
	w := wireReport{V: version, T: "report", O: r.Origin, E: r.Epoch, N: r.Number, M: r.Members, At: r.At.UnixMilli(), X: r.evidence()}
	if !r.ShownUntil.IsZero() {
		w.U = r.ShownUntil.UnixMilli()
	}
	return w
}

// SignReport signs a report with the node key, when all that it carries holds.
func SignReport(key ed25519.PrivateKey, r Report) (*Report, error) {
	sealed, err := sealAs(key, domainReport, r.wire())
	if err != nil {
		return nil, fmt.Errorf("sign report: %w", err)
	}
	out, err := openReport(sealed, r)
	if err != nil {
		return nil, fmt.Errorf("sign report: %w", err)
	}
	return out, nil
}

// ParseReport reads what Report.Text wrote and verifies all of it: every signature, that the receipts are of this takedown
// and of these members, and that the words say what is signed. Line ends may have become CRLF; any other change is refused.
// Whether Owner is who it says is for a person to compare, by its fingerprint.
//
// Errors: ErrSize, ErrForm, ErrUnknown, ErrKey, ErrSignature, each with the part that is wrong.
func ParseReport(text []byte) (*Report, error) {
	if len(text) > MaxReport {
		return nil, fmt.Errorf("read report: %w", ErrSize)
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	var r Report
	var sealed []byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		switch block.Type {
		case reportBlock:
			sealed = block.Bytes
		case takedownBlock:
			r.Takedown = block.Bytes
		case pemType:
			r.Cards = append(r.Cards, block.Bytes)
		case headBlock:
			r.Heads = append(r.Heads, block.Bytes)
		case receiptBlock:
			r.Receipts = append(r.Receipts, block.Bytes)
		}
	}
	if sealed == nil || r.Takedown == nil {
		return nil, fmt.Errorf("read report: %w: it is not whole; it has a %s and a %s block", ErrForm, reportBlock, takedownBlock)
	}
	out, err := openReport(sealed, r)
	if err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if !bytes.Equal([]byte(out.Text()), text) {
		return nil, fmt.Errorf("read report: %w: its words are not those that were signed", ErrForm)
	}
	return out, nil
}

// openReport verifies a report with what it carries.
func openReport(sealed []byte, carries Report) (*Report, error) {
	w, env, err := unsealAs[wireReport](sealed, "report")
	if err != nil {
		return nil, err
	}
	r := &Report{Origin: w.O, Epoch: w.E, Number: w.N, Members: w.M, At: time.UnixMilli(w.At).UTC(), raw: env.raw,
		Takedown: carries.Takedown, Cards: carries.Cards, Heads: carries.Heads, Receipts: carries.Receipts}
	if w.U != 0 {
		r.ShownUntil = time.UnixMilli(w.U).UTC()
	}
	words := &checker{}
	words.text("number", w.N, maxNumber, false)
	if w.E > maxCounter || w.At <= 0 || w.At > maxTime || w.U < 0 || w.U > maxTime || words.found.err() != nil {
		return nil, fmt.Errorf("%w: report out of range", ErrForm)
	}
	cards, err := r.openCards()
	if err != nil {
		return nil, err
	}
	// Which card certifies a signature is found by the key that it names.
	by := func(o Origin, kid KeyID) *Card {
		for _, c := range cards[o] {
			if KeyIDOf(c.NodeKey[:]) == kid {
				return c
			}
		}
		return nil
	}
	r.owner = by(r.Origin, env.kid)
	if err := r.owner.certifies(r.Origin, r.Epoch, env.kid); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	if err := env.verify(r.owner.Key(), domainReport); err != nil {
		return nil, fmt.Errorf("the report: %w", err)
	}
	if w.X != r.evidence() {
		return nil, fmt.Errorf("%w: what it carries is not what was signed", ErrForm)
	}
	return r, r.openEvidence(cards, by)
}

func (r *Report) openCards() (map[Origin][]*Card, error) {
	cards := map[Origin][]*Card{}
	for i, raw := range r.Cards {
		c, err := OpenCard(raw)
		if err != nil {
			return nil, fmt.Errorf("card %d: %w", i+1, err)
		}
		o := c.Origin()
		if o != r.Origin && !slices.Contains(r.Members, o) {
			return nil, fmt.Errorf("card %d: %w: of nobody whom the report names", i+1, ErrForm)
		}
		cards[o] = append(cards[o], c)
	}
	return cards, nil
}

// openEvidence verifies the takedown, the heads and the receipts, and fills in the lines.
func (r *Report) openEvidence(cards map[Origin][]*Card, by func(Origin, KeyID) *Card) error {
	claim, err := Parse(r.Takedown)
	if err == nil && (claim.Type() != TypeTakedown || claim.Header().Origin != r.Origin) {
		err = fmt.Errorf("%w: not a takedown of the member that reports", ErrForm)
	}
	if err == nil {
		r.record, err = Open(r.Takedown, by(r.Origin, claim.KeyID()))
	}
	if err != nil {
		return fmt.Errorf("the takedown: %w", err)
	}
	heads := make([]*Head, len(r.Heads))
	for i, raw := range r.Heads {
		claim, err := ParseHead(raw)
		if err == nil {
			heads[i], err = claim.Open(by(r.Origin, claim.env.kid))
		}
		if err != nil {
			return fmt.Errorf("head %d: %w", i+1, err)
		}
	}
	lines := map[Origin]*ReportLine{}
	r.lines = make([]ReportLine, len(r.Members))
	for i, o := range r.Members {
		if lines[o] != nil || len(cards[o]) == 0 || o == r.Origin {
			return fmt.Errorf("member %d: %w: named twice, without a card, or the member that reports", i+1, ErrForm)
		}
		lines[o] = &r.lines[i]
		for _, c := range cards[o] {
			if c.Newer(lines[o].Card) {
				lines[o].Card = c
			}
		}
	}
	for i, raw := range r.Receipts {
		got, env, err := parseReceipt(raw)
		if err == nil {
			got, err = OpenReceipt(raw, by(got.By, env.kid))
		}
		if err == nil {
			err = r.enter(lines[got.By], got, heads)
		}
		if err != nil {
			return fmt.Errorf("receipt %d: %w", i+1, err)
		}
	}
	return nil
}

// enter puts a receipt into its member's line.
func (r *Report) enter(l *ReportLine, got *Receipt, heads []*Head) error {
	switch {
	case l == nil, !got.Takedown.Equals(r.record.ID()):
		return fmt.Errorf("%w: of another takedown or a member that the report does not name", ErrForm)
	case got.Phase == Marked && l.Marked == nil:
		l.Marked = got
	case got.Phase == Swept && l.Swept == nil:
		l.Swept, l.Equal = got, slices.ContainsFunc(heads, got.Confirms)
	default:
		return errors.Join(ErrForm, errors.New("the second of its phase"))
	}
	return nil
}
