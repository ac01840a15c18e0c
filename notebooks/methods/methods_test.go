package main

import (
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

// The page has the methods that came first, in the order of tables.
func TestNamesAreMethods(t *testing.T) {
	for i, name := range names {
		if want := method.Name(method.All()[i]); name != want {
			t.Errorf("method %d is %s, want %s", i, name, want)
		}
		if _, err := recipe.Shapes(name); err != nil {
			t.Error(err)
		}
	}
}

func TestChoose(t *testing.T) {
	old := names
	t.Cleanup(func() { names = old })
	if err := choose("VICReg,MoCo"); err != nil || !slices.Equal(names, []string{"VICReg", "MoCo"}) {
		t.Errorf("chose %q, error %v", names, err)
	}
	names = old
	if err := choose("byol"); err == nil {
		t.Error("an unknown method: no error")
	}
}
