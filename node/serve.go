package node

import (
	"errors"
	"io"
	"slices"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
)

const (
	// manyRecords is from how many sequence numbers on a log is asked for by blocks.
	manyRecords = 4 * protocol.BlockSize
	// recsBytes is about how large a frame of records is made.
	recsBytes = 256 << 10
)

// serveSync answers a pull: what differs at first, and then whatever the asker wants to know of single logs.
func (m *mesh) serveSync(s network.Stream, id peer.ID) error {
	f := frames(s)
	f.cost = m.reader(id)
	ask, err := f.read()
	if err != nil {
		return err
	}
	if ask.Have == nil {
		return errAnswer
	}
	if err := m.n.answerHave(f, ask.Have); err != nil {
		return err
	}
	for {
		ask, err := f.read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch {
		case ask.Blocks != nil:
			err = m.n.answerBlocks(f, ask.Blocks.Origin)
		case ask.Bits != nil:
			err = m.n.answerBits(f, ask.Bits)
		case ask.Get != nil:
			err = m.n.answerGet(f, ask.Get)
		default:
			err = errAnswer
		}
		if err == nil {
			err = f.flush()
		}
		if err != nil {
			return err
		}
	}
}

// answerHave sends, of the logs that differ, cards and heads first, then every takedown, those that are void too, then cases
// from the newest on, then extensions; of those that are closed to the asker takedowns alone, and of those that are frozen here cards, the
// proof and takedowns.
func (n *Node) answerHave(f *framed, have *protocol.Have) error {
	var extensions [][]byte // after the records, without which they cannot be taken
	type answer struct {
		asked protocol.Holding
		after protocol.LogPlace
		done  protocol.Done
	}
	if err := f.cost(1 + len(have.Logs) + len(have.Closed)); err != nil {
		return err
	}
	var answers []answer
	var closed []protocol.LogPlace // of which takedowns alone are sent
	asked := map[protocol.Origin]bool{}
	freezes := map[protocol.Origin]protocol.Freeze{}
	for _, f := range have.Freezes {
		freezes[f.Origin] = f
	}
	for _, h := range have.Logs {
		if _, ok := n.active(h.Origin); !ok || asked[h.Origin] {
			continue
		}
		asked[h.Origin] = true
		state, err := n.store.LogState(h.Origin)
		if err != nil {
			return err
		}
		same := [16]byte(state.Root[:16]) == h.Root
		for _, card := range n.cardsFor(&h, same) {
			if err := f.write(protocol.Frame{Card: card.Bytes()}); err != nil {
				return err
			}
		}
		if err := n.answerHead(f, h.Origin, freezes[h.Origin]); err != nil {
			return err
		}
		frozen, err := n.answerFreeze(f, h.Origin, freezes[h.Origin])
		if err != nil {
			return err
		}
		if frozen {
			continue
		}
		// A head that counts more is news even if it is dated earlier: its owner's clock was fast before.
		if head, err := n.store.Head(h.Origin); err == nil && (head.At.UnixMilli() > h.At || head.Epoch == h.Epoch && head.Seq > h.Seq) {
			if err := f.write(protocol.Frame{Head: head.Bytes()}); err != nil {
				return err
			}
			h.Extended = 0
		}
		if x, err := n.store.Extension(h.Origin); err == nil && x.At.UnixMilli() > h.Extended {
			extensions = append(extensions, x.Bytes())
		}
		if err := n.sendStrays(f, h.Origin, h.Strays); err != nil {
			return err
		}
		after := protocol.LogPlace{Origin: h.Origin, Epoch: h.Epoch, Seq: h.Seq}
		if freezes[h.Origin].Origin == h.Origin {
			closed = append(closed, after)
		}
		if h.Silent || same {
			continue
		}
		if state.Epoch != h.Epoch {
			h.Above = nil // of another epoch than what we are to send
		}
		// Where we ourselves end is read before the records: what comes in between is for the next pull.
		to, err := n.store.Place(h.Origin)
		if err != nil {
			return err
		}
		done := protocol.Done{Origin: h.Origin, Epoch: to.Epoch, From: after.Seq, To: max(after.Seq, to.Seq)}
		done.Many = state.Seq > after.Seq && state.Seq-after.Seq > manyRecords
		answers = append(answers, answer{h, after, done})
	}
	for _, p := range have.Closed {
		if _, ok := n.active(p.Origin); !ok || asked[p.Origin] {
			continue
		}
		asked[p.Origin] = true
		if frozen, err := n.answerFreeze(f, p.Origin, freezes[p.Origin]); err != nil {
			return err
		} else if frozen {
			continue
		}
		if err := n.sendStrays(f, p.Origin, 0); err != nil {
			return err
		}
		closed = append(closed, p)
	}
	for _, p := range closed {
		out := recsOut{f: f}
		err := n.store.Walk(p, true, func(_ uint64, raw []byte) error { return errors.Join(f.cost(1), out.add(raw)) })
		if err == nil {
			err = out.send(false)
		}
		if err != nil {
			return err
		}
	}
	for _, takedowns := range []bool{true, false} {
		for _, a := range answers {
			if a.done.Many && !takedowns {
				continue
			}
			out := recsOut{f: f}
			err := n.store.Walk(a.after, takedowns, func(seq uint64, raw []byte) error {
				if err := f.cost(1); err != nil {
					return err
				}
				if slices.ContainsFunc(a.asked.Above, func(b protocol.Bitmap) bool { return b.Has(seq) }) {
					return nil
				}
				return out.add(raw)
			})
			if err == nil {
				err = out.send(false)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, x := range extensions {
		if err := f.write(protocol.Frame{Extend: x}); err != nil {
			return err
		}
	}
	for _, a := range answers {
		if err := f.write(protocol.Frame{Done: &a.done}); err != nil {
			return err
		}
	}
	return f.send(protocol.Frame{End: &protocol.End{}})
}

// recsOut gathers records into frames.
type recsOut struct {
	f    *framed
	recs protocol.Recs
	size int
}

func (o *recsOut) add(raw []byte) error {
	if o.size+len(raw) > recsBytes || len(o.recs.Records) == protocol.BlockSize {
		if err := o.send(false); err != nil {
			return err
		}
	}
	o.recs.Records = append(o.recs.Records, raw)
	o.size += len(raw)
	return nil
}

// send writes what is gathered; last ends an answer to Get, even one of nothing.
func (o *recsOut) send(last bool) error {
	if o.recs.Last = last; !last && o.size == 0 {
		return nil
	}
	err := o.f.write(protocol.Frame{Recs: &o.recs})
	o.recs, o.size = protocol.Recs{Records: o.recs.Records[:0]}, 0
	return err
}

// blocksFrame is how many block digests one frame carries.
const blocksFrame = 1000

func (n *Node) answerBlocks(f *framed, o protocol.Origin) error {
	var blocks []protocol.Block
	if _, ok := n.active(o); ok {
		var err error
		if blocks, err = n.store.Blocks(o); err != nil {
			return err
		}
		if err := f.cost(1 + len(blocks)/bitsCost); err != nil {
			return err
		}
		// The head that goes with them: the newest, unless what we hold is what an earlier one vouches for.
		head, err := n.store.Head(o)
		if v, bad := n.store.Verified(o); bad == nil && v.Root == protocol.RootOf(blocks) {
			head, err = v, nil
		}
		if err == nil {
			if err := f.write(protocol.Frame{Head: head.Bytes()}); err != nil {
				return err
			}
		}
	}
	for {
		out := &protocol.Blocks{Origin: o, More: len(blocks) > blocksFrame}
		for _, b := range blocks[:min(blocksFrame, len(blocks))] {
			out.List = append(out.List, protocol.BlockSum{Epoch: b.Epoch, Index: b.Index, Count: b.Count, Digest: b.Digest})
		}
		if err := f.write(protocol.Frame{Blocks: out}); err != nil || !out.More {
			return err
		}
		blocks = blocks[blocksFrame:]
	}
}

func (n *Node) answerBits(f *framed, ask *protocol.Bits) error {
	out := &protocol.Bits{Origin: ask.Origin, Epoch: ask.Epoch}
	if err := f.cost(bitsCost * len(ask.Ask)); err != nil {
		return err
	}
	if _, ok := n.active(ask.Origin); ok {
		var err error
		if out.Maps, err = n.store.Bits(ask.Origin, ask.Epoch, ask.Ask); err != nil {
			return err
		}
	}
	return f.write(protocol.Frame{Bits: out})
}

func (n *Node) answerGet(f *framed, ask *protocol.Get) error {
	out := recsOut{f: f}
	_, ok := n.active(ask.Origin)
	for _, index := range ask.Blocks {
		if ok {
			raws, err := n.store.Block(ask.Origin, ask.Epoch, index)
			if err := errors.Join(err, f.cost(1+len(raws))); err != nil {
				return err
			}
			for _, raw := range raws {
				if err := out.add(raw); err != nil {
					return err
				}
			}
		}
		if err := out.send(true); err != nil {
			return err
		}
	}
	if len(ask.Seqs) == 0 {
		return nil
	}
	if err := f.cost(len(ask.Seqs)); err != nil {
		return err
	}
	gone := ask.Seqs
	if ok {
		var raws [][]byte
		var err error
		if raws, gone, err = n.store.Records(ask.Origin, ask.Epoch, ask.Seqs); err != nil {
			return err
		}
		for _, raw := range raws {
			if err := out.add(raw); err != nil {
				return err
			}
		}
	}
	out.recs.Gone = gone
	return out.send(true)
}
