package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// cut sends the first n bytes and breaks the connection.
func cut(data []byte, n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:n])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// whole sends everything, whatever range was asked for, and no length.
func whole(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		http.NewResponseController(w).Flush()
		w.Write(data)
	}
}

func answer(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", status) }
}

func from(n int) string { return fmt.Sprintf("bytes=%d-", n) }

func TestFetchGoesOn(t *testing.T) {
	data := packToy(t)
	half, most := len(data)/2, len(data)*3/4
	s := serveToy(t, data, cut(data, half), nil)
	a, dir := s.archive(), t.TempDir()
	a.waits = nil
	err := a.fetch(t.Context(), dir, nil)
	wantError(t, err, "dataset: toy: downloading "+a.url, fmt.Sprintf("%d of %d bytes", half, len(data)), "unexpected EOF")
	if got, err := os.ReadFile(a.part(dir)); err != nil || !bytes.Equal(got, data[:half]) {
		t.Fatalf("%d bytes are kept (error %v), want the first %d", len(got), err, half)
	}
	if _, err := os.Stat(filepath.Join(dir, "toy")); err == nil {
		t.Error("the data are there before they are complete")
	}
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	if want := []string{"", from(half)}; !slices.Equal(s.ranges, want) || s.sent.Load() != a.size {
		t.Errorf("%d bytes were sent for ranges %q, want %d for %q", s.sent.Load(), s.ranges, a.size, want)
	}

	// The same without ending in between; a new byte makes patience new.
	s = serveToy(t, data, answer(500), cut(data, half), answer(503), nil)
	s.faults[3] = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", half, len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[half:most])
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	a, dir = s.archive(), t.TempDir()
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	if want := []string{"", "", from(half), from(half), from(most)}; !slices.Equal(s.ranges, want) {
		t.Errorf("got requests for ranges %q, want %q", s.ranges, want)
	}
}

// What is there of the archive may be of no use.
func TestFetchStartsAnew(t *testing.T) {
	data := packToy(t)
	part := func(n int, faulty int) []byte {
		part := append(bytes.Clone(data), "and more"...)[:n]
		if faulty >= 0 {
			part[faulty]++
		}
		return part
	}
	wrongRange := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data)
	}
	for _, test := range []struct {
		name   string
		part   []byte
		fault  http.HandlerFunc
		ranges []string
	}{
		{"the server knows no ranges", part(1000, -1), whole(data), []string{from(1000)}},
		{"the server sends another range", part(1000, -1), wrongRange, []string{from(1000), ""}},
		{"the server's file was shorter", part(1000, -1), answer(416), []string{from(1000), ""}},
		{"another version", part(1000, 7), nil, []string{from(1000), ""}},
		{"another version, complete", part(len(data), 7), nil, []string{""}},
		{"longer", part(len(data)+1, -1), nil, []string{""}},
		{"complete", part(len(data), -1), nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serveToy(t, data, test.fault)
			a, dir := s.archive(), t.TempDir()
			if err := os.WriteFile(a.part(dir), test.part, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := a.fetch(t.Context(), dir, nil); err != nil {
				t.Fatal(err)
			}
			checkToy(t, dir)
			if !slices.Equal(s.ranges, test.ranges) {
				t.Errorf("got requests for ranges %q, want %q", s.ranges, test.ranges)
			}
		})
	}
}

func TestFetchFails(t *testing.T) {
	data := packToy(t)
	damaged := bytes.Clone(data)
	damaged[1000]++
	length := fmt.Sprint(len(data))
	other := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 1000-1999/2000")
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[:1000])
	}
	for _, test := range []struct {
		name     string
		fault    http.HandlerFunc
		part     int // bytes that are there before
		requests int
		kept     int // bytes that are there after
		want     []string
	}{
		{"damaged", whole(damaged), 0, 1, 0, []string{"MD5 checksum is ", "want ", "is removed", "fetch again"}},
		{"damaged and resumed", whole(damaged), 1000, 2, 0, []string{"MD5 checksum is "}},
		{"shorter file", answer(200), 0, 1, 0, []string{"sends 3 bytes, want " + length, "login"}},
		{"longer body", whole(append(bytes.Clone(data), 0)), 0, 1, 0, []string{"more than " + length + " bytes", "login"}},
		{"short body", whole(data[:2000]), 0, 3, 2000, []string{"2000 of " + length, "tried 3 times"}},
		{"broken again and again", cut(data, 2000), 0, 3, 2000, []string{"unexpected EOF", "tried 3 times"}},
		{"range of another file", other, 1000, 1, 1000, []string{"has 2000 bytes, want " + length}},
		{"not found", answer(404), 0, 1, 0, []string{"404 Not Found"}},
		{"forbidden", answer(403), 1000, 1, 1000, []string{"403 Forbidden"}},
		{"busy", answer(503), 1000, 3, 1000, []string{"503 Service Unavailable", "tried 3 times; 1000 of " + length}},
		{"too many requests", answer(429), 0, 3, 0, []string{"429 Too Many Requests"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := serveToy(t, data, slices.Repeat([]http.HandlerFunc{test.fault}, 9)...)
			a, dir := s.archive(), t.TempDir()
			if test.part > 0 {
				if err := os.WriteFile(a.part(dir), data[:test.part], 0o644); err != nil {
					t.Fatal(err)
				}
			}
			err := a.fetch(t.Context(), dir, nil)
			wantError(t, err, append(test.want, "dataset: toy: downloading "+a.url, "by hand", "SSLKIT_DATA",
				"unpack "+a.url+" into "+dir, "that holds toy")...)
			if len(s.ranges) != test.requests {
				t.Errorf("%d requests, want %d", len(s.ranges), test.requests)
			}
			if n := fileSize(a.part(dir)); n != int64(test.kept) {
				t.Errorf("%d bytes are kept, want %d", n, test.kept)
			}
			if _, err := os.Stat(filepath.Join(dir, "toy")); err == nil {
				t.Error("data came into being")
			}
		})
	}
}

func TestFetchOffline(t *testing.T) {
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	s.Close()
	wantError(t, a.fetch(t.Context(), dir, nil), "tried 3 times; 0 of", "To place the files by hand, unpack "+a.url+" into "+dir)
}

func TestFetchStalled(t *testing.T) {
	data := packToy(t)
	hang := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		w.Write(data[:2000])
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
	mute := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	s := serveToy(t, data, hang, mute)
	a, dir := s.archive(), t.TempDir()
	a.stall = 300 * time.Millisecond
	if err := a.fetch(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	checkToy(t, dir)
	if want := []string{"", from(2000), from(2000)}; !slices.Equal(s.ranges, want) {
		t.Errorf("got requests for ranges %q, want %q", s.ranges, want)
	}
	s = serveToy(t, data, mute)
	a = s.archive()
	a.stall, a.waits = 100*time.Millisecond, nil
	wantError(t, a.fetch(t.Context(), t.TempDir(), nil), "no byte came for 100ms (tried 1 times")
}

func TestFetchCanceled(t *testing.T) {
	data := packToy(t)
	for _, what := range []string{"downloading toy.tgz", "unpacking toy.tgz"} {
		s := serveToy(t, data)
		a, dir := s.archive(), t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		err := a.fetch(ctx, dir, func(doing string, done, _ int64) {
			if doing == what && done > 0 {
				cancel()
			}
		})
		wantError(t, err, "dataset: toy: ", "fetching again goes on from there")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
		kept := fileSize(a.part(dir))
		if _, err := os.Stat(filepath.Join(dir, "toy")); err == nil || kept == 0 {
			t.Errorf("%d bytes are kept, data are there: %v", kept, err == nil)
		}
		if err := a.fetch(t.Context(), dir, nil); err != nil {
			t.Fatal(err)
		}
		checkToy(t, dir)
		if kept < a.size && s.ranges[1] != from(int(kept)) || kept == a.size && len(s.ranges) != 1 {
			t.Errorf("with %d bytes kept, got requests for ranges %q", kept, s.ranges)
		}
	}
}

func TestFetchNoSpace(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skipf("no file that is always full: %v", err)
	}
	s := serveToy(t, packToy(t))
	a, dir := s.archive(), t.TempDir()
	if err := os.Symlink(full, a.part(dir)); err != nil {
		t.Skipf("no links here: %v", err)
	}
	a.unpacked = 184_400_000
	wantError(t, a.fetch(t.Context(), dir, nil), "no space left on device", a.part(dir), "1 MB for the archive and about 185 MB for its files",
		"make room", "another directory than "+dir)
	if len(s.ranges) != 1 {
		t.Errorf("%d requests, want 1", len(s.ranges))
	}
}
