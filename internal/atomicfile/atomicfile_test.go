package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// names are the names of the files in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	defer syscall.Umask(syscall.Umask(0o027))
	for _, text := range []string{"old", "the new one"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != text {
			t.Errorf("the file holds %q, want %q", got, text)
		}
		info, err := os.Stat(path)
		if want := map[string]fs.FileMode{"old": 0o640, "the new one": 0o400}[text]; err != nil || info.Mode() != want {
			t.Errorf("%q has mode %v, %v, want %v", text, info.Mode(), err, want)
		}
		if err := os.Chmod(path, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"file"}) {
		t.Errorf("the folder holds %q", got)
	}
}

func TestFailureKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Write(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("full")
	err := WriteBy(path, func(w io.Writer) error {
		_, err := w.Write([]byte("half"))
		return errors.Join(err, full)
	})
	if !errors.Is(err, full) || content(t, path) != "old" {
		t.Errorf("error %v, file %q", err, content(t, path))
	}
	if got := names(t, dir); len(got) != 1 {
		t.Errorf("the folder holds %q", got)
	}
}

func TestErrorsNameTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no", "file")
	want := "open " + path + ": no such file or directory"
	if err := Write(path, nil); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := WriteAndKeep(path, path+"-old", nil); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLinksStay(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(Write(file, []byte("old")), os.Symlink("file", link), Write(link, []byte("new"))); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != "file" || content(t, file) != "new" {
		t.Errorf("the link leads to %q, %v, the file holds %q", to, err, content(t, file))
	}
}

func TestPipesAreWrittenTo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		text, _ := os.ReadFile(path)
		read <- string(text)
	}()
	if err := Write(path, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "text" {
		t.Errorf("the pipe gave %q", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		t.Errorf("the pipe is %v now, %v", info.Mode(), err)
	}
}

func TestWriteAndKeep(t *testing.T) {
	dir := t.TempDir()
	path, keep := filepath.Join(dir, "file"), filepath.Join(dir, "before")
	for _, text := range []string{"1", "2", "3"} {
		if err := WriteAndKeep(path, keep, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := content(t, path), content(t, keep); a != "3" || b != "2" {
		t.Errorf("the file holds %s, the kept one %s", a, b)
	}
}

func TestAbandoned(t *testing.T) {
	dir := t.TempDir()
	var mine, other *File
	for path, file := range map[string]**File{"model.bin": &mine, "other": &other} {
		var err error
		if *file, err = Create(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
		defer (*file).Discard()
		if name := filepath.Base((*file).Name()); !IsPending(name) || IsPending(path) || !strings.HasPrefix(name, "."+path) {
			t.Errorf("%s is the name of a new %s", name, path)
		}
	}
	if err := errors.Join(Write(filepath.Join(dir, "model.bin"), nil), RemoveAbandoned(dir, "model.bin", "none")); err != nil {
		t.Fatal(err)
	}
	if got, want := names(t, dir), []string{filepath.Base(other.Name()), "model.bin"}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}
