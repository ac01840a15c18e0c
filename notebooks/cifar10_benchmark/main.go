package main

import (
	"context"
	"os"

	"github.com/gossl/gossl/sslkit/bench"
)

// main is the benchmark as a program; -help lists its flags.
func main() { bench.Exit(bench.Main(context.Background(), data, os.Args[1:], os.Stdout)) }
