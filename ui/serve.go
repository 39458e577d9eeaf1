package ui

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
)

// Policy is the content security policy of every page: nothing from another host, no inline style or script, no frame.
const Policy = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// NewEngine returns a Gin engine with our headers on every answer, and with show called for whatever ends in an error: a
// handler's, a panic, an address without a page. show renders the Fault's page. The log gets the route, never the address.
func NewEngine(log *slog.Logger, policy string, show func(*gin.Context, *Fault)) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.SetTrustedProxies(nil) // no error: there is nothing to parse
	e.Use(headers(policy), outcome(log, show))
	e.NoRoute(Handle(func(*gin.Context) error { return fs.ErrNotExist }))
	e.NoMethod(Handle(func(*gin.Context) error { return &Fault{Status: http.StatusMethodNotAllowed, Key: "badrequest"} }))
	return e
}

func headers(policy string) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		c.Next()
	}
}

// Handle makes a Gin handler of one that returns its error. A handler that has begun to answer returns nil.
func Handle(h func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil {
			c.Error(err)
			c.Abort()
		}
	}
}

// Fault is an error as a visitor may see it: a status, and the messages error.KEY.title and error.KEY.text.
type Fault struct {
	Status int
	Key    string
	// Err is for the log; it may be nil.
	Err error
}

// Error is for the log.
func (f *Fault) Error() string {
	if f.Err == nil {
		return f.Key
	}
	return f.Key + ": " + f.Err.Error()
}

// Unwrap returns Err.
func (f *Fault) Unwrap() error { return f.Err }

// Error says how err is shown: a Fault as it is, fs.ErrNotExist as not found, everything else as our own fault.
func Error(err error) *Fault {
	var f *Fault
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, fs.ErrNotExist):
		return &Fault{http.StatusNotFound, "notfound", err}
	}
	return &Fault{http.StatusInternalServerError, "server", err}
}

// outcome turns panics and errors into pages.
func outcome(log *slog.Logger, show func(*gin.Context, *Fault)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				log.Error("handler panicked", "route", c.FullPath(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				c.Abort()
				if !c.Writer.Written() {
					show(c, &Fault{Status: http.StatusInternalServerError, Key: "server"})
				}
			}
		}()
		c.Next()
		if len(c.Errors) == 0 {
			return
		}
		err := c.Errors.Last().Err
		f := Error(err)
		if f.Status >= 500 && !errors.Is(err, context.Canceled) {
			log.Error("page not served", "route", c.FullPath(), "status", f.Status, "err", err)
		}
		if !c.Writer.Written() {
			c.Writer.Header().Set("Cache-Control", "no-store")
			show(c, f)
		}
	}
}

// minGzip is the size below which compression saves less than a packet, in bytes.
const minGzip = 1000

var gzips = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, 4) // a level of the package's own
	return w
}}

// Send answers with a whole body, compressed if it is text and the browser takes that. HTML is kept for no longer than
// the handler's Cache-Control says; without one it is not stored at all.
func Send(c *gin.Context, status int, kind string, body []byte) {
	h := c.Writer.Header()
	h.Set("Content-Type", kind)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	if !compressible(kind) || len(body) < minGzip {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		c.Status(status)
		c.Writer.Write(body) // an error is the visitor's connection
		return
	}
	h.Add("Vary", "Accept-Encoding")
	if !acceptsGzip(c.Request) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		c.Status(status)
		c.Writer.Write(body)
		return
	}
	h.Set("Content-Encoding", "gzip")
	c.Status(status)
	w := gzips.Get().(*gzip.Writer)
	w.Reset(c.Writer)
	w.Write(body)
	w.Close()
	w.Reset(io.Discard)
	gzips.Put(w)
}

// acceptsGzip says whether the browser takes gzip.
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == "gzip" {
			q = strings.TrimSpace(q)
			return q != "q=0" && q != "q=0.0"
		}
	}
	return false
}

// NotModified answers 304 and returns true if the browser holds the version that etag names, quotes included.
func NotModified(c *gin.Context, etag string) bool {
	for part := range strings.SplitSeq(c.Request.Header.Get("If-None-Match"), ",") {
		if part = strings.TrimSpace(part); part == etag || part == "W/"+etag || part == "*" {
			c.Writer.Header().Set("ETag", etag)
			c.Status(http.StatusNotModified)
			c.Writer.WriteHeaderNow()
			return true
		}
	}
	return false
}
