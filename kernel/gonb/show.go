package gonb

import (
	"embed"
	"fmt"
	"path"
)

// valueSources is a package that a cell that shows a value is built with. It lies
// below GoNB's folder: in a package of their own its names and the user's do not
// meet, and Go's are not hidden.
//
//go:embed value/value.go value/text.go value/writer.go value/mapping.go value/pixels.go
var valueSources embed.FS

// valueDir is the folder of that package beside main.go, and its name there.
const valueDir = "sslkit_value"

// addShow adds what a cell needs to show a value, in a module of the given name.
func addShow(files map[string]string, module string) error {
	entries, err := valueSources.ReadDir("value")
	if err != nil {
		return fmt.Errorf("gonb: %w", err)
	}
	for _, e := range entries {
		text, err := valueSources.ReadFile(path.Join("value", e.Name()))
		if err != nil {
			return fmt.Errorf("gonb: %w", err)
		}
		files[path.Join(valueDir, e.Name())] = string(text)
	}
	files[ShowFile] = fmt.Sprintf("package main\n\nimport %s %q\n\nvar sslkitShow = %[1]s.Show\n", valueDir, module+"/"+valueDir)
	return nil
}
