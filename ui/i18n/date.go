package i18n

import (
	"strconv"
	"strings"
	"time"
)

// Date writes a date that may be partly known: month 0 means that only the year
// is known, day 0 that the year and month are. It never makes up the rest; a
// month or day that cannot be is left out like one that is not known. Where the
// language has another calendar, the Gregorian date follows in brackets.
func (l *Locale) Date(year, month, day int) string {
	switch {
	case month < 1 || month > 12:
		month, day = 0, 0
	case day < 1 || day > 31:
		day = 0
	}
	s := l.date(&l.cldr.gregorian, year, month, day)
	if other := l.otherDate(year, month, day); other != "" {
		s = other + " (" + IsolateAuto(s) + ")" // or the year and the day behind it pass for one telephone number
	}
	return l.Digits(s)
}

// otherDate writes a date by the language's own calendar, "" if it has none. A
// month or a year that lies in two of that calendar is written as both.
func (l *Locale) otherDate(year, month, day int) string {
	if l.calendar == nil {
		return ""
	}
	first, last := max(month, 1), month
	if month == 0 {
		last = 12
	}
	from, to := max(day, 1), day
	if day == 0 {
		to = time.Date(year, time.Month(last+1), 0, 0, 0, 0, 0, time.UTC).Day()
	}
	y, m, d, ok := l.calendar(year, first, from)
	y2, m2, d2, ok2 := l.calendar(year, last, to)
	if !ok || !ok2 {
		return ""
	}
	if month == 0 {
		m, m2 = 0, 0
	}
	if day == 0 {
		d, d2 = 0, 0
	}
	s, s2 := l.date(l.year, y, m, d), l.date(l.year, y2, m2, d2)
	if s == s2 {
		return s
	}
	return fill(l.year.Span, s, s2)
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

// date writes what is not 0 of a date with the words of a calendar.
func (l *Locale) date(c *year, year, month, day int) string {
	p := c.day
	switch {
	case month == 0:
		p = c.year
	case day == 0:
		p = c.month
	}
	var b strings.Builder
	for _, f := range p {
		switch f.letter {
		case 0:
			b.WriteString(f.text)
		case 'G':
			b.WriteString(c.Era)
		case 'y':
			b.WriteString(strconv.Itoa(year))
		case 'M':
			b.WriteString(monthField(c.Months, month, f.width))
		case 'L':
			b.WriteString(monthField(c.MonthsAlone, month, f.width))
		case 'd':
			if day == 1 && f.width == 1 && l.zero == '0' && c == &l.cldr.gregorian {
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
