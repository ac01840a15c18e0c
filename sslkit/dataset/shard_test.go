package dataset

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// smallShards lets shards have a page each.
func smallShards(t testing.TB) {
	t.Helper()
	before := shardBytes
	shardBytes = os.Getpagesize()
	t.Cleanup(func() { shardBytes = before })
}

// manySizes are images of 2 to 40 pixels a side; with one, all have 20×30.
func manySizes(t testing.TB, n int, one bool) map[string][]byte {
	files := map[string][]byte{}
	for i := range n {
		height, width := 2+i*7%39, 2+i*11%39
		if one {
			height, width = 20, 30
		}
		files[fmt.Sprintf("%c/%04d.png", 'a'+i%7, i)] = asPNG(t, i, height, width)
	}
	return files
}

// heard keeps the totals of what was done.
type heard map[string]int64

func (h heard) progress(what string, done, total int64) {
	what, _, _ = strings.Cut(what, " ")
	h[what] = max(h[what], done, total)
}

// Pixels in shards are those in memory, wherever shards begin and end.
func TestShards(t *testing.T) {
	smallShards(t)
	mappedLimit = 0
	t.Cleanup(func() { mappedLimit = 64 << 20 })
	for _, one := range []bool{false, true} {
		home := ownHome(t)
		dir := writeFiles(t, manySizes(t, 30, one))
		if !one { // longer than two shards
			large := filepath.Join(dir, "a", "large.png")
			if err := os.WriteFile(large, asPNG(t, 99, 10, 3*shardBytes/30), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := Folder(t.Context(), dir, FolderOptions{NoCache: true, Warn: func(string) {}})
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{"files", "cache"} {
			images, err := Folder(t.Context(), dir, FolderOptions{Warn: func(string) {}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, images); diff != "" {
				t.Errorf("from %s (-want +got):\n%s", from, diff)
			}
			if sums, ok := images.keptSums(); !ok || !slices.Equal(sums, want.sums()) {
				t.Errorf("from %s: other sums", from)
			}
		}
		names := shardNames(t, home)
		if n := (len(want.Pixels) + shardBytes - 1) / shardBytes; len(names) != n || n < 10 {
			t.Errorf("%d bytes are in %d shards, want %d", len(want.Pixels), len(names), n)
		}
		for _, name := range names {
			info, err := os.Stat(filepath.Join(home, "cache", "images", name))
			if err != nil || info.Size() > int64(shardBytes+20_000) {
				t.Errorf("%s has %d bytes, error %v", name, info.Size(), err)
			}
		}
	}
}

// Only what has changed is decoded again, and nothing of before stays.
func TestShardsOfAChangedFolder(t *testing.T) {
	smallShards(t)
	home := ownHome(t)
	dir := writeFiles(t, manySizes(t, 100, true))
	read := func(decoded, most int64) {
		t.Helper()
		h := heard{}
		images, err := Folder(t.Context(), dir, FolderOptions{Progress: h.progress})
		if err != nil {
			t.Fatal(err)
		}
		if h["decoding"] < decoded || h["decoding"] > most || h["looking"] > decoded {
			t.Errorf("%d images were looked at, %d decoded, want %d to %d", h["looking"], h["decoding"], decoded, most)
		}
		if n := (len(images.Pixels) + shardBytes - 1) / shardBytes; n != len(shardNames(t, home)) {
			t.Errorf("there are %d shards, want %d", len(shardNames(t, home)), n)
		}
		memory, err := Folder(t.Context(), dir, FolderOptions{NoCache: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(memory, images); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	all := int64(100)
	read(all, 2*all) // an image at a shard's end is decoded for both
	read(0, 0)
	write := func(name string, seed int) {
		if err := os.WriteFile(filepath.Join(dir, name), asPNG(t, seed, 20, 30), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("c/0051.png", 1000)
	read(1, 8)
	write("g/9999.png", 1001) // the last image
	read(1, 8)
	if err := os.Remove(filepath.Join(dir, "d/0073.png")); err != nil { // others move up
		t.Fatal(err)
	}
	read(1, all/2)
}

// decodesFor names the variable with the folder that TestDecodes decodes.
const decodesFor = "SSLKIT_TEST_DECODES"

// TestDecodes is no test but what other tests run in a process of its own.
func TestDecodes(t *testing.T) {
	dir := os.Getenv(decodesFor)
	if dir == "" {
		t.Skip("only what other tests start decodes here")
	}
	shardBytes = os.Getpagesize()
	if _, err := Folder(t.Context(), dir, FolderOptions{}); err != nil {
		t.Fatal(err)
	}
}

// decoder starts a process that decodes a folder.
func decoder(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestDecodes$")
	cmd.Env = append(os.Environ(), decodesFor+"="+dir)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

// A process is killed while it decodes: the shards that it has finished are not made
// again, and what it was writing goes.
func TestShardsAfterAKill(t *testing.T) {
	smallShards(t)
	home := ownHome(t)
	dir := writeFiles(t, manySizes(t, 400, true))
	cmd := decoder(t, dir)
	finished := func() (paths []string) {
		for _, name := range shardNames(t, home) {
			if !strings.HasPrefix(filepath.Base(name), ".") {
				paths = append(paths, filepath.Join(home, "cache", "images", name))
			}
		}
		return paths
	}
	for deadline := time.Now().Add(time.Minute); len(finished()) < 3; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is decoded")
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	before := map[string]os.FileInfo{}
	for _, path := range finished() {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		before[path] = info
	}
	h := heard{}
	images, err := Folder(t.Context(), dir, FolderOptions{Progress: h.progress})
	if err != nil {
		t.Fatal(err)
	}
	total := (len(images.Pixels) + shardBytes - 1) / shardBytes
	if len(before) >= total {
		t.Fatalf("all %d shards were finished when the process was killed", total)
	}
	t.Logf("%d of %d shards were finished", len(before), total)
	each := int64(3 + shardBytes/(20*30*3))
	if h["looking"] != 0 || h["decoding"] > each*int64(total-len(before)) {
		t.Errorf("%d files were looked at and %d decoded, with %d of %d shards there", h["looking"], h["decoding"], len(before), total)
	}
	for path, info := range before {
		if now, err := os.Stat(path); err != nil || !os.SameFile(info, now) {
			t.Errorf("%s was made again: error %v", filepath.Base(path), err)
		}
	}
	if names := shardNames(t, home); len(names) != total {
		t.Errorf("%d files are there, want %d", len(names), total)
	}
	memory, err := Folder(t.Context(), dir, FolderOptions{NoCache: true})
	if err != nil || !bytes.Equal(memory.Pixels, images.Pixels) {
		t.Errorf("other pixels, error %v", err)
	}
}

// Of a shard that another process makes, one waits for the end, and makes the others.
func TestShardsOfOthers(t *testing.T) {
	smallShards(t)
	home := ownHome(t)
	dir := writeFiles(t, manySizes(t, 100, true))
	first, err := Folder(t.Context(), dir, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	names := shardNames(t, home)
	taken := filepath.Join(home, "cache", "images", names[len(names)/2])
	data, err := os.ReadFile(taken)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Remove(filepath.Join(home, "cache", "images", name)); err != nil {
			t.Fatal(err)
		}
	}
	other, err := openLocks(t.Context(), filepath.Dir(taken))
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	s := &shard{key: [16]byte(data[len(data)-len(shardMagic)-16:])}
	if !other.try(s.lock()) {
		t.Fatal("the shard is locked")
	}
	waited, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		<-waited
		if n := len(shardNames(t, home)); n != len(names)-1 {
			t.Errorf("while one is made by somebody else there are %d shards, want %d", n, len(names)-1)
		}
		if err := os.WriteFile(taken, data, 0o644); err != nil {
			t.Error(err)
		}
		other.unlock(s.lock())
	}()
	told := false
	images, err := Folder(t.Context(), dir, FolderOptions{Progress: func(what string, _, _ int64) {
		if strings.HasPrefix(what, "waiting for another process that decodes ") && !told {
			told = true
			close(waited)
		}
	}})
	if err != nil || !told || !bytes.Equal(images.Pixels, first.Pixels) {
		t.Fatalf("error %v; the other was waited for: %t", err, told)
	}
	<-ended
}

// Processes that begin together make each shard once, and have the same pixels.
func TestShardsTogether(t *testing.T) {
	smallShards(t)
	home := ownHome(t)
	dir := writeFiles(t, manySizes(t, 150, false))
	var all []*exec.Cmd
	for range 3 {
		all = append(all, decoder(t, dir))
	}
	for _, cmd := range all {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	h := heard{}
	images, err := Folder(t.Context(), dir, FolderOptions{Progress: h.progress})
	if err != nil || h["decoding"] != 0 {
		t.Fatalf("%d images were decoded again, error %v", h["decoding"], err)
	}
	memory, err := Folder(t.Context(), dir, FolderOptions{NoCache: true})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(memory, images); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(shardNames(t, home)); n != (len(images.Pixels)+shardBytes-1)/shardBytes {
		t.Errorf("there are %d files", n)
	}
}

// A cache at which somebody works is not removed, however many there are.
func TestShardsInUseStay(t *testing.T) {
	home := ownHome(t)
	t.Setenv("SSLKIT_IMAGE_CACHE", "0")
	var used *locks
	for i, want := range []int{1, 2, 2, 1} {
		if i == 3 {
			used.close()
		}
		dir := writeFiles(t, map[string][]byte{"a/1.png": asPNG(t, i, 3, 3)})
		if _, err := Folder(t.Context(), dir, FolderOptions{}); err != nil {
			t.Fatal(err)
		}
		if names := shardNames(t, home); len(names) != want {
			t.Errorf("after folder %d the cache holds %q, want %d", i, names, want)
		}
		if i == 0 {
			var err error
			if used, err = openLocks(t.Context(), filepath.Dir(cachedFile(t, home))); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Large caches are checked a part at a time, and in the end all of them is.
func TestCheckLimit(t *testing.T) {
	smallShards(t)
	before := checkLimit
	t.Cleanup(func() { checkLimit = before })
	home := ownHome(t)
	dir := writeFiles(t, manySizes(t, 100, true))
	if _, err := Folder(t.Context(), dir, FolderOptions{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(home, "cache", "images", shardNames(t, home)[7])
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[shardBytes/2] ^= 1
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	checkLimit = 100 * 20 * 30 * 3 / 4
	for try := range 200 {
		h, warned := heard{}, ""
		if _, err := Folder(t.Context(), dir, FolderOptions{Progress: h.progress, Warn: func(text string) { warned += text }}); err != nil {
			t.Fatal(err)
		}
		if h["checking"] > 100*2/4 {
			t.Fatalf("%d images were checked, want a quarter", h["checking"])
		}
		if strings.Contains(warned, "the checksum of image") {
			t.Logf("found at start %d", try+1)
			if h["decoding"] == 0 || h["decoding"] > 5 {
				t.Errorf("%d images were decoded again, want those of a shard", h["decoding"])
			}
			return
		}
	}
	t.Error("a wrong pixel was never found")
}

// Any bytes at all are a shard, of as many bytes as it wants, or an error.
func FuzzShard(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(make([]byte, 6), true)
	f.Add(make([]byte, 100), false)
	f.Fuzz(func(t *testing.T, data []byte, tail bool) {
		s := &shard{path: filepath.Join(t.TempDir(), "shard"), to: 6, end: 1, sums: []uint32{0}, prints: []uint32{0}}
		if tail {
			data = append(data, s.tail()...)
		}
		if err := os.WriteFile(s.path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := s.load(); (err == nil) != (len(data) == 6+s.tailBytes() && tail) {
			t.Fatalf("%d bytes: error %v", len(data), err)
		}
	})
}
