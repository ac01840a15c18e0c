package main

import (
	"slices"
	"testing"

	"github.com/gossl/gossl/sslkit/method"
	"github.com/gossl/gossl/sslkit/recipe"
)

func TestNamesAreAllMethods(t *testing.T) {
	var all []string
	for _, m := range method.All() {
		all = append(all, method.Name(m))
		if _, err := recipe.Shapes(method.Name(m)); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(names, all) {
		t.Errorf("the page trains %q, there are %q", names, all)
	}
}

func TestChoose(t *testing.T) {
	old := names
	t.Cleanup(func() { names = old })
	if err := choose("BYOL,MoCo"); err != nil || !slices.Equal(names, []string{"BYOL", "MoCo"}) {
		t.Errorf("chose %q, error %v", names, err)
	}
	names = old
	if err := choose("byol"); err == nil {
		t.Error("an unknown method: no error")
	}
}
