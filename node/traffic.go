package node

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/prometheus/client_golang/prometheus"
)

// traffic counts what goes over the streams of our protocols, below which there is only encryption.
type traffic struct {
	all   *prometheus.CounterVec // by protocol and direction
	peers sync.Map               // peer.ID -> *peerBytes
}

// peerBytes is what one member sent and was sent since the start.
type peerBytes struct{ in, out atomic.Int64 }

func (t *traffic) of(id peer.ID) *peerBytes {
	if b, ok := t.peers.Load(id); ok {
		return b.(*peerBytes)
	}
	b, _ := t.peers.LoadOrStore(id, &peerBytes{})
	return b.(*peerBytes)
}

// counted is a stream whose bytes are counted.
type counted struct {
	network.Stream
	peer    *peerBytes
	in, out prometheus.Counter
}

func (t *traffic) count(s network.Stream, proto protocol.ID) network.Stream {
	return &counted{s, t.of(s.Conn().RemotePeer()), t.all.WithLabelValues(string(proto), "in"), t.all.WithLabelValues(string(proto), "out")}
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Stream.Read(b)
	c.peer.in.Add(int64(n))
	c.in.Add(float64(n))
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Stream.Write(b)
	c.peer.out.Add(int64(n))
	c.out.Add(float64(n))
	return n, err
}

// gossipHost is the host as pubsub sees it: its streams are counted.
type gossipHost struct {
	host.Host
	traffic *traffic
}

// gossipName stands for all versions of gossipsub in the metrics.
const gossipName = "gossip"

func (h gossipHost) SetStreamHandler(id protocol.ID, handle network.StreamHandler) {
	h.Host.SetStreamHandler(id, h.counted(handle))
}

func (h gossipHost) SetStreamHandlerMatch(id protocol.ID, match func(protocol.ID) bool, handle network.StreamHandler) {
	h.Host.SetStreamHandlerMatch(id, match, h.counted(handle))
}

func (h gossipHost) counted(handle network.StreamHandler) network.StreamHandler {
	return func(s network.Stream) { handle(h.traffic.count(s, gossipName)) }
}

func (h gossipHost) NewStream(ctx context.Context, id peer.ID, protos ...protocol.ID) (network.Stream, error) {
	s, err := h.Host.NewStream(ctx, id, protos...)
	if err != nil {
		return nil, err
	}
	return h.traffic.count(s, gossipName), nil
}
