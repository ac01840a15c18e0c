package embedding_test

import (
	"context"
	"fmt"

	"github.com/gossl/gossl/sslkit/embedding"
)

// pets are four images; two of the cats are nearly the same picture.
func pets() *embedding.Set {
	return &embedding.Set{
		Features: []float32{
			4, 1, 0,
			8, 2, 0.1,
			3, 3, 0,
			0, 1, 5,
		},
		Dim:     3,
		Labels:  []int32{0, 0, 0, 1},
		Classes: []string{"cat", "dog"},
		Files:   []string{"cat/asleep.jpg", "cat/asleep-small.jpg", "cat/awake.jpg", "dog/rex.jpg"},
	}
}

func Example() {
	s := pets()
	index, err := embedding.NewIndex(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	neighbours, err := index.Nearest(s.Row(2), 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range neighbours {
		fmt.Printf("%.3f %s (%s)\n", n.Similarity, s.Files[n.Image], s.Class(n.Image))
	}
	// Output:
	// 1.000 cat/awake.jpg (cat)
	// 0.857 cat/asleep.jpg (cat)
	// 0.857 cat/asleep-small.jpg (cat)
}

func ExampleIndex_Duplicates() {
	s := pets()
	index, err := embedding.NewIndex(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	groups, err := index.Duplicates(context.Background(), 0.98)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, group := range groups {
		fmt.Println("keep", s.Files[group.Keep])
		for _, other := range group.Others {
			fmt.Println("drop", s.Files[other.Image])
		}
	}
	// Output:
	// keep cat/asleep.jpg
	// drop cat/asleep-small.jpg
}

func ExampleIndex_Outliers() {
	s := pets()
	index, err := embedding.NewIndex(s)
	if err != nil {
		fmt.Println(err)
		return
	}
	outliers, err := index.Outliers(context.Background(), 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s: %.2f\n", s.Files[outliers[0].Image], outliers[0].Similarity)
	// Output: dog/rex.jpg: 0.10
}

func ExamplePCA() {
	s := pets()
	m, err := embedding.PCA(s, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, point := range m.Points {
		fmt.Printf("%s is at %.1f, %.1f\n", s.Files[i], point[0], point[1])
	}
	fmt.Printf("%.0f %% and %.0f %% of the variance\n", 100*m.Explained[0], 100*m.Explained[1])
	// Output:
	// cat/asleep.jpg is at 0.8, -0.6
	// cat/asleep-small.jpg is at 4.2, 1.4
	// cat/awake.jpg is at 0.2, -1.8
	// dog/rex.jpg is at -5.3, 1.0
	// 85 % and 12 % of the variance
}

// Four images whose features lie in a plane: their third number never differs.
func ExampleRankMe() {
	s := &embedding.Set{Features: []float32{1, 0, 5, -1, 0, 5, 0, 1, 5, 0, -1, 5}, Dim: 3}
	values, err := embedding.Spectrum(s, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	centred, err := embedding.Spectrum(s, true)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("RankMe %.2f of %d, effective rank of what differs %.2f\n", embedding.RankMe(values), s.Dim, embedding.EffectiveRank(centred))
	// Output: RankMe 1.97 of 3, effective rank of what differs 2.00
}
