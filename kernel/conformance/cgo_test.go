package conformance

import "testing"

// Cells with C are built with the C code before import "C", in later cells too.
func TestCgo(t *testing.T) {
	k := start(t)
	k.ok("fmt.Println(\"before\")")
	first := `// #include <stdio.h>
// #include <math.h>
// #cgo LDFLAGS: -lm
// int add(int a, int b) { return a + b; }
import "C"
import "fmt"

func Sum(a, b int) int { return int(C.add(C.int(a), C.int(b))) }

%%
fmt.Println(Sum(20, 22), C.sqrt(16))`
	if o := k.ok(first); o.stdout != "42 4\n" {
		t.Errorf("printed %q", o.stdout)
	}
	if o := k.ok("Sum(1, 2)"); o.result["text/plain"] != "3" {
		t.Errorf("a later cell: %v", o.result)
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
	if o := k.ok(second); o.stdout != "15 2 C\n" {
		t.Errorf("C code of two cells: printed %q", o.stdout)
	}
	if o := k.ok("// int add(int a, int b) { return 100; }\nimport \"C\"\nSum(1, 2)"); o.result["text/plain"] != "100" {
		t.Errorf("C code that was changed: %v", o.result)
	}
	if o := k.ok("// #include <stdio.h>\n// static void hello(void) { printf(\"from C\"); }\nimport \"C\"\nC.hello()"); o.stdout != "from C" {
		t.Errorf("C printed %q", o.stdout)
	}
	k.fails("// int broken( { return }\nimport \"C\"\nC.broken()", "BuildError", "broken")
	if o := k.ok("Sum(1, 2)"); o.result["text/plain"] != "100" {
		t.Errorf("after C code that is not compiled: %v", o.result)
	}
	k.ok("import \"github.com/gossl/gossl/sslkit/device\"\nd, err := device.Open(\"go\")\nfmt.Println(d != nil, err)")
}
