package i18n

import (
	"strconv"
	"strings"
	"time"
)

// Date writes a date that may be partly known: month 0 means that only the year
// is known, day 0 that the year and month are. It never makes up the rest; a
// month or day that cannot be is left out like one that is not known.
func (l *Locale) Date(year, month, day int) string {
	switch {
	case month < 1 || month > 12:
		return l.Digits(l.date(l.cldr.year, year, 0, 0))
	case day < 1 || day > 31:
		return l.Digits(l.date(l.cldr.month, year, month, 0))
	}
	return l.Digits(l.date(l.cldr.day, year, month, day))
}

// Month writes the name of a month, 1 to 12, as it stands on its own, and ""
// for any other number.
func (l *Locale) Month(month int) string {
	if month < 1 || month > 12 {
		return ""
	}
	return l.cldr.MonthsAlone[month-1]
}

// DateTime writes the full date, the time of day from 00:00 to 23:59, and the
// abbreviation of t's own zone, such as UTC.
func (l *Locale) DateTime(t time.Time) string {
	var clock strings.Builder
	zone, _ := t.Zone()
	for _, f := range l.cldr.clock {
		switch f.letter {
		case 0:
			clock.WriteString(f.text)
		case 'H':
			clock.WriteString(pad(t.Hour(), f.width))
		case 'm':
			clock.WriteString(pad(t.Minute(), f.width))
		case 'v':
			clock.WriteString(zone)
		}
	}
	return fill(l.cldr.Patterns.At, l.Digits(clock.String()), l.Date(t.Year(), int(t.Month()), t.Day()))
}

func (l *Locale) date(p datePattern, year, month, day int) string {
	var b strings.Builder
	for _, f := range p {
		switch f.letter {
		case 0:
			b.WriteString(f.text)
		case 'y':
			b.WriteString(strconv.Itoa(year))
		case 'M':
			b.WriteString(monthField(l.cldr.Months, month, f.width))
		case 'L':
			b.WriteString(monthField(l.cldr.MonthsAlone, month, f.width))
		case 'd':
			if day == 1 && f.width == 1 && l.zero == '0' {
				b.WriteString(l.dayOne)
			} else {
				b.WriteString(pad(day, f.width))
			}
		}
	}
	return b.String()
}

// monthField writes a month as a number, or as its name from width 3 on.
func monthField(names []string, month, width int) string {
	if width < 3 {
		return pad(month, width)
	}
	return names[month-1]
}

// pad writes a number that is not negative with at least width digits.
func pad(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}
