package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// A walk adds the images below folders to a listing, of the class to be added
// next. However many links lead to a folder, it is entered once for each class,
// and none that the listing's folder lies in is.
type walk struct {
	ctx    context.Context
	list   *listing
	around map[entity]bool // the listing's folder and those that it lies in
	seen   map[entity]bool // folders that were entered for this class
	links  []string        // to folders, to be followed once all else is listed
}

// An entity is a file or folder, whatever its names.
type entity struct{ device, inode uint64 }

func entityOf(info fs.FileInfo) entity {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return entity{uint64(stat.Dev), stat.Ino}
	}
	return entity{}
}

func newWalk(ctx context.Context, l *listing) (*walk, error) {
	w := &walk{ctx: ctx, list: l, around: map[entity]bool{}}
	dir, err := filepath.EvalSymlinks(l.dir)
	if err != nil {
		return nil, err // has the path
	}
	for {
		if info, err := os.Stat(dir); err == nil { // one may look into a folder without the right to see those around
			w.around[entityOf(info)] = true
		}
		if dir == filepath.Dir(dir) {
			return w, nil
		}
		dir = filepath.Dir(dir)
	}
}

// all adds the images below a folder of the listing's.
func (w *walk) all(name string) error {
	w.seen, w.links = map[entity]bool{}, []string{name}
	for len(w.links) > 0 {
		next := w.links[0]
		w.links = w.links[1:]
		if err := w.enter(next); err != nil {
			return err
		}
	}
	return nil
}

// enter adds the images below a folder.
func (w *walk) enter(name string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	dir := filepath.Join(w.list.dir, filepath.FromSlash(name))
	info, err := os.Stat(dir)
	if err != nil {
		return err // has the path
	}
	if w.seen[entityOf(info)] {
		return nil
	}
	w.seen[entityOf(info)] = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err // has the path
	}
	for _, entry := range entries {
		inside := path.Join(name, entry.Name())
		found, info, err := w.look(name, entry)
		switch {
		case err != nil:
			return err
		case found == aFolder && entry.Type()&os.ModeSymlink != 0:
			w.links = append(w.links, inside)
		case found == aFolder:
			if err := w.enter(inside); err != nil {
				return err
			}
		case found == anImage:
			w.list.files = append(w.list.files, &imageFile{
				name: inside, class: int32(len(w.list.classes)), bytes: info.Size(), modified: info.ModTime(),
			})
		}
	}
	return nil
}

// What an entry of a folder is, or leads to.
type entryKind int

const (
	nothing entryKind = iota // that counts: hidden, or noted already
	aFolder
	anImage
)

// look says what an entry of a folder is, and notes what is neither an image nor a
// folder to be entered.
func (w *walk) look(name string, entry os.DirEntry) (entryKind, os.FileInfo, error) {
	if strings.HasPrefix(entry.Name(), ".") {
		return nothing, nil, nil
	}
	inside := path.Join(name, entry.Name())
	if entry.Type().IsRegular() && !isImageName(inside) {
		w.list.others.add(strings.ToLower(path.Ext(inside)), inside)
		return nothing, nil, nil
	}
	file := filepath.Join(w.list.dir, filepath.FromSlash(inside))
	info, err := os.Stat(file)
	lost := errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR)
	switch {
	case lost && entry.Type()&os.ModeSymlink != 0:
		w.lost(inside, file, err)
	case err != nil:
		return nothing, nil, err // has the path
	case info.IsDir() && w.around[entityOf(info)]:
		w.list.others.add("links to folders around it", inside)
	case info.IsDir():
		return aFolder, info, nil
	case !info.Mode().IsRegular():
		w.list.others.add("devices, pipes or sockets", inside)
	case !isImageName(inside):
		w.list.others.add(strings.ToLower(path.Ext(inside)), inside)
	default:
		return anImage, info, nil
	}
	return nothing, nil, nil
}

// lost notes a link that leads nowhere: among the corrupt files, unless its name
// says that it is no image.
func (w *walk) lost(inside, file string, err error) {
	if ending := path.Ext(inside); ending != "" && !isImageName(inside) {
		w.list.others.add(strings.ToLower(ending), inside)
		return
	}
	reason := errors.New("a link that leads to itself")
	if target, readErr := os.Readlink(file); readErr == nil && !errors.Is(err, syscall.ELOOP) {
		reason = fmt.Errorf("a link to %s, which is not there", target)
	}
	w.list.broken = append(w.list.broken, CorruptFile{Name: inside, Err: reason})
}
