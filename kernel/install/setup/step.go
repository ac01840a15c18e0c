package setup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gossl/gossl/internal/atomicfile"
)

// A step is one part of set-up. It is done when the files it wants exist and the key and the pinning files it was last
// done for are the same, or when done says so.
type step struct {
	name  string
	costs string // what it costs that a user wants to know of before, or ""
	key   []string
	files []string // in kernel/tools
	wants []string // absolute paths
	done  func() bool
	run   func(ctx context.Context) error
}

// doAll does the steps that are not done and returns how many they were.
func (s *Setup) doAll(ctx context.Context, steps []step) (did int, err error) {
	file := s.Home.Path("setup.json") // step name → key it was done for
	state, err := readState(file)
	if err != nil {
		return 0, err
	}
	for _, step := range steps {
		key, err := s.key(step)
		if err != nil {
			return did, fmt.Errorf("%s: %w", step.name, err)
		}
		if state[step.name] == key && step.complete() {
			continue
		}
		if did++; did == 1 {
			if err := s.log.Truncate(0); err != nil {
				return did, err
			}
		}
		if err := s.do(ctx, step); err != nil {
			return did, fmt.Errorf("%s: %w", step.name, err)
		}
		state[step.name] = key
		if err := writeState(file, state); err != nil {
			return did, err
		}
	}
	return did, nil
}

func (s *Setup) do(ctx context.Context, step step) error {
	label := step.name
	if step.costs != "" {
		label += " (" + step.costs + ")"
	}
	s.display.Start(label)
	if err := step.run(ctx); err != nil {
		s.display.Done("failed")
		return err
	}
	s.display.Done("done")
	return nil
}

// key is a hash of what a step depends on.
func (s *Setup) key(step step) (string, error) {
	hash := sha256.New()
	for _, part := range step.key {
		fmt.Fprintf(hash, "%q\n", part)
	}
	for _, name := range step.files {
		content, err := os.ReadFile(s.tool(name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(hash, "%s %x\n", name, sha256.Sum256(content))
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// complete says whether what the step makes is there.
func (step step) complete() bool {
	for _, name := range step.wants {
		if _, err := os.Stat(name); err != nil {
			return false
		}
	}
	return step.done == nil || step.done()
}

func readState(file string) (map[string]string, error) {
	state := map[string]string{}
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return state, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, fmt.Errorf("%s: %w (delete it to set up again)", file, err)
	}
	return state, nil
}

func writeState(file string, state map[string]string) error {
	content, err := json.MarshalIndent(state, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(file, append(content, '\n'))
}
