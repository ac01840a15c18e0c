package show

import (
	"errors"
	"fmt"
	"image"
	"math"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/embedding"
)

// Neighbours shows images and what was found nearest to each: a row for each of
// queries' images in which, with its neighbours among the images of gallery,
// most similar first. nearest[i] belongs to which[i]. Below each stand its
// similarity and its class; a frame and a cross mark neighbours of another class
// than the query's. Classes are compared by name; images without names of
// classes get no mark.
//
// Two calls, with features from before and after training, show what was
// learnt; the title says which is which.
func Neighbours(title string, queries *dataset.Images, which []int, gallery *dataset.Images, nearest [][]embedding.Neighbour) error {
	s, err := neighbours(title, queries, which, gallery, nearest)
	if err != nil {
		return err
	}
	return s.figure().show("neighbours: shown in a notebook; show.SavePNG keeps a show.NeighboursImage")
}

// NeighboursImage returns the picture that [Neighbours] shows.
func NeighboursImage(title string, queries *dataset.Images, which []int, gallery *dataset.Images, nearest [][]embedding.Neighbour) (image.Image, error) {
	s, err := neighbours(title, queries, which, gallery, nearest)
	if err != nil {
		return nil, err
	}
	return s.figure().image()
}

func neighbours(title string, queries *dataset.Images, which []int, gallery *dataset.Images, nearest [][]embedding.Neighbour) (sheet, error) {
	if len(which) == 0 {
		return sheet{}, errors.New("show: Neighbours: no queries, want at least 1")
	}
	if len(which) != len(nearest) {
		return sheet{}, fmt.Errorf("show: Neighbours: neighbours of %d queries, want those of %d", len(nearest), len(which))
	}
	s := sheet{title: title, heads: []string{"query"}, apart: true}
	same, all := 0, 0
	for i, query := range which {
		if query < 0 || query >= queries.Len() {
			return sheet{}, fmt.Errorf("show: Neighbours: query %d is image %d, want one of %d", i, query, queries.Len())
		}
		class := className(queries, query)
		row := []tile{{img: queries.NRGBA(query), words: words(class)}}
		for j, found := range nearest[i] {
			switch {
			case found.Image < 0 || found.Image >= gallery.Len():
				return sheet{}, fmt.Errorf("show: Neighbours: neighbour %d of query %d is image %d, want one of %d",
					j, i, found.Image, gallery.Len())
			case math.IsNaN(float64(found.Similarity)) || math.IsInf(float64(found.Similarity), 0):
				return sheet{}, fmt.Errorf("show: Neighbours: neighbour %d of query %d has the similarity %g, want a number",
					j, i, found.Similarity)
			}
			name := className(gallery, found.Image)
			t := tile{img: gallery.NRGBA(found.Image), words: append(words(name), number(float64(found.Similarity), 'f', 3))}
			if name != "" && class != "" {
				all++
				if t.wrong = name != class; !t.wrong {
					same++
				}
			}
			row = append(row, t)
			if len(s.heads) < len(row) {
				s.heads = append(s.heads, fmt.Sprint(len(row)-1))
			}
		}
		s.rows = append(s.rows, row)
	}
	if len(s.heads) == 1 {
		return sheet{}, errors.New("show: Neighbours: no neighbours, want at least 1")
	}
	s.heads[1] = "nearest"
	if all > 0 {
		s.note = fmt.Sprintf("%d of %d neighbours are of the query's class; × marks the others", same, all)
	}
	return s, nil
}

// words are the line with a class, if the class has a name.
func words(class string) []string {
	if class == "" {
		return nil
	}
	return []string{class}
}
