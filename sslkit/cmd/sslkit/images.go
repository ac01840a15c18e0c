package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/gossl/gossl/sslkit/dataset"
)

// A source says which images are wanted.
type source struct {
	images      string // a folder, or the name of a data set
	split       string // of a data set; "": test
	limit       int    // 0: all
	unlabelled  bool   // of a folder: its folders are no classes
	skipCorrupt bool
	shortSide   int  // of a folder; 0: dataset.DefaultShortSide
	upright     bool // of a folder
}

// check returns an error that names the flag that makes no sense.
func (s source) check() error {
	named := !s.isFolder()
	switch {
	case s.images == "":
		return errors.New("--images is missing: want a folder, or cifar10, imagenette or shapes")
	case s.limit < 0:
		return fmt.Errorf("--limit %d: want 0 or more", s.limit)
	case named && s.split != "" && s.split != "train" && s.split != "test":
		return fmt.Errorf("--split %s: want train or test", s.split)
	case !named && s.split != "":
		return fmt.Errorf("--split %s: the folder %s has no splits; data sets have, which are cifar10, imagenette and shapes", s.split, s.images)
	case named && s.unlabelled:
		return fmt.Errorf("--unlabelled: %s is a data set, want a folder", s.images)
	case named && s.skipCorrupt:
		return fmt.Errorf("--skip-corrupt: %s is a data set, want a folder", s.images)
	case s.shortSide < dataset.FullSize:
		return fmt.Errorf("--short-side %d: want 0 or more, or %d to shrink no image", s.shortSide, dataset.FullSize)
	case named && s.shortSide != 0:
		return fmt.Errorf("--short-side: %s is a data set, want a folder", s.images)
	case named && s.upright:
		return fmt.Errorf("--upright: %s is a data set, want a folder", s.images)
	}
	return nil
}

// name is what the images are called.
func (s source) name() string {
	name := s.images
	if !s.isFolder() {
		name += " " + cmp.Or(s.split, "test")
	}
	if s.limit > 0 {
		name += fmt.Sprintf(", the first %d", s.limit)
	}
	return name
}

// load reads the images. Messages for people go to w.
func (s source) load(ctx context.Context, w io.Writer) (*dataset.Images, error) {
	name, report := dataset.Name(s.images), progress(w)
	if which := s.which(); which != "" {
		fmt.Fprintln(w, "sslkit:", which)
	}
	if s.isFolder() {
		return s.folder(ctx, w)
	}
	about, _ := dataset.About(name) // is known, or it would be a folder
	count := about.Test
	if s.split == "train" {
		count = about.Train
	}
	if s.limit > 0 {
		count = min(count, s.limit)
	}
	if s.split == "train" {
		set, err := dataset.Load(ctx, name, count, 0, report)
		if err != nil {
			return nil, err
		}
		return set.Train, nil
	}
	set, err := dataset.Load(ctx, name, 1, count, report) // no set is without training images
	if err != nil {
		return nil, err
	}
	return set.Test, nil
}

// folder reads a folder. One that has no folders of classes is read without them.
func (s source) folder(ctx context.Context, w io.Writer) (*dataset.Images, error) {
	opts := dataset.FolderOptions{
		ShortSide: s.shortSide, Limit: s.limit, Upright: s.upright,
		Unlabelled: s.unlabelled, SkipCorrupt: s.skipCorrupt, Progress: progress(w),
		Warn: func(text string) { fmt.Fprintln(w, "sslkit:", text) },
	}
	images, err := dataset.Folder(ctx, s.images, opts)
	if errors.Is(err, dataset.ErrNoClasses) {
		fmt.Fprintf(w, "sslkit: %s has no folders of classes: its images are embedded without classes\n", s.images)
		opts.Unlabelled = true
		return dataset.Folder(ctx, s.images, opts)
	}
	return images, err
}

// progress returns what draws a bar, if w is a terminal.
func progress(w io.Writer) func(what string, done, total int64) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func(string, int64, int64) {}
	}
	var bar *progressbar.ProgressBar
	last := ""
	return func(what string, done, total int64) {
		if bar == nil || what != last {
			last = what
			bar = progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(w),
				progressbar.OptionSetDescription(what),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionClearOnFinish(),
			)
		}
		_ = bar.Set64(done)
	}
}
