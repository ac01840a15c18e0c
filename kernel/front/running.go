package front

import (
	"encoding/json"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/kernel/event"
	"github.com/gossl/gossl/kernel/wire"
)

// running is the cell that GoNB is working on. The fields below the line change
// while it runs; front.mu guards them.
type running struct {
	request *wire.Message
	order   order
	count   int
	start   time.Time
	reply   *wire.Message // GoNB's
	behind  int           // cells that were waiting when it ended
	idle    chan struct{} // closed when GoNB has published everything

	expressions content // values of its user_expressions

	build       *event.Event // the end of the build; nil before it
	end         *event.Event // the end of the cell's process
	launcher    int          // process; 0 when it is not running
	shown       []map[string]string
	command     string // how a ! command ended, if badly
	interrupted bool
	held        strings.Builder // what a panic printed: it becomes the traceback
	holding     bool
	device      json.RawMessage // what the cell's process said of its device
}

// MIME types of displays that mean something to the kernel and are not shown.
const (
	clearMIME  = "application/vnd.sslkit.clear_output+json"
	deviceMIME = "application/vnd.sslkit.device+json"
)

var (
	// badEnd is what GoNB prints when a command that it ran failed.
	badEnd = regexp.MustCompile(`^(?:\^C\n)?(exit status \d+|signal: [a-z ]+)\n$`)
	// crash begins what Go's runtime prints when a program crashes.
	crash = regexp.MustCompile(`(?m)^(panic: |fatal error: |SIG[A-Z]+: |goroutine \d+ )`)
)

// filter deals with what GoNB publishes for the running cell, and says whether to publish it.
func (f *front) filter(r *running, m *wire.Message) bool {
	switch m.Header.Type {
	case "status":
		var status struct {
			State string `json:"execution_state"`
		}
		if json.Unmarshal(m.Content, &status) == nil && status.State == "idle" {
			close(r.idle)
			return false // finish publishes one, last
		}
	case "execute_input":
		return rewrite(m, content{"code": r.order.Code, "execution_count": r.count})
	case "error":
		return false // finish publishes a better one
	case "display_data":
		return f.filterDisplay(r, m)
	case "stream":
		return f.filterStream(r, m)
	}
	return true
}

// rewrite exchanges a message's content.
func rewrite(m *wire.Message, c any) bool {
	text, err := json.Marshal(c)
	if err == nil {
		m.Content = text
	}
	return err == nil
}

// filterDisplay takes out the displays that are for the kernel.
func (f *front) filterDisplay(r *running, m *wire.Message) bool {
	if !strings.Contains(string(m.Content[:min(len(m.Content), 4096)]), "application/vnd.sslkit.") {
		return true
	}
	var display struct {
		Data map[string]json.RawMessage `json:"data"`
	}
	if json.Unmarshal(m.Content, &display) != nil {
		return true
	}
	if _, ok := display.Data[clearMIME]; ok {
		f.publish("clear_output", r.request, content{"wait": true}) // GoNB has no such call
		return false
	}
	if device, ok := display.Data[deviceMIME]; ok {
		var text string // GoNB passes no other JSON on
		if json.Unmarshal(device, &text) == nil && json.Valid([]byte(text)) {
			f.mu.Lock()
			r.device = json.RawMessage(text)
			f.mu.Unlock()
		}
		return false
	}
	return true
}

// filterStream holds back what a crash prints, and how GoNB says that a command failed.
func (f *front) filterStream(r *running, m *wire.Message) bool {
	var stream struct {
		Name string `json:"name"`
		Text string `json:"text"`
	}
	if json.Unmarshal(m.Content, &stream) != nil || stream.Name != "stderr" {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if end := badEnd.FindStringSubmatch(stream.Text); end != nil && r.launcher == 0 {
		r.command = end[1]
		return false
	}
	if r.holding {
		r.held.WriteString(stream.Text)
		return false
	}
	at := crash.FindStringIndex(stream.Text)
	if at == nil {
		return true
	}
	r.holding = true
	r.held.WriteString(stream.Text[at[0]:])
	if at[0] == 0 {
		return false
	}
	return rewrite(m, content{"name": "stderr", "text": stream.Text[:at[0]]})
}

// event takes what shims and launcher tell.
func (f *front) event(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.running
	switch e.Kind {
	case event.WorkDir:
		f.dir.work = e.Dir
		f.startAssist(e.Dir)
		return
	case event.BuildStart:
		f.builds[e.PID] = true
	case event.BuildEnd:
		clear(f.builds)
	}
	if r == nil {
		return
	}
	switch e.Kind {
	case event.BuildStart:
		if r.interrupted { // between two builds
			_ = syscall.Kill(e.PID, syscall.SIGTERM)
		}
	case event.BuildEnd:
		r.build = &e
	case event.CellStart:
		r.launcher = e.PID
		if r.interrupted { // between build and run
			_ = syscall.Kill(e.PID, syscall.SIGINT)
		}
	case event.CellEnd:
		r.launcher, r.end = 0, &e
	case event.Shown:
		r.shown = append(r.shown, e.Data)
	}
}
