package protocol

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"
)

// asLibrary reads the payload of a record as the reader must: by the library, which decodes and encodes again.
func asLibrary(b []byte) (*Claim, error) {
	p, err := decode[payload](b)
	if err != nil {
		if v, kind, bad := kindOf(b); bad != nil || known(v, Type(kind)) {
			return nil, err
		}
		return nil, ErrUnknown
	}
	if !known(p.V, p.T) {
		return nil, ErrUnknown
	}
	c := &Claim{typ: p.T, stamp: p.S}
	c.entry = Entry{Header: Header{Origin: p.O, Epoch: p.E, Seq: p.Q, Case: p.C, Rev: p.R, At: time.UnixMilli(p.At).UTC()}, Photos: p.Ph}
	if p.X != 0 {
		c.entry.ReviewBy = time.UnixMilli(p.X).UTC()
	}
	if p.P != nil {
		c.entry.Prev = p.P.Cid
	}
	switch p.T {
	case TypeCase:
		var of body
		of, err = decode[body](p.B)
		c.entry.Case, c.entry.Members = &of.Public, of.Members
	case TypeTakedown:
		var t Takedown
		t, err = decode[Takedown](p.B)
		c.entry.Takedown = &t
	case TypeStance:
		var s Stance
		s, err = decode[Stance](p.B)
		c.entry.Stance = &s
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// sameAsLibrary fails unless reader and library read the same of a payload, or refuse it for the same reason. It returns whether
// they read it.
func sameAsLibrary(t testing.TB, b []byte) bool {
	t.Helper()
	want, wantErr := asLibrary(b)
	got, err := parse(&opened{payload: b}, false)
	if (err == nil) != (wantErr == nil) || errors.Is(err, ErrForm) != errors.Is(wantErr, ErrForm) ||
		errors.Is(err, ErrUnknown) != errors.Is(wantErr, ErrUnknown) {
		t.Fatalf("of %x\nthe reader says %v,\nthe library %v", b, err, wantErr)
	}
	if err != nil {
		return false
	}
	if got.env = nil; !reflect.DeepEqual(got, want) {
		t.Fatalf("of %x\nthe reader makes %+v,\nthe library %+v", b, got, want)
	}
	return true
}

// withBody returns a payload of a type with these bytes as its body.
func withBody(t testing.TB, typ Type, b []byte) []byte {
	const key = "\x61b"
	out := mustEncode(t, payload{V: version, T: typ, Q: 1, R: 1, At: 1, B: cbor.RawMessage{0xa0}})
	return slices.Concat(out[:1], []byte(key), b, out[len(key)+2:])
}

// FuzzReader holds that the reader takes what the library takes, and makes the same of it.
func FuzzReader(f *testing.F) {
	for _, b := range recordPayloads(f) {
		f.Add(b)
	}
	for _, byName := range invalidRecords(f) {
		for _, raw := range byName {
			if env, err := unseal(raw); err == nil {
				f.Add(env.payload)
			}
		}
	}
	for seed := range uint64(20) {
		p, body := randomPayload(f, seed)
		f.Add(p)
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		sameAsLibrary(t, b)
		for typ := range domains {
			sameAsLibrary(t, withBody(t, typ, b))
		}
	})
}

// recordPayloads returns the payloads of the vectors of records, by name.
func recordPayloads(t testing.TB) map[string][]byte {
	out := map[string][]byte{}
	for _, v := range loadVectors[[]signedVector](t, "records.json") {
		env, err := unseal(unhex(t, v.Envelope))
		if err != nil {
			t.Fatal(err)
		}
		out[v.Name] = env.payload
	}
	return out
}

// TestReaderTakesWhatTheLibraryTakes spoils every item of every vector in every way that we know of.
func TestReaderTakesWhatTheLibraryTakes(t *testing.T) {
	full, _ := randomPayload(t, allFields)
	payloads := recordPayloads(t)
	payloads["every field"] = full
	var read, refused int
	count := func(b []byte) {
		if sameAsLibrary(t, b) {
			read++
		} else {
			refused++
		}
	}
	for _, b := range payloads {
		for i := range b {
			count(b[:i])
			flipped := bytes.Clone(b)
			flipped[i] ^= 1 << (i % 8)
			count(flipped)
		}
		for _, spoilt := range spoil(b) {
			count(spoilt)
		}
	}
	if read < 1000 || refused < 20000 {
		t.Errorf("%d read and %d refused: the ways to spoil a record have become dull", read, refused)
	}
}

// span is where an item of some CBOR stands; text, bytes and numbers have no parts.
type span struct {
	from, head, to int // of its head and of all of it; head is the end of the head
	parts          []span
}

func spanOf(b []byte, from int) span {
	r := &reader{text: string(b), at: from}
	major := r.next()
	n := r.head(major)
	s := span{from: from, head: r.at}
	switch major {
	case majorBytes, majorText:
		r.take(n)
	case majorTag:
		n = 1
	case majorMap:
		n *= 2
	}
	if major == majorList || major == majorMap || major == majorTag {
		for range n {
			part := spanOf(b, r.at)
			s.parts = append(s.parts, part)
			r.at = part.to
		}
	}
	s.to = r.at
	return s
}

// spoil returns b, one CBOR item, with one thing in it changed: each item for others, its head for longer ones, and in maps and lists
// parts left out, doubled, exchanged and added.
func spoil(b []byte) (out [][]byte) {
	put := func(from, to int, with ...[]byte) {
		out = append(out, slices.Concat(b[:from], slices.Concat(with...), b[to:]))
	}
	var walk func(s span)
	walk = func(s span) {
		whole, major := b[s.from:s.to], b[s.from]>>5
		for _, other := range [][]byte{nil, {0xf6}, {0xf7}, {0xf4}, {0xf5}, {0x60}, {0x40}, {0x80}, {0xa0}, {0}, {0x17}, {0x18, 0xff}, {0x19, 0xff, 0xff},
			{0x1a, 0xff, 0xff, 0xff, 0xff}, {0x1b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			{0x20}, {0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0}, {0x61, 'a'}, {0x62, 0xc3, 0x28}, {0x81, 0xf6},
			{0xf9, 0x3c, 0}, {0xf8, 21}, {0xc2, 0x41, 1}, {0x5f, 0xff}, {0x9f, 0xff}, {0xbf, 0xff}, {0xff}, {0x1c}, {0xfa, 0, 0, 0, 0},
			{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0x9a, 0, 0, 1, 0}, {0x7b, 0xff}} {
			put(s.from, s.to, other)
		}
		put(s.from, s.to, []byte{0xc1}, whole)
		put(s.from, s.to, []byte{0xd9, 0xd9, 0xf7}, whole)
		put(s.from, s.to, whole, whole)
		put(s.from, s.head, []byte{b[s.from] ^ 0x20}, b[s.from+1:s.head]) // a number, text or list of the other kind
		r := &reader{text: string(b), at: s.from}
		n := r.head(major)
		for _, size := range []int{1, 2, 4, 8} {
			long := []byte{major<<5 | [9]byte{1: 24, 2: 25, 4: 26, 8: 27}[size]}
			for i := size - 1; i >= 0; i-- {
				long = append(long, byte(n>>(8*i)))
			}
			put(s.from, s.head, long)
		}
		put(s.from, s.head, item(major, int(n)+1))
		put(s.from, s.to, b[s.from:s.head], bytes.Repeat([]byte{0}, s.to-s.head)) // zeros where it had something
		if major == majorBytes || major == majorText {
			put(s.from, s.to, item(major, int(n)+1), whole[s.head-s.from:], []byte("a"))
		}
		group := 1
		if major == majorMap {
			group = 2
		} else if major != majorList {
			return
		}
		count := len(s.parts) / group
		at := func(i int) (from, to int) { return s.parts[i*group].from, s.parts[i*group+group-1].to }
		add := func(with ...[]byte) { put(s.from, s.head, item(major, count+len(with)), slices.Concat(with...)) }
		if major == majorMap {
			add(append(text(""), 0))
			add(append(text("a"), text("a")...), append(text("zz"), text("z")...))
			add([]byte{0x01, 0x01})
			for _, many := range []int{23, 24, maxPairs, maxPairs + 1} {
				with := item(majorMap, many)
				for i := range many {
					with = append(append(with, text(fmt.Sprintf("%02d", i))...), text("a")...)
				}
				put(s.from, s.to, with)
			}
		}
		if major == majorMap { // all that it says empty, the texts written or left out
			var with, without [][]byte
			for i := range count {
				from, to := at(i)
				key, kind := b[from:s.parts[2*i+1].from], b[s.parts[2*i+1].from]>>5
				switch kind {
				case majorUint:
					without = append(without, append(bytes.Clone(key), 0))
					fallthrough
				case majorText:
					with = append(with, append(bytes.Clone(key), kind<<5))
				default:
					with, without = append(with, b[from:to]), append(without, b[from:to])
				}
			}
			put(s.from, s.to, item(major, len(with)), slices.Concat(with...))
			put(s.from, s.to, item(major, len(without)), slices.Concat(without...))
		}
		for i := range count {
			from, to := at(i)
			put(s.from, to, item(major, count-1), b[s.head:from])
			put(s.from, to, item(major, count+1), b[s.head:to], b[from:to])
			if i > 0 {
				before, end := at(i - 1)
				put(before, to, b[from:to], b[before:end])
			}
		}
		if major == majorList && count > 0 {
			from, to := at(0)
			for _, many := range []int{23, 24, 256, maxItems, maxItems + 1} {
				put(s.from, s.to, item(majorList, many), bytes.Repeat(b[from:to], many))
			}
		}
		for _, part := range s.parts {
			walk(part)
		}
	}
	walk(spanOf(b, 0))
	return append(out, append(bytes.Clone(b), 0), append([]byte{0xd2}, b...))
}

// TestReaderReadsEveryField fails when a field is added to a struct and forgotten in the reader: of random values of all fields, many
// at their limits, reader and library must make the same.
func TestReaderReadsEveryField(t *testing.T) {
	for seed := range uint64(3000) {
		b, _ := randomPayload(t, seed)
		if !sameAsLibrary(t, b) {
			t.Fatalf("seed %d: %x is read by nobody", seed, b)
		}
	}
}

// allFields is the seed of a payload of a case in which no field is empty.
const allFields = 0

// randomPayload returns a payload in canonical form, and its body. Its type follows from the seed.
func randomPayload(t testing.TB, seed uint64) (payloadBytes, bodyBytes []byte) {
	t.Helper()
	g := generator{rand.New(rand.NewPCG(seed, 1)), seed < 3}
	p := payload{}
	g.fill(reflect.ValueOf(&p).Elem())
	var of any
	switch p.V = version; seed % 3 {
	case 0:
		p.T, of = TypeCase, new(body)
	case 1:
		p.T, of = TypeTakedown, new(Takedown)
	default:
		p.T, of = TypeStance, new(Stance)
	}
	g.fill(reflect.ValueOf(of).Elem())
	p.B = mustEncode(t, of)
	return mustEncode(t, p), p.B
}

// generator makes random values of the structs of a record.
type generator struct {
	*rand.Rand
	all bool // nothing stays empty
}

// fill sets v and all that is in it, each field perhaps.
func (g generator) fill(v reflect.Value) {
	switch of := v.Addr().Interface().(type) {
	case *Date:
		*of = []Date{{Year: 1900 + uint16(g.IntN(200))}, {Year: 2026, Month: 2}, {2024, 2, 29}, {9999, 12, 31}}[g.IntN(4)]
		return
	case *Link:
		hash, _ := multihash.Encode(make([]byte, 20+g.IntN(200)), multihash.IDENTITY)
		of.Cid = []cid.Cid{PhotoCID([]byte{byte(g.IntN(9))}), CIDOf(nil), cid.NewCidV1(0x300, hash), cid.NewCidV0(PhotoCID(nil).Hash())}[g.IntN(4)]
		return
	case *cbor.RawMessage:
		return // the body, which is filled by itself
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			_, tag, _ := strings.Cut(v.Type().Field(i).Tag.Get("cbor"), ",")
			if g.all || tag == "" || g.IntN(2) == 0 {
				g.fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		g.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), g.size(2), 9))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			g.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range g.size(5) {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			g.fill(key)
			g.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.String:
		v.SetString(strings.Repeat([]string{"a", "b", "é", "字", "\u202e"}[g.IntN(5)], g.size([]int{1, 8, 30, 300}[g.IntN(4)])))
	case reflect.Bool:
		v.SetBool(g.all || g.IntN(2) == 0)
	case reflect.Int64:
		v.SetInt(int64(g.number()) >> 1)
	default: // unsigned, of any size
		v.SetUint(max(g.number()>>(64-v.Type().Bits()), uint64(g.size(1))))
	}
}

// size returns up to n, and nothing only where things may stay empty.
func (g generator) size(n int) int {
	if g.all {
		return 1 + g.IntN(n)
	}
	return g.IntN(n + 1)
}

// number returns a number of any length.
func (g generator) number() uint64 { return g.Uint64() << (4 * g.IntN(16)) >> (4 * g.IntN(16)) }

func TestLeastBytesOfItems(t *testing.T) {
	hash, _ := multihash.Encode(make([]byte, minLink-5), multihash.IDENTITY)
	least := Link{cid.NewCidV1(cid.Raw, hash)}
	for _, c := range []struct {
		item any
		want int
	}{{Photo{File: least, Thumb: least}, leastPhoto}, {Child{}, leastChild}, {Companion{}, leastCompanion}, {MemberChild{}, leastMemberChild}, {Mark{}, leastMark}} {
		if got := len(mustEncode(t, c.item)); got != c.want {
			t.Errorf("%T takes %d bytes, the reader counts on %d", c.item, got, c.want)
		}
	}
}

// TestReaderTellsWhichField also holds that no word of what was read stands in the reason, which may go to a log.
func TestReaderTellsWhichField(t *testing.T) {
	b := recordPayloads(t)["case: two children, Arabic and Greek, members' tier, a photo"]
	for path, c := range map[string]struct {
		to   []byte
		want string
	}{
		"q":             {[]byte{0x18, 7}, "record.q: not the shortest form of a number or length"},
		"ph.0.th":       {nil, "record.ph.w: no th where it belongs"},
		"b.p.sd":        {text("Mira"), "b.p.sd: not a date"},
		"b.p.ch.0.ht.l": {[]byte{0x61, 'M'}, "b.p.ch.ht.l: want a number"},
		"b.p.ch.1.hd":   {[]byte{0xf4}, "b.p.ch.hd: want true"},
		"b.p.w.Mira":    {[]byte{0}, "b.p.w: want text"},
		"b.m.Mira":      {[]byte{0}, "b.m.ch: then a field that is unknown, out of order, or there twice"},
		"b.p.hl":        {[]byte{0x60}, "b.p.hl: empty and written all the same"},
		"b.p.nr":        {[]byte{0x79, 40, 40, 'M', 'i', 'r', 'a'}, "record.b: shorter than it says"},
	} {
		_, err := parse(&opened{payload: edit(t, b, path, c.to)}, false)
		if got := fmt.Sprint(err); !strings.HasSuffix(got, ErrForm.Error()+": "+c.want) || strings.Contains(got, "Mira") {
			t.Errorf("%s: %s, want %s", path, got, c.want)
		}
	}
}
