package embedding

import (
	"slices"
	"strings"
	"testing"
)

func TestMatchLabels(t *testing.T) {
	for _, test := range []struct {
		name     string
		labels   []int32
		from, to []string
		want     []int32
		problem  string
	}{
		{"the same", []int32{0, 1}, []string{"a", "b"}, []string{"a", "b"}, []int32{0, 1}, ""},
		{"another order", []int32{0, 1, 2, 0}, []string{"a", "b", "c"}, []string{"c", "a", "b"}, []int32{1, 2, 0, 1}, ""},
		{"one is missing there that nothing is of", []int32{2, 2}, []string{"a", "b", "c"}, []string{"c", "b"}, []int32{0, 0}, ""},
		{"one is new there", []int32{1, 0}, []string{"b", "c"}, []string{"a", "b", "c"}, []int32{2, 1}, ""},
		{"one is missing there", []int32{0, 1}, []string{"a", "b"}, []string{"b", "c", "d"}, nil,
			`classes are matched by name: only the first have "a", only the second "c", "d"`},
		{"all of the others match", []int32{0, 1}, []string{"a", "b"}, []string{"b"}, nil,
			`classes are matched by name: only the first have "a"; the second have "b"`},
		{"none unnamed matches one of a number", []int32{0, 1}, []string{"", "b"}, []string{"b", "0"}, []int32{1, 0}, ""},
		{"no names here", []int32{1, 0}, nil, []string{"b", "a"}, []int32{1, 0}, ""},
		{"empty names here", []int32{1, 0}, []string{"", ""}, []string{"b", "a"}, []int32{1, 0}, ""},
		{"no names there", []int32{1, 0}, []string{"b", "a"}, nil, []int32{1, 0}, ""},
		{"no names at all", []int32{7}, nil, nil, []int32{7}, ""},
		{"no labels", nil, []string{"a", "b"}, []string{"c"}, nil, ""},
		{"two of a name", []int32{0}, []string{"a", "b"}, []string{"b", "a", "a"}, nil, `two of them are called "a"`},
		{"a label that is no class", []int32{0, 2}, []string{"a", "b"}, []string{"b", "a"}, nil, "image 1: label 2, want 0 to 1"},
		{"a label beyond the others", []int32{0, 2}, nil, []string{"b", "a"}, nil, "image 1: label 2, want 0 to 1"},
		{"a negative label", []int32{-1}, nil, nil, nil, "image 0: label -1, want 0 to 1048575"},
	} {
		got, err := MatchLabels(test.labels, test.from, test.to)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s: error %v, want %q", test.name, err, test.problem)
			}
			continue
		}
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%s: labels %v, error %v, want %v", test.name, got, err, test.want)
		}
	}
	many := strings.Split("a b c d e f g h i j k l", " ")
	_, err := MatchLabels([]int32{0}, []string{"z"}, many)
	if err == nil || !strings.Contains(err.Error(), `"j", and 2 more`) {
		t.Errorf("twelve classes: error %v", err)
	}
}

func TestNeighboursOfAnotherNetwork(t *testing.T) {
	bank, queries := small(), small()
	bank.Origin = &Origin{Network: "ResNet-18", Weights: "abc", Size: 32, Std: [3]float64{1, 1, 1}}
	x, err := NewIndex(bank)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		change func(o *Origin)
		want   string
	}{
		{func(o *Origin) { o.Data, o.Images = "other", "images" }, ""},
		{func(o *Origin) { o.Network, o.Weights = "ResNet-34", "def" },
			`different networks cannot be compared: some are of "ResNet-18", weights abc, others of "ResNet-34", weights def`},
		{func(o *Origin) { o.Size = 64 }, "differently prepared images cannot be compared: some are of 32×32 pixels with mean"},
		{func(o *Origin) { o.Mean[2] = 0.5 }, "others of 32×32 pixels with mean [0 0 0.5]"},
		{func(o *Origin) { o.Std[0] = 2 }, "standard deviation [2 1 1]"},
	} {
		origin := *bank.Origin
		test.change(&origin)
		queries.Origin = &origin
		_, err := x.NearestOf(t.Context(), queries, 1)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%+v: error %v, want %q", origin, err, test.want)
		}
	}
	queries.Origin = nil
	if _, err := x.NearestOf(t.Context(), queries, 1); err != nil {
		t.Errorf("queries of unknown origin: %v", err)
	}
}
