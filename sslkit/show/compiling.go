package show

import (
	"html"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/gossl/gossl/sslkit/device"
)

// In a notebook what one waits for stands in the run's display, or in one of its own: pages
// show standard error as if something had failed.
func init() {
	if gonbui.IsNotebook {
		device.TellCompilations(compiling.begin)
	}
}

// compiling tells of slow compilations.
var compiling = compilations{line: func() func(text string) {
	id := "sslkit_" + gonbui.UniqueId()
	return func(text string) { gonbui.UpdateHTML(id, text); gonbui.Sync() }
}}

// compilations are told to the run that is at work, if there is one.
type compilations struct {
	line func() func(text string) // makes a display of a line

	mu  sync.Mutex
	run *progress // nil: none is at work
}

// during says which run is at work, nil for none.
func (c *compilations) during(run *progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run = run
}

// begin shows what is being compiled until it is done.
func (c *compilations) begin(text string) (done func(took time.Duration)) {
	c.mu.Lock()
	run := c.run
	c.mu.Unlock() // before the run's own lock
	if run != nil {
		run.wait(text)
		return func(time.Duration) { run.wait("") }
	}
	show := c.line()
	show(`<div style="font-family:sans-serif;font-size:small;opacity:0.7">` + html.EscapeString(text) + "</div>")
	return func(time.Duration) { show("") }
}
