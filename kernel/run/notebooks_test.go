package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gossl/gossl/kernel/wire/wiretest"
)

// Cells with the tag skip-execution are left as they are, outputs and all.
func TestRunSkipsByTag(t *testing.T) {
	const cells = `{"cell_type": "code", "id": "a", "execution_count": null, "metadata": {}, "outputs": [], "source": "print one"},
		{"cell_type": "code", "id": "b", "execution_count": 12, "metadata": {"tags": ["skip-execution"]}, "source": "fail Exit exit status 3",
		 "outputs": [{"output_type": "stream", "name": "stdout", "text": ["of another run\n"]}]},
		{"cell_type": "code", "id": "c", "execution_count": null, "metadata": null, "outputs": [], "source": "print three"}`
	dir := t.TempDir()
	o := Options{Notebook: filepath.Join(dir, "n.ipynb"), Output: filepath.Join(dir, "out.ipynb"), JUnit: filepath.Join(dir, "report.xml")}
	save(t, o.Notebook, `{"cells": [`+cells+`], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`)
	out := screen(t)
	if err := Run(t.Context(), fakeHome(t), o, out); err != nil {
		t.Fatal(err)
	}
	executed := read(t, o.Output)
	for _, want := range []string{`"one"`, `"execution_count": 12`, `"of another run\n"`, `"three"`} {
		if !strings.Contains(executed, want) {
			t.Errorf("the executed notebook lacks %s:\n%s", want, executed)
		}
	}
	if report := read(t, o.JUnit); !strings.Contains(report, `tests="3" failures="0" skipped="1"`) {
		t.Errorf("report:\n%s", report)
	}
	if shown := read(t, out.Name()); !strings.Contains(shown, "skipped, by its tag") || !strings.Contains(shown, "[3/3]") {
		t.Errorf("the screen:\n%s", shown)
	}
}

// What is no notebook in Go is refused with a sentence, before a kernel starts.
func TestRunRefuses(t *testing.T) {
	const cell = `{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": "print a"}`
	of := func(metadata string) string {
		return `{"cells": [` + cell + `], "metadata": ` + metadata + `, "nbformat": 4, "nbformat_minor": 5}`
	}
	for name, c := range map[string]struct{ content, want string }{
		"Python":           {of(`{"kernelspec": {"name": "python3", "language": "python", "display_name": "Python 3"}}`), "is a notebook in python, want one in Go"},
		"only a name":      {of(`{"kernelspec": {"name": "python3"}}`), "is a notebook in python, want one in Go"},
		"only its past":    {of(`{"language_info": {"name": "julia"}}`), "is a notebook in julia, want one in Go"},
		"nbformat 3":       {`{"worksheets": [], "metadata": {}, "nbformat": 3, "nbformat_minor": 0}`, "nbformat 3, want 4: open it in JupyterLab and save it"},
		"nbformat 5":       {`{"cells": [], "metadata": {}, "nbformat": 5}`, "nbformat 5, want 4"},
		"empty":            {" \n", "the file is empty, want a notebook"},
		"a Go file":        {"package main\n", "not a notebook, which is a JSON object with nbformat and cells"},
		"a list":           {"[]", "not a notebook, which is a JSON object"},
		"other JSON":       {`{"name": "x"}`, "not a notebook: it has no nbformat, want 4"},
		"no cells":         {`{"nbformat": 4, "metadata": {}}`, "it has no list of cells"},
		"cells are text":   {`{"nbformat": 4, "cells": "a"}`, "cells"},
		"a cell is null":   {`{"nbformat": 4, "cells": [` + cell + `, null]}`, "cell 2 of 2 is null"},
		"a cell is text":   {`{"nbformat": 4, "cells": ["a"]}`, "cell 1 of 1: "},
		"tags are text":    {`{"nbformat": 4, "cells": [{"cell_type": "code", "metadata": {"tags": "a"}}]}`, "cell 1 of 1: "},
		"metadata is text": {`{"nbformat": 4, "cells": [], "metadata": "a"}`, "metadata: "},
	} {
		o := Options{Notebook: filepath.Join(t.TempDir(), "n.ipynb"), Output: filepath.Join(t.TempDir(), "out.ipynb")}
		save(t, o.Notebook, c.content)
		err := Run(t.Context(), fakeHome(t, wiretest.Argv("mute")...), o, screen(t))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), o.Notebook) {
			t.Errorf("%s: error %v, want the file and %q", name, err, c.want)
		}
		if _, err := os.Stat(o.Output); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
}

// Notebooks that say little of themselves run.
func TestRunOddMetadata(t *testing.T) {
	for name, content := range map[string]string{
		"no kernelspec":     `{"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}`,
		"no metadata":       `{"cells": [CELL], "nbformat": 4}`,
		"null":              `{"cells": [CELL], "metadata": null, "nbformat": 4}`,
		"kernelspec null":   `{"cells": [CELL], "metadata": {"kernelspec": null, "language_info": null}, "nbformat": 4}`,
		"another Go kernel": `{"cells": [CELL], "metadata": {"kernelspec": {"name": "gonb", "language": "go"}}, "nbformat": 4}`,
		"was Python's":      `{"cells": [CELL], "metadata": {"kernelspec": {"name": "sslkit", "language": "go"}, "language_info": {"name": "python"}}, "nbformat": 4}`,
		"byte order mark":   "\ufeff" + `{"cells": [CELL], "metadata": {}, "nbformat": 4}`,
		"cell without any":  `{"cells": [{"cell_type": "code", "source": "print a"}, {"cell_type": "raw", "source": "x"}], "nbformat": 4}`,
	} {
		content = strings.ReplaceAll(content, "CELL", `{"cell_type": "code", "metadata": null, "source": "print a"}`)
		o := Options{Notebook: filepath.Join(t.TempDir(), "n.ipynb"), Output: filepath.Join(t.TempDir(), "out.ipynb")}
		save(t, o.Notebook, content)
		if err := Run(t.Context(), fakeHome(t), o, screen(t)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var executed struct {
			Metadata struct {
				KernelSpec, LanguageInfo map[string]string
			}
		}
		text := strings.NewReplacer("language_info", "languageinfo").Replace(read(t, o.Output))
		if err := json.Unmarshal([]byte(text), &executed); err != nil || !strings.Contains(text, `"a"`) {
			t.Errorf("%s: %v:\n%s", name, err, text)
		}
		if strings.Contains(text, `"metadata": null`) || strings.Count(text, `"metadata"`) != strings.Count(text, `"cell_type"`)+1 {
			t.Errorf("%s: the format of notebooks wants metadata everywhere:\n%s", name, text)
		}
		if m := executed.Metadata; m.KernelSpec["name"] == "" || m.LanguageInfo["name"] != "go" || m.LanguageInfo["pygments_lexer"] != "go" {
			t.Errorf("%s: metadata %+v", name, m)
		}
	}
}

func save(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
