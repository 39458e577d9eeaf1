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

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/gmcn/gmcn/protocol"
	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/store"
)

const (
	// photoChunk is how much of a photo is put on disk at a time, so that a broken transfer resumes.
	photoChunk = 256 << 10
	// maxBlobs is how many photos are given at once, and maxBlobsOf to one member; beyond it we are busy for blobsWait,
	// give or take half.
	maxBlobs, maxBlobsOf = 64, 2 * photoFetchesOf
	blobsWait            = 2 * time.Second
)

// Why a member gives no photo.
var (
	errNoPhoto = errors.New("peer does not have it")
	errGone    = errors.New("peer says that it was taken down")
)

// busyError says that a member has too much to do.
type busyError struct{ after time.Duration }

func (e busyError) Error() string { return "peer is busy for " + e.after.String() }

// diskError is an error of our own disk.
type diskError struct{ error }

func (e diskError) Unwrap() error { return e.error }

// fetchFrom fetches one photo from one peer, going on where a broken transfer left off.
func (m *mesh) fetchFrom(ctx context.Context, id peer.ID, w store.WantedPhoto) error {
	part, err := m.n.store.PartPhoto(w.File)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return diskError{err}
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
	switch err := m.n.store.PutPhoto(w.File, b); {
	case errors.Is(err, store.ErrGone):
		return errNoPhoto // taken down meanwhile
	case err != nil:
		return diskError{err}
	}
	return nil
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
	case answer.Data.State == protocol.BlobBusy:
		return nil, busyError{time.Duration(answer.Data.After) * time.Millisecond}
	case answer.Data.State == protocol.BlobGone:
		return nil, errGone
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
		m.n.quota.spent(w.Origin, int64(got), time.Now())
		if err != nil || len(b)+got < int(w.Size) {
			if serr := m.n.store.SavePart(w.File, len(b), chunk[:got]); errors.Is(serr, store.ErrGone) || errors.Is(serr, fs.ErrNotExist) {
				return nil, errNoPhoto // taken down meanwhile
			} else if serr != nil {
				return nil, diskError{serr}
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
	if !m.give(id) {
		return f.send(busyFor(blobsWait/2 + rand.N(blobsWait)))
	}
	defer m.given(id)
	if wait := m.photoWait(id, photoLeast); wait > 0 {
		return f.send(busyFor(wait))
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
	if wait := m.photoWait(id, len(b)-int(ask.Want.Offset)-photoLeast); wait > 0 {
		return f.send(busyFor(wait))
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

func busyFor(d time.Duration) protocol.Frame {
	after := uint32(max(1, min(d, protocol.MaxBusy).Milliseconds()))
	return protocol.Frame{Data: &protocol.Data{State: protocol.BlobBusy, After: after}}
}

// give says whether we may give one more photo, to this member; given ends it.
func (m *mesh) give(id peer.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blobs >= maxBlobs || m.giving[id] >= maxBlobsOf {
		return false
	}
	m.blobs++
	m.giving[id]++
	return true
}

func (m *mesh) given(id peer.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs--
	if m.giving[id]--; m.giving[id] == 0 {
		delete(m.giving, id)
	}
}
