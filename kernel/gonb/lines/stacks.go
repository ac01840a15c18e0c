package lines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gossl/gossl/kernel/gonb"
)

var (
	// details are what the runtime says of a goroutine to its own authors, and for how long it has been waiting.
	details  = lazy(` gp=\S+| m=\S+| mp=\S+`)
	since    = lazy(`, \d+ minutes`)
	within   = lazy(`^goroutine \d+`)
	creator  = lazy(` in goroutine \d+$`)
	register = lazy(`^[a-z][a-z0-9]{1,5} +0x[0-9a-f]+$`)
	// helper is a file of ours in GoNB's folder.
	helper = lazy(`/` + gonb.FolderPrefix + `\w+/(?:.*/)?sslkit_\w+(?:/\w+)?\.go$`)
)

const (
	mostStacks  = 50 // different ones that are shown
	longestLoop = 8  // frames that call each other in turn
)

// stack is what the runtime shows of a goroutine.
type stack struct {
	title string // "" for what is no stack
	calls []call
	torn  bool // a part of it was cut out

	system bool // the runtime's own calls are in it, as in all stacks of a fatal error
}

// call is a frame of a stack, or another line in one.
type call struct{ function, at string }

// stacks makes the stacks of a crash readable.
func (x *Index) stacks(lines []string) []string {
	all, cut := x.parse(lines)
	theirs := slices.ContainsFunc(all, func(s stack) bool { return s.title != "" && !s.ofGo() })
	var shown []stack
	count := map[string]int{} // of equal ones, by key
	ofGo, more := 0, 0
	for i, s := range all {
		key := s.key()
		switch {
		case i > 0 && s.torn, theirs && s.registers():
		case theirs && s.ofGo():
			ofGo++
		case s.title == "" || count[key] == 0 && len(count) < mostStacks:
			shown = append(shown, s)
			count[key]++
		case count[key] > 0:
			count[key]++
		default:
			more++
		}
	}
	var out []string
	for _, s := range shown {
		if len(out) > 0 {
			out = append(out, "")
		}
		out = append(out, s.lines()...)
		if n := count[s.key()] - 1; s.title != "" && n > 0 {
			out = append(out, "", remaining(n, cut, "goroutine", " like it"))
		}
	}
	if more > 0 {
		out = append(out, "", remaining(more, cut, "goroutine", ""))
	}
	if ofGo > 0 {
		out = append(out, "", remaining(ofGo, cut, "stack", " of the runtime's own"))
	}
	if cut {
		out = append(out, "", cutMark+" a part of the text, which is too long, is left out")
	}
	return out
}

// remaining says how many are not shown.
func remaining(n int, atLeast bool, what, which string) string {
	if n > 1 {
		what += "s"
	}
	least := ""
	if atLeast {
		least = "at least "
	}
	return fmt.Sprintf("… and %s%s more %s%s", least, thousands(n), what, which)
}

// parse splits a crash's text into stacks.
func (x *Index) parse(lines []string) (all []stack, cut bool) {
	now := -1 // the stack that goes on
	skip := false
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		switch {
		case line == cutMark:
			cut, skip = true, true
			if now >= 0 {
				all[now].torn = true
			}
		case line == "":
			now, skip = -1, false
		case skip:
		case line == runtimeStack || goroutine().MatchString(line):
			title := details().ReplaceAllString(line, "")
			all, now = append(all, stack{title: title, system: title != line}), len(all)
		case now < 0:
			all, now = append(all, stack{calls: []call{{function: shortened(line)}}}), len(all)
		default:
			c := call{function: shortened(line)}
			if i+1 < len(lines) {
				if m := frame().FindStringSubmatch(lines[i+1]); m != nil {
					i++
					if helper().MatchString(m[1]) {
						continue
					}
					c.at = "\t" + x.position(m[1], m[2])
				}
			}
			all[now].calls = append(all[now].calls, c)
		}
	}
	for i, s := range all {
		if !s.ofGo() && s.system {
			all[i].calls = slices.DeleteFunc(s.calls, call.ofGo)
		}
	}
	return all, cut
}

// key is the same for stacks that a reader need see once.
func (s stack) key() string {
	var b strings.Builder
	b.WriteString(within().ReplaceAllString(since().ReplaceAllString(s.title, ""), ""))
	for _, c := range s.calls {
		b.WriteString("\n" + c.name() + c.at)
	}
	return b.String()
}

// name is what is called, without the arguments.
func (c call) name() string {
	depth := 0
	for i, b := range slices.Backward([]byte(c.function)) {
		switch b {
		case ')':
			depth++
		case '(':
			if depth--; depth == 0 {
				return c.function[:i]
			}
		}
		if depth == 0 {
			break
		}
	}
	return creator().ReplaceAllString(c.function, "")
}

// ofGo says whether a stack has nothing but the runtime's functions, or is gonbui's reader of its pipe.
func (s stack) ofGo() bool {
	if n := len(s.calls); n > 0 && strings.HasPrefix(s.calls[n-1].function, "created by github.com/janpfeifer/gonb/gonbui.openLocked") {
		return true
	}
	return s.title != "" && !slices.ContainsFunc(s.calls, func(c call) bool { return !c.ofGo() })
}

func (c call) ofGo() bool {
	return strings.HasPrefix(strings.TrimPrefix(c.function, "created by "), "runtime.")
}

// registers says whether it is those of the processor.
func (s stack) registers() bool {
	return s.title == "" && !slices.ContainsFunc(s.calls, func(c call) bool { return !register().MatchString(c.function) })
}

// lines are a stack as the user sees it. Calls that repeat are written once.
func (s stack) lines() []string {
	var out []string
	if s.title != "" {
		out = append(out, s.title)
	}
	for i := 0; i < len(s.calls); {
		loop, times := repeats(s.calls[i:])
		for _, c := range s.calls[i : i+loop] {
			out = append(out, c.function)
			if c.at != "" {
				out = append(out, c.at)
			}
		}
		switch {
		case times > 1 && loop == 1:
			out = append(out, fmt.Sprintf("\t… %d more times", times-1))
		case times > 1:
			out = append(out, fmt.Sprintf("\t… these %d calls %d more times", loop, times-1))
		}
		i += loop * times
	}
	return out
}

// repeats returns how many calls form the loop at the beginning, and how often it
// is there; 1 and 1 if it is not worth to be shortened.
func repeats(calls []call) (loop, times int) {
	same := func(a, b call) bool { return a.at == b.at && a.name() == b.name() }
	for loop = 1; loop <= longestLoop && 3*loop <= len(calls); loop++ {
		times = 1
		for at := loop; at+loop <= len(calls) && slices.EqualFunc(calls[:loop], calls[at:at+loop], same); at += loop {
			times++
		}
		if times > 2 {
			return loop, times
		}
	}
	return 1, 1
}
