package train_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/train"
)

// left is what a process holds between two runs.
type left struct {
	bytes                       int64
	goroutines, files, mappings int
}

// leftovers measures it, without what the garbage collector would take.
func leftovers(t *testing.T) left {
	t.Helper()
	debug.FreeOSMemory()
	memory, err := testkit.XLA(t).Memory()
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return left{memory.InUse, runtime.NumGoroutine(), len(files), mappings(t)}
}

// mappings counts those of the process: each compiled program has some.
func mappings(t *testing.T) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(maps), "\n")
}

// Runs of one process, whole ones and failed ones, leave nothing behind: no
// memory, no programs, no goroutines, no files.
func TestRunsLeaveNothing(t *testing.T) {
	kind := testkit.XLA(t).Kind
	set := &dataset.Set{Name: "mine", Train: noise(32, 100), Test: noise(10, 100)}
	r := own(t, set)
	r.Epochs, r.Linear = 1, eval.Linear{Epochs: 1, Batch: 8, LR: 0.1}
	diverges := r
	diverges.LR.From = 1e38
	once := func(i int) {
		options := train.Options{Dir: t.TempDir(), Device: kind, Data: set, Feed: feed.Resident}
		if i%2 == 1 {
			options.Feed = feed.Streamed
		}
		if _, err := train.Run(t.Context(), r, options); err != nil {
			t.Fatal(err)
		}
		options.Dir = t.TempDir()
		if _, err := train.Run(t.Context(), diverges, options); err == nil {
			t.Fatal("no error of a run that diverges")
		}
	}
	for i := range 2 { // what is compiled first, and the allocator's first steps
		once(i)
	}
	before := leftovers(t)
	const runs = 5
	for i := range runs {
		once(i)
	}
	after := leftovers(t)
	for range 100 { // XLA's threads let go of a program when they are done
		if after.mappings = mappings(t); after.mappings <= before.mappings+20 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if grown := after.bytes - before.bytes; grown > 100<<20 {
		t.Errorf("%d runs hold %d MiB more than before", 2*runs, grown>>20)
	}
	if after.goroutines > before.goroutines+2 || after.files > before.files || after.mappings > before.mappings+20 {
		t.Errorf("after %d runs %+v, before them %+v", 2*runs, after, before)
	}
}
