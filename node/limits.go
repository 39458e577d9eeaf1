package node

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	circuitproto "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/libp2p/go-libp2p/x/rate"
)

// Planned for: 200 members, every one connected, perhaps twice, with its streams; many may share one address; and a relay
// through which half of them meet each other, each pair on two streams of the relay.
const (
	plannedConns   = 1024
	plannedStreams = 32768
	plannedFiles   = 2048
	plannedMemory  = 1 << 30
	plannedMachine = 2 << 30 // bytes of memory
	// dialRate and dialBurst bound how many connections a second one address may open here.
	dialRate, dialBurst = 4, 256
)

// resources returns the resource manager: go-libp2p's own limits, raised where they would cut members off.
func resources() (network.ResourceManager, error) {
	perHost := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: plannedConns / 2}}
	perHost6 := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: plannedConns / 2}}
	m, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits()),
		rcmgr.WithLimitPerSubnet(perHost, perHost6), rcmgr.WithMetricsDisabled(),
		// After a power cut all members of one host dial within a minute.
		rcmgr.WithConnRateLimiters(&rate.Limiter{SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: rate.Limit{RPS: dialRate, Burst: dialBurst}}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: rate.Limit{RPS: dialRate, Burst: dialBurst}}},
			GracePeriod:      time.Minute,
		}}))
	if err != nil {
		return nil, fmt.Errorf("join network: %w", err)
	}
	return m, nil
}

// limits returns how much of the machine the network may take, the same on every machine: what libp2p takes on the smallest
// that we ask for, raised where that is too little. It would let 80 members say at once who they are, and meet 64 others
// through a relay.
func limits() rcmgr.ConcreteLimitConfig {
	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	wide := rcmgr.ResourceLimits{Conns: plannedConns, ConnsInbound: plannedConns, ConnsOutbound: plannedConns, FD: plannedFiles,
		Streams: plannedStreams, StreamsInbound: plannedStreams, StreamsOutbound: plannedStreams, Memory: plannedMemory}
	raised := rcmgr.PartialLimitConfig{
		System: wide,
		// Connections and streams on which nobody is known yet.
		Transient: rcmgr.ResourceLimits{Conns: plannedConns / 2, ConnsInbound: plannedConns / 2, ConnsOutbound: plannedConns / 2,
			FD: plannedFiles / 2, Streams: plannedConns, StreamsInbound: plannedConns, StreamsOutbound: plannedConns},
		// One member, with what its relayed links cost.
		PeerDefault: rcmgr.ResourceLimits{Conns: 16, ConnsInbound: 16, ConnsOutbound: 16, Streams: 1024, StreamsInbound: 512, StreamsOutbound: 512},
		ProtocolDefault: rcmgr.ResourceLimits{Streams: plannedStreams, StreamsInbound: plannedStreams,
			StreamsOutbound: plannedStreams},
		Service: map[string]rcmgr.ResourceLimits{
			identify.ServiceName: streams(plannedConns), holepunch.ServiceName: streams(plannedConns), relay.ServiceName: streams(plannedStreams),
		},
		ServicePeer: map[string]rcmgr.ResourceLimits{relay.ServiceName: streams(plannedConns)},
		Protocol: map[protocol.ID]rcmgr.ResourceLimits{
			identify.ID: streams(plannedConns), identify.IDPush: streams(plannedConns), holepunch.Protocol: streams(plannedConns),
			circuitproto.ProtoIDv2Hop: streams(plannedStreams), circuitproto.ProtoIDv2Stop: streams(plannedStreams),
		},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{
			circuitproto.ProtoIDv2Hop: streams(plannedConns), circuitproto.ProtoIDv2Stop: streams(plannedConns),
		},
	}
	return raised.Build(limits.Scale(plannedMachine/8, plannedFiles))
}

// streams are limits of so many streams and the memory that libp2p takes for them.
func streams(n rcmgr.LimitVal) rcmgr.ResourceLimits {
	return rcmgr.ResourceLimits{Streams: n, StreamsInbound: n, StreamsOutbound: n, Memory: plannedMemory / 2}
}
