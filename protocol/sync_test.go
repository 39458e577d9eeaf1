package protocol

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// logOf signs n records of one log, the fourth a stance, and digests them.
func logOf(t testing.TB, n int) (raws [][]byte, blocks []Block) {
	t.Helper()
	var entries []LogEntry
	for i := range n {
		e := testEntry()
		e.Header.Case = CaseID{byte(i), byte(i >> 8)}
		if i == 3 {
			e = testStance(Vouches, "known")
		}
		e.Epoch, e.Seq = testEntry().Epoch, uint64(i+1)
		r, err := Sign(keyOf("node"), e)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, r.Bytes())
		entries = append(entries, LogEntry{e.Seq, Digest(r.ID())})
	}
	for i := uint64(0); i <= uint64(n)/BlockSize; i++ {
		of := slices.DeleteFunc(slices.Clone(entries), func(e LogEntry) bool { return e.Seq/BlockSize != i })
		if len(of) > 0 {
			blocks = append(blocks, BlockOf(testEntry().Epoch, i, of))
		}
	}
	return raws, blocks
}

func headOf(t testing.TB, seq uint64, blocks []Block) *Head {
	t.Helper()
	h := testHead()
	h.Seq, h.Root, h.Epoch, h.Live, h.Dead = seq, RootOf(blocks), testEntry().Epoch, 0, 0
	out, err := SignHead(keyOf("node"), h)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func claimsOf(t testing.TB, raws ...[]byte) (claims []*Claim) {
	t.Helper()
	for _, raw := range raws {
		c, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		claims = append(claims, c)
	}
	return claims
}

// TestAHeadVouchesForItsBlocksOnly changes what a peer could change in a block: none of it makes a record.
func TestAHeadVouchesForItsBlocksOnly(t *testing.T) {
	raws, blocks := logOf(t, 4)
	head := headOf(t, 4, blocks)
	v, err := head.Vouch(blocks)
	if err != nil {
		t.Fatal(err)
	}
	epoch := head.Epoch
	got, err := v.Open(epoch, 0, claimsOf(t, raws...))
	if err != nil || len(got) != 4 || !bytes.Equal(got[2].Bytes(), raws[2]) || got[2].Case() == nil || got[3].Stance() == nil {
		t.Fatalf("%d records, %v", len(got), err)
	}
	// A signature of its own would not verify; the head vouches for the bytes all the same, so the bytes must be these.
	spoilt := bytes.Clone(raws[1])
	spoilt[len(spoilt)-1] ^= 1
	stranger := testEntry()
	stranger.Origin, stranger.Seq = Origin{3}, 2
	foreign, err := Sign(keyOf("node"), stranger)
	if err != nil {
		t.Fatal(err)
	}
	otherKey := testEntry()
	otherKey.Seq = 2
	stolen, err := Sign(keyOf("another"), otherKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, of := range map[string][][]byte{
		"one left out":      {raws[0], raws[1], raws[3]},
		"the last left out": raws[:3],
		"one twice":         {raws[0], raws[0], raws[1], raws[2], raws[3]},
		"out of order":      {raws[1], raws[0], raws[2], raws[3]},
		"a spoilt one":      {raws[0], spoilt, raws[2], raws[3]},
		"another member's":  {raws[0], foreign.Bytes(), raws[2], raws[3]},
		"by another key":    {raws[0], stolen.Bytes(), raws[2], raws[3]},
		"none":              {},
	} {
		if got, err := v.Open(epoch, 0, claimsOf(t, of...)); !errors.Is(err, ErrBlocks) || got != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.Open(epoch, 1, nil); !errors.Is(err, ErrBlocks) {
		t.Errorf("a block that is not there: %v", err)
	}
	if _, err := v.Open(epoch+1, 0, claimsOf(t, raws...)); !errors.Is(err, ErrBlocks) {
		t.Errorf("another epoch: %v", err)
	}
	wrong := slices.Clone(blocks)
	wrong[0].Count++
	if _, err := head.Vouch(wrong); !errors.Is(err, ErrBlocks) {
		t.Errorf("a wrong count: %v", err)
	}
	if _, err := head.Vouch(nil); !errors.Is(err, ErrBlocks) {
		t.Errorf("no blocks: %v", err)
	}
	if _, err := head.Vouch(append(slices.Clone(blocks), blocks...)); !errors.Is(err, ErrBlocks) {
		t.Errorf("a block twice: %v", err)
	}
	// A head signed over a key that the record does not name: the block fits, and the record is still refused.
	mixed := []LogEntry{{1, Digest(CIDOf(raws[0]))}, {2, Digest(stolen.ID())}}
	blocks = []Block{BlockOf(epoch, 0, mixed)}
	if v, err = headOf(t, 2, blocks).Vouch(blocks); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Open(epoch, 0, claimsOf(t, raws[0], stolen.Bytes())); !errors.Is(err, ErrBlocks) {
		t.Errorf("a key that the head does not have: %v", err)
	}
}

func TestBitmap(t *testing.T) {
	a, b := Bitmap{Index: 3}, Bitmap{Index: 3}
	for _, seq := range []uint64{3072, 3079, 3080, 3500, 4095} {
		a.Add(seq)
	}
	b.Add(3079)
	b.Add(3081)
	if got, want := a.Without(&b), []uint64{4095, 3500, 3080, 3072}; !slices.Equal(got, want) {
		t.Errorf("without: %v, want %v", got, want)
	}
	if !a.Has(3079) || a.Has(3081) || a.Has(7) || a.Has(4096+7) {
		t.Error("has says the wrong thing")
	}
}

// TestTwoHundredLogsFitTheBudget holds what the asker says of 200 logs against the 20 kB that a pull may cost.
func TestTwoHundredLogsFitTheBudget(t *testing.T) {
	have := &Have{}
	for i := range 200 {
		have.Logs = append(have.Logs, Holding{Origin: Origin{byte(i)}, Epoch: 3, Seq: 50_000, At: testTime.UnixMilli(), CardEpoch: 3, CardIssue: 7})
	}
	b, err := (&Frame{Have: have}).Encode()
	if err != nil || len(b) > 16_000 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	t.Logf("200 logs: %d bytes", len(b))
}

// FuzzSplitEnvelope holds the envelope's reader against the CBOR decoder: they must take the same bytes.
func FuzzSplitEnvelope(f *testing.F) {
	f.Add(testRecord(f).Bytes())
	f.Add([]byte{0x84, 0x4d})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > MaxEnvelope {
			return
		}
		e := &opened{raw: b}
		got := e.split()
		env, err := decode[envelope](b)
		if err == nil {
			var h protectedHeader
			if h, err = decode[protectedHeader](env.Protected); err == nil && (h.Alg != algEdDSA || env.Unprotected == nil ||
				len(env.Unprotected) != 0 || len(env.Signature) != 64 || len(env.Payload) == 0) {
				err = ErrForm
			}
			if got == nil && (h.Kid != e.kid || !bytes.Equal(env.Payload, e.payload) || !bytes.Equal(env.Signature, e.signature) || !bytes.Equal(env.Protected, e.protected)) {
				t.Fatalf("%x was read otherwise", b)
			}
		}
		if (got == nil) != (err == nil) {
			t.Fatalf("%x: %v, by the decoder %v", b, got, err)
		}
	})
}
