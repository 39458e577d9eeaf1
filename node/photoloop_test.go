package node

import (
	"errors"
	"io"
	"io/fs"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
)

// has says whether node i has a photo file.
func (w *world) has(i int, file protocol.Link) bool {
	_, err := w.nodes[i].store.SharedPhoto(file.Cid)
	return err == nil
}

// TestManyPhotosDoNotHoldUpOne: 200 photos of one member and one of another wait when a node starts.
func TestManyPhotosDoNotHoldUpOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		defer w.close()
		var many []protocol.Photo
		for i := range 200 {
			_, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(1000+int64(i), 9), 200, 260))
			many = append(many, p)
		}
		_, one := w.publishPhoto(1, protocoltest.PortraitPNG(protocoltest.Invent(2, 9), 200, 260))
		given := make(chan struct{}) // nobody gives anything before the last node has all records
		live := func(i int) uint64 {
			state, err := w.nodes[2].store.LogState(w.nodes[i].Origin())
			if err != nil {
				return 0
			}
			return state.Live
		}
		w.start(2)
		for i := range 2 { // the one comes when the many have been waiting for long
			w.start(i)
			w.until(time.Second, "the node is on the network", func() bool { return w.nodes[i].mesh.Load() != nil })
			m := w.nodes[i].mesh.Load()
			m.serve(blobProtocol, func(s network.Stream, id peer.ID) error {
				select {
				case <-given:
					return m.serveBlob(s, id)
				case <-m.ctx.Done():
					return m.ctx.Err()
				}
			})
			w.until(20*time.Second, "the records are there", func() bool { return live(i) == []uint64{200, 1}[i] })
		}
		time.Sleep(time.Second)
		if w.has(2, one.Thumb) || w.has(2, one.File) {
			t.Fatal("the photo came before anybody gave it: the test shows nothing")
		}
		close(given)
		here := func() (files int) {
			for _, p := range many {
				for _, file := range []protocol.Link{p.Thumb, p.File} {
					if w.has(2, file) {
						files++
					}
				}
			}
			return files
		}
		w.until(20*time.Second, "the one photo is there", func() bool { return w.has(2, one.Thumb) && w.has(2, one.File) })
		got := here()
		t.Logf("%d of 400 files of the one member came before the other's only photo", got)
		if got > 20 {
			t.Error("they stood in its way")
		}
		w.until(5*time.Minute, "all photos are there", func() bool { return here() == 2*len(many) })
	})
}

// TestStalledMemberHoldsNobodyUp: one member takes every wish for a photo and never answers.
func TestStalledMemberHoldsNobodyUp(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		m := w.nodes[0].mesh.Load()
		var stalled, most atomic.Int32
		m.serve(blobProtocol, func(s network.Stream, id peer.ID) error {
			if id == w.peerID(2) {
				most.Store(max(most.Load(), stalled.Add(1)))
				defer stalled.Add(-1)
			}
			io.Copy(io.Discard, s) // until the other side gives up
			return errors.New("gave nothing")
		})
		var late []protocol.Photo
		for i := range 20 {
			_, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(3000+int64(i), 9), 200, 260))
			late = append(late, p)
		}
		time.Sleep(5 * time.Second)
		_, p := w.publishPhoto(1, protocoltest.PortraitPNG(protocoltest.Invent(4, 9), 400, 500))
		took := w.until(3*time.Second, "the other member's photo is everywhere", w.hasPhoto(p))
		t.Logf("beside %d stalled fetches after %s", most.Load(), took)
		if got := most.Load(); got == 0 || got > photoFetchesOf {
			t.Errorf("%d fetches of the stalled member at once, want 1 to %d", got, photoFetchesOf)
		}
		m.serve(blobProtocol, m.serveBlob)
		for _, p := range late {
			w.until(15*time.Minute, "the stalled photos are everywhere", w.hasPhoto(p))
		}
	})
}

// TestPhotoQuota: past a quota a member's thumbnails come, its records are shown, and an alarm says why.
func TestPhotoQuota(t *testing.T) {
	for _, c := range []struct {
		name  string
		quota func(*Config)
		// lifts ends the quota's reason.
		lifts func(w *world, first *protocol.Record)
	}{
		{"bytes kept", func(c *Config) { c.PhotoBytes = 1 }, func(w *world, first *protocol.Record) {
			if _, err := w.nodes[0].CloseCase(first.Header().Case, "located_safe"); err != nil {
				w.t.Fatal(err)
			}
			time.Sleep(countEvery + watchEvery) // the files that went are counted out, what is left is still too much
			q := &w.nodes[1].quota
			q.mu.Lock()
			q.stored = DefaultPhotoBytes
			q.mu.Unlock()
		}},
		{"bytes in an hour", func(c *Config) { c.PhotoHourly = 1 }, func(*world, *protocol.Record) { time.Sleep(time.Hour) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				w := newWorld(t, 3, func(i int, cfg *Config) {
					if i == 1 {
						c.quota(cfg)
					}
				})
				defer w.close()
				w.startAll()
				time.Sleep(3 * time.Second)
				first, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(51, 9), 400, 500))
				w.until(time.Minute, "the first photo's thumbnail is there", func() bool { return w.has(1, p.Thumb) })
				time.Sleep(time.Minute)
				r, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(52, 9), 400, 500))
				w.until(10*time.Second, "the case is everywhere", w.everywhere(w.shows, r))
				w.until(10*time.Second, "its thumbnail is everywhere", func() bool { return w.has(1, p.Thumb) && w.has(2, p.File) })
				time.Sleep(5 * time.Minute)
				if w.has(1, p.File) {
					t.Error("the photo came past the quota")
				}
				if got := w.alarm(1, AlarmPhotos, w.nodes[0].Origin()); got.IsZero() || time.Since(got) > 10*time.Minute {
					t.Errorf("the alarm is on since %v", got)
				}
				if got := w.alarm(2, AlarmPhotos, w.nodes[0].Origin()); !got.IsZero() {
					t.Error("a node without that quota raises an alarm")
				}
				c.lifts(w, first)
				w.until(2*time.Minute, "the photo came after all", func() bool { return w.has(1, p.File) })
			})
		})
	}
}

// TestPhotoOnFirstView: past the quota a photo comes when a page asks for it, only that one, and only while pages have not
// asked for as much as may be fetched in an hour.
func TestPhotoOnFirstView(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorld(t, 2, func(i int, cfg *Config) {
			if i == 1 {
				cfg.PhotoBytes, cfg.PhotoHourly = 1, 1
			}
		})
		defer w.close()
		w.startAll()
		time.Sleep(3 * time.Second)
		var photos []protocol.Photo
		for i := range 4 {
			_, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(60+int64(i), 9), 400, 500))
			w.until(time.Minute, "the thumbnail is there", func() bool { return w.has(1, p.Thumb) })
			photos = append(photos, p)
		}
		time.Sleep(2 * time.Minute)
		pages := w.nodes[1].store.Public()
		asked := photos[1:] // the first may have come before anything was counted
		for _, p := range asked {
			if w.has(1, p.File) {
				t.Fatal("a photo came past the quota that no page asked for")
			}
		}
		view := func(p protocol.Photo) {
			t.Helper()
			if _, err := pages.Photo(p.File.Cid); !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("a photo that is not here answers %v", err)
			}
			if thumb, err := pages.Thumb(p.File.Cid); err != nil || thumb != p.Thumb.Cid {
				t.Fatalf("its thumbnail is %s, %v, want %s", thumb, err, p.Thumb.Cid)
			}
		}
		view(asked[0])
		took := w.until(10*time.Second, "the photo that a page asked for is there", func() bool { return w.has(1, asked[0].File) })
		t.Logf("there %s after a page asked for it", took)
		view(asked[1])
		time.Sleep(5 * time.Minute)
		if w.has(1, asked[1].File) || w.has(1, asked[2].File) {
			t.Error("photos came past what pages may ask for in an hour")
		}
		time.Sleep(time.Hour)
		view(asked[1])
		w.until(time.Minute, "the next hour's photo is there", func() bool { return w.has(1, asked[1].File) })
		if w.has(1, asked[2].File) {
			t.Error("a photo came that no page asked for")
		}
	})
}

// TestBusyAndGone: a member that is busy is asked again, and one that says a photo is gone is pulled from.
func TestBusyAndGone(t *testing.T) {
	inWorld(t, 2, func(_ int, cfg *Config) { cfg.noGossip = true }, func(t *testing.T, w *world) {
		w.busy(0, maxBlobs)
		r, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(61, 9), 400, 500))
		w.until(3*time.Minute, "the record is pulled", w.everywhere(w.shows, r))
		err := w.nodes[1].mesh.Load().fetchFrom(t.Context(), w.peerID(0), store.WantedPhoto{File: p.File.Cid, Size: p.Size})
		var b busyError
		if !errors.As(err, &b) || b.after < blobsWait/2 || b.after > 2*blobsWait {
			t.Fatalf("a busy member answers %v", err)
		}
		time.Sleep(time.Minute)
		if w.has(1, p.File) {
			t.Fatal("the photo came from a member that is busy")
		}
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.busy(0, -maxBlobs)
		took := w.until(10*time.Second, "the takedown is pulled", func() bool { return w.gone(1, closed) })
		t.Logf("taken down %s after the photo was asked for in vain", took)
		if _, err := w.nodes[1].store.PartPhoto(p.File.Cid); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a part of the photo stayed: %v", err)
		}
		_, p = w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(62, 9), 400, 500))
		w.until(3*time.Minute, "the next photo is everywhere", w.hasPhoto(p))
	})
}

// busy makes node i give n photos more to nobody, so that it has as many fewer to give.
func (w *world) busy(i, n int) {
	m := w.nodes[i].mesh.Load()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs += n
}

// alarm returns since when an alarm is on at node i; zero when it is off.
func (w *world) alarm(i int, kind AlarmKind, o protocol.Origin) time.Time {
	for _, a := range w.nodes[i].Alarms() {
		if a.Kind == kind && a.Origin == o {
			return a.Since
		}
	}
	return time.Time{}
}
