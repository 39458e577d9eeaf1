// Package ui is what every page shares, the public site's and the console's: the theme, the one stylesheet, the country's
// own look, the page frame, the words for the codes of a case, and the way from a handler's error to a page.
//
// What it guarantees:
//
//   - A theme below the contrast that WCAG 2.2 AA asks for is refused, with the measured ratio and a colour that passes.
//   - Everything of a country's own look is checked when it is loaded: the logo is reduced to plain shapes, texts are
//     Markdown without HTML, and what cannot be shown safely is an error that says what to change.
//   - A page is rendered whole before its first byte is sent, so an error never leaves half a page behind.
//   - A visitor never reads an error's text, only a translated sentence; the log never holds an address or a query.
//   - Names, numbers and codes within a sentence are isolated, so that they read right in either direction.
//
// What it never does: read the store, call the network, keep anything about a visitor, or set a cookie.
//
// A page's data is a struct that embeds Page; its template takes every word through {{.T "key"}}. Templates come in
// sets: the frame in this package, the pages in ui/site and ui/admin.
package ui
