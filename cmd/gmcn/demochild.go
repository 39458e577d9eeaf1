package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// child is a country of the demonstration that runs as a process. It ends when its input does, so it cannot outlive us.
type child struct {
	name, dir string
	cmd       *exec.Cmd
	input     io.Closer
	log       *os.File
	ended     chan struct{} // closed when the process has ended and err is set
	err       error
}

// startChild starts gmcn run for a data folder. Its log goes to the file log there, and its errors to out too.
func startChild(name, dir string, out io.Writer, ended chan<- *child) (*child, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", name, err)
	}
	cmd := exec.Command(exe, "run", "-dir", dir, "-until-input-ends")
	cmd.Args[0] = "gmcn"
	cmd.Stderr = &errorsOnly{name: name, all: log, out: out}
	input, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", name, err), log.Close())
	}
	ch := &child{name: name, dir: dir, cmd: cmd, input: input, log: log, ended: make(chan struct{})}
	go func() { // ends with the process, for which stop waits
		ch.err = cmd.Wait()
		log.Close()
		close(ch.ended)
		ended <- ch
	}()
	return ch, nil
}

// stop tells the process to end.
func (ch *child) stop() { ch.input.Close() }

// wait waits for the end, and does not wait for ever.
func (ch *child) wait() {
	select {
	case <-ch.ended:
	case <-time.After(2 * drain):
		ch.cmd.Process.Kill()
		<-ch.ended
	}
}

// healthy waits until an address answers, or the process has ended, or a minute is over.
func healthy(ctx context.Context, url string, ch *child) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ch.ended:
			return fmt.Errorf("it stopped: %w", ch.err)
		case <-ctx.Done():
			return errors.New("it does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// errorsOnly writes a log to a file, and from it to a terminal what is an error or no log line at all.
type errorsOnly struct {
	name     string
	all, out io.Writer

	mu   sync.Mutex
	rest []byte // a line that is not complete
}

func (w *errorsOnly) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, err := w.all.Write(b); err != nil {
		return n, err
	}
	w.rest = append(w.rest, b...)
	for {
		line, rest, ok := bytes.Cut(w.rest, []byte("\n"))
		if !ok {
			return len(b), nil
		}
		w.rest = rest
		var entry struct{ Level, Msg, Err, Error string }
		switch err := json.Unmarshal(line, &entry); {
		case err != nil && len(line) > 0:
			fmt.Fprintf(w.out, "%s: %s\n", w.name, line)
		case entry.Level == "ERROR":
			fmt.Fprintf(w.out, "%s: %s %s\n", w.name, entry.Msg, entry.Error+entry.Err)
		}
	}
}
