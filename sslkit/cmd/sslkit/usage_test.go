package main

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func savePNG(t *testing.T, path string, picture image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, picture); err != nil {
		t.Fatal(err)
	}
}

// Whoever uses a command wrongly is told which flag, what it wants, and an example.
func TestUsage(t *testing.T) {
	path := write(t, pets())
	embed := func(flags ...string) []string { return append([]string{"embed", "runs/first"}, flags...) }
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"search"}, "EMBEDDINGS is missing"},
		{[]string{"outliers", "a", "b"}, "2 arguments, want one"},
		{[]string{"map", path, "--metod", "pca"}, "unknown flag: --metod"},
		{[]string{"search", path}, "--query is missing"},
		{[]string{"search", path, "-q", "0", "-k", "0"}, "-k 0: want at least 1"},
		{[]string{"search", path, "-q", "0", "-k", "x"}, `invalid argument "x" for "-k, --neighbours"`},
		{[]string{"search", path, "-q", "0", "--device", "tpu"}, "--device tpu: want auto, cuda, cpu or go"},
		{[]string{"search", path, "-q", "6"}, "--query 6: want 0 to 5, for there are 6 images"},
		{[]string{"search", path, "-q", "3.jpg"}, "--query 3.jpg: 2 files end so, among them cat/3.jpg and dog/3.jpg"},
		{[]string{"search", path, "-q", "emu.jpg"}, "--query emu.jpg: it is not among the 6 images of " + path + "; to embed another picture, say with --run"},
		{[]string{"duplicates", path, "--similarity", "98"}, "--similarity 98: want above 0 and at most 1"},
		{[]string{"outliers", path, "-n", "0"}, "-n 0: want at least 1"},
		{[]string{"outliers", path, "-k", "-1"}, "-k -1: want at least 1"},
		{[]string{"map", path, "--method", "umap"}, "--method umap: want pca or tsne"},
		{[]string{"map", path, "--perplexity", "5"}, "--perplexity is for --method tsne only"},
		{[]string{"map", path, "--method", "tsne", "--perplexity", "0"}, "--perplexity 0: want at least 1"},
		{[]string{"map", path, "--method", "tsne", "--iterations", "0"}, "--iterations 0: want at least 1"},
		{[]string{"map", path, "--out", "map.gif"}, "--out map.gif: want a name that ends in .csv, .png or .svg"},
		{[]string{"map", path, "--out", "nowhere/map.png"}, "--out nowhere/map.png: "},
		{[]string{"map", path, "--out", "map.csv", "--json"}, "--json is for standard output"},
		{[]string{"measure", path, "-k", "3"}, "--neighbours: --test is missing: want a file of features"},
		{[]string{"measure", path, "--linear"}, "--linear: --test is missing"},
		{[]string{"measure", path, "--test", path, "-k", "0"}, "k 0, want at least 1"},
		{[]string{"measure", path, "--test", path, "--temperature", "-1"}, "temperature -1, want a positive one"},
		{[]string{"measure", path, "--test", path, "--temperature", ""}, `invalid argument "" for "--temperature"`},
		{[]string{"measure", path, "--device", "tpu"}, "--device tpu: want"},
		{[]string{"embed"}, "0 arguments, want one: a run folder or a file of weights"},
		{embed("--out", "x.csv"), "--images is missing"},
		{embed("--images", "photos"), "--out is missing"},
		{embed("--images", "photos", "--out", "x.txt"), "--out x.txt: want a name that ends in .parquet, .csv or .npy"},
		{embed("--images", "photos", "--out", "nowhere/x.csv"), "--out nowhere/x.csv: "},
		{embed("--images", "photos", "--out", "x.csv", "--split", "train"), "--split train: the folder photos has no splits"},
		{embed("--images", "shapes", "--out", "x.csv", "--split", "val"), "--split val: want train or test"},
		{embed("--images", "shapes", "--out", "x.csv", "--skip-corrupt"), "--skip-corrupt: shapes is a data set"},
		{embed("--images", "shapes", "--out", "x.csv", "--unlabelled"), "--unlabelled: shapes is a data set"},
		{embed("--images", "shapes", "--out", "x.csv", "--limit", "-1"), "--limit -1: want 0 or more"},
		{embed("--images", "shapes", "--out", "x.csv", "--short-side", "64"), "--short-side: shapes is a data set"},
		{embed("--images", "photos", "--out", "x.csv", "--short-side", "-2"), "--short-side -2: want 0 or more, or -1 to shrink no image"},
		{embed("--images", "shapes", "--out", "x.csv", "--upright"), "--upright: shapes is a data set"},
		{embed("--images", "shapes", "--out", "x.csv", "--device", "tpu"), "--device tpu: want"},
		{[]string{"plan"}, "RECIPE is missing: want a row of the benchmarks"},
		{[]string{"plan", "SimCLR", "--target", "v100"}, "--target v100: want h100"},
		{[]string{"plan", "SimCLR", "--published"}, "--published, --scaling, SimCLR: want one of them"},
		{[]string{"plan", "SimSam"}, `"SimSam" is no data set`},
	} {
		out, _, err := run(t, test.args...)
		if err == nil || out != "" || !strings.Contains(err.Error(), test.want) ||
			!strings.Contains(err.Error(), "; for example:\n  sslkit "+test.args[0]) {
			t.Errorf("%q: printed %q, error %v, want %q and an example", test.args, out, err, test.want)
		}
	}
}

func TestOtherErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no.parquet")
	for _, command := range [][]string{{"search", missing, "-q", "0"}, {"duplicates", missing}, {"outliers", missing}, {"map", missing}} {
		if _, _, err := run(t, command...); err == nil || !strings.Contains(err.Error(), missing) || strings.Contains(err.Error(), "example") {
			t.Errorf("%q: got error %v, want one that names the file", command, err)
		}
	}
	if _, _, err := run(t, "serch"); err == nil || !strings.Contains(err.Error(), `unknown command "serch"`) || !strings.Contains(err.Error(), "search") {
		t.Errorf("got error %v, want one that suggests search", err)
	}
	path := write(t, pets())
	_, _, err := run(t, "search", path, "-q", missing, "--run", "runs/first")
	if err == nil || !strings.Contains(err.Error(), "--query "+missing+": ") {
		t.Errorf("a picture that is not there: got error %v", err)
	}
}

// Every command says what it does and how it is used, in lines that fit a terminal.
func TestHelp(t *testing.T) {
	out, _, err := run(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range newRoot().Commands() {
		if !strings.Contains(out, "  "+command.Name()) || command.Short == "" {
			t.Errorf("the help does not list %s with what it does", command.Name())
		}
		if !strings.HasPrefix(command.Example, "  sslkit "+command.Name()+" ") {
			t.Errorf("%s has no example", command.Name())
		}
		for line := range strings.Lines(command.Long) {
			if len([]rune(line)) > 121 { // with the line feed
				t.Errorf("%s: a line of the help is %d letters long: %s", command.Name(), len([]rune(line)), line)
			}
		}
	}
}
