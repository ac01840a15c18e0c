package store

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/embedding"
)

var extensions = []string{".parquet", ".csv", ".npy"}

// sameSet compares sets to the bit, nil apart from empty, -0 apart from 0.
func sameSet(t *testing.T, what string, want, got *embedding.Set) {
	t.Helper()
	bits := cmp.Transformer("bits", math.Float32bits)
	if diff := cmp.Diff(want, got, bits); diff != "" {
		t.Errorf("%s: another set comes back (-want +got):\n%s", what, diff)
	}
}

// writeText writes a file of a test and returns its path.
func writeText(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRoundTrips(t *testing.T) {
	awkward := small()
	awkward.Features = []float32{
		float32(math.Copysign(0, -1)), math.SmallestNonzeroFloat32, math.MaxFloat32, -math.MaxFloat32, 0.1, 1.0 / 3,
	}
	awkward.Files = []string{"a,b\"c\n.jpg", " ünï/☃ .jpg ", "#1.jpg"}
	awkward.Classes = []string{"null", "x,\"y\"\tz"}
	features := &embedding.Set{Features: awkward.Features, Dim: 3}
	numbered := small()
	numbered.Classes, numbered.Files = nil, nil
	one := &embedding.Set{Features: []float32{4}, Dim: 1, Files: []string{"x"}}
	for name, s := range map[string]*embedding.Set{
		"whole": small(), "awkward": awkward, "features alone": features, "labels alone": numbered, "one": one,
		"many": blobs(3000, 17, 7, 1), // more than a page or a batch of rows
	} {
		for _, extension := range extensions {
			path := filepath.Join(t.TempDir(), "set"+strings.ToUpper(extension))
			if err := Write(path, s); err != nil {
				t.Fatalf("%s%s: %v", name, extension, err)
			}
			got, err := Read(path)
			if err != nil {
				t.Fatalf("%s%s: %v", name, extension, err)
			}
			sameSet(t, name+extension, s, got)
		}
	}
}

// Classes that no image has are kept where there is a place for them.
func TestClassesWithoutImages(t *testing.T) {
	s := small()
	s.Classes = []string{"cat", "dog", "", "emu"}
	for _, extension := range extensions {
		path := filepath.Join(t.TempDir(), "set"+extension)
		if err := Write(path, s); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		want := s.Classes
		if extension == ".csv" {
			want = want[:2]
		}
		if !slices.Equal(got.Classes, want) {
			t.Errorf("%s: classes %q, want %q", extension, got.Classes, want)
		}
	}
	// A class between others has no name in CSV.
	path := writeText(t, "x.csv", "file,label,class,f0\n,2,emu,1\n,0,cat,2\n")
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cat", "", "emu"}; !slices.Equal(got.Classes, want) {
		t.Errorf("classes %q, want %q", got.Classes, want)
	}
}

// The old file stays until the new one is complete, and nothing else is left.
func TestWriteReplaces(t *testing.T) {
	for _, extension := range extensions {
		dir := t.TempDir()
		path := filepath.Join(dir, "set"+extension)
		first, second := small(), blobs(20, 3, 2, 1)
		for _, s := range []*embedding.Set{first, second} {
			if err := Write(path, s); err != nil {
				t.Fatal(err)
			}
		}
		broken := small()
		broken.Features[0] = float32(math.NaN())
		if err := Write(path, broken); err == nil {
			t.Error("a set with a NaN is written")
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		sameSet(t, extension, second, got)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, entry := range entries {
			names = append(names, entry.Name())
			if info, err := entry.Info(); err != nil || info.Mode().Perm()&0o044 == 0 {
				t.Errorf("%s: mode %v (%v), want a file that others may read", entry.Name(), info.Mode(), err)
			}
		}
		want := []string{"set" + extension}
		if extension == ".npy" {
			want = append(want, "set.npy.json")
		}
		if !slices.Equal(names, want) {
			t.Errorf("the folder holds %q, want %q", names, want)
		}
	}
	// A write that fails in the middle leaves what was there.
	path := filepath.Join(t.TempDir(), "set.csv")
	if err := Write(path, small()); err != nil {
		t.Fatal(err)
	}
	s := small()
	s.Files[2] = "a\r\nb"
	err := Write(path, s)
	if want := `image 2: CSV cannot keep the line break in file "a\r\nb"`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q", err, want)
	}
	got, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	sameSet(t, "after a failed write", small(), got)
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x", "x.txt", ".csv.gz"} {
		want := name + ": want a name that ends in .parquet, .csv or .npy"
		if err := Write(filepath.Join(dir, name), small()); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Write: got error %v, want %s", err, want)
		}
		if _, err := Read(filepath.Join(dir, name)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("Read: got error %v, want %s", err, want)
		}
	}
	for _, extension := range extensions {
		missing := filepath.Join(dir, "no", "x"+extension)
		if err := Write(missing, small()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
			t.Errorf("Write into a folder that is not there: got error %v", err)
		}
		if _, err := Read(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
			t.Errorf("Read of what is not there: got error %v", err)
		}
		folder := filepath.Join(dir, "folder"+extension)
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(folder); err == nil || err.Error() != "store: read "+folder+": is not a file" {
			t.Errorf("Read of a folder: got error %v", err)
		}
		empty := writeText(t, "x"+extension, "")
		if _, err := Read(empty); err == nil || err.Error() != "store: read "+empty+": empty" {
			t.Errorf("Read of an empty file: got error %v", err)
		}
		foreign := writeText(t, "x"+extension, strings.Repeat("foreign\n", 100))
		if _, err := Read(foreign); err == nil || !strings.HasPrefix(err.Error(), "store: read "+foreign+": ") {
			t.Errorf("Read of something else: got error %v", err)
		}
	}
}

// However short a file was cut, it is an error and not half a set.
func TestTruncated(t *testing.T) {
	for _, extension := range extensions {
		path := filepath.Join(t.TempDir(), "set"+extension)
		if err := Write(path, small()); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for length := range len(whole) {
			if extension == ".csv" && length > 0 && whole[length-1] == '\n' && strings.Count(string(whole[:length]), "\n") > 1 {
				continue // a table of fewer images
			}
			if err := os.WriteFile(path, whole[:length], 0o644); err != nil {
				t.Fatal(err)
			}
			if s, err := Read(path); err == nil || s != nil {
				t.Errorf("%s: the first %d of %d bytes are a set of %d images", extension, length, len(whole), s.Len())
			}
		}
	}
}

// A changed byte never makes an impossible set. In Parquet, whose pages have
// checksums, it hardly ever makes another one.
func TestDamaged(t *testing.T) {
	for _, extension := range extensions {
		path := filepath.Join(t.TempDir(), "set"+extension)
		want := blobs(40, 8, 3, 1)
		if err := Write(path, want); err != nil {
			t.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		unnoticed := 0
		for at := 0; at < len(whole); at += 3 {
			damaged := slices.Clone(whole)
			damaged[at] ^= 0x41
			if err := os.WriteFile(path, damaged, 0o644); err != nil {
				t.Fatal(err)
			}
			got, err := Read(path)
			if err != nil {
				continue
			}
			if err := got.Validate(); err != nil {
				t.Errorf("%s: byte %d changed: %v", extension, at, err)
			}
			if !slices.Equal(got.Features, want.Features) || !slices.Equal(got.Labels, want.Labels) ||
				!slices.Equal(got.Files, want.Files) || !slices.Equal(got.Classes, want.Classes) {
				unnoticed++
			}
		}
		if extension == ".parquet" && unnoticed > len(whole)/300 {
			t.Errorf("%d of %d changed bytes go unnoticed", unnoticed, len(whole)/3)
		}
	}
}

// small is a set of three images with all that can be known of them.
func small() *embedding.Set {
	return &embedding.Set{
		Features: []float32{1, 2, -0.5, 0, 1e-38, 3},
		Dim:      2,
		Labels:   []int32{1, 0, 1},
		Classes:  []string{"cat", "dog"},
		Files:    []string{"dog/1.jpg", "cat/1.jpg", "dog/2.jpg"},
	}
}

// blobs are n images of some classes, whose features lie around a centre for each.
func blobs(n, dim, classes int, spread float64) *embedding.Set {
	random := rand.New(rand.NewPCG(7, 7))
	centres := make([]float64, classes*dim)
	for i := range centres {
		centres[i] = random.NormFloat64()
	}
	s := &embedding.Set{Dim: dim}
	for i := range n {
		class := i % classes
		s.Labels = append(s.Labels, int32(class))
		s.Files = append(s.Files, fmt.Sprintf("c%d/%d.jpg", class, i))
		for d := range dim {
			s.Features = append(s.Features, float32(centres[class*dim+d]+spread*random.NormFloat64()))
		}
	}
	for class := range classes {
		s.Classes = append(s.Classes, fmt.Sprint("class ", class))
	}
	return s
}
