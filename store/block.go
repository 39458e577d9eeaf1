package store

import (
	"bytes"
	"errors"

	"github.com/gmcn/gmcn/protocol"
)

// Blocks returns the block digests of an origin's log, in the order of protocol.RootOf.
func (s *Store) Blocks(o protocol.Origin) (blocks []protocol.Block, err error) {
	err = s.of(o, func(b *buckets, m *member) error {
		blocks = b.blocksOf(m.short)
		return nil
	})
	return blocks, err
}

// Bits returns which records of some blocks of an origin's log are live, for each block that has any.
func (s *Store) Bits(o protocol.Origin, epoch uint64, indexes []uint64) (maps []protocol.Bitmap, err error) {
	err = s.of(o, func(b *buckets, m *member) error {
		maps = nil
		for _, index := range indexes {
			bits := protocol.Bitmap{Index: index}
			b.digests.eachIn(place{m.short, epoch, index}, func(key, _ []byte) { bits.Add(placeOf(key).seq) })
			if bits.Set != [len(bits.Set)]byte{} {
				maps = append(maps, bits)
			}
		}
		return nil
	})
	return maps, err
}

// Block returns the signed records of one block of an origin's log, in the order of their numbers, as far as they are kept.
func (s *Store) Block(o protocol.Origin, epoch, index uint64) (raws [][]byte, err error) {
	err = s.of(o, func(b *buckets, m *member) error {
		raws = make([][]byte, 0, protocol.BlockSize)
		b.key = s.keys.ahead()
		var room []byte // for many records
		var wrong error
		b.log.eachIn(place{m.short, epoch, index}, func(key, value []byte) {
			if cap(room)-len(room) < len(value) {
				room = make([]byte, 0, max(len(value), blockRoom))
			}
			whole, err := b.appendLog(room, key, value)
			if err != nil {
				wrong = errors.Join(wrong, err)
				return
			}
			raws, room = append(raws, whole[len(room):len(whole):len(whole)]), whole
		})
		return wrong
	})
	return raws, err
}

// blockRoom is how much memory Block takes at once, in bytes.
const blockRoom = 128 << 10

// Records returns the signed records at some places of an origin's log, and the numbers at which there is none.
func (s *Store) Records(o protocol.Origin, epoch uint64, seqs []uint64) (raws [][]byte, gone []uint64, err error) {
	err = s.of(o, func(b *buckets, m *member) error {
		raws, gone = nil, nil
		for _, seq := range seqs {
			key := place{m.short, epoch, seq}.key()
			value := b.log.Get(key)
			if value == nil {
				gone = append(gone, seq)
				continue
			}
			raw, err := b.openLog(key, value)
			if err != nil {
				return err
			}
			raws = append(raws, raw)
		}
		return nil
	})
	return raws, gone, err
}

// of reads what is stored of an origin; of an unknown one there is nothing.
func (s *Store) of(o protocol.Origin, read func(*buckets, *member) error) error {
	s.mu.RLock()
	m := s.members[o]
	s.mu.RUnlock()
	if m == nil {
		return nil
	}
	return s.view(func(b *buckets) error { return read(b, m) })
}

// eachIn calls fn with the rows of a bucket of places, log or digests, in the block at a key of the bucket blocks.
func (b *bucket) eachIn(block place, fn func(key, row []byte)) {
	c := b.Cursor()
	end := place{block.short, block.epoch, (block.seq + 1) * protocol.BlockSize}.key()
	for k, v := c.Seek(place{block.short, block.epoch, block.seq * protocol.BlockSize}.key()); k != nil && bytes.Compare(k, end) < 0; k, v = c.Next() {
		fn(k, v)
	}
}
