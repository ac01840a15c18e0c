package store

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gossl/gossl/sslkit/embedding"
)

// madeBy are images whose features are known to be of a network.
func madeBy(network string) *embedding.Set {
	s := small()
	s.Origin = &embedding.Origin{
		Network: network, Weights: "0123456789abcdef", Size: 96,
		Mean: [3]float64{0.485, 1.0 / 3, 0}, Std: [3]float64{0.229, 0.224, 1}, Data: "photos, \"ünï\"", Images: "fedcba",
	}
	return s
}

// Every format keeps what made the features.
func TestOriginRoundTrips(t *testing.T) {
	for _, extension := range extensions {
		dir := t.TempDir()
		path := filepath.Join(dir, "set"+extension)
		for _, s := range []*embedding.Set{madeBy("first"), madeBy("second")} {
			if err := Write(path, s); err != nil {
				t.Fatal(err)
			}
			got, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			sameSet(t, extension, s, got)
		}
		names := []string{"set" + extension}
		if extension != ".parquet" {
			names = append(names, "set"+extension+".json")
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for i, entry := range entries {
			if i >= len(names) || entry.Name() != names[i] {
				t.Errorf("%s: there is %s, want %q", extension, entry.Name(), names)
			}
		}

		// Nothing is said of features that nobody knows the origin of, even where something was.
		unknown := madeBy("")
		unknown.Features, unknown.Origin = slices.Clone(unknown.Features), nil
		unknown.Features[0]++
		if err := Write(path, unknown); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, extension, unknown, got)
	}
}

// What lies beside a table is not believed of a table that another tool has written.
func TestOriginOfOtherFeatures(t *testing.T) {
	for _, extension := range []string{".csv", ".npy"} {
		path, other := filepath.Join(t.TempDir(), "set"+extension), filepath.Join(t.TempDir(), "other"+extension)
		changed := small()
		changed.Features[1]++
		for path, s := range map[string]*embedding.Set{path: madeBy("network"), other: changed} {
			if err := Write(path, s); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Rename(other, path); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, extension, changed, got)
	}
}

// Files of older versions, and those beside that are not ours, are no hindrance; a damaged one is.
func TestFilesBesideOfOthers(t *testing.T) {
	const table = "file,label,class,f0\na,0,cat,1\n"
	for _, beside := range []string{"[1, 2]", `{"title": "my table"}`, `{"origin": "Africa"}`, `{"origin": null}`} {
		path := writeText(t, "x.csv", table)
		if err := os.WriteFile(path+".json", []byte(beside), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || got.Origin != nil || got.Len() != 1 {
			t.Errorf("%s: %+v, error %v", beside, got, err)
		}
	}
	path := writeText(t, "x.csv", table)
	if err := os.WriteFile(path+".json", []byte(`{"origin": {`), 0o600); err != nil {
		t.Fatal(err)
	}
	wantReadError(t, path, path+".json: unexpected end of JSON input")
	path = writeText(t, "x.npy", npyText(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", 1, 2))
	if err := os.WriteFile(path+".json", []byte(`{"files": ["a"], "labels": [0], "classes": ["cat"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || got.Origin != nil || got.Classes[0] != "cat" {
		t.Errorf("a file beside without an origin: %+v, error %v", got, err)
	}
}

// What files cannot keep is not written.
func TestOriginIsValidated(t *testing.T) {
	s := madeBy("\xff")
	if err := Write(filepath.Join(t.TempDir(), "x.csv"), s); err == nil || !strings.Contains(err.Error(), "is not UTF-8") {
		t.Errorf("a name that is not UTF-8: error %v", err)
	}
	s = madeBy("x")
	s.Origin.Std[1] /= 0 * s.Origin.Std[0]
	if err := Write(filepath.Join(t.TempDir(), "x.csv"), s); err == nil || !strings.Contains(err.Error(), "want finite numbers") {
		t.Errorf("a deviation that is not finite: error %v", err)
	}
}
