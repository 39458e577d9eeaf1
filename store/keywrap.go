package store

import (
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"errors"
)

// wrapIV is the check value that a wrapped key begins with (RFC 3394, 2.2.3.1).
var wrapIV = [8]byte{0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6}

var errUnwrap = errors.New("not wrapped under this key")

// keyWrap appends plain, a multiple of 8 bytes, to dst, encrypted under a key-encryption key with AES key wrap (RFC 3394). It
// is made for keys: it needs no nonce, so that a slot may be overwritten as often as one likes.
func keyWrap(dst []byte, kek cipher.Block, plain []byte) []byte {
	n, at := len(plain)/8, len(dst)
	dst = append(append(dst, wrapIV[:]...), plain...)
	out := dst[at:]
	var b [16]byte
	copy(b[:8], wrapIV[:])
	for t := 1; t <= 6*n; t++ {
		r := out[8+(t-1)%n*8:][:8]
		copy(b[8:], r)
		kek.Encrypt(b[:], b[:])
		copy(r, b[8:])
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t))
	}
	copy(out, b[:8])
	return dst
}

// keyUnwrap undoes keyWrap, or returns errUnwrap.
func keyUnwrap(kek cipher.Block, wrapped []byte) ([]byte, error) {
	n := len(wrapped)/8 - 1
	out := make([]byte, 8*n)
	copy(out, wrapped[8:])
	var b [16]byte
	copy(b[:8], wrapped)
	for t := 6 * n; t >= 1; t-- {
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t))
		r := out[(t-1)%n*8:][:8]
		copy(b[8:], r)
		kek.Decrypt(b[:], b[:])
		copy(r, b[8:])
	}
	if subtle.ConstantTimeCompare(b[:8], wrapIV[:]) != 1 {
		return nil, errUnwrap
	}
	return out, nil
}
