package node

import (
	"sync"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// shareWait is how long a block is left to who has asked for it before others ask for it too: a peer may be slow or false.
const shareWait = 30 * time.Second

// shares shares out blocks among the pulls that go on at once, so that who joins a network does not get every block from
// every member.
type shares struct {
	mu sync.Mutex
	of map[shareKey]*sharedLog
}

type shareKey struct {
	origin protocol.Origin
	epoch  uint64
}

// sharedLog is the blocks of a log that are being got.
type sharedLog struct {
	pulls  int
	blocks map[uint64]sharedBlock
}

type sharedBlock struct {
	by    *share // who has asked for it last
	at    time.Time
	there bool
}

// share is one pull's part in that.
type share struct {
	all  *shares
	log  *sharedLog
	left []uint64 // what this pull has not asked for yet
}

// enter has a pull share the blocks that it wants with others, until leave.
func (s *shares) enter(o protocol.Origin, epoch uint64, wanted []uint64) (sh *share, leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := shareKey{o, epoch}
	log := s.of[key]
	if log == nil {
		log = &sharedLog{blocks: map[uint64]sharedBlock{}}
		s.of[key] = log
	}
	log.pulls++
	sh = &share{s, log, wanted}
	return sh, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for index, b := range log.blocks {
			if b.by == sh && !b.there {
				delete(log.blocks, index)
			}
		}
		if log.pulls--; log.pulls == 0 {
			delete(s.of, key)
		}
	}
}

// next returns what to ask for next, at most n blocks: the first that nobody is getting. If there are none, but such as
// others are getting, it says how long to leave those to them.
func (s *share) next(n int) (ask []uint64, wait time.Duration) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	now := time.Now()
	var left []uint64
	for _, index := range s.left {
		b, asked := s.log.blocks[index]
		switch late := b.at.Add(shareWait).Sub(now); {
		case b.there:
		case len(ask) < n && (!asked || late <= 0):
			s.log.blocks[index] = sharedBlock{by: s, at: now}
			ask = append(ask, index)
		default:
			if asked && (wait == 0 || late < wait) {
				wait = late
			}
			left = append(left, index)
		}
	}
	s.left = left
	return ask, wait
}

// done says that blocks are stored.
func (s *share) done(indexes []uint64) {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	for _, index := range indexes {
		s.log.blocks[index] = sharedBlock{there: true}
	}
}
