package device

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// slow is how long a compilation takes before somebody is told what one waits for.
var slow = 5 * time.Second

// teller is who is told of slow compilations.
var teller = tellStderr

// TellCompilations hands the news of slow compilations to a function, in place of standard
// error: what is being compiled, once that has taken five seconds. What the function returns
// is called when it is done, with the time that it took. Call it at the start of a program,
// before a device is opened.
func TellCompilations(begin func(text string) (done func(took time.Duration))) { teller = begin }

// tellStderr writes a line.
func tellStderr(text string) (done func(took time.Duration)) {
	if term.IsTerminal(int(os.Stderr.Fd())) {
		fmt.Fprint(os.Stderr, "\r\033[K") // over a bar
	}
	fmt.Fprintln(os.Stderr, "sslkit:", text)
	return func(time.Duration) {}
}

// announce tells what is being compiled, if that is slow. The function that it returns is
// called when it is done.
func announce(program []byte, device string, kept bool) (done func()) {
	var mu sync.Mutex
	start, over, told := time.Now(), false, func(time.Duration) {}
	timer := time.AfterFunc(slow, func() {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			told = teller(announcement(program, device, kept))
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		over = true
		told(time.Since(start))
	}
}

var moduleName = regexp.MustCompile(`^module @(?:planned_)?(\w+?)(?:_in_place_\d+)?(?:_\d+)? `)

// announcement says what is being compiled. Programs that nobody named have GoMLX's name.
func announcement(program []byte, device string, kept bool) string {
	name := "a program"
	if found := moduleName.FindSubmatch(program); found != nil && !bytes.HasPrefix(found[1], []byte("Exec_")) {
		name = "the " + strings.ReplaceAll(string(found[1]), "_", " ")
	}
	text := "compiling " + name + " for " + device
	if kept {
		text += " (kept for the next time)"
	}
	return text
}
