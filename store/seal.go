package store

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
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
)

// fileKey is the key of one row or one photo file.
type fileKey = [32]byte

// sealing is what seal adds: a random nonce before and a tag after.
const sealing = 12 + 16

// errShredded says that a key does not open what it should: it has been overwritten since the row was read, or the data
// folder is damaged. The database reads again to tell which.
var errShredded = errors.New("its key does not open it: run gmcn check")

func aead(key *fileKey) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key's size is its type's
	}
	g, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // AES has the block size
	}
	return g
}

// bound is the additional data of a seal: what it is, the slot of its key, and where it stands.
func bound(what byte, slot uint32, where []byte) []byte {
	b := append(make([]byte, 0, 64), what)
	return append(binary.BigEndian.AppendUint32(b, slot), where...)
}

// seal appends plain, sealed with AES-256-GCM, to dst.
func seal(dst []byte, key *fileKey, what byte, slot uint32, where, plain []byte) []byte {
	return aead(key).Seal(dst, nil, plain, bound(what, slot, where))
}

// sealLog returns the value of the log row of a record: slot, u32 size of what follows, the row of the index sealed, the
// signed bytes sealed under the same key.
func (c *change) sealLog(where []byte, w *row, raw []byte) []byte {
	slot, key := c.newKey()
	g, plain := aead(&key), w.appendTo(nil)
	b := binary.BigEndian.AppendUint32(make([]byte, 0, logHeader+2*sealing+len(plain)+len(raw)), slot)
	b = binary.BigEndian.AppendUint32(b, uint32(sealing+len(plain)))
	b = g.Seal(b, nil, plain, bound(sealedIndex, slot, where))
	return g.Seal(b, nil, raw, bound(sealedRecord, slot, where))
}

const logHeader = 4 + 4

// unseal undoes seal. Its error is errShredded.
func unseal(key *fileKey, what byte, slot uint32, where, sealed []byte) ([]byte, error) {
	b, err := aead(key).Open(nil, nil, sealed, bound(what, slot, where))
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
	return b.open(what, slotOf(value), where, value[4:])
}

// plainRow is the value of a log row that everyone may read, a takedown or a stance: they say nothing of a child.
func plainRow(raw []byte) []byte { return append(make([]byte, 4, 4+len(raw)), raw...) }

// openLog returns a copy of the signed bytes in a row of the log.
func (b *buckets) openLog(where, value []byte) ([]byte, error) {
	if len(value) >= 4 && slotOf(value) == 0 {
		return append([]byte(nil), value[4:]...), nil
	}
	_, sealed, err := splitLog(value)
	if err != nil {
		return nil, err
	}
	return b.open(sealedRecord, slotOf(value), where, sealed)
}

// openIndex returns what the row of a case in the log holds for the index.
func (b *buckets) openIndex(where, value []byte) ([]byte, error) {
	sealed, _, err := splitLog(value)
	if err != nil {
		return nil, err
	}
	return b.open(sealedIndex, slotOf(value), where, sealed)
}

// splitLog returns the two sealed parts of a log row.
func splitLog(value []byte) (index, record []byte, err error) {
	if len(value) < logHeader || uint64(binary.BigEndian.Uint32(value[4:])) > uint64(len(value)-logHeader) {
		return nil, nil, fmt.Errorf("a row of %d bytes: run gmcn check", len(value))
	}
	end := logHeader + binary.BigEndian.Uint32(value[4:])
	return value[logHeader:end], value[end:], nil
}

func (b *buckets) open(what byte, slot uint32, where, sealed []byte) ([]byte, error) {
	key, err := b.key(slot)
	if err != nil {
		return nil, err
	}
	return unseal(&key, what, slot, where, sealed)
}
