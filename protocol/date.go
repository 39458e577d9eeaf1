package protocol

import (
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
	for layout, part := range map[string]int{"2006": 1, "2006-01": 2, "2006-01-02": 3} {
		if len(s) != len(layout) {
			continue
		}
		t, err := time.Parse(layout, s)
		if err != nil || t.Year() < 1900 {
			break
		}
		d.Year = uint16(t.Year())
		if part > 1 {
			d.Month = uint8(t.Month())
		}
		if part > 2 {
			d.Day = uint8(t.Day())
		}
		return d, nil
	}
	return Date{}, fmt.Errorf("%.20q is not a date: write 2026, 2026-03 or 2026-03-09", s)
}

// String returns the date in the form that ParseDate reads.
func (d Date) String() string {
	switch {
	case d.Year == 0:
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%04d-%02d", d.Year, d.Month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// valid says whether there is such a date, or part of one: what ParseDate reads.
func (d Date) valid() bool {
	switch {
	case d.IsZero():
		return true
	case d.Year < 1900 || d.Year > 9999 || d.Month > 12 || d.Month == 0 && d.Day != 0:
		return false
	}
	return d.Day == 0 || DateOf(d.First()) == d
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
	return []byte(d.String()), nil
}

// UnmarshalText reads the date from JSON.
func (d *Date) UnmarshalText(b []byte) (err error) { *d, err = ParseDate(string(b)); return err }

// MarshalCBOR writes the date as text; a date that no calendar has is an error.
func (d Date) MarshalCBOR() ([]byte, error) {
	text, err := d.MarshalText()
	if err != nil {
		return nil, err
	}
	return encMode.Marshal(string(text))
}

// UnmarshalCBOR reads the date from text.
func (d *Date) UnmarshalCBOR(b []byte) error {
	var s string
	if err := decMode.Unmarshal(b, &s); err != nil {
		return err
	}
	return d.UnmarshalText([]byte(s))
}
