//go:build ignore

// Tour is a literate source with everything that one can hold.
package main

// %% [markdown]
// # A tour
//
// Text with **emphasis**, `code` & <marks>.

// %%

import (
	"fmt"
	"os"
)

// %% [markdown]
// ## Greet

// %%

// Greet says hello.
func Greet() {
	fmt.Println("hello <you> & me")
}

//gonb:%exec Greet

// %% tags=["summary", "slow"]

// Table prints what came of it.
func Table() {
	fmt.Fprintln(os.Stdout, "| a | b |")
}

//gonb:%exec Table
