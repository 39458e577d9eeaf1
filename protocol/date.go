package protocol

import (
	"cmp"
	"fmt"
	"time"
)

// Date is a calendar date that may be known only in part: a year, a year and a month, or a full date. A missing part is
// zero and is never invented. The zero Date means unknown. Gregorian.
type Date struct {
	Year  uint16
	Month uint8
	Day   uint8
}

// ParseDate reads "2026", "2026-03" or "2026-03-09"; "" is the unknown date.
func ParseDate(s string) (Date, error) {
	var d Date
	if s == "" {
		return d, nil
	}
	ok := len(s) == 4 || len(s) == 7 && s[4] == '-' || len(s) == 10 && s[4] == '-' && s[7] == '-'
	part := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			if c < '0' || c > '9' {
				ok = false
			}
			n = 10*n + int(c-'0')
		}
		if n == 0 { // which stands for what is not known
			ok = false
		}
		return n
	}
	if ok {
		d.Year = uint16(part(0, 4))
	}
	if ok && len(s) > 4 {
		d.Month = uint8(part(5, 7))
	}
	if ok && len(s) > 7 {
		d.Day = uint8(part(8, 10))
	}
	if !ok || !d.valid() {
		return Date{}, fmt.Errorf("%.20q is not a date: write 2026, 2026-03 or 2026-03-09", s)
	}
	return d, nil
}

// String returns the date in the form that ParseDate reads.
func (d Date) String() string { return string(d.appendTo(nil)) }

func (d Date) appendTo(b []byte) []byte {
	if d.Year == 0 {
		return b
	}
	b = append(b, '0'+byte(d.Year/1000%10), '0'+byte(d.Year/100%10), '0'+byte(d.Year/10%10), '0'+byte(d.Year%10))
	for _, part := range [...]uint8{d.Month, d.Day} {
		if part == 0 {
			break
		}
		b = append(b, '-', '0'+part/10%10, '0'+part%10)
	}
	return b
}

// valid says whether there is such a date, or part of one: what ParseDate reads.
func (d Date) valid() bool {
	switch {
	case d.IsZero():
		return true
	case d.Year < 1900 || d.Year > 9999 || d.Month > 12 || d.Month == 0 && d.Day != 0:
		return false
	}
	return d.Day <= d.days()
}

// days returns how many days the month of the date has.
func (d Date) days() uint8 {
	switch d.Month {
	case 2:
		if d.Year%4 == 0 && (d.Year%100 != 0 || d.Year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// after says whether the first day that d may mean comes after a full date.
func (d Date) after(day Date) bool {
	d.Month, d.Day = max(d.Month, 1), max(d.Day, 1)
	return cmp.Or(cmp.Compare(d.Year, day.Year), cmp.Compare(d.Month, day.Month), cmp.Compare(d.Day, day.Day)) > 0
}

// IsZero says whether nothing is known.
func (d Date) IsZero() bool { return d == Date{} }

// First returns the first day that the date may mean, at midnight UTC.
func (d Date) First() time.Time {
	return time.Date(int(d.Year), time.Month(max(d.Month, 1)), int(max(d.Day, 1)), 0, 0, 0, 0, time.UTC)
}

// Last returns the last day that the date may mean, at midnight UTC.
func (d Date) Last() time.Time {
	switch {
	case d.Month == 0:
		return time.Date(int(d.Year), time.December, 31, 0, 0, 0, 0, time.UTC)
	case d.Day == 0:
		return time.Date(int(d.Year), time.Month(d.Month)+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return d.First()
}

// DateOf returns the full date of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, day := t.Date()
	return Date{Year: uint16(y), Month: uint8(m), Day: uint8(day)}
}

// MarshalText writes the date for JSON; a date that no calendar has is an error.
func (d Date) MarshalText() ([]byte, error) {
	if !d.valid() {
		return nil, fmt.Errorf("no calendar has the date %d, %d, %d", d.Year, d.Month, d.Day)
	}
	return d.appendTo(make([]byte, 0, 10)), nil
}

// UnmarshalText reads the date from JSON.
func (d *Date) UnmarshalText(b []byte) (err error) { *d, err = ParseDate(string(b)); return err }

// textHead is the first byte of a CBOR text of less than 24 bytes; their number is added to it.
const textHead = 0x60

// MarshalCBOR writes the date as text; a date that no calendar has is an error.
func (d Date) MarshalCBOR() ([]byte, error) {
	text, err := d.MarshalText()
	if err != nil {
		return nil, err
	}
	return append([]byte{textHead + byte(len(text))}, text...), nil
}

// UnmarshalCBOR reads the date from text.
func (d *Date) UnmarshalCBOR(b []byte) error {
	if len(b) == 0 || int(b[0]) != textHead+len(b)-1 {
		return fmt.Errorf("want a date as text of at most 10 bytes")
	}
	return d.UnmarshalText(b[1:])
}
