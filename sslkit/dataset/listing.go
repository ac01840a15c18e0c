package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
