package lines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

var (
	crash     = lazy(`^(panic|fatal error|SIG[A-Z0-9]+): ?(.*)$`)
	goroutine = lazy(`^goroutine \d+ .*\[.*\]:$`)
	frame     = lazy(`^\t(\S.*?):(\d+)(?: \+0x[0-9a-f]+)?(?: fp=0x[0-9a-f]+ sp=0x[0-9a-f]+ pc=0x[0-9a-f]+)?$`)
	inCell    = lazy(`^(.*/)?cell\[(\d+)\]$`)
	outcome   = lazy(` \[(?:recovered|repanicked|recovered, repanicked)\]$`)
	// before is what a path has before a package of Go's own, a module, or a file in
	// GoNB's folder.
	before = lazy(`^/.*/(?:go[^/]*|toolchain@[^/]*)/src/|^/.*/pkg/mod/|^/.*/` + gonb.FolderPrefix + `\w+/`)
)

const (
	redText   = "\x1b[31m"
	plainText = "\x1b[0m"
)

const (
	// cutMark is a line that stands for the middle of a text that is too long to be kept.
	cutMark = "…"
	// runtimeStack begins the stack of the runtime itself.
	runtimeStack = "runtime stack:"
	// deadEnd ends the one reason that the runtime gives without a stack.
	deadEnd = "(main called runtime.Goexit) - deadlock!"

	longestLine   = 2000 // of a trace and of a reason, in bytes
	longestReason = 40   // lines
)

// Trace finds in a program's stderr how the Go runtime ended it: the name, such as
// "panic" or "fatal error", the reason, and the text from there on with the
// positions in words, cells by the numbers that the index has. Goroutines that wait
// at the same place are shown once. Of a long text it is enough to give the
// beginning and the end, with the line cutMark between. The name is "" if the runtime
// did not end the program.
func Trace(stderr string, index *Index) (name, reason string, lines []string) {
	all := strings.Split(strings.TrimRight(strings.ReplaceAll(stderr, "\r\n", "\n"), "\n"), "\n")
	start, stack := find(all)
	if start < 0 {
		return "", "", nil
	}
	head := all[start:stack]
	name, reason = "crash", "the Go runtime ended the program"
	if len(head) > 0 {
		m := crash().FindStringSubmatch(head[0])
		name, reason = m[1], cause(m[2], head[1:])
	}
	lines = append(heading(head), index.stacks(all[stack:])...)
	lines[0] = redText + lines[0] + plainText
	if hint := index.initial(all[stack:]); hint != "" {
		reason, lines = reason+"\n"+hint, append(lines, "", hint)
	}
	return name, reason, lines
}

// find returns the line that says how the runtime ended the program and the first
// one of the stacks, which follow; both are the same if the beginning is lost, and
// -1 without a stack. The runtime, unlike debug.PrintStack, has an empty line before
// the stack. What looks alike further up is the program's own output.
func find(all []string) (start, stack int) {
	start, stack = -1, -1
	for i, line := range slices.Backward(all) {
		if i > 0 && all[i-1] == "" && (line == runtimeStack || goroutine().MatchString(line)) {
			stack = i
		}
		ends := stack >= 0 || i == len(all)-1 && strings.HasSuffix(line, deadEnd)
		if ends && crash().MatchString(line) {
			if stack < 0 {
				stack = len(all)
			}
			return i, stack
		}
	}
	return stack, stack
}

// cause is what a panic is about: the last one, if panics follow on each other. A
// reason may have several lines.
func cause(first string, rest []string) string {
	reason := []string{first}
	cut := false
	for i, line := range rest {
		if cut = cut || line == cutMark; cut && (line == cutMark || rest[i-1] == cutMark) {
			continue // a part of a line
		}
		next, ok := strings.CutPrefix(line, "\t")
		if !ok {
			break // an empty line, or the signal
		}
		if again, ok := strings.CutPrefix(next, "panic: "); ok {
			reason = []string{again}
			continue
		}
		reason = append(reason, next)
	}
	if n := len(reason) - longestReason; n > 0 {
		reason = append(reason[:longestReason], fmt.Sprintf("… and %s more lines", thousands(n)))
	}
	return shortened(outcome().ReplaceAllString(strings.Join(reason, "\n"), ""))
}

// heading are the lines before the stacks.
func heading(head []string) []string {
	var lines []string
	if n := len(head) - 2*longestReason; n > 0 {
		head = slices.Concat(head[:longestReason], []string{fmt.Sprintf("… and %s more lines", thousands(n))}, head[longestReason+n:])
	}
	for _, line := range head {
		line = shortened(line)
		if strings.HasPrefix(line, "\tpanic: ") {
			line = redText + line + plainText
		}
		lines = append(lines, line)
	}
	return lines
}

// shortened is a line, or its beginning and how much is left out.
func shortened(line string) string {
	if len(line) <= longestLine+longestLine/10 {
		return line
	}
	kept := strings.ToValidUTF8(line[:longestLine], "")
	return fmt.Sprintf("%s… and %s more bytes", kept, thousands(len(line)-len(kept)))
}

// thousands is a number as people write it: 1,997.
func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

// position is the position of a frame in words.
func (x *Index) position(file, line string) string {
	if c := inCell().FindStringSubmatch(file); c != nil {
		n := number(c[2])
		if c[1] != "" { // nothing has put the number in the ID's place
			n = x.number(n)
		}
		return fmt.Sprintf("Cell [%d], line %s", n, line)
	}
	return before().ReplaceAllString(file, "") + ":" + line
}
