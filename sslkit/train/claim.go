package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/gossl/gossl/sslkit/recipe"
)

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

// otherEpochs says why a run does not go on to another number of epochs.
func (f *folder) otherEpochs(before int, r recipe.Recipe) string {
	done := 0
	if result, err := Open(f.dir); err == nil {
		done = result.Last().Epoch
	}
	old := r
	old.Epochs = before
	next := min(max(done, 1), r.Epochs)
	if r.LR.IsConstant() {
		return ""
	}
	return fmt.Sprintf("The learning rate, %v, depends on how many epochs there are: in epoch %d it is %.3g for a run of %d, "+
		"%.3g for one of %d. So the folder's epochs, %d by now, are not the first ones of a run of %d: train that from its beginning.\n",
		r.LR, next, old.LearningRate(next, 0), before, r.LearningRate(next, 0), r.Epochs, done, r.Epochs)
}

// Check returns the error with which [Run] refuses a recipe and options before it
// opens a device or loads images: fields that make no sense, and a run folder that
// holds another recipe. It writes nothing.
func Check(r recipe.Recipe, opts Options) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := opts.Look.validate(r); err != nil {
		return err
	}
	if err := opts.Feed.Validate(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if opts.Dir == "" {
		return nil
	}
	switch about, err := os.Stat(opts.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("train: run folder: %w", err)
	case !about.IsDir():
		return fmt.Errorf("train: run folder: %s is a file", opts.Dir)
	}
	err := (&folder{dir: opts.Dir}).compare(r)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}
