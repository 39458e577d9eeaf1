package site

import (
	"bytes"
	"container/list"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/ipfs/go-cid"

	"github.com/gmcn/gmcn/protocol/photo"
	"github.com/gmcn/gmcn/ui"
)

//go:embed nophoto.svg
var noPhotoFile embed.FS

// widths are the sizes that are made of a photo, in pixels: a small number, so that nobody can ask for work without end.
var widths = map[string]int{"320.jpg": 320, "640.jpg": 640, "1200.jpg": 1200}

const derivedQuality = 76

func (s *site) showPhoto(c *gin.Context) error {
	return s.sendPhoto(c, "", func(_ cid.Cid, full []byte) ([]byte, error) { return full, nil })
}

func (s *site) showSize(c *gin.Context) error {
	size := c.Param("size")
	width, ok := widths[size]
	if !ok {
		return fmt.Errorf("photo size: %w", fs.ErrNotExist)
	}
	return s.sendPhoto(c, "-"+size, func(file cid.Cid, full []byte) ([]byte, error) {
		key := file.KeyString() + size
		if b := s.sizes.find(key); b != nil {
			return b, nil
		}
		done, err := s.busy(c)
		if err != nil {
			return nil, err
		}
		defer done()
		if b := s.sizes.find(key); b != nil { // somebody made it while we waited
			return b, nil
		}
		b, err := photo.Resize(full, width, 2*width, derivedQuality)
		if err == nil {
			s.sizes.keep(key, b)
		}
		return b, err
	})
}

// sendPhoto answers with what make gives of the photo in the address. The file is looked up every time, also for a browser
// that has it: what was taken down must vanish, so copies are good for five minutes and no longer.
func (s *site) sendPhoto(c *gin.Context, suffix string, make func(cid.Cid, []byte) ([]byte, error)) error {
	file, err := cid.Decode(c.Param("file"))
	if err != nil || file.String() != c.Param("file") {
		return fmt.Errorf("photo: %w", fs.ErrNotExist)
	}
	full, err := s.Public.Photo(file)
	if err != nil {
		s.sizes.forget(file.KeyString())
	}
	if errors.Is(err, fs.ErrNotExist) {
		if small := s.thumb(file); small != nil { // asking for the photo has sent for it
			c.Header("Cache-Control", "no-store")
			c.Header("X-Robots-Tag", "noimageindex")
			ui.Send(c, http.StatusOK, "image/jpeg", small)
			return nil
		}
		// The record may have come before its photo: a browser draws this in its place, whatever the status.
		blank, err := noPhotoFile.ReadFile("nophoto.svg")
		if err != nil {
			return err
		}
		ui.Send(c, http.StatusNotFound, "image/svg+xml", blank)
		return nil
	}
	if err != nil {
		return err
	}
	etag := `"` + file.String() + suffix + `"`
	c.Header("Cache-Control", "public, max-age=300, must-revalidate")
	c.Header("ETag", etag)
	c.Header("X-Robots-Tag", "noimageindex")
	if ui.NotModified(c, etag) {
		return nil
	}
	b, err := make(file, full)
	if err != nil {
		return err
	}
	ui.Send(c, http.StatusOK, "image/jpeg", b)
	return nil
}

// thumb returns the thumbnail of a photo that is not here yet, nil if that is not here either.
func (s *site) thumb(file cid.Cid) []byte {
	small, err := s.Public.Thumb(file)
	if err != nil {
		return nil
	}
	b, err := s.Public.Photo(small)
	if err != nil {
		return nil
	}
	return b
}

// forget drops every size of a photo that may not be shown any more.
func (z *sizes) forget(file string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for size := range widths {
		if e := z.byKey[file+size]; e != nil {
			gone := z.order.Remove(e).(*sized)
			delete(z.byKey, gone.key)
			z.total -= len(gone.data)
		}
	}
}

// maxSizes bounds the memory for sizes of photos that were asked for lately, in bytes.
const maxSizes = 32 << 20

// sizes keeps the sizes of photos that were asked for last: making one takes some ten milliseconds, and a page that many
// look at asks for the same again and again. Whoever reads it has asked the store first whether the photo may be shown.
type sizes struct {
	mu    sync.Mutex
	total int
	order *list.List // of *sized, the last used first
	byKey map[string]*list.Element
}

type sized struct {
	key  string
	data []byte
}

func newSizes() *sizes { return &sizes{order: list.New(), byKey: map[string]*list.Element{}} }

func (z *sizes) find(key string) []byte {
	z.mu.Lock()
	defer z.mu.Unlock()
	e := z.byKey[key]
	if e == nil {
		return nil
	}
	z.order.MoveToFront(e)
	return e.Value.(*sized).data
}

func (z *sizes) keep(key string, data []byte) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.byKey[key] != nil {
		return
	}
	z.byKey[key] = z.order.PushFront(&sized{key, bytes.Clone(data)})
	z.total += len(data)
	for z.total > maxSizes {
		last := z.order.Remove(z.order.Back()).(*sized)
		delete(z.byKey, last.key)
		z.total -= len(last.data)
	}
}
