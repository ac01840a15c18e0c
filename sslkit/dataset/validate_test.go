package dataset

import "testing"

func TestValidateImages(t *testing.T) {
	uniform := func() *Images { return newImages(2, 3, 4, []string{"a", "b"}) }
	for want, images := range map[string]*Images{
		"there are no images":                           {},
		"height 0 and width 4, want at least 1":         {Labels: make([]int32, 2), Width: 4},
		"71 bytes of pixels, want 2×3×4×3 for 2 labels": func() *Images { m := uniform(); m.Pixels = m.Pixels[:71]; return m }(),
		"1 files for 2 labels":                          func() *Images { m := uniform(); m.Files = []string{"x"}; return m }(),
		"image 1: label 2, want 0 to 1":                 func() *Images { m := uniform(); m.Labels[1] = 2; return m }(),
		"image 0: label -1, want 0 to 1":                func() *Images { m := uniform(); m.Labels[0] = -1; return m }(),
		"4 frames for 3 labels":                         func() *Images { m := labelled(); m.Labels = m.Labels[:3]; return m }(),
		"frame 3, 2×2 from row 17, is not within 216 bytes of rows of 4 pixels": func() *Images {
			m := labelled()
			m.Pixels = m.Pixels[:len(m.Pixels)-3*m.Side]
			m.Frames[3].Row = 17
			return m
		}(),
		"frame 0, 4×6 from row 0, is not within 228 bytes of rows of 3 pixels": func() *Images { m := labelled(); m.Side = 3; return m }(),
	} {
		if err := images.Validate(); err == nil || err.Error() != "dataset: "+want {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	for _, images := range []*Images{uniform(), labelled(), labelled().First(2), labelled().Pick(2, 2), {Labels: []int32{5}, Pixels: make([]uint8, 3), Height: 1, Width: 1}} {
		if err := images.Validate(); err != nil {
			t.Errorf("good images: %v", err)
		}
	}
}
