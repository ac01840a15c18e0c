package main

import (
	"context"
	"fmt"
	"os"

	"github.com/gossl/gossl/sslkit/bench"
	"github.com/gossl/gossl/sslkit/dataset"
)

// main is the benchmark as a program; -help lists its flags.
func main() {
	err := bench.Main(context.Background(), dataset.CIFAR10, os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(bench.ExitStatus(err))
}
