package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sync/errgroup"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
)

const (
	// photoFetches is how many photos are fetched at once.
	photoFetches = 8
	// photoList is how many missing photos are looked up at a time.
	photoList = 256
	// photoRetry is how long a photo that nobody had is left alone; it doubles up to photoRetryMax.
	photoRetry    = 5 * time.Second
	photoRetryMax = 10 * time.Minute
	// photoChunk is how much of a photo is put on disk at a time, so that a broken transfer resumes.
	photoChunk = 256 << 10
)

// photoLoop fetches the photos that the records on disk speak of, thumbnails first.
func (n *Node) photoLoop(ctx context.Context, m *mesh) error {
	type later struct {
		next time.Time
		wait time.Duration
	}
	waits := map[cid.Cid]*later{}
	for {
		wanted, err := n.store.WantedPhotos(photoList)
		if err != nil {
			n.log.Error("looking for missing photos", "error", err)
		}
		now := time.Now()
		still := map[cid.Cid]*later{}
		var due []store.WantedPhoto
		for _, w := range wanted {
			l := waits[w.File]
			if l == nil {
				l = &later{wait: photoRetry}
			}
			still[w.File] = l
			if !l.next.After(now) {
				due = append(due, w)
			}
		}
		waits = still

		got := make([]bool, len(due))
		var g errgroup.Group
		g.SetLimit(photoFetches)
		for i, w := range due {
			g.Go(func() error {
				got[i] = m.fetchPhoto(ctx, w)
				return nil
			})
		}
		g.Wait()
		any := false
		for i, w := range due {
			l := waits[w.File]
			if any = any || got[i]; !got[i] {
				l.next = time.Now().Add(l.wait)
				l.wait = min(2*l.wait, photoRetryMax)
			}
		}
		if any && len(wanted) == photoList {
			continue // there are more
		}
		t := time.NewTimer(photoRetry)
		if len(waits) == 0 {
			t.Reset(pullEvery)
		}
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-n.photo:
			t.Stop()
		case <-t.C:
		}
	}
}

// fetchPhoto asks the owner, then the other members in a random order, and says whether the photo is on disk now.
func (m *mesh) fetchPhoto(ctx context.Context, w store.WantedPhoto) bool {
	peers := m.members()
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	if member, ok := m.n.active(w.Origin); ok {
		if owner, err := peerOf(member.Card); err == nil {
			for i, id := range peers {
				if id == owner {
					peers[0], peers[i] = peers[i], peers[0]
				}
			}
		}
	}
	for _, id := range peers {
		if ctx.Err() != nil {
			return false
		}
		err := m.fetchFrom(ctx, id, w)
		if err == nil {
			return true
		}
		m.n.log.Debug("fetching a photo", "peer", id.String(), "photo", w.File.String(), "error", err)
	}
	return false
}

var errNoPhoto = errors.New("peer does not have it")

// fetchFrom fetches one photo from one peer, going on where a broken transfer left off.
func (m *mesh) fetchFrom(ctx context.Context, id peer.ID, w store.WantedPhoto) error {
	part, err := m.n.store.PartPhoto(w.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if len(part) > int(w.Size) {
		part = nil
	}
	s, err := m.open(ctx, id, blobProtocol)
	if err != nil {
		return err
	}
	defer s.Close()
	stop := context.AfterFunc(ctx, func() { s.Reset() })
	defer stop()
	b, err := m.readPhoto(frames(s), w, part)
	if err != nil {
		s.Reset()
		return err
	}
	if protocol.PhotoCID(b) != w.File {
		// Whoever gave the beginning may have lied: begin anew.
		return errors.Join(errors.New("photo does not match its link"), m.n.store.SavePart(w.File, 0, nil))
	}
	check := photo.Check
	if w.Thumb {
		check = photo.CheckThumb
	}
	if err := check(b, int(w.Width), int(w.Height)); err != nil {
		// Nothing of it is kept: it may hold what a photo must not.
		return errors.Join(fmt.Errorf("photo is not what members publish: %w", err), m.n.store.SavePart(w.File, 0, nil))
	}
	return m.n.store.PutPhoto(w.File, b)
}

func (m *mesh) readPhoto(f *framed, w store.WantedPhoto, part []byte) ([]byte, error) {
	want := &protocol.Want{File: protocol.Link{Cid: w.File}, Offset: uint32(len(part))}
	if err := f.send(protocol.Frame{Want: want}); err != nil {
		return nil, err
	}
	answer, err := f.read()
	if err != nil {
		return nil, err
	}
	switch {
	case answer.Data == nil:
		return nil, errAnswer
	case answer.Data.State != protocol.BlobOK:
		return nil, errNoPhoto
	case answer.Data.Size != w.Size:
		return nil, fmt.Errorf("photo of %d bytes, want %d", answer.Data.Size, w.Size)
	}
	b := bytes.Clone(part)
	for len(b) < int(w.Size) {
		chunk := make([]byte, min(photoChunk, int(w.Size)-len(b)))
		if err := f.s.SetReadDeadline(time.Now().Add(streamIdle)); err != nil {
			return nil, err
		}
		got, err := io.ReadFull(f.r, chunk)
		if err != nil || len(b)+got < int(w.Size) {
			if serr := m.n.store.SavePart(w.File, len(b), chunk[:got]); serr != nil {
				return nil, serr
			}
		}
		if err != nil {
			return nil, fmt.Errorf("photo broke off: %w", err)
		}
		b = append(b, chunk...)
	}
	return b, nil
}

// serveBlob gives a photo that a live record refers to.
func (m *mesh) serveBlob(s network.Stream, id peer.ID) error {
	f := frames(s)
	ask, err := f.read()
	if err != nil {
		return err
	}
	if ask.Want == nil {
		return errAnswer
	}
	b, err := m.n.store.SharedPhoto(ask.Want.File.Cid)
	switch {
	case errors.Is(err, store.ErrGone):
		return f.send(protocol.Frame{Data: &protocol.Data{State: protocol.BlobGone}})
	case errors.Is(err, fs.ErrNotExist), err == nil && int(ask.Want.Offset) > len(b):
		return f.send(protocol.Frame{Data: &protocol.Data{State: protocol.BlobNone}})
	case err != nil:
		return err
	}
	if err := f.write(protocol.Frame{Data: &protocol.Data{State: protocol.BlobOK, Size: uint32(len(b))}}); err != nil {
		return err
	}
	for rest := b[ask.Want.Offset:]; len(rest) > 0; {
		chunk := rest[:min(len(rest), 64<<10)]
		rest = rest[len(chunk):]
		if err := f.s.SetWriteDeadline(time.Now().Add(streamIdle)); err != nil {
			return err
		}
		if _, err := f.w.Write(chunk); err != nil {
			return err
		}
	}
	return f.flush()
}
