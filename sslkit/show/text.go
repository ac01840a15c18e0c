package show

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/gossl/gossl/sslkit/train"
)

// A Text is lines with columns, for letters of one width.
type Text string

// Show prints the text.
func (t Text) Show() error {
	_, err := os.Stdout.WriteString(string(t))
	return err
}

// A Markdown is text that is written in Markdown.
type Markdown string

// Show sets the text below a notebook's cell. In a terminal it prints it as it is
// written.
func (m Markdown) Show() error {
	if gonbui.IsNotebook {
		gonbui.DisplayMarkdown(string(m))
		gonbui.Sync()
		return gonbui.Error()
	}
	_, err := fmt.Println(string(m))
	return err
}

// Table returns what came of a run, a line for each fact: kNN accuracy before and
// after training, or the loss where that was not measured, time, speed and
// memory. Speed is the mean over the epochs after the first, weighted by time.
func Table(result *train.Result) Text {
	if result == nil {
		return "no result\n"
	}
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
	for _, name := range slices.Sorted(maps.Keys(last.Meters)) {
		row(name+" last", "%.4g  (epoch %d)", last.Meters[name], last.Epoch)
	}
	if last.Warning != "" {
		row("warning", "%s", last.Warning)
	}
	row("time", "%s, of which compiling %s", duration(result.Seconds()), duration(result.CompileSeconds))
	if paused := pauseSeconds(result); paused > 0 {
		row("paused", "%s of it, for the method on the host", duration(paused))
	}
	row("speed", "%.0f images/s", speed(result))
	row("peak memory", "%s", result.Memory)
	row("device", "%s", result.Device)
	w.Flush()
	return Text(text.String())
}

// Comparison returns a line for each of several runs: kNN accuracy, loss and
// health. It leaves out results that are nil.
func Comparison(results ...*train.Result) Text {
	results = slices.DeleteFunc(slices.Clone(results), func(r *train.Result) bool { return r == nil })
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
	return Text(text.String())
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

// pauseSeconds is how long the method has paused the run.
func pauseSeconds(result *train.Result) (sum float64) {
	for _, e := range result.Epochs {
		sum += e.PauseSeconds
	}
	return sum
}

// duration is a number of seconds as people say it.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
