package show

import (
	"html"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/gossl/gossl/sslkit/device"
)

// In a notebook what one waits for stands below the cell as other news do: pages show
// standard error as if something had failed.
func init() {
	if gonbui.IsNotebook {
		id := "sslkit_" + gonbui.UniqueId()
		c := &compilations{show: func(page string) { gonbui.UpdateHTML(id, page); gonbui.Sync() }}
		device.TellCompilations(c.begin)
	}
}

// compilations are the slow ones of a process, in one display.
type compilations struct {
	show func(page string)

	mu    sync.Mutex
	lines []string
}

// begin adds a line for a compilation, and returns what ends it.
func (c *compilations) begin(text string) (done func(took time.Duration)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := len(c.lines)
	c.lines = append(c.lines, text+" …")
	c.draw()
	return func(took time.Duration) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lines[at] = text + ": " + duration(took.Seconds())
		c.draw()
	}
}

func (c *compilations) draw() {
	lines := make([]string, len(c.lines))
	for i, line := range c.lines {
		lines[i] = html.EscapeString(line)
	}
	c.show(`<div style="font-family:sans-serif;font-size:small;opacity:0.7">` + strings.Join(lines, "<br>") + "</div>")
}
