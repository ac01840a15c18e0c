package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/sslkit/dataset"
)

// expandHome replaces the ~ of paths that the shell left, as in --out=~/x.
func expandHome(cmd *cobra.Command, args []string) error {
	for i, arg := range args {
		args[i] = withHome(arg)
	}
	for _, name := range []string{"out", "images", "query", "run"} {
		flag := cmd.Flags().Lookup(name)
		if flag == nil {
			continue
		}
		if err := flag.Value.Set(withHome(flag.Value.String())); err != nil {
			return fmt.Errorf("--%s: %w", name, err)
		}
	}
	return nil
}

// withHome is a path with the user's folder in place of its ~. That of other users
// stays.
func withHome(path string) string {
	if path != "~" && (len(path) < 2 || path[:2] != "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, path[1:])
}

// isFolder says whether the images are a folder's. One that is called like a data set
// is meant, unless a split is, which folders have none of.
func (s source) isFolder() bool {
	_, named := dataset.About(dataset.Name(s.images))
	return !named || s.split == "" && s.hasNamesake()
}

// hasNamesake says whether there is a folder of that name.
func (s source) hasNamesake() bool {
	about, err := os.Stat(s.images)
	return err == nil && about.IsDir()
}

// which says what the images are where a folder is called like a data set, or "".
func (s source) which() string {
	_, named := dataset.About(dataset.Name(s.images))
	switch {
	case !named || !s.hasNamesake():
		return ""
	case s.isFolder():
		return fmt.Sprintf("--images %s is the folder of that name here; the data set has splits: it is meant with --split test or train", s.images)
	}
	return fmt.Sprintf("--images %s is the data set, for folders have no splits; the folder of that name is meant without --split", s.images)
}
