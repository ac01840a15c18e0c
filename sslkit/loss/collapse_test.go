package loss_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/gomlx/gomlx/pkg/core/dtypes"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gossl/gossl/sslkit/device"
	"github.com/gossl/gossl/sslkit/internal/testkit"
	"github.com/gossl/gossl/sslkit/loss"
)

// TestGoldenLimits checks what losses are when a network has collapsed, and the
// standard deviation that tells of it.
func TestGoldenLimits(t *testing.T) {
	type limit struct {
		Value float64
		N, K  int
	}
	for file, c := range testkit.Golden[struct {
		Limits struct {
			NTXent     limit `json:"ntxent_all_rows_equal"`
			NTXentBank limit `json:"ntxent_bank_all_equal"`
			Std        []struct {
				Input json.RawMessage
				Value float64
			} `json:"std_of_l2_normalised"`
		}
	}](t, "losses") {
		l := c.Limits
		if l.NTXent.N > 0 {
			z := filled(0.3, l.NTXent.N, 5)
			value, _ := ntXent(t, z, z, 0.2)
			testkit.NearScalar(t, file+": NTXent", value, l.NTXent.Value, 1e-11)
		}
		if l.NTXentBank.K > 0 {
			z, bank := filled(0.3, 4, 25), filled(0.2, l.NTXentBank.K, 25)
			value := scalar(t, func(in []*graph.Node) *graph.Node { return loss.NTXentBank(in[0], in[0], in[1], 0.2) }, z, bank)
			testkit.NearScalar(t, file+": NTXentBank", value, l.NTXentBank.Value, 1e-11)
		}
		for _, std := range l.Std {
			z := collapsed(t, std.Input)
			value := scalar(t, func(in []*graph.Node) *graph.Node { return loss.NormalizedStd(in[0]) }, z)
			testkit.Within(t, fmt.Sprintf("%s: NormalizedStd of %s", file, std.Input), []float64{value}, []float64{std.Value}, 1e-11)
		}
	}
}

// collapsed reads an input given by formula, "all ones [n,d]" or "identity [n,n]".
func collapsed(t *testing.T, text json.RawMessage) testkit.Array {
	t.Helper()
	var formula testkit.Input
	if json.Unmarshal(text, &formula) == nil {
		return formula.Array(t)
	}
	var words string
	if err := json.Unmarshal(text, &words); err != nil {
		t.Fatal(err)
	}
	var n, d int
	if _, err := fmt.Sscanf(words, "all ones [%d,%d]", &n, &d); err == nil {
		return filled(1, n, d)
	}
	if _, err := fmt.Sscanf(words, "identity [%d,%d]", &n, &d); err != nil {
		t.Fatalf("input %q: want all ones or identity", words)
	}
	z := filled(0, n, d)
	for i := range n {
		z.Data[i*d+i] = 1
	}
	return z
}

// scalar runs a loss in float64.
func scalar(t *testing.T, build func(in []*graph.Node) *graph.Node, inputs ...testkit.Array) float64 {
	t.Helper()
	value, _ := withGradients(t, 0, build, inputs...)
	return value
}

// TestContrastiveAccuracy has queries that find their key, one that is nearer to another, and
// a network that has collapsed.
func TestContrastiveAccuracy(t *testing.T) {
	q, k := filled(0, 4, 4), filled(0, 4, 4)
	for r := range 4 {
		row(q, r)[r], row(k, r)[r] = 1, 3
	}
	row(q, 2)[3] = 2 // nearer to key 3
	bank := filled(0, 2, 4)
	row(bank, 0)[0], row(bank, 1)[2], row(bank, 1)[3] = 1, 0.8, 0.6
	same := filled(0.1, 4, 4)
	accuracy := func(inputs ...testkit.Array) float64 {
		return scalar(t, func(in []*graph.Node) *graph.Node {
			if len(in) == 2 {
				return loss.ContrastiveAccuracy(in[0], in[1], nil)
			}
			return loss.ContrastiveAccuracy(in[0], in[1], in[2])
		}, inputs...)
	}
	testkit.NearScalar(t, "among the batch's keys", accuracy(q, k), 0.75, 1e-12)
	testkit.NearScalar(t, "among a bank", accuracy(q, k, bank), 0.5, 1e-12) // 0 has an equal, 2 a nearer one
	testkit.Within(t, "collapsed", []float64{accuracy(same, same)}, []float64{0}, 0)
	panics(t, map[string]func(g *graph.Graph){
		"ContrastiveAccuracy: q has shape":    func(g *graph.Graph) { loss.ContrastiveAccuracy(zeros(g, 2, 3), zeros(g, 2, 4), nil) },
		"ContrastiveAccuracy: bank has shape": func(g *graph.Graph) { loss.ContrastiveAccuracy(zeros(g, 2, 3), zeros(g, 2, 3), zeros(g, 2, 4)) },
	})
}

func TestCorrelations(t *testing.T) {
	c := testkit.Array{Shape: []int{3, 3}, Data: []float64{1, -0.5, 0.2, 0, 0.8, 0, -0.1, 0.4, 0.6}}
	for i, want := range []float64{0.8, 0.2} {
		got := scalar(t, func(in []*graph.Node) *graph.Node {
			same, others := loss.Correlations(in[0])
			return []*graph.Node{same, others}[i]
		}, c)
		testkit.NearScalar(t, fmt.Sprint("mean ", i), got, want, 1e-12)
	}
}

func TestNormalizedStdPanics(t *testing.T) {
	d := testkit.Open(t, device.Go)
	testkit.Panics(t, d, "at least 2 rows", func(g *graph.Graph) { loss.NormalizedStd(zeros(g, 1, 3)) })
	testkit.Panics(t, d, "NormalizedStd: z has shape", func(g *graph.Graph) { loss.NormalizedStd(zeros(g, 3)) })
}

// TestNormalizedStdOfDirections checks 1/√dim for rows in all directions.
func TestNormalizedStdOfDirections(t *testing.T) {
	z := filled(0, 2000, 8)
	for k := range z.Data {
		z.Data[k] = math.Sqrt(-2*math.Log(1-testkit.U(1, k))) * math.Cos(2*math.Pi*testkit.U(2, k))
	}
	out := testkit.Run(t, testkit.Any(t), func(in []*graph.Node) []*graph.Node {
		return []*graph.Node{loss.NormalizedStd(in[0])}
	}, z.Tensor(dtypes.Float32))
	testkit.NearScalar(t, "standard deviation", out[0][0], 1/math.Sqrt(8), 0.01)
}
