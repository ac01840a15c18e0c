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
//
// [Spectrum] has the singular values of features; [RankMe] and [EffectiveRank] say of
// them in how many directions a network has spread its features, without any label.
package embedding

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
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

// An Origin is what made the features of a set, and of which images. Features of
// different networks cannot be compared, however alike their numbers look, nor can
// those of one network for images that were prepared in different ways.
type Origin struct {
	Network string `json:"network"` // in words
	Weights string `json:"weights"` // fingerprint of the network's layers and weights

	// How images are prepared: resized to Size, then (colour − Mean) / Std, with colours in [0, 1].
	Size int        `json:"size"` // pixels each way
	Mean [3]float64 `json:"mean"`
	Std  [3]float64 `json:"std"`

	Data   string `json:"data,omitempty"`   // what the images are called: a data set or a folder
	Images string `json:"images,omitempty"` // fingerprint of their pixels, as in a dataset's Fingerprint
}

// Match returns an error, which names both networks, if features of the two origins
// cannot be compared: their networks differ, or how images are prepared. Which images
// they are of does not count. A nil origin is unknown, and matches every other.
func (o *Origin) Match(other *Origin) error {
	switch {
	case o == nil || other == nil:
		return nil
	case o.Weights != other.Weights:
		return fmt.Errorf("features of different networks cannot be compared: some are of %s, others of %s", o.network(), other.network())
	case o.Size != other.Size || o.Mean != other.Mean || o.Std != other.Std:
		return fmt.Errorf("features of differently prepared images cannot be compared: some are of %s, others of %s", o.input(), other.input())
	}
	return nil
}

// validate returns an error for what cannot be written to files.
func (o *Origin) validate() error {
	if o == nil {
		return nil
	}
	for _, value := range slices.Concat(o.Mean[:], o.Std[:]) {
		if math.IsNaN(value) || math.IsInf(value, 0) {
			return fmt.Errorf("origin: mean %g and standard deviation %g, want finite numbers", o.Mean, o.Std)
		}
	}
	return checkNames("origin", []string{o.Network, o.Weights, o.Data, o.Images})
}

func (o *Origin) network() string { return fmt.Sprintf("%q, weights %s", o.Network, o.Weights) }

func (o *Origin) input() string {
	return fmt.Sprintf("%d×%d pixels with mean %g and standard deviation %g", o.Size, o.Size, o.Mean, o.Std)
}

// MatchLabels translates labels from indices of the classes from to indices of the
// classes to. Classes with the same name are the same class, whatever their order. A
// class without a name, among others that have one, is called by its number, as
// [Set.Class] does. Where from or to has no names at all, or both are equal, labels stay
// as they are.
//
// A label whose class is not in to is an error, which lists the classes that only from
// has and those that only to has. Classes that no label uses may be missing on either
// side. A label that is no index of from is an error.
func MatchLabels(labels []int32, from, to []string) ([]int32, error) {
	byName := named(from) && named(to) && !slices.Equal(from, to)
	limit := MostClasses // if nothing is known of the classes
	switch {
	case byName || to == nil && from != nil:
		limit = len(from)
	case to != nil:
		limit = len(to)
	}
	for i, label := range labels {
		if label < 0 || int(label) >= limit {
			return nil, fmt.Errorf("image %d: label %d, want 0 to %d", i, label, limit-1)
		}
	}
	if !byName {
		return slices.Clone(labels), nil
	}
	partners, err := partners(from, to)
	if err != nil {
		return nil, err
	}
	matched := make([]int32, len(labels))
	for i, label := range labels {
		if matched[i] = partners[label]; matched[i] < 0 {
			return nil, unmatched(labels, from, to, partners)
		}
	}
	return matched, nil
}

// partners returns for each class of from the one of to with its name, or -1.
func partners(from, to []string) ([]int32, error) {
	places := map[string]int32{}
	for class := range to {
		name := className(to, class)
		if _, twice := places[name]; twice {
			return nil, fmt.Errorf("classes are matched by name, and two of them are called %q", name)
		}
		places[name] = int32(class)
	}
	partners := make([]int32, len(from))
	for class := range from {
		place, known := places[className(from, class)]
		if !known {
			place = -1
		}
		partners[class] = place
	}
	return partners, nil
}

// unmatched is the error about labels of classes without a partner.
func unmatched(labels []int32, from, to []string, partners []int32) error {
	var lost, free []string
	for class, partner := range partners {
		if partner < 0 && slices.Contains(labels, int32(class)) {
			lost = append(lost, className(from, class))
		}
	}
	for class := range to {
		if !slices.Contains(partners, int32(class)) {
			free = append(free, className(to, class))
		}
	}
	if free == nil {
		return fmt.Errorf("classes are matched by name: only the first have %s; the second have %s", quoted(lost), quoted(to))
	}
	return fmt.Errorf("classes are matched by name: only the first have %s, only the second %s", quoted(lost), quoted(free))
}

// named says whether some class has a name.
func named(classes []string) bool {
	return slices.ContainsFunc(classes, func(name string) bool { return name != "" })
}

// className is the name of a class, its number if it has none.
func className(classes []string, class int) string {
	if class < len(classes) && classes[class] != "" {
		return classes[class]
	}
	return strconv.Itoa(class)
}

// quoted lists the first ten names.
func quoted(names []string) string {
	const most = 10
	var list []string
	for _, name := range names[:min(most, len(names))] {
		list = append(list, strconv.Quote(name))
	}
	if more := len(names) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}
