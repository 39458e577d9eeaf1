package node

import (
	"context"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// shredEvery is how often we look for origins that have been silent for too long.
const shredEvery = 10 * time.Minute

// shredLoop deletes the cases of origins that have been silent for protocol.ShredAfter beyond their lease.
func (n *Node) shredLoop(ctx context.Context) error {
	for {
		n.shred()
		if !sleep(ctx, shredEvery) {
			return ctx.Err()
		}
	}
}

func (n *Node) shred() {
	clock := n.Clock()
	for _, o := range n.standing(protocol.Active, protocol.Suspended) {
		head, err := n.store.Head(o)
		if err != nil || !protocol.Silent(head, clock.Now) {
			continue
		}
		if state, err := n.store.LogState(o); err != nil || state.Live == 0 {
			continue
		}
		cases, err := n.store.Shred(o)
		if err != nil {
			n.log.Error("deleting the cases of a silent member", "member", o.String(), "error", err)
			continue
		}
		n.log.Warn("a member has been silent for a month beyond its lease; its cases are deleted here and come back when it returns", "member", o.String(), "cases", cases)
	}
}

// silent says whether an origin has fallen so silent that only its takedowns and heads are taken.
func (n *Node) silent(o protocol.Origin, now time.Time) bool {
	head, err := n.store.Head(o)
	return err == nil && o != n.Origin() && protocol.Silent(head, now)
}
