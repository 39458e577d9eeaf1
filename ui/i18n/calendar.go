package i18n

import "time"

// A calendar counts the days of a year in another way than the Gregorian. It
// returns its own date of a Gregorian one, and false where its rule is not
// known to hold.
type calendar func(year, month, day int) (y, m, d int, ok bool)

// calendars are those that a node may choose, by their names in the CLDR.
var calendars = map[string]calendar{"buddhist": buddhist, "persian": persian, "ethiopic": ethiopic}

// buddhist is the calendar of Thailand since 1941: Gregorian months, and years
// from the Buddha's parting.
func buddhist(year, month, day int) (y, m, d int, ok bool) {
	return year + 543, month, day, year >= 1941
}

// persian is the solar Hijri calendar of Iran and Afghanistan. Its year begins
// with spring as astronomers find it; from 1206 to 1501 that is the same as
// eight leap years in each 33.
func persian(year, month, day int) (y, m, d int, ok bool) {
	date := dayNumber(year, month, day)
	y = year - 621
	if date < nowruz(y) {
		y--
	}
	n := date - nowruz(y)
	if n < 6*31 {
		return y, n/31 + 1, n%31 + 1, 1206 <= y && y <= 1501
	}
	n -= 6 * 31
	return y, n/30 + 7, n%30 + 1, 1206 <= y && y <= 1501
}

// nowruz is the day number of the first day of a Persian year.
func nowruz(y int) int { return 1948320 + 365*(y-1) + (8*y+21)/33 }

// ethiopic is the calendar of Ethiopia and Eritrea: twelve months of 30 days,
// and a thirteenth of five, or of six before a leap year.
func ethiopic(year, month, day int) (y, m, d int, ok bool) {
	n := dayNumber(year, month, day) - 1724221
	y = (4*n + 1463) / 1461
	n -= 365*(y-1) + y/4
	return y, n/30 + 1, n%30 + 1, year >= 1800
}

// dayNumber is the Julian day number of a Gregorian date.
func dayNumber(year, month, day int) int {
	return int(time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Unix()/86400) + 2440588
}
