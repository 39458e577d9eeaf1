// Package admin is the console: the pages on which a country's own staff enter, publish and close cases. It listens apart
// from the public site and is the only part of ui that reaches a Node.
//
// What it guarantees:
//
//   - Every page but the one for signing in, and every photo, needs a session. Passwords are kept as argon2id, attempts
//     are limited before any work is done, and right and wrong ones cost the same.
//   - Nothing changes but by a POST that comes from a page of ours (http.CrossOriginProtection) and bears the session's
//     own token.
//   - The form of a case loses nothing. Each way of sending it saves the draft first, whatever is wrong with it; what
//     cannot be read as a date or a number stays in its box; texts in languages that the site does not have stay as they
//     are; a draft that somebody else has saved meanwhile is not overwritten unasked.
//   - Photos go through memory to the node, one at a time; the original with the place where it was taken never touches
//     the disk.
//   - Nothing but styles and pictures of the frame may be kept by a browser.
//
// What it never does: sign, validate or decide anything itself (node and protocol do), log a name or an address, or
// need JavaScript. Who is a member changes only by a person pressing a button of pair.go or member.go.
//
// # The form of a case
//
// A form walks a draft and visits each field under its path in JSON: children.0.name. The same walk reads what was sent
// into the draft and lists the fields to be shown, so that a field has one place in the code (fields.go). The paths are
// those of protocol.Problems, so a problem finds its field.
package admin
