package typeset

import (
	"math"
	"strings"
)

// wrapped is how a paragraph goes into lines at a size.
type wrapped struct {
	spans []span // of clusters, without blanks at their ends
	cut   bool   // the last line ends in an ellipsis
	torn  torn
}

// torn is the worst break in a text.
type torn int

const (
	tornNowhere torn = iota
	tornScript       // within a word of a script that has no spaces
	tornWord         // within any other word, or a number
)

// wrap breaks the paragraph at a size into lines of at most width, each as full as it goes.
func (p *paragraph) wrap(size, width float64, maxLines int) wrapped {
	room := width/size + slack
	if !(width > 0) {
		room = math.Inf(1)
	}
	var w wrapped
	for at := 0; at < len(p.clusters); {
		end, torn := p.lineEnd(at, room)
		if maxLines > 0 && len(w.spans) == maxLines-1 && end < len(p.clusters) {
			w.cut = true
			for at > 0 && p.clusters[at-1].number { // the number that the line before began goes too
				last := w.spans[len(w.spans)-1]
				w.spans = w.spans[:len(w.spans)-1]
				at, end = last.from, last.to
			}
			w.spans = append(w.spans, span{at, p.cutEnd(at, end, room-p.ellipsis.width)})
			return w
		}
		w.torn = max(w.torn, torn)
		w.spans = append(w.spans, p.trim(span{at, end}))
		at = end
	}
	if p.tooLong {
		w.cut = true
		if len(w.spans) == 0 {
			w.spans = []span{{}}
		}
		last := &w.spans[len(w.spans)-1]
		last.to = p.cutEnd(last.from, last.to, room-p.ellipsis.width)
	}
	return w
}

// lineEnd returns where the line that begins at cluster at ends.
func (p *paragraph) lineEnd(at int, room float64) (end int, how torn) {
	used := 0.0
	var ends [lineBreak]int // after which cluster, by kind
	for i := at; i < len(p.clusters); i++ {
		c := &p.clusters[i]
		used += c.width
		if used > room && !c.blank && i > at {
			return p.bestEnd(at, i, ends, room)
		}
		if c.after == lineBreak {
			return i + 1, tornNowhere
		}
		ends[c.after] = i + 1
	}
	return len(p.clusters), tornNowhere
}

// bestEnd chooses among the ends that a line has that is full before cluster full.
func (p *paragraph) bestEnd(at, full int, ends [lineBreak]int, room float64) (end int, how torn) {
	word, tear := ends[wordBreak], ends[tearBreak]
	if word > at {
		// Where words are not parted, what stands between two spaces may be a sentence: it begins here.
		if p.clusters[full].tearable && tear > word && p.wider(word, room) {
			return tear, p.tornAt(tear)
		}
		return word, tornNowhere
	}
	switch {
	case ends[numberBreak] > at:
		return ends[numberBreak], tornWord
	case tear > at && p.clusters[tear-1].tearable:
		return tear, p.tornAt(tear)
	case tear > at:
		return tear, tornWord
	}
	return full, tornWord
}

// longestWord is how many clusters a word of a script without spaces has at most: what is longer is a sentence, and has
// to break somewhere.
const longestWord = 20

// tornAt says what is torn where a line ends before cluster at, in a script without spaces.
func (p *paragraph) tornAt(at int) torn {
	from, to := at, at
	for from > 0 && at-from <= longestWord && p.clusters[from-1].after < wordBreak {
		from--
	}
	for to < len(p.clusters) && to-at <= longestWord && p.clusters[to-1].after < wordBreak {
		to++
	}
	if to-from > longestWord {
		return tornNowhere
	}
	return tornScript
}

// wider says whether what stands between cluster at and the next place to break is wider than a line.
func (p *paragraph) wider(at int, room float64) bool {
	used := 0.0
	for _, c := range p.clusters[at:] {
		if c.blank {
			return false
		}
		if used += c.width; used > room {
			return true
		}
		if c.after >= wordBreak {
			return false
		}
	}
	return false
}

// cutEnd returns where to end a line that an ellipsis follows: after a word if that leaves half the line, or else within one,
// but never within a number.
func (p *paragraph) cutEnd(at, end int, room float64) int {
	used, word, tear := 0.0, at, at
	wordUsed := 0.0
	for i := at; i < end; i++ {
		c := &p.clusters[i]
		if c.after == lineBreak || used+c.width > room && !c.blank {
			if c.after == lineBreak {
				word, wordUsed = i, used
			}
			break
		}
		used += c.width
		switch {
		case c.number:
		case c.after == wordBreak:
			word, wordUsed, tear = i+1, used, i+1
		case c.after == tearBreak:
			tear = i + 1
		}
	}
	if wordUsed < used/2 || word == at {
		word = tear
	}
	s := p.trim(span{at, word})
	for s.to > s.from && strings.ContainsRune(" ,;:·–-،؛、，", p.clusters[s.to-1].runes[0]) {
		s = p.trim(span{at, s.to - 1})
	}
	return s.to
}

// trim leaves out the blanks at the end.
func (p *paragraph) trim(s span) span {
	for s.to > s.from && p.clusters[s.to-1].blank {
		s.to--
	}
	return s
}
