package node

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// Files of the data folder that this package owns, beside the store's.
const (
	// RootKeyFile is the root key as an age file under a passphrase; it may be taken away to a safe place.
	RootKeyFile = "root.key.age"
	nodeKeyFile = "node.key"
	tipKeyFile  = "tip.key"
	cardFile    = "card.txt"

	cardLife = 2 * 365 * 24 * time.Hour
	cardSoon = 60 * 24 * time.Hour // when we begin to warn
	first    = 1                   // epoch and issue
)

// Details is what a member says of itself on its card.
type Details struct {
	Country      string
	CountryNames protocol.Text
	Names        protocol.Text
	Hotlines     []protocol.Hotline
	Site         string
	Languages    []string
	// Addrs are the multiaddresses at which other nodes reach this one.
	Addrs []string
}

// Secret is a passphrase for the root key. Work is the cost of guessing it as a power of two, 0 for age's own choice
// (about a second); tests and demonstrations choose less.
type Secret struct {
	Passphrase string
	Work       int
}

// Init makes a data folder: root key, node key, tip key, the signed card and an empty store. It refuses a folder that
// holds a node already and loses nothing.
func Init(dir string, d Details, s Secret) (*protocol.Card, error) {
	if s.Passphrase == "" {
		return nil, errors.New("the root key needs a passphrase")
	}
	_, root, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make root key: %w", err)
	}
	locked, err := lock(root, s)
	if err != nil {
		return nil, err
	}
	card, st, err := newFolder(dir, locked, func(c protocol.Card) (*protocol.Card, error) {
		c.Epoch = first
		return signCard(root, d, c)
	})
	if err != nil {
		return nil, err
	}
	return card, st.Close()
}

// newFolder makes a data folder with a node key, a tip key, the card that sign makes of them, and an empty store, which the
// caller closes. locked is the root key's file; nil if it stays elsewhere. It refuses a folder that holds a node already.
func newFolder(dir string, locked []byte, sign func(protocol.Card) (*protocol.Card, error)) (*protocol.Card, *store.Store, error) {
	if _, err := os.Stat(filepath.Join(dir, nodeKeyFile)); err == nil {
		return nil, nil, fmt.Errorf("%s holds a node already; choose another folder", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make data folder: %w", err)
	}
	public, key, err := newNodeKey()
	if err != nil {
		return nil, nil, err
	}
	tip, sealed, err := newTipKey()
	if err != nil {
		return nil, nil, err
	}
	card, err := sign(protocol.Card{Issue: first, NodeKey: public, TipKeys: []protocol.TipKey{tip}})
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{tipKeyFile: sealed, cardFile: []byte(card.Text())}
	if locked != nil {
		files[RootKeyFile] = locked
	}
	for name, b := range files {
		if err := writeFile(filepath.Join(dir, name), b); err != nil {
			return nil, nil, err
		}
	}
	// It goes last: whoever makes a folder looks for it, so a start cut short can be repeated.
	if err := writeKey(filepath.Join(dir, nodeKeyFile), key); err != nil {
		return nil, nil, err
	}
	st, err := store.Open(dir, card.Origin())
	return card, st, err
}

// RenewCard signs a new card with changed details and tells every connected member. The root key must be in the data
// folder.
func (n *Node) RenewCard(d Details, passphrase string) (*protocol.Card, error) {
	n.desk.Lock()
	defer n.desk.Unlock()
	path := filepath.Join(n.cfg.Dir, RootKeyFile)
	locked, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the root key is not here: bring %s back from where it is kept", path)
	}
	if err != nil {
		return nil, fmt.Errorf("read root key: %w", err)
	}
	root, err := OpenRoot(locked, passphrase)
	if err != nil {
		return nil, err
	}
	old := n.Card()
	if root.Origin() != old.Origin() {
		return nil, fmt.Errorf("%s is the root key of another member", path)
	}
	card, err := root.SignCard(d, protocol.Card{
		Epoch: old.Epoch, Issue: old.Issue + 1, Continues: old.Continues, NodeKey: old.NodeKey, TipKeys: old.TipKeys,
		Delegate: old.Delegate,
	})
	if err != nil {
		return nil, err
	}
	if err := writeFile(filepath.Join(n.cfg.Dir, cardFile), []byte(card.Text())); err != nil {
		return nil, err
	}
	if err := n.store.SetMember(card, protocol.Own, n.now()); err != nil {
		return nil, err
	}
	if err := n.loadMembers(); err != nil {
		return nil, err
	}
	if m := n.mesh.Load(); m != nil {
		m.greetAll()
	}
	return card, nil
}

func signCard(root ed25519.PrivateKey, d Details, c protocol.Card) (*protocol.Card, error) {
	c.Country, c.CountryNames, c.Names, c.Hotlines = d.Country, d.CountryNames, d.Names, d.Hotlines
	c.Site, c.Languages, c.Addrs = d.Site, d.Languages, d.Addrs
	c.At = time.Now()
	c.NotAfter = c.At.Add(cardLife)
	return protocol.SignCard(root, c)
}

func newNodeKey() (public [32]byte, key ed25519.PrivateKey, err error) {
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return public, nil, fmt.Errorf("make node key: %w", err)
	}
	return [32]byte(pub), key, nil
}

// newTipKey makes a key to seal tips to, and the file of its private half.
func newTipKey() (public protocol.TipKey, file []byte, err error) {
	key, err := hpke.MLKEM768X25519().GenerateKey()
	if err != nil {
		return public, nil, fmt.Errorf("make tip key: %w", err)
	}
	b, err := key.Bytes()
	if err != nil {
		return public, nil, fmt.Errorf("make tip key: %w", err)
	}
	k := key.PublicKey()
	public = protocol.TipKey{ID: protocol.KeyIDOf(k.Bytes()), KEM: k.KEM().ID(), Public: k.Bytes()}
	return public, pem.EncodeToMemory(&pem.Block{Type: "GMCN TIP KEY", Bytes: b}), nil
}

// loadKeys reads the card and the node key, and sees that they belong together.
func loadKeys(dir string) (*protocol.Card, ed25519.PrivateKey, error) {
	text, err := os.ReadFile(filepath.Join(dir, cardFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s holds no node; make one with gmcn init", dir)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read card: %w", err)
	}
	card, err := protocol.ParseCard(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", filepath.Join(dir, cardFile), err)
	}
	path := filepath.Join(dir, nodeKeyFile)
	key, err := readKey(path)
	if err != nil {
		return nil, nil, err
	}
	if next, err := readKey(filepath.Join(dir, nextKeyFile)); err == nil && card.Key().Equal(next.Public()) {
		// Rotate was cut short.
		if err := os.Rename(filepath.Join(dir, nextKeyFile), path); err != nil {
			return nil, nil, fmt.Errorf("take the new node key: %w", err)
		}
		key = next
	}
	if !card.Key().Equal(key.Public()) {
		return nil, nil, fmt.Errorf("%s is not the key that %s certifies", path, cardFile)
	}
	return card, key, nil
}

// writeKey writes a node key.
func writeKey(path string, key ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode node key: %w", err)
	}
	return writeFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// readKey reads a node key.
func readKey(path string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read node key: %w", err)
	}
	block, _ := pem.Decode(bytes.TrimSpace(b))
	if block == nil {
		return nil, fmt.Errorf("%s is damaged: no key in it", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read node key %s: %w", path, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("%s is no node key", path)
	}
	return key, nil
}

// lock encrypts the root key under a passphrase, in a file that the age tool opens too.
func lock(root ed25519.PrivateKey, s Secret) ([]byte, error) {
	r, err := age.NewScryptRecipient(s.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("lock root key: %w", err)
	}
	if s.Work != 0 {
		r.SetWorkFactor(s.Work)
	}
	der, err := x509.MarshalPKCS8PrivateKey(root)
	if err != nil {
		return nil, fmt.Errorf("encode root key: %w", err)
	}
	var out bytes.Buffer
	w, err := age.Encrypt(&out, r)
	if err != nil {
		return nil, fmt.Errorf("lock root key: %w", err)
	}
	if err := pem.Encode(w, &pem.Block{Type: "PRIVATE KEY", Bytes: der}); err != nil {
		return nil, fmt.Errorf("lock root key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("lock root key: %w", err)
	}
	return out.Bytes(), nil
}

func unlock(locked []byte, passphrase string) (ed25519.PrivateKey, error) {
	id, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, fmt.Errorf("unlock root key: %w", err)
	}
	r, err := age.Decrypt(bytes.NewReader(locked), id)
	if err != nil {
		return nil, errors.New("unlock root key: the passphrase is wrong, or the file is damaged")
	}
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return nil, fmt.Errorf("unlock root key: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("unlock root key: no key in the file")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("unlock root key: %w", err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("unlock root key: not an ed25519 key")
	}
	return key, nil
}

// writeFile replaces a file whole: a crash leaves the old one or the new one.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
