package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/train"
)

// A Record is what is kept of a finished run: a file of JSON named after its
// [ID]. Records of several machines are merged by putting their files into one
// folder.
type Record struct {
	train.Result         // recipe, device, accuracy and the rest of every epoch
	TrainSeconds float64 `json:"train_seconds"` // sum over the epochs
	KNNSeconds   float64 `json:"knn_seconds"`   // likewise
	Best         float64 `json:"best_knn_accuracy"`
	BestEpoch    int     `json:"best_epoch"` // counted from 1: the untrained network does not count
	Final        float64 `json:"last_knn_accuracy"`

	// Reached has for each of [Goals] that the run has reached, as "0.85", the seconds
	// until then, see [train.Result.SecondsTo].
	Reached map[string]float64 `json:"seconds_to_knn_accuracy,omitempty"`

	Build
	Finished time.Time `json:"finished"`
}

// Goals are the kNN accuracies that records and tables say the time to.
var Goals = []float64{0.85, 0.90}

// goal is a kNN accuracy as records and tables write it.
func goal(accuracy float64) string { return fmt.Sprintf("%.2f", accuracy) }

// newRecord returns the record of a run that has ended now.
func newRecord(result *train.Result) Record {
	best := result.Best()
	record := Record{
		Result: *result, Best: best.KNN, BestEpoch: best.Epoch, Final: result.Last().KNN,
		Build: thisBuild(), Finished: time.Now().UTC().Truncate(time.Second),
	}
	for _, e := range result.Epochs {
		record.TrainSeconds += e.TrainSeconds
		record.KNNSeconds += e.KNNSeconds
	}
	for _, accuracy := range Goals {
		if seconds, reached := result.SecondsTo(accuracy); reached {
			if record.Reached == nil {
				record.Reached = map[string]float64{}
			}
			record.Reached[goal(accuracy)] = seconds
		}
	}
	return record
}

// recordPath is the file of a recipe's record.
func recordPath(dir string, r recipe.Recipe) string { return filepath.Join(dir, ID(r)+".json") }

// write keeps a record; whoever reads meanwhile sees all of it or nothing.
func (r Record) write(dir string) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("bench: record: %w", err)
	}
	if err := atomicfile.Write(recordPath(dir, r.Recipe), append(text, '\n')); err != nil {
		return fmt.Errorf("bench: record: %w", err)
	}
	return nil
}

// readRecord reads a record's file.
func readRecord(path string) (Record, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Record{}, err
	}
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("%s: not a record of a run: %w", path, err)
	}
	if r.Recipe.Method == nil || len(r.Epochs) == 0 || r.Last().Epoch != r.Recipe.Epochs {
		return Record{}, fmt.Errorf("%s: not the record of a finished run: want a recipe and all its epochs", path)
	}
	return r, nil
}

// finished returns the record of a recipe, if there is one.
func finished(dir string, r recipe.Recipe) (record Record, ok bool, err error) {
	path := recordPath(dir, r)
	record, err = readRecord(path)
	if errors.Is(err, os.ErrNotExist) {
		_, ok = older(dir, ".json", r, func(path string) (recipe.Recipe, error) {
			record, err = readRecord(path)
			return record.Recipe, err
		})
		if !ok {
			return Record{}, false, nil
		}
		return record, true, nil
	}
	if err != nil {
		return Record{}, false, fmt.Errorf("bench: %w", err)
	}
	if !reflect.DeepEqual(record.Recipe, r) {
		return Record{}, false, fmt.Errorf("bench: %s is of another recipe, which differs in\n%s\nmove it away, or choose another folder",
			path, strings.TrimRight(recipe.Diff(record.Recipe, r), "\n"))
	}
	return record, true, nil
}

// older finds what an older version, which wrote recipes in another form, has named
// after another digest of the same recipe: a file or folder in dir whose recipe,
// as read has it, is r.
func older(dir, suffix string, r recipe.Recipe, read func(path string) (recipe.Recipe, error)) (path string, ok bool) {
	prefix, told := name(r)
	if told {
		return "", false
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", false // there is nothing
	}
	for _, e := range entries {
		digest, mine := strings.CutPrefix(strings.TrimSuffix(e.Name(), suffix), prefix+"-")
		if !mine || strings.Contains(digest, "-") || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		path = filepath.Join(dir, e.Name())
		if have, err := read(path); err == nil && reflect.DeepEqual(have, r) {
			return path, true
		}
	}
	return "", false
}

// Records reads the records in a folder, in the order of tables: by data set,
// preset, epochs, batch, method and seed. Other files than *.json are ignored.
func Records(dir string) ([]Record, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("bench: records: %w", err)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("bench: records: %w", err)
	}
	var records []Record
	for _, path := range paths {
		record, err := readRecord(path)
		if err != nil {
			return nil, fmt.Errorf("bench: records: %w", err)
		}
		records = append(records, record)
	}
	slices.SortStableFunc(records, compare)
	return records, nil
}

// compare orders records as tables list them.
func compare(a, b Record) int {
	x, y := a.Recipe, b.Recipe
	for _, order := range []int{
		strings.Compare(string(x.Data), string(y.Data)),
		strings.Compare(string(x.Preset), string(y.Preset)),
		strings.Compare(scaled(x), scaled(y)),
		x.Epochs - y.Epochs,
		x.Batch - y.Batch,
		rank(x) - rank(y),
		int(x.Seed) - int(y.Seed),
	} {
		if order != 0 {
			return order
		}
	}
	return 0
}

// rank is the place of a recipe's method in tables.
func rank(r recipe.Recipe) int {
	return slices.IndexFunc(method.All(), func(m method.Method) bool { return method.Name(m) == r.Name })
}

// Build says which program made a record.
type Build struct {
	Commit string            `json:"commit"` // of sslkit, or its version; "" if nothing tells
	Dirty  bool              `json:"dirty"`  // the commit's files had been changed
	Go     string            `json:"go"`
	GoMLX  map[string]string `json:"gomlx"` // versions of its modules
}

// String is the commit, shortly, with a plus if files had been changed.
func (b Build) String() string {
	commit := b.Commit
	if len(commit) > 12 {
		commit = commit[:12]
	}
	if commit == "" {
		commit = "unknown"
	}
	if b.Dirty {
		commit += "+"
	}
	return commit
}

const module = "github.com/gossl/gossl"

// stamp is the commit, with a plus if files had been changed, of a program whose
// linker was told it (-X), as those of bundles are: the Go command does not see it
// in a worktree of git.
var stamp string

// thisBuild is what the program knows of itself. Where neither the Go command nor
// the linker has put the commit into the program, as for `go run` and a notebook's
// cell, it is that of the checkout that the kernel names in SSLKIT_CHECKOUT, or else
// of the one around the working directory.
func thisBuild() Build {
	b := Build{Go: runtime.Version(), GoMLX: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	local, dir := info.Main.Path == module, os.Getenv("SSLKIT_CHECKOUT")
	for _, dep := range info.Deps {
		switch {
		case strings.HasPrefix(dep.Path, "github.com/gomlx/"):
			b.GoMLX[strings.TrimPrefix(dep.Path, "github.com/gomlx/")] = dep.Version
		case dep.Path != module:
		case dep.Replace != nil:
			local, dir = true, dep.Replace.Path
		case dep.Version == "(devel)": // a workspace's
			local = true
		default:
			b.Commit = dep.Version
		}
	}
	for _, setting := range info.Settings {
		switch {
		case info.Main.Path != module:
		case setting.Key == "vcs.revision":
			b.Commit = setting.Value
		case setting.Key == "vcs.modified":
			b.Dirty = setting.Value == "true"
		}
	}
	if b.Commit == "" && stamp != "" {
		b.Commit, b.Dirty = strings.CutSuffix(stamp, "+")
	}
	if b.Commit == "" && local {
		b.Commit, b.Dirty = checkout(dir)
	}
	return b
}

// checkout returns the commit of the checkout of sslkit around a directory, ""
// being the working directory, and whether its files differ; "" if there is none.
func checkout(dir string) (commit string, dirty bool) {
	output := func(name string, args ...string) (string, error) {
		command := exec.Command(name, args...)
		command.Dir = dir
		text, err := command.Output()
		return strings.TrimSpace(string(text)), err
	}
	if path, err := output("go", "list", "-m"); err != nil || path != module {
		return "", false
	}
	head, err := output("git", "rev-parse", "HEAD")
	if err != nil {
		return "", false
	}
	changes, err := output("git", "status", "--porcelain", "--untracked-files=no")
	return head, err != nil || changes != ""
}
