package bench

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gossl/gossl/sslkit/augment"
	"github.com/gossl/gossl/sslkit/backbone"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/eval"
	"github.com/gossl/gossl/sslkit/recipe"
)

// A ScalingRow is a training step that is planned to see what several devices would make of it.
type ScalingRow struct {
	Title   string
	Images  int // of an epoch
	Recipe  recipe.Recipe
	Devices int
}

// imagenetImages is how many images ILSVRC 2012 has to train on.
const imagenetImages = 1_281_167

// ScalingRows lists the steps of SimCLR on ImageNette at 128 pixels with a ResNet-18, and at
// ImageNet's 224 pixels with a ViT-S/16: on one device with a batch of 256, on eight
// with 256 each, and on eight with 256 together. The ResNet's batch norm has the statistics
// of the whole batch there, and once, on eight with 256 each, those of each device's images.
func ScalingRows() ([]ScalingRow, error) {
	base, err := recipe.At(recipe.Lightly2023, dataset.Imagenette, "SimCLR", scalingBatch, 200)
	if err != nil {
		return nil, fmt.Errorf("bench: scaling: %w", err)
	}
	base.Eval = eval.KNN{} // only the step is planned
	vit := base
	vit.Backbone = backbone.ViTSmall16()
	vit.Views = slices.Repeat([]augment.Policy{augment.SimCLR(224).Blurred(0.5)}, len(base.Views))
	var rows []ScalingRow
	for _, what := range []ScalingRow{
		{Title: "ImageNette, 128 pixels, ResNet-18", Images: base.TrainImages, Recipe: base},
		{Title: "ImageNet, 224 pixels, ViT-S/16", Images: imagenetImages, Recipe: vit},
	} {
		for _, on := range [][2]int{{1, 1}, {scalingDevices, scalingDevices}, {scalingDevices, 1}} {
			row := what
			row.Devices, row.Recipe.Batch = on[0], on[1]*scalingBatch
			rows = append(rows, row)
		}
	}
	parts := rows[1]
	parts.Title += ", batch norm of each GPU's images"
	parts.Recipe.NormParts = scalingDevices
	return slices.Insert(rows, 2, parts), nil
}

const scalingBatch, scalingDevices = 256, 8

// ScalingMarkdown is the table of what several devices would make of [ScalingRows], from
// their plans on a target.
func ScalingMarkdown(plans []Planned) (string, error) {
	rows, err := ScalingRows()
	if err != nil {
		return "", err
	}
	if len(plans) != len(rows) {
		return "", fmt.Errorf("bench: scaling: %d plans, want %d", len(plans), len(rows))
	}
	var text strings.Builder
	text.WriteString("| images, network | GPUs | batch | step's memory, GiB | kernels, ms | all-reduces | other collectives | MB exchanged | collectives, ms | images/s | of the single GPU's, times GPUs | an epoch |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	var single speeds // of the same network on one
	for i, row := range rows {
		p := plans[i]
		if ID(p.Recipe) != ID(row.Recipe) || max(p.Target.Devices, 1) != row.Devices {
			return "", fmt.Errorf("bench: scaling: plan %d is of %s on %d devices, want %s on %d", i, ID(p.Recipe), p.Target.Devices, ID(row.Recipe), row.Devices)
		}
		step := p.Programs[0]
		speed := speedsOf(step, row.Recipe.Batch)
		if row.Devices == 1 {
			single = speed
		}
		of := func(images, one float64) float64 { return 100 * images / one / float64(row.Devices) }
		fmt.Fprintf(&text, "| %s | %d | %d | %s | %.1f | %s | %s | %s | %s | %s | %s | %s |\n", row.Title, row.Devices, row.Recipe.Batch,
			gib(step.Memory.Peak), milliseconds(step.Estimate), exchanges(step, true), exchanges(step, false), megabytes(step),
			number("%.1f", milliseconds(step.Communication)), between("%.0f", speed.slow, speed.fast),
			between("%.0f %%", of(speed.slow, single.slow), of(speed.fast, single.fast)),
			seconds(float64(row.Images)/speed.fast, float64(row.Images)/speed.slow))
	}
	fmt.Fprintf(&text, "\nCalculated, not measured: SimCLR in %s for the %s, planned at commit %s.\n", plans[0].Recipe.Precision, plans[0].Target.Device, plans[0].Build)
	return text.String(), nil
}

// speeds are images/s: if collectives wait for kernels and kernels for them, and if they run
// beside each other as far as they can.
type speeds struct{ slow, fast float64 }

func speedsOf(step device.Program, batch int) speeds {
	images := func(took time.Duration) float64 { return float64(batch) / took.Seconds() }
	return speeds{images(step.Estimate + step.Communication), images(max(step.Estimate, step.Communication))}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// exchanges is how many collectives a step has, all-reduces or others.
func exchanges(step device.Program, allReduces bool) string {
	n := 0
	for _, c := range step.Collectives {
		if (c.Kind == "all-reduce") == allReduces {
			n += c.Count
		}
	}
	return number("%.0f", float64(n))
}

func megabytes(step device.Program) string {
	var bytes int64
	for _, c := range step.Collectives {
		bytes += c.Bytes
	}
	return number("%.1f", float64(bytes)/1e6)
}

// seconds is a range of times, to which a digit more is told where they are short.
func seconds(from, to float64) string {
	if from < 0.1 {
		return between("%.2f s", from, to)
	}
	return between("%.1f s", from, to)
}

// between is a range, or a number if both ends look alike.
func between(format string, from, to float64) string {
	a, b := fmt.Sprintf(format, from), fmt.Sprintf(format, to)
	if a == b {
		return a
	}
	return a + " – " + b
}
