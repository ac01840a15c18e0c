package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// toyNoise is the contents of the file toy/noise.bin in the toy archive, of
// which gzip makes no less.
var toyNoise = func() []byte {
	noise := make([]byte, 300_000)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(noise)
	return noise
}()

// pack returns a tar of the entries, packed by gzip. Entries of type file hold
// toyNoise.
func pack(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	writer := tar.NewWriter(zipped)
	for _, entry := range entries {
		if entry.Typeflag == tar.TypeReg {
			entry.Mode, entry.Size = 0o600, int64(len(toyNoise))
		}
		if err := writer.WriteHeader(&entry); err != nil {
			t.Fatal(err)
		}
		if entry.Typeflag == tar.TypeReg {
			writer.Write(toyNoise)
		}
	}
	if err := errors.Join(writer.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func packToy(t *testing.T) []byte {
	return pack(t,
		tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "a remark"}},
		tar.Header{Typeflag: tar.TypeDir, Name: "./toy/"},
		tar.Header{Typeflag: tar.TypeReg, Name: "./toy/noise.bin"},
		tar.Header{Typeflag: tar.TypeReg, Name: "./toy/train/class/1.bin"}, // without entries for its folders
	)
}

// A toyServer serves an archive. faults, one for each of the first requests,
// answer in its place; after them all is well.
type toyServer struct {
	*httptest.Server
	data   []byte
	faults []http.HandlerFunc

	mutex  sync.Mutex
	ranges []string // the Range header of each request
	sent   atomic.Int64
}

func serveToy(t *testing.T, data []byte, faults ...http.HandlerFunc) *toyServer {
	s := &toyServer{data: data, faults: faults}
	mux := http.NewServeMux()
	// Toronto's server redirects, too.
	mux.Handle("/moved/toy.tgz", http.RedirectHandler("/toy.tgz", http.StatusMovedPermanently))
	mux.HandleFunc("/toy.tgz", func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		n := len(s.ranges)
		s.ranges = append(s.ranges, r.Header.Get("Range"))
		s.mutex.Unlock()
		w = counter{w, &s.sent}
		if n < len(s.faults) && s.faults[n] != nil {
			s.faults[n](w, r)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.data))
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// A counter counts the bytes of bodies.
type counter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (c counter) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

func (c counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// archive returns the served archive, to be gotten impatiently.
func (s *toyServer) archive() archive {
	sum := md5.Sum(s.data)
	return archive{
		name: "toy", url: s.URL + "/moved/toy.tgz", md5: hex.EncodeToString(sum[:]), size: int64(len(s.data)),
		unpacked: 600_000, folder: "toy", wanted: []string{"noise.bin", "train/class"},
		stall: 10 * time.Second, waits: []time.Duration{time.Millisecond, time.Millisecond},
	}
}

// checkToy checks that the toy data lie in dir and nothing else.
func checkToy(t *testing.T, dir string) {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files = append(files, strings.TrimPrefix(path, dir+string(filepath.Separator)))
		if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, toyNoise) {
			t.Errorf("%s has other contents (error %v)", path, err)
		}
		return nil
	})
	want := []string{filepath.FromSlash("toy/noise.bin"), filepath.FromSlash("toy/train/class/1.bin")}
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("got files %q and error %v, want %q", files, err, want)
	}
}

// wantError checks that an error is there and has all the parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("got no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error does not contain %q:\n%v", part, err)
		}
	}
}

func TestFetchArchive(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), filepath.Join(t.TempDir(), "new", "data")
	last := map[string]int64{}
	progress := func(what string, done, total int64) {
		if done < last[what] || total != a.size {
			t.Errorf("%s: %d of %d after %d of %d", what, done, total, last[what], a.size)
		}
		last[what] = done
	}
	for range 2 { // the second has nothing to do
		if err := a.fetch(t.Context(), dir, progress); err != nil {
			t.Fatal(err)
		}
		checkToy(t, dir)
		if len(s.ranges) != 1 || s.ranges[0] != "" || s.sent.Load() != a.size {
			t.Errorf("%d bytes in %d requests with ranges %q, want one request for all", s.sent.Load(), len(s.ranges), s.ranges)
		}
	}
	if len(last) != 2 || last["downloading toy.tgz"] != a.size || last["unpacking toy.tgz"] != a.size {
		t.Errorf("progress ends with %v, want %d bytes downloaded and unpacked", last, a.size)
	}
}

func TestFetchNames(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("SSLKIT_DATA", dir)
	wantError(t, Fetch(t.Context(), "cifar", nil),
		`dataset: Fetch: no data set is called "cifar"; there are "cifar10", "imagenette" and "shapes"`)
	if err := Fetch(t.Context(), Shapes, nil); err != nil {
		t.Error(err)
	}
	for _, known := range sets {
		a := known.archive
		if a == nil {
			continue
		}
		if len(a.md5) != 32 || len(a.wanted) == 0 || a.size == 0 || a.unpacked == 0 || a.stall == 0 || !strings.HasPrefix(a.url, "https://") {
			t.Errorf("%s: incomplete: %+v", a.name, a)
		}
		for _, name := range a.wanted {
			path := filepath.Join(dir, a.folder, name, "image.JPEG") // a file where one is wanted would do, too
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("x"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		if err := Fetch(t.Context(), a.name, nil); err != nil {
			t.Errorf("%s: the data are there, and yet: %v", a.name, err)
		}
	}
}

// Someone may have unpacked a part by hand.
func TestFetchFindsAPart(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	path := filepath.Join(dir, "toy", "noise.bin")
	for _, contents := range []string{"", "mine"} { // noise.bin is empty, then train/class is missing
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(contents), 0o644)); err != nil {
			t.Fatal(err)
		}
		wantError(t, a.fetch(t.Context(), dir, nil), "dataset: toy: ", filepath.Dir(path)+" is there, but not all", "move it away")
		if got, err := os.ReadFile(path); err != nil || string(got) != contents {
			t.Errorf("the file became %q (error %v), want %q as before", got, err, contents)
		}
	}
	if len(s.ranges) != 0 {
		t.Errorf("%d requests, want none", len(s.ranges))
	}
}

func TestFetchAtOnce(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if err := a.fetch(t.Context(), dir, nil); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	checkToy(t, dir)
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
}

func TestFetchStopsWaiting(t *testing.T) {
	a, dir := serveToy(t, packToy(t)).archive(), t.TempDir()
	lock, err := a.lock(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	ctx, cancel := context.WithCancel(t.Context())
	said := ""
	err = a.fetch(ctx, dir, func(what string, _, _ int64) { said = what; cancel() })
	wantError(t, err, "dataset: toy: locking "+a.lockFile(dir))
	if !errors.Is(err, context.Canceled) || said != "waiting for another process that fetches toy" {
		t.Errorf("said %q, then %v", said, err)
	}
}

func TestFetchWhereNothingCanBeWritten(t *testing.T) {
	a := serveToy(t, packToy(t)).archive()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, a.fetch(t.Context(), file, nil), "dataset: toy: mkdir "+file, "SSLKIT_DATA")
	for _, denied := range []error{syscall.EROFS, syscall.EACCES} {
		err := &fs.PathError{Op: "open", Path: "/d/toy.tgz.part", Err: denied}
		wantError(t, a.explain(t.Context(), "/d", err), "dataset: toy: open /d/toy.tgz.part: "+denied.Error(), "another directory than /d")
	}
	t.Run("for real", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write anywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o555); err != nil {
			t.Fatal(err)
		}
		wantError(t, a.fetch(t.Context(), dir, nil), "dataset: toy: locking "+a.lockFile(dir), "permission denied", "another directory than "+dir)
		if err := a.fetch(t.Context(), filepath.Join(dir, "new"), nil); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got error %v, want %v", err, fs.ErrPermission)
		}
	})
}

// Whatever a tar says, nothing outside of the folder is touched.
func TestFetchHostileTar(t *testing.T) {
	base := t.TempDir()
	victim := filepath.Join(base, "victim")
	reg := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name} }
	link := func(kind byte, to string) tar.Header {
		return tar.Header{Typeflag: kind, Name: "toy/link", Linkname: to}
	}
	for _, test := range []struct {
		name    string
		entries []tar.Header
		want    string
	}{
		{"up", []tar.Header{reg("../../victim")}, `entry "../../victim": the name leads out`},
		{"up later", []tar.Header{reg("toy/../../../victim")}, "the name leads out"},
		{"absolute", []tar.Header{reg(victim)}, "the name leads out"},
		{"folder up", []tar.Header{{Typeflag: tar.TypeDir, Name: "../../victim/"}}, "the name leads out"},
		{"empty", []tar.Header{reg("")}, "the name leads out"},
		{"symbolic link", []tar.Header{link(tar.TypeSymlink, victim), reg("toy/link")}, `entry "toy/link": is of type '2', want files and folders`},
		{"symbolic link to a folder", []tar.Header{link(tar.TypeSymlink, base), reg("toy/link/victim")}, "is of type '2'"},
		{"link", []tar.Header{link(tar.TypeLink, victim)}, "is of type '1'"},
		{"device", []tar.Header{{Typeflag: tar.TypeChar, Name: "toy/null", Devmajor: 1, Devminor: 3}}, "is of type '3'"},
		{"pipe", []tar.Header{{Typeflag: tar.TypeFifo, Name: "toy/pipe"}}, "is of type '6'"},
		{"a folder where a file is", []tar.Header{reg("toy/a"), reg("toy/a/b")}, `entry "toy/a/b": `},
		{"nothing", nil, "noise.bin"},
		{"not all", []tar.Header{reg("toy/noise.bin"), {Typeflag: tar.TypeDir, Name: "toy/train/class/"}}, "class: is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(base, "data")
			s := serveToy(t, pack(t, test.entries...))
			a := s.archive()
			wantError(t, a.fetch(t.Context(), dir, nil), "dataset: toy: unpacking "+a.part(dir), test.want)
			if _, err := os.Lstat(victim); err == nil {
				t.Error("a file came into being elsewhere")
			}
			left, err := filepath.Glob(filepath.Join(dir, "toy*"))
			if err != nil || len(left) != 2 { // .lock, .part
				t.Errorf("%q is left (error %v), want no data", left, err)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFetchNotAnArchive(t *testing.T) {
	whole := packToy(t)
	for name, data := range map[string][]byte{"text": []byte("this is no archive at all"), "half": whole[:len(whole)/2]} {
		a, dir := serveToy(t, data).archive(), t.TempDir()
		if err := a.fetch(t.Context(), dir, nil); err == nil {
			t.Errorf("%s: got no error", name)
		}
		if _, err := os.Stat(filepath.Join(dir, "toy")); err == nil {
			t.Errorf("%s: the data are there", name)
		}
	}
}

// A run may have been killed at any point.
func TestFetchRemovesLeftovers(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	leave := func(names ...string) {
		for _, name := range names {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("left"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	leave("toy.tgz.lock", "toy.tgz.unpacking/toy/left.bin") // while unpacking
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	leave("toy.tgz.lock", "toy.tgz.part", "toy.tgz.unpacking/left.bin") // when the data were there
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
}
