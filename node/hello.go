package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
)

// greet says hello to a connected member and pulls from it if it holds something else than we do.
func (m *mesh) greet(id peer.ID) {
	s, err := m.open(m.ctx, id, helloProtocol)
	if err == nil {
		err = m.hello(s, id)
		if err != nil {
			s.Reset()
		} else {
			s.Close()
		}
	}
	if err != nil {
		m.n.log.Debug("hello", "peer", id.String(), "error", err)
	}
}

func (m *mesh) hello(s network.Stream, id peer.ID) error {
	ours, err := m.n.helloTo(id)
	if err != nil {
		return err
	}
	f := frames(s)
	if err := f.send(protocol.Frame{Hello: ours}); err != nil {
		return err
	}
	theirs, err := f.readHello()
	if err != nil {
		return err
	}
	if theirs.Yours != ours.Mine {
		ours.Card = m.n.Card().Bytes()
		if err := f.send(protocol.Frame{Hello: ours}); err != nil {
			return err
		}
	}
	if others := m.meets(s.Conn(), theirs); len(others) > 0 {
		m.background(func() { m.confront(s.Conn(), theirs.Run, others) })
	}
	m.n.gate.greeted(id)
	return m.greeted(ours, theirs, id)
}

// serveHello answers a greeting with ours, when it is known whether another server greets with the same key: who is just
// starting must not take our answer for a sign that it is alone.
func (m *mesh) serveHello(s network.Stream, id peer.ID) error {
	if !m.share(id).hellos.Allow() {
		return errBudget
	}
	f := frames(s)
	theirs, err := f.readHello()
	if err != nil {
		return err
	}
	m.confront(s.Conn(), theirs.Run, m.meets(s.Conn(), theirs))
	ours, err := m.n.helloTo(id)
	if err != nil {
		return err
	}
	if theirs.Yours != ours.Mine {
		ours.Card = m.n.Card().Bytes()
	}
	if err := f.send(protocol.Frame{Hello: ours}); err != nil {
		return err
	}
	if ours.Yours != theirs.Mine && theirs.Card == nil {
		if theirs, err = f.readHello(); err != nil {
			return err
		}
	}
	return m.greeted(ours, theirs, id)
}

func (f *framed) readHello() (*protocol.Hello, error) {
	frame, err := f.read()
	if err != nil {
		return nil, err
	}
	if frame.Hello == nil {
		return nil, errAnswer
	}
	return frame.Hello, nil
}

func (m *mesh) greeted(ours, theirs *protocol.Hello, id peer.ID) error {
	m.n.heard(id)
	wake(m.n.told)
	m.n.mu.Lock()
	m.n.offsets[id] = time.UnixMilli(theirs.Now).Sub(m.n.now())
	m.n.mu.Unlock()
	if len(theirs.Card) > 0 {
		if _, err := m.n.takeCard(theirs.Card); protocol.VerdictOf(err) == protocol.Reject {
			return fmt.Errorf("card in hello: %w", err)
		}
	}
	if ours.Vector != theirs.Vector || m.n.gate.asks(id) {
		m.n.pullSoon(id, 0)
	}
	return nil
}

// helloTo is our greeting to a member, without our card.
func (n *Node) helloTo(id peer.ID) (*protocol.Hello, error) {
	vector, members, err := n.vector()
	if err == nil && !n.met.Load() {
		if err = n.store.Meet(); err == nil {
			n.met.Store(true)
		}
	}
	if err != nil {
		return nil, err
	}
	h := &protocol.Hello{Mine: protocol.GoneMark(n.Card().ID()), Vector: vector, Members: members, Instance: n.store.Instance(), Run: n.run,
		Now: n.now().UnixMilli()}
	n.mu.RLock()
	defer n.mu.RUnlock()
	if m, ok := n.members[n.peers[id]]; ok {
		h.Yours = protocol.GoneMark(m.Card.ID())
	}
	return h, nil
}

// freezeSum stands in the vector for the log of a frozen member: on each branch another is held, and stays.
func freezeSum(f protocol.Freeze) []byte {
	b := binary.BigEndian.AppendUint64([]byte("gmcn/1/freeze"), f.Epoch)
	heads := byte(0)
	if f.Heads {
		heads = 1
	}
	return append(append(b, heads), f.Closed[:]...)
}

// headAge is how coarsely two nodes compare the age of the heads that they hold; a quarter of the shortest lease.
const headAge = protocol.MinLease / 4

// vector digests what we hold of every log, which card we have, and roughly how old each newest head is: two
// nodes with equal vectors have nothing to tell each other. members digests whom we accept.
func (n *Node) vector() (sum, members [16]byte, err error) {
	origins := n.origins()
	slices.SortFunc(origins, func(a, b protocol.Origin) int { return bytes.Compare(a[:], b[:]) })
	h, who := sha256.New(), sha256.New()
	for _, o := range origins {
		state, err := n.store.LogState(o)
		if err != nil {
			return sum, members, err
		}
		h.Write(o[:])
		who.Write(o[:])
		freeze, frozen, err := n.store.Freeze(o)
		if err != nil {
			return sum, members, err
		}
		if frozen {
			h.Write(freezeSum(freeze))
		} else {
			h.Write(binary.BigEndian.AppendUint64(nil, state.Epoch))
			h.Write(binary.BigEndian.AppendUint64(nil, state.Seq))
			h.Write(state.Root[:])
		}
		if m, ok := n.active(o); ok {
			h.Write(binary.BigEndian.AppendUint64(nil, m.Card.Epoch))
			h.Write(binary.BigEndian.AppendUint64(nil, m.Card.Issue))
		}
		// A head much newer than the other's is worth a pull of its own: it renews a lease.
		head, err := n.store.Head(o)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sum, members, err
		}
		if err == nil && !frozen {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(head.At.UnixMilli())/uint64(headAge.Milliseconds())))
			// And so is one that counts more records: without it they cannot be verified.
			h.Write(binary.BigEndian.AppendUint64(nil, head.Seq))
		}
		if x, err := n.store.Extension(o); err == nil {
			h.Write(binary.BigEndian.AppendUint64([]byte("gmcn/1/extend"), uint64(x.At.UnixMilli())))
		}
	}
	return [16]byte(h.Sum(nil)), [16]byte(who.Sum(nil)), nil
}
