// Package embedding holds the features of images and answers questions about them:
// which images are alike, which are nearly the same, which are like no others, and how
// all of them lie on a map. It is plain Go, without a device.
//
// A [Set] has a feature for each image, a row of Dim numbers, and what is known
// of the image beside it: its class, and the file it came from. Package
// [github.com/gossl/gossl/sslkit/store] keeps sets in files: Parquet for tables of
// any size, CSV for spreadsheets, NPY for NumPy.
//
// A set's [Origin] says which network made its features. To compare sets of different
// networks is an error. [MatchLabels] matches the classes of two sets by name.
//
// Two images are as alike as the directions of their features: similarity is
// the cosine of the angle between them, 1 for the same direction, 0 for
// unrelated ones, as in the kNN accuracy of runs. [NewIndex] prepares a set for
// such questions. [Index.Nearest] finds the images most like a feature,
// [Index.Neighbours] those most like each image, and [Index.NearestOf] those
// most like each image of another set. [Index.Duplicates] gathers images that
// are nearly the same, so that all but one of each group can go, and
// [Index.Outliers] puts the images first that are like no others. All of them
// compare every pair, on all processors, and give the same answer each time.
//
// [PCA] and [TSNE] make a [Map]: a place in the plane for each image. PCA is a
// projection, quick, and says how much of the features' variance it shows. t-SNE
// keeps neighbours together, takes longer, and its distances between groups
// mean little.
package embedding

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"
)

// A Set is the features of images with what is known of the images.
type Set struct {
	Features []float32 // [images, Dim], row after row
	Dim      int       // numbers in a feature
	Labels   []int32   // class of each image, an index into Classes; nil: unknown
	Classes  []string  // name of each class, "" if it has none; nil: unknown
	Files    []string  // where each image came from; nil: unknown
	Origin   *Origin   // what made the features; nil: unknown
}

// MostClasses limits labels, so that a damaged one is an error, and does not take all memory.
const MostClasses = 1 << 20

// Len returns the number of images.
func (s *Set) Len() int {
	if s.Dim < 1 {
		return 0
	}
	return len(s.Features) / s.Dim
}

// Row returns the feature of image i, which it shares with the set. It panics
// if there is no image i.
func (s *Set) Row(i int) []float32 {
	return s.Features[i*s.Dim : (i+1)*s.Dim : (i+1)*s.Dim]
}

// Class returns the name of the class of image i: its number if the class has no
// name, "" if the class is not known. It panics if there is no image i.
func (s *Set) Class(i int) string {
	if s.Labels == nil {
		return ""
	}
	return className(s.Classes, int(s.Labels[i]))
}

// Validate reports the first thing that makes no sense: no images, features that
// are no whole rows or not finite, labels or files for another number of images,
// a label that is no class, a name that is not UTF-8, or an origin with numbers that
// are not finite.
func (s *Set) Validate() error {
	if err := s.validate(); err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	return nil
}

func (s *Set) validate() error {
	switch {
	case s.Dim < 1:
		return fmt.Errorf("features of %d numbers, want at least 1", s.Dim)
	case len(s.Features) == 0:
		return errors.New("no images")
	case len(s.Features)%s.Dim != 0:
		return fmt.Errorf("%d numbers are no whole features of %d", len(s.Features), s.Dim)
	case s.Labels != nil && len(s.Labels) != s.Len():
		return fmt.Errorf("%d labels for %d images", len(s.Labels), s.Len())
	case s.Classes != nil && s.Labels == nil:
		return fmt.Errorf("%d classes, but no labels", len(s.Classes))
	case s.Files != nil && len(s.Files) != s.Len():
		return fmt.Errorf("%d files for %d images", len(s.Files), s.Len())
	}
	for i, value := range s.Features {
		if !finite(value) {
			return fmt.Errorf("image %d: feature %d is %g, want a finite number", i/s.Dim, i%s.Dim, value)
		}
	}
	limit := MostClasses
	if s.Classes != nil {
		limit = min(limit, len(s.Classes))
	}
	for i, label := range s.Labels {
		if label < 0 || int(label) >= limit {
			return fmt.Errorf("image %d: label %d, want 0 to %d", i, label, limit-1)
		}
	}
	if err := checkNames("class", s.Classes); err != nil {
		return err
	}
	if err := checkNames("file of image", s.Files); err != nil {
		return err
	}
	return s.Origin.validate()
}

// checkNames returns an error for a name that cannot be written to files.
func checkNames(what string, names []string) error {
	for i, name := range names {
		if !utf8.ValidString(name) {
			return fmt.Errorf("%s %d: its name %q is not UTF-8", what, i, name)
		}
	}
	return nil
}

func finite(value float32) bool {
	return !math.IsNaN(float64(value)) && !math.IsInf(float64(value), 0)
}
