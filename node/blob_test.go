package node

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/protocoltest"
	"github.com/gmcn/gmcn/store"
)

// publishPhoto makes a case with a photo at node i, as an officer would.
func (w *world) publishPhoto(i int, raw []byte) (*protocol.Record, protocol.Photo) {
	w.t.Helper()
	p, err := w.nodes[i].AddPhoto(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	d := testDraft(randomName(), "XA")
	d.Photos = []protocol.Photo{p}
	if err := w.nodes[i].SaveDraft(d); err != nil {
		w.t.Fatal(err)
	}
	r, err := w.nodes[i].Publish(d.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return r, p
}

func (w *world) hasPhoto(p protocol.Photo) func() bool {
	return func() bool {
		for _, n := range w.nodes {
			if b, err := n.Public().Photo(p.File.Cid); err != nil || protocol.PhotoCID(b) != p.File.Cid {
				return false
			}
			if _, err := n.Public().Photo(p.Thumb.Cid); err != nil {
				return false
			}
		}
		return true
	}
}

// TestPhotoTravelsClean: a phone's picture is on every node soon, no byte of its metadata anywhere, and no file of it
// after the takedown.
func TestPhotoTravelsClean(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		raw, secrets := protocoltest.PhonePhoto(protocoltest.Invent(1, 9), 2000, 1500)
		r, p := w.publishPhoto(0, raw)
		took := w.until(2*time.Second, "the photo is everywhere", w.hasPhoto(p))
		t.Logf("photo of %d bytes everywhere after %s", p.Size, took)
		if p.Height <= p.Width {
			t.Errorf("the picture of %d x %d does not stand upright", p.Width, p.Height)
		}
		for i, n := range w.nodes {
			full, err := n.Photo(p.File.Cid)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if bytes.Contains(full, secret) {
					t.Errorf("node %d shows %q", i, secret)
				}
				if at := fileWith(t, n.cfg.Dir, secret); at != "" {
					t.Errorf("node %d keeps %q in %s", i, secret, at)
				}
			}
			if at := fileWith(t, n.cfg.Dir, full[:64]); at != "" {
				t.Errorf("node %d keeps the photo in clear in %s", i, at)
			}
		}
		closed, err := w.nodes[0].CloseCase(r.Header().Case, "located_safe")
		if err != nil {
			t.Fatal(err)
		}
		w.until(2*time.Second, "the case is gone everywhere", w.everywhere(w.gone, closed))
		for i, n := range w.nodes {
			if _, err := n.Public().Photo(p.File.Cid); !errors.Is(err, store.ErrGone) {
				t.Errorf("node %d answers for the photo: %v", i, err)
			}
			err := filepath.WalkDir(filepath.Join(n.cfg.Dir, "photos"), func(path string, d fs.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					t.Errorf("node %d still has %s", i, path)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// fileWith returns the first file below dir that contains b.
func fileWith(t *testing.T, dir string, b []byte) (found string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || found != "" {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, b) {
			found = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestBrokenTransferResumes lets the first transfer break off half-way and asks that the second begins there.
func TestBrokenTransferResumes(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		m := w.nodes[0].mesh.Load()
		var breaks, resumed atomic.Int32
		var size atomic.Int64
		m.serve(blobProtocol, func(s network.Stream, id peer.ID) error {
			f := frames(s)
			ask, err := f.read()
			if err != nil {
				return err
			}
			b, err := w.nodes[0].store.SharedPhoto(ask.Want.File.Cid)
			if err != nil {
				return err
			}
			if int64(len(b)) < size.Load() { // the thumbnail goes as it should
				return errors.Join(f.write(protocol.Frame{Data: &protocol.Data{State: protocol.BlobOK, Size: uint32(len(b))}}), write(f, b[ask.Want.Offset:]))
			}
			if ask.Want.Offset > 0 {
				resumed.Store(int32(ask.Want.Offset))
			}
			end := len(b)
			if breaks.Add(1) == 1 {
				end = len(b) / 2
			}
			err = errors.Join(f.write(protocol.Frame{Data: &protocol.Data{State: protocol.BlobOK, Size: uint32(len(b))}}), write(f, b[ask.Want.Offset:end]))
			if end < len(b) {
				time.Sleep(time.Second) // what was sent arrives before the line breaks
				return errors.New("line broke")
			}
			return err
		})
		_, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(2, 9), 1600, 1600))
		size.Store(int64(p.Size))
		w.until(5*time.Minute, "the photo is everywhere", w.hasPhoto(p))
		if got := resumed.Load(); got == 0 || got >= int32(p.Size) {
			t.Errorf("the second transfer began at %d of %d", got, p.Size)
		}
	})
}

func write(f *framed, b []byte) error {
	_, err := f.w.Write(b)
	return errors.Join(err, f.flush())
}

// TestLyingSourceIsFoundOut: one member gives other bytes than were asked for; the photo comes from another.
func TestLyingSourceIsFoundOut(t *testing.T) {
	inWorld(t, 3, nil, func(t *testing.T, w *world) {
		time.Sleep(3 * time.Second)
		var lies atomic.Int32
		w.nodes[0].mesh.Load().serve(blobProtocol, func(s network.Stream, id peer.ID) error {
			f := frames(s)
			ask, err := f.read()
			if err != nil {
				return err
			}
			b, err := w.nodes[0].store.SharedPhoto(ask.Want.File.Cid)
			if err != nil {
				return err
			}
			if id == w.peerID(2) {
				b = bytes.Clone(b)
				b[len(b)/2] ^= 1
				lies.Add(1)
			}
			return errors.Join(f.write(protocol.Frame{Data: &protocol.Data{State: protocol.BlobOK, Size: uint32(len(b))}}), write(f, b[ask.Want.Offset:]))
		})
		_, p := w.publishPhoto(0, protocoltest.PortraitPNG(protocoltest.Invent(3, 9), 800, 1000))
		w.until(time.Minute, "the photo is everywhere", w.hasPhoto(p))
		if lies.Load() == 0 {
			t.Error("nobody was lied to: the test shows nothing")
		}
	})
}

func TestDraftPhotosStayHere(t *testing.T) {
	inWorld(t, 2, nil, func(t *testing.T, w *world) {
		p, err := w.nodes[0].AddPhoto(protocoltest.PortraitPNG(protocoltest.Invent(4, 9), 400, 500))
		if err != nil {
			t.Fatal(err)
		}
		d := testDraft("draft", "XA")
		d.Photos = []protocol.Photo{p}
		if err := w.nodes[0].SaveDraft(d); err != nil {
			t.Fatal(err)
		}
		m := w.nodes[1].mesh.Load()
		err = m.fetchFrom(m.ctx, w.peerID(0), store.WantedPhoto{File: p.File.Cid, Size: p.Size, Width: p.Width, Height: p.Height})
		if !errors.Is(err, errNoPhoto) {
			t.Errorf("another member asked for a draft's photo and got %v", err)
		}
		if _, err := w.nodes[0].Public().Photo(p.File.Cid); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the public site has a draft's photo: %v", err)
		}
	})
}
