package pipes

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// patience is how long GoNB may take for what it is given of a cell in the end.
// Widgets without a browser take it 3 s.
const patience = 10 * time.Second

// GoNB is what GoNB is given of a cell: requests of widgets, which it deals with,
// and, where it captures outputs, these.
type GoNB struct {
	Displays string          // path of its pipe for displays
	Answers  string          // and of that for its answers
	Gone     <-chan struct{} // closed when GoNB has ended; nil: it does not end

	captures [2]*os.File // its pipes for stdout and stderr; nil where it captures nothing
	pipe     *os.File    // for displays; nil until it is given something
	back     *os.File    // for its answers; likewise
	encoder  *gob.Encoder
	err      error
	sent     bool // something, after the last sign that it has arrived
	synced   chan struct{}
}

// sign is the number of our own request for a sign; the numbers that cells use are
// not negative.
const sign = -1

// Capture has GoNB be given copies of text and displays, too.
func (c *Cell) Capture() error {
	for i := range c.GoNB.captures { // the launcher's stdout and stderr
		file, err := os.OpenFile("/proc/"+strconv.Itoa(c.pid)+"/fd/"+strconv.Itoa(i+1), os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("pipes: %%capture: %w", err)
		}
		c.GoNB.captures[i] = file
	}
	return nil
}

// Copy gives GoNB text that it captures.
func (c *Cell) Copy(stream Stream, text string) error {
	file := c.GoNB.captures[0]
	if stream == Stderr {
		file = c.GoNB.captures[1]
	}
	if file == nil {
		return nil
	}
	_, err := file.WriteString(text)
	return err
}

// forward gives GoNB what a cell asks of it, or a display that it captures.
func (c *Cell) forward(d *protocol.DisplayData) {
	if err := c.GoNB.err; err != nil {
		return // it was told before
	}
	if err := c.send(d); err != nil {
		c.reader.handler.Failed(fmt.Errorf("pipes: GoNB does not take displays: %w", err))
	}
}

func (c *Cell) send(d *protocol.DisplayData) error {
	g := &c.GoNB
	if g.encoder == nil {
		if g.err = c.dial(); g.err != nil {
			return g.err
		}
		g.encoder, g.synced = gob.NewEncoder(g.pipe), make(chan struct{}, 1)
		go c.readBack(g.back)
	}
	g.sent = true
	g.err = g.encoder.Encode(d)
	return g.err
}

// dialPause is how long to wait between two looks at whether GoNB reads its pipe: it
// opens that at about the time at which the cell's process starts.
const dialPause = time.Millisecond

// dial opens GoNB's pipes. GoNB may end before it has opened them itself.
func (c *Cell) dial() (err error) {
	g := &c.GoNB
	for {
		g.pipe, err = os.OpenFile(g.Displays, os.O_WRONLY|unix.O_NONBLOCK, 0)
		if !errors.Is(err, unix.ENXIO) { // nobody reads it
			break
		}
		select {
		case <-g.Gone:
			return errors.New("it has ended")
		case <-c.reader.done:
			return err
		case <-time.After(dialPause):
		}
	}
	if err == nil { // for writing, too: then neither side waits for the other to open it
		g.back, err = os.OpenFile(g.Answers, os.O_RDWR, 0)
	}
	return err
}

// readBack takes GoNB's answers, until their pipe is closed: that to our own request, and those for the cell.
func (c *Cell) readBack(pipe *os.File) {
	decoder := gob.NewDecoder(pipe)
	for {
		answer := new(protocol.CommValue)
		if decoder.Decode(answer) != nil {
			return
		}
		if answer.Address == protocol.GonbuiSyncAckAddress && answer.Value == sign {
			c.GoNB.synced <- struct{}{}
			continue
		}
		c.answer(answer)
	}
}

// End waits until GoNB has dealt with what it was given of a cell whose process has
// ended. What the process wrote must have been drained.
func (c *Cell) End() {
	g := &c.GoNB
	for _, file := range g.captures {
		if file != nil {
			_ = file.Close() // what was written to it has arrived
		}
	}
	if g.sent && g.err == nil {
		if c.send(&protocol.DisplayData{Data: map[protocol.MIMEType]any{
			protocol.MIMECommValue: protocol.CommValue{Address: protocol.GonbuiSyncAddress, Value: sign},
		}}) == nil {
			select {
			case <-g.synced:
			case <-g.Gone:
			case <-time.After(patience):
			}
		}
	}
}

// close closes GoNB's pipes, in which nothing is left that anybody waits for.
func (g *GoNB) close() {
	for _, file := range append(g.captures[:], g.pipe, g.back) {
		if file != nil {
			_ = file.Close()
		}
	}
}
