package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	libp2p "github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"

	"github.com/gmcn/gmcn/protocol"
)

// Two servers with one key have one libp2p identity, and so each may be any of the connections to it. A member that has both
// at once asks each to sign that it runs, having heard of the other, and shows the one the other's word.

const (
	twinProtocol = "/gmcn/twin/1"
	// twinWait is how long a server may take to answer. A connection on which nobody does is that of one that has stopped.
	twinWait = 5 * time.Second
	// twinTold is how long the alarm stays after the last proof, and twinHeads after two folders have signed heads by turns.
	twinTold, twinHeads = 5 * time.Minute, 24 * time.Hour
)

// server is what a member's server has said of itself on a connection.
type server struct {
	run      protocol.RunID
	instance [16]byte
	writes   bool // it has signed that it does
}

// meets notes which server greets on a connection, and returns the other connections to the same member on which another
// does, or nobody has yet.
func (m *mesh) meets(c network.Conn, h *protocol.Hello) (others []network.Conn) {
	conns := m.host.Network().ConnsToPeer(c.RemotePeer())
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.servers[c.ID()].run != h.Run {
		m.servers[c.ID()] = server{run: h.Run, instance: h.Instance}
	}
	for _, other := range conns {
		if other.ID() != c.ID() && !other.IsClosed() && m.servers[other.ID()].run != h.Run {
			others = append(others, other)
		}
	}
	return others
}

// confront tells the servers on other connections of the one that greets on c, and it of them.
func (m *mesh) confront(c network.Conn, run protocol.RunID, others []network.Conn) {
	for _, other := range others {
		if err := m.confrontOn(other, c, run); err != nil {
			m.n.log.Debug("asking for a second server", "peer", c.RemotePeer().String(), "error", err)
		}
	}
}

func (m *mesh) confrontOn(old, c network.Conn, run protocol.RunID) error {
	card := m.cardOf(c.RemotePeer())
	if card == nil {
		return protocol.ErrOrigin
	}
	a, first, err := m.askAlive(old, run, card)
	if err != nil {
		old.Close() // stopped, most likely, and its connection not yet timed out
		return err
	}
	defer a.s.Close()
	if first.Run == run {
		return nil // one server on two connections
	}
	b, second, err := m.askAlive(c, first.Run, card)
	if err != nil {
		return err
	}
	defer b.s.Close()
	if second.Run != run {
		return errAnswer
	}
	err = errors.Join(a.send(protocol.Frame{Alive: second.Bytes()}), b.send(protocol.Frame{Alive: first.Bytes()}))
	m.mu.Lock()
	for id, told := range map[string]*protocol.Alive{old.ID(): first, c.ID(): second} {
		s := m.servers[id]
		s.run, s.writes = told.Run, told.Writes
		m.servers[id] = s
	}
	m.mu.Unlock()
	m.n.twinsOf(card.Origin(), twinTold)
	return err
}

func (m *mesh) cardOf(id peer.ID) *protocol.Card {
	if member, ok := m.n.active(m.n.memberOf(id)); ok {
		return member.Card
	}
	return nil
}

// askAlive has the server on a connection sign that it runs and has heard of another. One on which the other itself answers
// returns what that says of itself.
func (m *mesh) askAlive(c network.Conn, other protocol.RunID, card *protocol.Card) (*framed, *protocol.Alive, error) {
	ctx, cancel := context.WithTimeout(m.ctx, twinWait)
	defer cancel()
	s, err := m.openOn(ctx, c, twinProtocol)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	f := frames(s)
	if err := f.send(protocol.Frame{Twin: &protocol.Twin{Other: other}}); err != nil {
		return nil, nil, err
	}
	frame, err := f.read()
	if err != nil {
		s.Reset()
		return nil, nil, err
	}
	if frame.Twin != nil && frame.Twin.Other == other { // it is the other
		return f, &protocol.Alive{Run: other}, nil
	}
	alive, err := protocol.OpenAlive(frame.Alive, card)
	if err == nil && alive.Other != other {
		err = errAnswer
	}
	if err != nil {
		s.Reset()
		return nil, nil, fmt.Errorf("word of a server: %w", err)
	}
	return f, alive, nil
}

// serveTwin answers a member that believes it has seen another server with our key, and hears its proof.
func (m *mesh) serveTwin(s network.Stream, _ peer.ID) error {
	f := frames(s)
	ask, err := f.read()
	if err != nil {
		return err
	}
	if ask.Twin == nil {
		return errAnswer
	}
	if ask.Twin.Other == m.n.run {
		return f.send(protocol.Frame{Twin: ask.Twin})
	}
	_, key, err := m.n.signing()
	if err != nil {
		return err
	}
	ours, err := protocol.SignAlive(key, protocol.Alive{Origin: m.n.Origin(), Run: m.n.run, Other: ask.Twin.Other, Writes: m.n.gate.open()})
	if err != nil {
		return err
	}
	if err := f.send(protocol.Frame{Alive: ours.Bytes()}); err != nil {
		return err
	}
	told, err := f.read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	theirs, err := protocol.OpenAlive(told.Alive, m.n.Card())
	if err != nil {
		return fmt.Errorf("word of another server of ours: %w", err)
	}
	if theirs.Other != m.n.run {
		return errAnswer
	}
	m.n.twin("another server with our key runs", theirs.Writes)
	return nil
}

// openOn opens a stream on one connection.
func (m *mesh) openOn(ctx context.Context, c network.Conn, proto libp2p.ID) (network.Stream, error) {
	s, err := c.NewStream(ctx)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	if err = s.SetProtocol(proto); err == nil {
		err = multistream.SelectProtoOrFail(proto, s)
	}
	if err != nil {
		s.Reset()
		return nil, fmt.Errorf("open %s: %w", proto, err)
	}
	return m.n.metrics.traffic.count(s, proto), nil
}

// prefers returns the connection to ask a member on that has two servers: one that has signed that it writes, or one with
// the folder that its newest head is of. It is nil when any will do.
func (m *mesh) prefers(id peer.ID) network.Conn {
	conns := m.host.Network().ConnsToPeer(id)
	if len(conns) < 2 {
		return nil
	}
	head, err := m.n.store.Head(m.n.memberOf(id))
	m.mu.Lock()
	defer m.mu.Unlock()
	var best network.Conn
	points, several := -1, false
	for _, c := range conns {
		s, known := m.servers[c.ID()]
		if !known || c.IsClosed() {
			continue
		}
		if best != nil && m.servers[best.ID()].run != s.run {
			several = true
		}
		p := 0
		if err == nil && s.instance == head.Instance {
			p = 1
		}
		if s.writes {
			p += 2
		}
		if p > points {
			best, points = c, p
		}
	}
	if !several {
		return nil
	}
	return best
}

// twinsOf notes that a member has two servers with one key, for the alarm.
func (n *Node) twinsOf(o protocol.Origin, long time.Duration) {
	until := time.Now().Add(long)
	n.mu.Lock()
	if until.After(n.twins[o]) {
		n.twins[o] = until
	}
	n.mu.Unlock()
	n.raise(AlarmTwins, o, n.now())
}

// twin heeds proof that another server of ours runs. If we write and it does not, it waits for us to stop; else we write
// no more until we are started again.
func (n *Node) twin(why string, writes bool) {
	n.gate.mu.Lock()
	closes := n.gate.state != GateNeedsRoot && n.gate.state != GateTwin && (writes || n.gate.state != GateOpen)
	if closes {
		n.gate.set(GateTwin)
	}
	n.gate.mu.Unlock()
	if closes {
		n.log.Error("this node writes nothing until it is started again: "+why, "other writes", writes)
		n.settle(AlarmGate, n.Origin())
	}
	n.twinsOf(n.Origin(), twinTold)
}
