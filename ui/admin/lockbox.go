package admin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	"os"
)

// lockbox is a large file that must not outlive its purpose: it has no name in its folder, so it is gone with the process
// at the latest, and what may be left of it on the disk is encrypted under a key that was in memory alone.
type lockbox struct {
	file   *os.File
	stream func() cipher.Stream // from the beginning of the file
	io.Writer
	size int64
}

// newLockbox makes an empty one in the folder for temporary files. The caller closes it.
func newLockbox() (*lockbox, error) {
	f, err := os.CreateTemp("", "gmcn-*")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("make a temporary file: %w", err)
	}
	// The key is for this file alone, so its counter may begin at nought.
	l := &lockbox{file: f, stream: func() cipher.Stream { return cipher.NewCTR(block, make([]byte, aes.BlockSize)) }}
	l.Writer = cipher.StreamWriter{S: l.stream(), W: f}
	return l, nil
}

// Write adds to the file.
func (l *lockbox) Write(b []byte) (int, error) {
	n, err := l.Writer.Write(b)
	l.size += int64(n)
	return n, err
}

// reader reads the file from its beginning. After Close it returns errors.
func (l *lockbox) reader() io.Reader {
	return cipher.StreamReader{S: l.stream(), R: io.NewSectionReader(l.file, 0, l.size)}
}

func (l *lockbox) Close() error { return l.file.Close() }
