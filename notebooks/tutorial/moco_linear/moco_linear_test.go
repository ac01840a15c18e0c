package main

import (
	"errors"
	"io/fs"
	"math"
	"testing"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/pretrained"
	"github.com/gossl/gossl/sslkit/train"
)

// The cells run one after the other, as in the notebook.
func TestCells(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: trains")
	}
	if _, err := device.Open(device.CPU); errors.Is(err, fs.ErrNotExist) {
		t.Skip(err)
	}
	t.Chdir(t.TempDir())
	images, epochs, steps, kind = 256, 1, 4, device.CPU
	main()
	main() // finds its runs complete
	checkQueue(t)
	checkJudge(t)
	checkFirstSteps(t)
}

// checkQueue wants keys of length 1, those of an image more alike than others.
func checkQueue(t *testing.T) {
	queue, batch := Queue(), Recipe().Batch
	if len(queue) != MoCo().Queue {
		t.Fatalf("%d keys in the queue, want %d", len(queue), MoCo().Queue)
	}
	newest := queue[len(queue)-2*batch:]
	same, other := float32(0), float32(0)
	for i := range batch {
		same += Dot(newest[i], newest[batch+i]) / float32(batch)
		other += Dot(newest[i], newest[batch+(i+1)%batch]) / float32(batch)
		if length := Dot(newest[i], newest[i]); math.Abs(float64(length)-1) > 1e-5 {
			t.Errorf("key %d has length %g, want 1", i, length)
		}
	}
	if !(same > other+0.01) {
		t.Errorf("similarity of keys of one image %g, of two images %g", same, other)
	}
}

// checkJudge wants the kNN accuracy that the run has measured, too.
func checkJudge(t *testing.T) {
	knn, linear := Judge("MoCo", must(pretrained.Open(folder)))
	if want := must(train.Open(folder)).Last().KNN; math.Abs(knn-want) > 0.003 {
		t.Errorf("kNN accuracy %g, that of the run is %g", knn, want)
	}
	if linear <= 0.1 {
		t.Errorf("linear accuracy %g is no better than guessing", linear)
	}
}

// checkFirstSteps wants a loss that rises while keys take the place of noise.
func checkFirstSteps(t *testing.T) {
	losses := ByHand()
	if top := MoCo().Collapsed(0).Loss; !(losses[0] < losses[3]-0.5 && losses[3] < top) {
		t.Errorf("losses %g, want them to rise, not above %g", losses, top)
	}
}

func TestWorst(t *testing.T) {
	truth := []int32{0, 0, 0, 1, 1, 1, 2, 2}
	predicted := []int32{0, 1, 0, 2, 2, 1, 0, 2}
	if class, taken := Worst(predicted, truth); class != 1 || taken != 2 {
		t.Errorf("worst: %d taken for %d, want 1 taken for 2", class, taken)
	}
}
