package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/gossl/gossl/sslkit/internal/par"
)

// A walk adds the images below folders to a listing, of the class to be added
// next. However many links lead to a folder, it is entered once for each class,
// and none that the listing's folder lies in is.
type walk struct {
	ctx     context.Context
	list    *listing
	counter *meter          // of images
	around  map[entity]bool // the listing's folder and those that it lies in
	seen    map[entity]bool // folders that were entered for this class
	links   []string        // to folders, to be followed once all else is listed
}

// An entity is a file or folder, whatever its names.
type entity struct{ device, inode uint64 }

func entityOf(info fs.FileInfo) entity {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		return entity{uint64(stat.Dev), stat.Ino}
	}
	return entity{}
}

func newWalk(ctx context.Context, l *listing, progress Progress) (*walk, error) {
	w := &walk{ctx: ctx, list: l, around: map[entity]bool{}}
	w.counter = newMeter(progress, "listing "+filepath.Base(l.dir), 0)
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

// entriesAtOnce is how many entries of a folder are looked at together. A folder
// may have millions.
const entriesAtOnce = 1024

// enter adds the images below a folder.
func (w *walk) enter(name string) error {
	dir := filepath.Join(w.list.dir, filepath.FromSlash(name))
	file, err := os.Open(dir)
	if err != nil {
		return err // has the path
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err // has the path
	}
	if w.seen[entityOf(info)] {
		return nil
	}
	w.seen[entityOf(info)] = true
	var inner []innerFolder
	for {
		entries, err := file.ReadDir(entriesAtOnce)
		if err == io.EOF {
			break
		}
		if err == nil {
			inner, err = w.add(name, entries, inner)
		}
		if err != nil {
			return err // has the path
		}
	}
	file.Close() // folders may be nested deeply
	slices.SortFunc(inner, func(a, b innerFolder) int { return cmp.Compare(a.name, b.name) })
	for _, folder := range inner {
		if folder.link {
			w.links = append(w.links, folder.name)
			continue
		}
		if err := w.enter(folder.name); err != nil {
			return err
		}
	}
	return nil
}

// An innerFolder is a folder in another, or a link there to a folder.
type innerFolder struct {
	name string
	link bool
}

// add adds the images among a folder's entries to the listing, and the folders to
// the others in it.
func (w *walk) add(name string, entries []os.DirEntry, inner []innerFolder) ([]innerFolder, error) {
	stats := make([]stat, len(entries))
	if err := par.Each(w.ctx, len(entries), func(k int) { stats[k] = w.stat(name, entries[k]) }); err != nil {
		return nil, err
	}
	for k, entry := range entries {
		inside := path.Join(name, entry.Name())
		found, err := w.look(inside, entry, stats[k])
		switch {
		case err != nil:
			return nil, err
		case found == aFolder:
			inner = append(inner, innerFolder{inside, entry.Type()&os.ModeSymlink != 0})
		case found == anImage:
			w.list.files = append(w.list.files, imageFile{
				name: inside, class: int32(len(w.list.classes)), bytes: stats[k].info.Size(), modified: stats[k].info.ModTime().UnixNano(),
			})
			w.counter.add(1)
		}
	}
	return inner, nil
}

// What an entry of a folder is, or leads to.
type entryKind int

const (
	nothing entryKind = iota // that counts: hidden, or noted already
	aFolder
	anImage
)

// A stat is what the system knows of an entry, or of what a link leads to.
type stat struct {
	info os.FileInfo // nil if the entry's name is enough
	err  error
}

func (w *walk) stat(name string, entry os.DirEntry) stat {
	if strings.HasPrefix(entry.Name(), ".") || entry.Type().IsRegular() && !isImageName(entry.Name()) {
		return stat{}
	}
	info, err := os.Stat(filepath.Join(w.list.dir, filepath.FromSlash(name), entry.Name()))
	return stat{info, err}
}

// look says what an entry of a folder is, whose name in the listing's folder is
// inside, and notes what is neither an image nor a folder to be entered.
func (w *walk) look(inside string, entry os.DirEntry, s stat) (entryKind, error) {
	if strings.HasPrefix(entry.Name(), ".") {
		return nothing, nil
	}
	lost := errors.Is(s.err, fs.ErrNotExist) || errors.Is(s.err, syscall.ELOOP) || errors.Is(s.err, syscall.ENOTDIR)
	switch {
	case lost && entry.Type()&os.ModeSymlink != 0:
		w.lost(inside, s.err)
	case s.err != nil:
		return nothing, s.err // has the path
	case s.info == nil:
		w.list.others.add(strings.ToLower(path.Ext(inside)), inside)
	case s.info.IsDir() && w.around[entityOf(s.info)]:
		w.list.others.add("links to folders around it", inside)
	case s.info.IsDir():
		return aFolder, nil
	case !s.info.Mode().IsRegular():
		w.list.others.add("devices, pipes or sockets", inside)
	case !isImageName(inside):
		w.list.others.add(strings.ToLower(path.Ext(inside)), inside)
	default:
		return anImage, nil
	}
	return nothing, nil
}

// lost notes a link that leads nowhere: among the corrupt files, unless its name
// says that it is no image.
func (w *walk) lost(inside string, err error) {
	if ending := path.Ext(inside); ending != "" && !isImageName(inside) {
		w.list.others.add(strings.ToLower(ending), inside)
		return
	}
	reason := errors.New("a link that leads to itself")
	target, readErr := os.Readlink(filepath.Join(w.list.dir, filepath.FromSlash(inside)))
	if readErr == nil && !errors.Is(err, syscall.ELOOP) {
		reason = fmt.Errorf("a link to %s, which is not there", target)
	}
	w.list.corrupt = append(w.list.corrupt, CorruptFile{Name: inside, Err: reason})
}
