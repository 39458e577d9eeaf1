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
	ours, err := m.n.helloFrame()
	if err != nil {
		return err
	}
	f := frames(s)
	if err := f.send(ours); err != nil {
		return err
	}
	theirs, err := f.read()
	if err != nil {
		return err
	}
	return m.greeted(ours, theirs, id)
}

// serveHello answers a greeting with ours.
func (m *mesh) serveHello(s network.Stream, id peer.ID) error {
	f := frames(s)
	theirs, err := f.read()
	if err != nil {
		return err
	}
	ours, err := m.n.helloFrame()
	if err != nil {
		return err
	}
	if err := f.send(ours); err != nil {
		return err
	}
	return m.greeted(ours, theirs, id)
}

func (m *mesh) greeted(ours protocol.Frame, theirs *protocol.Frame, id peer.ID) error {
	if theirs.Hello == nil {
		return errAnswer
	}
	m.n.heard(id)
	if o, ok := m.n.originOf(id); ok {
		m.n.told(o, theirs.Hello.Now)
	}
	if err := m.n.takeCard(theirs.Hello.Card); err != nil && !errors.Is(err, protocol.ErrOrigin) {
		return fmt.Errorf("card in hello: %w", err)
	}
	if ours.Hello.Vector != theirs.Hello.Vector {
		m.n.pullSoon(id, 0)
	}
	return nil
}

func (n *Node) helloFrame() (protocol.Frame, error) {
	vector, err := n.vector()
	if err != nil {
		return protocol.Frame{}, err
	}
	return protocol.Frame{Hello: &protocol.Hello{Card: n.Card().Bytes(), Vector: vector, Now: time.Now().UnixMilli()}}, nil
}

// headAge is how coarsely two nodes compare the age of the heads that they hold; a quarter of the shortest lease.
const headAge = protocol.MinLease / 4

// vector digests what we hold of every log, and roughly how old each newest head is: two nodes with equal vectors have nothing to tell each
// other.
func (n *Node) vector() (sum [32]byte, err error) {
	origins := n.origins()
	slices.SortFunc(origins, func(a, b protocol.Origin) int { return bytes.Compare(a[:], b[:]) })
	h := sha256.New()
	for _, o := range origins {
		state, err := n.store.LogState(o)
		if err != nil {
			return sum, err
		}
		h.Write(o[:])
		h.Write(binary.BigEndian.AppendUint64(nil, state.Epoch))
		h.Write(binary.BigEndian.AppendUint64(nil, state.Seq))
		h.Write(state.Root[:])
		// A head much newer than the other's is worth a pull of its own: it renews a lease.
		head, err := n.store.Head(o)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return sum, err
		}
		if err == nil {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(head.At.UnixMilli())/uint64(headAge.Milliseconds())))
		}
	}
	return [32]byte(h.Sum(nil)), nil
}
