package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/store"
)

// run runs the program, and returns what it writes.
func run(t *testing.T, args ...string) (out, messages string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	err = root.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

// pets are features of six images: two are nearly the same, one is like no other.
func pets() *embedding.Set {
	return &embedding.Set{
		Features: []float32{
			4, 1, 0,
			8, 2, 0.1,
			3, 3, 0,
			0, 1, 5,
			0, 3, 4,
			-5, 0, 1,
		},
		Dim:     3,
		Labels:  []int32{0, 0, 0, 1, 1, 1},
		Classes: []string{"cat", "dog"},
		Files:   []string{"cat/1.jpg", "cat/two\n.jpg", "cat/3.jpg", "dog/1.jpg", "dog/old/2.jpg", "dog/3.jpg"},
	}
}

func write(t *testing.T, s *embedding.Set) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pets.parquet")
	if err := store.Write(path, s); err != nil {
		t.Fatal(err)
	}
	return path
}

// same compares what was printed with what is wanted.
func same(t *testing.T, what, want, got string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestSearch(t *testing.T) {
	path := write(t, pets())
	for _, query := range [][]string{
		{"--query", "dog/old/2.jpg"}, {"-q", "4"}, {"-q", "2.jpg"}, {"-q", "old/2.jpg"}, {"-q", "dog/./old/2.jpg"},
		{"-q", "/photos/dog/old/2.jpg", "--images", "/photos"},
	} {
		out, messages, err := run(t, append([]string{"search", path, "-k", "2"}, query...)...)
		if err != nil {
			t.Fatal(err)
		}
		same(t, strings.Join(query, " "), `
similarity  image  class  file
0.9021      3      dog    dog/1.jpg
0.4243      2      cat    cat/3.jpg
`, out)
		if messages != "sslkit: most similar to dog/old/2.jpg:\n" {
			t.Errorf("%v: said %q", query, messages)
		}
	}
}

func TestSearchJSON(t *testing.T) {
	out, _, err := run(t, "search", write(t, pets()), "--query", "0", "-k", "99", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Image       int
		Similarity  float64
		Class, File string
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 5 || found[0].Image != 1 || found[0].Similarity < 0.999 || found[0].Class != "cat" || found[0].File != "cat/two\n.jpg" {
		t.Errorf("found %+v", found)
	}
	// Nothing is known of the images but their features.
	out, _, err = run(t, "search", write(t, &embedding.Set{Features: []float32{1, 2, 2}, Dim: 1}), "--query", "0", "-k", "1", "--json")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "features alone", `
[
  {
    "image": 1,
    "similarity": 1
  }
]
`, out)
}

func TestDuplicates(t *testing.T) {
	path := write(t, pets())
	out, messages, err := run(t, "duplicates", path)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "table", `
group  similarity  image  class  file
1      keep        0      cat    cat/1.jpg
1      0.9999      1      cat    "cat/two\n.jpg"
`, out)
	if want := "sslkit: groups: 1; images with similarity 0.98 or more to one that is kept: 1 of 6\n"; messages != want {
		t.Errorf("said %q, want %q", messages, want)
	}
	out, _, err = run(t, "duplicates", path, "--json", "--similarity", "0.9")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		Keep   struct{ File string }
		Others []struct{ File string }
	}
	if err := json.Unmarshal([]byte(out), &groups); err != nil {
		t.Fatal(err)
	}
	if len(groups) != 2 || groups[1].Keep.File != "dog/1.jpg" || len(groups[1].Others) != 1 || groups[1].Others[0].File != "dog/old/2.jpg" {
		t.Errorf("groups %+v", groups)
	}
	if out, _, err = run(t, "duplicates", path, "--similarity", "1", "--json"); err != nil || out != "[]\n" {
		t.Errorf("no duplicates: %q, error %v, want an empty array", out, err)
	}
	out, messages, err = run(t, "duplicates", path, "--similarity", "1")
	if err != nil || out != "" || messages != "sslkit: no two of 6 images have similarity 1\n" {
		t.Errorf("no duplicates: printed %q, said %q, error %v", out, messages, err)
	}
}

func TestOutliers(t *testing.T) {
	out, _, err := run(t, "outliers", write(t, pets()), "-n", "2", "-k", "2")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "table", `
similarity  image  class  file
0.1746      5      dog    dog/3.jpg
0.5472      3      dog    dog/1.jpg
`, out)
	out, _, err = run(t, "outliers", write(t, pets()), "-n", "99", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var found []record
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 6 || found[0].File != "dog/3.jpg" {
		t.Errorf("found %+v, error %v", found, err)
	}
}

func TestMap(t *testing.T) {
	path := write(t, pets())
	out, messages, err := run(t, "map", path)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(out, "\n"); lines[0] != "file,label,class,x,y" || !strings.HasPrefix(lines[1], "cat/1.jpg,0,cat,") {
		t.Errorf("printed %q", out)
	}
	if !strings.HasPrefix(messages, "sslkit: the axes show ") {
		t.Errorf("said %q", messages)
	}
	file := filepath.Join(t.TempDir(), "map.csv")
	quiet, _, err := run(t, "map", path, "--out", file)
	if err != nil || quiet != "" {
		t.Fatalf("printed %q, error %v", quiet, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "file", out, string(text))

	out, messages, err = run(t, "map", path, "--method", "tsne", "--iterations", "50", "--perplexity", "1.5", "--json")
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Divergence float64
		Points     []struct {
			Image int
			File  string
			X, Y  float64
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Points) != 6 || got.Points[3].File != "dog/1.jpg" || got.Points[3].X == 0 || !strings.Contains(messages, "divergence") {
		t.Errorf("map %+v, said %q", got, messages)
	}
}

func TestSourceOfImages(t *testing.T) {
	for _, test := range []struct {
		from source
		want int
	}{
		{source{images: "shapes"}, 1000}, {source{images: "shapes", split: "train", limit: 30}, 30}, {source{images: "shapes", split: "test", limit: 7}, 7},
	} {
		images, err := test.from.load(t.Context(), io.Discard)
		if err != nil || images.Len() != test.want {
			t.Errorf("%+v: %v, error %v, want %d images", test.from, images, err, test.want)
		}
	}
	t.Setenv("SSLKIT_HOME", t.TempDir())
	dir := t.TempDir()
	set, err := dataset.DrawShapes(1, 3, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		savePNG(t, filepath.Join(dir, "some", string(rune('a'+i))+".png"), set.Train.NRGBA(i))
	}
	savePNG(t, filepath.Join(dir, "loose.png"), set.Train.NRGBA(0))
	for _, test := range []struct {
		from    source
		files   []string
		classes int
		said    string
	}{
		{source{images: dir, limit: 2}, []string{"some/a.png", "some/b.png"}, 1, "beside the folders of classes are left out: 1"},
		{source{images: dir, unlabelled: true}, []string{"loose.png", "some/a.png", "some/b.png", "some/c.png"}, 0, ""},
		{source{images: dir + "/some"}, []string{"a.png", "b.png", "c.png"}, 0, "/some has no folders of classes: its images are embedded without classes"},
	} {
		var said bytes.Buffer
		images, err := test.from.load(t.Context(), &said)
		if err != nil || !slices.Equal(images.Files, test.files) || len(images.Classes) != test.classes {
			t.Errorf("%+v: %+v, error %v, want %q of %d classes", test.from, images, err, test.files, test.classes)
		}
		if !strings.Contains(said.String(), test.said) || test.said == "" && said.Len() > 0 {
			t.Errorf("%+v: said %q, want %q", test.from, &said, test.said)
		}
	}
}
