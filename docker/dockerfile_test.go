// Package docker has tests alone: no engine is needed to see that the images are pinned, and that what they name exists.
package docker

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// repository is the build context of the images.
const repository = ".."

var (
	digest   = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)
	script   = regexp.MustCompile(`(?:^|[\s"/])docker/(\w+\.sh)`)
	argument = regexp.MustCompile(`\$([UG]ID)\b`)
	number   = regexp.MustCompile(`^\$?[A-Z0-9]+(:\$?[A-Z0-9]+)?$`) // or a build argument
)

// parse parses a Dockerfile as Docker does, with the defaults of build arguments in the names of bases.
func parse(text string) ([]instructions.Stage, error) {
	result, err := parser.Parse(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	for _, w := range result.Warnings {
		return nil, fmt.Errorf("%s %s", w.Short, w.URL)
	}
	stages, global, err := instructions.Parse(result.AST, nil)
	defaults := map[string]string{}
	for _, c := range global {
		for _, a := range c.Args {
			defaults[a.Key] = a.ValueString()
		}
	}
	for i, s := range stages {
		stages[i].BaseName = os.Expand(s.BaseName, func(name string) string { return defaults[name] })
	}
	return stages, err
}

// arguments lists the build arguments that a stage declares, with their defaults.
func arguments(s instructions.Stage) map[string]string {
	found := map[string]string{}
	for _, c := range s.Commands {
		if c, ok := c.(*instructions.ArgCommand); ok {
			for _, a := range c.Args {
				found[a.Key] = a.ValueString()
			}
		}
	}
	return found
}

// problems says what is wrong in the stages of a Dockerfile.
func problems(stages []instructions.Stage) (found []string) {
	report := func(s instructions.Stage, format string, args ...any) {
		found = append(found, s.Name+": "+fmt.Sprintf(format, args...))
	}
	var names []string
	for _, s := range stages {
		if !slices.Contains(names, s.BaseName) && !digest.MatchString(s.BaseName) {
			report(s, "base %q, want a digest: a tag changes what it means", s.BaseName)
		}
		declared := arguments(s)
		for _, c := range s.Commands {
			for _, name := range argument.FindAllStringSubmatch(fmt.Sprint(c), -1) {
				if _, ok := declared[name[1]]; !ok {
					report(s, "%v uses $%s, which a stage declares for itself alone", c, name[1])
				}
			}
			if c, ok := c.(*instructions.CopyCommand); ok && c.From == "" {
				for _, source := range c.SourcePaths {
					if _, err := os.Stat(filepath.Join(repository, source)); err != nil {
						report(s, "copies what is not there: %v", err)
					}
				}
			}
			if c, ok := c.(*instructions.CopyCommand); ok && c.From != "" && !slices.Contains(names, c.From) {
				report(s, "copies from %q, want an earlier stage of %q", c.From, names)
			}
			for _, name := range script.FindAllStringSubmatch(fmt.Sprint(c), -1) {
				if info, err := os.Stat(name[1]); err != nil || info.Mode()&0o111 == 0 {
					report(s, "%v runs docker/%s, want an executable file (%v)", c, name[1], err)
				}
			}
			if u, ok := c.(*instructions.UserCommand); ok && (u.User == "0" || !number.MatchString(u.User)) {
				report(s, "user %q, want a number but 0, by which Kubernetes sees that it is not root", u.User)
			}
		}
		names = append(names, s.Name)
	}
	return found
}

func stages(t *testing.T) []instructions.Stage {
	t.Helper()
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	stages, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return stages
}

func TestDockerfile(t *testing.T) {
	stages := stages(t)
	for _, p := range problems(stages) {
		t.Error(p)
	}
	kinds := map[string]bool{}
	for _, s := range stages {
		for _, c := range s.Commands {
			kinds[c.Name()] = true
		}
	}
	for _, kind := range []string{"USER", "HEALTHCHECK", "EXPOSE", "VOLUME", "CMD"} {
		if !kinds[kind] && !kinds[strings.ToLower(kind)] {
			t.Errorf("no %s", kind)
		}
	}
	for _, s := range stages {
		if a := arguments(s); a["UID"] != "" && (a["UID"] != "1000" || a["GID"] != "1000") || s.Name != "debian" && s.Name != "go" && a["UID"] == "" {
			t.Errorf("%s: user %q of group %q, want the same 1000 in all stages", s.Name, a["UID"], a["GID"])
		}
	}
	if last := stages[len(stages)-1].Name; last != "cpu" {
		t.Errorf("a build without --target makes %q, want cpu", last)
	}
}

func TestProblems(t *testing.T) {
	const pinned = "FROM debian@sha256:d7e12182ce18b85b93007c1dedf31f2d29e01ccf3182cc4017c709b6259bc132 AS a\n"
	for _, c := range []struct{ text, want string }{
		{pinned + "COPY go.mod .\nRUN docker/lab.sh\nUSER 7\nFROM a AS b\nCOPY --from=a /x /x\n", ""},
		{"FROM debian:trixie AS a\n", "want a digest"},
		{"FROM debian@sha256:d7e1 AS a\n", "want a digest"},
		{pinned + "COPY nothing .\n", "is not there"},
		{pinned + "COPY --from=other /x /x\n", "an earlier stage"},
		{pinned + "RUN docker/nothing.sh\n", "nothing.sh, want an executable"},
		{pinned + `CMD ["docker/nothing.sh"]` + "\n", "nothing.sh, want an executable"},
		{pinned + "HEALTHCHECK CMD docker/nothing.sh\n", "nothing.sh, want an executable"},
		{"ARG B=debian:trixie\nFROM $B AS a\n", "want a digest"},
		{strings.Replace(strings.TrimSuffix(pinned, " AS a\n"), "FROM ", "ARG B=", 1) + "\nFROM $B AS a\n", ""},
		{pinned + "ARG UID\nFROM a AS b\nCOPY --chown=$UID go.mod .\n", "uses $UID"},
		{pinned + "USER root\n", "not root"},
		{pinned + "USER 0\n", "not root"},
		{pinned + "RUNS ls\n", "unknown instruction"},
	} {
		stages, err := parse(c.text)
		got := strings.Join(problems(stages), "\n")
		if err != nil {
			got = err.Error()
		}
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
	}
}
