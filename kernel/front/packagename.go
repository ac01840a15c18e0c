package front

import "strings"

// packageName asks the go command for the name of the package at an import path.
func (f *front) packageName(path string) (string, bool) {
	if name, ok := f.names[path]; ok {
		return name, name != ""
	}
	out, err := f.goCommand(f.workDir(), "list", "-find", "-f", "{{.Name}}", "--", path)
	name := strings.TrimSpace(out)
	if err != nil {
		name = "" // the build says what is wrong with it
	}
	f.names[path] = name
	return name, name != ""
}
