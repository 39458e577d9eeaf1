// Package i18n gives every page and poster its words, numbers, dates, names of
// countries and languages, and direction.
//
// A Bundle holds the languages: those that have every message, which may be a
// site's, and those that have what posters need. Load makes one from the files embedded here:
//
//	messages/TAG.toml   our words, one catalogue a language
//	cldr/TAG.json       names, months and patterns from the Unicode CLDR,
//	                    written by gen.go and never by hand
//
// A Locale is one language ready to speak:
//
//	l, _ := bundle.Locale("ar")
//	l.T("case.since", "date", l.Date(2026, 3, 0))
//	l.N("browse.count", 11)
//
// What it guarantees: all that a Bundle or a Locale holds is read-only after
// Load, so any number of goroutines may use them. No method panics, whatever it
// is given. A date never gains a day or a month that it was not given. A digit
// is changed only where it belongs to a number, a date or an int handed to T:
// text is inserted as it is, so a telephone number handed in as text stays as
// its owner wrote it. A date in another calendar has the Gregorian one beside
// it. Nothing is read from disk or network after Load.
//
// What it never does: it does not escape HTML (the templates do), and, but for
// the second date of a pair, it does not isolate the direction of what it
// inserts. Pages wrap names, numbers and codes in <bdi>; plain text, such as a
// poster's, uses Isolate and IsolateAuto.
//
// # Catalogues
//
// A catalogue is TOML, one quoted key a line. A value is a text with
// placeholders like {{.name}} and nothing else of any template language. A
// message that counts is a table with a text for each plural category that the
// language has in the CLDR; {{.count}} is the number in the language's digits:
//
//	"site.call" = "Call {{.number}}"
//	"browse.count" = { one = "{{.count}} appeal", other = "{{.count}} appeals" }
//
// English is the reference. The tests hold every embedded catalogue to its keys,
// placeholders and plural forms, and find in the sources of ui/poster which keys
// the catalogues must have that are for posters alone. The two keys locale.* are
// for this package itself.
//
// # Digits and calendars
//
// They are a node's choice for a language, not the language's: WithDigits and
// WithCalendar. A calendar is arithmetic on the Gregorian date that a record
// keeps. What is partly known stays so: a month that lies in two months of the
// other calendar is written as both.
//
// # A node's own words
//
// The overrides of Load are files of the same names, say messages/fr.toml with
// the two messages that a member says differently. The keys country.XX, of two
// capital letters, give a place the name that the member uses for it, also for
// a code that ISO 3166-1 does not assign; an empty text takes the code out of
// lists. A whole new language is possible too: a messages file, which may be
// incomplete (English fills the gaps), and a cldr file. A language that we have
// for posters becomes a site's when the node adds the messages it lacks.
//
// # Adding a language
//
// Copy messages/en.toml to messages/TAG.toml and translate it; run gen.go as
// its first lines say; run the tests. No Go changes.
package i18n
