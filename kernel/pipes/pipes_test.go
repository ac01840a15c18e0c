package pipes

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// asWriter is the first argument of this binary when it is a process that writes.
const asWriter = "as-writer"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asWriter {
		n, _ := strconv.Atoi(os.Args[3])
		write(os.Args[2], n)
		return
	}
	os.Exit(m.Run())
}

// write is what processes do in tests.
func write(what string, n int) {
	switch what {
	case "mixed":
		for i := range n {
			fmt.Println("out", i)
			gonbui.DisplayHTML(fmt.Sprint("html ", i))
			fmt.Fprintln(os.Stderr, "err", i)
			if i%3 == 0 { // two displays in a row, and prints that hurry on
				gonbui.DisplayHTML(fmt.Sprint("more ", i))
				fmt.Println("then", i)
			}
		}
	case "large": // each far larger than a pipe
		for i := range n {
			fmt.Print(strings.Repeat("€", 100_000+i))
			gonbui.DisplayPng(bytes.Repeat([]byte{byte(i)}, 300_000+i))
			fmt.Fprint(os.Stderr, strings.Repeat("ü", 100_000+i))
		}
	case "bytes": // of characters, one at a time, to both streams in turn
		out, err := []byte(strings.Repeat("a€😀", n)), []byte(strings.Repeat("😀ü-", n))
		for i := range max(len(out), len(err)) {
			for file, text := range map[*os.File][]byte{os.Stdout: out, os.Stderr: err} {
				if i < len(text) {
					file.Write(text[i : i+1])
				}
			}
		}
	case "invalid":
		os.Stdout.Write([]byte{'a', 0xff, 'b', 0xe2, 0x82})
	case "lines":
		for i := range n {
			fmt.Println("line", i)
		}
	case "shown":
		out := os.NewFile(3, "shown")
		for i := range n {
			value := fmt.Sprint("value ", i)
			fmt.Fprintf(out, "text/plain\x00%c\x00\x00\x00%s", len(value), value)
		}
	case "nonblocking": // as Node.js makes its outputs
		_ = unix.SetNonblock(1, true)
		for set := true; set; { // whoever shares the pipe could not write to it while it is full
			_, _ = unix.Write(1, []byte("."))
			flags, _ := unix.FcntlInt(1, unix.F_GETFL, 0)
			set = flags&unix.O_NONBLOCK != 0
		}
		fmt.Println("waits")
	case "sync":
		gonbui.DisplayHTML("shown")
		gonbui.Sync()
		fmt.Println("synced", gonbui.Error())
	}
}

// record is a handler that keeps what it is given, in order.
type record struct {
	t     *testing.T
	items []string // text as it comes, displays as <MIME type length>, or the HTML itself
	texts map[Stream]*strings.Builder
	calls int
}

func (r *record) Text(s Stream, text string) {
	r.calls++
	r.texts[s].WriteString(text)
	r.items = append(r.items, strings.SplitAfter(text, "\n")...)
}

func (r *record) Shown(_ *Cell, data map[string]string) { r.items = append(r.items, fmt.Sprint(data)) }

func (r *record) Input(_ *Cell, i Input) { r.items = append(r.items, i.Prompt) }

func (r *record) Display(_ *Cell, d Display) bool {
	for mime, value := range d.Data {
		if data, ok := value.([]byte); ok {
			r.items = append(r.items, fmt.Sprintf("<%s %d>", mime, len(data)))
			continue
		}
		r.items = append(r.items, fmt.Sprint(value))
	}
	return false
}

func (r *record) Failed(err error) { r.t.Error(err) }

// record runs a process that writes, and returns what came of it.
func run(t *testing.T, what string, n int) *record {
	t.Helper()
	got := &record{t: t, texts: map[Stream]*strings.Builder{Stdout: {}, Stderr: {}}}
	r, err := New(t.TempDir(), got)
	if err != nil {
		t.Fatal(err)
	}
	go r.Run()
	defer r.Close()
	c, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	c.Start(os.Getpid(), GoNB{})
	shown, err := os.OpenFile(c.Shown, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Close()
	cmd := exec.Command(os.Args[0], asWriter, what, strconv.Itoa(n))
	cmd.Env = append(os.Environ(), protocol.GONB_PIPE_ENV+"="+c.Displays, protocol.GONB_PIPE_BACK_ENV+"="+c.Answers)
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = r.ends[0], r.ends[1], []*os.File{shown}
	if err := cmd.Run(); err != nil {
		t.Error(err)
	}
	r.Drain(true)
	c.End()
	c.Close()
	got.items = slices.DeleteFunc(got.items, func(s string) bool { return s == "" })
	if _, err := os.Stat(c.dir); err == nil {
		t.Error("the cell's folder is left")
	}
	return got
}

// Text of both streams and displays come in the order in which they were written.
func TestOrder(t *testing.T) {
	const rounds = 2000
	var want []string
	for i := range rounds {
		want = append(want, fmt.Sprintln("out", i), fmt.Sprint("html ", i), fmt.Sprintln("err", i))
		if i%3 == 0 {
			want = append(want, fmt.Sprint("more ", i), fmt.Sprintln("then", i))
		}
	}
	got := run(t, "mixed", rounds).items
	if len(got) != len(want) {
		t.Errorf("%d outputs, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("output %d is %q, want %q", i, got[i], want[i])
		}
	}
}

func TestLargeWrites(t *testing.T) {
	const rounds = 3
	got := run(t, "large", rounds)
	var out, errs, pictures string
	for i := range rounds {
		out += strings.Repeat("€", 100_000+i)
		errs += strings.Repeat("ü", 100_000+i)
		pictures += fmt.Sprintf("<image/png %d>", 300_000+i)
	}
	if got.texts[Stdout].String() != out || got.texts[Stderr].String() != errs {
		t.Error("text is not what was written")
	}
	if all := strings.Join(got.items, ""); strings.NewReplacer("€", "", "ü", "").Replace(all) != pictures {
		t.Errorf("displays %.300q, want %q", strings.NewReplacer("€", "", "ü", "").Replace(all), pictures)
	}
	if first := strings.Index(strings.Join(got.items, ""), "<"); first != len(strings.Repeat("€", 100_000)) {
		t.Errorf("the first picture comes at byte %d of the outputs", first)
	}
}

// Characters stay whole, however they were written.
func TestCharacters(t *testing.T) {
	got := run(t, "bytes", 200)
	if out, want := got.texts[Stdout].String(), strings.Repeat("a€😀", 200); out != want {
		t.Errorf("stdout %.80q, want %.80q", out, want)
	}
	if out, want := got.texts[Stderr].String(), strings.Repeat("😀ü-", 200); out != want {
		t.Errorf("stderr %.80q, want %.80q", out, want)
	}
	if out := run(t, "invalid", 0).texts[Stdout].String(); out != "a\ufffdb\ufffd" {
		t.Errorf("invalid text is %q", out)
	}
}

func TestManyLinesAreFewMessages(t *testing.T) {
	const lines = 50_000
	got := run(t, "lines", lines)
	if n := strings.Count(got.texts[Stdout].String(), "\n"); n != lines {
		t.Errorf("%d lines, want %d", n, lines)
	}
	if got.calls > lines/10 {
		t.Errorf("%d messages for %d lines", got.calls, lines)
	}
}

func TestShown(t *testing.T) {
	if got := run(t, "shown", 3).items; !slices.Equal(got, []string{"map[text/plain:value 0]", "map[text/plain:value 1]", "map[text/plain:value 2]"}) {
		t.Errorf("shown %q", got)
	}
}

// What a process sets does not stay for those after it.
func TestNonblocking(t *testing.T) {
	if got := run(t, "nonblocking", 0).texts[Stdout].String(); strings.Trim(got, ".") != "waits\n" {
		t.Errorf("printed %q", got)
	}
}

func TestSync(t *testing.T) {
	if got := run(t, "sync", 0).items; !slices.Equal(got, []string{"shown", "synced <nil>\n"}) {
		t.Errorf("outputs %q", got)
	}
}

// Calls that come together are all made.
func TestCallsTogether(t *testing.T) {
	r, err := New(t.TempDir(), &record{t: t})
	if err != nil {
		t.Fatal(err)
	}
	go r.Run()
	defer r.Close()
	var calls sync.WaitGroup
	var made atomic.Int32
	for range 200 {
		calls.Go(func() { r.Do(func() { made.Add(1); time.Sleep(time.Millisecond) }) })
	}
	calls.Wait()
	if made.Load() != 200 {
		t.Errorf("%d calls of 200 were made", made.Load())
	}
}
