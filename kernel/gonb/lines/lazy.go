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
