package node

import (
	"errors"
	"slices"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// repairBlocks is how many blocks are repaired at most: they are held in memory and stored in one transaction.
const repairBlocks = 16

// repair makes our copy of a log what its owner's newest head vouches for, when asking for what we lack was not enough:
// records of another branch are in it, or such as we refuse one by one are not. theirs are the blocks of a peer whose log
// is what the head vouches for.
func (p *pulling) repair(o protocol.Origin, head *protocol.Head, vouched *protocol.Vouched, theirs []protocol.Block) error {
	newest, err := p.n.store.Head(o)
	if err != nil || o == p.n.Origin() || p.n.frozen(o) || newest.Epoch != head.Epoch || newest.Seq != head.Seq || newest.Root != head.Root ||
		p.n.verified(o, head) {
		return err
	}
	ours, err := p.n.store.Blocks(o)
	if err != nil {
		return err
	}
	var asks []protocol.Block
	for _, b := range theirs {
		if !slices.Contains(ours, b) {
			asks = append(asks, b)
		}
	}
	if len(asks) > repairBlocks {
		return nil
	}
	var records []*protocol.Record
	for _, b := range asks {
		if err := p.f.send(protocol.Frame{Get: &protocol.Get{Origin: o, Epoch: b.Epoch, Blocks: []uint64{b.Index}}}); err != nil {
			return err
		}
		raws, err := p.readRecs()
		if err != nil {
			return err
		}
		some, _, bad := p.n.judgeBlock(vouched, b.Epoch, b.Index, raws)
		if errors.Is(bad, protocol.ErrBlocks) {
			p.m.blame(p.id, blameWaste)
			return nil
		}
		if bad != nil || len(some) < len(raws) { // some are not to be stored now
			return bad
		}
		records = append(records, some...)
	}
	// What stands against one of these at its own place is a fork, and is proved.
	if err := p.n.keepAll(records); err != nil || p.n.frozen(o) || p.n.verified(o, head) {
		return err
	}
	switch err := p.n.store.Repair(newest, theirs, records); {
	case errors.Is(err, store.ErrRepair), errors.Is(err, protocol.ErrFork), errors.Is(err, protocol.ErrFrozen), errors.Is(err, protocol.ErrOrigin):
		p.n.log.Warn("a member's log is not what it signed and could not be repaired", "member", o.String(), "error", err)
		return nil
	case err != nil:
		p.n.storeFailed(err)
		return err
	}
	p.n.log.Warn("repaired a member's log: it was not what the member signed", "member", o.String(), "seq", newest.Seq, "records", len(records))
	return nil
}
