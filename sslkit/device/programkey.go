package device

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/gossl/gossl/internal/nvidia"
	"github.com/rogpeppe/go-internal/cache"
)

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
	parts := []string{string(kind), deviceName, strings.Join(xlaFlags(kind), " "), os.Getenv("NPROC"), fmt.Sprint(runtime.NumCPU()), cpuFlags()}
	if kind == CUDA {
		driver, err := nvidia.Driver("/")
		if err != nil {
			driver = nil // then programs of all drivers have one key, and the plugin refuses one that does not fit
		}
		parts = append(parts, string(driver))
	}
	return parts
}

// xlaFlags are the flags in XLA_FLAGS that a program depends on: all but those that
// name a folder and, on a CPU, those for GPUs.
func xlaFlags(kind Kind) []string {
	return slices.DeleteFunc(strings.Fields(os.Getenv("XLA_FLAGS")), func(flag string) bool {
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
func libraries(pluginPath string) []string {
	found, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(pluginPath))), "nvidia*.dist-info"))
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
