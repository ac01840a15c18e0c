package op_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/op"
)

var keys = []uint64{0, 1, math.MaxUint64, 0x8000000000000000, op.Key(7, 1, 2)}

// splitMix is the k-th output of SplitMix64 started at a key, from its paper.
func splitMix(key uint64, k int) uint64 {
	z := key + uint64(k+1)*0x9E3779B97F4A7C15
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func draw(t *testing.T, d *device.Device, key uint64, dims ...int) []float64 {
	t.Helper()
	return testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{op.Uniform(in[0], dims...)}
	}, tensors.FromScalar(key))[0]
}

func TestUniformIsSplitMix(t *testing.T) {
	check := func(t *testing.T, d *device.Device) {
		for _, key := range keys {
			for k, u := range draw(t, d, key, 5, 2, 7) {
				if want := float64(splitMix(key, k)>>40) / (1 << 24); u != want {
					t.Fatalf("key %#x, number %d: %.9g, want %.9g", key, k, u, want)
				}
			}
		}
	}
	t.Run("go", func(t *testing.T) { check(t, testkit.Open(t, device.Go)) })
	t.Run("xla", func(t *testing.T) { check(t, testkit.XLA(t)) })
}

func TestUniformIsUniform(t *testing.T) {
	const n, bins = 1 << 18, 256
	var columns [][]float64
	for counter := range 4 {
		values := draw(t, testkit.Any(t), op.Key(3, uint64(counter)), n)
		columns = append(columns, values)
		mean, square := 0.0, 0.0
		var counts [bins]float64
		for _, u := range values {
			if !(u >= 0 && u < 1) {
				t.Fatalf("%g is not in [0, 1)", u)
			}
			mean += u / n
			square += (u - 0.5) * (u - 0.5) / n
			counts[int(u*bins)]++
		}
		if z := (mean - 0.5) * math.Sqrt(12*n); math.Abs(z) > 4 {
			t.Errorf("stream %d: mean %g, %.1f deviations off", counter, mean, z)
		}
		if z := (square*12 - 1) / math.Sqrt(0.8/n); math.Abs(z) > 4 {
			t.Errorf("stream %d: variance %g, %.1f deviations off", counter, square, z)
		}
		chi := 0.0
		for _, c := range counts {
			chi += (c - n/bins) * (c - n/bins) / (n / bins)
		}
		if z := (chi - bins + 1) / math.Sqrt(2*(bins-1)); math.Abs(z) > 4 {
			t.Errorf("stream %d: χ² of %d bins is %g", counter, bins, chi)
		}
	}
	for i := range columns {
		for j := range i {
			checkUncorrelated(t, columns[i], columns[j])
		}
		checkUncorrelated(t, columns[i][1:], columns[i][:n-1]) // neighbours in one stream
	}
}

func checkUncorrelated(t *testing.T, a, b []float64) {
	t.Helper()
	sum := 0.0
	for i := range a {
		sum += (a[i] - 0.5) * (b[i] - 0.5)
	}
	if z := sum * 12 / math.Sqrt(float64(len(a))); math.Abs(z) > 4.5 {
		t.Errorf("correlation of two streams is %.1f deviations from 0", z)
	}
}

// TestKeyNode checks that a graph derives keys as Go does: Key(seed, a, b) is
// KeyNode(KeyNode(Key(seed), a), b).
func TestKeyNode(t *testing.T) {
	check := func(t *testing.T, d *device.Device) {
		for _, seed := range keys {
			for _, c := range []int32{0, 1, 2, 1 << 20, math.MaxInt32} {
				derived := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
					first := op.KeyNode(in[0], in[1])
					return []*graph.Node{op.Uniform(op.KeyNodeAt(first, 9), 16), op.Uniform(op.KeyNode(first, graph.Const(in[0].Graph(), int64(9))), 16)}
				}, tensors.FromScalar(op.Key(seed)), tensors.FromScalar(c))
				want := op.Key(seed, uint64(c), 9)
				for k := range 16 {
					u := float64(splitMix(want, k)>>40) / (1 << 24)
					if derived[0][k] != u || derived[1][k] != u {
						t.Fatalf("seed %#x, counter %d: keys differ from Key(seed, counter, 9)", seed, c)
					}
				}
			}
		}
	}
	t.Run("go", func(t *testing.T) { check(t, testkit.Open(t, device.Go)) })
	t.Run("xla", func(t *testing.T) { check(t, testkit.XLA(t)) })
}

// TestKey checks that all keys of a grid of counters differ, in any order and
// at any depth.
func TestKey(t *testing.T) {
	seen := map[uint64][]uint64{}
	add := func(seed uint64, counters ...uint64) {
		key := op.Key(seed, counters...)
		id := append([]uint64{seed}, counters...)
		if other, ok := seen[key]; ok {
			t.Errorf("Key%v = Key%v", id, other)
		}
		seen[key] = id
	}
	for seed := range uint64(20) {
		add(seed)
		for a := range uint64(20) {
			add(seed, a)
			for b := range uint64(20) {
				add(seed, a, b)
			}
		}
	}
}

func TestPermutation(t *testing.T) {
	const n = 100
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		a, b := op.Permutation(in[0], n), op.Permutation(in[1], n)
		there := op.Rows(a, b) // a in the order b
		return []*graph.Node{a, b, op.Rows(there, op.InversePermutation(b))}
	}, tensors.FromScalar(op.Key(1)), tensors.FromScalar(op.Key(2)))
	for i, order := range out[:2] {
		seen := map[float64]bool{}
		for _, v := range order {
			seen[v] = true
		}
		if len(seen) != n || !seen[0] || !seen[n-1] {
			t.Errorf("order %d is no permutation: %v", i, order)
		}
	}
	if slices.Equal(out[0], out[1]) {
		t.Error("two keys give the same order")
	}
	if !slices.Equal(out[0], out[2]) {
		t.Error("the inverse does not restore the order")
	}
}

// A key draws the same numbers beside others as alone.
func TestUniformEachIsUniform(t *testing.T) {
	const count = 9
	for name, d := range map[string]*device.Device{"any": testkit.Any(t), "go": testkit.Open(t, device.Go)} {
		got := testkit.Run(t, d, func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{op.UniformEach(in[0], count)}
		}, tensors.FromValue(keys))[0]
		for i, key := range keys {
			for k := range count {
				if want := float64(splitMix(key, k)>>40) / (1 << 24); got[k*len(keys)+i] != want {
					t.Fatalf("%s: key %#x, number %d: %.9g, want %.9g", name, key, k, got[k*len(keys)+i], want)
				}
			}
		}
	}
}
