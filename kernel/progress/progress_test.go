package progress

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a terminal of 60 columns, and a function that closes it and returns
// what was written there.
func terminal(t *testing.T) (tty *os.File, written func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 60}); err != nil {
		t.Fatal(err)
	}
	text := make(chan string)
	go func() {
		all, _ := io.ReadAll(screen) // which ends with an error when the terminal is closed
		text <- string(all)
	}()
	return tty, func() string {
		tty.Close()
		return <-text
	}
}

// On a terminal there is a live line below the lines that stay, no wider than the terminal.
func TestTerminal(t *testing.T) {
	tty, written := terminal(t)
	d := New(tty)
	d.Start("Build")
	d.Note(strings.Repeat("a long remark ", 20))
	time.Sleep(2 * redraw)
	d.Println("a line")
	d.Done("ok")
	d.Done("ok") // nothing is going on any more
	screen := written()
	live := regexp.MustCompile(`\r(\S Build  a long [^\r\n]*)`).FindStringSubmatch(screen)
	if live == nil || !strings.Contains(live[1], "…") || !strings.Contains(live[1], "s]") {
		t.Fatalf("no live line with a remark that is cut, and the time: %q", screen)
	}
	if plain := regexp.MustCompile("\x1b\\[[0-9]*[A-Z]").ReplaceAllString(live[1], ""); len([]rune(plain)) > 60 {
		t.Errorf("the live line has %d characters, want at most 60: %q", len([]rune(plain)), plain)
	}
	if !regexp.MustCompile(`(?s)\x1b\[2K\ra line\r\n.*\x1b\[2K\rBuild: ok, [0-9.]+ s\r\n$`).MatchString(screen) {
		t.Errorf("the lines that stay are not there, or something is below them: %q", screen)
	}
}

// Elsewhere there are lines alone, the first of which says what they are about.
func TestPlain(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	d := New(write)
	d.Start("Build")
	d.Note("a remark")
	d.Println("a line")
	d.Println("another")
	d.Done("ok")
	write.Close()
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^Build\na line\nanother\nBuild: ok, [0-9.]+ s\n$`).Match(text) {
		t.Errorf("got %q", text)
	}
}
