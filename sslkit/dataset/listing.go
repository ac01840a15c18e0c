package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoClasses is the error of a folder that has no folders of classes.
var ErrNoClasses = errors.New("no folders of classes")

// A listing is what there is to read in a folder. A million files take about
// 120 MB.
type listing struct {
	dir     string        // absolute
	classes []string      // names of the folders, sorted; nil: images without classes
	files   []imageFile   // in the order of the images, but for the corrupt ones
	corrupt []CorruptFile // links that lead nowhere, and files that have turned out to be no images
	reasons reasons       // of the latter
	loose   int           // images beside the folders of classes
	others  others        // whatever else is there
}

// An imageFile is one file of a listing.
type imageFile struct {
	name     string // relative to the listing's folder, with slashes
	bytes    int64
	modified int64 // in nanoseconds, as Unix counts them
	class    int32 // 0 without classes
	turn     int32 // how many files of the class come before
	header   header
}

// A fileID stands for a file as it is: one that has changed has another.
type fileID uint64

// reasons say why files are no images.
type reasons map[fileID]string

// id returns the file's. Two of a million files have the same one once in forty
// million folders.
func (f *imageFile) id() fileID {
	what := make([]byte, 0, 128)
	what = append(what, f.name...)
	what = append(what, 0)
	what = binary.LittleEndian.AppendUint64(what, uint64(f.bytes))
	what = binary.LittleEndian.AppendUint64(what, uint64(f.modified))
	sum := sha256.Sum256(what)
	return fileID(binary.LittleEndian.Uint64(sum[:]))
}

// path returns where a file is.
func (l *listing) path(file *imageFile) string {
	return filepath.Join(l.dir, filepath.FromSlash(file.name))
}

// first returns a listing of the first n images, of all if n is 0. It shares them.
func (l *listing) first(n int) *listing {
	if n == 0 || n >= len(l.files) {
		return l
	}
	few := *l
	few.files = l.files[:n]
	return &few
}

// listFolder lists the images of a folder that [Folder] describes.
func listFolder(ctx context.Context, dir string, opts FolderOptions) (*listing, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	l := &listing{dir: dir}
	w, err := newWalk(ctx, l, opts.Progress)
	if err != nil {
		return nil, err
	}
	if opts.Unlabelled {
		err = l.listAll(w)
	} else {
		err = l.listClasses(w)
	}
	if err != nil {
		return nil, err
	}
	w.counter.end()
	l.sort()
	return l, ctx.Err() // it may have been ended by whoever hears of progress
}

// listAll adds all images below the folder.
func (l *listing) listAll(w *walk) error {
	if err := w.all(""); err != nil {
		return err
	}
	if len(l.files)+len(l.corrupt) == 0 {
		return l.noImages(l.dir)
	}
	return nil
}

// listClasses adds the images of each class.
func (l *listing) listClasses(w *walk) error {
	entries, err := os.ReadDir(l.dir) // sorted
	if err != nil {
		return err // has the path
	}
	for _, entry := range entries {
		found, err := w.look(entry.Name(), entry, w.stat("", entry))
		switch {
		case err != nil:
			return err
		case found == anImage:
			l.loose++
			continue
		case found != aFolder:
			continue
		}
		first := len(l.files) + len(l.corrupt)
		if err := w.all(entry.Name()); err != nil {
			return err
		}
		if len(l.files)+len(l.corrupt) == first {
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
	slices.SortFunc(l.files, func(a, b imageFile) int {
		return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name))
	})
	for i := range l.files {
		l.files[i].turn = 0
		if i > 0 && l.files[i].class == l.files[i-1].class {
			l.files[i].turn = l.files[i-1].turn + 1
		}
	}
	slices.SortFunc(l.files, func(a, b imageFile) int {
		return cmp.Or(cmp.Compare(a.turn, b.turn), cmp.Compare(a.class, b.class))
	})
}

// leaveOut takes corrupt files out of those that are images, which are then in
// order again.
func (l *listing) leaveOut(corrupt []CorruptFile) {
	if len(corrupt) == 0 {
		return
	}
	gone := map[string]error{}
	for _, file := range corrupt {
		gone[file.Name] = file.Err
	}
	l.corrupt = append(l.corrupt, corrupt...)
	if l.reasons == nil {
		l.reasons = reasons{}
	}
	l.files = slices.DeleteFunc(l.files, func(file imageFile) bool {
		err := gone[file.name]
		if err != nil {
			l.reasons[file.id()] = err.Error()
		}
		return err != nil
	})
	l.sort()
}

// empty names what has no image left, if anything has none: a class, or the folder.
func (l *listing) empty() string {
	left := make([]bool, max(1, len(l.classes)))
	for i := range l.files {
		left[l.files[i].class] = true
	}
	switch class := slices.Index(left, false); {
	case class < 0:
		return ""
	case l.classes == nil:
		return "the folder"
	default:
		return "class " + l.classes[class]
	}
}

// corruptError returns the error for the corrupt files.
func (l *listing) corruptError() *CorruptError {
	files := slices.SortedFunc(slices.Values(l.corrupt), func(a, b CorruptFile) int { return cmp.Compare(a.Name, b.Name) })
	return &CorruptError{Dir: l.dir, Total: len(l.files) + len(l.corrupt), Files: files}
}
