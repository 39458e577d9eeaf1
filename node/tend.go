package node

import (
	"context"
	"time"
)

// tendEvery is how often the store does what time brings.
const tendEvery = 5 * time.Minute

// tendLoop has the store shred what is due, replace its key-encryption key once a day, and give back room.
func (n *Node) tendLoop(ctx context.Context) error {
	for sleep(ctx, tendEvery) {
		if err := n.store.Tend(ctx); err != nil && ctx.Err() == nil {
			n.log.Error("tending the store: look at the disk, then run gmcn check", "error", err)
		}
	}
	return ctx.Err()
}
