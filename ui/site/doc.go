// Package site is the public site of a country: its own appeals and those of the other countries, in the languages that
// the country chose, with a poster for each.
//
// What it guarantees:
//
//   - It is handed a store.Public and nothing else of the node's, so a page cannot show a draft, a detail for members, or a
//     case that may not be shown now.
//   - A case that was taken down answers 410 on its page, its poster and its photos, with no name and no picture. A page or
//     photo that a browser or a proxy keeps is asked for again within minutes, so it vanishes there too.
//   - Every page works without JavaScript and without cookies, and asks no other host for anything.
//   - The language stands in the path; only / and /c/REF look at what the browser prefers.
//
// What it never does: change anything, sign anything, remember a visitor, or log what somebody looked for.
package site
