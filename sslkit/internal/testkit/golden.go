package testkit

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/internal/mix"
)

// Golden reads every file of reference numbers of some kinds ("losses", "steps",
// …): those whose name holds one, in the directory that SSLKIT_GOLDEN names, by
// default the repository's own. If a directory so named has none, the test is
// skipped.
func Golden[T any](t testing.TB, kinds ...string) map[string]T {
	t.Helper()
	dir := os.Getenv("SSLKIT_GOLDEN")
	named := dir != ""
	if !named {
		_, here, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(here), "..", "..", "testdata", "golden")
	}
	var paths []string
	for _, kind := range kinds {
		found, err := filepath.Glob(filepath.Join(dir, "*"+kind+"*.json"))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	files := map[string]T{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file T
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".json")] = file
	}
	if len(files) == 0 && named {
		t.Skipf("no file of %q in SSLKIT_GOLDEN=%s", kinds, dir)
	}
	if len(files) == 0 {
		t.Fatalf("no file of %q in %s", kinds, dir)
	}
	return files
}

// G is the smooth generator of the reference inputs, [n, d].
func G(s, n, d int) []float64 {
	values := make([]float64, 0, n*d)
	for i := range n {
		for j := range d {
			values = append(values, math.Sin(0.9*float64(s)+1.7*float64(i)+0.31*float64(j)+0.013*float64(i*j)))
		}
	}
	return values
}

// U is the pseudo-random generator of the reference inputs, in [0, 1).
func U(n, k int) float64 {
	return float64(mix.At(0, uint64(n)<<32+uint64(k))>>11) / (1 << 53)
}

// An Input is an input of a case, made by formula.
type Input struct {
	Gen     string   `json:"gen"` // "G"
	S       int      `json:"s"`
	Shape   []int    `json:"shape"`
	Scale   *float64 `json:"scale"`
	RowNorm bool     `json:"rownorm"`
	Ptr     int      `json:"ptr"`     // of a queue: the row that the next ones enter at
	Reshape []int    `json:"reshape"` // of the array; none: Shape
}

// Array makes the input.
func (in Input) Array(t testing.TB) Array {
	t.Helper()
	if in.Gen != "G" || len(in.Shape) != 2 {
		t.Fatalf("testkit: input %+v: want gen G and a shape of two axes", in)
	}
	values := G(in.S, in.Shape[0], in.Shape[1])
	if in.Scale != nil {
		for i := range values {
			values[i] *= *in.Scale
		}
	}
	if in.RowNorm {
		for r := 0; r < len(values); r += in.Shape[1] {
			row := values[r : r+in.Shape[1]]
			norm := Norm(row)
			for i := range row {
				row[i] /= norm
			}
		}
	}
	if in.Reshape != nil {
		return Array{Shape: in.Reshape, Data: values}
	}
	return Array{Shape: in.Shape, Data: values}
}
