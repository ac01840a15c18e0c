package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// ErrNoClasses is the error of a folder that has no folders of classes.
var ErrNoClasses = errors.New("no folders of classes")

// A listing is what there is to read in a folder.
type listing struct {
	dir     string      // absolute
	classes []string    // names of the folders, sorted; nil: images without classes
	files   []imageFile // in the order of the images
	loose   int         // images beside the folders of classes
}

// An imageFile is one file of a listing.
type imageFile struct {
	name          string // relative to the listing's folder, with slashes
	class         int32  // 0 without classes
	bytes         int64
	modified      time.Time
	height, width int // of the image in it; 0 before they are known
}

// path returns where file i is.
func (l *listing) path(i int) string {
	return filepath.Join(l.dir, filepath.FromSlash(l.files[i].name))
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
	info, err := os.Stat(l.dir)
	if err != nil {
		return err // has the path
	}
	if err := l.walk(ctx, "", []os.FileInfo{info}); err != nil {
		return err
	}
	if len(l.files) == 0 {
		return noImages(l.dir)
	}
	return nil
}

// listClasses adds the images of each class.
func (l *listing) listClasses(ctx context.Context) error {
	entries, err := os.ReadDir(l.dir) // sorted
	if err != nil {
		return err // has the path
	}
	for _, entry := range entries {
		info, err := statEntry(l.dir, entry)
		switch {
		case err != nil:
			return err
		case info == nil:
			continue
		case !info.IsDir():
			l.loose++
			continue
		}
		first := len(l.files)
		if err := l.walk(ctx, entry.Name(), []os.FileInfo{info}); err != nil {
			return err
		}
		if len(l.files) == first {
			return noImages(filepath.Join(l.dir, entry.Name()))
		}
		l.classes = append(l.classes, entry.Name())
	}
	if len(l.classes) == 0 {
		return fmt.Errorf("%s: %w: want images in %s, or FolderOptions.Unlabelled for images without classes",
			l.dir, ErrNoClasses, filepath.Join(l.dir, "<class>", "<image>.jpg"))
	}
	return nil
}

func noImages(dir string) error {
	return fmt.Errorf("%s: no images: want files that end in .jpg, .jpeg or .png", dir)
}

// walk adds the images in a folder, which may lie deep in that of the class to
// be added next. The last of parents is the folder itself.
func (l *listing) walk(ctx context.Context, folder string, parents []os.FileInfo) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	dir := filepath.Join(l.dir, filepath.FromSlash(folder))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err // has the path
	}
	for _, entry := range entries {
		name := path.Join(folder, entry.Name())
		info, err := statEntry(dir, entry)
		switch {
		case err != nil:
			return err
		case info == nil:
		case info.IsDir():
			if slices.ContainsFunc(parents, func(parent os.FileInfo) bool { return os.SameFile(parent, info) }) {
				continue // a link to where we come from
			}
			if err := l.walk(ctx, name, append(parents[:len(parents):len(parents)], info)); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			l.files = append(l.files, imageFile{
				name: name, class: int32(len(l.classes)), bytes: info.Size(), modified: info.ModTime(),
			})
		}
	}
	return nil
}

// statEntry returns what an entry of a directory is or links to, or nil if
// [Folder] ignores it for its name.
func statEntry(dir string, entry os.DirEntry) (os.FileInfo, error) {
	name := entry.Name()
	link := entry.Type()&os.ModeSymlink != 0
	if strings.HasPrefix(name, ".") || !link && !entry.IsDir() && !isImageName(name) {
		return nil, nil
	}
	info, err := os.Stat(filepath.Join(dir, name))
	if err != nil {
		return nil, err // has the path
	}
	if !info.IsDir() && !isImageName(name) {
		return nil, nil
	}
	return info, nil
}

func isImageName(name string) bool {
	return slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(name)))
}

// sort puts files in the order that [Folder] describes.
func (l *listing) sort() {
	slices.SortFunc(l.files, func(a, b imageFile) int {
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
	sorted := make([]imageFile, len(l.files))
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
	return &CorruptError{Dir: l.dir, Total: len(l.files), Files: files}
}
