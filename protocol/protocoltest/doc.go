// Package protocoltest holds invented members, cases and pictures for the
// tests of other packages and for the demonstration; nobody in it exists.
//
// Countries gives three members, XA, XB and XC, each with its name, colours and
// site texts and with cases of every kind: infants and teenagers, siblings,
// companions, dates known in part, a case without a photo, names in three
// scripts. Their dates count back from the day that is asked for, so that the
// demonstration is never out of date. What they keep from the public is in
// Secrets, for tests to look for where it must not be.
//
// The pictures are drawn, not photographed: flat illustrations that nobody can
// take for a photograph of a child. They are made from a Look, a short
// description in plain fields, so that a picture and the text of its case
// agree, and they need no file: the same Look at the same size gives the same
// bytes each time.
//
// PhonePhoto wraps such a drawing in everything that a telephone adds to a
// photograph, the place where it was taken first of all, and says which bytes
// must be gone once a photograph has been made ready for publication.
//
// The package never reads a clock, a disk or the network. It is for tests and
// for the demonstration only; a real node has no use for it.
package protocoltest
