package show

import (
	"fmt"
	"os"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Bytes returns what reports a download, for [dataset.Fetch]: a bar in a
// terminal, and a line that is updated in a notebook.
func Bytes() func(what string, done, total int64) {
	switch {
	case gonbui.IsNotebook:
		id := "sslkit_" + gonbui.UniqueId()
		return func(what string, done, total int64) {
			gonbui.UpdateHTML(id, fmt.Sprintf("%s: %d of %d MiB", what, done>>20, total>>20))
		}
	case !term.IsTerminal(int(os.Stderr.Fd())):
		return func(string, int64, int64) {}
	}
	var bar *progressbar.ProgressBar
	last := ""
	return func(what string, done, total int64) {
		if bar == nil || what != last {
			last = what
			bar = progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(os.Stderr),
				progressbar.OptionSetDescription(what),
				progressbar.OptionShowBytes(true),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish(),
			)
		}
		bar.ChangeMax64(total)
		_ = bar.Set64(done)
	}
}
