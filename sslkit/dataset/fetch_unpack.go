package dataset

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// unpack unpacks the downloaded archive beside the place where the data
// belong, and moves them there when they are complete. What a run left that was
// killed in the middle is removed first.
func (a archive) unpack(ctx context.Context, dir string, progress Progress) (err error) {
	temporary := a.unpacking(dir)
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := os.Mkdir(temporary, 0o755); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	file, err := os.Open(a.part(dir))
	if err != nil {
		return err
	}
	defer file.Close()
	what, done := "unpacking "+a.base(), int64(0)
	report := func(n int) {
		done += int64(n)
		progress(what, min(done, a.size-1), a.size) // the end is below
	}
	if err := untar(ctx, temporary, bufio.NewReaderSize(reporter{file, report}, 64<<10)); err != nil {
		return err
	}
	folder := filepath.Join(temporary, a.folder)
	if err := a.check(folder); err != nil {
		return err
	}
	if err := os.Rename(folder, filepath.Join(dir, a.folder)); err != nil {
		return err
	}
	progress(what, a.size, a.size)
	return nil
}

// A reporter tells how many bytes were read.
type reporter struct {
	io.Reader
	report func(n int)
}

func (r reporter) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.report(n)
	return n, err
}

// untar unpacks a tar that gzip has packed into a folder. Nothing outside of it
// is touched, whatever the tar says: names that lead out of it are errors, as
// are links and devices. Files get the usual permissions, and times of now.
func untar(ctx context.Context, folder string, r io.Reader) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	entries := tar.NewReader(unzipped)
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		entry, err := entries.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := untarEntry(root, entry, entries); err != nil {
			return fmt.Errorf("entry %q: %w", entry.Name, err)
		}
	}
}

// untarEntry makes a file with the contents, or a folder.
func untarEntry(root *os.Root, entry *tar.Header, contents io.Reader) error {
	name := filepath.FromSlash(entry.Name)
	switch {
	case entry.Typeflag == tar.TypeXGlobalHeader:
		return nil // a remark on the archive
	case !filepath.IsLocal(name):
		return errors.New("the name leads out of the folder")
	case entry.Typeflag == tar.TypeDir:
		return root.MkdirAll(filepath.Clean(name), 0o755)
	case entry.Typeflag != tar.TypeReg:
		return fmt.Errorf("is of type %q, want files and folders only", entry.Typeflag)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := root.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, contents)
	return errors.Join(err, file.Close())
}
