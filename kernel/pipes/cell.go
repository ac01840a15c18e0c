package pipes

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/gossl/gossl/kernel/gonb/value"
)

func init() {
	// GoNB knows these types beside those of package protocol.
	gob.Register(map[string]any{})
	gob.Register([]string{})
	gob.Register([]any{})
}

// Cell is the pipes that a cell's process has besides stdout and stderr.
type Cell struct {
	Displays string // path of the pipe by which package gonbui displays
	Answers  string // and by which it gets answers
	Shown    string // path of the pipe for the values of last expressions
	GoNB     GoNB

	reader  *Reader
	dir     string
	pid     int   // of the launcher
	watched int   // by inotify
	fds     []int // that are read, or held
	read    []int // those that are read
	feeds   []*feed
	answers chan *protocol.CommValue
	back    *os.File // for answers; nil until a process has opened its pipe for displays
	closed  chan struct{}
}

// Open makes the pipes for a cell.
func (r *Reader) Open() (c *Cell, err error) {
	c = &Cell{reader: r, answers: make(chan *protocol.CommValue, 1024), closed: make(chan struct{})}
	if c.dir, err = os.MkdirTemp(r.dir, "pipes-"); err != nil {
		return nil, fmt.Errorf("pipes: %w", err)
	}
	c.Displays, c.Answers, c.Shown = filepath.Join(c.dir, "displays"), filepath.Join(c.dir, "answers"), filepath.Join(c.dir, "shown")
	r.Do(func() { err = c.open() })
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("pipes: for a cell: %w", err)
	}
	return c, nil
}

// Start says which process runs the cell, and what GoNB has made for it.
func (c *Cell) Start(pid int, gonb GoNB) {
	c.reader.Do(func() { c.pid, c.GoNB = pid, gonb })
}

func (c *Cell) open() error {
	c.reader.cells[c] = true
	for path, decode := range map[string]func(io.Reader){c.Displays: c.decode, c.Shown: c.decodeShown} {
		fd, held, err := named(path)
		if err != nil {
			return err
		}
		f := newFeed(decode)
		c.fds, c.read, c.feeds = append(c.fds, fd, held), append(c.read, fd), append(c.feeds, f)
		if err := c.reader.add(fd, func(data []byte) { c.reader.text.flush(); f.put(data) }); err != nil {
			return err
		}
	}
	if err := unix.Mkfifo(c.Answers, 0o600); err != nil {
		return &os.PathError{Op: "mkfifo", Path: c.Answers, Err: err}
	}
	var err error
	if c.watched, err = unix.InotifyAddWatch(c.reader.opens, c.Displays, unix.IN_OPEN); err != nil {
		return fmt.Errorf("inotify: %w", err)
	}
	c.reader.watches[c.watched] = c.welcome
	return nil
}

// welcome deals with a process that has opened the pipe for displays. Package
// gonbui then waits to open that for answers, until this side does so, too.
func (c *Cell) welcome() {
	_ = packetize(c.pid, c.Displays) // where it is not allowed, outputs come as they come
	if c.back != nil {
		return
	}
	// For reading too: then neither side waits for the other to open it.
	back, err := os.OpenFile(c.Answers, os.O_RDWR, 0)
	if err != nil {
		c.reader.handler.Failed(fmt.Errorf("pipes: answers for the cell: %w", err))
		return
	}
	c.back = back
	go func() {
		encoder := gob.NewEncoder(back)
		for {
			select {
			case answer := <-c.answers:
				if encoder.Encode(answer) != nil {
					return // it is closed
				}
			case <-c.closed:
				return
			}
		}
	}()
}

// answer sends a value to the cell. It is dropped, as GoNB does, if the cell does
// not read.
func (c *Cell) answer(v *protocol.CommValue) {
	select {
	case c.answers <- v:
	default:
	}
}

// decode hands on what package gonbui writes.
func (c *Cell) decode(from io.Reader) {
	decoder := gob.NewDecoder(bufio.NewReaderSize(from, packet))
	for {
		d := new(protocol.DisplayData)
		err := decoder.Decode(d)
		switch {
		case err == nil:
			c.take(d)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a display that the cell's end cut off is none
		default:
			c.reader.handler.Failed(fmt.Errorf("the cell wrote something else than displays: %w", err))
			return
		}
	}
}

// take deals with what package gonbui has written.
func (c *Cell) take(d *protocol.DisplayData) {
	v, isValue := d.Data[protocol.MIMECommValue].(protocol.CommValue)
	_, isSubscription := d.Data[protocol.MIMECommSubscribe]
	input, isInput := d.Data[protocol.MIMEJupyterInput].(protocol.InputRequest)
	switch {
	case v.Address == protocol.GonbuiSyncAddress: // what came before has been taken
		c.answer(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value})
	case isValue, isSubscription: // widgets are GoNB's
		c.forward(d)
	case isInput:
		c.reader.handler.Input(c, Input(input))
	default:
		data := make(map[string]any, len(d.Data))
		for mime, value := range d.Data {
			data[string(mime)] = value
		}
		if c.reader.handler.Display(c, Display{data, d.Metadata, d.DisplayID}) {
			c.forward(d)
		}
	}
}

// longestMIME is more than any MIME type has.
const longestMIME = 256

// decodeShown hands on the values that a cell shows: each is written as MIME type,
// a zero byte, the number of bytes as a little-endian uint32, and the bytes.
func (c *Cell) decodeShown(from io.Reader) {
	for r := bufio.NewReaderSize(from, packet); ; {
		mime, value, err := readShown(r)
		switch {
		case err == nil:
			c.reader.handler.Shown(c, map[string]string{mime: value})
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a value that the cell's end cut off is none
		default:
			c.reader.handler.Failed(fmt.Errorf("a shown value: %w", err))
			return
		}
	}
}

func readShown(r *bufio.Reader) (mime, shown string, err error) {
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
	return mime, valid(data.Bytes()), nil
}

// Close drops the pipes of a cell.
func (c *Cell) Close() {
	c.reader.Do(c.close)
	_ = os.RemoveAll(c.dir) // with the kernel's folder, else
}

func (c *Cell) close() {
	delete(c.reader.cells, c)
	delete(c.reader.watches, c.watched)
	for _, fd := range c.read {
		delete(c.reader.sinks, fd)
	}
	for _, fd := range c.fds {
		_ = unix.Close(fd) // was for reading
	}
	for _, f := range c.feeds {
		f.close()
	}
	if c.back != nil {
		_ = c.back.Close() // nobody reads it any more
	}
	c.GoNB.close()
	close(c.closed)
}
