package node

import (
	"sync"
	"time"

	"github.com/gmcn/gmcn/protocol"
)

// The bounds on one member's photos when the configuration says nothing.
const (
	DefaultPhotoBytes  = 20 << 30
	DefaultPhotoHourly = 2 << 30
)

// quota bounds how many bytes of photos we keep of one other member and fetch of it in an hour. Past either bound only
// its thumbnails are fetched, and photos that a visitor's page has just asked for, as many bytes again in an hour; its
// records are taken all the same.
type quota struct {
	own            protocol.Origin
	stored, hourly int64

	mu   sync.Mutex // guards what follows
	here map[protocol.Origin]int64
	hour map[protocol.Origin]*hour
	view map[protocol.Origin]*hour     // of what pages asked for
	over map[protocol.Origin]time.Time // since when it was refused a photo
}

// hour is one hour of fetches.
type hour struct {
	start time.Time
	bytes int64
}

// allows says whether a full photo of a member may be fetched now.
func (q *quota) allows(o protocol.Origin, now time.Time) bool {
	if o == q.own {
		return true // ours come back after a restored backup
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.full(o, now) {
		delete(q.over, o)
		return true
	}
	if _, ok := q.over[o]; !ok {
		q.over[o] = now
	}
	return false
}

// allowsAsked says whether a photo that a page has asked for may be fetched now, whatever allows says.
func (q *quota) allowsAsked(o protocol.Origin, now time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.view[o].reached(q.hourly, now)
}

// spent counts bytes that came over the network, kept or not.
func (q *quota) spent(o protocol.Origin, bytes int64, now time.Time) { q.add(q.hour, o, bytes, now) }

// answered counts the bytes of a photo that a page had asked for.
func (q *quota) answered(o protocol.Origin, bytes int64, now time.Time) { q.add(q.view, o, bytes, now) }

func (q *quota) add(to map[protocol.Origin]*hour, o protocol.Origin, bytes int64, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := to[o]
	if h == nil || now.Sub(h.start) >= time.Hour {
		h = &hour{start: now}
		to[o] = h
	}
	h.bytes += bytes
}

// reached says whether so many bytes or more were counted in the hour that is running.
func (h *hour) reached(bytes int64, now time.Time) bool {
	return h != nil && now.Sub(h.start) < time.Hour && h.bytes >= bytes
}

// kept counts a file that is now on the disk.
func (q *quota) kept(o protocol.Origin, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.here[o] += bytes
}

// exceeded returns which members are refused photos now, and since when.
func (q *quota) exceeded(now time.Time) map[protocol.Origin]time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make(map[protocol.Origin]time.Time, len(q.over))
	for o, since := range q.over {
		if q.full(o, now) {
			out[o] = since
		} else {
			delete(q.over, o)
		}
	}
	return out
}

func (q *quota) full(o protocol.Origin, now time.Time) bool {
	return q.here[o] >= q.stored || q.hour[o].reached(q.hourly, now)
}

// bytes returns how much is kept of a member's photos.
func (q *quota) bytes(o protocol.Origin) int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.here[o]
}

// all returns how much is kept of all members' photos.
func (q *quota) all() (bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, b := range q.here {
		bytes += b
	}
	return bytes
}

// countPhotos counts anew what is kept: files that went since the last count make room.
func (n *Node) countPhotos() {
	here, err := n.store.PhotoBytes()
	if err != nil {
		n.log.Error("counting photos", "error", err)
		return
	}
	n.quota.mu.Lock()
	defer n.quota.mu.Unlock()
	n.quota.here = here
}
