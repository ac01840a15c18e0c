package store

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/embedding"
)

// python returns the Python that SSLKIT_TEST_PYTHON names, python3 without that, or
// skips the test if it lacks a package.
func python(t *testing.T, packages ...string) string {
	t.Helper()
	program := os.Getenv("SSLKIT_TEST_PYTHON")
	if program == "" {
		program = "python3"
	}
	if out, err := exec.Command(program, "-c", "import "+strings.Join(packages, ", ")).CombinedOutput(); err != nil {
		t.Skipf("needs a Python with %s, which SSLKIT_TEST_PYTHON may name; %s says: %v\n%s", strings.Join(packages, ", "), program, err, out)
	}
	return program
}

// Other tools read what we write, and we read what they write.
func TestPython(t *testing.T) {
	program := python(t, "numpy", "pandas", "polars", "pyarrow")
	s := blobs(50, 6, 2, 1)
	s.Classes, s.Origin = []string{"cat", "dog", "emu"}, madeBy("network").Origin
	s.Files[0] = `a "b", ☃.jpg`
	s.Features[0], s.Features[1] = math.SmallestNonzeroFloat32, -math.MaxFloat32
	folder := t.TempDir()
	for _, extension := range extensions {
		if err := Write(filepath.Join(folder, "set"+extension), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(filepath.Join(folder, "unknown.parquet"), &embedding.Set{Features: s.Features, Dim: 6}); err != nil {
		t.Fatal(err)
	}
	var problems strings.Builder
	check := exec.Command(program, "testdata/check.py", folder)
	check.Stderr = &problems
	out, err := check.Output()
	if err != nil {
		t.Fatalf("check.py: %v\n%s%s", err, out, &problems)
	}
	checkPython(t, s, out)

	s.Classes = s.Classes[:2] // which emu is, only our metadata say
	for _, name := range []string{"pandas.parquet", "pandas64.parquet", "polars.parquet", "pyarrow.parquet", "pandas.csv"} {
		got, err := Read(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		got.Classes = got.Classes[:2] // some keep our metadata, others do not
		want := *s
		if name != "pyarrow.parquet" { // others do not keep our metadata
			want.Origin = nil
		}
		sameSet(t, name, &want, got)
	}
	for _, name := range []string{"float64.npy", "columns.npy"} {
		got, err := Read(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, name, &embedding.Set{Features: s.Features, Dim: 6}, got)
	}
	wantReadError(t, filepath.Join(folder, "null.parquet"), "column feature: ")
}

// checkPython compares the set with what each reader in Python has found.
func checkPython(t *testing.T, s *embedding.Set, out []byte) {
	t.Helper()
	readers := 0
	for line := range bytes.Lines(out) {
		var got struct {
			Name    string
			Files   []string
			Labels  []int32
			Classes []string
			Bits    []uint32
			Shape   []int
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("check.py: %v:\n%s", err, out)
		}
		readers++
		if !slices.Equal(got.Files, s.Files) || !slices.Equal(got.Labels, s.Labels) || !slices.Equal(got.Shape, []int{s.Len(), s.Dim}) {
			t.Errorf("%s reads other images: %s", got.Name, line)
		}
		for i := range s.Len() {
			if got.Classes[i] != s.Class(i) {
				t.Errorf("%s reads class %q of image %d, want %q", got.Name, got.Classes[i], i, s.Class(i))
			}
		}
		for i, value := range s.Features {
			if got.Bits[i] != math.Float32bits(value) {
				t.Errorf("%s reads %g as number %d, want %g", got.Name, math.Float32frombits(got.Bits[i]), i, value)
			}
		}
	}
	if readers != 5 {
		t.Errorf("%d readers, want 5:\n%s", readers, out)
	}
}
