package dataset

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParallel(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		var last, total int64 = -1, -1
		counter := newMeter(func(what string, done, of int64) { last, total = done, of }, "counting", int64(n))
		seen := make([]atomic.Int32, n)
		var workers atomic.Int32
		err := parallel(t.Context(), n, counter, func() func(int) error {
			workers.Add(1)
			return func(i int) error {
				seen[i].Add(1)
				return nil
			}
		})
		counter.end()
		if err != nil || last != int64(n) || total != int64(n) || int(workers.Load()) != min(n, runtime.GOMAXPROCS(0)) {
			t.Errorf("%d pieces: error %v, %d of %d done by %d workers", n, err, last, total, workers.Load())
		}
		for i := range seen {
			if times := seen[i].Load(); times != 1 {
				t.Errorf("piece %d was done %d times", i, times)
			}
		}
	}
}

func TestParallelStops(t *testing.T) {
	wrong := errors.New("wrong")
	var done atomic.Int32
	work := func(i int) error {
		done.Add(1)
		if i == 5 {
			return wrong
		}
		time.Sleep(time.Microsecond)
		return nil
	}
	err := parallel(t.Context(), 1_000_000, newMeter(nil, "", 0), func() func(int) error { return work })
	if err != wrong || done.Load() > 500_000 {
		t.Errorf("got error %v after %d pieces, want %v soon after the sixth", err, done.Load(), wrong)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := parallel(ctx, 10, newMeter(nil, "", 0), func() func(int) error { return work }); err != context.Canceled {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
}

// Calls come one at a time, seldom, and with growing numbers.
func TestMeter(t *testing.T) {
	const n, pause = 60, 10 * time.Millisecond
	var inside atomic.Int32
	var last int64
	calls := 0
	counter := newMeter(func(what string, done, total int64) {
		if inside.Add(1) != 1 {
			t.Error("two calls at a time")
		}
		if what != "sleeping" || total != n || done < last {
			t.Errorf("%s: %d of %d, after %d", what, done, total, last)
		}
		last = done
		calls++
		inside.Add(-1)
	}, "sleeping", n)
	start := time.Now()
	err := parallel(t.Context(), n, counter, func() func(int) error {
		return func(int) error {
			time.Sleep(pause)
			return nil
		}
	})
	counter.end()
	if most := 1 + int(time.Since(start)/progressEvery); err != nil || last != n || calls < 1 || calls > most {
		t.Errorf("error %v, %d of %d, %d calls, want %d at most", err, last, n, calls, most)
	}
}

// corruptFiles are files that look well from outside, and why they are not. Some
// are seen to be corrupt by their header, others when they are decoded.
func corruptFiles(t *testing.T) (files map[string][]byte, list []CorruptFile) {
	_, half := encoded(t, 30, 40)
	files = map[string][]byte{
		"a/empty.png": nil,
		"a/text.jpg":  []byte("no image"),
		"b/bomb.png":  claim(half, 20_000, 20_000),
		"b/half.png":  half[:len(half)/2],
	}
	for name, reason := range map[string]string{
		"a/empty.png": "empty", "a/text.jpg": "neither JPEG, PNG, WebP, GIF, BMP nor TIFF",
		"b/bomb.png": "20000×20000 are too many pixels, want at most 100 million", "b/half.png": "png: invalid format: not enough pixel data",
	} {
		list = append(list, CorruptFile{name, errors.New(reason)})
	}
	slices.SortFunc(list, func(x, y CorruptFile) int { return strings.Compare(x.Name, y.Name) })
	return files, list
}

func TestFolderCorrupt(t *testing.T) {
	home := ownHome(t)
	files, list := corruptFiles(t)
	for i, name := range []string{"a/1.png", "b/1.png", "a/2.png", "b/2.png"} {
		files[name] = asPNG(t, i, 3, 4) // all but the corrupt have one size
	}
	dir := writeFiles(t, files)
	for range 2 { // what the first keeps does not hide them
		_, err := Folder(t.Context(), dir, FolderOptions{})
		var corrupt *CorruptError
		if !errors.As(err, &corrupt) {
			t.Fatalf("got error %v, want a CorruptError", err)
		}
		want := &CorruptError{Dir: dir, Total: 8, Files: list}
		sameText := cmp.Comparer(func(a, b error) bool { return a.Error() == b.Error() })
		if diff := cmp.Diff(want, corrupt, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Err" }, sameText)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, part := range []string{"dataset: " + dir, "4 of 8 files", "a/text.jpg: neither JPEG, PNG", "b/half.png: ", "SkipCorrupt"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error does not contain %q:\n%v", part, err)
			}
		}
	}
	for _, from := range []string{"files", "cache"} {
		images, err := Folder(t.Context(), dir, FolderOptions{SkipCorrupt: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a/empty.png", "a/text.jpg", "b/bomb.png", "b/half.png"}, images.Skipped); diff != "" {
			t.Errorf("from %s: skipped (-want +got):\n%s", from, diff)
		}
		if images.Len() != 4 || images.Frames != nil || !slices.Equal(images.At(3), testPixels(3, 3, 4)) {
			t.Errorf("from %s: got %+v", from, images)
		}
	}
	if _, err := Folder(t.Context(), dir, FolderOptions{}); !errors.As(err, new(*CorruptError)) {
		t.Errorf("the cache of skipped files hides them: got error %v", err)
	}
	if names := shardNames(t, home); len(names) != 1 {
		t.Errorf("the cache holds %v, want one file", names)
	}
}

func TestFolderClassOfCorruptFiles(t *testing.T) {
	ownHome(t)
	files, _ := corruptFiles(t)
	files["a/1.png"] = asPNG(t, 0, 3, 4)
	dir := writeFiles(t, files)
	for _, test := range []struct {
		opts FolderOptions
		want string
	}{
		{FolderOptions{}, "dataset: " + dir + ": 4 of 5 files cannot be decoded:\n"},
		{FolderOptions{SkipCorrupt: true}, "dataset: no image of class b is left: " + dir + ": 4 of 5 files cannot be decoded:\n"},
	} {
		_, err := Folder(t.Context(), dir, test.opts)
		if !errors.As(err, new(*CorruptError)) || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%+v: got error %v, want %s", test.opts, err, test.want)
		}
	}
	delete(files, "a/1.png")
	if _, err := Folder(t.Context(), writeFiles(t, files), FolderOptions{}); !errors.As(err, new(*CorruptError)) {
		t.Errorf("nothing but corrupt files: got error %v", err)
	}
}

func TestCorruptErrorIsShort(t *testing.T) {
	e := &CorruptError{Dir: "d", Total: 100}
	for i := range 25 {
		e.Files = append(e.Files, CorruptFile{fmt.Sprintf("a/%02d.jpg", i), errors.New("truncated")})
	}
	text := e.Error()
	if lines := strings.Count(text, "\n"); lines != 22 || !strings.Contains(text, "a/19.jpg") || strings.Contains(text, "a/20.jpg") ||
		!strings.Contains(text, "\n\tand 5 more\n") {
		t.Errorf("%d lines:\n%s", lines, text)
	}
}

// When the context ends, work ends and leaves nothing.
func TestFolderCancelled(t *testing.T) {
	home := ownHome(t)
	files := map[string][]byte{}
	for i := range 20 {
		files[fmt.Sprintf("a/%d.png", i)] = asPNG(t, i, 3, 4)
	}
	dir := writeFiles(t, files)
	for _, during := range []string{"", "listing ", "looking at ", "decoding ", "checking "} {
		if during == "checking " { // now something is in the cache
			if _, err := Folder(t.Context(), dir, FolderOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		if during == "" {
			cancel(errors.New("enough"))
		}
		images, err := Folder(ctx, dir, FolderOptions{Progress: func(what string, done, total int64) {
			if strings.HasPrefix(what, during) {
				cancel(errors.New("enough"))
			}
		}})
		cancel(nil)
		if !errors.Is(err, context.Canceled) || images != nil {
			t.Errorf("ended while %s: got images %v and error %v", during, images, err)
		}
		if names := shardNames(t, home); during != "checking " && during != "decoding " && len(names) != 0 {
			t.Errorf("ended while %s: the cache holds %v", during, names)
		}
	}
}
