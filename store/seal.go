package store

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// What a key has sealed; it is bound into every seal, so that a value moved to another place does not open.
const (
	sealedRecord = 'l'
	sealedIndex  = 'i'
	sealedDraft  = 'd'
	sealedPhoto  = 'p'
	sealedPart   = 'q'
	sealedPrint  = 'o'
	sealedWish   = 'w'
	sealedFork   = 'f'
	sealedKey    = 'k' // in its slot
)

// fileKey is the key of one row or one photo file.
type fileKey = [32]byte

// sealing is what seal adds: a random nonce before and a tag after.
const (
	sealing   = nonceSize + 16
	nonceSize = chacha20poly1305.NonceSize
)

// errShredded says that a key does not open what it should: it has been overwritten since the row was read, or the data
// folder is damaged. The database reads again to tell which.
var errShredded = errors.New("its key does not open it: run gmcn check")

// aead makes the cipher of a key, for each row anew: ChaCha20-Poly1305 needs no tables.
func aead(key *fileKey) cipher.AEAD {
	a, err := chacha20poly1305.New(key[:])
	if err != nil {
		panic(err) // the key's size is its type's
	}
	return a
}

// bound is the additional data of a seal: what it is, the slot of its key, and where it stands.
func bound(what byte, slot uint32, where []byte) []byte {
	b := append(make([]byte, 0, 64), what)
	return append(binary.BigEndian.AppendUint32(b, slot), where...)
}

// seal appends plain, sealed with ChaCha20-Poly1305, to dst.
func seal(dst []byte, key *fileKey, what byte, slot uint32, where, plain []byte) []byte {
	return sealUnder(aead(key), dst, plain, bound(what, slot, where))
}

func sealUnder(a cipher.AEAD, dst, plain, bound []byte) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, nonceSize)...)
	nonce := dst[at:]
	rand.Read(nonce)
	return a.Seal(dst, nonce, plain, bound)
}

// sealLog returns the value of the log row of a record: slot, u32 size of what follows, the row of the index sealed, the
// signed bytes sealed under the same key.
func (c *change) sealLog(where []byte, w *row, raw []byte) []byte {
	slot, key := c.newKey()
	a, bound := aead(&key), bound(sealedIndex, slot, where)
	c.plain = w.appendTo(c.plain[:0])
	b := binary.BigEndian.AppendUint32(make([]byte, 0, logHeader+2*sealing+len(c.plain)+len(raw)), slot)
	b = binary.BigEndian.AppendUint32(b, uint32(sealing+len(c.plain)))
	b = sealUnder(a, b, c.plain, bound)
	bound[0] = sealedRecord
	return sealUnder(a, b, raw, bound)
}

const logHeader = 4 + 4

// unseal undoes seal and appends to dst. Its error is errShredded.
func unseal(dst []byte, key *fileKey, what byte, slot uint32, where, sealed []byte) ([]byte, error) {
	if len(sealed) < nonceSize {
		return nil, errShredded
	}
	b, err := aead(key).Open(dst, sealed[:nonceSize], sealed[nonceSize:], bound(what, slot, where))
	if err != nil {
		return nil, errShredded
	}
	return b, nil
}

// slotOf returns the slot that a sealed row names; 0 is that of a row in plain text.
func slotOf(value []byte) uint32 { return binary.BigEndian.Uint32(value) }

// sealRow returns the value of a row under a key of its own, which the change writes before it commits.
func (c *change) sealRow(what byte, where, plain []byte) []byte {
	slot, key := c.newKey()
	b := binary.BigEndian.AppendUint32(make([]byte, 0, 4+sealing+len(plain)), slot)
	return seal(b, &key, what, slot, where, plain)
}

// openRow returns what sealRow was given. It is memory of the caller's own.
func (b *buckets) openRow(what byte, where, value []byte) ([]byte, error) {
	if len(value) < 4 {
		return nil, fmt.Errorf("a row of %d bytes: run gmcn check", len(value))
	}
	return b.open(nil, what, slotOf(value), where, value[4:])
}

// plainRow is the value of a log row that everyone may read, a takedown or a stance: they say nothing of a child.
func plainRow(raw []byte) []byte { return append(make([]byte, 4, 4+len(raw)), raw...) }

// openLog returns a copy of the signed bytes in a row of the log.
func (b *buckets) openLog(where, value []byte) ([]byte, error) { return b.appendLog(nil, where, value) }

// appendLog appends to dst what openLog returns. It needs no more room than the value has.
func (b *buckets) appendLog(dst, where, value []byte) ([]byte, error) {
	if len(value) >= 4 && slotOf(value) == 0 {
		return append(dst, value[4:]...), nil
	}
	_, sealed, err := splitLog(value)
	if err != nil {
		return nil, err
	}
	return b.open(dst, sealedRecord, slotOf(value), where, sealed)
}

// openIndex returns what the row of a case in the log holds for the index.
func (b *buckets) openIndex(where, value []byte) ([]byte, error) {
	sealed, _, err := splitLog(value)
	if err != nil {
		return nil, err
	}
	return b.open(nil, sealedIndex, slotOf(value), where, sealed)
}

// splitLog returns the two sealed parts of a log row.
func splitLog(value []byte) (index, record []byte, err error) {
	if len(value) < logHeader || uint64(binary.BigEndian.Uint32(value[4:])) > uint64(len(value)-logHeader) {
		return nil, nil, fmt.Errorf("a row of %d bytes: run gmcn check", len(value))
	}
	end := logHeader + binary.BigEndian.Uint32(value[4:])
	return value[logHeader:end], value[end:], nil
}

func (b *buckets) open(dst []byte, what byte, slot uint32, where, sealed []byte) ([]byte, error) {
	key, err := b.key(slot)
	if err != nil {
		return nil, err
	}
	return unseal(dst, &key, what, slot, where, sealed)
}
