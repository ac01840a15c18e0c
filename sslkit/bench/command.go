package bench

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/gossl/gossl/internal/atomicfile"
	"github.com/gossl/gossl/internal/place"
	"github.com/gossl/gossl/sslkit/dataset"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/feed"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
	"github.com/gossl/gossl/sslkit/train"
)

// command is what the flags of a benchmark's program say.
type command struct {
	plan                            Plan
	out                             string
	device                          device.Kind
	devices                         int
	feed                            feed.Mode
	shard, shards                   int
	list, dryRun, download, tabular bool
	target                          string // whose memory -dry-run plans; "": none's
	only                            string // ID of the one run that this process is for; "": it starts a process for each
}

// Main is a benchmark's program: it does what the arguments say, and prints
// what it was asked for to out, and the progress of runs to standard output.
// -help lists the flags.
func Main(ctx context.Context, data dataset.Name, args []string, out io.Writer) error {
	c, err := parse(data, args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.list {
		fmt.Fprint(out, List(rowsOf(data)))
		return nil
	}
	if c.tabular {
		return c.report(out)
	}
	recipes, err := c.plan.Recipes()
	if err != nil {
		return err
	}
	if recipes, err = Shard(recipes, c.shard, c.shards); err != nil {
		return err
	}
	if err := c.check(recipes); err != nil {
		return err
	}
	if c.dryRun {
		return c.estimate(ctx, recipes, out)
	}
	if c.download && c.only == "" {
		if err := dataset.Fetch(ctx, data, show.Bytes()); err != nil {
			return err
		}
	}
	if c.only != "" {
		return c.runOnly(ctx, recipes)
	}
	err = c.eachInProcess(ctx, recipes, args)
	if ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return err
	}
	if err != nil {
		if records, _ := Records(c.out); len(records) == 0 {
			return err
		}
	}
	return errors.Join(err, c.report(out))
}

// report prints the table of the records, and keeps it and the picture beside them.
func (c command) report(out io.Writer) error {
	records, err := Records(c.out)
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("bench: %s has no records yet", c.out)
	}
	table := Markdown(records)
	fmt.Fprintf(out, "\n%s\n", table)
	if err := atomicfile.Write(filepath.Join(c.out, "table.md"), []byte(table)); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	curves := show.Benchmark(Results(records)...)
	for _, name := range []string{"curves.svg", "curves.png"} {
		if err := curves.Save(filepath.Join(c.out, name)); err != nil {
			return fmt.Errorf("bench: %w", err)
		}
	}
	fmt.Fprintf(out, "records, table.md, curves.svg and curves.png are in %s\n", c.out)
	return nil
}

// Results are the runs of records, for pictures.
func Results(records []Record) []*train.Result {
	results := make([]*train.Result, len(records))
	for i := range records {
		results[i] = &records[i].Result
	}
	return results
}

// Published lists the recipes on a data set that have a published result.
func Published(data dataset.Name) []recipe.Recipe {
	return slices.DeleteFunc(rowsOf(data), func(r recipe.Recipe) bool { return r.Expect.KNN == 0 })
}

// rowsOf lists the presets' recipes on a data set.
func rowsOf(data dataset.Name) []recipe.Recipe {
	return slices.DeleteFunc(recipe.Published(), func(r recipe.Recipe) bool { return r.Data != data })
}

// parse reads the arguments. -quick sets what the other flags then may change.
func parse(data dataset.Name, args []string, out io.Writer) (command, error) {
	c := command{shards: 1}
	flags := flag.NewFlagSet(string(data)+"_benchmark", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { usage(flags, data, out) }
	p := Default(data)
	methods := flags.String("methods", "all", "methods, separated by commas, of "+strings.Join(p.Methods, ", "))
	preset := flags.String("preset", string(p.Preset), "one of "+presets())
	batches := flags.String("batch", "", fmt.Sprintf("images per step, several separated by commas (default %d)", p.Batches[0]))
	epochs := flags.String("epochs", "", fmt.Sprintf("epochs, several separated by commas (default %d)", p.Epochs[0]))
	seeds := flags.Int("seeds", 1, "how many seeds: 0, 1, …")
	quick := flags.Bool("quick", false, "minutes on two CPUs: fewer images, a narrow network, 4 epochs of batch 64")
	images := flags.Int("images", 0, "train on the first ones only")
	tests := flags.Int("test-images", 0, "test on the first ones only")
	width := flags.Int("width", 0, "channels of the network's first stage (published: 64)")
	precision := flags.String("precision", "", "bf16 or f32 (default: the recipe's bf16)")
	measured := measureFlags(flags)
	shard := flags.String("shard", "0/1", "i/n: share i of n of the runs, i from 0")
	where := flags.String("feed", string(feed.Auto), "where images are kept: resident (on the device), split (a part on each of several), streamed (on the host), or auto")
	on := flags.String("device", string(device.Auto), "auto, cuda, cpu or go")
	flags.IntVar(&c.devices, "devices", 1, "how many devices of the machine train a run together (times of -dry-run are those of one)")
	flags.StringVar(&c.out, "out", filepath.Join("runs", string(data)+"_benchmark"), "folder of records, table and picture")
	flags.BoolVar(&c.list, "list", false, "print the published rows, and end")
	flags.BoolVar(&c.dryRun, "dry-run", false, "print the runs, their steps, and the time they would take, and end")
	flags.StringVar(&c.target, "target", "", "with -dry-run: also plan the memory on this GPU, which need not be there, such as h100")
	flags.BoolVar(&c.tabular, "table", false, "print the table of the records in -out, and end")
	flags.BoolVar(&c.download, "download", false, "download the data set first, if it is not there")
	flags.StringVar(&c.only, onlyFlag, "", "make only the run of this name, in this process")
	if err := flags.Parse(args); err != nil {
		return command{}, err
	}
	if flags.NArg() > 0 {
		return command{}, fmt.Errorf("%q: want flags only, -help lists them", flags.Args())
	}
	if *quick {
		p = Quick(data)
	}
	p.Preset, p.Seeds, c.device = recipe.Preset(*preset), *seeds, device.Kind(*on)
	p.Linear, p.Measures, p.LinearCrops = measured.Linear, measured.Measures, measured.LinearCrops
	var err error
	if p.Methods, err = methodsOf(*methods, p.Preset, data); err != nil {
		return command{}, err
	}
	for _, n := range []struct {
		name string
		text string
		to   *[]int
	}{{"batch", *batches, &p.Batches}, {"epochs", *epochs, &p.Epochs}} {
		if n.text == "" {
			continue
		}
		if *n.to, err = numbers(n.name, n.text); err != nil {
			return command{}, err
		}
	}
	p.Scale = p.Scale.with(Scale{*images, *tests, *width, device.Precision(*precision)})
	c.plan, c.feed, c.out = p, feed.Mode(*where), place.WithHome(c.out)
	c.shard, c.shards, err = share(*shard)
	return c, err
}

// measureFlags are the flags of what a plan measures after each run.
func measureFlags(flags *flag.FlagSet) *Plan {
	var p Plan
	flags.BoolVar(&p.Linear, "linear", false, "fit a linear probe after each run, too")
	flags.BoolVar(&p.Measures, "measures", false, "measure RankMe, effective rank, and kNN accuracy for several k and temperatures after each run, too")
	flags.BoolVar(&p.LinearCrops, "linear-crops", false, "fit a linear probe to random crops after each run, too: 90 passes through the network")
	return &p
}

// usage prints what -help asks for.
func usage(flags *flag.FlagSet, data dataset.Name, out io.Writer) {
	fmt.Fprintf(out, `%[1]s trains the published rows of lightly's benchmark on %[2]s, and compares.
The same command again goes on where it was stopped. For example:

  %[1]s -quick
  %[1]s -methods SimCLR,BYOL -epochs 200 -seeds 3

`, flags.Name(), titleOf(data))
	flags.PrintDefaults()
}

// with takes the values of another scale that are not zero.
func (s Scale) with(other Scale) Scale {
	for _, part := range []struct{ to, from *int }{
		{&s.TrainImages, &other.TrainImages}, {&s.TestImages, &other.TestImages}, {&s.Width, &other.Width},
	} {
		if *part.from != 0 {
			*part.to = *part.from
		}
	}
	if other.Precision != "" {
		s.Precision = other.Precision
	}
	return s
}

// methodsOf reads the flag -methods.
func methodsOf(text string, preset recipe.Preset, data dataset.Name) ([]string, error) {
	if text != "all" {
		return strings.Split(text, ","), nil
	}
	all := Methods(preset, data)
	if all == nil {
		return nil, fmt.Errorf("-preset %q has no recipes for %s: want one of %s", preset, titleOf(data), presets())
	}
	return all, nil
}

// presets lists their names.
func presets() string {
	names := fmt.Sprint(recipe.Presets())
	return strings.ReplaceAll(strings.Trim(names, "[]"), " ", ", ")
}

func numbers(name, text string) ([]int, error) {
	var list []int
	for _, part := range strings.Split(text, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-%s %s: %q is not a positive number, want for example -%s 128,512", name, text, part, name)
		}
		list = append(list, n)
	}
	return list, nil
}

// share reads the argument of -shard.
func share(text string) (i, n int, err error) {
	before, after, _ := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(before)
	n, err2 := strconv.Atoi(after)
	if err1 != nil || err2 != nil || n < 1 || i < 0 || i >= n {
		return 0, 0, fmt.Errorf("-shard %s: want i/n with 0 ≤ i < n, for example -shard 0/4", text)
	}
	return i, n, nil
}

// check refuses what the runs would refuse, whether they are to be made or only estimated.
func (c command) check(recipes []recipe.Recipe) error {
	if err := writable(c.out); err != nil {
		return fmt.Errorf("-out %s: %w", c.out, err)
	}
	if c.target != "" && !c.dryRun {
		return fmt.Errorf("-target %s is for -dry-run: -device says where runs are made", c.target)
	}
	if err := c.feed.Validate(); err != nil {
		return fmt.Errorf("-feed: %w", err)
	}
	for _, r := range recipes {
		whole, err := recipe.At(r.Preset, r.Data, r.Name, r.Batch, r.Epochs)
		switch {
		case err != nil:
			return fmt.Errorf("bench: %w", err)
		case r.TrainImages > whole.TrainImages:
			return fmt.Errorf("-images %d: %s has %d training images", r.TrainImages, titleOf(r.Data), whole.TrainImages)
		case c.devices < 1 || r.Batch%c.devices != 0:
			return fmt.Errorf("-devices %d for batches of %d images: want a number that divides them evenly", c.devices, r.Batch)
		case r.TestImages > whole.TestImages:
			return fmt.Errorf("-test-images %d: %s has %d test images", r.TestImages, titleOf(r.Data), whole.TestImages)
		}
	}
	return nil
}

// checkData reports images that are not there, unless they are to be downloaded.
func (c command) checkData(ctx context.Context) error {
	if c.download {
		return nil
	}
	_, err := dataset.Load(ctx, c.plan.Data, 1, 0, nil)
	return err
}

// writable reports a folder that can neither be written to nor made.
func writable(dir string) error {
	about, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		return writable(filepath.Dir(dir))
	case err != nil:
		return err
	case !about.IsDir():
		return fmt.Errorf("%s is a file, want a folder", dir)
	}
	if err := unix.Access(dir, unix.W_OK); err != nil {
		return fmt.Errorf("%s cannot be written to: %w", dir, err)
	}
	return nil
}
