package home

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// foreign are the variables by which a user's surroundings would have Go programs of ours built by another Go, for another
// machine, or in other folders. They do not count, neither in the environment nor as settings of `go env -w`; what a
// notebook sets by %env does.
var foreign = []string{
	"GO111MODULE", "GOROOT", "GOTOOLDIR", "GOEXPERIMENT", "GOFIPS140", "GOTMPDIR", "GOCACHEPROG", "GOSSAFUNC",
	"GO_EXTLINK_ENABLED", "GCCGO", "GOOS", "GOARCH", "GOHOSTOS", "GOHOSTARCH",
	"GOAMD64", "GO386", "GOARM", "GOARM64", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64", "GOWASM",
}

// Foreign returns the variables of this process's environment that do not count, as NAME=VALUE.
func Foreign() []string {
	var set []string
	for _, name := range foreign {
		if value := os.Getenv(name); value != "" {
			set = append(set, name+"="+value)
		}
	}
	return set
}

// Settle takes the variables that do not count out of this process's environment, and puts those `go env -w` settings into
// it that do.
func (h Home) Settle() error {
	for _, name := range foreign {
		if err := os.Unsetenv(name); err != nil {
			return fmt.Errorf("home: %w", err)
		}
	}
	for name, value := range h.downloadSettings() {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("home: %w", err)
		}
	}
	return nil
}

// Environ returns this process's environment without what does not count, with env laid over it. "${PATH}" in env stands
// for this process's PATH.
func Environ(env map[string]string) []string {
	return overlaid(slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(foreign, name)
	}), env)
}

// Surroundings is Environ with everything of this process's environment: for a program that is to meet it as Jupyter's
// kernels do.
func Surroundings(env map[string]string) []string { return overlaid(os.Environ(), env) }

// overlaid lays env over a list of variables. No name is there twice: which one counts would be up to the program.
func overlaid(list []string, env map[string]string) []string {
	list = slices.DeleteFunc(list, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		_, ok := env[name]
		return ok
	})
	for _, name := range slices.Sorted(maps.Keys(env)) {
		value := strings.ReplaceAll(env[name], "${PATH}", os.Getenv("PATH"))
		list = append(list, name+"="+value)
	}
	return list
}

// downloads are the settings of `go env -w` that count: by which way, and how safely, modules come.
var downloads = []string{"GOPROXY", "GOSUMDB", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOINSECURE", "GOVCS", "GOAUTH"}

// downloadSettings returns the user's settings for downloads that the environment does not override.
func (h Home) downloadSettings() map[string]string {
	all, kept := userSettings(h.Path("config")), map[string]string{}
	for _, name := range downloads {
		if all[name] != "" && os.Getenv(name) == "" {
			kept[name] = all[name]
		}
	}
	return kept
}

// ToolEnv keeps the files of Go tools in the data directory: they look for their caches and counters by these variables,
// and for the user's settings.
func (h Home) ToolEnv() map[string]string {
	return map[string]string{"XDG_CACHE_HOME": h.Path("cache"), "XDG_CONFIG_HOME": h.Path("config"), "GOENV": "off"}
}

// ForeignSettings returns the `go env -w` settings of the user that do not count, as NAME=VALUE, and the file that
// they stand in.
func (h Home) ForeignSettings() (set []string, file string) {
	settings := userSettings(h.Path("config"))
	for _, name := range foreign {
		if value := settings[name]; value != "" {
			set = append(set, name+"="+value)
		}
	}
	return set, settingsFile(h.Path("config"))
}

// settingsFile returns the file of the user's `go env -w` settings, "" for none; ours is the configuration folder that we
// set ourselves.
func settingsFile(ours string) string {
	switch file := os.Getenv("GOENV"); file {
	case "off":
		return ""
	case "":
	default:
		return file
	}
	config, err := os.UserConfigDir()
	if err != nil || config == ours {
		return ""
	}
	return filepath.Join(config, "go", "env")
}

// userSettings reads the user's `go env -w` settings.
func userSettings(ours string) map[string]string {
	settings := map[string]string{}
	content, err := os.ReadFile(settingsFile(ours))
	if err != nil {
		return settings // most have none
	}
	for line := range strings.Lines(string(content)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(name, "#") {
			settings[name] = value
		}
	}
	return settings
}

// UserModCache returns the folder of the user's own module cache, which need not be there.
func (h Home) UserModCache() string {
	settings := userSettings(h.Path("config"))
	if dir := settings["GOMODCACHE"]; dir != "" {
		return dir
	}
	path := filepath.SplitList(settings["GOPATH"])
	if len(path) > 0 {
		return filepath.Join(path[0], "pkg", "mod")
	}
	user, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(user, "go", "pkg", "mod")
}
