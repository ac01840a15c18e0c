package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/gofrs/flock"
	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A run folder holds recipe.json, data.json with fingerprints of the images,
// epochs.jsonl with a line an epoch, run.json with what else a [Result] has,
// checkpoint.safetensors with the model after the last complete epoch or where the
// run was stopped, and the checkpoint before it. While a run works it holds a lock
// on the file lock.
const (
	recipeFile     = "recipe.json"
	identityFile   = "data.json" // not in folders of older versions
	epochsFile     = "epochs.jsonl"
	runFile        = "run.json"
	checkpointFile = "checkpoint.safetensors"
	previousFile   = "checkpoint.previous.safetensors"
	damagedFile    = "checkpoint.damaged.safetensors" // one that could not be used
	lockFile       = "lock"
)

// folder is a run folder; a nil one keeps nothing.
type folder struct {
	dir     string
	lock    *flock.Flock
	writing chan error // result of the save in work
}

// openFolder makes a run folder, or opens one that holds the same recipe, and
// locks it: of two runs with one folder the second gets an error.
func openFolder(dir string, r recipe.Recipe) (*folder, error) {
	if dir == "" {
		return nil, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("train: run folder: %w", err)
	}
	f := &folder{dir: dir}
	var err error
	if f.lock, err = lock(filepath.Join(dir, lockFile)); err != nil {
		return nil, fmt.Errorf("train: run folder: %w", err)
	}
	err = atomicfile.RemoveAbandoned(dir, recipeFile, identityFile, epochsFile, runFile, checkpointFile)
	if err == nil {
		err = f.claim(r)
	}
	if err != nil {
		f.close()
		return nil, fmt.Errorf("train: %w", err)
	}
	return f, nil
}

// lock locks a file for this process, until the lock is closed or the process ends.
func lock(path string) (*flock.Flock, error) {
	l := flock.New(path)
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("%s is in use: another run writes there", filepath.Dir(path))
	}
	return l, nil
}

// claim writes the recipe into a new folder, and reports one that holds another.
func (f *folder) claim(r recipe.Recipe) error {
	if err := f.compare(r); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(filepath.Join(f.dir, recipeFile), append(text, '\n'))
}

// compare reports a folder whose recipe differs from the one that is to run. One
// that an older version wrote, without fields that are zero, does not differ.
func (f *folder) compare(r recipe.Recipe) error {
	path := filepath.Join(f.dir, recipeFile)
	have, err := f.recipe()
	if err != nil {
		return fmt.Errorf("%w; name another run folder, or delete this one", err)
	}
	difference := recipe.Diff(have, r)
	if difference == "" {
		return nil
	}
	text := fmt.Sprintf("%s holds another recipe, which differs in\n%s\n", path, difference)
	onlyEpochs := have
	if onlyEpochs.Epochs = r.Epochs; reflect.DeepEqual(onlyEpochs, r) && have.Epochs > 0 && r.Epochs > 0 {
		text += f.otherEpochs(have.Epochs, r)
	}
	return fmt.Errorf("%sname another run folder, or delete this one", text)
}

// otherEpochs says why a run does not go on to another number of epochs, if it is for
// the learning rate.
func (f *folder) otherEpochs(before int, r recipe.Recipe) string {
	done := 0
	if result, err := Open(f.dir); err == nil {
		done = result.Last().Epoch
	}
	old := r
	old.Epochs = before
	for e := 1; e <= min(before, r.Epochs); e++ {
		was, is := old.LearningRate(e, 0), r.LearningRate(e, 0)
		if was != is {
			return fmt.Sprintf("The learning rate, %v, depends on how many epochs there are: in epoch %d it is %.3g for a run of %d, "+
				"%.3g for one of %d. So the run of %d, of which the folder has %d by now, is not the beginning of one of %d: "+
				"train that from its beginning.\n", r.LR, e, was, before, is, r.Epochs, before, done, r.Epochs)
		}
	}
	return ""
}

// close ends the lock, once no save is in work any more. Who wants to know how
// that went has waited for it.
func (f *folder) close() {
	if f != nil {
		_ = f.wait()
		_ = f.lock.Close() // it ends with the process at the latest
	}
}

// Open reads a run folder, of a run that has ended, was cut off, or goes on.
func Open(dir string) (*Result, error) {
	f := &folder{dir: dir}
	r, err := f.recipe()
	if err != nil {
		return nil, fmt.Errorf("train: open run: %w", err)
	}
	result := &Result{Recipe: r}
	if err := f.read(result); err != nil {
		return nil, fmt.Errorf("train: open run: %w", err)
	}
	return result, nil
}

// recipe reads the folder's recipe.
func (f *folder) recipe() (recipe.Recipe, error) {
	var r recipe.Recipe
	path := filepath.Join(f.dir, recipeFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return r, err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // which editors may have put there
	if err := json.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// about is run.json.
type about struct {
	Device         string        `json:"device"`
	CompileSeconds float64       `json:"compile_seconds"`
	Memory         device.Memory `json:"memory"`
	Linear         float64       `json:"linear_accuracy,omitempty"`

	Measured *eval.Measured `json:"measured,omitempty"`
}

// read adds what the folder's text files say to a result. A last line of
// epochs.jsonl that was cut off is left out.
func (f *folder) read(result *Result) error {
	path := filepath.Join(f.dir, runFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing is complete yet
	}
	if err != nil {
		return err
	}
	var a about
	if err := json.Unmarshal(text, &a); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	result.Device, result.CompileSeconds, result.Memory = a.Device, a.CompileSeconds, a.Memory
	result.Linear, result.Measured = a.Linear, a.Measured

	path = filepath.Join(f.dir, epochsFile)
	lines, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for number, line := range bytes.SplitAfter(lines, []byte("\n")) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e Epoch
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("%s:%d: %w", path, number+1, err)
		}
		result.Epochs = append(result.Epochs, e)
	}
	return nil
}

// load returns the folder's checkpoint, or nil if there is none yet, and gives
// the result the epochs up to it. Where the last one cannot be used, it is put
// aside, the one before it is taken, and the note says so.
func (f *folder) load(result *Result, l layout) (c *checkpoint, note string, err error) {
	if f == nil {
		return nil, "", nil
	}
	c, problem, err := f.newest(l.read)
	if err != nil || c == nil {
		return nil, "", err
	}
	if problem != nil {
		path := filepath.Join(f.dir, checkpointFile)
		if err := os.Rename(path, filepath.Join(f.dir, damagedFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, "", fmt.Errorf("train: run folder: %w", err)
		}
		note = fmt.Sprintf("%v: going on from the one before it, of epoch %d", problem, c.Epoch)
	}
	now := result.Device
	if err := f.read(result); err != nil {
		return nil, "", fmt.Errorf("train: run folder: %w", err)
	}
	result.Device = now
	if len(result.Epochs) <= c.Epoch {
		return nil, "", fmt.Errorf("train: %s ends at epoch %d, before the checkpoint's %d",
			filepath.Join(f.dir, epochsFile), result.Last().Epoch, c.Epoch)
	}
	result.Epochs = result.Epochs[:c.Epoch+1]
	return c, note, nil
}

// save keeps the run as it is now. The state is copied before save returns, and
// written while training goes on: an error shows at the next save or wait.
func (f *folder) save(result *Result, at place, st *state, l layout) error {
	if f == nil {
		return nil
	}
	if err := f.wait(); err != nil {
		return err
	}
	c, err := newCheckpoint(at, st)
	if err != nil {
		return err
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, e := range result.Epochs {
		if err := encoder.Encode(e); err != nil {
			return err
		}
	}
	run, err := json.MarshalIndent(about{result.Device, result.CompileSeconds, result.Memory, result.Linear, result.Measured}, "", "  ")
	if err != nil {
		return err
	}
	f.writing = make(chan error, 1)
	go func() { f.writing <- f.write(lines.Bytes(), append(run, '\n'), c, l) }()
	return nil
}

// write replaces the folder's files, the checkpoint last: the text files then
// have its epoch for sure.
func (f *folder) write(lines, run []byte, c *checkpoint, l layout) error {
	if err := atomicfile.Write(filepath.Join(f.dir, epochsFile), lines); err != nil {
		return err
	}
	if err := atomicfile.Write(filepath.Join(f.dir, runFile), run); err != nil {
		return err
	}
	data, err := c.file(l)
	if err != nil {
		return err
	}
	return atomicfile.WriteAndKeep(filepath.Join(f.dir, checkpointFile), filepath.Join(f.dir, previousFile), data)
}

// wait waits for the save in work.
func (f *folder) wait() error {
	if f == nil || f.writing == nil {
		return nil
	}
	err := <-f.writing
	f.writing = nil
	if err != nil {
		return fmt.Errorf("train: run folder: %w", err)
	}
	return nil
}

// identityVersion changes when fingerprints are computed in another way.
const identityVersion = 1

// identity is data.json: which images a run has, as far as they count for its numbers.
type identity struct {
	Version int                  `json:"version"`
	Train   dataset.Fingerprint  `json:"train"`
	Test    *dataset.Fingerprint `json:"test,omitempty"` // nil if nothing is measured: labels do not count then either
}

func newIdentity(r recipe.Recipe, data *dataset.Set) identity {
	id := identity{Version: identityVersion, Train: data.Train.Fingerprint()}
	if !r.Labelled() {
		id.Train.Labels, id.Train.Classes = "", nil
		return id
	}
	test := data.Test.Fingerprint()
	id.Test = &test
	return id
}

// changes says what is other than before, in words.
func (id identity) changes(before identity) []string {
	var changes []string
	if c := id.Train.Changes(before.Train); c != nil {
		changes = append(changes, "training images: "+strings.Join(c, ", "))
	}
	if id.Test == nil || before.Test == nil { // both: the recipe is the same
		return changes
	}
	if c := id.Test.Changes(*before.Test); c != nil {
		changes = append(changes, "test images: "+strings.Join(c, ", "))
	}
	return changes
}

// claimData keeps which images the run of a new folder has, and reports a run that
// has had others. The note says if that cannot be told, for the folder is older
// than its records.
func (f *folder) claimData(r recipe.Recipe, data *dataset.Set) (note string, err error) {
	if f == nil {
		return "", nil
	}
	begun, err := f.begun()
	if err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	path := filepath.Join(f.dir, identityFile)
	var before identity
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		err = json.Unmarshal(text, &before)
	case errors.Is(err, fs.ErrNotExist):
		err = nil
	}
	if err != nil {
		return "", fmt.Errorf("train: run folder: %s: %w", path, err)
	}
	if begun && before.Version != identityVersion {
		return fmt.Sprintf("%s holds a run of another version of sslkit, which has not noted its images in a way that this one knows: "+
			"whether they are the same is not checked", f.dir), nil
	}
	now := newIdentity(r, data)
	if begun {
		if changes := now.changes(before); changes != nil {
			return "", fmt.Errorf("train: %s holds a run on other images, by %s; %s: name another run folder, or delete this one",
				f.dir, path, strings.Join(changes, "; "))
		}
		return "", nil
	}
	if text, err = json.MarshalIndent(now, "", "  "); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	if err := atomicfile.Write(path, append(text, '\n')); err != nil {
		return "", fmt.Errorf("train: run folder: %w", err)
	}
	return "", nil
}

// begun says whether the folder holds anything that was computed from images.
func (f *folder) begun() (bool, error) {
	for _, name := range []string{checkpointFile, previousFile} {
		switch _, err := os.Stat(filepath.Join(f.dir, name)); {
		case err == nil:
			return true, nil
		case !errors.Is(err, fs.ErrNotExist):
			return false, err
		}
	}
	return false, nil
}
