package node

import (
	"fmt"
	"testing"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	circuitproto "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	"github.com/multiformats/go-multiaddr"
)

// crowd is what a network of 200 members asks of the resource manager of one node.
type crowd struct {
	rm network.ResourceManager
	// failed are the first refusals, by what was asked for.
	failed map[string]error
}

func (c *crowd) refused(what string, err error) bool {
	if err != nil && c.failed[what] == nil {
		c.failed[what] = err
	}
	return err != nil
}

// conn opens a connection to a member and has it tell who it is.
func (c *crowd) conn(id peer.ID, i int) {
	dir := network.DirInbound
	if i%2 == 0 {
		dir = network.DirOutbound
	}
	conn, err := c.rm.OpenConnection(dir, true, multiaddr.StringCast(fmt.Sprintf("/ip4/5.1.%d.%d/tcp/4001", i/250, i%250)))
	if c.refused("connection", err) {
		return
	}
	c.refused("connection of a member", conn.SetPeer(id))
}

// stream opens a stream that stays open.
func (c *crowd) stream(what string, id peer.ID, dir network.Direction, proto protocol.ID, service string, memory int) {
	s, err := c.rm.OpenStream(id, dir)
	if c.refused(what, err) || c.refused(what, s.SetProtocol(proto)) {
		return
	}
	if service != "" && c.refused(what, s.SetService(service)) {
		return
	}
	if memory > 0 {
		c.refused(what, s.ReserveMemory(memory, network.ReservationPriorityAlways))
	}
}

// gather opens at once all that 199 members may have open, and what a relay has open through which half of them meet.
func (c *crowd) gather() {
	const members, behind = 199, 100
	both := []network.Direction{network.DirInbound, network.DirOutbound}
	var ids []peer.ID
	for i := range members {
		id := peer.ID(fmt.Sprintf("member %d", i))
		ids = append(ids, id)
		c.conn(id, i)
		for _, dir := range both {
			c.stream("identify", id, dir, identify.ID, identify.ServiceName, 4<<10)
			c.stream("identify push", id, dir, identify.IDPush, identify.ServiceName, 4<<10)
			c.stream("gossip", id, dir, "/meshsub/1.3.0", "", 0)
		}
		for range maxStreams / 2 {
			c.stream("photo", id, network.DirInbound, blobProtocol, "", 0)
			c.stream("pull", id, network.DirInbound, syncProtocol, "", 0)
		}
		c.stream("takedown", id, network.DirOutbound, takedownProtocol, "", 0)
		c.stream("hole", id, network.DirOutbound, holepunch.Protocol, holepunch.ServiceName, 4<<10)
	}
	for i := range behind {
		for j := range i {
			c.stream("relayed from", ids[i], network.DirInbound, circuitproto.ProtoIDv2Hop, relay.ServiceName, 2*relayBuffer)
			c.stream("relayed to", ids[j], network.DirOutbound, circuitproto.ProtoIDv2Stop, relay.ServiceName, 0)
		}
	}
}

// TestLimitsHoldTwoHundredMembers: a node in the middle of 199 others refuses none of what they may ask at once. That
// libp2p's own limits would refuse it, on a machine of the size that we ask for, says that the test asks enough.
func TestLimitsHoldTwoHundredMembers(t *testing.T) {
	ours, err := resources()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	c := &crowd{rm: ours, failed: map[string]error{}}
	c.gather()
	for what, err := range c.failed {
		t.Errorf("%s: %v", what, err)
	}

	limits := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&limits)
	theirs, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.Scale(plannedMachine/8, plannedFiles)), rcmgr.WithMetricsDisabled())
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	c = &crowd{rm: theirs, failed: map[string]error{}}
	c.gather()
	for _, what := range []string{"connection", "identify", "photo", "pull", "hole", "relayed from", "relayed to"} {
		if c.failed[what] == nil {
			t.Errorf("libp2p's own limits are enough for: %s", what)
		}
	}
}
