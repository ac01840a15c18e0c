package train_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// runUntil runs a recipe and does something at a step, counted from 1.
func runUntil(t *testing.T, r recipe.Recipe, dir string, epoch, step int, do func()) error {
	t.Helper()
	_, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind, Report: func(e train.Event) {
		if e.Phase == train.Training && e.Epoch == epoch && e.Step == step {
			do()
		}
	}})
	return err
}

// interrupt is Ctrl-C.
func interrupt() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) }

// A run that was stopped goes on to the numbers of one that was not: target
// networks and queues are in the checkpoint, and nothing else decides.
func TestResumeEqualsOneRun(t *testing.T) {
	for _, m := range method.All() {
		t.Run(method.Name(m), func(t *testing.T) { checkResume(t, quickOf(t, method.Name(m), 3)) })
	}
}

func checkResume(t *testing.T, r recipe.Recipe) {
	dir := t.TempDir()
	whole := run(t, r, "")
	last := whole.Last()
	if !(last.GradientNorm > 0) || !(last.EmbeddingSpread > 0 && last.EmbeddingSpread < 1.5) {
		t.Errorf("gradient norm %g, embedding spread %g", last.GradientNorm, last.EmbeddingSpread)
	}
	if m, ok := r.Method.(method.Collapser); ok {
		want := m.Collapsed(r.Batch).Loss - last.Loss
		if last.CollapseMargin == nil || *last.CollapseMargin != want {
			t.Errorf("collapse margin %v, want %g", last.CollapseMargin, want)
		}
	} else if last.CollapseMargin != nil {
		t.Errorf("collapse margin %g of a method that does not know its own", *last.CollapseMargin)
	}

	err := runUntil(t, r, dir, 2, 3, interrupt)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "in epoch 2 after step ") {
		t.Fatalf("stopped run returned %v", err)
	}
	half, err := train.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if half.Last().Epoch != 1 {
		t.Fatalf("the folder ends at epoch %d, want 1", half.Last().Epoch)
	}
	if diff := cmp.Diff(whole.Epochs, run(t, r, dir).Epochs, numbers); diff != "" {
		t.Errorf("the resumed run differs from one without a break:\n%s", diff)
	}
}

// A stopped run's steps are not done again.
func TestResumeInTheMiddleOfAnEpoch(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	err := runUntil(t, r, dir, 1, 3, interrupt)
	if err == nil || !strings.Contains(err.Error(), "from "+dir) {
		t.Fatalf("stopped run returned %v", err)
	}
	first := 0
	_, err = train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.Kind(t), Report: func(e train.Event) {
		if e.Phase == train.Training && first == 0 {
			first = e.Step
		}
	}})
	if err != nil || first < 4 {
		t.Errorf("the run went on with step %d, want one after 3; error %v", first, err)
	}
}

// A manager of jobs sends its signal to each process, and a parent hands on its own.
func TestSignalThatComesTwice(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	err := runUntil(t, r, dir, 1, 3, func() {
		for range 2 {
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
			time.Sleep(200 * time.Millisecond)
		}
	})
	if err == nil || !strings.Contains(err.Error(), "from "+dir) {
		t.Errorf("stopped run returned %v", err)
	}
}

// TestKilledRun kills a process in its second epoch.
func TestKilledRun(t *testing.T) {
	const folder = "SSLKIT_TEST_KILLED_RUN"
	r := quick(t, 3)
	if dir := os.Getenv(folder); dir != "" {
		err := runUntil(t, r, dir, 3, 3, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
		t.Fatalf("the killed run returned %v", err)
	}
	whole, dir := run(t, r, ""), t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledRun$")
	child.Env = append(os.Environ(), folder+"="+dir)
	if output, err := child.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the process ended with %v:\n%s", err, output)
	}
	cut, err := train.Open(dir)
	if err != nil || cut.Last().Epoch < 1 {
		t.Fatalf("killed in epoch 3, the folder ends at epoch %d; error %v", cut.Last().Epoch, err)
	}
	if diff := cmp.Diff(whole.Epochs, run(t, r, dir).Epochs, numbers); diff != "" {
		t.Errorf("the resumed run differs from one without a break:\n%s", diff)
	}
}

func TestFinishedRunStays(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	first := run(t, r, dir)
	if diff := cmp.Diff(first.Epochs, run(t, r, dir).Epochs); diff != "" {
		t.Errorf("a finished run changed when run again:\n%s", diff)
	}
}

func TestRunFolderErrors(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	run(t, r, dir)
	other := r
	other.Seed++
	_, err := train.Run(context.Background(), other, train.Options{Dir: dir, Device: testkit.Kind(t)})
	if err == nil || !strings.Contains(err.Error(), "another recipe") {
		t.Errorf("another recipe in the folder: %v", err)
	}
}

func TestDamagedCheckpoint(t *testing.T) {
	r, dir := quick(t, 2), t.TempDir()
	whole := run(t, r, dir)
	path := filepath.Join(dir, "checkpoint.safetensors")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := append([]byte{}, good...)
	flipped[len(flipped)-5] ^= 1
	for name, damaged := range map[string][]byte{"truncated": good[:len(good)/2], "flipped": flipped, "empty": nil} {
		t.Run(name, func(t *testing.T) {
			write(t, path, damaged)
			note := ""
			result, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.Kind(t), Report: func(e train.Event) {
				if e.Phase == train.Notice {
					note = e.Note
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(note, path) || !strings.Contains(note, "epoch 1") {
				t.Errorf("the notice is %q, want the file and the epoch before", note)
			}
			if diff := cmp.Diff(whole.Epochs, result.Epochs, numbers); diff != "" {
				t.Errorf("the run from the checkpoint before differs:\n%s", diff)
			}
		})
	}
	write(t, path, nil)
	write(t, filepath.Join(dir, "checkpoint.previous.safetensors"), nil)
	_, err = train.Run(context.Background(), r, train.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "damaged checkpoint") || !strings.Contains(err.Error(), path) {
		t.Errorf("two damaged checkpoints: %v", err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFolderInUse(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	var second error
	err := runUntil(t, r, dir, 1, 1, func() {
		_, second = train.Run(context.Background(), r, train.Options{Dir: dir})
	})
	if err != nil || second == nil || !strings.Contains(second.Error(), dir+" is in use") {
		t.Errorf("two runs in one folder returned %v and %v", err, second)
	}
}

// A file that cannot become larger stands for a full disk, in a process of its own:
// go test writes files, too.
func TestFullDisk(t *testing.T) {
	testkit.XLA(t)
	const limited = "SSLKIT_TEST_FILE_LIMIT"
	if os.Getenv(limited) == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestFullDisk$", "-test.v")
		child.Env = append(os.Environ(), limited+"=1")
		if out, err := child.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestFullDisk")) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	r, dir := quick(t, 2), t.TempDir()
	checkpoint := filepath.Join(dir, "checkpoint.safetensors")
	err := runUntil(t, r, dir, 2, 1, func() {
		info, err := os.Stat(checkpoint)
		if err != nil {
			t.Error(err)
			return
		}
		limitFiles(t, uint64(info.Size()/2))
	})
	limitFiles(t, math.MaxUint64)
	if !errors.Is(err, syscall.EFBIG) || !strings.Contains(err.Error(), checkpoint) {
		t.Errorf("there is room for half of a checkpoint: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".checkpoint*")); err != nil || left != nil {
		t.Errorf("the half is still there: %q, %v", left, err)
	}
	if _, err := train.Open(dir); err != nil {
		t.Errorf("the checkpoint before: %v", err)
	}
	if last := run(t, r, dir).Last().Epoch; last != 2 {
		t.Errorf("with space again the run ends at epoch %d, want 2", last)
	}
}

// limitFiles sets how large this process's files may become, at most the limit that
// it began with.
func limitFiles(t *testing.T, bytes uint64) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // a write returns an error
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = min(bytes, limit.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write to read-only folders")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	_, err := train.Run(context.Background(), quick(t, 1), train.Options{Dir: dir})
	if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), dir) {
		t.Errorf("read-only folder: %v", err)
	}
}

func TestDivergingRunKeepsItsCheckpoint(t *testing.T) {
	r, dir := quick(t, 1), t.TempDir()
	r.LR.From = math.MaxFloat32
	for range 2 { // the second time from the checkpoint that was kept
		_, err := train.Run(context.Background(), r, train.Options{Dir: dir, Device: testkit.XLA(t).Kind})
		for _, want := range []string{"epoch 1: step ", "likely the learning rate, 3.4e+38 there, is too high", "as it was after epoch 0"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("diverging run returned %v, want %q in it", err, want)
			}
		}
		kept, err := train.Open(dir)
		if err != nil || len(kept.Epochs) != 1 {
			t.Fatalf("the folder has %d epochs, error %v, want the untrained network's", len(kept.Epochs), err)
		}
	}
}
