package typeset

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/bidi"
)

const (
	maxRunes = 6000 // of a text; the longest field of a record has 3000
	maxMarks = 10   // on one letter
	maxDepth = 24   // of isolates in one another
)

// Direction controls.
const (
	alm = '\u061c'
	lrm = '\u200e'
	rlm = '\u200f'
	lre = '\u202a'
	rle = '\u202b'
	pdf = '\u202c'
	lro = '\u202d'
	rlo = '\u202e'
	lri = '\u2066'
	rli = '\u2067'
	fsi = '\u2068'
	pdi = '\u2069'
)

func isMark(r rune) bool { return r == alm || r == lrm || r == rlm }

func isDirection(r rune) bool {
	return isMark(r) || lre <= r && r <= rlo || lri <= r && r <= pdi
}

// span is the part [from, to) of something.
type span struct{ from, to int }

// source is a text ready for shaping: lines end in '\n', isolates are closed, numbers keep their order.
type source struct {
	runes   []rune
	numbers []span // not to be broken if possible, nor cut
	cut     bool   // it was too long
}

// clean makes any string a source.
func clean(s string, rtl bool) source {
	runes, cut := visible(s)
	runes = balance(runes)
	text := source{cut: cut}
	text.runes, text.numbers = orderNumbers(runes, rtl)
	return text
}

// visible drops what cannot be set, ends lines in '\n', makes tabs spaces, and trims.
func visible(s string) (runes []rune, cut bool) {
	marks, last := 0, rune(0)
	for _, r := range s {
		if len(runes) == maxRunes {
			cut = true
			break
		}
		switch {
		case r == '\n' && last == '\r':
			last = r
			continue
		case r == '\n', r == '\r', r == '\v', r == '\f', r == 0x85, r == 0x2028, r == 0x2029:
			last, r = r, '\n'
			for len(runes) > 0 && runes[len(runes)-1] == ' ' {
				runes = runes[:len(runes)-1]
			}
			if n := len(runes); n == 0 || n > 1 && runes[n-1] == '\n' && runes[n-2] == '\n' {
				continue // at most one empty line
			}
		case r == '\t':
			last, r = r, ' '
		default:
			last = r
		}
		if r >= 0x300 && unicode.In(r, unicode.Mn, unicode.Me) {
			if marks++; marks > maxMarks {
				continue
			}
		} else if !unicode.Is(unicode.Cf, r) {
			marks = 0
		}
		if r == ' ' && (len(runes) == 0 || runes[len(runes)-1] == '\n') || r != '\n' && unprintable(r) {
			continue
		}
		runes = append(runes, r)
	}
	for cut && len(runes) > 0 && (isDigit(runes[len(runes)-1]) || strings.ContainsRune(" +-()./*#", runes[len(runes)-1])) {
		runes = runes[:len(runes)-1] // half a number
	}
	for len(runes) > 0 && (runes[len(runes)-1] == ' ' || runes[len(runes)-1] == '\n') {
		runes = runes[:len(runes)-1]
	}
	return runes, cut
}

// unprintable characters are dropped without notice: controls, the soft hyphen, byte order marks, deprecated and
// annotation characters, tags, and what is no character.
func unprintable(r rune) bool {
	switch {
	case r < 0x20, 0x7f <= r && r < 0xa0, r == 0xad, r == 0xfeff:
		return true
	case 0x206a <= r && r <= 0x206f, 0xfff9 <= r && r <= 0xfffb, 0xe0000 <= r && r <= 0xe007f:
		return true
	case r&0xfffe == 0xfffe, 0xfdd0 <= r && r <= 0xfdef:
		return true
	}
	return false
}

// balance makes every direction control an isolate that is closed before the end of its line, and drops what closes none.
// Overrides lose their force: nobody's name needs one, and they turn digits round.
func balance(runes []rune) []rune {
	if !slices.ContainsFunc(runes, isDirection) {
		return runes
	}
	type opened struct{ isolate, kept bool }
	var stack []opened
	out := make([]rune, 0, len(runes)+4)
	depth, isolates := 0, 0
	open := func(r rune, isolate bool) {
		kept := depth < maxDepth
		if kept {
			out = append(out, r)
			depth++
		}
		if isolate {
			isolates++
		}
		stack = append(stack, opened{isolate, kept})
	}
	pop := func() {
		last := stack[len(stack)-1]
		if last.kept {
			out = append(out, pdi)
			depth--
		}
		if last.isolate {
			isolates--
		}
		stack = stack[:len(stack)-1]
	}
	for _, r := range runes {
		switch r {
		case lre, lro:
			open(lri, false)
		case rle, rlo:
			open(rli, false)
		case lri, rli, fsi:
			open(r, true)
		case pdf:
			if len(stack) > 0 && !stack[len(stack)-1].isolate {
				pop()
			}
		case pdi:
			if isolates == 0 {
				continue
			}
			for !stack[len(stack)-1].isolate {
				pop()
			}
			pop()
		case '\n':
			for len(stack) > 0 {
				pop()
			}
			out = append(out, r)
		default:
			out = append(out, r)
		}
	}
	for len(stack) > 0 {
		pop()
	}
	return out
}

// orderNumbers finds the numbers of several groups of digits, and sees to it that the groups stay in order: it isolates a
// number that follows right-to-left letters, and parts Arabic digits, which would run from right to left even so, with
// marks.
func orderNumbers(runes []rune, rtl bool) (out []rune, numbers []span) {
	out = make([]rune, 0, len(runes)+8)
	leftward := []bool{rtl} // whether what follows runs from right to left, for each isolate that is open
	for i := 0; i < len(runes); {
		if n, arabic := number(runes[i:]); n > 0 && (i == 0 || !isDigit(runes[i-1])) {
			turn := arabic || leftward[len(leftward)-1]
			if turn {
				out = append(out, lri)
			}
			from := len(out)
			for j, r := range runes[i : i+n] {
				if isMark(r) {
					continue
				}
				if arabic && j > 0 && isDigit(r) != isDigit(out[len(out)-1]) {
					out = append(out, lrm)
				}
				out = append(out, r)
			}
			numbers = append(numbers, span{from, len(out)})
			if turn {
				out = append(out, pdi)
			}
			i += n
			continue
		}
		r := runes[i]
		switch r {
		case lri:
			leftward = append(leftward, false)
		case rli, fsi:
			leftward = append(leftward, true)
		case pdi:
			leftward = leftward[:len(leftward)-1]
		case '\n':
			leftward[0] = rtl
		default:
			switch class(r) {
			case bidi.L:
				leftward[len(leftward)-1] = false
			case bidi.R, bidi.AL:
				leftward[len(leftward)-1] = true
			}
		}
		out = append(out, r)
		i++
	}
	return out, numbers
}

func class(r rune) bidi.Class {
	if r < 0x80 {
		if 'a' <= r|0x20 && r|0x20 <= 'z' {
			return bidi.L
		}
		return bidi.ON
	}
	p, _ := bidi.LookupRune(r)
	return p.Class()
}

// isDigit says whether r is a digit of a number that runs from left to right.
func isDigit(r rune) bool {
	return '0' <= r && r <= '9' || r >= 0x80 && unicode.Is(unicode.Nd, r) && class(r) != bidi.R
}

// number returns how much of the beginning of runes is one number of several groups of digits, or begins with a '+' or, as
// short numbers of networks do, with '*' or '#'; 0 if it is none. Groups with spaces between them are one number; with other signs, like a range of ages, only from six digits up.
func number(runes []rune) (n int, arabic bool) {
	i := 0
	skip := func(set func(rune) bool, most int) (count int) {
		for i < len(runes) && (count < most && set(runes[i]) || isMark(runes[i])) {
			if !isMark(runes[i]) {
				count++
			}
			i++
		}
		return count
	}
	is := func(all string) func(rune) bool {
		return func(r rune) bool {
			for _, one := range all {
				if one == r {
					return true
				}
			}
			return false
		}
	}
	if len(runes) == 0 || !is("+(＋*#")(runes[0]) && !isDigit(runes[0]) {
		return 0, false
	}
	signs, last := "()-./\u2010\u2011\u2012", ")"
	plus, star := skip(is("+＋"), 2) > 0, skip(is("*#"), 2) > 0
	if star {
		signs, last = signs+"*#", "*#"
	}
	skip(is("( "), 2)
	digits, groups, spaces, blank := 0, 0, false, 0
	for {
		got := skip(isDigit, maxRunes)
		if got == 0 {
			break
		}
		digits += got
		groups++
		spaces = spaces || groups > 1 && blank > 0
		for n < i {
			arabic = arabic || class(runes[n]) == bidi.AN
			n++
		}
		blank = skip(is("\u00a0\u2007\u2009\u202f "), 1)
		skip(is(signs), 2)
		if blank == 0 && i < len(runes) {
			blank = skip(is("\u00a0\u2007\u2009\u202f "), 1)
		}
	}
	if groups == 0 || !plus && !star && (groups < 2 || !spaces && digits < 6) {
		return 0, false
	}
	for n < len(runes) && is(last)(runes[n]) {
		n++
	}
	return n, arabic
}
