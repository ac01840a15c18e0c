package dataset

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// labelled are images of several sizes and three classes.
func labelled() *Images {
	images := testImages(Frame{Height: 4, Width: 6}, Frame{Height: 4, Width: 6}, Frame{Height: 5, Width: 3}, Frame{Height: 2, Width: 2})
	images.Labels, images.Classes = []int32{0, 2, 1, 2}, []string{"ant", "bee", "cat"}
	return images
}

// Whatever is other shows, and nothing else does.
func TestFingerprint(t *testing.T) {
	before := labelled().Fingerprint()
	if text := before.String(); !strings.HasPrefix(text, "4 images of 2×2 to 4×6 (") {
		t.Errorf("the fingerprint is called %q", text)
	}
	for _, test := range []struct {
		change func(m *Images) *Images
		want   []string
	}{
		{func(m *Images) *Images { return m }, nil},
		{func(m *Images) *Images { return m.Pick(0, 1, 2, 3) }, nil},
		{func(m *Images) *Images { // the same names in another order
			m.Classes, m.Labels = []string{"cat", "ant", "bee"}, []int32{1, 0, 2, 0}
			return m
		}, nil},
		{func(m *Images) *Images { m.Files = []string{"a", "b", "c", "d"}; return m }, nil},
		{func(m *Images) *Images { return m.First(3) }, []string{"3 images instead of 4"}},
		{func(m *Images) *Images { m.Pixels[len(m.Pixels)-3*m.Side]++; return m }, []string{"other pixels"}},
		{func(m *Images) *Images { m.Pixels[0]++; return m }, []string{"other pixels"}},
		{func(m *Images) *Images { return m.Pick(1, 0, 2, 3) }, []string{"other pixels", "other labels"}},
		{func(m *Images) *Images { m.Labels[3] = 0; return m }, []string{"other labels"}},
		{func(m *Images) *Images { m.Classes = []string{"ant", "bee", "cow"}; return m }, []string{`the classes "cow" instead of "cat"`}},
		{func(m *Images) *Images { m.Classes = append(m.Classes, "dog"); return m }, []string{`the classes "dog" instead of none`}},
		{func(m *Images) *Images { m.Classes = nil; return m }, []string{`the classes none instead of "ant", "bee", "cat"`}},
		{func(m *Images) *Images { return withFrame(m, 3, Frame{Height: 1, Width: 2}) }, []string{"images of 1×2 to 4×6 pixels instead of 2×2 to 4×6"}},
		{func(m *Images) *Images { return withFrame(m, 2, Frame{Height: 3, Width: 5}) }, []string{"images of other sizes"}},
	} {
		if diff := cmp.Diff(test.want, test.change(labelled()).Fingerprint().Changes(before)); diff != "" {
			t.Errorf("want %q (-want +got):\n%s", test.want, diff)
		}
	}
	if got := (*Images)(nil).Fingerprint(); got.Images != 0 || got.Pixels != "" {
		t.Errorf("no images have the fingerprint %+v", got)
	}
	many := Fingerprint{Classes: strings.Split("a b c d e f g h i j k l", " ")}
	if got := many.Changes(Fingerprint{})[0]; !strings.Contains(got, `"j", and 2 more instead of none`) {
		t.Errorf("twelve classes are listed so: %s", got)
	}
}

// withFrame returns images one of which has another size.
func withFrame(m *Images, i int, size Frame) *Images {
	sizes := make([]Frame, m.Len())
	for k := range sizes {
		sizes[k] = m.frame(k)
	}
	sizes[i] = size
	other := testImages(sizes...)
	other.Labels, other.Classes = m.Labels, m.Classes
	return other
}

// How images lie in memory is none of their fingerprint: alone, among others, or first of them.
func TestFingerprintOfForms(t *testing.T) {
	for _, pair := range [][2]*Images{
		{labelled().First(2), labelled().Pick(0, 1)}, // of one size and wide, so not transposed alone
		{labelled().First(3), labelled().Pick(0, 1, 2)},
	} {
		if diff := cmp.Diff(pair[0].Fingerprint(), pair[1].Fingerprint()); diff != "" {
			t.Error(diff)
		}
	}
}

// The names of empty classes do not hide which class an image has.
func TestFingerprintWithoutNames(t *testing.T) {
	images := labelled()
	images.Classes = make([]string, 3)
	before := images.Fingerprint()
	images.Labels = []int32{0, 1, 2, 2}
	if got := images.Fingerprint().Changes(before); !slices.Equal(got, []string{"other labels"}) {
		t.Errorf("other labels without names are %q", got)
	}
}

// Pixels from the cache are read once, and what is written to them afterwards shows.
func TestFingerprintFromTheCache(t *testing.T) {
	mappedLimit = 0
	t.Cleanup(func() { mappedLimit = 64 << 20 })
	c := newCacheCase(t)
	decoded := c.read(true, 0)
	images := c.read(false, 0)
	if _, ok := decoded.keptSums(); !ok {
		t.Error("no sums are kept of pixels that were decoded")
	}
	if _, ok := images.keptSums(); !ok {
		t.Error("no sums are kept of pixels from the cache")
	}
	if _, ok := images.First(1).keptSums(); !ok {
		t.Error("no sums are kept of the first pixels from the cache")
	}
	before := images.Fingerprint()
	for what, others := range map[string]*Images{"decoded": decoded, "in memory": images.Pick(0, 1, 2, 3)} {
		if diff := cmp.Diff(others.Fingerprint(), before); diff != "" {
			t.Errorf("from the cache it is another one than %s:\n%s", what, diff)
		}
	}
	images.Pixels[0]++
	if got := images.Fingerprint().Changes(before); !slices.Equal(got, []string{"other pixels"}) {
		t.Errorf("a pixel that was written to: %q", got)
	}
}

// What is kept in JSON comes back the same, whatever folders are called.
func TestFingerprintInFiles(t *testing.T) {
	images := labelled()
	images.Classes = []string{"caf\xe9", "caf\xe8", ""}
	want := images.Fingerprint()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Fingerprint
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkFingerprint is what a run pays for knowing its images.
func BenchmarkFingerprint(b *testing.B) {
	images := newImages(60_000, 32, 32, []string{"a", "b"})
	for i := range images.Pixels {
		images.Pixels[i] = uint8(i * i >> 7)
	}
	b.SetBytes(int64(len(images.Pixels)))
	for b.Loop() {
		images.Fingerprint()
	}
}
