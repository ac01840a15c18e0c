package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/recipe"
)

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
	if !r.Eval.On() && !r.Linear.On() {
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

// checkData reports images that make no sense, or that are not those of the folder's run.
func (t *trainer) checkData(data *dataset.Set) error {
	if err := data.Train.Validate(); err != nil {
		return fmt.Errorf("train: training images: %w", err)
	}
	if data.Test.Len() > 0 { // none, if the recipe wants none
		if err := data.Test.Validate(); err != nil {
			return fmt.Errorf("train: test images: %w", err)
		}
	}
	note, err := t.folder.claimData(t.recipe, data)
	if note != "" {
		t.tell(Event{Phase: Notice, Note: note})
	}
	return err
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
