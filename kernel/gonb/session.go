package gonb

import (
	"maps"
	"slices"
	"strings"
)

// The files that go beside GoNB's main.go: GoNB does not parse them, the go
// command builds them.
const (
	importsFile = "sslkit_imports.go"
	ShowFile    = "sslkit_show.go"
)

// Rewritten is a cell for GoNB.
type Rewritten struct {
	// Code has the lines of the user's code. Where func main has to be closed, or a
	// cell of commands needs a line of Go for GoNB to run it, one line is appended.
	Code string
	// Files are those that must lie beside main.go or below: slashed path to content,
	// "" for one that must not exist. It is nil for cells that are not Go.
	Files    map[string]string
	Speaks   bool // commands of GoNB's own may print something
	Captures bool // GoNB writes what comes out to a file, too
	Password bool // what is typed as input is not to be shown
}

// Session is what is remembered of the cells so far.
type Session struct {
	// PackageName finds the name of the package at an import path. It is asked for
	// paths that do not end in the name, such as math/rand/v2; without it, or if it
	// does not know, the name is guessed from the path.
	PackageName func(path string) (name string, ok bool)
	// Shell returns the text of the command that GoNB is to run in place of one of
	// the user's; after says that what GoNB prints may belong before it. If it is nil,
	// commands stay as they are.
	Shell func(command string, after bool) string
	// Script returns the program that runs what other programs are to run as a
	// script. If it is nil, cells of other languages stay as they are.
	Script func() string

	// Module is the name of the module that cells are built in.
	Module func() string

	// Number is that of the cell that is rewritten next, by which others name it.
	Number int

	kept memory // of the cells that were built
	next memory // kept and what the current cell adds
}

// memory is what cells leave behind.
type memory struct {
	blank     map[string]bool   // import paths
	receivers map[string]string // method name to generic type, by value
	tuples    []tuple
	iota      bool     // the name is the user's
	preambles []string // C code before import "C"
}

// NewSession returns a session without cells.
func NewSession() *Session { return &Session{kept: newMemory()} }

func newMemory() memory {
	return memory{blank: map[string]bool{}, receivers: map[string]string{}}
}

func (m memory) clone() memory {
	m.blank, m.receivers, m.tuples = maps.Clone(m.blank), maps.Clone(m.receivers), slices.Clone(m.tuples)
	return m
}

// Rewrite makes of a user's code what GoNB treats right. The error is for the
// user: GoNB would silently lose code, and it says what to write instead.
func (s *Session) Rewrite(code string) (Rewritten, error) {
	src := Read(code)
	if src.Foreign {
		return Rewritten{Code: src.withoutReturns(s.Script)}, nil
	}
	if err := src.check(); err != nil {
		return Rewritten{}, err
	}
	r := rewriter{Source: src, names: s.PackageName, shell: s.Shell, number: s.Number, memory: &s.next}
	if err := r.removals(s.kept.tuples); err != nil {
		return Rewritten{}, err
	}
	s.obey(src.commands)
	s.next = s.kept.clone()
	if err := r.rewrite(); err != nil {
		s.next = s.kept.clone()
		return Rewritten{}, err
	}
	out := Rewritten{
		Code: r.apply(), Files: map[string]string{importsFile: s.next.imports(), ShowFile: ""},
		Speaks: src.speaks(), Captures: src.has("capture"), Password: src.has("with_password"),
	}
	s.next.preambles = withPreamble(s.next.preambles, preamble(src.Go))
	out.Files[CgoHeader], out.Files[cgoFile] = cgoFiles(s.next.preambles)
	if src.exec && src.blankGo(out.Code) {
		out.Code += "\n//"
	}
	if r.shows {
		module := "gonb"
		if s.Module != nil {
			module = s.Module()
		}
		return out, addShow(out.Files, module)
	}
	return out, nil
}

// Built says how the build of the cell that was rewritten last ended. What a cell
// adds to the session stays only if it was built.
func (s *Session) Built(ok bool) {
	if ok && s.next.blank != nil {
		s.kept = s.next
	}
	s.next = memory{}
}

// obey follows the commands by which GoNB forgets declarations, which it does
// whether or not the cell is built.
func (s *Session) obey(commands []command) {
	for _, c := range commands {
		switch c.name {
		case "reset":
			if len(c.args) == 0 {
				s.kept = newMemory()
			}
		case "rm", "remove":
			for _, key := range c.args {
				if key == "_" {
					clear(s.kept.blank)
				}
				if method, ok := strings.CutPrefix(key, unknownReceiver+keyMark); ok {
					delete(s.kept.receivers, method)
				}
				s.kept.iota = s.kept.iota && key != "iota"
			}
			s.kept.tuples = slices.DeleteFunc(s.kept.tuples, func(t tuple) bool { return t.within(c.args) })
		}
	}
}

// Forgets are the names that a cell's commands have GoNB forget; all if reset.
func Forgets(code string) (names []string, reset bool) {
	for _, c := range Read(code).commands {
		switch {
		case c.name == "reset" && len(c.args) == 0:
			reset = true
		case c.name == "rm" || c.name == "remove":
			names = append(names, c.args...)
		}
	}
	return names, reset
}
