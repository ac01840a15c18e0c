package launch

import (
	"bufio"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

func init() {
	// GoNB knows these types beside those of package protocol.
	gob.Register(map[string]any{})
	gob.Register([]any{})
}

// displays stands between a cell and the two named pipes by which package gonbui
// talks with GoNB. GoNB drops what it has not read when the cell's process ends;
// so at the end, the launcher asks GoNB for a sign that everything has arrived.
// It is a sink.
type displays struct {
	*feed
	dir       string   // of the cell's named pipes
	hold      *os.File // the cell's end of the first, which so does not end before the cell
	toCell    *os.File
	gonb      string // GoNB's pipe for displays
	gonbBack  string // and for its answers
	encoder   *gob.Encoder
	broken    bool // GoNB does not take displays any more
	unsettled bool // something was sent after the last sync
	waiting   bool // GoNB has not answered in time
	syncs     int  // asked for; the numbers that cells use are positive, ours are negative
	answers   chan int
	forwarded chan *protocol.CommValue // answers for the cell
}

// newDisplays makes the named pipes for a cell and has them read; nil if GoNB has none.
func newDisplays(a *arrivals) (_ *displays, err error) {
	d := &displays{
		gonb: os.Getenv(protocol.GONB_PIPE_ENV), gonbBack: os.Getenv(protocol.GONB_PIPE_BACK_ENV),
		answers: make(chan int, 16), forwarded: make(chan *protocol.CommValue, 1024),
	}
	if d.gonb == "" {
		return nil, nil
	}
	defer func() {
		if err != nil {
			d.remove()
			err = fmt.Errorf("launch: pipes for displays: %w", err)
		}
	}()
	if d.dir, err = os.MkdirTemp("", "sslkit_pipe_"); err != nil {
		return nil, err
	}
	for _, name := range []string{d.path(), d.pathBack()} {
		if err := unix.Mkfifo(name, 0o600); err != nil {
			return nil, &os.PathError{Op: "mkfifo", Path: name, Err: err}
		}
	}
	fd, err := unix.Open(d.path(), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: d.path(), Err: err}
	}
	if d.hold, err = os.OpenFile(d.path(), os.O_WRONLY, 0); err != nil {
		return nil, err
	}
	// For reading too: then no side waits for the other to open it.
	if d.toCell, err = os.OpenFile(d.pathBack(), os.O_RDWR, 0); err != nil {
		return nil, err
	}
	d.feed = newFeed(d.decode)
	return d, a.add(fd, d)
}

func (d *displays) path() string     { return filepath.Join(d.dir, "displays") }
func (d *displays) pathBack() string { return filepath.Join(d.dir, "answers") }

// environ are the variables that lead the cell to its pipes.
func (d *displays) environ() []string {
	return []string{protocol.GONB_PIPE_ENV + "=" + d.path(), protocol.GONB_PIPE_BACK_ENV + "=" + d.pathBack()}
}

// decode sends the displays that a cell has encoded.
func (d *displays) decode(from io.Reader) {
	decoder := gob.NewDecoder(bufio.NewReaderSize(from, chunk))
	for {
		var display protocol.DisplayData
		err := decoder.Decode(&display)
		switch {
		case err == nil:
			d.send(&display)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return // a display that the cell's end cut off is none
		default:
			report(fmt.Errorf("launch: the cell wrote something else than displays: %w", err))
			return
		}
	}
}

func (d *displays) send(display *protocol.DisplayData) {
	if d.encoder == nil && !d.broken {
		pipe, err := os.OpenFile(d.gonb, os.O_WRONLY, 0)
		if err != nil {
			d.fail(err)
			return
		}
		d.encoder = gob.NewEncoder(pipe)
		go d.readBack()
	}
	if d.broken {
		return
	}
	d.unsettled = true
	if err := d.encoder.Encode(display); err != nil {
		d.fail(err)
	}
}

func (d *displays) fail(err error) {
	d.broken = true
	report(fmt.Errorf("launch: GoNB does not take displays: %w", err))
}

// syncTime is how long displays wait for GoNB between two outputs.
const syncTime = time.Second

// settle asks GoNB for a sign, unless GoNB already is behind: then order is less than not to stand still.
func (d *displays) settle() {
	for d.waiting {
		select {
		case id := <-d.answers:
			d.waiting = id != -d.syncs
		default:
			return
		}
	}
	d.waiting = !d.sync(syncTime)
}

// sync says whether GoNB has dealt with everything it was sent, waiting for it for some time.
func (d *displays) sync(limit time.Duration) bool {
	if d.broken || !d.unsettled {
		return !d.broken
	}
	d.syncs++
	d.send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
		protocol.MIMECommValue: protocol.CommValue{Address: protocol.GonbuiSyncAddress, Value: -d.syncs},
	}})
	timeout := time.After(limit)
	for !d.broken {
		select {
		case id := <-d.answers:
			if id == -d.syncs {
				d.unsettled = false
				return true
			}
		case <-timeout:
			return false
		}
	}
	return false
}

// readBack takes GoNB's answers: those to our own requests, and those for the cell.
func (d *displays) readBack() {
	pipe, err := os.Open(d.gonbBack)
	if err != nil {
		report(fmt.Errorf("launch: GoNB's answers: %w", err))
		return
	}
	go d.writeBack()
	decoder := gob.NewDecoder(pipe)
	for {
		answer := new(protocol.CommValue)
		if err := decoder.Decode(answer); err != nil {
			return // GoNB has closed it
		}
		if id, ok := answer.Value.(int); ok && id < 0 && answer.Address == protocol.GonbuiSyncAckAddress {
			d.answers <- id
			continue
		}
		select {
		case d.forwarded <- answer:
		default: // like GoNB, for a cell that does not read
		}
	}
}

// writeBack passes answers on to the cell.
func (d *displays) writeBack() {
	encoder := gob.NewEncoder(d.toCell)
	for answer := range d.forwarded {
		if err := encoder.Encode(answer); err != nil {
			return // the launcher has ended
		}
	}
}

// remove removes the cell's pipes.
func (d *displays) remove() {
	if d.dir == "" {
		return
	}
	if err := os.RemoveAll(d.dir); err != nil {
		report(fmt.Errorf("launch: %w", err))
	}
}
