package gonb

import "testing"

func TestCompleteness(t *testing.T) {
	for code, want := range map[string][2]string{
		"":                       {Complete, ""},
		"x := 1":                 {Complete, ""},
		"func f() {}":            {Complete, ""},
		"%%\nx()":                {Complete, ""},
		"%%bash\nfor (":          {Complete, ""},
		"!ls (":                  {Complete, ""},
		"%ls\n!x '":              {Complete, ""},
		"%exec F":                {Complete, ""},
		"func f() {\n\n":         {Complete, ""},
		"x // (":                 {Complete, ""},
		"package main":           {Complete, ""},
		"/* a */ x":              {Complete, ""},
		"`a`":                    {Complete, ""},
		"'('":                    {Complete, ""},
		"func (a A[T]) L() {}":   {Complete, ""},
		"x := 1\n;":              {Complete, ""},
		"func f() {":             {Incomplete, "\t"},
		"for {\n\tf(":            {Incomplete, "\t\t"},
		"%%\nif x {":             {Incomplete, "\t"},
		"x := `a":                {Incomplete, ""},
		"f(`a":                   {Incomplete, ""},
		"/* a\nb":                {Incomplete, ""},
		"x := 1 +":               {Incomplete, ""},
		"x.":                     {Incomplete, ""},
		"x := []int{\n1, // one": {Incomplete, "\t"},
		"!ls \\":                 {Incomplete, ""},
		"x := )":                 {Invalid, ""},
		"f(]":                    {Invalid, ""},
		"\"abc":                  {Invalid, ""},
		"x := := 1":              {Invalid, ""},
		"for i := range 3":       {Invalid, ""},
		"f()\nfunc f() {}":       {Invalid, ""},
	} {
		if status, indent := Completeness(code); status != want[0] || indent != want[1] {
			t.Errorf("%q: %s, indent %q; want %s, %q", code, status, indent, want[0], want[1])
		}
	}
}
