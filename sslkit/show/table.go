package show

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/gossl/gossl/sslkit/train"
)

// Table prints what came of a run: kNN accuracy before and after training, or
// the loss where that was not measured, time, speed and memory.
func Table(result *train.Result) {
	os.Stdout.WriteString(TableText(result))
}

// TableText returns the text that [Table] prints. Speed is the mean over the
// epochs after the first, weighted by time.
func TableText(result *train.Result) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	best, last := result.Best(), result.Last()
	row("recipe", "%s on %s, %d epochs, batch %d", result.Recipe.Name, result.Recipe.Data, result.Recipe.Epochs, result.Recipe.Batch)
	if result.Recipe.Eval.On() {
		row("kNN untrained", "%.2f %%", 100*result.Untrained())
		row("kNN last", "%.2f %%  (epoch %d)", 100*last.KNN, last.Epoch)
		row("kNN best", "%.2f %%  (epoch %d)", 100*best.KNN, best.Epoch)
	} else {
		row("loss last", "%.3f  (epoch %d)", last.Loss, last.Epoch)
	}
	if last.Warning != "" {
		row("warning", "%s", last.Warning)
	}
	row("time", "%s, of which compiling %s", duration(result.Seconds()), duration(result.CompileSeconds))
	row("speed", "%.0f images/s", speed(result))
	row("peak memory", "%s", result.Memory)
	row("device", "%s", result.Device)
	w.Flush()
	return text.String()
}

// Comparison prints a line for each of several runs: kNN accuracy, loss and
// health.
func Comparison(results ...*train.Result) {
	os.Stdout.WriteString(ComparisonText(results...))
}

// ComparisonText returns the text that [Comparison] prints.
func ComparisonText(results ...*train.Result) string {
	var text strings.Builder
	wide := 0 // of the names, which stand left
	for _, r := range results {
		wide = max(wide, len(r.Recipe.Name))
	}
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%-*s\tkNN untrained\tkNN last\tkNN best\tepochs\tsteps\tloss\tspread\tgradient\ttime\t\n", wide, "method")
	for _, r := range results {
		last, accuracies := r.Last(), "–\t–\t–"
		if r.Recipe.Eval.On() {
			accuracies = fmt.Sprintf("%.1f %%\t%.1f %%\t%.1f %%", 100*r.Untrained(), 100*last.KNN, 100*r.Best().KNN)
		}
		fmt.Fprintf(w, "%-*s\t%s\t%d\t%d\t%.3f\t%.2f\t%.2f\t%s\t\n",
			wide, r.Recipe.Name, accuracies, last.Epoch, last.Epoch*r.Recipe.Steps(),
			last.Loss, last.EmbeddingSpread, last.GradientNorm, duration(r.Seconds()))
	}
	w.Flush()
	for _, r := range results {
		if warning := r.Last().Warning; warning != "" {
			fmt.Fprintf(&text, "%s: %s\n", r.Recipe.Name, warning)
		}
	}
	return text.String()
}

// speed is the images per second of the epochs after the first, if there are any.
func speed(result *train.Result) float64 {
	var images, seconds, first float64
	for _, e := range result.Epochs {
		switch {
		case e.Epoch == 1:
			first = e.ImagesPerSecond
		case e.Epoch > 1:
			images += e.ImagesPerSecond * e.TrainSeconds
			seconds += e.TrainSeconds
		}
	}
	if seconds == 0 {
		return first
	}
	return images / seconds
}

// duration is a number of seconds as people say it.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
