package conformance

import "testing"

// Cells with C are built with the C code before import "C", in later cells too.
func TestCgo(t *testing.T) {
	k := start(t)
	k.OK("fmt.Println(\"before\")")
	first := `// #include <stdio.h>
// #include <math.h>
// #cgo LDFLAGS: -lm
// int add(int a, int b) { return a + b; }
import "C"
import "fmt"

func Sum(a, b int) int { return int(C.add(C.int(a), C.int(b))) }

%%
fmt.Println(Sum(20, 22), C.sqrt(16))`
	if o := k.OK(first); o.Stdout != "42 4\n" {
		t.Errorf("printed %q", o.Stdout)
	}
	if o := k.OK("Sum(1, 2)"); o.Result["text/plain"] != "3" {
		t.Errorf("a later cell: %v", o.Result)
	}
	second := `import (
	"fmt"
	/*
	#include <stdlib.h>
	typedef struct { int x, y; } point;
	static int area(point p) { return p.x * p.y; }
	*/
	"C"
	"strings"
)
p := C.point{x: 3, y: 5}
fmt.Println(C.area(p), C.add(1, 1), strings.ToUpper("c"))`
	if o := k.OK(second); o.Stdout != "15 2 C\n" {
		t.Errorf("C code of two cells: printed %q", o.Stdout)
	}
	if o := k.OK("// int add(int a, int b) { return 100; }\nimport \"C\"\nSum(1, 2)"); o.Result["text/plain"] != "100" {
		t.Errorf("C code that was changed: %v", o.Result)
	}
	if o := k.OK("// #include <stdio.h>\n// static void hello(void) { printf(\"from C\"); }\nimport \"C\"\nC.hello()"); o.Stdout != "from C" {
		t.Errorf("C printed %q", o.Stdout)
	}
	k.Fails("// int broken( { return }\nimport \"C\"\nC.broken()", "BuildError", "broken")
	if o := k.OK("Sum(1, 2)"); o.Result["text/plain"] != "100" {
		t.Errorf("after C code that is not compiled: %v", o.Result)
	}
	k.OK("import \"github.com/gossl/gossl/sslkit/device\"\nd, err := device.Open(\"go\")\nfmt.Println(d != nil, err)")
}
