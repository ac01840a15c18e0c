package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gossl/gossl/kernel/install/bundle"
	"github.com/gossl/gossl/kernel/install/home"
)

func bundleCommand() *cobra.Command {
	var o bundle.Options
	var split string
	cmd := &cobra.Command{
		Use:   "bundle DIR",
		Short: "Pack what runs on machines without Go, network or root: programs, tests, data sets, plugin, and a script",
		Example: `  sslkit-kernel bundle /scratch/sslkit --data cifar10,imagenette --plugin cuda
  sslkit-kernel bundle runs/bundle --data cifar10 --plugin none --split 60M`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("bundle: %d arguments, want one, the folder to make; for example:\n%s", len(args), cmd.Example)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, err := checkout()
			if err != nil {
				return err
			}
			if o.Split, err = bytesOf(split); err != nil {
				return err
			}
			return bundle.New(home.Find(), repo).Make(cmd.Context(), args[0], o)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&o.Data, "data", nil, "data `SETS` to put in: "+strings.Join(bundle.DataSets(), ", "))
	flags.StringVar(&o.Plugin, "plugin", bundle.None, "XLA's `PLUGIN` to put in: cpu, cuda with NVIDIA's libraries, or none, to use the machine's own")
	flags.BoolVar(&o.Tests, "tests", true, "put in tests and benchmarks of the device")
	flags.BoolVar(&o.Link, "link", false, "hard-link data sets and plugin instead of copying them: whoever changes one changes both")
	flags.StringVar(&split, "split", "", "also write it as archives of at most `SIZE` bytes, such as 60M")
	return cmd
}

// bytesOf reads the flag --split, in powers of ten; "" is 0.
func bytesOf(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	digits, unit := text, int64(1)
	for i, letter := range "kMG" {
		if rest, ok := strings.CutSuffix(text, string(letter)); ok {
			digits, unit = rest, int64(math.Pow10(3*(i+1)))
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("--split %s: want a size in bytes, for example --split 60M", text)
	}
	return n * unit, nil
}
