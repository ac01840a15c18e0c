package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gossl/gossl/sslkit/embedding"
)

// find returns the image of the set that the query names, or -1 if it names a file
// on the disk, or nothing. Where it could be two things, the note says which it is
// and how the other is called.
func (q query) find(s *embedding.Set) (image int, note string, err error) {
	row, same := q.named(s)
	_, statErr := os.Stat(q.what)
	onDisk := statErr == nil && !same
	what := printable(q.what)
	switch {
	case row >= 0 && !onDisk:
		return row, "", nil
	case row >= 0 && q.run != "":
		return -1, fmt.Sprintf("--query %s is the file on the disk; the image of that name in the features is --query %d", what, row), nil
	case row >= 0:
		return row, fmt.Sprintf("--query %s is the image of that name in the features; with --run it is the file on the disk", what), nil
	}
	if i, err := strconv.Atoi(q.what); err == nil {
		if i < 0 || i >= s.Len() {
			return 0, "", fmt.Errorf("--query %d: want 0 to %d, for there are %d images", i, s.Len()-1, s.Len())
		}
		if onDisk {
			note = fmt.Sprintf("--query %d is row %d; the file on the disk is ./%d", i, i, i)
		}
		return i, note, nil
	}
	ends := q.ends(s)
	if !onDisk {
		return q.oneOf(s, ends)
	}
	if len(ends) == 0 {
		return -1, "", nil
	}
	other := fmt.Sprintf("the image %s in the features is --query %d", printable(s.Files[ends[0]]), ends[0])
	if q.run == "" {
		return 0, "", fmt.Errorf("--query %s is a file on the disk, which takes --run to embed; %s", what, other)
	}
	return -1, fmt.Sprintf("--query %s is the file on the disk; %s", what, other), nil
}

// named is the image whose name the query is, or -1. It is the same file for sure
// where its path leads through the folder that the names start from.
func (q query) named(s *embedding.Set) (image int, same bool) {
	if q.images != "" {
		below, err := filepath.Rel(q.images, q.what)
		if i := slices.Index(s.Files, filepath.ToSlash(below)); err == nil && i >= 0 {
			return i, true
		}
	}
	for _, name := range []string{q.what, filepath.ToSlash(filepath.Clean(q.what))} {
		if i := slices.Index(s.Files, name); i >= 0 {
			return i, false
		}
	}
	return -1, false
}

// ends are the images whose names end with the query.
func (q query) ends(s *embedding.Set) []int {
	var ends []int
	for i, file := range s.Files {
		if strings.HasSuffix(file, "/"+filepath.ToSlash(filepath.Clean(q.what))) {
			ends = append(ends, i)
		}
	}
	return ends
}

// oneOf is the one image whose name ends with the query, or -1.
func (q query) oneOf(s *embedding.Set, ends []int) (image int, note string, err error) {
	switch len(ends) {
	case 0:
		return -1, "", nil
	case 1:
		return ends[0], "", nil
	}
	return 0, "", fmt.Errorf("--query %s: %d files end so, among them %s and %s: say more of the path",
		q.what, len(ends), printable(s.Files[ends[0]]), printable(s.Files[ends[1]]))
}
