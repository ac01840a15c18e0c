// Package embedding holds features of images.
package embedding

// A Set is features of images, with what is known of the images.
type Set struct {
	Features []float32 // [images × Dim], row after row
	Dim      int
	Labels   []int32  // nil: unknown
	Classes  []string // names of the labels; nil: unknown
	Files    []string // where each image came from; nil: unknown
}

// Len is the number of images.
func (s *Set) Len() int {
	if s.Dim == 0 {
		return 0
	}
	return len(s.Features) / s.Dim
}

// Row is the features of image i.
func (s *Set) Row(i int) []float32 { return s.Features[i*s.Dim : (i+1)*s.Dim] }
