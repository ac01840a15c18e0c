package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// cacheLimit is how many GB all caches may take together.
const cacheLimit = 50

// Names in the folder of caches: of a cache, and of files that former versions have
// kept there or were writing when they ended.
var (
	cacheName  = regexp.MustCompile(`^[0-9a-f]{16}$`)
	formerName = regexp.MustCompile(`^\.?[0-9a-f]{16}-[0-9a-f]{16}(\d*|\.tmp)$`)
)

// limit returns how many bytes all caches may take.
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

// removeStale removes what the cache held of former states of the folder, and what
// processes that died were writing, unless another process is at work here.
func (c *cache) removeStale() {
	if !c.locks.try(atWork) {
		return
	}
	defer c.locks.unlock(atWork)
	wanted := map[string]bool{"sizes": true, "lock": true}
	for _, s := range c.shards {
		wanted[filepath.Base(s.path)] = true
	}
	entries, _ := os.ReadDir(c.dir)
	for _, entry := range entries {
		if !wanted[entry.Name()] {
			os.Remove(filepath.Join(c.dir, entry.Name()))
		}
	}
}

// clean removes files of former versions and, if all caches are larger than they
// may be together, those that were not used for longest. This one stays, and those at
// which somebody works. What cannot be removed does, too.
func (c *cache) clean() error {
	type folder struct {
		path string
		used time.Time
		size int64
	}
	var others []folder
	total, _ := usage(c.dir)
	root := filepath.Dir(c.dir)
	entries, err := os.ReadDir(root)
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		switch {
		case entry.Type().IsRegular() && formerName.MatchString(entry.Name()):
			os.Remove(path)
		case entry.IsDir() && cacheName.MatchString(entry.Name()) && path != c.dir:
			size, used := usage(path)
			total += size
			others = append(others, folder{path, used, size})
		}
	}
	limit, wrong := c.limit()
	if wrong != nil {
		err = wrong
	}
	slices.SortFunc(others, func(a, b folder) int { return a.used.Compare(b.used) })
	for _, other := range others {
		if total <= limit {
			break
		}
		if removeCache(other.path) {
			total -= other.size
		}
	}
	return err
}

// usage is how many bytes a cache takes, and when it was last used.
func usage(dir string) (size int64, used time.Time) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil { // gone
			continue
		}
		size += info.Size()
		if entry.Name() == "sizes" {
			used = info.ModTime()
		}
	}
	return size, used
}

// removeCache removes a cache unless somebody works at it, and says whether it did.
func removeCache(dir string) bool {
	l, err := lockFolder(dir)
	if l == nil || err != nil {
		return false
	}
	defer l.close()
	return l.try(atWork) && os.RemoveAll(dir) == nil
}
