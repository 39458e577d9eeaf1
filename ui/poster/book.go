package poster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// Book puts the PDFs of Render and Strip behind one another in one PDF. It writes each as it comes and keeps no more of it
// than where its objects are, so a book may have any number of pages. The same PDFs give the same bytes.
//
// After an error the book is of no use.
type Book struct {
	w     io.Writer
	at    int64   // how much is written
	where []int64 // each object begins, by its number
	parts []byte  // the references to the page trees
	pages int
}

// Numbers of a book's own objects, in the order in which Close writes them.
const (
	bookPages = 1 + iota
	bookInfo
	bookCatalog
	bookObjects // how many numbers are taken, with 0, which no object has
)

// NewBook begins a book. The caller closes it.
func NewBook(w io.Writer) *Book { return &Book{w: w, where: make([]int64, bookObjects)} }

// pageTree is how the object begins that names all pages of a PDF: the first.
const pageTree = "<</Type /Pages\n"

// Add writes all pages of a PDF that Render or Strip made. Any other PDF is an error.
func (b *Book) Add(pdf []byte) error {
	objects, err := objectsOf(pdf)
	if err != nil {
		return fmt.Errorf("add to a book: %w", err)
	}
	if b.at == 0 {
		if err := b.write([]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")); err != nil {
			return err
		}
	}
	base := len(b.where) - 1 // object n becomes base+n
	b.where = append(b.where, make([]int64, len(objects))...)
	for i, o := range objects {
		head, data := o, []byte(nil)
		if at := bytes.Index(o, []byte("\nstream\n")); at >= 0 {
			head, data = o[:at], o[at:]
		}
		head = renumber(head, base)
		if i == 0 { // its pages become a branch of the book's
			count := pageCount.FindSubmatch(head)
			tree, ok := bytes.CutPrefix(head, []byte(pageTree))
			if !ok || count == nil {
				return errors.New("add to a book: its first object is not its pages")
			}
			n, err := strconv.Atoi(string(count[1]))
			if err != nil {
				return fmt.Errorf("add to a book: %w", err)
			}
			b.pages += n
			b.parts = fmt.Appendf(b.parts, "%d 0 R ", base+1)
			head = fmt.Appendf(nil, "%s/Parent %d 0 R\n%s", pageTree, bookPages, tree)
		}
		if err := b.object(base+1+i, head, data); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the book, which must have a page. The date is all that the file says of itself.
func (b *Book) Close(dated time.Time) error {
	if b.pages == 0 {
		return errors.New("close a book: it has no page")
	}
	day := dated.UTC().Format("20060102150405")
	for i, body := range []string{
		fmt.Sprintf("%s/Kids [%s]\n/Count %d\n>>", pageTree, b.parts, b.pages),
		fmt.Sprintf("<<\n/Producer (gmcn)\n/CreationDate (D:%sZ)\n/ModDate (D:%sZ)\n>>", day, day),
		fmt.Sprintf("<<\n/Type /Catalog\n/Pages %d 0 R\n>>", bookPages),
	} {
		if err := b.object(bookPages+i, []byte(body), []byte("\nendobj\n")); err != nil {
			return err
		}
	}
	end := fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(b.where))
	for _, at := range b.where[1:] {
		end = fmt.Appendf(end, "%010d 00000 n \n", at)
	}
	return b.write(fmt.Appendf(end, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Info %d 0 R\n>>\nstartxref\n%d\n%%%%EOF\n", len(b.where), bookCatalog,
		bookInfo, b.at))
}

// object writes one; its parts end in "endobj" and a line feed.
func (b *Book) object(number int, parts ...[]byte) error {
	b.where[number] = b.at
	return b.write(append([][]byte{fmt.Appendf(nil, "%d 0 obj\n", number)}, parts...)...)
}

func (b *Book) write(parts ...[]byte) error {
	for _, p := range parts {
		n, err := b.w.Write(p)
		b.at += int64(n)
		if err != nil {
			return fmt.Errorf("write a book: %w", err)
		}
	}
	return nil
}

var (
	tableStart = regexp.MustCompile(`startxref\n(\d{1,10})\n%%EOF\n$`)
	tableHead  = regexp.MustCompile(`^xref\n0 (\d{1,9})\n`)
	pageCount  = regexp.MustCompile(`\n/Count (\d{1,9})\n`)
	// stringOrRef is a literal string, in which a bracket has a backslash before it, or a reference.
	stringOrRef = regexp.MustCompile(`(?s)\((?:\\.|[^\\)])*\)|\b\d{1,9} 0 R\b`)
)

var errNotOurs = errors.New("this is no PDF of ours")

// objectsOf returns what stands in the objects of a PDF of ours, by their numbers, without the last two, which say what the
// file is. The table at its end says where they are.
func objectsOf(pdf []byte) ([][]byte, error) {
	m := tableStart.FindSubmatch(pdf[max(0, len(pdf)-64):])
	if m == nil {
		return nil, errNotOurs
	}
	start, err := strconv.Atoi(string(m[1]))
	if err != nil || start > len(pdf) {
		return nil, errNotOurs
	}
	head := tableHead.FindSubmatch(pdf[start:])
	if head == nil {
		return nil, errNotOurs
	}
	const line = 20 // bytes of the table
	n, err := strconv.Atoi(string(head[1]))
	table := pdf[start+len(head[0]):]
	if err != nil || n < 4 || n > len(table)/line {
		return nil, errNotOurs
	}
	where := make([]int, n)
	for i := range where {
		if where[i], err = strconv.Atoi(string(table[i*line : i*line+10])); err != nil || where[i] > start {
			return nil, errNotOurs
		}
	}
	order := append(slices.Sorted(slices.Values(where)), start)
	objects := make([][]byte, n-3)
	for i := range objects {
		at := where[i+1]
		next, _ := slices.BinarySearch(order, at+1)
		body, ok := bytes.CutPrefix(pdf[at:order[next]], fmt.Appendf(nil, "%d 0 obj\n", i+1))
		if !ok || !bytes.HasSuffix(body, []byte("\nendobj\n")) {
			return nil, errNotOurs
		}
		objects[i] = body
	}
	return objects, nil
}

// renumber adds base to the number in each reference.
func renumber(head []byte, base int) []byte {
	return stringOrRef.ReplaceAllFunc(head, func(found []byte) []byte {
		if found[0] == '(' {
			return found
		}
		n, _ := strconv.Atoi(string(found[:len(found)-len(" 0 R")])) // digits, few enough
		return fmt.Appendf(nil, "%d 0 R", base+n)
	})
}
