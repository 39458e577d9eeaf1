package node

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/gmcn/gmcn/protocol"
)

// framed reads and writes frames on a stream, each with a fresh idle deadline.
type framed struct {
	s network.Stream
	r *bufio.Reader
	w *bufio.Writer
	// in holds the frame that is being decoded, which keeps nothing of it.
	in bytes.Buffer
	// cost takes what an answer costs off the budget of who asks, and waits until it is there; nil for what we ask.
	cost func(int) error
}

func frames(s network.Stream) *framed {
	return &framed{s: s, r: bufio.NewReader(s), w: bufio.NewWriter(s)}
}

// write puts a frame into the buffer; flush sends it.
func (f *framed) write(frame protocol.Frame) error {
	b, err := frame.Encode()
	if err != nil {
		return err
	}
	if err := f.s.SetWriteDeadline(time.Now().Add(streamIdle)); err != nil {
		return err
	}
	if _, err := f.w.Write(binary.AppendUvarint(nil, uint64(len(b)))); err != nil {
		return err
	}
	_, err = f.w.Write(b)
	return err
}

func (f *framed) flush() error { return f.w.Flush() }

// send writes a frame and flushes.
func (f *framed) send(frame protocol.Frame) error {
	if err := f.write(frame); err != nil {
		return err
	}
	return f.flush()
}

// read returns the next frame. It spends no more memory than has really arrived.
func (f *framed) read() (*protocol.Frame, error) {
	if err := f.s.SetReadDeadline(time.Now().Add(streamIdle)); err != nil {
		return nil, err
	}
	return readFrame(f.r, &f.in)
}

func readFrame(r *bufio.Reader, in *bytes.Buffer) (*protocol.Frame, error) {
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	if size > protocol.MaxFrame {
		return nil, fmt.Errorf("read frame of %d bytes: %w", size, protocol.ErrSize)
	}
	in.Reset()
	if _, err := io.CopyN(in, r, int64(size)); err == io.EOF {
		return nil, fmt.Errorf("read frame: %w", io.ErrUnexpectedEOF)
	} else if err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	return protocol.DecodeFrame(in.Bytes())
}

// errBudget is one stream or question more than a member may have.
var errBudget = errors.New("peer asks for more than its share")

// errAnswer is a well-formed frame where another was due.
var errAnswer = errors.New("peer answered with another message than was due")
