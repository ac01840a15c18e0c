package front

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/pipes"
	"github.com/gossl/gossl/kernel/wire"
)

// running is the cell that GoNB is working on. What follows pipes changes while it
// runs; front.mu guards it.
type running struct {
	request *wire.Message
	order   order
	count   int
	start   time.Time
	reply   *wire.Message // GoNB's
	behind  int           // cells that were waiting when it ended
	idle    chan struct{} // closed when GoNB has published all it had to
	still   sync.Once     // closes it
	ended   chan struct{} // closed when the cell has ended
	asks    sync.Mutex    // held while the client is asked for input

	questions atomic.Int32 // of the cell's own that the client has not answered

	expressions content // values of its user_expressions

	pipes *pipes.Cell // of its process; used by the goroutine that reads them alone

	captures    bool         // GoNB writes what comes out to a file, too
	password    bool         // what is typed is not shown
	speaks      bool         // GoNB may print something itself
	build       *event.Event // the end of the build; nil before it
	end         *event.Event // the end of the cell's process
	launcher    int          // process; 0 when it is not running
	launched    bool         // there was a process
	shown       []map[string]string
	failure     *ending // an error that the last expression gave
	command     string  // how a ! command ended, if badly
	interrupted bool
	failed      *ending // known before the end
	crash       crash
	device      json.RawMessage // what the cell's process said of its device
}

func newRunning(request *wire.Message, o order) *running {
	return &running{
		request: request, order: o, start: time.Now(), expressions: content{},
		idle: make(chan struct{}), ended: make(chan struct{}),
	}
}

// filter deals with what GoNB publishes for the running cell, and says whether to publish it.
func (f *front) filter(r *running, m *wire.Message) bool {
	f.pipes.Drain(false) // what a command wrote before GoNB published this comes first
	switch m.Header.Type {
	case "status":
		var status struct {
			State string `json:"execution_state"`
		}
		if json.Unmarshal(m.Content, &status) == nil && status.State == "idle" {
			r.still.Do(func() { close(r.idle) })
			return false // finish publishes one, last
		}
		return true
	case "execute_input":
		return rewrite(m, content{"code": r.order.Code, "execution_count": r.count})
	case "error":
		return false // finish publishes a better one
	case "display_data", "update_display_data":
		return !f.copied(r)
	case "stream":
		return f.filterStream(r, m)
	}
	return true
}

// copied says whether GoNB publishes the copies that it was given of a cell's outputs,
// for %capture: they have been published already.
func (f *front) copied(r *running) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return r.captures && r.launched
}

// rewrite exchanges a message's content.
func rewrite(m *wire.Message, c any) bool {
	text, err := json.Marshal(c)
	if err == nil {
		m.Content = text
	}
	return err == nil
}

// filterStream keeps back GoNB's note that a command failed: it becomes the cell's error.
func (f *front) filterStream(r *running, m *wire.Message) bool {
	if f.copied(r) {
		return false
	}
	var stream struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	if json.Unmarshal(m.Content, &stream) != nil || stream.Name != "stderr" {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	failure := gonb.CommandFailure(stream.Text)
	if failure == "" || r.launcher != 0 {
		return true
	}
	r.command = failure
	return false
}

// event takes what shims and launcher tell.
func (f *front) event(e event.Event) (answer event.Answer) {
	f.mu.Lock()
	r := f.running
	switch e.Kind {
	case event.WorkDir:
		f.dir.work = e.Dir
		f.startAssist(e.Dir)
	case event.BuildStart:
		f.builds[e.PID] = true
		if r != nil && r.interrupted { // between two builds
			_ = syscall.Kill(e.PID, syscall.SIGTERM)
		}
	case event.BuildEnd:
		clear(f.builds)
		if r != nil {
			r.build = &e
		}
	}
	speaks := r != nil && r.speaks
	f.mu.Unlock()
	if r == nil {
		return answer
	}
	switch e.Kind {
	case event.CellStart:
		if speaks {
			f.catchUp()
		}
		answer = f.openPipes(r, e)
		f.mu.Lock()
		defer f.mu.Unlock()
		r.launcher, r.launched = e.PID, true
		if r.interrupted { // between build and run
			_ = syscall.Kill(e.PID, syscall.SIGINT)
		}
	case event.CellEnd:
		f.closePipes(r)
		f.mu.Lock()
		defer f.mu.Unlock()
		r.launcher, r.end = 0, &e
	}
	return answer
}
