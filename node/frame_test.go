package node

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"github.com/gmcn/gmcn/protocol"
)

func TestReadFrameSpendsNoMemoryOnClaims(t *testing.T) {
	for _, size := range []uint64{protocol.MaxFrame + 1, 1 << 40, 1<<64 - 1} {
		if _, err := readFrame(bufio.NewReader(bytes.NewReader(binary.AppendUvarint(nil, size))), new(bytes.Buffer)); !errors.Is(err, protocol.ErrSize) {
			t.Errorf("a frame that claims %d bytes: %v", size, err)
		}
	}
	claim := binary.AppendUvarint(nil, protocol.MaxFrame)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		if _, err := readFrame(bufio.NewReaderSize(bytes.NewReader(claim), 16), new(bytes.Buffer)); err == nil {
			t.Fatal("an empty frame was read")
		}
	}
	runtime.ReadMemStats(&after)
	if spent := (after.TotalAlloc - before.TotalAlloc) / 100; spent > 64<<10 {
		t.Errorf("%d bytes spent on a frame that never came", spent)
	}
}

func FuzzReadFrame(f *testing.F) {
	for _, frame := range []protocol.Frame{
		{End: &protocol.End{More: true}},
		{Have: &protocol.Have{Logs: []protocol.Holding{{Epoch: 1, Seq: 2}}}},
		{Recs: &protocol.Recs{Records: [][]byte{{1, 2, 3}}, Gone: []uint64{7}, Last: true}},
		{Get: &protocol.Get{Epoch: 1, Blocks: []uint64{1}}},
	} {
		b, err := frame.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(binary.AppendUvarint(nil, uint64(len(b))), b...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var in bytes.Buffer
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			frame, err := readFrame(r, &in)
			if err != nil {
				return
			}
			if _, err := frame.Encode(); err != nil {
				t.Fatalf("a frame that was read cannot be written: %v", err)
			}
		}
	})
}
