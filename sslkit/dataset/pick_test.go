package dataset

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mappedAndNot returns the images of a folder, from shards and in memory.
func mappedAndNot(t *testing.T, files map[string][]byte) (mapped, memory *Images) {
	t.Helper()
	smallShards(t)
	mappedLimit = 0
	t.Cleanup(func() { mappedLimit = 64 << 20 })
	ownHome(t)
	dir := writeFiles(t, files)
	var err error
	if mapped, err = Folder(t.Context(), dir, FolderOptions{}); err != nil {
		t.Fatal(err)
	}
	if memory, err = Folder(t.Context(), dir, FolderOptions{NoCache: true}); err != nil {
		t.Fatal(err)
	}
	return mapped, memory
}

// samePicked compares images that share the pixels of from with others that have a copy.
func samePicked(t *testing.T, want, got, from *Images) {
	t.Helper()
	if got.Pixels != nil || got.Len() > 0 && (got.From != from || len(got.Which) != got.Len()) {
		t.Errorf("%d bytes of pixels, from others: %t", len(got.Pixels), got.From == from)
	}
	form, outline := *want, *got
	form.Pixels, outline.From, outline.Which = nil, nil, nil
	if diff := cmp.Diff(form, outline); diff != "" {
		t.Fatalf("besides pixels (-want +got):\n%s", diff)
	}
	for i := range want.Len() {
		begin, end := want.Span(i)
		stored := slices.Repeat([]uint8{99}, end-begin)
		got.Stored(stored, i)
		small := want.frame(i).Within(5)
		if !slices.Equal(stored, want.Pixels[begin:end]) || !slices.Equal(got.At(i), want.At(i)) ||
			!slices.Equal(got.Shrunk(i, small), want.Shrunk(i, small)) || !slices.Equal(got.NRGBA(i).Pix, want.NRGBA(i).Pix) {
			t.Errorf("image %d, index %d, has other pixels", i, got.Which[i])
		}
	}
	if diff := cmp.Diff(want.Fingerprint(), got.Fingerprint()); diff != "" {
		t.Errorf("fingerprint (-want +got):\n%s", diff)
	}
	wantMean, wantStd := want.MeanStd()
	if mean, std := got.MeanStd(); mean != wantMean || std != wantStd {
		t.Errorf("mean %v and deviation %v, want %v and %v", mean, std, wantMean, wantStd)
	}
	if err := got.Validate(); (err == nil) != (want.Len() > 0) {
		t.Errorf("%d images: error %v", want.Len(), err)
	}
}

// Images picked from shards are copies in all but memory.
func TestPickFromShards(t *testing.T) {
	for name, one := range map[string]bool{"one size": true, "several": false} {
		t.Run(name, func(t *testing.T) {
			mapped, memory := mappedAndNot(t, manySizes(t, 30, one))
			largest, small := 0, []int{}
			for i := range memory.Len() {
				if memory.frame(i).short() == memory.Side {
					largest = i
				} else {
					small = append(small, i)
				}
			}
			for _, which := range [][]int{
				{2, 0, 2}, {largest}, {largest, largest}, {29, 0, largest, 17}, small, {3, 3, 3}, nil,
				{29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0},
			} {
				copied, shared := memory.Pick(which...), mapped.Pick(which...)
				samePicked(t, copied, shared, mapped)
				if shared.Len() > 0 {
					if _, ok := shared.keptSums(); !ok {
						t.Errorf("%v: the sums are not known", which)
					}
				}
				if n := len(which); n > 2 {
					samePicked(t, copied.First(2), shared.First(2), mapped)
					samePicked(t, copied.Pick(n-1, 0, 0, 1), shared.Pick(n-1, 0, 0, 1), mapped)
					samePicked(t, copied.First(2).Pick(1, 0), shared.First(2).Pick(1, 0), mapped)
				}
			}
			copied, err := Split("copied", memory, 7, 3)
			if err != nil {
				t.Fatal(err)
			}
			shared, err := Split("shared", mapped, 7, 3)
			if err != nil {
				t.Fatal(err)
			}
			samePicked(t, copied.Train, shared.Train, mapped)
			samePicked(t, copied.Test, shared.Test, mapped)
			few := mapped.First(20) // is mapped, too
			samePicked(t, memory.Pick(19, 2), few.Pick(19, 2), few)

			// What is written to the pixels shows in both.
			picked := mapped.Pick(4, 5)
			before, level := picked.Fingerprint(), picked.At(1)[0]
			from, _ := mapped.Span(5)
			mapped.Pixels[from]++
			if got := picked.Fingerprint().Changes(before); !slices.Equal(got, []string{"other pixels"}) || picked.At(1)[0] != level+1 {
				t.Errorf("after a pixel was written to: %q", got)
			}
		})
	}
}

// Picking from shards takes memory for what is known of each image, and none for its pixels.
func TestPickFromShardsTakesNoMemory(t *testing.T) {
	const n, most = 200_000, 100
	for name, one := range map[string]bool{"one size": true, "several": false} {
		mapped, _ := mappedAndNot(t, manySizes(t, 30, one))
		which := make([]int, n)
		for j := range which {
			which[j] = j % mapped.Len()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		picked := mapped.Pick(which...)
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / n; each > most || picked.Len() != n {
			t.Errorf("%s: %d bytes an image, want at most %d", name, each, most)
		}
	}
}

// Images that do not go with those that they are from are found out.
func TestValidatePicked(t *testing.T) {
	good := func() *Images {
		m := labelled().Pick(3, 0)
		m.Pixels, m.From, m.Which = nil, labelled(), []int32{3, 0}
		return m
	}
	if err := good().Validate(); err != nil {
		t.Errorf("good images: %v", err)
	}
	for want, change := range map[string]func(m *Images){
		"1 indices into From for 2 labels":                                func(m *Images) { m.Which = m.Which[:1] },
		"image 1: index 4 into From, want 0 to 3":                         func(m *Images) { m.Which[1] = 4 },
		"image 0: index -1 into From, want 0 to 3":                        func(m *Images) { m.Which[0] = -1 },
		"image 1 is 4×6, and image 2 of From 5×3":                         func(m *Images) { m.Which[1] = 2 },
		"of From: 4 frames for 3 labels":                                  func(m *Images) { m.From.Labels = m.From.Labels[:3] },
		"of From: it has no pixels of its own, but is picked from others": func(m *Images) { m.From = good() },
		"frame 0, 2×2 from row 9, is not within 96 bytes of rows of":      func(m *Images) { m.Frames[0].Row = 9 },
	} {
		m := good()
		change(m)
		if err := m.Validate(); err == nil || !strings.HasPrefix(err.Error(), "dataset: "+want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}
