package protocol

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"fmt"
	"strings"
)

// englishWords are 2,048 short words whose first four letters differ; words/LICENSE says whose list it is.
//
//go:embed words/english.txt
var englishWords string

var spokenList = strings.Fields(englishWords)

const (
	spokenWords = 6
	// spokenWork makes each guess at the words dear: who stands between two countries would have to find keys or a nonce
	// that give both ends the same 66 bits.
	spokenWork = 1 << 18
)

// PairSide is one country's part in a pairing: its root key and the nonce that it drew for this pairing alone.
type PairSide struct {
	Root  [32]byte
	Nonce PairNonce
}

// SpokenWords returns the six words that two people read to each other before either accepts the other's country. Both
// ends get the same words, whoever invited whom, if and only if they hold the same two root keys and nonces. It takes a
// tenth of a second, on purpose.
func SpokenWords(a, b PairSide) []string {
	if bytes.Compare(append(a.Root[:], a.Nonce[:]...), append(b.Root[:], b.Nonce[:]...)) > 0 {
		a, b = b, a
	}
	h := sha256.New()
	h.Write([]byte("gmcn/1/words"))
	for _, s := range []PairSide{a, b} {
		h.Write(s.Root[:])
		h.Write(s.Nonce[:])
	}
	sum, err := pbkdf2.Key(sha256.New, string(h.Sum(nil)), []byte("gmcn/1/words"), spokenWork, 16)
	if err != nil {
		panic(fmt.Sprintf("derive spoken words: %v", err)) // its parameters are constants
	}
	// 66 bits, eleven a word, from the top.
	hi, lo := binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])
	words := make([]string, spokenWords)
	for i := range words {
		words[i] = spokenList[hi>>53]
		hi, lo = hi<<11|lo>>53, lo<<11
	}
	return words
}
