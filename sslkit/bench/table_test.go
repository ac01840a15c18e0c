package bench

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

func full(r *recipe.Recipe) { r.Epochs = 200 }

func TestMarkdown(t *testing.T) {
	small := func(r *recipe.Recipe) {
		r.Backbone, r.TrainImages, r.Precision = backbone.ResNet18().Sized(8), 1000, device.F32
	}
	got := Markdown([]Record{
		finishedRun(t, "BYOL", 1, 0.87, full),
		finishedRun(t, "SimCLR", 0, 0.5, small),
		finishedRun(t, "MoCo", 0, 0.85, full),
		finishedRun(t, "BYOL", 0, 0.85, full),
	})
	want := `**CIFAR-10, preset lightly2023, bf16**

| method | batch | epochs | runs | kNN untrained | kNN best | kNN last | seconds to 0.85 | published 2021 | published 2023 | difference | minutes | published 2023 | peak GiB | published 2021 | published 2023 |
|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| MoCo | 512 | 200 | 1 | 0.300 | 0.850 | 0.850 | 180 | 0.850 | 0.847 | +0.003 | 135.0 | 112.2 | 3.00 | 7.4 | 5.6 |
| BYOL | 512 | 200 | 2 | 0.300 ± 0.000 | 0.860 ± 0.014 | 0.860 ± 0.014 | 180 | 0.840 | 0.868 | -0.008 | 135.0 | 108.3 | 3.00 | 7.5 | 5.6 |

Run on cuda (H100), memory: device allocator, commit 0123456789ab.

**CIFAR-10, preset lightly2023, f32, not as published: batch 512, 2 epochs, 1000/10000 images, width 8**

| method | batch | epochs | runs | kNN untrained | kNN best | kNN last | minutes | peak GiB |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
| SimCLR | 512 | 2 | 1 | 0.300 | 0.500 | 0.500 | 3.0 | 3.00 |

Run on cuda (H100), memory: device allocator, commit 0123456789ab.
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
	if Markdown(nil) != "" {
		t.Error("no records make a table")
	}
}

// Columns of what runs have measured besides stand in tables where some run has.
func TestMarkdownOfMeasures(t *testing.T) {
	measured := func(seed uint64, m eval.Measured) Record {
		record := finishedRun(t, "BYOL", seed, 0.85, func(r *recipe.Recipe) {
			full(r)
			r.Measures = eval.DefaultMeasures(r.Views[0])
		})
		record.Measured = &m
		return record
	}
	scores := func(accuracy float64) eval.Scores {
		return eval.Scores{{Accuracy: 0.5}, {Accuracy: accuracy}, {Accuracy: 0.25}}
	}
	got := Markdown([]Record{
		measured(0, eval.Measured{RankMe: 100, EffectiveRank: 50.06, KNN: scores(0.8), Linear: 0.9}),
		measured(1, eval.Measured{RankMe: 102, EffectiveRank: 50.06, KNN: scores(0.9), Linear: 0.9}),
		finishedRun(t, "MoCo", 0, 0.85, full),
	})
	for _, want := range []string{
		"| kNN last | best of several kNN | linear probe, crops | RankMe | effective rank | seconds to 0.85 | published 2021 |",
		"| 0.850 | – | – | – | – | 180 | 0.850 |",
		"| 0.850 ± 0.000 | 0.850 ± 0.071 | 0.900 ± 0.000 | 101.0 ± 1.4 | 50.1 ± 0.0 | 180 | 0.840 |",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// Records that earlier versions wrote are read, each with its recipe, and make the tables that they made then.
func TestRecordsOfEarlierVersions(t *testing.T) {
	records, err := Records("testdata/records")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if path := recordPath("testdata/records", r.Recipe); !exists(path) {
			t.Errorf("the recipe of %s is not the one that its record was named after: there is no %s", r.Recipe.Name, path)
		}
	}
	want, err := os.ReadFile("testdata/records.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), Markdown(records)); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestList(t *testing.T) {
	list := List(rowsOf("cifar10"))
	for _, row := range []string{
		"| lightly2023 | SimCLR | 512 | 200 | 0.848 | 87.1 | 4.9 | NVIDIA A6000 |",
		"| seed2021 | BYOL | 128 | 800 | – | – | – | – |",
		"| lightlyHEAD | MoCo | 128 | 800 | – | – | – | – |",
	} {
		if !strings.Contains(list, row) {
			t.Errorf("the list has no row\n%s\n%s", row, list)
		}
	}
	of2023 := 3 * len(Methods(recipe.Lightly2023, "cifar10"))
	if n := len(Published("cifar10")); n != 16+of2023 {
		t.Errorf("%d rows on CIFAR-10 have a published result, want 16 of 2021 and %d of 2023", n, of2023)
	}
}

// TestTimeTo tells the runs that have reached an accuracy from those that have not.
func TestTimeTo(t *testing.T) {
	records := []Record{finishedRun(t, "BYOL", 0, 0.91, full), finishedRun(t, "BYOL", 1, 0.87, full), finishedRun(t, "SimCLR", 0, 0.8, full)}
	if diff := cmp.Diff(map[string]float64{"0.85": 180, "0.90": 180}, records[0].Reached); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
	table := Markdown(records)
	for _, want := range []string{"| seconds to 0.85 | seconds to 0.90 |", "| 180 | 180 (1 of 2) |", "| 0.800 | – | – |"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
}
