package front

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/kernel/launch"
)

// runDir is a kernel's own folder, readable by its user alone: sockets, shims,
// and GoNB's temporary folder. It is gone when the kernel ends; what a killed
// kernel left is removed by the next one.
type runDir struct {
	path string
	work string // folder that GoNB builds in; "" until it is made
	lock *os.File
}

const (
	runPrefix = "kernel-"
	lockName  = "lock"
	makeTime  = time.Minute // a folder that is older and has no lock is abandoned; a younger one may be in the making
)

func newRunDir(parent string) (*runDir, error) {
	if _, err := RemoveStale(parent); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(parent, runPrefix)
	if err != nil {
		return nil, fmt.Errorf("front: %w", err)
	}
	d := &runDir{path: path}
	if d.lock, err = hold(path); err != nil {
		return nil, errors.Join(fmt.Errorf("front: lock %s: %w", path, err), os.RemoveAll(path))
	}
	for _, dir := range []string{d.bin(), d.temp()} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("front: %w", err), os.RemoveAll(path))
		}
	}
	return d, nil
}

// hold locks a folder. All that this process starts inherits the lock: if the kernel is
// killed, its processes may write into the folder until they end as well. The file gets
// its name when it is locked: without the lock, a kernel that starts at the same time
// would take the folder for an abandoned one.
func hold(dir string) (*os.File, error) {
	file, err := os.CreateTemp(dir, lockName+"-")
	if err != nil {
		return nil, err
	}
	if err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
		_, err = unix.FcntlInt(file.Fd(), unix.F_SETFD, 0) // stays open in children
	}
	if err == nil {
		err = os.Rename(file.Name(), filepath.Join(dir, lockName))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (d *runDir) bin() string    { return filepath.Join(d.path, "bin") }
func (d *runDir) temp() string   { return filepath.Join(d.path, "tmp") }
func (d *runDir) socket() string { return filepath.Join(d.path, "front") }
func (d *runDir) stdin() string  { return filepath.Join(d.path, "stdin") }
func (d *runDir) gate() string   { return filepath.Join(d.path, "gate") }
func (d *runDir) cells() string  { return filepath.Join(d.path, "cells.json") }

// addShims puts this program on GoNB's PATH under the names of its shims. They lead to a
// hard link of its own: a new version that is installed later must not change a kernel
// that runs.
func (d *runDir) addShims() error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("front: %w", err)
	}
	own := filepath.Join(d.bin(), filepath.Base(self))
	if os.Link(self, own) != nil { // another file system
		own = self
	}
	if err := os.WriteFile(filepath.Join(d.bin(), launch.ScriptName), []byte(launch.Script), 0o700); err != nil {
		return fmt.Errorf("front: %w", err)
	}
	for _, shim := range launch.Shims {
		if err := os.Symlink(own, filepath.Join(d.bin(), shim)); err != nil {
			return fmt.Errorf("front: %w", err)
		}
	}
	return nil
}

func (d *runDir) remove() {
	_ = os.RemoveAll(d.path) // the next kernel tries again
	_ = d.lock.Close()
}

// RemoveStale removes the folders of kernels that were killed, and returns their paths.
func RemoveStale(parent string) ([]string, error) {
	stale, err := Stale(parent)
	for _, path := range stale {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return stale, err
}

// Stale returns the folders below parent that killed kernels left.
func Stale(parent string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(parent, runPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("front: %w", err)
	}
	var stale []string
	for _, path := range found {
		if abandoned(path) {
			stale = append(stale, path)
		}
	}
	return stale, nil
}

// abandoned says whether no process holds a kernel's folder.
func abandoned(path string) bool {
	lock, err := os.Open(filepath.Join(path, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		info, err := os.Stat(path)
		return err == nil && time.Since(info.ModTime()) > makeTime
	}
	if err != nil {
		return false
	}
	defer lock.Close()
	return unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// workDir is the folder that GoNB builds in.
func (f *front) workDir() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dir.work
}
