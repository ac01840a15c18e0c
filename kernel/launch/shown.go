package launch

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gossl/gossl/kernel/cell/value"
	"github.com/gossl/gossl/kernel/event"
)

// shown is the sink for the values of expressions that a cell shows, which it
// writes to its file 3: each as MIME type, a zero byte, the number of bytes as a
// little-endian uint32, and the bytes. The front is told.
type shown struct{ *feed }

func newShown() shown { return shown{newFeed(tellShown)} }

func (shown) settle() {}

func tellShown(from io.Reader) {
	for r := bufio.NewReaderSize(from, chunk); ; {
		mime, text, err := readShown(r)
		switch {
		case err == nil:
			tell(event.Event{Kind: event.Shown, Data: map[string]string{mime: text}})
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a value that the cell's end cut off is none
		default:
			report(fmt.Errorf("launch: a shown value: %w", err))
			return
		}
	}
}

// longestMIME is more than any MIME type has.
const longestMIME = 256

func readShown(r *bufio.Reader) (mime, text string, err error) {
	head, err := r.Peek(1)
	if err != nil {
		return "", "", err
	}
	for len(head) < longestMIME && head[len(head)-1] != 0 {
		if head, err = r.Peek(len(head) + 1); err != nil {
			return "", "", io.ErrUnexpectedEOF
		}
	}
	mime, ended := strings.CutSuffix(string(head), "\x00")
	if !ended || !strings.Contains(mime, "/") {
		return "", "", fmt.Errorf("begins with %q, want a MIME type", head[:min(len(head), 40)])
	}
	if _, err := r.Discard(len(head)); err != nil {
		return "", "", err
	}
	var size uint32
	if err := binary.Read(r, binary.LittleEndian, &size); err != nil {
		return "", "", io.ErrUnexpectedEOF
	}
	var data bytes.Buffer
	if _, err := io.CopyN(&data, r, int64(size)); err != nil {
		return "", "", io.ErrUnexpectedEOF
	}
	if mime == value.PixelsMIME {
		return picture(data.Bytes())
	}
	return mime, data.String(), nil
}
