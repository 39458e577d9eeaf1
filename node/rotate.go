package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// nextKeyFile is a node key that waits for its card, and oldKeyFile the one before, under which members hear of the new
	// card: they do not let the new key in before.
	nextKeyFile = "node.key.next"
	oldKeyFile  = "node.key.old"

	// handOver is how long a node that runs stays under its old key after it has gossiped the new card.
	handOver = 3 * time.Second
	// oldTurn and newTurn are how long a node that has told nobody of its new key tries the one and the other in turn.
	oldTurn, newTurn = 2 * time.Minute, 10 * time.Minute
)

// RootKey is a root key that its passphrase has unlocked. It is never kept by a Node.
type RootKey struct{ key ed25519.PrivateKey }

// OpenRoot unlocks a root key file.
func OpenRoot(locked []byte, passphrase string) (*RootKey, error) {
	key, err := unlock(locked, passphrase)
	if err != nil {
		return nil, err
	}
	return &RootKey{key}, nil
}

// Origin returns the member whose root key it is.
func (r *RootKey) Origin() protocol.Origin {
	return protocol.OriginOf(r.key.Public().(ed25519.PublicKey))
}

// SignCard signs a card with these details, from now on; epoch, keys, Continues and Delegate are c's.
func (r *RootKey) SignCard(d Details, c protocol.Card) (*protocol.Card, error) {
	return signCard(r.key, d, c)
}

// Revoke signs a card of the epoch after old's, whose log goes on from the given place, for a node key that nobody has: it
// only takes away what was signed after that. A card of the epoch after names the key with which the country goes on.
func (r *RootKey) Revoke(old *protocol.Card, from protocol.Continues) (*protocol.Card, error) {
	public, _, err := newNodeKey()
	if err != nil {
		return nil, err
	}
	return r.SignCard(DetailsOf(old), protocol.Card{Epoch: old.Epoch + 1, Issue: first, NodeKey: public, TipKeys: old.TipKeys, Continues: &from,
		Delegate: old.Delegate})
}

// DetailsOf returns what a card says of its member.
func DetailsOf(c *protocol.Card) Details {
	return Details{Country: c.Country, CountryNames: c.CountryNames, Names: c.Names, Hotlines: c.Hotlines, Site: c.Site,
		Languages: c.Languages, Addrs: c.Addrs}
}

// NextCard makes a new node key and returns what a card that the root key is to sign for it says of keys and log: it goes on
// from where the log is. Rotate takes the signed card.
func (n *Node) NextCard() (protocol.Card, error) {
	public, key, err := newNodeKey()
	if err != nil {
		return protocol.Card{}, err
	}
	if err := writeKey(filepath.Join(n.cfg.Dir, nextKeyFile), key); err != nil {
		return protocol.Card{}, err
	}
	from, err := n.continues()
	if err != nil {
		return protocol.Card{}, err
	}
	card := n.Card()
	return protocol.Card{Epoch: card.Epoch + 1, Issue: first, NodeKey: public, TipKeys: card.TipKeys, Continues: &from,
		Delegate: card.Delegate}, nil
}

// continues is where our log is.
func (n *Node) continues() (protocol.Continues, error) {
	card := n.Card()
	state, err := n.store.LogState(card.Origin())
	if err != nil {
		return protocol.Continues{}, err
	}
	from := protocol.Continues{Epoch: card.Epoch, Seq: state.Seq, Root: state.Root}
	if card.Continues != nil {
		from.Seq = max(from.Seq, card.Continues.Seq)
	}
	head, err := n.store.Head(card.Origin())
	if err == nil && head.Epoch == card.Epoch && n.holdsKey() {
		from.Seq = max(from.Seq, head.Seq)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return from, err
	}
	return from, nil
}

// ErrLogMoved: our log has gone on since NextCard.
var ErrLogMoved = errors.New("something was published meanwhile")

// Rotate puts a card in force that the root key has signed over what NextCard said, and goes on with the new node key: a
// node that runs gossips the card under the old key and comes back under the new one a few seconds later. With last the
// card goes on from an earlier place, and what stands after it is void; without, the error is ErrLogMoved if it is not
// where the log is now.
func (n *Node) Rotate(card *protocol.Card, last bool) error {
	key, err := readKey(filepath.Join(n.cfg.Dir, nextKeyFile))
	if err != nil {
		return err
	}
	own := n.Card()
	switch {
	case card.Origin() != own.Origin():
		return errors.New("this card is of another member")
	case !card.Key().Equal(key.Public()):
		return errors.New("this card is for another node key than was made last; begin again")
	case card.Epoch <= own.Epoch:
		return fmt.Errorf("this card is of epoch %d, and epoch %d is in force", card.Epoch, own.Epoch)
	}
	if err := n.rotate(card, key, last); err != nil {
		return err
	}
	n.log.Warn("the node has a new key", "epoch", card.Epoch)
	n.spread(card)
	if m := n.mesh.Load(); m != nil {
		m.greetAll()
		told := len(m.members()) > 0
		m.background(func() {
			if sleep(m.ctx, handOver) {
				if told {
					n.forgetOld()
				}
				wake(n.rekeyed)
			}
		})
	}
	return nil
}

func (n *Node) rotate(card *protocol.Card, key ed25519.PrivateKey, last bool) error {
	n.desk.Lock()
	defer n.desk.Unlock()
	n.heads.Lock()
	defer n.heads.Unlock()
	if now, err := n.continues(); err != nil || !last && *card.Continues != now {
		return errors.Join(err, ErrLogMoved)
	}
	path := func(name string) string { return filepath.Join(n.cfg.Dir, name) }
	old, err := os.ReadFile(path(nodeKeyFile))
	if err != nil {
		return fmt.Errorf("read node key: %w", err)
	}
	if n.holdsKey() && !last {
		if err := writeFile(path(oldKeyFile), old); err != nil {
			return err
		}
	}
	// From here on the card is the truth: loadKeys finds its key under either name.
	if err := writeFile(path(cardFile), []byte(card.Text())); err != nil {
		return err
	}
	if err := os.Rename(path(nextKeyFile), path(nodeKeyFile)); err != nil {
		return fmt.Errorf("take the new node key: %w", err)
	}
	if err := n.store.SetMember(card, protocol.Own, n.now()); err != nil {
		return err
	}
	n.mu.Lock()
	n.key = key
	n.mu.Unlock()
	if err := n.loadMembers(); err != nil {
		return err
	}
	return n.recall()
}

// forgetOld removes the key of before: the members know the new one.
func (n *Node) forgetOld() {
	if err := os.Remove(filepath.Join(n.cfg.Dir, oldKeyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.log.Error("removing the node key of before", "error", err)
	}
}

// Run joins the network and serves it until ctx ends; then it takes the network down and returns nil. It returns an
// error when the network cannot be joined, such as an address in use. After a change of the node key it comes back under
// the new one.
func (n *Node) Run(ctx context.Context) error {
	n.shut()
	asOld := true
	for ctx.Err() == nil {
		n.mu.RLock()
		key := n.key
		n.mu.RUnlock()
		limit := time.Duration(0)
		if old, err := readKey(filepath.Join(n.cfg.Dir, oldKeyFile)); err == nil {
			if limit = newTurn; asOld {
				key, limit = old, oldTurn
			}
			asOld = !asOld
		} else if !errors.Is(err, fs.ErrNotExist) {
			n.log.Error("the node key of before cannot be read", "error", err)
		}
		if err := n.runAs(ctx, key, limit); err != nil {
			return err
		}
	}
	return nil
}

// tellOld ends a run when a member has heard of the new card, for then the new key is let in, or after a limit, if nobody
// has.
func (n *Node) tellOld(ctx context.Context, limit time.Duration, under ed25519.PrivateKey, end func()) error {
	select {
	case <-n.told:
	default:
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-n.told:
		n.forgetOld()
		_, key, err := n.signing()
		if err == nil && key.Equal(under) {
			return nil // we are there already
		}
		sleep(ctx, handOver)
	case <-t.C:
	}
	end()
	return nil
}

// Recover makes a data folder for a country that has lost its own: a new node key under a card of the next epoch, which
// goes on from a place of the log that others hold. The root key stays where it is.
func Recover(dir string, root *RootKey, d Details, old *protocol.Card, from protocol.Continues) (*protocol.Card, error) {
	if root.Origin() != old.Origin() {
		return nil, errors.New("this root key is of another member than the card")
	}
	card, st, err := newFolder(dir, nil, func(c protocol.Card) (*protocol.Card, error) {
		c.Epoch, c.Continues, c.Delegate = old.Epoch+1, &from, old.Delegate
		return root.SignCard(d, c)
	})
	if err != nil {
		return nil, err
	}
	err = st.SetMember(card, protocol.Own, time.Now())
	if err == nil {
		_, err = st.RenewCard(old) // under which our records of before were signed
	}
	return card, errors.Join(err, st.Close())
}
