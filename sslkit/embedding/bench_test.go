package embedding

import "testing"

// BenchmarkNearest searches the neighbours of 10,000 test images among 50,000
// training images, as kNN accuracy does.
func BenchmarkNearest(b *testing.B) {
	x := newIndex(b, noise(50_000, 512))
	queries := noise(10_000, 512)
	for b.Loop() {
		if _, err := x.NearestOf(b.Context(), queries, 200); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(queries.Len()*b.N)/b.Elapsed().Seconds(), "queries/s")
}

// BenchmarkNearestOne is what somebody waits for who asks for one image.
func BenchmarkNearestOne(b *testing.B) {
	s := noise(50_000, 512)
	x := newIndex(b, s)
	for b.Loop() {
		if _, err := x.Nearest(s.Row(0), 10); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDuplicates(b *testing.B) {
	x := newIndex(b, noise(10_000, 512))
	for b.Loop() {
		if _, err := x.Duplicates(b.Context(), 0.98); err != nil {
			b.Fatal(err)
		}
	}
}
