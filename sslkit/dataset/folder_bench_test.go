package dataset

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// photograph returns a JPEG that is about as much work as a photograph.
func photograph(b *testing.B, seed uint64, height, width int) []byte {
	b.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			light := 128 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/13) + 10*random.NormFloat64()
			for c := range 3 {
				picture.Pix[picture.PixOffset(x, y)+c] = uint8(min(max(light+float64(20*c), 0), 255))
			}
			picture.Pix[picture.PixOffset(x, y)+3] = 255
		}
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, picture, &jpeg.Options{Quality: 90}); err != nil {
		b.Fatal(err)
	}
	return data.Bytes()
}

// BenchmarkDecode times reading a folder of JPEGs on all processors, the way
// from the files to pixels in memory.
func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ height, width, short int }{{160, 160, 0}, {160, 213, 0}, {375, 500, 0}, {375, 500, 160}} {
		b.Run(fmt.Sprintf("height=%d/width=%d/short=%d", c.height, c.width, c.short), func(b *testing.B) {
			const n = 60
			files := map[string][]byte{}
			for i := range n {
				files[fmt.Sprintf("class/%d.jpg", i)] = photograph(b, uint64(i), c.height, c.width)
			}
			dir := writeFiles(b, files)
			for b.Loop() {
				if _, err := Folder(b.Context(), dir, FolderOptions{ShortSide: c.short, NoCache: true}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// BenchmarkCachedStart times reading a folder that the cache holds.
func BenchmarkCachedStart(b *testing.B) {
	ownHome(b)
	const n = 500
	files := map[string][]byte{}
	data := photograph(b, 0, 160, 160)
	for i := range n {
		files[fmt.Sprintf("class/%d.jpg", i)] = data
	}
	dir := writeFiles(b, files)
	read := func() *Images {
		images, err := Folder(b.Context(), dir, FolderOptions{})
		if err != nil {
			b.Fatal(err)
		}
		return images
	}
	read()
	for b.Loop() {
		unmap(read().Pixels)
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "images/s")
}
