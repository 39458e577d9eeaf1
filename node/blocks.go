package node

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// putBlocks is how many blocks share a transaction, getBlocks how many one Get asks for, and getAhead how many Gets
	// are under way at once, so that no round trip is waited for.
	putBlocks = 8
	getBlocks = 4
	getAhead  = 3
	// bitsBlocks is how many bitmaps are asked for at once, and getSeqs how many single records.
	bitsBlocks = 256
	getSeqs    = 512
	// wholeFrom is from how many missing records on a whole block is taken anew.
	wholeFrom = 384
	// vouchTries is how often a peer is asked for blocks until they are what a head vouches for: an owner who is just
	// publishing signs a head a second later.
	vouchTries = 3
)

// blocks asks a peer for what we lack of a log, comparing it block by block. Of whole blocks that a signed head of the
// owner vouches for no record's signature is checked; all else is judged record by record.
func (p *pulling) blocks(o protocol.Origin) error {
	var theirs []protocol.Block
	var vouched *protocol.Vouched
	var head *protocol.Head
	for try := range vouchTries {
		if try > 0 {
			if !sleep(p.m.ctx, headSoon) {
				return p.m.ctx.Err()
			}
		}
		var err error
		if theirs, head, err = p.askBlocks(o); err != nil {
			return err
		}
		if head == nil {
			continue
		}
		if vouched, err = head.Vouch(theirs); err == nil || len(theirs) < putBlocks {
			break
		}
	}
	list, err := p.n.store.Blocks(o)
	if err != nil {
		return err
	}
	type at struct{ epoch, index uint64 }
	ours := map[at]protocol.Block{}
	for _, b := range list {
		ours[at{b.Epoch, b.Index}] = b
	}
	parts, whole := map[uint64][]uint64{}, map[uint64][]uint64{}
	for _, b := range slices.Backward(theirs) {
		switch has, ok := ours[at{b.Epoch, b.Index}]; {
		case has == b:
		case ok:
			parts[b.Epoch] = append(parts[b.Epoch], b.Index)
		default:
			whole[b.Epoch] = append(whole[b.Epoch], b.Index)
		}
	}
	for epoch, indexes := range parts {
		many, err := p.missing(o, epoch, indexes)
		if err != nil {
			return err
		}
		whole[epoch] = append(whole[epoch], many...)
	}
	for epoch, indexes := range whole {
		if err := p.whole(o, epoch, indexes, vouched); err != nil {
			return err
		}
	}
	if vouched == nil {
		return nil
	}
	return p.repair(o, head, vouched, theirs)
}

// askBlocks asks for the block digests of a log and for the head that goes with them, nil if the peer has none that is
// genuine.
func (p *pulling) askBlocks(o protocol.Origin) (blocks []protocol.Block, head *protocol.Head, err error) {
	member, ok := p.n.active(o)
	if !ok {
		return nil, nil, protocol.ErrOrigin
	}
	if err := p.f.send(protocol.Frame{Blocks: &protocol.Blocks{Origin: o}}); err != nil {
		return nil, nil, err
	}
	most := uint64(blocksFrame)
	for {
		frame, err := p.f.read()
		if err != nil {
			return nil, nil, err
		}
		switch {
		case frame.Head != nil:
			if _, err := p.n.takeHead(frame.Head); protocol.VerdictOf(err) == protocol.Reject {
				return nil, nil, err
			}
			if head, err = protocol.OpenHead(frame.Head, member.Card); err != nil || head.Origin != o {
				head = nil
				continue
			}
			most += head.Seq / protocol.BlockSize
		case frame.Blocks != nil && frame.Blocks.Origin == o:
			for _, s := range frame.Blocks.List {
				b := protocol.Block{Epoch: s.Epoch, Index: s.Index, Count: s.Count, Digest: s.Digest}
				if last := len(blocks) - 1; last >= 0 && (b.Epoch < blocks[last].Epoch || b.Epoch == blocks[last].Epoch && b.Index <= blocks[last].Index) {
					return nil, nil, fmt.Errorf("blocks out of order: %w", protocol.ErrForm)
				}
				blocks = append(blocks, b)
			}
			if uint64(len(blocks)) > most {
				return nil, nil, fmt.Errorf("more blocks than the log can have: %w", protocol.ErrForm)
			}
			if !frame.Blocks.More {
				return blocks, head, nil
			}
		default:
			return nil, nil, errAnswer
		}
	}
}

// missing compares blocks of which we hold a part by their bitmaps and gets the records that we lack. It returns the
// blocks of which so much is missing that they had better be taken whole.
func (p *pulling) missing(o protocol.Origin, epoch uint64, indexes []uint64) (many []uint64, err error) {
	for some := range slices.Chunk(indexes, bitsBlocks) {
		ours, err := p.n.store.Bits(o, epoch, some)
		if err != nil {
			return nil, err
		}
		held := map[uint64]*protocol.Bitmap{}
		for i := range ours {
			held[ours[i].Index] = &ours[i]
		}
		if err := p.f.send(protocol.Frame{Bits: &protocol.Bits{Origin: o, Epoch: epoch, Ask: some}}); err != nil {
			return nil, err
		}
		frame, err := p.f.read()
		if err != nil {
			return nil, err
		}
		if frame.Bits == nil || frame.Bits.Origin != o || len(frame.Bits.Maps) > len(some) {
			return nil, errAnswer
		}
		var seqs []uint64
		for _, theirs := range frame.Bits.Maps {
			has := held[theirs.Index]
			if has == nil {
				has = new(protocol.Bitmap)
			}
			switch lack := theirs.Without(has); {
			case !slices.Contains(some, theirs.Index):
				return nil, errAnswer
			case len(lack) >= wholeFrom:
				many = append(many, theirs.Index)
			default:
				seqs = append(seqs, lack...)
			}
		}
		for ask := range slices.Chunk(seqs, getSeqs) {
			if err := p.f.send(protocol.Frame{Get: &protocol.Get{Origin: o, Epoch: epoch, Seqs: ask}}); err != nil {
				return nil, err
			}
			raws, err := p.readRecs()
			if err != nil {
				return nil, err
			}
			if err := p.take(raws); err != nil {
				return nil, err
			}
		}
	}
	return many, nil
}

// readRecs reads Recs up to the last.
func (p *pulling) readRecs() (raws [][]byte, err error) {
	for {
		frame, err := p.f.read()
		if err != nil {
			return nil, err
		}
		if frame.Recs == nil || len(raws)+len(frame.Recs.Records) > protocol.BlockSize {
			return nil, errAnswer
		}
		if raws = append(raws, frame.Recs.Records...); frame.Recs.Last {
			return raws, nil
		}
	}
}

// whole gets whole blocks, about in the order of indexes. Reading, judging and storing go on side by side, and what several
// pulls want is shared out among them.
func (p *pulling) whole(o protocol.Origin, epoch uint64, indexes []uint64, vouched *protocol.Vouched) error {
	type block struct {
		index uint64
		raws  [][]byte
		last  bool // no block, but word that none comes for a while
	}
	type batch struct { // of one transaction
		records []*protocol.Record
		whole   []uint64 // blocks of which nothing is left to be asked for
		bad     error    // what no honest member sends
	}
	share, leave := p.n.shares.enter(o, epoch, indexes)
	defer leave()
	read, ready := make(chan block, 2), make(chan *batch) // the next batch is judged while one is stored
	g := new(errgroup.Group)
	stop := make(chan struct{}) // closed when what is read is no longer wanted
	g.Go(func() error {
		defer close(read)
		var asked [][]uint64
		for {
			for len(asked) < getAhead {
				ask, wait := share.next(getBlocks)
				if len(ask) == 0 && len(asked) == 0 && wait > 0 {
					select { // who has asked for the others may wait for what came here
					case <-stop:
						return nil
					case read <- block{last: true}:
					}
					select {
					case <-stop:
						return nil
					case <-time.After(min(wait, headSoon)): // sooner if who has asked for them fails
						continue
					}
				}
				if len(ask) == 0 {
					break
				}
				if err := p.f.send(protocol.Frame{Get: &protocol.Get{Origin: o, Epoch: epoch, Blocks: ask}}); err != nil {
					return err
				}
				asked = append(asked, ask)
			}
			if len(asked) == 0 {
				return nil
			}
			for _, index := range asked[0] {
				raws, err := p.readRecs()
				if err != nil {
					return err
				}
				select {
				case read <- block{index: index, raws: raws}:
				case <-stop:
					return nil
				}
			}
			asked = asked[1:]
		}
	})
	g.Go(func() error {
		defer close(ready)
		n, next := 0, new(batch)
		hand := func() {
			select {
			case ready <- next:
			case <-stop:
			}
			n, next = 0, new(batch)
		}
		for b := range read {
			if b.last {
				if n > 0 {
					hand()
				}
				continue
			}
			records, unsettled, bad := p.n.judgeBlock(vouched, epoch, b.index, b.raws)
			if unsettled {
				p.unsettled[o] = true
			}
			if vouched != nil && bad == nil && !unsettled {
				next.whole = append(next.whole, b.index)
			}
			if errors.Is(bad, protocol.ErrBlocks) {
				p.m.blame(p.id, blameWaste)
				bad = nil
			}
			next.records, next.bad = append(next.records, records...), bad
			if n++; n == putBlocks || bad != nil {
				hand()
			}
			if bad != nil {
				return nil
			}
		}
		hand() // what came before the peer went is kept
		return nil
	})
	var err error
	for b := range ready {
		// In the order of the log, in which the disk takes them with the least ado.
		slices.SortFunc(b.records, func(x, y *protocol.Record) int { return cmp.Compare(x.Header().Seq, y.Header().Seq) })
		if err = p.n.keepAll(b.records); err != nil {
			break
		}
		share.done(b.whole)
		if err = b.bad; err != nil {
			break
		}
	}
	close(stop)
	if err != nil {
		p.f.s.Reset() // so that the reader stops waiting
	}
	if wait := g.Wait(); err == nil {
		err = wait
	}
	return err
}

// incomplete says whether what we hold of a log, though complete by number, is not what its owner signed.
func (n *Node) incomplete(o protocol.Origin) bool {
	head, err := n.store.Head(o)
	if err != nil || o == n.Origin() && !n.gate.recovers() || n.frozen(o) {
		return false
	}
	place, err := n.store.Place(o)
	return err == nil && place.Epoch == head.Epoch && place.Seq >= head.Seq && !n.verified(o, head)
}

// verified says whether we have verified a head, or one that vouches for the same.
func (n *Node) verified(o protocol.Origin, head *protocol.Head) bool {
	v, err := n.store.Verified(o)
	if err != nil {
		return false
	}
	return v.ID() == head.ID() || v.Seq == head.Seq && v.Root == head.Root
}

// state returns how sure we are of another origin's log.
func (n *Node) state(o protocol.Origin, now time.Time) (protocol.State, error) {
	if n.frozen(o) {
		return protocol.FrozenLog, nil
	}
	head, err := n.store.Head(o)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err != nil {
		return protocol.StateOf(nil, nil, nil, false, now), nil
	}
	place, err := n.store.Place(o)
	if err != nil {
		return "", err
	}
	verified, err := n.store.Verified(o)
	if errors.Is(err, fs.ErrNotExist) {
		verified, err = nil, nil
	}
	extension, _ := n.store.Extension(o)
	return protocol.StateOf(head, verified, extension, place.Epoch == head.Epoch && place.Seq >= head.Seq, now), err
}
