package gonb

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPreamble(t *testing.T) {
	for code, want := range map[string]string{
		"fmt.Println(\"C\")": "",
		"import \"C\"":       "",
		"// int one;\n// int two;\nimport \"C\"\nC.one":                " int one;\n int two;\n",
		"/*\nint one;\n*/\nimport \"C\"":                               "\nint one;\n\n",
		"// not this\n\nimport \"C\"":                                  "",
		"import (\n\t\"fmt\"\n\t// int one;\n\t\"C\"\n)":               " int one;\n",
		"// of the group\nimport (\n\t\"fmt\"\n\t\"C\"\n)":             "",
		"// int one;\nimport \"C\"\n// int two;\nimport \"C\"\nx := 1": " int one;\n int two;\n",
	} {
		if diff := cmp.Diff(want, preamble(code)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", code, diff)
		}
	}
}

// C code takes the place of what defined the same; other code stays.
func TestWithPreamble(t *testing.T) {
	const (
		add   = "#include <stdio.h>\nint add(int a, int b) { return a + b; }\n"
		again = "static int add(int a,\n int b)\n{ return b + a; }\n"
		limit = "#define LIMIT 3\n"
		point = "typedef struct { int x; } point;\n"
		other = "struct pair { int a, b; };\nint use(void) { if (add(1, 2)) { return LIMIT; } return 0; }\n"
	)
	var all []string
	for _, step := range []struct {
		code string
		want []string
	}{
		{add, []string{add}}, {"  \n", []string{add}}, {limit, []string{add, limit}}, {add, []string{limit, add}},
		{point, []string{limit, add, point}}, {again, []string{limit, point, again}},
		{other, []string{limit, point, again, other}}, {"#define LIMIT 4\n", []string{point, again, other, "#define LIMIT 4\n"}},
		{"typedef int point;\n", []string{again, other, "#define LIMIT 4\n", "typedef int point;\n"}},
	} {
		all = withPreamble(all, step.code)
		if diff := cmp.Diff(step.want, all); diff != "" {
			t.Errorf("after %q (-want +got):\n%s", step.code, diff)
		}
	}
}
