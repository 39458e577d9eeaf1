package node

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/store"
)

// storm is bad weather on some links. Guarded by world.mu, as all that weather reads.
type storm struct {
	hits          func(a, b int) bool // from a to b
	loss          float64
	delay, jitter time.Duration
	flap          time.Duration // it comes and goes so often; 0 for a steady one
	begun         time.Time
}

// weather is world.weather: what all storms together do to one packet.
func (s *sim) weather(a, b int) (longer time.Duration, lost bool) {
	for _, w := range s.storms {
		if !w.hits(a, b) || w.flap > 0 && time.Since(w.begun)/w.flap%2 == 1 {
			continue
		}
		if w.loss > 0 && s.dice.Float64() < w.loss {
			return 0, true
		}
		if longer += w.delay; w.jitter > 0 {
			longer += time.Duration(s.dice.Int64N(int64(w.jitter)))
		}
	}
	return longer, false
}

// begin lets a storm rage for a while.
func (s *sim) begin(w *storm, length time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storms = append(s.storms, w)
	time.AfterFunc(length, func() { s.calm(w) })
}

func (s *sim) calm(w *storm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.storms = slices.DeleteFunc(s.storms, func(o *storm) bool { return o == w })
}

// crash ends node i as a power cut does: nobody hears from it any more, and its folder is what it was at that moment. Every
// other goroutine stands still then, so that nothing is half-written; the store's own tests kill it between system calls.
func (s *sim) crash(i int) {
	if _, full := s.full[i]; full || !s.up(i) {
		return
	}
	moment := s.t.TempDir()
	dead := s.isolate(i)
	synctest.Wait()
	must(s.t, copyInto(moment, s.nodes[i].cfg.Dir))
	s.end(i, moment)
	s.calm(dead)
}

// isolate lets nothing pass to and from node i until calm.
func (s *sim) isolate(i int) *storm {
	s.mu.Lock()
	defer s.mu.Unlock()
	dead := &storm{hits: func(a, b int) bool { return a == i || b == i }, loss: 1}
	s.storms = append(s.storms, dead)
	return dead
}

// end stops node i and gives it another folder.
func (s *sim) end(i int, folder string) {
	s.halt(i)
	must(s.t, copyInto(s.nodes[i].cfg.Dir, folder))
}

// halt stops node i in good order.
func (s *sim) halt(i int) {
	s.lookOwnLog(i) // its folder may be gone next
	s.stops[i]()
	must(s.t, s.nodes[i].Close())
}

// boot starts node i again if it is down.
func (s *sim) boot(i int) {
	if s.up(i) {
		return
	}
	n, err := Open(s.nodes[i].cfg)
	if err != nil {
		s.t.Fatalf("node %d does not start after a crash: %v", i, err)
	}
	if err := n.Check(); err != nil {
		s.t.Errorf("node %d is not whole after a crash: %v", i, err)
	}
	s.nodes[i], s.eyes[i] = n, newEye()
	s.start(i)
	if how, ok := s.lies[i]; ok {
		s.lie(i, how)
	}
}

// night stops all nodes in good order, lets a little more time pass than a lease, and starts them again but for one.
func (s *sim) night(dark int) {
	begun := time.Now()
	for i := range s.nodes {
		s.endTwin(i)
		s.roomy(i)
		if s.up(i) {
			s.halt(i)
		}
	}
	time.Sleep(protocol.MinLease + time.Hour)
	for i := range s.nodes {
		if i != dark {
			s.boot(i)
		}
	}
	s.slept += time.Since(begun)
}

// backup is a copy of a data folder.
type backup struct {
	folder string
	apart  map[pairKey]protocol.Standing
}

// keep copies node i's folder as operating.md says: it is stopped meanwhile.
func (s *sim) keep(i int) {
	if _, full := s.full[i]; full || !s.up(i) {
		return
	}
	s.halt(i)
	b := backup{s.t.TempDir(), map[pairKey]protocol.Standing{}}
	must(s.t, copyInto(b.folder, s.nodes[i].cfg.Dir))
	for key, standing := range s.apart {
		if key.node == i {
			b.apart[key] = standing
		}
	}
	s.backups[i] = b
	s.boot(i)
}

// restore puts the copy back under node i, which has lost its disk.
func (s *sim) restore(i int) {
	b, ok := s.backups[i]
	if _, full := s.full[i]; !ok || full || !s.up(i) {
		return
	}
	dead := s.isolate(i)
	s.end(i, b.folder)
	s.calm(dead)
	s.h.see(event{kind: restored, at: time.Now(), node: i})
	s.older[i] = true
	// What was not signed yet is lost with the disk.
	s.cases = slices.DeleteFunc(s.cases, func(c *simCase) bool { return c.owner == i && len(c.records) == 0 })
	for _, c := range s.cases {
		if c.owner == i {
			c.closing = c.closed != nil
		}
	}
	for o := range s.nodes {
		if key := (pairKey{i, o}); s.apart[key] != b.apart[key] || s.unsure[key] {
			s.unsure[key] = true
			s.h.see(event{kind: hand, at: time.Now(), node: i, of: o})
		}
	}
	s.boot(i)
}

// setApart notes what persons made of member b at node a; "" is an active member.
func (s *sim) setApart(a, b int, to protocol.Standing) {
	key := pairKey{a, b}
	if a == b || s.apart[key] == to && !s.unsure[key] {
		return
	}
	delete(s.unsure, key)
	if s.apart[key] = to; to == "" {
		delete(s.apart, key)
		to = protocol.Active
	}
	s.h.see(event{kind: hand, at: time.Now(), node: a, of: b, standing: to})
}

// copyInto makes what is in the folder to what is in from.
func copyInto(to, from string) error {
	old, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, e := range old {
		if err := os.RemoveAll(filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return os.CopyFS(to, os.DirFS(from))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// lie is a way in which a relay answers a pull.
type lie int

const (
	dropsTakedowns lie = iota
	replaysHeads
	stalePrefix
	lieEnd // honest
)

func (l lie) String() string {
	return [...]string{"passes on no takedown", "passes on no new head", "says that its logs end where they ended before", "is honest"}[l]
}

// lie makes node i answer every pull in this way. Heads and ends of logs that it sticks to are those of now.
func (s *sim) lie(i int, how lie) {
	s.lies[i] = how
	m := s.nodes[i].mesh.Load()
	if m == nil {
		return // boot comes back to it
	}
	if how == lieEnd {
		delete(s.lies, i)
		m.serve(syncProtocol, m.serveSync)
		return
	}
	heads := map[protocol.Origin]*protocol.Head{}
	for _, o := range s.nodes[i].origins() {
		if h, err := s.nodes[i].store.Head(o); err == nil && o != s.nodes[i].Origin() {
			heads[o] = h
		}
	}
	answer := func(f *protocol.Frame) *protocol.Frame { return s.bend(how, heads, f) }
	m.host.SetStreamHandler(syncProtocol, func(st network.Stream) {
		id := st.Conn().RemotePeer()
		if !m.n.admits(id) || !m.enter(id) {
			st.Reset()
			return
		}
		defer m.leave(id)
		if err := m.serveSync(&liar{Stream: st, lie: answer}, id); err != nil {
			st.Reset()
			return
		}
		st.Close()
	})
}

// bend is what becomes of a frame that a liar sends. It does not lie about its own log.
func (s *sim) bend(how lie, heads map[protocol.Origin]*protocol.Head, f *protocol.Frame) *protocol.Frame {
	switch {
	case f.Head != nil && how != dropsTakedowns:
		if claim, err := protocol.ParseHead(f.Head); err == nil && heads[claim.Origin()] != nil {
			f.Head = heads[claim.Origin()].Bytes()
		}
	case f.Recs != nil && how != replaysHeads:
		f.Recs.Records = slices.DeleteFunc(f.Recs.Records, func(raw []byte) bool {
			claim, err := protocol.Parse(raw)
			if err != nil || heads[claim.Header().Origin] == nil {
				return false
			}
			return how == dropsTakedowns && claim.Type() == protocol.TypeTakedown || how == stalePrefix && claim.Header().Seq > heads[claim.Header().Origin].Seq
		})
	case f.Done != nil && how == stalePrefix && heads[f.Done.Origin] != nil:
		f.Done.To = max(f.Done.From, min(f.Done.To, heads[f.Done.Origin].Seq))
	}
	return f
}

// poison has node a publish a copy with a spoilt signature of what node b publishes, at the same moment.
func (s *sim) poison(a, b int) {
	if !s.up(a) {
		return
	}
	c := s.publishCase(b, false)
	m := s.nodes[a].mesh.Load()
	topic, ok := m.topics[recordTopic]
	if c == nil || !ok {
		return
	}
	spoilt := bytes.Clone(c.records[0].Bytes())
	spoilt[len(spoilt)-1] ^= 1
	if err := topic.Publish(m.ctx, spoilt); err != nil {
		s.t.Errorf("node %d, sending a spoilt copy: %v", a, err)
	}
}

// replay has node i send every record and some heads again, as gossip and as pushes, those of closed cases too.
func (s *sim) replay(i int) {
	if !s.up(i) {
		return
	}
	m := s.nodes[i].mesh.Load()
	send := func(name string, raw []byte) {
		if topic, ok := m.topics[name]; ok {
			if err := topic.Publish(m.ctx, raw); err != nil && !errors.Is(err, m.ctx.Err()) {
				s.t.Errorf("node %d, sending an old record: %v", i, err)
			}
		}
	}
	var downs []protocol.Frame
	for _, c := range s.cases {
		for _, r := range c.records {
			if s.draw.IntN(len(s.cases)) < 20 {
				send(recordTopic, r.Bytes())
			}
		}
		if head, err := s.nodes[i].store.Head(s.nodes[c.owner].Origin()); c.closed != nil && err == nil {
			send(takedownTopic, c.closed.Bytes())
			send(headTopic, head.Bytes())
			downs = append(downs, protocol.Frame{Down: &protocol.Down{Rec: c.closed.Bytes(), Head: head.Bytes()}})
		}
	}
	for _, raw := range s.spoken {
		send(headTopic, raw)
	}
	for _, id := range m.members() {
		m.background(func() {
			st, err := m.open(m.ctx, id, takedownProtocol)
			if err != nil {
				return
			}
			defer st.Reset()
			f := frames(st)
			for _, down := range downs[:min(len(downs), protocol.MaxDowns)] {
				if f.write(down) != nil {
					return
				}
			}
			if f.flush() == nil && st.CloseWrite() == nil {
				for _, err := f.read(); err == nil; _, err = f.read() {
				}
			}
		})
	}
}

// twin is a second server that runs with a copy of a node's folder.
type twin struct {
	*Node
	stop func() error
	log  store.LogState // when it was looked at last
}

// twin starts a second server with a copy of node i's folder, elsewhere on the network.
func (s *sim) twin(i int) {
	if _, full := s.full[i]; full || !s.up(i) || s.twins[i] != nil || s.h.accused[i] {
		return
	}
	synctest.Wait()
	cfg := s.nodes[i].cfg
	from := cfg.Dir
	cfg.Dir, cfg.Listen, cfg.options = s.t.TempDir(), []string{testAddr(len(s.nodes) + i)}, s.links()
	must(s.t, copyInto(cfg.Dir, from))
	n, err := Open(cfg)
	if err != nil {
		s.t.Fatalf("the twin of node %d does not start: %v", i, err)
	}
	s.h.see(event{kind: branched, at: time.Now(), node: i, of: i})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	s.twins[i] = &twin{Node: n, stop: func() error {
		cancel()
		return <-done
	}}
}

func (s *sim) endTwin(i int) {
	if t := s.twins[i]; t != nil {
		err := t.stop()
		s.lookTwin(i)
		delete(s.twins, i)
		if err = errors.Join(err, t.Check(), t.Close()); err != nil {
			s.t.Errorf("the twin of node %d: %v", i, err)
		}
	}
}

// publishTwin has an officer publish at the second server.
func (s *sim) publishTwin(i int) {
	t := s.twins[i]
	if t == nil {
		return
	}
	d := testDraft(randomName(), t.Card().Country)
	must(s.t, t.SaveDraft(d))
	r, err := t.Publish(d.ID)
	if errors.Is(err, ErrWaiting) {
		return
	}
	must(s.t, err)
	s.signedTwice(i, r)
}

// signedTwice takes a record of member i that its own node has not signed.
func (s *sim) signedTwice(i int, r *protocol.Record) {
	h := r.Header()
	s.h.see(event{kind: signed, at: time.Now(), node: i, of: i, ref: h.Ref(), id: protocol.Digest(r.ID()), epoch: h.Epoch, seq: h.Seq, rev: h.Rev})
}

// fork has a thief of node i's key sign another record for the place of its last one, and node j pass it on.
func (s *sim) fork(i, j int) {
	if !s.up(i) || !s.up(j) || s.h.accused[i] {
		return
	}
	c := s.publishCase(i, false)
	if c == nil || len(c.records) == 0 {
		return
	}
	e := s.entry(i, c.records[0].Header().Seq)
	e.Epoch = c.records[0].Header().Epoch
	r := s.sign(i, e)
	s.h.see(event{kind: branched, at: time.Now(), node: i, of: i})
	s.signedTwice(i, r)
	m := s.nodes[j].mesh.Load()
	if topic, ok := m.topics[recordTopic]; ok {
		if err := topic.Publish(m.ctx, r.Bytes()); err != nil {
			s.t.Errorf("node %d, sending a branch: %v", j, err)
		}
	}
	s.nodes[j].accept(r.Bytes())
}

// smallDisk puts a folder on a disk of its own, with little room. It says false where nobody may do so.
func smallDisk(t testing.TB, dir string) bool {
	copied := t.TempDir()
	must(t, copyInto(copied, dir))
	if err := syscall.Mount("gmcn-sim", dir, "tmpfs", 0, "size=32m"); err != nil {
		t.Logf("no disk is full in this run, for only root can make a small one: %v", err)
		return false
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	must(t, copyInto(dir, copied))
	return true
}

const hogName = "hog"

// fill takes the last byte of room from node i's disk.
func (s *sim) fill(i int) {
	if _, full := s.full[i]; full || s.small != i || !s.up(i) {
		return
	}
	s.full[i] = fillDisk(s.t, s.nodes[i].cfg.Dir)
}

// fillDisk takes the last byte of room from the disk of a folder, and returns the file that has it.
func fillDisk(t testing.TB, dir string) (hog string) {
	hog = filepath.Join(dir, hogName)
	f, err := os.Create(hog)
	must(t, err)
	for size := 1 << 20; size > 0; size /= 2 {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	must(t, f.Close())
	return hog
}

func (s *sim) roomy(i int) {
	if path, full := s.full[i]; full {
		must(s.t, os.Remove(path))
		delete(s.full, i)
	}
}
