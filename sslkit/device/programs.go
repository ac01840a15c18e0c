package device

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gossl/gossl/internal/nvidia"
	"github.com/gossl/gossl/internal/place"
	"github.com/rogpeppe/go-internal/cache"
)

const (
	// worthKeeping is how long a compilation takes at least to be kept.
	worthKeeping = 20 * time.Millisecond
	// cacheLimit is the size in bytes that the cache may grow to.
	cacheLimit = 2 << 30
	// cacheFormat changes when older entries must not be read.
	cacheFormat = "sslkit program cache 1"
)

// programCache keeps compiled programs in [place.Programs], so that the next process
// loads them. A nil one keeps nothing. Its files hold machine code that gets
// executed: only the user may write there.
type programCache struct {
	dir   string
	files *cache.Cache
	salt  []byte // what a program's machine code depends on, besides program and options
	limit int64
}

// openCache opens the cache of a plugin. The error says why there is none.
func openCache(kind Kind, pluginPath, deviceName string) (*programCache, error) {
	const off, name = "off", "SSLKIT_COMPILE_CACHE"
	if v := os.Getenv(name); v == off {
		return nil, nil
	} else if v != "" {
		return nil, fmt.Errorf("%s is %q: want %q or nothing", name, v, off)
	}
	c, err := cacheIn(place.Programs(place.Home()))
	if err != nil {
		return nil, err
	}
	build, err := c.fingerprint(pluginPath)
	if err != nil {
		return nil, err
	}
	c.salt = append(build, strings.Join(append(hardware(kind, deviceName), libraries(pluginPath)...), "\n")...)
	return c, nil
}

// cacheIn opens a cache in a folder that nobody else can write to.
func cacheIn(dir string) (*programCache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return nil, err
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; !info.IsDir() || int(owner) != os.Geteuid() {
		return nil, fmt.Errorf("%s is not a folder of user %d", dir, os.Geteuid())
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := cache.Open(dir)
	if err != nil {
		return nil, err
	}
	return &programCache{dir: dir, files: files, limit: cacheLimit}, nil
}

// get returns a compiled program, or nil if there is none or it is damaged.
func (c *programCache) get(id cache.ActionID) []byte {
	if c == nil {
		return nil
	}
	if data := c.read(id); len(data) > 0 {
		return data
	}
	return nil
}

// read returns an entry whose checksum is right, else nil.
func (c *programCache) read(id cache.ActionID) []byte {
	data, _, err := c.files.GetBytes(id)
	if err != nil {
		return nil
	}
	return data
}

// put keeps a compiled program. Where that fails, on a full disk for example,
// the next process compiles again.
func (c *programCache) put(id cache.ActionID, program []byte) {
	if c.files.PutBytes(id, program) == nil {
		_ = c.trim()
	}
}

// trim removes what was used longest ago until the cache is as small as it must be.
func (c *programCache) trim() error {
	type entry struct {
		path string
		size int64
		used time.Time
	}
	var entries []entry
	var total int64
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreMissing(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreMissing(err)
		}
		entries, total = append(entries, entry{path, info.Size(), info.ModTime()}), total+info.Size()
		return nil
	})
	if err != nil || total <= c.limit {
		return err
	}
	slices.SortFunc(entries, func(a, b entry) int { return a.used.Compare(b.used) })
	for _, e := range entries {
		if total <= c.limit {
			break
		}
		if err := ignoreMissing(os.Remove(e.path)); err != nil {
			return err
		}
		total -= e.size
	}
	return nil
}

// ignoreMissing drops the error of a file that another process removed.
func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// key names a program.
func (c *programCache) key(program, options []byte) cache.ActionID {
	if c == nil {
		return cache.ActionID{}
	}
	hash := sha256.New()
	for _, part := range [][]byte{[]byte(cacheFormat), c.salt, options, program} {
		_ = binary.Write(hash, binary.LittleEndian, int64(len(part))) // writing to a hash never fails
		hash.Write(part)
	}
	return cache.ActionID(hash.Sum(nil))
}

// hardware is what else a program is compiled for.
func hardware(kind Kind, deviceName string) []string {
	parts := []string{string(kind), deviceName, strings.Join(xlaFlags(kind), " "), os.Getenv("NPROC"), fmt.Sprint(runtime.NumCPU()), cpuFlags(), convolutionsBy(kind)}
	if kind == CUDA {
		driver, err := nvidia.Driver("/")
		if err != nil {
			driver = nil // then programs of all drivers have one key, and the plugin refuses one that does not fit
		}
		parts = append(parts, string(driver), os.Getenv("NVIDIA_TF32_OVERRIDE")) // by which convolutions were chosen, too
	}
	return parts
}

// xlaFlags are the user's flags that a program depends on: all but those that
// name a folder and, on a CPU, those for GPUs.
func xlaFlags(kind Kind) []string {
	return slices.DeleteFunc(strings.Fields(userXLAFlags()), func(flag string) bool {
		name, _, _ := strings.Cut(flag, "=")
		return strings.HasSuffix(name, "_dir") || kind == CPU && strings.HasPrefix(name, "--xla_gpu_")
	})
}

// cpuFlags are the instructions that the first processor knows.
func cpuFlags() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if strings.HasPrefix(line, "flags") {
			return line
		}
	}
	return ""
}

// libraries are the names and versions of NVIDIA's wheels beside a plugin's, which its programs call.
func libraries(pluginPath string) []string { return wheels(pluginPath, "nvidia*") }

// versions names the plugin's wheel and those beside it, in a few letters.
func versions(pluginPath string) string {
	names := append(wheels(pluginPath, "jax_cuda*"), libraries(pluginPath)...)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(names, "\n"))))[:12]
}

// wheels are the names and versions of wheels in a plugin's site-packages.
func wheels(pluginPath, pattern string) []string {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(pluginPath))), pattern+".dist-info"))
	if err != nil {
		return nil
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	return found
}

// fingerprint is the SHA-256 of a file, which is read once as long as it does not change.
func (c *programCache) fingerprint(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	s := info.Sys().(*syscall.Stat_t)
	id := cache.ActionID(sha256.Sum256(fmt.Appendf(nil, "%s\n%s %d %d %d %d %d", cacheFormat, path, s.Dev, s.Ino, s.Size, s.Mtim, s.Ctim)))
	if sum := c.read(id); len(sum) == sha256.Size {
		return sum, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return nil, err
	}
	sum := hash.Sum(nil)
	return sum, c.files.PutBytes(id, sum)
}
