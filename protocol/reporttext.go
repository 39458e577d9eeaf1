package protocol

import (
	"encoding/pem"
	"fmt"
	"strings"
	"time"
)

// Text returns the report as a file: what it says in plain words, and below them, in blocks, all that is signed. The words
// follow from the blocks, so that ParseReport can tell when somebody has changed them.
func (r *Report) Text() string {
	var b strings.Builder
	h := r.record.Header()
	fmt.Fprintf(&b, "GMCN TAKEDOWN REPORT\n\n")
	if r.Number != "" {
		fmt.Fprintf(&b, "Case number:   %s\n", r.Number)
	}
	fmt.Fprintf(&b, "Reference:     %s\n", h.Ref())
	fmt.Fprintf(&b, "Published by:  %s\n", whoIs(r.owner))
	fmt.Fprintf(&b, "Closed:        %s\n", timeText(h.At))
	fmt.Fprintf(&b, "This report:   %s\n", timeText(r.At))
	fmt.Fprintf(&b, "Erased by:     %d of %d members\n", r.Confirmed(), len(r.lines))
	for i, l := range r.lines {
		fmt.Fprintf(&b, "\n%d. %s\n", i+1, whoIs(l.Card))
		if l.Marked != nil {
			fmt.Fprintf(&b, "   Hidden: %s\n", timeText(l.Marked.At))
		}
		switch {
		case l.Swept != nil:
			fmt.Fprintf(&b, "   Erased: %s\n", timeText(l.Swept.At))
			if l.Equal {
				fmt.Fprint(&b, "   It then held exactly what the publisher had published, and nothing of this case.\n")
			}
		case l.Marked != nil:
			fmt.Fprint(&b, "   Erased: not confirmed.\n")
		default:
			fmt.Fprintf(&b, "   Not confirmed. %s\n", r.rightText())
		}
	}
	fmt.Fprint(&b, "\n", reportWords, "\n")
	block := func(kind string, raw []byte) { b.Write(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw})) }
	block(reportBlock, r.raw)
	block(takedownBlock, r.Takedown)
	for _, raw := range r.Cards {
		block(pemType, raw)
	}
	for _, raw := range r.Heads {
		block(headBlock, raw)
	}
	for _, raw := range r.Receipts {
		block(receiptBlock, raw)
	}
	return b.String()
}

// rightText says until when a member that has heard nothing may show the case.
func (r *Report) rightText() string {
	switch {
	case r.ShownUntil.IsZero():
		return "It was never given the right to show the case."
	case r.ShownUntil.After(r.At):
		return "Its right to show the case ends at " + timeText(r.ShownUntil) + "."
	}
	return "Its right to show the case ended at " + timeText(r.ShownUntil) + "."
}

const reportWords = `What this is: each member above stated, under a signature by the key that its card certifies, that
it hid the case from the public and erased it, at the times given. The signatures stand below.
It is their word. No technical means can prove that nobody anywhere has kept a copy.

How to check it: gmcn verify-report FILE. Nothing else is needed, no connection and no account. Then
compare the fingerprint of the publisher with the one that it gives you by another way.
`

func whoIs(c *Card) string {
	_, name := c.Names.Pick("en")
	return fmt.Sprintf("%s (%s), fingerprint %s", name, c.Country, c.Origin().Fingerprint())
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
