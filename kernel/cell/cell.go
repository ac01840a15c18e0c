// Package cell makes of a user's cell what stock GoNB treats right. GoNB keeps
// declarations by name and runs what stands in func main; where its names clash,
// where it reads text as commands, and where a cell has no func main, the text
// changes. Lines keep their numbers.
package cell

import (
	"maps"
	"strings"
)

// The files that go beside GoNB's main.go: GoNB does not parse them, the go
// command builds them.
const (
	ImportsFile = "sslkit_imports.go"
	ShowFile    = "sslkit_show.go"
	ImageFile   = "sslkit_image.go"
)

// Rewritten is a cell for GoNB.
type Rewritten struct {
	// Code has the lines of the user's code. Where func main has to be closed, or a
	// cell of commands needs a line of Go for GoNB to run it, one line is appended.
	Code string
	// Files are those that must lie beside main.go: name to content, "" for one that
	// must not exist. It is nil for cells that are not Go.
	Files map[string]string
}

// Session is what is remembered of the cells so far.
type Session struct {
	// PackageName finds the name of the package at an import path. It is asked for
	// paths that do not end in the name, such as math/rand/v2; without it, or if it
	// does not know, the name is guessed from the path.
	PackageName func(path string) (name string, ok bool)

	kept memory // of the cells that were built
	next memory // kept and what the current cell adds
}

// memory is what cells leave behind.
type memory struct {
	blank     map[string]bool   // import paths
	receivers map[string]string // method name to generic type, by value
	images    bool              // a cell imports a package of images
	preambles []string          // C code before import "C"
}

// NewSession returns a session without cells.
func NewSession() *Session { return &Session{kept: newMemory()} }

func newMemory() memory {
	return memory{blank: map[string]bool{}, receivers: map[string]string{}}
}

func (m memory) clone() memory {
	return memory{blank: maps.Clone(m.blank), receivers: maps.Clone(m.receivers), images: m.images, preambles: m.preambles}
}

// Rewrite makes of a user's code what GoNB treats right. The error is for the
// user: GoNB would silently lose code, and it says what to write instead.
func (s *Session) Rewrite(code string) (Rewritten, error) {
	src := read(code)
	if src.magic {
		return Rewritten{Code: src.withoutReturns()}, nil
	}
	s.obey(src.commands)
	s.next = s.kept.clone()
	r := rewriter{source: src, names: s.PackageName, memory: &s.next}
	if err := r.rewrite(); err != nil {
		s.next = s.kept.clone()
		return Rewritten{}, err
	}
	s.next.preambles = withPreamble(s.next.preambles, preamble(src.golang))
	out := Rewritten{Code: r.apply(), Files: map[string]string{ImportsFile: s.next.imports(), ShowFile: "", ImageFile: ""}}
	out.Files[CgoHeader], out.Files[CgoFile] = cgoFiles(s.next.preambles)
	if src.exec && src.blankGo(out.Code) {
		out.Code += "\n//"
	}
	if r.shows {
		out.Files[ShowFile] = showSource
		if s.next.images {
			out.Files[ImageFile] = imageSource
		}
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
				if method, ok := strings.CutPrefix(key, "unknown~"); ok {
					delete(s.kept.receivers, method)
				}
			}
		}
	}
}
