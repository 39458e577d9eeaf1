package protocol

import (
	"fmt"
	"unicode/utf8"

	"github.com/ipfs/go-cid"
)

// reader reads records. Whoever joins the network reads millions of them, and a library that reads by reflection, and proves the
// form by a second encoding, takes four times as long; it stays for everything else (decisions.md 91). A reader takes nothing
// but the canonical form: shortest heads, definite lengths, keys in order and none twice, no optional field that is empty.
// So what it has read is what encode would write of it, to the byte.
//
// The first fault stays in err; from then on there is nothing left to read and every value is empty. Texts are parts of the string
// that is read, not copies. A length counts for nothing until as many bytes are there.
type reader struct {
	text string // what is read
	at   int    // up to here
	err  error
	name string // of the whole, in errors
	// maps are the maps that stand open, from 1 to depth. There are only numbers in them: pointers that are written so often
	// cost more than the rest.
	maps  [8]openMap
	depth int
}

// openMap is a map of which some pairs have been read.
type openMap struct {
	key  int // where the last key stands
	left int // pairs
}

// end returns the first fault. A byte that is left is one.
func (r *reader) end() error {
	if r.at != len(r.text) {
		r.fail("bytes after the end")
	}
	return r.err
}

// fail notes a fault, of the field that was read last, and ends the reading. It quotes nothing of what was read but keys that we
// asked for.
func (r *reader) fail(why string) {
	if r.err == nil {
		path := r.name
		for _, m := range r.maps[1 : r.depth+1] {
			if m.key > 0 {
				path += "." + r.text[m.key+1:][:r.text[m.key]-textHead]
			}
		}
		r.err = fmt.Errorf("%w: %s: %s", ErrForm, path, why)
	}
	r.at = len(r.text)
}

// left returns how many bytes are left.
func (r *reader) left() int { return len(r.text) - r.at }

// next returns the major type of the next item, 0 at the end.
func (r *reader) next() byte {
	if r.at == len(r.text) {
		return 0
	}
	return r.text[r.at] >> 5
}

// The major types of CBOR.
const (
	majorUint byte = iota
	majorNegative
	majorBytes
	majorText
	majorList
	majorMap
	majorTag
	majorSimple
)

var majorNames = [8]string{"a number", "a negative number", "bytes", "text", "a list", "a map", "a tag", "true or false"}

// head reads the head of an item of a major type and returns its number, length or tag.
func (r *reader) head(major byte) uint64 {
	if r.at == len(r.text) || r.text[r.at]>>5 != major {
		r.fail("want " + majorNames[major])
		return 0
	}
	low := r.text[r.at] & 0x1f
	r.at++
	if low < 24 {
		return uint64(low)
	}
	return r.longHead(low)
}

func (r *reader) longHead(low byte) (n uint64) {
	size := 1 << (low - 24) // 28 and more say that the length is not known yet, or nothing
	if low > 27 || r.left() < size {
		r.fail("an indefinite length, or half a number")
		return 0
	}
	for range size {
		n = n<<8 | uint64(r.text[r.at])
		r.at++
	}
	if size == 1 && n < 24 || size > 1 && n>>(4*size) == 0 {
		r.fail("not the shortest form of a number or length")
		return 0
	}
	return n
}

// take reads n bytes.
func (r *reader) take(n uint64) string {
	if n > uint64(r.left()) {
		r.fail("shorter than it says")
		return ""
	}
	s := r.text[r.at:][:n]
	r.at += int(n)
	return s
}

// number reads an unsigned integer that fits a T.
func number[T uint8 | uint16 | uint32 | uint64](r *reader) T {
	n := r.head(majorUint)
	if uint64(T(n)) != n {
		r.fail("too large a number")
	}
	return T(n)
}

// integer reads an integer with or without a sign.
func (r *reader) integer() int64 {
	if r.next() == majorNegative {
		return ^r.signless(majorNegative)
	}
	return r.signless(majorUint)
}

func (r *reader) signless(major byte) int64 {
	n := r.head(major)
	if int64(n) < 0 {
		r.fail("too large a number")
		return 0
	}
	return int64(n)
}

// yes reads true. False is never written: all that can be false is left out then.
func (r *reader) yes() bool {
	const yes = 21
	if r.head(majorSimple) != yes {
		r.fail("want true")
	}
	return true
}

// string reads a text.
func (r *reader) string() string {
	s := r.take(r.head(majorText))
	if !utf8.ValidString(s) {
		r.fail("not UTF-8")
	}
	return s
}

// fill reads a byte string that is as long as dst.
func (r *reader) fill(dst []byte) {
	if n := r.head(majorBytes); n != uint64(len(dst)) {
		r.fail("bytes of another length")
		return
	}
	copy(dst, r.take(uint64(len(dst))))
}

// link reads a CID under tag 42.
func (r *reader) link() (l Link) {
	if r.head(majorTag) != linkTag {
		r.fail("want a link")
	}
	s := r.take(r.head(majorBytes))
	if len(s) < minLink || len(s) > maxLink || s[0] != 0 {
		r.fail("want a CID after a zero byte")
		return l
	}
	var err error
	if l.Cid, err = castCID(s[1:]); err != nil {
		r.fail("not a CID")
	}
	return l
}

// date reads a date.
func (r *reader) date() Date {
	d, err := ParseDate(r.string())
	if err != nil {
		r.fail("not a date")
	}
	return d
}

// list reads the head of a list and returns how many items follow. Each takes at least the given number of bytes.
func (r *reader) list(least int) int {
	n := r.head(majorList)
	if n > maxItems || int(n) > r.left()/least {
		r.fail("too long a list")
		return 0
	}
	return int(n)
}

// texts reads a list of texts, which is left out when it is empty.
func texts[T ~string](r *reader) []T {
	list := make([]T, some(r, r.list(1)))
	for i := range list {
		list[i] = T(r.string())
	}
	return list
}

// words reads a text by language, which is left out when it is empty.
func (r *reader) words() Text {
	n := some(r, r.head(majorMap))
	if n > maxPairs || n > uint64(r.left()/2) {
		r.fail("too large a map")
		return nil
	}
	t := make(Text, n)
	last := ""
	for i := range n {
		tag := r.string()
		if i > 0 && (len(tag) < len(last) || len(tag) == len(last) && tag <= last) {
			r.fail("keys out of order, or one twice")
			break
		}
		t[tag], last = r.string(), tag
	}
	return t
}

// some returns v, which must not be zero: an optional field that is empty is left out.
func some[T comparable](r *reader, v T) T {
	var zero T
	if v == zero {
		r.fail("empty and written all the same")
	}
	return v
}

// open reads the head of a map whose keys the caller asks for in their order, with has and must, until shut.
func (r *reader) open() {
	n := r.head(majorMap)
	if n > maxPairs {
		r.fail("too large a map")
		n = 0
	}
	r.depth++
	r.maps[r.depth] = openMap{left: int(n)}
}

// has reads the next key if it is this one; then its value is next.
func (r *reader) has(key string) bool {
	m, from, to := &r.maps[r.depth], r.at+1, r.at+1+len(key)
	if m.left == 0 || to > len(r.text) || r.text[r.at] != textHead+byte(len(key)) || r.text[from:to] != key {
		return false
	}
	m.left--
	m.key = r.at
	r.at = to
	return true
}

// must reads the key of a field that is never left out.
func (r *reader) must(key string) {
	if !r.has(key) {
		r.fail("no " + key + " where it belongs")
	}
}

// shut ends a map. What is left in it nobody asked for at its place.
func (r *reader) shut() {
	if r.maps[r.depth].left != 0 {
		r.fail("then a field that is unknown, out of order, or there twice")
	}
	r.depth--
}

// item reads one item of any kind and returns its bytes, whose form is still to be read. It does not descend: no nesting costs more
// than its bytes.
func (r *reader) item() string {
	from := r.at
	for left := uint64(1); left > 0 && r.err == nil; left-- {
		major := r.next()
		n := r.head(major)
		switch most := uint64(r.left()); major {
		case majorBytes, majorText:
			r.take(n)
		case majorList: // where there are more items than bytes it ends in a fault
			left += min(n, most+1)
		case majorMap:
			left += 2 * min(n, most+1)
		case majorTag:
			left++
		}
	}
	return r.text[from:r.at]
}

// castCID returns the CID of a binary form.
func castCID(s string) (cid.Cid, error) {
	if len(s) == cidBytes && s[0] == 1 && s[1] < 0x80 && s[2:4] == sha256Head { // as nearly all are, and made without a copy
		return CIDFromDigest(uint64(s[1]), [32]byte([]byte(s[4:]))), nil
	}
	return cid.Cast([]byte(s))
}
