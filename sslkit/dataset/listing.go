package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrNoClasses is the error of a folder that has no folders of classes.
var ErrNoClasses = errors.New("no folders of classes")

// A listing is what there is to read in a folder.
type listing struct {
	dir     string        // absolute
	classes []string      // names of the folders, sorted; nil: images without classes
	files   []*imageFile  // in the order of the images
	broken  []CorruptFile // links that lead nowhere
	loose   int           // images beside the folders of classes
	others  others        // whatever else is there
}

// An imageFile is one file of a listing.
type imageFile struct {
	name     string // relative to the listing's folder, with slashes
	class    int32  // 0 without classes
	bytes    int64
	modified time.Time
	header   header // empty before it is known
}

// path returns where a file is.
func (l *listing) path(file *imageFile) string {
	return filepath.Join(l.dir, filepath.FromSlash(file.name))
}

// first returns a listing of the first n images, of all if n is 0.
func (l *listing) first(n int) *listing {
	if n == 0 || n >= len(l.files) {
		return l
	}
	few := *l
	few.files = l.files[:n]
	return &few
}

// listFolder lists the images of a folder that [Folder] describes.
func listFolder(ctx context.Context, dir string, unlabelled bool) (*listing, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &listing{dir: dir}
	if unlabelled {
		err = l.listAll(ctx)
	} else {
		err = l.listClasses(ctx)
	}
	if err != nil {
		return nil, err
	}
	l.sort()
	return l, nil
}

// listAll adds all images below the folder.
func (l *listing) listAll(ctx context.Context) error {
	w, err := newWalk(ctx, l)
	if err != nil {
		return err
	}
	if err := w.all(""); err != nil {
		return err
	}
	if len(l.files)+len(l.broken) == 0 {
		return l.noImages(l.dir)
	}
	return nil
}

// listClasses adds the images of each class.
func (l *listing) listClasses(ctx context.Context) error {
	w, err := newWalk(ctx, l)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(l.dir) // sorted
	if err != nil {
		return err // has the path
	}
	for _, entry := range entries {
		found, _, err := w.look("", entry)
		switch {
		case err != nil:
			return err
		case found == anImage:
			l.loose++
			continue
		case found != aFolder:
			continue
		}
		first := len(l.files) + len(l.broken)
		if err := w.all(entry.Name()); err != nil {
			return err
		}
		if len(l.files)+len(l.broken) == first {
			return l.noImages(filepath.Join(l.dir, entry.Name()))
		}
		l.classes = append(l.classes, entry.Name())
	}
	if len(l.classes) == 0 {
		return fmt.Errorf("%s: %w: want images in %s, or FolderOptions.Unlabelled for images without classes",
			l.dir, ErrNoClasses, filepath.Join(l.dir, "<class>", "<image>.jpg"))
	}
	return nil
}

func (l *listing) noImages(dir string) error {
	last := len(imageEndings) - 1
	err := fmt.Errorf("%s: no images: want files that end in %s or %s", dir, strings.Join(imageEndings[:last], ", "), imageEndings[last])
	if text := l.others.String(); text != "" {
		return fmt.Errorf("%w; %s has %s", err, l.dir, text)
	}
	return err
}

// sort puts files in the order that [Folder] describes.
func (l *listing) sort() {
	slices.SortFunc(l.files, func(a, b *imageFile) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name))
	})
	turns := make([]int, len(l.files)) // how many of the class come before
	for i := 1; i < len(l.files); i++ {
		if l.files[i].class == l.files[i-1].class {
			turns[i] = turns[i-1] + 1
		}
	}
	order := make([]int, len(l.files))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(turns[a], turns[b]) })
	sorted := make([]*imageFile, len(l.files))
	for i, from := range order {
		sorted[i] = l.files[from]
	}
	l.files = sorted
}

// without returns a listing that lacks the corrupt files, in order again, and
// what is then empty, if anything is: a class, or the folder.
func (l *listing) without(corrupt []CorruptFile) (rest *listing, empty string) {
	if len(corrupt) == 0 {
		return l, ""
	}
	gone := map[string]bool{}
	for _, file := range corrupt {
		gone[file.Name] = true
	}
	rest = &listing{dir: l.dir, classes: l.classes}
	left := make([]int, max(1, len(l.classes)))
	for _, file := range l.files {
		if !gone[file.name] {
			rest.files = append(rest.files, file)
			left[file.class]++
		}
	}
	switch class := slices.Index(left, 0); {
	case class >= 0 && l.classes == nil:
		empty = "the folder"
	case class >= 0:
		empty = "class " + l.classes[class]
	}
	rest.sort()
	return rest, empty
}

// corrupt returns the error for these files.
func (l *listing) corrupt(files []CorruptFile) *CorruptError {
	files = slices.SortedFunc(slices.Values(files), func(a, b CorruptFile) int { return cmp.Compare(a.Name, b.Name) })
	return &CorruptError{Dir: l.dir, Total: len(l.files) + len(l.broken), Files: files}
}

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

// others count the files of a folder that are not read, by the ends of their
// names or what they are.
type others map[string]*other

type other struct {
	count int
	first string // the name of one
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
