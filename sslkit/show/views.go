package show

import (
	"fmt"
	"image"
	"image/color"

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
// views of it as asked for, drawn with the policy on a device of that kind. The
// same arguments give the same picture. If there are fewer than n images it holds
// all of them.
func Views(images *dataset.Images, n int, policy augment.Policy, views int, kind device.Kind) Picture {
	n = min(n, images.Len())
	if n < 1 || views < 1 {
		return failed("show: Views: %d views of %d images, want at least 1 of each", views, n)
	}
	drawn, err := drawViews(images.First(n), []augment.Policy{policy}, views, kind)
	if err != nil {
		return failed("show: Views: %w", err)
	}
	s := originals(images.First(n))
	for v, view := range drawn[0] {
		s.labels, s.rows = append(s.labels, fmt.Sprintf("view %d", v)), append(s.rows, view)
	}
	return s.picture("views of images")
}

// Augmentations shows the first n images, one to a column, and below them a row
// for each policy: a view of each image, drawn with it on a device of that kind.
// All policies get the same random numbers, so that rows differ by their settings
// alone. The same arguments give the same picture. labels[i] says what is special
// about policies[i].
func Augmentations(images *dataset.Images, n int, labels []string, policies []augment.Policy, kind device.Kind) Picture {
	n = min(n, images.Len())
	if n < 1 || len(policies) < 1 {
		return failed("show: Augmentations: %d policies for %d images, want at least 1 of each", len(policies), n)
	}
	if len(labels) != len(policies) {
		return failed("show: Augmentations: %d labels for %d policies, want as many", len(labels), len(policies))
	}
	drawn, err := drawViews(images.First(n), policies, 1, kind)
	if err != nil {
		return failed("show: Augmentations: %w", err)
	}
	s := originals(images.First(n))
	for i, views := range drawn {
		s.labels, s.rows = append(s.labels, labels[i]), append(s.rows, views[0])
	}
	return s.picture("augmentations")
}

// originals is a sheet with a row of images, for the views of them.
func originals(images *dataset.Images) sheet {
	s := sheet{labels: []string{"image"}, rows: make([][]tile, 1)}
	for i := range images.Len() {
		s.rows[0] = append(s.rows[0], tile{img: images.NRGBA(i)})
	}
	return s
}

// drawViews draws as many views of each image with each policy. It returns the
// images of policy p's view v in [p][v].
func drawViews(images *dataset.Images, policies []augment.Policy, views int, kind device.Kind) ([][][]tile, error) {
	size := 0
	for _, policy := range policies {
		if err := policy.Validate(); err != nil {
			return nil, err
		}
		size = max(size, policy.Size)
	}
	d, err := device.Open(kind)
	if err != nil {
		return nil, err
	}
	source, err := feed.OpenFor(d, images, feed.Resident, size)
	if err != nil {
		return nil, err
	}
	defer source.Free()
	exec, err := graph.NewExec(d.Backend, func(in []*graph.Node) []*graph.Node {
		all := graph.Iota(in[0].Graph(), shapes.Make(dtypes.Int32, images.Len()), 0) // [n]
		taken := feed.Take(in[1:], all)
		var drawn []*graph.Node
		for _, policy := range policies {
			drawn = append(drawn, policy.View(in[0], taken)) // [n, Size, Size, 3]
		}
		return drawn
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	all := make([][][]tile, len(policies))
	for v := range views {
		args := []any{tensors.FromValue(op.Key(viewSeed, uint64(v)))}
		for _, x := range source.Set() {
			args = append(args, x)
		}
		drawn, err := exec.Exec(args...)
		if err != nil {
			return nil, err
		}
		for p, policy := range policies {
			all[p] = append(all[p], viewTiles(policy, tensors.MustCopyFlatData[float32](drawn[p])))
			drawn[p].MustFinalizeAll()
		}
	}
	return all, nil
}

// viewTiles makes pictures of normalised views, [n, Size, Size, 3].
func viewTiles(policy augment.Policy, values []float32) []tile {
	var row []tile
	for size := policy.Size * policy.Size * 3; len(values) > 0; values = values[size:] {
		row = append(row, tile{img: policyImage(policy, values[:size])})
	}
	return row
}

// policyImage makes a picture of one normalised view, [Size, Size, 3].
func policyImage(policy augment.Policy, values []float32) *image.NRGBA {
	picture := image.NewNRGBA(image.Rect(0, 0, policy.Size, policy.Size))
	level := func(p, channel int) uint8 { return policy.Level(values[3*p+channel], channel) }
	for p := range policy.Size * policy.Size {
		c := color.NRGBA{R: level(p, 0), G: level(p, 1), B: level(p, 2), A: 0xff}
		picture.SetNRGBA(p%policy.Size, p/policy.Size, c)
	}
	return picture
}
