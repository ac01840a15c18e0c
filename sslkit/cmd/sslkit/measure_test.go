package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gossl/gossl/sslkit/embedding"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

func TestMeasure(t *testing.T) {
	train, test := pets(), pets()
	test.Features, test.Labels, test.Files = test.Features[3:12], test.Labels[1:4], nil
	path, questions := write(t, train), write(t, test)
	out, messages, err := run(t, "measure", path)
	if err != nil {
		t.Fatal(err)
	}
	// NumPy's singular values of the features, and of them less their mean, give these.
	same(t, "ranks", "RankMe 2.6\neffective rank 2.5\n", out)
	same(t, "messages", "sslkit: 3 features of 6 images\n", messages)

	kind := string(testkit.Any(t).Kind)
	out, _, err = run(t, "measure", path, "--test", questions, "-k", "1,6", "--temperature", "0.1", "--linear", "--device", kind, "--json")
	if err != nil {
		t.Fatal(err)
	}
	var got eval.Measured
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	want := eval.Scores{{KNN: eval.KNN{K: 1, Temperature: 0.1}, Accuracy: 1}, {KNN: eval.KNN{K: 6, Temperature: 0.1}, Accuracy: 1}}
	if diff := cmp.Diff(want, got.KNN); diff != "" || !(got.Linear > 0.6) || !(got.RankMe > 1) {
		t.Errorf("measured %+v (-want +got):\n%s", got, diff)
	}

	out, _, err = run(t, "measure", path, "--test", questions, "--device", kind)
	if err != nil || !strings.Contains(out, "\nk 6              1.000    1.000\n") || strings.Contains(out, "k 20") {
		t.Errorf("with fewer images than neighbours: %s, error %v", out, err)
	}
	unlabelled := write(t, &embedding.Set{Features: test.Features, Dim: test.Dim})
	for want, args := range map[string][]string{
		"k 7 is more than the 6 features":               {"--test", questions, "-k", "7"},
		"the classes of the test set are not known":     {"--test", unlabelled},
		"the classes of the training set are not known": {"--test", questions},
		"--test: store: open nowhere.parquet":           {"--test", "nowhere.parquet"},
	} {
		file := path
		if strings.Contains(want, "training") {
			file = unlabelled
		}
		if _, _, err := run(t, append([]string{"measure", file, "--device", kind}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", args, err, want)
		}
	}
}
