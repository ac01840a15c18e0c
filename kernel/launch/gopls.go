package launch

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/gossl/gossl/kernel/proc"
)

// Gopls stands in for GoNB's gopls and does nothing until GoNB ends: completion
// is not GoNB's business, and a second gopls would cost its memory twice.
func Gopls([]string) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	if err := proc.DieWithParent(syscall.SIGKILL); err != nil {
		report(err)
		return failed
	}
	signal.Ignore(syscall.SIGINT) // meant for a cell
	<-signals
	return 0
}
