package i18n

import (
	"strings"
	"testing"
	"time"
)

func TestCalendars(t *testing.T) {
	for _, c := range []struct {
		calendar         string
		year, month, day int
		y, m, d          int
	}{
		{"buddhist", 2026, 11, 23, 2569, 11, 23},
		{"buddhist", 1941, 1, 1, 2484, 1, 1},
		{"persian", 2025, 3, 21, 1404, 1, 1},   // Nowruz
		{"persian", 2025, 3, 20, 1403, 12, 30}, // 1403 was a leap year
		{"persian", 2026, 3, 21, 1405, 1, 1},
		{"persian", 2026, 3, 20, 1404, 12, 29},
		{"persian", 2024, 3, 20, 1403, 1, 1},
		{"persian", 2017, 3, 20, 1395, 12, 30},
		{"persian", 2025, 9, 22, 1404, 6, 31},
		{"persian", 2025, 9, 23, 1404, 7, 1},
		{"persian", 1979, 2, 11, 1357, 11, 22},
		{"persian", 2030, 3, 21, 1409, 1, 1}, // five years after the leap year before: 1408 has 366 days
		{"ethiopic", 2025, 9, 11, 2018, 1, 1},
		{"ethiopic", 2025, 9, 10, 2017, 13, 5},
		{"ethiopic", 2023, 9, 11, 2015, 13, 6},
		{"ethiopic", 2023, 9, 12, 2016, 1, 1},
		{"ethiopic", 2026, 1, 7, 2018, 4, 29}, // Christmas
		{"ethiopic", 2000, 1, 1, 1992, 4, 22},
	} {
		y, m, d, ok := calendars[c.calendar](c.year, c.month, c.day)
		if !ok || y != c.y || m != c.m || d != c.d {
			t.Errorf("%s: %d-%d-%d is %d-%d-%d %v, want %d-%d-%d", c.calendar, c.year, c.month, c.day, y, m, d, ok, c.y, c.m, c.d)
		}
	}
}

// TestCalendarsCountEachDay walks through two centuries: each day must follow
// the day before it, within the months that the calendar has, and lead back to
// the Gregorian date that it came from.
func TestCalendarsCountEachDay(t *testing.T) {
	back := map[string]func(y, m, d int) int{
		"buddhist": func(y, m, d int) int { return dayNumber(y-543, m, d) },
		"persian":  func(y, m, d int) int { return nowruz(y) + 30*(m-1) + min(m-1, 6) + d - 1 },
		"ethiopic": func(y, m, d int) int { return 1724220 + 365*(y-1) + y/4 + 30*(m-1) + d },
	}
	for name, calendar := range calendars {
		var py, pm, pd int
		for at := time.Date(1941, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2122; at = at.AddDate(0, 0, 1) {
			y, m, d, ok := calendar(at.Year(), int(at.Month()), at.Day())
			next := y == py && m == pm && d == pd+1 || y == py && m == pm+1 && d == 1 && pd >= 28 || y == py+1 && m == 1 && d == 1 && pm >= 12
			if !ok || py != 0 && !next {
				t.Fatalf("%s: %s is %d-%d-%d %v, after %d-%d-%d", name, at.Format(time.DateOnly), y, m, d, ok, py, pm, pd)
			}
			if got, want := back[name](y, m, d), dayNumber(at.Year(), int(at.Month()), at.Day()); got != want {
				t.Fatalf("%s: %d-%d-%d leads to day %d, want %d", name, y, m, d, got, want)
			}
			py, pm, pd = y, m, d
		}
	}
}

// TestOtherCalendarsSpan has the dates that are partly known: what lies in two
// months or years of the other calendar is written as both.
func TestOtherCalendarsSpan(t *testing.T) {
	for _, c := range []struct {
		calendar         string
		year, month, day int
		want             string
	}{
		{"persian", 2025, 3, 21, "1 Farvardin 1404 AP (\u206821 March 2025\u2069)"},
		{"persian", 2025, 3, 0, "Esfand 1403 AP\u2009–\u2009Farvardin 1404 AP (\u2068March 2025\u2069)"},
		{"persian", 2025, 0, 0, "1403 AP\u2009–\u20091404 AP (\u20682025\u2069)"},
		{"ethiopic", 2025, 0, 0, "2017\u2009–\u20092018 (\u20682025\u2069)"},
		{"buddhist", 2026, 3, 9, "9 March 2569 BE (\u20689 March 2026\u2069)"},
		{"buddhist", 2026, 3, 0, "March 2569 BE (\u2068March 2026\u2069)"},
		{"buddhist", 2026, 0, 0, "2569 BE (\u20682026\u2069)"},
		{"buddhist", 1930, 3, 9, "9 March 1930"}, // the year began in April then
		{"persian", 1700, 3, 9, "9 March 1700"},  // before the rule holds
		{"gregorian", 2026, 3, 9, "9 March 2026"},
	} {
		b, err := load(t).WithCalendar("en", c.calendar)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.locales["en"].Date(c.year, c.month, c.day); got != c.want {
			t.Errorf("%s: %q, want %q", c.calendar, got, c.want)
		}
		if got := b.posters["en"].Date(c.year, c.month, c.day); got != c.want {
			t.Errorf("%s on posters: %q", c.calendar, got)
		}
	}
	if locale(t, "en").Date(2026, 3, 9) != "9 March 2026" {
		t.Error("WithCalendar changed the bundle it was called on")
	}
	if _, err := load(t).WithCalendar("en", "lunar"); err == nil || !strings.Contains(err.Error(), "buddhist, ethiopic, persian") {
		t.Errorf("an unknown calendar: %v", err)
	}
	if _, err := load(t).WithCalendar("xx", "persian"); err == nil {
		t.Error("a calendar for a language that is not there")
	}
	b, err := load(t).WithCalendar("en", "persian")
	if err != nil {
		t.Fatal(err)
	}
	if b, err = b.WithCalendar("en", "gregorian"); err != nil || b.locales["en"].Date(2026, 0, 0) != "2026" {
		t.Errorf("back to the Gregorian: %v", err)
	}
}
