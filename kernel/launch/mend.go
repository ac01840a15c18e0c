package launch

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gossl/gossl/kernel/gonb"
	"github.com/gossl/gossl/kernel/gonb/lines"
)

// edit changes those of GoNB's files that are in a folder, and says whether one is another now.
func edit(dir string, change func(name string, source []byte) []byte) (changed bool, err error) {
	for _, name := range gonb.Files {
		file := filepath.Join(dir, name)
		source, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, fmt.Errorf("launch: %w", err)
		}
		better := change(name, bytes.Clone(source))
		if bytes.Equal(better, source) {
			continue
		}
		if err := os.WriteFile(file, better, 0o600); err != nil {
			return false, fmt.Errorf("launch: %w", err)
		}
		changed = true
	}
	return changed, nil
}

// mend takes out of GoNB's files what the compiler complains of and the user cannot help.
func mend(dir, complaint string) (bool, error) {
	return edit(dir, func(_ string, source []byte) []byte { return gonb.Mend(source, complaint) })
}

// externally are the flags by which cells with C are linked, in place of those that
// the kernel gives: Go's own linker does not know everything that C compilers write.
// A user's own %goflags come behind them.
const externally = "-ldflags=-w"

// prepare readies GoNB's files for the build of a cell: positions name the lines of
// the cells that are known, if any are, the name flag is the user's where a cell
// declares it, and the cells' C code is included, if there is some. No line moves.
func (b *build) prepare(cells *lines.Index) error {
	takes := map[string]bool{} // looked at first: positions hide where GoNB's lines begin
	_, err := edit(b.dir, func(name string, source []byte) []byte {
		takes[name] = gonb.TakesFlag(source)
		if cells != nil {
			source = lines.Annotate(name, source, cells)
		}
		if takes[name] {
			source = gonb.FreeFlag(source)
		}
		return source
	})
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(b.dir, gonb.CgoHeader)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_, err = edit(b.dir, func(name string, source []byte) []byte {
		if name != gonb.Files[0] {
			return source
		}
		return gonb.IncludePreamble(source)
	})
	b.args = slices.Insert(b.args, 1, externally)
	return err
}
