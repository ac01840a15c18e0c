package dataset

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// others count the files of a folder that are not read, by the ends of their
// names or what they are.
type others map[string]*other

type other struct {
	count int
	first string // by name
}

// photographs are endings of images that no well-kept library for Go reads.
var photographs = []string{
	".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf",
	".psd", ".svg", ".ppm", ".pgm", ".exr", ".hdr", ".ico", ".jpe",
}

func (o *others) add(what, name string) {
	if *o == nil {
		*o = others{}
	}
	if (*o)[what] == nil {
		(*o)[what] = &other{first: name}
	}
	(*o)[what].first = min((*o)[what].first, name)
	(*o)[what].count++
}

// String names them in one line, the most frequent first, with an example each:
// "3 .txt (a/notes.txt)".
func (o others) String() string {
	const most = 10
	kinds := make([]string, 0, len(o))
	for what := range o {
		kinds = append(kinds, what)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		return cmp.Or(cmp.Compare(o[b].count, o[a].count), cmp.Compare(a, b))
	})
	var parts []string
	convert := ""
	for i, what := range kinds {
		if slices.Contains(photographs, what) && convert == "" {
			convert = "; images in these formats have to be converted, to JPEG for example"
		}
		if i == most {
			parts = append(parts, fmt.Sprintf("%d other kinds", len(kinds)-most))
		}
		if i >= most {
			continue
		}
		name := what
		if what == "" {
			name = "without an ending"
		}
		parts = append(parts, fmt.Sprintf("%d %s (%s)", o[what].count, printableName(name), printableName(filepath.FromSlash(o[what].first))))
	}
	return strings.Join(parts, ", ") + convert
}

// printableName quotes a name that would break a line or a terminal.
func printableName(name string) string {
	if quoted := fmt.Sprintf("%q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
