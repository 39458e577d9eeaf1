package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed static
var embeddedStatic embed.FS

// Static is a set of files served under addresses that carry the digest of their content, so that a browser may keep
// them for ever. It is read-only once made.
type Static struct {
	files map[string]*file
}

// file is one of them, compressed once.
type file struct {
	name, kind string
	data, gz   []byte // gz is nil where it saves nothing
	hash       string
}

// NewStatic takes the files of this package and those of the folder static in each of more; a later file of the same
// name wins.
func NewStatic(more ...fs.FS) (*Static, error) {
	s := &Static{files: map[string]*file{}}
	for _, from := range append([]fs.FS{embeddedStatic}, more...) {
		err := fs.WalkDir(from, "static", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			raw, err := fs.ReadFile(from, name)
			if err != nil {
				return err
			}
			name = strings.TrimPrefix(name, "static/")
			s.files[name] = newFile(name, kindOf(name), raw)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read static files: %w", err)
		}
	}
	return s, nil
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

func newFile(name, kind string, data []byte) *file {
	sum := sha256.Sum256(data)
	f := &file{name: name, kind: kind, data: data, hash: hex.EncodeToString(sum[:8])}
	if gz := compress(data, gzip.BestCompression); compressible(kind) && len(gz) < len(data) {
		f.gz = gz
	}
	return f
}

func compress(data []byte, level int) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, level) // the level is one of the package's own
	w.Write(data)
	w.Close()
	return out.Bytes()
}

func compressible(kind string) bool {
	return strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "image/svg")
}

// URL returns the address of a file under prefix, "/static/" for instance, with its digest. An unknown name is a slip in
// a template and gives an error, which ends the rendering.
func (s *Static) URL(name string) (string, error) {
	f, ok := s.files[name]
	if !ok {
		return "", fmt.Errorf("static file %q: %w", name, fs.ErrNotExist)
	}
	return "/static/" + name + "?v=" + f.hash, nil
}

// Serve answers GET /static/*name.
func (s *Static) Serve(c *gin.Context) error {
	f, ok := s.files[strings.TrimPrefix(c.Param("name"), "/")]
	if !ok {
		return fs.ErrNotExist
	}
	f.serve(c)
	return nil
}

// ServeTheme answers GET /theme.css.
func (l *Look) ServeTheme(c *gin.Context) error {
	l.theme.serve(c)
	return nil
}

// ServeLogo answers GET /logo; without a logo there is no such page.
func (l *Look) ServeLogo(c *gin.Context) error {
	if l.logo == nil {
		return fs.ErrNotExist
	}
	l.logo.serve(c)
	return nil
}

// ThemeURL and LogoURL return the addresses with the digests; LogoURL is "" without a logo.
func (l *Look) ThemeURL() string { return "/theme.css?v=" + l.theme.hash }

// LogoURL is described at ThemeURL.
func (l *Look) LogoURL() string {
	if l.logo == nil {
		return ""
	}
	return "/logo?v=" + l.logo.hash
}

// serve sends the file; for ever if the address carries the right digest.
func (f *file) serve(c *gin.Context) {
	h := c.Writer.Header()
	if c.Query("v") == f.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=300")
	}
	h.Set("ETag", `"`+f.hash+`"`)
	h.Set("Content-Type", f.kind)
	body := f.data
	if f.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(c.Request) {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", `"`+f.hash+`-gz"`)
			body = f.gz
		}
	}
	if NotModified(c, h.Get("ETag")) {
		return
	}
	c.Status(http.StatusOK)
	c.Writer.Write(body)
}
