package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gmcn/gmcn/node"
)

const (
	// socketFile is the control socket of a running node, in the data folder.
	socketFile = "control.sock"
	// maxSocketPath is how long the path of a Unix socket may be everywhere, in bytes.
	maxSocketPath = 100
)

// client talks to the control handler: of the running node, or of one that it opens itself.
type client struct {
	http http.Client
	// offline says that no node runs: what was changed waits for it.
	offline bool
	close   func() error
}

// ask reaches the node of a data folder and fetches what stands at a path. The caller closes the client.
func ask[T any](dir, path string) (cl *client, got T, err error) {
	if cl, err = connect(dir); err != nil {
		return nil, got, err
	}
	if err = cl.fetch(path, &got); err != nil {
		cl.close()
		return nil, got, err
	}
	return cl, got, nil
}

// connect reaches the node of a data folder. The caller closes the client.
func connect(dir string) (*client, error) {
	if _, err := os.Stat(filepath.Join(dir, configFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: name the data folder with -dir, or make one with gmcn init", filepath.Join(dir, configFile))
	}
	conn, err := dialSocket(dir)
	switch {
	case err == nil:
		t := &http.Transport{MaxConnsPerHost: 1, DialContext: func(context.Context, string, string) (net.Conn, error) {
			if conn == nil {
				return dialSocket(dir) // the first was closed between two requests
			}
			first := conn
			conn = nil
			return first, nil
		}}
		return &client{http: http.Client{Transport: t}, close: func() error { t.CloseIdleConnections(); return nil }}, nil
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED):
		return nil, fmt.Errorf("reach the running node: %w", err)
	}
	home, err := openCountry(dir)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	n, err := node.Open(home.nodeConfig(quiet))
	if err != nil {
		return nil, err
	}
	site, err := newSite(home, n, quiet)
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	handler := (&control{node: n, site: home.Member.Site, posters: postersOf(home, n)}).handler(site)
	return &client{http: http.Client{Transport: direct{handler}}, offline: true, close: n.Close}, nil
}

// post sends body as JSON and reads the answer into result; each may be nil.
func (c *client) post(path string, body, result any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode what to ask: %w", err)
	}
	return c.send(http.MethodPost, path, bytes.NewReader(b), result)
}

func (c *client) fetch(path string, result any) error {
	return c.send(http.MethodGet, path, nil, result)
}

// send sends bytes and reads the answer into result. An error that the node gave is a *refusal.
func (c *client) send(method, path string, body io.Reader, result any) error {
	r, err := http.NewRequest(method, "http://gmcn"+path, body)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return fmt.Errorf("ask the running node: %w", err)
	}
	defer resp.Body.Close()
	d := json.NewDecoder(resp.Body)
	if resp.StatusCode != http.StatusOK {
		no := &refusal{}
		if err := d.Decode(no); err != nil || no.Message == "" {
			return fmt.Errorf("the running node answers %s: is it another version of gmcn? Start it again", resp.Status)
		}
		return no
	}
	if err := d.Decode(result); err != nil {
		return fmt.Errorf("read the node's answer: %w", err)
	}
	return nil
}

// page fetches a page of the public site.
func (c *client) page(path string) (status int, body []byte, err error) {
	resp, err := c.http.Get("http://gmcn/site" + path)
	if err != nil {
		return 0, nil, fmt.Errorf("ask the running node: %w", err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// direct answers requests by calling a handler in this process. An answer may be read while it is being written.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, stop := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	body, pipe := io.Pipe()
	w := &recorder{header: http.Header{}, begun: make(chan int, 1), body: pipe}
	ended := make(chan struct{})
	go func() { // until the handler returns, for which Close waits
		defer close(ended)
		d.handler.ServeHTTP(w, in)
		w.WriteHeader(http.StatusOK)
		pipe.Close()
	}()
	status := <-w.begun
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: &answerBody{body, stop, ended}, ContentLength: -1, Request: r}, nil
}

// recorder hands on what a handler writes.
type recorder struct {
	header http.Header
	begun  chan int // the status, once
	sent   http.Header
	body   *io.PipeWriter
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.sent == nil {
		w.sent = w.header.Clone()
		w.begun <- status
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// answerBody is the body of an answer of direct.
type answerBody struct {
	*io.PipeReader
	stop  context.CancelFunc
	ended chan struct{}
}

// Close ends the request and waits for its handler.
func (b *answerBody) Close() error {
	b.stop()
	b.PipeReader.Close()
	<-b.ended
	return nil
}

// listenSocket opens the control socket. The caller holds the store, so a socket that is there was left by a node that was
// killed.
func listenSocket(dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove an old control socket: %w", err)
	}
	var l *net.UnixListener
	err := reachable(path, func(path string) (err error) {
		l, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the control socket: %w", err)
	}
	l.SetUnlinkOnClose(false) // its name may be relative; the next start removes it
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("open the control socket: %w", err), l.Close())
	}
	return l, nil
}

func dialSocket(dir string) (conn net.Conn, err error) {
	err = reachable(filepath.Join(dir, socketFile), func(path string) (err error) {
		conn, err = net.Dial("unix", path)
		return err
	})
	return conn, err
}

// reachable calls f with a path of the same file that is short enough for a socket. For a long one the process stands in
// the file's folder meanwhile, so nothing else may use relative paths then.
func reachable(path string, f func(path string) error) error {
	if len(path) <= maxSocketPath {
		return f(path)
	}
	back, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Dir(path)); err != nil {
		return err
	}
	return errors.Join(f(filepath.Base(path)), os.Chdir(back))
}
