package lines

import (
	"regexp"
	"slices"
	"strings"
)

var (
	crash     = regexp.MustCompile(`^(panic|fatal error|SIG[A-Z0-9]+): ?(.*)$`)
	goroutine = regexp.MustCompile(`^goroutine \d+ .*\[.*\]:$`)
	frame     = regexp.MustCompile(`^\t(\S.*?):(\d+)(?: \+0x[0-9a-f]+)?$`)
	inCell    = regexp.MustCompile(`(?:^|/)cell\[(\d+)\]$`)
	outcome   = regexp.MustCompile(` \[(?:recovered|repanicked|recovered, repanicked)\]$`)
	// before is what a path has before a package of Go's own, a module, or a file in
	// GoNB's folder.
	before = regexp.MustCompile(`^/.*/(?:go[^/]*|toolchain@[^/]*)/src/|^/.*/pkg/mod/|^/.*/gonb_\w+/`)
)

const (
	redText   = "\x1b[31m"
	plainText = "\x1b[0m"
)

// Trace finds in a program's stderr how the Go runtime ended it: the name, such as
// "panic" or "fatal error", the reason, and the text from there on with the
// positions in words, cells by the numbers that the index has. The name is "" if the runtime did not.
func Trace(stderr string, index *Index) (name, reason string, lines []string) {
	all := strings.Split(strings.TrimRight(strings.ReplaceAll(stderr, "\r\n", "\n"), "\n"), "\n")
	start, stack := find(all)
	if start < 0 {
		return "", "", nil
	}
	name, reason = "crash", "the Go runtime ended the program"
	if m := crash.FindStringSubmatch(all[start]); m != nil {
		name, reason = m[1], cause(m[2], all[start+1:stack])
	}
	for i, line := range all[start:] {
		if i == 0 || start+i < stack && strings.HasPrefix(line, "\tpanic: ") {
			line = redText + line + plainText
		}
		lines = append(lines, index.readable(line))
	}
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
		if goroutine.MatchString(line) && i > 0 && all[i-1] == "" {
			stack = i
		}
		if stack >= 0 && crash.MatchString(line) {
			return i, stack
		}
	}
	return stack, stack
}

// cause is what a panic is about: the last one, if panics follow on each other. A
// reason may have several lines.
func cause(first string, rest []string) string {
	reason := []string{first}
	for _, line := range rest {
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
	return outcome.ReplaceAllString(strings.Join(reason, "\n"), "")
}

// readable puts the position of a frame in words.
func (x *Index) readable(line string) string {
	m := frame.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	if c := inCell.FindStringSubmatch(m[1]); c != nil {
		return "\t" + x.inWords(c[1], m[2])
	}
	return "\t" + before.ReplaceAllString(m[1], "") + ":" + m[2]
}
