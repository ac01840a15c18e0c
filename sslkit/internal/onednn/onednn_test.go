package onednn

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gossl/gossl/internal/place"
)

// library is oneDNN's file; without it the test is skipped.
func library(t *testing.T) string {
	t.Helper()
	path := filepath.Join(place.Plugins(place.Home()), place.OneDNN)
	if _, err := os.Stat(path); err != nil {
		t.Skip("oneDNN is not installed:", err)
	}
	return path
}

// TestCallsInMemory calls the handler with random convolutions, and with wrong ones, under the compiler's checks of memory,
// and compares with plain loops.
func TestCallsInMemory(t *testing.T) {
	path := library(t)
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "cc"
	}
	program := filepath.Join(t.TempDir(), "calls")
	build := []string{"-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", program,
		"testdata/calls.c", "plan.c", "parallel.c", "call.c", "-lm", "-ldl", "-lpthread"}
	if out, err := exec.Command(cc, build...).CombinedOutput(); err != nil {
		if errors.Is(err, exec.ErrNotFound) || strings.Contains(string(out), "asan") || strings.Contains(string(out), "fsanitize") {
			t.Skipf("%s has no checks of memory: %v: %s", cc, err, out)
		}
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), program, path, "40").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := open("testdata/no-such-library.so"); err == nil || !strings.Contains(err.Error(), "no-such-library.so") {
		t.Errorf("error %v, want the file in it", err)
	}
}

// program is a module with one operation of some attributes, after weights that are reversed.
func program(args, attrs, types string) string {
	return `module @step {
  func.func @main(%0: tensor<8x6x6x3xf32>) -> tensor<8x6x6x4xf32> {
    %4 = "stablehlo.reverse"(%3) { dimensions = array<i64: 0, 1> } : (tensor<3x3x3x4xf32>) -> tensor<3x3x3x4xf32>
    %9 = "stablehlo.convolution"(` + args + `) {
      batch_group_count = 1 : i64,
` + attrs + `
      feature_group_count = 1 : i64,
      precision_config = [#stablehlo<precision DEFAULT>, #stablehlo<precision DEFAULT>],
      window_reversal = array<i1: false, false>
    } : ` + types + `
    "stablehlo.return"(%9) : (tensor<8x6x6x4xf32>) -> ()
  }
}
`
}

func attrs(numbers, lhs, padding, rhs, strides string) string {
	return `      dimension_numbers = #stablehlo.conv<` + numbers + `>,
      lhs_dilation = array<i64: ` + lhs + `>,
      padding = dense<[[` + padding + `]]> : tensor<2x2xi64>,
      rhs_dilation = array<i64: ` + rhs + `>,
      window_strides = array<i64: ` + strides + `>,`
}

const (
	forwardForm = "[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]"
	inputForm   = "[b, 0, 1, f]x[0, 1, o, i]->[b, 0, 1, f]"
	weightForm  = "[f, 0, 1, b]x[i, 0, 1, o]->[0, 1, b, f]"
)

func TestRewrite(t *testing.T) {
	x, w, y := [4]int{8, 6, 6, 3}, [4]int{3, 3, 3, 4}, [4]int{8, 6, 6, 4}
	tests := []struct {
		name, program string
		want          conv
		call          string
	}{
		{"forward", program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<8x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x4xf32>"),
			conv{forward, false, x, w, y, [2]int{1, 1}, [2]int{1, 1}}, `"(%0, %3) {call_target_name = "sslkit_conv"`},
		{"forward of stride 2", program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "2, 2"), "(tensor<8x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<8x3x3x4xf32>"),
			conv{forward, false, x, w, [4]int{8, 3, 3, 4}, [2]int{2, 2}, [2]int{1, 1}}, "array<i64: 0, 2, 2, 1, 1>"},
		{"input gradient, with the weights before their reversal", program("%8, %4", attrs(inputForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<8x6x6x4xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x3xf32>"),
			conv{inputGradient, false, x, w, y, [2]int{1, 1}, [2]int{1, 1}}, `"(%8, %3) {call_target_name = "sslkit_conv"`},
		{"input gradient of stride 2", program("%8, %4", attrs(inputForm, "2, 2", "1, 2], [1, 2", "1, 1", "1, 1"), "(tensor<8x3x3x4xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x3xf32>"),
			conv{inputGradient, false, x, w, [4]int{8, 3, 3, 4}, [2]int{2, 2}, [2]int{1, 1}}, "array<i64: 1, 2, 2, 1, 1>"},
		{"weight gradient in bf16", program("%0, %8", attrs(weightForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<8x6x6x3xbf16>, tensor<8x6x6x4xbf16>) -> tensor<3x3x3x4xbf16>"),
			conv{weightGradient, true, x, w, y, [2]int{1, 1}, [2]int{1, 1}}, "array<i64: 2, 1, 1, 1, 1>"},
		{"weight gradient of stride 2", program("%0, %8", attrs(weightForm, "1, 1", "1, 0], [1, 0", "2, 2", "1, 1"), "(tensor<8x6x6x3xf32>, tensor<8x3x3x4xf32>) -> tensor<3x3x3x4xf32>"),
			conv{weightGradient, false, x, w, [4]int{8, 3, 3, 4}, [2]int{2, 2}, [2]int{1, 1}}, "array<i64: 2, 2, 2, 1, 1>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got conv
			text, counts := rewrite([]byte(test.program), func(c conv) bool { got = c; return true })
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(conv{})); diff != "" {
				t.Errorf("convolution (-want +got):\n%s", diff)
			}
			if counts.Rewritten != 1 || len(counts.Left) != 0 || !strings.Contains(string(text), test.call) || strings.Contains(string(text), "stablehlo.convolution") {
				t.Errorf("%+v, want %s in\n%s", counts, test.call, text)
			}
			before, _, _ := strings.Cut(test.program, `    %9 = `)
			if !strings.HasPrefix(string(text), before) || !strings.HasSuffix(string(text), "(tensor<8x6x6x4xf32>) -> ()\n  }\n}\n") {
				t.Errorf("what is around the convolution has changed:\n%s", text)
			}
			if again, counts := rewrite([]byte(test.program), func(conv) bool { return false }); string(again) != test.program || len(counts.Left) != 1 {
				t.Errorf("not supported: %+v\n%s", counts, again)
			}
		})
	}
}

// What the handler does not do is left alone, and told.
func TestRewriteLeaves(t *testing.T) {
	const types = "(tensor<8x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x4xf32>"
	plain := program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), types)
	for name, text := range map[string]string{
		"float64":        strings.ReplaceAll(plain, "f32", "f64"),
		"mixed types":    strings.Replace(plain, "tensor<3x3x3x4xf32>) -> tensor<8x6x6x4", "tensor<3x3x3x4xbf16>) -> tensor<8x6x6x4", 1),
		"groups":         strings.Replace(plain, "feature_group_count = 1", "feature_group_count = 3", 1),
		"a reversal":     strings.Replace(plain, "i1: false, false", "i1: true, false", 1),
		"dilation":       program("%0, %3", attrs(forwardForm, "1, 1", "2, 2], [2, 2", "2, 2", "1, 1"), types),
		"another layout": program("%0, %3", attrs("[b, f, 0, 1]x[0, 1, i, o]->[b, 0, 1, f]", "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), types),
		"weights that are not reversed": program("%8, %3", attrs(inputForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"),
			"(tensor<8x6x6x4xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x3xf32>"),
		"another size": program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<8x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<8x9x6x4xf32>"),
		"dynamic size": program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<?x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<?x6x6x4xf32>"),
	} {
		got, counts := rewrite([]byte(text), func(conv) bool { return true })
		if string(got) != text || counts.Rewritten != 0 || len(counts.Left) != 1 {
			t.Errorf("%s: %+v", name, counts)
		}
	}
}

// FuzzRewrite feeds damaged programs: they come back unchanged, or with calls in place of convolutions, but no panic.
func FuzzRewrite(f *testing.F) {
	f.Add(program("%0, %3", attrs(forwardForm, "1, 1", "1, 1], [1, 1", "1, 1", "1, 1"), "(tensor<8x6x6x3xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x4xf32>"))
	f.Add(program("%8, %4", attrs(inputForm, "2, 2", "1, 2], [1, 2", "1, 1", "1, 1"), "(tensor<8x3x3x4xf32>, tensor<3x3x3x4xf32>) -> tensor<8x6x6x3xf32>"))
	f.Fuzz(func(t *testing.T, program string) {
		got, counts := rewrite([]byte(program), func(conv) bool { return true })
		if counts.Rewritten == 0 && string(got) != program {
			t.Errorf("changed without a convolution that was exchanged:\n%s", got)
		}
	})
}
