package feed_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/internal/testkit"
)

// photographs writes a folder of JPEGs that are about as much work as photographs.
func photographs(b *testing.B, n, height, width int) string {
	b.Helper()
	dir := b.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "class"), 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		picture := image.NewRGBA(image.Rect(0, 0, width, height))
		for y := range height {
			for x := range width {
				light := 128 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/13) + 40*(testkit.U(i, y*width+x)-0.5)
				for c := range 3 {
					picture.Pix[picture.PixOffset(x, y)+c] = uint8(min(max(light+float64(20*c), 0), 255))
				}
				picture.Pix[picture.PixOffset(x, y)+3] = 255
			}
		}
		var data bytes.Buffer
		err := jpeg.Encode(&data, picture, &jpeg.Options{Quality: 90})
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "class", fmt.Sprintf("%d.jpg", i)), data.Bytes(), 0o644)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// used is how many seconds of processors the process has used.
func used(b *testing.B) float64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// BenchmarkPace streams decoded photographs to a device that takes batches at a pace:
// as many images a second as the processors have decoded, and multiples of that, or at
// once. Reported are that rate, how many batches came late, the time that was waited for
// one in the mean, and what an image takes of processors, in decoding and in streaming.
func BenchmarkPace(b *testing.B) {
	const n, batch = 1024, 64
	d := testkit.XLA(b)
	b.Setenv("SSLKIT_HOME", b.TempDir())
	dir := photographs(b, n, 160, 213)
	start, before := time.Now(), used(b)
	images, err := dataset.Folder(b.Context(), dir, dataset.FolderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	decoded, decoding := n/time.Since(start).Seconds(), (used(b)-before)/n
	source, err := feed.Open(d, images, feed.Streamed)
	if err != nil {
		b.Fatal(err)
	}
	defer source.Free()
	var order []int32
	for i := range int32(n) {
		order = append(order, i*37%n)
	}
	for _, times := range []float64{1, 2, 4, 8, math.Inf(1)} {
		b.Run(fmt.Sprintf("pace=%g", times), func(b *testing.B) {
			batches, late, waited, before := 0, 0, time.Duration(0), used(b)
			for b.Loop() {
				reader, err := source.Read(order, batch)
				if err != nil {
					b.Fatal(err)
				}
				start := time.Now()
				for k := range n / batch {
					time.Sleep(time.Until(start.Add(time.Duration(float64((k+1)*batch) / (times * decoded) * 1e9))))
					if _, err := reader.Next(); err != nil {
						b.Fatal(err)
					}
				}
				more, time := reader.Waited()
				batches, late, waited = batches+n/batch, late+more, waited+time
				reader.Close()
			}
			b.ReportMetric(decoded, "decoded-images/s")
			b.ReportMetric(float64(batches*batch)/b.Elapsed().Seconds(), "images/s")
			b.ReportMetric(1e6*decoding, "decoding-µs/image")
			b.ReportMetric(1e6*(used(b)-before)/float64(batches*batch), "streaming-µs/image")
			b.ReportMetric(float64(late)/float64(batches), "late/batch")
			b.ReportMetric(1e3*waited.Seconds()/float64(batches), "waited-ms/batch")
		})
	}
}
