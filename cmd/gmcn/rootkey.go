package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gmcn/gmcn/node"
)

// rootKey is where the root key lies, as the command line says it.
type rootKey struct {
	file string
	// passphrase is the file whose first line is its passphrase; "" asks for it.
	passphrase string
}

// rootFlags defines the flags that name the root key.
func (c *call) rootFlags() *rootKey {
	r := &rootKey{}
	c.flags.StringVar(&r.file, "root", "", "root key `FILE`")
	c.flags.StringVar(&r.passphrase, "passphrase-file", "", "take the passphrase from the first line of `FILE`")
	return r
}

// in makes it the one in a data folder if the command line names none.
func (r *rootKey) in(dir string) {
	if r.file == "" {
		r.file = filepath.Join(dir, node.RootKeyFile)
	}
}

// openRoot unlocks a root key.
func (c *call) openRoot(r *rootKey) (*node.RootKey, error) {
	locked, err := os.ReadFile(r.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no root key at %s: bring it from where it is kept and name it with -root", r.file)
	}
	if err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	passphrase, err := c.passphrase(r.passphrase)
	if err != nil {
		return nil, err
	}
	return node.OpenRoot(locked, passphrase)
}

// warnOfRoot says that a root key lies beside the node key, if it does.
func (c *call) warnOfRoot(r *rootKey, dir string) {
	at, errAt := filepath.Abs(filepath.Dir(r.file))
	home, errHome := filepath.Abs(dir)
	if errAt == nil && errHome == nil && at == home {
		fmt.Fprintf(c.err, "The root key lies beside the node key: take %s away to a safe place.\n", r.file)
	}
}
