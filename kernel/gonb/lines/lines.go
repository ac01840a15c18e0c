// Package lines tells in the user's words what the compiler and the runtime say of
// GoNB's main.go.
//
//   - [Index] holds the cells whose declarations can be in that file.
//   - [Annotate] puts positions of cells into it before it is built, and [Number] the
//     cells' numbers into the program that was built.
//   - [Explain] explains the errors of a build, [Trace] the crash of a program.
package lines

import (
	"regexp"
	"sync"
)

// lazy is a pattern that is compiled when it is used: the shims, which start several
// times a cell, mostly need none.
func lazy(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}
