package i18n

import (
	"strconv"
	"strings"
)

// zeros has the digit nought of the CLDR's decimal numbering systems that a
// node may choose. The other nine follow it in Unicode.
var zeros = map[string]rune{
	"latn": '0', "arab": '٠', "arabext": '۰', "beng": '০', "deva": '०', "gujr": '૦', "guru": '੦', "khmr": '០',
	"knda": '೦', "laoo": '໐', "mlym": '൦', "mymr": '၀', "orya": '୦', "tamldec": '௦', "telu": '౦', "thai": '๐', "tibt": '༠',
}

// Number writes a whole number with the language's digits and separators.
func (l *Locale) Number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = l.symbols.Minus, digits[1:]
	}
	return sign + l.Digits(l.group(digits))
}

// Decimal writes a number given in tenths: 123 is "12.3" in English, and 120 is
// "12", as the CLDR's standard pattern has it.
func (l *Locale) Decimal(tenths int) string {
	whole, tenth := tenths/10, tenths%10
	if tenth == 0 {
		return l.Number(whole)
	}
	sign := ""
	if tenths < 0 {
		sign, whole, tenth = l.symbols.Minus, -whole, -tenth
	}
	return sign + l.Number(whole) + l.symbols.Decimal + l.Digits(strconv.Itoa(tenth))
}

// Digits writes the ASCII digits in s with the language's own. It is for
// numbers and dates; a telephone number or a case number must never pass it.
func (l *Locale) Digits(s string) string {
	if l.zero == '0' {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return l.zero + r - '0'
		}
		return r
	}, s)
}

func (l *Locale) plainInt(n int) string { return l.Digits(strconv.Itoa(n)) }

// group puts the language's separator between groups of ASCII digits.
func (l *Locale) group(digits string) string {
	size, before, least := l.cldr.Grouping[0], l.cldr.Grouping[1], l.cldr.Grouping[2]
	if len(digits) < size+least {
		return digits
	}
	cut := len(digits) - size
	s := digits[cut:]
	for ; cut > before; cut -= before {
		s = digits[cut-before:cut] + l.symbols.Group + s
	}
	return digits[:cut] + l.symbols.Group + s
}
