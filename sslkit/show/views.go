package show

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/shapes"
	"github.com/gomlx/gomlx/pkg/core/tensors"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/op"
)

// viewSeed is the seed of the views that are shown.
const viewSeed = 1

// Views shows the first n images, one to a column, and below each as many
// views of it as asked for, drawn with the policy on a device of that kind.
func Views(images *dataset.Images, n int, policy augment.Policy, views int, kind device.Kind) error {
	picture, err := ViewsImage(images, n, policy, views, kind)
	if err != nil {
		return err
	}
	return display(picture, "", "views of images: shown in a notebook; show.SavePNG keeps a show.ViewsImage")
}

// ViewsImage returns the picture that [Views] shows. The same arguments give
// the same picture. If there are fewer than n images it holds all of them.
func ViewsImage(images *dataset.Images, n int, policy augment.Policy, views int, kind device.Kind) (image.Image, error) {
	n = min(n, images.Len())
	if n < 1 || views < 1 {
		return nil, fmt.Errorf("show: ViewsImage: %d views of %d images, want at least 1 of each", views, n)
	}
	if err := policy.Validate(); err != nil {
		return nil, fmt.Errorf("show: %w", err)
	}
	d, err := device.Open(kind)
	if err != nil {
		return nil, err
	}
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) *graph.Node {
		all := graph.Iota(in[0].Graph(), shapes.Make(dtypes.Int32, n), 0) // [n]
		return policy.View(in[0], feed.Take(in[1:], all))
	})
	if err != nil {
		return nil, fmt.Errorf("show: views: %w", err)
	}
	defer exec.Finalize()
	source, err := feed.Open(d, images.First(n), feed.Resident)
	if err != nil {
		return nil, fmt.Errorf("show: views: %w", err)
	}
	defer source.Free()
	width, height := cell(images, n)
	s := newSheet(n, views+1, max(width, policy.Size), max(height, policy.Size), 0)
	for i := range n {
		s.put(i, 0, images.NRGBA(i), "")
	}
	for v := range views {
		args := []any{tensors.FromValue(op.Key(viewSeed, uint64(v)))}
		for _, x := range source.Set() {
			args = append(args, x)
		}
		drawn, err := exec.Exec(args...)
		if err != nil {
			return nil, fmt.Errorf("show: views: %w", err)
		}
		values := tensors.MustCopyFlatData[float32](drawn[0])
		size := policy.Size * policy.Size * 3
		for i := range n {
			s.put(i, v+1, policyImage(policy, values[i*size:(i+1)*size]), "")
		}
	}
	return s.picture, nil
}

// policyImage makes a picture of one normalised view, [Size, Size, 3].
func policyImage(policy augment.Policy, values []float32) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, policy.Size, policy.Size))
	level := func(p, channel int) uint8 {
		x := float64(values[3*p+channel])*policy.Std[channel] + policy.Mean[channel]
		return uint8(math.Round(255 * min(max(x, 0), 1)))
	}
	for p := range policy.Size * policy.Size {
		c := color.NRGBA{R: level(p, 0), G: level(p, 1), B: level(p, 2), A: 0xff}
		picture.SetNRGBA(p%policy.Size, p/policy.Size, c)
	}
	return picture
}
