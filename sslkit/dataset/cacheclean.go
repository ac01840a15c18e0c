package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/atomicfile"
)

// cacheAbandoned is how long ago a file that is not complete was last written to
// if the process that wrote it has died.
const cacheAbandoned = 24 * time.Hour

// cacheLimit is how many GB the files of the cache may take together.
const cacheLimit = 50

// cacheFile is what the names of the cache's files look like.
var cacheFile = regexp.MustCompile(`^[0-9a-f]{16}-[0-9a-f]{16}$`)

// limit returns how many bytes the cache's files may take.
func (c *cache) limit() (int64, error) {
	const name, gigabyte = "SSLKIT_IMAGE_CACHE", 1e9
	text := os.Getenv(name)
	if text == "" {
		return cacheLimit * gigabyte, nil
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || !(value >= 0 && value <= 1e9) {
		return cacheLimit * gigabyte, fmt.Errorf("%s is %q: want a number of GB", name, text)
	}
	return int64(value * gigabyte), nil
}

// clean removes what the cache held of former states of the folder, what
// processes that died have left, and, if it is larger than it may be, what was not
// used for longest. The cache's own file stays. What cannot be removed does, too.
func (c *cache) clean() error {
	type file struct {
		path string
		used time.Time
		size int64
	}
	var files []file
	total := int64(0)
	entries, err := os.ReadDir(c.dir)
	for _, entry := range entries {
		path := filepath.Join(c.dir, entry.Name())
		info, err := entry.Info()
		switch {
		case err != nil || !info.Mode().IsRegular(): // gone, or not ours
		case atomicfile.IsPending(entry.Name()):
			if time.Since(info.ModTime()) > cacheAbandoned {
				os.Remove(path)
			}
		case path == c.path():
			total += info.Size()
		case strings.HasPrefix(entry.Name(), c.name):
			os.Remove(path)
		case cacheFile.MatchString(entry.Name()):
			total += info.Size()
			files = append(files, file{path, info.ModTime(), info.Size()})
		}
	}
	limit, wrong := c.limit()
	if wrong != nil {
		err = wrong
	}
	slices.SortFunc(files, func(a, b file) int { return a.used.Compare(b.used) })
	for _, file := range files {
		if total <= limit {
			break
		}
		if os.Remove(file.path) == nil {
			total -= file.size
		}
	}
	return err
}
