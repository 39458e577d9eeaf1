package poster

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"
	"unicode/utf16"
)

// pdfFile is a PDF that is being written: numbered objects, and at the end a table of where each begins. Book knows how it
// looks: object 1 is the pages, the last two say what the file is.
type pdfFile struct {
	out   []byte
	where []int // each object begins, by its number; there is no object 0
}

// numbers takes the next n numbers and returns the first.
func (f *pdfFile) numbers(n int) int {
	first := max(len(f.where), 1)
	f.where = append(f.where, make([]int, first+n-len(f.where))...)
	return first
}

// object writes one, made of parts.
func (f *pdfFile) object(number int, parts ...[]byte) {
	f.where[number] = len(f.out)
	f.out = strconv.AppendInt(f.out, int64(number), 10)
	f.out = append(f.out, " 0 obj\n"...)
	for _, p := range parts {
		f.out = append(f.out, p...)
	}
	f.out = append(f.out, "\nendobj\n"...)
}

func (f *pdfFile) objectf(number int, format string, args ...any) {
	f.object(number, fmt.Appendf(nil, format, args...))
}

// stream is the body of an object with data. What stands in its dictionary besides the length is given.
func stream(dict string, data []byte) []byte {
	b := make([]byte, 0, len(dict)+len(data)+48)
	b = append(b, "<<"...)
	b = append(b, dict...)
	b = append(b, " /Length "...)
	b = strconv.AppendInt(b, int64(len(data)), 10)
	b = append(b, ">>\nstream\n"...)
	b = append(b, data...)
	return append(b, "\nendstream"...)
}

// end writes what the file says of itself, and the table.
func (f *pdfFile) end(pages int, title, lang string, dated time.Time) []byte {
	about := f.numbers(2)
	day := dated.UTC().Format("20060102150405")
	f.objectf(about, "<</Producer (gmcn) /Title %s /CreationDate (D:%sZ) /ModDate (D:%sZ)>>", pdfText(title), day, day)
	f.objectf(about+1, "<</Type /Catalog /Pages %d 0 R /Lang %s>>", pages, pdfText(lang))
	at := len(f.out)
	f.out = fmt.Appendf(f.out, "xref\n0 %d\n0000000000 65535 f \n", len(f.where))
	for _, w := range f.where[1:] {
		f.out = fmt.Appendf(f.out, "%010d 00000 n \n", w)
	}
	return fmt.Appendf(f.out, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(f.where), about+1, about, at)
}

// pdfText is a text of any script as a PDF has it.
func pdfText(s string) string {
	b := binary.BigEndian.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.BigEndian.AppendUint16(b, u)
	}
	return fmt.Sprintf("<%x>", b)
}

// pdfBytes is a text of ASCII as a PDF has it.
func pdfBytes(s string) []byte {
	b := []byte{'('}
	for i := range len(s) {
		if s[i] == '(' || s[i] == ')' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, ')')
}

// Pages are packed anew for each poster, and fast; what is packed once and kept is packed well.
var (
	fastPackers = sync.Pool{New: func() any { return packer(zlib.BestSpeed) }}
	goodPackers = sync.Pool{New: func() any { return packer(zlib.BestCompression) }}
)

func packer(level int) *zlib.Writer {
	w, err := zlib.NewWriterLevel(io.Discard, level)
	if err != nil {
		panic(err) // no such level
	}
	return w
}

// pack compresses the parts as one. Nothing fails on the way to memory.
func pack(pool *sync.Pool, data []byte) []byte {
	w := pool.Get().(*zlib.Writer)
	defer pool.Put(w)
	var out bytes.Buffer
	out.Grow(len(data)/3 + 64)
	w.Reset(&out)
	w.Write(data)
	w.Close()
	return out.Bytes()
}
