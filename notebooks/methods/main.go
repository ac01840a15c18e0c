package main

import (
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/recipe"
	"github.com/gossl/gossl/sslkit/show"
)

// main runs the cells as a program.
func main() {
	methods := flag.String("methods", strings.Join(names, ","), "methods to train, separated by commas")
	on := flag.String("device", string(kind), "auto, cuda, cpu or go")
	out := flag.String("out", folder, "folder of the runs and their picture")
	flag.Parse()
	if flag.NArg() > 0 {
		check(fmt.Errorf("%q: want flags only, -help lists them", flag.Args()))
	}
	check(choose(*methods))
	kind, folder = device.Kind(*on), *out

	ShowDifference()
	ShowMethods()
	Train()
	picture := filepath.Join(folder, "curves.png")
	check(show.Curves(Results()...).Save(picture))
	fmt.Println("picture:", picture)
	ShowTable()
}

// choose sets the methods to train.
func choose(list string) error {
	chosen := strings.Split(list, ",")
	for _, name := range chosen {
		if _, err := recipe.Shapes(name); err != nil {
			return fmt.Errorf("-methods %s: %w", list, err)
		}
	}
	names = chosen
	return nil
}
