package protocol

import (
	"testing"
	"time"
)

func testStance(v View, note Note) Entry {
	about := OriginOf(publicOf("somebody else"))
	return Entry{
		Header: Header{Origin: OriginOf(publicOf("root")), Epoch: 1, Seq: 10, Case: StanceID(about), Rev: 1, At: testTime},
		Stance: &Stance{Member: about, View: v, Since: testTime.Add(-time.Hour).UnixMilli(), Note: note},
	}
}

func TestStanceSaysWhatItMay(t *testing.T) {
	for _, v := range []View{Vouches, Suspends, Withdrawn} {
		for _, n := range append(Notes(v), "") {
			if _, err := Sign(keyOf("node"), testStance(v, n)); err != nil {
				t.Errorf("%s, %q: %v", v, n, err)
			}
		}
	}
	e := testStance(Vouches, "")
	e.Stance.Member = e.Origin
	e.Header.Case = StanceID(e.Origin)
	if _, err := Sign(keyOf("node"), e); err == nil {
		t.Error("a member vouched for itself")
	}
}

func invalidStances(t testing.TB) map[string][]byte {
	r, err := signWith(keyOf("node"), testStance(Vouches, "known"), [16]byte{9})
	if err != nil {
		t.Fatal(err)
	}
	env, with := resealed(t, r.Bytes(), keyOf("node"), domainStance)
	return map[string][]byte{
		"a stance under a number of its own choice": with("c", blob(make([]byte, 16))...),
		"a stance that praises":                     with("b.s", text("love")...),
		"a vouch with a reason to suspend":          with("b.n", text("key")...),
		"a stance without its member":               mustSeal(t, keyOf("node"), domainStance, edit(t, env.payload, "b.m", nil)),
		"a stance of tomorrow":                      with("b.d", mustEncode(t, testTime.UnixMilli()+1)...),
		"a stance with a review date":               with("x", mustEncode(t, testTime.UnixMilli()+1)...),
		"a stance with null":                        with("b.n", 0xf6),
	}
}
